"""JSON in one line with plain Unicode: the same value gives the same bytes, in the order of its keys."""

from __future__ import annotations

import json
from typing import Any

__all__ = ["to_json"]


def to_json(value: Any) -> str:
    """JSON text; integers of any size, unlike orjson's."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False)
