"""Rules on the query: all that the user must say is said, nothing that the user cannot know, no tool named."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from funreason_plugin.checks.rules import rule
from funreason_plugin.checks.turns import Origin, TurnView, said, value_at
from funreason_plugin.checks.wording import Said, contains, fold
from funreason_plugin.trajectory import Choice, Provenance

QUERY_CHARACTERS = (3, 4000)


@rule("bad_query_text", "query", "the query is a text of sensible length without placeholders")
def bad_query_text(view: TurnView) -> str | None:
    low, high = QUERY_CHARACTERS
    if not low <= len(view.query.strip()) <= high:
        return f"{len(view.query.strip())} characters; expected {low} to {high}"
    found = _PLACEHOLDER.search(view.query)
    return f"a placeholder was not filled in: {found[0]}" if found else None


_PLACEHOLDER = re.compile(r"\{\w+(?:\.\w+)*\}|<[a-z_]+>|\{\{|\}\}|%\(\w+\)s")


@rule("unreadable_argument", "query", "what the user supplies can be read from this query or the earlier one")
def unreadable_argument(view: TurnView) -> str | None:
    for origin in view.origins:
        source = origin.provenance.source if origin.provenance is not None else ""
        if source == "query":
            if not _reads(view, view.said, origin):
                return f"{origin.place} = {origin.value!r} cannot be read from the query"
        elif source == "earlier_query":
            assert origin.provenance is not None
            turn = origin.provenance.turn
            if turn is None or not 0 <= turn < view.number:
                continue  # "invented_argument" says so
            if not _reads(view, view.said_in(turn), origin):
                return f"{origin.place} = {origin.value!r} cannot be read from the query of turn {turn}"
    return None


def _reads(view: TurnView, text: Said, origin: Origin) -> bool:
    name = origin.parameter
    return text.reads(origin.value, name) or (
        _has_choices(view.schema(origin)) and text.reads(origin.value, name, enum=True)
    )


def _has_choices(schema: Any) -> bool:
    return "enum" in schema or "const" in schema or any(map(_has_choices, schema.get("anyOf", ())))


@rule("leaked_value", "query", "no value that only a tool of this turn gives stands in the query")
def leaked_value(view: TurnView) -> str | None:
    supplied: list[Any] | None = None
    for origin in view.origins:
        provenance = origin.provenance
        if provenance is None or provenance.source != "output" or provenance.turn != view.number:
            continue
        written = _distinctive(origin.value)
        if not written or written not in view.asked.folded or not contains(view.asked.folded, written):
            continue
        if provenance.choice is not None and provenance.choice.value == origin.value:
            continue  # the user says by this very value which one is meant
        if supplied is None:
            supplied = [
                other.value
                for other in view.origins
                if other.provenance is not None and other.provenance.source in ("query", "earlier_query")
            ]
        if origin.value not in supplied and not _was_heard(view, written):
            return f"{origin.place} = {origin.value!r} is for a tool to find out, but the query says it"
    return None


def _distinctive(value: Any) -> str:
    """The value as it would stand in a text; nothing for what could stand there by chance."""
    if isinstance(value, bool) or value is None:
        return ""
    if isinstance(value, (int, float)):
        return str(value) if abs(value) >= 100 or value != int(value) else ""
    if isinstance(value, str) and len(value) >= 3 and not (value.isalpha() and value.islower()):
        return fold(value)
    return ""


def _was_heard(view: TurnView, written: str) -> bool:
    return any(
        contains(said(turn.query).folded, written) or contains(said(turn.answer).folded, written)
        for turn in view.earlier
    )


@rule(
    "unknowable_choice",
    "query",
    "no record is picked by an id or an exact amount that only the list itself shows",
)
def unknowable_choice(view: TurnView) -> str | None:
    for origin in view.origins:
        provenance = origin.provenance
        choice = provenance.choice if provenance is not None else None
        if provenance is None or choice is None or choice.by != "equals" or provenance.turn != view.number:
            continue
        written = _distinctive(choice.value)
        exact = isinstance(choice.value, float) and choice.value != int(choice.value)
        if (exact or _ID.match(str(choice.value))) and not _was_heard(view, written):
            return f"{origin.place}: a user does not know that {choice.key} is {choice.value!r}"
    return None


_ID = re.compile(r"[A-Z]{1,5}[-_]?\d{3,}\Z|[0-9a-f]{16,}\Z")


@rule("named_tool", "query", "the query asks for an outcome and names no tool")
def named_tool(view: TurnView) -> str | None:
    suspicious, pattern = _tool_names(tuple(view.tools))
    if not any(words in view.said.spaced for words in suspicious):
        return None  # the pattern alone is slow
    found = pattern.search(view.query)
    return f"the query names a tool: {found[0]}" if found else None


@lru_cache(maxsize=64)
def _tool_names(names: tuple[str, ...]) -> tuple[list[str], re.Pattern[str]]:
    """Words without which no tool is named, and one pattern for all names: "book_flight", "book flight",
    "bookFlight". A one-word name that is an English word ("find") counts only where it is written as a tool."""
    spelled: list[str] = []
    words_only: list[str] = []
    suspicious: list[str] = []
    for name in names:
        words = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+", name)
        suspicious += [f" {' '.join(words)} ".casefold(), f" {''.join(words)} ".casefold()]
        if len(words) > 1:
            spelled.append("[ _-]?".join(map(re.escape, words)))
        elif _is_word(name):
            words_only.append(re.escape(name))
        else:
            spelled.append(re.escape(name))
    patterns = [rf"(?<![\w./-])(?:{'|'.join(spelled)})(?![\w/-]|\.\w)"] if spelled else []
    if words_only:
        one = "|".join(words_only)
        patterns.append(rf"`(?:{one})\b|(?<!\w)(?:{one})(?:\(|\s+(?:tool|function|command|api|endpoint)\b)")
    return suspicious, re.compile("|".join(patterns) or r"\Z\A", re.IGNORECASE)


_SHELL = frozenset(("cd", "cp", "du", "grep", "ls", "mkdir", "mv", "pwd", "rm", "rmdir", "wc", "df", "ps"))


def _is_word(name: str) -> bool:
    return (
        name.isalpha()
        and len(name) > 2
        and name.lower() not in _SHELL
        and bool(set("aeiouy") & set(name.lower()))
    )


@rule("unsaid_choice", "query", "where a list offers several records, the query says which one is meant")
def unsaid_choice(view: TurnView) -> str | None:
    for origin in view.origins:
        provenance = origin.provenance
        if provenance is None or provenance.choice is None or provenance.choice.by == "only":
            continue
        since = min(view.begun, view.number if provenance.turn is None else provenance.turn)
        texts = [view.said, *(view.said_in(turn) for turn in range(view.number - 1, since - 1, -1))]
        pair = _is_pair(view, provenance)
        if not any(_expresses(text, provenance.choice, pair) for text in texts):
            choice = provenance.choice
            wanted = f"= {choice.value!r}" if choice.by == "equals" else f"the {choice.by}imum"
            return f"{origin.place}: nothing says that {choice.key or choice.list} is to be {wanted}"
    return None


def _is_pair(view: TurnView, provenance: Provenance) -> bool:
    """Whether there are just two records to choose from: "the cheaper one"."""
    calls, choice = view.calls_of(-1 if provenance.turn is None else provenance.turn), provenance.choice
    if choice is None or provenance.call is None or not 0 <= provenance.call < len(calls):
        return False
    records = value_at(calls[provenance.call].output, choice.list)
    return isinstance(records, (list, dict)) and len(records) == 2


def _expresses(text: Said, choice: Choice, pair: bool = False) -> bool:
    if choice.by == "equals":
        return text.reads(choice.value, choice.key) or text.reads(choice.value, choice.key, enum=True)
    if text.words & (_LEAST if choice.by == "min" else _MOST):
        return True
    if pair and text.words & (_LESS if choice.by == "min" else _MORE):
        return True
    # A superlative of which we do not know the direction ("roomiest") is given the benefit of the doubt.
    return any(word not in _LEAST and word not in _MOST for word in _SUPERLATIVE.findall(text.folded))


_LEAST = frozenset(
    (
        *("cheapest", "lowest", "smallest", "least", "earliest", "soonest", "shortest", "first", "fewest"),
        *(
            "minimum",
            "minimal",
            "nearest",
            "closest",
            "oldest",
            "youngest",
            "quickest",
            "fastest",
            "lightest",
        ),
        *("next", "worst", "weakest", "slowest", "narrowest", "tiniest", "poorest"),
    )
)
_MOST = frozenset(
    (
        *("highest", "largest", "biggest", "greatest", "most", "latest", "last", "longest", "best", "top"),
        *("newest", "maximum", "maximal", "priciest", "dearest", "heaviest", "strongest", "farthest"),
        *("furthest", "oldest", "tallest", "widest", "fastest", "richest", "recent", "fullest"),
    )
)
_LESS = frozenset(
    [
        "cheaper",
        "less",
        "lower",
        "smaller",
        "earlier",
        "sooner",
        "shorter",
        "fewer",
        "nearer",
        "closer",
        "older",
        "younger",
        "quicker",
        "faster",
        "lighter",
        "worse",
        "slower",
        "tighter",
    ]
)
_MORE = frozenset(
    [
        "higher",
        "larger",
        "bigger",
        "greater",
        "more",
        "later",
        "longer",
        "better",
        "newer",
        "pricier",
        "dearer",
        "heavier",
        "stronger",
        "farther",
        "further",
        "older",
        "taller",
        "wider",
        "faster",
        "richer",
        "roomier",
    ]
)
_SUPERLATIVE = re.compile(r"\b[a-z]{3,}est\b")
