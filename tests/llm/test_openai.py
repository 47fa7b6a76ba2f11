"""`OpenAIEndpoint` against servers that do all sorts of things: what is sent, what comes back, how much."""

from __future__ import annotations

import asyncio

import pytest
from aiohttp import web
from tenacity import wait_random_exponential

from funreason_plugin.synthesis.teachers import openai as teacher
from funreason_plugin.synthesis.teachers.base import Completion, TeacherFailed
from funreason_plugin.synthesis.teachers.endpoint import Try
from tests.llm.wire import (
    MESSAGES,
    Told,
    Wire,
    error,
    json,
    reply,
    reply_data,
    run,
)


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """The back-off in hundredths of its seconds."""
    monkeypatch.setattr(teacher, "BACK_OFF", wait_random_exponential(multiplier=0.005, max=0.3))
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test-0123456789abcdef")


# -- what is sent -----------------------------------------------------------------------------------------


def test_a_request_and_its_reply() -> None:
    async def work() -> None:
        async with Wire(reply("Oslo"), temperature=0.5, top_p=0.9, max_new_tokens=77) as wire:
            completion = await wire.ask(seed="17/0/1")
            assert completion == Completion("Oslo", 100, 20, "tiny-1")
            body = wire.bodies[0]
            assert wire.paths == ["/v1/chat/completions"]
            assert body.pop("seed") < 2**31
            assert body == {
                "model": "org/tiny",
                "messages": list(MESSAGES),
                "temperature": 0.5,
                "top_p": 0.9,
                "max_tokens": 77,
            }
            assert wire.headers[0]["Authorization"] == "Bearer sk-test-0123456789abcdef"
            (tried,) = wire.tries
            assert tried == Try("ok", tried.seconds, 100, 60, 20, "tiny-1")

    run(work())


def test_the_seed_is_the_requests() -> None:
    async def work() -> None:
        async with Wire(reply()) as wire:
            for seed in ("1/0", "1/0", "1/1"):
                await wire.ask(seed=seed)
            first, again, other = (body["seed"] for body in wire.bodies)
            assert first == again != other

    run(work())


def test_the_completions_api_gets_chatml_and_stops_at_its_end() -> None:
    async def work() -> None:
        said = json({"choices": [{"text": "Oslo", "finish_reason": "stop"}]})
        async with Wire(said, api="completions") as wire:
            assert (await wire.ask()).text == "Oslo"
            assert wire.paths == ["/v1/completions"]
            assert "messages" not in wire.bodies[0]
            assert wire.bodies[0]["stop"] == ["<|im_end|>"]
            assert wire.bodies[0]["prompt"] == (
                "<|im_start|>system\nBe brief.<|im_end|>\n"
                "<|im_start|>user\nWhat is the capital of Norway?<|im_end|>\n"
                "<|im_start|>assistant\n"
            )

    run(work())


def test_the_schema_goes_with_requests_to_the_tooling_agent_unless_it_is_off() -> None:
    async def work() -> None:
        async with Wire(reply(), agents={"critiquing": {"structured_output": "off"}}) as wire:
            await wire.ask("tooling")
            await wire.ask("reasoning")
            sent = wire.bodies[0]["response_format"]
            assert sent["type"] == "json_schema" and sent["json_schema"]["schema"]["type"] == "object"
            assert "response_format" not in wire.bodies[1]
        async with Wire(reply(), structured_output="off") as wire:
            await wire.ask("tooling")
            assert "response_format" not in wire.bodies[0]

    run(work())


def test_extra_body_has_the_last_word() -> None:
    async def work() -> None:
        extra = {"chat_template_kwargs": {"enable_thinking": False}, "seed": 3, "top_k": 20}
        async with Wire(reply(), extra_body=extra) as wire:
            await wire.ask()
            assert {name: wire.bodies[0][name] for name in extra} == extra

    run(work())


def test_agents_of_one_server_share_it_and_others_do_not() -> None:
    async def work() -> None:
        agents = {
            "querying": {"model": "small", "concurrency": 3},
            "tooling": {"teacher": "scripted"},
            "critiquing": {"base_url": "http://localhost:1/v1"},
        }
        async with Wire(reply(), concurrency=2, agents=agents) as wire:
            assert set(wire.endpoints) == {"querying", "reasoning", "critiquing"}
            querying, reasoning = wire.endpoint("querying"), wire.endpoint("reasoning")
            assert querying.server is reasoning.server is not wire.endpoint("critiquing").server
            assert querying.server.gate.limit == 3
            assert querying.name == f"small at 127.0.0.1:{wire.port}"
            await wire.ask("querying")
            await wire.ask("reasoning")
            assert [body["model"] for body in wire.bodies] == ["small", "org/tiny"]

    run(work())


# -- what comes back --------------------------------------------------------------------------------------


def test_tokens_that_a_server_does_not_tell_are_estimated() -> None:
    async def work() -> None:
        silent = reply_data("Oslo " * 100)
        del silent["usage"], silent["model"]
        async with Wire(json(silent)) as wire:
            completion = await wire.ask()
            letters = sum(len(message["content"]) for message in MESSAGES)
            assert completion.input_tokens == pytest.approx(letters / 4, abs=2)
            assert (completion.output_tokens, completion.model) == (125, "org/tiny")
            assert (wire.tries[0].input_tokens, wire.tries[0].output_tokens) == (completion.input_tokens, 125)

    run(work())


def test_a_refusal_ends_the_request_and_costs_what_it_cost() -> None:
    async def work() -> None:
        async with Wire(reply(None, refusal="I can't help with that.")) as wire:
            with pytest.raises(TeacherFailed) as failed:
                await wire.ask()
            assert failed.value.code == "request_refused" and "I can't help" in failed.value.detail
            assert [(one.outcome, one.output_tokens) for one in wire.tries] == [("refused", 20)]

    run(work())


def test_a_reply_at_its_limit_is_cut_off_and_not_tried_again() -> None:
    async def work() -> None:
        async with Wire(reply("", finish="length", reasoning_content="so many thoughts")) as wire:
            completion = await wire.ask()
            assert completion.cut_off and completion.text == "" and wire.outcomes == ["ok"]

    run(work())


# -- parameters that a server does not take ---------------------------------------------------------------


def test_parameters_that_are_not_supported_are_left_out_for_good_with_a_warning_each() -> None:
    async def strict(request: web.Request) -> web.StreamResponse:
        data = await request.json()
        for name in ("response_format", "seed", "temperature", "top_p"):
            if name in data:
                return await error(400, f"Unsupported parameter: '{name}' is not supported with this model.")(
                    request
                )
        if "max_tokens" in data:
            text = "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead."
            return await error(400, text)(request)
        return await reply()(request)

    async def work() -> None:
        async with Wire(strict, concurrency=8) as wire:
            await asyncio.gather(*(wire.ask("tooling", seed=str(number)) for number in range(8)))
            assert len(wire.warnings) == 5
            assert "org/tiny at 127.0.0.1" in wire.warnings[0]
            before = len(wire.bodies)
            await wire.ask("tooling")
            assert len(wire.bodies) == before + 1
            assert set(wire.bodies[-1]) == {"model", "messages", "max_completion_tokens"}
            assert wire.bodies[-1]["max_completion_tokens"] == 4096

    run(work())


def test_a_parameter_of_extra_body_is_the_users_to_mend() -> None:
    async def work() -> None:
        async with Wire(error(400, "Unknown parameter: 'seed'."), extra_body={"seed": 3}) as wire:
            with pytest.raises(TeacherFailed, match="Unknown parameter"):
                await wire.ask()
            assert len(wire.bodies) == 1 and not wire.warnings

    run(work())


# -- limits -----------------------------------------------------------------------------------------------


async def _endless(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    await response.prepare(request)
    while True:
        await response.write(b" " * (1 << 20))


async def _endless_error(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(status=500)
    await response.prepare(request)
    while True:
        await response.write(b"x" * (1 << 20))


async def _bomb(request: web.Request) -> web.StreamResponse:
    """A hundred megabytes of spaces in a hundred kilobytes."""
    import zlib

    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    packed = b"".join([*(packer.compress(b" " * (1 << 20)) for _ in range(100)), packer.flush()])
    return web.Response(body=packed, headers={"Content-Encoding": "gzip", "Content-Type": "application/json"})


@pytest.mark.parametrize(
    "told, outcome", [(_endless, "malformed"), (_endless_error, "500"), (_bomb, "malformed")]
)
def test_bodies_without_an_end_are_left(told: Told, outcome: str) -> None:
    async def work() -> None:
        async with Wire(told, reply()) as wire:
            await wire.ask()
            assert wire.outcomes == [outcome, "ok"]

    run(work())


def test_a_reply_that_drips_is_over_time() -> None:
    async def drip(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        while True:
            await response.write(b" ")
            await asyncio.sleep(0.02)

    async def work() -> None:
        async with Wire(drip, reply(), request_time_limit=0.3) as wire:
            await wire.ask()
            assert wire.outcomes == ["timeout", "ok"]

    run(work())


def test_a_reply_that_was_packed_without_being_asked_is_read() -> None:
    async def packed(request: web.Request) -> web.StreamResponse:
        assert request.headers["Accept-Encoding"] == "identity"
        response = await reply("Oslo")(request)
        assert isinstance(response, web.Response)
        response.enable_compression(web.ContentCoding.gzip)
        return response

    async def work() -> None:
        async with Wire(packed) as wire:
            assert (await wire.ask()).text == "Oslo"

    run(work())
