"""The verdict on played conversations beside bfcl-eval's checker, on the 200 entries of BFCL base, in one run.

    python benchmarks/reward.py [--repeat 5]

Both judge the same attempts: the ground truths, and mutated ones (a call dropped, or said twice; every fourth a truth
as it is), and the verdicts have to be the same. Ours gets what the rollout recorded (outputs, hashes, changes), theirs
call strings, which its checker executes. "first" judges every entry for the first time: the truth's states are not
known and are replayed where a hash differs. "again" judges further rollouts of the same entries, of which a group has
many. "reading" is what comes before: the row as the parquet has it, and the record of the rollout as JSON text. Times
are of the processor, the best of the repetitions, in microseconds a conversation.
"""

from __future__ import annotations

import gc
import importlib
import sys
import time
from dataclasses import replace
from random import Random
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from funreason_plugin.converting.sources.bfcl import replayed
from funreason_plugin.environments.bfcl import BenchmarkEntry, entry_ids, load_entry
from funreason_plugin.environments.bfcl.entries import ground_truth
from funreason_plugin.environments.space import SimulationSpace
from funreason_plugin.formats.options import FormatOptions
from funreason_plugin.formats.verl import rows
from funreason_plugin.judging import judge_played
from funreason_plugin.live import mark_of
from funreason_plugin.played import Played, PlayedCall, PlayedStep, PlayedTurn
from funreason_plugin.tasks import Task

Turns = list[list[tuple[str, dict[str, Any]]]]


def mutated(entry: BenchmarkEntry, rng: Random) -> Turns:
    """The truth with one call less, or one call twice; every fourth as it is."""
    turns = [list(calls) for calls in entry.truth]
    turn = rng.choice([calls for calls in turns if calls])
    kind = rng.randrange(4)
    if kind < 2:
        del turn[rng.randrange(len(turn))]
    elif kind == 2:
        turn.append(rng.choice(turn))
    return turns


def played(entry: BenchmarkEntry, attempt: Turns) -> str:
    """What the rollout records of an attempt."""
    result = Played()
    with SimulationSpace(entry.environments).session(entry.scenario) as session:
        start = session.state()
        for calls in attempt:
            steps = [
                PlayedStep([PlayedCall(name, arguments, session.call(name, arguments))])
                for name, arguments in calls
            ]
            mark = mark_of(session, start)
            result.turns.append(
                PlayedTurn(steps, "Done.", "", "", mark.state_hash, mark.changes, mark.generated)
            )
            result.responses += len(steps) + 1
    return result.dumps()


def ours(tasks: list[Task], records: list[Played]) -> tuple[float, list[bool]]:
    """Seconds for all verdicts, and the verdicts."""
    gc.collect()
    start = time.process_time()
    verdicts = [judge_played(task, record).success for task, record in zip(tasks, records, strict=True)]
    return time.process_time() - start, verdicts


def reading(made: list[dict[str, Any]], texts: list[str]) -> float:
    """Seconds to read the rows and what was played."""
    gc.collect()
    start = time.process_time()
    for row, text in zip(made, texts, strict=True):
        Task.of_row(row)
        Played.loads(text)
    return time.process_time() - start


def theirs(ids: list[str], attempts: list[Turns], run: str) -> tuple[float, list[bool]]:
    """Seconds for `multi_turn_checker`, and its verdicts; its instances are removed afterwards."""
    checker: Any = importlib.import_module("bfcl_eval.eval_checker.multi_turn_eval.multi_turn_checker")
    executor: Any = importlib.import_module("bfcl_eval.eval_checker.multi_turn_eval.multi_turn_utils")
    given = []
    for entry_id, attempt in zip(ids, attempts, strict=True):
        config, classes, truth = ground_truth(entry_id)
        texts = [[[_text(name, arguments)] for name, arguments in calls] for calls in attempt]
        entry = {"id": entry_id, "initial_config": config, "involved_classes": classes}
        given.append((texts, truth, entry))
    before = set(vars(executor))
    gc.collect()
    start = time.process_time()
    verdicts = [
        checker.multi_turn_checker(texts, truth, entry, "multi_turn_base", run)["valid"]
        for texts, truth, entry in given
    ]
    seconds = time.process_time() - start
    for name in set(vars(executor)) - before:
        delattr(executor, name)
    return seconds, verdicts


def _text(name: str, arguments: dict[str, Any]) -> str:
    return f"{name}({', '.join(f'{key}={value!r}' for key, value in arguments.items())})"


def main(
    repeat: Annotated[int, typer.Option(min=1, help="How often each side runs; the best time counts.")] = 5,
) -> None:
    """Compare our verdict with bfcl-eval's checker."""
    ids = entry_ids("base")
    entries = [load_entry(entry_id) for entry_id in ids]
    options = FormatOptions("bfcl", prompt_form="hermes")
    made = [next(iter(rows(replayed(entry), options))) for entry in entries]
    tasks = [Task.of_row(row) for row in made]
    rng = Random(0)
    table = Table(title="Verdicts on BFCL multi-turn base, µs a conversation")
    for title in ("attempts", "valid", "ours, first", "again", "(reading)", "bfcl-eval", "bfcl-eval / first"):
        table.add_column(title, justify="left" if title == "attempts" else "right")
    for title, attempts in (
        ("truths", [[list(calls) for calls in entry.truth] for entry in entries]),
        ("mutated", [mutated(entry, rng) for entry in entries]),
    ):
        texts = [played(entry, attempt) for entry, attempt in zip(entries, attempts, strict=True)]
        records = [Played.loads(text) for text in texts]
        first = again = read = other = float("inf")
        for number in range(repeat):
            # Under another id the truths' states are not known.
            new = [replace(task, id=f"{task.id}-{title}-{number}") for task in tasks]
            seconds, mine = ours(new, records)
            first = min(first, seconds)
            again = min(again, ours(new, records)[0])
            read = min(read, reading(made, texts))
            seconds, expected = theirs(ids, attempts, f"benchmark{number}")
            other = min(other, seconds)
            if mine != expected:
                wrong = [entry_id for entry_id, a, b in zip(ids, mine, expected, strict=True) if a != b]
                raise SystemExit(f"other verdicts than bfcl-eval's: {', '.join(wrong)}")
        each = 1e6 / len(ids)
        table.add_row(
            title,
            f"{sum(mine)}/{len(ids)}",
            *(f"{seconds * each:.0f}" for seconds in (first, again, read, other)),
            f"{other / first:.2f}",
        )
    console = Console()
    console.print(table)
    console.print(f"the verdicts are the same; repeat with: python {' '.join(sys.argv)}")


if __name__ == "__main__":
    typer.run(main)
