"""What of a record is compared with a reference, as hashes: names and schemas of tools, values, queries.

    set(gram_hashes("…a query…")) & reference.grams

48 bits each: with some 20,000 in a reference, one of ten million looked up matches by chance. A text cannot be read from
its hash, though whoever has the text can tell that it is there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from hashlib import blake2b
from typing import Any

from funreason_plugin.checks.minhash import hash32, shingles, words
from funreason_plugin.environments.state import canonical
from funreason_plugin.quality.records import texts

__all__ = ["GRAM", "gram_hashes", "hash48", "name_hash", "near_hashes", "schema_hashes", "value_hashes"]

GRAM, SHORTEST = 13, 8
"""Words of an n-gram, and of a query that is short of it and compared as a whole (Brown et al. 2020, appendix C)."""
_FEWEST_PARAMETERS = 3
_DESCRIPTION_WORDS = 6
_ID = re.compile(r"(?=[^\s]*\d)(?=[^\s]*[^\W\d_])[^\s]{8,80}")
_PLAIN = re.compile(r"[\d\s.:,/TZ+-]*|[^\s@]+@[^\s@]+|https?://\S+")
_TYPES = {
    "dict": "object",
    "float": "number",
    "tuple": "array",
    "any": "",
    "int": "integer",
    "bool": "boolean",
}


def hash48(text: str) -> int:
    """A text as 48 bits, the same everywhere."""
    return int.from_bytes(blake2b(text.encode("utf-8", "replace"), digest_size=6).digest(), "big")


def gram_hashes(query: str) -> Iterator[int]:
    """Of every run of 13 words; of the whole query where it has 8 to 12; of none that is shorter."""
    said = words(query)
    if len(said) >= SHORTEST:
        yield from map(hash48, shingles(said, GRAM))


def near_hashes(query: str) -> list[int]:
    """Words and pairs of words as 32 bits, in order; none of a query with fewer than 8 words."""
    said = words(query)
    if len(said) < SHORTEST:
        return []
    return sorted({hash32(shingle) for size in (1, 2) for shingle in shingles(said, size)})


def name_hash(tool: Mapping[str, Any]) -> int:
    """Of a tool's name, whatever the case and the class before it."""
    return hash48(str(tool.get("name", "")).rpartition(".")[2].casefold())


def schema_hashes(tool: Mapping[str, Any]) -> set[int]:
    """Of what stays when a tool is renamed: its description, its parameters with their descriptions, and, from three
    on, the parameters' names and types alone."""
    found = set()
    description = " ".join(words(str(tool.get("description") or "").rpartition("Tool description:")[2]))
    if description.count(" ") + 1 >= _DESCRIPTION_WORDS:
        found.add(hash48(f"description {description}"))
    parameters = tool.get("parameters")
    properties = parameters.get("properties") if isinstance(parameters, Mapping) else None
    if not isinstance(properties, Mapping):
        return found
    rows = sorted((str(name), _shape(schema)) for name, schema in properties.items())
    if len(rows) >= _FEWEST_PARAMETERS:
        found.add(hash48(f"types {canonical([list(row) for row in rows]).decode()}"))
    said = [
        (str(name), " ".join(words(str(schema.get("description") or ""))))
        for name, schema in properties.items()
        if isinstance(schema, Mapping)
    ]
    if sum(text.count(" ") + 1 for _, text in said if text) >= _DESCRIPTION_WORDS:
        found.add(hash48(f"parameters {canonical(sorted(map(list, said))).decode()}"))
    return found


def _shape(schema: Any) -> str:
    """A parameter's type, however it is spelled; "" where a schema leaves it open."""
    kind = schema.get("type") if isinstance(schema, Mapping) else None
    if isinstance(kind, list):
        kind = next((name for name in kind if name != "null"), "")
    return _TYPES.get(str(kind).lower(), str(kind or "").lower())


def value_hashes(values: Iterable[Any]) -> set[int]:
    """Of the texts that are hardly anywhere by chance: of at least four words, or ids of letters and digits."""
    found = set()
    for text in texts(list(values)):
        said = words(text) if text.count(" ") >= 3 else ()
        if len(said) >= 4:
            found.add(hash48(f"text {' '.join(said)}"))
        elif _ID.fullmatch(text) and not _PLAIN.fullmatch(text):
            found.add(hash48(f"id {text}"))
    return found
