"""A server through the whole chain: check env, synthesize, check data, conversations in hosted sessions; a recording."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from funreason_plugin import check, synthesize
from funreason_plugin.command_line import run
from funreason_plugin.environments.space import SimulationSpace
from funreason_plugin.judging.played_turns import judge_played
from funreason_plugin.tasks import Task
from tests.hosting.truths import played
from tests.mcp.conftest import Write
from tests.mcp.reference import reference

pytestmark = pytest.mark.slow
TOKEN = "tok-27182818284"


def made(name: str, out: Path, *more: str) -> list[dict[str, Any]]:
    """Synthesise and check; the graph's edges that execution confirmed."""
    arguments = ["--env", name, "--num", "3", "--turns", "1-2", "--calls", "1-2", "--teacher", "scripted"]
    assert run(synthesize.app, [*arguments, "--reasoning", "none", "--out", str(out), *more]) == 0
    assert run(check.app, ["data", str(out)]) == 0
    graph = json.loads((out / "graph.json").read_text("utf-8"))
    return [edge for edge in graph["edges"] if edge.get("verified")]


def wins(out: Path) -> None:
    """Every training row is played by its truth, and judged a success."""
    for row in pq.read_table(out / "verl" / "train.parquet").to_pylist():
        task = Task.of_row(row)
        score = judge_played(task, asyncio.run(played(task)))
        assert score.success, score


def test_a_server_with_a_state(
    notes: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("NOTES_TOKEN", TOKEN)
    path = Path(notes(restart=False, allow_writes=False).removeprefix("mcp:"))
    data = json.loads(path.read_text())
    data["mcpServers"]["notes"]["env"] = {"NOTES_TOKEN": "${NOTES_TOKEN}"}
    path.write_text(json.dumps(data))
    name, out = f"mcp:{path}", tmp_path / "out"
    assert run(check.app, ["env", name, "--allow-writes", "--samples", "2"]) == 0
    edges = {(edge["provider"], edge["consumer"]) for edge in made(name, out, "--allow-writes")}
    assert edges >= {("list_notes", "read_note"), ("list_notes", "set_status")}
    printed = capfd.readouterr()
    assert TOKEN not in printed.out + printed.err
    for file in [*out.rglob("*"), path]:
        assert not file.is_file() or TOKEN.encode() not in file.read_bytes(), file


def test_a_recording_serves_the_whole_chain(notes: Write, tmp_path: Path) -> None:
    name = notes(state="record", recording="calls.jsonl", allow_writes=False, scenarios=[])
    path = Path(name.removeprefix("mcp:"))
    data = json.loads(path.read_text())
    data["mcpServers"]["notes"]["args"][1] = str(tmp_path / "home" / "notes.json")
    path.write_text(json.dumps(data))
    assert run(check.app, ["record", name, "--samples", "2"]) == 0
    live = SimulationSpace.from_names([f"{name}+live"])
    data["mcpServers"]["notes"]["command"] = "no-such-program"  # from now on nothing is started
    path.write_text(json.dumps(data))
    out = tmp_path / "out"
    assert ("list_notes", "read_note") in {(edge["provider"], edge["consumer"]) for edge in made(name, out)}
    recorded = SimulationSpace.from_names([name])
    with live.session(live.scenario(0)) as one, recorded.session(recorded.scenario(0)) as other:
        for line in (tmp_path / "calls.jsonl").read_text().splitlines()[1:]:
            row = json.loads(line)
            assert one.call(row["tool"], row["arguments"]) == other.call(row["tool"], row["arguments"])
        assert other.call("read_note", {"note_id": "N-4711"}) == {
            "error": "this call of read_note is not in the recording"
        }


CONFIRMED = {
    "files": {("search_files", "read_text_file"), ("search_files", "move_file")},
    "memory": {("search_nodes", "add_observations")},
    "sqlite": {("list_tables", "describe_table")},
    "git": set(),  # its answers are texts
    "time": set(),
}


@pytest.mark.parametrize("name", CONFIRMED)
def test_a_reference_server(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the configurations of the example, where the server is on the PATH."""
    given = reference(name, tmp_path, monkeypatch)
    edges = made(given, tmp_path / "out")
    assert {(edge["provider"], edge["consumer"]) for edge in edges} >= CONFIRMED[name]
    wins(tmp_path / "out")
