"""Before a run: a wrong key, URL or model is one line at once; a server that is busy is no reason not to start."""

from __future__ import annotations

import asyncio
import socket

import pytest
from aiohttp import web

from funreason_plugin.errors import UserError
from funreason_plugin.synthesis.teachers import openai_check
from funreason_plugin.synthesis.teachers.base import Agent
from tests.llm.wire import Told, Wire, error, hang, json, raw, reply, run

PAGE = raw(b"<!doctype html><title>Hello</title>", 200, {"Content-Type": "text/html"})


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(openai_check, "PAUSE", 0.01)
    monkeypatch.setattr("funreason_plugin.synthesis.teachers.openai_server.MODELS_LIMIT", 0.3)
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test-0123456789abcdef")


async def complaint(wire: Wire, agent: Agent = "querying") -> str:
    """The one line that the check ends with."""
    with pytest.raises(UserError) as found:
        await wire.endpoint(agent).check()
    assert "\n" not in found.value.message and len(found.value.message) < 600
    return found.value.message


def test_a_model_that_is_listed_costs_nothing() -> None:
    async def work() -> None:
        async with Wire(reply()) as wire:
            for endpoint in wire.endpoints.values():
                await endpoint.check()
            assert wire.paths == ["/v1/models"]

    run(work())


def test_a_model_that_is_not_listed_is_asked_for_one_token_which_is_on_the_bill() -> None:
    async def work() -> None:
        async with Wire(reply("Hel", finish="length"), model="alias") as wire:
            for endpoint in wire.endpoints.values():
                await endpoint.check()
            assert [(body["model"], body["max_tokens"]) for body in wire.bodies] == [("alias", 1)]
            for agent in wire.endpoints:
                await wire.ask(agent)
            assert [one.output_tokens for one in wire.tries] == [20] * 5  # the four, and the one before

    run(work())


def test_a_server_without_a_list_of_models_is_asked_for_one_token() -> None:
    async def work() -> None:
        for models in (error(404, "Not Found"), PAGE, error(403, "Missing scopes: model.read"), json({})):
            async with Wire(reply(), models=models) as wire:
                await wire.endpoint().check()
                assert len(wire.bodies) == 1

    run(work())


def test_an_unknown_model_is_named_with_the_one_that_was_meant() -> None:
    async def work() -> None:
        for refused in (error(404, "The model `org/tinny` does not exist"), error(400, "Model Not Exist")):
            async with Wire(refused, model="org/tinny") as wire:
                line = await complaint(wire, "reasoning")
                assert line.startswith(f"{wire.url} has no model 'org/tinny' for reasoning")
                assert line.endswith("did you mean 'org/tiny'?")
        async with Wire(error(404, "no such model"), model="zzz") as wire:
            assert (await complaint(wire)).endswith("it has 'org/tiny'")

    run(work())


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_key_names_its_variable(status: int) -> None:
    async def work() -> None:
        refused = error(status, "Incorrect API key provided: sk-test-0123456789abcdef.")
        async with Wire(refused, models=refused) as wire:
            line = await complaint(wire)
            assert (
                line
                == f"{wire.url} refused the key in OPENAI_API_KEY ({status}: Incorrect API key provided: ***.)"
            )

    run(work())


def test_a_server_that_asks_for_a_key_where_none_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY")

    async def work() -> None:
        async with Wire(reply(), models=error(401, "Unauthorized")) as wire:
            assert "asks for a key (401: Unauthorized); export OPENAI_API_KEY=…" in await complaint(wire)
            assert wire.headers[0]["Authorization"] == "Bearer EMPTY"

    run(work())


@pytest.mark.parametrize("settings", [{}, {"base_url": "https://api.openai.com/v1/"}])
def test_the_hosted_service_needs_a_key(settings: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    from funreason_plugin.config import SynthesisConfig
    from funreason_plugin.synthesis.teachers.openai import endpoints

    monkeypatch.delenv("OPENAI_API_KEY")
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    given = {"env": ["travel"], "teacher": "openai", "model": "m", "out": "out", **settings}
    with pytest.raises(UserError, match="OPENAI_API_KEY is not set"):
        endpoints(SynthesisConfig.model_validate(given))
    with pytest.raises(UserError, match="MY_KEY is not set"):
        endpoints(
            SynthesisConfig.model_validate({**given, "base_url": "http://x/v1", "api_key_env": "MY_KEY"})
        )


@pytest.mark.parametrize("key", ["sk test", "schlüssel", "a\nb", "a\x7fb"])
def test_what_cannot_be_a_key_is_not_sent(key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", key)

    async def work() -> None:
        with pytest.raises(UserError, match="OPENAI_API_KEY holds what is no key") as found:
            async with Wire(reply()):
                pass
        assert key not in str(found.value)

    run(work())


def test_a_key_with_a_line_break_at_its_end_is_taken_without() -> None:
    async def work() -> None:
        async with Wire(reply()) as wire:
            await wire.ask()
            assert wire.headers[0]["Authorization"] == "Bearer sk-test-0123456789abcdef"

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OPENAI_API_KEY", "sk-test-0123456789abcdef\n")
        run(work())


def test_nobody_at_the_address() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

    async def work() -> None:
        async with Wire(reply(), base_url=f"http://127.0.0.1:{port}/v1") as wire:
            line = await complaint(wire)
            assert (
                line
                == f"http://127.0.0.1:{port}/v1: connection refused; is the server running, and is the URL right?"
            )
        async with Wire(reply(), base_url="http://no-such-host.invalid/v1") as wire:
            assert "the name of the server is not known" in await complaint(wire)
        async with Wire(reply()) as wire:
            secure = wire.url.replace("http://", "https://")
            async with Wire(reply(), base_url=secure) as other:
                assert "no TLS connection (https to an http port?)" in await complaint(other)

    run(work())


@pytest.mark.parametrize("elsewhere", [error(404, "Not Found"), PAGE, json({"detail": "Not Found"}, 404)])
def test_a_url_without_its_v1(elsewhere: Told) -> None:
    async def work() -> None:
        async with Wire(elsewhere, models=elsewhere, path="") as wire:
            assert "nothing there speaks OpenAI's protocol" in await complaint(wire)

        async def both(request: web.Request) -> web.StreamResponse:
            told = json({"data": [{"id": "org/tiny"}]}) if request.path == "/v1/models" else elsewhere
            return await told(request)

        async with Wire(elsewhere, models=both, path="/{any:.*}") as wire:
            root = f"http://127.0.0.1:{wire.port}"
            async with Wire(reply(), base_url=root) as other:
                assert (await complaint(other)).endswith(f"did you mean {root}/v1?")

    run(work())


def test_a_redirect_says_where_to() -> None:
    async def work() -> None:
        moved = json({}, 307, {"Location": "https://elsewhere.example/v1/models"})
        async with Wire(reply(), models=moved) as wire:
            assert "redirect (307) to https://elsewhere.example/v1/models" in await complaint(wire)
            assert wire.paths == ["/v1/models"]

    run(work())


def test_no_credit_is_said_before_the_run() -> None:
    async def work() -> None:
        async with Wire(error(429, "You exceeded", "insufficient_quota"), models=error(404)) as wire:
            assert "the account of OPENAI_API_KEY has no credit left" in await complaint(wire)

    run(work())


@pytest.mark.parametrize("busy", [error(429), error(503), error(500), hang])
def test_a_busy_server_is_no_reason_not_to_start(busy: Told) -> None:
    async def work() -> None:
        async with Wire(reply(), models=busy) as wire:
            for endpoint in wire.endpoints.values():
                await endpoint.check()
            assert wire.paths == ["/v1/models"] * 3
        async with Wire(busy, model="alias", request_time_limit=0.3) as wire:
            await wire.endpoint().check()
            assert len(wire.bodies) == 3

    run(work())


def test_parameters_that_the_model_does_not_take_are_found_out_here() -> None:
    async def strict(request: web.Request) -> web.StreamResponse:
        data = await request.json()
        for name in ("temperature", "max_tokens"):
            if name in data:
                text = f"Unsupported parameter: '{name}'. Use 'max_completion_tokens' instead."
                return await error(400, text)(request)
        return await reply()(request)

    async def work() -> None:
        async with Wire(strict, model="o9") as wire:
            await wire.endpoint().check()
            assert wire.bodies[-1]["max_completion_tokens"] == 1
            await wire.ask()
            assert wire.bodies[-1]["max_completion_tokens"] == 4096
            assert len(wire.warnings) == 2

    run(work())


def test_agents_that_check_at_the_same_time_ask_once() -> None:
    async def work() -> None:
        async with Wire(reply(), model="alias") as wire:
            await asyncio.gather(*(endpoint.check() for endpoint in wire.endpoints.values()))
            assert len(wire.paths) == 2

    run(work())
