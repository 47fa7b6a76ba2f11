"""A trace without its values: which call takes which argument from where.

Phase II shows it to A_Q (what the user has to refer to) and Phase III to A_R (the hint): numbered calls
with their dataflow, steps marked, never a value that only an output has.

    Step 1
    1. search_flights(origin=<origin>, destination=<destination>, date=<date>)
    Step 2
    2. hold_seat(flight_id=<1: flights[].flight_id of the record with the smallest price>, passenger=<passenger>)

`plan_of` makes a plan from a trace, `plan_text` writes it and `read_plan` reads it back.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Any, Literal

import orjson

from funreason_plugin.synthesis.trace import Trace
from funreason_plugin.trajectory import Choice, Provenance, Turn

__all__ = [
    "Plan",
    "PlannedCall",
    "Source",
    "is_label",
    "parse_plan",
    "plan_of",
    "plan_text",
    "read_plan",
    "top",
    "value_at",
]


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

# -- as text ----------------------------------------------------------------------------------------------


def plan_text(plan: Plan, *, for_query: bool = False) -> str:
    """The numbered calls. ``for_query``: what the user names is shown, and which calls were asked for."""
    lines: list[str] = []
    step = None
    for number, call in enumerate(plan.calls, 1):
        if call.step != step:
            step = call.step
            lines.append(f"Step {step + 1}")
        arguments = ", ".join(
            f"{path}={_source_text(source, for_query)}" for path, source in call.arguments.items()
        )
        mark = "  # asked for" if for_query and call.asked else ""
        lines.append(f"{number}. {call.tool}({arguments}){mark}")
    text = "\n".join(lines)
    if len(_WRITTEN) >= 2048:
        _WRITTEN.clear()
    _WRITTEN[text] = plan if for_query else _as_hint(plan)
    return text


_WRITTEN: dict[str, Plan] = {}
"""What `read_plan` gives for texts that were written here: it need not parse them."""


def _as_hint(plan: Plan) -> Plan:
    """The plan without what only the query says."""
    return Plan(
        tuple(
            PlannedCall(
                call.tool,
                call.step,
                {
                    path: replace(source, value=None) if source.by == "equals" else source
                    for path, source in call.arguments.items()
                },
            )
            for call in plan.calls
        )
    )


def _source_text(source: Source, for_query: bool) -> str:
    if source.kind == "value":
        return orjson.dumps(source.value).decode()
    if source.kind == "input":
        return f"<{source.name}>"
    if source.kind == "said":
        if not source.name:
            return f"<as said in turn {source.turn + 1}>"
        return f"<{source.field} of {_call_name(source)}>"
    start = f"{source.call + 1}" if source.kind == "output" else _call_name(source)
    field = source.field.replace(" ", "%20") or "the whole output"  # a key of an object may hold a space
    return f"<{start}: {field}{_record_text(source, for_query)}>"


def _call_name(source: Source) -> str:
    which = f"call {source.nth + 1} of " if source.nth else ""
    return f"{which}{source.name} in turn {source.turn + 1}"


_SMALLEST = {"min": "smallest", "max": "largest"}


def _record_text(source: Source, for_query: bool) -> str:
    if not source.by:
        return ""
    if source.by == "only":
        return " of the only record"
    if source.by == "equals":
        value = orjson.dumps(source.value).decode() if for_query else "what the user says"
        return f" of the record whose {source.key or 'value'} is {value}"
    return f" of the record with the {_SMALLEST[source.by]} {source.key or 'value'}"


_LINE = re.compile(r"\A(\d+)\. (\w+)\((.*)\)(  # asked for)?\Z")
_ARGUMENT = re.compile(
    r'(?P<path>[^=,<>"]+)=(?:<(?P<ref>(?:"(?:[^"\\]|\\.)*"|[^"<>])*)>|(?P<json>(?:"(?:[^"\\]|\\.)*"|[^"<>=])*?))(?:, (?=[^=,<>"]+=)|\Z)'
)
_INPUT = re.compile(r"\A[^\s:]+\Z")
_SAID = re.compile(
    r"\A(?:as said|(?P<field>\S+) of (?:call (?P<nth>\d+) of )?(?P<name>\S+)) in turn (?P<turn>\d+)\Z"
)
_OUTPUT = re.compile(
    r"\A(?:(?P<call>\d+)|(?:call (?P<nth>\d+) of )?(?P<name>\S+) in turn (?P<turn>\d+)): (?P<field>the whole output|\S+)"
    r"(?P<only> of the only record)?"
    r"(?: of the record whose (?P<equal>\S+) is (?P<value>.+))?"
    r"(?: of the record with the (?P<by>smallest|largest) (?P<key>\S+))?\Z"
)


def read_plan(text: str) -> Plan:
    """The plan that `plan_text` wrote. Raises ValueError for another text."""
    return _WRITTEN.get(text) or parse_plan(text)


@lru_cache(maxsize=4096)
def parse_plan(text: str) -> Plan:
    """`read_plan`, from the text alone."""
    calls: list[PlannedCall] = []
    step = 0
    for line in text.split("\n"):
        if line.startswith("Step "):
            step = int(line[5:]) - 1
            continue
        match = _LINE.match(line)
        if match is None:
            raise ValueError(f"not a line of a plan: {line!r}")
        arguments = {part["path"]: _read_source(part) for part in _ARGUMENT.finditer(match[3])}
        calls.append(PlannedCall(match[2], step, arguments, match[4] is not None))
    return Plan(tuple(calls))


def _read_source(part: re.Match[str]) -> Source:
    reference = part["ref"]
    if reference is None:
        return Source("value", value=orjson.loads(part["json"]))
    if _INPUT.match(reference):
        return Source("input", name=reference)
    if said := _SAID.match(reference):
        nth = int(said["nth"] or 1) - 1
        return Source(
            "said", name=said["name"] or "", turn=int(said["turn"]) - 1, nth=nth, field=said["field"] or ""
        )
    found = _OUTPUT.match(reference)
    if found is None:
        raise ValueError(f"not a source: <{reference}>")
    by, key, value = "", "", None
    if found["only"]:
        by = "only"
    elif found["equal"]:
        by, key = "equals", found["equal"]
        value = None if found["value"] == "what the user says" else orjson.loads(found["value"])
    elif found["by"]:
        by, key = ("min" if found["by"] == "smallest" else "max"), found["key"]
    key = "" if key == "value" and by != "only" and not found["field"].count("].") else key
    field = "" if found["field"] == "the whole output" else found["field"].replace("%20", " ")
    if found["call"]:
        return Source("output", call=int(found["call"]) - 1, field=field, by=by, key=key, value=value)
    return Source(
        "earlier",
        name=found["name"],
        turn=int(found["turn"]) - 1,
        nth=int(found["nth"] or 1) - 1,
        field=field,
        by=by,
        key=key,
        value=value,
    )
