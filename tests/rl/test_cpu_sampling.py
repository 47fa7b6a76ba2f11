"""Sampling parameters, and the tokens that are drawn by them."""

from __future__ import annotations

import math
import random
from collections import Counter
from typing import Any

import pytest

from funreason_plugin.errors import UserError

pytest.importorskip("torch", reason="torch is not installed (extra [rl])")

import torch

from funreason_plugin.rl.cpu.sampling import Sampling, draw

SHARES = (0.4, 0.3, 0.15, 0.1, 0.05)


def drawn(count: int, raw: bool = False, **params: Any) -> tuple[Counter[int], dict[int, float]]:
    """How often each token came, and the log-probability reported for it."""
    logits = torch.tensor(SHARES).log().expand(count, -1)
    streams = [random.Random(n) for n in range(count)]
    tokens, logprobs = draw(logits, [Sampling(**params)] * count, streams, raw)
    return Counter(tokens), dict(zip(tokens, logprobs, strict=True))


def test_tokens_come_as_often_as_they_are_probable() -> None:
    count = 20_000
    times, logprobs = drawn(count)
    for token, share in enumerate(SHARES):
        assert times[token] == pytest.approx(count * share, abs=5 * math.sqrt(count * share))
        assert logprobs[token] == pytest.approx(math.log(share), abs=1e-6)


def test_temperature_changes_the_shares() -> None:
    _, logprobs = drawn(5000, temperature=0.5)
    squares = [share**2 for share in SHARES]
    assert {token: math.exp(value) for token, value in logprobs.items()} == pytest.approx(
        {token: squares[token] / sum(squares) for token in logprobs}
    )


@pytest.mark.parametrize(
    ("params", "left"),
    [
        ({"top_k": 2}, 2),
        ({"top_k": -1}, 5),
        ({"top_k": 99}, 5),
        ({"top_p": 0.39}, 1),
        ({"top_p": 0.69}, 2),
        ({"top_p": 0.71}, 3),
        ({"top_k": 4, "top_p": 0.75}, 3),
    ],
)
def test_top_k_and_top_p_leave_the_most_probable_tokens(params: dict[str, Any], left: int) -> None:
    times, logprobs = drawn(2000, **params)
    assert set(times) == set(range(left))
    assert math.exp(logprobs[0]) == pytest.approx(SHARES[0] / sum(SHARES[:left]))


def test_raw_log_probabilities_are_the_models_own() -> None:
    _, logprobs = drawn(100, raw=True, top_k=1, temperature=0.3)
    assert logprobs == pytest.approx({0: math.log(SHARES[0])})


def test_temperature_zero_is_the_most_probable_token() -> None:
    times, logprobs = drawn(50, temperature=0.0)
    assert times == {0: 50}
    assert logprobs[0] == pytest.approx(math.log(SHARES[0]))


def test_a_token_that_is_impossible_is_never_drawn() -> None:
    class Last(random.Random):
        def random(self) -> float:
            return 1.0 - 2**-53

    logits = torch.tensor([[0.0, 0.0, -math.inf, -math.inf]])
    assert draw(logits, [Sampling()], [Last()])[0] == [1]


def test_verls_parameters_are_read() -> None:
    given = {
        "temperature": 0.7,
        "top_p": 0.9,
        "top_k": 20,
        "repetition_penalty": 1.0,
        "logprobs": True,
        "max_tokens": 50,
        "stop_token_ids": [7],
        "seed": 3,
    }
    sampling = Sampling.of(given, 10, 1000, [2])
    assert sampling == Sampling(0.7, 0.9, 20, 50, frozenset([2, 7]), 3, True)


@pytest.mark.parametrize(
    ("given", "most"),
    [({}, 10), ({"max_new_tokens": 30}, 30), ({"max_tokens": 30}, 30), ({"max_tokens": 99}, 40)],
)
def test_the_limit_of_a_response(given: dict[str, Any], most: int) -> None:
    assert Sampling.of(given, 10, 40, []).max_tokens == most


def test_the_end_of_a_response_can_be_ignored() -> None:
    assert Sampling.of({"ignore_eos": True, "stop_token_ids": [5]}, 10, 40, [2]).stop == {5}


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"n": 2}, "n: the CPU rollout does not know"),
        ({"repetition_penalty": 1.1}, "repetition_penalty: the CPU rollout knows 1.0 only"),
        ({"temperature": -1}, "temperature -1.0: expected 0 or more"),
        ({"temperature": math.nan}, "temperature nan"),
        ({"top_p": 0}, "top_p 0.0: expected more than 0"),
        ({"top_k": -2}, "top_k -2: expected -1"),
    ],
)
def test_parameters_that_cannot_be_followed_are_refused(given: dict[str, Any], words: str) -> None:
    with pytest.raises(UserError, match=words):
        Sampling.of(given, 10, 40, [])
