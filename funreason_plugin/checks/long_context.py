"""The rules for trajectories of the variant long_context: long enough, not too long, and the needed value is hidden.

for turn, rule, reason in context_faults(trajectory): ...
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from funreason_plugin.checks.context_length import (
    MOST,
    SHOWN,
    bulk_of,
    context_of,
    hidden,
    in_sight,
    target_of,
    tokens_of,
    tokens_of_json,
)
from funreason_plugin.trajectory import Trajectory

__all__ = ["LONGEST_ANSWER", "context_faults"]

LONGEST_ANSWER: Final = 400
"""Tokens of an answer where a listing is large: it tells what was asked for, and quotes no listing."""


def context_faults(trajectory: Trajectory) -> Iterator[tuple[int, str, str]]:
    """(turn, rule, reason), of trajectories with a large scenario."""
    target = target_of(trajectory)
    if not target:
        return
    last = max(len(trajectory.turns) - 1, 0)
    long, most = context_of(trajectory), int(target * MOST)
    if not target <= long <= most:
        yield last, "short_context", f"a context of about {long:,} tokens; expected {target:,} to {most:,}"
    shown = sum(tokens_of_json(call.output) for turn in trajectory.turns for call in turn.calls())
    if shown < target * SHOWN:
        yield (
            last,
            "short_context",
            f"outputs of about {shown:,} tokens; expected {int(target * SHOWN):,} or more",
        )
    found = list(hidden((turn.calls() for turn in trajectory.turns), target))
    if all(in_sight(item.place) for item in found):
        where = "no argument is taken from an output"
        if found:
            where = f"{found[0].argument} stands at {found[0].place:.0%} of the output of {found[0].output}"
        yield (
            last,
            "value_in_sight",
            f"nothing needed is inside an output of {bulk_of(target):,} tokens: {where}",
        )
    for number, turn in enumerate(trajectory.turns):
        if tokens_of(turn.answer) > LONGEST_ANSWER:
            told = f"an answer of about {tokens_of(turn.answer)} tokens; expected {LONGEST_ANSWER} at most"
            yield number, "quoted_listing", told
