"""Does a setting hold a key? Keys to servers come from environment variables and never stand in a file of ours.

    looks_like_a_key("sk-proj-…")                            # True
    place_of_a_key({"headers": {"Authorization": "…"}})      # "headers.Authorization"

Whoever refuses a setting because of this must not repeat its value.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

__all__ = ["looks_like_a_key", "place_of_a_key"]

_NAMES = re.compile(
    r"(?:^|_)(?:api_?key|authorization|password|passwd|secret|credentials?|bearer"
    r"|(?:access|auth|api|bearer|hf)_token)(?:_|$)|^(?:key|token|auth)$"
)
_PREFIXED = re.compile(
    r"(?:(?:sk|pk|rk)[-_]|(?:gsk|hf|r8|fw|ghp|tgp_v1)_|(?:xai|nvapi|pplx|csk|glpat)-|AIza|eyJ)[-_A-Za-z0-9.]{16,}"
    r"|Bearer\s+\S+"
)


def looks_like_a_key(text: str) -> bool:
    """Begins as servers' keys do, or is a long mixture of small letters, capitals and digits and nothing else."""
    text = text.strip()
    if _PREFIXED.fullmatch(text):
        return True
    mixed = all(re.search(kind, text) for kind in ("[a-z]", "[A-Z]", "[0-9]"))
    return mixed and re.fullmatch(r"[A-Za-z0-9+/=]{32,}", text) is not None


def place_of_a_key(data: Any) -> str | None:
    """Where a name or a text in nested data looks like a key, as a dotted path; None when nothing does."""
    if isinstance(data, Mapping):
        for name, value in data.items():
            if _NAMES.search(_snake(str(name))):
                return str(name)[:40]
            found = place_of_a_key(value)
            if found is not None:
                return f"{str(name)[:40]}{'.' if found else ''}{found}"
    elif isinstance(data, (list, tuple)):
        for number, value in enumerate(data):
            found = place_of_a_key(value)
            if found is not None:
                return f"{number}{'.' if found else ''}{found}"
    elif isinstance(data, str) and looks_like_a_key(data):
        return ""
    return None


def _snake(name: str) -> str:
    """``X-Api-Key`` and ``apiKey`` are ``x_api_key`` and ``api_key``."""
    return re.sub(r"[^a-z0-9]+", "_", re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower())
