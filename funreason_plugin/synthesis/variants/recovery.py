"""error_recovery: something goes wrong in a turn (`funreason_plugin.faults.Kind`), and A_R mends it.

A request is sampled, executed and put into words as any other: its truth knows of no fault. What goes wrong is chosen for
its trace, and proven by execution where it must be. A_R is not told of it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from random import Random

from funreason_plugin.checks.recovery_rules import known
from funreason_plugin.faults import Kind
from funreason_plugin.synthesis.history import History
from funreason_plugin.synthesis.sampler import SamplerOptions, sample_turn
from funreason_plugin.synthesis.setbacks import Setbacks
from funreason_plugin.synthesis.trace import SamplingFailed, Trace
from funreason_plugin.synthesis.variants import recovery_faults as faulty
from funreason_plugin.synthesis.variants.recovery_precondition import enabled, gone, held
from funreason_plugin.synthesis.variants.recovery_slips import slip
from funreason_plugin.synthesis.variants.scene import Scene
from funreason_plugin.synthesis.variants.wording import careful
from funreason_plugin.trajectory import Turn

__all__ = ["KINDS", "Recovering"]

KINDS: tuple[Kind, ...] = ("transient", "wrong_response", "empty", "precondition", "own_mistake")
"""In the order in which slots take them."""
SAMPLES = 8
"""Requests that are looked at for one in which this can go wrong, before the turn is given up."""

PICKY = 0.5
"""How often a request is looked for of which a tool can answer another one."""


@dataclass(frozen=True, slots=True)
class Recovering:
    """See `scene.Maker`. A "precondition" may take two turns: one that brings it about, where no earlier one did."""

    place: int
    kind: Kind
    withheld: frozenset[str] = frozenset()

    @classmethod
    def draw(cls, kind: Kind, turns: int, rng: Random) -> Recovering:
        """Choose the turn."""
        return cls(rng.randrange(max(turns - (kind == "precondition"), 1)), kind)

    async def play(self, scene: Scene, seed: str) -> list[Turn]:
        made: list[Turn] = []
        if self.kind == "precondition" and not held(scene.turns, scene.graph):
            made.append(await _bringing_about(scene, f"{seed}/before"))
            scene = replace(scene, turns=[*scene.turns, *made])
        chain, session, offered = scene.chain, scene.session, scene.offered()
        start = session.snapshot()
        trace, setbacks = self._request(scene)
        session.restore(start)
        task = await chain.prepare(session, trace, scene.turns, offered, seed)
        session.restore(start)
        task.query, task.noise = await chain.write_query(
            trace, task.advanced, scene.turns, offered, scene.rng, seed
        )
        task.setbacks = setbacks
        task.completes = {"manner": careful()}
        if self.kind == "precondition":
            task.completes["enabled_by"] = {
                fault.tool: fault.until for fault in setbacks.faults if fault.until
            }
        return [
            *made,
            await chain.solve(session, start, task, scene.turns, offered, scene.system, seed),
        ]

    def _request(self, scene: Scene) -> tuple[Trace, Setbacks]:
        """A trace, and what goes wrong in it. Raises SamplingFailed."""
        failure = SamplingFailed(f"no_{self.kind}", "no request in which this can go wrong")
        start = scene.session.snapshot()
        picky = scene.rng.random() < PICKY
        for number in range(SAMPLES):
            scene.session.restore(start)
            try:
                trace = self._sampled(scene)
            except SamplingFailed as failed:
                failure = failed
                continue
            scene.session.restore(start)
            setbacks = self._setbacks(scene, trace, picky and number < SAMPLES - 2)
            if setbacks is not None:
                return trace, setbacks
        raise failure

    def _sampled(self, scene: Scene) -> Trace:
        target = None
        if self.kind == "precondition":
            building = [name for step in held(scene.turns, scene.graph) for name in step.tools]
            target = scene.rng.choice(sorted(building))
        options = SamplerOptions(scene.sampler, scene.calls, single=target is not None)
        return sample_turn(scene.session, scene.graph, options, scene.rng, History.of(scene.turns), target)

    def _setbacks(self, scene: Scene, trace: Trace, picky: bool) -> Setbacks | None:
        specs, session, rng, turn = scene.chain.space.tools, scene.session, scene.rng, len(scene.turns)
        if self.kind == "own_mistake":
            found = slip(trace, turn, specs, session, rng)
            return Setbacks(self.kind, (), found) if found is not None else None
        if self.kind == "precondition":
            start = session.snapshot()
            for step in held(scene.turns, scene.graph):
                session.restore(start)
                if faults := gone(session, scene.turns, trace, step):
                    return Setbacks(self.kind, faults)
            return None
        if self.kind == "transient":
            return Setbacks(self.kind, [faulty.transient(trace, rng)])
        if self.kind == "empty":
            fault = faulty.empty(trace, turn, specs, rng)
        else:
            fault = faulty.wrong_response(trace, specs, session, rng, known(scene.turns), picky)
        return Setbacks(self.kind, [fault]) if fault is not None else None


async def _bringing_about(scene: Scene, seed: str) -> Turn:
    """A plain turn that does the step which others build on. Raises SamplingFailed, TurnRejected."""
    building = enabled(scene.graph)
    targets = sorted({name for names in building.values() for name in names if name in scene.graph.tools})
    if not targets:
        raise SamplingFailed("no_precondition", "no tool needs another to have been called")
    start = scene.session.snapshot()
    failure = SamplingFailed("no_precondition", "no request does the step")
    for _ in range(SAMPLES):
        try:
            trace = scene.sample(scene.rng.choice(targets))
        except SamplingFailed as failed:
            failure = failed
            continue
        if any(call.name in building for call in trace.calls):
            scene.session.restore(start)
            return await scene.chain.play(
                scene.session, trace, scene.turns, scene.tools, scene.system, scene.rng, seed
            )
    raise failure
