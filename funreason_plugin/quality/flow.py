"""How values flow through a conversation: by turn, its query and calls, and which of their arguments are outputs' values.

    flow = flow_of(record)                  # a trajectory, messages, a row of verl; None for what has no queries
    flow.turns[1].calls[0].sources          # {"flight_id": (0, 1)}: the output of the second call of the first turn

Logs do not say where an argument comes from, so one rule reads it off for all: a value that no query has said and that
an earlier output has, comes from there (from the nearest one that has it). Numbers below 10 and yes or no say nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from funreason_plugin.checks.duplicates import Done
from funreason_plugin.quality.records import events, loaded, user_text

__all__ = ["Flow", "FlowCall", "FlowTurn", "flow_of"]

LEAST_NUMBER: Final = 10
LEAST_TEXT: Final = 3
MOST_LEAVES: Final = 20_000
"""Values of one output that are looked at."""
_DEPTH: Final = 40
Place = tuple[int, int]
"""Turn and call, from 0."""


@dataclass(slots=True)
class FlowCall:
    """One call. ``sources``: by argument (the path of a leaf), the call whose output it comes from."""

    sources: dict[str, Place] = field(default_factory=dict)
    arguments: int = 0
    """How many leaves its arguments have."""


@dataclass(slots=True)
class FlowTurn:
    """A query and the calls until the next one."""

    query: str
    calls: list[FlowCall] = field(default_factory=list)


@dataclass(slots=True)
class Flow:
    """A conversation. ``offered`` and ``environments`` are 0 where it does not say."""

    turns: list[FlowTurn]
    offered: int = 0
    environments: int = 0

    @property
    def chain(self) -> int:
        """Calls in the longest chain, each fed by the one before."""
        depths: dict[Place, int] = {}
        for number, turn in enumerate(self.turns):
            for index, call in enumerate(turn.calls):
                depths[number, index] = 1 + max((depths[place] for place in call.sources.values()), default=0)
        return max(depths.values(), default=0)


def flow_of(value: Any) -> Flow | None:
    """The flow of a record, by the fields that it has; None where it has no queries that can be read."""
    if not isinstance(value, dict):
        return Flow([FlowTurn(value)]) if isinstance(value, str) and value.strip() else None
    try:
        return _read(value)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, RecursionError):
        return None  # it looked like a form that it does not have


def _read(value: dict[str, Any]) -> Flow | None:
    if "turns" in value and "scenario" in value:
        turns = [(turn["query"], _steps(turn["steps"])) for turn in value["turns"]]
        return _flow(turns, len(value["tools"]), len(value["environments"]))
    extra = value.get("extra_info")
    if isinstance(extra, dict) and "queries" in extra:
        truth = loaded(value["reward_model"]["ground_truth"])
        queries = loaded(extra["queries"])
        turns = [(str(query), _steps(turn["steps"])) for query, turn in zip(queries, truth, strict=False)]
        return _flow(turns, len(loaded(extra["tools"])))
    tools = loaded(value.get("tools") or value.get("functions"))
    offered = len(tools) if isinstance(tools, list) else 0
    for key, role, text in (("messages", "role", "content"), ("conversations", "from", "value")):
        if isinstance(value.get(key), list):
            return _flow(_spoken(value[key], role, text), offered)
    if isinstance(value.get("question"), list):
        asked = [user_text(turn if isinstance(turn, list) else [turn]) for turn in value["question"]]
        return Flow([FlowTurn(query) for query in asked])
    return None


Step = list[tuple[Mapping[str, Any], Any]]
"""Arguments and output of calls that were made at once."""


def _steps(steps: Sequence[Any]) -> list[Step]:
    """Steps of a trajectory, or of verl's truth, where a step is its calls."""
    listed = [step["calls"] if isinstance(step, Mapping) else step for step in steps]
    return [[(call["arguments"], call.get("output")) for call in calls] for calls in listed]


def _spoken(messages: list[Any], role: str, text: str) -> list[tuple[str, list[Step]]]:
    turns: list[tuple[str, list[Step]]] = []
    waiting: Iterator[int] = iter(())  # calls of the last step whose outputs are still to come
    for said in events(messages, role, text):
        if isinstance(said, str):
            turns.append((said, []))
            waiting = iter(())
            continue
        if not turns:
            turns.append(("", []))
        steps = turns[-1][1]
        if isinstance(said, tuple):
            steps.append([(call.arguments, None) for call in said if isinstance(call, Done)])
            waiting = iter(range(len(said)))
        elif steps:
            for output in said:
                index = next(waiting, None)
                if index is not None:
                    steps[-1][index] = (steps[-1][index][0], output)
    return turns


def _flow(turns: Sequence[tuple[str, list[Step]]], offered: int, environments: int = 0) -> Flow:
    """Find the sources: latest outputs win over earlier ones, and what a query has said is from nowhere."""
    flow = Flow([], offered, environments)
    outputs: dict[str, Place] = {}
    said = ""
    for number, (query, steps) in enumerate(turns):
        said += f"\n{query.casefold()}"
        turn = FlowTurn(query)
        flow.turns.append(turn)
        for step in steps:
            found: list[tuple[Place, Any]] = []
            for arguments, output in step:
                call = FlowCall()
                for path, value in _leaves(arguments, ""):
                    call.arguments += 1
                    key = _key(value)
                    if key in outputs and not _says(said, key):
                        call.sources[path] = outputs[key]
                found.append(((number, len(turn.calls)), output))
                turn.calls.append(call)
            for place, output in found:
                for _, value in _leaves(output, ""):
                    if key := _key(value):
                        outputs[key] = place
    return flow


def _key(value: Any) -> str:
    """A value as it is compared; "" for one that says nothing."""
    if isinstance(value, bool) or value is None:
        return ""
    if isinstance(value, (int, float)):
        return f"{value:g}" if abs(value) >= LEAST_NUMBER or value != int(value) else ""
    text = " ".join(value.split()).casefold()
    return text if len(text) >= LEAST_TEXT else ""


def _says(said: str, key: str) -> bool:
    return key in said and re.search(rf"(?<!\w){re.escape(key)}(?!\w)", said) is not None


def _leaves(value: Any, path: str, depth: int = _DEPTH) -> Iterator[tuple[str, Any]]:
    """Scalars with their paths, the keys of an output's objects too (an id may be one), so many at most."""
    stack: list[tuple[str, Any, int]] = [(path, value, depth)]
    for _ in range(MOST_LEAVES):
        if not stack:
            return
        here, item, left = stack.pop()
        if isinstance(item, Mapping) and left:
            stack += [(f"{here}.{key}", inner, left - 1) for key, inner in item.items()]
        elif isinstance(item, (list, tuple)) and left:
            stack += [(f"{here}[{index}]", inner, left - 1) for index, inner in enumerate(item)]
        elif isinstance(item, (str, int, float)):
            yield here, item
