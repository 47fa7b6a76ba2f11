"""Many tasks, several times each, played at once by a served model and judged as the reward judges."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass

from funreason_plugin.conversation import Generate, Limits, play
from funreason_plugin.environments.space import SimulationSpace
from funreason_plugin.errors import UserError
from funreason_plugin.evaluation.served import Spent
from funreason_plugin.hosting import Host
from funreason_plugin.judging import Score, judge_played
from funreason_plugin.live import Direct, LiveSession, ToolsLost
from funreason_plugin.played import Played
from funreason_plugin.tasks import Task

__all__ = ["Rollout", "rollouts"]


@dataclass(frozen=True, slots=True)
class Rollout:
    """One task played once; ``key`` is the row and the attempt, both from 0, ``spent`` what its responses cost."""

    key: tuple[int, int]
    task: Task
    played: Played
    score: Score
    spent: Spent


async def rollouts(
    work: Iterable[tuple[tuple[int, int], Task]],
    generate: Callable[[Task, Spent], Generate],
    host: Host,
    limits: Limits,
    concurrency: int,
) -> AsyncIterator[Rollout]:
    """Play every task, by its key, and hand each on as it ends; ``concurrency`` conversations at a time.

    Raises:
        UserError: the server or an environment fails; what runs then is cancelled.
    """
    waiting = iter(work)
    running: set[asyncio.Task[Rollout]] = set()
    try:
        while True:
            for key, task in waiting:
                running.add(asyncio.create_task(_one(key, task, generate, host, limits)))
                if len(running) >= concurrency:
                    break
            if not running:
                return
            done, running = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
            for finished in sorted(done, key=lambda task: task.exception() is not None):
                yield finished.result()  # what failed comes last: nothing that was played is lost
    finally:
        for left in running:
            left.cancel()
        await asyncio.gather(*running, return_exceptions=True)


async def _one(
    key: tuple[int, int],
    task: Task,
    generate: Callable[[Task, Spent], Generate],
    host: Host,
    limits: Limits,
) -> Rollout:
    spent = Spent()
    session: LiveSession
    try:
        if task.environments:
            session = await host.open(task.environments, task.scenario)
        else:  # a truth of calls alone: nothing is executed
            session = Direct(SimulationSpace([]), task.scenario)
    except ToolsLost as error:
        raise UserError(f"row {task.id}: {error}") from None
    try:
        played = await play(task, session, generate(task, spent), limits)
    finally:
        await session.close()
    score = await asyncio.to_thread(judge_played, task, played)
    return Rollout(key, task, played, score, spent)
