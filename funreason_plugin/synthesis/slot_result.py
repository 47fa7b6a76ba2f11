"""What came of one job: the attempts at a slot that were rejected, and the one that was kept, as lines to be written."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import orjson

from funreason_plugin.environments.limits import is_error
from funreason_plugin.synthesis.trace import Trace
from funreason_plugin.trajectory import Call

__all__ = ["Rejection", "SlotResult", "lines_of", "rejected_turn", "rejected_whole", "tools_called"]

Rejection: TypeAlias = dict[str, Any]
"""A row of rejected.jsonl. ``whole``: the attempt at the trajectory ended with it."""


@dataclass(slots=True)
class SlotResult:
    """What became of a slot so far: JSON lines of rejections, the kept trajectory's line, what it cost.

    ``attempt`` is the last one made; ``usage`` has requests, input and output tokens by agent.
    """

    index: int
    rejections: list[bytes]
    line: bytes | None
    attempt: int
    key: bytes = b""
    turns: int = 0
    calls: int = 0
    tools: list[str] = field(default_factory=list)
    usage: dict[str, list[int]] = field(default_factory=dict)


def tools_called(calls: Iterable[Call]) -> list[str]:
    """The tools that were called with success."""
    return sorted({call.name for call in calls if not is_error(call.output)})


def rejected_turn(
    index: int, attempt: int, turn: int, number: int, phase: str, code: str, detail: str, trace: Trace | None
) -> Rejection:
    """A row of rejected.jsonl: try ``number`` of a turn. ``code`` may name the tool to blame, after a colon."""
    code, _, tool = code.partition(":")
    return {
        "index": index,
        "attempt": attempt,
        "turn": turn,
        "try": number,
        "phase": phase,
        "code": code,
        "tool": tool or (trace.target if trace is not None else ""),
        "detail": detail[:500],
        "calls": [[call.name, call.arguments] for call in trace.calls] if trace is not None else [],
        "whole": False,
    }


def rejected_whole(index: int, attempt: int, code: str, detail: str) -> Rejection:
    """A row of rejected.jsonl: a whole attempt, where no turn of its is to blame."""
    return rejected_turn(index, attempt, -1, 0, "trajectory", code, detail, None) | {"whole": True}


def lines_of(rows: Iterable[Rejection]) -> list[bytes]:
    """Rows as lines of rejected.jsonl."""
    return [orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE) for row in rows]
