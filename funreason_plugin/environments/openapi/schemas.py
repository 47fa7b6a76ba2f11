"""Schemas of OpenAPI 3.0 and 3.1 as JSON schemas that a model reads: no references, ``allOf`` merged, bounded.

    plain = Reader(references, legacy=True).schema(node, "request")

A schema that contains itself is written out once; inside, it is any object. What JSON schema draft 2020-12 says in
another way than OpenAPI 3.0 is translated ("nullable", "exclusiveMinimum": true). Properties that the service alone
sets (``readOnly``) are no part of a request, those that only a request holds (``writeOnly``) none of an answer. Rare
keywords that only restrict (``not``, ``if``) are left out: the service still checks them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final, Literal

from funreason_plugin.environments.openapi.reading import Unreadable
from funreason_plugin.environments.openapi.references import At, References
from funreason_plugin.environments.state import whole

__all__ = ["Direction", "Reader", "without_null"]

Direction = Literal["request", "response"]
Schema = dict[str, Any]

MAX_PARTS: Final = 1_500  # of one operation's schemas, when references are written out
MAX_DEPTH: Final = 12
_KEPT: Final = (
    *("type", "format", "description", "enum", "const", "default"),
    *("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
    *("minLength", "maxLength", "minItems", "maxItems", "uniqueItems", "minProperties", "maxProperties"),
)
_LARGER: Final = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")
_SMALLER: Final = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")
_SLOW_PATTERN: Final = re.compile(r"[+*}]\)?[+*{]|[+*}][^()]*\)[+*{]|\\[1-9]|\(\?[=!<]")
_EXAMPLES: Final = 5


class Reader:
    """Reads the schemas of one operation; what it has written out counts against one bound."""

    def __init__(self, references: References, legacy: bool) -> None:
        self._references = references
        self._legacy = legacy  # OpenAPI 3.0
        self._left = MAX_PARTS

    def schema(self, at: At, direction: Direction) -> Schema:
        """The schema at a place of the document.

        Raises:
            Unreadable: A reference leads nowhere, or what should be a schema is none.
        """
        return self._walk(at, direction, ())

    def _walk(self, at: At, direction: Direction, open_parts: tuple[int, ...]) -> Schema:
        node = at.value
        if node is True:
            return {}
        if node is False:
            return {"not": {}}
        if not isinstance(node, Mapping):
            raise Unreadable(f"holds {type(node).__name__} where a schema was expected")
        if "$ref" in node:
            return self._referred(at, direction, open_parts)
        self._left -= 1
        if self._left < 0 or len(open_parts) >= MAX_DEPTH:
            return _shallow(node)
        inside = (*open_parts, id(node))
        result: Schema = {key: whole(node[key]) for key in _KEPT if key in node}
        if isinstance(pattern := node.get("pattern"), str) and _usable(pattern):
            result["pattern"] = pattern
        if examples := _examples(node):
            result["examples"] = examples
        if isinstance(node.get("properties"), Mapping):
            result["properties"] = {}
            hidden = "readOnly" if direction == "request" else "writeOnly"
            for name in node["properties"]:
                part = at / "properties" / name
                if not self._says(part, hidden):
                    result["properties"][name] = self._walk(part, direction, inside)
        if isinstance(node.get("required"), list):
            known = result.get("properties")
            gone = set(node.get("properties") or ()) - set(known or ())
            result["required"] = [name for name in node["required"] if name not in gone]
        if "items" in node:
            result["items"] = self._walk(at / "items", direction, inside)
        if "prefixItems" in node and isinstance(node["prefixItems"], list):
            parts = at / "prefixItems"
            result["prefixItems"] = [
                self._walk(parts / number, direction, inside) for number in range(len(node["prefixItems"]))
            ]
        if "additionalProperties" in node:
            more = node["additionalProperties"]
            result["additionalProperties"] = (
                more if isinstance(more, bool) else self._walk(at / "additionalProperties", direction, inside)
            )
        if self._legacy:
            _translate(node, result)
        for key in ("oneOf", "anyOf"):
            if isinstance(node.get(key), list) and node[key]:
                branches = at / key
                found = [self._walk(branches / number, direction, inside) for number in range(len(node[key]))]
                result = merged(result, found[0]) if len(found) == 1 else {**result, "anyOf": found}
        if isinstance(node.get("allOf"), list):
            parts = at / "allOf"
            for number in range(len(node["allOf"])):
                result = merged(result, self._walk(parts / number, direction, inside))
        if self._legacy and node.get("nullable") is True:
            result = _or_null(result)
        return result

    def _referred(self, at: At, direction: Direction, open_parts: tuple[int, ...]) -> Schema:
        target = self._references.follow(at)
        if id(target.value) in open_parts:
            name = str(at.value["$ref"]).rsplit("/", 1)[-1]
            return {"type": "object", "description": f"another {name}"}
        found = self._walk(target, direction, open_parts)
        beside = {key: item for key, item in at.value.items() if key != "$ref"}
        if not beside:
            return found
        own = self._walk(At(beside, at.resolver), direction, open_parts)
        return merged(own, found)

    def _says(self, at: At, key: str) -> bool:
        """Whether a property's schema, or what it refers to, is marked so."""
        if isinstance(at.value, Mapping) and at.value.get(key) is True:
            return True
        if isinstance(at.value, Mapping) and "$ref" in at.value:
            target = self._references.follow(at).value
            return isinstance(target, Mapping) and target.get(key) is True
        return False


def merged(outer: Schema, inner: Schema) -> Schema:
    """A schema that says what both say; of two descriptions and defaults the outer counts."""
    result = {**inner, **outer}
    if "properties" in outer and "properties" in inner:
        mine, theirs = outer["properties"], inner["properties"]
        both = {name: merged(mine[name], theirs[name]) for name in theirs if name in mine}
        result["properties"] = {**theirs, **mine, **both}
    if "required" in outer and "required" in inner:
        result["required"] = list(dict.fromkeys([*outer["required"], *inner["required"]]))
    for keys, choose in ((_LARGER, max), (_SMALLER, min)):
        for key in keys:
            if key in outer and key in inner:
                result[key] = choose(outer[key], inner[key])
    if "enum" in outer and "enum" in inner:
        result["enum"] = [value for value in outer["enum"] if value in inner["enum"]] or outer["enum"]
    if "type" in outer and "type" in inner:
        common = [kind for kind in _types(outer) if kind in _types(inner)]
        if {"integer"} in (set(_types(outer)), set(_types(inner))):
            common = common or ["integer"]
        result["type"] = common[0] if len(common) == 1 else common or outer["type"]
    if False in (outer.get("additionalProperties"), inner.get("additionalProperties")):
        del result["additionalProperties"]  # each branch would forbid what the other names
    return result


def without_null(schema: Schema) -> Schema:
    """The schema of what stands in a URL or a header, where nothing can be null: leaving it out says so."""
    result = dict(schema)
    if isinstance(result.get("type"), list):
        kinds = [kind for kind in result["type"] if kind != "null"]
        result["type"] = kinds[0] if len(kinds) == 1 else kinds
    if "anyOf" in result:
        branches = [branch for branch in result.pop("anyOf") if branch.get("type") != "null"]
        result = merged(result, branches[0]) if len(branches) == 1 else {**result, "anyOf": branches}
    if isinstance(result.get("enum"), list):
        result["enum"] = [value for value in result["enum"] if value is not None]
    if result.get("default", ...) is None:
        del result["default"]
    return result


def _translate(node: Mapping[str, Any], result: Schema) -> None:
    """OpenAPI 3.0 says with true and false that a bound is exclusive."""
    for bound, exclusive in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
        if isinstance(node.get(exclusive), bool):
            del result[exclusive]
            if node[exclusive] and bound in result:
                result[exclusive] = result.pop(bound)


def _or_null(schema: Schema) -> Schema:
    if "enum" in schema and None not in schema["enum"]:
        schema = {**schema, "enum": [*schema["enum"], None]}
    if "type" in schema:
        return {**schema, "type": [*dict.fromkeys([*_types(schema), "null"])]}
    if "anyOf" in schema:
        return {**schema, "anyOf": [*schema["anyOf"], {"type": "null"}]}
    return schema  # no type: null is allowed as it is


def _shallow(node: Mapping[str, Any]) -> Schema:
    """A part that is not written out: what kind of thing it is."""
    kept: Schema = {key: node[key] for key in ("type", "format", "description") if key in node}
    if "type" not in kept and "properties" in node:
        kept["type"] = "object"
    return kept


def _examples(node: Mapping[str, Any]) -> list[Any]:
    found = node.get("examples")
    given = found if isinstance(found, list) else [node["example"]] if "example" in node else []
    short = [value for value in given if isinstance(value, (str, int, float)) and len(str(value)) <= 120]
    return short[:_EXAMPLES]


def _usable(pattern: str) -> bool:
    """Whether Python reads a pattern, and in a time that does not explode with the text."""
    if len(pattern) > 200 or _SLOW_PATTERN.search(pattern):
        return False
    try:
        re.compile(pattern)
    except (re.error, OverflowError, RecursionError):
        return False
    return True


def _types(schema: Schema) -> list[str]:
    kinds = schema["type"]
    return list(kinds) if isinstance(kinds, list) else [kinds]
