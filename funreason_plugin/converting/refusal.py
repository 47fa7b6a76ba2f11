"""A record that is not converted: which field, and why; and the checks by which a source takes a field apart.

    calls = expect_list(row.get("answers"), "answers")
    raise Refused("messages[3].role", "unknown role", "'critic'")

The `reason` is a fixed text, so that refusals can be counted by it; what was found stands in `found`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

__all__ = ["TOKENS", "LeftOut", "Refused", "expect_list", "expect_object", "expect_text", "shown", "unmarked"]

TOKENS = ("<|im_start|>", "<|im_end|>", "<|endoftext|>")
"""What tokenizers read as the bounds of messages wherever it stands."""


class Refused(Exception):
    """This record cannot be converted without changing what it says."""

    def __init__(self, field: str, reason: str, found: str = "") -> None:
        super().__init__(f"{field}: {reason}" + (f": {found}" if found else ""))
        self.field = field
        self.reason = reason
        self.found = found


class LeftOut(Exception):
    """The user asked to leave such records out."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def shown(value: object) -> str:
    """A value in an error message, in a few words."""
    if isinstance(value, (dict, list)):
        return f"{'an object' if isinstance(value, dict) else 'a list'} of {len(value)}"
    text = repr(value[:80] if isinstance(value, str) else value)
    return text if len(text) <= 60 else text[:57] + "…"


def expect_text(value: object, field: str) -> str:
    """A string; anything else is refused."""
    if not isinstance(value, str):
        raise Refused(field, "missing" if value is None else "not a string", _found(value))
    return value


def expect_list(value: object, field: str) -> list[Any]:
    """A list; anything else is refused."""
    if not isinstance(value, list):
        raise Refused(field, "missing" if value is None else "not a list", _found(value))
    return value


def expect_object(value: object, field: str) -> dict[str, Any]:
    """A JSON object; anything else is refused."""
    if not isinstance(value, dict):
        raise Refused(field, "missing" if value is None else "not an object", _found(value))
    return value


def _found(value: object) -> str:
    return "" if value is None else shown(value)


def unmarked(text: str, field: str, tags: Sequence[str] = TOKENS) -> None:
    """Refuse a text that holds one of these tags."""
    if "<" in text:
        for tag in tags:
            if tag in text:
                raise Refused(field, "a text holds a tag that chat templates read as markup", tag)
