"""What a recipe cannot have together."""

from __future__ import annotations

from typing import Any

import pytest

from funreason_plugin.rl.conditions import contradictions
from funreason_plugin.rl.settings import Settings

omegaconf = pytest.importorskip("omegaconf")


def found(*changes: str) -> list[str]:
    config: Any = omegaconf.OmegaConf.create(
        {
            "algorithm": {"adv_estimator": "grpo", "rollout_correction": {"bypass_mode": False}},
            "trainer": {"use_v1": True, "v1": {"trainer_mode": "funreason"}},
            "reward": {
                "reward_manager": {"source": "register", "name": "funreason"},
                "custom_reward_function": {"path": None},
            },
            "actor_rollout_ref": {"rollout": {"max_model_len": None}},
            "data": {"max_prompt_length": 100},
            "funreason": {"history_reasoning": "keep", "egpo": {"weight": 0.0}},
        }
    )
    config.merge_with_dotlist(list(changes))
    return list(contradictions(config, Settings.of(config)))


EGPO, DROP = "funreason.egpo.weight=0.4", "funreason.history_reasoning=drop"


@pytest.mark.parametrize(
    "changes",
    [
        (),
        (EGPO, DROP),
        ("trainer.use_v1=false",),
        ("trainer.v1.trainer_mode=sync",),
        ("algorithm.adv_estimator=gae",),
        ("algorithm.rollout_correction.bypass_mode=true",),
        ("reward.reward_manager.source=importlib", "reward.reward_manager.name=FunReasonRewardManager"),
        ("reward.reward_manager.source=importlib", "reward.reward_manager.name=Mine",
         "reward.custom_reward_function.path=f.py"),
        ("actor_rollout_ref.rollout.max_model_len=101",),
    ],
)  # fmt: skip
def test_what_goes_together(changes: tuple[str, ...]) -> None:
    assert found(*changes) == []


@pytest.mark.parametrize(
    "changes, said",
    [
        ((DROP, "trainer.use_v1=false"), "trainer.use_v1=false with funreason.history_reasoning=drop"),
        ((DROP, "algorithm.adv_estimator=gae"), "algorithm.adv_estimator=gae with funreason.history_reasoning"),
        ((EGPO, "trainer.use_v1=false"), "trainer.use_v1=false with funreason.egpo.weight > 0"),
        ((EGPO, "trainer.v1.trainer_mode=sync"), "trainer.v1.trainer_mode is sync, which has no EGPO"),
        ((EGPO, "algorithm.adv_estimator=rloo"), "algorithm.adv_estimator is rloo; EGPO"),
        ((EGPO, "algorithm.rollout_correction.bypass_mode=true"), "funreason.egpo.weight > 0 needs the entropy"),
        (("reward.reward_manager.name=naive",), "reward.reward_manager.name is naive"),
        (("reward.reward_manager.name=funreasom",), "reward.reward_manager.name is funreasom"),
        (("reward.custom_reward_function.path=f.py",), "reward.custom_reward_function.path is f.py"),
        (("actor_rollout_ref.rollout.max_model_len=100",), "actor_rollout_ref.rollout.max_model_len is 100"),
    ],
)  # fmt: skip
def test_what_does_not_is_one_line(changes: tuple[str, ...], said: str) -> None:
    [line] = found(*changes)
    assert line.startswith(said)
    assert "\n" not in line
