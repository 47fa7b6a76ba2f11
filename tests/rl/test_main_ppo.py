"""`recipes/tiny/grpo.yaml` through stock `verl.trainer.main_ppo`: training, validation, dumps, saving, going on."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("verl", reason="verl is not installed (extra [rl])")
pytest.importorskip("transfer_queue", reason="TransferQueue is not installed (extra [rl])")

import torch
from transformers import AutoModelForCausalLM

from funreason_plugin.sft.tiny_model import build

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
STEP = re.compile(r"step:(\d+) - (.*)")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random model, and rows of a small environment."""
    made = tmp_path_factory.mktemp("rl")
    build(made / "model")
    model = AutoModelForCausalLM.from_pretrained(made / "model", dtype=torch.float32)
    model.model.embed_tokens.weight.data *= 20  # probabilities far from 1/4096, so that they could differ
    model.save_pretrained(made / "model")
    command = "-m funreason_plugin.synthesize --env recipes/tiny/lamps.py:Lamps --num 8 --turns 1-2 --calls 1"
    subprocess.run(
        [sys.executable, *command.split(), "--val-share", "0.3", "--teacher", "scripted", "--out", str(made)],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    return made


@pytest.fixture(scope="module")
def ray_folder() -> Iterator[str]:
    """Of its own, with a short name: sockets lie in it."""
    made = tempfile.mkdtemp(prefix="ray")
    yield made
    shutil.rmtree(made, ignore_errors=True)


def main_ppo(folder: Path, ray_folder: str, *overrides: str) -> str:
    """What the command prints; it must end well."""
    command = [
        *(sys.executable, "-m", "verl.trainer.main_ppo"),
        *("--config-dir", "recipes/tiny", "--config-name", "grpo"),
        f"data.train_files={folder}/verl/train.parquet",
        f"data.val_files={folder}/verl/val.parquet",
        f"actor_rollout_ref.model.path={folder}/model",
        f"trainer.default_local_dir={folder}/grpo",
        f"+ray_kwargs.ray_init._temp_dir={ray_folder}",
        "data.train_batch_size=2",
        "actor_rollout_ref.actor.ppo_mini_batch_size=2",
        "actor_rollout_ref.rollout.n=2",
        "funreason.response_tokens=16",
        "trainer.val_before_train=false",
        *overrides,
    ]
    environment = {**os.environ, "RAY_worker_niceness": "0"}
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=900, env=environment, check=False
    )
    assert done.returncode == 0, (done.stdout + done.stderr)[-4000:]
    return done.stdout + done.stderr


def metrics(printed: str) -> dict[int, dict[str, float]]:
    """By step, what verl's console logger prints."""
    found: dict[int, dict[str, float]] = {}
    for step, line in STEP.findall(printed):
        pairs = (part.rpartition(":") for part in re.sub(r"np\.\w+\((.*?)\)", r"\1", line).split(" - "))
        found.setdefault(int(step), {}).update({name: float(value) for name, _, value in pairs})
    return found


@pytest.fixture(scope="module")
def trained(folder: Path, ray_folder: str) -> dict[int, dict[str, float]]:
    """One step, validated and saved."""
    return metrics(
        main_ppo(
            folder,
            ray_folder,
            *("trainer.total_training_steps=1", "trainer.test_freq=1", "trainer.save_freq=1"),
        )
    )


@pytest.fixture(scope="module")
def resumed(folder: Path, ray_folder: str, trained: Any) -> dict[int, dict[str, float]]:
    """The same command again, for one step more; EGPO and the reference model are switched on with it."""
    return metrics(
        main_ppo(
            folder,
            ray_folder,
            *("trainer.total_training_steps=2", "trainer.test_freq=-1", "trainer.save_freq=-1"),
            *("actor_rollout_ref.actor.use_kl_loss=true", "funreason.egpo.weight=0.4"),
            "actor_rollout_ref.ref.log_prob_use_dynamic_bsz=true",
        )
    )


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_every_step_is_trained(trained: dict[int, dict[str, float]]) -> None:
    assert list(trained) == [1]
    assert trained[1]["actor/grad_norm"] >= 0
    assert trained[1]["funreason/responses"] >= 1


def test_rollout_and_actor_agree(trained: dict[int, dict[str, float]]) -> None:
    assert trained[1]["training/rollout_probs_diff_max"] < 1e-5
    assert abs(trained[1]["rollout_corr/log_ppl_diff_max"]) < 1e-5


def test_validation_reports_success(trained: dict[int, dict[str, float]]) -> None:
    parts = [name.split("/", 2) for name in trained[1] if name.startswith(("val-aux/", "val-core/"))]
    reported = {part[2] for part in parts if part[1] == "funreason_scripted"}
    assert {"reward/mean@1", "success/turns_1/mean@1", "success/env_lamps/mean@1"} <= reported


def test_rollouts_are_dumped_with_their_verdicts(folder: Path, trained: Any) -> None:
    rollouts = lines(folder / "grpo/rollouts/1.jsonl")
    assert len(rollouts) == 4
    for rollout in rollouts:
        assert 0 <= rollout["score"] <= 1
        assert rollout["reasons"]
    assert lines(folder / "grpo/validation/1.jsonl")


def test_the_same_command_goes_on_from_the_checkpoint(folder: Path, resumed: Any) -> None:
    assert (folder / "grpo/latest_checkpointed_iteration.txt").read_text() == "1"
    assert list(resumed) == [2]


def test_egpo_and_a_reference_model_are_computed(resumed: dict[int, dict[str, float]]) -> None:
    assert resumed[2]["funreason/egpo/bonus"] >= 0
    assert resumed[2]["actor/kl_loss"] >= 0
