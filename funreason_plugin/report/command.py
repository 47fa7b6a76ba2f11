"""The report's command line, thin.

python -m funreason_plugin.report out/ --open
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from funreason_plugin.command_line import Command, console, leave

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False)


@app.command(cls=Command)
def report(
    folder: Annotated[Path, typer.Argument(help="The output folder of a run.", metavar="DIR")],
    out: Annotated[Path | None, typer.Option(help="The file to write. (default: DIR/report.html)", metavar="FILE")] = None,
    show: Annotated[bool, typer.Option("--open", help="Open it in the browser.")] = False,
    replay_seconds: Annotated[
        float, typer.Option(help="How long to replay trajectories, for what each turn did to the state; 0: not at all.", min=0)
    ] = 10.0,
    own_tools: Annotated[
        bool, typer.Option("--own-tools", help="Replay tools of your own, too: imports the files that the folder names.")
    ] = False,
) -> None:  # fmt: skip
    """One HTML file about a run: yield, a reader of every trajectory, tools and graph, distributions, quality."""
    from funreason_plugin.report.build import build_report

    made = build_report(folder, out, replay_seconds=replay_seconds, own=own_tools)
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
