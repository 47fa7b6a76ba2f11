"""A process of tools: many sessions, each request on a thread.

The threads take turns at reading the socket; who has a request leaves the reading to the next and does it. The
main thread watches the clocks: a call over its limit is answered, its session given up and its thread interrupted.
A thread that stays away is counted, and the host is told. The parent's end of the socket closed: the sessions are
closed and the process ends.
"""

from __future__ import annotations

import contextlib
import marshal
import os
import signal
import socket
import sys
import threading
import time
from dataclasses import dataclass
from typing import NoReturn

import orjson

from funreason_plugin.environments.limits import OverTime, over_time
from funreason_plugin.environments.session import Session
from funreason_plugin.environments.space import Scenario, SimulationSpace
from funreason_plugin.errors import UserError
from funreason_plugin.hosting.clock import Clock, forget_interrupt, interrupt
from funreason_plugin.hosting.wire import (
    HEADER,
    LIMITS,
    Opening,
    Request,
    Status,
    digest,
    dump,
    pack_reply,
    unpack_request,
)
from funreason_plugin.live import ToolsLost, mark_of
from funreason_plugin.workers import prepare_process

TICK = 0.1  # seconds between two looks at the clocks
_BACK = 0.25  # seconds in which an interrupted thread comes back
_REMIND = 1.0  # seconds until it is interrupted once more
_FAREWELL = 3.0  # seconds for closing the sessions at the end

Answer = tuple[Status, bytes]


@dataclass(slots=True)
class _Live:
    session: Session
    start: bytes
    clock: Clock


def main(end: int) -> NoReturn:
    """Serve the requests that come on this file descriptor of a socket, until it is closed."""
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    prepare_process()
    _Process(socket.socket(fileno=end)).watch()


class _Process:
    def __init__(self, parent: socket.socket) -> None:
        self._parent = parent
        self._requests = parent.makefile("rb", buffering=1 << 16)
        self._turn = threading.Lock()  # to read
        self._sending = threading.Lock()
        self._lock = threading.Lock()  # whether a request is done or over; counts
        self._waiting = 0
        self._running: dict[int, Clock] = {}
        self._sessions: dict[int, _Live] = {}
        self._spaces: dict[tuple[str, ...], SimulationSpace] = {}
        self._building = threading.Lock()
        self._longest = max(LIMITS.values())
        self._ending = False

    # -- the main thread ------------------------------------------------------------------------------

    def watch(self) -> NoReturn:
        """Look at the clocks for ever."""
        self._set_alarm()
        self._reply(0, Status.READY, b"")
        self._start_thread()
        computed, slept, told = time.process_time(), time.monotonic(), 0
        while True:
            time.sleep(TICK)
            self._set_alarm()
            before, computed = (computed, slept), time.process_time()
            slept = time.monotonic()
            excuse = max(computed - before[0], slept - before[1] - TICK)
            clocks = list(self._running.values())
            away = sum(self._look(clock, excuse) for clock in clocks)
            if clocks or away != told:
                self._reply(0, Status.BEAT, b"%d" % away)
                told = away

    def _set_alarm(self) -> None:
        """Be ended by the system when the main thread cannot set it again: a tool holds the interpreter lock, and
        nobody is left to kill the process."""
        if not self._ending:
            signal.setitimer(signal.ITIMER_REAL, 2 * self._longest)

    def _look(self, clock: Clock, excuse: float) -> bool:
        """Whether the thread was interrupted and did not come back. ``excuse``: the seconds since the last look in
        which the process computed, or did not get to."""
        now = time.monotonic()
        if clock.over is not None:
            if now - clock.reminded > _REMIND:
                clock.reminded = now
                self._interrupt(clock)
            return now - clock.over > _BACK
        clock.excuse(excuse)
        if clock.is_over(now):
            limit = clock.limit
            with self._lock:
                if clock.request not in self._running or not clock.is_over(now):  # it has begun another one
                    return False
                clock.over = clock.reminded = now
                interrupt(clock.thread)
            self._reply(clock.request, Status.OVER, dump(over_time(clock.name, limit)))
        return False

    def _interrupt(self, clock: Clock) -> None:
        with self._lock:
            if clock.request in self._running:
                interrupt(clock.thread)

    # -- the other threads ----------------------------------------------------------------------------

    def _start_thread(self) -> None:
        with self._lock:
            self._waiting += 1
        try:
            threading.Thread(target=self._serve, daemon=True).start()
        except RuntimeError:  # no more threads to be had: this one reads on when it is done
            with self._lock:
                self._waiting -= 1

    def _serve(self) -> None:
        while True:
            with self._turn:
                request = self._next()
                with self._lock:
                    self._waiting -= 1
                    alone = not self._waiting
                if alone:
                    self._start_thread()
            self._take_up(request)

    def _next(self) -> Request:
        try:
            header = self._requests.read(HEADER.size)
            if len(header) == HEADER.size:
                body = self._requests.read(HEADER.unpack(header)[0])
                return unpack_request(body)
        except OSError:
            pass
        self._end()

    def _take_up(self, request: Request) -> None:
        """Do a request and reply, unless it was over its limit in the meantime."""
        live = None if request.opening is not None else self._sessions.get(request.session)
        clock = Clock() if live is None else live.clock
        clock.begin(request.number, request.name, LIMITS[request.kind if live is not None else "open"])
        self._running[request.number] = clock
        try:
            in_time = self._do(request, clock)
        except OverTime:
            in_time = False
        while not in_time:
            try:
                self._come_back(request)
                break
            except OverTime:
                continue

    def _do(self, request: Request, clock: Clock) -> bool:
        """Whether it was in time, and was replied to."""
        status, text = self._answer(request, clock)
        if status in (Status.BROKEN, Status.REFUSED, Status.LOST):
            self._drop(request.session)
        with self._lock:
            if clock.over is not None:
                return False
            del self._running[request.number]
            self._waiting += 1  # before the reply: the next request finds this thread free
        self._reply(request.number, status, text)
        return True

    def _come_back(self, request: Request) -> None:
        """Give up the session; after that no interruption comes. May itself be interrupted."""
        self._drop(request.session)
        with self._lock:
            if self._running.pop(request.number, None) is not None:
                self._waiting += 1
        forget_interrupt()

    def _drop(self, number: int) -> None:
        with contextlib.suppress(BaseException):
            live = self._sessions.pop(number, None)
            if live is not None:
                live.session.close()

    def _answer(self, request: Request, clock: Clock) -> Answer:
        try:
            if request.opening is not None:
                self._open(request.session, request.opening, clock)
                clock.begin(request.number, request.name, LIMITS[request.kind])
            live = self._sessions[request.session]
            if request.kind == "call":
                output = live.session.call(request.name, marshal.loads(request.arguments))
                return Status.DONE, dump(output)
            if request.kind == "mark":
                mark = mark_of(live.session, orjson.loads(live.start))
                return Status.DONE, dump([mark.state_hash, mark.changes, mark.generated])
            if request.kind == "close":
                del self._sessions[request.session]
                live.session.close()
                return Status.DONE, b"null"
            return Status.DONE, dump(_limits(live.session.space))
        except OverTime:
            raise
        except (ToolsLost, UserError) as error:
            return (Status.REFUSED if request.kind == "open" else Status.LOST), str(error).encode()
        except BaseException as error:  # a tool may even end the interpreter
            said = f"{type(error).__name__}: {error}"
            if request.kind == "open":
                return Status.REFUSED, said.encode()
            if request.kind == "call":
                return Status.BROKEN, dump({"error": said})
            return Status.LOST, said.encode()

    def _open(self, number: int, opening: Opening, clock: Clock) -> None:
        with self._building:
            space = self._spaces.get(opening.names)
            if space is None:
                space = self._spaces[opening.names] = SimulationSpace.from_names(opening.names)
                self._longest = max(self._longest, *_limits(space).values())
        scenario = Scenario(opening.seed, opening.clock, orjson.loads(opening.states))
        session = space.session(scenario, watch=clock)
        live = self._sessions[number] = _Live(session, dump(session.state()), clock)
        for name, arguments, before in opening.log:
            if digest(dump(live.session.call(name, marshal.loads(arguments)))) != before:
                raise ToolsLost(
                    f"{name} returned something else when the session was rebuilt; a tool may depend on state, "
                    "scenario and arguments only"
                )

    # -- both -----------------------------------------------------------------------------------------

    def _reply(self, number: int, status: Status, text: bytes) -> None:
        with self._sending:
            try:
                self._parent.sendall(pack_reply(number, status, text))
            except OSError:
                os._exit(0)

    def _end(self) -> NoReturn:
        self._ending = True
        signal.setitimer(signal.ITIMER_REAL, _FAREWELL)
        for live in list(self._sessions.values()):
            with contextlib.suppress(BaseException):
                live.session.close()
        with contextlib.suppress(Exception):
            sys.stdout.flush()
        os._exit(0)


def _limits(space: SimulationSpace) -> dict[str, float]:
    """Seconds that a call of each tool may take."""
    return {name: space.environments[spec.environment].time_limit for name, spec in space.tools.items()}
