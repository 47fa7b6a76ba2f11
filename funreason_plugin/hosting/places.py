"""Sessions, requests, and the places where processes run, as a host keeps them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from funreason_plugin.hosting.child import Child
from funreason_plugin.hosting.wire import LIMITS, Kind, Status

__all__ = ["PRIME", "SUSPECT", "Operation", "Place", "Seat"]

GRACE = 1.0  # seconds without a sign of life beyond a limit
START = 60.0  # seconds until a process is up
SIGNS = 2  # signs of life that show that what was sent last does not hold the interpreter lock
SUSPECT, PRIME = (
    1,
    2,
)  # one of several that may have stopped a process; the most likely one, to be tried alone

Done = Callable[[Status, bytes], None]


@dataclass(slots=True, eq=False)
class Seat:
    """A session as the host knows it. ``states`` are the scenario's, as JSON; ``place`` and ``generation`` say which
    process had it last."""

    names: tuple[str, ...]
    seed: str
    clock: str
    states: bytes
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
    suspicion: int = 0

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
    signs: int = 0  # of life, since a request was sent on trial
    failed_starts: int = 0
    flight: dict[int, Operation] = field(default_factory=dict)
    trials: deque[Operation] = field(default_factory=deque)
    waiting: deque[Operation] = field(default_factory=deque)

    def on_trial(self) -> bool:
        return bool(self.trials) or any(op.suspicion for op in self.flight.values())

    def may_try(self) -> bool:
        """Whether the next request on trial may be sent."""
        if not self.trials or not self.flight:
            return bool(self.trials)
        alone = self.trials[0].suspicion == PRIME or any(
            op.suspicion != SUSPECT for op in self.flight.values()
        )
        return self.signs >= SIGNS and not alone

    def stalled(self, now: float) -> bool:
        """Whether it has been silent for longer than it may."""
        if not self.ready:
            return now - self.heard > START
        return bool(self.flight) and now - self.heard > GRACE + min(op.limit() for op in self.flight.values())
