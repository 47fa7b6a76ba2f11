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

from funreason_plugin.synthesis.teachers.scripted_words import words

__all__ = [
    "BOUNDARY",
    "FREE",
    "THINGS",
    "Clause",
    "capture_of",
    "has_options",
    "longest_literal",
    "is_plain_item",
    "parse_clause",
    "pattern_of",
]

_SLOT = re.compile(r"\{([^{}]+)\}")
_FLAG = re.compile(r"\{(\w+)\?([^{}|]*)\|([^{}|]*)\}")
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
    """A parsed clause; ``slots`` are its placeholders in the order of mention.

    ``flags``: words for yes and no, of placeholders such as "{unlock?unlock|lock}".
    """

    text: str
    parts: tuple[Part, ...]
    slots: tuple[str, ...]
    flags: Mapping[str, tuple[str, str]]

    def write(self, fills: Mapping[str, str]) -> str:
        """Fill in; a [part] is left out when one of its placeholders has no filling."""
        written: list[str] = []
        for part in self.parts:
            if part.optional and not all(slot in fills for slot in part.slots):
                continue
            pieces = part.pieces
            written.append(pieces[0])
            for index in range(1, len(pieces), 2):
                slot = pieces[index]
                text = fills.get(slot, "")
                if slot in self.flags and text in ("yes", "no"):
                    text = self.flags[slot][text == "no"]
                written.append(text)
                written.append(pieces[index + 1])
        return "".join(written)


@lru_cache(maxsize=8192)
def parse_clause(text: str) -> Clause:
    """Parse a clause; raises nothing: a stray bracket is text."""
    flags = {found[1]: (found[2], found[3]) for found in _FLAG.finditer(text)}
    text = _FLAG.sub(r"{\1}", text)
    parts: list[Part] = []
    position = 0
    for match in _OPTIONAL.finditer(text):
        if match.start() > position:
            parts.append(Part(tuple(_SLOT.split(text[position : match.start()])), False))
        parts.append(Part(tuple(_SLOT.split(match[1])), True))
        position = match.end()
    if position < len(text) or not parts:
        parts.append(Part(tuple(_SLOT.split(text[position:])), False))
    return Clause(text, tuple(parts), tuple(slot for part in parts for slot in part.slots), flags)


@lru_cache(maxsize=8192)
def longest_literal(text: str) -> str:
    """The longest stretch of a clause that stands in every text with it, in lower case; its verb may vary."""
    literals = [piece for part in parse_clause(text).parts if not part.optional for piece in part.pieces[::2]]
    if literals:
        literals[0] = literals[0].partition(" ")[2]
    return max((piece.strip().lower() for piece in literals), key=len, default="")


@lru_cache(maxsize=16384)
def has_options(clause: str, slots: tuple[tuple[str, str], ...]) -> bool:
    """Whether the clause has a [part] that these slots fill."""
    given = {name for name, _ in slots}
    return any(part.optional and given.issuperset(part.slots) for part in parse_clause(clause).parts)


# -- reading back -----------------------------------------------------------------------------------------

_NUMBER = r"-?\d+(?:\.\d+)?"
_DATE = r"\d{4}-\d\d-\d\d"
_TIME = r"\d{1,2}:\d\d(?::\d\d)?"
_QUOTE = r'"[^"]*"|“[^”]*”'
_STEP = rf"(?:{_QUOTE}|(?<=\b[DMS]r)\.|(?<=\bSt)\.|(?<=\bMrs)\.|(?![.?!]\s).)"
FREE = rf'{_QUOTE}|[^\s"“]{_STEP}*?'
"""Any words, within a sentence."""
THING = rf"(?:{FREE})"
"""Words that stand for something that is not a literal value."""
THINGS = rf"\S{_STEP}*?(?:(?:,|,? and) (?:(?:the|that|it|those|them|\d+ of)\b|[\"“]){_STEP}*?)*"
"""Several things: "the first one, the one called so and 2 of that"."""
_NAME_ITEM = r"(?-i:[A-Z][\w’'-]*(?: [A-Z][\w’'-]*)+)"
_ITEM = rf'"[^"]*"|“[^”]*”|{_NAME_ITEM}|[^\s,;"]+?'
_RECORD = r'(?:"[^"]*"|“[^”]*”|[^.;?!"“(),]|\.\d)+?(?: \((?:"[^"]*"|“[^”]*”|[^.;?!"()]|\.\d)+?\))?'
_NAMES = ("St", "Dr", "Mr", "Mrs", "Ms", "No", "Jr", "Sr")
_NOT_AFTER_NAME = "".join(rf"(?<!\b{name})" for name in _NAMES)
BOUNDARY = (
    rf"(?=\s*\Z|{_NOT_AFTER_NAME}[.?!]+(?:\s|\Z)|[;)]|[,:](?:\s|\Z)|(?<=[.?!][\"”])\s|\s[—–-]\s|\s\("
    r"|\s(?:and|please|as well|for me|today)\b)"
)
"""What may follow a clause in the scripted querying agent's English."""
_NOUN_BOUNDARY = (
    BOUNDARY[:-1]
    + r"|\s(?:with (?:the|a)|without|that|whose|which|called|named|labelled|where the|from before"
    r"|from earlier|you found|you listed|from that list|in the|(?:of|on|dated) \d|at \d)\b)"
)


_PLAIN_ITEM = re.compile(rf"{_NAME_ITEM}|[^\s,;\"“]*[^\s,;\"“.?!:)]")


def is_plain_item(text: str) -> bool:
    """Whether a list's item can stand without quotes and still be told from what follows."""
    return _PLAIN_ITEM.fullmatch(text) is not None


@lru_cache(maxsize=4096)
def _one_of(choices: tuple[str, ...]) -> str:
    return "|".join(re.escape(choice) for choice in sorted(choices, key=len, reverse=True))


def capture_of(schema: Mapping[str, Any]) -> str:
    """A pattern for the spoken form of a value of this schema."""
    if "enum" in schema:
        return _one_of(tuple(str(choice) for choice in schema["enum"]))
    if "anyOf" in schema:
        branches = [branch for branch in schema["anyOf"] if branch.get("type") != "null"]
        return capture_of(branches[0]) if len(branches) == 1 else FREE
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
    if kind == "array" and schema.get("items", {}).get("type") == "object":
        return rf"{_RECORD}(?:(?:,|,? and) {_RECORD})*"
    if kind == "object":
        names = "|".join(re.escape(words(name)) for name in schema.get("properties", {})) or r"\w+"
        part = rf'(?:{names}) (?:"[^"]*"|“[^”]*”|[^\s,;"].*?)'
        return rf"{part}(?:(?:,|,? and) {part})*"
    if kind == "array":
        item = capture_of(schema.get("items", {}))
        item = _ITEM if item == FREE else item
        return rf"(?:{item})(?:, (?:{item}))*(?:,? and (?:{item}))?"
    return FREE


@lru_cache(maxsize=16384)
def pattern_of(
    clause: str, slots: tuple[tuple[str, str], ...], *, verb: bool, greedy: bool = False, full: bool = False
) -> re.Pattern[str]:
    """A pattern that reads a clause: group ``g{i}`` captures the i-th of ``slots`` (name, capture pattern).

    ``verb``: the clause begins with a verb, which may stand in another form in the text. An optional part
    may be there when all its slots are given (with ``full`` it must); the user may also say it elsewhere.
    """
    captures = {name: (index, capture) for index, (name, capture) in enumerate(slots)}
    parsed = parse_clause(clause)
    pattern: list[str] = []
    seen: set[str] = set()
    for part in parsed.parts:
        if part.optional and not all(slot in captures for slot in part.slots):
            continue
        written: list[str] = []
        for index, piece in enumerate(part.pieces):
            if index % 2 == 0:
                written.append(re.escape(piece))
            elif piece in captures and piece not in seen:
                seen.add(piece)
                number, capture = captures[piece]
                if piece in parsed.flags:
                    yes, no = parsed.flags[piece]
                    longest = sorted((yes, no), key=len, reverse=True)
                    capture = f"(?:{'|'.join(map(re.escape, longest))})" + ("" if "" in longest else r"\w*")
                written.append(f"(?P<g{number}>{capture.replace('*?', '*') if greedy else capture})")
            else:
                written.append(rf"\S{_STEP}*?")
        pattern.append(f"(?:{''.join(written)})?" if part.optional and not full else "".join(written))
    whole = "".join(pattern)
    word = re.match(r"[a-z]+", parsed.text)
    if verb and word:
        stem = word[0][: max(2, len(word[0]) - 1)]
        whole = rf"\b{stem}\w*" + whole[len(word[0]) :]
    elif word or verb:
        whole = r"\b" + whole
    inner = verb or (bool(parsed.slots) and captures.get(parsed.slots[-1], (0, ""))[1] in (THING, THINGS))
    return re.compile(whole + (BOUNDARY if inner else _NOUN_BOUNDARY), re.IGNORECASE | re.DOTALL)
