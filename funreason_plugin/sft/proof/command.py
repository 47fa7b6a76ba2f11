"""`check sft`: the proof with a progress bar."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from funreason_plugin.sft.proof.run import prove
from funreason_plugin.sft.proof.show import show as show_proof

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["check_sft"]

_EVERY = 10.0  # seconds between lines where there is no terminal


def check_sft(
    folder: Path,
    recipe: Path,
    console: Console,
    *,
    tokenizer: str | None,
    dataset: str | None,
    limit: int | None,
    workers: int,
    show: int,
) -> bool:
    """Prove and print; whether training sees what the data says."""
    began = told = time.monotonic()
    with Progress(
        TextColumn("rendering"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeElapsedColumn(),
        console=console,
        disable=not console.is_terminal,
        transient=True,
    ) as progress:
        task = progress.add_task("rows", total=None, rate="")

        def watch(done: int, total: int | None) -> None:
            nonlocal told
            now = time.monotonic()
            rate = f"{done / max(now - began, 1e-3):.0f} rows/s"
            progress.update(task, completed=done, total=total, rate=rate)
            if not console.is_terminal and now - told > _EVERY:
                told = now
                console.print(f"{done:,} of {total:,} rows" if total else f"{done:,} rows", soft_wrap=True)

        proof = prove(
            folder,
            recipe,
            tokenizer=tokenizer,
            dataset=dataset,
            limit=limit,
            workers=workers,
            show=show,
            watch=watch,
        )
    show_proof(proof, console)
    return proof.ok
