"""JSON as strict as a conversion needs it: what another reader would take differently is refused.

A key that occurs twice, NaN, a number beyond every range, half a surrogate pair, nesting without end: each
has several readings, or none, so none is chosen silently.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any

from funreason_plugin.converting.refusal import Refused, shown

__all__ = ["DECODER", "MAX_DEPTH", "NotJson", "check_parsed", "check_value", "parse_json"]

MAX_DEPTH = 64
"""Deepest nesting of lists and objects in a record."""

_SURROGATE = re.compile(r"[\ud800-\udfff]")


class NotJson(ValueError):
    """Valid for some readers only: the reason, and what was found."""

    def __init__(self, reason: str, found: str = "") -> None:
        super().__init__(reason)
        self.found = found


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise NotJson("a key occurs twice", shown(twice))
    return value


def _constant(name: str) -> Any:
    raise NotJson("not a JSON number", name)


def _finite(text: str) -> float:
    value = float(text)
    if math.isinf(value):
        raise NotJson("a number is too large", shown(text))
    return value


def _integer(text: str) -> int:
    if len(text) > 300:
        raise NotJson("a number is too large", shown(text))
    return int(text)


DECODER = json.JSONDecoder(
    object_pairs_hook=_unique, parse_constant=_constant, parse_float=_finite, parse_int=_integer
)


def parse_json(text: str, field: str) -> Any:
    """A value from a JSON text. Raises Refused, which names `field`."""
    try:
        value = DECODER.decode(text)
    except NotJson as error:
        raise Refused(field, str(error), error.found) from None
    except json.JSONDecodeError as error:
        raise Refused(field, "not JSON", f"{error.msg} at character {error.pos}") from None
    except RecursionError:
        raise Refused(field, f"nested deeper than {MAX_DEPTH} levels") from None
    check_parsed(value, text, field)
    return value


_ESCAPED = re.compile(r"\\u[dD][89a-fA-F]")


def check_parsed(value: Any, text: str, field: str) -> None:
    """As `check_value`, for what `DECODER` made of this text: there the text tells most of it, and much faster."""
    if ("\\u" in text and _ESCAPED.search(text)) or (not text.isascii() and _SURROGATE.search(text)):
        check_value(value, field)
    elif text.count("[") + text.count("{") > MAX_DEPTH and _deep(value):
        raise Refused(field, f"nested deeper than {MAX_DEPTH} levels")


def _deep(value: Any) -> bool:
    level = [value] if isinstance(value, (dict, list)) else []
    for _ in range(MAX_DEPTH):
        if not level:
            return False
        level = [
            inner
            for outer in level
            for inner in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(inner, (dict, list))
        ]
    return bool(level)


def check_value(value: Any, field: str, depth: int = 0) -> None:
    """Refuse what no target can write: too deep, half a surrogate pair, no finite number, no JSON at all."""
    if isinstance(value, str):
        if not value.isascii() and _SURROGATE.search(value):
            raise Refused(
                field, "a text is not valid Unicode (half a surrogate pair, or bytes that are not UTF-8)"
            )
    elif isinstance(value, dict):
        if depth >= MAX_DEPTH:
            raise Refused(field, f"nested deeper than {MAX_DEPTH} levels")
        for key, item in value.items():
            if not isinstance(key, str):
                raise Refused(field, "a key is not a string", shown(key))
            check_value(key, field)
            check_value(item, field, depth + 1)
    elif isinstance(value, list):
        if depth >= MAX_DEPTH:
            raise Refused(field, f"nested deeper than {MAX_DEPTH} levels")
        for item in value:
            check_value(item, field, depth + 1)
    elif isinstance(value, float):
        if not math.isfinite(value):
            raise Refused(field, "not a JSON number", str(value))
    elif value is not None and not isinstance(value, (bool, int)):
        raise Refused(field, "not a JSON value", type(value).__name__)
