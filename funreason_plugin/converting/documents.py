"""Tool documents of many dialects as OpenAI's, with a JSON schema (draft 2020-12) for the parameters.

    tools = tool_documents(row["tools"], reading)

What is done to them, each counted as a note: JSON text is parsed, a bare function is put into
{"type": "function"}, and the type names of Python and of BFCL ("dict", "float", "tuple", "any") become JSON
schema's. A document that is no tool, or whose schema is not valid, is refused.
"""

from __future__ import annotations

from collections import Counter
from functools import lru_cache
from typing import Any

import orjson
from jsonschema import Draft202012Validator, SchemaError

from funreason_plugin.converting.example import Reading
from funreason_plugin.converting.fields import parsed_text
from funreason_plugin.converting.python_types import from_python
from funreason_plugin.converting.refusal import Refused, expect_list, expect_object, shown, unmarked

__all__ = ["MAX_TOOLS", "tool_documents"]

MAX_TOOLS = 2_000
"""Most tools one conversation may offer."""
MAX_TEXT = 1 << 20
"""Most characters of JSON that all its tools may have."""
_CACHED = 20_000

_WRAPPED = 'tools: a function put into {"type": "function"}'
_TYPES = {
    "dict": "object",
    "float": "number",
    "double": "number",
    "long": "integer",
    "int": "integer",
    "tuple": "array",
    "list": "array",
    "set": "array",
    "arraylist": "array",
    "hashmap": "object",
    "bool": "boolean",
    "str": "string",
    "none": "null",
}
_NAMES = {"object", "number", "integer", "array", "boolean", "string", "null"}
_SCHEMA_MAPS = ("properties", "patternProperties", "$defs", "definitions", "dependentSchemas")
_SCHEMAS = ("additionalProperties", "contains", "not", "if", "then", "else", "propertyNames", "items")
_SCHEMA_LISTS = ("anyOf", "oneOf", "allOf", "prefixItems", "items")


def tool_documents(value: object, reading: Reading, field: str = "tools") -> list[dict[str, Any]]:
    """The tools that a record offers; none for null or an empty text."""
    padded = reading.padded
    if isinstance(value, str):
        if not value.strip():
            return []
        value = parsed_text(value, field, reading)
        reading.note(f"{field}: a JSON text parsed")
        padded = False
    if value is None:
        return []
    tools: list[dict[str, Any]] = []
    names: set[str] = set()
    size = 0
    listed = expect_list(value, field)
    if len(listed) > MAX_TOOLS:
        raise Refused(field, f"more than {MAX_TOOLS} tools", str(len(listed)))
    for number, entry in enumerate(listed):
        place = f"{field}[{number}]"
        is_text = isinstance(entry, str)
        if is_text:
            entry = parsed_text(entry, place, reading)
            reading.note(f"{field}: a JSON text parsed")
        text = _written(entry, place)
        size += len(text)
        if size > MAX_TEXT:
            raise Refused(place, f"tools of more than {MAX_TEXT} characters")
        tool, notes = _known(text, place, padded and not is_text)
        for note, count in notes.items():
            reading.note(note, count)
        name = tool["function"]["name"]
        if name in names:
            raise Refused(f"{place}.name", "offered twice", shown(name))
        names.add(name)
        tools.append(tool)
    return tools


class _Invalid(Exception):
    """As Refused, for any place: what is cached does not know where it stands."""

    def __init__(self, path: str, reason: str, found: str = "") -> None:
        self.path, self.reason, self.found = path, reason, found


def _written(entry: object, place: str) -> bytes:
    """Rows have their tools from orjson."""
    try:
        text = orjson.dumps(entry)
    except TypeError as error:
        raise Refused(place, "a tool document that cannot be written", str(error)) from None
    if b"<|" in text:
        unmarked(text.decode(), place)
    return text


def _known(text: bytes, place: str, padded: bool) -> tuple[dict[str, Any], Counter[str]]:
    try:
        return (_tool if len(text) <= _CACHED else _tool.__wrapped__)(text, padded)
    except _Invalid as error:
        raise Refused(place + error.path, error.reason, error.found) from None


@lru_cache(maxsize=4096)
def _tool(text: bytes, padded: bool) -> tuple[dict[str, Any], Counter[str]]:
    notes: Counter[str] = Counter()
    try:
        entry = expect_object(orjson.loads(text), "")
        if padded:
            entry = _without_nulls(entry, notes)
        function, path = entry, ""
        if isinstance(entry.get("function"), dict):
            if entry.get("type", "function") != "function":
                raise Refused(".type", "not a function", shown(entry["type"]))
            function, path = entry["function"], ".function"
        else:
            notes[_WRAPPED] += 1
        name = function.get("name")
        if not isinstance(name, str) or not name.strip():
            raise Refused(f"{path}.name", "a tool without a name")
        if not isinstance(function.get("description", ""), str):
            raise Refused(f"{path}.description", "not a string", shown(function["description"]))
        function = dict(function)
        function["parameters"] = _parameters(function.get("parameters"), f"{path}.parameters", notes)
    except Refused as refused:
        raise _Invalid(refused.field, refused.reason, refused.found) from None
    return {**entry, "type": "function", "function": function} if path else {
        "type": "function",
        "function": function,
    }, notes


def _parameters(value: object, path: str, notes: Counter[str]) -> dict[str, Any]:
    if value is None or value == {}:
        if value is None:
            notes["tools: parameters that are missing are an object without properties"] += 1
        return {"type": "object", "properties": {}}
    document = expect_object(value, path)
    if isinstance(document.get("type"), str) or _has_properties(document):
        schema = _schema(document, path, notes)
        if schema.get("type") != "object":
            raise Refused(f"{path}.type", "parameters are not of type object", shown(document.get("type")))
    else:
        schema = from_python(document, path, notes)
        notes["tools: parameters with Python types as a JSON schema"] += 1
    try:
        if not _plain(schema):
            Draft202012Validator.check_schema(schema)
    except SchemaError as error:
        where = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in error.absolute_path)
        raise Refused(path, "not a valid JSON schema", f"{where or '.'}: {error.message[:100]}") from None
    except RecursionError:
        raise Refused(path, "not a valid JSON schema", "nested too deep") from None
    return schema


def _has_properties(document: dict[str, Any]) -> bool:
    """Whether this is a schema without a type, and not a parameter that is called "properties"."""
    properties = document.get("properties")
    named = isinstance(properties, dict) and isinstance(properties.get("type"), str)
    return "properties" in document and "type" not in document and not named


def _plain(schema: Any) -> bool:
    """Whether a schema is valid at first sight; what jsonschema finds in milliseconds is seen here in microseconds."""
    if not isinstance(schema, dict):
        return False
    for key, value in schema.items():
        match key:
            case "type":
                plain = isinstance(value, str) and value in _NAMES
            case "description" | "title" | "$comment":
                plain = isinstance(value, str)
            case "properties":
                plain = isinstance(value, dict) and all(map(_plain, value.values()))
            case "required":
                plain = isinstance(value, list) and all(isinstance(name, str) for name in value)
                plain = plain and len(set(value)) == len(value)
            case "items" | "additionalProperties":
                plain = isinstance(value, bool) or _plain(value)
            case "default" | "const":
                plain = True
            case "enum" | "examples":
                plain = isinstance(value, list)
            case "minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum":
                plain = isinstance(value, (int, float)) and not isinstance(value, bool)
            case _:
                plain = False
        if not plain:
            return False
    return True


def _schema(document: dict[str, Any], path: str, notes: Counter[str]) -> dict[str, Any]:
    """A JSON schema whose type names may be Python's or BFCL's."""
    schema = dict(document)
    kind = document.get("type")
    if isinstance(kind, str):
        if kind == "any":
            del schema["type"]
            notes['tools: type "any" is no type'] += 1
        elif kind not in _NAMES:
            known = _TYPES.get(kind.lower(), kind.lower())
            if known not in _NAMES:
                raise Refused(f"{path}.type", "not a type of JSON schema", shown(kind))
            schema["type"] = known
            notes["tools: a type name as JSON schema has it"] += 1
    for key in _SCHEMA_MAPS:
        if isinstance(document.get(key), dict):
            schema[key] = {
                name: _schema(part, f"{path}.{key}.{name}", notes) if isinstance(part, dict) else part
                for name, part in document[key].items()
            }
    for key in _SCHEMAS:
        if isinstance(document.get(key), dict):
            schema[key] = _schema(document[key], f"{path}.{key}", notes)
    for key in _SCHEMA_LISTS:
        if isinstance(document.get(key), list):
            schema[key] = [
                _schema(part, f"{path}.{key}[{number}]", notes) if isinstance(part, dict) else part
                for number, part in enumerate(document[key])
            ]
    return schema


def _without_nulls(value: Any, notes: Counter[str]) -> Any:
    """Arrow gives every object the fields of all others, as null: in a schema they say nothing."""
    if isinstance(value, dict):
        kept = {key: _without_nulls(item, notes) for key, item in value.items() if item is not None}
        if len(kept) < len(value):
            notes["tools: nulls left out that parquet adds"] += len(value) - len(kept)
        return kept
    return [_without_nulls(item, notes) for item in value] if isinstance(value, list) else value
