"""A small MCP server: notes in notebooks, kept in a JSON file.

python notes_server.py PATH      the file; "-": in memory
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Literal

from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp.types import ToolAnnotations
from pydantic import BaseModel, Field

READS = ToolAnnotations(read_only_hint=True)
server = MCPServer("notes", version="1.2", instructions="You keep the user's notes.")
path = sys.argv[1] if len(sys.argv) > 1 else "-"
memory: dict[str, dict[str, dict[str, str]]] = {"notes": {}}


class Note(BaseModel):
    note_id: str
    title: str
    notebook: str
    status: str


class Notes(BaseModel):
    notes: list[Note]


class Text(BaseModel):
    title: str
    text: str


def load() -> dict[str, dict[str, dict[str, str]]]:
    if path == "-":
        return memory
    file = Path(path)
    return json.loads(file.read_text()) if file.exists() else {"notes": {}}


def save(data: dict[str, dict[str, dict[str, str]]]) -> None:
    if path != "-":
        Path(path).write_text(json.dumps(data))


def found(data: dict[str, dict[str, dict[str, str]]], note_id: str) -> dict[str, str]:
    if note_id not in data["notes"]:
        raise ToolError(f"there is no note {note_id!r}")
    return data["notes"][note_id]


def shown(note_id: str, note: dict[str, str]) -> Note:
    return Note(note_id=note_id, title=note["title"], notebook=note["notebook"], status=note["status"])


@server.tool(annotations=READS)
def list_notes(notebook: Annotated[str, Field(description="Name of the notebook.")]) -> Notes:
    """List the notes of a notebook."""
    data = load()
    notes = [shown(key, note) for key, note in sorted(data["notes"].items()) if note["notebook"] == notebook]
    if not notes:
        raise ToolError(f"the notebook {notebook!r} has no notes")
    return Notes(notes=notes)


@server.tool(annotations=READS)
def read_note(note_id: Annotated[str, Field(description="The note's id.")]) -> Text:
    """Read a note."""
    note = found(load(), note_id)
    return Text(title=note["title"], text=note["text"])


@server.tool()
def add_note(
    notebook: Annotated[str, Field(description="Name of the notebook.")],
    title: Annotated[str, Field(description="The note's title.")],
    text: Annotated[str, Field(description="What it says.")] = "",
) -> Note:
    """Write a new note."""
    data = load()
    note_id = f"N-{1000 + len(data['notes'])}"
    data["notes"][note_id] = {"title": title, "notebook": notebook, "text": text, "status": "open"}
    save(data)
    return shown(note_id, data["notes"][note_id])


@server.tool()
def set_status(
    note_id: Annotated[str, Field(description="The note's id.")], status: Literal["open", "done", "later"]
) -> Note:
    """Set the status of a note."""
    data = load()
    note = found(data, note_id)
    if note["status"] == status:
        raise ToolError(f"the note is {status} already")
    note["status"] = status
    save(data)
    return shown(note_id, note)


@server.tool()
def move_note(
    note_id: Annotated[str, Field(description="The note's id.")],
    notebook: Annotated[str, Field(description="Name of the notebook that it is moved to.")],
) -> Note:
    """Move a note to another notebook."""
    data = load()
    note = found(data, note_id)
    if note["notebook"] == notebook:
        raise ToolError(f"the note is in {notebook!r} already")
    note["notebook"] = notebook
    save(data)
    return shown(note_id, note)


if __name__ == "__main__":
    server.run("stdio")
