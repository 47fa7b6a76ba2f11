"""A run: slots made by supervised workers, written in slot order, resumed where it stopped.

    summary = run(config, console)

Slot i is decided by (seed, i, attempt) alone, and slots are judged (duplicates, accept rate) and written in
slot order: the same seed gives the same bytes with any number of workers and after any interruption.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
from rich.console import Console

from funreason_plugin.checks.duplicates import duplicate_key
from funreason_plugin.checks.records import split_of
from funreason_plugin.config import SynthesisConfig, check_names
from funreason_plugin.environments.space import SimulationSpace
from funreason_plugin.errors import UserError
from funreason_plugin.synthesis import emission
from funreason_plugin.synthesis.folder import GRAPH, SUMMARY, TRAJECTORIES, Folder
from funreason_plugin.synthesis.funnel import passages
from funreason_plugin.synthesis.graph import ToolGraph
from funreason_plugin.synthesis.progress import Progress, final_table
from funreason_plugin.synthesis.settings import settings_of
from funreason_plugin.synthesis.slot_result import SlotResult, tools_called
from funreason_plugin.synthesis.slots import ATTEMPTS_AT_ONCE, SlotMaker
from funreason_plugin.workers import CallWatch, Pool

WINDOW = 64  # slots that may be ahead of the oldest unfinished one
STOP_AFTER, STOP_BELOW = 50, 0.05


@dataclass(slots=True)
class Summary:
    """What a run did; summary.json. The same for the same seed, but for what only the last call of the command
    knows: ``seconds``, ``per_minute`` and ``agents`` count from slot ``resumed_at`` on.

    ``settings`` repeats run.yaml, so that a change in either is seen.
    """

    kept: int = 0
    attempts: int = 0
    accept_rate: float = 0.0
    turns: int = 0
    calls: int = 0
    complete: bool = False
    stopped: str = ""
    splits: dict[str, int] = field(default_factory=dict)
    tools: dict[str, int] = field(default_factory=dict)
    tools_never_kept: list[str] = field(default_factory=list)
    rejections: dict[str, dict[str, int]] = field(default_factory=dict)
    phases: dict[str, dict[str, float]] = field(default_factory=dict)
    """Accept rate by phase: `funnel.passages`."""
    ledger: dict[str, Any] = field(default_factory=dict)
    """`Ledger.table`, over all calls of the command; empty where no model plays."""
    agents: dict[str, dict[str, int]] = field(default_factory=dict)
    bytes: dict[str, int] = field(default_factory=dict)
    resumed_at: int = 0
    seconds: float = 0.0
    per_minute: float = 0.0
    settings: dict[str, Any] = field(default_factory=dict)


def run(config: SynthesisConfig, console: Console) -> Summary:
    """Synthesise ``config.num`` kept trajectories into ``config.out``.

    Raises:
        UserError: Bad input, a folder of another configuration, a full disk, or an accept rate below 5%
            after 50 attempts. What was written is valid and resumable.
    """
    started = time.monotonic()
    space = SimulationSpace.from_names(config.env)
    check_names(config, space)
    settings = settings_of(config, space)
    folder = Folder(Path(config.out), settings)
    summary = Summary(settings=settings)
    seen: set[bytes] = set()
    try:
        for trajectory in folder.recover(config.num):
            seen.add(duplicate_key(trajectory.turns))
            calls = [call for turn in trajectory.turns for call in turn.calls()]
            _count(summary, trajectory.split, len(trajectory.turns), len(calls), tools_called(calls))
        summary.resumed_at = folder.tally.kept
        for note in folder.notes:
            console.print(f"[yellow]{note}[/]")
        if folder.tally.kept:
            console.print(f"resuming: {folder.tally.kept} of {config.num} trajectories are kept already")
        with Pool(config.workers, build_worker, (config.model_dump(mode="json"), str(folder.path))) as pool:
            _ensure_graph(folder, pool, console)
            with Progress(console, config.num, folder.tally) as progress:
                _make_slots(config, folder, pool, seen, summary, progress)
            if not summary.stopped:
                console.print("writing llamafactory/ and verl/")
                summary.bytes = emission.emit(config, folder, pool)
                summary.complete = True
    except KeyboardInterrupt:
        summary.stopped = "interrupted"
    finally:
        _finish(folder, space, summary, time.monotonic() - started)
        folder.close()
    console.print(final_table(summary))
    return summary


# -- slots ------------------------------------------------------------------------------------------------


def _make_slots(
    config: SynthesisConfig,
    folder: Folder,
    pool: Pool,
    seen: set[bytes],
    summary: Summary,
    progress: Progress,
) -> None:
    todo: deque[tuple[int, int]] = deque()  # (slot, first attempt) to be made again
    waiting: dict[int, SlotResult] = {}
    held: dict[int, list[bytes]] = {}  # rejections of slots that are not kept yet
    following = folder.tally.kept
    state = {"next": following, "stop": False}

    def jobs() -> Iterator[tuple[Any, Any] | None]:
        handed = state["next"]
        while not state["stop"] and state["next"] < config.num:
            if todo:
                slot, first = todo.popleft()
                yield slot, ("slot", slot, first)
            elif handed < min(config.num, state["next"] + WINDOW):
                yield handed, ("slot", handed, 0)
                handed += 1
            else:
                yield None

    for _, result in pool.map(jobs()):
        waiting[result.index] = result
        while state["next"] in waiting and not state["stop"]:
            slot = state["next"]
            done = waiting.pop(slot)
            lines = held.setdefault(slot, [])
            lines += done.rejections
            for line in done.rejections:
                folder.tally.reject(orjson.loads(line))
            _add_usage(summary, done)
            if done.line is not None and done.key in seen:
                duplicate = {
                    "index": slot, "attempt": done.attempt, "turn": -1, "try": 0, "phase": "trajectory",
                    "code": "duplicate", "tool": "", "detail": "the same queries and calls as an earlier trajectory",
                    "calls": [], "whole": True,
                }  # fmt: skip
                folder.tally.reject(duplicate)
                lines.append(orjson.dumps(duplicate, option=orjson.OPT_APPEND_NEWLINE))
                done.line = None
            if done.line is None:
                progress.update(folder.tally)
                if folder.tally.attempts >= STOP_AFTER and folder.tally.accept_rate < STOP_BELOW:
                    folder.append(lines, None)
                    state["stop"] = True
                    summary.stopped = (
                        f"only {folder.tally.kept} of {folder.tally.attempts} attempts were accepted; "
                        f"the commonest reason: {commonest(folder.tally.rejections)}"
                    )
                else:
                    todo.append((slot, done.attempt + 1))
                break
            seen.add(done.key)
            folder.append(held.pop(slot), done.line)
            folder.tally.keep()
            _count(summary, split_of(slot, config.val_share), done.turns, done.calls, done.tools)
            state["next"] = slot + 1
            progress.update(folder.tally)


def commonest(rejections: dict[str, dict[str, int]]) -> str:
    """ "query: leaked_value (31 times)" """
    rows = [(count, phase, code) for phase, codes in rejections.items() for code, count in codes.items()]
    if not rows:
        return "none recorded"
    count, phase, code = max(rows)
    return f"{phase}: {code} ({count} times)"


# -- workers ----------------------------------------------------------------------------------------------


def build_worker(config_data: dict[str, Any], folder: str) -> Callable[[Any, CallWatch], Any]:
    """What a worker process does: build the graph, make slots, encode rows."""
    config = SynthesisConfig.model_validate(config_data)
    made: list[SlotMaker] = []

    def work(payload: Any, watch: CallWatch) -> Any:
        if payload[0] == "graph":
            space = SimulationSpace.from_names(config.env)
            return ToolGraph.build(space, seed=config.seed, watch=watch).to_json()
        if payload[0] == "encode":
            return emission.encode(config, Path(folder), *payload[1:])
        if not made:
            made.append(SlotMaker(config, load_graph(Path(folder)), watch))
        return made[0].make(*payload[1:])

    return work


def load_graph(folder: Path) -> ToolGraph:
    """The graph that a run has verified and kept in its folder."""
    try:
        return ToolGraph.from_json((folder / GRAPH).read_bytes(), str(folder / GRAPH))
    except OSError as error:
        raise UserError(f"{folder / GRAPH}: cannot be read ({error}); delete it, it is made again") from None


def _ensure_graph(folder: Folder, pool: Pool, console: Console) -> None:
    if (folder.path / GRAPH).exists():
        return
    console.print("building the tool graph, verified by execution")
    for _, data in pool.map([("graph", ("graph",))]):
        folder.write(GRAPH, data)


# -- summary ----------------------------------------------------------------------------------------------


def _count(summary: Summary, split: str, turns: int, calls: int, tools: list[str]) -> None:
    summary.splits[split] = summary.splits.get(split, 0) + 1
    summary.turns += turns
    summary.calls += calls
    for name in tools:
        summary.tools[name] = summary.tools.get(name, 0) + 1


def _add_usage(summary: Summary, result: SlotResult) -> None:
    for agent, (requests, given, answered) in result.usage.items():
        row = summary.agents.setdefault(agent, {"requests": 0, "input_tokens": 0, "output_tokens": 0})
        row["requests"] += requests
        row["input_tokens"] += given
        row["output_tokens"] += answered


def _finish(folder: Folder, space: SimulationSpace, summary: Summary, seconds: float) -> None:
    summary.kept, summary.attempts = folder.tally.kept, folder.tally.attempts
    summary.accept_rate = round(folder.tally.accept_rate, 4)
    summary.rejections = {
        phase: dict(sorted(codes.items())) for phase, codes in sorted(folder.tally.rejections.items())
    }
    tally = folder.tally
    summary.phases = passages(tally.rejections, tally.kept, summary.turns, tally.lost_turns)
    summary.tools = dict(sorted(summary.tools.items()))
    summary.tools_never_kept = [name for name in space.tools if name not in summary.tools]
    path = folder.path / TRAJECTORIES
    if path.exists():
        summary.bytes = {TRAJECTORIES: path.stat().st_size, **summary.bytes}
    summary.seconds = round(seconds, 2)
    made = summary.kept - summary.resumed_at
    summary.per_minute = round(60 * made / seconds, 1) if seconds else 0.0
    folder.write(SUMMARY, orjson.dumps(summary, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))


assert ATTEMPTS_AT_ONCE <= STOP_AFTER
