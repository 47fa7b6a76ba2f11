"""How often a model passes each training row, measured before training: rows without variance teach GRPO nothing.

`DIR/verl/pass_rates.jsonl` has a line for every attempt and is what a second run goes on from;
`DIR/verl/train-selected.parquet` has the rows whose rate lies within the bounds.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from funreason_plugin.conversation import Limits
from funreason_plugin.errors import UserError
from funreason_plugin.evaluation.rollouts import rollouts
from funreason_plugin.evaluation.rows import cut_off, fingerprints, read_table, writing
from funreason_plugin.evaluation.served import Served
from funreason_plugin.hosting import Host
from funreason_plugin.tasks import Task

__all__ = ["PassRates", "Selection", "measure", "select"]

RATES, SELECTED = "pass_rates.jsonl", "train-selected.parquet"


@dataclass(slots=True)
class PassRates:
    """By row (its number in the file): one entry per attempt, 1.0 where the conversation passed."""

    attempts: dict[int, dict[int, float]]

    def rate(self, row: int) -> float | None:
        """The share of attempts that passed; None without an attempt."""
        found = self.attempts.get(row)
        return sum(found.values()) / len(found) if found else None


@dataclass(frozen=True, slots=True)
class Selection:
    """Rows kept, rows too hard (below the bounds), too easy (above them), and not measured."""

    kept: int
    hard: int
    easy: int
    unmeasured: int
    path: Path


def known(path: Path, setting: str, rows: list[tuple[str, str]]) -> PassRates:
    """What an earlier run measured; lines that cannot be read (the last one of a killed run) are left out.

    Raises:
        UserError: the file is of another model, other sampling or other rows.
    """
    rates = PassRates({})
    if not path.is_file():
        return rates
    with open(path, encoding="utf-8", errors="replace") as file:
        for number, line in enumerate(file, 1):
            try:
                entry: Any = json.loads(line)
                row, attempt, success = int(entry["row"]), int(entry["attempt"]), float(entry["success"])
                if row < 0 or attempt < 0 or not 0 <= success <= 1:
                    raise ValueError
                of_now = (*rows[row], setting) if row < len(rows) else ()
                same = (entry["id"], entry["task"], entry["setting"]) == of_now
            except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
                if number == 1:
                    raise UserError(f"{path}:1: not a file of pass rates; move it away") from None
                continue
            if not same:
                raise UserError(
                    f"{path}:{number}: measured with another model, sampling or other rows; move it away"
                )
            rates.attempts.setdefault(row, {})[attempt] = success
    return rates


def _setting(served: Served, thinking: bool) -> str:
    sampling = served.sampling
    return (
        f"{served.model} t={sampling.temperature:g} p={sampling.top_p:g} n={sampling.max_tokens}"
        f"{'' if thinking else ' no thinking'}"
    )


async def measure(
    folder: Path,
    served: Served,
    attempts: int,
    *,
    limits: Limits,
    concurrency: int,
    thinking: bool = True,
    limit: int | None = None,
    watch: Callable[[int, int], None] = lambda done, total: None,
) -> PassRates:
    """Play every training row ``attempts`` times, those left from an earlier run.

    Each attempt is written as it ends. ``watch`` is told attempts done and attempts in all.
    """
    source = folder / "verl" / "train.parquet"
    table = read_table(source)
    rows = min(table.num_rows, limit or table.num_rows)
    prints = fingerprints(table, str(source))
    path, setting = folder / "verl" / RATES, _setting(served, thinking)
    rates = known(path, setting, prints)
    missing = [
        (row, attempt)
        for attempt in range(attempts)
        for row in range(rows)
        if attempt not in rates.attempts.get(row, {})
    ]
    total, done = rows * attempts, rows * attempts - len(missing)
    watch(done, total)
    if not missing:
        return rates
    await served.check()

    def work() -> Iterator[tuple[tuple[int, int], Task]]:
        for row, attempt in missing:
            plain = table.slice(row, 1).to_pylist()[0]
            yield (row, attempt), Task.of_row(plain, f"{source}: row {row}")

    cut_off(path)
    with Host() as host, open(path, "a", encoding="utf-8") as file:
        playing = rollouts(
            work(),
            lambda task, spent: served.generate(task.prompt_form, thinking=thinking),
            host,
            limits,
            concurrency,
        )
        async for rollout in playing:
            row, attempt = rollout.key
            score = rollout.score
            passed = float(score.success and score.format)
            rates.attempts.setdefault(row, {})[attempt] = passed
            entry = {
                "row": row,
                "id": prints[row][0],
                "task": prints[row][1],
                "attempt": attempt,
                "success": passed,
                "progress": round(score.progress, 4),
                "steps": score.steps,
                "setting": setting,
            }
            with writing(path):
                file.write(json.dumps(entry) + "\n")
                file.flush()
            done += 1
            watch(done, total)
    return rates


def select(folder: Path, rates: PassRates, low: float, high: float) -> Selection:
    """Write the rows whose rate lies within [low, high] to `DIR/verl/train-selected.parquet`.

    Raises:
        UserError: there is none.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = read_table(folder / "verl" / "train.parquet")
    values = [rates.rate(row) for row in range(table.num_rows)]
    kept = [row for row, value in enumerate(values) if value is not None and low <= value <= high]
    path = folder / "verl" / SELECTED
    hard = sum(value is not None and value < low for value in values)
    easy = sum(value is not None and value > high for value in values)
    if not kept:
        raise UserError(
            f"no row has a pass rate from {low:g} to {high:g}: {hard:,} are below, {easy:,} above; nothing is written to "
            f"{path}"
        )
    part = path.with_suffix(".part")
    pq.write_table(table.take(pa.array(kept, pa.int64())), part)
    part.replace(path)
    return Selection(
        kept=len(kept),
        hard=hard,
        easy=easy,
        unmeasured=sum(value is None for value in values),
        path=path,
    )
