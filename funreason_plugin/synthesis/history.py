"""What a conversation so far gives to the next turn: outputs, what the user said, which tools were called.

    history = History.of(trajectory.turns)        # or: history = History(); history.add(trace.calls, target)

Of an earlier turn only what a later reader can identify counts: the most recent call of a tool.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from funreason_plugin.environments.limits import is_error
from funreason_plugin.environments.state import scalars
from funreason_plugin.faults import met
from funreason_plugin.synthesis.choices import Weighted, list_choices, same_record
from funreason_plugin.synthesis.outputs import found
from funreason_plugin.trajectory import Choice, Provenance, Turn, faults_of


class AnyCall(Protocol):
    """A call of a kept turn, or of a trace."""

    name: str
    arguments: dict[str, Any]
    provenance: dict[str, Provenance]
    output: Any


@dataclass(slots=True)
class LiveCall:
    """An executed call whose output later calls may use: its place (turn, flat index) and what it was asked."""

    name: str
    arguments: dict[str, Any]
    output: Any
    turn: int
    index: int
    asked: tuple[Any, ...] = ()
    _values: dict[str, list[tuple[str, Any]]] = field(default_factory=dict)
    _choices: dict[str, list[list[Weighted]]] = field(default_factory=dict)

    def values(self, pattern: str) -> list[tuple[str, Any]]:
        """(concrete path, value) of what an output pattern finds; through dicts by key only where there is one key."""
        known = self._values.get(pattern)
        if known is None:
            known = found(pattern, self.output)
            if "*" in pattern and len(known) != 1:
                known = []
            self._values[pattern] = known
        return known

    def reasons(self, path: str, ids: frozenset[str]) -> list[Weighted] | None:
        """`choices` for a concrete path, kept by list."""
        cut = path.rfind("[")
        if cut < 0:
            return None
        found = self._choices.get(path[:cut])
        if found is None:
            found = self._choices[path[:cut]] = list_choices(path[:cut], self.output, ids)
        return found[int(path[cut + 1 : path.index("]", cut)])]


@dataclass(frozen=True, slots=True)
class Said:
    """A value that the user said, in which turn, for which parameter of which tool."""

    value: Any
    turn: int
    tool: str
    slot: str


@dataclass(slots=True)
class History:
    """Earlier turns in the form that sampling reads."""

    turns: int = 0
    latest: dict[str, LiveCall] = field(default_factory=dict)
    called: dict[str, int] = field(default_factory=dict)
    told: dict[str, list[tuple[dict[str, Any], Any]]] = field(default_factory=dict)  # (arguments, output)
    said: list[Said] = field(default_factory=list)
    targets: dict[str, int] = field(default_factory=dict)
    records: dict[tuple[int, int, str], Choice] = field(default_factory=dict)  # (turn, call, record): why it
    passed: list[tuple[int, int, str, tuple[Any, ...]]] = field(
        default_factory=list
    )  # (turn, call, tool, values)
    depths: dict[tuple[int, int], int] = field(
        default_factory=dict
    )  # (turn, call): calls in its longest chain

    @classmethod
    def of(cls, turns: Iterable[Turn]) -> History:
        """The history that kept turns make."""
        history = cls()
        for turn in turns:
            calls = turn.calls()
            history.add(calls, turn.target, met(faults_of(turn), calls))
        return history

    def add(self, calls: Sequence[AnyCall], target: str = "", faulty: Sequence[bool] = ()) -> None:
        """Add a turn: its calls in the order of execution. Calls that failed, or met a fault, give nothing."""
        self.depths |= self.depths_of(calls)
        for index, call in enumerate(calls):
            if is_error(call.output) or (faulty and faulty[index]):
                continue
            asked = tuple(scalars(call.arguments))
            self.latest[call.name] = LiveCall(
                call.name, call.arguments, call.output, self.turns, index, asked
            )
            self.passed.append((self.turns, index, call.name, asked))
            self.told.setdefault(call.name, []).append((call.arguments, call.output))
            self.called[call.name] = self.called.get(call.name, 0) + 1
            for path, origin in call.provenance.items():
                if origin.choice is not None and origin.turn is not None and origin.call is not None:
                    self.records[origin.turn, origin.call, same_record(origin.field)] = origin.choice
                if origin.source in ("query", "earlier_query") and "[" not in path and "." not in path:
                    value = call.arguments.get(path)
                    if isinstance(value, str) and all(value != said.value for said in self.said):
                        self.said.append(Said(value, self.turns, call.name, path))
        if target:
            self.targets[target] = self.targets.get(target, 0) + 1
        self.turns += 1

    def depths_of(self, calls: Sequence[AnyCall]) -> dict[tuple[int, int], int]:
        """How long a chain of calls, each fed by the one before, ends in each call of the next turn."""
        depths = dict(self.depths)
        for index, call in enumerate(calls):
            givers = [
                depths.get((origin.turn, origin.call), 0)
                for origin in call.provenance.values()
                if origin.source == "output" and origin.turn is not None and origin.call is not None
            ]
            depths[self.turns, index] = 1 + max(givers, default=0)
        return {place: depth for place, depth in depths.items() if place[0] == self.turns}
