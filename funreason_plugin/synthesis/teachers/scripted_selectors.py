"""Which record of a list: superlatives ("the cheapest"), selectors ("that leaves at 08:15"), field names as nouns."""

from __future__ import annotations

import re
from functools import lru_cache

from funreason_plugin.synthesis.teachers.scripted_words import article, singular, words

__all__ = ["attribute", "selectors", "superlatives"]

_SUPERLATIVES: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...] = (
    (r"price|cost|fare|fee|premium_amount", ("cheapest", "least expensive", "lowest-priced"), ("most expensive", "priciest")),
    (r"rating|score|review", ("lowest-rated", "worst-rated"), ("best-rated", "highest-rated", "top-rated")),
    (r"duration|minutes|hours|nights|runtime|length", ("shortest",), ("longest",)),
    (r"distance|km|miles", ("nearest", "closest"), ("farthest", "most distant")),
    (r"size|bytes|area", ("smallest",), ("largest", "biggest")),
    (r"weight", ("lightest",), ("heaviest",)),
    (r"legroom", ("tightest",), ("roomiest",)),
    (r"created|opened|issued|ordered|placed|posted|modified|sent|received|updated|year|booked", ("oldest",), ("newest", "most recent")),
    (r"age", ("youngest",), ("oldest",)),
    (r"date|time|day|depart|start|begin|slot|when", ("earliest",), ("latest",)),
)  # fmt: skip
_LATER: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...] = (
    (r"arriv", ("that arrives earliest", "that gets in first"), ("that arrives latest", "that gets in last")),
    (r"due|expir|deadline", ("that is due first",), ("that is due last",)),
    (r"end(?:s|_|\b)|until|close|return", ("that ends first",), ("that ends last",)),
    (r"amount|total|balance|value|salary|cap", ("with the lowest {key}", "with the smallest {key}"), ("with the highest {key}", "with the largest {key}")),
    (r"available|left|remaining|legroom|space|memory|storage", ("with the least {key}",), ("with the most {key}",)),
    (r"seats|stock|quantity|pieces|capacity|count|copies|points|pages|lines|nights|items", ("with the fewest {key}",), ("with the most {key}",)),
    (r"name|title|label", ("that comes first alphabetically by {key}",), ("that comes last alphabetically by {key}",)),
)  # fmt: skip


@lru_cache(maxsize=1024)
def superlatives(key: str, by: str) -> tuple[tuple[str, bool], ...]:
    """Ways to say "smallest (largest) key": the words, and whether they stand before the noun."""
    last = words(key.rsplit(".", 1)[-1])
    place = 1 if by == "min" else 2
    for later in _LATER[:3]:
        if re.search(rf"\b(?:{later[0]})", last):
            return tuple((text.replace("{key}", last), False) for text in later[place])
    for first in _SUPERLATIVES:
        if re.search(rf"\b(?:{first[0]})", last):
            return tuple((text, True) for text in first[place])
    for later in _LATER[3:]:
        if re.search(rf"\b(?:{later[0]})", last):
            return tuple((text.replace("{key}", last), False) for text in later[place])
    return ((f"with the {'lowest' if by == 'min' else 'highest'} {last}", False),)


_BEFORE = re.compile(r"(?:type|kind|category|position|colou?r|cabin|class|tier|status|genre)\Z")
_JOINED_BY = {
    "author": "by", "carrier": "with", "airline": "with", "destination": "to", "origin": "from", "doctor": "with",
    "physician": "with", "payee": "to", "recipient": "to", "sender": "from", "language": "in",
}  # fmt: skip
_ADJECTIVE = re.compile(
    r"(?!(?:on|in|at|to|out|under|with|by|not|no|of|for|being|been|yet) )[a-z-]+(?: [a-z-]+)?\Z"
)
_PLACES = re.compile(
    r"(?:row|aisle|zone|ward|floor|room|city|country|department|folder|section|district|street)\Z"
)


_SENTENCE = re.compile(
    r"(?<!\bDr)(?<!\bMr)(?<!\bSt)(?<!\bMs)(?<!\bMrs)[.?!](?:\s|\Z)|[,;(]|:\s|\A\S+(?: \S+){5,}\Z"
)


@lru_cache(maxsize=4096)
def selectors(key: str, value: str, kind: str) -> tuple[tuple[str, str], ...]:
    """Ways to say which record: words before and after the noun. Its ``key`` equals ``value`` (as spoken).

    ``kind`` is the name of the JSON type.
    """
    last = words(key.rsplit(".", 1)[-1])
    if not last:
        return (("", f'"{value}"'),)
    if kind == "bool":
        return (("", _flag(last, value == "yes")),)
    if _is_time(value):
        return tuple(("", text) for text in _moments(last, value))
    if kind == "str" and _SENTENCE.search(value):
        value = f'"{value}"' if '"' not in value else f"“{value}”"
    if re.search(r" (?:by|from|to|in|with|for)\Z", last):
        return (("", f"{last} {value}"),)
    if _BEFORE.search(last) and kind == "str" and _ADJECTIVE.match(value):
        return ((value, ""), ("", f"whose {last} is {value}"))
    if re.search(r"\b(?:name|title)\Z", last):
        return ("", f"called {value}"), ("", f"named {value}")
    if last == "label":
        return ("", f"labelled {value}"), ("", f"called {value}")
    if _PLACES.search(last) and last != "room" and (kind == "str" or last == "row"):
        return (
            (("", f"in {last} {value}"),)
            if kind == "int" or last == "row"
            else (("", f"in {value}"), ("", f"whose {last} is {value}"))
        )
    if kind == "str" and value.endswith(f" {last}"):
        return (("", f"for {article(value)}"),)
    if kind == "str" and last in _JOINED_BY:
        return ("", f"{_JOINED_BY[last]} {value}"), ("", f"whose {last} is {value}")
    if kind == "int" and singular(last) != last:
        return (("", f"with {value} {last if value != '1' else singular(last)}"),)
    if kind in ("int", "float"):
        return ("", f"whose {last} is {value}"), ("", f"with {article(last)} of {value}")
    return ("", f"whose {attribute(last)} is {value}"), ("", f"where the {attribute(last)} is {value}")


def _flag(words_of_key: str, value: bool) -> str:
    stem = re.sub(r"\A(?:is|has|have) ", "", words_of_key)
    adjective = re.search(r"(?:able|ible|ed|ive|ent|free)\Z", stem) or words_of_key.startswith("is ")
    if adjective:
        return f"that is {stem}" if value else f"that is not {stem}"
    return f"with {stem}" if value else f"without {stem}"


def _moments(last: str, value: str) -> tuple[str, ...]:
    clock = ":" in value
    if re.search(r"depart|leave", last):
        return (
            (f"that leaves at {value}", f"that departs at {value}") if clock else (f"that leaves on {value}",)
        )
    if "arriv" in last:
        return (f"that arrives at {value}",) if clock else (f"that arrives on {value}",)
    if re.search(r"\b(?:starts?|begins?)\b", last):
        return (f"that starts at {value}",) if clock else (f"that starts on {value}",)
    if last in ("date", "day", "time", "slot", "when"):
        return (f"at {value}",) if clock else (f"of {value}", f"on {value}")
    if re.search(r"(?:ed|sent|made|built|paid|written)\Z", last):
        return (f"{last} {'at' if clock and not value[:4].isdigit() else 'on'} {value}",)
    return (f"whose {attribute(last)} is {value}",)


def _is_time(value: str) -> bool:
    return (
        re.match(r"\d{1,2}:\d\d(?::\d\d)?\Z|\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d)?)?\Z", value) is not None
    )


_NOUN_FOR = {
    "departs": "departure", "arrives": "arrival", "starts": "start", "ends": "end", "expires": "expiry",
    "price from": "starting price", "costs": "cost", "leaves": "departure", "opens": "opening time", "closes": "closing time", "charged": "charge",
    "left": "remainder", "available": "available amount", "refunded": "refund", "owed": "debt", "due": "due date",
    "created": "creation time", "created at": "creation time", "updated at": "last update", "lasts": "duration",
    "seats left": "number of seats left", "placed on": "order date", "issued": "date of issue", "weighs": "weight",
}  # fmt: skip


@lru_cache(maxsize=4096)
def attribute(name: str) -> str:
    """A field's name as a noun: "departs" -> "departure", "paid_at" -> "paid time"."""
    text = words(name.rsplit(".", 1)[-1])
    if text in _NOUN_FOR:
        return _NOUN_FOR[text]
    if text.endswith(" at"):
        return f"{text[:-3]} time"
    return f"{text[:-3]} date" if text.endswith(" on") else text
