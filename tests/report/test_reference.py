"""Other conversations beside ours, and the blind sheet."""

from __future__ import annotations

import re
from pathlib import Path

import orjson
import pytest

from funreason_plugin.cli import app
from funreason_plugin.command_line import run
from funreason_plugin.errors import UserError
from funreason_plugin.report.blind_sheet import write_blind_sheet
from funreason_plugin.report.build import build_report
from funreason_plugin.report.reference import distance, reference_of
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
    made = build_report(run_folder, tmp_path / "report.html", replay_seconds=0, reference=logs)
    beside = parts(made.path)["overview"]["reference"]
    assert beside["name"] == "logs.jsonl"
    assert beside["distributions"]["turns"] == {"2": 30}
    assert beside["distributions"]["calls"] == {"1": 30, "0": 30}
    assert beside["shape"] == {"turns": 2.0, "calls": 0.5, "idle": 0.5}
    assert 0 < beside["distances"]["calls"] <= 1
    assert "offered" not in beside["distributions"]


def test_what_another_program_wrote_stands_beside(run_folder: Path, tmp_path: Path) -> None:
    for path in run_folder.iterdir():
        if path.is_file():
            (tmp_path / path.name).write_bytes(path.read_bytes())
    written = {"name": "theirs", "distributions": {"turns": {"3": 7}}}
    (tmp_path / "quality.json").write_bytes(orjson.dumps({"reference": written, "duplicates": {"exact": 0}}))
    overview = parts(build_report(tmp_path, replay_seconds=0).path)["overview"]
    assert overview["reference"] == written
    assert overview["quality"] == {"duplicates": {"exact": 0}}


def test_queries_without_calls_say_nothing_of_calls(tmp_path: Path) -> None:
    path = tmp_path / "queries.txt"
    path.write_text("Where is my parcel?\nCancel it.\n")
    reference = reference_of(path)
    assert list(reference.queries) == ["Where is my parcel?", "Cancel it."]


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
    assert distance(one, other) == expected


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
        write_blind_sheet(run_folder, few, tmp_path / "sheet.md")


def test_a_blind_sheet_needs_a_reference(
    run_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(app, ["report", str(run_folder), "--blind-sheet", str(tmp_path / "sheet.md")]) == 1
    assert "--reference FILE" in capsys.readouterr().err
