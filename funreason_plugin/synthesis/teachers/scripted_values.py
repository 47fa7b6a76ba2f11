"""From words to values: what a capture in a text says, by the parameter's schema."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from funreason_plugin.synthesis.teachers.scripted_clauses import parse_clause
from funreason_plugin.synthesis.teachers.scripted_records import read_object, read_record, split_items

__all__ = ["QUOTED", "flag_from", "value_from"]

QUOTED = re.compile(r'"([^"]+)"|“([^”]+)”')


def flag_from(text: str, clause: str, name: str) -> str:
    """Yes or no, where a clause has its own words for them ("{unlock?unlock|lock}"); other text as it is."""
    flags = parse_clause(clause).flags.get(name)
    if flags is None:
        return text
    said, (yes, no) = text.lower(), (flags[0].lower(), flags[1].lower())
    if said in (yes, no):
        return "yes" if said == yes else "no"
    fits = sorted((len(word), answer) for word, answer in ((yes, "yes"), (no, "no")) if said.startswith(word))
    return fits[-1][1] if fits else text


def value_from(text: str, schema: Mapping[str, Any], name: str) -> Any:
    """The value that these words say, by its schema; None when they do not say one."""
    text = text.strip()
    quoted = QUOTED.fullmatch(text)
    bare = (quoted[1] or quoted[2]) if quoted else text
    options = [branch for branch in schema.get("anyOf", ()) if branch.get("type") != "null"]
    if len(options) == 1:
        schema = options[0]
    if "enum" in schema:
        return next((choice for choice in schema["enum"] if str(choice).lower() == bare.lower()), None)
    kind = schema.get("type")
    if kind == "integer":
        return int(bare) if re.fullmatch(r"-?\d+", bare) else None
    if kind in ("number", "float"):
        if not re.fullmatch(r"-?\d+(?:\.\d+)?", bare):
            return None
        return float(bare) if "." in bare else int(bare)
    if kind == "boolean":
        return {"yes": True, "no": False}.get(bare.lower())
    if kind == "array":
        return _list_from(text, schema, name)
    if kind == "object":
        return _typed(read_object(text, list(schema.get("properties", {}))), schema) or None
    return bare or None


def _list_from(text: str, schema: Mapping[str, Any], name: str) -> list[Any] | None:
    items = schema.get("items")
    items = items if isinstance(items, dict) else {}
    if items.get("type") == "object":
        names = list(items.get("properties", {}))
        rows = [_typed(read_record(item, names), items) for item in split_items(text)]
        complete = all(row.get(name) is not None for row in rows for name in items.get("required", ()))
        return rows if complete else None
    values = [value_from(item, items, name) for item in split_items(text)]
    return None if any(value is None for value in values) else values


def _typed(parts: Mapping[str, str], schema: Mapping[str, Any]) -> dict[str, Any]:
    below = schema.get("properties", {})
    return {name: value_from(text, below.get(name, {}), name) for name, text in parts.items()}
