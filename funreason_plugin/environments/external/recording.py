"""Calls and answers, recorded once: a JSONL file whose first line holds the tools.

    recording = load(path)
    recording.answer("get_note", {"note_id": 3})      # the output, or NOTHING
    recording.add("get_note", {"note_id": 4}, {...})  # what counts from now on, in all processes

Equal arguments are the same call, in whatever order their keys stand; the last answer to a call counts.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import orjson

from funreason_plugin.environments.catalog import PARCEL
from funreason_plugin.environments.state import canonical, whole
from funreason_plugin.errors import UserError

__all__ = ["NOTHING", "Recording", "load", "load_or_begin", "write"]

NOTHING: Final = object()
_VERSION: Final = 1


@dataclass(slots=True)
class Recording:
    """The tools as their owner listed them (plain data), and answers by call, read from ``path`` up to ``_end``."""

    path: Path
    tools: list[dict[str, Any]]
    answers: dict[bytes, Any] = field(default_factory=dict)
    _end: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def answer(self, tool: str, arguments: Mapping[str, Any]) -> Any:
        """The recorded output; `NOTHING` when the call was never seen."""
        return self.answers.get(_key(tool, arguments), NOTHING)

    def add(self, tool: str, arguments: Mapping[str, Any], output: Any) -> Any:
        """Write an answer down, unless another process did so before: what is written counts, and is returned."""
        line = orjson.dumps(
            {"tool": tool, "arguments": arguments, "output": output}, option=orjson.OPT_NON_STR_KEYS
        )
        with self._lock, self.path.open("r+b") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            file.seek(self._end)
            others = _whole_lines(file.read())
            for row in map(orjson.loads, others.splitlines()):
                if "tool" in row:
                    self.answers.setdefault(_key(row["tool"], row["arguments"]), row["output"])
            if (key := _key(tool, arguments)) not in self.answers:
                self.answers[key] = orjson.loads(line)["output"]
                others += line + b"\n"
            file.seek(self._end)
            file.write(others)
            file.truncate()
            self._end = file.tell()
            return self.answers[key]


def load(path: Path) -> Recording:
    """Read a recording.

    Raises:
        UserError: There is none, or a line of it is not of a recording.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UserError(
            f"{path}: {error.strerror}; 'python -m funreason_plugin.check record NAME' makes the recording"
        ) from None
    lines = _whole_lines(data).splitlines()
    try:
        head = orjson.loads(lines[0])
        recording = Recording(path, list(head["tools"]), _end=data.rfind(b"\n") + 1)
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


def load_or_begin(path: Path, tools: Callable[[], list[dict[str, Any]]]) -> Recording:
    """Read a recording, or begin one with these tools, to be added to.

    Raises:
        UserError: It is none; or this process has a copy of the user's files only.
    """
    if os.environ.get(PARCEL):
        raise UserError(
            f"{path.name}: '+record' writes beside the configuration; use the executor 'local', or check record"
        )
    if not path.exists():
        draft = path.with_name(f"{path.name}.{os.getpid()}")
        write(draft, tools(), [])
        with contextlib.suppress(FileExistsError):  # another process was faster
            os.link(draft, path)
        draft.unlink()
    return load(path)


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


def _whole_lines(data: bytes) -> bytes:
    """The lines, without half a one at the end: of a process that was killed."""
    end = data.rfind(b"\n") + 1
    try:
        orjson.loads(data[end:])
    except orjson.JSONDecodeError:
        return data[:end]
    return data + b"\n"


def _key(tool: str, arguments: Mapping[str, Any]) -> bytes:
    return tool.encode() + b"\0" + canonical(whole(dict(arguments)))
