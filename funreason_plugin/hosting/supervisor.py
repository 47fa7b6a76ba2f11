"""The thread of a host: starts processes, reads their replies, and stops those that give no sign of life."""

from __future__ import annotations

import asyncio
import contextlib
import os
import selectors
import socket
import threading
import time
import traceback
from collections import deque

from funreason_plugin.hosting.child import Child
from funreason_plugin.hosting.dispatch import Dispatch
from funreason_plugin.hosting.places import Operation, Place, Seat
from funreason_plugin.hosting.wire import Status

__all__ = ["Answer", "Supervisor"]

_LOOK = 0.1  # seconds between two looks at silent processes
_CLOSED = "the host of the tools is closed"

Answer = tuple[Status, bytes]
_Waiting = tuple[asyncio.AbstractEventLoop, "asyncio.Future[Answer]", Answer]


class Supervisor:
    """Runs from the first request to `end`."""

    def __init__(self, processes: int, threads: int) -> None:
        self.dispatch = Dispatch(processes, threads, time.monotonic)
        self._thread: threading.Thread | None = None
        self._ending = False
        self._pid = os.getpid()
        self._answers: deque[_Waiting] = deque()
        self._discarded: deque[Seat] = deque()
        self._woken, self._wake = socket.socketpair()
        self._woken.setblocking(False)
        self._wake.setblocking(False)
        self._selector = selectors.DefaultSelector()

    # -- any thread -----------------------------------------------------------------------------------

    def submit(self, op: Operation) -> None:
        """Send a request, or queue it; never waits."""
        dispatch = self.dispatch
        with dispatch.lock:
            if self._ending:
                dispatch.close(_CLOSED)
            elif self._thread is None:
                self._thread = threading.Thread(target=self._run, name="funreason-host", daemon=True)
                self._thread.start()
            dispatch.submit(op)
            wake, dispatch.unsent = dispatch.unsent, False
        if wake:
            self._rouse()
        self._deliver()

    def later(self, loop: asyncio.AbstractEventLoop, future: asyncio.Future[Answer], answer: Answer) -> None:
        """Keep an answer for its event loop until the lock is free."""
        self._answers.append((loop, future, answer))

    def discard(self, seat: Seat) -> None:
        """Close a session soon. Takes no lock: it may be called by the collector of garbage."""
        self._discarded.append(seat)

    def end(self) -> None:
        """Close the sessions, end the processes, and wait for it. Takes no lock, as `discard`."""
        self._ending = True
        thread = self._thread
        if thread is None or os.getpid() != self._pid or thread is threading.current_thread():
            return
        self._rouse()
        thread.join()

    def _rouse(self) -> None:
        with contextlib.suppress(OSError):
            self._wake.send(b"\0")

    def _deliver(self) -> None:
        by_loop: dict[asyncio.AbstractEventLoop, list[_Waiting]] = {}
        while self._answers:
            with contextlib.suppress(IndexError):  # another thread took it
                answer = self._answers.popleft()
                by_loop.setdefault(answer[0], []).append(answer)
        for loop, answers in by_loop.items():
            with contextlib.suppress(RuntimeError):  # the loop is closed
                loop.call_soon_threadsafe(_settle, answers)

    # -- its own thread -------------------------------------------------------------------------------

    def _run(self) -> None:
        self._selector.register(self._woken, selectors.EVENT_READ)
        why = _CLOSED
        try:
            while not self._ending:
                self._round()
        except Exception:  # nobody may wait for ever
            why = traceback.format_exc()
        self._stop(why)

    def _round(self) -> None:
        for place in self.dispatch.places:
            if place.child is None and not self.dispatch.closed:
                self._start(place)
        self._wait()
        for place in self.dispatch.places:
            self._look(place)
        while self._discarded:
            seat = self._discarded.popleft()
            with self.dispatch.lock:
                self.dispatch.submit(Operation(seat, "close", lambda status, text: None))
        self._deliver()

    def _start(self, place: Place) -> None:
        try:
            child = Child()
        except OSError as error:
            with self.dispatch.lock:
                self.dispatch.ended(place, str(error), hung=False)
            return
        self._selector.register(child.socket, selectors.EVENT_READ, place)
        with self.dispatch.lock:
            place.child = child
            place.heard = time.monotonic()
            self.dispatch.pump(place)

    def _wait(self) -> None:
        for place in self.dispatch.places:
            if place.child is not None:
                events = selectors.EVENT_READ | (selectors.EVENT_WRITE if place.child.unsent else 0)
                if self._selector.get_key(place.child.socket).events != events:
                    self._selector.modify(place.child.socket, events, place)
        for key, events in self._selector.select(_LOOK):
            place = key.data
            if place is None:
                with contextlib.suppress(OSError):
                    self._woken.recv(4096)
                continue
            assert isinstance(place, Place)
            assert place.child is not None
            if events & selectors.EVENT_WRITE:
                with self.dispatch.lock:
                    place.child.flush()
            if events & selectors.EVENT_READ:
                self._read(place, place.child)

    def _read(self, place: Place, child: Child) -> None:
        replies = child.receive()
        if replies is None:
            self._bury(place, child, child.cause(), hung=False)
            return
        with self.dispatch.lock:
            self.dispatch.receive(place, replies)

    def _look(self, place: Place) -> None:
        child = place.child
        if child is None:
            return
        with self.dispatch.lock:
            stalled = place.stalled(time.monotonic())
            spent = place.retiring and not place.flight
        if stalled:
            self._bury(place, child, "no sign of life", hung=True)
        elif spent:
            self._bury(place, child, "too many calls that do not come back", hung=False)

    def _bury(self, place: Place, child: Child, cause: str, hung: bool) -> None:
        self._selector.unregister(child.socket)
        with self.dispatch.lock:
            place.child = None
        child.kill()
        with self.dispatch.lock:
            self.dispatch.ended(place, cause, hung)

    def _stop(self, why: str) -> None:
        children = [place.child for place in self.dispatch.places if place.child is not None]
        with self.dispatch.lock:
            self.dispatch.close(why)
            for place in self.dispatch.places:
                place.child = None
        self._deliver()
        for child in children:
            child.end()
        for child in children:
            child.wait()
        self._selector.close()
        self._woken.close()
        self._wake.close()


def _settle(answers: list[_Waiting]) -> None:
    for _, future, answer in answers:
        if not future.done():
            future.set_result(answer)
