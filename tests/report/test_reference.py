"""Other conversations beside ours, and the blind sheet."""

from __future__ import annotations

import re
from pathlib import Path

import orjson
import pytest
import yaml

from funreason_plugin.cli import app
from funreason_plugin.command_line import run
from funreason_plugin.environments.bfcl import entries, package
from funreason_plugin.errors import UserError
from funreason_plugin.quality.shape import shape_of
from funreason_plugin.report.blind_sheet import write_blind_sheet
from funreason_plugin.report.build import build_report
from funreason_plugin.report.reference import queries_of, reference_of, total_variation, wasserstein
from tests.report.folders import parts


def conversation(number: int) -> dict[str, object]:
    """Two turns; the first has one call."""
    call = {"type": "function", "function": {"name": "look", "arguments": "{}"}}
    return {
        "messages": [
            {"role": "user", "content": f"Where is parcel {number}?"},
            {"role": "assistant", "content": "", "tool_calls": [call]},
            {"role": "tool", "content": "{}"},
            {"role": "assistant", "content": "At the depot."},
            {"role": "user", "content": f"Thanks, and parcel {number + 1000}?"},
            {"role": "assistant", "content": "I do not know."},
        ]
    }


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    path = tmp_path / "logs.jsonl"
    path.write_bytes(b"".join(orjson.dumps(conversation(number)) + b"\n" for number in range(30)))
    return path


def test_the_reference_is_counted_and_stands_beside(run_folder: Path, logs: Path, tmp_path: Path) -> None:
    made = build_report(run_folder, tmp_path / "report.html", replay_seconds=0, reference=str(logs))
    beside = parts(made.path)["overview"]["reference"]
    assert (beside["name"], beside["source"]) == ("logs.jsonl", "logs.jsonl, 30 conversations")
    assert beside["distributions"]["turns"] == {"2": 30}
    assert beside["distributions"]["calls"] == {"0": 30, "1": 30}
    assert beside["shape"]["turns"] == 2.0
    assert (beside["shape"]["calls"], beside["shape"]["idle"]) == (0.5, 0.5)
    assert 0 < beside["distances"]["calls"] <= 1
    assert beside["wasserstein"]["turns"] == pytest.approx(beside["means"]["turns"][0] - 2, abs=0.01)
    assert beside["overall"] == pytest.approx(
        sum(beside["distances"].values()) / len(beside["distances"]), abs=1e-4
    )
    assert "offered" not in beside["distributions"]


def test_a_run_that_was_made_like_others_stands_beside_them(run_folder: Path, tmp_path: Path) -> None:
    for path in run_folder.iterdir():
        if path.is_file():
            (tmp_path / path.name).write_bytes(path.read_bytes())
    settings = yaml.safe_load((tmp_path / "run.yaml").read_text())
    like = shape_of("bfcl:base").model_copy(update={"sets": ["turns"]})
    settings["config"]["like"] = like.model_dump(mode="json")
    (tmp_path / "run.yaml").write_text(yaml.safe_dump(settings))
    reference = parts(build_report(tmp_path, replay_seconds=0).path)["overview"]["reference"]
    assert (reference["name"], reference["sets"]) == ("bfcl:base", ["turns"])
    assert set(reference["distances"]) == {
        "turns", "calls", "chain", "environments", "offered", "query", "sources",
    }  # fmt: skip


def test_without_a_reference_nothing_stands_beside(run_folder: Path, tmp_path: Path) -> None:
    made = build_report(run_folder, tmp_path / "report.html", replay_seconds=0)
    assert parts(made.path)["overview"]["reference"] == {}


def test_queries_without_calls_say_nothing_of_calls(tmp_path: Path) -> None:
    path = tmp_path / "queries.txt"
    path.write_text("Where is my parcel?\nCancel it.\n")
    assert list(queries_of(str(path))) == ["Where is my parcel?", "Cancel it."]
    assert reference_of(str(path)).calls == {}


@pytest.mark.parametrize(
    "one, other, expected",
    [
        ({3: 5}, {3: 50}, 0.0),
        ({1: 1}, {4: 1}, 3.0),
        ({1: 1, 3: 1}, {2: 2}, 1.0),
        ({0: 1, 10: 1}, {0: 1}, 5.0),
    ],
)
def test_wasserstein_is_how_far_values_have_to_be_moved(
    one: dict[int, int], other: dict[int, int], expected: float
) -> None:
    assert wasserstein(one, other) == expected


@pytest.mark.parametrize(
    "one, other, expected",
    [
        ({1: 5}, {1: 50}, 0.0),
        ({1: 1}, {2: 1}, 1.0),
        ({1: 1, 2: 1}, {1: 1, 3: 1}, 0.5),
        ({1: 3}, {1: 1, 2: 1}, 0.5),
    ],
)
def test_the_distance_of_two_distributions(
    one: dict[int, int], other: dict[int, int], expected: float
) -> None:
    assert total_variation(one, other) == expected


def test_the_blind_sheet_mixes_both_and_its_key_tells(run_folder: Path, logs: Path, tmp_path: Path) -> None:
    sheet = tmp_path / "sheet.md"
    assert run(app, ["report", str(run_folder), "--reference", str(logs), "--blind-sheet", str(sheet)]) == 0
    key = orjson.loads((tmp_path / "sheet.key.json").read_bytes())
    text = sheet.read_text("utf-8")
    assert [answer["is"] for answer in key.values()].count("real") == 25
    assert len({answer["query"] for answer in key.values()}) == 50
    shown = re.findall(r"^\*\*(\d+)\.\*\*.*?\n\n> (.*?)\n", text, re.MULTILINE)
    assert [number for number, _ in shown] == list(key)
    assert all(query == key[number]["query"].splitlines()[0] for number, query in shown)
    kinds = "".join(answer["is"][0] for answer in key.values())
    assert "r" * 10 not in kinds
    assert "synthetic" not in text.split("**1.**")[1]
    assert not list(tmp_path.glob("*.html"))


def test_too_few_queries_are_said(run_folder: Path, tmp_path: Path) -> None:
    few = tmp_path / "few.txt"
    few.write_text("One.\nTwo.\n")
    with pytest.raises(UserError, match="2 different real queries; the blind sheet needs 25"):
        write_blind_sheet(run_folder, str(few), tmp_path / "sheet.md")


def test_a_blind_sheet_needs_a_reference(
    run_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(app, ["report", str(run_folder), "--blind-sheet", str(tmp_path / "sheet.md")]) == 1
    assert "--reference FILE" in capsys.readouterr().err


def test_the_blind_sheet_takes_the_benchmark_s_queries_where_it_is_installed(
    run_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("bfcl_eval")
    words = [
        "report",
        str(run_folder),
        "--reference",
        "bfcl:base",
        "--blind-sheet",
        str(tmp_path / "sheet.md"),
    ]
    assert run(app, words) == 0
    key = orjson.loads((tmp_path / "sheet.key.json").read_bytes())
    assert {answer["from"].partition("_base_")[0] for answer in key.values() if answer["is"] == "real"} == {
        "multi_turn"
    }
    package.package_path.cache_clear()
    entries._rows.cache_clear()
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    try:
        assert run(app, words) == 1
    finally:
        package.package_path.cache_clear()
    assert (
        capsys.readouterr().err.splitlines()[-1].startswith("error: bfcl-eval is not installed: pip install")
    )
