"""Before a run: is there a server at the URL, does it let us in, does it have the model? A `UserError` if not.

    tries = await check(agent, server)        # those that the server may bill: a reply of one token, if one was needed

``GET /models`` tells most of it for nothing. Where it does not exist, or does not list the model (aliases, adapters),
one request for one token decides. A server that is busy or slow at this moment is no reason not to start.
"""

from __future__ import annotations

import asyncio
import time

from funreason_plugin.errors import UserError
from funreason_plugin.synthesis.teachers.base import Request
from funreason_plugin.synthesis.teachers.endpoint import Try
from funreason_plugin.synthesis.teachers.openai_client import Answer
from funreason_plugin.synthesis.teachers.openai_errors import (
    Meaning,
    adaptation,
    final_words,
    is_vllm,
    known_models,
    meaning,
    one_line,
    read_error,
)
from funreason_plugin.synthesis.teachers.openai_replies import Reply, read_reply
from funreason_plugin.synthesis.teachers.openai_requests import encoded, request_body
from funreason_plugin.synthesis.teachers.openai_server import MODELS_LIMIT, Server
from funreason_plugin.teacher_config import ResolvedAgent

__all__ = ["check"]

TRIES = 3
PAUSE = 1.0
LONGEST_PAUSE = 5.0
PROBE_LIMIT = 30.0
"""Seconds for one token."""


async def check(agent: ResolvedAgent, server: Server) -> list[Try]:
    """The billable requests that were made.

    Raises:
        UserError: A wrong URL, key or model, in one line.
    """
    async with server.checking:  # agents that share the server share its answer
        if server.listed is None:
            server.listed = await _list(agent, server)
            server.seedless = is_vllm(server.listed[0].body)
        answer, models = server.listed
        busy = answer.status != 200 and _meaning(answer, server) == "again"
        if busy or agent.model in (models or ()) or (agent.model, agent.api) in server.probed:
            return []
        tries = await _probe(agent, server, models)
        server.probed.add((agent.model, agent.api))
        return tries


async def _list(agent: ResolvedAgent, server: Server) -> tuple[Answer, list[str] | None]:
    answer, models = await server.models()
    for number in range(1, TRIES):
        if answer.failure == "unreachable" or answer.status == 200 or _meaning(answer, server) != "again":
            break
        await asyncio.sleep(min(answer.retry_after or PAUSE * number, LONGEST_PAUSE))
        answer, models = await server.models()
    _raise_if_unreachable(answer, server)
    # A key that may ask a model need not be allowed to list them (403); the probe tells.
    if _meaning(answer, server) in ("key", "quota", "moved"):
        raise _final(agent, server, answer)
    return answer, models


def _meaning(answer: Answer, server: Server) -> Meaning:
    return "again" if answer.status == 0 else meaning(answer.status, read_error(answer.body, server.key))


async def _probe(agent: ResolvedAgent, server: Server, models: list[str] | None) -> list[Try]:
    """One token: whether the model is there although it is not listed."""
    greeting = Request(agent.agent, ({"role": "user", "content": "Hi"},), seed="check")
    limit = min(PROBE_LIMIT, agent.request_time_limit)
    tries: list[Try] = []
    failures = 0
    while failures < TRIES:
        path, body = request_body(agent, greeting)
        body["max_tokens"] = 1
        body.pop("response_format", None)  # one token is no JSON
        server.adapt(agent.model, body)
        started = time.monotonic()
        answer = await server.client.post(path, encoded({**agent.extra_body, **body}), limit)
        _raise_if_unreachable(answer, server)
        reply = read_reply(answer.body, agent.agent) if answer.status == 200 else Reply()
        spoke = answer.status == 200 and reply.problem in ("", "empty", "refused")
        tries.append(
            Try(
                "ok" if spoke else str(answer.status or answer.failure),
                time.monotonic() - started,
                reply.input_tokens or 0,
                reply.cached_tokens,
                reply.output_tokens or 0,
                one_line(reply.model, server.key),
            )
        )
        if spoke:
            return tries
        change = (
            adaptation(read_error(answer.body, server.key), body) if answer.status in (400, 422) else None
        )
        if change is not None:
            server.lacks(agent.model, *change)
            continue
        await _raise_if_final(agent, server, answer, models)
        if _meaning(answer, server) == "refused" and answer.status != 200:
            return tries  # whatever is wrong with these two letters: the run's requests will tell
        failures += 1
        await asyncio.sleep(min(answer.retry_after or PAUSE * failures, LONGEST_PAUSE))
    return tries


async def _raise_if_final(
    agent: ResolvedAgent, server: Server, answer: Answer, models: list[str] | None
) -> None:
    """Raise for an answer that will be the same for every request."""
    said = read_error(answer.body, server.key)
    if answer.status in (200, 404, 405) and models is None:
        await _raise_if_elsewhere(server)
        if said.html or (answer.status != 200 and "model" not in f"{said.code} {said.words}".lower()):
            page = "a web page" if said.html else f"{answer.status}{said.quoted}"
            raise UserError(
                f"{server.base_url}: nothing there speaks OpenAI's protocol ({page}); expected a URL such as "
                "http://localhost:8000/v1"
            )
    if answer.status != 200 and _meaning(answer, server) in ("key", "forbidden", "quota", "model", "moved"):
        raise _final(agent, server, answer, models)


async def _raise_if_elsewhere(server: Server) -> None:
    """A URL without its /v1 is the most frequent mistake."""
    for ending in ("/v1", "/api/v1"):
        if not server.base_url.endswith(ending):
            url = f"{server.base_url}{ending}"
            found = await server.client.get(f"{url}/models", MODELS_LIMIT)
            listed = found.status == 200 and known_models(found.body) is not None
            if listed or (found.status in (401, 403) and read_error(found.body, server.key).json):
                raise UserError(
                    f"{server.base_url}: nothing there speaks OpenAI's protocol; did you mean {url}?"
                )


def _raise_if_unreachable(answer: Answer, server: Server) -> None:
    if answer.failure == "unreachable":
        raise UserError(f"{server.base_url}: {answer.detail}; is the server running, and is the URL right?")


def _final(
    agent: ResolvedAgent, server: Server, answer: Answer, models: list[str] | None = None
) -> UserError:
    said = read_error(answer.body, server.key)
    what = meaning(answer.status, said)
    known = [one_line(name, server.key) for name in models or ()]
    return UserError(
        final_words(what, agent, server.base_url, server.key, answer.status, said, answer.location, known)
    )
