"""miss_func: a tool that the request needs is withheld; the model says so; with the next query the tool is there.

The tool is withheld from the conversation's start, together with every tool that might do the same. The request is
sampled, executed and put into words as any other, with the tool as its one goal. It is asked in one turn, which has no
call, and done in the next: there its values come from the turn before.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from random import Random

from funreason_plugin.checks.closeness import about_the_same, substitutes
from funreason_plugin.checks.variant_tools import same_outputs
from funreason_plugin.synthesis.tables import Tables
from funreason_plugin.synthesis.trace import SamplingFailed, Trace
from funreason_plugin.synthesis.variants.abstention import abstain, complete
from funreason_plugin.synthesis.variants.scene import Scene, asked_before
from funreason_plugin.trajectory import Lack, Turn

__all__ = ["MissFunc", "to_withhold"]

SAMPLES = 6
"""Requests that are looked at before the turn is given up."""
MOST = 4
"""Tools that are withheld at once."""


@dataclass(frozen=True, slots=True)
class MissFunc:
    """See `scene.Maker`. ``target`` is the tool that the request needs, the first of those that are withheld."""

    place: int
    target: str
    withheld: frozenset[str]

    @classmethod
    def draw(cls, tools: Sequence[str], tables: Tables, turns: int, rng: Random) -> MissFunc:
        """Choose tool and turn, for a conversation of so many turns.

        Raises:
            SamplingFailed: No tool can be withheld, or there are fewer than two turns.
        """
        if turns < 2:
            raise SamplingFailed("no_room", "a missing function takes two turns")
        found = to_withhold(tools, tables)
        if not found:
            raise SamplingFailed("no_tool_to_withhold", "every tool has too many that might stand in for it")
        target, group = rng.choice(found)
        return cls(rng.randrange(turns - 1), target, group)

    async def play(self, scene: Scene, seed: str) -> list[Turn]:
        trace = self._request(scene)
        before, after = scene.offered(self.withheld), scene.offered()
        told = {
            path.rsplit(".", 1)[-1]
            for call in trace.calls
            if call.name == self.target
            for path in call.reports
        }
        others = same_outputs(after[self.target], told, before)
        if others:
            raise SamplingFailed("not_missing", f"{others[0]} tells what {self.target} tells")
        chain, session, number = scene.chain, scene.session, len(scene.turns)
        start = session.snapshot()
        task = await chain.prepare(session, trace, scene.turns, after, seed)
        session.restore(start)
        query, noise = await chain.write_query(trace, task.advanced, scene.turns, after, scene.rng, seed)
        lack = Lack([self.target, *sorted(self.withheld - {self.target})])
        material = {
            "variant": "miss_func",
            "situation": f"None of the tools that are offered can do the decisive step: {after[self.target].description}",
            "nearest": about_the_same(self.target, before)[:2],
            "solution": task.advice,
        }
        turn = await abstain(scene, "miss_func", query, noise, lack, material, before, f"{seed}/abstain")
        turns = [*scene.turns, turn]
        now = asked_before(trace, number)
        said = {
            "variant": "miss_func",
            "situation": "The user has had the missing function made available to the assistant, says so in passing, and "
            "asks it to go on with the request. The user does not repeat the request.",
            "noise": noise,
        }
        task = replace(
            task,
            trace=now,
            query=await complete(scene, turns, said, now, after, f"{seed}/offer"),
            noise=noise,
            completes={"request_to_complete": query, "offered_now": lack.tools},
        )
        session.restore(start)
        done = await chain.solve(session, start, task, turns, after, scene.system, f"{seed}/done")
        return [turn, done]

    def _request(self, scene: Scene) -> Trace:
        """A trace whose one goal is the tool, before which nothing is to be changed: then it is right to call nothing.

        Raises:
            SamplingFailed: None was found.
        """
        failure = SamplingFailed("target_unreachable", f"{self.target} takes other changes first")
        for _ in range(SAMPLES):
            try:
                trace = scene.sample(self.target)
            except SamplingFailed as failed:
                failure = failed
                continue
            goals = {call.name for call in trace.calls if call.role == "goal"}
            specs = scene.chain.space.tools
            if goals == {self.target} and not any(
                specs[call.name].writes for call in trace.calls if call.name != self.target
            ):
                return trace
        raise failure


def to_withhold(tools: Sequence[str], tables: Tables) -> list[tuple[str, frozenset[str]]]:
    """The tools that a request may be for, each with those that are withheld with it."""
    found: list[tuple[str, frozenset[str]]] = []
    for name in tools:
        if tables.tools[name].usable:
            group = frozenset((name, *substitutes(name, tools)))
            if len(group) <= MOST and len(group) < len(tools):
                found.append((name, group))
    return found
