"""The report as a file: what it holds, what it refuses, what it never does."""

from __future__ import annotations

import hashlib
import io
import re
from pathlib import Path

import orjson
import pytest
from rich.console import Console

from funreason_plugin.cli import app
from funreason_plugin.command_line import run
from funreason_plugin.environments.catalog import SHIPPED
from funreason_plugin.errors import UserError
from funreason_plugin.report import page
from funreason_plugin.report.build import build_report, report_of_run
from funreason_plugin.report.columns import cut, shortened
from funreason_plugin.report.differences import Replayed, between
from funreason_plugin.report.picture import places
from tests.report.folders import EVIL, copied, parts, records, write

VENDOR = Path(page.__file__).parent / "vendor"


def test_every_text_call_and_output_is_in_it(run_folder: Path, report: Path) -> None:
    columns = parts(report)["block-0"]
    turns = [turn for row in records(run_folder) for turn in row["turns"]]
    calls = [call for turn in turns for step in turn["steps"] for call in step["calls"]]
    assert columns["query"] == [turn["query"] for turn in turns]
    assert columns["answer"] == [turn["answer"] for turn in turns]
    assert columns["step_thought"] == [step["thought"] for turn in turns for step in turn["steps"]]
    assert columns["name"] == [call["name"] for call in calls]
    assert columns["arguments"] == [call["arguments"] for call in calls]
    assert columns["output"] == [call["output"] for call in calls]
    assert sum(columns["calls"]) == len(calls)


def test_the_index_says_what_the_filters_need(run_folder: Path, report: Path) -> None:
    index = parts(report)["index"]
    columns, tables = index["columns"], index["tables"]
    for place, row in enumerate(records(run_folder)):
        called = {call["name"] for turn in row["turns"] for step in turn["steps"] for call in step["calls"]}
        assert columns["id"][place] == row["id"]
        assert {tables["names"][number] for number in columns["tools"][place]} == called
        assert tables["environments"][columns["environments"][place]] == [
            e["name"] for e in row["environments"]
        ]
        assert columns["attempts"][place] == max(turn["attempts"] for turn in row["turns"])


def test_used_edges_are_the_arguments_from_outputs(run_folder: Path, report: Path) -> None:
    overview = parts(report)["overview"]
    sources = [
        provenance["source"]
        for row in records(run_folder)
        for turn in row["turns"]
        for step in turn["steps"]
        for call in step["calls"]
        for provenance in call["provenance"].values()
    ]
    used = sum(edge["used"] for edge in overview["graph"]["edges"] if edge["kind"] == "data")
    assert overview["sources"]["output"] == sources.count("output")
    assert 0 < used <= sources.count("output")
    assert sum(tool["uses"][0] for tool in overview["graph"]["tools"]) == overview["calls"]


def test_the_state_s_differences_are_replayed(run_folder: Path, report: Path) -> None:
    made = parts(report)["block-0"]["made"]
    assert all("changes" in turn for turn in made)
    paid = [change for turn in made for change in turn["changes"] if change[0].endswith(".balance")]
    assert all(len(change) == 3 and change[1] != change[2] for change in paid)
    assert any(turn["changes"] for turn in made)


def test_another_state_than_the_stored_one_gives_no_differences(run_folder: Path) -> None:
    row = records(run_folder)[0]
    row["turns"][-1]["state_hash"] = "0" * 64
    replayed = Replayed(60)
    assert replayed.differences(row) is None
    assert replayed.failed == 1


@pytest.mark.parametrize("source", ["mcp:tools.json", "openapi:http://example.org/api.json", "evil.py:Evil"])
def test_code_and_services_that_the_data_names_are_left_alone(
    run_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("evil.py").write_text("open('imported', 'w')")
    row = records(run_folder)[0]
    row["environments"] = [entry | {"source": source} for entry in row["environments"]]
    assert Replayed(60).differences(row) is None
    assert not Path("imported").exists()


def test_the_time_for_replays_is_kept_to(run_folder: Path, tmp_path: Path) -> None:
    made = build_report(run_folder, tmp_path / "report.html", replay_seconds=0)
    assert made.replayed == 0
    assert made.trajectories == 10


@pytest.mark.parametrize(
    "before, after, expected",
    [
        ({"a": 1}, {"a": 2}, [["a", 1, 2]]),
        ({"a": 1}, {}, [["a", 1]]),
        ({}, {"a": {"b": 1}}, [["a", None, {"b": 1}, 1]]),
        ({"a": [1, 2]}, {"a": [1, 3]}, [["a[1]", 2, 3]]),
        ({"a": [1, 3]}, {"a": [1, 2, 3]}, [["a[1]", None, 2, 1]]),
        ({"a": [1, 2, 3]}, {"a": [3]}, [["a[0]", 1], ["a[1]", 2]]),
        ({"a": 1}, {"a": True}, [["a", 1, True]]),
        ({"a": [1]}, {"a": [1]}, []),
    ],
)
def test_differences_between_states(before: object, after: object, expected: object) -> None:
    assert list(between(before, after)) == expected


def test_nothing_is_loaded_from_elsewhere(report: Path) -> None:
    text = report.read_text("utf-8")
    markup = re.sub(r"<script.*?</script>|<style>.*?</style>", "", text, flags=re.DOTALL)
    assert not re.findall(r'(?:src|href)="(?!data:|#)', markup)
    policy = re.search(r'Security-Policy" content="([^"]+)"', markup)
    assert policy
    assert "default-src 'none'" in policy[1]
    assert "unsafe" not in policy[1]


def test_what_is_in_the_data_is_no_markup(evil: Path) -> None:
    assert "<img" not in evil.read_text("utf-8")
    assert parts(evil)["block-0"]["answer"][0] == EVIL


def test_very_long_texts_are_cut() -> None:
    assert len(cut("x" * 1_000_000) or "") < 50_000
    assert isinstance(shortened({"a": "x" * 1_000_000}), str)
    assert shortened({"a": 1}) == {"a": 1}


def test_a_line_that_is_being_written_is_left_out(run_folder: Path, tmp_path: Path) -> None:
    write(copied(run_folder, tmp_path), records(run_folder)[:2])
    with (tmp_path / "trajectories.jsonl").open("ab") as file:
        file.write(b'{"id": "3-2", "turns"')
    assert build_report(tmp_path).trajectories == 2


def test_a_damaged_line_is_named(run_folder: Path, tmp_path: Path) -> None:
    rows = records(run_folder)[:2]
    del rows[1]["turns"][0]["query"]
    write(copied(run_folder, tmp_path), rows)
    with pytest.raises(UserError, match=r"trajectories.jsonl:2: not a trajectory \(KeyError: 'query'\)"):
        build_report(tmp_path)
    assert not (tmp_path / "report.html").exists()


def test_what_is_missing_in_a_folder_is_left_out(run_folder: Path, tmp_path: Path) -> None:
    write(tmp_path, records(run_folder)[:1])
    overview = parts(build_report(tmp_path).path)["overview"]
    assert overview["graph"]["edges"] == []
    assert overview["quality"] == {}
    assert overview["cost"]["agents"] == {}


def test_paths_and_addresses_of_the_maker_are_not_in_it(run_folder: Path, tmp_path: Path) -> None:
    write(copied(run_folder, tmp_path), records(run_folder)[:1])
    summary = orjson.loads((tmp_path / "summary.json").read_bytes())
    summary["settings"]["config"] |= {
        "base_url": "http://gpu-17.internal:8000/v1",
        "out": "/home/somebody/out",
    }
    (tmp_path / "summary.json").write_bytes(orjson.dumps(summary))
    text = build_report(tmp_path).path.read_text("utf-8")
    assert "gpu-17" not in text
    assert "/home/somebody" not in text


def test_a_run_s_report_never_fails_the_run(tmp_path: Path) -> None:
    console = Console(file=io.StringIO(), width=300)
    report_of_run(tmp_path, ["travel"], console)
    assert isinstance(console.file, io.StringIO)
    assert "no report" in console.file.getvalue()


def test_tools_that_crash_take_no_run_with_them(
    run_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("crash.py").write_text("import os\nos._exit(7)\n")
    row = records(run_folder)[0]
    row["environments"] = [entry | {"source": "crash.py:Crash"} for entry in row["environments"]]
    write(copied(run_folder, tmp_path), [row])
    console = Console(file=io.StringIO(), width=300)
    report_of_run(tmp_path, ["crash.py:Crash"], console)
    assert isinstance(console.file, io.StringIO)
    assert "no report (its process ended with status 7)" in console.file.getvalue()


def test_the_command_line(run_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "elsewhere" / "mine.html"  # a folder that is not there yet
    assert run(app, ["report", str(run_folder), "--out", str(path), "--replay-seconds", "0"]) == 0
    assert "10 trajectories" in capsys.readouterr().out
    assert path.stat().st_size < 1_000_000
    assert run(app, ["report", str(tmp_path)]) == 1
    assert "expected the output folder of a run" in capsys.readouterr().err


def test_the_library_is_what_its_readme_says() -> None:
    library = (VENDOR / "echarts.min.js").read_bytes()
    assert hashlib.sha256(library).hexdigest() in (VENDOR / "README.txt").read_text("utf-8")
    assert len(library) < 600_000
    assert "Apache License" in (VENDOR / "LICENSE.txt").read_text("utf-8")


def test_every_script_and_style_is_on_the_page() -> None:
    there = {path.name for path in (VENDOR.parent / "page").iterdir()}
    assert there == {*page.SCRIPTS, *page.STYLES, "page.html"}


def test_the_picture_has_an_area_for_each_environment() -> None:
    tools = [(f"{environment}{number}", environment) for environment in SHIPPED for number in range(8)]
    laid = places(tools, [("travel0", f"travel{number}") for number in range(1, 8)])
    assert len(set(laid.values())) == len(tools)
    areas = {name: [laid[tool] for tool, environment in tools if environment == name] for name in SHIPPED}
    widths = [max(x for x, _ in area) - min(x for x, _ in area) for area in areas.values()]
    assert max(widths) <= 1.0
    assert laid == places(tools, [("travel0", f"travel{number}") for number in range(1, 8)])
