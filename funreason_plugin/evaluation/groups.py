"""Success by group with bootstrap intervals: over all, by turns, dependency depth, environment, variant, label.

Rows are drawn with replacement, all attempts at a row together: attempts at one row are no independent samples.
Percentile intervals of 95%, 2,000 draws, a fixed seed: the same results give the same table.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from funreason_plugin.evaluation.runs import Conversation, Run

__all__ = ["Estimate", "difference", "estimate", "outcomes"]

DRAWS, SEED, CONFIDENCE = 2_000, 0, 0.95
_BATCH = 50
Outcomes = Mapping[int, list[float]]
"""By row, one number for each attempt (by variant: for each turn of that variant)."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean over so many rows with its interval."""

    mean: float
    low: float
    high: float
    rows: int


def outcomes(run: Run) -> dict[str, Outcomes]:
    """By the group's name ("all", "turns: 2", "depth: 3", "environment: travel", "variant: base", …).

    Success of the conversation; by variant, the share of the turns of that variant that passed. A label that is no
    turn's variant ("distractors", "long_context", "error_tool_response") has a group of its own.
    """
    found: dict[str, dict[int, list[float]]] = {}
    for conversation in sorted(run.conversations.values(), key=lambda one: (one.row, one.attempt)):
        for name, value in _of(conversation):
            found.setdefault(name, {}).setdefault(conversation.row, []).append(value)
    return {name: found[name] for name in sorted(found, key=_order)}


def _of(conversation: Conversation) -> Iterable[tuple[str, float]]:
    success = float(conversation.success)
    yield "all", success
    if conversation.kind == "response":
        calls = any(turn.wants_calls for turn in conversation.turns)
        yield f"response: {'calls' if calls else 'answer'}", success
    else:
        yield f"turns: {len(conversation.turns)}", success
        yield f"depth: {conversation.depth}", success
    for name in conversation.environments:
        yield f"environment: {name}", success
    for turn in conversation.turns:
        yield f"variant: {turn.variant}", float(turn.passed)
    for name in set(conversation.labels) - {turn.variant for turn in conversation.turns}:
        yield f"label: {name}", success


def _order(name: str) -> tuple[int, int, str]:
    kind, _, value = name.partition(": ")
    kinds = ("all", "response", "turns", "depth", "environment", "variant", "label")
    return kinds.index(kind), int(value) if value.isdigit() else 0, value


def estimate(values: Outcomes) -> Estimate:
    """The mean of all attempts and its interval. Of no rows at all: ValueError."""
    return _estimate(_sums(values), None)


def difference(first: Outcomes, second: Outcomes) -> Estimate:
    """How much higher the second mean is, over the same rows, drawn together (paired)."""
    if first.keys() != second.keys():
        raise ValueError("other rows")
    return _estimate(_sums(second), _sums(first))


def _sums(values: Outcomes) -> list[tuple[float, int]]:
    """Sum and count of every row, in the rows' order."""
    return [(sum(values[row]), len(values[row])) for row in sorted(values)]


def _estimate(pairs: list[tuple[float, int]], minus: list[tuple[float, int]] | None) -> Estimate:
    import numpy as np

    if not pairs:
        raise ValueError("no rows")
    sides = [np.array(side, dtype=float).T for side in (pairs, minus) if side is not None]

    def mean(drawn: Any) -> Any:
        """Of the rows drawn (their numbers, last axis), the second side's mean taken from the first one's."""
        first, *second = (side[0][drawn].sum(axis=-1) / side[1][drawn].sum(axis=-1) for side in sides)
        return first - second[0] if second else first

    random = np.random.default_rng(SEED)
    count = len(pairs)
    means = [mean(random.integers(0, count, (_BATCH, count))) for _ in range(DRAWS // _BATCH)]
    tail = 50 * (1 - CONFIDENCE)
    low, high = np.percentile(np.concatenate(means), [tail, 100 - tail])
    return Estimate(float(mean(np.arange(count))), float(low), float(high), count)
