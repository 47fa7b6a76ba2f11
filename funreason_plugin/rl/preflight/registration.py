"""Whether verl knows the plugin: here, and in a Ray worker. verl swallows a plugin's import error at DEBUG level."""

from __future__ import annotations

import traceback
from collections.abc import Sequence
from importlib.metadata import entry_points
from typing import Any

__all__ = ["in_ray", "problems"]


def problems(environments: Sequence[tuple[str, str]], agent: str = "funreason") -> list[str]:
    """What is missing in this process; empty when verl has the loop, the reward manager and the trainer, and every
    environment (source, hash) can be imported and is the one that the data was made with."""
    found: list[str] = []
    plugins = [entry for entry in entry_points(group="verl.plugins") if entry.name == "funreason"]
    if not plugins:
        return ["the entry point verl.plugins/funreason is not installed; 'pip install -e .[rl]' installs it"]
    try:
        plugins[0].load()
        from verl.experimental.agent_loop.agent_loop import _agent_loop_registry
        from verl.experimental.reward_loop.reward_manager import get_reward_manager_cls
        from verl.trainer.ppo.v1 import get_trainer_cls

        if agent not in _agent_loop_registry:
            found.append(f"verl does not know the agent loop {agent!r}")
        get_reward_manager_cls("funreason")
        get_trainer_cls("funreason")
    except Exception as error:
        last = traceback.format_exception_only(error)[-1].strip()
        return [*found, f"the plugin does not load: {last}"]
    for source, expected in environments:
        found += _environment(source, expected)
    return found


def _environment(source: str, expected: str) -> list[str]:
    from funreason_plugin.environments.catalog import resolve
    from funreason_plugin.environments.environment import environment_hash
    from funreason_plugin.errors import UserError

    try:
        classes = resolve(source)
    except UserError as error:
        return [error.message]
    if expected not in {environment_hash(cls) for cls in classes}:
        return [
            f"environment {source!r} has changed since the data was made (its hash is not {expected}): make the data "
            "again, or go back to that version"
        ]
    return []


def in_ray(environments: Sequence[tuple[str, str]], config: Any) -> list[str]:
    """The same in a Ray worker, started with the recipe's own ``ray_kwargs`` and verl's runtime environment; where a
    cluster is given (RAY_ADDRESS), once on every node."""
    import ray
    from omegaconf import OmegaConf
    from verl.trainer.constants_ppo import get_ppo_ray_runtime_env

    mine = not ray.is_initialized()
    if mine:
        settings: Any = OmegaConf.to_container(
            config.ray_kwargs.get("ray_init") or OmegaConf.create({}), resolve=True
        )
        settings.pop("runtime_env", None)
        settings = {key: value for key, value in settings.items() if value is not None}
        runtime: Any = OmegaConf.to_container(OmegaConf.create(get_ppo_ray_runtime_env(config)))
        ray.init(
            **{"include_dashboard": False, "log_to_driver": False, **settings},
            logging_level="ERROR",
            runtime_env=runtime,
        )
    try:
        ask = ray.remote(num_cpus=0)(problems)
        strategy = ray.util.scheduling_strategies.NodeAffinitySchedulingStrategy
        nodes = [node["NodeID"] for node in ray.nodes() if node["Alive"]]
        handles = [
            ask.options(scheduling_strategy=strategy(node, soft=False)).remote(environments) for node in nodes
        ]
        answers = ray.get(handles, timeout=300)
        return [
            f"in a Ray worker: {text}"
            for text in dict.fromkeys(text for answer in answers for text in answer)
        ]
    finally:
        if mine:
            ray.shutdown()
