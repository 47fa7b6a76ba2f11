"""Why this record and not another: a value from a list needs a reason that a person can say.

    choices("flights[1].flight_id", output, ids)    # [(3.0, Choice("flights", "min", "price")), ...]

A record is told apart when it is the only one, when a number, date or time of it is the unique extreme, or when a
field that a person reads (never an id, never a flag) has a value that no other record has. Otherwise it is not usable.
Of lists within lists, all but the innermost must have one record.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any, Final

from funreason_plugin.environments.similar import is_id, looks_like_id
from funreason_plugin.synthesis.names import words
from funreason_plugin.synthesis.outputs import at
from funreason_plugin.trajectory import Choice

Weighted = tuple[float, Choice]

_TIME = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d)?)?\Z|\d\d:\d\d\Z")
_TELLING: Final = frozenset(  # extremes that people speak of
    [
        *(
            "price",
            "fare",
            "cost",
            "fee",
            "total",
            "amount",
            "balance",
            "rate",
            "rating",
            "star",
            "score",
            "duration",
        ),
        *(
            "distance",
            "date",
            "time",
            "departure",
            "arrival",
            "start",
            "end",
            "age",
            "size",
            "weight",
            "salary",
        ),
        *("departs", "arrives", "starts", "ends", "discount", "charge", "km", "minutes", "hours", "night"),
    ]
)
_UNNATURAL: Final = frozenset(  # numbers that only name things, or that nobody compares
    [
        *(
            "number",
            "no",
            "code",
            "zip",
            "postcode",
            "phone",
            "lat",
            "lon",
            "lng",
            "latitude",
            "longitude",
            "index",
        ),
        *(
            "version",
            "row",
            "gate",
            "day",
            "year",
            "room",
            "door",
            "ending",
            "digit",
            "extension",
            "port",
            "street",
        ),
    ]
)
_NAMES: Final = frozenset(
    ["name", "title", "label", "subject", "product", "person", "author", "city", "company"]
)
_LONGEST_NAME: Final = 48  # characters of a value by which a person would tell a record


def choices(path: str, output: Any, ids: Collection[str] = ()) -> list[Weighted] | None:
    """The reasons for the record that a concrete path leads through, each with a weight for drawing.

    ``ids`` are names of fields whose values only the system knows. None: the path leads through no list; no reason at
    all makes the value unusable.
    """
    cut = path.rfind("[")
    if cut < 0:
        return None
    outer = path[:cut]
    node = output
    for part in re.findall(r"[^.\[\]]+|\[\d+\]", outer):
        if part[0] == "[":
            if len(node) != 1:
                return []
            node = node[0]
        else:
            node = node[part]
    index = int(path[cut + 1 : path.index("]", cut)])
    return told_apart(outer, node, index, ids)


def told_apart(list_path: str, records: list[Any], index: int, ids: Collection[str]) -> list[Weighted]:
    """The reasons for one record of a list."""
    if len(records) == 1:
        return [(1.0, Choice(list_path, "only"))]
    record = records[index]
    if not isinstance(record, dict) or not all(isinstance(other, dict) for other in records):
        return []
    reasons: list[Weighted] = []
    for key, value in record.items():
        if isinstance(value, (bool, dict, list)) or value is None or value == "" or key in ids or is_id(key):
            continue
        others = [other.get(key) for position, other in enumerate(records) if position != index]
        if any(other is None or type(other) is not type(value) for other in others) and not _numbers(
            value, others
        ):
            continue
        reasons += _reasons(list_path, key, value, others)
    return reasons


def _reasons(list_path: str, key: str, value: Any, others: list[Any]) -> list[Weighted]:
    found: list[Weighted] = []
    names = words(key)
    number = not isinstance(value, str)
    moment = not number and _TIME.match(value) is not None
    if number or (moment and all(_TIME.match(other) for other in others)):
        if not _UNNATURAL.intersection(names):
            weight = 3.0 if _TELLING.intersection(names) else 1.0
            if all(value < other for other in others):
                found.append((weight, Choice(list_path, "min", key)))
            elif all(value > other for other in others):
                found.append((weight, Choice(list_path, "max", key)))
    elif looks_like_id(value) or len(value) > _LONGEST_NAME or not re.search(r"[^\W\d_]", value):
        return []
    if value not in others and _unmistakable(value, others):
        weight = 0.2 if number else (1.0 if len(value) < 11 else 0.3) if moment else 1.2
        if names and names[-1] in _NAMES:
            weight = 3.0
        found.append((weight, Choice(list_path, "equals", key, value)))
    return found


def _numbers(value: Any, others: list[Any]) -> bool:
    return all(isinstance(item, (int, float)) and not isinstance(item, bool) for item in (value, *others))


def _unmistakable(value: Any, others: list[Any]) -> bool:
    """Whether a text names this record alone: not also, in other letters or as a part, another one."""
    if not isinstance(value, str):
        return True
    folded = value.casefold()
    return all(folded not in other.casefold() and other.casefold() not in folded for other in others)


def lasting(choice: Choice) -> bool:
    """Whether a reason still holds when the record has been changed since: a name does, an amount may not."""
    return choice.by == "only" or (
        choice.by == "equals" and bool(_NAMES.intersection(words(choice.key)[-1:]))
    )


def same_record(path: str) -> str:
    """The record that a concrete path leads into: "flights[2].price" -> "flights[2]"; "" outside of lists."""
    return path[: path.rfind("]") + 1]


def record_at(path: str, output: Any) -> Mapping[str, Any] | None:
    """The record that a concrete path leads into."""
    record = at(same_record(path), output) if "[" in path else None
    return record if isinstance(record, dict) else None
