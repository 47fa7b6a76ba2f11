"""Faults that a turn meets on purpose: what a tool returns instead of being executed, and when it is over.

    faults = Faults(turn.recovery.faults)                    # of one turn, as it begins
    output = faults.call(session, "find_fares", arguments)

A fault is met by calls of its tool in their order within the turn, mostly whatever their arguments. So the same calls meet the
same faults in the synthesis, the replay, a rollout and an evaluation, and any other policy meets them by the same rule.
What a fault gives leaves the state as it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, Protocol

from pydantic import ConfigDict

from funreason_plugin.environments.limits import is_error

__all__ = ["WRONG_RESPONSE", "Fault", "Faults", "Kind", "Recovery", "met"]

Kind = Literal["transient", "wrong_response", "empty", "precondition", "own_mistake"]
"""What goes wrong."""
WRONG_RESPONSE = "error_tool_response"
"""The label of a trajectory with a "wrong_response": the paper's name for wrong environment responses."""

_STRICT = ConfigDict(extra="forbid", strict=True)


@dataclass(frozen=True, slots=True)
class Fault:
    """``output`` is what calls of ``tool`` return in this turn, without being executed: the first ``times`` of them, or,
    where ``until`` names a tool, all until a call of that one has succeeded in the turn (``times`` is 0 then).

    ``arguments``: only calls with these are meant (texts are compared without regard to case). So a step that cannot be
    repeated, since the state still has its effect, gives again what it gave before.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT
    tool: str
    output: Any
    times: int = 1
    until: str = ""
    arguments: dict[str, Any] | None = None

    def meets(self, name: str, arguments: Mapping[str, Any]) -> bool:
        """Whether a call is meant."""
        if self.tool != name or self.arguments is None:
            return self.tool == name
        try:
            return bool(_folded(self.arguments) == _folded(dict(arguments)))
        except RecursionError:  # what a model wrote may be nested without end
            return False


def _folded(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _folded(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_folded(item) for item in value]
    return value.strip().casefold() if isinstance(value, str) else value


@dataclass(frozen=True, slots=True)
class Recovery:
    """What goes wrong in a turn. ``mistakes`` are the steps (from 0) that are the model's own: they failed, changed nothing,
    and are not to be learned."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT
    kind: Kind
    faults: list[Fault]
    mistakes: list[int]


class Executes(Protocol):
    """A live session."""

    def call(self, name: str, arguments: dict[str, Any]) -> Any: ...


class HasOutput(Protocol):
    """A call that was made."""

    @property
    def name(self) -> str: ...

    @property
    def arguments(self) -> dict[str, Any]: ...

    @property
    def output(self) -> Any: ...


class Faults:
    """The faults of one turn while it is played; a new one for each turn, and for each attempt at it."""

    def __init__(self, faults: Iterable[Fault] = ()) -> None:
        self._waiting: list[tuple[Fault, int]] = [(fault, fault.times) for fault in faults]

    def met(self, name: str, arguments: Mapping[str, Any]) -> Fault | None:
        """The fault that the next call meets, which is counted; None where it is to be executed."""
        for place, (fault, left) in enumerate(self._waiting):
            if fault.meets(name, arguments):
                if not fault.until:
                    self._waiting[place : place + 1] = [(fault, left - 1)] if left > 1 else []
                self.done(name, fault.output)
                return fault
        return None

    def done(self, name: str, output: Any) -> None:
        """A call has had its output: what waited for its success is over."""
        if self._waiting and not is_error(output):
            self._waiting = [one for one in self._waiting if one[0].until != name]

    def call(self, session: Executes, name: str, arguments: dict[str, Any]) -> Any:
        """The output of a call: a fault's, or the session's."""
        fault = self.met(name, arguments)
        if fault is not None:
            return fault.output
        output = session.call(name, arguments)
        self.done(name, output)
        return output


def met(faults: Sequence[Fault], calls: Iterable[HasOutput]) -> list[bool]:
    """Which calls of a turn met a fault, by the outputs that they had."""
    if not faults:
        return [False for _ in calls]
    playing = Faults(faults)
    found = []
    for call in calls:
        found.append(playing.met(call.name, call.arguments) is not None)
        if not found[-1]:
            playing.done(call.name, call.output)
    return found
