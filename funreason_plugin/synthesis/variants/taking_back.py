"""change_of_mind and undo_part: what the turn before did is taken back, as execution proves; all of it, or one of two things."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from funreason_plugin.checks.closeness import about_the_same
from funreason_plugin.synthesis.history import AnyCall
from funreason_plugin.synthesis.trace import SamplingFailed, Trace, TracedCall
from funreason_plugin.synthesis.variants.happened import Happened, after, as_call
from funreason_plugin.synthesis.variants.undoing import Filled, equal_states
from funreason_plugin.trajectory import FollowUp

__all__ = ["part_undone", "reconsidered"]

SAMPLES: Final = 3
"""Requests that are looked at for another thing to be done."""


def reconsidered(happened: Happened) -> Iterator[Trace]:
    """Traces that take the goal back and then do something else of its kind; the session is put back."""
    index = happened.goals[-1]
    wanted = happened.without([index])
    if wanted is None:
        return
    before = [call.name for number, call in enumerate(happened.calls) if number != index]
    for filled in happened.undone(index, wanted):
        if filled.name in before:
            continue  # the turn itself has done the one and then the other
        for _ in range(SAMPLES):
            trace = _instead(happened, index, filled)
            happened.session.restore(happened.end)
            if trace is not None:
                yield trace


def _instead(happened: Happened, index: int, filled: Filled) -> Trace | None:
    session, old = happened.session, happened.calls[index]
    session.restore(happened.end)
    first = as_call(filled, session.call(filled.name, filled.arguments), asked=True)
    undone = session.state()
    tables = happened.tables
    near = about_the_same(old.name, [name for name, tool in tables.tools.items() if tool.usable])
    others = [name for name in near if tables.tools[name].spec.writes and name != filled.name]
    target = old.name if not others or happened.rng.random() < 0.75 else happened.rng.choice(others)
    if not tables.tools[target].usable:
        return None
    try:
        trace = happened.sample(target)
    except SamplingFailed:
        return None
    if not any(call.role == "goal" for call in trace.calls) or any(
        _goes_back(happened, index, filled, call) for call in trace.calls
    ):
        return None
    session.restore(happened.end)
    for call in (first, *trace.calls):
        session.call(call.name, call.arguments)
    if equal_states(session.space, undone, session.state()):
        return None
    follow_up = FollowUp("change_of_mind", undone=[index], by=filled.name)
    return Trace(after(first, trace.calls, happened.turn + 1), target, follow_up=follow_up)


def _goes_back(happened: Happened, index: int, filled: Filled, call: TracedCall) -> bool:
    """Whether a call would undo the undoing, do it twice, or do just what was undone to the same thing."""
    old = happened.calls[index]
    if call.name == filled.name and call.arguments == filled.arguments:
        return True
    if any(
        origin.source == "output" and origin.turn == happened.turn and origin.call == index
        for origin in call.provenance.values()
    ):
        return True
    return call.name == old.name and not _another_thing(old, call)


def _another_thing(old: AnyCall, new: TracedCall) -> bool:
    """Whether two calls of a tool are about other things: what look-ups gave for them differs, where there is any; another
    amount for the same thing is a correction."""
    found = [name for name, origin in old.provenance.items() if origin.source == "output"]
    named = found or [name for name, value in old.arguments.items() if isinstance(value, str)]
    return any(old.arguments.get(name) != new.arguments.get(name) for name in named or old.arguments)


def part_undone(happened: Happened) -> Iterator[Trace]:
    """Traces that take back one of the turn's effects, while another one stands; the session is put back."""
    writing = [index for index in happened.goals if happened.spec(index).writes]
    if len(writing) < 2:
        return
    for index in happened.rng.sample(writing, len(writing)):
        call = happened.calls[index]
        # The user says what is to be undone by what it was: that has to be clear.
        if happened.history.called.get(call.name, 0) > 1:
            continue
        # Of the other effects one at least has to be seen: they may cancel each other out.
        wanted, nothing = happened.without([index]), happened.without(happened.connected(writing))
        if wanted is None or nothing is None or equal_states(happened.session.space, wanted, nothing):
            continue
        for filled in happened.undone(index, wanted):
            if len(filled.arguments) != 1 or happened.history.called.get(filled.name):
                continue  # in words: "put it back where it was", which says too little beside the other effect
            output = happened.session.call(filled.name, filled.arguments)
            happened.session.restore(happened.end)
            follow_up = FollowUp("undo_part", undone=[index], by=filled.name)
            yield Trace([as_call(filled, output, asked=True)], filled.name, follow_up=follow_up)
