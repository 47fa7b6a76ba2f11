"""The HTTP side of the served scripted teacher: endpoints, slots, faults and its own counts.

    served = ServedTeacher(ScriptedTeacher(space), Settings(latency=0.2), Faults.parse("429:0.1"))
    await serve(served, "127.0.0.1", 8000, told=print)

One process, one loop: replies are made at once and held back until their time is over.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import NoReturn

import orjson
from aiohttp import web

from funreason_plugin.errors import UserError
from funreason_plugin.synthesis.teachers.base import Request
from funreason_plugin.synthesis.teachers.scripted import ScriptedTeacher
from funreason_plugin.synthesis.teachers.served_faults import SPOILED, Faults, error_body, spoil
from funreason_plugin.synthesis.teachers.served_transport import (
    AT_ONCE,
    HTML,
    key_of,
    reply,
    reset,
    reset_in_the_middle,
)
from funreason_plugin.synthesis.teachers.served_wire import (
    Asked,
    BadRequest,
    PrefixCache,
    Style,
    Usage,
    agent_marks,
    reply_body,
    usage_of,
)

__all__ = ["ServedTeacher", "Settings", "Stats", "serve"]

NOTHING = Usage(0, 0, 0)


@dataclass(frozen=True, slots=True)
class Settings:
    """What the command line decides. ``latency`` and ``slow_time`` in seconds; ``key``: the one that is let in."""

    model: str = "scripted"
    latency: float = 0.0
    slots: int = 64
    queue: int = 1_000_000
    slow_time: float = 30.0
    style: Style = "plain"
    key: str = field(default="", repr=False)
    rejected: frozenset[str] = frozenset()


@dataclass(slots=True)
class Stats:
    """The server's own counts of requests for replies. ``outcomes``: by kind of fault, status of an error, "ok" or
    "gone" (the client left first): requests and the tokens that the replies said they took; ``agents``: the same by agent.

    ``repeated``: requests whose like was answered well before. Every finished request is a row of ``log``.
    """

    requests: int = 0
    in_flight: int = 0
    peak_in_flight: int = 0
    models_listed: int = 0
    repeated: int = 0
    outcomes: dict[str, dict[str, int]] = field(default_factory=dict)
    agents: dict[str, dict[str, int]] = field(default_factory=dict)

    def count(self, outcome: str, agent: str, usage: Usage) -> None:
        for table, key in ((self.outcomes, outcome), (self.agents, agent)):
            row = table.setdefault(
                key or "none", {"requests": 0, "input_tokens": 0, "cached_tokens": 0, "output_tokens": 0}
            )
            row["requests"] += 1
            for name, tokens in asdict(usage).items():
                row[name] += tokens


@dataclass(slots=True)
class Turn:
    """One request on its way through the server; times in seconds, as `time.time` has them."""

    number: int
    arrived: float
    started: float = 0.0
    agent: str = ""
    outcome: str = "gone"
    usage: Usage = NOTHING


class ServedTeacher:
    """The server's state: teacher, faults, slots, counts. ``app()`` is what aiohttp serves."""

    def __init__(
        self,
        teacher: ScriptedTeacher,
        settings: Settings,
        faults: Faults,
        log: Path | None = None,
        requests: Path | None = None,
    ) -> None:
        """``log`` gets a JSON line for every finished request, ``requests`` the body of every request for a reply."""
        self.settings = settings
        self.stats = Stats()
        self._teacher = teacher
        self._faults = faults
        self._marks = agent_marks()
        self._prefixes = PrefixCache()
        self._answered: set[int] = set()
        self._slots = asyncio.Semaphore(settings.slots)
        self._log = log.open("wb") if log is not None else None
        self._requests = requests.open("wb") if requests is not None else None
        self._began = time.time() - time.monotonic()

    def app(self) -> web.Application:
        """The routes."""
        app = web.Application(client_max_size=64 << 20)
        app.router.add_get("/v1/models", self._models)
        app.router.add_post("/v1/chat/completions", self._handler(chat=True))
        app.router.add_post("/v1/completions", self._handler(chat=False))
        app.router.add_get("/stats", self._show_stats)
        return app

    async def _show_stats(self, request: web.Request) -> web.Response:
        if self._log is not None:
            self._log.flush()
        return reply(asdict(self.stats))

    async def _models(self, request: web.Request) -> web.Response:
        self.stats.models_listed += 1
        refused = self._refused(request)
        if refused is not None:
            return refused[1]
        model = {"id": self.settings.model, "object": "model", "created": 0, "owned_by": "funreason_plugin"}
        return reply({"object": "list", "data": [model]})

    def _refused(self, request: web.Request) -> tuple[str, web.Response] | None:
        key = key_of(request)
        if self.settings.key and key != self.settings.key:
            # Hosted services repeat the beginning and the end of the key here; this one repeats all of it.
            message = f"Incorrect API key provided: {key}."
            return "401", reply(error_body(message, "invalid_request_error", "invalid_api_key"), 401)
        return None

    def close(self) -> None:
        """Finish the files."""
        for file in (self._log, self._requests):
            if file is not None:
                file.close()

    # -- one request ------------------------------------------------------------------------------------

    def _handler(self, chat: bool) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def handle(request: web.Request) -> web.StreamResponse:
            stats = self.stats
            stats.requests += 1
            stats.in_flight += 1
            stats.peak_in_flight = max(stats.peak_in_flight, stats.in_flight)
            turn = Turn(stats.requests, self._now())
            try:
                return await self._answer(request, chat, turn)
            finally:
                stats.in_flight -= 1
                stats.count(turn.outcome, turn.agent, turn.usage)
                if self._log is not None:
                    self._log.write(orjson.dumps({**asdict(turn), "ended": self._now()}) + b"\n")

        return handle

    async def _answer(self, request: web.Request, chat: bool, turn: Turn) -> web.StreamResponse:
        raw = await request.read()
        refused = self._refused(request)
        if refused is not None:
            turn.outcome = refused[0]
            return refused[1]
        try:
            data = orjson.loads(raw)
        except orjson.JSONDecodeError:
            return _bad(turn, BadRequest("the body is not JSON"))
        if isinstance(data, dict) and data.get("model") != self.settings.model:
            turn.outcome = "404"
            message = f"The model `{data.get('model')}` does not exist."
            return reply(error_body(message, "NotFoundError", "model_not_found", "model"), 404)
        try:
            asked = Asked.of(data, chat, self._marks)
            for name in self.settings.rejected & data.keys():
                other = " Use 'max_completion_tokens' instead." if name == "max_tokens" else ""
                raise BadRequest(
                    f"Unsupported parameter: '{name}' is not supported with this model.{other}", name
                )
        except BadRequest as error:
            return _bad(turn, error)
        turn.agent = asked.agent
        if self._requests is not None:
            self._requests.write(raw.replace(b"\n", b" ") + b"\n")  # between JSON's tokens a blank is as good
            self._requests.flush()
        kind = self._faults.draw(turn.number, raw)
        if kind in AT_ONCE:
            turn.outcome = kind
            return AT_ONCE[kind](request)
        if kind == "reset":
            turn.outcome = kind
            return reset(request)
        if self.stats.in_flight > self.settings.slots + self.settings.queue:
            turn.outcome = "429"
            return AT_ONCE["429"](request)
        async with self._slots:
            turn.started = self._now()
            return await self._in_slot(request, asked, kind, hash(raw), turn)

    async def _in_slot(
        self, request: web.Request, asked: Asked, kind: str, digest: int, turn: Turn
    ) -> web.StreamResponse:
        if kind == "hang":
            turn.outcome = kind
            await asyncio.Event().wait()
        try:
            text = (await self._teacher.complete(Request(asked.agent, asked.messages, asked.seed))).text
        except Exception as error:  # whatever is wrong with a prompt of another version or of other tools
            return _bad(
                turn, BadRequest(f"the scripted teacher cannot read this: {type(error).__name__}: {error}")
            )
        body = reply_body(
            asked, text, self.settings.style, self.settings.model, self._prefixes.cached_tokens(asked.prompt)
        )
        if kind in SPOILED:
            body = spoil(kind, body, key_of(request))
        takes = self.settings.slow_time if kind == "slow" else self.settings.latency
        await asyncio.sleep(takes - (self._now() - turn.started))
        if kind == "reset-body":
            turn.outcome = kind
            return await reset_in_the_middle(request, orjson.dumps(body))
        turn.outcome = kind or "ok"
        if kind == "html":
            return web.Response(text=HTML, content_type="text/html")
        if kind == "truncated":
            whole = orjson.dumps(body)
            return web.Response(body=whole[: len(whole) // 2], content_type="application/json")
        turn.usage = usage_of(body)
        self.stats.repeated += digest in self._answered
        if kind in ("", "slow"):
            self._answered.add(digest)
        return reply(body)

    def _now(self) -> float:
        return self._began + time.monotonic()


def _bad(turn: Turn, error: BadRequest) -> web.Response:
    turn.outcome = "400"
    return reply(error_body(error.message, "invalid_request_error", None, error.param), 400)


# -- serving ---


async def serve(served: ServedTeacher, host: str, port: int, told: Callable[[str], None]) -> NoReturn:
    """Serve until cancelled. ``told`` gets the base URL once it answers.

    Raises:
        UserError: The port is taken.
    """
    runner = web.AppRunner(
        served.app(), access_log=None, handler_cancellation=True, keepalive_timeout=75, shutdown_timeout=0.1
    )
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, port, backlog=1024)
        try:
            await site.start()
        except OSError as error:
            raise UserError(
                f"--port {port}: {error.strerror or error}; choose another, or 0 for any"
            ) from None
        told(f"http://{host}:{runner.addresses[0][1]}/v1")
        while True:
            await asyncio.sleep(3600)
    finally:
        await runner.cleanup()
        served.close()
