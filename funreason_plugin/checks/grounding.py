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

from funreason_plugin.checks.claims import clock_times, take_claims
from funreason_plugin.checks.evidence import Evidence
from funreason_plugin.checks.wording import fold, moment_forms, ordinal_ending

__all__ = ["Evidence", "ungrounded"]


def ungrounded(
    text: str,
    evidence: Evidence,
    upto: int | None = None,
    names: Container[str] = (),
    least_word: int = 2,
) -> list[str]:
    """What the text claims and the evidence (of the first `upto` entries) does not have, in order of its kinds.

    `names` may be quoted as well: those of the tools. Numbers in words count from `least_word` on.
    """
    known = len(evidence) if upto is None else upto
    missing: list[str] = []
    if _QUOTE_MARK.search(text):
        for quote in _QUOTED.finditer(text):
            content = quote[quote.lastindex or 0].strip(" .,;:!?…")
            if not content or content in names or evidence.has(content, known):
                continue
            if not evidence.has_folded(fold(content), known):
                missing.append(quote[0])
    rest = take_claims(text, evidence, known, missing, least_word)
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


_QUOTE_MARK = re.compile(r"[\"“„`'‘«»]")
_QUOTED = re.compile(
    r"\"([^\"\n]{2,})\"|“([^”\n]{2,})”|`([^`\n]+)`|(?<!\w)'([^'\n]{2,})'(?!\w)|"
    r"(?<!\w)‘([^‘’\n]{2,})’(?!\w)|„([^“”\n]{2,})[“”]|«\s?([^«»\n]{2,}?)\s?»|»([^«»\n]{2,})«"
)
_IN_CHUNK = "_€$£¥#@%+./:,'’&=~-"
_FROM_DIGIT = re.compile(rf"\d[\w{_IN_CHUNK}]*")
_NUMERIC = re.compile(r"[~#€$£¥+-]*(\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?)(%?)[€$£]?\Z")
_WITH_UNIT = re.compile(r"[~#€$£¥+-]*(\d+(?:[.,]\d+)*)([^\W\d_]+|%)\Z")
_SCIENTIFIC = re.compile(r"\d+(?:\.\d+)?[eE][+-]?\d+\Z")
_IS_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_IS_CLOCK = re.compile(r"(\d{1,2}):(\d\d)(?::\d\d)?([ap]m)?\Z", re.IGNORECASE)
_PM = re.compile(r"\s*([ap])\.?m\b", re.IGNORECASE)
_BETWEEN = re.compile(r"[/,&+=]")
_WITHIN = re.compile(r"[-:_.'’@~]")
_IS_ID = re.compile(r"[A-Z]{1,8}[0-9]*-[\w-]+\Z|(?=[\w-]*[^\W\d_])[\w-]*_[\w-]*\Z")
_CURRENCY = re.compile(r"(?:[A-Z]{3}|US\$|CHF)(\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?)\Z")
_SMALL = 100


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
        return any(evidence.has(form, known) for form in clock_times(int(clock[1]), clock[2], half))
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
    currency = _CURRENCY.match(token)
    if currency:
        return _knows_number(currency[1], False, evidence, known)
    pieces = _BETWEEN.split(token)
    if len(pieces) == 1:
        if _IS_ID.match(token):
            return False  # its parts may well be known: 7 and 12 say nothing of AB-7-12
        pieces = _WITHIN.split(token)
    parts = [part for part in pieces if any(map(str.isdigit, part))]
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
