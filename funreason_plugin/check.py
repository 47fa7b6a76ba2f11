"""The check command line, thin.

python -m funreason_plugin.check env path/to/my_tools.py:MyEnv
python -m funreason_plugin.check data out/ --workers 2
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from funreason_plugin.command_line import Group, console, leave

app = typer.Typer(
    cls=Group,
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Check an environment before it is used, and a data folder after it is made.",
)


@app.command()
def env(
    name: Annotated[
        str,
        typer.Argument(
            help="travel, bfcl, bfcl:CLASS, my_module:MyEnv or path/to/file.py:MyEnv.", metavar="NAME"
        ),
    ],
) -> None:
    """Schemas as a model sees them; determinism, isolation, snapshots, write claims, values; what to change."""
    from funreason_plugin.checks.environment import check_environment

    raise typer.Exit(0 if check_environment(name, console()) else 1)


@app.command()
def data(
    folder: Annotated[Path, typer.Argument(help="The output folder of a run.", metavar="DIR")],
    workers: Annotated[int, typer.Option(help="Processes.", min=1)] = 1,
) -> None:
    """Replay every trajectory, re-run the acceptance checks, compare the emitted rows; status 1 if any differs."""
    from funreason_plugin.checks.data import check_data

    raise typer.Exit(0 if check_data(folder, console(), workers=workers) else 1)


if __name__ == "__main__":
    leave(app, "python -m funreason_plugin.check")
