"""Which tools could stand in for another: by what their names say, the verb and what it is about.

    substitutes("pay_payee", ["pay_each", "list_payees"])      # ["pay_each"]
    about_the_same("list_payees", ["pay_payee", "list_cards"])  # ["pay_payee"]

Names are all that is known of every tool. Both err to the safe side: a tool counts as near when it may be.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

__all__ = ["about_the_same", "acts", "likeness", "looks_up", "opposites", "substitutes"]

_LITTLE = frozenset(
    (
        *("a", "an", "the", "of", "to", "from", "in", "on", "out", "up", "with", "each", "all", "by", "for", "into"),
        *("my", "current", "saved", "new", "and", "between", "at", "about", "is", "get", "set", "off", "via", "as"),
    )
)  # fmt: skip
_ALIKE = (
    ("look", "list show get find search browse read view open check inspect lookup fetch query track display tell see"),
    ("pay", "pay transfer send move shift charge fund make"),
    ("end", "cancel stop drop remove delete trash refund revoke close end discard clear"),
    ("make", "create add start open set save write new make book reserve hold place post submit begin register order"),
    ("change", "update change edit modify set adjust rename replace rebook move resize"),
    ("back", "restore undo reopen unfreeze recover return"),
    ("say", "send message share forward mail comment notify post write tell"),
    ("copy", "copy move rename duplicate export"),
)  # fmt: skip
_GROUPS: dict[str, frozenset[str]] = {}
for _name, _verbs in _ALIKE:
    for _verb in _verbs.split():
        _GROUPS[_verb] = _GROUPS.get(_verb, frozenset()) | {_name}


@lru_cache(maxsize=4096)
def _parts(tool: str) -> tuple[str, frozenset[str]]:
    """The verb of a tool's name, and the nouns: "pay_hold_with_points" -> "pay", {"hold", "point"}."""
    words = [word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", tool)]
    nouns = frozenset(_singular(word) for word in words[1:] if word not in _LITTLE)
    return (words[0] if words else ""), nouns


def _singular(word: str) -> str:
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith("s") and not word.endswith(("ss", "us", "is")) and len(word) > 3:
        return word[:-1]
    return word


def nouns_of(tool: str) -> frozenset[str]:
    """What a tool's name is about."""
    return _parts(tool)[1]


def substitutes(tool: str, others: Iterable[str]) -> list[str]:
    """Tools that might do the same to the same thing: the names share a noun, and the verbs are alike."""
    verb, nouns = _parts(tool)
    kinds = _kinds(verb)
    found = []
    for other in others:
        its_verb, its_nouns = _parts(other)
        near = kinds & _kinds(its_verb) if its_nouns else verb == its_verb
        if other != tool and near and (nouns & its_nouns or not its_nouns or not nouns):
            found.append(other)
    return found


def _kinds(verb: str) -> frozenset[str]:
    return _GROUPS.get(verb, frozenset((verb,)))


def looks_up(tool: str) -> bool:
    """Whether a tool looks something up, by its verb."""
    return "look" in _kinds(_parts(tool)[0])


def acts(tool: str) -> bool:
    """Whether a tool does something to or with others, by its verb, even if it changes no state: asking it again does it
    again."""
    verb = _parts(tool)[0]
    return not looks_up(tool) and (verb in _GROUPS or verb in _DOING)


_DOING = frozenset(
    [
        "apply",
        "ask",
        "call",
        "confirm",
        "contact",
        "execute",
        "invite",
        "notify",
        "request",
        "report",
        "run",
        "sign",
        "verify",
    ]
)


def likeness(tool: str, others: Iterable[str]) -> float:
    """How easily a tool is taken for one of the others, by its name: common nouns count most, then the verb."""
    verb, nouns = _parts(tool)
    return max(
        (2.0 * len(nouns & _parts(other)[1]) + (verb == _parts(other)[0]) for other in others), default=0.0
    )


_REVERSING = (
    _ALIKE[2][1].split()
    + _ALIKE[5][1].split()
    + ["rm", "rmdir", "del", "unlink", "dismiss", "withdraw", "logout"]
)


def opposites(tool: str, other: str) -> bool:
    """Whether one of the names says that it reverses something: "cancel_stay", "unfollow_user"."""
    verbs = (_parts(tool)[0], _parts(other)[0])
    return any(
        verb in _REVERSING or (len(verb) > 4 and verb.startswith(("un", "re", "dis"))) for verb in verbs
    )


def about_the_same(tool: str, others: Iterable[str]) -> list[str]:
    """Tools whose name is about a thing that the tool's name is about, whatever they do with it.

    Of a name that is about nothing ("check_out") this cannot be told: then they are all of them.
    """
    nouns = nouns_of(tool)
    return [other for other in others if not nouns or nouns & nouns_of(other)]
