"""Rules on the executed calls: every argument comes from somewhere, and from where it is said to."""

from __future__ import annotations

from typing import Any

from funreason_plugin.checks.rules import rule
from funreason_plugin.checks.turns import MISSING, AnyCall, Origin, TurnView, value_at
from funreason_plugin.environments.state import canonical, same_scalar

MAX_CALLS = 40
MAX_OUTPUT_CHARACTERS = 60_000


@rule("tool_not_offered", "trace", "every call names a tool that is offered")
def tool_not_offered(view: TurnView) -> str | None:
    for call in view.calls:
        if call.name not in view.tools:
            return f"{call.name} is not one of the {len(view.tools)} tools offered"
    return None


@rule("unjustified_argument", "trace", "every argument of every call has a provenance")
def unjustified_argument(view: TurnView) -> str | None:
    for origin in view.origins:
        if origin.provenance is None:
            return f"{origin.place} = {_shown(origin.value)} comes from nowhere"
    return None


@rule("invented_argument", "trace", "an argument is what its provenance yields")
def invented_argument(view: TurnView) -> str | None:
    for origin in view.origins:
        provenance = origin.provenance
        if provenance is None:
            continue
        if origin.value is MISSING:
            return f"{origin.place} has a provenance but no value"
        if provenance.source == "output":
            found = _output_at(view, origin)
            if found is MISSING:
                return f"{origin.place} points to an output that is not there: {_pointer(origin)}"
            if not same(found, origin.value):
                return f"{origin.place} = {_shown(origin.value)}, but {_pointer(origin)} is {_shown(found)}"
        elif provenance.source == "default":
            schema = view.schema(origin)
            if "default" not in schema or not same(schema["default"], origin.value):
                return f"{origin.place} = {_shown(origin.value)} is not the schema's default"
        elif provenance.source == "earlier_query" and not 0 <= _turn(provenance.turn) < view.number:
            return f"{origin.place} was said in turn {provenance.turn}, which is not an earlier one"
    return None


@rule(
    "premature_call",
    "trace",
    "a call that needs an output stands in a later step than the call that gives it",
)
def premature_call(view: TurnView) -> str | None:
    for origin in view.origins:
        provenance = origin.provenance
        if provenance is None or provenance.source != "output" or provenance.turn != view.number:
            continue
        number = _turn(provenance.call)
        if not 0 <= number < len(view.calls) or view.step_of[number] >= origin.step:
            return (
                f"{origin.place} needs the output of call {provenance.call}, which is not in an earlier step"
            )
    return None


@rule(
    "oversized_turn", "trace", f"at most {MAX_CALLS} calls and {MAX_OUTPUT_CHARACTERS:,} characters of output"
)
def oversized_turn(view: TurnView) -> str | None:
    if len(view.calls) > MAX_CALLS:
        return f"{len(view.calls)} calls in one turn"
    size = sum(len(canonical(call.output)) for call in view.calls)
    return f"{size:,} characters of output" if size > MAX_OUTPUT_CHARACTERS else None


@rule("nothing_new", "trace", "a turn is not the repetition of calls that gave the very same before")
def nothing_new(view: TurnView) -> str | None:
    if not view.calls or not view.earlier:
        return None
    names = {call.name for turn in view.earlier for call in turn.calls()}
    if not all(call.name in names for call in view.calls):
        return None
    before = {_what(call) for turn in view.earlier for call in turn.calls()}
    if all(_what(call) in before for call in view.calls):
        return f"{', '.join(call.name for call in view.calls)} with the same arguments gave the same before"
    return None


def _what(call: AnyCall) -> bytes:
    return canonical([call.name, call.arguments, call.output])


def same(left: Any, right: Any) -> bool:
    """The same JSON value, 1 and 1.0 being one."""
    if isinstance(left, (dict, list)) or isinstance(right, (dict, list)):
        return bool(left == right)
    return same_scalar(left, right)


def _output_at(view: TurnView, origin: Origin) -> Any:
    assert origin.provenance is not None
    calls = view.calls_of(_turn(origin.provenance.turn))
    number = _turn(origin.provenance.call)
    return value_at(calls[number].output, origin.provenance.field) if 0 <= number < len(calls) else MISSING


def _turn(number: int | None) -> int:
    return -1 if number is None else number


def _pointer(origin: Origin) -> str:
    provenance = origin.provenance
    assert provenance is not None
    return f"turn {provenance.turn}, call {provenance.call}, {provenance.field or 'whole output'}"


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "…"
