"""The evaluate command line, thin.

python -m funreason_plugin.evaluate pass-rate out/ --model my-model --base-url http://localhost:8000/v1
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from funreason_plugin.command_line import Group, console, leave
from funreason_plugin.errors import INTERRUPTED, UserError

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from funreason_plugin.evaluation.pass_rate import PassRates


DAY = 86_400.0

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

    with _shown(out) as watch:
        try:
            rates = asyncio.run(run(watch))
        except KeyboardInterrupt:
            raise UserError(
                "interrupted; what was measured is kept, the same command goes on", INTERRUPTED
            ) from None
    out.print(_histogram(rates))
    chosen = select(folder, rates, low, high)
    out.print(
        f"{chosen.path}: {chosen.kept:,} rows; left out {chosen.hard:,} too hard, {chosen.easy:,} too easy, "
        f"{chosen.unmeasured:,} not measured",
        soft_wrap=True,
    )
    out.print(f"{tokens[0]:,} tokens of prompts and {tokens[1]:,} of responses in this run", soft_wrap=True)
    out.print(f"train on them: data.train_files={chosen.path}", soft_wrap=True)


@contextmanager
def _shown(out: Console) -> Iterator[Callable[[int, int], None]]:
    """A bar, or without a terminal a line at every twentieth of the attempts; it is told attempts done and in all."""
    if out.is_terminal:
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

        columns = (TextColumn("playing"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        with Progress(*columns, console=out, transient=True) as progress:
            bar = progress.add_task("attempts", total=None)
            yield lambda done, total: progress.update(bar, completed=done, total=total)
        return
    last = -1
    started = time.monotonic()
    first = 0

    def line(done: int, total: int) -> None:
        nonlocal last, first
        if last < 0:
            first = done
        if total and (part := 20 * done // total) > last:
            last = part
            rate = (done - first) / max(time.monotonic() - started, 1e-9)
            out.print(f"{done:,}/{total:,} attempts, {rate:.1f}/s", soft_wrap=True)

    yield line


def _histogram(rates: PassRates) -> Table:
    """How many rows have which rate."""
    from rich.table import Table

    counts: dict[str, int] = {}
    for row in rates.attempts:
        name = f"{rates.rate(row):.2f}"
        counts[name] = counts.get(name, 0) + 1
    table = Table("pass rate", "rows", box=None, pad_edge=False, header_style="bold")
    for name in sorted(counts):
        table.add_row(name, f"{counts[name]:,}")
    return table


if __name__ == "__main__":
    leave(app, "python -m funreason_plugin.evaluate")
