"""Counting what was measured, record by record in their order, and the result as `quality.json` has it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from funreason_plugin import __version__
from funreason_plugin.checks.duplicates import LEVELS, THRESHOLD, Duplicates, Sketch
from funreason_plugin.quality.contamination import KINDS, Hit
from funreason_plugin.quality.reference import Reference

__all__ = ["Measured", "Quality", "Tally"]

Quality = dict[str, Any]
"""What `quality.json` holds; docs/quality.md has its keys."""
SCHEMA_VERSION = 1
MOST = 100
"""Records named of duplicates and of contamination; all are counted."""
_MOST_NAMES = 20


@dataclass(slots=True)
class Measured:
    """What is kept of a record: small enough to be sent."""

    place: str
    id: str
    sketch: Sketch
    hits: Sequence[Hit]
    labels: Sequence[str]
    variants: Sequence[str]
    split: str
    environments: Sequence[str]
    made_by: Mapping[str, Mapping[str, str]]
    turns: int
    calls: int


@dataclass(slots=True)
class Tally:
    """The counts so far."""

    references: Sequence[Reference]
    records: int = 0
    unreadable: int = 0
    turns: int = 0
    calls: int = 0
    _repeats: Duplicates = field(default_factory=lambda: Duplicates("structural"))
    _places: list[str] = field(default_factory=list)
    _duplicates: Counter[str] = field(default_factory=Counter)
    _repeated: list[dict[str, Any]] = field(default_factory=list)
    _contaminated: int = 0
    _declared: int = 0
    _kinds: Counter[str] = field(default_factory=Counter)
    _declared_kinds: Counter[str] = field(default_factory=Counter)
    _by_reference: Counter[str] = field(default_factory=Counter)
    _names: Counter[str] = field(default_factory=Counter)
    _found: list[dict[str, Any]] = field(default_factory=list)
    _labels: dict[str, Counter[str]] = field(default_factory=dict)
    _made_by: Counter[tuple[str, str, str]] = field(default_factory=Counter)

    def add(self, measured: Measured | None) -> None:
        """Count the next record; None is one that has nothing to compare."""
        if measured is None:
            self.unreadable += 1
            return
        self.records += 1
        self.turns += measured.turns
        self.calls += measured.calls
        if measured.turns:
            self._repetition(measured)
        self._overlap(measured)
        for what, names in (
            ("labels", measured.labels),
            ("variants", measured.variants),
            ("environments", measured.environments),
            ("splits", [measured.split] if measured.split else []),
        ):
            self._labels.setdefault(what, Counter()).update(names)
        self._made_by.update(
            (agent, maker.get("teacher", ""), maker.get("model", ""))
            for agent, maker in measured.made_by.items()
        )

    def _repetition(self, measured: Measured) -> None:
        """A repetition is not remembered: what comes later repeats the first of its kind."""
        number = len(self._places)
        self._places.append(measured.place)
        found = self._repeats.earlier(measured.sketch)
        if found is None:
            self._repeats.add(number, measured.sketch)
            return
        self._duplicates[found.kind] += 1
        if len(self._repeated) < MOST:
            self._repeated.append(
                {
                    "place": measured.place,
                    "id": measured.id,
                    "first": self._places[found.number],
                    "kind": found.kind,
                    "similarity": found.similarity,
                }
            )

    def _overlap(self, measured: Measured) -> None:
        hits = measured.hits
        self._kinds.update({hit.kind for hit in hits if hit.counts})
        self._declared_kinds.update({hit.kind for hit in hits if hit.declared})
        self._names.update(hit.detail for hit in hits if hit.kind == "tool_name" and not hit.declared)
        self._declared += any(hit.declared for hit in hits)
        counting = [hit for hit in hits if hit.counts]
        self._contaminated += bool(counting)
        self._by_reference.update({hit.reference for hit in counting})
        for hit in counting:
            if len(self._found) < MOST:
                entry = {"place": measured.place, "id": measured.id, "kind": hit.kind}
                self._found.append(
                    {**entry, "reference": hit.reference, "turn": hit.turn, "detail": hit.detail}
                )

    def result(self) -> Quality:
        """Everything counted."""
        return {
            "schema_version": SCHEMA_VERSION,
            "version": __version__,
            "records": self.records,
            "unreadable": self.unreadable,
            "turns": self.turns,
            "calls": self.calls,
            "duplicates": {
                **{kind: self._duplicates[kind] for kind in LEVELS[1:]},
                "threshold": THRESHOLD,
                "found": self._repeated,
            },
            "contamination": {
                "records": self._contaminated,
                "kinds": {kind: self._kinds[kind] for kind in KINDS if kind != "tool_name"},
                "by_reference": dict(sorted(self._by_reference.items())),
                "declared": self._declared,
                "declared_kinds": dict(sorted(self._declared_kinds.items())),
                "tool_names": dict(self._names.most_common(_MOST_NAMES)),
                "references": [reference.about() for reference in self.references],
                "found": self._found,
            },
            "labels": {
                **{what: dict(sorted(counts.items())) for what, counts in self._labels.items()},
                "made_by": [
                    {"agent": agent, "teacher": teacher, "model": model, "records": count}
                    for (agent, teacher, model), count in sorted(self._made_by.items())
                ],
            },
        }
