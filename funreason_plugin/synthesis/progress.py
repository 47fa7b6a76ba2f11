"""The progress display of a run: kept, rejected, time left; requests, tokens and cost where a model plays.

    with Progress(console, config.num, folder.tally, hub) as progress:
        progress.update(folder.tally)     # whenever something was kept or rejected, and every second or so

On a terminal the lines below the bar follow the ledger by themselves; on a plain log there is a line every 10 seconds.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterable
from types import TracebackType
from typing import TYPE_CHECKING

from rich.console import Console, RenderableType
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar
from rich.text import Text
from typing_extensions import Self

from funreason_plugin.synthesis.folder import Tally
from funreason_plugin.synthesis.summary_table import final_table as final_table
from funreason_plugin.synthesis.summary_table import money, short, span

if TYPE_CHECKING:
    from funreason_plugin.synthesis.hub import Hub

_EVERY = 10.0  # seconds between lines where there is no terminal
_WINDOW, _LEAST = 600.0, 20  # the rate is that of the last ten minutes, or of the last twenty kept


class Progress:
    """Shows a `Tally` as it grows, and what a `Hub` has sent and paid. Use as a context manager."""

    def __init__(self, console: Console, total: int, tally: Tally, hub: Hub | None = None) -> None:
        self._console = console
        self._total = total
        self._hub = hub if hub is not None and hub.agents else None
        self._kept = tally.kept
        self._told = time.monotonic()
        self._paces: deque[tuple[float, int]] = deque([(self._told, tally.kept)])
        self._bar = _Bar(
            self,
            TextColumn("synthesising"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]}  rejected {task.fields[rejected]}"),
            TimeElapsedColumn(),
            TextColumn("{task.fields[left]}"),
            console=console,
            disable=not console.is_terminal,
            refresh_per_second=4,
        )
        self._task = self._bar.add_task(
            "slots", total=total, completed=tally.kept, rate="", rejected="0", left=""
        )

    def update(self, tally: Tally) -> None:
        """Show the tally."""
        now = time.monotonic()
        rate = self._rate(now, tally.kept)
        rejected = tally.attempts - tally.kept
        shown = f"{rejected} ({rejected / max(tally.attempts, 1):.0%})"
        pace = f"{rate:.1f}/s" if rate >= 1 else f"{60 * rate:.1f}/min"
        left = f"{span((self._total - tally.kept) / rate)} left" if rate else ""
        if self._console.is_terminal:
            self._bar.update(self._task, completed=tally.kept, rate=pace, rejected=shown, left=left)
        elif now - self._told > _EVERY:
            self._told = now
            parts = [f"{tally.kept}/{self._total} kept", pace, f"rejected {shown}", *self.paid(), left]
            self._console.print(", ".join(part for part in parts if part), soft_wrap=True)

    def paid(self) -> list[str]:
        """Requests, tokens, cost and what is in flight, as phrases; none where no model plays."""
        if self._hub is None:
            return []
        ledger = self._hub.ledger
        total = ledger.total
        parts = [
            f"{total.requests:,} requests" + (f" ({total.retries:,} retries)" if total.retries else ""),
            f"tokens {short(total.input_tokens)} in, {short(total.output_tokens)} out",
        ]
        if total.replayed:
            parts.append(f"{total.replayed:,} replayed")
        if ledger.priced:
            each = f" ({money(total.cost / self._kept)} per kept one)" if self._kept else ""
            parts.append(f"{money(total.cost)} {ledger.currency}{each}")
        used, limit = self._hub.load
        parts.append(f"{used} of {limit} in flight")
        return parts

    def _rate(self, now: float, kept: int) -> float:
        """Kept a second, lately."""
        self._kept = kept
        paces = self._paces
        if kept > paces[-1][1]:
            paces.append((now, kept))
            while len(paces) > 2 and now - paces[1][0] > _WINDOW and kept - paces[1][1] >= _LEAST:
                paces.popleft()
        then, before = paces[0]
        return (kept - before) / (now - then) if now > then else 0.0

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()


class _Bar(Bar):
    """A bar with the ledger in a line below."""

    def __init__(
        self, progress: Progress, *columns: TextColumn | BarColumn | MofNCompleteColumn | TimeElapsedColumn,
        console: Console, disable: bool, refresh_per_second: float,
    ) -> None:  # fmt: skip
        self._progress = progress
        super().__init__(*columns, console=console, disable=disable, refresh_per_second=refresh_per_second)

    def get_renderables(self) -> Iterable[RenderableType]:
        yield from super().get_renderables()
        if paid := self._progress.paid():
            yield Text(", ".join(paid), style="dim")
