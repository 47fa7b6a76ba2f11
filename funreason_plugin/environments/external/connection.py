"""What a way of having a state needs of a server or service: calls, and an end.

class Service:
    def call(self, tool, arguments, seconds): ...     # JSON data, {"error": …}, or raises Lost
    def close(self): ...
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol

__all__ = ["Connect", "Connection", "Lost"]


class Lost(Exception):
    """The connection is gone (a server that died), or was ended after a call over its time limit."""

    def __init__(self, message: str, over_time: bool = False) -> None:
        super().__init__(message)
        self.over_time = over_time


class Connection(Protocol):
    """A live server or service."""

    def call(self, tool: str, arguments: dict[str, Any], seconds: float) -> Any:
        """The tool's output as JSON data, or ``{"error": message}``. Raises `Lost`."""

    @property
    def alive(self) -> bool:
        """Whether calls can be expected to arrive."""

    def close(self) -> None:
        """Let go of it: a server that was started is ended. Never waits long, never raises."""


class Connect(Protocol):
    """Starts or reaches a server; ``folder`` is the session's own, None where there is none. Raises `Lost`."""

    def __call__(self, folder: Path | None) -> Connection: ...
