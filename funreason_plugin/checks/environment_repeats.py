"""`check env`: the first place where the same calls gave something else."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from funreason_plugin.checks.environment_walk import Logged
from funreason_plugin.environments.session import Session

__all__ = ["first_difference", "unequal"]


def unequal(first: Sequence[Any], second: Sequence[Any]) -> int | None:
    """The index of the first pair that differs."""
    return next((k for k, pair in enumerate(zip(first, second, strict=True)) if pair[0] != pair[1]), None)


def first_difference(session: Session, log: Iterable[Logged]) -> int | None:
    """The number of the first call whose output is another one than in the log."""
    for number, (tool, arguments, output) in enumerate(log):
        if session.call(tool, arguments) != output:
            return number
    return None
