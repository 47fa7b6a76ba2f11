"""The schema of an output after `trimming`: the tool graph and `check env` read what a model is shown.

trimmed_schema({"properties": {"text": {"type": "string"}}}, Trim(lines=["text"]))  # text is a list of strings
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from funreason_plugin.environments.external.options import Trim
from funreason_plugin.environments.paths import parse_path

__all__ = ["trimmed_schema"]

Schema = dict[str, Any]
Path = tuple[str | int, ...]
_BRANCHES: Final = ("anyOf", "oneOf", "allOf")


def trimmed_schema(schema: Schema, trim: Trim) -> Schema:
    """The schema without references (as of `schemas.inlined`) with the same cuts as the output."""
    if trim.keep:
        schema = _kept(schema, [parse_path(path) for path in trim.keep])
    for path in map(parse_path, filter(None, trim.drop)):
        schema = _below(schema, path[:-1], _without(str(path[-1])))
    for text in trim.lines:
        schema = _below(schema, parse_path(text), _lines)
    return schema if trim.items is None else _open(schema)


def _without(name: str) -> Callable[[Schema], Schema]:
    return lambda schema: _with_only(schema, lambda key: name not in (key, "*"))


def _lines(schema: Schema) -> Schema:
    return {"type": "array", "items": {"type": "string"}} if schema.get("type") == "string" else schema


def _with_only(schema: Schema, wanted: Callable[[str], bool]) -> Schema:
    properties = schema.get("properties")
    if not isinstance(properties, dict):
        return schema
    return schema | {
        "properties": {key: below for key, below in properties.items() if wanted(key)},
        "required": [key for key in schema.get("required", ()) if wanted(key)],
    }


def _below(schema: Any, path: Path, change: Callable[[Schema], Schema]) -> Any:
    """The schema with a change at a path. What is no object ("true" is a schema, too) stays."""
    if not isinstance(schema, dict):
        return schema
    schema = schema | {
        key: [_below(branch, path, change) for branch in schema[key]] for key in _BRANCHES if key in schema
    }
    if not path:
        return change(schema)
    first, rest = path[0], path[1:]
    if first == "[]" and isinstance(schema.get("items"), dict):
        return schema | {"items": _below(schema["items"], rest, change)}
    properties = schema.get("properties")
    if not isinstance(properties, dict):
        return schema
    return schema | {
        "properties": {
            key: _below(below, rest, change) if first in (key, "*") else below
            for key, below in properties.items()
        }
    }


def _kept(schema: Any, paths: Sequence[Path]) -> Any:
    """The schema of what is at the paths only."""
    if any(not path for path in paths) or not isinstance(schema, dict):
        return schema
    schema = schema | {
        key: [_kept(branch, paths) for branch in schema[key]] for key in _BRANCHES if key in schema
    }
    if isinstance(schema.get("items"), dict):
        schema = schema | {"items": _kept(schema["items"], [path[1:] for path in paths if path[0] == "[]"])}
    schema = _with_only(schema, lambda key: any(path[0] in (key, "*") for path in paths))
    if isinstance(schema.get("properties"), dict):
        schema = schema | {
            "properties": {
                key: _kept(below, [path[1:] for path in paths if path[0] in (key, "*")])
                for key, below in schema["properties"].items()
            }
        }
    return schema


def _open(schema: Any) -> Any:
    """Where a list was cut, an object says so in a field more, or the list in an item more."""
    if isinstance(schema, list):
        return [_open(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        key: _open(item)
        for key, item in schema.items()
        if not (key == "additionalProperties" and item is False)
    }
