"""distractors: beside the tools of its own environments, a conversation offers some of others, which no turn needs.

The others are environments of the session with a state of their own: a model that calls one of their tools gets its real
output, and has changed a state that nobody asked it to change. Those whose names are most like the own tools' are
preferred; none is offered that might do what one of them does (`checks.closeness.substitutes`).
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from funreason_plugin.checks.closeness import likeness, substitutes
from funreason_plugin.checks.variant_tools import FEWEST_DISTRACTORS
from funreason_plugin.synthesis.trace import SamplingFailed

__all__ = ["MOST", "distractors"]

MOST = 40
"""Tools that are offered in vain, at most."""


def distractors(own: Sequence[str], others: Sequence[str], rng: Random) -> set[str]:
    """Some of the other environments' tools.

    Raises:
        SamplingFailed: There are too few.
    """
    fit = [name for name in others if not substitutes(name, own)]
    if len(fit) < FEWEST_DISTRACTORS:
        raise SamplingFailed("few_distractors", f"{len(fit)} tools of other environments can be offered")
    count = rng.randint(FEWEST_DISTRACTORS, min(MOST, len(fit)))
    ranked = sorted(fit, key=lambda name: likeness(name, own) + rng.random() * 3, reverse=True)
    return set(ranked[:count])
