"""One kept trajectory per slot. A slot owns its retries: everything is drawn from (seed, slot, attempt).

maker = SlotMaker(config, graph)
result = maker.make(index=17)      # SlotResult: rejections on the way, and the trajectory that was kept
result = await maker.play(17)      # the same, beside other slots: while a model thinks, another slot goes on
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from funreason_plugin.checks.duplicates import duplicate_key
from funreason_plugin.checks.long_context import context_faults
from funreason_plugin.checks.records import labels_of, split_of
from funreason_plugin.config import SynthesisConfig, versions
from funreason_plugin.environments.limits import Watch
from funreason_plugin.environments.session import Session
from funreason_plugin.environments.space import SimulationSpace
from funreason_plugin.synthesis.casting import AskModel, Casting
from funreason_plugin.synthesis.chain import Chain, ChainOptions, Recorder, TurnRejected, Usage
from funreason_plugin.synthesis.graph import ToolGraph
from funreason_plugin.synthesis.offering import some
from funreason_plugin.synthesis.prompts import Prompts
from funreason_plugin.synthesis.sampler import History, SamplerOptions, sample_turn
from funreason_plugin.synthesis.shaping import Frame, Shaping
from funreason_plugin.synthesis.slot_result import (
    Rejection,
    SlotResult,
    lines_of,
    rejected_turn,
    rejected_whole,
    tools_called,
)
from funreason_plugin.synthesis.tables import Tables
from funreason_plugin.synthesis.trace import SamplingFailed
from funreason_plugin.synthesis.variants.drawing import Stage, Variants
from funreason_plugin.synthesis.variants.long_context import Course
from funreason_plugin.synthesis.variants.scene import Maker, Scene
from funreason_plugin.trajectory import (
    SCHEMA_VERSION,
    Trajectory,
    Turn,
    certify,
    dumps,
)

TURN_TRIES = 4
ATTEMPTS_AT_ONCE = 25


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
        self.casting = Casting(config, graph, ask)
        self.variants = Variants(self.casting)
        self.shaping = Shaping(config)
        self.space = self.casting.whole
        self.watch = watch
        self.recorder: Recorder | None = None
        self.prompts = Prompts.of(config)
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

    def _offered(self, space: SimulationSpace, split: str, frame: Frame) -> list[str]:
        """The tools of a conversation: all of its space, or as many as its frame says."""
        tools = self.casting.offered(space, split)
        if frame.offered is None:
            return tools
        tables = Tables.of(self.casting.graph(tools), space)
        return some(tools, tables, frame.offered, Random(f"{frame.seed}/offered"))

    async def _in_time(
        self, index: int, attempt: int, rejections: list[bytes], usage: Usage, watch: Watch | None
    ) -> Trajectory | None:
        """An attempt; where models play, one that takes too long is rejected."""
        rows: list[Rejection] = []
        trying = self._try(index, attempt, rows, usage, watch)
        limit = self.config.trajectory_time_limit
        try:
            return await (asyncio.wait_for(trying, limit) if self.config.model_agents else trying)
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
        config, casting = self.config, self.casting
        seed = f"{config.seed}/{index}/{attempt}"
        rng = Random(seed)
        split = split_of(index, config.val_share)
        variant = self.variants.of(index)
        frame = self.shaping.frame(config.seed, index, attempt)
        about = self.variants.environments(variant, rng, split, index, frame.environments)
        space = casting.space(about)
        tools = self._offered(space, split, frame)
        maker: Maker | None = None
        try:
            if variant == "distractors":
                space, tools = self.variants.distracted(about, split, Random(f"{seed}/variant"))
        except SamplingFailed as failed:
            rejections.append(rejected_whole(index, attempt, failed.code, failed.detail))
            return None
        teachers = casting.teachers(space, index)
        length = self.shaping.length if self.shaping.measures_length else None
        options = ChainOptions(k_max=config.k_max, length=length)
        chain = Chain(space, teachers, options, usage, self.recorder, self.prompts)
        scenario = space.scenario(seed)
        system = space.policy
        turns: list[Turn] = []
        wanted = rng.randint(*config.turns) if frame.turns is None else frame.turns
        course: Course | None = None
        if variant == "long_context":
            try:
                course = self.variants.course(space, tools, scenario, wanted, index, watch)
            except SamplingFailed as failed:
                rejections.append(rejected_whole(index, attempt, failed.code, failed.detail))
                return None
            scenario = course.scenario
        elif variant not in ("", "distractors"):
            wanted = max(wanted, 2) if config.turns[1] > 1 else wanted
            stage = Stage(chain, space, tools, split, index, wanted, watch)
            try:
                maker = self.variants.draw(variant, stage, Random(f"{seed}/variant"))
            except SamplingFailed as failed:
                rejections.append(rejected_whole(index, attempt, failed.code, failed.detail))
                return None
        with space.session(scenario, watch=watch) as session:
            while len(turns) < wanted:
                here = _Here(chain, session, tools, about, system, turns, maker, frame, wanted, course)
                made = await self._turns(here, rng, f"{seed}/{len(turns)}", index, attempt, rejections)
                if not made:
                    rejections[-1]["whole"] = True
                    return None
                turns += made
        trajectory = Trajectory(
            schema_version=SCHEMA_VERSION,
            id=f"{config.seed}-{index}",
            index=index,
            seed=config.seed,
            attempt=attempt,
            split=split,
            labels=labels_of(space, turns, variant == "distractors", scenario),
            environments=[casting.reference(name) for name in space.environments],
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
        for _, code, detail in context_faults(trajectory):
            rejections.append(rejected_whole(index, attempt, code, detail))
            return None
        trajectory.certificate = certify(trajectory)
        return trajectory

    async def _turns(
        self, here: _Here, rng: Random, seed: str, index: int, attempt: int, rejections: list[Rejection]
    ) -> list[Turn]:
        """The next turn (or turns, of a variant) that pass everything; none after a few tries. What was rejected is
        noted."""
        session, turns = here.session, here.turns
        start = session.snapshot()
        history = History.of(turns)
        wish = self.shaping.wish(here.frame, history, here.wanted)
        tools = here.tools_now()
        graph = self.casting.graph(here.needed(tools))
        for number in range(TURN_TRIES):
            session.restore(start)
            trace = None
            options = wish.options(self.config, number)
            try:
                if here.maker is not None and here.maker.place == len(turns):
                    scene = here.scene(graph, rng, wish.options(self.config, number, one_goal=True))
                    return await here.maker.play(scene, f"{seed}/{number}")
                if here.course is not None:
                    trace = here.course.next(session, turns, number, rng)
                else:
                    trace = sample_turn(session, graph, options, rng, history)
                session.restore(start)
                tried = f"{seed}/{number}"
                return [await here.chain.play(session, trace, turns, tools, here.system, rng, tried)]
            except SamplingFailed as failed:
                phase, code, detail = "sampling", failed.code, failed.detail
            except TurnRejected as rejected:
                phase, code, detail = rejected.phase, rejected.code, rejected.detail
            rejections.append(rejected_turn(index, attempt, len(turns), number, phase, code, detail, trace))
        return []


@dataclass(frozen=True, slots=True)
class _Here:
    """A conversation as far as it has come."""

    chain: Chain
    session: Session
    tools: Sequence[str]
    about: Sequence[str]
    system: str
    turns: Sequence[Turn]
    maker: Maker | None
    frame: Frame
    wanted: int
    course: Course | None

    def tools_now(self) -> list[str]:
        """What the next turn offers: all tools, but for those withheld until a later one."""
        early = self.maker is not None and len(self.turns) < self.maker.place
        withheld = self.maker.withheld if self.maker is not None and early else frozenset()
        return [name for name in self.tools if name not in withheld]

    def needed(self, tools: Sequence[str]) -> list[str]:
        """Those of the tools that a trace may call: of the environments that the conversation is about."""
        specs = self.chain.space.tools
        return [name for name in tools if specs[name].environment in self.about]

    def scene(self, graph: ToolGraph, rng: Random, options: SamplerOptions) -> Scene:
        return Scene(
            self.chain,
            self.session,
            graph,
            self.tools,
            self.system,
            self.turns,
            rng,
            options.calls,
            options.kind,
        )
