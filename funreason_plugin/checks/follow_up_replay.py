"""Whether a follow-up has undone what it says: the state is the one that there would be had those calls not been made.

for turn, rule, reason in undone(trajectory, space): ...
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from funreason_plugin.environments.limits import Watch
from funreason_plugin.environments.session import Session
from funreason_plugin.environments.space import SimulationSpace
from funreason_plugin.scoring import Outcome, judge
from funreason_plugin.trajectory import Call, FollowUpTurn, Trajectory

__all__ = ["undone"]

_ANY: tuple[tuple[str, dict[str, Any]], ...] = (("", {}),)
"""Calls that stand for some: only the states are compared."""


def undone(
    trajectory: Trajectory, space: SimulationSpace, watch: Watch | None = None
) -> Iterator[tuple[int, str, str]]:
    """(turn, rule, reason) where the state after a turn is not as if the undone calls had not been made."""
    turns = trajectory.turns
    for number, turn in enumerate(turns):
        if not isinstance(turn, FollowUpTurn) or not turn.follow_up.undone or not number:
            continue
        follow = turn.follow_up
        with space.session(trajectory.scenario, watch=watch) as session:
            for earlier in turns[: number - 1]:
                _repeat(session, earlier.calls())
            start = session.snapshot()
            _repeat(session, [*turns[number - 1].calls(), *turn.calls()])
            reached = Outcome.of(session, (), _ANY)
            session.restore(start)
            before = turns[number - 1].calls()
            _repeat(session, [call for index, call in enumerate(before) if index not in follow.undone])
            _repeat(session, _without(turn.calls(), follow.by))
            verdict = judge(space, Outcome.of(session, (), _ANY), reached)
        if not verdict.passed:
            names = ", ".join(before[index].name for index in follow.undone if index < len(before))
            yield (
                number,
                "not_undone",
                f"the state is not as if {names} had not been called: {verdict.reasons[0]}",
            )


def _repeat(session: Session, calls: Sequence[Call]) -> None:
    for call in calls:
        session.call(call.name, call.arguments)


def _without(calls: Sequence[Call], name: str) -> list[Call]:
    """The calls without the first one of a tool."""
    first = next((index for index, call in enumerate(calls) if call.name == name), -1)
    return [call for index, call in enumerate(calls) if index != first]
