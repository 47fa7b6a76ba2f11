"""Names of parameters and output fields, brought to what they speak of.

words("homeCities")                      # ("home", "city")
list(keys(("return", "flight", "id"), ()))   # [("returnflight", "id", True), ("flight", "id", False)]
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

ID_WORDS: Final = frozenset(
    (
        *("id", "identifier", "number", "no", "num", "nr", "code", "key", "ref", "reference", "uuid", "guid"),
        *("handle", "token", "sku", "symbol"),
    )
)
NAME_WORDS: Final = frozenset(("name", "title", "label", "fullname", "username"))
BARE: Final = frozenset(  # say nothing without the thing that they belong to
    (
        *(
            "status",
            "state",
            "type",
            "kind",
            "description",
            "message",
            "text",
            "note",
            "content",
            "body",
            "success",
        ),
        *(
            "ok",
            "error",
            "result",
            "count",
            "total",
            "currency",
            "unit",
            "value",
            "data",
            "info",
            "detail",
            "item",
        ),
        *("entry", "record", "list", "day", "hour", "minute", "created", "updated"),
    )
)
CHOICES: Final = frozenset(  # one of a few, which everybody knows: no reference to anything
    ("status", "state", "mode", "type", "kind", "level", "priority", "unit")
)
STOPS: Final = frozenset(
    ("by", "for", "of", "from", "based", "in", "to", "on", "with", "at", "and", "or", "the", "a", "an")
)
QUALIFIERS: Final = frozenset(
    ("from", "to", "a", "b", "c", "one", "two", "first", "second", "old", "new", "source", "target")
)
_UNTELLING: Final = frozenset(("id", "name", "code", "number", "key", "title", "label"))
_GLUED: Final = frozenset(
    (
        *(
            "user",
            "order",
            "account",
            "customer",
            "product",
            "ticket",
            "message",
            "post",
            "flight",
            "booking",
        ),
        *("driver", "car"),
    )
)


_ENDING: Final = frozenset(
    (
        *(
            "cancel",
            "delete",
            "remove",
            "refund",
            "undo",
            "stop",
            "revoke",
            "drop",
            "trash",
            "close",
            "discard",
        ),
        *(
            "unfreeze",
            "unlock",
            "unfollow",
            "unsubscribe",
            "withdraw",
            "clear",
            "reset",
            "detach",
            "release",
            "rm",
        ),
        *("retract", "dismiss", "unassign", "unlike", "unshare", "restore", "return", "end", "abort", "void"),
        *("resolve", "rmdir"),
    )
)
_REVISING: Final = frozenset(
    (
        "change",
        "update",
        "modify",
        "edit",
        "reschedule",
        "rebook",
        "revise",
        "amend",
        "correct",
        "adjust",
        "rename",
    )
)


def force_of(tool: str) -> int:
    """2 when a tool's verb ends something (cancel, delete), 1 when it changes something (update, rename), else 0."""
    verb = words(tool)[0] if words(tool) else ""
    return 2 if verb in _ENDING else 1 if verb in _REVISING else 0


@lru_cache(maxsize=65536)
def words(name: str) -> tuple[str, ...]:
    """Lower-case words, each in the singular: "homeCities" -> ("home", "city"), "zipcode" -> ("zip", "code")."""
    split = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
    found: list[str] = []
    for word in re.split(r"[^a-z0-9]+", split):
        if not word:
            continue
        word = _singular(word)
        glued = next(
            (end for end in ("code", "name", "number") if word.endswith(end) and len(word) > len(end) + 1), ""
        )
        if not glued and word.endswith("id") and len(word) > 4 and word[:-2] in _GLUED:
            glued = "id"
        found += [word[: -len(glued)], glued] if glued else [word]
    return tuple(found)


def _singular(word: str) -> str:
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("sses", "xes", "ches", "shes")):
        return word[:-2]
    return (
        word[:-1] if word.endswith("s") and not word.endswith(("ss", "us", "is")) and len(word) > 2 else word
    )


def sort_of(names: tuple[str, ...]) -> str:
    last = names[-1] if names else ""
    return "id" if last in ID_WORDS else "name" if last in NAME_WORDS else ""


def id_like(path: str) -> bool:
    """Whether a parameter's name says that it holds an id, a number or a code."""
    return sort_of(words(re.split(r"\.", path.replace("[]", ""))[-1])) == "id"


def tool_noun(tool: str) -> tuple[str, ...]:
    """What a tool is about: its name without the verb and what follows a preposition."""
    names = words(tool)[1:]
    for index, word in enumerate(names):
        if word in STOPS:
            return names[:index] or names[index + 1 :]
    return names


def keys(names: tuple[str, ...], context: tuple[str, ...]) -> Iterator[tuple[str, str, bool]]:
    """(key, sort, whole) under which a name can be met: its head, and shorter heads without leading qualifiers.

    ``sort`` is the kind of value, "id", "name" or ""; ``whole`` says that the key is the whole head.
    """
    while len(names) > 1 and (names[-1] in QUALIFIERS or names[-1].isdigit() or len(names[-1]) == 1):
        names = names[:-1]
    if names and names[-1] in CHOICES:
        return
    sort = sort_of(names)
    head = names[:-1] if sort else names
    if not head or all(word in BARE for word in head):
        if sort and len(names) == 1 and names[0] not in _UNTELLING:
            yield names[0], "", True  # "sku", "symbol", "username" speak for themselves
        if not context:
            return
        head = (*context, *head)
    for start in range(len(head)):
        rest = head[start:]
        if not all(word in BARE or word in QUALIFIERS for word in rest):
            yield "".join(rest), sort, start == 0
