"""Claims that are told by their form and looked up whole: addresses and files, dates and hours, numbers in words.

    rest = take_claims("See https://a.example, due 7/9/2026.", evidence, known, missing)   # what is left to be judged

Each form has a pattern and a question to the evidence. What was judged is taken out of the text, so that its parts are
not taken for numbers that may be known by chance.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from funreason_plugin.checks.evidence import Evidence
from funreason_plugin.checks.wording import MONTHS, TENS, UNITS, as_number, fold, moment_forms

__all__ = ["clock_times", "take_claims"]

_MONTH = rf"({'|'.join(MONTHS)}|{'|'.join(month[:3] for month in MONTHS)}|sept)\b\.?"
_ADDRESS = re.compile(
    r"https?://[^\s<>\"'`)\]]+|[\w.+-]+@[\w-]+(?:\.[\w-]+)+|(?<![\w./@-])@[A-Za-z_]\w+|(?<![\w&/#])#[A-Za-z_]\w+|"
    r"\b[\w-]+(?:\.[\w-]+)*\.(?:txt|pdf|docx?|csv|tsv|json|md|xlsx?|pptx?|png|jpe?g|gif|svg|log|py|html?|xml|ya?ml|zip)\b"
)
_INNER_DOT = re.compile(r"\w\.[a-zA-Z]")
_DATE = re.compile(
    rf"\b(?:(\d{{1,2}})(?:st|nd|rd|th)?(?: of)? {_MONTH}|{_MONTH} (?:the )?(\d{{1,2}})(?:st|nd|rd|th)?\b)(?:,? (\d{{4}})\b)?",
    re.IGNORECASE,
)
_MONTH_YEAR = re.compile(rf"\b{_MONTH},?(?: of)? (\d{{4}})\b", re.IGNORECASE)
_NUMERIC_DATE = re.compile(r"(?<![\w./-])(\d{1,4})([./])(\d{1,2})\2(\d{4}|\d{2})(?![\w/]|[.]\d)")
_HOUR = re.compile(r"(?<![\w.:,-])(\d{1,2}) ?([ap])\.?m\b\.?", re.IGNORECASE)
_GROUPED = re.compile(
    r"(?<![\w.,])\d{1,3}(?:(?:[\u202f\u00a0\u2009'’]\d{3})+(?:[.,]\d+)?|(?:\.\d{3})+,\d{1,2})(?!\w)"
)
_SCALED = re.compile(r"(?<![\w.,])(\d+(?:[.,]\d+)?)(?: ?(k)| (thousand|million|billion))\b", re.IGNORECASE)
_SCALES = {"k": 1e3, "thousand": 1e3, "million": 1e6, "billion": 1e9}

_SMALL_WORDS = {word: number for number, word in enumerate(UNITS)}
_TEN_WORDS = {word: 10 * number for number, word in enumerate(TENS, 2)}
_LARGE_WORDS = {"hundred": 100, "thousand": 1000, "million": 10**6}
_ANY = "|".join(sorted([*_SMALL_WORDS, *_TEN_WORDS, *_LARGE_WORDS], key=len, reverse=True))
_IN_WORDS = re.compile(
    rf"(?<![\w-])(?:{_ANY})(?:(?:[ -]|(?<=hundred) and |(?<=thousand) and )(?:{_ANY}))*\b"
    r"(?![ -](?:first|second|third|fourth|fifth|sixth|seventh|eighth|ninth)\b)",
    re.IGNORECASE,
)
_NUMBER_WORDS = frozenset({*_SMALL_WORDS, *_TEN_WORDS, *_LARGE_WORDS}) - {"one", "zero"}
_LETTERS = re.compile(r"[a-z]+")
# What is looked for first, since the patterns above are slow.
_DIVIDED = re.compile(r"\d[./\u202f\u00a0\u2009'’]\d")
_MARKED = re.compile(r"\d ?[kapmtb]", re.IGNORECASE)
_COUNTED = 50


def take_claims(text: str, evidence: Evidence, known: int, missing: list[str], least_word: int = 2) -> str:
    """Judge every claim of a known form, add to ``missing`` what the first ``known`` entries do not have, and return
    the text without them. Numbers in words count from ``least_word`` on."""
    digits = any(map(str.isdigit, text))

    def take(
        pattern: re.Pattern[str], knows: Callable[[re.Match[str], Evidence, int], bool], rest: str
    ) -> str:
        def judge(found: re.Match[str]) -> str:
            if not (_as_written(found[0], evidence, known) or knows(found, evidence, known)):
                missing.append(found[0].strip())
            return " "

        return pattern.sub(judge, rest)

    if "@" in text or "#" in text or _INNER_DOT.search(text):
        text = take(_ADDRESS, lambda *_: False, text)
    if digits:
        if _names_month(text):
            text = take(_DATE, _knows_date, text)
            text = take(_MONTH_YEAR, _knows_month, text)
        if _DIVIDED.search(text):
            text = take(_NUMERIC_DATE, _knows_numeric_date, text)
            text = take(_GROUPED, _knows_grouped, text)
        if _MARKED.search(text):
            text = take(_HOUR, _knows_hour, text)
            text = take(_SCALED, _knows_scaled, text)
    if _NUMBER_WORDS.isdisjoint(_LETTERS.findall(text.casefold())):
        return text
    for found in _IN_WORDS.finditer(text):
        if any(_as_written(form, evidence, known) for form in {found[0], found[0].replace("-", " ")}):
            continue
        for number in numbers_in_words(found[0]):
            if number >= least_word and not _knows_word(number, evidence, known):
                missing.append(found[0])
                break
    return text


def _as_written(text: str, evidence: Evidence, known: int) -> bool:
    """A full stop may end the sentence; what is left has to stand in the evidence."""
    bare = text.strip().rstrip(".,;:!?")
    return evidence.has(bare, known) or evidence.has_folded(fold(bare), known)


def _names_month(text: str) -> bool:
    """Quicker than the pattern for dates, and nearly always enough."""
    folded = text.casefold()
    return any(month in folded for month in _SHORT_MONTHS)


_SHORT_MONTHS = tuple(month[:3] for month in MONTHS)


def _number_of_month(name: str) -> int:
    return next(number for number, month in enumerate(MONTHS, 1) if month.startswith(name[:3].casefold()))


def _knows_date(date: re.Match[str], evidence: Evidence, known: int) -> bool:
    day, month = int(date[1] or date[4]), _number_of_month(date[2] or date[3])
    ending = f"-{month:02}-{day:02}"
    if evidence.has(f"{date[5] or ''}{ending}", known):
        return True
    return not date[5] and any(evidence.has_folded(form, known) for form in moment_forms(f"2000{ending}"))


def _knows_month(found: re.Match[str], evidence: Evidence, known: int) -> bool:
    return evidence.has(f"{found[2]}-{_number_of_month(found[1]):02}", known)


def _knows_numeric_date(found: re.Match[str], evidence: Evidence, known: int) -> bool:
    """7/9/2026 is the 7th of September or the 9th of July."""
    first, second, third = found[1], int(found[3]), found[4]
    if len(first) == 4:
        readings = [(first, second, int(third))]
    elif len(first) == 3:
        return False
    else:
        year = third if len(third) == 4 else f"20{third}"
        readings = [(year, second, int(first)), (year, int(first), second)]
    for year, month, day in readings:
        iso = f"{year}-{month:02}-{day:02}"
        if evidence.has(iso, known) or any(evidence.has_folded(form, known) for form in moment_forms(iso)):
            return True
    return False


def _knows_hour(found: re.Match[str], evidence: Evidence, known: int) -> bool:
    hour, half = int(found[1]), found[2].casefold()
    written = (
        f"{hour} {half}m",
        f"{hour}{half}m",
        f"{hour} {half}.m",
        f"{hour}:00 {half}m",
        f"{hour}:00{half}m",
    )
    return any(evidence.has_folded(form, known) for form in written) or any(
        evidence.has(form, known) for form in clock_times(hour, "00", half)
    )


def clock_times(hour: int, minutes: str, half: str | None) -> Iterator[str]:
    """A time of the day as data has it; ``half`` is "a", "p" or None."""
    if half:
        hour = hour % 12 + (12 if half.lower().startswith("p") else 0)
    yield f"{hour:02}:{minutes}"
    yield f"{hour}:{minutes}"
    yield f"{hour:02}:{minutes}:00"


def _knows_grouped(found: re.Match[str], evidence: Evidence, known: int) -> bool:
    """1 234.50, 1'234.50 and 1.234,50."""
    written = re.sub(r"[\u202f\u00a0\u2009'’]", "", found[0])
    if "," in written:
        written = written.replace(".", "").replace(",", ".")
    return float(written) in evidence.numbers(known)


def _knows_scaled(found: re.Match[str], evidence: Evidence, known: int) -> bool:
    """1.2 million is 1,200,000, and what is rounded to it; 2k is 2,000."""
    scale = _SCALES[(found[2] or found[3]).casefold()]
    written = as_number(found[1]) if found[1].count(",") == 0 else float(found[1].replace(",", "."))
    decimals = len(re.split(r"[.,]", found[1])[1]) if re.search(r"[.,]", found[1]) else 0
    step = scale / 10**decimals if decimals else 0.0
    return any(abs(number - written * scale) <= step / 2 for number in evidence.numbers(known))


def _knows_word(number: int, evidence: Evidence, known: int) -> bool:
    """As digits, in words, or as how many there are of something: two of five may be meant."""
    if number in evidence.numbers(known) or evidence.says_in_words(number, known):
        return True
    return number <= _COUNTED and any(
        evidence.counts(size, known) for size in range(number, number + _COUNTED)
    )


def numbers_in_words(text: str) -> Iterator[int]:
    """ "two hundred and five" is 205; "two three" are two numbers."""
    total = part = 0
    last = 0  # size of the word before: a smaller one must follow it
    begun = False
    for word in re.split(r"[ -]", text.casefold()):
        if word == "and" or not word:
            continue
        if word in _LARGE_WORDS:
            factor = _LARGE_WORDS[word]
            part = max(part, 1) * factor
            if factor >= 1000:
                total, part = total + part, 0
            last, begun = factor, True
            continue
        value = _SMALL_WORDS.get(word, _TEN_WORDS.get(word, 0))
        size = 10 if word in _TEN_WORDS else 1
        fits = not begun or last > size or (last >= 1000 and part == 0)
        if not fits or (last == 10 and value > 9) or (begun and value == 0):
            yield total + part
            total = part = 0
        part += value
        last, begun = size, True
    if begun:
        yield total + part
