"""Outputs as a model can read them: the fields that matter, lists and texts of bounded length, no secrets.

trimmed({"rows": [...1000 rows...]}, Trim(items=20), 20_000)     # {"rows": [...20...], "truncated": "…"}
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

import orjson

from funreason_plugin.environments.external.options import Trim
from funreason_plugin.environments.limits import is_error
from funreason_plugin.environments.paths import parse_path

__all__ = ["hide", "picked", "trimmed"]

_LONGEST: Final = 2_000  # characters of a text in an output that is too large
HIDDEN: Final = "***"
_SHORTEST: Final = 6  # characters of a secret that is looked for


def trimmed(output: Any, trim: Trim | None, limit: int) -> Any:
    """The output with the fields that are kept, in at most about ``limit`` bytes of JSON; what was cut is said."""
    if trim is not None and not is_error(output):
        if trim.keep:
            output = picked(output, trim.keep)
        for path in trim.drop:
            output = _dropped(output, parse_path(path))
        for path in trim.lines:
            output = _split(output, parse_path(path) if path else ())
        if trim.items is not None:
            output = _cut(output, trim.items, 10**9)
    texts, items = _LONGEST, 100
    while len(orjson.dumps(output, option=orjson.OPT_NON_STR_KEYS)) > limit and texts > 20:
        output = _cut(output, items, texts)
        items, texts = max(items // 2, 1), texts // 2
    if len(orjson.dumps(output, option=orjson.OPT_NON_STR_KEYS)) > limit:
        return {"error": f"the answer has over {limit:,} bytes; ask for less"}
    return output


def picked(value: Any, paths: Sequence[str]) -> Any:
    """Only what is at these paths ("notes[].title"), in the shape that it has."""
    return _picked(value, [parse_path(path) for path in paths])


def hide(output: Any, secrets: Iterable[str]) -> Any:
    """The output with every secret in it replaced."""
    wanted = [secret for secret in secrets if len(secret) >= _SHORTEST]
    if not wanted:
        return output
    if isinstance(output, str):
        for secret in wanted:
            output = output.replace(secret, HIDDEN)
        return output
    if isinstance(output, list):
        return [hide(item, wanted) for item in output]
    if isinstance(output, dict):
        return {hide(str(key), wanted): hide(item, wanted) for key, item in output.items()}
    return output


def _picked(value: Any, paths: Sequence[tuple[str | int, ...]]) -> Any:
    if any(not path for path in paths):
        return value
    if isinstance(value, list):
        below = [path[1:] for path in paths if path[0] == "[]"]
        return [_picked(item, below) for item in value] if below else []
    if isinstance(value, dict):
        kept = {}
        for key, item in value.items():
            below = [path[1:] for path in paths if path[0] in (key, "*")]
            if below:
                kept[key] = _picked(item, below)
        return kept
    return None


def _dropped(value: Any, path: tuple[str | int, ...]) -> Any:
    if not path:
        return value
    first, rest = path[0], path[1:]
    if isinstance(value, list) and first == "[]":
        return [_dropped(item, rest) for item in value]
    if isinstance(value, dict):
        return {
            key: _dropped(item, rest) if first in (key, "*") else item
            for key, item in value.items()
            if rest or first not in (key, "*")
        }
    return value


def _split(value: Any, path: tuple[str | int, ...]) -> Any:
    """The texts at a path as lists of their lines."""
    if not path:
        return [line for line in value.splitlines() if line.strip()] if isinstance(value, str) else value
    first, rest = path[0], path[1:]
    if isinstance(value, list) and first == "[]":
        return [_split(item, rest) for item in value]
    if isinstance(value, dict):
        return {key: _split(item, rest) if first in (key, "*") else item for key, item in value.items()}
    return value


def _cut(value: Any, items: int, texts: int) -> Any:
    """Lists with their first items, texts with their beginning."""
    if isinstance(value, str):
        return value if len(value) <= texts else f"{value[:texts]}… ({len(value) - texts:,} more characters)"
    if isinstance(value, list):
        kept = [_cut(item, items, texts) for item in value[:items]]
        return kept if len(value) <= items else [*kept, f"… {len(value) - items:,} more items"]
    if isinstance(value, dict):
        result: dict[str, Any] = {}
        for key, item in value.items():
            if isinstance(item, list) and len(item) > items:
                result[key] = [_cut(part, items, texts) for part in item[:items]]
                result["truncated"] = f"{key}: {len(item) - items:,} more items"
            else:
                result[key] = _cut(item, items, texts)
        return result
    return value
