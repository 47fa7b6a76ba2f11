"""What an evaluation prints: how far it is, what it found, what it cost."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

    from funreason_plugin.evaluation.comparison import Compared
    from funreason_plugin.evaluation.pass_rate import PassRates
    from funreason_plugin.evaluation.runs import Run
    from funreason_plugin.evaluation.served import Served

__all__ = ["show_by_eye", "show_compared", "show_costs", "show_histogram", "shown_progress"]


@contextmanager
def shown_progress(out: Console, what: str) -> Iterator[Callable[[int, int], None]]:
    """A bar, or without a terminal a line at every twentieth; it is told how many are done, and how many in all."""
    if out.is_terminal:
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

        columns = (TextColumn("playing"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        with Progress(*columns, console=out, transient=True) as progress:
            bar = progress.add_task(what, total=None)
            yield lambda done, total: progress.update(bar, completed=done, total=total)
        return
    last = -1
    started = time.monotonic()
    first = 0

    def line(done: int, total: int) -> None:
        nonlocal last, first
        if last < 0:
            first = done
        if total and (part := 20 * done // total) > last:
            last = part
            rate = (done - first) / max(time.monotonic() - started, 1e-9)
            out.print(f"{done:,}/{total:,} {what}, {rate:.1f}/s", soft_wrap=True)

    yield line


def show_compared(out: Console, found: Compared, folder: Path) -> None:
    """The tables, and where they are written."""
    for table in found.tables():
        out.print(table)
        out.print()
    written = ", ".join(map(str, found.write(folder)))
    out.print(f"written: {written}", soft_wrap=True, markup=False)


def show_by_eye(out: Console, runs: list[Run], count: int) -> None:
    """So many failures of each run, as conversations."""
    from funreason_plugin.evaluation.by_eye import failures, told

    for run in runs if count else ():
        failed = failures(run, count)
        out.print(f"\n{run.name}: {len(failed)} of the conversations that failed", style="bold", markup=False)
        for conversation in failed:
            out.print()
            for line in told(conversation):
                out.print(line, soft_wrap=True, markup=False)


def show_costs(out: Console, served: Served) -> None:
    """What the server was asked for in this run, and what went wrong with it."""
    prompts, responses = served.tokens
    again = ", ".join(f"{reason} ({count:,})" for reason, count in served.faults.most_common(5))
    out.print(
        f"{served.model}: {prompts:,} tokens of prompts and {responses:,} of responses in this run; requests that had to "
        f"be made again: {again or 'none'}",
        soft_wrap=True,
        markup=False,
    )


def show_histogram(out: Console, rates: PassRates) -> None:
    """How many rows have which rate."""
    from rich.table import Table

    counts: dict[str, int] = {}
    for row in rates.attempts:
        name = f"{rates.rate(row):.2f}"
        counts[name] = counts.get(name, 0) + 1
    table = Table("pass rate", "rows", box=None, pad_edge=False, header_style="bold")
    for name in sorted(counts):
        table.add_row(name, f"{counts[name]:,}")
    out.print(table)
