"""The CPU engine behind /v1/completions, asked by the evaluation's own client."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

import pytest

from funreason_plugin.conversation import NoRoom
from funreason_plugin.errors import UserError
from funreason_plugin.evaluation.served import Sampling, Served

pytest.importorskip("transformers", reason="transformers is not installed (extra [sft])")

import torch
from aiohttp.test_utils import TestClient, TestServer
from transformers import AutoModelForCausalLM, AutoTokenizer

from funreason_plugin.rl.cpu.serve import application
from funreason_plugin.sft.tiny_model import build

T = TypeVar("T")
PROMPT = "<|im_start|>user\nHello there.<|im_end|>\n<|im_start|>assistant\n"


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Any]:
    folder: Path = tmp_path_factory.mktemp("model")
    build(folder, hidden=32, layers=1)
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    return model, AutoTokenizer.from_pretrained(folder)


def served(
    loaded: tuple[Any, Any],
    ask: Callable[[Served], Awaitable[T]],
    model: str = "tiny",
    temperature: float = 0.7,
    max_tokens: int = 8,
) -> T:
    async def go() -> T:
        async with TestServer(application("tiny", *loaded)) as server:
            url = str(server.make_url("/v1"))
            async with Served(url, model, Sampling(temperature, 1.0, max_tokens)) as client:
                await client.check()
                assert client.context == 32_768
                return await ask(client)

    return asyncio.run(go())


def posted(loaded: tuple[Any, Any], **body: Any) -> tuple[int, dict[str, Any]]:
    async def go() -> tuple[int, dict[str, Any]]:
        async with TestClient(TestServer(application("tiny", *loaded))) as client:
            reply = await client.post("/v1/completions", json={"model": "tiny", "prompt": PROMPT, **body})
            return reply.status, await reply.json()

    return asyncio.run(go())


def greedy(loaded: tuple[Any, Any], count: int) -> list[int]:
    """What transformers' own loop makes of the prompt."""
    model, tokenizer = loaded
    ids = tokenizer(PROMPT, return_tensors="pt", add_special_tokens=False).input_ids
    with torch.no_grad():
        made: list[int] = model.generate(ids, do_sample=False, max_new_tokens=count)[
            0, ids.shape[1] :
        ].tolist()
    return made


def test_a_greedy_response_is_the_models_own(loaded: tuple[Any, Any]) -> None:
    _, tokenizer = loaded
    done = served(loaded, lambda client: client.complete(PROMPT), temperature=0.0, max_tokens=12)
    assert done.text == tokenizer.decode(greedy(loaded, 12), skip_special_tokens=True)
    assert (done.prompt_tokens, done.response_tokens) == (len(tokenizer.encode(PROMPT)), 12)
    assert not done.finished


def test_many_requests_at_once_get_what_they_get_alone(loaded: tuple[Any, Any]) -> None:
    prompts = [PROMPT.replace("there", "again " * count) for count in range(1, 9)]

    async def together(client: Served) -> list[str]:
        return [done.text for done in await asyncio.gather(*map(client.complete, prompts))]

    async def in_turn(client: Served) -> list[str]:
        return [(await client.complete(prompt)).text for prompt in prompts]

    assert served(loaded, together, temperature=1.0) == served(loaded, in_turn, temperature=1.0)


def test_a_stop_text_ends_the_response_and_is_not_part_of_it(loaded: tuple[Any, Any]) -> None:
    tokens = greedy(loaded, 64)
    _, tokenizer = loaded
    whole = [
        token for token in tokens if tokenizer.encode(text := tokenizer.decode([token])) == [token] and text
    ]
    stop = whole[-1]
    status, stopped = posted(loaded, temperature=0, max_tokens=64, stop=[tokenizer.decode([stop])])
    assert status == 200
    assert stopped["choices"][0]["finish_reason"] == "stop"
    assert stopped["choices"][0]["text"] == tokenizer.decode(tokens[: tokens.index(stop)])


def test_a_prompt_that_leaves_no_room_is_told_as_engines_do(loaded: tuple[Any, Any]) -> None:
    with pytest.raises(NoRoom):
        served(loaded, lambda client: client.complete("word " * 33_000))


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"model": "other"}, "model: 'other' is not served; 'tiny' is"),
        ({"temperature": -1}, "temperature: Input should be greater than or equal to 0"),
        ({"stream": True}, "stream: not available here"),
        ({"stop": ["two words"]}, "stop: expected texts of one token each, as <|im_end|> is"),
        ({"prompt": [1, 2]}, "prompt: Input should be a valid string"),
        ({"n": 2}, "n: Input should be less than or equal to 1"),
    ],
)
def test_what_cannot_be_answered_is_refused_in_one_line(
    loaded: tuple[Any, Any], body: dict[str, Any], said: str
) -> None:
    status, reply = posted(loaded, **body)
    assert (status, reply["error"]["message"]) == (400, said)


def test_another_models_name_is_found_before_anything_is_asked(loaded: tuple[Any, Any]) -> None:
    with pytest.raises(UserError, match="the server has tiny"):
        served(loaded, lambda client: client.complete(PROMPT), model="sft")
