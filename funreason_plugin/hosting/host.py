"""`Host`: live sessions whose tools run in supervised processes, for any number of event loops.

    with Host(processes=2, threads=128) as host:
        session = await host.open(["travel", "files"], scenario)
        output = await session.call("search_flights", {"origin": "Rome", "destination": "Oslo"})
        await session.close()

A call that is over its limit, ends its process or holds the interpreter lock for ever is answered with an error,
and its session goes on without it; the other sessions do not notice.
"""

from __future__ import annotations

import asyncio
import marshal
import weakref
from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any

import orjson
from typing_extensions import Self

from funreason_plugin.environments.space import Scenario
from funreason_plugin.errors import UserError
from funreason_plugin.hosting.places import Operation, Seat
from funreason_plugin.hosting.supervisor import Answer, Supervisor
from funreason_plugin.hosting.wire import Kind, Status, dump
from funreason_plugin.live import Mark, ToolsLost
from funreason_plugin.trajectory import EnvironmentRef

__all__ = ["Host", "HostedSession", "Standing"]


@dataclass(frozen=True, slots=True)
class Standing:
    """``sessions`` open; ``restarts`` of processes, and calls ``over_time``, so far; threads ``away``, which were
    interrupted and do not come back; the processes' ``pids``."""

    sessions: int
    restarts: int
    over_time: int
    away: int
    pids: tuple[int, ...]


class Host:
    """Processes of tools, started with the first session; `close` ends them, and so does the end of this process.

    Args:
        processes: How many.
        threads: How many requests run in each at the same time.
    """

    def __init__(self, processes: int = 2, threads: int = 128) -> None:
        self._supervisor = Supervisor(processes, threads)
        self._end = weakref.finalize(self, self._supervisor.end)

    async def open(self, environments: Sequence[str | EnvironmentRef], scenario: Scenario) -> HostedSession:
        """A session of these environments, by name or as a trajectory has them, at a scenario.

        Raises:
            UserError: an environment cannot be imported, the scenario is not one of these environments, or they
                do not start.
            ToolsLost: the host is closed.
        """
        names = tuple(item if isinstance(item, str) else item.given for item in environments)
        try:
            states = dump(scenario.states)
        except TypeError as error:
            raise UserError(
                f"the scenario is not JSON data ({error}); use dicts, lists, strings, numbers"
            ) from None
        session = HostedSession(self, Seat(names, scenario.seed, scenario.clock, states))
        status, text = await session.ask("open")
        if status is Status.DONE:
            return session
        session.discard()
        if status is Status.LOST:
            raise ToolsLost(text.decode())
        raise UserError(text.decode())

    def standing(self) -> Standing:
        """What runs now, and what happened."""
        dispatch = self._supervisor.dispatch
        with dispatch.lock:
            places = [place for place in dispatch.places if place.child is not None]
            return Standing(
                dispatch.sessions,
                dispatch.restarts,
                dispatch.over_time,
                sum(place.away for place in places),
                tuple(place.child.pid for place in places if place.child is not None),
            )

    def close(self) -> None:
        """Close all sessions and end the processes; waits for them, some seconds at most."""
        self._end()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class HostedSession:
    """A `LiveSession` of a `Host`. One that is no longer referred to is closed, too."""

    def __init__(self, host: Host, seat: Seat) -> None:
        self._host = host
        self._seat = seat
        self._closed = False

    async def call(self, name: str, arguments: dict[str, Any]) -> Any:
        try:
            packed = marshal.dumps(arguments)
        except ValueError as error:
            return {"error": f"arguments of {name} are not JSON: {error}"}
        status, text = await self.ask("call", name, packed)
        if status is Status.LOST:
            raise ToolsLost(text.decode())
        return orjson.loads(text)

    async def mark(self) -> Mark:
        status, text = await self.ask("mark")
        if status is Status.LOST:
            raise ToolsLost(text.decode())
        return Mark(*orjson.loads(text))

    async def close(self) -> None:
        if not self._closed:
            self._closed = True
            await self.ask("close")

    async def ask(self, kind: Kind, name: str = "", arguments: bytes = b"") -> Answer:
        """How a request ended. It is done even when nobody waits for it any more."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Answer] = loop.create_future()
        supervisor = self._host._supervisor

        def done(status: Status, text: bytes) -> None:
            supervisor.later(loop, future, (status, text))

        supervisor.submit(Operation(self._seat, kind, done, name, arguments))
        return await future

    def discard(self) -> None:
        """Close without waiting."""
        if not self._closed:
            self._closed = True
            self._host._supervisor.discard(self._seat)

    def __del__(self) -> None:
        self.discard()
