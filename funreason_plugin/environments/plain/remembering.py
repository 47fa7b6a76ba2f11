"""What trying found, remembered by the source of what was tried: every process of a run loads the tools.

writes = remembered(cls, lambda: try_tools(cls))
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

import orjson

from funreason_plugin import __version__
from funreason_plugin.environments.environment import Environment, environment_hash

__all__ = ["remembered"]


def remembered(cls: type[Environment], find: Callable[[], frozenset[str]]) -> frozenset[str]:
    """The tools that write; what `find` raises is raised, and not remembered."""
    name = hashlib.sha256(f"{__version__} {environment_hash(cls)}".encode()).hexdigest()[:32]
    kept = Path(tempfile.gettempdir(), f"funreason-plain-{os.getuid()}", name)
    try:
        found = orjson.loads(kept.read_bytes())
        return frozenset(name for name in cls.tool_specs() if name in found)
    except (OSError, ValueError, TypeError):
        writes = find()
    draft = kept.with_suffix(f".{os.getpid()}")
    try:
        kept.parent.mkdir(mode=0o700, exist_ok=True)
        draft.write_bytes(orjson.dumps(sorted(writes)))
        os.replace(draft, kept)
    except OSError:
        draft.unlink(missing_ok=True)
    return writes
