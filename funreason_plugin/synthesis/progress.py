"""The progress display of a run: rate, kept and rejected, remaining time. On a plain log, a line now and then."""

from __future__ import annotations

import time
from types import TracebackType

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.progress import Progress as Bar
from typing_extensions import Self

from funreason_plugin.synthesis.folder import Tally

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
