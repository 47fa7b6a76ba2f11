"""The truth's states, where hashes do not decide: replayed once for each task and kept.

A row stores hashes only. When the attempt's differs, the states themselves are compared: the truth's by a replay of its
calls, the attempt's from its changes since the scenario.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from funreason_plugin.environments.changes import applied, changes
from funreason_plugin.environments.space import SimulationSpace
from funreason_plugin.faults import Faults
from funreason_plugin.tasks import Task

__all__ = ["Place", "Truth", "space_of", "truth_of"]

_KEPT = 128

State = dict[str, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Place:
    """Where the truth stands: its state by environment, the ids made so far, and `Session.state_hash`."""

    state: State
    generated: tuple[str, ...]
    state_hash: str


@dataclass(frozen=True, slots=True)
class Truth:
    """The states of a task's truth: at its scenario, after each turn, and (rows of kind "response") before and after
    the truth's own response.

    ``problem`` says why they cannot be compared with: the replay did not end where the data says. "" where it did.
    """

    start: State
    turns: tuple[Place, ...]
    around: tuple[Place, Place] | None
    problem: str = ""


def space_of(task: Task) -> SimulationSpace:
    """The space of a task's environments (cached).

    Raises:
        UserError: one of them cannot be found.
    """
    return _space(tuple(reference.given for reference in task.environments))


@lru_cache(maxsize=64)
def _space(names: tuple[str, ...]) -> SimulationSpace:
    return SimulationSpace.from_names(names)


_truths: OrderedDict[Hashable, Truth] = OrderedDict()
_lock = threading.Lock()


def truth_of(task: Task) -> Truth:
    """The truth's states (cached). Raises UserError where an environment cannot be found."""
    key = _key(task)
    with _lock:
        known = _truths.get(key)
        if known is not None:
            _truths.move_to_end(key)
            return known
    found = _replayed(task)
    with _lock:
        _truths[key] = found
        while len(_truths) > _KEPT:
            _truths.popitem(last=False)
    return found


def _key(task: Task) -> Hashable:
    """Ids of two data sets may agree; their states do not."""
    names = tuple(reference.given for reference in task.environments)
    return task.id, task.at, names, task.scenario.seed, tuple(turn.state_hash for turn in task.turns)


def _replayed(task: Task) -> Truth:
    with space_of(task).session(task.scenario) as session:
        start = session.state()
        place = Place(start, (), session.state_hash())

        def stand() -> Place:
            # What did not change is shared with the place before, so that many truths fit into memory.
            state = applied(place.state, changes(place.state, session.state()))
            return Place(state, tuple(session.generated), session.state_hash())

        places: list[Place] = []
        before = after = None
        for number, turn in enumerate(task.turns):
            faults = Faults(turn.faults)
            for index, step in enumerate(turn.steps):
                if task.at == (number, index):
                    before = place = stand()
                for call in step:
                    faults.call(session, call.name, call.arguments)
                if task.at == (number, index):
                    after = place = stand()
            place = stand()
            places.append(place)
            if place.state_hash != turn.state_hash:
                return Truth(start, tuple(places), None, _other_environment(task, number))
    return Truth(start, tuple(places), (before, after) if before and after else None)


def _other_environment(task: Task, number: int) -> str:
    names = ", ".join(f"{reference.name} {reference.version}" for reference in task.environments)
    return (
        f"the truth's calls lead to another state here than the data says (turn {number + 1} of {task.id}): the "
        f"environments installed here are not those of the data ({names})"
    )
