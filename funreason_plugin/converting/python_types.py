"""The parameters of xlam-function-calling-60k as a JSON schema.

    {"units": {"type": "str, optional", "description": "…", "default": "metric"}}

A parameter is required unless its type says "optional" (a default alone does not: there they are also given
as examples). What a type means for certain is mapped: `List[int]`, `Dict[str, float]`, `Tuple[int, str]`,
`Union[…]`, `Optional[…]`, `Set[…]`. What JSON has no type for (`Callable[…]`, `datetime`, `complex`) is left
untyped, with the original in `$comment`, and is counted as a note.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

from funreason_plugin.converting.refusal import Refused, expect_object, expect_text, shown

__all__ = ["from_python", "type_schema"]

_SIMPLE = {
    **dict.fromkeys(("str", "string"), "string"),
    **dict.fromkeys(("int", "integer"), "integer"),
    **dict.fromkeys(("float", "number", "double"), "number"),
    **dict.fromkeys(("bool", "boolean"), "boolean"),
    **dict.fromkeys(("list", "array", "tuple", "sequence", "iterable"), "array"),
    **dict.fromkeys(("dict", "object", "mapping"), "object"),
    **dict.fromkeys(("none", "nonetype", "null"), "null"),
}
_TOKEN = re.compile(r"\s*([A-Za-z_][\w.]*|\.\.\.|[\[\],|])")
_MAX_TYPE = 500
_OPTIONAL = re.compile(r"[\s,(]+optional\b(?!\[)[\s)]*|^\s*optional\s*$", re.IGNORECASE)


class _Unmapped(Exception):
    """A type that JSON schema has no certain word for."""


def from_python(parameters: dict[str, Any], path: str, notes: Counter[str]) -> dict[str, Any]:
    """The schema of an object with these parameters."""
    properties: dict[str, Any] = {}
    required: list[str] = []
    for name, value in parameters.items():
        place = f"{path}.{name}"
        document = dict(expect_object(value, place))
        text = document.pop("type", None)
        needed = document.pop("required", None)
        if needed is not None and not isinstance(needed, bool):
            raise Refused(f"{place}.required", "not true or false", shown(needed))
        schema: dict[str, Any] = {}
        optional = False
        if text is None:
            notes["tools: a parameter without a type"] += 1
        else:
            found = _OPTIONAL.search(expect_text(text, f"{place}.type")[:_MAX_TYPE])
            optional = found is not None
            schema = type_schema((text[: found.start()] if found else "").strip() or text, notes)
            if found and text[found.end() :]:  # "int, optional, 0 to 9"
                schema = {**schema, "$comment": f"type: {text}"}
        properties[name] = {**schema, **document}
        if needed if needed is not None else not optional:
            required.append(name)
    return {"type": "object", "properties": properties, "required": required}


def type_schema(text: str, notes: Counter[str]) -> dict[str, Any]:
    """The schema of a type in Python's notation; `$comment` keeps what has none."""
    try:
        tokens = _tokens(text)
        schema, rest = _union(tokens)
        if rest:
            raise _Unmapped
    except _Unmapped:
        notes[f"tools: type {_family(text)} is left untyped"] += 1
        return {"$comment": f"type: {text}"}
    return schema


def _family(text: str) -> str:
    found = re.match(r"[\w.]+", text.strip())
    return found[0][:40] if found else shown(text)


def _tokens(text: str) -> list[str]:
    if len(text) > _MAX_TYPE:
        raise _Unmapped
    tokens: list[str] = []
    position, depth = 0, 0
    while text[position:].strip():
        match = _TOKEN.match(text, position)
        if match is None:
            raise _Unmapped
        depth += {"[": 1, "]": -1}.get(match[1], 0)
        if depth > 16:
            raise _Unmapped
        tokens.append(match[1])
        position = match.end()
    return tokens


Parsed = tuple[dict[str, Any], list[str]]
"""A schema, and the tokens behind it."""


def _union(tokens: list[str]) -> Parsed:
    """`A | B`."""
    schema, rest = _one(tokens)
    schemas = [schema]
    while rest and rest[0] == "|":
        schema, rest = _one(rest[1:])
        schemas.append(schema)
    return _any_of(schemas), rest


def _one(tokens: list[str]) -> Parsed:
    if not tokens:
        raise _Unmapped
    name, rest = tokens[0].rpartition(".")[2].lower(), tokens[1:]
    arguments: list[dict[str, Any]] = []
    if rest and rest[0] == "[":
        ellipsis = False
        while rest[0] != "]":
            if rest[1:2] == ["..."]:
                ellipsis, rest = True, rest[1:]
            else:
                schema, rest = _union(rest[1:])
                arguments.append(schema)
                if not rest or rest[0] not in (",", "]"):
                    raise _Unmapped
                continue
            rest = rest[1:]
            if rest[:1] != ["]"]:
                raise _Unmapped
        return _generic(name, arguments, ellipsis), rest[1:]
    if name == "any":
        return {}, rest
    if name in ("set", "frozenset"):
        return {"type": "array", "uniqueItems": True}, rest
    if name not in _SIMPLE:
        raise _Unmapped
    return {"type": _SIMPLE[name]}, rest


def _generic(name: str, arguments: list[dict[str, Any]], ellipsis: bool) -> dict[str, Any]:
    match name, len(arguments):
        case "list" | "sequence" | "iterable" | "array", 1 if not ellipsis:
            return _array(arguments[0])
        case "set" | "frozenset", 1 if not ellipsis:
            return {**_array(arguments[0]), "uniqueItems": True}
        case "tuple", 1 if ellipsis:
            return _array(arguments[0])
        case "tuple", count if count and not ellipsis:
            return {"type": "array", "prefixItems": arguments, "minItems": count, "maxItems": count}
        case "dict" | "mapping", 2 if not ellipsis and arguments[0] == {"type": "string"}:
            return {"type": "object", **({"additionalProperties": arguments[1]} if arguments[1] else {})}
        case "optional", 1 if not ellipsis:
            return _any_of([arguments[0], {"type": "null"}])
        case "union", count if count and not ellipsis:
            return _any_of(arguments)
    raise _Unmapped


def _array(items: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", **({"items": items} if items else {})}


def _any_of(schemas: list[dict[str, Any]]) -> dict[str, Any]:
    if len(schemas) == 1:
        return schemas[0]
    return {} if {} in schemas else {"anyOf": schemas}
