"""The quality command line, thin.

python -m funreason_plugin.quality out/
python -m funreason_plugin.quality conversations.jsonl --against held_out.jsonl --fail-on-contamination
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from funreason_plugin.command_line import Command, console, leave

if TYPE_CHECKING:
    from funreason_plugin.quality.tally import Quality

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False)


@app.command(cls=Command)
def quality(
    path: Annotated[Path, typer.Argument(help="A run's folder, one that convert or mix wrote, or a file of records.", metavar="PATH")],
    against: Annotated[list[Path] | None, typer.Option(help="Also compare with this file or folder; may be repeated.", metavar="FILE")] = None,
    fail_on_contamination: Annotated[bool, typer.Option("--fail-on-contamination", help="Status 1 when a record overlaps beyond what its labels say.")] = False,
    workers: Annotated[int, typer.Option(help="Processes; the result does not depend on it.", min=1, max=256, metavar="N")] = 1,
    out: Annotated[Path | None, typer.Option(help="Where the JSON goes (default: quality.json in a folder; nowhere for a file).", metavar="FILE")] = None,
) -> None:  # fmt: skip
    """Duplicates (exact, near, structural), contamination (BFCL multi-turn, and what --against names), labels."""
    from funreason_plugin.quality.measuring import QUALITY, refuse_contamination, write
    from funreason_plugin.quality.showing import show

    measured = _with_progress(path, against or [], workers)
    target = out if out is not None else path / QUALITY if path.is_dir() else None
    shown = console()
    show(measured, shown)
    if target is not None:
        write(target, measured)
        shown.print(f"written to {target}", markup=False, soft_wrap=True)
    if fail_on_contamination:
        refuse_contamination(path, measured)


def _with_progress(path: Path, against: list[Path], workers: int) -> Quality:
    """Measure, with a count of the records where there is a terminal."""
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    from funreason_plugin.quality.measuring import measure

    options: dict[str, Any] = {"against": against, "workers": workers}
    terminal = Console(stderr=True)
    if not terminal.is_terminal:
        return measure(path, **options)
    columns = (SpinnerColumn(), TextColumn("{task.completed:,.0f} records"), TimeElapsedColumn())
    with Progress(*columns, console=terminal, transient=True) as progress:
        task = progress.add_task("", total=None)
        return measure(path, **options, progress=lambda count: progress.update(task, completed=count))


if __name__ == "__main__":
    leave(app, "python -m funreason_plugin.quality")
