"""Which slot makes which variant: decided by seed and slot, so that the shares are met whatever is resumed or parallel.

    Shares(config.seed, {"miss_func": 0.1, "miss_param": 0.1}).of(17)      # "miss_func", "miss_param" or ""

With shares that add up to s, slot numbers are cut into stretches of 1/s slots. One slot of each, drawn at random, has a
variant, and the variants take turns. So of the first n slots, n·s have one, and each variant its part, to rounding.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from math import ceil, gcd
from random import Random
from typing import Literal

from funreason_plugin.variant_config import Variant

__all__ = ["Shares"]

PARTS = 10_000
"""Shares count in this part of a trajectory."""


class Shares:
    """The variants of a run's slots."""

    def __init__(self, seed: int, shares: Mapping[Variant, float]) -> None:
        self.seed = seed
        weights = {name: round(share * PARTS) for name, share in shares.items() if round(share * PARTS)}
        self._stretch = Fraction(PARTS, sum(weights.values())) if weights else Fraction(0)
        self._turns = _in_turn(weights)

    def of(self, slot: int) -> Variant | Literal[""]:
        """The variant of a slot; "" for none."""
        if not self._turns:
            return ""
        number = int(slot / self._stretch)
        first, end = ceil(number * self._stretch), ceil((number + 1) * self._stretch)
        chosen = Random(f"{self.seed}/variants/{number}").randrange(first, end)
        return self._turns[number % len(self._turns)] if slot == chosen else ""

    def number(self, slot: int) -> int:
        """How many slots before this one have its variant; for a slot that has one."""
        whole, place = divmod(int(slot / self._stretch), len(self._turns))
        name = self._turns[place]
        return whole * self._turns.count(name) + self._turns[:place].count(name)


def _in_turn(weights: Mapping[Variant, int]) -> list[Variant]:
    """The names, each as often as its weight says, evenly spread: always the one that is furthest behind."""
    total = sum(weights.values())
    length = total // gcd(*weights.values()) if weights else 0
    counts = dict.fromkeys(weights, 0)
    order: list[Variant] = []
    for place in range(1, length + 1):
        name = max(weights, key=lambda name: weights[name] * place - counts[name] * total)
        counts[name] += 1
        order.append(name)
    return order
