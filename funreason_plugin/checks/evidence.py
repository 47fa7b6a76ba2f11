"""`Evidence`: what is known at each moment of a conversation, and how a claim is looked up in it.

evidence = Evidence()
evidence.add_text(query)
evidence.add_json(output)
evidence.has("BK-48213", len(evidence))
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import accumulate
from typing import Any

import orjson

from funreason_plugin.checks.wording import NUMBER, as_number, contains, fold, number_words

__all__ = ["Evidence"]


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


_MOMENT = re.compile(r"\d{4}-\d\d-\d\d(?:T[\d:.]+)?|\b\d\d?:\d\d(?::\d\d)?\b")
_JSON_NUMBER = re.compile(r"(?<![\w.])-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")


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
