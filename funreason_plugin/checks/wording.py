"""How a value can be said in English: the forms in which a reader recognises it in a text.

    Said("Two seats on May 3rd, please").reads(2), .reads("2026-05-03")     # True, True

Numbers in digits or words, dates and times as people write them, enum values as words, yes and no by what
the parameter is called. Deliberately plain: a form that is not known here counts as not said.
"""

from __future__ import annotations

import re
from functools import cached_property, lru_cache
from typing import Any


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


UNITS = _words(
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen"
)
TENS = _words("twenty thirty forty fifty sixty seventy eighty ninety")
_ORDINALS = _words(
    "zeroth first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth "
    "fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth twentieth"
)
_FURTHER = {
    1: ("once", "single"),
    2: ("twice", "both", "couple", "pair"),
    3: ("thrice",),
    12: ("dozen",),
    0.5: ("half",),
}
MONTHS = _words("january february march april may june july august september october november december")
_CURRENCIES = {"eur": "€", "usd": "$", "gbp": "£", "jpy": "¥"}

NUMBER = re.compile(r"(?<![\w.])[-+]?(?:\d{1,3}(?:[,\u202f]\d{3})+|\d+)(?:\.\d+)?(?![\d])")
_SCALED = re.compile(r"(\d+(?:\.\d+)?) ?(k|thousand|m|million)\b")
_SCALES = {"k": 1e3, "thousand": 1e3, "m": 1e6, "million": 1e6}
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)?")
_ISO_DATE = re.compile(r"(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::\d\d)?(?:Z|[+-]\d\d:?\d\d)?)?\Z")
_CLOCK = re.compile(r"(\d{1,2}):(\d\d)(?::00)?\Z")
_PUNCTUATION = str.maketrans({"’": "'", "‘": "'", "“": '"', "”": '"', "–": "-", "—": "-", "\u00a0": " "})

_YES = frozenset(_words("yes enable enabled activate activated include including true allow"))
_NO = frozenset(
    _words(
        "no not off without never don't doesn't disable disabled deactivate exclude skip false stop mute leave "
        "instead non isn't neither nor only"
    )
)
_TURNED_ON = re.compile(r"\b(?:turn|switch|put)\w*\b[^.?!]*\bon\b")
_EMPTY_WORDS = frozenset(
    _words("is has be the a an of to for in on or and with by set get use should enable enabled only flag")
)


def fold(text: str) -> str:
    """Case, typographic quotes and white space do not matter."""
    return " ".join(text.translate(_PUNCTUATION).casefold().split())


def as_number(written: str) -> float:
    """ "1,200.50" -> 1200.5"""
    return float(re.sub(r"[,\u202f]", "", written))


def stem(word: str) -> str:
    """A crude stem: "bookings" and "book" have one, "cancelled" and "cancel", but not "sent" and "send"."""
    for ending in ("ations", "ation", "ings", "ing", "ies", "ied", "ed", "es", "s", "y", "e"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            word = word[: -len(ending)]
            break
    return word[:-1] if word[-1:] == word[-2:-1] else word


class Said:
    """A text that somebody said, prepared to be asked whether a value can be read from it."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.folded = fold(text)

    @cached_property
    def spaced(self) -> str:
        """The text with punctuation as spaces: "round-trip" and "round_trip" are "round trip"."""
        return f" {' '.join(_WORD.findall(self.folded))} "

    @cached_property
    def words(self) -> frozenset[str]:
        return frozenset(_WORD.findall(self.folded))

    @cached_property
    def stems(self) -> frozenset[str]:
        return frozenset(map(stem, self.words))

    @cached_property
    def numbers(self) -> frozenset[float]:
        found = {as_number(written) for written in NUMBER.findall(self.folded)}
        found |= {float(number) * _SCALES[scale] for number, scale in _SCALED.findall(self.folded)}
        return frozenset(found)

    def reads(self, value: Any, name: str = "", enum: bool = False) -> bool:
        """Whether the value can be read from the text.

        Args:
            value: A scalar; in lists and objects every leaf must be readable. Nothing (null, "", []) is.
            name: The parameter's name, which says what a yes or no is about.
            enum: The value is one of a fixed few, so its words may be inflected.
        """
        if value is None or value == "":
            return True
        if isinstance(value, bool):
            return self._reads_flag(value, name)
        if isinstance(value, (int, float)):
            return self._reads_number(value)
        if isinstance(value, str):
            return self._reads_text(value, enum)
        if isinstance(value, list):
            return all(self.reads(item, name, enum) for item in value)
        return isinstance(value, dict) and all(self.reads(item, key, enum) for key, item in value.items())

    def _reads_flag(self, value: bool, name: str) -> bool:
        if ("true" if value else "false") in self.words:
            return True
        about = {stem(word) for word in _WORD.findall(name.casefold().replace("_", " "))} - _EMPTY_STEMS
        if value:
            return bool(about & self.stems or self.words & _YES or _TURNED_ON.search(self.folded))
        return bool(self.words & _NO)

    def _reads_number(self, value: int | float) -> bool:
        if value in self.numbers:
            return True
        if value < 0:
            return -value in self.numbers and ("minus" in self.words or "-" in self.folded)
        if f"{value * 100:g}%" in self.folded or f"{value * 100:g} percent" in self.folded:
            return True
        return any(_said_alone(words, self.spaced) for words in number_words(value))

    def _reads_text(self, value: str, enum: bool) -> bool:
        folded = fold(value)
        if contains(self.folded, folded):
            return True
        spaced = " ".join(_WORD.findall(folded))
        if spaced and f" {spaced} " in self.spaced:
            return True
        if folded[-1:] in ".!?" and contains(self.folded, folded.rstrip(".!? ")):
            return True
        if folded[:1].isdigit():
            if any(contains(self.folded, form) for form in moment_forms(folded)):
                return True
            if NUMBER.fullmatch(folded) and self._reads_number(as_number(folded)):
                return True
        if _CURRENCIES.get(folded, "\0") in self.folded:
            return True
        return enum and all(stem(word) in self.stems for word in spaced.split())


_EMPTY_STEMS = frozenset(map(stem, _EMPTY_WORDS))


def contains(text: str, part: str) -> bool:
    """Whether a part stands in a text as whole words."""
    if not part:
        return False
    start = text.find(part)
    while start >= 0:
        end = start + len(part)
        if (start == 0 or not (text[start - 1].isalnum() and part[0].isalnum())) and (
            end == len(text)
            or not (
                part[-1].isalnum()
                and (
                    text[end].isalnum()
                    or (text[end] in ".," and part[-1].isdigit() and text[end + 1 : end + 2].isdigit())
                )
            )
        ):
            return True
        start = text.find(part, start + 1)
    return False


def _said_alone(words: str, spaced: str) -> bool:
    """The words of a number, not being the end of a larger one ("twenty five")."""
    before, found, _ = spaced.partition(f" {words} ")
    return bool(found) and not before.endswith(TENS)


@lru_cache(maxsize=4096)
def number_words(value: float) -> tuple[str, ...]:
    """Words for a number: "two", "twenty five", "third", "3rd"; none for what is not said in a word."""
    words = list(_FURTHER.get(value, ()))
    if value == int(value) and 0 <= value <= 999:
        number = int(value)
        words.append(_cardinal(number))
        if 0 < number < len(_ORDINALS):
            words.append(_ORDINALS[number])
        words.append(f"{number}{ordinal_ending(number)}")
    elif value in (1000, 2000, 3000, 4000, 5000, 10_000):
        words += [f"{_cardinal(int(value / 1000))} thousand"]
    return tuple(words)


def ordinal_ending(number: int) -> str:
    """ "st", "nd", "rd" or "th"."""
    if number % 100 in (11, 12, 13):
        return "th"
    return {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")


def _cardinal(number: int) -> str:
    if number < 20:
        return UNITS[number]
    if number < 100:
        return TENS[number // 10 - 2] + (f" {UNITS[number % 10]}" if number % 10 else "")
    rest = f" {_cardinal(number % 100)}" if number % 100 else ""
    return f"{UNITS[number // 100]} hundred{rest}"


@lru_cache(maxsize=8192)
def moment_forms(value: str) -> tuple[str, ...]:
    """Folded ways to write an ISO date, a clock time, or both; a date may leave out its year."""
    clock = _CLOCK.match(value)
    if clock:
        return _clock_forms(int(clock[1]), clock[2])
    date = _ISO_DATE.match(value.upper())
    if not date or not 1 <= int(date[2]) <= 12:
        return ()
    year, month, day = date[1], MONTHS[int(date[2]) - 1], int(date[3])
    days = (str(day), f"{day}{ordinal_ending(day)}")
    forms: list[str] = []
    for name in (month, month[:3], f"{month[:3]}."):
        for written in days:
            forms += [
                f"{name} {written}",
                f"{written} {name}",
                f"{written} of {name}",
                f"{name} the {written}",
            ]
    forms += [f"{year}-{date[2]}-{date[3]}", f"{int(date[2])}/{day}/{year}", f"{day}.{int(date[2])}.{year}"]
    forms += [f"{date[2]}/{date[3]}/{year}", f"{date[3]}.{date[2]}.{year}", f"{date[3]}/{date[2]}/{year}"]
    if date[4] and (date[4], date[5]) != ("00", "00"):
        # A date with a time is read when both are; join them in the ways people do.
        times = _clock_forms(int(date[4]), date[5])
        forms = [
            f"{form}{between}{time}" for form in forms for between in (" at ", " ", ", ") for time in times
        ]
    return tuple(forms)


def _clock_forms(hour: int, minutes: str) -> tuple[str, ...]:
    half = "am" if hour < 12 else "pm"
    twelve = hour % 12 or 12
    forms = [f"{hour:02}:{minutes}", f"{hour}:{minutes}"]
    forms += [f"{twelve}:{minutes}{half}", f"{twelve}:{minutes} {half}", f"{twelve}:{minutes} {half[0]}.m"]
    if minutes == "00":
        forms += [f"{twelve}{half}", f"{twelve} {half}", f"{twelve} o'clock", f"{twelve} {half[0]}.m"]
        forms += {0: ["midnight"], 12: ["noon"]}.get(hour, [])
    return tuple(forms)
