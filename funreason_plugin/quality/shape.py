"""The shape of conversations, measured: how many turns, calls, tools, how long, what comes from where.

    shape = shape_of("bfcl")                 # shipped figures; "bfcl:base" for one category
    shape = shape_of("logs.jsonl")           # any file that `quality` reads
    Measured().add(flow)                     # conversation by conversation

The benchmark's figures lie in ``references/bfcl_shape.json``, which ``tools/bfcl_shape.py`` makes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Final

import orjson

from funreason_plugin.errors import UserError, did_you_mean
from funreason_plugin.quality.flow import Flow, flow_of
from funreason_plugin.quality.reading import Given, given_records
from funreason_plugin.shape_config import LENGTH_BIN, Shape

__all__ = ["BFCL", "MOST", "Measured", "bfcl_shape", "flows", "is_bfcl", "length_bin", "mean", "shape_of"]

BFCL: Final = "bfcl"
MOST: Final = 20_000
"""Conversations of a file that are measured: more do not change a distribution."""
LAST_BIN: Final = 30
"""Bars of a length; the last takes what is longer."""
_SHIPPED: Final = Path(__file__).parent / "references" / "bfcl_shape.json"


@dataclass(slots=True)
class Measured:
    """Counts over conversations."""

    conversations: int = 0
    turns: Counter[int] = field(default_factory=Counter)
    calls: Counter[int] = field(default_factory=Counter)
    chain: Counter[int] = field(default_factory=Counter)
    environments: Counter[int] = field(default_factory=Counter)
    offered: Counter[int] = field(default_factory=Counter)
    query: Counter[int] = field(default_factory=Counter)
    sources: Counter[str] = field(default_factory=Counter)
    dependent: int = 0
    later: Counter[bool] = field(default_factory=Counter)
    within: Counter[bool] = field(default_factory=Counter)

    def add(self, flow: Flow) -> None:
        """Count a conversation."""
        self.conversations += 1
        self.turns[len(flow.turns)] += 1
        self.chain[flow.chain] += 1
        if flow.environments:
            self.environments[flow.environments] += 1
        if flow.offered:
            self.offered[flow.offered] += 1
        for number, turn in enumerate(flow.turns):
            self.calls[len(turn.calls)] += 1
            if text := turn.query.strip():
                self.query[length_bin(text, LENGTH_BIN)] += 1
            givers = [place[0] for call in turn.calls for place in call.sources.values()]
            here = sum(giver == number for giver in givers)
            self.sources["this turn"] += here
            self.sources["earlier turn"] += len(givers) - here
            self.sources["elsewhere"] += sum(call.arguments for call in turn.calls) - len(givers)
            self.dependent += sum(bool(call.sources) for call in turn.calls)
            if turn.calls and number:
                self.later[here < len(givers)] += 1
            if len(turn.calls) > 1:
                self.within[here > 0] += 1

    def shape(self, name: str, source: str, variants: Mapping[str, float] | None = None) -> Shape:
        """As a configuration and a report hold it."""
        made = sum(number * times for number, times in self.calls.items())
        return Shape(
            name=name,
            source=source,
            turns=dict(sorted(self.turns.items())),
            calls=dict(sorted(self.calls.items())) if made else {},
            chain=dict(sorted(self.chain.items())) if made else {},
            environments=dict(sorted(self.environments.items())),
            offered=dict(sorted(self.offered.items())),
            query=dict(sorted(self.query.items())),
            sources=dict(sorted(self.sources.items())) if made else {},
            dependent=_part(self.dependent, made),
            later=_part(self.later[True], self.later.total()),
            within=_part(self.within[True], self.within.total()),
            variants=dict(variants or {}),
        )


def shape_of(given: str) -> Shape:
    """The shape of a benchmark's conversations, or of a file's or folder's.

    Raises:
        UserError: There is no such file or category, or it holds no conversation with a call.
    """
    if is_bfcl(given):
        return bfcl_shape(given)
    path = Path(given)
    if not path.exists():
        hint = did_you_mean(given, [BFCL]) or "; expected bfcl, bfcl:CATEGORY or a file of conversations"
        raise UserError(f"--like {given}: no such file or folder{hint}")
    measured, read = Measured(), 0
    try:
        for _, flow in flows(path):
            read += 1
            if flow is not None:
                measured.add(flow)
            if read == MOST:
                break
    except UserError as error:
        raise UserError(f"--like {error.message}") from None
    if not measured.conversations:
        what = f"none of {read:,} records is a conversation" if read else "there is nothing in it"
        raise UserError(
            f"--like {given}: {what}; expected OpenAI messages or ShareGPT conversations, with their calls"
        )
    if not measured.calls.total() - measured.calls[0]:
        raise UserError(
            f"--like {given}: no tool call in {measured.conversations:,} conversations; expected tool_calls in OpenAI "
            "messages, or function_call in ShareGPT conversations"
        )
    first = "the first " if read == MOST else ""
    return measured.shape(path.name, f"{path.name}, {first}{measured.conversations:,} conversations")


def flows(path: Path) -> Iterator[tuple[str, Flow | None]]:
    """The conversations of a file or folder, with where they stand; None for a record that is none."""
    for given in given_records(path):
        flow = flow_of(_value(given))
        yield given.place, flow if flow is not None and flow.turns else None


def _value(given: Given) -> Any:
    if not isinstance(given.value, bytes):
        return given.value
    try:
        return orjson.loads(given.value)
    except (orjson.JSONDecodeError, RecursionError):
        return None


def is_bfcl(given: str) -> bool:
    """Whether a name is the benchmark's, or one of its categories'."""
    return given == BFCL or given.startswith(f"{BFCL}:")


def bfcl_shape(given: str = BFCL) -> Shape:
    """BFCL's multi-turn entries, or one category of them.

    Raises:
        UserError: There is no such category.
    """
    categories = _shipped()["categories"]
    category = given.partition(":")[2] or "all"
    if category not in categories:
        hint = did_you_mean(category, list(categories))
        raise UserError(f"--like {given}: BFCL has {', '.join(categories)}{hint}")
    return Shape.model_validate(categories[category])


@cache
def _shipped() -> dict[str, Any]:
    loaded: dict[str, Any] = orjson.loads(_SHIPPED.read_bytes())
    return loaded


def length_bin(text: str, width: int) -> int:
    """Where the bar of a text's length begins."""
    return min(len(text) // width, LAST_BIN - 1) * width


def mean(counts: Mapping[int, int]) -> float:
    """The mean of the counted values."""
    return sum(value * times for value, times in counts.items()) / max(sum(counts.values()), 1)


def _part(count: int, total: int) -> float:
    return round(count / total, 4) if total else 0.0
