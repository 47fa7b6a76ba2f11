"""The progress display of a run: rate, kept and rejected, remaining time; at the end, a table. On a plain log, a line
now and then."""

from __future__ import annotations

import time
from types import TracebackType
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.progress import Progress as Bar
from rich.table import Table
from typing_extensions import Self

from funreason_plugin.synthesis.folder import Tally

if TYPE_CHECKING:
    from funreason_plugin.synthesis.pipeline import Summary

_EVERY = 10.0  # seconds between lines where there is no terminal


class Progress:
    """Shows a `Tally` as it grows. Use as a context manager."""

    def __init__(self, console: Console, total: int, tally: Tally) -> None:
        self._console = console
        self._total = total
        self._first = tally.kept
        self._started = time.monotonic()
        self._told = self._started
        self._bar = Bar(
            TextColumn("synthesising"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]}  rejected {task.fields[rejected]}"),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            console=console,
            disable=not console.is_terminal,
        )
        self._task = self._bar.add_task("slots", total=total, completed=tally.kept, rate="", rejected="0")

    def update(self, tally: Tally) -> None:
        """Show the tally."""
        now = time.monotonic()
        elapsed = now - self._started
        rate = (tally.kept - self._first) / elapsed if elapsed > 0 else 0.0
        rejected = tally.attempts - tally.kept
        shown = f"{rejected} ({rejected / max(tally.attempts, 1):.0%})"
        if self._console.is_terminal:
            self._bar.update(self._task, completed=tally.kept, rate=f"{rate:.1f}/s", rejected=shown)
        elif now - self._told > _EVERY:
            self._told = now
            left = (self._total - tally.kept) / rate if rate else 0
            self._console.print(
                f"{tally.kept}/{self._total} kept, {rate:.1f}/s, rejected {shown}, {left:.0f} s left"
            )

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()


def final_table(summary: Summary) -> Table:
    """What a run did, in a few rows."""
    table = Table(title="synthesis", show_header=False, title_justify="left")
    table.add_column()
    table.add_column(justify="right")
    table.add_row("trajectories kept", f"{summary.kept:,}")
    table.add_row("attempts", f"{summary.attempts:,} ({summary.accept_rate:.1%} accepted)")
    table.add_row("turns, calls", f"{summary.turns:,}, {summary.calls:,}")
    table.add_row("train, val", f"{summary.splits.get('train', 0):,}, {summary.splits.get('val', 0):,}")
    table.add_row("tools in kept calls", f"{len(summary.tools)}")
    if summary.tools_never_kept:
        table.add_row(
            "tools in none",
            ", ".join(summary.tools_never_kept[:6]) + " …" * (len(summary.tools_never_kept) > 6),
        )
    for phase, codes in summary.rejections.items():
        most = ", ".join(
            f"{code} {count:,}" for code, count in sorted(codes.items(), key=lambda item: -item[1])[:3]
        )
        table.add_row(f"rejected turns, {phase}", most)
    for name, size in summary.bytes.items():
        table.add_row(f"on disk, {name}", f"{size / 1e6:.1f} MB")
    table.add_row("time", f"{summary.seconds:.1f} s ({summary.per_minute:,.0f} trajectories a minute)")
    return table
