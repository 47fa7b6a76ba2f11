"""The truth of a task, played as a model would."""

from __future__ import annotations

from funreason_plugin.conversation import Limits, Reply, play
from funreason_plugin.hosting import Host
from funreason_plugin.messages import Conversation
from funreason_plugin.played import Played
from funreason_plugin.tasks import Task
from tests.core.plays import says


async def played(task: Task) -> Played:
    """The truth's calls as a model would say them, in a session whose tools run in a process of their own."""
    replies = []
    for turn in task.turns:
        replies += [says([(call.name, call.arguments) for call in step]) for step in turn.steps]
        replies.append(turn.answer or "Done.")

    async def generate(conversation: Conversation) -> Reply:
        return Reply(replies.pop(0))

    with Host(processes=1, threads=4) as host:
        session = await host.open(task.environments, task.scenario)
        try:
            return await play(task, session, generate, Limits())
        finally:
            await session.close()
