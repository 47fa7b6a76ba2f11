"""The agent loop and a reward manager in verl's own worker, and what the trainer finds in the TransferQueue after it."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

pytest.importorskip("verl", reason="verl is not installed (extra [rl])")

from tests.rl.rollouts import PARAMS, Engine, config, responses, row, scripted, tokenizer, trajectories

pytestmark = pytest.mark.slow

QUARTER = """
from verl.experimental.reward_loop.reward_manager.base import RewardManagerBase


class Quarter(RewardManagerBase):
    def __init__(self, config, tokenizer, compute_score, **other):
        super().__init__(config, tokenizer, compute_score)

    async def run_single(self, data):
        return {"reward_score": 0.25, "reward_extra_info": {"mine": 7.0}}
"""


def run_prompt(settings: Any, engine: Engine, uid: str, judge: Any = None) -> None:
    """A group of three sessions in verl's V1 worker; ``judge`` is the reward worker's `run_single`."""
    from verl.trainer.ppo.v1.agent_loop_tq import AgentLoopWorkerTQ

    worker = object.__new__(AgentLoopWorkerTQ.__ray_metadata__.modified_class)
    worker.config = settings
    worker.rollout_config = settings.actor_rollout_ref.rollout
    worker.llm_client = engine.client(settings)
    worker.tokenizer, worker.processor, worker.hf_model_type = tokenizer(), None, "qwen3"
    worker.dataset_cls, worker.tools, worker.distillation_enabled = None, [], False
    worker._get_mm_processor_kwargs = lambda audios: {}
    handle = SimpleNamespace(compute_score=SimpleNamespace(remote=judge))
    worker.reward_loop_worker_handles = [handle] if judge else None
    prompt = {**row(trajectories()[0]), "uid": uid, "agent_name": "funreason"}
    del prompt["session_id"]
    where = {"step": 1, "sample_index": 0, "rollout_n": 0, "validate": False}
    asyncio.run(worker._run_prompt(prompt, dict(PARAMS), where))


@pytest.mark.parametrize(("history", "expected"), [("keep", 1), ("drop", 7)])
def test_one_sessions_failure_does_not_fail_its_group(queue: Any, history: str, expected: int) -> None:
    """One of the three loses its engine."""
    from verl.experimental.agent_loop.agent_loop import _agent_loop_registry

    trajectory = trajectories()[0]
    assert expected in (1, len(responses(trajectory, "hermes")))
    assert (
        _agent_loop_registry["funreason"]["_target_"] == "funreason_plugin.rl.agent_loop.FunReasonAgentLoop"
    )
    engine = Engine(scripted(responses(trajectory, "hermes")))
    engine.failing_session = 1
    run_prompt(config({"history_reasoning": history}, n=3), engine, f"u{history}")
    tags = queue.kv_list()["train"]
    assert tags[f"u{history}"]["status"] == "finished"
    keys = sorted(key for key in tags if key.startswith(f"u{history}_"))
    sessions = Counter(key.split("_")[1] for key in keys)
    assert sorted(sessions.values()) == [expected] * 2
    assert {tags[key]["min_global_steps"] for key in keys} == {7}
    data = queue.kv_batch_get(keys=keys, partition_id="train", select_fields=["responses", "response_mask"])
    assert [len(ids) for ids in data["responses"].unbind()] == [
        len(bits) for bits in data["response_mask"].unbind()
    ]


def test_a_manager_of_ones_own_changes_the_dump(
    queue: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Named with its module, it is asked for every session, and nothing else judges: the loop leaves the reward open."""
    from omegaconf import OmegaConf
    from verl.trainer.ppo.reward import load_reward_manager

    from funreason_plugin.rl.conditions import contradictions
    from funreason_plugin.rl.settings import Settings
    from funreason_plugin.rl.trainer import FunReasonTrainer

    (tmp_path / "quarter_of_mine.py").write_text(QUARTER)
    monkeypatch.syspath_prepend(tmp_path)
    settings = config({"history_reasoning": "drop"}, n=3)
    named = {"source": "importlib", "name": "Quarter", "module": {"path": "pkg://quarter_of_mine"}}
    OmegaConf.update(settings, "reward.reward_manager", named)
    assert list(contradictions(settings, Settings.of(settings))) == []

    async def judge(data: Any) -> Any:
        return await load_reward_manager(settings, tokenizer(), reward_router_address=None).run_single(data)

    run_prompt(settings, Engine(scripted(responses(trajectories()[0], "hermes"))), "q", judge)
    keys = sorted(key for key in queue.kv_list()["train"] if key.startswith("q_"))
    trainer = object.__new__(FunReasonTrainer)
    trainer.config, trainer.tokenizer, trainer.global_steps, trainer._judged = settings, tokenizer(), 1, {}
    trainer._init_dump_executor()
    batch = queue.KVBatchMeta(keys=keys, tags=[{}] * len(keys), partition_id="train")
    trainer._log_rollout_data(batch, {}, str(tmp_path))
    trainer._shutdown_dump_executor()
    rows = [json.loads(line) for line in (tmp_path / "1.jsonl").read_text().splitlines()]
    assert len(rows) == 3 * len(responses(trajectories()[0], "hermes"))
    assert {(row["score"], row["mine"]) for row in rows} == {(0.25, 7.0)}
    assert "success" not in rows[0]
