"""The crew: workers that play many slots at once, and what they and the parent say to each other.

    worker = LocalWorker(config, graph)          # `synthesis.local_worker`, a `CrewWorker`
    await worker.start()
    await worker.send(SlotJob(index=17, attempt=0, attempts=1))
    while True:
        message = await worker.receive()
        if isinstance(message, Ask):             # an agent that a model plays: the parent has the hub
            await worker.send(Answer(message.id, await hub.complete(message.slot, message.request)))

A `CrewWorker` looks after itself: when its process dies or a tool call never ends, a fresh one gets every unfinished
job again, asks again what it had asked (under new ids), and the parent notices nothing but the time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, TypeAlias

from funreason_plugin.errors import UserError
from funreason_plugin.synthesis.slot_result import SlotResult
from funreason_plugin.synthesis.teachers.base import Completion, Request, TeacherFailed

__all__ = ["Answer", "Ask", "CrewWorker", "Failed", "FromWorker", "SlotJob", "ToWorker"]


@dataclass(frozen=True, slots=True)
class SlotJob:
    """Attempts ``attempt``, ``attempt + 1``, … of slot ``index``, at most ``attempts`` of them, until one is kept.

    ``hung``: tool calls of this job, by number from 1, that are known never to end; they return an error.
    """

    index: int
    attempt: int
    attempts: int
    hung: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Ask:
    """A slot needs a reply. ``id`` is never used twice, by whatever process."""

    id: int
    slot: int
    request: Request


@dataclass(frozen=True, slots=True)
class Answer:
    """The reply to an `Ask`. One that nobody waits for any more is dropped."""

    id: int
    reply: Completion | TeacherFailed


@dataclass(frozen=True, slots=True)
class Failed:
    """A job, or the worker as a whole (``slot`` -1), met what it cannot go on from.

    ``error``: the user's to mend, or the traceback of a bug.
    """

    slot: int
    error: UserError | str


ToWorker: TypeAlias = SlotJob | Answer
FromWorker: TypeAlias = Ask | SlotResult | Failed


class CrewWorker(Protocol):
    """A worker, here or on another machine. One task receives; any may send.

    A job ends with its `SlotResult` or with `Failed`. The jobs of one worker have different slots.
    """

    async def start(self) -> None:
        """Be ready for jobs, or raise `UserError`."""

    async def send(self, message: ToWorker) -> None:
        """Hand over a job or an answer; never waits for the worker to read it."""

    async def receive(self) -> FromWorker:
        """The next message. `UserError` when the worker died too often to go on."""

    async def close(self) -> None:
        """Stop at once; unfinished jobs are lost. A second call does nothing."""
