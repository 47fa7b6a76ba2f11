"""The clock of what runs in one session of a process of tools, and the interruption of a thread.

A call is over its limit when the time since its tool was entered is, not counting the time in which the
process's other threads computed, or in which the process did not get to run: a call that waits for its neighbours
is not a slow one. That excuses at most `EXCUSE` times the limit.
"""

from __future__ import annotations

import ctypes
import threading
import time

from funreason_plugin.environments.limits import OverTime
from funreason_plugin.hosting.wire import LIMITS

__all__ = ["Clock", "forget_interrupt", "interrupt", "thread_seconds"]

EXCUSE = 2.0


class Clock:
    """Which request of a session runs, on which thread, since when; the session's `Watch`.

    It is read by the process's main thread while others write: each writes the two values in the order in which
    what is read in between is harmless.
    """

    __slots__ = ("_computed", "excused", "limit", "name", "over", "reminded", "request", "started", "thread")

    def __init__(self) -> None:
        self.over: float | None = None  # when it was found to be over its limit
        self.reminded = 0.0
        self.begin(0, "", LIMITS["call"])

    def begin(self, request: int, name: str, limit: float) -> None:
        """The calling thread takes up a request."""
        self.request = request
        self.name = name
        self.thread = threading.get_ident()
        self._computed = -1.0
        self._restart(limit)

    def enter(self, limit: float) -> bool:
        """The request's tool is entered."""
        self.excused = 0.0
        self.started = time.monotonic()
        self.limit = limit
        return True

    def leave(self) -> None:
        """The tool came back."""
        self._restart(LIMITS["call"])

    def excuse(self, seconds: float) -> None:
        """For so long, since this was called last, the process computed, or did not get to."""
        computed = thread_seconds(self.thread)
        if self._computed >= 0:
            self.excused += max(0.0, seconds - (computed - self._computed))
        self._computed = computed

    def is_over(self, now: float) -> bool:
        limit = self.limit
        return now - self.started - min(self.excused, EXCUSE * limit) > limit

    def _restart(self, limit: float) -> None:
        self.limit = limit
        self.excused = 0.0
        self.started = time.monotonic()


def thread_seconds(thread: int) -> float:
    """The processor time of a thread that lives; 0 where the system does not tell."""
    if not hasattr(time, "pthread_getcpuclockid"):
        return 0.0
    return time.clock_gettime(time.pthread_getcpuclockid(thread))


def interrupt(thread: int) -> None:
    """Raise `OverTime` in a thread, as soon as it runs Python code."""
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), ctypes.py_object(OverTime))


def forget_interrupt() -> None:
    """Take back an interruption of this thread that has not come yet. May itself be interrupted."""
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(threading.get_ident()), None)
