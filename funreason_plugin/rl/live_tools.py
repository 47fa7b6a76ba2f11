"""RL talks to no live third party by accident: environments that are not the session's own need the recipe's word.

refuse_live(("mcp:tools.json#docs",), settings)     # UserError, unless funreason.allow_live is true
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from funreason_plugin.environments.catalog import resolve
from funreason_plugin.environments.external.names import Given
from funreason_plugin.errors import UserError
from funreason_plugin.rl.settings import Settings

__all__ = ["refuse_live"]


def refuse_live(names: Sequence[str], settings: Settings) -> None:
    """Raises:
    UserError: One of the environments (names as on the command line) is live, and the recipe does not allow that.
    """
    if not settings.allow_live and (live := _live(tuple(names))):
        raise UserError(
            f'environment {live!r} calls a live service: thousands of rollouts would; record it ("state": '
            '"record", check record) or give each session its own, or set funreason.allow_live: true'
        )


@lru_cache(maxsize=256)
def _live(names: tuple[str, ...]) -> str:
    outside = [
        name for name in names if Given.of(name) is not None
    ]  # the rest is imported by the tools' processes only
    return next((name for name in outside for cls in resolve(name) if cls._outside_live), "")
