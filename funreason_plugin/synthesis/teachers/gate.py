"""`Gate`: how many requests one server gets at a time; lowest slot first, fewer when the server says it is too many.

    gate = Gate(64)
    async with gate.place(order=17):
        ...                                   # at most 64 are in here
    gate.overloaded(sent)                     # a 429 or 503 came back: half as many from now on
    gate.succeeded()                          # and one more for every round of successes, up to 64 again
    gate.pause(20)                            # Retry-After: nobody comes in for 20 seconds

Additive increase, multiplicative decrease, as in TCP. One loop, no locks; a waiter that is cancelled leaves no trace.
"""

from __future__ import annotations

import asyncio
import heapq
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

__all__ = ["Gate"]

FLOOR = 16
"""The limit never falls below this part of what is configured: one request that hangs shall not hold up all others."""


class Gate:
    """A limit on concurrent requests with an order. ``configured``: the most there will ever be."""

    def __init__(self, configured: int) -> None:
        self.configured = configured
        self.limit = configured
        self.in_use = 0
        self._waiting: list[tuple[int, int, asyncio.Future[None]]] = []
        self._arrivals = 0
        self._credit = 0
        self._cut_at = float("-inf")
        self._opens_at = float("-inf")
        self._alarm: asyncio.TimerHandle | None = None

    @property
    def waiting(self) -> int:
        return sum(not future.done() for _, _, future in self._waiting)

    @asynccontextmanager
    async def place(self, order: int) -> AsyncIterator[None]:
        """A place for one request. The lowest ``order`` is let in first; among equals, who came first."""
        await self._enter(order)
        try:
            yield
        finally:
            self.in_use -= 1
            self._let_in()

    async def _enter(self, order: int) -> None:
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._arrivals += 1
        heapq.heappush(self._waiting, (order, self._arrivals, future))
        self._let_in()
        try:
            await future
        except asyncio.CancelledError:
            if future.done() and not future.cancelled():  # let in and cancelled in the same turn of the loop
                self.in_use -= 1
            future.cancel()
            self._let_in()
            raise

    def _let_in(self) -> None:
        waiting = self._waiting
        while waiting and (self.in_use < self.limit or waiting[0][2].done()):
            if waiting[0][2].done():  # cancelled while it waited
                heapq.heappop(waiting)
                continue
            closed_for = self._opens_at - time.monotonic()
            if closed_for > 0:
                self._wake_in(closed_for)
                return
            self.in_use += 1
            heapq.heappop(waiting)[2].set_result(None)

    def _wake_in(self, seconds: float) -> None:
        if self._alarm is None:
            self._alarm = asyncio.get_running_loop().call_later(seconds, self._wake)

    def _wake(self) -> None:
        self._alarm = None
        self._let_in()

    # -- what the server says -----------------------------------------------------------------------------

    def overloaded(self, sent: float) -> None:
        """The server turned away a request that was sent at ``sent`` (`time.monotonic`): half as many at a time.

        At most once per round trip: what was sent before the last cut says nothing about the limit since then.
        """
        if sent >= self._cut_at:
            self._cut_at = time.monotonic()
            self.limit = max(1, self.configured // FLOOR, self.limit // 2)
            self._credit = 0

    def succeeded(self) -> None:
        """A request was answered: after as many of them as the limit, there is room for one more."""
        if self.limit == self.configured:
            return
        self._credit += 1
        if self._credit >= self.limit:
            self._credit = 0
            self.limit += 1
            self._let_in()

    def pause(self, seconds: float) -> None:
        """Nobody comes in for so long; who is in stays. A pause never shortens another."""
        self._opens_at = max(self._opens_at, time.monotonic() + seconds)

    def close(self) -> None:
        """No alarm is left behind."""
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
