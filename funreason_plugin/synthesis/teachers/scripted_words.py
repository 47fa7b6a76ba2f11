"""English for the scripted teacher: identifiers, values, verb forms, articles, superlatives, selectors."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

# -- identifiers ------------------------------------------------------------------------------------------

_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_ACRONYMS = {
    "id": "ID",
    "ids": "IDs",
    "pin": "PIN",
    "iban": "IBAN",
    "url": "URL",
    "sku": "SKU",
    "api": "API",
    "cvv": "CVV",
}
_WHOLE = {
    "prio": "priority",
    "tkt": "ticket",
    "cust": "customer",
    "msg": "message",
    "addr": "address",
    "pwd": "password",
    "acct": "account",
    "txn": "transaction",
    "loc": "location",
    "ord": "order",
    "usr": "user",
    "lang": "language",
    "qty": "quantity",
    "num": "number",
    "desc": "description",
    "descr": "description",
    "dest": "destination",
    "amt": "amount",
}


@lru_cache(maxsize=4096)
def words(identifier: str) -> str:
    """ "travelFrom" -> "travel from"; "flight_id" -> "flight ID"."""
    parts = _CAMEL.sub(" ", identifier.replace("_", " ").replace("-", " ").replace(".", " ")).split()
    lowered = (part if part.isupper() and len(part) > 1 else part.lower() for part in parts)
    if len(parts) > 1 and parts[-1].lower() in ("no", "nr"):
        parts[-1] = "number"
    return " ".join(_ACRONYMS.get(_WHOLE.get(part, part), _WHOLE.get(part, part)) for part in lowered)


_ID_ENDING = re.compile(r"[_ ]?(?:id|ids|number|code|reference|ref|key|uuid|no)\Z", re.IGNORECASE)


@lru_cache(maxsize=4096)
def entity_words(field: str) -> str:
    """What an id refers to: "flights[].flight_id" -> "flight"; "bookings[].id" -> "booking"; "id" -> ""."""
    parts = [part.strip("[]*0123456789") for part in re.split(r"[.\[]", field)]
    names = [part for part in parts if part]
    if not names:
        return ""
    last = words(_CAMEL.sub("_", names[-1]))
    stripped = _ID_ENDING.sub("", last).strip()
    if stripped:
        return singular(stripped)
    return singular(words(names[-2])) if len(names) > 1 else ""


@lru_cache(maxsize=8192)
def is_identifier(field: str) -> bool:
    """Whether the field stands for the thing itself (an id, a code) rather than a property of it."""
    last = re.split(r"[.\[\]]+", field.rstrip("[]0123456789"))[-1]
    return bool(_ID_ENDING.search(_CAMEL.sub("_", last)))


_IRREGULAR_SINGULAR = {"people": "person", "children": "child", "series": "series", "addresses": "address"}


@lru_cache(maxsize=1024)
def singular(noun: str) -> str:
    """ "flights" -> "flight"; the last word counts."""
    head, _, last = noun.rpartition(" ")
    lead = head + " " if head else ""
    if last == "IDs":
        return f"{lead}ID"
    if last in _IRREGULAR_SINGULAR:
        return lead + _IRREGULAR_SINGULAR[last]
    if len(last) < 4 or last.endswith(("ss", "us", "is", "news")):
        return noun
    if last.endswith("ies"):
        return lead + last[:-3] + "y"
    if last.endswith(("ches", "shes", "xes", "sses", "zzes")):
        return lead + last[:-2]
    return lead + last[:-1] if last.endswith("s") else noun


@lru_cache(maxsize=1024)
def plural(noun: str) -> str:
    """ "flight" -> "flights"; a phrase is put in the plural at its head: "flight from {a}" -> "flights from {a}"."""
    match = _HEAD.match(noun)
    assert match is not None
    head, rest = match[1], match[2]
    if singular(head) != head:
        return noun
    if head.endswith(("s", "x", "ch", "sh", "z")):
        return f"{head}es{rest}"
    if head.endswith("y") and head[-2:-1] not in "aeiou":
        return f"{head[:-1]}ies{rest}"
    return f"{head}s{rest}"


_HEAD = re.compile(
    r"(.*?)((?: (?:of|for|from|in|on|at|to|with|by|that|which|named|called|under|between|near)\b.*)?)\Z"
)


@lru_cache(maxsize=1024)
def article(noun: str) -> str:
    """ "a flight", "an order"."""
    return (
        f"an {noun}"
        if re.match(r"(?:[aei]|o(?!ne\b)|u(?!ni|se|su|ti|ro|k\b)|hour|honest|SMS|MRI|X-)", noun)
        else f"a {noun}"
    )


_NOUN = re.compile(
    r"(?:class|type|kind|date|time|price|amount|budget|limit|size|colou?r|name|title|note|message|reason|priority|"
    r"category|status|quantity|currency|city|address|code|number|language|unit|method|cabin|room|description|"
    r"subject|label|comment|password|username|PIN|ID|email|level|format|duration|mode|symptom|remark|folder|"
    r"location|country|destination|card|booking|order|ticket|user|origin|specialty|traveller|account|sector|symbol|person|doctor|day|month)\Z"
)


def is_noun(text: str) -> bool:
    """Whether a parameter's words can be spoken of as a thing: "the cabin", but not "departs after"."""
    return _NOUN.search(text) is not None


# -- values -----------------------------------------------------------------------------------------------


def spoken(value: Any) -> str:
    """A value as a person writes it; `scripted_reader` reads it back."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value is None:
        return "none"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, list):
        return joined([spoken(item) for item in value])
    if isinstance(value, dict):
        named = sorted(value.items(), key=lambda part: not isinstance(part[1], str))  # "oak desk (weight 12)"
        parts = [(words(key), spoken(item)) for key, item in named]
        more = ", ".join(f"{name} {text}" for name, text in parts[1:])
        return f"{parts[0][1]} ({more})" if more else "".join(f"{name} {text}" for name, text in parts)
    return str(value)


def joined(parts: Sequence[str], word: str = "and") -> str:
    """ "a, b and c"."""
    if len(parts) < 2:
        return "".join(parts)
    return f"{', '.join(parts[:-1])} {word} {parts[-1]}"


_COUNTS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def count(number: int) -> str:
    """Small numbers in words, so that no digit needs a source."""
    return _COUNTS[number] if number < len(_COUNTS) else "several"


def capital(text: str) -> str:
    return text[:1].upper() + text[1:]


# -- verbs ------------------------------------------------------------------------------------------------

_PARTICIPLES = {
    "send": "sent", "put": "put", "find": "found", "get": "got", "set": "set", "make": "made",
    "write": "written", "show": "shown", "tell": "told", "take": "taken", "pay": "paid", "buy": "bought",
    "cut": "cut", "read": "read", "withdraw": "withdrawn", "hold": "held", "give": "given", "begin": "begun",
    "keep": "kept", "leave": "left", "lend": "lent", "draw": "drawn", "go": "gone", "run": "run",
    "undo": "undone", "do": "done", "let": "let", "see": "seen", "have": "had", "bring": "brought",
    "sell": "sold", "split": "split", "shut": "shut", "hand": "handed", "log": "logged", "sign": "signed",
    "reset": "reset", "rewrite": "rewritten", "overwrite": "overwritten", "look": "looked", "drop": "dropped",
    "withhold": "withheld", "forget": "forgotten", "think": "thought", "swap": "swapped", "speak": "spoken",
    "redo": "redone", "spend": "spent", "bid": "bid", "lock": "locked", "freeze": "frozen", "win": "won",
    "hide": "hidden", "drive": "driven", "fill": "filled", "top": "topped", "build": "built", "lay": "laid",
    "choose": "chosen", "fly": "flown", "hear": "heard", "hit": "hit", "know": "known", "lead": "led", "lose": "lost",
    "meet": "met", "ride": "ridden", "sit": "sat", "stand": "stood", "teach": "taught", "throw": "thrown",
    "catch": "caught", "come": "come", "break": "broken", "feed": "fed", "quit": "quit", "spread": "spread",
    "tear": "torn", "wear": "worn", "bind": "bound", "deal": "dealt", "dig": "dug", "bend": "bent", "speed": "sped",
    "say": "said", "unfreeze": "unfrozen", "ship": "shipped", "stop": "stopped", "plan": "planned", "copy": "copied", "apply": "applied",
}  # fmt: skip
_DOUBLED = frozenset(
    re.findall(
        r"\w+",
        "get put set let cut run shut split begin forget log stop ship drop swap top plan cancel transfer submit "
        "refer permit admit commit prefer reset upset grab tag trim zip pin bid win dim rub skip tip chat map "
        "label travel model unplug plug flag cap dig step fuel total signal beg hop jog map nod rip rob sip slip wrap zap",
    )
)


def _verb(clause: str) -> tuple[str, str]:
    verb, space, rest = clause.partition(" ")
    return verb, space + rest


@lru_cache(maxsize=1024)
def gerund_of(verb: str) -> str:
    if verb in _DOUBLED:
        return f"{verb}{verb[-1]}ing"
    if verb.endswith("ie"):
        return verb[:-2] + "ying"
    if verb.endswith("e") and not verb.endswith(("ee", "oe", "ye")):
        return verb[:-1] + "ing"
    return verb + "ing"


@lru_cache(maxsize=1024)
def participle_of(verb: str) -> str:
    if verb in _PARTICIPLES:
        return _PARTICIPLES[verb]
    if verb in _DOUBLED:
        return f"{verb}{verb[-1]}ed"
    if verb.endswith("e"):
        return verb + "d"
    if verb.endswith("y") and verb[-2:-1] not in "aeiou":
        return verb[:-1] + "ied"
    return verb + "ed"


def gerund(clause: str) -> str:
    """ "book the flight" -> "booking the flight"."""
    verb, rest = _verb(clause)
    return gerund_of(verb) + rest


def participle(clause: str) -> str:
    """ "book the flight" -> "booked the flight"."""
    verb, rest = _verb(clause)
    return participle_of(verb) + rest


_SWAPS = {
    "you ": "I ",
    "my": "your", "me": "you", "i": "you", "mine": "yours", "myself": "yourself", "i'm": "you're", "i've": "you've",
}  # fmt: skip
_THIRD = {
    "you ": "I ",
    "my": "their", "me": "them", "i": "they", "mine": "theirs", "myself": "themselves",
    "i'm": "they're", "i've": "they've", "am": "are",
}  # fmt: skip
_PERSON = re.compile(
    r'"[^"]*"|\b(?:you|I) (?=found\b|listed\b)|\b(?:my|me|mine|myself|i\'m|i\'ve|i)\b', re.IGNORECASE
)


def to_second_person(clause: str) -> str:
    """ "cancel my order" -> "cancel your order"; quoted text stays."""
    return _PERSON.sub(lambda m: m[0] if m[0][0] == '"' else _SWAPS.get(m[0].lower(), m[0]), clause)


def to_third_person(clause: str) -> str:
    """ "show me my orders" -> "show them their orders"; quoted text stays."""
    return _PERSON.sub(lambda m: m[0] if m[0][0] == '"' else _THIRD.get(m[0].lower(), m[0]), clause)
