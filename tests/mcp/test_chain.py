"""A server through the whole chain: check env, synthesize, check data, conversations in hosted sessions; a recording."""

from __future__ import annotations

import asyncio
import json
import shutil
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


@pytest.mark.skipif(
    shutil.which("mcp-server-filesystem") is None, reason="server-filesystem is not installed"
)
def test_the_reference_server_for_files(tmp_path: Path) -> None:
    for folder, name in (("home", "shopping.txt"), ("club", "matches.txt")):
        (tmp_path / folder / "letters").mkdir(parents=True)
        (tmp_path / folder / name).write_text("Milk\nLemons\n")
        (tmp_path / folder / "letters" / "ann.txt").write_text("See you in May.\n")
    listed = {"tool": "search_files", "path": "content[]"}
    options = {
        "state": "snapshot",
        "restart": False,
        "allow": ["search_files", "read_text_file", "write_file", "move_file"],
        "scenarios": [{"folder": "home"}, {"folder": "club"}],
        "trim": {"search_files": {"lines": ["content"]}},
        "values": {
            "search_files.path": {"of": ["."]},
            "search_files.pattern": {"of": ["**/*.txt"]},
            "search_files.excludePatterns": {"of": [[]]},
            "read_text_file.path": listed,
            "write_file.path": {"of": ["todo.txt", "ideas.txt"]},
            "write_file.content": {"prose": ["Call the plumber.", "Bring 3 copies."]},
            "move_file.source": listed,
            "move_file.destination": {"of": ["old.txt", "kept.txt"]},
        },
    }
    server = {"command": "mcp-server-filesystem", "args": ["."], "cwd": "${folder}", "funreason": options}
    (tmp_path / "files.json").write_text(json.dumps({"mcpServers": {"files": server}}))
    edges = made(f"mcp:{tmp_path / 'files.json'}", tmp_path / "out", "--allow-writes")
    found = {(edge["provider"], edge["consumer"]) for edge in edges}
    assert found >= {("search_files", "read_text_file"), ("search_files", "move_file")}
    wins(tmp_path / "out")


@pytest.mark.skipif(shutil.which("mcp-server-memory") is None, reason="server-memory is not installed")
def test_the_reference_server_for_memory(tmp_path: Path) -> None:
    (tmp_path / "seed").mkdir()
    (tmp_path / "seed" / "memory.jsonl").write_text(
        '{"type":"entity","name":"Luis","entityType":"person","observations":["plays chess"]}\n'
        '{"type":"entity","name":"Chess Club","entityType":"club","observations":["meets on Tuesdays"]}\n'
        '{"type":"relation","from":"Luis","to":"Chess Club","relationType":"is member of"}\n'
    )
    options = {
        "state": "snapshot",
        "restart": False,
        "scenarios": [{"folder": "seed"}],
        "values": {
            "search_nodes.query": {"of": ["chess", "Luis"]},
            "add_observations.observations[].contents[]": {"prose": ["likes long walks", "moved in May"]},
        },
    }
    server = {
        "command": "mcp-server-memory",
        "env": {"MEMORY_FILE_PATH": "${folder}/memory.jsonl"},
        "funreason": options,
    }
    (tmp_path / "memory.json").write_text(json.dumps({"mcpServers": {"memory": server}}))
    edges = made(f"mcp:{tmp_path / 'memory.json'}", tmp_path / "out", "--allow-writes")
    assert ("search_nodes", "add_observations") in {(edge["provider"], edge["consumer"]) for edge in edges}
    wins(tmp_path / "out")


@pytest.mark.skipif(shutil.which("mcp-server-time") is None, reason="mcp-server-time is not installed")
def test_the_reference_server_for_time(tmp_path: Path) -> None:
    zones = {"of": ["Europe/Rome", "Asia/Tokyo", "America/New_York"]}
    options = {
        "state": "record",
        "recording": "time.jsonl",
        "values": {
            "timezone": zones,
            "source_timezone": zones,
            "target_timezone": {"of": ["Europe/London", "Asia/Kolkata"]},
            "time": {"of": ["09:30", "14:00"]},
        },
    }
    server = {"command": "mcp-server-time", "funreason": options}
    (tmp_path / "time.json").write_text(json.dumps({"mcpServers": {"time": server}}))
    name = f"mcp:{tmp_path / 'time.json'}"
    assert run(check.app, ["record", name, "--samples", "2"]) == 0
    made(name, tmp_path / "out")
    wins(tmp_path / "out")


@pytest.mark.skipif(
    shutil.which("mcp-server-git") is None or shutil.which("git") is None,
    reason="mcp-server-git is not installed",
)
def test_the_reference_server_for_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import subprocess

    for key in ("GIT_AUTHOR_DATE", "GIT_COMMITTER_DATE"):
        monkeypatch.setenv(key, "2026-01-05T10:00:00")
    repository = tmp_path / "seed" / "repo"
    repository.mkdir(parents=True)
    (repository / "todo.txt").write_text("one\n")
    for command in (
        "init -q -b main",
        "config user.name Ann",
        "config user.email ann@example.com",
        "add .",
        "commit -q -m First",
        "branch draft",
    ):
        subprocess.run(["git", *command.split()], cwd=repository, check=True)
    (repository / "todo.txt").write_text("one\ntwo\n")
    repo = {"repo_path": "repo"}
    options = {
        "state": "snapshot",
        "restart": False,
        "allow": ["git_status", "git_add", "git_commit", "git_log", "git_create_branch"],
        "scenarios": [{"folder": "seed"}],
        "digest": [
            {"tool": "git_status", "arguments": repo},
            {"tool": "git_log", "arguments": repo},
            {"tool": "git_branch", "arguments": {**repo, "branch_type": "local"}},
        ],
        "values": {
            "repo_path": {"of": ["repo"]},
            "git_add.files": {"of": [["todo.txt"]]},
            "git_commit.message": {"of": ["Extend the list"]},
            "git_create_branch.branch_name": {"of": ["spring", "autumn"]},
        },
    }
    server = {
        "command": "mcp-server-git",
        "cwd": "${folder}",
        "env": dict.fromkeys(("GIT_AUTHOR_DATE", "GIT_COMMITTER_DATE"), "2026-01-06T10:00:00"),
        "funreason": options,
    }
    (tmp_path / "git.json").write_text(json.dumps({"mcpServers": {"git": server}}))
    made(f"mcp:{tmp_path / 'git.json'}", tmp_path / "out", "--allow-writes")
    wins(tmp_path / "out")


@pytest.mark.skipif(shutil.which("mcp-server-sqlite") is None, reason="mcp-server-sqlite is not installed")
def test_the_reference_server_for_sqlite(tmp_path: Path) -> None:
    import sqlite3
    from contextlib import closing

    (tmp_path / "seed").mkdir()
    with closing(sqlite3.connect(tmp_path / "seed" / "app.db")) as database:
        database.executescript(
            "CREATE TABLE orders (id INTEGER PRIMARY KEY, customer TEXT, status TEXT);"
            "INSERT INTO orders VALUES (1, 'Ada', 'open'), (2, 'Mei', 'sent'), (3, 'Jonas', 'open');"
        )
    options = {
        "state": "snapshot",
        "restart": False,
        "text": "python",
        "errors": "^(Database error|Error):",
        "read_only": ["read_query", "list_tables", "describe_table"],
        "deny": ["append_insight", "create_table"],
        "scenarios": [{"folder": "seed"}],
        "values": {
            "read_query.query": {
                "of": ["SELECT * FROM orders", "SELECT id FROM orders WHERE status = 'open'"]
            },
            "write_query.query": {
                "of": ["UPDATE orders SET status = 'sent' WHERE id = 1", "DELETE FROM orders WHERE id = 2"]
            },
            "describe_table.table_name": {"tool": "list_tables", "path": "[].name"},
        },
    }
    server = {"command": "mcp-server-sqlite", "args": ["--db-path", "${folder}/app.db"], "funreason": options}
    (tmp_path / "sqlite.json").write_text(json.dumps({"mcpServers": {"sqlite": server}}))
    edges = made(f"mcp:{tmp_path / 'sqlite.json'}", tmp_path / "out", "--allow-writes")
    assert ("list_tables", "describe_table") in {(edge["provider"], edge["consumer"]) for edge in edges}
    wins(tmp_path / "out")
