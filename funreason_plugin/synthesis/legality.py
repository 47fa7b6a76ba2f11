"""Equations (1) and (2) on a graph: which tools are legal, and which legal one leads to the target.

    walk = Legality(tables, called=["login"])
    walk.next(target, rng)      # equation (2)
    walk.call("search_flights") # T_called grows; the legal set is kept up to date, not computed anew

Equation (2) takes the legal tool with the smallest graph distance to the target. Distances are over dependencies that
are still unmet: a provider of what is there already is of no use. Of several tools that would meet the same need, one
is drawn, cheaper ones (fewer calls from scratch) more often, and stays chosen.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from random import Random

from funreason_plugin.synthesis.graph import Need
from funreason_plugin.synthesis.tables import NEVER, Tables

Unmet = tuple[str, Need]  # consumer, and what it needs


class Legality:
    """T_called, the legal set, and the way to a target."""

    def __init__(self, tables: Tables, called: Iterable[str] = ()) -> None:
        self.tables = tables
        self.called: dict[str, None] = {}
        start: tuple[dict[str, int], dict[str, None]] | None = tables.kept.get("legality")
        if start is None:
            waiting = {name: len(tool.needs) for name, tool in tables.tools.items()}
            start = waiting, dict.fromkeys(name for name, count in waiting.items() if not count)
            tables.kept["legality"] = start
        self._waiting = start[0].copy()
        self.legal = start[1].copy()
        self._met: set[tuple[str, int]] = set()
        self.extra: dict[str, list[Need]] = {}  # needs that came up on the live state
        self.banned: set[tuple[str, str]] = set()  # (provider, consumer) that did not work out
        self.any_provider = (
            True  # also one that makes no sense in one turn (`Tables.silly`), where there is no other
        )
        self._chosen: dict[tuple[str, str, tuple[str, ...]], str] = {}
        for name in called:
            self.call(name)

    def call(self, tool: str) -> None:
        """The tool was called and succeeded."""
        if tool in self.called:
            return
        self.called[tool] = None
        for key in self.tables.awaited.get(tool, ()):
            if key not in self._met:
                self._met.add(key)
                consumer = key[0]
                self._waiting[consumer] -= 1
                if not self._waiting[consumer]:
                    self.legal[consumer] = None

    def unmet(self, tool: str) -> list[Need]:
        """What a tool still needs, needs that came up on the live state included."""
        needs = [
            need for index, need in enumerate(self.tables.tools[tool].needs) if (tool, index) not in self._met
        ]
        return needs + self.extra.get(tool, [])

    def next(self, target: str, rng: Random) -> tuple[str, Unmet | None] | None:
        """Equation (2): the tool to call next, and for whom it is called; None when nothing leads to the target.

        The target itself when it is legal; a random legal tool when it was called already.
        """
        if target in self.called and not self.extra.get(target):
            return rng.choice(list(self.legal)), None
        if target in self.legal and not self.extra.get(target):
            return target, None
        seen = {target}
        layer = [target]
        while layer:
            ready: list[tuple[str, Unmet]] = []
            following: list[str] = []
            for consumer in layer:
                for need in self.unmet(consumer):
                    provider = self.provider(consumer, need, rng)
                    if provider is None:
                        if consumer == target:
                            return None
                        continue
                    if provider in seen:
                        continue
                    seen.add(provider)
                    if provider in self.legal and not self.extra.get(provider):
                        ready.append((provider, (consumer, need)))
                    else:
                        following.append(provider)
            if ready:
                return rng.choice(ready)
            layer = following
        return None

    def provider(self, consumer: str, need: Need, rng: Random) -> str | None:
        """The tool that is to meet a need; drawn once, until it is banned."""
        key = (consumer, need.param, need.providers)
        chosen = self._chosen.get(key)
        if chosen is not None and (chosen, consumer) not in self.banned:
            return chosen
        options = [
            name
            for name in need.providers
            if (name, consumer) not in self.banned and self.costs(name) < NEVER
        ]
        sensible = [name for name in options if not self.tables.silly(name, consumer)]
        options = sensible or (options if self.any_provider else [])
        if not options:
            return None
        own = self.tables.cost.get(
            consumer, NEVER
        )  # a provider that costs as much may wait for the consumer itself
        options = [name for name in options if self.costs(name) < own] or options
        weights = [1 / self.costs(name) ** 2 for name in options]
        self._chosen[key] = options[0] if len(options) == 1 else rng.choices(options, weights)[0]
        return self._chosen[key]

    def costs(self, tool: str) -> int:
        """About how many calls a tool takes from scratch; 1 when it is legal."""
        return 1 if tool in self.legal else self.tables.cost.get(tool, NEVER)

    def estimate(self, target: str, limit: int) -> int:
        """About how many calls lead to the target's call, that included; NEVER when more than ``limit``."""
        counted: dict[str, None] = {}

        def visit(tool: str, depth: int) -> bool:
            if tool in counted:
                return True
            if depth > limit:
                return False
            for need in self.unmet(tool):
                sensible = [p for p in need.providers if self.any_provider or not self.tables.silly(p, tool)]
                best = min(sensible, key=self.costs, default=None)
                if best is None or self.costs(best) >= NEVER or not visit(best, depth + 1):
                    return False
            counted[tool] = None
            return len(counted) <= limit

        return len(counted) if visit(target, 1) else NEVER


def draw(rng: Random, names: Sequence[str], weights: Sequence[float]) -> str:
    """One of the names, by weight; any of them when all weights are 0."""
    return rng.choices(names, weights)[0] if sum(weights) > 0 else rng.choice(names)
