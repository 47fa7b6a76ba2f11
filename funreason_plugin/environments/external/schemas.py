"""Foreign JSON schemas as models read them: without references, of bounded size.

inlined({"properties": {"a": {"$ref": "#/$defs/A"}}, "$defs": {"A": {"type": "string"}}})
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

DEPTH: Final = 12
NODES: Final = 20_000
_DROPPED: Final = ("$defs", "definitions", "$schema", "$id", "$comment")


class TooLarge(ValueError):
    """A schema with more than NODES parts when its references are written out."""


def inlined(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The schema with every local ``$ref`` replaced by what it points to; where it contains itself, by any object.

    Raises:
        TooLarge: It has more than NODES parts.
    """
    left = [NODES]

    def walk(node: Any, open_refs: tuple[str, ...], names: bool) -> Any:
        left[0] -= 1
        if left[0] < 0:
            raise TooLarge(f"its schema has over {NODES:,} parts")
        if isinstance(node, list):
            return [walk(item, open_refs, False) for item in node]
        if not isinstance(node, Mapping):
            return node
        if not names and isinstance(node.get("$ref"), str):
            ref = node["$ref"]
            rest = {key: value for key, value in node.items() if key != "$ref"}
            target = _at(schema, ref)
            if ref in open_refs or len(open_refs) >= DEPTH or target is None:
                return {"type": "object", **walk(rest, open_refs, False)}
            return walk({**target, **rest}, (*open_refs, ref), False)
        return {
            key: walk(value, open_refs, not names and key in ("properties", "patternProperties"))
            for key, value in node.items()
            if names or (key not in _DROPPED and not (key == "title" and isinstance(value, str)))
        }

    result = walk(schema, (), False)
    assert isinstance(result, dict)
    return result


def _at(schema: Mapping[str, Any], ref: str) -> Mapping[str, Any] | None:
    """What a local reference ("#/$defs/A") points to."""
    node: Any = schema
    if not ref.startswith("#"):
        return None
    for part in ref[1:].strip("/").split("/") if ref[1:].strip("/") else ():
        part = part.replace("~1", "/").replace("~0", "~")
        if not isinstance(node, Mapping) or part not in node:
            return None
        node = node[part]
    return node if isinstance(node, Mapping) else None
