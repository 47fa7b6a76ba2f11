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
_WHOLE = {"qty": "quantity", "num": "number", "desc": "description", "dest": "destination", "amt": "amount"}


@lru_cache(maxsize=4096)
def words(identifier: str) -> str:
    """ "travelFrom" -> "travel from"; "flight_id" -> "flight ID"."""
    parts = _CAMEL.sub(" ", identifier.replace("_", " ").replace("-", " ").replace(".", " ")).split()
    lowered = (part if part.isupper() and len(part) > 1 else part.lower() for part in parts)
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
    return f"an {noun}" if re.match(r"(?:[aeio]|un(?!i)|hour|honest|SMS|MRI|X-)", noun) else f"a {noun}"


_NOUN = re.compile(
    r"(?:class|type|kind|date|time|price|amount|budget|limit|size|colou?r|name|title|note|message|reason|priority|"
    r"category|status|quantity|currency|city|address|code|number|language|unit|method|cabin|room|description|"
    r"subject|label|comment|password|username|PIN|ID|email|level|format|duration|mode|symptom|remark|folder|"
    r"location|country|destination|origin|specialty|traveller|account|sector|symbol|person|doctor|day|month)\Z"
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
        parts = [(words(key), spoken(item)) for key, item in value.items()]
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
    "ship": "shipped", "stop": "stopped", "plan": "planned", "copy": "copied", "apply": "applied",
}  # fmt: skip
_DOUBLED = frozenset(
    re.findall(
        r"\w+",
        "get put set let cut run shut split begin forget log stop ship drop swap top plan cancel transfer submit "
        "refer permit admit commit prefer reset upset grab tag trim zip pin bid win dim rub skip tip chat map "
        "label travel model unplug plug flag",
    )
)
_PARTICLES = frozenset(("up", "out", "in", "off", "on", "down", "back", "away", "over", "through"))


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


# -- picking one record -----------------------------------------------------------------------------------

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
    "costs": "cost", "leaves": "departure", "opens": "opening time", "closes": "closing time", "charged": "charge",
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
