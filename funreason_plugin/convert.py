"""The convert command line, thin.

python -m funreason_plugin.convert --from trajectories --to openai --out chat out/
python -m funreason_plugin.convert --from apigen --to llamafactory --out xlam xlam_function_calling_60k.json
"""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from funreason_plugin.command_line import Command, console, leave

if TYPE_CHECKING:
    from funreason_plugin.converting.report import Report
    from funreason_plugin.converting.running import Job

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)


class Form(str, Enum):
    """The prompt forms of `rendering`."""

    hermes = "hermes"
    funreason = "funreason"
    card = "card"


class VerlRows(str, Enum):
    """Rows of verl for what can be executed."""

    trajectory = "trajectory"
    response = "response"
    both = "both"


class Reasoning(str, Enum):
    """Whether rows have the chain of thought."""

    cot = "cot"
    none = "none"


@app.command(cls=Command)
def convert(
    inputs: Annotated[list[Path], typer.Argument(help="Files (.json, .jsonl, .jsonl.gz, .parquet) or folders of them.", metavar="INPUT…")],
    source: Annotated[str, typer.Option("--from", metavar="SOURCE", help="trajectories, funreason-mt, apigen, apigen-mt, toolace, openai, hermes or bfcl.")],
    target: Annotated[str, typer.Option("--to", metavar="TARGET", help="llamafactory, verl, openai or trajectories.")],
    out: Annotated[Path, typer.Option(metavar="OUT", help="The folder to write; it must not exist.")],
    dataset: Annotated[str, typer.Option(metavar="NAME", help="Name of the data set (default: that of the source).")] = "",
    prompt_form: Annotated[Form, typer.Option(metavar="FORM", help="How calls are written, for llamafactory and verl: hermes, funreason or card.")] = Form.hermes,
    reasoning: Annotated[Reasoning, typer.Option(metavar="cot|none", help="With the chain of thought, or without.")] = Reasoning.cot,
    verl_rows: Annotated[VerlRows | None, typer.Option(metavar="KIND", help="For verl, of trajectories: trajectory (played whole, the default), response or both.")] = None,
    val_share: Annotated[float | None, typer.Option(metavar="SHARE", help="Share of conversations for validation (default: as the source says).", min=0, max=1)] = None,
    seed: Annotated[int, typer.Option(metavar="N", help="Decides which conversations those are.")] = 0,
    limit: Annotated[int | None, typer.Option(metavar="N", help="Read this many records at most.", min=1)] = None,
    drop_error_responses: Annotated[bool, typer.Option("--drop-error-responses", help="Leave out records flagged error_tool_response (funreason-mt).")] = False,
    rename_tools: Annotated[bool, typer.Option("--rename-tools", help="Write _ in tool names for what names cannot have (toolace); else such records are refused.")] = False,
    python_literals: Annotated[bool, typer.Option("--python-literals", help="Read Python literals where JSON is expected; else such records are refused.")] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Status 1 when any record was refused.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace what an earlier conversion wrote to OUT.")] = False,
) -> None:  # fmt: skip
    """Convert data between formats; every record that cannot be converted is named with place and reason."""
    from funreason_plugin.converting.running import Job

    job = Job(
        source=source,
        target=target,
        inputs=inputs,
        out=out,
        dataset=dataset,
        prompt_form=prompt_form.value,
        reasoning="full" if reasoning is Reasoning.cot else "none",
        verl_rows=verl_rows.value if verl_rows is not None else None,
        val_share=val_share,
        seed=seed,
        limit=limit,
        drop_error_responses=drop_error_responses,
        rename_tools=rename_tools,
        python_literals=python_literals,
        force=force,
    )
    report = _shown(job)
    report.show(console(), out)
    raise typer.Exit(1 if not report.converted or (strict and report.refused) else 0)


def _shown(job: Job) -> Report:
    """Convert with a progress bar where there is a terminal."""
    from rich.console import Console
    from rich.progress import DownloadColumn, Progress, SpinnerColumn, TextColumn, TransferSpeedColumn

    from funreason_plugin.converting.running import convert as run_job

    terminal = Console(stderr=True)
    if not terminal.is_terminal:
        return run_job(job)
    columns = (SpinnerColumn(), TextColumn("reading"), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=terminal, transient=True) as progress:
        task = progress.add_task("", total=None)
        return run_job(job, lambda size: progress.update(task, completed=size))


if __name__ == "__main__":
    leave(app, "python -m funreason_plugin.convert")
