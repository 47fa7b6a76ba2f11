"""What goes wrong in a turn while A_R solves it: faults of tools, and a slip in a call of its own.

A_R is told of neither. A fault stands in for a tool's output (`funreason_plugin.faults`). A `Slip` changes a call that A_R
has just written, before it is executed: A_R finds it in its own message, gets the tool's real error, and has to notice and
mend it. So a model need not be asked to make mistakes, and what is learned is its mending.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any

from funreason_plugin.faults import Fault, Faults, Kind, Recovery, met
from funreason_plugin.trajectory import Call, RecoveryTurn, Step, Turn

__all__ = ["Setbacks", "Slip", "Trial", "changed"]

_REMOVED: Any = object()


@dataclass(frozen=True, slots=True)
class Slip:
    """The first call of ``tool`` in a turn goes wrong, where it stands alone in its message and is as ``was``.

    Its argument ``name`` becomes ``value``, or is left out; or, where ``instead`` names a call, that one is made too early.
    """

    tool: str
    was: dict[str, Any]
    name: str = ""
    value: Any = _REMOVED
    instead: tuple[str, dict[str, Any]] | None = None
    thought: str = ""

    def call(self) -> tuple[str, dict[str, Any]]:
        """The call as it is made."""
        return self.instead or (self.tool, changed(self.was, self.name, self.value))


def changed(arguments: dict[str, Any], name: str, value: Any = _REMOVED) -> dict[str, Any]:
    """The arguments with another value, or without it."""
    if value is _REMOVED:
        return {key: item for key, item in arguments.items() if key != name}
    return {key: value if key == name else item for key, item in arguments.items()}


@dataclass(frozen=True, slots=True)
class Setbacks:
    """What goes wrong in a turn; in most of them nothing does."""

    kind: Kind = "transient"
    faults: Sequence[Fault] = ()
    slip: Slip | None = None

    def begin(self) -> Trial:
        """For one attempt."""
        return Trial(self, Faults(self.faults))

    def turn(self, plain: Turn) -> Turn:
        """A turn as one in which this goes wrong."""
        if not self.faults and self.slip is None:
            return plain
        known = {item.name: getattr(plain, item.name) for item in fields(plain)}
        recovery = Recovery(self.kind, list(self.faults), [])
        return RecoveryTurn(**{**known, "variant": "error_recovery"}, recovery=recovery)


@dataclass(slots=True)
class Trial:
    """One attempt at a turn in which things go wrong. ``mistakes``: the steps that were slips."""

    setbacks: Setbacks
    faults: Faults
    mistakes: list[int] = field(default_factory=list)

    def slipped(self, calls: Sequence[tuple[str, dict[str, Any]]], step: int) -> Slip | None:
        """The slip that is made instead of the calls of a message, if it is made there."""
        slip = self.setbacks.slip
        if slip is None or self.mistakes or [*calls] != [(slip.tool, slip.was)]:
            return None
        self.mistakes.append(step)
        return slip

    def note(self, turn: Turn) -> None:
        """Write the slips that were made down in the turn."""
        if isinstance(turn, RecoveryTurn):
            turn.recovery = replace(turn.recovery, mistakes=list(self.mistakes))

    def sound(self, steps: Sequence[Step]) -> list[Call]:
        """The calls of an attempt that are not `unsound`."""
        unsound, calls = self.unsound(steps), [call for step in steps for call in step.calls]
        return [call for place, call in enumerate(calls) if place not in unsound]

    def unsound(self, steps: Sequence[Step]) -> set[int]:
        """The calls of an attempt, in flat order, that met a fault or were slips: they obtain nothing."""
        calls = [(number, call) for number, step in enumerate(steps) for call in step.calls]
        faulty = met(self.setbacks.faults, [call for _, call in calls])
        return {place for place, (step, _) in enumerate(calls) if faulty[place] or step in self.mistakes}
