"""correct: a value of the turn before was wrong. What depends on it is done again with another value.

A look-up is asked again and tells something else. What a writing call did is repaired where execution proves it: the new
call overwrites what the old one did, or the old one is taken back first.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from funreason_plugin.checks.setbacks import nothing_found
from funreason_plugin.environments.limits import is_error
from funreason_plugin.environments.values import fits
from funreason_plugin.synthesis.arguments import put
from funreason_plugin.synthesis.outputs import at
from funreason_plugin.synthesis.parameters import Binder
from funreason_plugin.synthesis.trace import Trace, TracedCall
from funreason_plugin.synthesis.trimming import reports
from funreason_plugin.synthesis.variants.happened import Happened, after, as_call
from funreason_plugin.synthesis.variants.undoing import equal_states, later
from funreason_plugin.trajectory import FollowUp, Provenance

__all__ = ["corrected"]

PLACES: Final = 4
VALUES: Final = 3
"""So many arguments, and so many other values for each, are tried."""


def corrected(happened: Happened) -> Iterator[Trace]:
    """Traces of the next turn that do the turn again with one value changed; the session is put back."""
    places = [*_places(happened)]
    happened.rng.shuffle(places)
    for index, name in places[:PLACES]:
        for value in _values(happened, index, name):
            trace = _repaired(happened, index, name, value)
            happened.session.restore(happened.end)
            if trace is not None:
                yield trace


def _places(happened: Happened) -> Iterator[tuple[int, str]]:
    """Values that the user said once, for a call that leads to the goal and that nothing but the goal's effect hangs on."""
    tables = happened.tables
    for index, call in enumerate(happened.calls):
        affected = _affected(happened, index)
        goal = happened.goals[-1]
        if goal not in affected or any(happened.spec(other).writes for other in affected if other != goal):
            continue
        for name, origin in call.provenance.items():
            place = tables.tools[call.name].places.get(name)
            value = call.arguments.get(name)
            if origin.source != "query" or place is None or place.prose or not _plain(value):
                continue
            if not _said_elsewhere(happened, index, name, value):
                yield index, name


def _plain(value: Any) -> bool:
    return isinstance(value, (str, int, float)) and not isinstance(value, bool) and value != ""


def _said_elsewhere(happened: Happened, index: int, name: str, value: Any) -> bool:
    """Whether the user said the same for something else as well: then it would not be clear which one is corrected."""
    return any(
        origin.source in ("query", "earlier_query") and call.arguments.get(path) == value
        for number, call in enumerate(happened.calls)
        for path, origin in call.provenance.items()
        if (number, path) != (index, name)
    )


def _affected(happened: Happened, index: int) -> list[int]:
    """The call and those after it that its output leads to, as far as they lead to the goal."""
    found = [index]
    for number in range(index + 1, len(happened.calls)):
        if any(giver in found for giver in happened.givers(number)):
            found.append(number)
    leading = {happened.goals[-1]}
    for number in reversed(found):
        if number in leading:
            leading.update(happened.givers(number))
    return [number for number in found if number in leading]


def _values(happened: Happened, index: int, name: str) -> list[Any]:
    """Other values that a user could have said."""
    call, tool = happened.calls[index], happened.tables.tools[happened.calls[index].name]
    place, old = tool.places[name], call.arguments[name]
    binder = Binder(happened.session, happened.tables, happened.history, happened.rng)
    others = [value for path, value in call.arguments.items() if path != name]
    known = [
        value
        for value in binder.known(call.name, place)
        if _plain(value)
        and type(value) is type(old)
        and value not in others
        and fits(value, place.slot.schema)
        and not _alike(value, old)
    ]
    return happened.rng.sample(known, min(VALUES, len(known)))


def _alike(left: Any, right: Any) -> bool:
    """Texts of which one stands in the other: who hears them cannot be sure which is meant."""
    if isinstance(left, str) and isinstance(right, str):
        one, two = left.casefold(), right.casefold()
        return one in two or two in one
    return bool(left == right)


def _repaired(happened: Happened, index: int, name: str, value: Any) -> Trace | None:
    """The trace, where it has another effect or another output than the turn had; the session is anywhere."""
    session, goal = happened.session, happened.goals[-1]
    follow_up = FollowUp("correct", happened.calls[index].name, name)
    if not happened.spec(goal).writes:
        calls = _again(happened, index, name, value)
        if calls is None or calls[-1].output == happened.goal.output:
            return None
        return Trace(calls, happened.goal.name, follow_up=follow_up)
    wanted = happened.without([goal])
    if wanted is None:
        return None
    follow_up.undone = [goal]
    for overwritten in (True, False):
        session.restore(happened.end)
        first = None
        if not overwritten:
            filled = next(iter(happened.undone(goal, wanted)), None)
            if filled is None:
                return None
            first = as_call(filled, session.call(filled.name, filled.arguments), asked=False)
            follow_up.by = filled.name
        calls = _again(happened, index, name, value)
        if calls is None:
            continue
        state = session.state()
        if not _as_if_never(happened, calls, state):
            continue
        whole = after(first, calls, happened.turn + 1) if first is not None else calls
        return Trace(whole, happened.goal.name, follow_up=follow_up)
    return None


def _as_if_never(happened: Happened, calls: Sequence[TracedCall], state: Mapping[str, Any]) -> bool:
    """Whether the state is the one after these calls, had the goal not been called before."""
    session = happened.session
    session.restore(happened.start)
    for number, call in enumerate(happened.calls):
        if number != happened.goals[-1]:
            session.call(call.name, call.arguments)
    before = session.state()
    for redone in calls:
        if is_error(session.call(redone.name, redone.arguments)):
            return False
    now = session.state()
    return equal_states(session.space, now, state) and not equal_states(session.space, before, now)


# -- the same calls once more -----------------------------------------------------------------------------


def _again(happened: Happened, index: int, name: str, value: Any) -> list[TracedCall] | None:
    """What depends on the value, called again from where the session stands; None where it fails or finds nothing."""
    made: list[TracedCall] = []
    place: dict[int, int] = {}
    for number in _affected(happened, index):
        call = happened.calls[number]
        arguments, origins, step = dict(call.arguments), dict[str, Provenance](), 0
        for path, origin in call.provenance.items():
            origins[path] = later(origin, happened.turn)
            if number == index and path == name:
                arguments[name], origins[path] = value, Provenance("query")
            elif origin.source == "output" and origin.turn == happened.turn and origin.call in place:
                giver = made[place[origin.call]]
                where = _found_again(origin, giver.output)
                if where is None:
                    return None
                arguments = put(arguments, path, at(where, giver.output))
                origins[path] = Provenance(
                    "output", happened.turn + 1, place[origin.call], where, origin.choice
                )
                step = max(step, giver.step + 1)
        output = happened.session.call(call.name, arguments)
        writes = happened.spec(number).writes
        if is_error(output) or (not writes and nothing_found(output, arguments)):
            return None
        place[number] = len(made)
        told = reports(happened.tables, call.name, output) if number in happened.goals else []
        made.append(
            TracedCall(
                call.name,
                arguments,
                origins,
                output,
                step,
                "goal" if number in happened.goals else "support",
                told,
            )
        )
    return made


def _found_again(origin: Provenance, output: Any) -> str | None:
    """Where the value is in another output of the same tool, by the same reason; None where that leads nowhere."""
    choice = origin.choice
    if choice is None:
        if "[" in origin.field:  # one of several, and nothing says why
            return None
        return origin.field if at(origin.field, output) is not None else None
    records = at(choice.list, output)
    rest = origin.field[len(choice.list) :]
    if not isinstance(records, list) or not rest.startswith("["):
        return None
    keys: list[Any] = [record.get(choice.key) if isinstance(record, dict) else record for record in records]
    if choice.by == "only":
        chosen = 0 if len(records) == 1 else None
    elif len(records) < 2 or any(key is None for key in keys):
        chosen = None
    else:
        try:
            key = choice.value if choice.by == "equals" else (min if choice.by == "min" else max)(keys)
        except TypeError:
            return None
        chosen = keys.index(key) if keys.count(key) == 1 else None
    if chosen is None:
        return None
    where = f"{choice.list}[{chosen}]{rest[rest.index(']') + 1 :]}"
    return where if at(where, output) is not None else None
