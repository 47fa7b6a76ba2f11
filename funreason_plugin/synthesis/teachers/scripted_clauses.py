"""Clauses with placeholders, as tools declare them: written with values, and read back out of a text.

clause = Clause.parse("book {flight_id} for {passenger}[ in {cabin} class]")
clause.write({"flight_id": "the cheapest flight", "passenger": "Ada Byron"})
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

__all__ = ["Clause", "capture_of", "parse_clause", "pattern_of"]

_SLOT = re.compile(r"\{([^{}]+)\}")
_OPTIONAL = re.compile(r"\[([^\[\]]*\{[^\[\]]*)\]")


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of a clause: literals and slot names in turn (literal first); ``optional``: in [brackets]."""

    pieces: tuple[str, ...]
    optional: bool

    @property
    def slots(self) -> tuple[str, ...]:
        return self.pieces[1::2]


@dataclass(frozen=True, slots=True)
class Clause:
    """A parsed clause; ``slots`` are its placeholders in the order of mention."""

    text: str
    parts: tuple[Part, ...]
    slots: tuple[str, ...]

    def write(self, fills: Mapping[str, str]) -> str:
        """Fill in; a [part] is left out when one of its placeholders has no filling."""
        written: list[str] = []
        for part in self.parts:
            if part.optional and not all(slot in fills for slot in part.slots):
                continue
            pieces = part.pieces
            written.append(pieces[0])
            for index in range(1, len(pieces), 2):
                written.append(fills.get(pieces[index], ""))
                written.append(pieces[index + 1])
        return "".join(written)


@lru_cache(maxsize=8192)
def parse_clause(text: str) -> Clause:
    """Parse a clause; raises nothing: a stray bracket is text."""
    parts: list[Part] = []
    position = 0
    for match in _OPTIONAL.finditer(text):
        if match.start() > position:
            parts.append(Part(tuple(_SLOT.split(text[position : match.start()])), False))
        parts.append(Part(tuple(_SLOT.split(match[1])), True))
        position = match.end()
    if position < len(text) or not parts:
        parts.append(Part(tuple(_SLOT.split(text[position:])), False))
    return Clause(text, tuple(parts), tuple(slot for part in parts for slot in part.slots))


# -- reading back -----------------------------------------------------------------------------------------

_NUMBER = r"-?\d+(?:\.\d+)?"
_DATE = r"\d{4}-\d\d-\d\d"
_TIME = r"\d{1,2}:\d\d(?::\d\d)?"
_FREE = r'"[^"]*"|“[^”]*”|\S.*?'
_ITEM = r'"[^"]*"|“[^”]*”|[^\s,;"]+?'
_NAMES = ("St", "Dr", "Mr", "Mrs", "Ms", "No", "Jr", "Sr")
_NOT_AFTER_NAME = "".join(rf"(?<!\b{name})" for name in _NAMES)
BOUNDARY = rf"(?=\s*\Z|{_NOT_AFTER_NAME}[.?!]+(?:\s|\Z)|[;,:)]|\s[—–-]\s|\s\(|\s(?:and|please|as well|for me|today)\b)"
"""What may follow a clause in the scripted querying agent's English."""


@lru_cache(maxsize=4096)
def _free_or(choices: tuple[str, ...]) -> str:
    return "|".join(re.escape(choice) for choice in sorted(choices, key=len, reverse=True))


def capture_of(schema: Mapping[str, Any]) -> str:
    """A pattern for the spoken form of a value of this schema."""
    if "enum" in schema:
        return _free_or(tuple(str(choice) for choice in schema["enum"]))
    if "anyOf" in schema:
        branches = [branch for branch in schema["anyOf"] if branch.get("type") != "null"]
        return capture_of(branches[0]) if len(branches) == 1 else _FREE
    kind = schema.get("type")
    if kind in ("integer", "number"):
        return _NUMBER
    if kind == "boolean":
        return "yes|no"
    if kind == "string":
        about = str(schema.get("format", "")) + str(schema.get("description", ""))
        pattern = str(schema.get("pattern", ""))
        if schema.get("format") == "date" or pattern == r"^\d{4}-\d{2}-\d{2}$" or "YYYY-MM-DD" in about:
            return _TIME if "THH" in about else rf"{_DATE}(?:[T ]{_TIME})?"
        if schema.get("format") == "time" or about.endswith(("HH:MM.", "HH:MM")):
            return _TIME
    if kind == "array":
        return rf"(?:{_ITEM})(?:, (?:{_ITEM}))*(?:,? and (?:{_ITEM}))?"
    return _FREE


@lru_cache(maxsize=16384)
def pattern_of(
    clause: str, slots: tuple[tuple[str, str], ...], *, verb: bool, greedy: bool = False
) -> re.Pattern[str]:
    """A pattern that reads a clause: group ``g{i}`` captures the i-th of ``slots`` (name, capture pattern).

    ``verb``: the clause begins with a verb, which may stand in another form in the text. Optional parts
    are expected when all their slots are given.
    """
    captures = {name: (index, capture) for index, (name, capture) in enumerate(slots)}
    parsed = parse_clause(clause)
    pattern: list[str] = []
    seen: set[str] = set()
    for part in parsed.parts:
        if part.optional and not all(slot in captures for slot in part.slots):
            continue
        for index, piece in enumerate(part.pieces):
            if index % 2 == 0:
                pattern.append(re.escape(piece))
            elif piece in captures and piece not in seen:
                seen.add(piece)
                number, capture = captures[piece]
                pattern.append(f"(?P<g{number}>{capture.replace('.*?', '.*') if greedy else capture})")
            else:
                pattern.append(r"\S.*?")
    whole = "".join(pattern)
    if verb:
        word = re.match(r"[a-z]+", parsed.text)
        if word:
            stem = word[0][: max(2, len(word[0]) - 1)]
            whole = rf"\b{stem}\w*" + whole[len(word[0]) :]
    elif whole[:1].isalnum():
        whole = r"\b" + whole
    return re.compile(whole + BOUNDARY, re.IGNORECASE | re.DOTALL)
