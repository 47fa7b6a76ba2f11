"""Paths into states and outputs, as marks and graphs write them.

    state_values("hotels[].city", {"hotels": [{"city": "Graz"}, {"city": "Cork"}]})   # ["Graz", "Cork"]

"hotels[].city" is every list item, "orders.*.note" every dict value, "accounts.keys()" the dict's keys,
"flights[2].id" one item, "" the whole.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any


@lru_cache(maxsize=8192)
def parse_path(path: str) -> tuple[str | int, ...]:
    """ "hotels[].rooms.*.name" -> ("hotels", "[]", "rooms", "*", "name"); an index becomes an int."""
    parts = re.findall(r"([^.\[\]]+)|\[(-?\d*)\]", path)
    return tuple(name if name else int(index) if index else "[]" for name, index in parts)


def state_values(path: str, state: Any) -> list[Any]:
    """All values at a path, in the state's own order, without None; repeated ones repeat. A missing key gives []."""
    found = [state]
    for key in parse_path(path):
        if key == "[]":
            found = [item for node in found if isinstance(node, (list, tuple)) for item in node]
        elif key == "*":
            found = [item for node in found if isinstance(node, Mapping) for item in node.values()]
        elif key == "keys()":
            found = [name for node in found if isinstance(node, Mapping) for name in node]
        elif isinstance(key, int):
            lists = (node for node in found if isinstance(node, (list, tuple)))
            found = [node[key] for node in lists if -len(node) <= key < len(node)]
        else:
            found = [node[key] for node in found if isinstance(node, Mapping) and key in node]
    return [value for value in found if value is not None]
