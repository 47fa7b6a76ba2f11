"""Who runs what: sessions placed on processes of tools, requests sent, and what a process took down with it.

Per session there is a log of its calls. A session that a process has no more is opened again, by its log, with the
next request. When a process dies, or does not give a sign of life for longer than the shortest limit of what it
runs, it is killed, and each request that it had begun is tried again in a fresh process, one after the other: which
one is to blame is seen, not guessed. (The next one starts when the process shows a sign of life under those before it, so that
innocent slow ones run side by side.)
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from itertools import count

import orjson

from funreason_plugin.environments.limits import over_time
from funreason_plugin.hosting.child import Child
from funreason_plugin.hosting.places import PRIME, SUSPECT, Operation, Place, Seat
from funreason_plugin.hosting.wire import Opening, Request, Status, digest, dump, pack_request
from funreason_plugin.workers import MAX_HUNG

__all__ = ["Dispatch"]

_STARTS = 3  # a process that ends this often before it is up is given up
_TOO_OFTEN = f"over {MAX_HUNG} calls of one session were over their time limit, or broke it; mend the tool"


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
        op.seat.pending.append(op)
        if not op.seat.busy:
            self._next(op.seat)

    def _next(self, seat: Seat) -> None:
        while seat.pending:
            op = seat.pending.popleft()
            lost = self.closed or seat.lost
            if op.kind == "close" and (lost or not self._is_there(seat)):
                self._leave(seat)
                op.done(Status.DONE, b"null")
            elif lost:
                op.done(Status.LOST, lost.encode())
            else:
                seat.busy = True
                place = seat.place
                if place is None or place.retiring:
                    place = self._sit(seat)
                place.waiting.append(op)
                self.pump(place)
                return
        seat.busy = False

    def _sit(self, seat: Seat) -> Place:
        """Give a session the place with the fewest others."""
        if seat.place is None:
            self.sessions += 1
        else:
            seat.place.seats -= 1
        place = min(self.places, key=lambda place: (place.retiring, place.on_trial(), place.seats))
        place.seats += 1
        seat.place = place
        return place

    def _is_there(self, seat: Seat) -> bool:
        return seat.place is not None and bool(seat.number) and seat.generation == seat.place.generation

    def pump(self, place: Place) -> None:
        """Send what may be sent to a place."""
        if place.child is None or place.retiring:
            return
        if place.on_trial():
            if place.may_try():
                place.signs = 0
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
            opening = Opening(seat.names, seat.seed, seat.clock, seat.states, seat.log)
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
                place.signs += 1
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
            if op.kind != "call":
                text = orjson.loads(text)["error"].encode() if status is Status.OVER else text
                status = Status.REFUSED if op.kind == "open" else Status.LOST
            elif status is not Status.LOST:
                seat.failed += 1
                if seat.failed > MAX_HUNG:
                    status, text = Status.LOST, _TOO_OFTEN.encode()
            if status is Status.LOST:
                seat.lost = text.decode()
        self._finish(op, status, text)

    def _finish(self, op: Operation, status: Status, text: bytes) -> None:
        if op.kind == "close" or status is Status.REFUSED:
            self._leave(op.seat)
        op.done(status, text)
        self._next(op.seat)

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
                (place.trials if op.suspicion else place.waiting).appendleft(op)
        elif len(flight) == 1 and clean and (hung or flight[0].suspicion):
            self._blame(flight[0], cause, hung)
        elif flight:
            last = flight[-1]
            last.suspicion = PRIME if last.suspicion else SUSPECT
            for op in flight[:-1]:
                op.suspicion = op.suspicion or SUSPECT
            place.trials.extendleft(
                reversed(flight) if last.suspicion == SUSPECT else [*flight[-2::-1], last]
            )
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
