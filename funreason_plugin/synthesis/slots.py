"""One kept trajectory per slot. A slot owns its retries: everything is drawn from (seed, slot, attempt).

maker = SlotMaker(config, graph)
result = maker.make(index=17)      # SlotResult: rejections on the way, and the trajectory that was kept
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

import orjson

from funreason_plugin.checks.duplicates import duplicate_key as duplicate_key
from funreason_plugin.checks.records import split_of as split_of
from funreason_plugin.config import SynthesisConfig, versions
from funreason_plugin.environments.environment import environment_hash
from funreason_plugin.environments.limits import Watch, is_error
from funreason_plugin.environments.session import Session
from funreason_plugin.environments.space import SimulationSpace
from funreason_plugin.errors import UserError
from funreason_plugin.synthesis.chain import Chain, ChainOptions, Recorder, TurnRejected, Usage
from funreason_plugin.synthesis.graph import ToolGraph
from funreason_plugin.synthesis.sampler import History, SamplerOptions, sample_turn
from funreason_plugin.synthesis.teachers.base import AGENTS, Teacher
from funreason_plugin.synthesis.teachers.scripted import ScriptedTeacher
from funreason_plugin.synthesis.trace import SamplingFailed
from funreason_plugin.trajectory import (
    SCHEMA_VERSION,
    Call,
    EnvironmentRef,
    Trajectory,
    Turn,
    certify,
    dumps,
)

TURN_TRIES = 4
ATTEMPTS_AT_ONCE = 25


@dataclass(slots=True)
class SlotResult:
    """What became of a slot so far: JSON lines of rejections, the kept trajectory's line, what it cost."""

    index: int
    rejections: list[bytes]
    line: bytes | None
    attempt: int
    key: bytes = b""
    turns: int = 0
    calls: int = 0
    tools: list[str] = field(default_factory=list)
    usage: dict[str, list[int]] = field(default_factory=dict)


def tools_called(calls: Iterable[Call]) -> list[str]:
    """The tools that were called with success."""
    return sorted({call.name for call in calls if not is_error(call.output)})


class SlotMaker:
    """Makes slots of one run; one in each worker process."""

    def __init__(self, config: SynthesisConfig, graph: ToolGraph, watch: Watch | None = None) -> None:
        self.config = config
        self.space = SimulationSpace.from_names(config.env)
        if config.time_limit is not None:
            for cls in self.space.environments.values():
                cls.time_limit = config.time_limit
        self.graph = graph
        self.watch = watch
        self.recorder: Recorder | None = None
        self._spaces: dict[tuple[str, ...], SimulationSpace] = {}
        self._graphs: dict[tuple[str, ...], ToolGraph] = {}
        self._teachers: dict[tuple[str, ...], Mapping[str, Teacher]] = {}
        self._loop = asyncio.new_event_loop()

    def make(self, index: int, first: int = 0, attempts: int = ATTEMPTS_AT_ONCE) -> SlotResult:
        """Try attempts ``first``, ``first + 1``, … of a slot until one is kept, at most ``attempts`` of them."""
        rejections: list[dict[str, Any]] = []
        usage = Usage()
        for attempt in range(first, first + attempts):
            trajectory = self._loop.run_until_complete(self._try(index, attempt, rejections, usage))
            if trajectory is not None:
                calls = [call for turn in trajectory.turns for call in turn.calls()]
                return SlotResult(
                    index,
                    [orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE) for row in rejections],
                    dumps(trajectory),
                    attempt,
                    duplicate_key(trajectory.turns),
                    len(trajectory.turns),
                    len(calls),
                    tools_called(calls),
                    usage.agents,
                )
        lines = [orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE) for row in rejections]
        return SlotResult(index, lines, None, first + attempts - 1, usage=usage.agents)

    # -- one attempt ------------------------------------------------------------------------------------

    async def _try(
        self, index: int, attempt: int, rejections: list[dict[str, Any]], usage: Usage
    ) -> Trajectory | None:
        config = self.config
        seed = f"{config.seed}/{index}/{attempt}"
        rng = Random(seed)
        split = split_of(index, config.val_share)
        space = self._space(self._draw_environments(rng, split))
        tools = self._offered(space, split)
        graph = self._graph(tuple(tools))
        chain = Chain(
            space,
            self._teachers_of(space),
            ChainOptions(k_max=config.k_max),
            usage,
            self.recorder,
        )
        scenario = space.scenario(seed)
        system = space.policy
        turns: list[Turn] = []
        wanted = rng.randint(*config.turns)
        with space.session(scenario, watch=self.watch) as session:
            for number in range(wanted):
                turn = await self._turn(
                    chain,
                    session,
                    graph,
                    tools,
                    system,
                    turns,
                    rng,
                    f"{seed}/{number}",
                    index,
                    attempt,
                    rejections,
                )
                if turn is None:
                    rejections[-1]["whole"] = True
                    return None
                turns.append(turn)
        trajectory = Trajectory(
            schema_version=SCHEMA_VERSION,
            id=f"{config.seed}-{index}",
            index=index,
            seed=config.seed,
            attempt=attempt,
            split=split,
            labels=sorted({label for cls in space.environments.values() for label in cls.labels}),
            environments=[
                EnvironmentRef(name, cls.version, environment_hash(cls), self._source(name))
                for name, cls in space.environments.items()
            ],
            made_by={
                agent: {"teacher": teacher.name, "model": teacher.model}
                for agent, teacher in self._teachers_of(space).items()
            },
            versions=versions(),
            system=system,
            tools=[space.tools[name].as_openai() for name in tools],
            scenario=scenario,
            turns=turns,
        )
        trajectory.certificate = certify(trajectory)
        return trajectory

    async def _turn(
        self,
        chain: Chain,
        session: Session,
        graph: ToolGraph,
        tools: Sequence[str],
        system: str,
        turns: list[Turn],
        rng: Random,
        seed: str,
        index: int,
        attempt: int,
        rejections: list[dict[str, Any]],
    ) -> Turn | None:
        """A turn that passes everything, or None after a few tries; what was rejected is noted."""
        start = session.snapshot()
        history = History.of(turns)
        options = SamplerOptions(kind=self.config.sampler, calls=self.config.calls)
        for number in range(TURN_TRIES):
            session.restore(start)
            trace = None
            try:
                trace = sample_turn(session, graph, options, rng, history)
                session.restore(start)
                return await chain.play(session, trace, turns, tools, system, rng, f"{seed}/{number}")
            except SamplingFailed as failed:
                phase, code, detail = "sampling", failed.code, failed.detail
            except TurnRejected as rejected:
                phase, code, detail = rejected.phase, rejected.code, rejected.detail
            code, _, tool = code.partition(":")
            rejections.append(
                {
                    "index": index,
                    "attempt": attempt,
                    "turn": len(turns),
                    "try": number,
                    "phase": phase,
                    "code": code,
                    "tool": tool or (trace.target if trace is not None else ""),
                    "detail": detail[:500],
                    "calls": [[call.name, call.arguments] for call in trace.calls]
                    if trace is not None
                    else [],
                    "whole": False,
                }
            )
        return None

    # -- which tools ------------------------------------------------------------------------------------

    def _draw_environments(self, rng: Random, split: str) -> tuple[str, ...]:
        names = list(self.space.environments)
        held_out = [name for name in names if name in self.config.holdout_env]
        pool = [name for name in names if name not in held_out] if split == "train" else names
        if not pool:
            raise UserError("--holdout-env holds out every environment; leave one for training")
        low, high = self.config.environments_per_trajectory
        count = min(rng.randint(low, high), len(pool))
        chosen = rng.sample(pool, count)
        if split == "val" and held_out and not set(chosen) & set(held_out):
            chosen[0] = rng.choice(held_out)
        return tuple(name for name in names if name in chosen)

    def _offered(self, space: SimulationSpace, split: str) -> list[str]:
        held_out = self.config.holdout_tools if split == "train" else []
        return [name for name in space.tools if name not in held_out]

    def _space(self, names: tuple[str, ...]) -> SimulationSpace:
        if names not in self._spaces:
            self._spaces[names] = self.space.subset(names)
        return self._spaces[names]

    def _graph(self, tools: tuple[str, ...]) -> ToolGraph:
        if tools not in self._graphs:
            self._graphs[tools] = self.graph.restricted(tools)
        return self._graphs[tools]

    def _teachers_of(self, space: SimulationSpace) -> Mapping[str, Teacher]:
        names = tuple(space.environments)
        if names not in self._teachers:
            scripted = ScriptedTeacher(space, error_rate=self.config.error_rate)
            self._teachers[names] = dict.fromkeys(AGENTS, scripted)
        return self._teachers[names]

    def _source(self, name: str) -> str:
        """The name on the command line that an environment came from, so that others can find it again."""
        from funreason_plugin.environments.catalog import resolve

        for given in self.config.env:
            for cls in resolve(given):
                if cls.name == name:
                    return (
                        given
                        if ":" in given and not given.startswith("bfcl")
                        else (f"bfcl:{cls.__name__}" if given.startswith("bfcl") else given)
                    )
        return name
