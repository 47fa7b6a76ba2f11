"""verl's FSDP2 engines, for the device "cpu": ``actor_rollout_ref.actor.strategy=fsdp2``.

FSDP2 shards over gloo. Nothing is moved to a device or back, so offloading does nothing.
"""

from __future__ import annotations

import dataclasses

from torch import nn
from verl.workers.config import FSDPEngineConfig
from verl.workers.engine import EngineRegistry, FSDPEngineWithLMHead
from verl.workers.engine.fsdp.transformer_impl import FSDPEngineWithValueHead

__all__ = ["CpuLanguageModel", "CpuValueModel"]


class _OnCpu:
    """Mixed into verl's engine: a model that is not trained stays where it is."""

    engine_config: FSDPEngineConfig

    def _build_fsdp_module(self, module: nn.Module) -> nn.Module:
        config = self.engine_config
        # Set, these two make verl offload to the CPU's pinned memory, which only CUDA has.
        self.engine_config = dataclasses.replace(config, offload_policy=False, forward_only=False)
        try:
            built: nn.Module = super()._build_fsdp_module(module)  # type: ignore[misc]  # the engine's
        finally:
            self.engine_config = config
        return built


@EngineRegistry.register(model_type="language_model", backend="fsdp2", device="cpu")
class CpuLanguageModel(_OnCpu, FSDPEngineWithLMHead):  # type: ignore[misc]  # verl has no types
    """Actor and reference model."""


@EngineRegistry.register(model_type="value_model", backend="fsdp2", device="cpu")
class CpuValueModel(_OnCpu, FSDPEngineWithValueHead):  # type: ignore[misc]
    """Critic."""
