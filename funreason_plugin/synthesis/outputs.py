"""Values in a tool's output, with their concrete paths: what Phase I passes from one call to the next.

    list(found("flights[].id", {"flights": [{"id": "F1"}, {"id": "F2"}]}))
    # [("flights[0].id", "F1"), ("flights[1].id", "F2")]

Patterns are those of `environments.paths`. A list of scalars is a value by itself ("prices") beside its items
("prices[]"). Keys that a path cannot name (with a dot or a bracket in them) are left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any

from funreason_plugin.environments.paths import parse_path
from funreason_plugin.environments.similar import looks_like_id

_PLAIN_KEY = re.compile(r"[a-z_][a-z0-9_]*\Z")
_UNNAMEABLE = re.compile(r"[.\[\]]")
_LIST_LIMIT = 40


def found(pattern: str, output: Any) -> list[tuple[str, Any]]:
    """The values at a pattern with their concrete paths, None left out."""
    here: list[tuple[str, Any]] = [("", output)]
    for key in parse_path(pattern):
        if key == "[]":
            here = [
                (f"{path}[{index}]", item)
                for path, node in here
                if isinstance(node, list)
                for index, item in enumerate(node)
            ]
        elif key == "*":
            here = [
                (f"{path}.{name}" if path else name, item)
                for path, node in here
                if isinstance(node, dict)
                for name, item in node.items()
                if not _UNNAMEABLE.search(name)
            ]
        elif isinstance(key, int):
            here = [
                (f"{path}[{key}]", node[key])
                for path, node in here
                if isinstance(node, list) and -len(node) <= key < len(node)
            ]
        else:
            here = [
                (f"{path}.{key}" if path else key, node[key])
                for path, node in here
                if isinstance(node, dict) and key in node
            ]
    return [(path, value) for path, value in here if value is not None]


def at(path: str, output: Any) -> Any:
    """The value at a concrete path; None when there is none."""
    values = found(path, output)
    return values[0][1] if values else None


def leaves(
    output: Any, opened: frozenset[str] = frozenset(), pattern: str = "", path: str = ""
) -> Iterator[tuple[str, str, Any]]:
    """(pattern, concrete path, value) of every scalar and of every list of scalars; None left out.

    ``opened`` are the patterns of dicts whose keys are data by declaration. As many write ``dict[str, str]`` where they
    mean a record, keys that look like names of fields are taken as such all the same.
    """
    if isinstance(output, dict):
        anyhow = open_keys(output) or (
            pattern in opened and not all(isinstance(key, str) and _PLAIN_KEY.match(key) for key in output)
        )
        for name, item in output.items():
            if isinstance(name, str) and not _UNNAMEABLE.search(name):
                inner = "*" if anyhow else name
                yield from leaves(
                    item,
                    opened,
                    f"{pattern}.{inner}" if pattern else inner,
                    f"{path}.{name}" if path else name,
                )
    elif isinstance(output, list):
        if output and pattern and all(isinstance(item, (str, int, float)) for item in output):
            yield pattern, path, output
        for index, item in enumerate(output[:_LIST_LIMIT]):
            yield from leaves(item, opened, f"{pattern}[]", f"{path}[{index}]")
    elif output is not None:
        yield pattern, path, output


def open_keys(mapping: Mapping[str, Any]) -> bool:
    """Whether a dict's keys are evidently data (records by id or by name) and not the names of fields."""
    if not mapping:
        return False
    if all(isinstance(value, dict) for value in mapping.values()):
        return not all(_PLAIN_KEY.match(key) for key in mapping)
    return all(looks_like_id(key) for key in mapping)


def opened_by(patterns: Iterable[str]) -> frozenset[str]:
    """The patterns of the dicts that these output patterns walk through by "*"."""
    parts = (pattern[:at].rstrip(".") for pattern in patterns for at in _stars(pattern))
    return frozenset(parts)


def _stars(pattern: str) -> list[int]:
    return [match.start() for match in re.finditer(r"(?<![^.])\*", pattern)]


@lru_cache(maxsize=8192)
def list_of(pattern: str) -> str | None:
    """The pattern of the innermost list (or of records by key) a pattern walks through; None: there is none."""
    cut = max(pattern.rfind("[]"), pattern.rfind("*"))
    if cut < 0:
        return None
    return pattern[:cut].rstrip(".")
