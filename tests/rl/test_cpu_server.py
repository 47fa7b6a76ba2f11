"""The CPU's rollout server: verl's interface of a server, without Ray."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from funreason_plugin.errors import UserError

pytest.importorskip("verl", reason="verl is not installed (extra [rl])")

import torch
from transformers import AutoModelForCausalLM
from verl.workers.config import HFModelConfig, RolloutConfig

from funreason_plugin.rl.cpu.replica import CpuServer
from funreason_plugin.sft.tiny_model import build

PROMPT = list(range(100, 160))
SAMPLING = {"temperature": 1.0, "top_p": 1.0, "top_k": -1, "repetition_penalty": 1.0, "logprobs": True}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("model")
    build(made, hidden=32, layers=1)
    return made


@pytest.fixture(scope="module")
def model_config(folder: Path) -> HFModelConfig:
    return HFModelConfig(path=str(folder), override_config={"attn_implementation": "sdpa"})


def server(model_config: HFModelConfig, **rollout: Any) -> CpuServer:
    lengths = {"prompt_length": 64, "response_length": 32, "dtype": "float32"}
    return CpuServer(RolloutConfig(name="funreason_cpu", **{**lengths, **rollout}), model_config, 0)


def answers(made: CpuServer, count: int = 1, **sampling: Any) -> list[Any]:
    async def ask() -> list[Any]:
        requests = [made.generate(PROMPT, {**SAMPLING, **sampling}, str(number)) for number in range(count)]
        return await asyncio.gather(*requests)

    return asyncio.run(ask())


def test_a_response_has_tokens_log_probabilities_and_the_step_of_its_weights(
    model_config: HFModelConfig,
) -> None:
    made = server(model_config)
    asyncio.run(made.update_weights(made._batching.engine._model.state_dict(), 7))
    (output,) = answers(made, max_tokens=5, ignore_eos=True)
    assert len(output.token_ids) == len(output.log_probs) == 5
    assert output.stop_reason == "completed"
    assert output.extra_fields == {"global_steps": 7}


def test_log_probabilities_only_where_they_are_asked_for(model_config: HFModelConfig) -> None:
    (output,) = answers(server(model_config), logprobs=False, max_tokens=2)
    assert output.log_probs is None


@pytest.mark.parametrize(
    ("rollout", "sampling", "length"),
    [
        ({}, {}, 32),  # what is left of prompt and response
        ({"response_length": 8}, {}, 8),
        ({"response_length": 8}, {"max_tokens": 20}, 20),
        ({"max_model_len": 70}, {"max_tokens": 20}, 10),
        ({"ignore_eos": True}, {"max_tokens": 3}, 3),
    ],
)
def test_how_long_a_response_may_be(
    model_config: HFModelConfig, rollout: dict[str, Any], sampling: dict[str, Any], length: int
) -> None:
    (output,) = answers(server(model_config, **rollout), ignore_eos=True, **sampling)
    assert len(output.token_ids) == length


def test_the_tokenizers_end_ends_a_response(model_config: HFModelConfig) -> None:
    end = model_config.tokenizer.eos_token_id
    made = server(model_config, response_length=4000)
    weights = {name: tensor.clone() for name, tensor in made._batching.engine._model.state_dict().items()}
    weights["model.embed_tokens.weight"][end] *= 100  # probable, but not always
    weights["lm_head.weight"] = weights["model.embed_tokens.weight"]
    asyncio.run(made.update_weights(weights, 1))
    outputs = answers(made, 8, max_tokens=3000)
    assert all(output.token_ids[-1] == end for output in outputs)
    assert all(end not in output.token_ids[:-1] for output in outputs)


def test_a_prompt_without_room_is_an_error(model_config: HFModelConfig) -> None:
    with pytest.raises(ValueError, match="a prompt of 60 tokens leaves no room within 60 tokens"):
        answers(server(model_config, max_model_len=60))


def test_an_unknown_sampling_parameter_is_an_error_of_its_request_alone(model_config: HFModelConfig) -> None:
    made = server(model_config)

    async def ask() -> Any:
        bad = made.generate(PROMPT, {**SAMPLING, "guided_json": "{}"}, "0")
        return await asyncio.gather(bad, made.generate(PROMPT, SAMPLING, "1"), return_exceptions=True)

    refused, answered = asyncio.run(ask())
    assert isinstance(refused, UserError)
    assert answered.token_ids


def test_requests_that_wait_are_computed_together(
    model_config: HFModelConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = server(model_config)
    rows: list[int] = []
    forward = made._batching.engine._forward

    def counted() -> torch.Tensor:
        rows.append(len(made._batching.engine._running))
        return forward()

    monkeypatch.setattr(made._batching.engine, "_forward", counted)
    answers(made, 16, max_tokens=6, ignore_eos=True)
    assert rows == [16] * 5  # the first token of each came with the prompt


def test_new_weights_are_those_of_the_next_response(model_config: HFModelConfig, folder: Path) -> None:
    made = server(model_config)
    greedy = {"temperature": 0, "max_tokens": 12, "ignore_eos": True}
    (before,) = answers(made, **greedy)
    network = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    with torch.no_grad():
        network.model.norm.weight.copy_(torch.linspace(-1, 1, 32))
    asyncio.run(made.update_weights(network.state_dict(), 1))
    (after,) = answers(made, **greedy)
    assert before.token_ids != after.token_ids
    with torch.no_grad():
        logits = network(input_ids=torch.tensor([PROMPT + after.token_ids])).logits[0, len(PROMPT) - 1 : -1]
    logprobs = logits.log_softmax(-1)[range(12), after.token_ids]
    assert after.log_probs == pytest.approx(logprobs.tolist(), abs=1e-5)


def test_requests_are_aborted_and_later_ones_wait(model_config: HFModelConfig) -> None:
    made = server(model_config, response_length=4000)

    async def go() -> tuple[Any, bool, Any]:
        first = asyncio.create_task(made.generate(PROMPT, {**SAMPLING, "ignore_eos": True}, "0"))
        while not made._batching.engine._running:
            await asyncio.sleep(0.01)
        await made.abort_all_requests()
        aborted = await first
        second = asyncio.create_task(made.generate(PROMPT, {**SAMPLING, "max_tokens": 2}, "1"))
        await asyncio.sleep(0.1)
        waited = not second.done()
        await made.resume_generation()
        return aborted, waited, await second

    aborted, waited, answered = asyncio.run(go())
    assert aborted.stop_reason == "aborted"
    assert 0 < len(aborted.token_ids) == len(aborted.log_probs) < 4000
    assert waited
    assert answered.stop_reason == "completed"


def test_a_failure_of_the_model_reaches_every_request_and_the_server_goes_on(
    model_config: HFModelConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = server(model_config)
    with monkeypatch.context() as patch:
        patch.setattr(made._batching.engine, "_forward", lambda: 1 / 0)

        async def ask() -> list[Any]:
            requests = [made.generate(PROMPT, {**SAMPLING, "max_tokens": 4}, str(n)) for n in range(3)]
            return await asyncio.gather(*requests, return_exceptions=True)

        assert [type(answer) for answer in asyncio.run(ask())] == [ZeroDivisionError] * 3
    assert answers(made, max_tokens=2)[0].token_ids
