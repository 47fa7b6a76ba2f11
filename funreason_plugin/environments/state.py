"""State as data: canonical JSON, hashes, and what makes two states equal.

An environment declares by field what equality means (`Environment.equality`). Patterns are paths with
``[]`` for the items of a list and ``*`` for the values of a dict: ``orders.*.note``, ``inbox[].body``.

    exact     the default: the same JSON value (1 and 1.0 are equal)
    set       a list whose order does not matter
    text      free text: both non-empty, and every number of the truth occurs in the attempt
    volatile  differs between runs: neither hashed nor judged
    ignored   hashed, not judged
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from math import isclose
from typing import Any

import orjson

from funreason_plugin.errors import UserError, did_you_mean

MODES = ("exact", "set", "text", "volatile", "ignored")
_NUMBER = re.compile(r"\d+(?:\.\d+)?")


def canonical(value: Any) -> bytes:
    """JSON with sorted keys and no white space: equal data gives equal bytes."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS)


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def scalars(value: Any) -> Iterator[Any]:
    """The scalars in JSON data."""
    if isinstance(value, dict):
        for item in value.values():
            yield from scalars(item)
    elif isinstance(value, list):
        for item in value:
            yield from scalars(item)
    else:
        yield value


def whole(value: Any) -> Any:
    """JSON data with 2.0 written as 2: numbers that are equal give equal bytes."""
    if isinstance(value, float):
        return int(value) if value.is_integer() else value
    if isinstance(value, dict):
        return {key: whole(item) for key, item in value.items()}
    return [whole(item) for item in value] if isinstance(value, list) else value


def plain(value: Any) -> Any:
    """A private copy of JSON data."""
    return orjson.loads(orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS))


@dataclass(slots=True)
class Rules:
    """Equality patterns as a tree: child by key ("[]", "*" or a name), mode at the node."""

    mode: str = ""
    children: dict[str, Rules] = field(default_factory=dict)
    _only: dict[tuple[str, ...], Rules | None] = field(default_factory=dict)

    def only(self, modes: tuple[str, ...]) -> Rules | None:
        """The part of the tree that leads to these modes; None where there is none."""
        if modes not in self._only:
            children = {
                key: part for key, node in self.children.items() if (part := node.only(modes)) is not None
            }
            wanted = self.mode in modes
            self._only[modes] = Rules(self.mode if wanted else "", children) if wanted or children else None
        return self._only[modes]

    def child(self, key: str) -> Rules | None:
        return self.children.get(key) or self.children.get("*")


@cache
def _rules(items: tuple[tuple[str, str], ...], where: str) -> Rules:
    root = Rules()
    for pattern, mode in items:
        if mode not in MODES:
            raise UserError(
                f"{where}: equality of {pattern!r} is {mode!r}, expected one of {', '.join(MODES)}"
                + did_you_mean(mode, MODES)
            )
        node = root
        for part in pattern.replace("[]", ".[]").split("."):
            node = node.children.setdefault(part, Rules())
        node.mode = mode
    return root


def rules(equality: Mapping[str, str], where: str = "equality") -> Rules:
    """The declared equality as a tree; an unknown mode is an error."""
    return _rules(tuple(equality.items()), where)


def without(value: Any, tree: Rules, modes: tuple[str, ...] = ("volatile",)) -> Any:
    """The value without the fields of these modes; shares what has none of them with the original."""
    return _without(value, tree.only(modes))


def _without(value: Any, tree: Rules | None) -> Any:
    if tree is None:
        return value
    if isinstance(value, dict):
        children = {key: tree.child(key) for key in value}
        return {
            key: _without(item, child)
            for key, item in value.items()
            if (child := children[key]) is None or not child.mode
        }
    if isinstance(value, list) and (child := tree.children.get("[]")) is not None:
        return [] if child.mode else [_without(item, child) for item in value]
    return value


def differences(truth: Any, attempt: Any, tree: Rules | None = None, path: str = "") -> Iterator[str]:
    """Where the attempt's state is not equal to the truth's, one line each: "path: expected …, got …"."""
    mode = tree.mode if tree is not None else ""
    if mode in ("volatile", "ignored"):
        return
    if isinstance(truth, (dict, list)) and truth == attempt and canonical(truth) == canonical(attempt):
        return  # Python's == alone takes true for 1
    if mode == "text" and isinstance(truth, str) and isinstance(attempt, str):
        if not _same_text(truth, attempt):
            yield f"{path}: expected a text like {_short(truth)}, got {_short(attempt)}"
    elif isinstance(truth, dict) and isinstance(attempt, dict):
        for key in _keys(truth, attempt):
            child = tree.child(key) if tree is not None else None
            if child is not None and child.mode in ("volatile", "ignored"):
                continue
            here = f"{path}.{key}" if path else str(key)
            if key not in attempt:
                yield f"{here}: missing, expected {_short(truth[key])}"
            elif key not in truth:
                yield f"{here}: not expected, got {_short(attempt[key])}"
            else:
                yield from differences(truth[key], attempt[key], child, here)
    elif isinstance(truth, list) and isinstance(attempt, list):
        child = tree.children.get("[]") if tree is not None else None
        if len(truth) != len(attempt):
            yield f"{path}: expected {len(truth)} items, got {len(attempt)}"
        elif mode == "set":
            yield from _set_differences(truth, attempt, child, path)
        else:
            for index, (left, right) in enumerate(zip(truth, attempt, strict=True)):
                yield from differences(left, right, child, f"{path}[{index}]")
    elif not same_scalar(truth, attempt):
        yield f"{path}: expected {_short(truth)}, got {_short(attempt)}"


def same_scalar(left: Any, right: Any) -> bool:
    """JSON equality of scalars: 1 and 1.0 are equal, true and 1 are not."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, (int, float)) and isinstance(right, (int, float)):
        return left == right or isclose(left, right, rel_tol=1e-9)
    return type(left) is type(right) and bool(left == right)


def same_json(left: Any, right: Any) -> bool:
    """JSON equality: of scalars as in `same_scalar`, of the rest to the letter."""
    if isinstance(left, (dict, list)):
        return bool(left == right) and canonical(left) == canonical(right)
    return same_scalar(left, right)


def _keys(truth: dict[str, Any], attempt: dict[str, Any]) -> list[str]:
    return [*truth, *(key for key in attempt if key not in truth)]


def _set_differences(truth: list[Any], attempt: list[Any], child: Rules | None, path: str) -> Iterator[str]:
    left = list(attempt)
    for item in truth:
        for index, candidate in enumerate(left):
            if next(differences(item, candidate, child), None) is None:
                del left[index]
                break
        else:
            yield f"{path}: no item like {_short(item)}"


def _same_text(truth: str, attempt: str) -> bool:
    if not truth.strip() or not attempt.strip():
        return truth.strip() == attempt.strip()
    written = set(_NUMBER.findall(attempt))
    return all(number in written for number in _NUMBER.findall(truth))


def _short(value: Any) -> str:
    text = orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS, default=repr).decode()
    return text if len(text) <= 80 else text[:77] + "..."
