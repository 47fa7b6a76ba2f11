"""Environments that users really bring: tools that hang, crash, lie, or cannot be used at all."""

from __future__ import annotations

import os
import time
from random import Random
from typing import Annotated, Any

from funreason_plugin import Environment, Ref, ToolError, Values, tool


class Notes(Environment):
    """A small environment that works."""

    notes: dict[str, dict[str, str]]
    time_limit = 0.5

    def scenario(self, rng: Random) -> dict[str, Any]:
        titles = rng.sample(["Milk", "Rent", "Dentist", "Birthday", "Passport", "Garden", "Taxes", "Bike"], 5)
        return {
            "notes": {
                f"N{rng.randint(100, 999)}{number}": {"title": title, "state": "open"}
                for number, title in enumerate(titles)
            }
        }

    @tool
    def find_note(self, title: Annotated[str, Values.state("notes.*.title")]) -> dict[str, Any]:
        """Look up a note by its title.

        Args:
            title: Title of the note.
        """
        for key, note in self.notes.items():
            if note["title"] == title:
                return {"note_id": key, **note}
        raise ToolError(f"no note {title!r}")

    @tool(writes=True)
    def close_note(self, note_id: Annotated[str, Ref("note")]) -> dict[str, str]:
        """Close a note that is open.

        Args:
            note_id: Id of the note.
        """
        if note_id not in self.notes:
            raise ToolError(f"no note with id {note_id!r}")
        self.notes[note_id]["state"] = "closed"
        return {"note_id": note_id, "state": "closed"}


class Sleeping(Notes):
    name = "sleeping"

    @tool
    def count_slowly(self) -> int:
        """Count the notes, for ever."""
        time.sleep(1000)
        return len(self.notes)


class HoldingTheLock(Notes):
    name = "holding_the_lock"

    @tool
    def power(self, base: int) -> int:
        """Compute a large power.

        Args:
            base: The base.
        """
        return len(str((base + 2) ** (10**9)))


class Huge(Notes):
    name = "huge"

    @tool
    def export_all(self) -> str:
        """Export everything there is."""
        return "x" * 50_000_000


class Numbers(Notes):
    name = "numbers"

    @tool
    def count_notes(self) -> int:
        """Count the notes."""
        return len(self.notes)


class NotJson(Notes):
    name = "not_json"

    @tool
    def titles(self) -> Any:
        """All titles."""
        return {note["title"] for note in self.notes.values()}


class Raising(Notes):
    name = "raising"

    @tool
    def crash(self) -> int:
        """Count what is not there."""
        raise KeyError("gone")


class Uncopyable(Notes):
    name = "uncopyable"

    def scenario(self, rng: Random) -> dict[str, Any]:
        return {"notes": {}, "lock": object()}


class NeedsArguments(Notes):
    name = "needs_arguments"

    def __init__(self, path: str) -> None:
        self.path = path


class NeverLegal(Environment):
    name = "never_legal"

    def scenario(self, rng: Random) -> dict[str, Any]:
        return {"doors": {"D1": "shut"}}

    @tool(writes=True)
    def open_door(self, door_id: Annotated[str, Ref("door")]) -> dict[str, str]:
        """Open a door.

        Args:
            door_id: Id of the door.
        """
        raise ToolError("no such door")


class NoDocstring(Notes):
    name = "no_docstring"

    @tool
    def bare(self) -> int:
        return 1


class NoType(Notes):
    name = "no_type"

    @tool
    def untyped(self, what) -> int:  # type: ignore[no-untyped-def]
        """Do something."""
        return 1


class Fragile(Notes):
    name = "fragile"

    @tool
    def halve(self, number: int) -> int:
        """Halve a number.

        Args:
            number: The number.
        """
        if number == 987654:
            os._exit(3)  # as a crash in a library's C code would
        return number // 2
