"""`Shaping`: what other conversations' shape decides for a slot and for its turns, drawn from seed and slot alone.

    shaping = Shaping(config)
    frame = shaping.frame(seed, slot, attempt)        # turns, environments and tools offered; None where nothing says so
    wish = shaping.wish(frame, history, 5)            # calls of the next of five turns, where it takes its values from

Numbers of environments and of tools go together (few environments, few tools), so one number picks both. More turns have
longer chains of dependent calls, more calls longer queries, to the correlations `CHAINED` and `WORDY`. A conversation's
longest chain is drawn, and its turns are to make it: while links are missing, they take values of earlier turns' outputs.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import accumulate
from random import Random
from statistics import NormalDist
from typing import Final

from funreason_plugin.config import SynthesisConfig
from funreason_plugin.quality.shape import mean
from funreason_plugin.shape_config import LENGTH_BIN, Part, Shape
from funreason_plugin.synthesis.history import History
from funreason_plugin.synthesis.likeness import MOST_CALLS, MOST_TURNS
from funreason_plugin.synthesis.sampler import SamplerOptions

__all__ = ["Frame", "Shaping", "Wish"]

SAME_FOR: Final = 4
"""Attempts at a slot that keep its frame: what is hard to make is not given up for what is easy."""
EXACT: Final = 2
"""Tries at a turn that have to be just as wished."""
LOOSE: Final = 3
ATTEMPTS: Final = 16
"""Beginnings of a trace: most are not as wished."""
CHAINED: Final = 0.4
"""As in BFCL, by rank."""
WORDY: Final = 0.5
"""BFCL's is 0.24; with the scripted teacher's words, a short request for five calls cannot be put."""
MOST_OFTEN: Final = 0.95
BEYOND: Final = 0.15
"""How often a turn takes a value of an earlier one, where the conversation's chain is as long as it is to be."""
_NORMAL: Final = NormalDist()


@dataclass(frozen=True, slots=True)
class Frame:
    """What is drawn for a conversation; None: the configuration decides."""

    seed: str
    chain: int = 0
    turns: int | None = None
    environments: int | None = None
    offered: int | None = None


@dataclass(frozen=True, slots=True)
class Wish:
    """What is drawn for a turn. ``across``: it takes a value from an earlier turn's output; ``within``: from its own;
    ``deep``: links that the longest chain lacks."""

    calls: int | None = None
    across: bool | None = None
    within: bool | None = None
    deep: int = 0

    def options(self, config: SynthesisConfig, tried: int, one_goal: bool = False) -> SamplerOptions:
        """How the turn is sampled; what was tried in vain is asked for less exactly. ``one_goal``: as many calls as one
        goal takes, so many at most."""
        if self.calls is None and self.across is None:
            return SamplerOptions(config.sampler, config.calls)
        calls = config.calls if self.calls is None else (self.calls, self.calls)
        if tried >= (1 if one_goal else EXACT):
            return SamplerOptions(config.sampler, (1, max(calls[1], LOOSE)))
        if one_goal:
            return SamplerOptions(config.sampler, (1, calls[1]))
        return SamplerOptions(
            config.sampler,
            calls,
            attempts=ATTEMPTS,
            across=self.across,
            within=self.within,
            deep=self.deep,
        )


class Shaping:
    """See the module; one in each worker."""

    def __init__(self, config: SynthesisConfig) -> None:
        self.shape = config.like if isinstance(config.like, Shape) else None
        self.config = config
        self._within = self._short = 0.0
        if self.shape is not None:
            # A turn that completes an earlier request has one goal: of several calls, one gives values to another.
            links = mean(self.shape.chain) - 1
            after = sum(config.variants.get(name, 0.0) for name in ("miss_func", "miss_param"))
            after /= max(mean(self.shape.turns) * (1 - self.shape.idle), 1.0)
            # Such a turn's query is short, whatever is wished for: the other ones are the rest of the distribution.
            self._short = after * (1 - self.shape.idle)
            self._within = max(self.shape.within - after, 0.0) / (1 - after) / max(links, 0.01)

    def frame(self, seed: int, slot: int, attempt: int) -> Frame:
        """What a conversation is to be like."""
        name = f"{seed}/{slot}/{max(0, attempt - SAME_FOR + 1)}/shape"
        rng = Random(name)
        turns, chain, size = rng.random(), rng.gauss(0, 1), rng.random()
        shape = self.shape
        if shape is None:
            return Frame(name)
        chained = _NORMAL.cdf(CHAINED * _NORMAL.inv_cdf(turns) + (1 - CHAINED**2) ** 0.5 * chain)
        return Frame(
            name,
            chain=_at(shape.chain, chained),
            turns=min(_at(shape.turns, turns), MOST_TURNS) if self._sets("turns") else None,
            environments=_at(shape.environments, size) if self._sets("environments_per_trajectory") else None,
            offered=_at(shape.offered, size) if self._sets("tools_offered") else None,
        )

    def wish(self, frame: Frame, history: History, turns: int) -> Wish:
        """What the next turn is to be like, in a conversation of so many."""
        shape, turn = self.shape, history.turns
        if shape is None:
            return Wish()
        rng = Random(f"{frame.seed}/{turn}")
        many, later, within = rng.random(), rng.random(), rng.random()
        calls = min(_at(shape.made, many), MOST_CALLS) if self._sets("calls") else None
        if not self._sets("dependencies"):
            return Wish(calls)
        links = frame.chain - 1
        missing = frame.chain - max(history.depths.values(), default=1)
        often = missing / max(turns - turn, 1) if missing > 0 else BEYOND * (links > 0)
        across = turn > 0 and later < often
        own = calls != 1 and within < min(links * self._within, MOST_OFTEN)
        return Wish(calls, across, own, max(missing, 0))

    @property
    def measures_length(self) -> bool:
        """Whether queries have a wished length."""
        return self._sets("query_length")

    def length(self, rng: Random, calls: int) -> int:
        """About how many characters the query of a turn with so many calls is to have."""
        assert self.shape is not None
        low, high = _place(self.shape.made, calls)
        own = _NORMAL.inv_cdf(min(max(low + (high - low) * rng.random(), 0.001), 0.999))
        drawn = WORDY * own + (1 - WORDY**2) ** 0.5 * rng.gauss(0, 1)
        place = self._short + (1 - self._short) * _NORMAL.cdf(drawn)
        return _at(self.shape.query, place) + rng.randrange(LENGTH_BIN)

    def _sets(self, part: Part) -> bool:
        return self.shape is not None and part in self.shape.sets


def _at(counts: Mapping[int, int], place: float) -> int:
    """The value at a place from 0 to 1 of the counted ones, in their order."""
    values = sorted(counts)
    ends = [*accumulate(counts[value] for value in values)]
    return values[min(bisect_right(ends, place * ends[-1]), len(values) - 1)]


def _place(counts: Mapping[int, int], value: int) -> tuple[float, float]:
    """From where to where a value lies among the counted ones; of a value that is not there, where it would be."""
    below = sum(times for other, times in counts.items() if other < value)
    total = sum(counts.values())
    return below / total, (below + counts.get(value, 0)) / total
