"""The report's command line, thin.

python -m funreason_plugin.report out/ --open
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from funreason_plugin.command_line import Command, console, leave
from funreason_plugin.errors import UserError

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False)


@app.command(cls=Command)
def report(
    folder: Annotated[Path, typer.Argument(help="The output folder of a run.", metavar="DIR")],
    out: Annotated[Path | None, typer.Option(help="The file to write. (default: DIR/report.html)", metavar="FILE")] = None,
    reference: Annotated[
        str | None,
        typer.Option(help="Other conversations to put the distributions of beside: your logs, or bfcl. (default: what the run was made --like)", metavar="FILE|bfcl"),
    ] = None,
    show: Annotated[bool, typer.Option("--open", help="Open it in the browser.")] = False,
    replay_seconds: Annotated[
        float, typer.Option(help="How long to replay trajectories, for what each turn did to the state; 0: not at all.", min=0)
    ] = 10.0,
    own_tools: Annotated[
        bool, typer.Option("--own-tools", help="Replay tools of your own, too: imports the files that the folder names.")
    ] = False,
    blind_sheet: Annotated[
        Path | None,
        typer.Option(help="Instead of a report: 50 queries, half real ones, for a person to tell apart; the key beside it.", metavar="FILE.md"),
    ] = None,
) -> None:  # fmt: skip
    """One HTML file about a run: yield, a reader of every trajectory, tools and graph, distributions, quality."""
    from funreason_plugin.report.blind_sheet import write_blind_sheet
    from funreason_plugin.report.build import build_report

    if blind_sheet is not None:
        reference = reference or _like(folder)
        key = write_blind_sheet(folder, reference, blind_sheet)
        console().print(f"{blind_sheet}, to be filled in; the key is {key}", soft_wrap=True)
        return
    made = build_report(folder, out, replay_seconds=replay_seconds, own=own_tools, reference=reference)
    console().print(
        f"{made.path}: {made.trajectories:,} trajectories, {made.bytes / 1e6:.1f} MB, in {made.seconds:.1f} s; "
        f"states replayed of {made.replayed:,}",
        soft_wrap=True,
    )
    if show:
        import webbrowser

        webbrowser.open(made.path.resolve().as_uri())


def _like(folder: Path) -> str:
    """The benchmark that a run was made like: its queries are at hand where it is installed."""
    from funreason_plugin.quality.shape import is_bfcl
    from funreason_plugin.report.overview import like_of

    like = like_of(folder)
    if like is not None and is_bfcl(like.name):
        return like.name
    where = f" (the run was made like {like.name}, which is not in its folder)" if like is not None else ""
    raise UserError(
        f"--blind-sheet mixes queries of DIR with real ones: name them with --reference FILE or --reference bfcl{where}"
    )


def main() -> None:
    leave(app, "python -m funreason_plugin.report")
