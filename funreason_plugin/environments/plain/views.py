"""Python values as JSON data, for the state's hash and the verdict.

    view({3: Order("shoes", date(2026, 5, 1))})      # {"3": {"item": "shoes", "day": "2026-05-01"}}

Of what is no data (a lock, a connection, a function) only the type is seen.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from pathlib import PurePath
from types import ModuleType
from typing import Any
from uuid import UUID

from funreason_plugin.environments.state import canonical

__all__ = ["attributes", "is_data", "view"]

_DEEPEST = 64
_LARGEST_INTEGER = 2**63


def view(value: Any) -> Any:
    """The value as JSON data; the same for equal values, in every process."""
    return _view(value, ())


def attributes(instance: object) -> dict[str, Any]:
    """The attributes of an instance by name, slots included."""
    return dict(_attributes(instance))


def is_data(value: Any) -> bool:
    """Whether anything of the value can be seen."""
    return not (isinstance(seen := view(value), str) and seen == _opaque(value))


def _view(value: Any, above: tuple[int, ...]) -> Any:
    if value is None or type(value) in (str, bool):
        return value
    if isinstance(value, Enum):
        return _view(value.value, above)
    if isinstance(value, int):
        return int(value) if abs(value) < _LARGEST_INTEGER else str(int(value))
    if isinstance(value, float):
        return float(value)
    if isinstance(value, str):
        return str(value)
    if isinstance(value, (datetime, date, time)):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, (Decimal, UUID, PurePath)):
        return str(value)
    if isinstance(value, (bytes, bytearray)):
        return value.hex()
    if id(value) in above or len(above) > _DEEPEST:
        return _opaque(value)
    above = (*above, id(value))
    if isinstance(value, Mapping):
        return {_key(key): _view(item, above) for key, item in value.items()}
    if isinstance(value, (list, tuple, deque)):
        return [_view(item, above) for item in value]
    if isinstance(value, (set, frozenset)):
        return sorted((_view(item, above) for item in value), key=canonical)
    if isinstance(value, (type, ModuleType)) or callable(value):
        return _opaque(value)
    seen = {name: _view(item, above) for name, item in _attributes(value)}
    return seen or _opaque(value)


def _attributes(instance: object) -> Iterator[tuple[str, Any]]:
    yield from getattr(instance, "__dict__", {}).items()
    for owner in type(instance).__mro__:
        slots = vars(owner).get("__slots__", ())
        for name in (slots,) if isinstance(slots, str) else slots:
            if name not in ("__dict__", "__weakref__") and hasattr(instance, name):
                yield name, getattr(instance, name)


def _key(key: Any) -> str:
    if isinstance(key, tuple):
        return ", ".join(_key(part) for part in key)
    seen = view(key)
    return seen if isinstance(seen, str) else canonical(seen).decode()


def _opaque(value: Any) -> str:
    return f"<{type(value).__name__}>"
