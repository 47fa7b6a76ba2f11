"""What a conversion did: on the screen, as a data card (README.md) and for programs (conversion.json)."""

from __future__ import annotations

import re
import shlex
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from funreason_plugin import __version__
from funreason_plugin.converting.plain_json import to_json
from funreason_plugin.converting.refusal import Refused
from funreason_plugin.quality.card import Card, configs_of, in_domain_lines, load_lines, table

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["Report", "write_card"]

_MOST_REASONS = 500
_MOST_NOTES = 200
_INDEX = re.compile(r"\[\d+\]")


@dataclass(slots=True)
class Report:
    """Counts. ``reasons`` has, by field and reason, how often and where first."""

    source: str
    target: str
    title: str
    licence: str
    page: str
    dataset: str = ""
    read: int = 0
    converted: int = 0
    rows: dict[str, int] = field(default_factory=dict)
    notes: Counter[str] = field(default_factory=Counter)
    left_out: Counter[str] = field(default_factory=Counter)
    reasons: dict[tuple[str, str], tuple[int, str]] = field(default_factory=dict)
    others: list[str] = field(default_factory=list)
    labels: Counter[str] = field(default_factory=Counter)
    """Of how many conversations each label is, as "in-domain:bfcl"."""

    @property
    def refused(self) -> int:
        """How many records were refused."""
        return sum(count for count, _ in self.reasons.values())

    def convert(self, notes: Counter[str]) -> None:
        """Count a converted record and what was noted of it."""
        self.converted += 1
        for note, count in notes.items():
            known = note in self.notes or len(self.notes) < _MOST_NOTES
            self.notes[note if known else "further notes, of many kinds"] += count

    def refuse(self, place: str, refused: Refused) -> None:
        """Count a refusal."""
        name = _INDEX.sub("[*]", refused.field)
        key = (name if len(name) <= 80 else name[:79] + "…", refused.reason)
        if key not in self.reasons and len(self.reasons) >= _MOST_REASONS:
            key = ("other fields", "see refused.jsonl")
        count, first = self.reasons.get(
            key, (0, f"{place} {refused.field}: {refused.found}"[:160].rstrip(": "))
        )
        self.reasons[key] = (count + 1, first)

    def most_frequent(self) -> list[tuple[tuple[str, str], tuple[int, str]]]:
        """The reasons, most frequent first."""
        return sorted(self.reasons.items(), key=lambda entry: (-entry[1][0], entry[0]))

    def data(self) -> dict[str, Any]:
        """As JSON data."""
        return {
            "version": __version__,
            "from": self.source,
            "to": self.target,
            "title": self.title,
            "licence": self.licence,
            "page": self.page,
            "dataset": self.dataset,
            "read": self.read,
            "converted": self.converted,
            "refused": self.refused,
            "left_out": dict(sorted(self.left_out.items())),
            "rows": dict(sorted(self.rows.items())),
            "labels": dict(sorted(self.labels.items())),
            "notes": dict(sorted(self.notes.items())),
            "reasons": [
                {"field": name, "reason": reason, "count": count, "first": first}
                for (name, reason), (count, first) in self.most_frequent()
            ],
        }

    def show(self, console: Console, out: Path) -> None:
        """What a user wants to know first: how much came out, what did not and why, and under which licence."""
        from rich.table import Table
        from rich.text import Text

        total = sum(self.rows.values())
        splits = ", ".join(f"{count} {name}" for name, count in sorted(self.rows.items()))
        line = f"{self.converted} of {self.read} records converted: {total} rows ({splits})" if total else (
            f"none of {self.read} records converted"
        )  # fmt: skip
        console.print(Text(f"{line} in {out}"), soft_wrap=True)
        for reason, count in sorted(self.left_out.items()):
            console.print(Text(f"{count} left out: {reason}"), soft_wrap=True)
        if self.notes:
            console.print(Text("Written differently, with the same meaning (or worth knowing):"))
            for note, count in sorted(self.notes.items()):
                console.print(Text(f"  {count} x {note}"), soft_wrap=True)
        if self.reasons:
            table = Table(
                title=f"{self.refused} refused (each in {out / 'refused.jsonl'})", title_justify="left"
            )
            table.add_column("count", justify="right")
            for name in ("field", "reason", "first place"):
                table.add_column(name, overflow="fold")
            for (name, reason), (count, first) in self.most_frequent()[:20]:
                table.add_row(str(count), Text(name), Text(reason), Text(first))
            console.print(table)
            if len(self.reasons) > 20:
                console.print(f"… and {len(self.reasons) - 20} further reasons in conversion.json")
        if self.others:
            more = f" and {len(self.others) - 3} more" if len(self.others) > 3 else ""
            console.print(Text(f"Not data, not read: {', '.join(self.others[:3])}{more}"), soft_wrap=True)
        console.print(Text(f"Licence of the source ({self.title}): {self.licence}"), soft_wrap=True)


def write_card(folder: Path, out: Path, report: Report, command: list[str]) -> None:
    """README.md and conversion.json into ``folder``, which is to become ``out``."""
    data = {**report.data(), "command": command}
    (folder / "conversion.json").write_text(to_json(data) + "\n", "utf-8", "backslashreplace", "\n")
    card = Card(
        report.dataset or out.name,
        f"Converted from {report.title}{f' ({report.page})' if report.page else ''} by funreason_plugin "
        f"{__version__}. Licence of the source: {report.licence}.",
        sum(report.rows.values()),
        configs_of(folder),
        report.licence,
        sorted(report.labels),
    )
    card.add("", ["```", shlex.join(["python", "-m", "funreason_plugin.convert", *command]), "```"])
    card.add("Labels", in_domain_lines(report.labels, report.converted, "conversations"))
    card.add(
        "Figures",
        [
            f"- {report.read} records read, {report.converted} converted, {report.refused} refused",
            *(f"- {count} rows in split {name}" for name, count in sorted(report.rows.items())),
            *(f"- {count} records left out: {reason}" for reason, count in sorted(report.left_out.items())),
            *(f"- {count} times: {_cell(note)}" for note, count in sorted(report.notes.items())),
        ],
    )
    refused = [(str(count), name, reason, first) for (name, reason), (count, first) in report.most_frequent()]
    card.add("Refused", table(("refused", "field", "reason", "first place"), refused))
    card.add("Load", load_lines(card.configs))
    card.write(folder / "README.md")


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")
