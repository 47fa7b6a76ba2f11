"""`Child`: a process of tools as its host sees it: started, written to without ever waiting, read, ended.

It is a fresh interpreter with this one's import path. Unlike a spawn of `multiprocessing` it does not import the
main module again, which in a training process is a large one.
"""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys

from funreason_plugin.hosting.wire import Replies, Status
from funreason_plugin.workers import ending

__all__ = ["Child"]

_BOOT = "import sys; sys.path[:] = {path!r}; from funreason_plugin.hosting.process import main; main({end})"
_FAREWELL = 4.0  # seconds


class Child:
    """One process. `send` may be called by any thread that holds the host's lock, the rest by one thread only."""

    def __init__(self) -> None:
        self.socket, theirs = socket.socketpair()
        self.socket.setblocking(False)
        self._unsent = bytearray()
        self._replies = Replies()
        with theirs:
            end = theirs.fileno()
            self._process = subprocess.Popen(
                [sys.executable, "-c", _BOOT.format(path=sys.path, end=end)],
                stdin=subprocess.DEVNULL,
                stdout=2,  # what a tool prints does not belong into this process's results
                pass_fds=(end,),
                env={**os.environ, "PYTHONHASHSEED": os.environ.get("PYTHONHASHSEED", "0")},
            )

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def unsent(self) -> bool:
        """Whether something waits for room; `flush` is to be called when there is some."""
        return bool(self._unsent)

    def send(self, data: bytes) -> bool:
        """Send, or keep until `flush`; whether all of it went."""
        if not self._unsent:
            with contextlib.suppress(OSError):  # no room; or it died, which is seen when it is read
                data = data[self.socket.send(data) :]
        self._unsent += data
        return not self._unsent

    def flush(self) -> None:
        """Send what was kept, as far as there is room."""
        with contextlib.suppress(OSError):
            del self._unsent[: self.socket.send(self._unsent)]

    def receive(self) -> list[tuple[int, Status, bytes]] | None:
        """The replies that came; None when the process ended."""
        try:
            data = self.socket.recv(1 << 18)
        except BlockingIOError:
            return []
        except OSError:
            return None
        return list(self._replies.feed(data)) if data else None

    def end(self) -> None:
        """Ask it to close its sessions and end."""
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_WR)

    def wait(self) -> None:
        """Wait until it ended, for some seconds; then kill it."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(_FAREWELL)
        self.kill()

    def kill(self) -> None:
        """End it, whatever it does."""
        self._process.kill()
        self._process.wait()
        self.socket.close()

    def cause(self) -> str:
        """What it ended with; killed when it only closed its socket."""
        try:
            return ending(self._process.wait(1.0))
        except subprocess.TimeoutExpired:
            return "a closed socket"
