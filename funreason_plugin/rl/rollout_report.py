"""What the reward manager said of each rollout, as metrics of a training step and as columns of the dump."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

__all__ = ["last_outputs", "means", "with_variance"]


def last_outputs(keys: Sequence[str]) -> dict[str, int]:
    """By session ("uid_session"), the row of its last output; keys are verl's "uid_session_output"."""
    best: dict[str, tuple[int, int]] = {}
    for row, key in enumerate(keys):
        session, _, output = key.rpartition("_")
        number = int(output)
        if session not in best or number > best[session][0]:
            best[session] = (number, row)
    return {session: row for session, (_, row) in best.items()}


def means(infos: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    """The mean of every number among the sessions that have it; None and texts are left out."""
    values: dict[str, list[float]] = {}
    for info in infos:
        for name, value in info.items():
            if isinstance(value, (bool, int, float)):
                values.setdefault(name, []).append(float(value))
    return {name: sum(found) / len(found) for name, found in values.items()}


def with_variance(scores: Mapping[str, float]) -> float:
    """The share of groups whose sessions ("uid_session" to reward) do not all have the same reward."""
    groups: dict[str, set[float]] = {}
    for session, score in scores.items():
        groups.setdefault(session.rpartition("_")[0], set()).add(round(score, 9))
    return sum(len(rewards) > 1 for rewards in groups.values()) / len(groups) if groups else 0.0
