"""Finished runs over the same rows beside each other: numbers, a table, a plot.

compared = compare([read_run(Path("eval/sft")), read_run(Path("eval/rl"))])
compared.write(Path("eval"))          # comparison.json, comparison.png
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING

from funreason_plugin.errors import UserError
from funreason_plugin.evaluation.groups import Estimate, difference, estimate, outcomes
from funreason_plugin.evaluation.runs import Run

if TYPE_CHECKING:
    from rich.table import Table

__all__ = ["Compared", "compare"]

JSON, PLOT = "comparison.json", "comparison.png"


@dataclass(frozen=True, slots=True)
class Measures:
    """What success hides, of one run: shares of conversations or turns, or means over conversations.

    ``abstention``: of the turns that need no call and were played, the share without one (None: there are none).
    ``errors``: of the calls, the share whose output was an error. ``steps``: responses with calls in a played turn.
    ``unread``, ``cut_off``, ``unfinished``: of the conversations, those with a response that could not be read, one that
    ran over its tokens, too many steps or too much time.
    """

    format: float
    abstention: float | None
    errors: float | None
    steps: float | None
    unread: float
    cut_off: float
    unfinished: float
    prompt_tokens: float
    response_tokens: float
    seconds: float


@dataclass(frozen=True, slots=True)
class Compared:
    """By group, one estimate per run; ``gains`` are the later runs' differences to the first one, paired by row."""

    names: list[str]
    groups: dict[str, list[Estimate]]
    gains: dict[str, list[Estimate]]
    measures: list[Measures]

    def write(self, folder: Path) -> list[Path]:
        """The numbers as JSON and the plot. Raises UserError."""
        try:
            folder.mkdir(parents=True, exist_ok=True)
            path = folder / JSON
            path.write_text(json.dumps(asdict(self), indent=1) + "\n", encoding="utf-8")
            _plot(self, folder / PLOT)
        except OSError as error:
            raise UserError(f"{folder}: {error.strerror}") from None
        return [path, folder / PLOT]

    def tables(self) -> list[Table]:
        """Success by group, and what it hides."""
        from rich.markup import escape
        from rich.table import Table

        table = Table("success, % [95%]", "rows", box=None, pad_edge=False, header_style="bold")
        for name in self.names:
            table.add_column(name, justify="right", overflow="fold")
        for name in self.names[1:]:
            table.add_column(f"{name} - {self.names[0]}", justify="right", overflow="fold")
        for group, found in self.groups.items():
            gains = [_percent(gain, sign=True) for gain in self.gains[group]]
            cells = [group, f"{found[0].rows:,}", *map(_percent, found), *gains]
            table.add_row(*map(escape, cells))
        hidden = Table("beside it", box=None, pad_edge=False, header_style="bold")
        for name in self.names:
            hidden.add_column(name, justify="right", overflow="fold")
        for key, label, scale, digits in _LABELS:
            values = [getattr(measures, key) for measures in self.measures]
            shown = ["-" if value is None else f"{scale * value:,.{digits}f}" for value in values]
            hidden.add_row(label, *shown)
        return [table, hidden]


_LABELS = (
    ("format", "all responses could be read, %", 100, 1),
    ("abstention", "abstained where no call was due, %", 100, 1),
    ("errors", "calls whose output is an error, %", 100, 1),
    ("steps", "responses with calls a turn", 1, 2),
    ("unread", "a response could not be read, %", 100, 1),
    ("cut_off", "a response was cut off, %", 100, 1),
    ("unfinished", "over the steps or the time, %", 100, 1),
    ("prompt_tokens", "prompt tokens a conversation", 1, 0),
    ("response_tokens", "response tokens a conversation", 1, 0),
    ("seconds", "seconds a conversation", 1, 1),
)


def compare(runs: Sequence[Run]) -> Compared:
    """Put finished runs beside each other.

    Raises:
        UserError: one of them is not finished, or they are not over the same rows.
    """
    first = runs[0]
    for run in runs:
        done, total = len(run.conversations), run.settings.total
        if done < total:
            raise UserError(
                f"{run.folder}: half-finished, {done:,} of {total:,} conversations; the command that began it goes on"
            )
        if run.settings.rows != first.settings.rows:
            raise UserError(f"{run.folder}: other rows than {first.folder}; a comparison needs the same file")
    names = [run.name for run in runs]
    if len(set(names)) < len(names):  # one model, sampled in several ways
        names = [f"{run.folder.parent.name}/{run.folder.name}" for run in runs]
    found = [outcomes(run) for run in runs]
    groups = {name: [estimate(one[name]) for one in found] for name in found[0]}
    gains = {name: [difference(found[0][name], one[name]) for one in found[1:]] for name in found[0]}
    return Compared(names, groups, gains, [_measures(run) for run in runs])


def _measures(run: Run) -> Measures:
    done = list(run.conversations.values())
    turns = [turn for one in done for turn in one.turns if turn.stop != "not played"]
    quiet = [not turn.calls for turn in turns if not turn.wants_calls]
    calls = sum(turn.calls for turn in turns)
    stops = [{turn.stop for turn in one.turns} for one in done]
    return Measures(
        format=fmean(one.format for one in done),
        abstention=fmean(quiet) if quiet else None,
        errors=sum(turn.errors for turn in turns) / calls if calls else None,
        steps=fmean(len(turn.steps) for turn in turns) if turns else None,
        unread=fmean("malformed" in stop for stop in stops),
        cut_off=fmean("tokens" in stop for stop in stops),
        unfinished=fmean(bool({"steps", "time"} & stop) for stop in stops),
        prompt_tokens=fmean(one.tokens[0] for one in done),
        response_tokens=fmean(one.tokens[1] for one in done),
        seconds=fmean(one.seconds for one in done),
    )


def _percent(found: Estimate, sign: bool = False) -> str:
    plus = "+" if sign else ""
    return f"{100 * found.mean:{plus}.1f} [{100 * found.low:{plus}.0f}, {100 * found.high:{plus}.0f}]"


def _plot(compared: Compared, path: Path) -> None:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    groups = list(compared.groups)
    count = len(compared.names)
    figure = Figure(figsize=(7, 1.2 + 0.16 * len(groups) * (count + 1)), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    for number, name in enumerate(compared.names):
        found = [compared.groups[group][number] for group in groups]
        means = [100 * one.mean for one in found]
        errors = [
            [100 * max(0.0, one.mean - one.low) for one in found],
            [100 * max(0.0, one.high - one.mean) for one in found],
        ]
        places = [-(index * (count + 1) + number) for index in range(len(groups))]
        axes.errorbar(means, places, xerr=errors, fmt="o", capsize=3, label=name)
    middles = [-(index * (count + 1) + (count - 1) / 2) for index in range(len(groups))]
    rows = [compared.groups[group][0].rows for group in groups]
    axes.set_yticks(middles, [f"{group}  (n={n:,})" for group, n in zip(groups, rows, strict=True)])
    axes.set_xlim(-2, 102)
    axes.set_xlabel("success, % (bootstrap, 95%)")
    axes.grid(axis="x", alpha=0.3)
    axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=min(count, 3), frameon=False)
    figure.savefig(path, dpi=150)
