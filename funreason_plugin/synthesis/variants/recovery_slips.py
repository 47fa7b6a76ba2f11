"""Mistakes of A_R's own: a call that it makes wrong, whose real execution gives an error and changes nothing.

A required argument is left out, a value has the wrong form or is mistyped, or a call comes before the one that it builds on.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from random import Random
from typing import Any

from funreason_plugin.environments.limits import is_error, is_over_time
from funreason_plugin.environments.session import Session
from funreason_plugin.environments.spec import ToolSpec
from funreason_plugin.synthesis.setbacks import Slip
from funreason_plugin.synthesis.teachers.scripted_mistakes import misread
from funreason_plugin.synthesis.trace import Trace, TracedCall

__all__ = ["THOUGHTS", "slip"]

THOUGHTS = (
    "{tool} does what is asked for, and I have what it takes. I call it right away.",
    "I have the values for {tool}, so I go straight to it.",
    "The call that matters is {tool}; its arguments are all there.",
    "Everything that {tool} needs is known. I'll make the call.",
)
"""Before a call that comes too early. Nothing is trained to think so."""


def slip(
    trace: Trace, turn: int, specs: Mapping[str, ToolSpec], session: Session, rng: Random
) -> Slip | None:
    """A mistake that fails and changes nothing, at its place in the trace. The session stands at the turn's start, and is
    left somewhere else."""
    kinds: dict[str, list[Slip]] = {}
    start = session.snapshot()
    alone = {index for index, call in enumerate(trace.calls) if _stands_alone(trace, call)}
    names = [call.name for call in trace.calls]
    for index, call in enumerate(trace.calls):
        if index not in alone or call.name in names[:index]:
            continue
        for kind, made in _possible(trace, index, turn, specs, rng):
            session.restore(start)
            for before in trace.calls[:index]:
                session.call(before.name, before.arguments)
            state = session.state_hash()
            output = session.call(*made.call())
            if is_error(output) and not is_over_time(output) and session.state_hash() == state:
                kinds.setdefault(kind, []).append(made)
    return rng.choice(kinds[rng.choice(sorted(kinds))]) if kinds else None


def _stands_alone(trace: Trace, call: TracedCall) -> bool:
    return sum(other.step == call.step for other in trace.calls) == 1


def _possible(
    trace: Trace, index: int, turn: int, specs: Mapping[str, ToolSpec], rng: Random
) -> Iterator[tuple[str, Slip]]:
    call = trace.calls[index]
    required = {param.name: param.schema for param in specs[call.name].params if param.required}
    for name, value in call.arguments.items():
        if name in required and len(call.arguments) > 1:
            yield "left_out", Slip(call.name, call.arguments, name)
        if (other := misread(value)) is not None:  # a number as text, a date in another form
            yield "form", Slip(call.name, call.arguments, name, other.replace(",", ""))
        if (typed := _mistyped(value, rng)) is not None:
            yield "typed", Slip(call.name, call.arguments, name, typed)
    if index == 0:
        for later in trace.calls[1:]:
            if later.step > call.step and not any(
                origin.source == "output" and origin.turn == turn for origin in later.provenance.values()
            ):
                thought = rng.choice(THOUGHTS).format(tool=f"`{later.name}`")
                early = (later.name, later.arguments)
                yield "order", Slip(call.name, call.arguments, instead=early, thought=thought)


def _mistyped(value: Any, rng: Random) -> str | None:
    """An id with two neighbouring digits exchanged, as one types it."""
    if not isinstance(value, str) or " " in value or sum(sign.isdigit() for sign in value) < 3:
        return None
    if value[:4].isdigit() and value[4:5] == "-":
        return None  # a date
    places = [
        place
        for place in range(len(value) - 1)
        if value[place : place + 2].isdigit() and value[place] != value[place + 1]
    ]
    if not places:
        return None
    place = rng.choice(places)
    return value[:place] + value[place + 1] + value[place] + value[place + 2 :]
