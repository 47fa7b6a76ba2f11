"""`check rl`: everything together, with a progress bar and a table."""

from __future__ import annotations

import statistics
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from funreason_plugin.errors import UserError
from funreason_plugin.rl.preflight import recipe as recipes
from funreason_plugin.rl.preflight import registration
from funreason_plugin.rl.preflight.lengths import Lengths, lengths_of
from funreason_plugin.rl.preflight.rows import Findings, Limits, count_rows, look_at
from funreason_plugin.rl.settings import Settings

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["check_rl"]

FILES = ("train", "val")


def check_rl(
    folder: Path,
    recipe: Path,
    console: Console,
    *,
    overrides: Sequence[str] = (),
    tokenizer: str | None = None,
    limit: int | None = None,
    ray: bool = True,
) -> bool:
    """Check and print; whether `main_ppo` with this recipe would train on this folder's rows as they are.

    Raises:
        UserError: folder, recipe or tokenizer cannot be read at all.
    """
    warnings.filterwarnings("ignore", module=r"verl\.|ray\.")  # of engines that nobody asked for
    paths = [folder / "verl" / f"{name}.parquet" for name in FILES]
    if not paths[0].is_file():
        raise UserError(
            f"{paths[0]}: no such file; expected a folder that synthesize or convert --to verl wrote"
        )
    config = recipes.compose_recipe(recipe, overrides)
    config.data.train_files, config.data.val_files = (str(path.resolve()) for path in paths)
    settings = Settings.of(config)
    problems = list(recipes.problems(config, settings))
    limits = recipes.limits_of(config)
    name = tokenizer or recipes.tokenizer_of(config)
    lengths, unread = lengths_of(name, tokenizer is not None)
    found = []
    for path in paths:
        if path.is_file():
            found.append(_look(path, settings, limits, lengths, limit, console))
        else:
            problems.append(f"{path}: no such file; without it there is no validation (val_files)")
    sources = list(dict.fromkeys(source for part in found for source in part.sources))
    problems += [text for part in found for text in _lines(part)]
    here = registration.problems(sources)
    problems += here
    if ray and not here:
        problems += registration.in_ray(sources, config)
    _show(console, found, limits, unread)
    batch = int(config.data.train_batch_size)
    if found and found[0].rows < batch and limit is None:
        problems.append(f"{paths[0]}: {found[0].rows} rows, data.train_batch_size is {batch}: not one step")
    _plan(console, config, settings, found, batch)
    for text in problems:
        console.print(f"[red]✗[/red] {escape(text)}", soft_wrap=True, highlight=False)
    if not problems:
        where = "here and in a Ray worker" if ray else "here"
        console.print(
            f"[green]✓[/green] the plugin is registered {where}; every row can be played and judged",
            soft_wrap=True,
        )
    return not problems


def _look(
    path: Path,
    settings: Settings,
    limits: Limits,
    lengths: Lengths | None,
    limit: int | None,
    console: Console,
) -> Findings:
    total = count_rows(path)
    columns = (TextColumn(path.name), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as progress:
        task = progress.add_task("rows", total=min(total, limit or total))
        return look_at(
            path,
            settings,
            limits,
            lengths,
            limit=limit,
            watch=lambda done: progress.update(task, completed=done),
        )


def _lines(found: Findings) -> list[str]:
    return [
        f"{first}" + (f" (and {count - 1:,} more rows like it)" if count > 1 else "")
        for count, first in found.problems.values()
    ]


def _show(console: Console, found: Sequence[Findings], limits: Limits, unread: str) -> None:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("")
    for part in found:
        table.add_column(part.path.name, justify="right", overflow="fold")
    lines: dict[str, Callable[[Findings], str]] = {
        "rows": lambda part: f"{part.rows:,}",
        "kinds": lambda part: _counts(part.kinds),
        "environments": lambda part: _counts(part.environments),
        "turns": lambda part: _span(part.turns),
        "prompt tokens": lambda part: _span(part.prompts),
        "truth after it": lambda part: _span(part.after),
    }
    for name, value in lines.items():
        table.add_row(name, *map(value, found))
    console.print(table)
    if unread:
        console.print(f"[yellow]{escape(unread)}[/yellow]", soft_wrap=True)
    else:
        console.print(
            f"[dim]limits: prompt {limits.prompt:,}, response {limits.response:,}, both {limits.total or '-'}[/dim]"
        )


def _counts(values: dict[str, int]) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in values.items())


def _span(values: Sequence[int]) -> str:
    """Median and largest."""
    return f"{statistics.median(values):,.0f} (≤ {max(values):,})" if values else "-"


def _plan(console: Console, config: Any, settings: Settings, found: Sequence[Findings], batch: int) -> None:
    """What a step is, in numbers, so that nobody learns it from the bill."""
    rows = found[0].rows if found else 0
    rollouts = batch * int(config.actor_rollout_ref.rollout.n)
    steps = rows // batch * int(config.trainer.total_epochs)
    if config.trainer.total_training_steps:
        steps = int(config.trainer.total_training_steps)
    per = found[0].responses / rows if rows else 0.0
    updated = rollouts * (per if settings.history_reasoning == "drop" else 1)
    console.print(
        f"{steps:,} steps; a step plays {rollouts:,} conversations (about {rollouts * per:,.0f} responses, if as many as the "
        f"truth's) and updates on about {updated:,.0f} sequences; reward {settings.reward.mode}, "
        f"history_reasoning {settings.history_reasoning}, EGPO weight {settings.egpo.weight:g}",
        soft_wrap=True,
    )
