"""python benchmarks/prefix_cache.py --base-url http://127.0.0.1:8000/v1 --model Qwen/Qwen3-4B-Instruct-2507

How much of the prompts a vLLM server has in its prefix cache already (started with --enable-prompt-tokens-details).
A run's own workers play trajectories, several at once; every request of an agent goes to the server as it arises and is
then answered by the scripted teacher, so prompts and their order are those of a real run. Replies are cut off after one
token: what a model writes would be in the cache as well when it comes back in the next prompt, so a real run hits more.

- last: prompts as they are, the notes that only A_R sees at the end of the user's last message;
- front: the same notes at the end of the system message, before the conversation, where they once stood.

Both start with an empty cache (vLLM's cache_salt keeps them apart).
"""

from __future__ import annotations

import argparse
import asyncio
import time
from collections import Counter
from pathlib import Path

import openai
from rich.console import Console
from rich.table import Table

from funreason_plugin.config import SynthesisConfig
from funreason_plugin.environments.space import SimulationSpace
from funreason_plugin.synthesis.graph import ToolGraph
from funreason_plugin.synthesis.messages import split_notes
from funreason_plugin.synthesis.slots import SlotMaker
from funreason_plugin.synthesis.teachers.base import AGENTS, Completion, Message, Request
from funreason_plugin.synthesis.teachers.scripted import ScriptedTeacher


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--base-url", default="http://127.0.0.1:8000/v1")
    parser.add_argument("--model", required=True)
    parser.add_argument("--env", nargs="+", default=["travel", "files", "shop", "bank", "clinic"])
    parser.add_argument("--trajectories", type=int, default=24)
    parser.add_argument("--at-once", type=int, default=8, help="trajectories in play at the same time")
    options = parser.parse_args()
    console = Console()
    table = Table(
        title=f"{options.trajectories} trajectories, {options.at_once} at once: input tokens from the cache"
    )
    for name in ("notes", "agent", "requests", "input tokens", "cached", "to compute", "hit rate"):
        table.add_column(name, justify="left" if name in ("notes", "agent") else "right")
    for place in ("last", "front"):
        start = time.monotonic()
        counted = asyncio.run(play(place, options))
        for agent in (*AGENTS, "all"):
            requests, read, cached = (counted[agent, kind] for kind in ("requests", "read", "cached"))
            if requests:
                numbers = (requests, read, cached, read - cached)
                table.add_row(place, agent, *(f"{number:,}" for number in numbers), f"{cached / read:.1%}")
        table.add_section()
        console.print(f"notes {place}: {time.monotonic() - start:.0f} s")
    console.print(table)


async def play(place: str, options: argparse.Namespace) -> Counter[tuple[str, str]]:
    """Requests, input tokens and cached ones, by agent and for all."""
    config = SynthesisConfig.model_validate(
        {"env": options.env, "teacher": "openai", "model": options.model, "out": Path("out"), "seed": 0}
    )
    space = SimulationSpace.from_names(options.env)
    scripted = ScriptedTeacher(space)
    counted: Counter[tuple[str, str]] = Counter()
    salt = f"{place} {time.time()}"
    async with openai.AsyncOpenAI(base_url=options.base_url, api_key="none", timeout=600) as client:

        async def ask(slot: int, request: Request) -> Completion:
            messages = request.messages if place == "last" else notes_in_front(request.messages)
            reply = await client.chat.completions.create(
                model=options.model,
                messages=list(messages),  # type: ignore[arg-type]
                max_tokens=1,
                extra_body={"cache_salt": salt},
            )
            assert reply.usage is not None
            details = reply.usage.prompt_tokens_details
            if details is None:
                raise SystemExit("the server does not say; start it with --enable-prompt-tokens-details")
            for agent in (request.agent, "all"):
                counted[agent, "requests"] += 1
                counted[agent, "read"] += reply.usage.prompt_tokens
                counted[agent, "cached"] += details.cached_tokens or 0
            return await scripted.complete(request)

        maker = SlotMaker(config, ToolGraph.build(space, seed=0), ask=ask)
        slots = iter(range(options.trajectories))

        async def one_after_another() -> None:
            for slot in slots:
                await maker.play(slot)

        await asyncio.gather(*(one_after_another() for _ in range(options.at_once)))
    return counted


def notes_in_front(messages: tuple[Message, ...]) -> tuple[Message, ...]:
    """The private notes of the last query at the end of the system message."""
    system, *rest = (dict(message) for message in messages)
    for message in rest:
        query, notes = split_notes(message["content"]) if message["role"] == "user" else ("", "")
        if notes:
            message["content"] = query
            system["content"] += f"\n\n{notes}"
    return (system, *rest)


if __name__ == "__main__":
    main()
