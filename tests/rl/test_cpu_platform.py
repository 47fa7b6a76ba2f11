"""The plugin in processes of their own: what is registered when, and when the CPU is chosen."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

pytest.importorskip("verl", reason="verl is not installed (extra [rl])")
import torch

pytestmark = pytest.mark.slow  # each test is a Python that imports verl

ON_CPU = pytest.mark.skipif(torch.version.cuda is not None, reason="torch is built for CUDA")


def said(code: str, **environment: str) -> str:
    """What a new Python prints."""
    env = {**os.environ, "OMP_NUM_THREADS": "1", **environment}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code], env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_verl_itself_pays_nothing_for_the_plugin() -> None:
    code = """
import sys, verl
from verl.plugin.platform import platform_manager
print(platform_manager._current_platform, "verl.workers" in sys.modules)
print(*sorted(name for name in sys.modules if name.startswith("funreason_plugin.rl.")))
"""
    assert said(code).splitlines() == [
        "None False",  # what verl's platform is, it decides later
        "funreason_plugin.rl.cpu funreason_plugin.rl.cpu.platform funreason_plugin.rl.plugin",
    ]


def test_everything_is_registered_once_verl_has_imported_where() -> None:
    code = """
import verl.workers.engine_workers, verl.trainer.ppo.v1, verl.experimental.reward_loop
from verl.experimental.agent_loop.agent_loop import _agent_loop_registry
from verl.experimental.reward_loop.reward_manager import get_reward_manager_cls
from verl.trainer.ppo.v1 import get_trainer_cls
from verl.workers.engine import EngineRegistry
from verl.workers.rollout.base import get_rollout_class
from verl.workers.rollout.replica import get_rollout_replica_class
print(_agent_loop_registry["funreason"]["_target_"].rpartition(".")[2])
for found in (
    get_reward_manager_cls("funreason"),
    get_trainer_cls("funreason"),
    EngineRegistry.get_engine_cls("language_model", "fsdp2"),
    EngineRegistry.get_engine_cls("value_model", "fsdp2"),
    get_rollout_class("funreason_cpu", "async"),
    get_rollout_replica_class("funreason_cpu"),
):
    print(found.__name__)
"""
    assert said(code, VERL_PLATFORM="cpu").split() == [
        "FunReasonAgentLoop",
        "FunReasonRewardManager",
        "FunReasonTrainer",
        "CpuLanguageModel",
        "CpuValueModel",
        "Adapter",
        "CpuReplica",
    ]


@pytest.mark.parametrize(
    ("setting", "name"),
    [
        ("cpu", "cpu"),
        ("nvidia", "cuda"),
        pytest.param("", "cpu", marks=ON_CPU),
    ],
)
def test_which_platform_is_chosen(setting: str, name: str) -> None:
    code = "import verl; from verl.utils.device import get_device_name; print(get_device_name())"
    assert said(code, VERL_PLATFORM=setting) == name


def test_a_gpus_torch_on_a_machine_without_a_gpu_is_left_to_verl() -> None:
    code = """
import torch, verl
torch.version.cuda = "13.0"
from verl.utils.device import get_device_name
print(get_device_name())
"""
    assert said(code, VERL_PLATFORM="") == "cuda"


def test_another_plugins_platform_goes_first() -> None:
    code = """
import verl
from verl.plugin.platform.platform_manager import PlatformRegistry
from verl.utils.device import get_device_name

@PlatformRegistry.register(platform="other")
class Other(PlatformRegistry.get("cpu")):
    device_name = "other"
    def is_platform_available(self, use_smi_check=False):
        return True

print(get_device_name())
"""
    assert said(code, VERL_PLATFORM="") == "other"


def test_a_part_that_cannot_be_registered_is_a_warning() -> None:
    code = """
import logging, sys, verl
logging.basicConfig(stream=sys.stdout, force=True)
sys.modules["funreason_plugin.rl.cpu.training"] = None
import verl.workers.engine
print(verl.workers.engine.FSDPEngine.__name__)
"""
    lines = said(code, VERL_PLATFORM="cpu").splitlines()
    warning = "funreason_plugin: not registered with verl.workers.engine (ModuleNotFoundError"
    assert any(warning in line for line in lines)
    assert lines[-1] == "FSDPEngine"


def test_the_process_group_is_there_before_verl_makes_one() -> None:
    code = """
import verl, torch
from verl.utils.distributed import initialize_global_process_group_ray
initialize_global_process_group_ray()
one = torch.ones(2)
torch.distributed.all_reduce(one)
print(one.tolist())
"""
    address = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": "0", "RANK": "0", "WORLD_SIZE": "1"}
    assert said(code, VERL_PLATFORM="cpu", **address).splitlines()[-1] == "[1.0, 1.0]"


def test_asking_for_the_backends_name_makes_no_process_group() -> None:
    code = """
import verl, torch
from verl.utils.device import get_nccl_backend
print(get_nccl_backend(), torch.distributed.is_initialized())
"""
    assert said(code, VERL_PLATFORM="cpu") == "gloo False"


def test_a_checkpoint_brings_the_random_numbers_back() -> None:
    code = """
import torch, verl
from verl.utils.checkpoint.checkpoint_manager import BaseCheckpointManager
state = BaseCheckpointManager.get_rng_state()
first = torch.rand(3).tolist()
BaseCheckpointManager.load_rng_state(state)
print(torch.rand(3).tolist() == first)
"""
    assert said(code, VERL_PLATFORM="cpu") == "True"
