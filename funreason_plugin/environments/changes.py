"""The difference between two JSON values as data, small where little changed.

    delta = changes(before, after)
    assert applied(before, delta) == after

A change is ``[path, value]`` (what stands there now) or ``[path]`` (it is gone); a path is a list of keys of
objects. Lists are written whole.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

Change = list[Any]
"""``[path, value]``, or ``[path]`` for a key that is gone."""


def changes(before: Any, after: Any) -> list[Change]:
    """What has to be done to ``before`` to make it ``after``; both are JSON values."""
    return list(_changes(before, after, []))


def applied(before: Any, delta: Sequence[Change]) -> Any:
    """``before`` with the changes made; what did not change is shared with it."""
    value = before
    owned: set[int] = set()
    for path, *after in delta:
        value = _with(value, path, after, owned)
    return value


def _changes(before: Any, after: Any, path: list[str]) -> Iterator[Change]:
    if before is after:
        return
    if isinstance(before, dict) and isinstance(after, dict):
        for key in before:
            if key not in after:
                yield [[*path, key]]
        for key, value in after.items():
            if key in before:
                yield from _changes(before[key], value, [*path, key])
            else:
                yield [[*path, key], value]
    elif type(before) is not type(after) or before != after or _kinds(before) != _kinds(after):
        yield [path, after]


def _kinds(value: Any) -> Any:
    """The types inside a value: Python's == alone takes 1.0 and true for 1."""
    if isinstance(value, list):
        return [_kinds(item) for item in value]
    if isinstance(value, dict):
        return {key: _kinds(item) for key, item in value.items()}
    return type(value)


def _with(value: Any, path: Sequence[str], after: Sequence[Any], owned: set[int]) -> Any:
    """``owned`` are the objects that were copied already, by identity: each is copied once."""
    if not path:
        return after[0]
    head, *rest = path
    if id(value) not in owned:
        value = dict(value)
        owned.add(id(value))
    if not rest and not after:
        del value[head]
    else:
        value[head] = _with(value.get(head), rest, after, owned)
    return value
