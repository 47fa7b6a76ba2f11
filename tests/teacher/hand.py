"""Traces written by hand, executed in a live session: what Phase I would give, without Phase I.

trace = Hand(session).call("search_flights", origin=user("Rome"), ...).call(
    "hold_fare", flight_id=output(0, "flights[0].flight_id", Choice("flights", "min", "price"))
).trace()
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from funreason_plugin.environments.session import Session
from funreason_plugin.environments.space import SimulationSpace
from funreason_plugin.synthesis.chain import Chain, ChainOptions, Recorder, Usage
from funreason_plugin.synthesis.plan import value_at
from funreason_plugin.synthesis.teachers.base import AGENTS, Teacher
from funreason_plugin.synthesis.trace import Choice, Provenance, Trace, TracedCall
from funreason_plugin.trajectory import Turn


@dataclass(frozen=True)
class Given:
    """An argument: its provenance, and its value where no output gives it."""

    provenance: Provenance
    value: Any = None


def user(value: Any) -> Given:
    return Given(Provenance("query"), value)


def default(value: Any) -> Given:
    return Given(Provenance("default"), value)


def output(call: int, field: str, choice: Choice | None = None, turn: int | None = None) -> Given:
    return Given(Provenance("output", turn=turn, call=call, field=field, choice=choice))


def said(turn: int, value: Any) -> Given:
    return Given(Provenance("earlier_query", turn=turn), value)


class Hand:
    """Executes calls in a session and keeps them as a trace of turn ``len(earlier)``."""

    def __init__(self, session: Session, earlier: Sequence[Turn] = ()) -> None:
        self.session = session
        self.earlier = earlier
        self.calls: list[TracedCall] = []

    def call(self, name: str, role: str = "goal", reports: Sequence[str] = (), **given: Given) -> Hand:
        turn = len(self.earlier)
        arguments, provenance, step = {}, {}, 0
        for key, item in given.items():
            origin = item.provenance
            value = item.value
            if origin.source == "output":
                here = origin.turn is None or origin.turn == turn
                calls: Sequence[Any] = self.calls if here else self.earlier[origin.turn or 0].calls()
                value = value_at(calls[origin.call or 0].output, origin.field)
                assert value is not None, (origin.field, calls[origin.call or 0].output)
                if here:
                    origin = Provenance("output", turn, origin.call, origin.field, origin.choice)
                    step = max(step, self.calls[origin.call or 0].step + 1)
            arguments[key], provenance[key] = value, origin
        needs = self.session.space.tools[name].needs
        step = max([step, *(call.step + 1 for call in self.calls if call.name in needs)])
        result = self.session.call(name, arguments)
        assert not (isinstance(result, dict) and result.get("error")), (name, arguments, result)
        self.calls.append(TracedCall(name, arguments, provenance, result, step, role, list(reports)))  # type: ignore[arg-type]
        return self

    def trace(self) -> Trace:
        order = sorted(range(len(self.calls)), key=lambda index: (self.calls[index].step, index))
        assert order == list(range(len(self.calls))), "write the calls in the order of their steps"
        return Trace(self.calls, self.calls[-1].name)


def play(
    space: SimulationSpace,
    session: Session,
    trace: Trace,
    teacher: Teacher,
    earlier: Sequence[Turn] = (),
    seed: str = "0",
    recorder: Recorder | None = None,
) -> Turn:
    """Phases II and III for a trace; the session stands at the turn's start."""
    chain = Chain(space, dict.fromkeys(AGENTS, teacher), ChainOptions(), Usage(), recorder)
    rng = Random(seed)
    return asyncio.run(chain.play(session, trace, earlier, list(space.tools), space.policy, rng, seed))
