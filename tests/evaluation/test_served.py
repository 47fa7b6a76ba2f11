"""A server's faults: tried again, in the end one line, and never a response of the model's."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from aiohttp import web

from funreason_plugin.conversation import NoRoom, Reply
from funreason_plugin.errors import UserError
from funreason_plugin.evaluation import served
from funreason_plugin.evaluation.served import Served
from funreason_plugin.messages import Conversation, Message
from tests.evaluation.served import Answer, serving


def ask(answer: Answer) -> tuple[Reply | Exception, int]:
    """What the player gets for one response, and how many requests that took."""

    async def once(url: str) -> Reply:
        async with Served(url, "tiny", pause=0.001) as model:
            return await model.generate("hermes")(Conversation([Message("user", "Hi")], "", []))

    with serving(answer) as (url, seen):
        try:
            return asyncio.run(once(url)), len(seen)
        except (UserError, NoRoom) as error:
            return error, len(seen)


def body(text: str | bytes, kind: str = "application/json", status: int = 200) -> Callable[[], web.Response]:
    data = text if isinstance(text, bytes) else text.encode()
    return lambda: web.Response(body=data, content_type=kind, status=status)


FAULTS: dict[str, tuple[Callable[[], web.Response], str]] = {
    "no choices": (body('{"choices": []}'), "a reply that is no completion (choices: List should have at least 1"),
    "choices that are none": (body('{"choices": null}'), "(choices: Input should be a valid array)"),
    "no text": (body('{"choices": [{"text": null}]}'), "(choices.0.text: Input should be a valid string)"),
    "a text that is none": (body('{"choices": [{"text": ["a"]}]}'), "(choices.0.text: Input should be a valid"),
    "a page": (body("<html>Welcome</html>", "text/html"), "(the whole: Invalid JSON: expected value at line 1"),
    "nothing": (body(""), "(the whole: Invalid JSON: EOF"),
    "no UTF-8": (body(b'{"choices": [{"text": "\xff\xfe"}]}'), "(the whole: Invalid JSON"),
    "half of it": (body('{"choices": [{"te'), "(the whole: Invalid JSON"),
    "deep": (body("[" * 100_000), "(the whole: Invalid JSON"),
    "huge": (body(b" " * (17 << 20)), "a reply of more than 16 MiB"),
    "no gzip": (lambda: web.Response(body=b"no", headers={"Content-Encoding": "gzip"}), ""),
    "an error": (body("Oops", "text/plain", 500), "status 500"),
    "a gateway's error": (body("<html>", "text/html", 502), "status 502"),
    "too many requests": (
        lambda: web.Response(status=429, headers={"Retry-After": "-5"}),
        "status 429",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_that_passes_is_not_noticed(name: str) -> None:
    fault, _ = FAULTS[name]
    found = ask(lambda text, number: fault() if number == 1 else ("Hello.", "stop"))
    assert found == (Reply("Hello.", True), 2)


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_that_stays_is_one_line(name: str) -> None:
    fault, line = FAULTS[name]
    error, asked = ask(lambda text, number: fault())
    assert isinstance(error, UserError)
    assert asked == 7
    assert line in error.message and "\n" not in error.message
    assert error.message.endswith(", 7 times; what was measured is kept, the same command goes on")


@pytest.mark.parametrize("status", [400, 401, 403, 404, 422])
def test_a_refusal_is_not_asked_again(status: int) -> None:
    error, asked = ask(lambda text, number: web.json_response({"error": {"message": "No."}}, status=status))
    assert isinstance(error, UserError) and "No." in error.message
    assert asked == 1


def test_a_server_that_does_not_answer_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(served, "_SECONDS", 0.3)

    async def sleeps(text: str, number: int) -> tuple[str, str]:
        await asyncio.sleep(5)
        return "Late.", "stop"

    error, asked = ask(sleeps)
    assert isinstance(error, UserError)
    assert "no answer within 0.3 s, 2 times" in error.message
    assert asked == 2


def test_a_full_context_is_the_models_own_end() -> None:
    message = "This model's maximum context length is 100 tokens."
    error, asked = ask(lambda text, number: web.json_response({"error": {"message": message}}, status=400))
    assert isinstance(error, NoRoom)
    assert asked == 1


@pytest.mark.parametrize("reason, finished", [("stop", True), ("length", False), ("abort", False)])
def test_only_a_response_that_was_ended_is_finished(reason: str, finished: bool) -> None:
    assert ask(lambda text, number: ("Hello.<|im_end|>", reason)) == (Reply("Hello.", finished), 1)
