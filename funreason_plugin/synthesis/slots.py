"""One kept trajectory per slot. A slot owns its retries: everything is drawn from (seed, slot, attempt).

maker = SlotMaker(config, graph)
result = maker.make(index=17)      # SlotResult: rejections on the way, and the trajectory that was kept
result = await maker.play(17)      # the same, beside other slots: while a model thinks, another slot goes on
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import TypeAlias

from funreason_plugin.checks.duplicates import duplicate_key
from funreason_plugin.checks.records import split_of
from funreason_plugin.config import SynthesisConfig, versions
from funreason_plugin.environments.environment import environment_hash
from funreason_plugin.environments.limits import Watch
from funreason_plugin.environments.session import Session
from funreason_plugin.environments.space import SimulationSpace
from funreason_plugin.errors import UserError
from funreason_plugin.synthesis.chain import Chain, ChainOptions, Recorder, TurnRejected, Usage
from funreason_plugin.synthesis.graph import ToolGraph
from funreason_plugin.synthesis.prompts import Prompts
from funreason_plugin.synthesis.sampler import History, SamplerOptions, sample_turn
from funreason_plugin.synthesis.slot_result import (
    Rejection,
    SlotResult,
    lines_of,
    rejected_turn,
    rejected_whole,
    tools_called,
)
from funreason_plugin.synthesis.teachers.base import AGENTS, Completion, Request, Teacher
from funreason_plugin.synthesis.teachers.scripted import ScriptedTeacher
from funreason_plugin.synthesis.trace import SamplingFailed
from funreason_plugin.trajectory import (
    SCHEMA_VERSION,
    EnvironmentRef,
    Trajectory,
    Turn,
    certify,
    dumps,
)

TURN_TRIES = 4
ATTEMPTS_AT_ONCE = 25

AskModel: TypeAlias = Callable[[int, Request], Awaitable[Completion]]
"""Ask the model that plays ``request.agent``, on behalf of a slot; `Hub.complete` is one."""


@dataclass(frozen=True, slots=True)
class HubTeacher:
    """An agent that a model plays, as one slot sees it: the replies come from the hub."""

    name: str
    model: str
    slot: int
    ask: AskModel

    async def complete(self, request: Request) -> Completion:
        return await self.ask(self.slot, request)


class SlotMaker:
    """Makes slots of one run; one in each worker process. ``ask`` reaches the models, if any agent is one."""

    def __init__(
        self,
        config: SynthesisConfig,
        graph: ToolGraph,
        watch: Watch | None = None,
        ask: AskModel | None = None,
    ) -> None:
        self.config = config
        self.space = SimulationSpace.from_names(config.env)
        if config.time_limit is not None:
            for cls in self.space.environments.values():
                cls.time_limit = config.time_limit
        self.graph = graph
        self.watch = watch
        self.recorder: Recorder | None = None
        self.prompts = Prompts.of(config)
        self._models = {agent: config.agent(agent) for agent in config.model_agents}
        self._ask = ask
        self._spaces: dict[tuple[str, ...], SimulationSpace] = {}
        self._graphs: dict[tuple[str, ...], ToolGraph] = {}
        self._scripted: dict[tuple[str, ...], ScriptedTeacher] = {}
        self._loop: asyncio.AbstractEventLoop | None = None

    def make(self, index: int, first: int = 0, attempts: int = ATTEMPTS_AT_ONCE) -> SlotResult:
        """`play`, where no event loop is running."""
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
        return self._loop.run_until_complete(self.play(index, first, attempts))

    async def play(
        self,
        index: int,
        first: int = 0,
        attempts: int = ATTEMPTS_AT_ONCE,
        watch: Watch | None = None,
    ) -> SlotResult:
        """Try attempts ``first``, ``first + 1``, … of a slot until one is kept, at most ``attempts`` of them."""
        rejections: list[bytes] = []
        usage = Usage()
        for attempt in range(first, first + attempts):
            trajectory = await self._in_time(index, attempt, rejections, usage, watch or self.watch)
            if trajectory is not None:
                calls = [call for turn in trajectory.turns for call in turn.calls()]
                return SlotResult(
                    index,
                    rejections,
                    dumps(trajectory),
                    attempt,
                    duplicate_key(trajectory.turns),
                    len(trajectory.turns),
                    len(calls),
                    tools_called(calls),
                    usage.agents,
                )
        return SlotResult(index, rejections, None, first + attempts - 1, usage=usage.agents)

    # -- one attempt ------------------------------------------------------------------------------------

    async def _in_time(
        self, index: int, attempt: int, rejections: list[bytes], usage: Usage, watch: Watch | None
    ) -> Trajectory | None:
        """An attempt; where models play, one that takes too long is rejected."""
        rows: list[Rejection] = []
        trying = self._try(index, attempt, rows, usage, watch)
        limit = self.config.trajectory_time_limit
        try:
            return await (asyncio.wait_for(trying, limit) if self._models else trying)
        except asyncio.TimeoutError:
            detail = f"not finished after {limit:g} s (trajectory_time_limit)"
            rows.append(rejected_whole(index, attempt, "over_time", detail))
            return None
        finally:
            rejections += lines_of(rows)

    async def _try(
        self,
        index: int,
        attempt: int,
        rejections: list[Rejection],
        usage: Usage,
        watch: Watch | None,
    ) -> Trajectory | None:
        config = self.config
        seed = f"{config.seed}/{index}/{attempt}"
        rng = Random(seed)
        split = split_of(index, config.val_share)
        space = self._space(self._draw_environments(rng, split))
        tools = self._offered(space, split)
        graph = self._graph(tuple(tools))
        teachers = self._teachers_of(space, index)
        options = ChainOptions(k_max=config.k_max)
        chain = Chain(space, teachers, options, usage, self.recorder, self.prompts)
        scenario = space.scenario(seed)
        system = space.policy
        turns: list[Turn] = []
        wanted = rng.randint(*config.turns)
        with space.session(scenario, watch=watch) as session:
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
                for agent, teacher in teachers.items()
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
        rejections: list[Rejection],
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
            rejections.append(rejected_turn(index, attempt, len(turns), number, phase, code, detail, trace))
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

    def _teachers_of(self, space: SimulationSpace, slot: int) -> Mapping[str, Teacher]:
        names = tuple(space.environments)
        if names not in self._scripted:
            self._scripted[names] = ScriptedTeacher(space, error_rate=self.config.error_rate)
        teachers: dict[str, Teacher] = dict.fromkeys(AGENTS, self._scripted[names])
        for agent, model in self._models.items():
            if self._ask is None:
                raise RuntimeError(f"a model plays {agent}, but nothing leads to it")
            teachers[agent] = HubTeacher(model.teacher, model.model, slot, self._ask)
        return teachers

    def _source(self, name: str) -> str:
        """The name on the command line that an environment came from, so that others can find it again."""
        from funreason_plugin.environments.catalog import resolve

        for given in self.config.env:
            for cls in resolve(given):
                if cls.name == name:
                    return cls._outside_name or (
                        given
                        if ":" in given and not given.startswith("bfcl")
                        else (f"bfcl:{cls.__name__}" if given.startswith("bfcl") else given)
                    )
        return name
