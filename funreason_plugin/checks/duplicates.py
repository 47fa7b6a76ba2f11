"""Trajectories that say and do the same thing are one trajectory."""

from __future__ import annotations

from collections.abc import Sequence

from funreason_plugin.environments.state import canonical, sha256
from funreason_plugin.trajectory import Turn


def duplicate_key(turns: Sequence[Turn]) -> bytes:
    """Equal for trajectories with the same queries and calls (case and white space of queries aside)."""
    content = [
        [" ".join(turn.query.casefold().split()), [[call.name, call.arguments] for call in turn.calls()]]
        for turn in turns
    ]
    return bytes.fromhex(sha256(canonical(content)))[:12]
