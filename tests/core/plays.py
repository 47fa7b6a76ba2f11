"""Tasks over the small library, and conversations about them that a scripted model plays in a live session."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from typing import Any

from funreason_plugin.conversation import Limits, Reply, play
from funreason_plugin.environments.space import SimulationSpace
from funreason_plugin.live import Direct
from funreason_plugin.messages import Conversation
from funreason_plugin.played import Played
from funreason_plugin.tasks import Rule, Task, TaskTurn, TruthCall
from funreason_plugin.trajectory import EnvironmentRef, Needed
from tests.core.library import Library

SPACE = SimulationSpace([Library])
SCENARIO = SPACE.scenario(5)
Calls = list[tuple[str, dict[str, Any]]]


def find(title: str) -> tuple[str, dict[str, Any]]:
    return "find", {"title": title}


def lend(title: str, **more: Any) -> tuple[str, dict[str, Any]]:
    return "lend", {"title": title, **more}


def task(
    *turns: Sequence[Calls],
    needed: dict[int, list[Needed]] | None = None,
    at: tuple[int, int] | None = None,
    rule: Rule = "environment",
) -> Task:
    """A task whose truth are these turns: by turn its steps, by step its calls."""
    made = []
    with SPACE.session(SCENARIO) as session:
        for number, steps in enumerate(turns):
            truth = tuple(
                tuple(TruthCall(name, arguments, session.call(name, arguments)) for name, arguments in calls)
                for calls in steps
            )
            variant = "base" if steps else "miss_param"
            own = tuple((needed or {}).get(number, ()))
            made.append(TaskTurn(f"query {number}", variant, truth, own, session.state_hash(), "Done."))
    return Task(
        "task-1",
        "trajectory" if at is None else "response",
        rule,
        "train",
        "hermes",
        (EnvironmentRef("library", Library.version, "", "tests.core.library:Library"),),
        SCENARIO,
        SPACE.policy,
        tuple(spec.as_openai() for spec in SPACE.tools.values()),
        tuple(made if at is None else made[: at[0] + 1]),
        at,
    )


def says(calls: Calls) -> str:
    """A response with these calls."""
    return "\n".join(
        f"<tool_call>\n{json.dumps({'name': name, 'arguments': arguments})}\n</tool_call>"
        for name, arguments in calls
    )


def plays(task: Task, *replies: str | Calls | Reply, steps: int = 20) -> Played:
    """What happens when a model says this, one after the other; then "Done."."""
    left = list(replies)

    async def generate(conversation: Conversation) -> Reply:
        reply = left.pop(0) if left else "Done."
        return reply if isinstance(reply, Reply) else Reply(says(reply) if isinstance(reply, list) else reply)

    async def run() -> Played:
        session = Direct(SPACE, task.scenario)
        try:
            return await play(task, session, generate, Limits(steps=steps))
        finally:
            await session.close()

    return Played.loads(asyncio.run(run()).dumps())
