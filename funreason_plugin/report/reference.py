"""Other conversations beside ours: a benchmark's, or the user's own logs, in any form that can be read.

    reference = reference_of(Path("logs.jsonl"))
    reference.numbers(survey)        # what the page shows beside our distributions
    reference.queries                # for the blind sheet

Read are trajectories of ours, OpenAI messages, ShareGPT conversations, rows of verl, entries of BFCL, a query a line.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from funreason_plugin.errors import UserError
from funreason_plugin.quality.reading import given_records
from funreason_plugin.quality.records import Record, record_of, record_of_line
from funreason_plugin.report.survey import QUERY_BIN, Survey, bin_of


@dataclass(slots=True)
class Reference:
    """What is counted of other conversations, by the names of `Survey.counts`."""

    name: str
    counts: dict[str, Counter[int]] = field(
        default_factory=lambda: {name: Counter() for name in ("turns", "calls", "query", "offered")}
    )
    queries: dict[str, str] = field(default_factory=dict)
    """Each query once, with where it stands."""

    def add(self, record: Record, place: str) -> None:
        """Count a conversation."""
        turns = record.content.turns
        if not turns:
            return
        self.counts["turns"][len(turns)] += 1
        if record.tools:
            self.counts["offered"][len(record.tools)] += 1
        for number, (query, calls) in enumerate(turns, 1):
            self.counts["calls"][len(calls)] += 1
            text = query.strip()
            if text:
                self.counts["query"][bin_of(text, QUERY_BIN)] += 1
                self.queries.setdefault(text, f"{place}, turn {number}")

    def numbers(self, survey: Survey) -> dict[str, Any]:
        """Shares, means and the distance of each distribution from ours (total variation: 0 the same, 1 apart)."""
        counts = {name: rows for name, rows in self.counts.items() if rows}
        if set(counts.get("calls", ())) == {0}:
            del counts["calls"]  # the file has no calls: nothing is known of them
        shape: dict[str, float] = {name: mean(counts[name]) for name in ("turns", "calls") if name in counts}
        if "calls" in counts:
            shape["idle"] = counts["calls"][0] / counts["calls"].total()
        return {
            "name": self.name,
            "distributions": {
                name: {str(value): times for value, times in rows.items()} for name, rows in counts.items()
            },
            "shape": shape,
            "distances": {name: distance(rows, survey.counts[name]) for name, rows in counts.items()},
        }


def reference_of(path: Path) -> Reference:
    """The conversations of a file or folder.

    Raises:
        UserError: There is none, or it has no conversations that can be read.
    """
    reference = Reference(path.name)
    for given in given_records(path):
        record = record_of_line(given.value) if isinstance(given.value, bytes) else record_of(given.value)
        if record is not None:
            reference.add(record, given.place)
    if not reference.queries:
        raise UserError(
            f"--reference {path}: holds no queries; expected messages with a user, or a query a line"
        )
    return reference


def mean(counts: Mapping[int, int]) -> float:
    """The mean of the counted values."""
    return sum(value * times for value, times in counts.items()) / max(sum(counts.values()), 1)


def distance(one: Mapping[int, int], other: Mapping[int, int]) -> float:
    """Total variation distance of two distributions given as counts, 0 to 1."""
    totals = max(sum(one.values()), 1), max(sum(other.values()), 1)
    values = {*one, *other}
    return round(
        sum(abs(one.get(value, 0) / totals[0] - other.get(value, 0) / totals[1]) for value in values) / 2, 4
    )
