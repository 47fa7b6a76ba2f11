"""Configurations for the servers beside this file, and for the example's."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("mcp")

SERVERS = Path(__file__).parent / "servers"
PATHS = {"notes": Path(__file__).parents[2] / "examples" / "mcp_tools" / "notes_server.py"}
HOME = {
    "N-1000": {"title": "Shopping list", "notebook": "Home", "text": "Milk and 2 lemons.", "status": "open"},
    "N-1001": {"title": "Boiler service", "notebook": "Home", "text": "Call in May.", "status": "open"},
    "N-1002": {"title": "Board minutes", "notebook": "Work", "text": "The budget holds.", "status": "done"},
}
CLUB = {
    "N-1000": {"title": "Match dates", "notebook": "Club", "text": "First on the 4th.", "status": "open"},
    "N-1001": {"title": "Kit order", "notebook": "Club", "text": "12 shirts.", "status": "later"},
    "N-1002": {"title": "Garden plan", "notebook": "Home", "text": "Beans.", "status": "open"},
}
VALUES = {
    "notebook": {"of": ["Home", "Work", "Club"]},
    "title": {"of": ["Dentist", "Summer holiday", "Gift ideas", "Tax papers"]},
    "text": {"prose": ["Ask about Friday.", "Bring 3 copies."]},
}

Write = Callable[..., str]


@pytest.fixture
def config(tmp_path: Path) -> Write:
    """Write a configuration of one server; its name as on the command line."""

    def write(server: str, *args: str, env: dict[str, str] | None = None, **options: Any) -> str:
        entry = {
            "command": "${python}",
            "args": [str(PATHS.get(server, SERVERS / f"{server}.py")), *args],
            "env": env or {},
            "funreason": options,
        }
        path = tmp_path / f"{server}.json"
        path.write_text(json.dumps({"mcpServers": {server: entry}}))
        return f"mcp:{path}"

    return write


@pytest.fixture
def notes(tmp_path: Path, config: Write) -> Write:
    """The notes server with two folders to begin with; options on top."""
    for name, content in (("home", HOME), ("club", CLUB)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "notes.json").write_text(json.dumps({"notes": content}))

    def write(**options: Any) -> str:
        given = {
            "state": "snapshot",
            "allow_writes": True,
            "scenarios": [{"folder": "home"}, {"folder": "club"}],
            "values": VALUES,
        } | options
        return config("notes", "${folder}/notes.json", **given)

    return write


def processes(word: str) -> list[int]:
    """Processes whose command line has a word, this one left out."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit() and int(folder.name) != os.getpid():
            try:
                line = (folder / "cmdline").read_bytes()
            except OSError:
                continue
            if word.encode() in line:
                found.append(int(folder.name))
    return found
