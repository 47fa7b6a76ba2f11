"""Rollouts refuse tools that are not the session's own, unless the recipe allows them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from funreason_plugin.environments.external.recording import write
from funreason_plugin.errors import UserError
from funreason_plugin.rl.live_tools import refuse_live
from funreason_plugin.rl.settings import Settings

pytest.importorskip("mcp")
SERVER = Path(__file__).parents[1] / "mcp" / "servers" / "hostile.py"
TOOL = {
    "name": "echo",
    "description": "",
    "parameters": {"type": "object"},
    "output": None,
    "read_only": True,
}


def config(folder: Path, **options: object) -> str:
    server = {"command": "${python}", "args": [str(SERVER)], "funreason": {"allow": ["echo"], **options}}
    (folder / "tools.json").write_text(json.dumps({"mcpServers": {"echoes": server}}))
    return f"mcp:{folder / 'tools.json'}"


@pytest.mark.slow
def test_a_server_that_sessions_share_needs_the_recipes_word(tmp_path: Path) -> None:
    name = config(tmp_path)
    with pytest.raises(UserError, match="calls a live service: .* set funreason.allow_live: true"):
        refuse_live(["travel", name], Settings())
    refuse_live(["travel", name], Settings(allow_live=True))


@pytest.mark.slow
def test_a_server_of_the_sessions_own_does_not(tmp_path: Path) -> None:
    refuse_live([config(tmp_path, state="snapshot")], Settings())


def test_a_recording_does_not(tmp_path: Path) -> None:
    write(tmp_path / "calls.jsonl", [TOOL], [("echo", {"text": "hi"}, "hi")])
    refuse_live([config(tmp_path, state="record", recording="calls.jsonl")], Settings())


def test_environments_of_ours_are_not_imported_for_it() -> None:
    refuse_live(["no_such_module:Desk"], Settings())
