"""``examples/my_tools``: somebody's own tools, from the check to the data."""

from __future__ import annotations

import csv
import shlex
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest

from funreason_plugin import check, synthesize
from funreason_plugin.command_line import run
from funreason_plugin.environments.space import Session, SimulationSpace

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "examples" / "my_tools"
NAME = "examples/my_tools/equipment.py:EquipmentDesk"


@pytest.fixture
def space(monkeypatch: pytest.MonkeyPatch) -> SimulationSpace:
    monkeypatch.chdir(ROOT)
    return SimulationSpace.from_names([NAME])


@pytest.fixture
def session(space: SimulationSpace) -> Iterator[Session]:
    with space.session(space.scenario(3)) as live:
        yield live


def test_it_has_eight_tools_with_the_users_own_names(space: SimulationSpace) -> None:
    assert set(space.tools) == {
        *("findPerson", "search_assets", "get_asset", "loansOf"),
        *("create_loan", "extendLoan", "returnAsset", "report_damage"),
    }


def test_a_loan_from_the_search_to_the_return(session: Session) -> None:
    people = session.state()["equipment"]["people"]
    name = next(person["name"] for person in people.values() if not person["open_fees"])
    staff_no = session.call("findPerson", {"name": name.upper()})["staff_no"]
    kinds = sorted({row["kind"] for row in csv.DictReader((FOLDER / "gear.csv").open())})
    found = [session.call("search_assets", {"kind": kind}) for kind in kinds]
    row = next(result["rows"][0] for result in found if "rows" in result)
    loan = session.call("create_loan", {"staff_no": staff_no, "asset_tag": row["asset_tag"], "days": 3})
    assert loan["fee"] == 3 * row["fee_per_day"]
    assert (
        "not free"
        in session.call("create_loan", {"staff_no": staff_no, "asset_tag": row["asset_tag"]})["error"]
    )
    assert loan["loanNo"] in {
        entry["loan_no"] for entry in session.call("loansOf", {"staffNo": staff_no})["loans"]
    }
    assert session.call("extendLoan", {"loanNo": loan["loanNo"], "days": 2})["due"] > loan["due"]
    assert "extended before" in session.call("extendLoan", {"loanNo": loan["loanNo"], "days": 2})["error"]
    assert session.call("returnAsset", {"loan_no": loan["loanNo"]}) == {"days_late": 0, "charged": 0.0}


def test_an_error_payload_is_an_error(session: Session) -> None:
    tag = next(iter(session.state()["equipment"]["assets"]))
    assert session.call("report_damage", {"asset_tag": tag, "problem": "It hums."})["status"] == "open"
    assert session.call("report_damage", {"asset_tag": tag, "problem": "It hums."})["error"].startswith(tag)


def test_the_readme_begins_with_how_to_run_it() -> None:
    for path in (FOLDER / "README.md", FOLDER / "equipment.py"):
        first = path.read_text().splitlines()[0].strip('`"')
        words = shlex.split(first)
        assert words[:3] == ["python", "-m", "funreason_plugin.synthesize"]
        assert NAME in words


@pytest.mark.slow
def test_from_the_tools_to_checked_data(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(ROOT)
    assert run(check.app, ["env", NAME]) == 0
    out = tmp_path / "out"
    words = ["--env", NAME, "--num", "60", "--turns", "2-4", "--seed", "0", "--teacher", "scripted"]
    assert run(synthesize.app, [*words, "--out", str(out)]) == 0
    assert run(check.app, ["data", str(out)]) == 0
    summary = orjson.loads((out / "summary.json").read_bytes())
    assert summary["tools_never_kept"] == []
    assert summary["accept_rate"] > 0.5
    capsys.readouterr()
    assert run(synthesize.app, ["show", str(out), "--index", "59"]) == 0
    assert "trajectory 59" in capsys.readouterr().out
