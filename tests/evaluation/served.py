"""A model that knows the truth, behind the real protocol on loopback: it answers what the trajectories say."""

from __future__ import annotations

import asyncio
import inspect
import threading
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from aiohttp import web

from funreason_plugin.messages import of_trajectory
from funreason_plugin.rendering import END, PromptForm, prompt, response_text
from funreason_plugin.trajectory import Trajectory

Said = tuple[str, str]
Answer = Callable[[str, int], "web.Response | Said | Awaitable[web.Response | Said]"]
"""Prompt and number of the request (from 1) to (text, finish reason), or to a whole response."""


def truths(trajectories: list[Trajectory], form: PromptForm) -> dict[str, str]:
    """Every prompt of the trajectories with the response that the truth has."""
    known = {}
    for trajectory in trajectories:
        talk = of_trajectory(trajectory)
        messages, talk.messages = talk.messages, []
        for message in messages:
            if message.role == "assistant":
                known[prompt(talk, form)] = response_text(message, form)
            talk.messages.append(message)
    return known


def from_truth(known: Mapping[str, str]) -> Answer:
    """Says the truth, and nonsense to prompts that are not in it."""
    return lambda text, number: (known.get(text, "I do not know."), "stop")


@contextmanager
def serving(
    answer: Answer, model: str = "tiny", context: int | None = None
) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """The base URL, and the bodies of the requests to /v1/completions so far."""
    seen: list[dict[str, Any]] = []

    async def models(request: web.Request) -> web.Response:
        room = {} if context is None else {"max_model_len": context}
        return web.json_response({"object": "list", "data": [{"id": model, "object": "model", **room}]})

    async def completions(request: web.Request) -> web.Response:
        body = await request.json()
        seen.append(body)
        found = answer(body["prompt"], len(seen))
        if inspect.isawaitable(found):
            found = await found
        if isinstance(found, web.Response):
            return found
        text, reason = found
        assert body["stop"] == [END]
        return web.json_response(
            {
                "id": f"cmpl-{len(seen)}",
                "object": "text_completion",
                "created": 0,
                "model": body["model"],
                "choices": [{"index": 0, "text": text, "finish_reason": reason, "logprobs": None}],
                "usage": {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15},
            }
        )

    loop = asyncio.new_event_loop()
    app = web.Application(client_max_size=10_000_000)
    app.add_routes([web.get("/v1/models", models), web.post("/v1/completions", completions)])
    runner = web.AppRunner(app)
    loop.run_until_complete(runner.setup())
    site = web.TCPSite(runner, "127.0.0.1", 0)
    loop.run_until_complete(site.start())
    port = runner.addresses[0][1]
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{port}/v1", seen
    finally:
        asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
