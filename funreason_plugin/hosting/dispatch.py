"""Who runs what: sessions placed on processes of tools, requests sent, and what a process took down with it.

Per session there is a log of its calls. A session that a process has no more is opened again, by its log, with the
next request. When a process dies, or does not give a sign of life for longer than the shortest limit of what it
runs, it is killed, and each request that it had begun is tried alone in a fresh process: which one is to blame is
seen, not guessed.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count

import orjson

from funreason_plugin.environments.limits import over_time
from funreason_plugin.environments.space import Scenario
from funreason_plugin.hosting.child import Child
from funreason_plugin.hosting.process import LIMITS
from funreason_plugin.hosting.wire import Kind, Opening, Request, Status, digest, dump, pack_request
from funreason_plugin.workers import MAX_HUNG

__all__ = ["Dispatch", "Operation", "Place", "Seat"]

GRACE = 1.0  # seconds without a sign of life beyond a limit
START = 120.0  # seconds until a process is up
_STARTS = 3  # a process that ends this often before it is up is given up

Done = Callable[[Status, bytes], None]


@dataclass(slots=True, eq=False)
class Seat:
    """A session as the host knows it. ``place`` and ``generation`` say which process had it last."""

    names: tuple[str, ...]
    scenario: Scenario
    number: int = 0
    place: Place | None = None
    generation: int = 0
    log: list[tuple[str, bytes, bytes]] = field(default_factory=list)
    limits: dict[str, float] = field(default_factory=dict)
    failed: int = 0  # calls that were over their limit, or ended a process
    lost: str = ""
    closed: bool = False
    busy: bool = False
    pending: deque[Operation] = field(default_factory=deque)


@dataclass(slots=True, eq=False)
class Operation:
    """A request to one session; ``done`` is called once, under the lock."""

    seat: Seat
    kind: Kind
    done: Done
    name: str = ""
    arguments: bytes = b""
    suspected: bool = False

    def limit(self) -> float:
        """Seconds after which a process that gives no sign of life is stopped for it."""
        if self.kind == "call" and self.seat.limits:
            return self.seat.limits.get(self.name, LIMITS["call"])
        return LIMITS[self.kind]


@dataclass(slots=True, eq=False)
class Place:
    """Where a process runs; another one after each that died, of the next ``generation``."""

    child: Child | None = None
    generation: int = 0
    seats: int = 0
    ready: bool = False
    retiring: bool = False  # too many of its threads do not come back
    away: int = 0
    heard: float = 0.0
    failed_starts: int = 0
    flight: dict[int, Operation] = field(default_factory=dict)
    trials: deque[Operation] = field(default_factory=deque)
    waiting: deque[Operation] = field(default_factory=deque)

    def stalled(self, now: float) -> bool:
        """Whether it has been silent for longer than it may."""
        if not self.ready:
            return now - self.heard > START
        return bool(self.flight) and now - self.heard > GRACE + min(op.limit() for op in self.flight.values())


class Dispatch:
    """The sessions, requests and places of a host. All methods are called with ``lock`` held."""

    def __init__(self, places: int, threads: int, clock: Callable[[], float]) -> None:
        self.lock = threading.Lock()
        self.places = [Place() for _ in range(places)]
        self.closed = ""
        self.restarts = 0
        self.over_time = 0
        self.sessions = 0
        self.unsent = False
        self._threads = threads
        self._most_away = max(4, threads // 4)
        self._now = clock
        self._numbers = count(1)

    # -- requests -------------------------------------------------------------------------------------

    def submit(self, op: Operation) -> None:
        """Do it, after what was submitted to its session before."""
        seat = op.seat
        if seat.busy:
            seat.pending.append(op)
        else:
            seat.busy = True
            self._begin(op)

    def _begin(self, op: Operation) -> None:
        seat = op.seat
        lost = self.closed or seat.lost
        if op.kind == "close" and (lost or not self._is_there(seat)):
            self._finish(op, Status.DONE, b"null")
        elif lost:
            self._finish(op, Status.LOST, lost.encode())
        else:
            place = seat.place
            if place is None or place.retiring:
                place = self._sit(seat)
            place.waiting.append(op)
            self.pump(place)

    def _sit(self, seat: Seat) -> Place:
        """Give a session the place with the fewest others."""
        if seat.place is None:
            self.sessions += 1
        else:
            seat.place.seats -= 1
        place = min(self.places, key=lambda place: (place.retiring, place.seats))
        place.seats += 1
        seat.place = place
        return place

    def _is_there(self, seat: Seat) -> bool:
        return seat.place is not None and bool(seat.number) and seat.generation == seat.place.generation

    def pump(self, place: Place) -> None:
        """Send what may be sent."""
        if place.child is None or place.retiring:
            return
        if place.trials or any(op.suspected for op in place.flight.values()):
            if not place.flight:
                self._send(place, place.child, place.trials.popleft())
            return
        while place.waiting and len(place.flight) < self._threads:
            self._send(place, place.child, place.waiting.popleft())

    def _send(self, place: Place, child: Child, op: Operation) -> None:
        seat = op.seat
        opening = None
        number = next(self._numbers)
        if not self._is_there(seat):
            seat.number, seat.generation = number, place.generation
            scenario = seat.scenario
            opening = Opening(seat.names, scenario.seed, scenario.clock, dump(scenario.states), seat.log)
        if not place.flight:
            place.heard = self._now()
        place.flight[number] = op
        request = Request(number, seat.number, op.kind, op.name, op.arguments, opening)
        if not child.send(pack_request(request)):
            self.unsent = True

    # -- what comes back ------------------------------------------------------------------------------

    def receive(self, place: Place, replies: list[tuple[int, Status, bytes]]) -> None:
        """Replies and signs of life of a place's process."""
        place.heard = self._now()
        for number, status, text in replies:
            if status is Status.READY:
                place.ready, place.failed_starts = True, 0
            elif status is Status.BEAT:
                place.away = int(text)
                if place.away >= self._most_away and not place.retiring:
                    self._retire(place)
            elif (op := place.flight.pop(number, None)) is not None:
                self._answered(op, status, text)
        self.pump(place)

    def _retire(self, place: Place) -> None:
        """Send nothing there any more; what it still runs ends within its limits."""
        place.retiring = True
        if all(other.retiring for other in self.places):
            return
        waiting, place.waiting = place.waiting, deque()
        for op in waiting:
            other = self._sit(op.seat)
            other.waiting.append(op)
            self.pump(other)

    def _answered(self, op: Operation, status: Status, text: bytes) -> None:
        seat = op.seat
        if status is Status.DONE:
            if op.kind == "call":
                seat.log.append((op.name, op.arguments, digest(text)))
            elif op.kind == "open":
                seat.limits = orjson.loads(text)
        else:
            seat.number = 0
            if status is Status.OVER:
                self.over_time += 1
            if op.kind == "call" and status is not Status.LOST:
                seat.failed += 1
                if seat.failed > MAX_HUNG:
                    status = Status.LOST
                    text = f"over {MAX_HUNG} calls of one session were over their time limit, or broke it".encode()
            elif op.kind == "open":
                status = Status.REFUSED
            elif op.kind == "mark":
                status = Status.LOST
            if status is Status.LOST:
                seat.lost = text.decode()
        self._finish(op, status, text)

    def _finish(self, op: Operation, status: Status, text: bytes) -> None:
        seat = op.seat
        if op.kind == "close" or status is Status.REFUSED:
            self._leave(seat)
        op.done(status, text)
        if seat.pending:
            self._begin(seat.pending.popleft())
        else:
            seat.busy = False

    def _leave(self, seat: Seat) -> None:
        if seat.place is not None:
            seat.place.seats -= 1
            self.sessions -= 1
        seat.place, seat.number = None, 0
        seat.lost = seat.lost or "the session is closed"
        seat.log.clear()

    # -- processes that end ---------------------------------------------------------------------------

    def ended(self, place: Place, cause: str, hung: bool) -> None:
        """The process of a place is no more: ``hung``, killed because it gave no sign of life."""
        flight = list(place.flight.values())
        clean = not place.away
        if not place.ready:
            place.failed_starts += 1
        place.flight.clear()
        place.child, place.generation = None, place.generation + 1
        was_ready, place.ready, place.retiring, place.away = place.ready, False, False, 0
        self.restarts += 1
        if place.failed_starts >= _STARTS:
            self.close(f"the processes of the tools cannot be started: they end with {cause}")
        if not was_ready or self.closed:
            for op in reversed(flight):
                (place.trials if op.suspected else place.waiting).appendleft(op)
        elif len(flight) == 1 and clean and (hung or flight[0].suspected):
            self._blame(flight[0], cause, hung)
        else:
            for op in flight:
                op.suspected = True
                place.trials.append(op)
        if self.closed:
            self._give_up(place)

    def _blame(self, op: Operation, cause: str, hung: bool) -> None:
        if op.kind == "close":
            self._answered(op, Status.DONE, b"null")
        elif hung:
            self._answered(op, Status.OVER, dump(over_time(op.name, op.limit())))
        elif op.kind == "call":
            error = {"error": f"the process of the tools ended with {cause} in this call: {op.name}"}
            self._answered(op, Status.BROKEN, dump(error))
        else:
            self._answered(op, Status.LOST, f"the process of the tools ended with {cause}".encode())

    def close(self, why: str) -> None:
        """Answer everything, from now on, with ``why``."""
        self.closed = self.closed or why
        for place in self.places:
            self._give_up(place)

    def _give_up(self, place: Place) -> None:
        left = [*place.flight.values(), *place.trials, *place.waiting]
        place.flight.clear()
        place.trials.clear()
        place.waiting.clear()
        for op in left:
            self._finish(op, Status.DONE if op.kind == "close" else Status.LOST, self.closed.encode())
