"""The CPU's engine: what it generates, beside the model asked token by token."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

import pytest

from funreason_plugin.errors import UserError

pytest.importorskip("torch", reason="torch is not installed (extra [rl])")
pytest.importorskip("transformers", reason="transformers is not installed (extra [rl])")

import torch
from transformers import Qwen3Config, Qwen3ForCausalLM

from funreason_plugin.rl.cpu.generation import Engine, Request
from funreason_plugin.rl.cpu.sampling import Sampling

VOCABULARY = 300


def model(seed: int = 0, **other: Any) -> Any:
    """A random model of 30,000 parameters; its tokens are far from equally probable."""
    torch.manual_seed(seed)
    config = Qwen3Config(
        vocab_size=VOCABULARY,
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        head_dim=16,
        tie_word_embeddings=True,
        attn_implementation="sdpa",
        initializer_range=0.2,
        **other,
    )
    return Qwen3ForCausalLM(config).eval()


def tokens(count: int, seed: int = 0) -> list[int]:
    drawn = random.Random(seed)
    return [drawn.randrange(VOCABULARY) for _ in range(count)]


def run(engine: Engine, requests: Sequence[Request], every: int = 0) -> None:
    """Until all are finished; with ``every``, a request joins only after so many further tokens."""
    left, number = list(requests), 0
    while left or engine.busy:
        while left and (not every or number % every == 0):
            engine.add(left.pop(0))
            if every:
                break
        engine.step()
        number += 1


def expected(network: Any, request: Request) -> list[float]:
    """The log-probabilities of the request's tokens, from one forward pass over all of it."""
    with torch.no_grad():
        logits = network(input_ids=torch.tensor([request.prompt + request.tokens])).logits[0]
    heat = request.sampling.temperature or 1.0
    logprobs = (logits / heat).log_softmax(-1)
    first = len(request.prompt) - 1
    return [float(logprobs[first + place, token]) for place, token in enumerate(request.tokens)]


def mixed(count: int) -> list[Request]:
    """Requests of very different lengths, of which some begin alike."""
    made = []
    for number in range(count):
        prompt = tokens(80, 1)[: 80 if number % 3 else 0] + tokens(1 + 7 * number, number)
        heat = (1.0, 0.6, 0.0)[number % 3]
        made.append(Request(prompt, Sampling(temperature=heat, max_tokens=1 + 3 * number)))
    return made


@pytest.mark.parametrize("every", [0, 2])
def test_log_probabilities_are_those_of_the_model(every: int) -> None:
    network = model()
    requests = mixed(12)
    run(Engine(network), requests, every)
    for request in requests:
        assert request.logprobs == pytest.approx(expected(network, request), abs=1e-5)


def test_temperature_zero_takes_the_most_probable_token_each_time() -> None:
    network = model()
    request = Request(tokens(20), Sampling(temperature=0, max_tokens=30))
    run(Engine(network), [request, *mixed(5)])
    ids = list(request.prompt)
    with torch.no_grad():
        for _ in range(30):
            ids.append(int(network(input_ids=torch.tensor([ids])).logits[0, -1].argmax()))
    assert request.tokens == ids[20:]


def test_a_response_does_not_depend_on_what_else_is_computed() -> None:
    network = model()
    alone = Request(tokens(30), Sampling(max_tokens=25))
    run(Engine(network), [alone])
    among = Request(tokens(30), Sampling(max_tokens=25))
    run(Engine(network, rows=7), [*mixed(9), among], every=3)
    assert among.tokens == alone.tokens


def test_the_rollouts_of_one_prompt_differ_and_come_again_with_the_seed() -> None:
    def drawn(seed: int) -> set[tuple[int, ...]]:
        requests = [Request(tokens(30), Sampling(max_tokens=10)) for _ in range(8)]
        run(Engine(model(), seed=seed), requests)
        return {tuple(request.tokens) for request in requests}

    assert len(drawn(0)) == 8
    assert drawn(0) == drawn(0)
    assert not drawn(0) & drawn(1)


def test_a_request_with_a_seed_of_its_own() -> None:
    def drawn(seed: int, engine: int) -> list[int]:
        request = Request(tokens(30), Sampling(max_tokens=10, seed=seed))
        run(Engine(model(), seed=engine), [request])
        return request.tokens

    assert drawn(5, 0) == drawn(5, 1) != drawn(6, 0)


def test_a_response_ends_with_the_token_that_stops_it() -> None:
    whole = Request(tokens(30), Sampling(temperature=0, max_tokens=30))
    run(Engine(model()), [whole])
    stop = whole.tokens[7]
    request = Request(tokens(30), Sampling(temperature=0, max_tokens=30, stop=frozenset([stop])))
    run(Engine(model()), [request])
    assert request.tokens == whole.tokens[: whole.tokens.index(stop) + 1]
    assert len(request.logprobs) == len(request.tokens)


class Counting:
    """A model that counts what it is given."""

    def __init__(self, network: Any) -> None:
        self.network = network
        self.tokens = 0
        self.rows: list[int] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self.network, name)

    def __call__(self, input_ids: Any, **other: Any) -> Any:
        self.tokens += input_ids.numel()
        self.rows.append(input_ids.shape[0])
        return self.network(input_ids=input_ids, **other)


def test_no_more_rows_than_allowed_are_computed_at_once() -> None:
    network = Counting(model())
    requests = [Request(tokens(30, n // 8), Sampling(max_tokens=4)) for n in range(24)]
    run(Engine(network, rows=5), requests)
    assert all(len(request.tokens) == 4 for request in requests)
    assert max(network.rows) == 5


def test_the_prompt_of_a_group_is_computed_once() -> None:
    network = Counting(model())
    run(Engine(network), [Request(tokens(200), Sampling(max_tokens=1)) for _ in range(16)])
    assert network.tokens == 200


def test_the_next_turn_of_a_conversation_computes_what_is_new() -> None:
    network = Counting(model())
    engine = Engine(network)
    first = Request(tokens(200), Sampling(max_tokens=20))
    run(engine, [first])
    network.tokens = 0
    second = Request(first.prompt + first.tokens + tokens(15, 9), Sampling(max_tokens=1))
    run(engine, [second])
    assert network.tokens == 1 + 15  # the last token of the first response was drawn, not computed
    assert second.logprobs == pytest.approx(expected(network.network, second), abs=1e-5)


def test_prompts_that_begin_alike_compute_the_beginning_once() -> None:
    network = Counting(model())
    requests = [Request(tokens(200) + tokens(20, 1 + n), Sampling(max_tokens=1)) for n in range(6)]
    run(Engine(network), requests)
    assert network.tokens == 220 + 5 * 20
    for request in requests:
        assert request.logprobs == pytest.approx(expected(network.network, request), abs=1e-5)


def test_new_weights_forget_what_the_old_ones_computed() -> None:
    engine = Engine(model(0))
    run(engine, [Request(tokens(50), Sampling(max_tokens=5))])
    engine.load(model(1).state_dict(), 1)
    request = Request(tokens(50), Sampling(temperature=0, max_tokens=5))
    run(engine, [request])
    assert request.logprobs == pytest.approx(expected(model(1), request), abs=1e-5)


def test_weights_of_another_model_are_refused() -> None:
    with pytest.raises(ValueError, match="weights of another model"):
        Engine(model()).load({"model.norm.weight": torch.ones(32)})


def test_dropped_requests_keep_what_they_have_and_the_engine_goes_on() -> None:
    engine = Engine(model(), rows=1)
    running, waiting = (Request(tokens(30, n), Sampling(max_tokens=50)) for n in range(2))
    engine.add(running)
    engine.add(waiting)
    engine.step()
    engine.step()
    assert engine.drop() == [running, waiting]
    assert (len(running.tokens), len(waiting.tokens)) == (2, 0)
    assert not engine.busy
    run(engine, [request := Request(tokens(5), Sampling(max_tokens=3))])
    assert len(request.tokens) == 3


def test_padding_of_the_embeddings_is_never_drawn() -> None:
    request = Request(tokens(10), Sampling(temperature=5.0, max_tokens=100))
    run(Engine(model(), vocabulary=20), [request])
    assert max(request.tokens) < 20


def test_another_attention_is_refused() -> None:
    network = model(use_sliding_window=True, sliding_window=8, max_window_layers=1)
    with pytest.raises(UserError, match="sliding_attention; expected full attention"):
        Engine(network)


def test_a_request_without_a_prompt_is_refused() -> None:
    with pytest.raises(UserError, match="without a prompt"):
        Request([], Sampling())
