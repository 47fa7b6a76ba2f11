"""What verl loads in every process by the entry-point group `verl.plugins`: everything of ours, under its name.

The CPU platform is registered at once, since verl decides on a platform early and once. The rest follows when verl
has imported the module that it is registered with: a process of verl that does not need it never pays for it, and
another plugin's platform is not too late.

verl swallows a plugin's errors at DEBUG level. Here each one is a warning, and verl goes on without that part:
`python -m funreason_plugin.check rl` proves in a Ray worker that all of it is there.
"""

from __future__ import annotations

import importlib
import logging
import sys
from collections.abc import Callable, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

__all__ = ["AFTER", "ROLLOUT"]

logger = logging.getLogger(__name__)

ROLLOUT = "funreason_cpu"
"""`actor_rollout_ref.rollout.name` of the rollout server on a CPU."""


def _import(name: str) -> Callable[[], None]:
    """What a module registers, it registers while it is imported."""

    def register() -> None:
        importlib.import_module(name)

    return register


def _cpu_engines() -> None:
    from verl.utils.device import get_device_name

    if get_device_name() == "cpu":
        importlib.import_module("funreason_plugin.rl.cpu.training")


def _cpu_adapter() -> None:
    from verl.workers.rollout.base import _ROLLOUT_REGISTRY

    _ROLLOUT_REGISTRY[ROLLOUT, "async"] = "funreason_plugin.rl.cpu.replica.Adapter"


def _cpu_replica() -> None:
    from verl.workers.rollout.replica import RolloutReplicaRegistry

    def load() -> Any:
        from funreason_plugin.rl.cpu.replica import CpuReplica

        return CpuReplica

    RolloutReplicaRegistry.register(ROLLOUT, load)


AFTER: dict[str, Callable[[], None]] = {
    "verl.experimental.agent_loop.agent_loop": _import("funreason_plugin.rl.agent_loop"),
    "verl.experimental.reward_loop.reward_manager": _import("funreason_plugin.rl.reward_manager"),
    "verl.trainer.ppo.v1.trainer_sync": _import("funreason_plugin.rl.trainer"),
    "verl.workers.engine": _cpu_engines,
    "verl.workers.rollout.base": _cpu_adapter,
    "verl.workers.rollout.replica": _cpu_replica,
}
"""After which module of verl what is registered."""


class _Finder(MetaPathFinder):
    """Finds nothing by itself: it asks the other finders, and wraps the loader of a module in `AFTER`."""

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name not in AFTER:
            return None
        for finder in sys.meta_path:
            spec = finder.find_spec(name, path, target) if finder is not self else None
            if spec is not None:
                if spec.loader is not None:
                    spec.loader = _Loader(spec.loader)
                return spec
        return None


class _Loader(Loader):
    """Another loader, and our registration after it has executed the module."""

    def __init__(self, loader: Loader) -> None:
        self._loader = loader

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        module.__loader__ = self._loader
        assert module.__spec__ is not None
        module.__spec__.loader = self._loader
        self._loader.exec_module(module)
        _register(module.__name__)


def _register(after: str) -> None:
    try:
        AFTER[after]()
    except Exception as error:  # verl without our part is still verl
        logger.warning(
            "funreason_plugin: not registered with %s (%s: %s)", after, type(error).__name__, error
        )


def _start() -> None:
    importlib.import_module("funreason_plugin.rl.cpu.platform")
    sys.meta_path.insert(0, _Finder())
    for name in AFTER:
        if name in sys.modules:
            _register(name)


_start()
