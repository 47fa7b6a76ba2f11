"""``--estimate N``: make N trajectories, and say what all of ``--num`` will cost, with an interval.

    found = estimate(config, 20, console)
    found.rows["cost"].low, found.rows["cost"].high        # 95% interval for config.num trajectories

The N are the first slots of the real run: they are kept, and the same command with more goes on after them. A slot's
cost has its rejected attempts in it. Intervals come from resampling slots (bootstrap, 2,000 times, seeded); they say how
much slots differ, not that prices, the server or the model may change.
"""

from __future__ import annotations

import math
import os
import shlex
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Final

from rich.console import Console
from rich.table import Table

from funreason_plugin.config import SynthesisConfig
from funreason_plugin.errors import INTERRUPTED, UserError
from funreason_plugin.synthesis.account import Spent
from funreason_plugin.synthesis.folder import GRAPH, RUN, TRAJECTORIES
from funreason_plugin.synthesis.ledger import LEDGER, Ledger
from funreason_plugin.synthesis.summary_table import money, short, span

if TYPE_CHECKING:
    from funreason_plugin.synthesis.summary import Summary

__all__ = ["Estimate", "Row", "estimate", "extrapolate"]

RESAMPLES: Final = 2000
_NORMAL: Final = 1.959964  # 97.5th percentile


@dataclass(frozen=True, slots=True)
class Row:
    """One quantity for the whole run. Without an interval, ``low`` and ``high`` are None."""

    mean: float
    low: float | None = None
    high: float | None = None


@dataclass(slots=True)
class Estimate:
    """What `Estimate.num` trajectories take, from a sample of ``kept``."""

    num: int
    kept: int
    rows: dict[str, Row] = field(default_factory=dict)
    """requests, input_tokens, output_tokens, cost (where there are prices), bytes."""
    seconds: tuple[float, float] | None = None
    """From all places of the servers in use, to no faster than the sample; None where nothing was made this time."""
    notes: list[str] = field(default_factory=list)


def estimate(config: SynthesisConfig, count: int, console: Console) -> Estimate:
    """Make ``count`` trajectories in ``config.out`` and print what ``config.num`` will take.

    Raises:
        UserError: ``count`` is below 2 or not below ``config.num``; or the sample ended early (what it says is
            printed, if two were kept).
    """
    from funreason_plugin.synthesis import pipeline

    if count < 2:
        raise UserError(
            f"--estimate {count}: how much slots differ is not to be seen in fewer than 2; try 20"
        )
    if count >= config.num:
        raise UserError(f"--estimate {count}: --num {config.num} is not more than that; leave out --estimate")
    folder = Path(config.out)
    sample = min(max(count, _kept(folder)), config.num)
    summary = pipeline.run(config.model_copy(update={"num": sample}), console)
    if summary.stopped == "interrupted":
        raise UserError(
            f"interrupted: {summary.kept} trajectories are safe in {folder}; the same command goes on from there",
            INTERRUPTED,
        )
    if summary.kept < 2:
        raise UserError(f"--estimate: {summary.kept} kept, at least 2 are needed: {summary.stopped}")
    found = _measure(config, folder, summary)
    _print(config, found, console)
    if summary.stopped:
        raise UserError(f"the sample ended early, with {summary.kept} of {sample}: {summary.stopped}")
    return found


def _kept(folder: Path) -> int:
    try:
        with (folder / TRAJECTORIES).open("rb") as file:
            return sum(line.endswith(b"\n") for line in file)
    except OSError:
        return 0


# -- sums -------------------------------------------------------------------------------------------------


def _measure(config: SynthesisConfig, folder: Path, summary: Summary) -> Estimate:
    kept = summary.kept
    found = Estimate(config.num, kept)
    series: dict[str, list[float]] = {}
    slots: list[Spent] = []
    if config.model_agents:
        models: dict[str, str] = {agent: config.agent(agent).model for agent in config.model_agents}
        ledger = Ledger(folder / LEDGER, config.prices, config.currency, models, read_only=True)
        per_slot = ledger.per_slot()
        slots = [per_slot.get(slot, Spent()) for slot in range(kept)]
        for name in ("requests", "input_tokens", "output_tokens"):
            series[name] = [float(getattr(spent, name)) for spent in slots]
        costs = [spent.cost for spent in slots if spent.cost is not None]
        if ledger.priced and len(costs) == kept:
            series["cost"] = costs
        if replayed := summary.ledger.get("total", {}).get("replayed", 0):
            found.notes.append(
                f"{replayed:,} replies came from the cache and cost nothing: what they would cost is not in here. "
                "For an estimate as if there were no cache, give another --cache and another --out."
            )
    lines = _line_sizes(folder / TRAJECTORIES)[:kept]
    written = sum(
        path.stat().st_size for path in folder.rglob("*") if path.is_file() and path.name not in (GRAPH, RUN)
    )
    series["bytes"] = [size * written / max(sum(lines), 1) for size in lines]
    found.rows = extrapolate(series, config.num)
    found.seconds = _seconds(config, summary, slots)
    return found


def _line_sizes(path: Path) -> list[int]:
    with path.open("rb") as file:
        return [len(line) for line in file]


def _seconds(config: SynthesisConfig, summary: Summary, slots: Sequence[Spent]) -> tuple[float, float] | None:
    made = summary.kept - summary.resumed_at
    if made < 1 or not summary.seconds or summary.stopped:
        return None
    slow = summary.seconds * config.num / made
    if not slots:
        return slow, slow
    servers = {
        (agent.teacher, agent.base_url, agent.api_key_env): agent.concurrency
        for agent in map(config.agent, config.model_agents)
    }
    busy = sum(spent.seconds for spent in slots) / len(slots)
    longest = max(spent.seconds for spent in slots)
    fast = (
        busy * config.num / max(sum(servers.values()), 1) + longest
    )  # the last slots have nobody beside them
    return min(fast, slow), slow


def extrapolate(series: dict[str, list[float]], num: int, seed: int = 0) -> dict[str, Row]:
    """Totals for ``num`` slots from a value for each of the first slots, with 95% intervals.

    Slots are drawn with replacement, the same ones for all quantities. A plain percentile interval is too narrow for
    few slots; it is widened by what Student's t has over the normal distribution (Hesterberg 2015, section 5).
    """
    count = len(next(iter(series.values())))
    rng = Random(seed)
    draws = [rng.choices(range(count), k=count) for _ in range(RESAMPLES)]
    wider = _student(count - 1) / _NORMAL * math.sqrt(count / (count - 1))
    rows = {}
    for name, values in series.items():
        known, mean = sum(values), sum(values) / count
        means = sorted(sum(values[place] for place in draw) / count for draw in draws)
        low, high = means[int(0.025 * RESAMPLES)], means[int(0.975 * RESAMPLES) - 1]
        rest = num - count
        rows[name] = Row(
            known + rest * mean,
            known + rest * max(mean - wider * (mean - low), 0.0),
            known + rest * (mean + wider * (high - mean)),
        )
    return rows


def _student(freedom: int) -> float:
    """97.5th percentile of Student's t (Cornish and Fisher's expansion; 3% low for 2 degrees of freedom, 1% for 3)."""
    z, n = _NORMAL, freedom
    if n == 1:
        return 12.706
    return (
        z
        + (z**3 + z) / (4 * n)
        + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * n**2)
        + (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / (384 * n**3)
    )


# -- table ------------------------------------------------------------------------------------------------


def _print(config: SynthesisConfig, found: Estimate, console: Console) -> None:
    table = Table(
        title=f"\nEstimate for {found.num:,} trajectories, from {found.kept}", title_justify="left", box=None
    )
    for name in ("", "expected", "95% interval"):
        table.add_column(name, justify="right" if name else "left")
    kinds = {
        "cost": (f"cost ({config.currency})", money),
        "requests": ("requests", short),
        "input_tokens": ("input tokens", short),
        "output_tokens": ("output tokens", short),
        "bytes": ("on disk", _size),
    }
    for name, (title, say) in kinds.items():
        if name in found.rows:
            row = found.rows[name]
            interval = "" if row.low is None or row.high is None else f"{say(row.low)} to {say(row.high)}"
            table.add_row(title, say(row.mean), interval)
    if "cost" in found.rows:
        table.add_row("cost of one", money(found.rows["cost"].mean / found.num), "")
    if found.seconds is not None:
        low, high = map(span, found.seconds)
        table.add_row("time", low if low == high else f"{low} to {high}", "" if low == high else "see below")
    console.print(table)
    for note in [*_time_notes(config, found), *found.notes]:
        console.print(note, style="dim", soft_wrap=True)
    if config.model_agents and "cost" not in found.rows:
        console.print(
            "No cost: the configuration has no prices for these models.", style="dim", soft_wrap=True
        )
    command = ["python", "-m", "funreason_plugin.synthesize", "--config", os.path.join(config.out, RUN)]
    command += ["--out", os.fspath(config.out), "--num", str(config.num)]
    console.print(
        f"\nThe {found.kept} are kept and count. To go on:\n  {shlex.join(command)}", soft_wrap=True
    )


def _time_notes(config: SynthesisConfig, found: Estimate) -> list[str]:
    if found.seconds is None:
        return ["No time: too little was made in this call of the command."]
    if not config.model_agents:
        return ["The time has the start of the processes in it, which a longer run spreads over more."]
    return [
        "The time is a range and no interval: the shorter holds if all places of the servers are in use and replies "
        f"come as fast as now, the longer if nothing gets faster than with {found.kept} trajectories, which begin and "
        "end with few requests in flight."
    ]


def _size(count: float) -> str:
    return f"{short(count)}B"
