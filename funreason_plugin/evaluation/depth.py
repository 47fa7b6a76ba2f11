"""How long a task's longest chain of dependent calls is: calls that take a value out of an earlier call's output.

Rows of the verl parquet have no provenance; it is found again by value. An argument's leaf (a text, a number) that an
earlier output has and no query so far says makes its call depend on that one; of several outputs the deepest counts.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from funreason_plugin.tasks import Task

__all__ = ["depth"]

_MOST = 50_000
"""Leaves of outputs that are looked at."""


def depth(task: Task) -> int:
    """Calls in the longest chain of the truth: 0 without calls, 1 where no call needs another one's output."""
    longest: dict[str, int] = {}
    said = deepest = 0
    text = ""
    for turn in task.turns:
        text += f"\n{turn.query}"
        for step in turn.steps:
            found = [
                (1 + max((_of(leaf, longest, text) for leaf in _leaves(call.arguments)), default=0), call)
                for call in step
            ]
            for own, call in found:
                deepest = max(deepest, own)
                for leaf in _leaves(call.output):
                    said += 1
                    if said > _MOST:
                        break
                    longest[leaf] = max(longest.get(leaf, own), own)
    return deepest


def _of(leaf: str, longest: dict[str, int], text: str) -> int:
    return 0 if leaf in text else longest.get(leaf, 0)


def _leaves(value: Any) -> Iterator[str]:
    """Texts and numbers, as texts; 2 and 2.0 are one."""
    waiting = [value]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value
        elif isinstance(value, bool) or value is None:
            continue
        elif isinstance(value, float) and value.is_integer():
            yield str(int(value))
        elif isinstance(value, (int, float)) or value:
            yield str(value)
