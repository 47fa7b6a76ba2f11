"""What Phase I hands on: an executed call chain with the provenance of every argument.

A trace is executed, never imagined. Every call in it succeeded and was needed: it is a goal of the turn,
or it feeds a later call, or it enables one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from funreason_plugin.trajectory import Choice, FollowUp, FollowUpTurn, Provenance, Turn

__all__ = ["Choice", "Provenance", "SamplingFailed", "Trace", "TracedCall"]


@dataclass(slots=True)
class TracedCall:
    """One call of a trace. ``reports``: concrete output paths that the answer should tell (goal calls)."""

    name: str
    arguments: dict[str, Any]
    provenance: dict[str, Provenance]
    output: Any
    step: int
    role: Literal["goal", "support"] = "goal"
    reports: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Trace:
    """The calls of one turn in order of execution; ``target`` is T_a, ``reached`` whether it was called.

    ``follow_up``: what the user does with the turn before, where the turn is to be understood from that.
    """

    calls: list[TracedCall]
    target: str
    reached: bool = True
    follow_up: FollowUp | None = None

    def steps(self) -> list[list[TracedCall]]:
        """The calls grouped by step."""
        groups: dict[int, list[TracedCall]] = {}
        for call in self.calls:
            groups.setdefault(call.step, []).append(call)
        return list(groups.values())

    def kind_of(self, turn: Turn) -> Turn:
        """The turn as one of the trace's kind."""
        if self.follow_up is None:
            return turn
        values = {name: getattr(turn, name) for name in Turn.__slots__}
        return FollowUpTurn(**values | {"variant": "follow_up"}, follow_up=self.follow_up)


class SamplingFailed(Exception):
    """Phase I found no trace. ``code`` counts in the funnel, ``detail`` says what was tried."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(f"{code}: {detail}" if detail else code)
        self.code = code
        self.detail = detail
