"""refer_back: the user speaks of one of several records that the turn before found, by comparing them: "the cheaper one"."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from funreason_plugin.checks.follow_up_rules import candidates_of
from funreason_plugin.synthesis.plan import is_label
from funreason_plugin.synthesis.trace import SamplingFailed, Trace
from funreason_plugin.synthesis.variants.happened import Happened
from funreason_plugin.trajectory import Choice, FollowUp

__all__ = ["referred"]

SAMPLES: Final = 4
"""Requests that are looked at for one that compares."""
LONGEST: Final = 20
"""Characters of a value by which a person tells one of several."""
BY_VALUE: Final = 0.3
"""How often a record is taken that the user tells by a value of its own ("the one that leaves at 08:15"), never by its name."""


def referred(happened: Happened) -> Iterator[Trace]:
    """Traces that take a record of the goal's output; the session is put back."""
    tables, session = happened.tables, happened.session
    heirs = [name for name in tables.heirs.get(happened.goal.name, ()) if tables.tools[name].usable]
    for _ in range(SAMPLES if heirs else 0):
        target = happened.rng.choice(heirs)
        session.restore(happened.end)
        try:
            trace = happened.sample(target)
        except SamplingFailed:
            continue
        finally:
            session.restore(happened.end)
        chosen = [*_choices(happened, trace)]
        compared = any(choice.by in ("min", "max") for choice in chosen)
        named = any(choice.by == "equals" and _names(choice) for choice in chosen)
        if chosen and (compared or (not named and happened.rng.random() < BY_VALUE)):
            trace.follow_up = FollowUp("refer_back")
            yield trace


def _names(choice: Choice) -> bool:
    """Whether the value is the record's name, or its whole text."""
    return is_label(choice.key, "") or (isinstance(choice.value, str) and len(choice.value) > LONGEST)


def _choices(happened: Happened, trace: Trace) -> Iterator[Choice]:
    """Why records of the goal's output were taken, where there were several."""
    for call in trace.calls:
        for origin in call.provenance.values():
            if (origin.source, origin.turn, origin.call) != ("output", happened.turn, happened.goals[-1]):
                continue
            if origin.choice is not None and candidates_of(origin.choice, happened.goal.output) > 1:
                yield origin.choice
