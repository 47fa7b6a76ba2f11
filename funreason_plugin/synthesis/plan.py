"""A trace without its values: which call takes which argument from where.

Phase II shows it to A_Q (what the user has to refer to) and Phase III to A_R (the hint), as `plan_text` writes
it: numbered calls with their dataflow, steps marked, never a value that only an output has.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal

from funreason_plugin.synthesis.trace import Trace
from funreason_plugin.trajectory import Choice, Provenance, Turn

__all__ = ["Plan", "PlannedCall", "Source", "is_label", "plan_of", "top", "value_at"]


@dataclass(frozen=True, slots=True)
class Source:
    """Where one argument (or a leaf of it) comes from.

    ``kind``: "input" (the user says it; ``name`` is the advanced tool's input), "output" (of call ``call``,
    an index into the plan), "earlier" (output of ``name`` in turn ``turn``), "said" (in turn ``turn``, as
    parameter ``field`` of ``name``, or "" when no call took it) or "value" (a default, as it is).
    ``nth`` counts calls of one tool in a turn from 0; turns count from 0. ``field`` is an output path;
    with ``by`` it holds "[]" for the list that is chosen from: its record is the "only" one, has the "min"
    or "max" ``key``, or a ``key`` that "equals" ``value`` (None: the query says it).
    """

    kind: Literal["input", "output", "earlier", "said", "value"]
    name: str = ""
    call: int = -1
    turn: int = -1
    nth: int = 0
    field: str = ""
    by: str = ""
    key: str = ""
    value: Any = None


@dataclass(frozen=True)
class PlannedCall:
    """A call of the plan: its tool, its step, the source of each argument by leaf path ("items[0].sku")."""

    tool: str
    step: int
    arguments: Mapping[str, Source]
    asked: bool = False

    @cached_property
    def given(self) -> tuple[str, ...]:
        """The parameters that a user speaks of: all but defaults, in the order of the call."""
        spoken = (top(path) for path, source in self.arguments.items() if source.kind != "value")
        return tuple(dict.fromkeys(spoken))


@dataclass(frozen=True)
class Plan:
    """The calls in the order of execution."""

    calls: tuple[PlannedCall, ...]

    def step_by_step(self) -> Plan:
        """The same with every call asked for: what a user says who walks the assistant through it."""
        return Plan(tuple(replace(call, asked=True) for call in self.calls))

    @cached_property
    def shape(self) -> tuple[tuple[str, tuple[tuple[str, str, str, int], ...]], ...]:
        """Tools and sources, without what picks a record: what a query has to be read for."""
        return tuple(
            (
                call.tool,
                tuple(
                    (path, source.kind, source.name, source.call) for path, source in call.arguments.items()
                ),
            )
            for call in self.calls
        )


# -- from a trace -----------------------------------------------------------------------------------------


def plan_of(trace: Trace, turns: Sequence[Turn], inputs: Mapping[tuple[int, str], str]) -> Plan:
    """The plan of a trace.

    Args:
        trace: The calls of this turn.
        turns: The turns before it.
        inputs: (index of the call, leaf path) to the name of the advanced tool's input.
    """
    calls = []
    for index, call in enumerate(trace.calls):
        arguments: dict[str, Source] = {}
        for path, origin in call.provenance.items():
            value = value_at(call.arguments, path)
            arguments[path] = _source(origin, value, turns, inputs.get((index, path), path))
        for name, value in call.arguments.items():
            if name not in arguments and not any(top(path) == name for path in arguments):
                arguments[name] = Source("value", value=value)
        calls.append(PlannedCall(call.name, call.step, arguments, call.role == "goal"))
    return Plan(tuple(calls))


def _source(origin: Provenance, value: Any, turns: Sequence[Turn], name: str) -> Source:
    turn = len(turns) if origin.turn is None else origin.turn
    if origin.source == "query":
        return Source("input", name=name)
    if origin.source == "default":
        return Source("value", value=value)
    if origin.source == "earlier_query":
        tool, path, nth = _who_took(value, turns[turn]) if turn < len(turns) else ("", "", 0)
        return Source("said", name=tool, turn=turn, nth=nth, field=path)
    choice = origin.choice
    field = _pattern(origin.field, choice) if choice else origin.field
    chosen: dict[str, Any] = {"by": choice.by, "key": choice.key, "value": choice.value} if choice else {}
    if turn >= len(turns):
        return Source("output", call=origin.call or 0, field=field, **chosen)
    calls = turns[turn].calls()
    position = min(origin.call or 0, len(calls) - 1)
    tool = calls[position].name
    nth = sum(call.name == tool for call in calls[:position])
    return Source("earlier", name=tool, turn=turn, nth=nth, field=field, **chosen)


def _who_took(value: Any, turn: Turn) -> tuple[str, str, int]:
    """The call of an earlier turn that took the value from what the user said."""
    seen: dict[str, int] = {}
    for call in turn.calls():
        nth = seen.get(call.name, 0)
        seen[call.name] = nth + 1
        for path, origin in call.provenance.items():
            if origin.source in ("query", "earlier_query") and value_at(call.arguments, path) == value:
                return call.name, path, nth
    return "", "", 0


def _pattern(field: str, choice: Choice) -> str:
    """ "flights[2].id" chosen from "flights" -> "flights[].id"; a dict's values count as a list."""
    rest = field[len(choice.list) :] if field.startswith(choice.list) else ""
    tail = re.sub(r"\A\[\d+\]", "", rest)
    return f"{choice.list}[]{tail}" if tail != rest else field


def top(path: str) -> str:
    """The parameter that a leaf path belongs to: "items[0].sku" -> "items"."""
    return _TOP.match(path)[0]  # type: ignore[index]  # matches the empty string too


def is_label(path: str, entity: str) -> bool:
    """Whether an argument is what a person would call the thing by: its name or title, or the "user" of a user id."""
    return _LABEL.search(path) is not None or (bool(entity) and path.lower().endswith(entity.lower()))


_LABEL = re.compile(r"(?:\A|_)(?:name|title|label|subject|full_name|username)\Z")
_TOP = re.compile(r"[^.\[]*")


def value_at(value: Any, path: str) -> Any:
    """What stands at a concrete path ("items[0].sku"); None where the path leads nowhere."""
    for name, index in _PART.findall(path):
        try:
            value = value[int(index)] if index else value[name]
        except (KeyError, IndexError, TypeError):
            return None
    return value


_PART = re.compile(r"([^.\[\]]+)|\[(\d+)\]")
