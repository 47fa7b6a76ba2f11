"""Calls and answers, recorded once: a JSONL file whose first line holds the tools.

    recording = load(path)
    recording.answer("get_note", {"note_id": 3})      # the output, or NOTHING

Equal arguments are the same call, in whatever order their keys stand; the last answer to a call counts.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import orjson

from funreason_plugin.environments.state import canonical, whole
from funreason_plugin.errors import UserError

__all__ = ["NOTHING", "Recording", "load", "write"]

NOTHING: Final = object()
_VERSION: Final = 1


@dataclass(slots=True)
class Recording:
    """The tools as their owner listed them (plain data), and answers by call."""

    tools: list[dict[str, Any]]
    answers: dict[bytes, Any] = field(default_factory=dict)

    def answer(self, tool: str, arguments: Mapping[str, Any]) -> Any:
        """The recorded output; `NOTHING` when the call was never seen."""
        return self.answers.get(_key(tool, arguments), NOTHING)


def load(path: Path) -> Recording:
    """Read a recording.

    Raises:
        UserError: There is none, or a line of it is not of a recording.
    """
    try:
        lines = path.read_bytes().splitlines()
    except OSError as error:
        raise UserError(
            f"{path}: {error.strerror}; 'python -m funreason_plugin.check record NAME' makes the recording"
        ) from None
    try:
        head = orjson.loads(lines[0])
        recording = Recording(list(head["tools"]))
        if head["recording"] != _VERSION:
            raise ValueError
    except (IndexError, KeyError, TypeError, ValueError):
        raise UserError(f"{path}:1: not a recording; make it again with 'check record'") from None
    for number, line in enumerate(lines[1:], 2):
        try:
            row = orjson.loads(line)
            recording.answers[_key(row["tool"], row["arguments"])] = row["output"]
        except (KeyError, TypeError, ValueError):
            raise UserError(f"{path}:{number}: not a recorded call; make the recording again") from None
    return recording


def write(
    path: Path, tools: list[dict[str, Any]], calls: Iterable[tuple[str, Mapping[str, Any], Any]]
) -> int:
    """Write a recording, whole or not at all; a call is written once. Returns how many calls it holds."""
    rows: dict[bytes, bytes] = {}
    for tool, arguments, output in calls:
        rows[_key(tool, arguments)] = orjson.dumps({"tool": tool, "arguments": arguments, "output": output})
    head = orjson.dumps({"recording": _VERSION, "tools": tools})
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(path.name + ".part")
    draft.write_bytes(b"\n".join([head, *rows.values(), b""]))
    os.replace(draft, path)
    return len(rows)


def _key(tool: str, arguments: Mapping[str, Any]) -> bytes:
    return tool.encode() + b"\0" + canonical(whole(dict(arguments)))
