"""The worker's side of the crew: a process that plays many slots at once, each a coroutine.

Where a model plays an agent, the slot's coroutine sends an `Ask` to the parent and sleeps until the `Answer` comes;
meanwhile other slots go on. Tool calls and sampling run here, one at a time. Messages are pickled, each after its
length, on a socket between the two processes.
"""

from __future__ import annotations

import asyncio
import os
import pickle
import socket
import traceback
from itertools import count
from struct import Struct
from typing import Any, Final

from funreason_plugin.config import SynthesisConfig
from funreason_plugin.errors import UserError
from funreason_plugin.synthesis.crew import Answer, Ask, Failed, FromWorker, SlotJob, ToWorker
from funreason_plugin.synthesis.folder import GRAPH
from funreason_plugin.synthesis.graph import ToolGraph
from funreason_plugin.synthesis.slots import SlotMaker
from funreason_plugin.synthesis.teachers.base import Completion, Request, TeacherFailed
from funreason_plugin.workers import CallWatch, prepare_process

__all__ = ["CHUNK", "framed", "main", "read_message"]

CHUNK: Final = 1 << 20  # bytes that are read ahead
_LENGTH: Final = Struct("!Q")


def framed(message: ToWorker | FromWorker) -> bytes:
    """A message as it is sent."""
    data = pickle.dumps(message, pickle.HIGHEST_PROTOCOL)
    return _LENGTH.pack(len(data)) + data


async def read_message(reader: asyncio.StreamReader) -> Any:
    """The next message; `asyncio.IncompleteReadError` or `OSError` when the other side is gone."""
    (length,) = _LENGTH.unpack(await reader.readexactly(_LENGTH.size))
    return pickle.loads(await reader.readexactly(length))


def main(end: socket.socket, shared: Any, config: dict[str, Any], graph: bytes) -> None:
    """Serve until the parent is gone."""
    prepare_process()
    asyncio.run(_Player(shared).serve(end, config, graph))


class _Player:
    """Plays jobs as they come. ``shared`` is what the parent watches, see `funreason_plugin.workers`."""

    def __init__(self, shared: Any) -> None:
        self._shared = shared
        self._asked: dict[int, asyncio.Future[Completion]] = {}
        self._ids = count(int.from_bytes(os.urandom(4), "big") << 32)  # no other process has these
        self._playing: set[asyncio.Task[None]] = set()
        self._writer: asyncio.StreamWriter

    async def serve(self, end: socket.socket, config: dict[str, Any], graph: bytes) -> None:
        reader, self._writer = await asyncio.open_connection(sock=end, limit=CHUNK)
        maker: SlotMaker | None = None
        while True:
            try:
                message: ToWorker = await read_message(reader)
            except (asyncio.IncompleteReadError, OSError):  # the parent is gone
                os._exit(0)
            if isinstance(message, Answer):
                self._answer(message)
                continue
            try:
                if maker is None:
                    settings = SynthesisConfig.model_validate(config)
                    for agent in settings.model_agents:  # tools run here; the keys stay with the parent
                        os.environ.pop(settings.agent(agent).api_key_env, None)
                    maker = SlotMaker(settings, ToolGraph.from_json(graph, GRAPH), ask=self._ask)
            except BaseException as error:
                self._post(Failed(-1, _told(error)))
            else:
                task = asyncio.create_task(self._play(maker, message))
                self._playing.add(task)
                task.add_done_callback(self._playing.discard)

    async def _play(self, maker: SlotMaker, job: SlotJob) -> None:
        watch = CallWatch(self._shared, job.index, job.hung)
        try:
            self._post(await maker.play(job.index, job.attempt, job.attempts, watch))
        except BaseException as error:
            self._post(Failed(job.index, _told(error)))

    async def _ask(self, slot: int, request: Request) -> Completion:
        number = next(self._ids)
        self._asked[number] = asyncio.get_running_loop().create_future()
        self._post(Ask(number, slot, request))
        try:
            return await self._asked[number]
        finally:
            del self._asked[number]

    def _answer(self, answer: Answer) -> None:
        waiting = self._asked.get(answer.id)
        if waiting is None or waiting.done():
            return
        if isinstance(answer.reply, TeacherFailed):
            waiting.set_exception(answer.reply)
        else:
            waiting.set_result(answer.reply)

    def _post(self, message: FromWorker) -> None:
        self._writer.write(framed(message))


def _told(error: BaseException) -> UserError | str:
    return error if isinstance(error, UserError) else traceback.format_exc()
