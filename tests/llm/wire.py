"""A server that says what a test tells it to, over real HTTP, and an endpoint that asks it.

    async with Wire(reply("hello")) as wire:
        completion = await wire.ask()
        wire.bodies[0]["model"], wire.tries[0].outcome

What is told is a list of answers, one a request, the last of them for all the rest; an answer is a coroutine
function of aiohttp's request.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

import orjson
from aiohttp import web

from funreason_plugin.config import SynthesisConfig
from funreason_plugin.synthesis.teachers.base import Agent, Completion, Request
from funreason_plugin.synthesis.teachers.endpoint import Try
from funreason_plugin.synthesis.teachers.openai import OpenAIEndpoint, endpoints

Told: TypeAlias = Callable[[web.Request], Awaitable[web.StreamResponse]]

USAGE = {"prompt_tokens": 100, "completion_tokens": 20, "prompt_tokens_details": {"cached_tokens": 60}}
MESSAGES = (
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": "What is the capital of Norway?"},
)

T = TypeVar("T")


def json(data: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Told:
    return raw(orjson.dumps(data), status, headers)


def raw(body: bytes, status: int = 200, headers: Mapping[str, str] | None = None) -> Told:
    """These bytes, whatever they are."""

    async def answer(request: web.Request) -> web.StreamResponse:
        return web.Response(
            body=body, status=status, headers={"Content-Type": "application/json", **(headers or {})}
        )

    return answer


def reply(content: object = "Oslo", finish: str = "stop", **message: object) -> Told:
    """A good reply of the chat API; ``message`` adds fields to the message."""
    return json(reply_data(content, finish, **message))


def reply_data(content: object = "Oslo", finish: str = "stop", **message: object) -> dict[str, Any]:
    return {
        "model": "tiny-1",
        "choices": [
            {"message": {"role": "assistant", "content": content, **message}, "finish_reason": finish}
        ],
        "usage": USAGE,
    }


def error(status: int, message: str = "", code: object = None, **headers: str) -> Told:
    """An error in OpenAI's form; ``Retry_After="1"`` adds a header."""
    data = {"error": {"message": message, "type": "some_error", "param": None, "code": code}}
    return json(data, status, {name.replace("_", "-"): value for name, value in headers.items()})


async def hang(request: web.Request) -> web.StreamResponse:
    await asyncio.Event().wait()
    raise AssertionError


async def hang_in_the_middle(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    await response.prepare(request)
    await response.write(b'{"choices": [')
    return await hang(request)


async def reset(request: web.Request) -> web.StreamResponse:
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


async def reset_in_the_middle(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Length": "1000"})
    await response.prepare(request)
    await response.write(b'{"choices": [')
    return await reset(request)


class Wire:
    """The server, and endpoints of a configuration that names it. ``models``: the answer to GET /models."""

    def __init__(
        self,
        *told: Told,
        models: Told | None = None,
        path: str = "/v1",
        **settings: Any,
    ) -> None:
        self.told = list(told)
        self.models = models or json({"object": "list", "data": [{"id": "org/tiny"}]})
        self.path = path
        self.settings = settings
        self.bodies: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.paths: list[str] = []
        self.tries: list[Try] = []
        self.warnings: list[str] = []
        self.in_flight = 0
        self.most_in_flight = 0

    async def __aenter__(self) -> Wire:
        app = web.Application(client_max_size=64 << 20)
        app.router.add_get(f"{self.path}/models" if "{" not in self.path else self.path, self._models)
        app.router.add_post(f"{self.path}/{{rest:.*}}", self._post)
        # Requests that hang are given up at once when the server goes.
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0, handler_cancellation=True)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.port: int = self._runner.addresses[0][1]
        self.url = f"http://127.0.0.1:{self.port}{self.path}"
        self.config = SynthesisConfig.model_validate(
            {
                "env": ["travel"],
                "teacher": "openai",
                "model": "org/tiny",
                "base_url": self.url,
                "out": Path("out"),
                "request_time_limit": 10,
                **self.settings,
            }
        )
        self.endpoints = endpoints(self.config, self.warnings.append)
        return self

    async def __aexit__(self, *_: object) -> None:
        for endpoint in self.endpoints.values():
            await endpoint.close()
        await self._runner.cleanup()

    def endpoint(self, agent: Agent = "querying") -> OpenAIEndpoint:
        return self.endpoints[agent]

    async def ask(self, agent: Agent = "querying", order: int = 0, seed: str = "0/1") -> Completion:
        """One request; its tries are in ``tries``."""
        return await self.endpoints[agent].ask(Request(agent, MESSAGES, seed), order, self.tries.append)

    @property
    def outcomes(self) -> list[str]:
        return [one.outcome for one in self.tries]

    async def _models(self, request: web.Request) -> web.StreamResponse:
        self.paths.append(request.path)
        self.headers.append(dict(request.headers))
        return await self.models(request)

    async def _post(self, request: web.Request) -> web.StreamResponse:
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            self.paths.append(request.path)
            self.headers.append(dict(request.headers))
            self.bodies.append(orjson.loads(await request.read()))
            told = self.told.pop(0) if len(self.told) > 1 else self.told[0]
            return await told(request)
        finally:
            self.in_flight -= 1


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run a test's coroutine; a minute is a failure, not a wait."""
    return asyncio.run(asyncio.wait_for(work, 60))
