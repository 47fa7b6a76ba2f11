"""`LocalWorker`: a supervised process on this machine that plays many slots at once.

    worker = LocalWorker(config.as_plain(), graph)
    await worker.start()

The process notes in shared memory which tool call of which slot is running. A call over its time limit, even one that
never releases the interpreter lock, gets the process killed; a fresh one plays all unfinished slots again from the
start of their jobs (what models said in them is remembered by the hub), and where the call came, it gets an error.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from funreason_plugin.errors import UserError
from funreason_plugin.synthesis.crew import Failed, FromWorker, SlotJob, ToWorker
from funreason_plugin.synthesis.crew_worker import CHUNK, framed, main, read_message
from funreason_plugin.synthesis.slot_result import SlotResult
from funreason_plugin.workers import DEATHS, MAX_HUNG, WorkerProcess, died_too_often, hung_too_often

__all__ = ["LocalWorker"]

_FRUITLESS: Final = 5  # deaths, no job ending between them, after which the worker is given up
_LOOK: Final = 0.1  # seconds between looks at the running call


@dataclass(slots=True)
class _Played:
    """A job that the process has, and what happened to processes that had it."""

    job: SlotJob
    hung: set[int] = field(default_factory=set)
    deaths: int = 0


class LocalWorker:
    """A `CrewWorker` in a process of its own. ``config`` and ``graph`` as plain data and as graph.json has it."""

    def __init__(self, config: Mapping[str, Any], graph: bytes) -> None:
        self._args = (dict(config), graph)
        self._jobs: dict[int, _Played] = {}
        self._inbox: asyncio.Queue[FromWorker | UserError] = asyncio.Queue()
        self._tasks: list[asyncio.Task[None]] = []
        self._process: WorkerProcess | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._killed = False  # the running call was over its limit
        self._fruitless = 0
        self.restarts = 0

    async def start(self) -> None:
        reader = await self._spawn()
        self._tasks = [asyncio.create_task(self._supervise(reader)), asyncio.create_task(self._look())]

    async def send(self, message: ToWorker) -> None:
        if isinstance(message, SlotJob):
            self._jobs[message.index] = _Played(message, set(message.hung))
        self._post(message)

    async def receive(self) -> FromWorker:
        message = await self._inbox.get()
        if isinstance(message, UserError):
            raise message
        return message

    async def close(self) -> None:
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._end()

    # -- the process ------------------------------------------------------------------------------------

    async def _spawn(self) -> asyncio.StreamReader:
        mine, theirs = socket.socketpair()
        self._process = WorkerProcess(main, theirs, self._args)
        self._killed = False
        reader, self._writer = await asyncio.open_connection(sock=mine, limit=CHUNK)
        return reader

    def _end(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process = None
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    def _post(self, message: ToWorker) -> None:
        if self._writer is not None:  # what a dead process does not get, the next one asks for again
            self._writer.write(framed(message))

    async def _look(self) -> None:
        """Kill the process when its running call is over the limit; `_supervise` sees it end."""
        while True:
            await asyncio.sleep(_LOOK)
            if self._process is not None and not self._killed and self._process.hangs():
                self._killed = True
                self._process.kill()

    async def _supervise(self, reader: asyncio.StreamReader) -> None:
        """Pass on what the process says; when it ends, start another with the unfinished jobs."""
        try:
            while True:
                await self._pass_on(reader)
                self._blame()
                self._end()
                self.restarts += 1
                reader = await self._spawn()
                for played in self._jobs.values():
                    self._post(replace(played.job, hung=frozenset(played.hung)))
        except UserError as error:
            self._inbox.put_nowait(error)

    async def _pass_on(self, reader: asyncio.StreamReader) -> None:
        while True:
            try:
                message = await read_message(reader)
            except (asyncio.IncompleteReadError, OSError):
                return
            if isinstance(message, (SlotResult, Failed)):
                self._fruitless = 0
                self._jobs.pop(message.index if isinstance(message, SlotResult) else message.slot, None)
            self._inbox.put_nowait(message)

    def _blame(self) -> None:
        """Note why the process ended, or give up."""
        assert self._process is not None
        slot, ordinal = self._process.running() or (-1, 0)
        played = self._jobs.get(slot)
        if self._killed:
            if played is not None:
                played.hung.add(ordinal)
                if len(played.hung) > MAX_HUNG:
                    raise hung_too_often()
            return
        cause = self._process.cause()
        self._fruitless += 1
        if played is not None:
            played.deaths += 1
            if played.deaths >= DEATHS:
                raise died_too_often(f"twice at slot {slot}", cause)
        elif self._fruitless >= _FRUITLESS:
            raise died_too_often(f"{self._fruitless} times before it had finished anything", cause)
