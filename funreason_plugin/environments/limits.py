"""The time limit of a tool call, and how errors look.

``time_limit`` interrupts Python code in the main thread. Code in C that holds the interpreter lock is
stopped only by a supervising process: see `funreason_plugin.workers`.
"""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, Protocol

_OVER_TIME = "the call was over its time limit"


class Watch(Protocol):
    """A supervisor's view of running calls: it kills a worker whose call never ends, and on the second
    run says so beforehand, so that the session is rebuilt without the call (see `funreason_plugin.workers`)."""

    def enter(self, limit: float) -> bool:
        """A call begins; False when this call is known to exceed its time limit."""

    def leave(self) -> None:
        """The call ended."""


class OverTime(BaseException):
    """Raised inside a tool by the timer; not an Exception, so that no tool swallows it."""


def is_error(output: Any) -> bool:
    """Whether an output is a tool's error: an object with a non-empty "error"."""
    return isinstance(output, dict) and bool(output.get("error"))


def is_over_time(output: Any) -> bool:
    """Whether an output says that the call was over its time limit."""
    return isinstance(output, dict) and str(output.get("error", "")).startswith(_OVER_TIME)


def over_time(name: str, limit: float) -> dict[str, str]:
    """The output of a call that was over its time limit (seconds)."""
    return {"error": f"{_OVER_TIME} of {limit:g} s: {name}"}


@contextmanager
def no_limit() -> Iterator[None]:
    yield


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Interrupt Python code after so many seconds. Only a supervising process stops C code that holds the
    interpreter lock; outside the main thread nothing is interrupted."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def ring(number: int, frame: FrameType | None) -> None:
        raise OverTime

    previous: Callable[[int, FrameType | None], Any] | int | None = signal.signal(signal.SIGALRM, ring)
    started = time.monotonic()
    outer = signal.setitimer(signal.ITIMER_REAL, seconds)[0]
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)
        if outer:
            signal.setitimer(signal.ITIMER_REAL, max(outer - (time.monotonic() - started), 0.001))
