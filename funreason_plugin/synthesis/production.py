"""`Production`: the loop of a run. Jobs go to the crew, requests from the crew to the hub, results to the register.

    stopped = await Production(crew, hub, register, tell).run()      # None when every slot is made

Each slot advances by itself: a request that takes long, or is tried again and again, holds up its own slot only.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Final

from funreason_plugin.synthesis.crew import Answer, Ask, CrewWorker, Failed, SlotJob
from funreason_plugin.synthesis.hub import Hub
from funreason_plugin.synthesis.register import Register
from funreason_plugin.synthesis.slot_result import SlotResult
from funreason_plugin.synthesis.slots import ATTEMPTS_AT_ONCE
from funreason_plugin.synthesis.teachers.base import Completion, RunStopped, TeacherFailed

__all__ = ["Production"]

_AHEAD: Final = 2  # jobs of a worker where no model plays: one is played, one is there when it ends
_LINGER: Final = (
    30.0  # seconds that requests in flight are awaited when the run has stopped, unless nobody waits
)


class Production:
    """Makes the slots of one run. ``tell`` is called after every result, and about once a second."""

    def __init__(
        self, crew: Sequence[CrewWorker], hub: Hub | None, register: Register, tell: Callable[[], None]
    ) -> None:
        self._crew = crew
        self._hub = hub
        self._register = register
        self._tell = tell
        self._jobs: list[set[int]] = [set() for _ in crew]  # slots that each worker plays
        self._blocked: set[int] = set()  # slots whose request is not sent any more
        self._tasks: set[asyncio.Task[None]] = set()
        self._stopped: RunStopped | None = None
        self._hurry = False
        self._changed = asyncio.Event()
        self._error: BaseException | None = None
        in_flight = hub.in_flight_slots if hub is not None else _AHEAD * len(crew)
        self._share = -(-in_flight // len(crew))
        self._attempts = 1 if hub is not None else ATTEMPTS_AT_ONCE
        register.in_flight = in_flight if hub is not None else 0

    async def run(self) -> RunStopped | None:
        """Make every slot, or stop; the reason why.

        Raises:
            UserError: A worker cannot be kept alive, a tool cannot be used, the disk is full.
        """
        try:
            await asyncio.gather(*(worker.start() for worker in self._crew))
            for number in range(len(self._crew)):
                self._begin(self._listen(number))
            self._begin(self._tick())
            await self._fill()
            while not (self._register.done or self._register.stopped or self._stopped):
                await self._change()
            if self._stopped is not None and self._hub is not None:
                await self._linger(self._hub, self._stopped)
        finally:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            await asyncio.gather(*(worker.close() for worker in self._crew))
        if not self._register.done:
            self._register.leave()
        return self._stopped

    def stop(self, reason: RunStopped) -> None:
        """No new jobs, no new requests; what is in flight is awaited for a while."""
        if self._stopped is None:
            self._stopped = reason
        self._changed.set()

    def interrupt(self, reason: RunStopped) -> None:
        """Stop; where the run has stopped already, what is in flight is not awaited any longer."""
        self._hurry = self._stopped is not None
        self.stop(reason)

    # -- the crew -------------------------------------------------------------------------------------------

    async def _fill(self) -> None:
        """Hand out jobs, each to the worker with the fewest, until all have their share."""
        while self._stopped is None:
            number = min(range(len(self._jobs)), key=lambda number: len(self._jobs[number]))
            if len(self._jobs[number]) >= self._share:
                return
            job = self._register.next_job()
            if job is None:
                return
            self._jobs[number].add(job[0])
            await self._crew[number].send(SlotJob(*job, self._attempts))

    async def _listen(self, number: int) -> None:
        worker = self._crew[number]
        while True:
            message = await worker.receive()
            if isinstance(message, Ask):
                self._begin(self._answer(worker, message))
            elif isinstance(message, Failed):
                error = message.error
                raise RuntimeError(error) if isinstance(error, str) else error
            else:
                await self._take(number, message)

    async def _take(self, number: int, result: SlotResult) -> None:
        self._jobs[number].discard(result.index)
        if self._hub is not None:
            self._hub.forget(result.index)
        try:
            self._register.take(result)
        except RunStopped as stopped:
            self.stop(stopped)
        self._tell()
        self._changed.set()
        await self._fill()

    async def _answer(self, worker: CrewWorker, ask: Ask) -> None:
        """Get the reply to a request. When the run has stopped there is none, and the slot waits for ever."""
        assert self._hub is not None
        reply: Completion | TeacherFailed | None = None
        try:
            if self._stopped is None:
                reply = await self._hub.complete(ask.slot, ask.request)
        except TeacherFailed as failed:
            reply = failed
        except RunStopped as stopped:
            self.stop(stopped)
        if reply is not None:
            await worker.send(Answer(ask.id, reply))
        else:
            self._blocked.add(ask.slot)
            self._changed.set()

    # -- the loop -------------------------------------------------------------------------------------------

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(1)
            self._tell()

    async def _linger(self, hub: Hub, stopped: RunStopped) -> None:
        """Let requests in flight end, for they are paid, and slots that need no other."""
        limit = _LINGER
        if stopped.complete_rows:  # a budget: nothing is wrong with the servers
            limit = max(agent.request_time_limit for agent in hub.resolved.values())
        loop = asyncio.get_running_loop()
        end = loop.time() + limit
        while any(jobs - self._blocked for jobs in self._jobs) and loop.time() < end and not self._hurry:
            await self._change(end - loop.time())

    async def _change(self, seconds: float | None = None) -> None:
        """Sleep until something has changed; raise what a task has raised."""
        try:
            await asyncio.wait_for(self._changed.wait(), seconds)
        except asyncio.TimeoutError:
            return
        self._changed.clear()
        if self._error is not None:
            raise self._error

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            self._error = self._error or task.exception()
            self._changed.set()
