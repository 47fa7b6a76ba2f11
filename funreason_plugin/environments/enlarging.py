"""What the shipped environments' ``enlarge`` share: new records stand before and after the old ones, under ids of their own.

ids = free_ids(rng, "HT", 4, taken=state["hotels"], count=60)
state["hotels"] = around(state["hotels"], dict(zip(ids, drawn)))
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from random import Random
from typing import TypeVar

__all__ = ["around", "combinations", "free_ids", "listed"]

R = TypeVar("R")


def around(old: Mapping[str, R], new: Mapping[str, R]) -> dict[str, R]:
    """All records: one half of the new ones, the old ones in their order with new ones between them, the other half."""
    items = list(new.items())
    quarter = len(items) // 4
    front, between, back = (
        items[:quarter],
        items[quarter : len(items) - quarter],
        items[len(items) - quarter :],
    )
    gap = len(between) // max(len(old), 1)
    found = dict(front)
    for number, (key, record) in enumerate(old.items()):
        found[key] = record
        found |= dict(between[number * gap : (number + 1) * gap])
    return {**found, **dict(between[len(old) * gap :]), **dict(back)}


def free_ids(rng: Random, prefix: str, digits: int, taken: Iterable[str], count: int) -> list[str]:
    """So many ids such as ``HT-4821`` that are not taken, with a digit more where there would be too few."""
    used = set(taken)
    while 10**digits < 4 * (count + len(used)):
        digits += 1
    found: list[str] = []
    while len(found) < count:
        key = f"{prefix}-{rng.randrange(10 ** (digits - 1), 10**digits)}"
        if key not in used:
            used.add(key)
            found.append(key)
    return found


def combinations(
    rng: Random, first: Iterable[str], second: Iterable[str], taken: Iterable[str], form: str = "{} {}"
) -> list[str]:
    """Every "first second" in random order, without those that are taken (upper or lower case)."""
    used = {name.casefold() for name in taken}
    names = dict.fromkeys(form.format(one, two) for one in first for two in second)
    found = [name for name in names if name.casefold() not in used]
    rng.shuffle(found)
    return found


def listed(text: str, between: str | None = None) -> tuple[str, ...]:
    """The words of a table in a string."""
    return tuple(text.split(between))
