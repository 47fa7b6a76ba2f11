"""``funreason``: every command line of the package under one name."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from funreason_plugin import check, convert, mix, synthesize
from funreason_plugin.command_line import Command, Group, console, leave
from funreason_plugin.quality import __main__ as quality
from funreason_plugin.report import command as report_command
from funreason_plugin.sft import hook

app = typer.Typer(
    cls=Group,
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Verified multi-turn function-calling data (FunReason-MT) for verl and LLaMA-Factory.",
)
app.add_typer(synthesize.app, name="synthesize")
app.add_typer(check.app, name="check")
app.add_typer(hook.app, name="hook")

app.command("convert", cls=Command)(convert.convert)
app.command("mix", cls=Command)(mix.mix)
app.command("quality", cls=Command)(quality.quality)
app.command("report", cls=Command)(report_command.report)


@app.callback(invoke_without_command=True)
def funreason(
    version: Annotated[bool, typer.Option("--version", help="Show the version.")] = False,
) -> None:
    if version:
        from funreason_plugin import __version__

        typer.echo(f"funreason_plugin {__version__}")
        raise typer.Exit


@app.command()
def recipes(
    folder: Annotated[Path, typer.Argument(help="Where to copy them.", metavar="DIR")],
    force: Annotated[bool, typer.Option("--force", help="Overwrite files of the same name.")] = False,
) -> None:
    """Copy the recipes (YAML files with every key and its reason) to a folder."""
    from funreason_plugin.recipes_folder import copy_recipes

    for path in copy_recipes(folder, force=force):
        console().print(str(path), soft_wrap=True)


@app.command("chat-template")
def chat_template_command(
    form: Annotated[str, typer.Argument(help="hermes, funreason or card.", metavar="FORM")],
    out: Annotated[Path | None, typer.Option(help="Write it to this file.", metavar="FILE")] = None,
) -> None:
    """Print a prompt form's chat template, for tokenizers and for `vllm serve --chat-template FILE`."""
    from funreason_plugin.chat_templates import chat_template
    from funreason_plugin.errors import UserError

    text = chat_template(form)
    if out is None:
        typer.echo(text, nl=False)
        return
    try:
        out.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UserError(f"--out: {out}: {error.strerror}") from None


def main() -> None:
    """The console script."""
    leave(app, "funreason")
