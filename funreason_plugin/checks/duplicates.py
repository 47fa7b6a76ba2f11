"""Trajectories that say and do the same thing are one trajectory: exactly, nearly, or but for the values.

    seen = Duplicates("near:0.8")
    seen.earlier(Sketch(content))      # None, or Found(number=17, kind="near", similarity=0.93)
    seen.add(18, Sketch(content))

- *exact*: the same queries and calls (case and white space of queries aside);
- *near*: MinHash (Broder 1997) estimates that the word trigrams of the queries, or the calls with their arguments, are
  the same to a share of the threshold (Jaccard similarity; 0.8 unless told, as Lee et al. 2022, section 4.2, have it);
- *structural*: the same tools in the same order, and each argument from the same source, with other values.

Each level has those before it in it. What is found depends on nothing but the contents, in their order.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

from funreason_plugin.checks.minhash import Similar, hash32, minhash, shingles, words
from funreason_plugin.environments.state import canonical, sha256
from funreason_plugin.trajectory import Turn

if TYPE_CHECKING:
    from datasketch import MinHash

LEVELS = ("keep", "exact", "near", "structural")
THRESHOLD = 0.8
_FEWEST = 5
"""Sets of fewer shingles are too small for a similarity to mean anything."""


class Done(NamedTuple):
    """One call: its name, its arguments, and where they come from (anything that can be JSON)."""

    name: str
    arguments: Mapping[str, Any]
    sources: Any = None


@dataclass(slots=True, frozen=True)
class Content:
    """What a conversation says and does: by turn, the query and the calls."""

    turns: tuple[tuple[str, tuple[Done, ...]], ...]

    @classmethod
    def of(cls, turns: Sequence[Turn]) -> Content:
        return cls(
            tuple(
                (
                    turn.query,
                    tuple(
                        Done(call.name, call.arguments, _sources(call.provenance)) for call in turn.calls()
                    ),
                )
                for turn in turns
            )
        )

    @classmethod
    def of_line(cls, line: bytes) -> Content:
        """A line of trajectories.jsonl that was checked already."""
        return cls.of_turns(orjson.loads(line)["turns"])

    @classmethod
    def of_turns(cls, turns: Sequence[Mapping[str, Any]]) -> Content:
        """The turns of a trajectory as JSON data."""
        return cls(
            tuple(
                (
                    turn["query"],
                    tuple(
                        Done(call["name"], call["arguments"], _sources(call["provenance"]))
                        for step in turn["steps"]
                        for call in step["calls"]
                    ),
                )
                for turn in turns
            )
        )


class Found(NamedTuple):
    """An earlier record like this one: its number, the kind, and how similar it is."""

    number: int
    kind: str
    similarity: float = 1.0

    def __str__(self) -> str:
        return _SAYS[self.kind]


_SAYS = {
    "exact": "the same queries and calls as an earlier trajectory",
    "near": "nearly the same queries or calls as an earlier trajectory",
    "structural": "the same tools and sources of arguments as an earlier trajectory, with other values",
}


def duplicate_key(turns: Sequence[Turn]) -> bytes:
    """Equal for trajectories with the same queries and calls (case and white space of queries aside)."""
    return exact_key(Content.of(turns))


def exact_key(content: Content) -> bytes:
    """`duplicate_key` of a content."""
    return _digest(
        [
            [" ".join(query.casefold().split()), [[call.name, call.arguments] for call in calls]]
            for query, calls in content.turns
        ]
    )


def structural_key(content: Content) -> bytes:
    """Equal for the same tools, turn by turn, whose arguments come from the same places."""
    return _digest(
        [
            [[call.name, sorted(call.arguments) if call.sources is None else call.sources] for call in calls]
            for _, calls in content.turns
        ]
    )


def _digest(value: Any) -> bytes:
    return bytes.fromhex(sha256(canonical(value)))[:12]


def _sources(provenance: Mapping[str, Any]) -> list[Any]:
    """Where each argument comes from: the kind, the call, the field, and by what a record is chosen."""
    rows = []
    for path, given in sorted(provenance.items()):
        where = given if isinstance(given, dict) else asdict(given)
        choice = where["choice"] and [where["choice"]["by"], where["choice"]["key"]]
        rows.append([path, where["source"], where["turn"], where["call"], where["field"], choice])
    return rows


# ------------------------------------------------------------------------------------------------ MinHash


def said_shingles(content: Content) -> set[str]:
    """Word trigrams of the queries."""
    return {shingle for query, _ in content.turns for shingle in shingles(words(query), 3)}


def done_shingles(content: Content) -> set[str]:
    """The calls with each of their arguments, and what follows what."""
    calls = [call for _, made in content.turns for call in made]
    found = {
        f"{call.name} {name}={canonical(value).decode()}"
        for call in calls
        for name, value in call.arguments.items()
    }
    return found | set(shingles([call.name for call in calls], 2))


class Sketch:
    """A record as what the levels compare, each part worked out when it is asked for.

    A line of trajectories.jsonl may stand for its content, and ``key`` for its `exact_key`.
    """

    def __init__(self, content: Content | bytes, key: bytes = b"") -> None:
        self._given: Content | bytes | None = content
        if key:
            self.__dict__["exact"] = key

    @cached_property
    def content(self) -> Content:
        assert self._given is not None, "let go of"
        return self._given if isinstance(self._given, Content) else Content.of_line(self._given)

    def let_go(self, level: str) -> Sketch:
        """What a level compares is worked out and the texts are forgotten: small enough to be sent and kept."""
        _ = self.exact
        if parse_level(level)[0] in LEVELS[2:]:
            _ = self.minhashes, self.structure
        self._given = None
        self.__dict__.pop("content", None)
        return self

    @cached_property
    def exact(self) -> bytes:
        return exact_key(self.content)

    @cached_property
    def structure(self) -> bytes:
        return structural_key(self.content)

    @cached_property
    def minhashes(self) -> tuple[MinHash | None, MinHash | None]:
        """Of the queries and of the calls; None for a set that is too small."""
        queries, calls = (
            {hash32(shingle) for shingle in found}
            for found in (said_shingles(self.content), done_shingles(self.content))
        )
        return (
            minhash(queries) if len(queries) >= _FEWEST else None,
            minhash(calls) if len(calls) >= _FEWEST else None,
        )


# -------------------------------------------------------------------------------------------------- the index


def parse_level(text: str) -> tuple[str, float]:
    """ "near:0.9" as its name and threshold.

    Raises:
        ValueError: It is no level.
    """
    found = _LEVEL.fullmatch(text)
    if not found:
        raise ValueError(f"expected {', '.join(LEVELS)}, or near:THRESHOLD with 0.5 to 1 as in near:0.8")
    return found[1], float(found[2] or THRESHOLD)


_LEVEL = re.compile(r"(keep|exact|structural|near(?=$|:))(?:(?<=near):(0\.[5-9]\d{0,3}|1\.0))?")


@dataclass(slots=True)
class Duplicates:
    """What was seen so far, at one level. ``level`` is one of `LEVELS`, or "near:0.9"."""

    level: str = "exact"
    _exact: dict[bytes, int] = field(default_factory=dict)
    _structures: dict[bytes, int] = field(default_factory=dict)
    _near: Similar | None = None
    _depth: int = 0

    def __post_init__(self) -> None:
        name, threshold = parse_level(self.level)
        self._depth = LEVELS.index(name)
        if self._depth >= 2:
            self._near = Similar(threshold, kinds=2)

    def earlier(self, sketch: Sketch) -> Found | None:
        """The first earlier record that this one repeats."""
        if not self._depth:
            return None
        if (number := self._exact.get(sketch.exact)) is not None:
            return Found(number, "exact")
        if self._near is not None and (near := self._near.find(sketch.minhashes)) is not None:
            return Found(near[0], "near", near[1])
        if self._depth == 3 and (number := self._structures.get(sketch.structure)) is not None:
            return Found(number, "structural")
        return None

    def add(self, number: int, sketch: Sketch) -> None:
        """Remember a record."""
        if self._depth:
            self._exact.setdefault(sketch.exact, number)
        if self._near is not None:
            self._near.add(number, sketch.minhashes)
        if self._depth == 3:
            self._structures.setdefault(sketch.structure, number)
