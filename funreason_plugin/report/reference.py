"""Other conversations beside ours: a benchmark's, or the user's own logs, in any form that can be read.

    reference = reference_of("logs.jsonl")       # or "bfcl", "bfcl:base"
    beside(reference, survey)                    # what the page shows beside our distributions
    queries_of("logs.jsonl")                     # for the blind sheet

Where an argument comes from is stated in our trajectories; of other conversations it is read off (`quality.flow`).
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any, Final, TypeVar

from funreason_plugin.errors import UserError
from funreason_plugin.quality.flow import Flow
from funreason_plugin.quality.shape import Measured, bfcl_shape, flows, is_bfcl, mean
from funreason_plugin.report.survey import Survey
from funreason_plugin.shape_config import Shape

__all__ = ["beside", "queries_of", "reference_of", "total_variation", "wasserstein"]

NUMBERS: Final = ("turns", "calls", "chain", "environments", "offered", "query")
SOURCES: Final = "sources"
Key = TypeVar("Key", bound=int | str)


def reference_of(given: str) -> Shape:
    """The conversations of a file or folder, or the benchmark's, counted.

    Raises:
        UserError: There is none, or it has no conversations that can be read.
    """
    if is_bfcl(given):
        return bfcl_shape(given)
    measured, path = Measured(), Path(given)
    for _, flow in flows(path):
        if flow is not None:
            measured.add(flow)
    if not measured.query:
        raise UserError(
            f"--reference {given}: holds no queries; expected messages with a user, or a query a line"
        )
    return measured.shape(path.name, f"{path.name}, {measured.conversations:,} conversations")


def beside(shape: Shape, survey: Survey) -> dict[str, Any]:
    """Distributions, single numbers and distances for the page.

    ``distances`` are total variation (0 the same, 1 nothing in common), ``overall`` their mean; ``wasserstein`` is
    Wasserstein-1, in the unit of the distribution: by how much, on average, values would have to be moved.
    """
    theirs: dict[str, dict[int, int]] = {name: getattr(shape, name) for name in NUMBERS}
    theirs = {name: counts for name, counts in theirs.items() if counts}
    ours = survey.counts
    distances = {name: total_variation(counts, ours[name]) for name, counts in theirs.items()}
    numbers = {"turns": mean(shape.turns)}
    if shape.calls:
        numbers |= {"calls": mean(shape.calls), "idle": shape.idle}
    given = sum(shape.sources.get(name, 0) for name in ("this turn", "earlier turn"))
    if shape.sources:
        distances[SOURCES] = total_variation(shape.sources, survey.givers())
        numbers["dependent"] = shape.dependent
    if given:
        numbers["across"] = shape.sources.get("earlier turn", 0) / given
    return {
        "name": shape.name,
        "source": shape.source,
        "sets": list(shape.sets),
        "distributions": {
            name: {str(value): times for value, times in counts.items()} for name, counts in theirs.items()
        },
        "means": {
            name: [round(mean(ours[name]), 3), round(mean(counts), 3)] for name, counts in theirs.items()
        },
        "shape": numbers,
        "distances": distances,
        "wasserstein": {name: wasserstein(counts, ours[name]) for name, counts in theirs.items()},
        "overall": round(sum(distances.values()) / max(len(distances), 1), 4),
    }


def queries_of(given: str) -> dict[str, str]:
    """Each query once, with where it stands ("logs.jsonl:7, turn 2").

    Raises:
        UserError: There are none; the benchmark's, where bfcl-eval is not installed.
    """
    found: dict[str, str] = {}
    if is_bfcl(given):
        from funreason_plugin.environments.bfcl.entries import entry_ids, load_entry

        category = given.partition(":")[2] or "all"
        for name in entry_ids(None if category == "all" else category):
            for number, messages in enumerate(load_entry(name).turns, 1):
                text = "\n".join(message["content"] for message in messages).strip()
                if text:
                    found.setdefault(text, f"{name}, turn {number}")
        return found
    for place, flow in flows(Path(given)):
        for number, turn in enumerate((flow or Flow([])).turns, 1):
            if text := turn.query.strip():
                found.setdefault(text, f"{place}, turn {number}")
    return found


def total_variation(one: Mapping[Key, int], other: Mapping[Key, int]) -> float:
    """Total variation distance of two distributions given as counts, 0 to 1."""
    totals = max(sum(one.values()), 1), max(sum(other.values()), 1)
    apart = sum(abs(one.get(key, 0) / totals[0] - other.get(key, 0) / totals[1]) for key in {**one, **other})
    return round(apart / 2, 4)


def wasserstein(one: Mapping[int, int], other: Mapping[int, int]) -> float:
    """Wasserstein-1 distance of two distributions of numbers given as counts: the area between their cumulative ones."""
    totals = max(sum(one.values()), 1), max(sum(other.values()), 1)
    values = sorted({*one, *other})
    apart = area = 0.0
    for value, following in pairwise(values):
        apart += one.get(value, 0) / totals[0] - other.get(value, 0) / totals[1]
        area += abs(apart) * (following - value)
    return round(area, 4)
