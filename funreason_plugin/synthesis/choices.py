"""Why this record and not another: a value from a list needs a reason that a person can say.

    choices("flights[1].flight_id", output, ids)    # [(3.0, Choice("flights", "min", "price")), ...]

A record is told apart when it is the only one, when a number, date or time of it is the unique extreme, or when a
field that a person reads (never an id, never a flag) has a value that no other record has. Otherwise it is not usable.
Of lists within lists, all but the innermost must have one record.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection
from typing import Any, Final

from funreason_plugin.environments.similar import is_id, looks_like_id
from funreason_plugin.synthesis.names import words
from funreason_plugin.trajectory import Choice

Weighted = tuple[float, Choice]

_TIME = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d)?)?\Z|\d\d:\d\d\Z")
_TELLING: Final = frozenset(  # extremes that people speak of
    (
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
    )
)
_UNNATURAL: Final = frozenset(  # numbers that only name things, or that nobody compares
    (
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
    )
)
_NAMES: Final = frozenset(
    ("name", "title", "label", "subject", "product", "person", "author", "city", "company")
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
    index = int(path[cut + 1 : path.index("]", cut)])
    return list_choices(path[:cut], output, ids)[index]


def list_choices(list_path: str, output: Any, ids: Collection[str] = ()) -> list[list[Weighted]]:
    """The reasons for every record of the list at a concrete path."""
    records = output
    alone = True
    for part in re.findall(r"[^.\[\]]+|\[\d+\]", list_path):
        alone = alone and (part[0] != "[" or len(records) == 1)
        records = records[int(part[1:-1])] if part[0] == "[" else records[part]
    if alone and len(records) == 1:
        return [[(1.0, Choice(list_path, "only"))]]
    found: list[list[Weighted]] = [[] for _ in records]
    if not alone or not all(isinstance(record, dict) for record in records):
        return found
    for key in records[0]:
        values = [record.get(key) for record in records]
        if key not in ids and not is_id(key) and _comparable(values):
            _column(list_path, key, values, found)
    return found


def _comparable(values: list[Any]) -> bool:
    """All numbers, or all texts with something in them."""
    if isinstance(values[0], str):
        return all(isinstance(value, str) and value for value in values)
    return all(isinstance(value, (int, float)) and not isinstance(value, bool) for value in values)


def _column(list_path: str, key: str, values: list[Any], found: list[list[Weighted]]) -> None:
    """What one field says for the records: the extremes of numbers and moments, and values that occur once."""
    names = words(key)
    numbers = not isinstance(values[0], str)
    moments = not numbers and all(_TIME.match(value) for value in values)
    if (numbers or moments) and not _UNNATURAL.intersection(names):
        weight = 3.0 if _TELLING.intersection(names) else 1.0
        for by, extreme in (("min", min(values)), ("max", max(values))):
            if values.count(extreme) == 1:
                found[values.index(extreme)].append((weight, Choice(list_path, by, key)))  # type: ignore[arg-type]
    weight = 0.2 if numbers else 1.2
    if names and names[-1] in _NAMES:
        weight = 3.0
    counts = Counter(values if numbers else [value.casefold() for value in values])
    texts = "" if numbers else "\n".join(counts)  # each once: a part of another occurs twice
    for index, value in enumerate(values):
        if numbers:
            told = counts[value] == 1
        else:
            told = (bool(moments) or _is_name(value)) and _stands_alone(value.casefold(), counts, texts)
        if told:
            unlike = (1.0 if len(value) < 11 else 0.3) if moments else weight
            found[index].append((unlike, Choice(list_path, "equals", key, value)))


def _stands_alone(value: str, counts: Counter[str], texts: str) -> bool:
    """Whether no other value is this one, part of it, or has it as a part; ``texts`` are the distinct values by line."""
    if counts[value] > 1 or texts.count(value) > 1:
        return False
    return not any(len(other) < len(value) and other in value for other in counts)


def _is_name(value: str) -> bool:
    """Whether a person would tell something by this text."""
    return (
        not looks_like_id(value) and len(value) <= _LONGEST_NAME and re.search(r"[^\W\d_]", value) is not None
    )


def lasting(choice: Choice) -> bool:
    """Whether a reason still holds when the record has been changed since: a name does, an amount may not."""
    return choice.by == "only" or (
        choice.by == "equals" and bool(_NAMES.intersection(words(choice.key)[-1:]))
    )


def same_record(path: str) -> str:
    """The record that a concrete path leads into: "flights[2].price" -> "flights[2]"; "" outside of lists."""
    return path[: path.rfind("]") + 1]
