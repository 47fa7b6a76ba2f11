"""`OpenAIEndpoint`: one agent's model behind the OpenAI protocol: vLLM, SGLang, hosted services.

    for agent, endpoint in endpoints(config).items():
        await endpoint.check()
    completion = await endpoint.ask(request, order=17, note=ledger.append)

A request is tried until it has a reply: after Retry-After, or with exponential back-off and jitter. A failure uses up
one of its `retries` if others were answered meanwhile; while nothing is, it waits, up to `give_up_after`. What will not
get better (a wrong key, no credit, a model that is not there) ends the run at once with one line.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import Any

from tenacity import AsyncRetrying, RetryCallState, retry_if_result, wait_random_exponential

from funreason_plugin.config import SynthesisConfig
from funreason_plugin.errors import UserError
from funreason_plugin.synthesis.teachers.api_key import DEFAULT_URL, ApiKey
from funreason_plugin.synthesis.teachers.base import (
    Agent,
    Completion,
    Request,
    TeacherFailed,
    count_tokens,
)
from funreason_plugin.synthesis.teachers.endpoint import Note, Try
from funreason_plugin.synthesis.teachers.gate import Gate
from funreason_plugin.synthesis.teachers.openai_client import Answer
from funreason_plugin.synthesis.teachers.openai_errors import (
    adaptation,
    final_words,
    meaning,
    one_line,
    read_error,
)
from funreason_plugin.synthesis.teachers.openai_replies import Reply, read_reply
from funreason_plugin.synthesis.teachers.openai_requests import encoded, request_body
from funreason_plugin.synthesis.teachers.openai_server import Server, Warn
from funreason_plugin.teacher_config import ResolvedAgent

__all__ = ["OpenAIEndpoint", "endpoints"]

BACK_OFF = wait_random_exponential(multiplier=0.5, max=30)
"""Seconds: anything up to 0.5, 1, 2, … 30."""
SHORTEST_ORDER = 0.5
"""A Retry-After below this many seconds is no order to heed: the usual back-off holds."""
REFUSALS = 5
"""So many refusals of an agent's requests, and not one reply: something is wrong with all of them."""
OVERLOADED = (429, 503, 529)
AWAY = (*OVERLOADED, 502, 504)
"""Statuses that say nothing about the request itself."""


@dataclass(slots=True)
class _Asked:
    """One request on its way to a reply."""

    request: Request
    order: int
    note: Note
    seen: int
    """Answers that the server had given when this request came in, or failed last."""
    tries: int = 0
    used: int = 0
    """Failures that count against `retries`."""
    body: dict[str, Any] = field(default_factory=dict)
    """As it was sent last, without ``extra_body``."""


@dataclass(frozen=True, slots=True)
class _Again:
    """The try came to nothing; there will be another, after so many seconds (None: the back-off's)."""

    wait: float | None


class OpenAIEndpoint:
    """See `Endpoint`. Agents with the same URL and key share their ``server``."""

    def __init__(self, agent: ResolvedAgent, server: Server) -> None:
        self.agent = agent
        self.server = server
        self._answered = False
        self._refusals = 0
        self._owed: list[Try] = []

    @property
    def name(self) -> str:
        return f"{self.agent.model.rpartition('/')[2]} at {self.server.host}"

    @property
    def gate(self) -> Gate:
        return self.server.gate

    def __repr__(self) -> str:
        return f"OpenAIEndpoint({self.agent.agent}: {self.name})"

    async def check(self) -> None:
        from funreason_plugin.synthesis.teachers.openai_check import check

        self._owed += await check(self.agent, self.server)

    def take_probes(self) -> list[Try]:
        """The requests that `check` has sent, once: they are on the server's bill, and belong in the ledger."""
        probes, self._owed = self._owed, []
        return probes

    async def close(self) -> None:
        await self.server.close()

    async def ask(self, request: Request, order: int, note: Note) -> Completion:
        while (
            self._owed
        ):  # the check has no ledger to write to; its request is on the server's bill all the same
            note(self._owed.pop())
        asked = _Asked(request, order, note, self.server.successes)
        retrying = AsyncRetrying(
            retry=retry_if_result(lambda result: isinstance(result, _Again)), wait=_wait, sleep=asyncio.sleep
        )
        self.server.asking += 1
        try:
            result: Completion | _Again = await retrying(self._try, asked)
        finally:
            self.server.asking -= 1
        assert isinstance(result, Completion)
        return result

    async def _try(self, asked: _Asked) -> Completion | _Again:
        self.server.raise_if_stopped()
        # The place is kept until the answer is understood: nobody is let in between a 429 and the pause after it.
        async with self.server.gate.place(asked.order):
            self.server.raise_if_stopped()
            return await self._try_now(asked)

    async def _try_now(self, asked: _Asked) -> Completion | _Again:
        server, agent = self.server, self.agent
        path, body = request_body(agent, asked.request)
        server.adapt(agent.model, body)
        asked.body = {name: value for name, value in body.items() if name not in agent.extra_body}
        content = encoded({**asked.body, **agent.extra_body})
        sent = time.monotonic()
        try:
            answer = await server.client.post(path, content, agent.request_time_limit)
        except asyncio.CancelledError:
            asked.note(Try("cancelled", time.monotonic() - sent))
            raise
        seconds = time.monotonic() - sent
        reply = read_reply(answer.body, agent.agent) if answer.status == 200 else Reply()
        if reply.problem == "error":
            answer = Answer(reply.status, answer.body)
        asked.note(_as_try(answer, reply, seconds, asked.request, server.key))
        if answer.status == 200 and reply.problem in ("", "refused"):
            return self._answer(reply, asked.request)
        if answer.status in (0, 200):
            return await self._again(asked, sent, reply.detail or answer.detail)
        return await self._not_answered(asked, answer, sent)

    def _answer(self, reply: Reply, request: Request) -> Completion:
        self.server.succeeded()
        self._answered = True
        key = self.server.key
        if reply.problem:
            raise TeacherFailed("request_refused", f"the model refused: {one_line(reply.detail, key)}")
        tokens = _tokens(reply, request)
        return Completion(
            key.scrub_reply(reply.text),
            *tokens,
            one_line(reply.model, key) or self.agent.model,
            reply.cut_off,
        )

    async def _not_answered(self, asked: _Asked, answer: Answer, sent: float) -> _Again:
        """A status that is an error: another try, this request's end, or the run's."""
        server, agent, status = self.server, self.agent, answer.status
        said = read_error(answer.body, server.key)
        if status in OVERLOADED:
            server.gate.overloaded(sent)
        what = meaning(status, said)
        why = f"{status}{said.quoted}"
        if what == "again" or (self._answered and (status == 404 or what == "moved")):
            wait = answer.retry_after
            if wait is not None and wait >= SHORTEST_ORDER:
                wait = min(wait, server.give_up_after)
                server.gate.pause(wait)
            else:
                wait = None
            return await self._again(asked, sent, why, wait, away=status in AWAY)
        change = adaptation(said, asked.body) if status in (400, 422) else None
        if change is not None:
            server.lacks(agent.model, *change)
            return _Again(0.0)
        if what == "refused" or (self._answered and what in ("forbidden", "model")):
            self._refusals += 1
            if self._refusals >= REFUSALS and not self._answered:
                raise server.stop(
                    f"{agent.agent}: {self.name} refused the first {REFUSALS} requests ({why}); nothing of them "
                    "will be better: mend the settings and run the same command again"
                )
            raise TeacherFailed("request_refused", why)
        models = (await server.models())[1] if what == "model" else None
        raise server.stop(
            final_words(what, agent, server.base_url, server.key, status, said, answer.location, models)
        )

    async def _again(
        self, asked: _Asked, sent: float, why: str, wait: float | None = None, away: bool = False
    ) -> _Again:
        """``away``: the failure says nothing about the request itself."""
        server = self.server
        server.failed(sent)
        asked.tries += 1
        asked.used += server.successes > asked.seen
        asked.seen = server.successes
        alone = not away and asked.tries > 2 * server.retries and server.few_left()
        if asked.used > server.retries or (alone and await server.is_up()):
            raise TeacherFailed("request_failed", f"{asked.tries} tries, the last: {why}")
        if server.failing_for() > server.give_up_after:
            raise server.stop(
                f"{self.name} has answered nothing for {server.give_up_after:g} s (last: {why}); what is finished is "
                "kept: run the same command again to go on"
            )
        return _Again(wait)


def _wait(state: RetryCallState) -> float:
    again = state.outcome.result() if state.outcome is not None else None
    return again.wait if isinstance(again, _Again) and again.wait is not None else BACK_OFF(state)


def _tokens(reply: Reply, request: Request) -> tuple[int, int]:
    """Input and output tokens: as the server counted them, else estimated."""
    asked, written = reply.input_tokens, reply.output_tokens
    if asked is None:
        asked = sum(count_tokens(message["content"]) for message in request.messages)
    return asked, count_tokens(reply.said) if written is None else written


def _as_try(answer: Answer, reply: Reply, seconds: float, request: Request, key: ApiKey) -> Try:
    """For the ledger. Tokens of a failed try count where the server says them."""
    model = one_line(reply.model, key)
    if answer.status == 200 and reply.problem in ("", "refused"):
        asked, written = _tokens(reply, request)
        return Try(reply.problem or "ok", seconds, asked, reply.cached_tokens, written, model)
    asked, written = reply.input_tokens or 0, reply.output_tokens or 0
    if answer.status == 200:
        return Try(reply.problem, seconds, asked, reply.cached_tokens, written, model)
    outcome = str(answer.status) if answer.status else answer.failure.replace("unreachable", "connection")
    return Try(outcome, seconds, asked, reply.cached_tokens, written, model)


def endpoints(config: SynthesisConfig, warn: Warn | None = None) -> dict[Agent, OpenAIEndpoint]:
    """One endpoint for each agent that ``--teacher openai`` plays. ``warn`` is told what a user should see.

    Raises:
        UserError: A key that is needed is not in the environment, or stands in the URL.
    """
    import os

    agents = [config.agent(agent) for agent in config.model_agents]
    places: dict[tuple[str, str], list[ResolvedAgent]] = {}
    for agent in agents:
        if agent.teacher == "openai":
            url = (agent.base_url or os.environ.get("OPENAI_BASE_URL") or DEFAULT_URL).strip().rstrip("/")
            if "@" in url:
                raise UserError(
                    "base_url: leave out the user name and the password; a key comes from api_key_env"
                )
            places.setdefault((url, agent.api_key_env), []).append(agent)
    found: dict[Agent, OpenAIEndpoint] = {}
    for (url, variable), sharing in places.items():
        server = Server(
            url,
            ApiKey.of(variable, url),
            concurrency=max(agent.concurrency for agent in sharing),
            retries=config.retries,
            give_up_after=config.give_up_after,
            warn=warn,
        )
        found.update({agent.agent: OpenAIEndpoint(agent, server) for agent in sharing})
    return found
