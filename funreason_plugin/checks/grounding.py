"""Is everything in a text that could be invented (numbers, ids, dates, quoted words) known by then?

    evidence = Evidence()
    evidence.add_text(query)
    evidence.add_json(output)
    ungrounded("Booking BK-48213 costs 1,200.50.", evidence)     # [] when both occur, in whatever form

A number may be written with other separators, fewer decimals or as a percentage; a small one may be the
length of a list; a date may be spelled out. What is computed from the evidence in any other way is not known.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterator
from itertools import accumulate
from typing import Any

import orjson

from funreason_plugin.checks.wording import (
    MONTHS,
    NUMBER,
    as_number,
    contains,
    fold,
    moment_forms,
    number_words,
    ordinal_ending,
)


class Evidence:
    """What is known, in order of time. `upto` in the questions is a `len(evidence)` of some earlier moment."""

    def __init__(self) -> None:
        self._texts: list[str] = []
        self._values: list[Any] = []
        self._ends: list[int] = []
        self._all = ""
        self._folded: dict[int, str] = {}
        self._numbers: dict[int, frozenset[float]] = {}

    def __len__(self) -> int:
        return len(self._texts)

    def add_text(self, text: str) -> None:
        """Something that was said."""
        self._texts.append(text)
        self._values.append(None)

    def add_json(self, value: Any) -> None:
        """A tool's output, or arguments."""
        text = orjson.dumps(value).decode()
        # JSON writes "\\n3" for a 3 at the start of a line: such strings are taken as they are meant.
        self._texts.append("\n".join(_strings(value)) if "\\" in text else text)
        self._values.append(value)

    def texts(self) -> list[str]:
        """Everything known, JSON included."""
        return self._texts

    def quotes(self, text: str) -> bool:
        """Whether a text stands anywhere, to the letter."""
        return any(text in known for known in self._texts)

    def has(self, token: str, upto: int) -> bool:
        """Whether the token stands anywhere, as it is and as a whole."""
        if len(self._ends) != len(self._texts):
            self._all = "\n".join(self._texts)
            self._ends = [end - 1 for end in accumulate(len(text) + 1 for text in self._texts)]
        return upto > 0 and _stands_in(token, self._all, self._ends[upto - 1])

    def has_folded(self, token: str, upto: int) -> bool:
        """The same, whatever the case, quotes and white space."""
        return contains(self._fold(upto), token)

    def numbers(self, upto: int) -> frozenset[float]:
        """All numbers in the texts."""
        if upto not in self._numbers:
            found: set[float] = set()
            for text, value in zip(self._texts[:upto], self._values[:upto], strict=True):
                text = _MOMENT.sub(" ", text)
                # In compact JSON a comma separates items, in a text it groups digits.
                pattern = NUMBER if value is None else _JSON_NUMBER
                found.update(map(as_number, pattern.findall(text)))
            self._numbers[upto] = frozenset(found)
        return self._numbers[upto]

    def counts(self, number: float, upto: int) -> bool:
        """Whether some list (or object of objects) in the outputs has this many items."""
        return any(size == number for value in self._values[:upto] for size in _sizes(value))

    def says_in_words(self, number: float, upto: int) -> bool:
        folded = self._fold(upto)
        return any(contains(folded, words) for words in number_words(number))

    def _fold(self, upto: int) -> str:
        if upto not in self._folded:
            self._folded[upto] = fold("\n".join(self._texts[:upto]))
        return self._folded[upto]


def ungrounded(
    text: str, evidence: Evidence, upto: int | None = None, names: Container[str] = ()
) -> list[str]:
    """What the text claims and the evidence (of the first `upto` entries) does not have, in order.

    `names` may be quoted as well: those of the tools.
    """
    known = len(evidence) if upto is None else upto
    missing: list[str] = []
    rest = text
    if _QUOTE_MARK.search(text):
        for quote in _QUOTED.finditer(text):
            content = quote[quote.lastindex or 0].strip(" .,;:!?…")
            if not content or content in names or evidence.has(content, known):
                continue
            if not evidence.has_folded(fold(content), known):
                missing.append(quote[0])
    if _names_month(text):
        missing += [date[0] for date in _DATE.finditer(text) if not _knows_date(date, evidence, known)]
        rest = _DATE.sub(" ", text)
    for chunk, start, end in _chunks(rest):
        token = chunk.strip(".,:'’-/+&=_")
        if token and not _knows(token, rest, end, evidence, known):
            begins_line = not rest[rest.rfind("\n", 0, start) + 1 : start].strip(" *#")
            if not (begins_line and _is_item_number(chunk, token, evidence, known)):
                missing.append(token)
    return missing


def _chunks(text: str) -> Iterator[tuple[str, int, int]]:
    """What is written in one piece and has a digit in it, with start and end."""
    position = 0
    while found := _FROM_DIGIT.search(text, position):
        start, position = found.span()
        while start and (text[start - 1].isalnum() or text[start - 1] in _IN_CHUNK):
            start -= 1
        yield text[start:position], start, position


_MOMENT = re.compile(r"\d{4}-\d\d-\d\d(?:T[\d:.]+)?|\b\d\d?:\d\d(?::\d\d)?\b")
_JSON_NUMBER = re.compile(r"(?<![\w.])-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")
_QUOTE_MARK = re.compile(r"[\"“`']")
_QUOTED = re.compile(r"\"([^\"\n]{2,})\"|“([^”\n]{2,})”|`([^`\n]+)`|(?<!\w)'([^'\n]{2,})'(?!\w)")
_IN_CHUNK = "_€$£¥#@%+./:,'’&=~-"
_FROM_DIGIT = re.compile(rf"\d[\w{_IN_CHUNK}]*")
_NUMERIC = re.compile(r"[~#€$£¥+-]*(\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?)(%?)[€$£]?\Z")
_WITH_UNIT = re.compile(r"[~#€$£¥+-]*(\d+(?:[.,]\d+)*)([^\W\d_]+|%)\Z")
_SCIENTIFIC = re.compile(r"\d+(?:\.\d+)?[eE][+-]?\d+\Z")
_IS_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_IS_CLOCK = re.compile(r"(\d{1,2}):(\d\d)(?::\d\d)?([ap]m)?\Z", re.IGNORECASE)
_PM = re.compile(r"\s*([ap])\.?m\b", re.IGNORECASE)
_SPLIT = re.compile(r"[-/,:&+=_.'’@~]")
_MONTH = rf"({'|'.join(MONTHS)}|{'|'.join(month[:3] for month in MONTHS)}|sept)\b\.?"
_DATE = re.compile(
    rf"\b(?:(\d{{1,2}})(?:st|nd|rd|th)?(?: of)? {_MONTH}|{_MONTH} (?:the )?(\d{{1,2}})(?:st|nd|rd|th)?\b)(?:,? (\d{{4}})\b)?",
    re.IGNORECASE,
)
_SMALL = 100


def _names_month(text: str) -> bool:
    """Quicker than the pattern for dates, and nearly always enough."""
    folded = text.casefold()
    return any(month in folded for month in _SHORT_MONTHS)


_SHORT_MONTHS = tuple(month[:3] for month in MONTHS)


def _knows(token: str, text: str, end: int, evidence: Evidence, known: int) -> bool:
    numeric = _NUMERIC.match(token)
    if numeric:
        return _knows_number(numeric[1], bool(numeric[2]), evidence, known)
    if evidence.has(token, known) or evidence.has_folded(fold(token), known):
        return True
    if _SCIENTIFIC.match(token):
        return float(token) in evidence.numbers(known)
    clock = _IS_CLOCK.match(token)
    if clock:
        half = clock[3] or ((after := _PM.match(text, end)) and after[1])
        return any(evidence.has(form, known) for form in _clocks(int(clock[1]), clock[2], half))
    if _IS_DATE.match(token):
        return any(evidence.has_folded(form, known) for form in moment_forms(fold(token)))
    unit = _WITH_UNIT.match(token)
    if unit:
        written, ending = unit[1].replace(",", ""), unit[2].lower()
        if "." not in written and ending == ordinal_ending(int(written)):
            number = int(written)
            if number <= _SMALL and any(evidence.counts(size, known) for size in range(number, number + 20)):
                return True
        return _knows_number(written, ending == "%", evidence, known) if written.count(".") < 2 else False
    parts = [part for part in _SPLIT.split(token) if any(map(str.isdigit, part))]
    if len(parts) == 1 and parts[0] == token:
        return False
    return all(_knows(part, "", 0, evidence, known) for part in parts)


def _knows_number(written: str, percent: bool, evidence: Evidence, known: int) -> bool:
    plain = written.replace(",", "")
    if evidence.has(plain, known) or ("." not in plain and evidence.has(f"{plain}.0", known)):
        return True
    number = float(plain)
    numbers = evidence.numbers(known)
    if number in numbers or -number in numbers:
        return True
    decimals = len(plain.partition(".")[2])
    if decimals and any(round(other, decimals) == number for other in numbers):
        return True
    if percent and any(round(other * 100, max(decimals, 2)) == number for other in numbers):
        return True
    if number <= _SMALL and evidence.counts(number, known):
        return True
    return evidence.says_in_words(number, known)


def _is_item_number(chunk: str, token: str, evidence: Evidence, known: int) -> bool:
    """ "2." at the start of a line of an enumeration."""
    return (
        token.isdecimal()
        and chunk in (f"{token}.", f"{token}:", token)
        and int(token) <= _SMALL
        and any(evidence.counts(size, known) for size in range(int(token), int(token) + 50))
    )


def _clocks(hour: int, minutes: str, half: str | None) -> Iterator[str]:
    hours = {hour}
    if half:
        hours = {hour % 12 + (12 if half.lower().startswith("p") else 0)}
    for hour in hours:
        yield f"{hour:02}:{minutes}"
        yield f"{hour}:{minutes}"
        yield f"{hour:02}:{minutes}:00"


def _knows_date(date: re.Match[str], evidence: Evidence, known: int) -> bool:
    if evidence.has_folded(fold(date[0]), known):
        return True
    day, month = int(date[1] or date[4]), (date[2] or date[3]).casefold()
    number = next(index for index, name in enumerate(MONTHS, 1) if name.startswith(month[:3]))
    ending = f"-{number:02}-{day:02}"
    if evidence.has(f"{date[5] or ''}{ending}", known):
        return True
    return not date[5] and any(evidence.has_folded(form, known) for form in moment_forms(f"2000{ending}"))


def _stands_in(token: str, text: str, stop: int) -> bool:
    """As a whole: no letter or digit goes on before or after it, nor a number's decimals or date's parts."""
    start = text.rfind(token, 0, stop)  # most is in the latest outputs
    number = start >= 0 and token.replace(".", "", 1).isdigit()
    while start >= 0:
        end = start + len(token)
        before, after = text[max(start - 2, 0) : start], text[end : end + 2]
        if not (_goes_on(token[0], before[::-1], number, token) or _goes_on(token[-1], after, number, token)):
            return True
        start = text.rfind(token, 0, end - 1)
    return False


def _goes_on(edge: str, beyond: str, number: bool, token: str) -> bool:
    if not beyond or not edge.isalnum():
        return False
    if beyond[0].isalnum():
        return not (beyond[0] == "T" and ("-" in token or ":" in token))  # a part of 2026-05-03T08:15
    if not (number and len(beyond) > 1 and beyond[1].isdigit()):
        return False
    return beyond[0] in ".," or (beyond[0] in "-:/" and len(token) < 4)


def _sizes(value: Any) -> Iterator[int]:
    if isinstance(value, list):
        yield len(value)
        for item in value:
            if isinstance(item, (dict, list)):
                yield from _sizes(item)
    elif isinstance(value, dict):
        inner = [item for item in value.values() if isinstance(item, (dict, list))]
        if inner and len(inner) == len(value):
            yield len(value)
        for item in inner:
            yield from _sizes(item)


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield str(key)
            yield from _strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from _strings(item)
    else:
        yield str(value)
