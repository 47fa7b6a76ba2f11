"""The hub against real servers: what is sent, paid, remembered, and when it stops."""

from __future__ import annotations

import asyncio
import itertools
import random
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import orjson
import pytest
from aiohttp import web

from funreason_plugin.config import SynthesisConfig, load
from funreason_plugin.errors import UserError
from funreason_plugin.synthesis import budget as budget_module
from funreason_plugin.synthesis.hub import Hub
from funreason_plugin.synthesis.ledger import Ledger
from funreason_plugin.synthesis.teachers.base import Agent, Completion, Request, RunStopped, TeacherFailed

KEY = "sk-test-hub-2f8Qz71mXc0aWn5e"
PRICES = {"small": {"input": 1.0, "output": 4.0}}


def run(test: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(test, 60))


@dataclass
class Server:
    """Counts what it is asked; ``answer`` says what it replies."""

    answer: Callable[[dict[str, Any]], Awaitable[web.Response]]
    url: str = ""
    asked: list[dict[str, Any]] = field(default_factory=list)
    billed: list[tuple[int, int]] = field(default_factory=list)

    async def chat(self, request: web.Request) -> web.Response:
        if request.headers.get("Authorization") != f"Bearer {KEY}":
            return web.json_response({"error": {"message": f"wrong key {KEY}"}}, status=401)
        body = await request.json()
        self.asked.append(body)
        return await self.answer(body)

    def reply(self, text: str, given: int = 100, answered: int = 10, model: str = "small") -> web.Response:
        self.billed.append((given, answered))
        message = {"role": "assistant", "content": text}
        return web.json_response(
            {
                "model": model,
                "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
                "usage": {
                    "prompt_tokens": given,
                    "completion_tokens": answered,
                    "total_tokens": given + answered,
                },
            }
        )


async def echo(server: Server, body: dict[str, Any]) -> web.Response:
    return server.reply(f"you said: {body['messages'][-1]['content']}")


@asynccontextmanager
async def serving(
    answer: Callable[[Server, dict[str, Any]], Awaitable[web.Response]] = echo, listed: bool = True
) -> AsyncIterator[Server]:
    server = Server(lambda body: answer(server, body))

    async def models(_: web.Request) -> web.Response:
        names = ["small", "large"] if listed else []
        return web.json_response({"object": "list", "data": [{"id": name} for name in names]})

    app = web.Application()
    app.router.add_post("/v1/chat/completions", server.chat)
    app.router.add_get("/v1/models", models)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    server.url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
    try:
        yield server
    finally:
        await runner.cleanup()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HUB_KEY", KEY)
    return tmp_path


def configured(server: Server, folder: Path, **more: Any) -> SynthesisConfig:
    given = {
        "env": ["travel"], "teacher": "openai", "model": "small", "base_url": server.url, "api_key_env": "HUB_KEY",
        "out": folder, "cache": folder / "cache", "retries": 1, "give_up_after": 5.0, "prices": PRICES,
    }  # fmt: skip
    return load(None, {**given, **more})


@asynccontextmanager
async def opened(server: Server, folder: Path, **more: Any) -> AsyncIterator[Hub]:
    hub = await Hub.open(configured(server, folder, **more), folder)
    try:
        yield hub
    finally:
        await hub.close()


def question(text: str = "hello", seed: str = "0/0/0/0") -> Request:
    return Request("querying", ({"role": "user", "content": text},), seed)


# -- what is sent -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("no_cache", [True, False])
def test_a_slot_that_is_played_again_pays_nothing_twice(folder: Path, no_cache: bool) -> None:
    async def test() -> None:
        async with serving() as server, opened(server, folder, no_cache=no_cache) as hub:
            first = await hub.complete(3, question())
            assert first == Completion("you said: hello", 100, 10, "small")
            assert await hub.complete(3, question()) == first
            assert len(server.asked) == 1
            row = hub.ledger.table(kept=1)["agents"]["querying"]
            assert (row["requests"], row["replayed"]) == (1, 1)
            hub.forget(3)
            await hub.complete(3, question())
            assert len(server.asked) == (2 if no_cache else 1)

    run(test())


def test_what_is_in_flight_is_not_sent_again(folder: Path) -> None:
    async def test() -> None:
        go_on = asyncio.Event()

        async def late(server: Server, body: dict[str, Any]) -> web.Response:
            await go_on.wait()
            return server.reply("late")

        async with serving(late) as server, opened(server, folder, no_cache=True) as hub:
            waiting = [asyncio.create_task(hub.complete(slot, question())) for slot in (1, 1, 2)]
            while not server.asked:
                await asyncio.sleep(0.01)
            assert hub.in_flight == 1
            go_on.set()
            assert [reply.text for reply in await asyncio.gather(*waiting)] == ["late"] * 3
            assert len(server.asked) == 1
            assert hub.ledger.total.replayed == 2
            assert hub.in_flight == 0

    run(test())


def test_the_next_run_finds_the_replies_in_the_cache(folder: Path) -> None:
    async def test() -> None:
        async with serving() as server:
            async with opened(server, folder) as hub:
                first = await hub.complete(0, question())
            (folder / "other").mkdir()
            async with opened(server, folder / "other", cache=folder / "cache") as hub:
                assert await hub.complete(0, question()) == first
                assert hub.ledger.total.requests == 0
                await hub.complete(0, question(seed="0/0/0/1"))
            assert len(server.asked) == 2
            config = configured(server, folder)
        offline = Hub.offline(config)  # the server is gone
        assert await offline.complete(0, question()) == first
        with pytest.raises(TeacherFailed, match="not in the cache"):
            await offline.complete(0, question("something else"))
        await offline.close()

    run(test())


def test_offline_needs_neither_key_nor_cache(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def test() -> None:
        monkeypatch.delenv("HUB_KEY")
        hub = Hub.offline(configured(Server(echo), folder, base_url="http://127.0.0.1:9/v1", budget=1.0))  # type: ignore[arg-type]
        with pytest.raises(TeacherFailed) as failed:
            await hub.complete(0, question())
        assert failed.value.code == "request_failed"
        await hub.close()
        assert list(folder.iterdir()) == []

    run(test())


def test_a_request_that_failed_fails_alike_when_its_slot_is_played_again(folder: Path) -> None:
    async def refused(server: Server, body: dict[str, Any]) -> web.Response:
        if body["messages"][-1]["content"] == "bad":
            return web.json_response(
                {"error": {"message": "content policy", "code": "content_filter"}}, status=400
            )
        return server.reply("fine")

    async def test() -> None:
        async with serving(refused) as server, opened(server, folder) as hub:
            await hub.complete(0, question("good"))
            details = []
            for _ in range(2):
                with pytest.raises(TeacherFailed) as failed:
                    await hub.complete(0, question("bad"))
                assert failed.value.code == "request_refused"
                details.append(failed.value.detail)
            assert details[0] == details[1]
            sent = len(server.asked)
            hub.forget(0)
            with pytest.raises(TeacherFailed):
                await hub.complete(0, question("bad"))
            assert len(server.asked) > sent  # failures are not in the cache

    run(test())


def test_giving_up_cancels_the_request_when_nobody_else_waits(folder: Path) -> None:
    async def test() -> None:
        go_on = asyncio.Event()

        async def late(server: Server, body: dict[str, Any]) -> web.Response:
            await go_on.wait()
            return server.reply("late")

        async with serving(late) as server, opened(server, folder) as hub:
            one, two = (asyncio.create_task(hub.complete(slot, question())) for slot in (1, 2))
            while not server.asked:
                await asyncio.sleep(0.01)
            one.cancel()
            await asyncio.wait([one])
            assert hub.in_flight == 1
            two.cancel()
            await asyncio.wait([two])
            assert hub.in_flight == 0
            go_on.set()
            again = await hub.complete(1, question())  # not the cancelled one
            assert again.text == "late"
            assert hub.ledger.total.outcomes == {"cancelled": 1}

    run(test())


def test_closing_ends_what_is_in_flight(folder: Path) -> None:
    async def test() -> None:
        async def never(server: Server, body: dict[str, Any]) -> web.Response:
            await asyncio.sleep(3600)
            raise AssertionError

        async with serving(never) as server:
            hub = await Hub.open(configured(server, folder), folder)
            waiting = asyncio.create_task(hub.complete(1, question()))
            while not server.asked:
                await asyncio.sleep(0.01)
            await hub.close()
            await asyncio.wait([waiting])
            assert waiting.cancelled()
            await hub.close()

    run(test())


def test_twice_as_many_slots_are_played_as_the_servers_take_at_once(folder: Path) -> None:
    agents = {
        "querying": {"base_url": "http://other/v1", "concurrency": 5},
        "tooling": {"teacher": "scripted"},
    }
    config = configured(Server(echo), folder, base_url="http://one/v1", concurrency=40, agents=agents)  # type: ignore[arg-type]
    hub = Hub.offline(config)
    assert hub.agents == {"querying", "reasoning", "critiquing"}
    assert hub.in_flight_slots == 2 * (40 + 5)


# -- before the run ---------------------------------------------------------------------------------------


def test_a_wrong_key_is_one_line_and_nothing_is_begun(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def test() -> None:
        monkeypatch.setenv("HUB_KEY", "sk-another-0123456789abcdef")
        async with serving(listed=False) as server:
            with pytest.raises(UserError) as raised:
                await Hub.open(configured(server, folder), folder)
            assert "HUB_KEY" in raised.value.message
            assert "sk-another" not in raised.value.message
            assert not server.asked

    run(test())


def test_the_request_of_the_check_is_in_the_ledger(folder: Path) -> None:
    async def test() -> None:
        async with serving(listed=False) as server, opened(server, folder) as hub:
            probes = len(server.asked)
            assert probes >= 1
            await hub.complete(0, question())
            rows = hub.ledger.table(kept=1)["agents"]
            assert rows["check"]["requests"] == probes
            assert rows["querying"]["requests"] == 1
            assert rows["querying"]["retries"] == 0
            assert hub.ledger.tokens == sum(map(sum, server.billed))
        first = orjson.loads((folder / "ledger.jsonl").read_bytes().splitlines()[0])
        assert (first["agent"], first["slot"]) == ("check", -1)

    run(test())


def test_a_budget_needs_prices_and_says_so_before_anything_is_sent(folder: Path) -> None:
    async def test() -> None:
        async with serving(listed=False) as server:
            agents = {"reasoning": {"model": "large"}}
            with pytest.raises(UserError, match="model 'large' has no price"):
                await Hub.open(configured(server, folder, budget=1.0, agents=agents), folder)
            assert not server.asked
            async with opened(server, folder, budget=1.0, prices={**PRICES, "*": {"input": 0, "output": 0}}):
                pass

    run(test())


# -- budget -----------------------------------------------------------------------------------------------


async def varied(server: Server, body: dict[str, Any]) -> web.Response:
    rng = random.Random(body["messages"][-1]["content"])
    await asyncio.sleep(rng.uniform(0, 0.02))
    given = len(body["messages"][-1]["content"]) // 4
    return server.reply("fine", given, int(rng.lognormvariate(5.5, 0.7)))


REQUESTS: list[Agent] = ["tooling", "querying", "reasoning", "reasoning", "reasoning"] * 3


async def play(hub: Hub, at_once: int = 64) -> tuple[int, list[RunStopped]]:
    """Slots of 15 requests, so many at once, until the run is stopped; how many were finished."""
    numbers = itertools.count()
    finished = 0

    async def one() -> RunStopped:
        nonlocal finished
        for slot in numbers:
            rng = random.Random(slot)
            for number, agent in enumerate(REQUESTS):
                text = f"{slot} {number}" + "x" * rng.randint(500, 8000)
                try:
                    await hub.complete(slot, replace(question(text), agent=agent))
                except RunStopped as stopped:
                    return stopped
            hub.forget(slot)
            finished += 1
        raise AssertionError

    stops = await asyncio.gather(*(one() for _ in range(at_once)))
    return finished, stops


@pytest.mark.parametrize("limit", ["budget", "max_tokens"])
def test_with_64_in_flight_the_budget_is_used_and_hardly_exceeded(folder: Path, limit: str) -> None:
    async def test() -> None:
        more = {limit: 1.0 if limit == "budget" else 600_000, "concurrency": 64, "no_cache": True}
        async with serving(varied) as server, opened(server, folder, **more) as hub:
            finished, stops = await play(hub)
            assert len(stops) == 64
            assert all(stopped.complete_rows for stopped in stops)
            assert ("budget of 1 USD" if limit == "budget" else "600,000 tokens") in stops[0].reason
            given, answered = (sum(column) for column in zip(*server.billed, strict=True))
            used = (given + 4 * answered) / 1e6 if limit == "budget" else (given + answered) / 600_000
            assert 0.97 < used < 1.03
            assert hub.ledger.spent == pytest.approx((given + 4 * answered) / 1e6)
            assert len(server.billed) > 250
            assert 15 * finished > 0.7 * len(server.billed)  # and not a little of each of 64

    run(test())


def test_a_budget_for_few_is_not_spent_on_the_beginnings_of_many(folder: Path) -> None:
    async def test() -> None:
        more = {"budget": 0.2, "concurrency": 64, "no_cache": True}  # about six of them
        async with serving(varied) as server, opened(server, folder, **more) as hub:
            finished, _ = await play(hub, at_once=128)
            assert finished >= 3
            assert hub.ledger.spent < 0.2 * 1.1

    run(test())


def test_who_is_older_and_asks_nothing_does_not_hold_up_the_others(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(budget_module, "STILL", 0.1)

    async def test() -> None:
        async with serving() as server, opened(server, folder, budget=0.01) as hub:
            await hub.complete(0, question("begun, and never ended"))
            assert (await hub.complete(1, question("another"))).text == "you said: another"
            assert len(server.asked) == 2

    run(test())


def test_a_resumed_run_has_spent_what_it_had_spent(folder: Path) -> None:
    async def test() -> None:
        async with serving(varied) as server:
            async with opened(server, folder, budget=0.1, no_cache=True) as hub:
                await play(hub, 4)
                spent = hub.ledger.spent
            sent = len(server.asked)
            async with opened(server, folder, budget=0.1, no_cache=True) as hub:
                assert hub.ledger.spent == pytest.approx(spent)
                await play(hub, 4)
                assert hub.ledger.spent < 0.1 * 1.05
                assert len(server.asked) <= sent + 2
            async with opened(server, folder, budget=0.2, no_cache=True) as hub:
                await play(hub, 4)
                assert 0.19 < hub.ledger.spent < 0.21
            given, answered = (sum(column) for column in zip(*server.billed, strict=True))
            assert Ledger(folder / "ledger.jsonl").spent == pytest.approx((given + 4 * answered) / 1e6)

    run(test())


def test_a_budget_below_one_request_lets_a_single_one_through(folder: Path) -> None:
    async def test() -> None:
        async with serving() as server, opened(server, folder, budget=1e-5) as hub:
            replies = await asyncio.gather(
                *(hub.complete(slot, question(str(slot))) for slot in range(20)), return_exceptions=True
            )
            assert sum(isinstance(reply, Completion) for reply in replies) == 1
            assert sum(isinstance(reply, RunStopped) for reply in replies) == 19
            assert len(server.asked) == 1

    run(test())


def test_what_the_cache_has_is_answered_after_the_budget_is_reached(folder: Path) -> None:
    async def test() -> None:
        async with serving() as server:
            async with opened(server, folder) as hub:
                await hub.complete(0, question("known"))
            async with opened(server, folder, budget=1e-5) as hub:
                with pytest.raises(RunStopped):
                    await hub.complete(1, question("new"))
                assert (await hub.complete(1, question("known"))).text == "you said: known"

    run(test())


# -- what must not happen ---------------------------------------------------------------------------------


def test_nothing_is_written_that_the_redact_hook_has_not_seen(folder: Path) -> None:
    (folder / "hook.py").write_text("def hide(text):\n    return text.replace('Ann Lee', '[name]')\n")

    async def named(server: Server, body: dict[str, Any]) -> web.Response:
        if "fail" in body["messages"][-1]["content"]:
            return web.json_response(
                {"error": {"message": "Ann Lee may not", "code": "content_filter"}}, status=400
            )
        return server.reply("I am Ann Lee")

    async def test() -> None:
        async with serving(named) as server, opened(server, folder, redact=f"{folder}/hook.py:hide") as hub:
            assert (await hub.complete(0, question("who?"))).text == "I am [name]"
            with pytest.raises(TeacherFailed) as failed:
                await hub.complete(0, question("fail"))
            assert "[name]" in failed.value.detail
        written = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
        assert b"I am [name]" in written
        assert b"Ann Lee" not in written.replace((folder / "hook.py").read_bytes(), b"")

    run(test())


def test_a_redact_hook_that_fails_ends_the_run_for_all(folder: Path) -> None:
    (folder / "hook.py").write_text("def hide(text):\n    return 7 if 'boom' in text else text\n")

    async def test() -> None:
        async with serving() as server, opened(server, folder, redact=f"{folder}/hook.py:hide") as hub:
            with pytest.raises(RunStopped, match="returned int, expected str"):
                await hub.complete(0, question("boom"))
            sent = len(server.asked)
            with pytest.raises(RunStopped):
                await hub.complete(1, question("harmless"))
            assert len(server.asked) == sent
        rows = (
            sqlite3.connect(folder / "cache" / "replies.sqlite").execute("SELECT value FROM reply").fetchall()
        )
        assert rows == []
        assert hub.ledger.total.requests == 1  # it was paid

    run(test())


def test_a_ledger_that_cannot_be_written_ends_the_run_with_one_line(folder: Path) -> None:
    async def test() -> None:
        async with serving() as server, opened(server, folder) as hub:
            (folder / "ledger.jsonl").mkdir()
            for text in ("one", "two"):
                with pytest.raises(UserError, match=r"ledger\.jsonl: Is a directory"):
                    await hub.complete(0, question(text))
            assert len(server.asked) == 1
        rows = (
            sqlite3.connect(folder / "cache" / "replies.sqlite").execute("SELECT value FROM reply").fetchall()
        )
        assert rows == []  # what is not in the ledger is not used

    run(test())


def test_each_try_is_in_the_ledger_before_its_reply_is_used(folder: Path) -> None:
    async def flaky(server: Server, body: dict[str, Any]) -> web.Response:
        if len(server.asked) % 2:
            return web.json_response({"error": {"message": "busy"}}, status=503)
        return server.reply("fine")

    async def test() -> None:
        async with serving(flaky) as server, opened(server, folder) as hub:
            for number in range(3):
                await hub.complete(number, question(str(number)))
                rows = [orjson.loads(line) for line in (folder / "ledger.jsonl").read_bytes().splitlines()]
                assert [(row["outcome"], row["first"]) for row in rows[-2:]] == [("503", True), ("ok", False)]
                assert {row["slot"] for row in rows[-2:]} == {number}
            assert (hub.ledger.total.requests, hub.ledger.total.retries, hub.ledger.total.failed) == (6, 3, 3)

    run(test())
