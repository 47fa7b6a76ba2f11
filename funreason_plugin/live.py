"""A live session as the player of conversations sees it, wherever its tools run.

`Direct` runs them in this process and thread: for tests, and for tools that are trusted to return. The hosted
one (`funreason_plugin.hosting`) runs them in supervised processes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from funreason_plugin.environments.changes import Change, changes
from funreason_plugin.environments.session import Session
from funreason_plugin.environments.space import Scenario, SimulationSpace
from funreason_plugin.errors import UserError

__all__ = ["Direct", "LiveSession", "Mark", "ToolsLost", "mark_of"]


@dataclass(frozen=True, slots=True)
class Mark:
    """Where a session stands: `Session.state_hash`, the changes since its scenario, and the ids it made."""

    state_hash: str
    changes: list[Change]
    generated: list[str]


class ToolsLost(Exception):
    """The tools of a session cannot be reached any more; what it had is gone."""


class LiveSession(Protocol):
    """One live copy of a simulation space, for one conversation."""

    async def call(self, name: str, arguments: dict[str, Any]) -> Any:
        """The tool's output as JSON data; what fails, hangs or is unknown gives ``{"error": …}``.

        Raises:
            ToolsLost: nothing can be called any more.
        """

    async def mark(self) -> Mark:
        """Where the session stands. Raises ToolsLost."""

    async def close(self) -> None:
        """Free it. Never raises; calling it again does nothing."""


class Direct:
    """A `LiveSession` in this process. A tool that never returns is never interrupted here outside of the main
    thread."""

    def __init__(self, space: SimulationSpace, scenario: Scenario) -> None:
        self._session = space.session(scenario)
        self._start: dict[str, dict[str, Any]] = self._session.state()

    async def call(self, name: str, arguments: dict[str, Any]) -> Any:
        return self._session.call(name, arguments)

    async def mark(self) -> Mark:
        return mark_of(self._session, self._start)

    async def close(self) -> None:
        self._session.close()


def mark_of(session: Session, start: dict[str, dict[str, Any]]) -> Mark:
    """Where a session stands; ``start`` is its `Session.state` at its scenario."""
    try:
        return Mark(session.state_hash(), changes(start, session.state()), list(session.generated))
    except (
        UserError,
        RecursionError,
        TypeError,
    ) as error:  # what a model made of it may be too deep for JSON
        raise ToolsLost(f"the state cannot be told: {error}") from None
