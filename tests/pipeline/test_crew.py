"""A worker of the crew, as a run has it: a process that asks for what models say, dies, hangs, and goes on."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
from collections.abc import Callable, Iterable

import orjson
import pytest

from funreason_plugin.config import SynthesisConfig
from funreason_plugin.environments.space import SimulationSpace
from funreason_plugin.errors import UserError
from funreason_plugin.synthesis.crew import Answer, Ask, Failed, SlotJob
from funreason_plugin.synthesis.graph import ToolGraph
from funreason_plugin.synthesis.local_worker import LocalWorker
from funreason_plugin.synthesis.slot_result import SlotResult
from funreason_plugin.synthesis.slots import SlotMaker
from funreason_plugin.synthesis.teachers.base import Completion, Request, TeacherFailed
from funreason_plugin.synthesis.teachers.scripted import ScriptedTeacher
from tests.pipeline.made import MODEL, configuration, graph_of

Reply = Callable[[int, Request], Completion | None]
"""Another reply than the scripted one; None: the scripted one."""


class Parent:
    """Answers a worker's requests with the scripted teacher's replies."""

    def __init__(self, config: SynthesisConfig, graph: bytes, instead: Reply = lambda slot, request: None):
        self.worker = LocalWorker(config.as_plain(), graph)
        self.teacher = ScriptedTeacher(SimulationSpace.from_names(config.env), config.error_rate)
        self.instead = instead
        self.asked: list[Ask] = []
        self.kill_at = -1  # after so many requests the process is killed

    async def complete(self, slot: int, request: Request) -> Completion:
        return self.instead(slot, request) or await self.teacher.complete(request)

    async def play(self, jobs: Iterable[SlotJob]) -> dict[int, SlotResult]:
        jobs = list(jobs)
        found: dict[int, SlotResult] = {}
        await self.worker.start()
        try:
            for job in jobs:
                await self.worker.send(job)
            while len(found) < len(jobs):
                message = await self.worker.receive()
                if isinstance(message, Ask):
                    self.asked.append(message)
                    if len(self.asked) == self.kill_at:
                        kill_worker()
                    await self.worker.send(Answer(message.id, await self.reply(message)))
                else:
                    assert isinstance(message, SlotResult), message
                    found[message.index] = message
        finally:
            await self.worker.close()
        return found

    async def reply(self, ask: Ask) -> Completion | TeacherFailed:
        try:
            return await self.complete(ask.slot, ask.request)
        except TeacherFailed as failed:
            return failed


def kill_worker() -> None:
    for process in multiprocessing.active_children():
        if process.name == "funreason-worker" and process.pid is not None:
            os.kill(process.pid, signal.SIGKILL)


def in_process(config: SynthesisConfig, graph: bytes, parent: Parent, count: int) -> dict[int, SlotResult]:
    """The same slots, made one after another without a worker."""
    maker = SlotMaker(config, ToolGraph.from_json(graph), ask=parent.complete)
    return {index: maker.make(index, attempts=1) for index in range(count)}


def test_slots_at_once_are_the_slots_one_after_another() -> None:
    config = configuration(**MODEL)
    parent = Parent(config, graph_of())
    found = asyncio.run(parent.play(SlotJob(index, 0, 1) for index in range(12)))
    assert found == in_process(config, graph_of(), parent, 12)
    first = [ask.slot for ask in parent.asked[:12]]
    assert sorted(first) == list(range(12))  # every slot asks before any has its reply


@pytest.mark.parametrize("kill_at", [1, 9, 40])
def test_a_killed_process_asks_the_same_again_under_new_ids(kill_at: int) -> None:
    config = configuration(**MODEL)
    parent = Parent(config, graph_of())
    parent.kill_at = kill_at
    found = asyncio.run(parent.play(SlotJob(index, 0, 1) for index in range(8)))
    assert found == in_process(config, graph_of(), parent, 8)
    assert parent.worker.restarts == 1
    assert len({ask.id for ask in parent.asked}) == len(parent.asked)
    assert len({ask.request.seed for ask in parent.asked}) < len(parent.asked)


def test_a_call_that_never_ends_costs_its_slot_an_attempt_and_the_others_nothing() -> None:
    """The agent of slot 2 calls a tool that holds the interpreter lock; that it does so once more is known."""
    config = configuration("HoldingTheLock", **MODEL)
    wayward: list[str] = []

    def instead(slot: int, request: Request) -> Completion | None:
        if slot != 2 or request.agent != "reasoning" or wayward not in ([], [request.seed]):
            return None
        wayward[:] = [request.seed]
        text = '<tool_call>\n{"name": "power", "arguments": {"base": 7}}\n</tool_call>'
        return Completion(text, 1, 1, "none")

    parent = Parent(config, graph_of("HoldingTheLock"), instead)
    found = asyncio.run(parent.play(SlotJob(index, 0, 1) for index in range(4)))
    assert parent.worker.restarts == 1
    assert sum(ask.request.seed == wayward[0] for ask in parent.asked) == 2
    parent.instead = lambda slot, request: None
    undisturbed = in_process(config, graph_of("HoldingTheLock"), parent, 4)
    assert {index: found[index] for index in (0, 1, 3)} == {index: undisturbed[index] for index in (0, 1, 3)}
    line = found[2].line
    assert line is not None
    feedback = [note for turn in orjson.loads(line)["turns"] for note in turn["feedback"]]
    assert "over its time limit" in feedback[0]["reason"]


def test_a_tool_that_crashes_the_interpreter_twice_is_one_line() -> None:
    config = configuration("Fragile", **MODEL)

    def instead(slot: int, request: Request) -> Completion | None:
        text = '<tool_call>\n{"name": "halve", "arguments": {"number": 987654}}\n</tool_call>'
        return Completion(text, 1, 1, "none") if request.agent == "reasoning" and slot == 1 else None

    parent = Parent(config, graph_of("Fragile"), instead)
    with pytest.raises(UserError, match="died twice at slot 1 with exit status 3"):
        asyncio.run(parent.play(SlotJob(index, 0, 1) for index in range(3)))


def test_a_request_without_a_reply_rejects_the_turn() -> None:
    config = configuration(**MODEL)

    def instead(slot: int, request: Request) -> Completion | None:
        if slot == 1 and request.agent == "querying":
            raise TeacherFailed("request_failed", "503 after 8 tries")
        return None

    found = asyncio.run(Parent(config, graph_of(), instead).play(SlotJob(index, 0, 1) for index in range(3)))
    assert [found[index].line is None for index in range(3)] == [False, True, False]
    rows = [orjson.loads(line) for line in found[1].rejections]
    assert {(row["phase"], row["code"]) for row in rows} == {("query", "request_failed")}


def test_an_attempt_over_its_time_is_rejected() -> None:
    """Slot 0 never gets its reply."""
    config = configuration(**MODEL, trajectory_time_limit=2)
    parent = Parent(config, graph_of())

    async def scenario() -> dict[int, SlotResult]:
        found: dict[int, SlotResult] = {}
        await parent.worker.start()
        for index in range(3):
            await parent.worker.send(SlotJob(index, 0, 1))
        while len(found) < 3:
            message = await parent.worker.receive()
            if isinstance(message, SlotResult):
                found[message.index] = message
            elif isinstance(message, Ask) and message.slot:
                await parent.worker.send(Answer(message.id, await parent.complete(0, message.request)))
        await parent.worker.close()
        return found

    found = asyncio.run(scenario())
    assert found[0].line is None
    (row,) = map(orjson.loads, found[0].rejections)
    assert (row["phase"], row["code"], row["whole"]) == ("trajectory", "over_time", True)


def test_what_a_worker_cannot_start_with_is_said() -> None:
    async def scenario() -> object:
        worker = LocalWorker(configuration().as_plain() | {"env": ["nowhere"]}, graph_of())
        await worker.start()
        try:
            await worker.send(SlotJob(0, 0, 1))
            return await worker.receive()
        finally:
            await worker.close()

    message = asyncio.run(scenario())
    assert isinstance(message, Failed)
    assert isinstance(message.error, UserError)
    assert "nowhere" in message.error.message
