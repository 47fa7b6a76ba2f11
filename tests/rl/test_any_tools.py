"""Tools that are no `Environment`, in RL: MCP servers, OpenAPI services, functions and classes, recorded and live.

Each is synthesised, and its rows go through verl's agent loop and reward manager.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import yaml

pytest.importorskip("verl", reason="verl is not installed (extra [rl])")

from funreason_plugin import check, synthesize
from funreason_plugin.command_line import run
from funreason_plugin.errors import UserError
from funreason_plugin.rl import agent_loop
from funreason_plugin.tasks import Task
from tests.core.plays import says
from tests.rl.rollouts import Engine, config, played, record, scripted
from tests.rl.test_reward_manager import rewarded

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def processes_of_tools() -> Iterator[None]:
    """New ones, which know the test's variables; they end with it."""
    agent_loop._host.cache_clear()
    yield
    agent_loop._host.cache_clear()


def synthesized(name: str, out: Path) -> list[dict[str, Any]]:
    """Rows as verl hands them to an agent loop."""
    made = ["--env", name, "--num", "2", "--turns", "1-2", "--calls", "1-2", "--val-share", "0"]
    assert (
        run(synthesize.app, [*made, "--reasoning", "none", "--teacher", "scripted", "--out", str(out)]) == 0
    )
    rows = pq.read_table(out / "verl" / "train.parquet").to_pylist()
    more = {"global_steps": 0, "uid": "u", "session_id": 0}
    return [{**row, "raw_prompt": row.pop("prompt"), **more} for row in rows]


def texts(row: dict[str, Any]) -> list[str]:
    """What a model writes that does what the truth does."""
    written = []
    for turn in Task.of_row(row).turns:
        written += [says([(call.name, call.arguments) for call in step]) for step in turn.steps]
        written.append(turn.answer or "Done.")
    return written


def rollout(row: dict[str, Any], written: list[str], **settings: Any) -> Any:
    """A session, and what it is rewarded with."""
    outputs = played(
        Engine(scripted(written)), row, config({"tools": {"processes": 1, "threads": 4}, **settings})
    )
    return rewarded(outputs if isinstance(outputs, list) else [outputs], row)


def learns(rows: list[dict[str, Any]], **settings: Any) -> None:
    """The truth is rewarded and silence is not: there is something to learn."""
    assert rows
    for row in rows:
        right = rollout(row, texts(row), **settings)
        assert right.reward_score == 1.0, right.extra_fields["reward_extra_info"]
        assert rollout(row, ["Nothing."] * 9, **settings).reward_score == 0.0


@pytest.mark.parametrize(
    "name", ["functions:examples/plain_functions/shop.py", "class:examples/plain_functions/desk.py:Desk"]
)
def test_functions_and_classes(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    learns(synthesized(name, tmp_path / "out"))


def test_a_server_for_each_session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("mcp")
    monkeypatch.chdir(ROOT)
    learns(synthesized("mcp:examples/mcp_tools/notes.json", tmp_path / "out"))


def test_a_server_that_was_recorded(tmp_path: Path) -> None:
    """Nothing is started in the rollouts; a call that was never recorded says so."""
    pytest.importorskip("mcp")
    shutil.copytree(ROOT / "examples" / "mcp_tools", tmp_path / "tools")
    file = tmp_path / "tools" / "recorded.json"
    assert run(check.app, ["record", f"mcp:{file}", "--samples", "2"]) == 0
    (tmp_path / "tools" / "notes_server.py").unlink()
    rows = synthesized(f"mcp:{file}", tmp_path / "out")
    learns(rows)
    unheard = says([("read_note", {"note_id": "N-4711"})])
    last = rollout(rows[0], [unheard, *["Nothing."] * 9])
    call = json.loads(json.dumps(record(last)))["turns"][0]["steps"][0]["calls"][0]
    assert call["output"] == {"error": "this call of read_note is not in the recording"}


@pytest.mark.parametrize("name", ["files", "memory", "git", "sqlite", "time"])
def test_a_reference_server(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("mcp")
    from tests.mcp.reference import reference

    learns(synthesized(reference(name, tmp_path, monkeypatch), tmp_path / "out"))


@pytest.fixture
def service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The example's FastAPI service with its variables set, and a copy of its configurations."""
    for package in ("openapi_spec_validator", "fastapi", "uvicorn"):
        pytest.importorskip(package)
    from tests.openapi.served import EXAMPLE, KEY, served

    shutil.copytree(EXAMPLE, tmp_path / "tools")
    with served("service:app", EXAMPLE, LIBRARY_KEY=KEY) as url:
        monkeypatch.setenv("LIBRARY_URL", url)
        monkeypatch.setenv("LIBRARY_KEY", KEY)
        yield tmp_path / "tools"


def test_a_service_recorded_and_live(service: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Live only where the recipe says so; recorded without service, address and key."""
    live = service / "library.yaml"
    data = yaml.safe_load(live.read_text())
    data |= {"allow": ["list_things", "find_member", "create_loan"], "scenarios": data["scenarios"][:2]}
    live.write_text(yaml.safe_dump(data))
    rows = synthesized(f"openapi:{live}", tmp_path / "live")
    with pytest.raises(UserError, match="set funreason.allow_live: true"):
        rollout(rows[0], texts(rows[0]))
    learns(rows, allow_live=True)

    (service / "catalogue.jsonl").unlink(missing_ok=True)
    name = f"openapi:{service / 'catalogue.yaml'}"
    assert run(check.app, ["record", name, "--samples", "2"]) == 0
    monkeypatch.delenv("LIBRARY_URL")
    monkeypatch.delenv("LIBRARY_KEY")
    agent_loop._host.cache_clear()
    learns(synthesized(name, tmp_path / "recorded"))
