"""Values that no clause gives: guessed by their form, the words around them and what the parameter is called.

A query that a language model or a person wrote follows no clause of ours. What is guessed wrong rejects the turn, no
more: the verdict compares with what was asked for.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from funreason_plugin.synthesis.teachers import scripted_words as english
from funreason_plugin.synthesis.teachers.scripted_clauses import FREE, capture_of
from funreason_plugin.synthesis.teachers.scripted_values import QUOTED, value_from

__all__ = ["guess"]


def guess(query: str, schema: Mapping[str, Any], path: str, words: str, read: Collection[Any]) -> Any:
    """A value of the right form that nothing else has taken: where the words around it fit, else in order of mention.

    Args:
        words: The parameter's name in words.
        read: What was read for other parameters.
    """
    if schema.get("type") == "array" and isinstance(schema.get("items"), dict):
        items = _items(query, schema["items"])
        if items:
            return items
    taken = [english.spoken(value) for value in read]
    capture = capture_of(schema)
    for text in _candidates(query, capture, words.lower()):
        if text in taken:
            taken.remove(text)  # it may stand there twice
        else:
            value = value_from(text, schema, path)
            if value is not None:
                return value
    return None


def _candidates(query: str, capture: str, words: str) -> list[str]:
    if capture == FREE:
        return _free(query, frozenset(words.split()))
    found = [
        (one[0], query[one.end() : one.end() + 24])
        for one in re.finditer(rf"(?<![\w.-])(?:{capture})(?![\w-]|\.\d)", query, re.I)
    ]
    unit = words.split()[-1][:4] if words else ""
    near = [text for text, after in found if unit and re.match(rf"[ -]\W?{re.escape(unit)}", after, re.I)]
    # Those named by their unit ("3 stars", "2 nights") come first, each as often as it stands there.
    rest = [text for text, _ in found]
    for text in near:
        rest.remove(text)
    return [*near, *rest]


# -- lists ------------------------------------------------------------------------------------------------

_FULL_NAME = r"[A-Z][\w’'-]*(?: (?:de |van |von |der |da )?[A-Z][\w’'-]*)+"
_LISTED = re.compile(rf"{_FULL_NAME}(?:, {_FULL_NAME})*(?:,? and {_FULL_NAME})?")


def _items(query: str, schema: Mapping[str, Any]) -> list[Any]:
    """People in a row; or records of a choice with a name before it or an amount after it."""
    if schema.get("type") == "string" and "enum" not in schema:
        rows = [
            (bool(re.search(r"\b(?:to|with|for) $", query[max(one.start() - 6, 0) : one.start()])), one[0])
            for one in _LISTED.finditer(QUOTED.sub(lambda found: "_" * len(found[0]), query))
        ]
        best = max(rows, key=lambda row: (row[0], len(row[1])), default=(False, ""))
        return [name.strip() for name in re.split(r", (?:and )?| and ", best[1])] if best[0] else []
    properties = schema.get("properties", {})
    choice = next((name for name, one in properties.items() if "enum" in one), None)
    name = next((n for n, one in properties.items() if one.get("type") == "string" and n != choice), None)
    amount = next((n for n, one in properties.items() if one.get("type") in ("number", "integer")), None)
    if choice is None:
        return []
    options = "|".join(re.escape(str(option)) for option in properties[choice]["enum"])
    if name is not None:
        pattern = (
            rf"(?P<name>{_FULL_NAME})\W{{1,2}}(?:as |with |to be |\()*(?:an? |role )*(?P<choice>{options})\b"
        )
    elif amount is not None:
        pattern = rf"\b(?P<choice>{options})\b\D{{0,16}}?(?P<amount>\d+(?:\.\d+)?)"
    else:
        return []
    found = []
    for one in re.finditer(pattern, query):
        groups = one.groupdict()
        item: dict[str, Any] = {choice: groups["choice"]}
        if name is not None:
            item = {name: groups["name"], **item}
        elif amount is not None:
            item[amount] = value_from(groups["amount"], properties[amount], amount)
        found.append(item)
    return found


# -- names and texts --------------------------------------------------------------------------------------


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_PEOPLE = _set(
    "traveller traveler patient customer passenger guest recipient person holder owner member employee name"
)
_TEXTS = _set("message body text summary comment note reason subject content description remark title")
_WORD = r"[A-Z][\w&-]*(?:['’](?!s\b)[\w]+)?"
_RUN = re.compile(rf"\b{_WORD}(?: (?:(?:de|van|von|der|da|of|the|and) )?{_WORD})*")
_STARTERS = _set(
    "a about add all also and any are ask at book bring buy can cancel change check confirm convert could "
    "create deliver dear do find first for from get give go good hello hey hi hold how i i'd i'll i'm "
    "i've if in is it let list look looking make mark move my no now of on open our please pull put rate "
    "refund remove reserve resolve roll save send set share ship show start take tell thanks that the "
    "then there this to two use we what when where which who why will with would you"
)
_OF_SOMEBODY = r"\b(?:for|of|behalf of|about|is|traveller|patient) "
_FROM, _TO, _IN = r"\bfrom $", r"\bto $", r"\bin (?:the )?$"
_PLACES: tuple[tuple[frozenset[str], str, str], ...] = (
    (frozenset(("origin", "from", "departure", "start")), _FROM, r"^ (?:to|and on to) [A-Z]"),
    (frozenset(("destination", "to", "arrival")), _TO, r"(?!)"),
    (frozenset(("city", "town", "location", "place", "country")), _IN, r"(?!)"),
    (frozenset(("folder", "directory")), r"\b(?:folder|to|into|in) (?:the )?$", r"^ folder\b"),
    (frozenset(("title", "name", "label")), r"\b(?:called|titled|named|the|a|an) $", r"(?!)"),
    (frozenset(("phrase", "query", "keyword", "topic")), r"\b(?:on|about|for|the) $", r"(?!)"),
)
_BOXES = frozenset(("folder", "directory", "room", "section"))
_BOX = re.compile(
    r"\b(?:the|my|our) ([A-Z][\w&-]*(?: [\w&-]+){0,2}?) (?:folder|directory|section)\b|\bfolder ([A-Z][\w&-]*)"
)
_KINDS = frozenset(("category", "section"))
_KIND = re.compile(
    r"\b(?:your|what|which|under|any|some|of the|for) ([a-z]{3,} [a-z]{3,}s)\b(?! (?:is|are|was|were)\b)",
    re.IGNORECASE,
)
_TIME = re.compile(r"(?<![\d:])\d{1,2}:\d\d(?![\d:])")


def _free(query: str, words: frozenset[str]) -> list[str]:
    """Candidates for a free text, the likeliest first: quotations, times, names."""
    quotes = [found[1] or found[2] for found in QUOTED.finditer(query)]
    names = list(_names(QUOTED.sub(lambda found: "_" * len(found[0]), query)))
    ranked = sorted(names, key=lambda name: -_fit(query, name, words))
    texts = [query[start:end] for start, end in ranked]
    # A short quotation is a name that somebody took care with.
    labels = [text for text in quotes if len(text) <= 40 and text[-1:] not in ".?!" and text.count(" ") < 4]
    if words & _KINDS:
        texts = [found[1] for found in _KIND.finditer(query)] + texts
    if words & _BOXES:
        texts = [found[1] or found[2] for found in _BOX.finditer(query)] + texts
    if words & {"time", "departure", "clock", "hour"} and not words & {"city", "airport"}:
        texts = [found[0] for found in _TIME.finditer(query)] + texts
    if words & _PEOPLE and not words & _TEXTS and any(" " in text for text in texts):
        called = [text for text in labels if re.search(rf"{_OF_SOMEBODY}[\"“]{re.escape(text)}", query)]
        return [*called, *(text for text in texts if " " in text), *quotes, *texts]
    if any(words & known for known, _, _ in _PLACES) and not words & _TEXTS:
        return [*labels, *texts, *quotes]
    return [*_by_cue(query, quotes, words), *texts]


def _names(text: str) -> Iterator[tuple[int, int]]:
    """Where capitalised words stand, without the first word of a sentence when it is no name."""
    for run in _RUN.finditer(text):
        start, end = run.span()
        while start < end:
            first = re.match(r"\S+", text[start:end])
            assert first is not None
            if first[0].lower() not in _STARTERS:
                break
            start += first.end() + 1
        alone = start < end and " " not in text[start:end]
        begins = not text[:start].strip() or text[:start].rstrip()[-1:] in ".?!"
        if start < end and not (alone and begins):
            yield start, end


def _fit(query: str, name: tuple[int, int], words: frozenset[str]) -> int:
    """How well the words around a name suit the parameter."""
    before, after = query[max(name[0] - 24, 0) : name[0]], query[name[1] : name[1] + 24]
    several = " " in query[name[0] : name[1]]
    if words & _PEOPLE:
        person = re.search(f"{_OF_SOMEBODY}$", before) or re.match(r"['’]s\b", after)
        begins = not before.strip() or before.rstrip()[-1:] in ".?!:"
        return 4 * several + 2 * bool(person) + begins
    fit = 0
    for known, left, right in _PLACES:
        if words & known:
            fit += 2 * bool(re.search(left, before)) + 2 * bool(re.search(right, after))
        else:
            fit -= bool(re.search(left, before) and left in (_FROM, _TO)) and bool(words & _ROUTE)
    return fit


_ROUTE = frozenset(("origin", "destination"))


def _by_cue(query: str, quotes: Sequence[str], words: frozenset[str]) -> list[str]:
    """Quotations, those first that a word of the parameter's name stands before."""
    cue = _cue(tuple(sorted(words)))
    said = [text for text in quotes if cue.search(query[max(query.find(text) - 30, 0) : query.find(text)])]
    return [*said, *(text for text in quotes if text not in said)]


@lru_cache(maxsize=1024)
def _cue(words: tuple[str, ...]) -> re.Pattern[str]:
    known = {
        "title": ("called", "titled", "named"),
        "message": ("note", "saying", "know", "him", "her", "them"),
    }
    cues = [*words, *(other for word in words for other in known.get(word, ()))]
    return re.compile(rf"\b(?:{'|'.join(map(re.escape, cues)) or '(?!)'})\b", re.IGNORECASE)
