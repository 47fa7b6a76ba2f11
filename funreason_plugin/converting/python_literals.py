"""Python's `str` of a dict or list (`{'a': True}`) as a value, without `eval`: linear time, bounded depth."""

from __future__ import annotations

from typing import Any

from funreason_plugin.converting.json_text import check_value
from funreason_plugin.converting.refusal import Refused
from funreason_plugin.python_calls import Malformed, read_list

__all__ = ["parse_literal"]


def parse_literal(text: str, field: str) -> Any:
    """The value; what is no literal of JSON's types (a tuple, a set, a name) is refused."""
    source = f"[literal(value={text})]"
    try:
        calls, end = read_list(source, 0)
    except Malformed as error:
        raise Refused(
            field, "neither JSON nor a Python literal", str(error).removeprefix("literal: ")
        ) from None
    if end != len(source) or len(calls) != 1 or calls[0][1].keys() != {"value"}:
        raise Refused(field, "neither JSON nor a Python literal")
    value = calls[0][1]["value"]
    check_value(value, field)
    return value
