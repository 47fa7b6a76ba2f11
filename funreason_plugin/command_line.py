"""What our command lines share: bad input is one red line and an exit status, never a traceback.

    app = typer.Typer(cls=Group)
    if __name__ == "__main__":
        leave(app)

Several names may follow one option: ``--env travel files`` is ``--env travel --env files``.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NoReturn

import typer
from typer.core import TyperCommand, TyperGroup

from funreason_plugin.errors import INTERRUPTED, UserError

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["Command", "Group", "console", "leave", "run"]

MANY = (
    "--env",
    "--holdout-env",
    "--holdout-tools",
    "--agent",
    "--variant",
    "--context-tokens",
    "--categories",
    "--ids",
)
_ClickException: type[Exception] = typer.BadParameter.__mro__[
    2
]  # typer brings its own click, or the real one
assert _ClickException.__name__ == "ClickException"


def spread(args: Sequence[str], stop: Sequence[str] = ()) -> list[str]:
    """Repeat an option of `MANY` before each of its names; a name in ``stop`` (a subcommand) ends them."""
    spreaded: list[str] = []
    option, first = "", False
    for arg in args:
        if arg.startswith("-"):
            option, first = (arg, True) if arg in MANY else ("", False)
            spreaded.append(arg)
        elif option and (first or arg not in stop):
            spreaded += [arg] if first else [option, arg]
            first = False
        else:
            option = ""
            spreaded.append(arg)
    return spreaded


class Command(TyperCommand):
    """A command whose `MANY` options take several names."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        return super().parse_args(ctx, spread(args))


class Group(TyperGroup):
    """A group of commands whose own `MANY` options take several names."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        return super().parse_args(ctx, spread(args, list(self.commands)))


def console() -> Console:
    """Where results and progress go. A reader of a pipe that has seen enough (``| head``) stops no run."""
    from rich.console import Console

    class Shown(Console):
        def on_broken_pipe(self) -> None:  # rich's own ends the process from wherever it prints
            self.quiet = True
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())

    return Shown(highlight=False)


def fail(message: str) -> None:
    """One line on standard error, red on a terminal."""
    from rich.console import Console

    line = " ".join(message.split())
    Console(stderr=True, highlight=False).print(f"error: {line}", style="red", markup=False, soft_wrap=True)


def run(app: typer.Typer, arguments: Sequence[str] | None = None, name: str | None = None) -> int:
    """Run a command line and return its exit status: 0, 1 (bad input, a failed check), 2 (usage), 130 (Ctrl-C)."""
    try:
        status = app(
            arguments if arguments is None else list(arguments), standalone_mode=False, prog_name=name
        )
    except UserError as error:
        fail(error.message)
        return error.exit_code
    except typer.Exit as error:
        return error.exit_code
    except (typer.Abort, KeyboardInterrupt):
        fail("interrupted")
        return INTERRUPTED
    except BrokenPipeError:  # the reader of a pipe has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except _ClickException as error:
        fail(f"{error.format_message()} (--help lists the options)")  # type: ignore[attr-defined]
        return 2
    return status if isinstance(status, int) else 0


def leave(app: typer.Typer, name: str | None = None) -> NoReturn:
    """Run a command line and end the process with its exit status."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # None when it is closed
            stream.reconfigure(errors="replace")  # a terminal that is not UTF-8 gets question marks
    sys.exit(_bad_process() or run(app, name=name))


def _bad_process() -> int:
    """An exit status where what the process was given cannot be worked with, and one line that says so; else 0."""
    for argument in sys.argv[1:]:
        try:
            argument.encode()
        except UnicodeEncodeError:
            fail(
                f"{argument.encode(errors='backslashreplace').decode()}: not UTF-8; paths are written to files"
            )
            return 2
    try:
        os.getcwd()
    except OSError:
        fail("the current folder is gone; change to one that exists")
        return 1
    return 0
