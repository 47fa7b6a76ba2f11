"""How often a model passes each training row, measured before training: rows without variance teach GRPO nothing.

`DIR/verl/pass_rates.jsonl` has a line for every attempt and is what a second run goes on from;
`DIR/verl/train-selected.parquet` has the rows whose rate lies within the bounds.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from funreason_plugin.conversation import Limits
from funreason_plugin.errors import UserError
from funreason_plugin.evaluation.rollouts import rollouts
from funreason_plugin.evaluation.served import Served
from funreason_plugin.hosting import Host
from funreason_plugin.tasks import Task

if TYPE_CHECKING:
    import pyarrow as pa

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


def read_table(path: Path) -> pa.Table:
    """The parquet of rows. Raises UserError."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return pq.read_table(path)
    except FileNotFoundError:
        raise UserError(
            f"{path}: no such file; expected a folder that synthesize or convert --to verl wrote"
        ) from None
    except (OSError, pa.ArrowException) as error:
        raise UserError(f"{path}: {error}") from None


def known(path: Path, served: Served, ids: list[str]) -> PassRates:
    """What an earlier run measured; a last line that was cut off is left out.

    Raises:
        UserError: the file is of another model, other sampling or other rows.
    """
    rates = PassRates({})
    if not path.is_file():
        return rates
    setting = _setting(served)
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        try:
            entry: Any = json.loads(line)
            row, attempt, success = int(entry["row"]), int(entry["attempt"]), float(entry["success"])
            same = entry["id"] == ids[row] and entry["setting"] == setting
        except (ValueError, KeyError, TypeError, IndexError):
            if number == 1:
                raise UserError(f"{path}:1: not a file of pass rates; move it away") from None
            continue
        if not same:
            raise UserError(
                f"{path}:{number}: measured with another model, sampling or other rows; move it away"
            )
        rates.attempts.setdefault(row, {})[attempt] = success
    return rates


def _cut_off(path: Path) -> None:
    """Take out a last line that a killed run did not finish, so that the next one begins a line."""
    if path.is_file():
        data = path.read_bytes()
        with open(path, "r+b") as file:
            file.truncate(data.rfind(b"\n") + 1)


def _setting(served: Served) -> str:
    sampling = served.sampling
    return f"{served.model} t={sampling.temperature:g} p={sampling.top_p:g} n={sampling.max_tokens}"


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
    ids = [str(extra["id"]) for extra in table.column("extra_info").to_pylist()] if rows else []
    path = folder / "verl" / RATES
    rates = known(path, served, ids)
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

    _cut_off(path)
    with Host() as host, open(path, "a", encoding="utf-8") as file:
        playing = rollouts(
            work(),
            lambda task: served.generate(task.prompt_form, thinking=thinking),
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
                "id": ids[row],
                "attempt": attempt,
                "success": passed,
                "progress": round(score.progress, 4),
                "steps": score.steps,
                "setting": _setting(served),
            }
            file.write(json.dumps(entry) + "\n")
            file.flush()
            done += 1
            watch(done, total)
    return rates


def select(folder: Path, rates: PassRates, low: float, high: float) -> Selection:
    """Write the rows whose rate lies within [low, high] to `DIR/verl/train-selected.parquet`."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = read_table(folder / "verl" / "train.parquet")
    values = [rates.rate(row) for row in range(table.num_rows)]
    kept = [row for row, value in enumerate(values) if value is not None and low <= value <= high]
    path = folder / "verl" / SELECTED
    part = path.with_suffix(".part")
    pq.write_table(table.take(pa.array(kept, pa.int64())), part)
    part.replace(path)
    return Selection(
        kept=len(kept),
        hard=sum(value is not None and value < low for value in values),
        easy=sum(value is not None and value > high for value in values),
        unmeasured=sum(value is None for value in values),
        path=path,
    )
