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
        Path | None,
        typer.Option(help="Other conversations (your logs, a benchmark) to put the distributions of beside.", metavar="FILE|DIR"),
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
        typer.Option(help="Instead of a report: 50 queries, half from --reference, for a person to tell apart; the key beside it.", metavar="FILE.md"),
    ] = None,
) -> None:  # fmt: skip
    """One HTML file about a run: yield, a reader of every trajectory, tools and graph, distributions, quality."""
    from funreason_plugin.report.blind_sheet import write_blind_sheet
    from funreason_plugin.report.build import build_report

    if blind_sheet is not None:
        if reference is None:
            raise UserError(
                "--blind-sheet mixes queries of DIR with real ones: name them with --reference FILE"
            )
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


def main() -> None:
    leave(app, "python -m funreason_plugin.report")
