"""Traces of the shipped environments, from Phase I, and the teacher's texts for them."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from random import Random

from funreason_plugin.environments.session import Session
from funreason_plugin.environments.space import SimulationSpace
from funreason_plugin.synthesis.advanced_tool import AdvancedTool, parse_advanced_tool
from funreason_plugin.synthesis.graph import ToolGraph
from funreason_plugin.synthesis.prompts import Prompts
from funreason_plugin.synthesis.query import Noise, draw_noise
from funreason_plugin.synthesis.sampler import SamplerOptions, sample_turn
from funreason_plugin.synthesis.teachers.base import Request
from funreason_plugin.synthesis.teachers.scripted import ScriptedTeacher
from funreason_plugin.synthesis.trace import SamplingFailed, Trace

PROMPTS = Prompts()
ENVIRONMENTS = ("travel", "files", "shop", "bank", "clinic")


@dataclass
class Asked:
    """A sampled trace with its advanced tool, the noise and the query."""

    space: SimulationSpace
    trace: Trace
    advanced: AdvancedTool
    noise: Noise
    query: str

    def masked(self) -> str:
        """The query without its values: what the user supplies, choices, quotations, digits."""
        text = re.sub(r'"[^"]*"|“[^”]*”', "_", self.query)
        values = [entry.value for entry in self.advanced.inputs]
        values += [o.choice.value for c in self.trace.calls for o in c.provenance.values() if o.choice]
        flat = [str(item) for value in values for item in (value if isinstance(value, list) else [value])]
        for value in sorted(flat, key=len, reverse=True):
            if value not in ("", "None"):
                text = text.replace(value, "_")
        return re.sub(r"\d+", "_", text)


@cache
def graph_of(name: str) -> tuple[SimulationSpace, ToolGraph]:
    space = SimulationSpace.from_names([name])
    return space, ToolGraph.build(space, seed=0, states=4)


def traces(name: str, number: int) -> Iterator[tuple[Session, Trace]]:
    """First turns; the session stands at the turn's start."""
    space, graph = graph_of(name)
    seed = made = 0
    while made < number:
        seed += 1
        with space.session(space.scenario(f"{name}{seed}")) as session:
            start = session.snapshot()
            try:
                trace = sample_turn(session, graph, SamplerOptions(), Random(seed))
            except SamplingFailed:
                continue
            session.restore(start)
            made += 1
            yield session, trace


def reply(teacher: ScriptedTeacher, request: Request) -> str:
    return asyncio.run(teacher.complete(request)).text


@cache
def asked(name: str, number: int) -> list[Asked]:
    """Queries for the first turns of an environment."""
    space, _ = graph_of(name)
    teacher = ScriptedTeacher(space)
    found = []
    for index, (_, trace) in enumerate(traces(name, number)):
        rng = Random(index)
        tooling = Request("tooling", tuple(PROMPTS.tooling(trace, space.tools)), f"{name}/{index}")
        advanced = parse_advanced_tool(reply(teacher, tooling), trace)
        noise = draw_noise(rng)
        messages = tuple(PROMPTS.querying(advanced, trace, noise))
        query = reply(teacher, Request("querying", messages, f"{name}/{index}"))
        found.append(Asked(space, trace, advanced, noise, query))
    return found
