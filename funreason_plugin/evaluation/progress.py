"""How far an evaluation is, on a terminal or in a log."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["shown_progress"]


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
