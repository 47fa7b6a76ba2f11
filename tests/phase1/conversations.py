"""Sampled conversations for the tests: spaces, their graphs, and turns with the state that each began in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from random import Random

from funreason_plugin.environments.session import Session
from funreason_plugin.environments.space import SimulationSpace
from funreason_plugin.synthesis.graph import ToolGraph
from funreason_plugin.synthesis.history import History
from funreason_plugin.synthesis.sampler import SamplerOptions, sample_turn
from funreason_plugin.synthesis.trace import SamplingFailed, Trace
from funreason_plugin.trajectory import Call, Step, Turn
from tests.phase1.toys import Depot, Ferry


@dataclass
class Sampled:
    """A sampled turn: its trace, the turns before it, and a session that stands at its start."""

    trace: Trace
    earlier: list[Turn]
    session: Session


@cache
def space_of(name: str) -> SimulationSpace:
    return SimulationSpace([Ferry, Depot]) if name == "toys" else SimulationSpace.from_names(name.split("+"))


@cache
def graph_of(name: str) -> ToolGraph:
    return ToolGraph.build(space_of(name), states=6)


def turn_of(trace: Trace) -> Turn:
    """The trace as a kept turn, without its language."""
    steps = [
        Step(None, [Call(c.name, c.arguments, c.provenance, c.output) for c in calls])
        for calls in trace.steps()
    ]
    return Turn("", steps, None, "", "", [], target=trace.target)


def conversations(
    name: str, count: int, turns: int = 3, options: SamplerOptions | None = None, seed: str = "test"
) -> Iterator[Sampled]:
    """Sample conversations; what fails is left out."""
    space, graph = space_of(name), graph_of(name)
    for number in range(count):
        rng = Random(f"{seed}/{number}")
        with space.session(space.scenario(f"{seed}/{number}")) as session:
            earlier: list[Turn] = []
            for _ in range(turns):
                start = session.snapshot()
                try:
                    trace = sample_turn(session, graph, options or SamplerOptions(), rng, History.of(earlier))
                except SamplingFailed:
                    session.restore(start)
                    continue
                session.restore(start)
                yield Sampled(trace, list(earlier), session)
                session.restore(start)
                for call in trace.calls:
                    session.call(call.name, call.arguments)
                earlier.append(turn_of(trace))
