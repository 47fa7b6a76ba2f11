"""The agent loop: which tokens are trained on, read back as text."""

from __future__ import annotations

from itertools import chain, groupby
from typing import Any

import pytest

from funreason_plugin.messages import Conversation, of_trajectory
from funreason_plugin.rendering import FORMS, PromptForm, opening, prompt, render
from funreason_plugin.trajectory import Trajectory

pytest.importorskip("verl", reason="verl is not installed (extra [rl])")

from tests.rl.rollouts import (
    Engine,
    config,
    encode,
    played,
    record,
    responses,
    row,
    scripted,
    text,
    trajectories,
)

DROP = {"history_reasoning": "drop"}


def parts(output: Any) -> list[tuple[int, str]]:
    """The response as text, by runs of the mask."""
    runs = groupby(zip(output.response_ids, output.response_mask, strict=True), key=lambda pair: pair[1])
    return [(mask, text([token for token, _ in run])) for mask, run in runs]


def thoughts(output: Any) -> list[str]:
    return [text(output.response_ids[start:end]) for start, end in output.extra_fields["funreason_thoughts"]]


def truth(trajectory: Trajectory, form: PromptForm) -> Engine:
    """A model that does what the truth does."""
    return Engine(scripted(responses(trajectory, form)))


@pytest.mark.parametrize("form", FORMS)
def test_a_conversation_that_is_kept_has_the_tokens_of_sft(form: PromptForm) -> None:
    trajectory = trajectories()[0]
    (output,) = played(truth(trajectory, form), row(trajectory, form), config())
    pairs = render(of_trajectory(trajectory), form, thoughts="all")
    encoded = [encode(part) for pair in pairs for part in pair]
    assert output.prompt_ids == encoded[0]
    assert output.response_ids == list(chain(*encoded[1:]))[:-1]  # no line feed after the last response
    assert [text for mask, text in parts(output) if mask] == [
        pair.response.removesuffix("\n") for pair in pairs
    ]


@pytest.mark.parametrize("form", FORMS)
def test_without_earlier_thoughts_every_response_has_the_prompt_that_is_served(form: PromptForm) -> None:
    trajectory = trajectories()[0]
    outputs = played(truth(trajectory, form), row(trajectory, form), config(DROP))
    talk = of_trajectory(trajectory)
    assert len(outputs) == len(responses(trajectory, form))
    for number, (output, written) in enumerate(zip(outputs, responses(trajectory, form), strict=True)):
        before = Conversation(talk.messages[: 2 * number + 1], talk.system, talk.tools)
        assert output.prompt_ids == encode(prompt(before, form))
        assert parts(output) == [(1, written + "<|im_end|>")]


@pytest.mark.parametrize("form", FORMS)
def test_where_nothing_is_thought_keep_and_drop_see_the_same(form: PromptForm) -> None:
    trajectory = trajectories()[0]
    pairs = render(of_trajectory(trajectory), form, thoughts="none")
    engines = [Engine(scripted([pair.response.removesuffix("<|im_end|>\n") for pair in pairs])) for _ in "ab"]
    # The opening that a server writes without thinking stands in the history of "keep" alone.
    settings = {"thinking": form == "hermes"}
    (kept,) = played(engines[0], row(trajectory, form), config(settings))
    dropped = played(engines[1], row(trajectory, form), config(settings | DROP))
    assert engines[0].prompts == engines[1].prompts
    assert kept.prompt_ids + kept.response_ids == dropped[-1].prompt_ids + dropped[-1].response_ids
    assert record(kept)["turns"] == record(dropped[-1])["turns"]


@pytest.mark.parametrize("history", ["keep", "drop"])
@pytest.mark.parametrize("form", FORMS)
def test_the_spans_are_the_thoughts(form: PromptForm, history: str) -> None:
    trajectory = trajectories()[0]
    outputs = played(truth(trajectory, form), row(trajectory, form), config({"history_reasoning": history}))
    expected = [
        message.thought for message in of_trajectory(trajectory).messages if message.role == "assistant"
    ]
    assert [found.strip() for output in outputs for found in thoughts(output)] == expected


@pytest.mark.parametrize("form", FORMS)
def test_a_thought_without_an_end_goes_up_to_the_end_of_the_response(form: PromptForm) -> None:
    written = ("" if opening(form, True) else "<think>") + "\nI wonder"
    (output,) = played(Engine(lambda prompt, number: written), row(trajectories()[0], form), config())
    assert thoughts(output) == ["\nI wonder"] * 2
    assert [turn["stop"] for turn in record(output)["turns"]] == ["malformed"] * 2, "it is not an answer"


def test_what_was_sampled_from_is_what_is_trained_on() -> None:
    """The prompt of every request is what stands before its response in the sequence."""
    trajectory = trajectories()[0]
    engine = truth(trajectory, "funreason")
    (output,) = played(engine, row(trajectory, "funreason"), config())
    ids = output.prompt_ids + output.response_ids
    mask = [0] * len(output.prompt_ids) + output.response_mask
    starts = [number for number in range(1, len(ids)) if mask[number] and not mask[number - 1]]
    assert engine.prompts == [ids[:start] for start in starts]


def test_log_probabilities_stand_at_their_tokens() -> None:
    """The stub gives -(number of the response) - index / 1024; tokens that were not sampled have 0."""
    trajectory = trajectories()[0]
    (output,) = played(truth(trajectory, "hermes"), row(trajectory), config())
    expected: list[float] = []
    number = 0
    for mask, run in groupby(output.response_mask):
        number += mask
        expected += [-number - index / 1024 if mask else 0.0 for index, _ in enumerate(run)]
    assert output.response_logprobs == expected


def test_without_log_probabilities_none_are_made_up() -> None:
    trajectory = trajectories()[0]
    (output,) = played(truth(trajectory, "hermes"), row(trajectory), config(), logprobs=False)
    assert output.response_logprobs is None


@pytest.mark.parametrize("history", ["keep", "drop"])
def test_the_truth_played_has_its_states_and_outputs(history: str) -> None:
    for trajectory in trajectories():
        outputs = played(
            truth(trajectory, "funreason"),
            row(trajectory, "funreason"),
            config({"history_reasoning": history}),
        )
        found = record(outputs[-1])["turns"]
        assert [turn["state_hash"] for turn in found] == [turn.state_hash for turn in trajectory.turns]
        assert [[call["output"] for step in turn["steps"] for call in step["calls"]] for turn in found] == [
            [call.output for call in turn.calls()] for turn in trajectory.turns
        ]
        assert [turn["answer"] for turn in found] == [turn.answer for turn in trajectory.turns]


@pytest.mark.parametrize("history", ["keep", "drop"])
@pytest.mark.parametrize("form", FORMS)
def test_a_row_of_one_response_starts_where_the_truth_was(form: PromptForm, history: str) -> None:
    trajectory = trajectories()[0]
    for number, written in enumerate(responses(trajectory, form)):
        engine = Engine(scripted([written]))
        rows = row(trajectory, form, "response", number)
        (output,) = played(engine, rows, config({"history_reasoning": history}))
        talk = of_trajectory(trajectory)
        before = Conversation(talk.messages[: 2 * number + 1], talk.system, talk.tools)
        assert output.prompt_ids == encode(prompt(before, form))
        assert parts(output) == [(1, written + "<|im_end|>")]
        (turn,) = record(output)["turns"]
        calls = [call for step in turn["steps"] for call in step["calls"]]
        message = talk.messages[2 * number + 1]
        assert [call["name"] for call in calls] == [call.name for call in message.calls]
        assert not any("error" in call["output"] for call in calls)


def test_only_the_last_output_carries_what_was_played() -> None:
    trajectory = trajectories()[0]
    outputs = played(truth(trajectory, "hermes"), row(trajectory), config(DROP))
    assert ["funreason_played" in output.extra_fields for output in outputs] == [False] * (
        len(outputs) - 1
    ) + [True]
    assert {output.reward_score for output in outputs} == {None}


def test_the_versions_of_the_weights_are_reported() -> None:
    trajectory = trajectories()[0]
    engine = truth(trajectory, "hermes")
    engine.newer_weights = True
    (output,) = played(engine, row(trajectory), config())
    last = 7 + len(responses(trajectory, "hermes")) - 1
    assert (output.extra_fields["min_global_steps"], output.extra_fields["max_global_steps"]) == (7, last)


@pytest.mark.parametrize("form", FORMS)
def test_without_thinking_the_prompt_ends_as_it_is_served(form: PromptForm) -> None:
    trajectory = trajectories()[0]
    pairs = render(of_trajectory(trajectory), form, thoughts="none")
    engine = Engine(scripted([pair.response.removesuffix("<|im_end|>\n") for pair in pairs]))
    (output,) = played(engine, row(trajectory, form), config({"thinking": False}))
    assert all(text(ids).endswith("assistant\n" + opening(form, False)) for ids in engine.prompts)
    assert output.extra_fields["funreason_thoughts"] == []
    assert record(output)["turns"][-1]["state_hash"] == trajectory.turns[-1].state_hash


def test_a_response_that_did_not_write_its_end_is_ended_for_it() -> None:
    """Engines may leave out the token that they stopped at; it is not trained on then."""
    trajectory = trajectories()[0]
    with_end, without = truth(trajectory, "hermes"), truth(trajectory, "hermes")
    without.ends = False
    (one,) = played(with_end, row(trajectory), config())
    (two,) = played(without, row(trajectory), config())
    assert one.response_ids[:-1] == two.response_ids
    assert [mask for mask, _ in parts(one)] == [mask for mask, _ in parts(two)]
    assert not any("<|im_end|>" in text for mask, text in parts(two) if mask)
