"""`Scene`: where the turns of a variant are made, and what their makers share.

A maker (`MissFunc`, `MissParam`, `Irrelevance`) is drawn for a trajectory before its first turn. It says which tools are
withheld from the start and in which turn its own begin, and makes them when the conversation has come there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Literal, Protocol

from funreason_plugin.environments.session import Session
from funreason_plugin.environments.spec import ToolSpec
from funreason_plugin.synthesis.chain import Chain
from funreason_plugin.synthesis.graph import ToolGraph
from funreason_plugin.synthesis.history import History
from funreason_plugin.synthesis.sampler import SamplerOptions, sample_turn
from funreason_plugin.synthesis.trace import Trace
from funreason_plugin.trajectory import Provenance, Turn

__all__ = ["Maker", "Scene", "asked_before"]


@dataclass(frozen=True, slots=True)
class Scene:
    """A conversation that has come to a turn of a variant.

    ``graph`` and ``tools`` are those of all tools that the conversation offers at some point. The session stands at the
    turn's start.
    """

    chain: Chain
    session: Session
    graph: ToolGraph
    tools: Sequence[str]
    system: str
    turns: Sequence[Turn]
    rng: Random
    calls: tuple[int, int]
    sampler: Literal["directed", "random"]

    def offered(self, without: frozenset[str] = frozenset()) -> dict[str, ToolSpec]:
        """The tools on offer, with their specs."""
        return {name: self.chain.space.tools[name] for name in self.tools if name not in without}

    def sample(self, target: str | None = None) -> Trace:
        """A trace with one goal, from where the session stands; the session is put back. Raises SamplingFailed."""
        start = self.session.snapshot()
        options = SamplerOptions(self.sampler, self.calls, single=True)
        try:
            return sample_turn(self.session, self.graph, options, self.rng, History.of(self.turns), target)
        finally:
            self.session.restore(start)


class Maker(Protocol):
    """Makes the turns of one variant."""

    @property
    def place(self) -> int:
        """The number of their first turn, from 0."""
        ...

    @property
    def withheld(self) -> frozenset[str]:
        """Tools that are not offered before the turn after that."""
        ...

    async def play(self, scene: Scene, seed: str) -> list[Turn]:
        """The turns, the session standing after them.

        Raises:
            SamplingFailed: There is no such turn here.
            TurnRejected: What the agents made of it was refused.
        """
        ...


def asked_before(trace: Trace, turn: int, but: Mapping[int, str] | None = None) -> Trace:
    """The trace as that of the turn after: what the user says was said in ``turn``, outputs are the next turn's.

    ``but``: the parameter, by index of the call, that the user says now.
    """
    but = but or {}
    calls = []
    for index, call in enumerate(trace.calls):
        provenance = {
            path: origin if but.get(index) == path else _a_turn_later(origin, turn)
            for path, origin in call.provenance.items()
        }
        calls.append(replace(call, provenance=provenance))
    return replace(trace, calls=calls)


def _a_turn_later(origin: Provenance, turn: int) -> Provenance:
    if origin.source == "query":
        return replace(origin, source="earlier_query", turn=turn)
    return replace(origin, turn=turn + 1) if origin.source == "output" and origin.turn == turn else origin
