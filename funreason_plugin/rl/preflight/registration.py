"""Whether verl knows the plugin: here, and in a Ray worker. verl swallows a plugin's import error at DEBUG level."""

from __future__ import annotations

import importlib
import os
import sys
import traceback
from collections.abc import Sequence
from importlib.metadata import entry_points
from typing import Any

from funreason_plugin.errors import UserError

__all__ = ["Source", "changed", "in_ray", "problems"]

Source = tuple[str, str]
"""An environment as rows name it, and its hash when they were made."""


def problems(environments: Sequence[Source]) -> list[str]:
    """What is missing in this process; empty when verl has the loop, the reward manager and the trainer, and every
    environment can be imported and is the one that the data was made with."""
    return [*_plugin(), *changed(environments)]


def _plugin() -> list[str]:
    plugins = [entry for entry in entry_points(group="verl.plugins") if entry.name == "funreason"]
    if not plugins:
        return ["the entry point verl.plugins/funreason is not installed; 'pip install -e .[rl]' installs it"]
    try:
        import verl  # noqa: F401  # loads its plugins

        if plugins[0].value not in sys.modules:
            plugins[0].load()  # raises what verl swallowed
            policy = os.environ.get("VERL_USE_EXTERNAL_PLUGINS", "auto")
            return [f"verl does not load the plugin: VERL_USE_EXTERNAL_PLUGINS is {policy!r}; unset it"]
        for module, part in _PARTS.items():
            if not _known(part):
                importlib.import_module(module)  # raises why
                return [f"verl does not know the {part} 'funreason'"]
    except Exception as error:  # whatever an import may raise
        last = " ".join(traceback.format_exception_only(error)[-1].split())
        return [f"the plugin does not load: {last[:300]}"]
    return []


_PARTS = {
    "funreason_plugin.rl.agent_loop": "agent loop",
    "funreason_plugin.rl.reward_manager": "reward manager",
    "funreason_plugin.rl.trainer": "trainer",
}


def _known(part: str) -> bool:
    """Whether verl has a part under our name, in a process that imports what verl's own processes do."""
    try:
        if part == "agent loop":
            from verl.experimental.agent_loop.agent_loop import _agent_loop_registry

            return "funreason" in _agent_loop_registry
        if part == "reward manager":
            from verl.experimental.reward_loop.reward_manager import get_reward_manager_cls

            get_reward_manager_cls("funreason")
        else:
            from verl.trainer.ppo.v1 import get_trainer_cls

            get_trainer_cls("funreason")
    except (ValueError, KeyError, AssertionError):
        return False
    return True


def changed(environments: Sequence[Source]) -> list[str]:
    """The environments that cannot be imported here, or are not those that the data was made with."""
    from funreason_plugin.environments.catalog import resolve
    from funreason_plugin.environments.environment import environment_hash

    found = []
    for source, expected in environments:
        try:
            known = {environment_hash(cls) for cls in resolve(source)}
        except UserError as error:
            found.append(error.message)
            continue
        if expected not in known:
            found.append(
                f"environment {source!r} has changed since the data was made (its hash is not {expected}): make the "
                "data again, or go back to that version"
            )
    return list(dict.fromkeys(found))


def in_ray(environments: Sequence[Source], config: Any) -> list[str]:
    """The same in a Ray worker, started as `main_ppo` starts it; where a cluster is given (RAY_ADDRESS), once on
    every node."""
    import ray

    mine = not ray.is_initialized()
    try:
        if mine:
            _start(config)
        return ["in a Ray worker: " + text for text in asked(environments)]
    except Exception as error:  # of Ray itself, or a worker that cannot even import the package
        last = " ".join(traceback.format_exception_only(error)[-1].split())
        return [f"a Ray worker could not be asked: {last[-300:]}"]
    finally:
        if mine:
            ray.shutdown()


def _start(config: Any) -> None:
    import ray
    from omegaconf import OmegaConf
    from verl.trainer.constants_ppo import get_ppo_ray_runtime_env

    init = config.ray_kwargs.get("ray_init") or OmegaConf.create({})
    runtime = OmegaConf.merge(get_ppo_ray_runtime_env(config), init.get("runtime_env") or {})
    settings: Any = OmegaConf.to_container(OmegaConf.create({**init, "runtime_env": runtime}), resolve=True)
    quiet = {"include_dashboard": False, "log_to_driver": False}
    ray.init(**{**quiet, **settings}, logging_level="ERROR")


def asked(environments: Sequence[Source], without: Sequence[str] = ()) -> list[str]:
    """`problems` in a worker of every living node of the cluster, but those ``without`` (ids)."""
    import ray

    ask = ray.remote(num_cpus=0)(problems)
    strategy = ray.util.scheduling_strategies.NodeAffinitySchedulingStrategy
    nodes = [node["NodeID"] for node in ray.nodes() if node["Alive"] and node["NodeID"] not in without]
    handles = [
        ask.options(scheduling_strategy=strategy(node, soft=False)).remote(list(environments))
        for node in nodes
    ]
    answers = ray.get(handles, timeout=300)
    return list(dict.fromkeys(text for answer in answers for text in answer))
