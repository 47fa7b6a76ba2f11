"""A key is in no text of ours, whatever a server does with it."""

from __future__ import annotations

import asyncio
import logging
import pickle
import traceback
from collections.abc import Callable

import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st
from tenacity import wait_none

from funreason_plugin.errors import UserError
from funreason_plugin.synthesis.teachers import openai as teacher
from funreason_plugin.synthesis.teachers import openai_check, openai_server
from funreason_plugin.synthesis.teachers.api_key import ApiKey
from funreason_plugin.synthesis.teachers.base import Agent, RunStopped, TeacherFailed
from tests.llm.wire import Told, Wire, hang, json, raw, reply_data, reset, reset_in_the_middle, run

KEY = "sk-proj-V3ryS3cretK3yThatN0b0dyMayR3ad-0123456789"
Echo = Callable[[str], Told]


def has_key(text: str) -> bool:
    """Eight characters of it in a row are too much."""
    return any(KEY[start : start + 8] in text for start in range(len(KEY) - 7))


def parrot(echo: Echo) -> Told:
    """A server that repeats the Authorization header: in the body as ``echo`` says, in headers and reason as well."""

    async def answer(request: web.Request) -> web.StreamResponse:
        said = request.headers["Authorization"]
        response = await echo(said)(request)
        if isinstance(response, web.Response):
            response.set_status(response.status, said)
            for name in ("X-Request-Id", "Location", "Retry-After", "WWW-Authenticate", "Set-Cookie", "Date"):
                response.headers[name] = said
            response.headers.add("Set-Cookie", f"{said}=({said}")
        return response

    return answer


def failing(status: int, code: str = "") -> Echo:
    return lambda said: json(
        {"error": {"message": f"who is {said}?", "code": code or said, "param": said}}, status
    )


def saying(**message: object) -> Echo:
    """Every text of the message has "KEY" in it for what is repeated."""

    def echo(said: str) -> Told:
        data = reply_data()
        data["model"] = f"model {said}"
        data["choices"][0]["message"] = _put(message, said)
        return json(data)

    return echo


def _put(value: object, said: str) -> object:
    if isinstance(value, str):
        return value.replace("KEY", said)
    if isinstance(value, dict):
        return {key: _put(item, said) for key, item in value.items()}
    return [_put(item, said) for item in value] if isinstance(value, list) else value


CALLS = [{"function": {"name": "KEY", "arguments": '{"x": "KEY"}'}}]
ECHOES: dict[str, Echo] = {
    **{str(status): failing(status) for status in (400, 401, 402, 403, 404, 413, 422, 429, 500, 503)},
    "quota": failing(429, "insufficient_quota"),
    "detail": lambda said: json({"detail": [{"loc": ["body", said], "msg": said}]}, 422),
    "plain": lambda said: raw(said.encode(), 400),
    "bare": lambda said: raw(said.removeprefix("Bearer ").encode(), 401),
    "parts of it": lambda said: raw(f"{said[:20]}...{said[-9:]} is wrong".encode(), 401),
    "not a reply": lambda said: raw(f"{{{said}".encode()),
    "not http": lambda said: raw(b"", 200, {"Content-Encoding": "br"}),
    "moved": lambda said: json({}, 302),
    "content": saying(content="my key is KEY, yes"),
    "thoughts": saying(content="<tool_call>", reasoning_content="KEY"),
    "calls": saying(content=None, tool_calls=CALLS),
    "refusal": saying(content=None, refusal="KEY"),
    "parts": saying(content=[{"type": "text", "text": "KEY"}]),
    "reset": lambda said: reset,
    "reset in the middle": lambda said: reset_in_the_middle,
    "hang": lambda said: hang,
}


@pytest.mark.parametrize("name", ECHOES)
def test_a_server_that_repeats_the_key_is_not_repeated(
    name: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setattr(teacher, "BACK_OFF", wait_none())
    monkeypatch.setattr(openai_check, "PAUSE", 0.0)
    monkeypatch.setattr(openai_server, "MODELS_LIMIT", 0.1)
    caplog.set_level(logging.DEBUG)
    seen: list[str] = []

    async def one(wire: Wire, number: int) -> None:
        agent: Agent = "reasoning" if number % 2 else "querying"
        try:
            if number:
                seen.append(repr(await wire.ask(agent, seed=str(number))))
            else:
                await wire.endpoint().check()
        except (UserError, RunStopped, TeacherFailed) as error:
            told = traceback.TracebackException.from_exception(error, capture_locals=True)
            seen.extend(("".join(told.format()), repr(error), str(error)))
            seen.extend(map(repr, (error.__cause__, error.__context__)))

    async def work() -> None:
        told = parrot(ECHOES[name])
        async with Wire(told, models=told, retries=1, request_time_limit=0.1, give_up_after=0.5) as wire:
            for number in range(8):
                await one(wire, number)
            endpoint = wire.endpoint()
            seen.extend(
                map(repr, (*wire.tries, *wire.warnings, endpoint, endpoint.server, endpoint.server.key))
            )

    run(work())
    assert seen
    for text in seen:
        assert not has_key(text)
    # The server's own log is in the same process; it is no part of ours.
    ours = [
        record for record in caplog.records if not record.name.startswith(("aiohttp.server", "aiohttp.web"))
    ]
    formatter = logging.Formatter("%(message)s %(pathname)s")
    assert ours and not has_key("".join(map(formatter.format, ours)))


def test_a_cancelled_request_leaves_no_key_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)

    async def work() -> str:
        async with Wire(hang) as wire:
            asking = asyncio.create_task(wire.ask())
            while not wire.in_flight:
                await asyncio.sleep(0.001)
            asking.cancel()
            try:
                await asking
            except asyncio.CancelledError as error:
                return "".join(traceback.format_exception(error))
        return ""

    told = run(work())
    assert told and not has_key(told)


def key(value: str) -> ApiKey:
    return ApiKey(value, "MY_KEY")


def test_a_key_shows_itself_to_nobody() -> None:
    secret = key(KEY)
    assert repr(secret) == str(secret) == "ApiKey($MY_KEY)"
    assert secret.reveal() == KEY
    with pytest.raises(TypeError, match="not pickled"):
        pickle.dumps(secret)


@given(st.text(max_size=30), st.integers(0, len(KEY) - 8), st.integers(8, len(KEY)), st.text(max_size=30))
def test_no_part_of_a_key_passes_an_error(before: str, start: int, length: int, after: str) -> None:
    text = f"{before}{KEY[start : start + length]}{after}{KEY[start:]}{after}"
    assert not has_key(key(KEY).scrub(text))


@given(st.text(max_size=30), st.integers(0, len(KEY) - 16), st.integers(16, len(KEY)), st.text(max_size=30))
def test_no_long_part_of_a_key_passes_a_reply(before: str, start: int, length: int, after: str) -> None:
    text = f"{before}{KEY[start : start + length]}{after}"
    scrubbed = key(KEY).scrub_reply(text)
    assert all(KEY[first : first + 16] not in scrubbed for first in range(len(KEY) - 15))


@given(st.text(max_size=200))
def test_other_texts_stay_as_they_are(text: str) -> None:
    if not has_key(text):
        assert key(KEY).scrub(text) == text == key(KEY).scrub_reply(text)


def test_a_key_that_is_a_word_may_be_said_in_a_reply_but_not_as_a_key() -> None:
    assert (
        key("anything").scrub_reply("Ask me anything. (Bearer anything)") == "Ask me anything. (Bearer ***)"
    )
    assert key("anything").scrub("wrong key anything!") == "wrong key ***!"
    assert key("k3y").scrub("wrong key k3y: k3yboard") == "wrong key ***: k3yboard"
    assert key("sk-1234").scrub_reply("it is sk-1234") == "it is ***"
    nothing = ApiKey("EMPTY", "MY_KEY", given=False)
    assert nothing.scrub("EMPTY") == nothing.scrub_reply("Bearer EMPTY")[7:] == "EMPTY"
