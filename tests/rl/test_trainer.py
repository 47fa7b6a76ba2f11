"""The trainer's additions to a step of GRPO, over a real TransferQueue: advantages, metrics, dump."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("verl")

from omegaconf import OmegaConf  # noqa: E402

from funreason_plugin.errors import UserError  # noqa: E402
from funreason_plugin.rl.settings import Egpo, Settings  # noqa: E402
from funreason_plugin.rl.trainer import FunReasonTrainer  # noqa: E402

KEYS = ["a_0_0", "a_0_1", "a_1_0", "a_2_0", "b_0_0", "b_1_0", "pad_0_0"]
"""Two prompts with three sessions each, of which one is missing; the first one of the first has two outputs; one row is
verl's padding."""
REWARDS = [0.0, 1.0, 0.0, 0.0, 1.0, 1.0, 0.0]
LENGTHS = [3, 2, 4, 3, 2, 3, 1]
THOUGHTS: list[list[tuple[int, int]]] = [[(0, 2)], [(0, 1)], [(0, 4)], [], [(0, 1)], [(1, 2)], []]


def config(**changes: Any) -> Any:
    made = OmegaConf.create(
        {
            "algorithm": {
                "adv_estimator": "grpo",
                "use_kl_in_reward": False,
                "gamma": 1.0,
                "lam": 1.0,
                "norm_adv_by_std_in_grpo": True,
            },
            "data": {"train_batch_size": 2},
            "actor_rollout_ref": {"rollout": {"n": 3}},
        }
    )
    return OmegaConf.merge(made, changes)


def trainer(weight: float = 0.0) -> FunReasonTrainer:
    """The trainer without its workers: only what a step's arithmetic reads."""
    made = object.__new__(FunReasonTrainer)
    made.config = config()
    made.settings = Settings(egpo=Egpo(weight=weight))
    made._judged = {}
    made.tokenizer = SimpleNamespace(pad_token_id=0, decode=lambda ids, **_: " ".join(map(str, ids.tolist())))
    made.global_steps = 1
    made._init_dump_executor()
    return made


@pytest.fixture
def batch(queue: Any) -> Any:
    """The rollouts of a step, as the agent loops put them and with old log-probabilities and entropies."""
    from verl.utils.tensordict_utils import list_of_dict_to_tensordict

    fields, tags = [], []
    for row, key in enumerate(KEYS):
        length = LENGTHS[row]
        rewards = torch.zeros(length)
        rewards[-1] = REWARDS[row]
        info = {"success": REWARDS[row], "success/turns_3": None if key[0] == "b" else 0.5, "reasons": "why"}
        fields.append(
            {
                "uid": key.split("_")[0],
                "prompts": torch.arange(1, 4),
                "responses": torch.arange(1, length + 1),
                "response_mask": torch.ones(length, dtype=torch.int64) * (key[0] != "p"),
                "rm_scores": rewards,
                "old_log_probs": torch.zeros(length),
                "entropy": torch.arange(1.0, length + 1) / 10,
                "reward_model": {"ground_truth": "truth"},
                "extra_fields": {"reward_extra_info": info, "funreason_thoughts": THOUGHTS[row]},
            }
        )
        tags.append({"is_padding": key[0] == "p"})
    queue.kv_batch_put(keys=KEYS, partition_id="train", fields=list_of_dict_to_tensordict(fields), tags=tags)
    yield queue.KVBatchMeta(keys=list(KEYS), tags=tags, partition_id="train")
    queue.kv_clear(keys=KEYS, partition_id="train")


def advantages(queue: Any, batch: Any, weight: float) -> list[list[float]]:
    trainer(weight)._compute_advantage(batch, {})
    data = queue.kv_batch_get(keys=KEYS, partition_id="train", select_fields=["advantages"])
    return [row.tolist() for row in data["advantages"].unbind()]


@pytest.mark.slow
def test_without_weight_the_advantages_are_verls(queue: Any, batch: Any) -> None:
    from verl.trainer.ppo.v1.trainer_sync import PPOTrainerSync

    ours = advantages(queue, batch, 0.0)
    PPOTrainerSync._compute_advantage(trainer(), batch, {})
    data = queue.kv_batch_get(keys=KEYS, partition_id="train", select_fields=["advantages"])
    assert ours == [row.tolist() for row in data["advantages"].unbind()]


@pytest.mark.slow
def test_outputs_of_one_session_count_once_in_the_group(queue: Any, batch: Any) -> None:
    found = advantages(queue, batch, 0.0)
    a0, a1, a2 = found[1][0], found[2][0], found[3][0]
    assert found[0] == pytest.approx([a0] * 3)
    rewards = torch.tensor([1.0, 0.0, 0.0])  # not [0, 1, 0, 0]
    expected = (rewards - rewards.mean()) / (rewards.std() + 1e-6)
    assert [a0, a1, a2] == pytest.approx(expected.tolist())


@pytest.mark.slow
def test_the_bonus_is_the_papers_by_session(queue: Any, batch: Any) -> None:
    before, after = advantages(queue, batch, 0.0), advantages(queue, batch, 0.4)
    entropy = {"a_0": (0.1 + 0.2 + 0.1) / 3, "a_1": 0.25, "a_2": 0.0, "b_0": 0.1, "b_1": 0.2, "pad_0": 0.0}
    for row, key in enumerate(KEYS):
        a = before[row][0]
        expected = a + 0.4 * min(entropy[key.rpartition("_")[0]], abs(a) / 2)
        assert after[row] == pytest.approx([expected] * LENGTHS[row], abs=1e-6)
    assert before[4][0] == after[4][0] == 0.0  # a group without variance stays without a signal


@pytest.mark.slow
def test_metrics_are_means_over_sessions(queue: Any, batch: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from verl.trainer.ppo.v1.trainer_sync import PPOTrainerSync

    monkeypatch.setattr(
        PPOTrainerSync, "_compute_metrics", lambda *arguments: None
    )  # verl's own, tested there
    metrics: dict[str, float] = {}
    trainer()._compute_metrics(batch, metrics, {}, 1, 0)
    assert metrics == {
        "funreason/success": 3 / 5,
        "funreason/success/turns_3": 0.5,
        "funreason/groups_with_variance": 0.5,
        "funreason/dropped": 1,
    }


@pytest.mark.slow
def test_the_dump_has_the_columns_of_the_verdict(queue: Any, batch: Any, tmp_path: Path) -> None:
    made = trainer()
    made._log_rollout_data(batch, {}, str(tmp_path))
    made._shutdown_dump_executor()
    rows = [json.loads(line) for line in (tmp_path / "1.jsonl").read_text().splitlines()]
    assert [row["uid"] for row in rows] == sorted(KEYS)
    assert [row["success"] for row in rows] == [1.0, 1.0, 0.0, 0.0, 1.0, 1.0, 0.0]
    assert {row["reasons"] for row in rows} == {"why"}


def test_a_weight_that_could_flip_signs_is_an_error() -> None:
    with pytest.raises(UserError, match=r"funreason\.egpo.*weight 2 must be below clip 2"):
        Settings.of({"funreason": {"egpo": {"weight": 2.0, "clip": 2.0}}})
