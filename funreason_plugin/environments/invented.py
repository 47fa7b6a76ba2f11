"""Values made up from a parameter's type, format and name: the last resort, when nobody said where values come from.

    invent("due_date", {"type": "string", "format": "date"}, rng)   # ["2026-05-19", "2026-04-02", ...]

They look plausible, but nothing in the state answers to them; `check env` reports parameters that get no others.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from typing import Any

TODAY = date(2026, 3, 2)  # where no session lends its clock
COUNT = 6  # how many values are made up at a time

_FIRST = ("Mira", "Jonas", "Adaeze", "Luis", "Hana", "Peter", "Noor", "Clara", "Tomasz", "Ines")
_LAST = ("Okafor", "Lindqvist", "Moreau", "Tanaka", "Duarte", "Novak", "Haddad", "Byrne", "Silva", "Krause")
_CITIES = ("Lisbon", "Graz", "Bergen", "Leeds", "Porto", "Ghent", "Turin", "Malmo", "Split", "Cork")
_COUNTRIES = ("Portugal", "Austria", "Norway", "Belgium", "Italy", "Croatia", "Ireland", "Sweden")
_STREETS = ("Mill Lane", "Harbour Street", "Linden Road", "Station Road", "Church Walk", "Orchard Way")
_TITLES = (
    "Quarterly review",
    "Garden plan",
    "Spring schedule",
    "Kitchen repairs",
    "Team lunch",
    "Reading list",
)
_NOTES = (
    "Please call me back after lunch.",
    "I would prefer a quiet place, if there is one.",
    "Leave it with the neighbour if nobody answers.",
    "Thank you, that was quick.",
    "It has to be ready before the weekend.",
    "The last one was not quite right, please check it.",
)
_WORDS = (
    "garden",
    "coffee",
    "winter",
    "bicycle",
    "harbour",
    "violin",
    "lantern",
    "meadow",
    "copper",
    "linen",
)
_FILES = ("notes.txt", "budget.csv", "summary.md", "photo.png", "draft.docx", "invoice.pdf")


def invent(name: str, schema: Mapping[str, Any], rng: random.Random, today: date | None = None) -> list[Any]:
    """Up to COUNT distinct values of the schema's type (string, integer, number, boolean); [] for other types."""
    kind = schema.get("type")
    if kind == "boolean":
        return [True, False]
    if kind in ("integer", "number"):
        return _distinct(lambda: _number(name, schema, rng))
    if kind == "string":
        return _distinct(lambda: _string(name, schema, rng, today or TODAY))
    return []


def in_range(schema: Mapping[str, Any], rng: random.Random) -> list[Any]:
    """Numbers between the schema's bounds (one missing bound: a span of 100); all of them when they are few."""
    low, high = _bounds(schema)
    if schema.get("type") == "integer":
        step = int(schema.get("multipleOf", 1)) or 1
        first, last = -(-int(low) // step), int(high) // step
        if last < first:
            return []
        if last - first < 2 * COUNT:
            return [k * step for k in range(first, last + 1)]
        return _distinct(lambda: rng.randint(first, last) * step)
    if high < low:
        return []
    digits = 2 if high - low < 10 else 0 if high - low > 500 else 1
    return _distinct(lambda: min(max(round(rng.uniform(low, high), digits), low), high))


def bounded(schema: Mapping[str, Any]) -> bool:
    """Whether a numeric schema has both bounds, so that any value between them is as good as another."""
    return any(k in schema for k in ("minimum", "exclusiveMinimum")) and any(
        k in schema for k in ("maximum", "exclusiveMaximum")
    )


def is_prose(name: str, schema: Mapping[str, Any]) -> bool:
    """Whether a parameter is free text (a note, a message body): what others wrote before is no value for it."""
    return schema.get("type") == "string" and _form(name.lower().split("_")) == "note"


def _bounds(schema: Mapping[str, Any]) -> tuple[float, float]:
    unit = 1 if schema.get("type") == "integer" else 0.01
    low = schema.get("minimum")
    if (above := schema.get("exclusiveMinimum")) is not None:
        low = above + unit
    high = schema.get("maximum")
    if (below := schema.get("exclusiveMaximum")) is not None:
        high = below - unit
    if low is None and high is None:
        return 1, 100
    if low is None:
        assert high is not None
        return high - 100, high
    return low, low + 100 if high is None else high


def _number(name: str, schema: Mapping[str, Any], rng: random.Random) -> int | float:
    if any(k in schema for k in ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")):
        values = in_range(schema, rng)
        return rng.choice(values) if values else 0
    words = set(name.lower().split("_"))
    if words & {"year"}:
        return rng.randint(2018, 2026)
    if words & {
        "quantity",
        "count",
        "limit",
        "number",
        "guests",
        "nights",
        "days",
        "passengers",
        "page",
        "size",
    }:
        return rng.randint(1, 5)
    if words & {"latitude", "lat"}:
        return round(rng.uniform(-60, 60), 4)
    if words & {"longitude", "lon", "lng"}:
        return round(rng.uniform(-170, 170), 4)
    if schema.get("type") == "integer":
        return rng.randint(1, 20)
    return rng.choice((5, 7.5, 12, 20, 24.9, 50, 80, 120, 250))


def _string(name: str, schema: Mapping[str, Any], rng: random.Random, today: date) -> str:
    words = name.lower().split("_")
    form = schema.get("format") or _form(words)
    day = today + timedelta(days=rng.randint(1, 60))
    person = f"{rng.choice(_FIRST)} {rng.choice(_LAST)}"
    if form == "date":
        return day.isoformat()
    if form == "date-time":
        return datetime(
            day.year, day.month, day.day, rng.randint(8, 18), rng.choice((0, 15, 30, 45))
        ).isoformat()
    if form == "time":
        return f"{rng.randint(8, 18):02d}:{rng.choice((0, 15, 30, 45)):02d}"
    if form == "email":
        return person.lower().replace(" ", ".") + "@example.com"
    if form in ("uri", "url"):
        return f"https://example.com/{rng.choice(_WORDS)}"
    if form == "uuid":
        return f"{rng.getrandbits(32):08x}-{rng.getrandbits(16):04x}-4{rng.getrandbits(12):03x}-8{rng.getrandbits(12):03x}-{rng.getrandbits(48):012x}"
    if form == "phone":
        return f"+44 20 7946 0{rng.randint(100, 999)}"
    if form == "address":
        return f"{rng.randint(1, 120)} {rng.choice(_STREETS)}, {rng.choice(_CITIES)}"
    table = {
        "name": None,
        "title": _TITLES,
        "note": _NOTES,
        "city": _CITIES,
        "country": _COUNTRIES,
        "file": _FILES,
    }
    chosen = table.get(form, _WORDS)
    return person if chosen is None else rng.choice(chosen)


_FORMS = {
    "date": "date day birthday deadline",
    "date-time": "datetime timestamp",
    "time": "time hour",
    "email": "email mail",
    "url": "url link website uri",
    "phone": "phone telephone mobile",
    "address": "address street",
    "city": "city town origin destination location place",
    "country": "country nation",
    "note": "note notes message comment description reason text body content remark feedback instructions details",
    "title": "title subject topic headline",
    "file": "file filename path",
    "name": "name person customer user owner author recipient sender passenger guest",
}
_FORM_OF = {word: form for form, words in _FORMS.items() for word in words.split()}


def _form(words: list[str]) -> str:
    """The kind of text a name speaks of; the last telling word decides: 'file_name' is a file, 'start_date' a date."""
    if words[-2:] == ["file", "name"]:
        return "file"
    return next((_FORM_OF[word] for word in reversed(words) if word in _FORM_OF), "")


def _distinct(draw: Callable[[], Any]) -> list[Any]:
    seen: dict[Any, None] = {}
    for _ in range(2 * COUNT):
        seen[draw()] = None
        if len(seen) == COUNT:
            break
    return list(seen)
