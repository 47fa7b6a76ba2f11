"""What a record has in common with a reference, by kind, and what of it is contamination.

    for hit in overlaps(record, reference):
        hit.kind, hit.turn, hit.detail

- `query_gram`: 13 words in a row of one of its queries, or a whole query of 8 to 12 (Brown et al. 2020, appendix C);
- `query_near`: a rewording of one of its queries (Jaccard similarity of words and pairs of words);
- `schema`: a tool with the parameters or the description of one of its tools, whatever it is called;
- `value`: a long text or an id of its states;
- `tool_name`: only the name of a tool. Names such as `send_message` are everybody's: counted, not contamination.

A record that says by its label that it uses a benchmark's environments (``in-domain:bfcl``) may share tools and values,
which is counted apart; never queries.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

import orjson

from funreason_plugin.quality.fingerprints import gram_hashes, name_hash, schema_hashes, value_hashes
from funreason_plugin.quality.records import Record
from funreason_plugin.quality.reference import Reference

__all__ = ["KINDS", "Hit", "overlaps"]

KINDS = ("query_gram", "query_near", "schema", "value", "tool_name")
_OF_ENVIRONMENTS = ("schema", "value")


class Hit(NamedTuple):
    """One thing in common. ``declared``: the record's label says so, and it may."""

    kind: str
    reference: str
    turn: int | None = None
    detail: str = ""
    declared: bool = False

    @property
    def counts(self) -> bool:
        """Whether it makes the record contaminated."""
        return self.kind != "tool_name" and not self.declared


def overlaps(record: Record, reference: Reference) -> Iterator[Hit]:
    """Everything in common; of a query the stronger of the two kinds."""
    name = reference.name
    for turn, (query, _) in enumerate(record.content.turns):
        nearest = reference.nearest(query)
        if any(gram in reference.grams for gram in gram_hashes(query)):
            yield Hit("query_gram", name, turn, nearest[0] if nearest else "")
        elif nearest is not None:
            yield Hit("query_near", name, turn, f"{nearest[0]} ({nearest[1]:.0%})")
    declared = bool(reference.label) and reference.label in record.labels
    for tool in record.tools:
        named, schemas = _hashes(orjson.dumps(tool, default=str))
        if not schemas.isdisjoint(reference.schemas):
            yield Hit("schema", name, None, str(tool.get("name", "")), declared)
        elif named in reference.names:
            yield Hit("tool_name", name, None, str(tool.get("name", "")), declared)
    shared = value_hashes(record.values) & reference.values if reference.values else ()
    if shared:
        yield Hit("value", name, None, f"{len(shared)} values", declared)


@lru_cache(maxsize=4096)
def _hashes(document: bytes) -> tuple[int, frozenset[int]]:
    """Tools repeat from record to record."""
    tool: Mapping[str, Any] = orjson.loads(document)
    return name_hash(tool), frozenset(schema_hashes(tool))
