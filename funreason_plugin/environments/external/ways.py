"""Ways of having a state that is not ours: live, snapshot, replay, record.

    way = Snapshot(connect, options, home, writes)
    way.begin({"folder": "seed", "calls": []})
    way.call("add_note", {"title": "Milk"}); mark = way.save(); ...; way.load(mark)

Going back costs nothing until the next call. A server that died, or was ended after a call over its time limit, is
started again: on the same folder (snapshot), or with the calls repeated (replay).
"""

from __future__ import annotations

import shutil
import tempfile
import threading
from collections.abc import Collection
from pathlib import Path
from typing import Any, Protocol

import orjson

from funreason_plugin.environments.external import files
from funreason_plugin.environments.external.connection import Connect, Connection, Lost
from funreason_plugin.environments.external.options import Options
from funreason_plugin.environments.external.recording import NOTHING, Recording
from funreason_plugin.environments.external.turns import Turns
from funreason_plugin.environments.limits import is_error, over_time

__all__ = ["Live", "Recorded", "Replay", "Snapshot", "Way"]

Calls = tuple[tuple[str, dict[str, Any]], ...]


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
    """Answers from a recording; there is no state."""

    def __init__(self, recording: Recording) -> None:
        self._recording = recording

    def begin(self, start: dict[str, Any]) -> None: ...

    def call(self, tool: str, arguments: dict[str, Any]) -> Any:
        output = self._recording.answer(tool, arguments)
        return {"error": f"this call of {tool} is not in the recording"} if output is NOTHING else output

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
            return _given_up(shared.losses)
        try:
            connection = shared.get()
        except Lost as error:
            shared.losses += 1
            return {"error": str(error)}
        try:
            output = connection.call(tool, arguments, self._limits.seconds)
        except BaseException as error:
            shared.lost(connection)
            if isinstance(error, Lost):
                return _said(error, tool, self._limits.seconds)
            raise
        shared.losses = 0
        return output

    def save(self) -> None: ...

    def load(self, saved: Any) -> None: ...

    def view(self) -> dict[str, Any]:
        return {}

    def close(self) -> None: ...


class _Own:
    """A server of the session's own, in a folder of its own."""

    def __init__(self, connect: Connect, options: Options, home: Path) -> None:
        self._connect, self._options, self._home = connect, options, home
        self._connection: Connection | None = None
        self._folder: Path | None = None
        self._deaths = 0
        self._start: dict[str, Any] = {}

    def folder(self) -> Path:
        """The session's folder, made when it is first needed."""
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix="funreason-server-"))
        return self._folder

    def settle(self) -> Connection:
        """Bring the server to where the session stands. Raises `Lost`."""
        raise NotImplementedError

    def lost(self) -> None:
        """The server is gone."""
        self._stop()

    def ask(self, tool: str, arguments: dict[str, Any]) -> Any:
        """Call a tool where the session stands."""
        if self._deaths > self._options.limits.restarts:
            return _given_up(self._deaths)
        try:
            output = self.settle().call(tool, arguments, self._options.limits.seconds)
        except BaseException as error:
            self._deaths += 1
            self.lost()
            if isinstance(error, Lost):
                return _said(error, tool, self._options.limits.seconds)
            raise
        return output

    def close(self) -> None:
        self._stop()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None

    def _stop(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _seed(self) -> files.Content:
        """The folder of the initial state."""
        name = self._start.get("folder")
        return files.read(self._home / name) if name else {}

    def _begin_calls(self, connection: Connection) -> None:
        for call in self._start.get("calls", ()):
            output = connection.call(call["tool"], dict(call["arguments"]), self._options.limits.seconds)
            if is_error(output):
                raise Lost(f"the scenario's call of {call['tool']} gave an error: {output['error']}")


class Snapshot(_Own):
    """The state is the folder: copied for a snapshot, written back for a restore.

    The server is started anew after a restore, unless ``restart`` is off: it reads its files at every call.
    """

    _first: dict[bytes, files.Content]

    def __init__(
        self, connect: Connect, options: Options, home: Path, first: dict[bytes, files.Content]
    ) -> None:
        super().__init__(connect, options, home)
        self._first = first  # contents after the scenarios' calls, of all sessions of the process
        self._wanted: files.Content | None = None
        self._fresh = True

    def begin(self, start: dict[str, Any]) -> None:
        self._start, self._wanted, self._fresh, self._deaths = start, None, True, 0

    def settle(self) -> Connection:
        if self._fresh:
            key = orjson.dumps(self._start, option=orjson.OPT_SORT_KEYS)
            content = self._first.get(key)
            if content is None:
                connection = self._written(self._seed())
                self._begin_calls(connection)
                if self._start.get("calls"):
                    self._first[key] = files.read(self.folder())
            else:
                self._written(content)
            self._fresh = False
        elif self._wanted is not None:
            self._written(self._wanted)
        self._wanted = None
        if self._connection is None:
            self._connection = self._connect(self.folder())
        return self._connection

    def _written(self, content: files.Content) -> Connection:
        if self._options.restart:
            self._stop()
        files.write(content, self.folder())
        if self._connection is None:
            self._connection = self._connect(self.folder())
        return self._connection

    def call(self, tool: str, arguments: dict[str, Any]) -> Any:
        return self.ask(tool, arguments)

    def save(self) -> files.Content:
        if self._wanted is not None:
            return self._wanted
        self.settle()
        return files.read(self.folder())

    def load(self, saved: files.Content) -> None:
        self._wanted, self._fresh = saved, False

    def view(self) -> dict[str, Any]:
        self.settle()
        return files.view(self.folder(), self._options.ignore)


class Replay(_Own):
    """The state is what the calls since the start made of it: start anew (or reset) and repeat them.

    ``turns`` is for a service that several sessions share: who comes to it after another begins anew.
    """

    def __init__(
        self,
        connect: Connect,
        options: Options,
        home: Path,
        writes: Collection[str],
        turns: Turns | None = None,
    ) -> None:
        super().__init__(connect, options, home)
        self._writes, self._turns = writes, turns
        self._wanted: Calls = ()
        self._at: Calls | None = None  # what the server has seen; None: it is to begin anew

    def begin(self, start: dict[str, Any]) -> None:
        self._start, self._wanted, self._at, self._deaths = start, (), None, 0

    def settle(self) -> Connection:
        at, self._at = self._at, None
        connection = self._connection
        if connection is None or at is None or self._wanted[: len(at)] != at:
            connection = self._anew()
            at = ()
        for tool, arguments in self._wanted[len(at) :]:
            connection.call(tool, dict(arguments), self._options.limits.seconds)
        self._at = self._wanted
        return connection

    def _anew(self) -> Connection:
        if not self._options.reset:
            self._stop()
            files.write(self._seed(), self.folder())
        if self._connection is None:
            self._connection = self._connect(self.folder())
        for call in self._options.reset:
            self._connection.call(call.tool, dict(call.arguments), self._options.limits.seconds)
        self._begin_calls(self._connection)
        return self._connection

    def lost(self) -> None:
        super().lost()
        self._at = None

    def call(self, tool: str, arguments: dict[str, Any]) -> Any:
        if self._turns is None:
            return self._noted(tool, arguments)
        with self._turns.turn(self) as before:
            if not before:
                self._at = None
            return self._noted(tool, arguments)

    def _noted(self, tool: str, arguments: dict[str, Any]) -> Any:
        deaths = self._deaths
        output = self.ask(tool, arguments)
        if tool in self._writes and self._deaths == deaths:
            self._wanted = self._at = (*self._wanted, (tool, arguments))
        return output

    def save(self) -> Calls:
        return self._wanted

    def load(self, saved: Calls) -> None:
        self._wanted = saved

    def view(self) -> dict[str, Any]:
        return {}


def _said(error: Lost, tool: str, seconds: float) -> dict[str, str]:
    return over_time(tool, seconds) if error.over_time else {"error": str(error)}


def _given_up(deaths: int) -> dict[str, str]:
    return {"error": f"the server was lost {deaths} times; it is not started again"}
