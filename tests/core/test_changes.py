"""Changes lead from one JSON value to another, exactly, and leave the first as it was."""

from __future__ import annotations

import copy
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from funreason_plugin.environments.changes import applied, changes

KEYS = st.sampled_from("abc")
SCALARS = st.sampled_from((None, True, False, 0, 1, 0.0, 1.0, "", "a"))
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=20,
)
OBJECTS = st.dictionaries(KEYS, JSON, max_size=3)


@given(OBJECTS, OBJECTS)
def test_applied_changes_give_the_other_value_to_the_type(before: Any, after: Any) -> None:
    kept = copy.deepcopy(before)
    found = applied(before, changes(before, after))
    assert exactly(found) == exactly(after)
    assert exactly(before) == exactly(kept)


@given(OBJECTS, OBJECTS, OBJECTS)
def test_changes_after_changes(first: Any, second: Any, third: Any) -> None:
    delta = [*changes(first, second), *changes(second, third)]
    written = copy.deepcopy(delta)
    assert exactly(applied(first, delta)) == exactly(third)
    assert exactly(delta) == exactly(written)


def test_what_did_not_change_is_shared() -> None:
    before = {"large": {"a": [1]}, "small": {"b": 1}}
    after = applied(before, [[["small", "b"], 2], [["small", "c"], 3]])
    assert after == {"large": {"a": [1]}, "small": {"b": 2, "c": 3}}
    assert after["large"] is before["large"]
    assert before["small"] == {"b": 1}


def exactly(value: Any) -> Any:
    """Python's == alone takes 1.0 and true for 1."""
    if isinstance(value, dict):
        return {key: exactly(item) for key, item in value.items()}
    if isinstance(value, list):
        return [exactly(item) for item in value]
    return type(value), value
