"""Fields of a record that go by several names, and those that nobody takes.

field, messages = one_of(row, ("conversations", "conversation", "messages"), "record")
not_taken(row, {"system", "tools", field}, reading, "record")
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from funreason_plugin.converting.example import Reading
from funreason_plugin.converting.json_text import parse_json
from funreason_plugin.converting.python_literals import parse_literal
from funreason_plugin.converting.refusal import Refused, expect_list, shown

__all__ = ["identifier", "not_taken", "one_of", "parsed_list", "parsed_text", "without_padding"]

MAX_ID = 200
"""Longest id of a record."""


def one_of(row: Mapping[str, Any], names: Iterable[str], where: str) -> tuple[str, Any]:
    """The one of these fields that is not null, with its value; the first name and None where there is none.

    Raises Refused where two of them say different things.
    """
    names = tuple(names)
    given = [name for name in names if row.get(name) is not None]
    for name in given[1:]:
        if row[name] != row[given[0]]:
            raise Refused(where, "two fields that mean the same differ", f"{given[0]!r} and {name!r}")
    return (given[0], row[given[0]]) if given else (names[0], None)


def parsed_text(text: str, field: str, reading: Reading) -> Any:
    """The value of a JSON text; with `--python-literals` also of what Python's `str` makes of a dict or list."""
    try:
        return parse_json(text, field)
    except Refused as not_json:
        if not text.lstrip().startswith(("{", "[")):
            raise
        try:
            value = parse_literal(text.strip(), field)
        except Refused:
            raise not_json from None
    if not reading.python_literals:
        raise Refused(field, "a Python literal, not JSON; --python-literals reads those", shown(text))
    reading.note("Python literals read")
    return value


def parsed_list(value: Any, field: str, reading: Reading) -> list[Any]:
    """A list, or the JSON text of one."""
    if isinstance(value, str):
        value = parsed_text(value, field, reading)
        reading.note(f"{field}: a JSON text parsed")
    return expect_list(value, field)


def not_taken(row: Mapping[str, Any], taken: Collection[str], reading: Reading, where: str) -> None:
    """Count the other fields that say something."""
    for name, value in row.items():
        if name not in taken and value not in (None, "", [], {}):
            reading.note(f"{where}: field {shown(name)} is not taken")


def identifier(row: Mapping[str, Any]) -> str:
    """The record's own id; "" without one."""
    value = row.get("id")
    if value is None or value == "":
        return ""
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        raise Refused("id", "neither a text nor a whole number", shown(value))
    if len(str(value)) > MAX_ID:
        raise Refused("id", f"longer than {MAX_ID} characters")
    return str(value)


def without_padding(value: Any, field: str, reading: Reading) -> Any:
    """Arguments as they are. Raises Refused for a null from parquet: it may be a value, or no value at all."""
    if reading.padded and _has_null(value):
        what = "null in an object from parquet: a value, or a field that only other rows have"
        raise Refused(field, what, "JSON texts tell the two apart")
    return value


def _has_null(value: Any) -> bool:
    if isinstance(value, dict):
        return any(map(_has_null, value.values()))
    return any(map(_has_null, value)) if isinstance(value, list) else value is None
