"""The served scripted teacher: it answers as the embedded one, fails when told to, and counts what it did."""

from __future__ import annotations

import asyncio
import errno
import socket
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

import aiohttp
import openai
import orjson
import pytest

from funreason_plugin.environments.space import SimulationSpace
from funreason_plugin.errors import UserError
from funreason_plugin.synthesis.teachers.base import AGENTS, Agent, count_tokens
from funreason_plugin.synthesis.teachers.scripted import ScriptedTeacher
from funreason_plugin.synthesis.teachers.served_app import ServedTeacher, Settings, serve
from funreason_plugin.synthesis.teachers.served_faults import KINDS, Faults
from tests.llm.agents_asked import ENV, messages, request
from tests.llm.server import KEY, rows, serving


@cache
def teacher() -> ScriptedTeacher:
    return ScriptedTeacher(SimulationSpace.from_names([ENV]))


Play = Callable[[str, ServedTeacher], Awaitable[Any]]


def served(
    play: Play, faults: str = "", log: Path | None = None, of: ScriptedTeacher | None = None, **settings: Any
) -> Any:
    """Run ``play(url, served)`` against a server in this process, over real HTTP."""
    messages()  # made before there is a loop

    async def main() -> Any:
        server = ServedTeacher(of or teacher(), Settings(**settings), Faults.parse(faults), log)
        ready: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        task = asyncio.create_task(serve(server, "127.0.0.1", 0, ready.set_result))
        try:
            return await play(await ready, server)
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    return asyncio.run(main())


def client(url: str, key: str = KEY, timeout: float = 20.0) -> openai.AsyncOpenAI:
    return openai.AsyncOpenAI(base_url=url, api_key=key, max_retries=0, timeout=timeout)


async def ask(url: str, agent: Agent, seed: int = 7, timeout: float = 20.0, **more: Any) -> Any:
    async with client(url, timeout=timeout) as one:
        return await one.chat.completions.create(
            **{"model": "scripted", "messages": messages()[agent], "seed": seed, **more}
        )


def embedded(agent: Agent, seed: int) -> str:
    return asyncio.run(teacher().complete(request(agent, seed))).text


# -- good replies -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("agent", AGENTS)
def test_it_answers_as_the_embedded_teacher_does(agent: Agent) -> None:
    async def play(url: str, server: ServedTeacher) -> Any:
        return [await ask(url, agent, seed) for seed in (1, 2)]

    for seed, reply in enumerate(served(play), 1):
        assert reply.choices[0].message.content == embedded(agent, seed)
        assert reply.choices[0].finish_reason == "stop"


def test_completions_take_the_conversation_in_chatml() -> None:
    def chatml(agent: Agent) -> str:
        turns = [f"<|im_start|>{one['role']}\n{one['content']}<|im_end|>\n" for one in messages()[agent]]
        return "".join([*turns, "<|im_start|>assistant\n"])

    async def play(url: str, server: ServedTeacher) -> list[str]:
        async with client(url) as one:
            prompts = [*map(chatml, AGENTS), chatml("reasoning") + "<think>\n"]
            replies = [
                await one.completions.create(model="scripted", prompt=prompt, seed=7) for prompt in prompts
            ]
        return [reply.choices[0].text for reply in replies]

    *texts, opened = served(play)
    assert texts == [embedded(agent, 7) for agent in AGENTS]
    assert f"<think>\n{opened}" == embedded("reasoning", 7)


def test_usage_adds_up_to_the_servers_counts_and_a_known_prefix_is_cached() -> None:
    async def play(url: str, server: ServedTeacher) -> tuple[list[Any], Any]:
        replies = [await ask(url, agent, seed) for seed in (1, 2) for agent in AGENTS]
        async with aiohttp.ClientSession() as session, session.get(f"{url[:-3]}/stats") as stats:
            return [reply.usage for reply in replies], await stats.json()

    usages, stats = served(play)
    ok = stats["outcomes"]["ok"]
    assert ok["requests"] == stats["requests"] == 8
    assert ok["input_tokens"] == sum(usage.prompt_tokens for usage in usages)
    assert ok["output_tokens"] == sum(usage.completion_tokens for usage in usages)
    cached = [usage.prompt_tokens_details.cached_tokens for usage in usages]
    assert ok["cached_tokens"] == sum(cached)
    assert cached[0] == 0 and sum(cached[:4]) < 64
    for usage, known in zip(
        usages[4:], cached[4:], strict=True
    ):  # the same prompts once more: but for the rest of a block
        assert usage.prompt_tokens - 17 <= known <= usage.prompt_tokens
    assert stats["agents"]["reasoning"]["requests"] == 2
    assert stats["repeated"] == 0  # another seed is another request


def test_an_answered_request_that_comes_again_is_counted_as_repeated() -> None:
    async def play(url: str, server: ServedTeacher) -> int:
        for _ in range(3):
            await ask(url, "querying", 1)
        return server.stats.repeated

    assert served(play) == 2


@pytest.mark.parametrize("style", ["think", "reasoning_content", "reasoning"])
@pytest.mark.parametrize("agent", ["querying", "reasoning"])
def test_a_reasoning_model_thinks_in_the_text_or_apart(agent: Agent, style: str) -> None:
    async def play(url: str, server: ServedTeacher) -> Any:
        return (await ask(url, agent)).choices[0].message.model_dump()

    message = served(play, style=style)
    text = embedded(agent, 7).rpartition("</think>")[2].strip()
    if style == "think":
        assert message["content"].startswith("<think>\n")
        assert message["content"].rpartition("</think>")[2].strip() == text
    else:
        assert message["content"].strip() == text
        assert len(message[style]) > 20 and "<think>" not in message[style]


def test_a_reply_ends_at_its_limit_and_json_comes_without_a_fence() -> None:
    async def play(url: str, server: ServedTeacher) -> Any:
        return (
            await ask(url, "querying", max_tokens=3),
            await ask(url, "tooling", response_format={"type": "json_object"}),
        )

    short, bare = served(play)
    assert short.choices[0].finish_reason == "length"
    assert short.choices[0].message.content == embedded("querying", 7)[:12]
    assert short.usage.completion_tokens == 3
    assert set(orjson.loads(bare.choices[0].message.content)) == {"name", "description", "inputs", "outputs"}


# -- refusals ---------------------------------------------------------------------------------------------


def status_of(play: Play, **settings: Any) -> openai.APIStatusError:
    with pytest.raises(openai.APIStatusError) as caught:
        served(play, **settings)
    return caught.value


def test_a_wrong_key_an_unknown_model_and_a_refused_parameter() -> None:
    async def wrong_key(url: str, server: ServedTeacher) -> Any:
        async with client(url, "sk-wrong") as one:
            return await one.models.list()

    async def plain(url: str, server: ServedTeacher) -> Any:
        return await ask(url, "querying")

    async def other_model(url: str, server: ServedTeacher) -> Any:
        return await ask(url, "querying", model="gpt-9")

    assert status_of(wrong_key, key=KEY).status_code == 401
    assert status_of(other_model).status_code == 404
    refused = status_of(plain, rejected=frozenset(["seed"]))
    assert refused.status_code == 400 and "'seed'" in refused.message
    assert served(plain, key=KEY).choices[0].message.content == embedded("querying", 7)


def test_a_replaced_prompt_is_refused_with_one_line() -> None:
    async def play(url: str, server: ServedTeacher) -> Any:
        own = [{"role": "system", "content": "Be a user."}, messages()["querying"][1]]
        return await ask(url, "querying", messages=own)

    refused = status_of(play)
    assert refused.status_code == 400
    assert "--prompts" in refused.message and "\n" not in refused.message


def test_a_tool_of_another_environment_is_a_bad_request() -> None:
    async def play(url: str, server: ServedTeacher) -> Any:
        return await ask(url, "reasoning")

    with pytest.raises(openai.BadRequestError, match="cannot read this"):
        served(play, of=ScriptedTeacher(SimulationSpace.from_names(["shop"])))


# -- slots and time ---------------------------------------------------------------------------------------


def test_no_more_than_its_slots_are_served_at_once_and_the_others_wait(tmp_path: Path) -> None:
    log = tmp_path / "requests.jsonl"

    async def play(url: str, server: ServedTeacher) -> None:
        await asyncio.gather(*[ask(url, "querying", seed) for seed in range(9)])
        assert server.stats.peak_in_flight > 3
        async with aiohttp.ClientSession() as session, session.get(f"{url[:-3]}/stats"):
            pass

    served(play, log=log, slots=3, latency=0.05)
    found = rows(log)
    assert [row["outcome"] for row in found] == ["ok"] * 9
    for row in found:
        assert row["ended"] - row["started"] >= 0.05
        same_time = [o for o in found if o["started"] <= row["started"] < o["ended"] - 0.01]
        assert len(same_time) <= 3


def test_a_full_queue_is_answered_with_429() -> None:
    async def play(url: str, server: ServedTeacher) -> Counter[str]:
        replies = await asyncio.gather(
            *[ask(url, "querying", seed) for seed in range(6)], return_exceptions=True
        )
        return Counter(type(reply).__name__ for reply in replies)

    kinds = served(play, slots=2, queue=1, latency=0.3)
    assert kinds == {"ChatCompletion": 3, "RateLimitError": 3}


def test_a_client_that_leaves_frees_its_slot() -> None:
    async def play(url: str, server: ServedTeacher) -> Any:
        with pytest.raises(openai.APITimeoutError):
            await ask(url, "querying", 1, timeout=0.2)
        reply = await ask(url, "querying", 2)
        return reply, server.stats.outcomes

    reply, outcomes = served(play, faults="hang:1-1", slots=1)
    assert reply.choices[0].message.content == embedded("querying", 2)
    assert {name: row["requests"] for name, row in outcomes.items()} == {"hang": 1, "ok": 1}


# -- faults -----------------------------------------------------------------------------------------------


async def raw(url: str, agent: Agent = "reasoning") -> tuple[int, Any, bytes]:
    """Status, headers and body of one request."""
    body = {"model": "scripted", "messages": messages()[agent], "seed": 7}
    headers = {"Authorization": f"Bearer {KEY}"}
    async with (
        aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(2)) as session,
        session.post(f"{url}/chat/completions", json=body, headers=headers) as reply,
    ):
        return reply.status, reply.headers, await reply.read()


def failing(kind: str, agent: Agent = "reasoning", **settings: Any) -> tuple[int, Any, bytes]:
    async def play(url: str, server: ServedTeacher) -> tuple[int, Any, bytes]:
        found = await raw(url, agent)
        assert {name: row["requests"] for name, row in server.stats.outcomes.items()} == {kind: 1}
        return found

    status, headers, body = served(play, f"{kind}:1.0", **settings)
    return status, headers, body


def test_too_many_requests_with_seconds_with_a_date_and_without() -> None:
    assert [failing(kind)[0] for kind in ("429", "429-date", "429-bare")] == [429] * 3
    assert failing("429")[1]["Retry-After"] == "1"
    assert failing("429-date")[1]["Retry-After"].endswith("GMT")
    assert "Retry-After" not in failing("429-bare")[1]


@pytest.mark.parametrize(
    "kind, status", [("500", 500), ("503", 503), ("400", 400), ("context", 400), ("key-in-error", 500)]
)
def test_errors_by_status(kind: str, status: int) -> None:
    found, _, body = failing(kind)
    assert found == status
    assert (KEY.encode() in body) == (kind == "key-in-error")


def test_a_connection_that_is_reset_before_the_reply_or_in_its_middle() -> None:
    async def play(url: str, server: ServedTeacher) -> None:
        with pytest.raises(aiohttp.ClientOSError) as before:
            await raw(url)
        assert before.value.errno == errno.ECONNRESET
        async with aiohttp.ClientSession() as session:
            body = {"model": "scripted", "messages": messages()["reasoning"]}
            reply = await session.post(f"{url}/chat/completions", json=body)
            assert reply.status == 200
            with pytest.raises((aiohttp.ClientPayloadError, aiohttp.ClientOSError)):
                await reply.read()

    served(play, "reset:1-1,reset-body:2-2")


def test_a_slow_reply_is_good_but_late() -> None:
    began = time.monotonic()
    _, _, body = failing("slow", slow_time=0.3)
    assert time.monotonic() - began > 0.3
    assert orjson.loads(body)["choices"][0]["message"]["content"] == embedded("reasoning", 7)


def test_replies_that_are_no_replies() -> None:
    with pytest.raises(orjson.JSONDecodeError):
        orjson.loads(failing("truncated")[2])
    status, headers, page = failing("html")
    assert (status, headers["Content-Type"][:9]) == (200, "text/html") and page.startswith(b"<html>")
    assert "message" not in orjson.loads(failing("schema")[2])["choices"]
    assert orjson.loads(failing("no-choices")[2])["choices"] == []


def content(kind: str, agent: Agent = "reasoning") -> tuple[dict[str, Any], dict[str, Any]]:
    """The choice of a spoiled reply, and the whole of it."""
    whole = orjson.loads(failing(kind, agent)[2])
    return whole["choices"][0], whole


def test_content_in_the_wrong_place() -> None:
    good = embedded("reasoning", 7)
    assert content("empty")[0]["message"]["content"] == ""
    refusal = content("refusal")[0]["message"]
    assert refusal["content"] is None and refusal["refusal"]
    hidden = content("reasoning-only")[0]["message"]
    assert hidden["content"] is None and hidden["reasoning_content"] == good
    parts = content("parts")[0]["message"]["content"]
    assert "".join(part["text"] for part in parts) == good
    calls = content("tool-calls")[0]["message"]["tool_calls"]
    assert calls[0]["function"]["name"] in good


def test_content_that_is_wrong() -> None:
    assert content("unknown-tools")[0]["message"]["content"] not in embedded("reasoning", 7)
    cut = content("cut-off")[0]
    assert cut["finish_reason"] == "length"
    assert embedded("reasoning", 7).startswith(cut["message"]["content"])
    assert KEY in content("key-in-reply")[0]["message"]["content"]
    assert "usage" not in content("no-usage")[1]
    assert content("absurd-usage")[1]["usage"]["prompt_tokens"] < 0


def test_a_share_of_the_requests_fails_the_same_ones_in_any_order() -> None:
    bodies = [f"request {number}".encode() for number in range(2000)]

    def drawn(order: list[bytes], seed: int = 0) -> dict[bytes, str]:
        faults = Faults.parse("all:0.3", seed)
        return {body: faults.draw(number, body) for number, body in enumerate(order, 1)}

    forward, backward = drawn(bodies), drawn(bodies[::-1])
    assert forward == backward != drawn(bodies, seed=1)
    kinds = Counter(forward.values())
    assert set(kinds) == {"", *KINDS}
    assert 0.27 < 1 - kinds[""] / len(bodies) < 0.33


def test_the_same_request_is_drawn_anew_each_time() -> None:
    faults = Faults.parse("500:0.5")
    assert {faults.draw(number, b"the same") for number in range(1, 40)} == {"", "500"}


def test_faults_by_number() -> None:
    faults = Faults.parse("429:1-2,503:5-")
    assert [faults.draw(number, b"") for number in range(1, 8)] == ["429", "429", "", "", "503", "503", "503"]


@pytest.mark.parametrize(
    "text, says",
    [
        ("427:0.1", "'427' is not known"),
        ("hagn:0.1", "did you mean 'hang'?"),
        ("429", "expected KIND:SHARE"),
        ("429:0.8,500:0.4", "add up to 1.2"),
        ("all:1-3", "takes a share"),
    ],
)
def test_faults_that_are_not_understood(text: str, says: str) -> None:
    with pytest.raises(UserError, match="--faults") as caught:
        Faults.parse(text)
    assert says in caught.value.message


# -- the command ------------------------------------------------------------------------------------------


def test_the_command_serves_and_says_where(tmp_path: Path) -> None:
    kept = tmp_path / "requests.jsonl"
    with serving("--model", "tiny", "--keep-requests", str(kept), env=(ENV,), log=tmp_path / "log") as server:

        async def play() -> Any:
            async with client(server.url) as one:
                return await one.models.list(), await ask(server.url, "querying", model="tiny")

        models, reply = asyncio.run(play())
        assert [model.id for model in models.data] == ["tiny"]
        assert reply.model == "tiny"
        assert server.tokens("ok")[2] == count_tokens(embedded("querying", 7))
    assert [row["agent"] for row in rows(tmp_path / "log")] == ["querying"]
    assert [row["messages"] for row in rows(kept)] == [list(messages()["querying"])]


def test_a_port_that_is_taken_is_said_in_one_line() -> None:
    import subprocess
    import sys

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        done = subprocess.run(
            [
                sys.executable,
                "-m",
                "funreason_plugin.synthesis.teachers.served",
                "--env",
                ENV,
                "--port",
                port,
            ],
            capture_output=True,
            text=True,
            timeout=60,
        )
    assert done.returncode == 1
    assert done.stderr.startswith("error: --port") and len(done.stderr.splitlines()) == 1
