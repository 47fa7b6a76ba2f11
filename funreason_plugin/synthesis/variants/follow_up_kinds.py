"""Which kinds of follow-up the environments of a run can make, found by trying, and which slot makes which.

kinds = FollowUpKinds(casting)
kinds.able("undo_part")           # ("travel", "bank"): environments in which one was made
kinds.of(3, pool)                 # the fourth follow-up of the run
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import cached_property
from random import Random

from funreason_plugin.environments.space import SimulationSpace
from funreason_plugin.synthesis.casting import Casting
from funreason_plugin.synthesis.trace import SamplingFailed
from funreason_plugin.synthesis.variants.follow_up import KINDS, FollowUps, can_make
from funreason_plugin.synthesis.variants.undoing import undoers
from funreason_plugin.trajectory import FollowUpKind

__all__ = ["FollowUpKinds"]


class FollowUpKinds:
    """One in each worker; each environment is tried once."""

    def __init__(self, casting: Casting) -> None:
        self.casting = casting
        self._undoers: dict[str, dict[str, tuple[str, ...]]] = {}

    def undoers(self, name: str) -> Mapping[str, tuple[str, ...]]:
        """By tool of an environment, the tools that may take back what it did."""
        if name not in self._undoers:
            space = self.casting.space((name,))
            self._undoers[name] = undoers(space, self.casting.graph([*space.tools]))
        return self._undoers[name]

    @cached_property
    def _able(self) -> dict[FollowUpKind, tuple[str, ...]]:
        found: dict[FollowUpKind, list[str]] = {kind: [] for kind in KINDS}
        for name in self.casting.whole.environments:
            space = self.casting.space((name,))
            graph = self.casting.graph([*space.tools])
            for kind in KINDS:
                if can_make(kind, space, graph, self.undoers(name), self.casting.config.calls):
                    found[kind].append(name)
        return {kind: tuple(names) for kind, names in found.items()}

    def able(self, kind: FollowUpKind) -> tuple[str, ...]:
        """The environments that can make a kind."""
        return self._able[kind]

    def of(self, number: int, pool: Collection[str]) -> FollowUpKind | None:
        """The kind of the ``number``-th follow-up of a run, from 0: they take turns. One that no environment of the pool can
        make is replaced by the next that one can; None where there is none."""
        for offset in range(len(KINDS)):
            kind = KINDS[(number + offset) % len(KINDS)]
            if set(self.able(kind)) & set(pool):
                return kind
        return None

    def draw(
        self, number: int, pool: Collection[str], space: SimulationSpace, turns: int, rng: Random
    ) -> FollowUps:
        """The maker for a conversation. Raises SamplingFailed where there is none."""
        kind = self.of(number, pool)
        if kind is None:
            raise SamplingFailed("not_followed", "no environment here can make a follow-up")
        known = {tool: tools for name in space.environments for tool, tools in self.undoers(name).items()}
        return FollowUps.draw(kind, known, turns, rng)
