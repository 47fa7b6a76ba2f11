"""`Summary`: what a run did, as it stands in ``summary.json``; written while the run goes on and at its end."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from funreason_plugin.synthesis.folder import SUMMARY, TRAJECTORIES, Folder
from funreason_plugin.synthesis.funnel import passages
from funreason_plugin.synthesis.ledger import Ledger

__all__ = ["Summary"]


@dataclass(slots=True)
class Summary:
    """What a run did; summary.json. The same for the same seed, but for what only the last call of the command
    knows: ``seconds``, ``per_minute`` and ``agents`` count from slot ``resumed_at`` on.

    ``settings`` repeats run.yaml, so that a change in either is seen.
    """

    kept: int = 0
    pending: int = 0
    """Kept slots that wait in pending.jsonl for an older one; 0 at the end of a complete run."""
    attempts: int = 0
    accept_rate: float = 0.0
    turns: int = 0
    calls: int = 0
    complete: bool = False
    stopped: str = ""
    splits: dict[str, int] = field(default_factory=dict)
    variants: dict[str, int] = field(default_factory=dict)
    """Kept trajectories by variant, those without one left out."""
    variants_missing: dict[str, list[str]] = field(default_factory=dict)
    """By variant, the environments of the run that cannot make it."""
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

    def count(self, split: str, turns: int, calls: int, tools: Iterable[str], variant: str) -> None:
        """Count a kept trajectory."""
        if variant:
            self.variants[variant] = self.variants.get(variant, 0) + 1
        self.splits[split] = self.splits.get(split, 0) + 1
        self.turns += turns
        self.calls += calls
        for name in tools:
            self.tools[name] = self.tools.get(name, 0) + 1

    def add_usage(self, usage: Mapping[str, Sequence[int]]) -> None:
        """Count requests, input and output tokens by agent."""
        for agent, (requests, given, answered) in usage.items():
            row = self.agents.setdefault(agent, {"requests": 0, "input_tokens": 0, "output_tokens": 0})
            row["requests"] += requests
            row["input_tokens"] += given
            row["output_tokens"] += answered

    def write(self, folder: Folder, tools: Iterable[str], ledger: Ledger | None, seconds: float) -> None:
        """Bring everything up to date and write summary.json; ``tools`` are all that there are."""
        tally = folder.tally
        self.kept, self.pending, self.attempts = tally.kept, len(folder.spool), tally.attempts
        self.accept_rate = round(tally.accept_rate, 4)
        self.rejections = {
            phase: dict(sorted(codes.items())) for phase, codes in sorted(tally.rejections.items())
        }
        self.phases = passages(tally.rejections, tally.kept, self.turns, tally.lost_turns)
        self.tools, self.variants = dict(sorted(self.tools.items())), dict(sorted(self.variants.items()))
        self.tools_never_kept = [name for name in tools if name not in self.tools]
        if ledger is not None:
            self.ledger = ledger.table(self.kept + self.pending)
        path = folder.path / TRAJECTORIES
        if path.exists():
            self.bytes = {TRAJECTORIES: path.stat().st_size} | {
                name: size for name, size in self.bytes.items() if name != TRAJECTORIES
            }
        self.seconds = round(seconds, 2)
        made = self.kept - self.resumed_at
        self.per_minute = round(60 * made / seconds, 1) if seconds else 0.0
        folder.write(SUMMARY, orjson.dumps(self, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
