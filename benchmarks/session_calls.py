"""Tool calls through a Session beside bfcl-eval's own executor, on the benchmark's ground truths, in one run.

    python benchmarks/session_calls.py [--repeat 5]

Both sides build the instances of an entry and make all of its calls, turn by turn. Ours parse nothing (a Session
takes names and arguments); theirs get call strings, which is what their executor takes. Times are the best of
the repetitions, in microseconds a call, and contain the building of instances and sessions.
"""

from __future__ import annotations

import gc
import importlib
import sys
import time
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from funreason_plugin.environments.bfcl import BenchmarkEntry, entry_ids, load_entry
from funreason_plugin.environments.bfcl.entries import CATEGORIES, ground_truth
from funreason_plugin.environments.space import SimulationSpace


def ours(entries: list[BenchmarkEntry], spaces: list[SimulationSpace]) -> float:
    """Seconds for all calls through Sessions."""
    start = time.perf_counter()
    for entry, space in zip(entries, spaces, strict=True):
        with space.session(entry.scenario) as session:
            for turn in entry.truth:
                for name, arguments in turn:
                    session.call(name, arguments)
    return time.perf_counter() - start


def theirs(ids: list[str], run: str) -> float:
    """Seconds for the same calls through bfcl-eval's executor; its instances are removed afterwards."""
    executor: Any = importlib.import_module("bfcl_eval.eval_checker.multi_turn_eval.multi_turn_utils")
    rows = [(entry_id, *ground_truth(entry_id)) for entry_id in ids]
    before = set(vars(executor))
    start = time.perf_counter()
    for entry_id, config, classes, turns in rows:
        long_context = "long_context" in entry_id
        for calls in turns:
            executor.execute_multi_turn_func_call(
                calls, config, classes, run, entry_id, long_context=long_context
            )
    seconds = time.perf_counter() - start
    for name in set(vars(executor)) - before:
        delattr(executor, name)
    return seconds


def main(
    repeat: Annotated[int, typer.Option(min=1, help="How often each side runs; the best time counts.")] = 5,
) -> None:
    """Compare a Session's calls with bfcl-eval's executor."""
    table = Table(title="Calls on BFCL multi-turn ground truths, µs a call")
    for title in ("entries", "calls", "Session", "bfcl-eval", "bfcl-eval / Session"):
        table.add_column(title, justify="left" if title == "entries" else "right")
    total_calls, total_ours, total_theirs = 0, 0.0, 0.0
    for category in CATEGORIES:
        ids = entry_ids(category)
        entries = [load_entry(entry_id) for entry_id in ids]
        spaces = [SimulationSpace(entry.environments) for entry in entries]
        calls = sum(len(turn) for entry in entries for turn in entry.truth)
        best_ours = best_theirs = float("inf")
        for number in range(repeat):
            gc.collect()
            best_ours = min(best_ours, ours(entries, spaces))
            gc.collect()
            best_theirs = min(best_theirs, theirs(ids, f"benchmark{number}"))
        _row(table, category, calls, best_ours, best_theirs)
        total_calls, total_ours, total_theirs = (
            total_calls + calls,
            total_ours + best_ours,
            total_theirs + best_theirs,
        )
    table.add_section()
    _row(table, "all", total_calls, total_ours, total_theirs)
    console = Console()
    console.print(table)
    console.print(f"repeat with: python {' '.join(sys.argv)}")


def _row(table: Table, name: str, calls: int, ours: float, theirs: float) -> None:
    table.add_row(
        name, str(calls), f"{ours / calls * 1e6:.1f}", f"{theirs / calls * 1e6:.1f}", f"{theirs / ours:.2f}"
    )


if __name__ == "__main__":
    typer.run(main)
