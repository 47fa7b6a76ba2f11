"""What in a state answers to a parameter's name, where its author marked nothing.

    similar_values("patient_name", "string", {"patients": {"P-1": {"name": "Ana Ruiz"}}})   # ["Ana Ruiz"]

Only what a person could know counts: fields named like ids, and values that look like ids, are left out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

_ID_NAME = re.compile(
    r"(?:^|_)(?:ids?|uuid|guid|token|hash|secret|key)$|[a-z]Ids?$|^(?:user|order|item|file)id$"
)
_ID_VALUE = re.compile(
    r"(?=.*\d)(?:[A-Za-z]{1,6}[-_#:]\d[\w-]*|[A-Z]{1,4}\d{3,}|[0-9a-f]{8}-[0-9a-f-]{27}|(?=.*[a-f])[0-9a-f]{10,})\Z"
)
_GENERIC: Final = frozenset(
    (
        "name",
        "title",
        "type",
        "kind",
        "status",
        "state",
        "date",
        "time",
        "note",
        "text",
        "description",
        "value",
    )
    + ("number", "code", "amount", "total", "price", "count", "size", "level", "label", "comment", "message")
    + ("reason", "body", "content")
)  # said of anything: they match only together with the record's name
_LONGEST: Final = 120  # characters of a value that a person would say


def is_id(name: str) -> bool:
    """Whether a field of this name holds something only the system knows."""
    return _ID_NAME.search(name) is not None


def looks_like_id(value: Any) -> bool:
    """ "BK-48213", "FL1029", a uuid or a hash: nothing a person would say unasked."""
    return isinstance(value, str) and _ID_VALUE.match(value) is not None


def similar_values(name: str, kind: str | None, state: Mapping[str, Any]) -> list[Any]:
    """Values of the best-matching fields of a state, in its order; [] when nothing matches. Costs one walk."""
    best: list[Any] = []
    best_score = 0

    def meet(value: Any, owner: str, key: str) -> None:
        nonlocal best, best_score
        score = _score(name, owner, key)
        if score < best_score or score == 0 or not _of_kind(value, kind):
            return
        if score > best_score:
            best, best_score = [], score
        best.append(value)

    def walk(node: Any, owner: str, key: str) -> None:
        if isinstance(node, Mapping):
            records = bool(node) and all(isinstance(item, Mapping) for item in node.values())
            if records and kind == "string" and key:
                for label in node:
                    if not looks_like_id(label):
                        meet(label, key, "")
            for label, item in node.items():
                # the records of a mapping are "patients", whatever their keys are
                walk(item, key if key and not records else owner, key if records and key else label)
        elif isinstance(node, list):
            for item in node:
                walk(item, owner, key)
        else:
            meet(node, owner, key)

    walk(state, "", "")
    return best


@lru_cache(maxsize=65536)
def answers(name: str, tool: str, path: str) -> bool:
    """Whether an output field may fill a parameter, by their names: "flights[].id" of search_flights a flight_id."""
    parts = [part for part in re.split(r"[.\[\]]+", path) if part and part != "*"]
    key, owner = (parts[-1], parts[-2] if len(parts) > 1 else "") if parts else ("", "")
    wanted, made = _words(name), _words(tool)
    have, record = _words(key), _words(owner)
    if not have:
        return wanted[-1] in made
    if have in (("id",), ("number",), ("code",), ("key",), ("reference",)):
        return wanted in (have, (*record, *have), (*made[-1:], *have))
    return wanted[-len(have) :] == have and (
        have[-1] not in _GENERIC or wanted in (have, (*record[-1:], *have))
    )


def similar_path(name: str, kind: str | None, values: Mapping[str, list[Any]]) -> str:
    """The state path, of those given with their values, that answers best to a name; "" when none does."""
    best, best_score = "", 0
    for path, found in values.items():
        parts = [part for part in re.split(r"[.\[\]]+", path) if part and part != "*"]
        owner, key = (parts[-2], parts[-1]) if len(parts) > 1 else ("", parts[-1])
        if key == "keys()":
            key = ""
        score = _score(name, owner, key) or (1 if key and key == _words(name)[-1] else 0)
        if score > best_score and all(
            _of_kind(value, kind) and not looks_like_id(value) for value in found[:5]
        ):
            best, best_score = path, score
    return best


@lru_cache(maxsize=65536)
def _score(name: str, owner: str, key: str) -> int:
    """How well the field `key` of a record in `owner` answers to a parameter: 0 (not) to 5; key "": the label itself."""
    if key and is_id(key):
        return 0
    wanted, have, record = _words(name), _words(key), _words(owner)
    if not have:
        return 3 if wanted == record or wanted == (*record, "name") else 0
    if wanted == (*record[-1:], *have) or wanted == (*record, *have):
        return 5
    if wanted == have:
        return 4
    telling = have[-1] not in _GENERIC
    if telling and wanted[-len(have) :] == have:
        return 2
    if wanted[-1] not in _GENERIC and have[-len(wanted) :] == wanted:
        return 1
    if have == ("name",) and wanted == record[-1:]:
        return 3  # `doctor` is said by the doctor's name
    return 0


@lru_cache(maxsize=65536)
def _words(name: str) -> tuple[str, ...]:
    """Lower-case words, each in the singular: "homeCities" -> ("home", "city")."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower().replace("-", "_").split("_")
    return tuple(_singular(word) for word in words if word)


def _singular(word: str) -> str:
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("sses", "xes", "ches", "shes")):
        return word[:-2]
    return word[:-1] if word.endswith("s") and not word.endswith(("ss", "us", "is")) else word


def _of_kind(value: Any, kind: str | None) -> bool:
    if isinstance(value, bool) or value is None:
        return False
    if kind == "string":
        return isinstance(value, str) and 0 < len(value) <= _LONGEST
    if kind == "integer":
        return isinstance(value, int)
    return kind != "number" or isinstance(value, (int, float))
