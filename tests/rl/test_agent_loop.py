"""The agent loop: which tokens are trained on, read back as text."""

from __future__ import annotations

from itertools import chain, groupby
from typing import Any

import pytest

from funreason_plugin.messages import of_trajectory
from funreason_plugin.rendering import FORMS, PromptForm, render

pytest.importorskip("verl", reason="verl is not installed (extra [rl])")

from tests.rl.rollouts import (
    Engine,
    config,
    played,
    record,
    responses,
    row,
    scripted,
    tokenizer,
    trajectories,
)


def parts(output: Any) -> list[tuple[int, str]]:
    """The response as text, by runs of the mask."""
    assert len(output.response_ids) == len(output.response_mask) == len(output.response_logprobs)
    runs = groupby(zip(output.response_ids, output.response_mask, strict=True), key=lambda pair: pair[1])
    return [(mask, text([token for token, _ in run])) for mask, run in runs]


def text(ids: list[int]) -> str:
    return str(tokenizer().decode(ids, skip_special_tokens=False))


@pytest.mark.parametrize("form", FORMS)
def test_a_conversation_that_is_kept_has_the_tokens_of_sft(form: PromptForm) -> None:
    trajectory = trajectories()[0]
    engine = Engine(scripted(responses(trajectory, form)))
    (output,) = played(engine, row(trajectory, form), config())
    pairs = render(of_trajectory(trajectory), form, thoughts="all")
    encoded = [tokenizer().encode(part, add_special_tokens=False) for pair in pairs for part in pair]
    assert output.prompt_ids == encoded[0]
    assert output.response_ids == list(chain(*encoded[1:]))[:-1]  # no line feed after the last response
    assert [text for mask, text in parts(output) if mask] == [
        pair.response.removesuffix("\n") for pair in pairs
    ]
    assert record(output)["turns"][-1]["state_hash"] == trajectory.turns[-1].state_hash
