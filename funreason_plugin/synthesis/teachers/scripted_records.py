"""Lists and objects in a sentence, and back: "2 of the oak desk (colour black) and 1 of the lamp".

An object in a list is its first part with the others in brackets, amounts in front; an object by itself is
"priority 3 and status open".
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from funreason_plugin.synthesis.teachers import scripted_words as english

__all__ = [
    "group_of",
    "object_text",
    "quote",
    "read_object",
    "read_record",
    "record_text",
    "split_items",
    "value_text",
]

_AMOUNT = frozenset(("quantity", "qty", "count", "pieces", "number", "units", "amount"))
_UNSAFE = re.compile(r"[.,;()?!\"]|\band\b|\A\d+ of ")


def quote(text: str) -> str:
    return f'"{text}"' if '"' not in text else f"“{text}”"


# -- writing ----------------------------------------------------------------------------------------------


def value_text(value: Any, in_list: bool = False) -> str:
    """A literal value; text in an object is quoted where it would not end clearly."""
    if isinstance(value, list):
        return english.joined([value_text(item, in_list=True) for item in value])
    if not isinstance(value, dict):
        return english.spoken(value)
    parts = [
        (key, quote(item) if isinstance(item, str) and _UNSAFE.search(item) else english.spoken(item))
        for key, item in sorted(value.items(), key=lambda part: in_list and not isinstance(part[1], str))
    ]
    return record_text(parts) if in_list else object_text(parts)


def object_text(parts: Sequence[tuple[str, str]]) -> str:
    """An object by itself: "priority 3 and status open"."""
    return english.joined([f"{english.words(name)} {text}" for name, text in parts])


def record_text(parts: Sequence[tuple[str, str]]) -> str:
    """An object in a list: "2 of the oak desk (colour black)"."""
    amount = next((text for name, text in parts if name in _AMOUNT and len(parts) > 1), "")
    rest = [(name, text) for name, text in parts if not (amount and name in _AMOUNT and text == amount)]
    head = f"{amount} of {rest[0][1]}" if amount else rest[0][1]
    more = ", ".join(f"{english.words(name)} {text}" for name, text in rest[1:])
    return f"{head} ({more})" if more else head


def group_of(path: str) -> tuple[str, str]:
    """Item and part of a leaf below a parameter: "[0].sku" -> ("0", "sku"); ".city" -> ("", "city")."""
    found = re.match(r"\[(\d+)\]\.?(.*)\Z", path)
    return (found[1], found[2]) if found else ("", path.lstrip("."))


# -- reading ----------------------------------------------------------------------------------------------

_TOKEN = re.compile(r'"[^"]*"|“[^”]*”|\([^()]*\)|(?P<cut>,? and (?=\S)|, (?=\S))|.', re.DOTALL)


def split_items(text: str) -> list[str]:
    """The items of "a, b and c"; what stands in quotes or brackets stays together."""
    items = [""]
    for token in _TOKEN.finditer(text):
        if token["cut"]:
            items.append("")
        else:
            items[-1] += token[0]
    return [item.strip() for item in items if item.strip()]


_PARTS = re.compile(
    r"(?:(?P<amount>-?\d+(?:\.\d+)?) of )?(?P<head>.*?)(?: \((?P<rest>[^()]*(?:\"[^\"]*\"[^()]*)*)\))?\Z",
    re.S,
)


def read_record(text: str, names: Sequence[str]) -> dict[str, str]:
    """The parts of one item of a list, by name; ``names`` in the order of mention."""
    found = _PARTS.match(text.strip())
    if found is None:
        return {}
    parts = read_object(found["rest"], names) if found["rest"] else {}
    head = found["head"]
    if found["amount"]:
        amount = next((name for name in names if name in _AMOUNT and name not in parts), None)
        if amount is not None:
            parts[amount] = found["amount"]
        else:
            head = f"{found['amount']} of {head}"
    first = next((name for name in names if name not in parts), None)
    if first is not None and head:
        parts[first] = head
    return parts


def read_object(text: str, names: Sequence[str]) -> dict[str, str]:
    """The parts of "priority 3, status open", by name."""
    pattern = _names(tuple(names))
    marks = list(pattern.finditer(text)) if pattern else []
    parts: dict[str, str] = {}
    for mark, after in zip(marks, [*marks[1:], None], strict=False):
        said = text[mark.end() : after.start() if after else len(text)]
        parts[names[int(mark.lastgroup[1:]) if mark.lastgroup else 0]] = (
            said.strip().removesuffix(",").strip()
        )
    return parts


@lru_cache(maxsize=1024)
def _names(names: tuple[str, ...]) -> re.Pattern[str] | None:
    each = [rf"(?P<n{number}>{re.escape(english.words(name))})" for number, name in enumerate(names)]
    return re.compile(rf"(?:\A|, |,? and )(?:{'|'.join(each)}) ", re.IGNORECASE) if each else None
