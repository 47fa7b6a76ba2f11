"""The JSONL file of initial states that an environment class names in ``scenarios``."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import orjson

from funreason_plugin.errors import UserError

__all__ = ["scenario_rows"]


@cache
def scenario_rows(path: str) -> list[bytes]:
    """The rows of a file, each a JSON object. Raises UserError."""
    try:
        rows = [row for row in Path(path).read_bytes().splitlines() if row.strip()]
    except OSError as error:
        raise UserError(
            f"{path}: {error.strerror}; 'scenarios' names a JSONL file beside the class"
        ) from None
    for number, row in enumerate(rows, 1):
        try:
            parsed = orjson.loads(row)
        except orjson.JSONDecodeError as error:
            raise UserError(f"{path}:{number}: not JSON ({error})") from None
        if not isinstance(parsed, dict):
            raise UserError(f"{path}:{number}: expected a JSON object: attribute name to initial value")
    if not rows:
        raise UserError(f"{path}: no scenario in it; write one JSON object a line")
    return rows
