"""`Account`: what one agent's requests add up to: counts, tokens, cost, latency percentiles. Used by the ledger."""

from __future__ import annotations

import math
from array import array
from dataclasses import dataclass, field
from operator import add
from typing import Any, Final

__all__ = ["PHASE_OF", "Account", "Latency", "Spent"]

PHASE_OF: Final = {
    "tooling": "advanced_tool",
    "querying": "query",
    "reasoning": "chain",
    "critiquing": "chain",
}
"""The phase that an agent works in, by the names of ``rejected.jsonl``."""


class Latency:
    """A histogram of seconds, each bin 1% wide, from a tenth of a millisecond to a day: percentiles within 1%."""

    LEAST: Final = 1e-4
    STEP: Final = math.log(1.01)
    BINS: Final = 2070

    def __init__(self) -> None:
        self.counts = array("L", bytes(self.BINS * array("L").itemsize))
        self.total = 0

    def add(self, seconds: float) -> None:
        place = int(math.log(seconds / self.LEAST) / self.STEP) if seconds > self.LEAST else 0
        self.counts[min(place, self.BINS - 1)] += 1
        self.total += 1

    def join(self, other: Latency) -> None:
        self.counts = array("L", map(add, self.counts, other.counts))
        self.total += other.total

    def percentile(self, share: float) -> float | None:
        """The seconds that ``share`` (0 to 1) of the values do not exceed (nearest rank); None without values."""
        rank = max(1, math.ceil(share * self.total))
        seen = 0
        for place, count in enumerate(self.counts):
            seen += count
            if count and seen >= rank:
                return float(f"{self.LEAST * math.exp((place + 0.5) * self.STEP):.3g}")
        return None


@dataclass(slots=True)
class Spent:
    """What a slot cost so far. ``cost`` is None when a part of it has no price."""

    requests: int = 0
    input_tokens: int = 0
    cached_tokens: int = 0
    output_tokens: int = 0
    seconds: float = 0.0
    cost: float | None = 0.0

    def join(self, other: Spent) -> None:
        self.requests += other.requests
        self.input_tokens += other.input_tokens
        self.cached_tokens += other.cached_tokens
        self.output_tokens += other.output_tokens
        self.seconds += other.seconds
        self.cost = None if self.cost is None or other.cost is None else self.cost + other.cost


@dataclass(slots=True)
class Account:
    """``requests`` counts every try; ``retries`` those that were not their request's first, ``failed`` those without
    a reply. ``replayed`` counts replies that were had before and so are no requests."""

    requests: int = 0
    retries: int = 0
    failed: int = 0
    replayed: int = 0
    input_tokens: int = 0
    cached_tokens: int = 0
    output_tokens: int = 0
    cost: float = 0.0
    outcomes: dict[str, int] = field(default_factory=dict)
    models: dict[str, int] = field(default_factory=dict)
    latency: Latency = field(default_factory=Latency)

    def add(
        self,
        outcome: str,
        first: bool,
        seconds: float,
        given: int,
        cached: int,
        answered: int,
        cost: float | None,
        model: str,
    ) -> None:
        self.requests += 1
        self.retries += not first
        self.input_tokens += given
        self.cached_tokens += cached
        self.output_tokens += answered
        self.cost += cost or 0.0
        if outcome == "ok":
            self.latency.add(seconds)
        else:
            self.failed += 1
            self.outcomes[outcome] = self.outcomes.get(outcome, 0) + 1
        if model:
            self.models[model] = self.models.get(model, 0) + 1

    def join(self, other: Account) -> None:
        for name in (
            "requests",
            "retries",
            "failed",
            "replayed",
            "input_tokens",
            "cached_tokens",
            "output_tokens",
        ):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.cost += other.cost
        for own, others in ((self.outcomes, other.outcomes), (self.models, other.models)):
            for key, count in others.copy().items():
                own[key] = own.get(key, 0) + count
        self.latency.join(other.latency)

    def as_plain(self, priced: bool) -> dict[str, Any]:
        """For summary.json. ``seconds`` are those of the tries that got a reply."""
        percentiles = {f"p{share}": self.latency.percentile(share / 100) for share in (50, 90, 99)}
        return {
            "models": dict(sorted(self.models.items())),
            "requests": self.requests,
            "retries": self.retries,
            "failed": self.failed,
            "outcomes": dict(sorted(self.outcomes.items())),
            "replayed": self.replayed,
            "input_tokens": self.input_tokens,
            "cached_tokens": self.cached_tokens,
            "output_tokens": self.output_tokens,
            "seconds": percentiles,
            "cost": round(self.cost, 6) if priced else None,
        }
