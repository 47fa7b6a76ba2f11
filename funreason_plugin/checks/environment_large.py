"""`check env` for ``enlarge``: the large state has everything that the small one has, more of it, and the tools work in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

from funreason_plugin.environments.environment import Environment
from funreason_plugin.environments.limits import OverTime, time_limit
from funreason_plugin.environments.similar import is_id
from funreason_plugin.environments.space import Scenario, SimulationSpace
from funreason_plugin.environments.state import canonical
from funreason_plugin.errors import UserError

__all__ = ["TIMES", "Fault", "enlarged"]

TIMES: Final = 8
"""How much larger the state is that is looked at."""
Fault = tuple[str, str, str]
"""Check, message, what to change."""


def enlarged(
    space: SimulationSpace, cls: type[Environment], scenario: Scenario, report: Callable[[Fault], None]
) -> Scenario | None:
    """A large scenario; None where the environment has no ``enlarge``, or it gave none. Faults are reported."""
    if not space.enlargeable:
        return None
    try:
        with time_limit(cls.time_limit):
            large = space.enlarged(scenario, TIMES, 0)
            again = space.enlarged(scenario, TIMES, 0)
    except OverTime:
        report(("hang", f"enlarge takes over {cls.time_limit:g} s", "draw less"))
        return None
    except UserError as error:
        report(("enlarge", str(error), "return the state as plain JSON data"))
        return None
    small, state = scenario.states[cls.name], large.states[cls.name]
    if again.states != large.states:
        report(("determinism", "enlarge gives another state each time", "draw from the rng that it is given"))
    for where in _lost(small, state, ""):
        what = f"enlarge loses or changes {where or 'the state'}"
        report(("enlarge", what, "keep all that is there as it is, and add to it"))
        break
    if len(canonical(state)) < 2 * len(canonical(small)):
        what = f"with times={TIMES} the state is not even twice as large"
        report(("enlarge", what, "add about times - 1 records for each that a listing shows"))
    for where, value in _twice(state, ""):
        report(("enlarge", f"{where} {value!r} is there twice", "give each new record an id of its own"))
        break
    return large


def _lost(small: Any, large: Any, path: str) -> Iterator[str]:
    """Where the large state lacks or has otherwise what the small one has."""
    if isinstance(small, dict) and isinstance(large, dict):
        for key, value in small.items():
            place = f"{path}.{key}" if path else key
            if key not in large:
                yield place
            else:
                yield from _lost(value, large[key], place)
    elif isinstance(small, list) and isinstance(large, list):
        there = {canonical(item) for item in large}
        yield from (f"{path}[{n}]" for n, item in enumerate(small) if canonical(item) not in there)
    elif canonical(small) != canonical(large):
        yield path


def _twice(state: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Ids that two records of one list have. A dict has each key once."""
    if isinstance(state, dict):
        for key, value in state.items():
            yield from _twice(value, f"{path}.{key}" if path else key)
    elif isinstance(state, list):
        seen: set[tuple[str, str]] = set()
        for item in state:
            key = next(iter(item), "") if isinstance(item, dict) else ""
            if (
                key and is_id(key) and isinstance(item[key], str)
            ):  # the first field: others refer to other records
                if (key, item[key]) in seen:
                    yield f"{path}[].{key}", item[key]
                seen.add((key, item[key]))
