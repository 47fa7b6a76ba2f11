"""The files beside the trajectories: run.yaml, rejected.jsonl and summary.json, read and counted again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
import yaml

from funreason_plugin.checks.replay import compare
from funreason_plugin.checks.report import Report

TRAJECTORIES = "trajectories.jsonl"
REJECTED = "rejected.jsonl"
RUN = "run.yaml"
SUMMARY = "summary.json"
GRAPH = "graph.json"
_REJECTION = {"index": int, "attempt": int, "phase": str, "code": str, "whole": bool}


@dataclass(slots=True)
class Rejections:
    """rejected.jsonl by slot (line numbers and lines), with its counts."""

    by_slot: dict[int, list[tuple[int, bytes]]] = field(default_factory=dict)
    duplicates: dict[int, set[int]] = field(default_factory=dict)
    whole: dict[int, list[int]] = field(default_factory=dict)
    counts: dict[str, dict[str, int]] = field(default_factory=dict)

    def failed_attempts(self) -> int:
        return sum(map(len, self.whole.values()))


@dataclass(slots=True)
class Recount:
    """What summary.json should say, counted from the trajectories."""

    kept: int = 0
    turns: int = 0
    calls: int = 0
    splits: dict[str, int] = field(default_factory=dict)
    variants: dict[str, int] = field(default_factory=dict)
    tools: dict[str, int] = field(default_factory=dict)
    agents: dict[int, dict[str, list[int]]] = field(default_factory=dict)
    """Requests, input and output tokens by agent, for each slot that was made again."""


def read_run(folder: Path, report: Report) -> dict[str, Any]:
    """run.yaml as data; empty when it is missing or damaged (which is reported)."""
    try:
        run = yaml.safe_load((folder / RUN).read_text(encoding="utf-8"))
    except FileNotFoundError:
        report.notes.append(f"{RUN} is missing: the settings of the run are not compared")
        return {}
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        report.add(RUN, f"cannot be read: {str(error).splitlines()[0]}", "unreadable")
        return {}
    if not isinstance(run, dict) or not isinstance(run.get("config"), dict):
        report.add(RUN, "expected the settings of a run: config, versions, environments", "unreadable")
        return {}
    return run


def read_rejected(folder: Path, report: Report) -> Rejections:
    """rejected.jsonl, parsed; its slots and attempts stand in order."""
    found = Rejections()
    path = folder / REJECTED
    if not path.exists():
        return found
    last = (0, 0)
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            where = f"{REJECTED}:{number}"
            try:
                row = orjson.loads(line)
                for key, kind in _REJECTION.items():
                    if type(row[key]) is not kind:
                        raise KeyError(key)
            except (orjson.JSONDecodeError, KeyError, TypeError) as error:
                report.add(where, f"not a rejection ({type(error).__name__}: {error})", "unreadable")
                continue
            if not line.endswith(b"\n"):
                report.add(where, "the last line is cut short", "unreadable")
            slot, attempt = row["index"], row["attempt"]
            if (slot, attempt) < last:
                report.add(
                    where, f"slot {slot}, attempt {attempt} comes after slot {last[0]}, {last[1]}", "order"
                )
            last = (slot, attempt)
            found.by_slot.setdefault(slot, []).append((number, line))
            codes = found.counts.setdefault(row["phase"], {})
            codes[row["code"]] = codes.get(row["code"], 0) + 1
            if row["whole"]:
                found.whole.setdefault(slot, []).append(attempt)
            if row["code"] == "duplicate":
                found.duplicates.setdefault(slot, set()).add(attempt)
    return found


def check_attempts(attempts: Mapping[int, int], rejected: Rejections, report: Report, num: int = 0) -> None:
    """Each attempt before the kept one was rejected, and is in rejected.jsonl.

    A run of ``num`` slots that stopped early may have rejections of slots that it did not finish.
    """
    for slot, kept in attempts.items():
        failed = rejected.whole.get(slot, [])
        if failed != list(range(kept)):
            report.add(
                f"{TRAJECTORIES}:{slot + 1}: attempt",
                f"stored {kept}, but {REJECTED} holds failed attempts {failed or 'of none'}",
                "attempts",
            )
    for slot in rejected.by_slot:
        if slot > len(attempts) and slot >= num:
            report.add(
                f"{REJECTED}:{rejected.by_slot[slot][0][0]}", f"slot {slot} is not in {TRAJECTORIES}", "order"
            )


def check_summary(
    folder: Path,
    run: Mapping[str, Any],
    recount: Recount,
    rejected: Rejections,
    report: Report,
    *,
    agents: bool,
) -> None:
    """summary.json against the recount; `agents` says whether the requests were counted, too."""
    path = folder / SUMMARY
    if not path.exists():
        report.notes.append(f"{SUMMARY} is missing: the run was not finished")
        return
    try:
        summary = orjson.loads(path.read_bytes())
    except orjson.JSONDecodeError as error:
        report.add(SUMMARY, f"not JSON ({error})", "unreadable")
        return
    if not isinstance(summary, dict):
        report.add(SUMMARY, "expected an object", "unreadable")
        return
    attempts = recount.kept + rejected.failed_attempts()
    expected: dict[str, Any] = {
        "kept": recount.kept,
        "attempts": attempts,
        "accept_rate": round(recount.kept / attempts, 4) if attempts else 1.0,
        "turns": recount.turns,
        "calls": recount.calls,
        "splits": recount.splits,
        "variants": recount.variants,
        "tools": recount.tools,
        "rejections": rejected.counts,
        "bytes": {name: _size(folder / name) for name in summary.get("bytes", {})},
    }
    if agents and summary.get("complete"):
        keys = ("requests", "input_tokens", "output_tokens")
        expected["agents"] = {
            agent: dict(zip(keys, row, strict=True)) for agent, row in _since(recount, summary).items()
        }
    if "settings" in summary and run:
        expected["settings"] = dict(run)
    for key, value in expected.items():
        if key in summary:
            for difference in compare(summary[key], value, key, "the folder"):
                report.add(f"{SUMMARY}: {difference.where}", _two(difference), "summary")
    for message in _speed(summary):
        report.add(SUMMARY, message, "summary")
    if summary.get("complete") and run:
        for difference in compare(run["config"].get("num"), recount.kept, "config.num", TRAJECTORIES):
            report.add(f"{RUN}: {difference.where}", _two(difference), "summary")


def _since(recount: Recount, summary: Mapping[str, Any]) -> dict[str, list[int]]:
    """What the agents were asked since the run was resumed: the summary counts no earlier slots."""
    total: dict[str, list[int]] = {}
    for slot, agents in recount.agents.items():
        if slot >= summary.get("resumed_at", 0):
            for agent, row in agents.items():
                before = total.get(agent, [0] * len(row))
                total[agent] = [left + right for left, right in zip(before, row, strict=True)]
    return total


def _two(difference: Any) -> str:
    return str(difference).split(": ", 1)[1]


def _size(path: Path) -> int:
    if path.is_dir():
        return sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
    return path.stat().st_size if path.exists() else 0


def _speed(summary: Mapping[str, Any]) -> Iterator[str]:
    """Seconds and trajectories a minute say the same thing, to the digits that are written."""
    kept, seconds, rate = (summary.get(key, 0) for key in ("kept", "seconds", "per_minute"))
    kept -= summary.get("resumed_at", 0)
    if not (kept and seconds and rate):
        return
    low, high = (60 * kept / max(seconds + half, 1e-9) for half in (0.005, -0.005))
    if not low - 0.051 <= rate <= high + 0.051:
        yield f"per_minute is {rate}, but {kept} trajectories in {seconds} seconds are {60 * kept / seconds:.1f}"
