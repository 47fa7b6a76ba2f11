"""The evaluate command line, thin.

python -m funreason_plugin.evaluate env out/verl/val.parquet --model my-model --base-url http://localhost:8000/v1
python -m funreason_plugin.evaluate compare eval/sft eval/rl
python -m funreason_plugin.evaluate bfcl --model my-model --base-url http://localhost:8000/v1 --tokenizer saves/my-model
python -m funreason_plugin.evaluate pass-rate out/ --model my-model --base-url http://localhost:8000/v1
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from funreason_plugin.command_line import Group, console, leave
from funreason_plugin.errors import INTERRUPTED, UserError
from funreason_plugin.evaluation.shown import (
    show_by_eye,
    show_compared,
    show_costs,
    show_histogram,
    shown_progress,
)
from funreason_plugin.rendering import PromptForm

if TYPE_CHECKING:
    from funreason_plugin.evaluation.pass_rate import PassRates
    from funreason_plugin.evaluation.runs import Run


_T = TypeVar("_T")
HOUR, DAY = 3_600.0, 86_400.0

app = typer.Typer(
    cls=Group,
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Measure a served model on tasks that are executed.",
)


@app.callback()
def _commands() -> None:
    """Measure a served model on tasks that are executed."""


def _finished(work: Coroutine[Any, Any, _T], done: str) -> _T:
    """Run it to its end. Ctrl-C becomes a UserError: what was ``done`` is in files."""
    try:
        return asyncio.run(work)
    except KeyboardInterrupt:
        raise UserError(
            f"interrupted; what was {done} is kept, the same command goes on", INTERRUPTED
        ) from None


@app.command("env")
def env(
    rows: Annotated[
        Path, typer.Argument(help="Rows that synthesize or convert wrote for verl.", metavar="PARQUET")
    ],
    model: Annotated[
        list[str], typer.Option(help="The model's name at the server; repeat it.", metavar="NAME")
    ],
    base_url: Annotated[
        list[str],
        typer.Option(help="An OpenAI-compatible server; one for all models, or one each.", metavar="URL"),
    ],
    out: Annotated[Path, typer.Option(help="A folder for each model is made in it.", metavar="DIR")] = Path(
        "eval"
    ),
    n: Annotated[int, typer.Option("-n", "--n", help="Attempts at each row.", min=1)] = 1,
    limit: Annotated[int | None, typer.Option(help="The first rows only.", min=1)] = None,
    concurrency: Annotated[int, typer.Option(help="Conversations at a time.", min=1)] = 64,
    temperature: Annotated[float, typer.Option(min=0)] = 0.7,
    top_p: Annotated[float, typer.Option(min=0, max=1)] = 1.0,
    max_tokens: Annotated[int, typer.Option(help="Most tokens of one response.", min=1)] = 4096,
    thinking: Annotated[bool, typer.Option(help="Prompts that open a thought.")] = True,
    seconds: Annotated[float, typer.Option(help="Longest conversation; what is over it fails.", min=1)] = DAY,
    by_eye: Annotated[
        int, typer.Option(help="Show so many failures of each model as conversations.", min=0)
    ] = 0,
) -> None:
    """Success on held-out rows: played against live tools and judged as the reward judges.

    Every conversation is written as it ends; a run that was stopped goes on.
    """
    from funreason_plugin.conversation import Limits
    from funreason_plugin.evaluation.comparison import compare as compared
    from funreason_plugin.evaluation.heldout import Play, Rows, play_rows, settings
    from funreason_plugin.evaluation.runs import folder_name, open_run
    from funreason_plugin.evaluation.served import Sampling, Served

    if len(base_url) not in (1, len(model)):
        raise UserError(f"--base-url is given {len(base_url)} times; expected once, or once for each --model")
    if len({folder_name(name) for name in model}) < len(model):
        raise UserError(
            "--model: each name once; for other settings of one model give another --out, then compare"
        )
    urls = base_url if len(base_url) == len(model) else base_url * len(model)
    read = Rows.read(rows, limit)
    play = Play(n, concurrency, thinking, Limits(seconds=seconds))
    sampling = Sampling(temperature, top_p, max_tokens)
    shown = console()

    async def run() -> list[Run]:
        async with AsyncExitStack() as stack:
            runs = []
            servers = [
                await stack.enter_async_context(Served(url, name, sampling))
                for name, url in zip(model, urls, strict=True)
            ]
            for served in servers:  # nothing is played before all of them answer
                begun = open_run(
                    out / folder_name(served.model), settings(read, served.model, sampling, play)
                )
                if len(begun.conversations) < begun.settings.total:
                    await served.check()
            for served in servers:
                with shown_progress(shown, "conversations") as watch:
                    runs.append(await play_rows(read, served, out / folder_name(served.model), play, watch))
                show_costs(shown, served)
            return runs

    runs = _finished(run(), "played")
    show_compared(shown, compared(runs), out)
    show_by_eye(shown, runs, by_eye)


@app.command("compare")
def compare(
    runs: Annotated[list[Path], typer.Argument(help="Folders of runs over the same rows.", metavar="RUN…")],
    out: Annotated[Path, typer.Option(help="For comparison.json and comparison.png.", metavar="DIR")] = Path(
        "."
    ),
    by_eye: Annotated[int, typer.Option(help="Show so many failures of each run.", min=0)] = 0,
) -> None:
    """Finished runs of `env` beside each other, the later ones also as differences to the first."""
    from funreason_plugin.evaluation.comparison import compare as compared
    from funreason_plugin.evaluation.runs import read_run

    read = [read_run(folder) for folder in runs]
    shown = console()
    show_compared(shown, compared(read), out)
    show_by_eye(shown, read, by_eye)


@app.command("bfcl")
def bfcl(
    model: Annotated[str, typer.Option(help="The model's name at the server.", metavar="NAME")],
    base_url: Annotated[str, typer.Option(help="An OpenAI-compatible server.", metavar="URL")],
    tokenizer: Annotated[
        Path, typer.Option(help="The model's folder, or its tokenizer.json.", metavar="PATH")
    ],
    categories: Annotated[
        list[str] | None,
        typer.Option(help="BFCL's categories and groups. (default: multi_turn)", metavar="NAME…"),
    ] = None,
    ids: Annotated[list[str] | None, typer.Option(help="These entries only.", metavar="ID…")] = None,
    out: Annotated[Path, typer.Option(help="bfcl-eval's result and score folders.", metavar="DIR")] = Path(
        "bfcl"
    ),
    form: Annotated[PromptForm, typer.Option(help="The prompt form that the model was trained in.")] = "card",
    concurrency: Annotated[int, typer.Option(help="Entries at a time.", min=1)] = 64,
    temperature: Annotated[float, typer.Option(min=0)] = 0.7,
    top_p: Annotated[float, typer.Option(min=0, max=1)] = 0.7,
    max_tokens: Annotated[int, typer.Option(help="Most tokens of one response.", min=1)] = 20_000,
    context: Annotated[int, typer.Option(help="Tokens of a prompt and its response.", min=1)] = 247_000,
    thinking: Annotated[bool, typer.Option(help="Prompts that open a thought.")] = True,
) -> None:
    """BFCL's own scores of a served model, beside the paper's, and what they hide.

    The installed bfcl-eval plays and judges; every entry is written as it ends; a run that was stopped goes on.
    """
    from funreason_plugin.environments.bfcl.package import version
    from funreason_plugin.evaluation.bfcl.generate import BfclRun, Settings, chosen, generate
    from funreason_plugin.evaluation.bfcl.package import load
    from funreason_plugin.evaluation.bfcl.scores import score, tables, write
    from funreason_plugin.evaluation.bfcl.tokenizer import Tokenizer
    from funreason_plugin.evaluation.served import Sampling, Served

    counted = Tokenizer(tokenizer)
    theirs = load()
    entries = chosen(theirs, categories or ([] if ids else ["multi_turn"]), ids or [])
    settings = Settings(model, form, thinking, temperature, top_p, max_tokens, context, version())
    run = BfclRun(theirs, out, settings, entries)
    run.begin()
    shown = console()

    async def play() -> None:
        async with Served(base_url, model, Sampling(temperature, top_p, max_tokens), patience=HOUR) as served:
            await served.check()
            if served.context is not None and served.context < context:
                raise UserError(
                    f"--context {context}: the server's model has {served.context} tokens, and refuses what asks for "
                    f"more; give --context {served.context}"
                )
            with shown_progress(shown, "entries") as watch:
                await generate(run, served, counted, concurrency, watch)
            show_costs(shown, served)

    if run.missing():
        _finished(play(), "played")
    found = score(run)
    for table in tables(found, model):
        shown.print(table)
        shown.print()
    shown.print(f"written: {run.results}, {run.scores}, {write(found, out)}", soft_wrap=True, markup=False)


@app.command("pass-rate")
def pass_rate(
    folder: Annotated[Path, typer.Argument(help="A folder with verl/train.parquet.", metavar="DIR")],
    model: Annotated[str, typer.Option(help="The model's name at the server.", metavar="NAME")],
    base_url: Annotated[str, typer.Option(help="An OpenAI-compatible server.", metavar="URL")],
    n: Annotated[int, typer.Option("-n", "--n", help="Attempts at each row.", min=1)] = 8,
    low: Annotated[float, typer.Option(help="Rows with a lower rate are left out.", min=0, max=1)] = 0.01,
    high: Annotated[float, typer.Option(help="Rows with a higher rate are left out.", min=0, max=1)] = 0.99,
    limit: Annotated[int | None, typer.Option(help="The first rows only.", min=1)] = None,
    concurrency: Annotated[int, typer.Option(help="Conversations at a time.", min=1)] = 64,
    temperature: Annotated[float, typer.Option(help="As in training.", min=0)] = 0.7,
    top_p: Annotated[float, typer.Option(help="As in training.", min=0, max=1)] = 1.0,
    max_tokens: Annotated[int, typer.Option(help="Most tokens of one response.", min=1)] = 4096,
    thinking: Annotated[bool, typer.Option(help="Prompts that open a thought.")] = True,
) -> None:
    """How often the model passes each training row; writes the rows that are neither too hard nor too easy.

    A second run goes on where the first one stopped.
    """
    from funreason_plugin.conversation import Limits
    from funreason_plugin.evaluation.pass_rate import measure, select
    from funreason_plugin.evaluation.served import Sampling, Served

    if low > high:
        raise UserError(f"--low {low:g} is above --high {high:g}")
    out = console()
    tokens = [0, 0]

    async def run(watch: Callable[[int, int], None]) -> PassRates:
        async with Served(base_url, model, Sampling(temperature, top_p, max_tokens)) as served:
            try:
                return await measure(
                    folder,
                    served,
                    n,
                    limits=Limits(seconds=DAY),  # a slow server is no fault of the model's
                    concurrency=concurrency,
                    thinking=thinking,
                    limit=limit,
                    watch=watch,
                )
            finally:
                tokens[:] = served.tokens

    with shown_progress(out, "attempts") as watch:
        rates = _finished(run(watch), "measured")
    show_histogram(out, rates)
    chosen = select(folder, rates, low, high)
    out.print(
        f"{chosen.path}: {chosen.kept:,} rows; left out {chosen.hard:,} too hard, {chosen.easy:,} too easy, "
        f"{chosen.unmeasured:,} not measured",
        soft_wrap=True,
    )
    out.print(f"{tokens[0]:,} tokens of prompts and {tokens[1]:,} of responses in this run", soft_wrap=True)
    out.print(f"train on them: data.train_files={chosen.path}", soft_wrap=True)


if __name__ == "__main__":
    leave(app, "python -m funreason_plugin.evaluate")
