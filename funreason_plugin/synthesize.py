"""The synthesis command line, thin.

python -m funreason_plugin.synthesize --env travel --env files --num 200 --teacher scripted --out out/
python -m funreason_plugin.synthesize explain out/
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from funreason_plugin.command_line import Command, Group, console, leave

app = typer.Typer(
    cls=Group,
    invoke_without_command=True,
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Synthesise verified multi-turn function-calling data (FunReason-MT).",
    epilog="Every key and its reason: recipes/synthesis.yaml. The same command again resumes an interrupted run.",
)

Env = Annotated[
    list[str],
    typer.Option(
        help="Environment: travel, files, shop, bank, clinic, bfcl, bfcl:CLASS, my_module:MyEnv or "
        "path/to/file.py:MyEnv. Several may follow, or repeat it.",
        metavar="NAME",
        show_default=False,
    ),
]
RunFolder = Annotated[Path, typer.Argument(help="The output folder of a run.", metavar="DIR")]


@app.callback()
def synthesize(
    ctx: typer.Context,
    env: Env = [],
    teacher: Annotated[
        str | None,
        typer.Option(
            help="Who plays the four agents. No default. scripted: embedded, deterministic, no model, no network; "
            "its English is scripted.",
        ),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Output folder; an interrupted run goes on there.")] = None,
    num: Annotated[int | None, typer.Option(help="Trajectories to keep. (default: 200)")] = None,
    turns: Annotated[
        str | None, typer.Option(help="Turns a trajectory. (default: 3-5)", metavar="N|N-M")
    ] = None,
    calls: Annotated[
        str | None, typer.Option(help="Tool calls a turn. (default: 1-5)", metavar="N|N-M")
    ] = None,
    environments_per_trajectory: Annotated[
        str | None, typer.Option(help="Environments a trajectory. (default: 1-2)", metavar="N|N-M")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Same seed, same bytes. (default: 0)")] = None,
    workers: Annotated[
        int | None, typer.Option(help="Processes; the result does not depend on it. (default: 1)")
    ] = None,
    sampler: Annotated[
        str | None, typer.Option(help="directed, or random (the baseline). (default: directed)")
    ] = None,
    k_max: Annotated[int | None, typer.Option(help="Attempts at one turn. (default: 3)")] = None,
    error_rate: Annotated[
        float | None, typer.Option(help="How often the scripted teacher errs on purpose. (default: 0.15)")
    ] = None,
    reasoning: Annotated[
        str | None, typer.Option(help="cot, or none (rows for instruct models). (default: cot)")
    ] = None,
    call_form: Annotated[
        str | None, typer.Option(help="Calls in the rows: hermes or python. (default: hermes)")
    ] = None,
    val_share: Annotated[
        float | None, typer.Option(help="Share of the trajectories for validation. (default: 0.05)")
    ] = None,
    holdout_env: Annotated[
        list[str],
        typer.Option(help="Environments that occur in validation only.", metavar="NAME…", show_default=False),
    ] = [],
    holdout_tools: Annotated[
        list[str],
        typer.Option(help="Tools that occur in validation only.", metavar="NAME…", show_default=False),
    ] = [],
    time_limit: Annotated[
        float | None, typer.Option(help="Seconds a tool call may take. (default: each environment's own, 5)")
    ] = None,
    config: Annotated[
        Path | None, typer.Option(help="YAML with these settings, or a folder's run.yaml; flags win.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would happen; write nothing.")
    ] = False,
) -> None:
    if ctx.invoked_subcommand is not None:
        return
    from funreason_plugin import config as configuration

    flags = {
        name: value
        for name, value in ctx.params.items()
        if name in configuration.SynthesisConfig.model_fields
    }
    settings = configuration.load(config, flags)
    shown = console()
    if dry_run:
        from funreason_plugin.synthesis.preview import preview

        preview(settings, shown)
        return
    from funreason_plugin.synthesis import pipeline
    from funreason_plugin.synthesis.next_steps import report

    raise typer.Exit(report(settings, pipeline.run(settings, shown), shown))


@app.command(cls=Command)
def graph(
    env: Env,
    seed: Annotated[int, typer.Option(help="Seed of the states that the edges are verified on.")] = 0,
    out: Annotated[
        Path, typer.Option(help="Folder for graph.json, graph.graphml, graph.dot and graph.svg.")
    ] = Path("graph"),
) -> None:
    """Infer the tool graph, verify it by execution; a table, and GraphML, DOT and SVG."""
    from funreason_plugin.synthesis.graph_output import graph_command

    graph_command(env, seed, out, console())


@app.command()
def explain(folder: RunFolder) -> None:
    """Why is my accept rate low: the funnel, the commonest rejections, and what to change."""
    from funreason_plugin.synthesis.explain import explain as explain_folder

    explain_folder(folder, console())


@app.command()
def trace(
    folder: RunFolder,
    index: Annotated[int, typer.Option(help="Which trajectory: its index, the line in the file minus one.")],
    full: Annotated[bool, typer.Option("--full", help="Print long prompts whole.")] = False,
) -> None:
    """How one trajectory came about: every prompt, attempt and state difference; it is made again."""
    from funreason_plugin.synthesis.remake import trace as trace_slot

    trace_slot(folder, index, console(), full)


@app.command()
def show(
    folder: RunFolder,
    index: Annotated[int, typer.Option(help="Which trajectory.")] = 0,
    turns: Annotated[int | None, typer.Option(help="Only the first turns.")] = None,
) -> None:
    """One trajectory in colour, as a model will see it."""
    from funreason_plugin.synthesis.show import show_one

    show_one(folder, index, console(), turns)


if __name__ == "__main__":
    leave(app, "python -m funreason_plugin.synthesize")
