"""irrelevance: the request is for another environment's tools, which are not offered; the model declines.

The request is sampled and executed in that environment, so it makes sense there. Nothing that is offered may be about
what its tools are about (`checks.closeness`). One turn, without a call; the conversation goes on after it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from random import Random

from funreason_plugin.checks.closeness import about_the_same
from funreason_plugin.environments.limits import Watch
from funreason_plugin.synthesis.chain import Chain
from funreason_plugin.synthesis.graph import ToolGraph
from funreason_plugin.synthesis.history import History
from funreason_plugin.synthesis.sampler import SamplerOptions, sample_turn
from funreason_plugin.synthesis.trace import SamplingFailed
from funreason_plugin.synthesis.variants.abstention import abstain
from funreason_plugin.synthesis.variants.scene import Scene
from funreason_plugin.trajectory import EnvironmentRef, Lack, Turn

__all__ = ["Irrelevance"]

SAMPLES = 6
"""Requests that are looked at for one that nothing on offer is about."""


@dataclass(frozen=True, slots=True)
class Irrelevance:
    """See `scene.Maker`. ``foreign`` plays in the space of the environment that is not there."""

    place: int
    foreign: Chain
    graph: ToolGraph
    environment: EnvironmentRef
    watch: Watch | None = None
    withheld: frozenset[str] = frozenset()

    @classmethod
    def draw(
        cls,
        foreign: Chain,
        graph: ToolGraph,
        environment: EnvironmentRef,
        turns: int,
        rng: Random,
        watch: Watch | None,
    ) -> Irrelevance:
        """Choose the turn."""
        return cls(rng.randrange(turns), foreign, graph, environment, watch)

    async def play(self, scene: Scene, seed: str) -> list[Turn]:
        offered, foreign = scene.offered(), self.foreign
        specs = dict(foreign.space.tools)
        options = SamplerOptions(scene.sampler, scene.calls, single=True)
        failure = SamplingFailed("not_irrelevant", "no request that nothing on offer is about")
        with foreign.space.session(foreign.space.scenario(seed), watch=self.watch) as session:
            start = session.snapshot()
            for _ in range(SAMPLES):
                session.restore(start)
                try:
                    trace = sample_turn(session, self.graph, options, scene.rng, History(len(scene.turns)))
                except SamplingFailed as failed:
                    failure = failed
                    continue
                goals = list(dict.fromkeys(call.name for call in trace.calls if call.role == "goal"))
                if not any(about_the_same(name, offered) for name in goals):
                    break
            else:
                raise failure
            session.restore(start)
            task = await foreign.prepare(session, trace, scene.turns, specs, seed)
        query, noise = await foreign.write_query(trace, task.advanced, scene.turns, specs, scene.rng, seed)
        material = {
            "variant": "irrelevance",
            "situation": "The user asks for something that no tool on offer has to do with; it is the business of another "
            "service, which cannot be reached from here.",
            "solution": task.advice,
        }
        lack = Lack(goals, environment=self.environment)
        # The scripted A_R reads the request with the words of the environment that it is about.
        chain = replace_space(foreign, scene.chain)
        turn = await abstain(
            replace(scene, chain=chain),
            "irrelevance",
            query,
            noise,
            lack,
            material,
            offered,
            f"{seed}/abstain",
        )
        return [turn]


def replace_space(foreign: Chain, here: Chain) -> Chain:
    """The agents that know the foreign tools, in the space of the conversation."""
    return Chain(here.space, foreign.teachers, here.options, here.usage, here.recorder, here.prompts)
