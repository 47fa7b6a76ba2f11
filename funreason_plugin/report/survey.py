"""`Survey`: what the report counts over all trajectories of a folder, in one pass.

survey = Survey()
for record in records:          # lines of trajectories.jsonl as JSON data
    survey.add(record)
survey.distributions()["turns"]           # [[3, 120], [4, 96]]: value and how often
survey.used["data", "search", "flights[].id", "book", "flight_id"]
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import orjson

from funreason_plugin.environments.limits import is_error
from funreason_plugin.quality.shape import length_bin
from funreason_plugin.shape_config import LENGTH_BIN
from funreason_plugin.variant_config import OF_THE_WHOLE

_INDEX: Final = re.compile(r"\[\d+\]")
QUERY_BIN: Final = LENGTH_BIN
THOUGHT_BIN: Final = 100
CONTEXT_BIN: Final = 10_000
"""Characters a bar."""

TITLES: Final = {
    "turns": ("Turns a trajectory", "turns"),
    "calls": ("Calls a turn", "calls"),
    "steps": ("Steps a turn", "assistant messages with calls"),
    "chain": ("Longest dependency chain", "calls, each fed by the one before"),
    "offered": ("Tools offered", "tools"),
    "environments": ("Environments a trajectory", "environments"),
    "context": ("Length of a conversation, tools and outputs included", "characters"),
    "query": ("Length of a query", "characters"),
    "thought": ("Length of a thought", "characters"),
}


@dataclass(slots=True)
class Survey:
    """Counts over trajectories."""

    orders: Collection[tuple[str, str]] = ()
    """Pairs of tools whose order is counted in ``followed``."""
    counts: dict[str, Counter[int]] = field(default_factory=lambda: {name: Counter() for name in TITLES})
    attempts: Counter[int] = field(default_factory=Counter)
    """Turns by the attempt of A_R that passed."""
    slots: Counter[int] = field(default_factory=Counter)
    """Trajectories by how many were made for the slot until one was kept."""
    variants: Counter[str] = field(default_factory=Counter)
    """Trajectories by the variants of their turns; "base" where there is no other."""
    labels: Counter[str] = field(default_factory=Counter)
    splits: Counter[str] = field(default_factory=Counter)
    teachers: Counter[str] = field(default_factory=Counter)
    tools: dict[str, list[int]] = field(default_factory=dict)
    """By tool: calls, calls that returned an error, trajectories that call it, turns whose target it is, offered."""
    used: Counter[tuple[str, str, str, str, str]] = field(default_factory=Counter)
    """Arguments of kept calls by ("data", provider, output field, consumer, parameter)."""
    followed: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Trajectories in which the second tool is called after the first."""
    sources: Counter[str] = field(default_factory=Counter)
    """Arguments by source: query, earlier_query, output, default."""
    trajectories: int = 0
    turns: int = 0
    calls: int = 0
    dependent: int = 0
    """Calls with an argument from an output."""
    across: int = 0
    """Arguments from an output of an earlier turn."""
    exact: int = 0
    idle: int = 0
    """Turns without a call."""

    def add(self, record: Mapping[str, Any]) -> None:
        """Count one trajectory."""
        self.trajectories += 1
        self.splits[record["split"]] += 1
        self.labels.update(record["labels"])
        variants = {turn["variant"] for turn in record["turns"]} - {"base"}
        self.variants.update(variants | set(OF_THE_WHOLE) & set(record["labels"]) or {"base"})
        self.slots[record["attempt"] + 1] += 1
        self.teachers.update({_maker(maker) for maker in record["made_by"].values()})
        self.counts["turns"][len(record["turns"])] += 1
        self.counts["environments"][len(record["environments"])] += 1
        self.counts["context"][characters(record) // CONTEXT_BIN * CONTEXT_BIN] += 1
        self.counts["offered"][len(record["tools"])] += 1
        for tool in record["tools"]:
            self._tool(tool["function"]["name"])[4] += 1
        order: list[str] = []
        calls: list[list[tuple[str, int]]] = []  # by turn: name, depth of its chain
        for turn in record["turns"]:
            self._add_turn(turn, calls)
            order += [name for name, _ in calls[-1]]
        last = {name: place for place, name in enumerate(order)}
        first = {name: place for place, name in reversed([*enumerate(order)])}
        for name in last:
            self.tools[name][2] += 1
        for pair in self.orders:
            if pair[0] in first and first[pair[0]] < last.get(pair[1], -1):
                self.followed[pair] += 1
        self.counts["chain"][max((depth for turn in calls for _, depth in turn), default=0)] += 1

    def _add_turn(self, turn: Mapping[str, Any], calls: list[list[tuple[str, int]]]) -> None:
        here: list[tuple[str, int]] = []
        calls.append(here)
        self.turns += 1
        self.attempts[turn["attempts"]] += 1
        self.exact += turn["exact_match"]
        if turn["target"]:
            self._tool(turn["target"])[3] += 1
        self.counts["query"][length_bin(turn["query"], QUERY_BIN)] += 1
        self.counts["steps"][len(turn["steps"])] += 1
        for step in turn["steps"]:
            if step["thought"]:
                self.counts["thought"][length_bin(step["thought"], THOUGHT_BIN)] += 1
            here += list(self._step(step, calls))
        self.counts["calls"][len(here)] += 1
        self.idle += not here

    def _step(self, step: Mapping[str, Any], calls: list[list[tuple[str, int]]]) -> Iterator[tuple[str, int]]:
        for call in step["calls"]:
            name, depth = call["name"], 1
            row = self._tool(name)
            row[0] += 1
            row[1] += is_error(call["output"])
            self.calls += 1
            for path, provenance in call["provenance"].items():
                self.sources[provenance["source"]] += 1
                if provenance["source"] != "output":
                    continue
                provider, fed = calls[provenance["turn"]][provenance["call"]]
                depth = max(depth, fed + 1)
                self.across += provenance["turn"] != len(calls) - 1
                place = _INDEX.sub("[]", provenance["field"])
                self.used["data", provider, place, name, _INDEX.sub("[]", path)] += 1
            self.dependent += depth > 1
            yield name, depth

    def _tool(self, name: str) -> list[int]:
        return self.tools.setdefault(name, [0, 0, 0, 0, 0])

    def givers(self) -> dict[str, int]:
        """Arguments by what gave them: an output of the same turn, of an earlier one, anything else."""
        outputs = self.sources["output"]
        elsewhere = self.sources.total() - outputs
        return {"this turn": outputs - self.across, "earlier turn": self.across, "elsewhere": elsewhere}

    def distributions(self) -> list[dict[str, Any]]:
        """For the page: name, title, unit, width of a bar (1: single values), rows of value and count."""
        widths = {"query": QUERY_BIN, "thought": THOUGHT_BIN, "context": CONTEXT_BIN}
        return [
            {
                "name": name,
                "title": title,
                "unit": unit,
                "width": widths.get(name, 1),
                "rows": sorted(self.counts[name].items()),
            }
            for name, (title, unit) in TITLES.items()
        ]


def characters(record: Mapping[str, Any]) -> int:
    """The length of what a model reads and writes: system prompt, tools, and the messages of all turns."""
    count = len(record["system"]) + len(orjson.dumps(record["tools"]))
    for turn in record["turns"]:
        count += len(turn["query"]) + len(turn["thought"] or "") + len(turn["answer"])
        for step in turn["steps"]:
            count += len(step["thought"] or "")
            count += sum(len(orjson.dumps([call["arguments"], call["output"]])) for call in step["calls"])
    return count


def _maker(maker: Mapping[str, str]) -> str:
    model = maker.get("model", "none")
    return maker["teacher"] if model == "none" else f"{maker['teacher']} {model}"
