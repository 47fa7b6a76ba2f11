"""Trajectories as columns: what the reader needs of a block of them, arranged so that it compresses well.

    block = Block()
    block.add(record, differences)      # record: a line of trajectories.jsonl as JSON data
    data = block.as_json()

Equal fields stand together (all queries, all thoughts, …), which gzip packs 28% smaller than record by record. ``turns``
holds the turns of each trajectory, ``steps`` the steps of each turn and ``calls`` the calls of each step, as counts: the
page puts the records together again (``page/data.js``). The initial state is left out: it is half of a trajectory, and what
a turn did to it is in the differences.

Provenance is written short: ``["q"]`` the query, ``["e", turn]`` an earlier one, ``["o", turn, call, field]`` an output,
``["d"]`` a default; a choice, ``[list, by, key, value]``, may follow.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import orjson

LONGEST_TEXT: Final = 40_000
"""Characters of one text or output; what is longer is cut, and says so."""
_HASH: Final = 16
"""Hex digits of a hash that are shown."""


class Block:
    """The columns of some trajectories."""

    def __init__(self) -> None:
        names = (
            "head",
            "turns",
            "query",
            "steps",
            "thought",
            "answer",
            "made",
            "calls",
            "step_thought",
            "name",
        )
        self._columns: dict[str, list[Any]] = {name: [] for name in names}
        self._columns |= {"arguments": [], "provenance": [], "output": []}

    def add(self, head: Mapping[str, Any], record: Mapping[str, Any], differences: list[Any] | None) -> None:
        """A trajectory; ``differences`` by turn, or None where it was not replayed."""
        columns = self._columns
        columns["head"].append(head)
        columns["turns"].append(len(record["turns"]))
        for number, turn in enumerate(record["turns"]):
            columns["query"].append(cut(turn["query"]))
            columns["steps"].append(len(turn["steps"]))
            columns["thought"].append(cut(turn["thought"]))
            columns["answer"].append(cut(turn["answer"]))
            columns["made"].append(_made(turn, differences[number] if differences is not None else None))
            for step in turn["steps"]:
                self._add_step(step)

    def _add_step(self, step: Mapping[str, Any]) -> None:
        columns = self._columns
        columns["step_thought"].append(cut(step["thought"]))
        columns["calls"].append(len(step["calls"]))
        for call in step["calls"]:
            columns["name"].append(call["name"])
            columns["arguments"].append(shortened(call["arguments"]))
            columns["provenance"].append(
                {path: _source(provenance) for path, provenance in call["provenance"].items()}
            )
            columns["output"].append(shortened(call["output"]))

    def as_json(self) -> bytes:
        return orjson.dumps(self._columns)


def cut(text: str | None) -> str | None:
    """A text, shortened when it is very long."""
    if text is None or len(text) <= LONGEST_TEXT:
        return text
    return f"{text[:LONGEST_TEXT]}… ({len(text):,} characters; the rest is in trajectories.jsonl)"


def shortened(value: Any) -> Any:
    """A JSON value, or the beginning of its text when it is very long."""
    packed = orjson.dumps(value)
    return value if len(packed) <= LONGEST_TEXT else cut(packed.decode())


def _made(turn: Mapping[str, Any], differences: list[Any] | None) -> dict[str, Any]:
    """How a turn came about; what is empty is left out."""
    made: dict[str, Any] = {
        "hash": turn["state_hash"][:_HASH],
        "target": turn["target"],
        "advanced": turn["advanced_tool"],
        "hint": cut(turn["hint"]),
        "noise": turn["noise"],
        "lack": turn.get("lack"),
        "follow_up": turn.get("follow_up"),
        "feedback": shortened(turn["feedback"]),
    }
    made = {key: value for key, value in made.items() if value}
    if turn["variant"] != "base":
        made["variant"] = turn["variant"]
    if turn["attempts"] != 1:
        made["attempts"] = turn["attempts"]
    if not turn["exact_match"]:
        made["exact"] = False
    if differences is not None:
        made["changes"] = differences
    return made


_SHORT: Final = {"query": "q", "earlier_query": "e", "output": "o", "default": "d"}


def _source(provenance: Mapping[str, Any]) -> list[Any]:
    kind = _SHORT[provenance["source"]]
    short: list[Any] = [kind]
    if kind in "eo":
        short.append(provenance["turn"])
    if kind == "o":
        short += [provenance["call"], provenance["field"]]
    if choice := provenance.get("choice"):
        short.append([choice["list"], choice["by"], choice["key"], choice["value"]])
    return short
