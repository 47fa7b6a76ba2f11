"""Ways of having a state with a server of the session's own: snapshot and replay.

Going back costs nothing until the next call. A server that died, or was ended after a call over its time limit, is
started again: on the same folder (snapshot), or with the calls repeated (replay).
"""

from __future__ import annotations

import shutil
import threading
from collections.abc import Collection, MutableMapping
from pathlib import Path
from typing import Any

import orjson

from funreason_plugin.environments.external import files
from funreason_plugin.environments.external.connection import Connect, Connection, Lost
from funreason_plugin.environments.external.folders import new_folder, outward
from funreason_plugin.environments.external.options import Options
from funreason_plugin.environments.external.turns import Turns
from funreason_plugin.environments.external.ways import given_up, said
from funreason_plugin.environments.limits import is_error

__all__ = ["Idle", "Replay", "Snapshot"]

_MOST_IDLE = 4
Calls = tuple[tuple[str, dict[str, Any]], ...]


class Idle:
    """Servers of ended sessions with their folders, for the sessions to come."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._servers: list[tuple[Connection, Path]] = []

    def take(self) -> tuple[Connection, Path] | None:
        """One that is alive, if there is one."""
        with self._lock:
            while self._servers:
                connection, folder = self._servers.pop()
                if connection.alive:
                    return connection, folder
                _let_go(connection, folder)
        return None

    def give(self, connection: Connection, folder: Path) -> None:
        """A session does not need it any more."""
        with self._lock:
            if connection.alive and len(self._servers) < _MOST_IDLE:
                self._servers.append((connection, folder))
                return
        _let_go(connection, folder)


class _Own:
    """A server of the session's own, in a folder of its own. ``idle``: it may be another session's afterwards."""

    def __init__(self, connect: Connect, options: Options, home: Path, idle: Idle | None) -> None:
        self._connect, self._options, self._home, self._idle = connect, options, home, idle
        self._connection: Connection | None = None
        self._folder: Path | None = None
        self._deaths = 0
        self._start: dict[str, Any] = {}

    def folder(self) -> Path:
        """The session's folder, made when it is first needed."""
        if self._folder is None and self._idle is not None and (found := self._idle.take()) is not None:
            self._connection, self._folder = found
        if self._folder is None:
            self._folder = new_folder()
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
            return given_up(self._deaths)
        try:
            output = self.settle().call(tool, arguments, self._options.limits.seconds)
        except BaseException as error:
            self._deaths += 1
            self.lost()
            if isinstance(error, Lost):
                return said(error, tool, self._options.limits.seconds)
            raise
        return output

    def close(self) -> None:
        if self._idle is not None and self._connection is not None and self._folder is not None:
            self._idle.give(self._connection, self._folder)
            self._connection = self._folder = None
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

    def __init__(
        self,
        connect: Connect,
        options: Options,
        home: Path,
        idle: Idle,
        first: MutableMapping[bytes, files.Content],
    ) -> None:
        super().__init__(connect, options, home, None if options.restart else idle)
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
        seen: dict[str, Any] = outward(files.view(self.folder(), self._options.ignore), self.folder())
        return seen


class Replay(_Own):
    """The state is what the calls since the start made of it: start anew (or reset) and repeat them.

    ``turns`` is for a service that several sessions share: who comes to it after another begins anew.
    """

    def __init__(
        self,
        connect: Connect,
        options: Options,
        home: Path,
        idle: Idle,
        writes: Collection[str],
        turns: Turns | None = None,
    ) -> None:
        super().__init__(connect, options, home, idle if options.reset or turns else None)
        self._writes, self._turns = writes, turns
        self._wanted: Calls = ()
        self._at: Calls | None = None  # what the server has seen; None: it is to begin anew

    def begin(self, start: dict[str, Any]) -> None:
        self._start, self._wanted, self._at, self._deaths = start, (), None, 0

    def settle(self) -> Connection:
        at, self._at = self._at, None
        self.folder()
        connection = self._connection
        if connection is None or at is None or self._wanted[: len(at)] != at:
            connection = self._anew()
            at = ()
        for tool, arguments in self._wanted[len(at) :]:
            connection.call(tool, dict(arguments), self._options.limits.seconds)
        self._at = self._wanted
        return connection

    def _anew(self) -> Connection:
        if not self._options.reset and self._turns is None:
            self._stop()
            files.write(self._seed(), self.folder())
        if self._connection is None:
            self._connection = self._connect(self.folder())
        for call in self._options.reset:
            output = self._connection.call(call.tool, dict(call.arguments), self._options.limits.seconds)
            if is_error(output):
                raise Lost(f"the reset's call of {call.tool} gave an error: {output['error']}")
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


def _let_go(connection: Connection, folder: Path) -> None:
    connection.close()
    shutil.rmtree(folder, ignore_errors=True)
