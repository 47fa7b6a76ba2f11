"""What a mixture holds: on the screen, as a data card (README.md) and for programs (conversion.json)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from funreason_plugin import __version__
from funreason_plugin.converting.mixing import Mixed, Mixture
from funreason_plugin.converting.plain_json import to_json
from funreason_plugin.quality.card import Card, configs_of, in_domain_lines, load_lines, table

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["MixCard", "write_mix_card"]

UNKNOWN = "not stated in the data; look it up"
_HEADS = ("source", "rows", "of", "share", "with thoughts", "licence")
_SOME_THOUGHTS = (
    "Rows with and without thoughts are mixed. `template: qwen3` puts an empty `<think>` block before a response "
    "that has none, and trains it; `qwen3_nothink` and our own templates leave both kinds as they are."
)


@dataclass(frozen=True, slots=True)
class MixCard:
    """The table, a line for each source, and what is to be known beside it."""

    lines: Sequence[tuple[str, ...]]
    notes: list[str]
    first: str

    def show(self, console: Console, out: Path) -> None:
        """On a terminal."""
        from rich.table import Table
        from rich.text import Text

        table = Table(title=f"{self.first} in {out}", title_justify="left")
        for head in _HEADS:
            table.add_column(
                head, overflow="fold", justify="left" if head in ("source", "licence") else "right"
            )
        for line in self.lines:
            table.add_row(*map(Text, line))
        console.print(table)
        for note in self.notes:
            console.print(Text(note.replace("`", "")), soft_wrap=True)


def write_mix_card(folder: Path, out: Path, mixture: Mixture, mixed: Mixed) -> MixCard:
    """README.md and conversion.json into ``folder``, which is to become ``out``."""
    total = sum(mixed.rows)
    parts = list(zip(mixture.labels, mixture.sources, mixed.rows, mixed.thoughts, strict=True))
    lines = [
        (label, str(rows), str(source.count), f"{rows / total:.1%}", str(thoughts), source.licence or UNKNOWN)
        for label, source, rows, thoughts in parts
    ]
    licence = "; ".join(f"{label}: {source.licence or UNKNOWN}" for label, source, _, _ in parts)
    notes = [_SOME_THOUGHTS] if 0 < sum(mixed.thoughts) < total else []
    if any("NC" in source.licence for source in mixture.sources):
        notes.append(
            "A source is licensed for non-commercial use only (NC); its terms go with its rows into this mixture."
        )
    card = MixCard(lines, notes, f"{total} rows, data set {mixture.name}")
    data = {
        "version": __version__,
        "dataset": mixture.name,
        "seed": mixture.seed,
        "licence": licence,
        "prompt_form": mixed.form,
        "sources": [
            {
                "source": label,
                "weight": str(source.weight),
                "rows": rows,
                "of": source.count,
                "thoughts": thoughts,
                "licence": source.licence,
                "labels": dict(sorted(marked.items())),
            }
            for (label, source, rows, thoughts), marked in zip(parts, mixed.marked, strict=True)
        ],
    }
    (folder / "conversion.json").write_text(to_json(data) + "\n", encoding="utf-8")
    marks = Counter[str]()
    for marked in mixed.marked:
        marks.update(marked)
    licences = {source.licence for source in mixture.sources}
    readme = Card(
        mixture.name,
        f"{total} rows for LLaMA-Factory, mixed and shuffled by funreason_plugin {__version__} with seed {mixture.seed}. "
        "The column `source` says where a row is from. Validation sets of the sources are not part of it.",
        total,
        configs_of(folder),
        licences.pop() if len(licences) == 1 else licence,
        sorted(marks),
    )
    readme.add("", table(_HEADS, lines))
    for note in notes:
        readme.add("", [note])
    readme.add("Labels", in_domain_lines(marks, total, "rows"))
    readme.add("Load", load_lines(readme.configs))
    readme.add(
        "",
        ["```yaml", f"dataset_dir: {out.name}/llamafactory", f"dataset: {mixture.name}", "```"],
    )
    readme.write(folder / "README.md")
    return card
