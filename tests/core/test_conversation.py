"""The player's time limit; the rest of what it does is seen through the agent loop and the verdict."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from funreason_plugin.conversation import Limits, Reply, play
from funreason_plugin.live import Direct
from funreason_plugin.messages import Conversation
from funreason_plugin.played import Played
from tests.core.plays import SCENARIO, SPACE, find, says, task


class Slow(Direct):
    """Each call takes a while."""

    async def call(self, name: str, arguments: dict[str, Any]) -> Any:
        time.sleep(0.02)
        return await super().call(name, arguments)


def test_the_time_is_over_between_the_calls_of_one_response_too() -> None:
    async def generate(talk: Conversation) -> Reply:
        return Reply(says([find("Dune")] * 60))

    async def run() -> Played:
        return await play(task([[find("Dune")]]), Slow(SPACE, SCENARIO), generate, Limits(seconds=0.1))

    (turn,) = asyncio.run(run()).turns
    assert turn.stop == "time"
    assert 0 < len(turn.calls()) < 60
    assert turn.state_hash
