"""Ways of having a state that is not ours: live, snapshot, replay, record.

    way = Snapshot(connect, options, home, writes)
    way.begin({"folder": "seed", "calls": []})
    way.call("add_note", {"title": "Milk"}); mark = way.save(); ...; way.load(mark)

Here are the ways without a server of the session's own; `own` has snapshot and replay.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, Protocol

from funreason_plugin.environments.external.connection import Connect, Connection, Lost
from funreason_plugin.environments.external.options import Options
from funreason_plugin.environments.external.recording import NOTHING, Recording
from funreason_plugin.environments.limits import is_error, is_over_time, over_time

__all__ = ["Live", "Recorded", "Shared", "Way", "given_up", "is_unanswered", "said"]


_UNANSWERED = "no answer: "


class Way(Protocol):
    """How one session has its state."""

    def begin(self, start: dict[str, Any]) -> None:
        """Be at an initial state."""

    def call(self, tool: str, arguments: dict[str, Any]) -> Any:
        """The tool's output, or an error."""

    def save(self) -> Any:
        """Where the state stands."""

    def load(self, saved: Any) -> None:
        """Be there again."""

    def view(self) -> dict[str, Any]:
        """What can be seen of the state without calling a tool."""

    def close(self) -> None:
        """Free what the session holds."""


class Recorded:
    """Answers from a recording; there is no state. ``ask``: what is not in it is asked, and added."""

    def __init__(self, recording: Recording, ask: Callable[[str, dict[str, Any]], Any] | None = None) -> None:
        self._recording, self._ask = recording, ask

    def begin(self, start: dict[str, Any]) -> None: ...

    def call(self, tool: str, arguments: dict[str, Any]) -> Any:
        output = self._recording.answer(tool, arguments)
        if output is not NOTHING:
            return output
        if self._ask is None:
            return {"error": f"this call of {tool} is not in the recording"}
        output = self._ask(tool, arguments)
        return output if is_unanswered(output) else self._recording.add(tool, arguments, output)

    def save(self) -> None: ...

    def load(self, saved: Any) -> None: ...

    def view(self) -> dict[str, Any]:
        return {}

    def close(self) -> None: ...


class Shared:
    """One connection for all sessions of a process, made when it is first needed, and again after it was lost."""

    def __init__(self, connect: Connect) -> None:
        self._connect = connect
        self._lock = threading.Lock()
        self._connection: Connection | None = None
        self.losses = 0  # in a row

    def give(self, connection: Connection) -> None:
        """A connection that was made already."""
        with self._lock:
            self._connection = connection

    def get(self) -> Connection:
        """The connection. Raises `Lost`."""
        with self._lock:
            if self._connection is None:
                self._connection = self._connect(None)
            return self._connection

    def lost(self, connection: Connection) -> None:
        """It cannot be used any more."""
        with self._lock:
            if self._connection is connection:
                self._connection = None
                self.losses += 1
        connection.close()


class Live:
    """Reading tools of one server for all sessions: nothing is kept, nothing is taken back."""

    def __init__(self, shared: Shared, options: Options) -> None:
        self._shared, self._limits = shared, options.limits

    def begin(self, start: dict[str, Any]) -> None: ...

    def call(self, tool: str, arguments: dict[str, Any]) -> Any:
        shared = self._shared
        if shared.losses > self._limits.restarts:
            return given_up(shared.losses)
        try:
            connection = shared.get()
        except Lost as error:
            shared.losses += 1
            return said(error, tool, self._limits.seconds)
        try:
            output = connection.call(tool, arguments, self._limits.seconds)
        except BaseException as error:
            shared.lost(connection)
            if isinstance(error, Lost):
                return said(error, tool, self._limits.seconds)
            raise
        shared.losses = 0
        return output

    def save(self) -> None: ...

    def load(self, saved: Any) -> None: ...

    def view(self) -> dict[str, Any]:
        return {}

    def close(self) -> None: ...


def said(error: Lost, tool: str, seconds: float) -> dict[str, str]:
    return over_time(tool, seconds) if error.over_time else {"error": _UNANSWERED + str(error)}


def is_unanswered(output: Any) -> bool:
    """Whether an output is ours: the server did not answer the call."""
    return is_over_time(output) or (is_error(output) and str(output["error"]).startswith(_UNANSWERED))


def given_up(deaths: int) -> dict[str, str]:
    return {"error": f"{_UNANSWERED}the server was lost {deaths} times; it is not started again"}
