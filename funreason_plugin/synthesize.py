"""The synthesis command line, thin.

python -m funreason_plugin.synthesize --env travel --env files --num 200 --teacher scripted --out out/
python -m funreason_plugin.synthesize explain out/
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from funreason_plugin.command_line import Command, Group, console, leave
from funreason_plugin.synthesis.run_options import (
    DATA,
    ENVIRONMENTS,
    LIMITS,
    PLACES,
    PROMPTS,
    RUN,
    TEACHERS,
    Against,
    Duplicates,
    FailOnContamination,
    Like,
    OneAgent,
    option,
)

app = typer.Typer(
    cls=Group,
    invoke_without_command=True,
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Synthesise verified multi-turn function-calling data (FunReason-MT).",
    epilog="Every key and its reason: recipes/synthesis.yaml. The same command again resumes an interrupted run.",
)

RunFolder = Annotated[Path, typer.Argument(help="The output folder of a run.", metavar="DIR")]


@app.callback()
def synthesize(
    ctx: typer.Context,
    env: Annotated[list[str], option(DATA, ENVIRONMENTS, metavar="NAME…")] = [],
    allow_writes: Annotated[
        bool, option(DATA, "Offer the tools of mcp: and openapi: that write.", "--allow-writes")
    ] = False,
    num: Annotated[int | None, option(DATA, "Trajectories to keep. (default: 200)")] = None,
    out: Annotated[Path | None, option(DATA, "Output folder; an interrupted run goes on there.")] = None,
    turns: Annotated[str | None, option(DATA, "Turns a trajectory. (default: 3-5)", metavar="N|N-M")] = None,
    calls: Annotated[str | None, option(DATA, "Tool calls a turn. (default: 1-5)", metavar="N|N-M")] = None,
    environments_per_trajectory: Annotated[
        str | None, option(DATA, "Environments a trajectory. (default: 1-2)", metavar="N|N-M")
    ] = None,
    variant: Annotated[
        list[str],
        option(
            DATA,
            "Share of the trajectories with a turn of a variant: miss_func=0.1, miss_param=0.1, irrelevance=0.1, "
            "distractors=0.1, follow_up=0.1, error_recovery=0.1, long_context=0.1. Several may follow. (default: none)",
            metavar="NAME=N…",
        ),
    ] = [],
    like: Like = None,
    context_tokens: Annotated[
        list[str], option(DATA, "Of long_context, in turn. (default: [8000, 32000])", metavar="N…")
    ] = [],
    seed: Annotated[int | None, option(DATA, "Same seed, same bytes. (default: 0)")] = None,
    sampler: Annotated[
        str | None, option(DATA, "directed, or random (the baseline). (default: directed)")
    ] = None,
    queries: Annotated[
        str | None,
        option(DATA, "hard (the outcome), or stepwise (every call; the baseline). (default: hard)"),
    ] = None,
    duplicates: Duplicates = None,
    against: Against = [],
    fail_on_contamination: FailOnContamination = None,
    k_max: Annotated[int | None, option(DATA, "Attempts at one turn. (default: 3)")] = None,
    error_rate: Annotated[
        float | None, option(DATA, "How often the scripted teacher errs on purpose. (default: 0.15)")
    ] = None,
    reasoning: Annotated[
        str | None, option(DATA, "cot, or none (rows for instruct models). (default: cot)")
    ] = None,
    prompt_form: Annotated[
        str | None, option(DATA, "Rows written as: hermes, funreason or card. (default: hermes)")
    ] = None,
    verl_rows: Annotated[
        str | None,
        option(DATA, "Rows for verl: trajectory (played whole), response, or both. (default: trajectory)"),
    ] = None,
    val_share: Annotated[
        float | None, option(DATA, "Share of the trajectories for validation. (default: 0.05)")
    ] = None,
    holdout_env: Annotated[
        list[str], option(DATA, "Environments that occur in validation only.", metavar="NAME…")
    ] = [],
    holdout_tools: Annotated[
        list[str], option(DATA, "Tools that occur in validation only.", metavar="NAME…")
    ] = [],
    teacher: Annotated[
        str | None,
        option(
            TEACHERS,
            "Who plays the four agents. No default. scripted: embedded, deterministic, no model, no network; its "
            "English is scripted. openai: a server that speaks OpenAI's protocol (vLLM, SGLang, hosted). vllm: the "
            "engine in this process (extra vllm).",
            metavar="scripted|openai|vllm",
        ),
    ] = None,
    model: Annotated[
        str | None, option(TEACHERS, "The model, as its server names it: Qwen/Qwen3-32B.", metavar="NAME")
    ] = None,
    base_url: Annotated[
        str | None,
        option(TEACHERS, "The server, e.g. http://localhost:8000/v1. (default: OpenAI's)", metavar="URL"),
    ] = None,
    api_key_env: Annotated[
        str | None,
        option(
            TEACHERS,
            "Environment variable that has the key; the key itself is never given. (default: OPENAI_API_KEY)",
            metavar="NAME",
        ),
    ] = None,
    agent: OneAgent = [],
    prompts: Annotated[
        Path | None, option(PROMPTS, "Folder whose AGENT.j2 files replace ours.", metavar="DIR")
    ] = None,
    query_examples: Annotated[
        Path | None,
        option(PROMPTS, "Real queries that A_Q is shown: a line each, or JSONL.", metavar="FILE"),
    ] = None,
    redact: Annotated[
        str | None,
        option(
            PROMPTS, "Sees every text before cache, logs and files do.", metavar="MODULE|FILE.py:FUNCTION"
        ),
    ] = None,
    concurrency: Annotated[
        int | None, option(LIMITS, "Requests in flight at one server. (default: 32)", metavar="N")
    ] = None,
    budget: Annotated[
        float | None,
        option(LIMITS, "Stop cleanly when this is spent; needs prices in --config.", metavar="AMOUNT"),
    ] = None,
    max_tokens: Annotated[
        int | None, option(LIMITS, "Stop cleanly after these tokens, input and output.", metavar="N")
    ] = None,
    request_time_limit: Annotated[
        float | None, option(LIMITS, "Seconds a request may take. (default: 300)", metavar="SECONDS")
    ] = None,
    retries: Annotated[
        int | None, option(LIMITS, "Times that a failed request is sent again. (default: 8)", metavar="N")
    ] = None,
    trajectory_time_limit: Annotated[
        float | None,
        option(LIMITS, "Seconds an attempt at a trajectory may take. (default: 3600)", metavar="SECONDS"),
    ] = None,
    time_limit: Annotated[
        float | None,
        option(LIMITS, "Seconds a tool call may take. (default: each environment's own, 5)"),
    ] = None,
    workers: Annotated[
        int | None, option(PLACES, "Processes; the result does not depend on it. (default: 1)")
    ] = None,
    executor: Annotated[
        str | None,
        option(PLACES, "ray: the workers of a Ray cluster. (default: local)", metavar="local|ray"),
    ] = None,
    ray_address: Annotated[
        str | None,
        option(PLACES, "An existing cluster: auto, ray://HOST:10001. (default: started here)"),
    ] = None,
    cache: Annotated[
        Path | None,
        option(PLACES, "Folder of the models' replies. (default: ~/.cache/funreason)", metavar="DIR"),
    ] = None,
    cache_size: Annotated[
        float | None,
        option(PLACES, "What the cache may grow to; then the longest unused go. (default: 10)", metavar="GB"),
    ] = None,
    no_cache: Annotated[
        bool | None, option(PLACES, "Neither read nor write the cache.", "--no-cache")
    ] = None,
    config: Annotated[
        Path | None,
        option(RUN, "YAML with these settings, or a folder's run.yaml; flags win.", metavar="FILE"),
    ] = None,
    dry_run: Annotated[
        bool, option(RUN, "Show what would happen; write and send nothing.", "--dry-run")
    ] = False,
    estimate: Annotated[
        int | None,
        option(RUN, "Make N trajectories, say what --num would cost, with an interval.", metavar="N"),
    ] = None,
) -> None:
    if ctx.invoked_subcommand is not None:
        return
    from funreason_plugin import config as configuration
    from funreason_plugin.environments.external.names import with_writes
    from funreason_plugin.errors import UserError
    from funreason_plugin.teacher_config import agents_of
    from funreason_plugin.variant_config import shares_of

    if dry_run and estimate is not None:
        raise UserError("--dry-run sends nothing and --estimate does; give one of them")
    flags = {
        name: value
        for name, value in ctx.params.items()
        if name in configuration.SynthesisConfig.model_fields
    }
    settings = configuration.load(
        config, {**flags, "agents": agents_of(agent), "variants": shares_of(variant)}
    )
    from funreason_plugin.synthesis.likeness import said, shaped

    settings = shaped(settings)
    if allow_writes:
        settings = settings.model_copy(update={"env": with_writes(settings.env)})
    shown = console()
    if line := said(settings):
        shown.print(line, markup=False, soft_wrap=True)
    if dry_run:
        from funreason_plugin.synthesis.preview import preview

        preview(settings, shown)
        return
    if estimate is not None:
        from funreason_plugin.synthesis.estimate import estimate as extrapolate

        extrapolate(settings, estimate, shown)
        return
    from funreason_plugin.synthesis import pipeline
    from funreason_plugin.synthesis.next_steps import report

    raise typer.Exit(report(settings, pipeline.run(settings, shown), shown))


@app.command(cls=Command)
def graph(
    env: Annotated[list[str], option(None, ENVIRONMENTS, metavar="NAME…")],
    seed: Annotated[int, typer.Option(help="Seed of the states that the edges are verified on.")] = 0,
    out: Annotated[
        Path, typer.Option(help="Folder for graph.json, graph.graphml, graph.dot and graph.svg.")
    ] = Path("graph"),
    allow_writes: Annotated[
        bool, typer.Option("--allow-writes", help="Offer the tools of mcp: and openapi: that write.")
    ] = False,
) -> None:
    """Infer the tool graph, verify it by execution; a table, and GraphML, DOT and SVG."""
    from funreason_plugin.environments.external.names import with_writes
    from funreason_plugin.synthesis.graph_output import graph_command

    graph_command(with_writes(env) if allow_writes else env, seed, out, console())


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
