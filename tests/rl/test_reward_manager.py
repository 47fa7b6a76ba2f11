"""The reward manager behind verl's own code: how it is found, what it is given, what it makes of a session."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

pytest.importorskip("verl", reason="verl is not installed (extra [rl])")

from funreason_plugin.rl.reward_manager import FunReasonRewardManager
from tests.rl.rollouts import (
    Engine,
    config,
    encode,
    played,
    responses,
    row,
    scripted,
    tokenizer,
    trajectories,
)

NAMED = {"source": "register", "name": "funreason"}
IMPORTED = {
    "source": "importlib",
    "name": "FunReasonRewardManager",
    "module": {"path": "pkg://funreason_plugin.rl.reward_manager"},
}


def manager(reward: dict[str, Any] | None = None, found_by: dict[str, Any] = NAMED) -> Any:
    """As verl's reward worker makes it."""
    from omegaconf import OmegaConf
    from verl.trainer.ppo.reward import load_reward_manager

    settings = config({"reward": reward or {}})
    OmegaConf.update(settings, "reward.reward_manager", found_by)
    return load_reward_manager(settings, tokenizer())


def rewarded(outputs: list[Any], kwargs: dict[str, Any], reward: dict[str, Any] | None = None) -> Any:
    """The last output after verl's worker has asked the manager for its reward."""
    from verl.experimental.agent_loop.agent_loop import AgentLoopWorker

    async def run() -> Any:
        made = manager(reward)
        handle = SimpleNamespace(compute_score=SimpleNamespace(remote=made.run_single))
        worker = SimpleNamespace(
            reward_loop_worker_handles=[handle],
            processor=None,
            _get_mm_processor_kwargs=lambda audios: {},
        )
        for name in ("_compute_multi_modal_inputs", "_compute_position_ids"):
            setattr(worker, name, getattr(AgentLoopWorker, name).__get__(worker))
        await AgentLoopWorker._compute_score(worker, outputs, kwargs)
        return outputs[-1]

    return asyncio.run(run())


def session(texts: list[str], number: int = 0, form: Any = "hermes") -> tuple[list[Any], dict[str, Any]]:
    """The outputs of a session in which the model wrote these texts, and its row."""
    given = row(trajectories()[number], form)
    return played(Engine(scripted(texts)), given, config({"history_reasoning": "drop"})), given


def single(text: str, kind: Any, number: int, form: Any = "hermes", finished: bool = True) -> Any:
    """The reward of one response that verl's single_turn_agent had written."""
    from verl.experimental.agent_loop.agent_loop import AgentLoopMetrics, AgentLoopOutput

    given = row(trajectories()[0], form, kind, number)
    opened = "<think>" if form != "hermes" else ""
    ids = encode(text) + ([tokenizer().eos_token_id] if finished else [])
    if not finished:
        ids = (ids * 4096)[:4096]
    output = AgentLoopOutput(
        prompt_ids=encode(f"a prompt{opened}"),
        response_ids=ids,
        response_mask=[1] * len(ids),
        metrics=AgentLoopMetrics(),
    )
    return rewarded([output], given)


@pytest.mark.parametrize("found_by", [NAMED, IMPORTED])
def test_verl_finds_it_by_name_and_by_module(found_by: dict[str, Any]) -> None:
    assert isinstance(manager(found_by=found_by), FunReasonRewardManager)


def test_the_truth_is_worth_1_and_silence_0() -> None:
    trajectory = trajectories()[0]
    outputs, given = session(responses(trajectory, "hermes"))
    assert outputs[-1].reward_score is None
    last = rewarded(outputs, given)
    assert last.reward_score == 1.0
    assert last.extra_fields["reward_extra_info"]["success"] == 1.0
    outputs, given = session(["Nothing."] * 9)
    last = rewarded(outputs, given)
    assert last.reward_score == 0.0
    assert last.extra_fields["reward_extra_info"]["reasons"].startswith("turn 1: ")


def test_progress_is_the_share_of_right_turns() -> None:
    trajectory = trajectories()[0]
    first = len(trajectory.turns[0].steps) + 1
    texts = [*responses(trajectory, "hermes")[:first], *["Nothing."] * 9]
    outputs, given = session(texts)
    assert rewarded(outputs, given, {"mode": "progress"}).reward_score == pytest.approx(0.5)
    outputs, given = session(texts)
    assert rewarded(outputs, given, {"mode": "binary"}).reward_score == 0.0


def test_its_numbers_are_verls_metrics() -> None:
    from verl.trainer.ppo.metric_utils import process_validation_metrics

    outputs, given = session(responses(trajectories()[0], "hermes"))
    info = rewarded(outputs, given).extra_fields["reward_extra_info"]
    columns = {name: [value] for name, value in info.items()}
    found = process_validation_metrics(["notes"], ["u"], columns)
    assert found["notes"]["success/turns_2"]["mean@1"] == 1.0
    assert found["notes"]["acc"]["mean@1"] == 1.0


@pytest.mark.parametrize("form", ["hermes", "funreason"])
def test_a_response_of_verls_own_loop_is_executed(form: Any) -> None:
    texts = responses(trajectories()[0], form)
    assert single(texts[0], "response", 0, form).reward_score == 1.0
    assert (
        single(
            "<think>x</think>Nothing." if form == "hermes" else "x</think>Nothing.", "response", 0, form
        ).reward_score
        == 0.0
    )


def test_a_response_that_was_cut_off_is_not_executed() -> None:
    text = responses(trajectories()[0], "hermes")[0]
    last = single(text, "response", 0, finished=False)
    assert last.reward_score == 0.0
    assert last.extra_fields["reward_extra_info"]["truncated"] == 1.0


def test_a_whole_conversation_needs_our_loop_and_says_so() -> None:
    last = single("Hello", "trajectory", 0)
    assert last.reward_score == 0.0
    assert 'needs the agent loop "funreason"' in last.extra_fields["reward_extra_info"]["reasons"]


@pytest.mark.parametrize(
    "broken",
    [
        {"extra_info": {}},
        {"reward_model": {"ground_truth": "[", "style": "rule"}},
        {"reward_model": None},
    ],
)
def test_a_row_that_cannot_be_read_scores_0_and_never_raises(broken: dict[str, Any]) -> None:
    outputs, given = session(responses(trajectories()[0], "hermes"))
    last = rewarded(outputs, {**given, **broken})
    assert last.reward_score == 0.0
    assert last.extra_fields["reward_extra_info"]["not_judged"] == 1.0


def test_a_record_that_is_not_ours_scores_0() -> None:
    outputs, given = session(responses(trajectories()[0], "hermes"))
    outputs[-1].extra_fields["funreason_played"] = '{"turns": 3}'
    assert rewarded(outputs, given).reward_score == 0.0
