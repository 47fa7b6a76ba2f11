"""The table of the miniature: success on the test by arm and group, mean and spread over seeds.

    python benchmarks/miniature/table.py out/mini

Reads ``eval/ARM-SEED/`` of the folder; writes ``table.json`` and ``table.md`` into it.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import fmean
from typing import Annotated

import typer
from rich.table import Table
from rows import LABEL

from funreason_plugin.command_line import Command, console, leave
from funreason_plugin.errors import UserError
from funreason_plugin.evaluation.runs import Conversation, read_run

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)

Group = Callable[[Conversation], bool]


def groups() -> dict[str, Group]:
    """By name, which conversations are in it."""
    return {
        "all": lambda one: True,
        "depth 1": lambda one: one.depth == 1,
        "depth 2": lambda one: one.depth == 2,
        "depth 3 or more": lambda one: one.depth >= 3,
        "depth 3 or more, seen": lambda one: one.depth >= 3 and LABEL not in one.labels,
        "two turns": lambda one: len(one.turns) == 2,
        "seen combinations": lambda one: LABEL not in one.labels,
        "unseen combination": lambda one: LABEL in one.labels,
    }


def shares(conversations: Sequence[Conversation]) -> dict[str, tuple[float, int]]:
    """By group, the share in which every turn is right, in percent, and how many there are."""
    found = {}
    for name, inside in groups().items():
        group = [one.success for one in conversations if inside(one)]
        if group:
            found[name] = (100 * fmean(group), len(group))
    readable = [one.format for one in conversations]
    found["readable responses"] = (100 * fmean(readable), len(readable))
    return found


def measured(folder: Path) -> dict[str, dict[int, dict[str, tuple[float, int]]]]:
    """By arm and seed, what `shares` has. Raises UserError where nothing was played."""
    arms: dict[str, dict[int, dict[str, tuple[float, int]]]] = defaultdict(dict)
    for played in sorted((folder / "eval").glob("*/*/run.json")):
        arm, _, seed = played.parent.name.rpartition("-")
        run = read_run(played.parent)
        if len(run.conversations) == run.settings.total:
            arms[arm][int(seed)] = shares(list(run.conversations.values()))
    if not arms:
        raise UserError(f"{folder / 'eval'}: no finished run there")
    return dict(arms)


def spread(values: Sequence[float]) -> str:
    """Mean and, of several seeds, least and most: "41.2 (38.0-45.1)"."""
    mean = f"{fmean(values):.1f}"
    return mean if len(values) == 1 else f"{mean} ({min(values):.1f}-{max(values):.1f})"


def lines(
    arms: Mapping[str, Mapping[int, Mapping[str, tuple[float, int]]]], order: Sequence[str]
) -> list[list[str]]:
    """The table's cells, the header first."""
    names = [name for name in order if name in arms] + [name for name in arms if name not in order]
    first = next(iter(arms[names[0]].values()))
    rows = [["success, %", "n", *names]]
    for group, (_, count) in first.items():
        rows.append(
            [group, str(count), *(spread([seed[group][0] for seed in arms[name].values()]) for name in names)]
        )
    rows.append(["seeds", "", *(str(len(arms[name])) for name in names)])
    return rows


@app.command(cls=Command)
def main(
    folder: Annotated[Path, typer.Argument(help="Folder of the run.", metavar="DIR")],
    order: Annotated[str, typer.Option(help="Arms from left to right, with blanks between.")] = "",
) -> None:
    """Print the table, and write table.json and table.md."""
    arms = measured(folder)
    cells = lines(arms, order.split())
    table = Table(*cells[0])
    for row in cells[1:]:
        table.add_row(*row)
    console().print(table)
    marked = [cells[0], ["---"] * len(cells[0]), *cells[1:]]
    (folder / "table.md").write_text("".join(f"| {' | '.join(row)} |\n" for row in marked), encoding="utf-8")
    (folder / "table.json").write_text(json.dumps(arms, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    leave(app, "python benchmarks/miniature/table.py")
