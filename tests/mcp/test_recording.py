"""A recording that a synthesis leaves, and that its rows are played from."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from funreason_plugin.environments.external.recording import NOTHING, Recording, load, load_or_begin
from funreason_plugin.environments.space import SimulationSpace
from funreason_plugin.errors import UserError
from funreason_plugin.tasks import Task
from tests.mcp.conftest import Write
from tests.mcp.test_chain import made, wins

TOOLS = [
    {"name": "echo", "description": "", "parameters": {"type": "object"}, "output": None, "read_only": True}
]


def begun(path: Path) -> Recording:
    return load_or_begin(path, lambda: TOOLS)


def test_the_first_answer_counts_in_all_processes(tmp_path: Path) -> None:
    one, other = begun(tmp_path / "calls.jsonl"), begun(tmp_path / "calls.jsonl")
    assert one.add("now", {"zone": "Rome"}, "10:00") == "10:00"
    assert other.answer("now", {"zone": "Rome"}) is NOTHING
    assert other.add("now", {"zone": "Rome"}, "10:01") == "10:00"
    assert other.add("now", {"zone": "Oslo"}, "10:02") == "10:02"
    assert one.add("now", {"zone": "Oslo"}, "10:03") == "10:02"
    assert len(load(tmp_path / "calls.jsonl").answers) == 2


def test_half_a_line_of_a_killed_process_is_dropped(tmp_path: Path) -> None:
    path = tmp_path / "calls.jsonl"
    begun(path).add("now", {}, 1)
    path.write_bytes(path.read_bytes() + b'{"tool": "now", "argum')
    recording = load(path)
    recording.add("later", {}, 2)
    assert load(path).answers == recording.answers
    assert len(recording.answers) == 2


def test_a_last_line_without_a_line_feed_counts(tmp_path: Path) -> None:
    path = tmp_path / "calls.jsonl"
    begun(path).add("now", {}, 1)
    path.write_bytes(path.read_bytes().rstrip())
    begun(path).add("later", {}, 2)
    assert list(load(path).answers.values()) == [1, 2]


def test_what_is_added_needs_a_place(config: Write) -> None:
    with pytest.raises(
        UserError, match=r"""'\+record' needs "state": "record" and "recording": "FILE.jsonl\""""
    ):
        SimulationSpace.from_names([config("hostile") + "+record"])


@pytest.mark.slow
def test_a_synthesis_leaves_a_recording_that_its_rows_are_played_from(notes: Write, tmp_path: Path) -> None:
    name = notes(state="record", recording="calls.jsonl", allow_writes=False, scenarios=[])
    path = Path(name.removeprefix("mcp:"))
    data = json.loads(path.read_text())
    data["mcpServers"]["notes"]["args"][1] = str(tmp_path / "home" / "notes.json")
    path.write_text(json.dumps(data))
    edges = made(f"{name}+record", tmp_path / "out", "--workers", "2")
    assert ("list_notes", "read_note") in {(edge["provider"], edge["consumer"]) for edge in edges}
    rows = pq.read_table(tmp_path / "out" / "verl" / "train.parquet").to_pylist()
    assert {reference.given for row in rows for reference in Task.of_row(row).environments} == {
        f"{name}#notes"
    }
    data["mcpServers"]["notes"]["command"] = "no-such-program"  # from now on nothing is started
    path.write_text(json.dumps(data))
    wins(tmp_path / "out")
