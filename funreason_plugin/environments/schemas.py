"""What fits a JSON schema, for drawing values: quicker than a full validation, which the Session does anyway."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

_TYPES: Final[dict[str, type | tuple[type, ...]]] = {
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "array": (list, tuple),
    "object": dict,
    "null": type(None),
}


def fits(value: Any, schema: Mapping[str, Any]) -> bool:
    """Whether a scalar meets the schema's type, enum, bounds, lengths and pattern; a container only its type."""
    if "enum" in schema and value not in schema["enum"]:
        return False
    if (kind := schema.get("type")) is not None and not _is(value, kind):
        return False
    if isinstance(value, str):
        return schema.get("minLength", 0) <= len(value) <= schema.get("maxLength", len(value)) and (
            "pattern" not in schema or re.search(schema["pattern"], value) is not None
        )
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        above, below = schema.get("exclusiveMinimum"), schema.get("exclusiveMaximum")
        return bool(
            schema.get("minimum", value) <= value <= schema.get("maximum", value)
            and (above is None or value > above)
            and (below is None or value < below)
        )
    return True


def one_type(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """The schema where several alternatives or types are allowed: the first that is not null."""
    while options := schema.get("anyOf") or schema.get("oneOf") or schema.get("allOf"):
        chosen: Mapping[str, Any] = next((part for part in options if part.get("type") != "null"), {})
        outer = {key: value for key, value in schema.items() if key not in ("anyOf", "oneOf", "allOf")}
        schema = {**outer, **chosen}
    kinds = schema.get("type")
    if isinstance(kinds, list):
        return {**schema, "type": next((kind for kind in kinds if kind != "null"), "null")}
    return schema


def with_integers(value: Any, schema: Mapping[str, Any]) -> Any:
    """A valid value with ints where the schema says integer: JSON does not tell 2.0 from 2, Python's range does."""
    schema = one_type(schema)
    if isinstance(value, float):
        return int(value) if schema.get("type") == "integer" and value.is_integer() else value
    if isinstance(value, list):
        return [with_integers(item, schema.get("items", {})) for item in value]
    if isinstance(value, dict):
        parts = schema.get("properties", {})
        return {key: with_integers(item, parts.get(key, {})) for key, item in value.items()}
    return value


def _is(value: Any, kind: str) -> bool:
    if isinstance(value, bool):
        return kind == "boolean"
    return isinstance(value, _TYPES.get(kind, object))
