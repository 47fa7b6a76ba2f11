"""What a data set is compared with: the hashes of a benchmark, or of any file.

    reference = shipped()                                        # BFCL's multi-turn entries, of hashes only
    reference = Reference.of("held_out.jsonl", records)          # what a user names

The shipped one was made by ``tools/bfcl_reference.py``; version and command stand in it.
"""

from __future__ import annotations

import base64
import struct
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import orjson

from funreason_plugin.checks.minhash import lsh, minhash
from funreason_plugin.quality.fingerprints import (
    gram_hashes,
    name_hash,
    near_hashes,
    schema_hashes,
    value_hashes,
)
from funreason_plugin.quality.records import Record

if TYPE_CHECKING:
    from datasketch import MinHashLSH

__all__ = ["NEAR", "Reference", "shipped"]

NEAR: Final = 0.4
"""Jaccard similarity of words and pairs of words from which a query counts as a rewording. Queries of the shipped
environments come to 0.30 at most with BFCL's; one of BFCL's with every fifth word replaced keeps 0.58 (median)."""
_FILE = Path(__file__).with_name("references") / "bfcl_multi_turn.json"


@dataclass
class Reference:
    """Sets of hashes. ``label`` marks records that may share its tools and say so; ``queries`` are by ``ids``."""

    name: str
    title: str = ""
    label: str = ""
    made: dict[str, str] = field(default_factory=dict)
    names: set[int] = field(default_factory=set)
    schemas: set[int] = field(default_factory=set)
    values: set[int] = field(default_factory=set)
    grams: set[int] = field(default_factory=set)
    ids: list[str] = field(default_factory=list)
    queries: list[list[int]] = field(default_factory=list)

    @classmethod
    def of(cls, name: str, records: Iterable[tuple[str, Record]], **about: Any) -> Reference:
        """The hashes of some records, given with their places."""
        reference = cls(name, **about)
        seen: set[tuple[int, ...]] = set()
        for place, record in records:
            reference.values |= value_hashes(record.values)
            for tool in record.tools:
                reference.names.add(name_hash(tool))
                reference.schemas |= schema_hashes(tool)
            for number, (query, _) in enumerate(record.content.turns):
                reference.grams.update(gram_hashes(query))
                near = near_hashes(query)
                if near and tuple(near) not in seen:
                    seen.add(tuple(near))
                    reference.queries.append(near)
                    reference.ids.append(f"{place}/{number}")
        return reference

    def nearest(self, query: str) -> tuple[str, float] | None:
        """The query of the reference that this one rewords, and how similar they are (Jaccard, from `NEAR` on)."""
        own = near_hashes(query)
        if not own or not self.queries:
            return None
        if sum(1 for hashed in own if hashed in self._all) < NEAR * len(own):
            return None  # not enough in common with all the queries together
        best: tuple[float, int] | None = None
        given = set(own)
        for number in self._index.query(minhash(own)):
            other = self.queries[number]
            shared = sum(1 for hashed in other if hashed in given)
            similarity = shared / (len(own) + len(other) - shared)
            if similarity >= NEAR and (best is None or (similarity, -number) > (best[0], -best[1])):
                best = (similarity, number)
        return (self.ids[best[1]], round(best[0], 3)) if best is not None else None

    @cached_property
    def _all(self) -> frozenset[int]:
        return frozenset(hashed for query in self.queries for hashed in query)

    @cached_property
    def _index(self) -> MinHashLSH:
        """Candidates share three MinHashes: of pairs at `NEAR` 94% are found, from 0.5 on over 99%."""
        index = lsh(NEAR, 0.93)
        for number, query in enumerate(self.queries):
            index.insert(number, minhash(query), check_duplication=False)
        return index

    def about(self) -> dict[str, Any]:
        """What it is, for a report."""
        counts = {
            "tools": len(self.names),
            "schemas": len(self.schemas),
            "values": len(self.values),
            "grams": len(self.grams),
            "queries": len(self.queries),
        }
        return {"name": self.name, "title": self.title, **self.made, **counts}

    def dumps(self) -> bytes:
        """As the JSON of the package."""
        data = {
            "name": self.name,
            "title": self.title,
            "label": self.label,
            "made": self.made,
            "hashes": "blake2b of 48 bits; queries: of 32 bits, each query's words and pairs of words",
            **{name: _packed48(getattr(self, name)) for name in _SETS},
            "ids": self.ids,
            "sizes": list(map(len, self.queries)),
            "queries": _packed32([hashed for query in self.queries for hashed in query]),
        }
        return orjson.dumps(data, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)

    @classmethod
    def loads(cls, text: bytes) -> Reference:
        """What `dumps` wrote."""
        data = orjson.loads(text)
        flat, start, queries = _unpacked32(data["queries"]), 0, []
        for size in data["sizes"]:
            queries.append(flat[start : start + size])
            start += size
        sets = {name: _unpacked48(data[name]) for name in _SETS}
        return cls(
            data["name"],
            data["title"],
            data["label"],
            data["made"],
            **sets,
            ids=data["ids"],
            queries=queries,
        )


_SETS = ("names", "schemas", "values", "grams")


@cache
def shipped() -> Reference:
    """BFCL's multi-turn entries and tools."""
    return Reference.loads(_FILE.read_bytes())


def _packed48(hashes: set[int]) -> str:
    return base64.b64encode(b"".join(hashed.to_bytes(6, "big") for hashed in sorted(hashes))).decode()


def _unpacked48(text: str) -> set[int]:
    data = base64.b64decode(text)
    return {int.from_bytes(data[start : start + 6], "big") for start in range(0, len(data), 6)}


def _packed32(hashes: list[int]) -> str:
    return base64.b64encode(b"".join(hashed.to_bytes(4, "big") for hashed in hashes)).decode()


def _unpacked32(text: str) -> list[int]:
    data = base64.b64decode(text)
    return list(struct.unpack(f">{len(data) // 4}I", data))
