"""`OpenAIEndpoint` and failures: what is tried again, how long, and what ends a request or the run."""

from __future__ import annotations

import asyncio
import time
from email.utils import formatdate
from typing import Any

import pytest
from aiohttp import web
from tenacity import wait_fixed, wait_random_exponential

from funreason_plugin.synthesis.teachers import openai as teacher
from funreason_plugin.synthesis.teachers.base import RunStopped, TeacherFailed
from tests.llm.wire import (
    MESSAGES,
    Told,
    Wire,
    error,
    hang,
    hang_in_the_middle,
    json,
    raw,
    reply,
    reset,
    reset_in_the_middle,
    run,
)


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """The back-off in hundredths of its seconds."""
    monkeypatch.setattr(teacher, "BACK_OFF", wait_random_exponential(multiplier=0.005, max=0.3))
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test-0123456789abcdef")


# -- what is tried again ----------------------------------------------------------------------------------

FAILURES: dict[str, tuple[Told, str]] = {
    "429": (error(429), "429"),
    "500": (error(500), "500"),
    "503": (error(503), "503"),
    "408": (error(408), "408"),
    "409": (error(409), "409"),
    "html 502": (raw(b"<html>bad gateway</html>", 502), "502"),
    "reset": (reset, "connection"),
    "reset in the middle": (reset_in_the_middle, "connection"),
    "hang": (hang, "timeout"),
    "hang in the middle": (hang_in_the_middle, "timeout"),
    "truncated": (raw(b'{"choices": [{"message": {"cont'), "malformed"),
    "another shape": (json({"object": "list"}), "malformed"),
    "html 200": (raw(b"<html>welcome</html>"), "malformed"),
    "no choice": (json({"choices": []}), "empty"),
    "no text": (reply(""), "empty"),
    "an error with status 200": (json({"error": {"message": "busy", "code": 503}}), "503"),
    "no http": (raw(b"", 200, {"Content-Encoding": "br"}), "malformed"),
    "broken gzip": (raw(b"no gzip at all", 200, {"Content-Encoding": "gzip"}), "connection"),
}


@pytest.mark.parametrize("name", FAILURES)
def test_what_may_pass_is_tried_again(name: str) -> None:
    async def work() -> None:
        failure, outcome = FAILURES[name]
        limit = 1.5 if outcome == "timeout" else 30.0
        async with Wire(failure, failure, reply("Oslo"), request_time_limit=limit) as wire:
            assert (await wire.ask()).text == "Oslo"
            assert wire.outcomes == [outcome, outcome, "ok"]
            assert len({str(body) for body in wire.bodies}) == 1, "the same request, seed and all"

    run(work())


def test_tokens_of_replies_that_are_of_no_use_count() -> None:
    async def work() -> None:
        async with Wire(reply(""), reply("Oslo")) as wire:
            await wire.ask()
            assert [(one.outcome, one.input_tokens, one.output_tokens) for one in wire.tries] == [
                ("empty", 100, 20),
                ("ok", 100, 20),
            ]

    run(work())


@pytest.mark.parametrize("when", ["0.7", "date"])
def test_retry_after_holds_the_whole_server_back(when: str) -> None:
    async def work() -> None:
        def headers() -> dict[str, str]:
            if when != "date":
                return {"Retry-After": when}
            now = int(time.time())  # the server's clock is an hour slow; what counts is the difference
            return {
                "Retry-After": formatdate(now - 3599, usegmt=True),
                "Date": formatdate(now - 3600, usegmt=True),
            }

        came: list[float] = []

        async def first_busy(request: web.Request) -> web.StreamResponse:
            came.append(time.monotonic())
            told = json({}, 429, headers()) if len(came) == 1 else reply()
            return await told(request)

        async with Wire(first_busy, concurrency=1) as wire:
            await asyncio.gather(wire.ask(order=0), wire.ask(order=1))
            assert sorted(wire.outcomes) == ["429", "ok", "ok"]
            assert came[1] - came[0] >= (0.7 if when != "date" else 1.0)

    run(work())


@pytest.mark.parametrize(
    "value", ["", "soon", "-5", "nan", "inf", "1e999", "0", "Thu, 01 Jan 1970 00:00:00 GMT"]
)
def test_a_retry_after_that_makes_no_sense_is_the_usual_back_off(value: str) -> None:
    async def work() -> None:
        async with Wire(json({}, 429, {"Retry-After": value}), reply()) as wire:
            await wire.ask()
            assert wire.outcomes == ["429", "ok"]

    run(work())


def test_too_many_requests_make_the_endpoint_slower_and_then_it_recovers() -> None:
    async def work() -> None:
        async with Wire(reply(), concurrency=8, retries=100) as wire:
            gate = wire.endpoint().server.gate

            async def at_most_two(request: web.Request) -> web.StreamResponse:
                if wire.in_flight > 2:
                    return await error(429)(request)
                await asyncio.sleep(0.002)
                return await reply()(request)

            wire.told = [at_most_two]
            await asyncio.gather(*(wire.ask(order=order, seed=str(order)) for order in range(60)))
            assert wire.outcomes.count("ok") == 60 and wire.outcomes.count("429") < 200
            assert gate.limit < 8
            wire.told = [reply()]
            await asyncio.gather(*(wire.ask(order=order) for order in range(60)))
            assert gate.limit == 8

    run(work())


def test_one_slow_request_holds_up_nobody() -> None:
    async def work() -> None:
        async with Wire(hang, reply(), concurrency=2) as wire:
            slow = asyncio.create_task(wire.ask(order=0))
            while not wire.in_flight:
                await asyncio.sleep(0.001)
            await asyncio.gather(*(wire.ask(order=order) for order in range(1, 30)))
            assert wire.outcomes == ["ok"] * 29 and not slow.done()
            slow.cancel()
            with pytest.raises(asyncio.CancelledError):
                await slow
            assert wire.outcomes[-1] == "cancelled"
            assert wire.endpoint().server.gate.in_use == 0

    run(work())


def test_a_request_that_fails_while_others_are_answered_has_no_reply_in_the_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(teacher, "BACK_OFF", wait_fixed(0.1))  # time for another to be answered

    async def work() -> None:
        async def no_poison(request: web.Request) -> web.StreamResponse:
            data = await request.json()
            return await (error(500, "it broke") if data["seed"] == poison else reply())(request)

        async with Wire(reply(), retries=3) as wire:
            await wire.ask(seed="poison")
            poison = wire.bodies[0]["seed"]
            wire.told, wire.tries = [no_poison], []
            asking = asyncio.create_task(wire.ask(seed="poison"))
            while not asking.done():
                await wire.endpoint().ask(*_other())
                await asyncio.sleep(0.001)
            with pytest.raises(TeacherFailed, match="the last: 500: it broke") as failed:
                await asking
            assert failed.value.code == "request_failed"
            assert wire.outcomes == ["500"] * 4  # a try, and three more

    run(work())


def _other() -> tuple[Any, int, Any]:
    from funreason_plugin.synthesis.teachers.base import Request

    return Request("querying", MESSAGES, "other"), 1, lambda _: None


def test_the_last_request_of_a_run_does_not_wait_for_others_to_be_answered() -> None:
    async def work() -> None:
        async with Wire(error(500), retries=2, give_up_after=600) as wire:
            with pytest.raises(TeacherFailed, match="5 tries") as failed:
                await wire.ask()
            assert failed.value.code == "request_failed"

    run(work())


def test_while_the_server_is_away_requests_wait_and_use_up_nothing() -> None:
    async def work() -> None:
        async with Wire(*[error(503)] * 40, reply(), retries=1, concurrency=4) as wire:
            completions = await asyncio.gather(*(wire.ask(seed=str(number)) for number in range(4)))
            assert [completion.text for completion in completions] == ["Oslo"] * 4
            assert wire.outcomes.count("503") == 40

    run(work())


def test_a_server_that_stays_away_ends_the_run_with_one_line() -> None:
    async def work() -> None:
        async with Wire(error(503, "no capacity"), retries=1, give_up_after=0.5) as wire:
            results = await asyncio.gather(*(wire.ask() for _ in range(3)), return_exceptions=True)
            for result in results:
                assert isinstance(result, RunStopped) and not result.complete_rows
                assert "has answered nothing for 0.5 s (last: 503: no capacity)" in result.reason
                assert "\n" not in result.reason

    run(work())


def test_a_long_retry_after_is_heeded_no_longer_than_the_run_would_wait() -> None:
    async def work() -> None:
        async with Wire(error(429, "come back tomorrow", Retry_After="86400"), give_up_after=0.6) as wire:
            with pytest.raises(RunStopped, match="come back tomorrow"):
                await wire.ask()
            assert wire.outcomes == ["429", "429"]

    run(work())


# -- what is not ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "told, words",
    [
        (
            error(401, "Incorrect API key provided"),
            "refused the key in OPENAI_API_KEY (401: Incorrect API key",
        ),
        (error(403, "Not in your country"), "refused the key in OPENAI_API_KEY (403: Not in your country)"),
        (error(429, "You exceeded your quota", "insufficient_quota"), "no credit left (429: You exceeded"),
        (error(402, "Insufficient Balance"), "no credit left (402: Insufficient Balance)"),
        (error(404, "The model does not exist", "model_not_found"), "did you mean 'org/tiny2'?"),
        (json({}, 308, {"Location": "https://elsewhere/v1"}), "redirect (308) to https://elsewhere/v1"),
    ],
)
def test_what_will_not_get_better_ends_the_run_at_once(told: Told, words: str) -> None:
    async def work() -> None:
        listed = json({"data": [{"id": "org/tiny2"}, {"id": "other"}]})
        async with Wire(told, models=listed, concurrency=1) as wire:
            results = await asyncio.gather(*(wire.ask() for _ in range(20)), return_exceptions=True)
            assert len(wire.bodies) == 1
            for result in results:
                assert isinstance(result, RunStopped)
                assert words in result.reason and wire.url in result.reason and "\n" not in result.reason

    run(work())


def test_a_model_that_goes_away_for_a_while_is_waited_for() -> None:
    async def work() -> None:
        async with Wire(reply(), error(404, "no such model"), reply()) as wire:
            await wire.ask()
            await wire.ask()
            assert wire.outcomes == ["ok", "404", "ok"]

    run(work())


@pytest.mark.parametrize("status", [400, 413, 422])
def test_a_request_that_a_server_refuses_is_not_sent_again(status: int) -> None:
    async def work() -> None:
        async with Wire(error(status, "This model's maximum context length is 4096 tokens"), reply()) as wire:
            with pytest.raises(TeacherFailed, match="maximum context length") as failed:
                await wire.ask()
            assert failed.value.code == "request_refused" and wire.outcomes == [str(status)]
            await wire.ask()

    run(work())


def test_five_refusals_and_no_reply_end_the_run_with_the_servers_words() -> None:
    async def work() -> None:
        async with Wire(error(400, "max_tokens is too large: 4096")) as wire:
            for _ in range(4):
                with pytest.raises(TeacherFailed):
                    await wire.ask()
            with pytest.raises(RunStopped, match=r"first 5 requests \(400: max_tokens is too large: 4096\)"):
                await wire.ask()
            with pytest.raises(RunStopped):
                await wire.ask()
            assert len(wire.bodies) == 5

    run(work())


def test_refusals_after_a_reply_end_only_their_request() -> None:
    async def work() -> None:
        async with Wire(reply(), error(400, "no")) as wire:
            await wire.ask()
            for _ in range(8):
                with pytest.raises(TeacherFailed):
                    await wire.ask()

    run(work())
