"""A plan as text, for prompts, and back.

Step 1
1. search_flights(origin=<origin>, destination=<destination>, date=<date>)
Step 2
2. hold_seat(flight_id=<1: flights[].flight_id of the record with the smallest price>, passenger=<passenger>)
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import lru_cache

import orjson

from funreason_plugin.synthesis.plan import Plan, PlannedCall, Source

__all__ = ["parse_plan", "plan_text", "read_plan"]


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
