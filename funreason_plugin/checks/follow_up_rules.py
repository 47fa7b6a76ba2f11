"""Rules on follow-ups: turns that correct, undo or refer back to what the turn before did.

What the trajectory alone shows is asked here; whether the state is as if the undone calls had not been made, in
`follow_up_replay`.
"""

from __future__ import annotations

import re
from typing import Any

from funreason_plugin.checks.rules import rule
from funreason_plugin.checks.trace_rules import same
from funreason_plugin.checks.turns import MISSING, AnyCall, Origin, TurnView, value_at
from funreason_plugin.checks.wording import contains, fold
from funreason_plugin.environments.limits import is_error
from funreason_plugin.environments.state import canonical
from funreason_plugin.trajectory import Choice

__all__ = ["candidates_of"]

_UNDOING = ("change_of_mind", "undo_part")


@rule("not_a_follow_up", "attempt", "a follow-up says what it does with the turn before, which has calls")
def not_a_follow_up(view: TurnView) -> str | None:
    if view.follow_up is None:
        return "nothing says what it follows up" if view.variant == "follow_up" else None
    if view.variant != "follow_up":
        return f"it follows the turn before up, but the variant is {view.variant!r}"
    if not view.earlier or not view.earlier[-1].steps:
        return "there is no turn with a call before it"
    return None if view.calls else "nothing is called"


@rule(
    "nothing_changed",
    "attempt",
    "a follow-up does another thing than the turn before, a correction says another value",
)
def nothing_changed(view: TurnView) -> str | None:
    follow = view.follow_up
    if follow is None or not view.earlier or not view.calls:
        return None
    before: list[AnyCall] = [*view.earlier[-1].calls()]
    done = {_what(call) for call in before}
    if all(_what(call) in done for call in view.calls):
        return "the turn before made the same calls, with the same outputs"
    if follow.kind != "correct":
        return None
    old = [value_at(call.arguments, follow.parameter) for call in before if call.name == follow.tool]
    new = [
        origin
        for origin in view.origins
        if (origin.call.name, origin.path) == (follow.tool, follow.parameter)
    ]
    if not old or old[0] is MISSING:
        return f"the turn before has no {follow.tool}.{follow.parameter} to correct"
    if not any(origin.provenance is not None and origin.provenance.source == "query" for origin in new):
        return f"{follow.tool}.{follow.parameter} is not taken from the query"
    if all(any(same(origin.value, value) for value in old) for origin in new):
        return f"{follow.tool}.{follow.parameter} is {new[0].value!r} as before"
    return None


def _what(call: AnyCall) -> bytes:
    return canonical([call.name, call.arguments, call.output])


@rule(
    "said_again",
    "attempt",
    "a follow-up neither repeats what stays as it was, nor names what it refers back to by its id",
)
def said_again(view: TurnView) -> str | None:
    follow = view.follow_up
    if follow is None:
        return None
    spoken_of = [o.value for o in view.origins if o.provenance is not None and o.provenance.source == "query"]
    if view.earlier:  # "I meant Riga, not Nantes": what was wrong may be said
        before = view.earlier[-1].calls()
        spoken_of += [call.arguments.get(follow.parameter) for call in before if call.name == follow.tool]
    for origin in view.origins:
        written = _distinctive(origin.value)
        if not written or origin.value in spoken_of or not contains(view.said.folded, written):
            continue
        if (
            follow.kind == "correct"
            and origin.provenance is not None
            and origin.provenance.source == "earlier_query"
        ):
            return f"{origin.place} = {origin.value!r} was said before, and the query says it again"
        if follow.kind == "refer_back" and _refers(view, origin):
            return f"{origin.place} = {origin.value!r} is referred back to, but the query says it"
    return None


def _distinctive(value: Any) -> str:
    """A text as it would stand in the query; nothing for what could stand there by chance."""
    return fold(value) if isinstance(value, str) and len(value) >= 3 and not _COMMON.fullmatch(value) else ""


_COMMON = re.compile(r"[a-z]{1,8}")


@rule(
    "no_choice",
    "attempt",
    "what is referred back to is one of two or more records that the turn before found",
)
def no_choice(view: TurnView) -> str | None:
    if view.follow_up is None or view.follow_up.kind != "refer_back" or not view.earlier:
        return None
    if any(_refers(view, origin) for origin in view.origins):
        return None
    return "no argument is chosen from two or more records of the turn before"


def _refers(view: TurnView, origin: Origin) -> bool:
    """Whether an argument is taken from one of several records of the turn before."""
    provenance = origin.provenance
    if provenance is None or provenance.choice is None or provenance.turn != view.number - 1:
        return False
    calls = view.calls_of(view.number - 1)
    if provenance.call is None or not 0 <= provenance.call < len(calls):
        return False
    return candidates_of(provenance.choice, calls[provenance.call].output) > 1


def candidates_of(choice: Choice, output: Any) -> int:
    """How many records there were to choose from."""
    records = value_at(output, choice.list)
    return len(records) if isinstance(records, (list, dict)) and choice.by != "only" else 0


@rule("not_undone", "attempt", "what is to be undone is a call of the turn before, and it is undone")
def not_undone(view: TurnView) -> str | None:
    follow = view.follow_up
    if follow is None or not view.earlier:
        return None
    if not follow.undone:
        return f"{follow.kind}, but nothing is said to be undone" if follow.kind in _UNDOING else None
    before = view.earlier[-1].calls()
    if any(not 0 <= index < len(before) for index in follow.undone):
        return f"call {max(follow.undone)} is to be undone, but the turn before made {len(before)}"
    if follow.kind == "undo_part" and len(before) <= len(follow.undone):
        return "all calls of the turn before are to be undone, not a part"
    if not follow.by and follow.kind in _UNDOING:
        return "no tool is named that takes it back"
    if follow.by and not any(call.name == follow.by and not is_error(call.output) for call in view.calls):
        return f"{follow.by}, which is to take it back, is not called with success"
    return None
