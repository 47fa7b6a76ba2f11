"""verl's rollout on a CPU, ``actor_rollout_ref.rollout.name=funreason_cpu``: a server with a copy of the model.

`CpuReplica` starts one `CpuServer` as a Ray actor beside each training worker; the worker's `Adapter` sends it the
new weights after every step. Both have the interface of verl's vLLM rollout.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

import ray
import torch
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy
from transformers import AutoModelForCausalLM
from verl.utils.config import omega_conf_to_dataclass
from verl.utils.torch_dtypes import PrecisionType
from verl.workers.config import HFModelConfig, RolloutConfig
from verl.workers.rollout.base import BaseRollout
from verl.workers.rollout.replica import RolloutReplica, TokenOutput

from funreason_plugin.errors import UserError
from funreason_plugin.rl.cpu.batching import Batching
from funreason_plugin.rl.cpu.generation import Engine, Request
from funreason_plugin.rl.cpu.sampling import Sampling, ends_of

__all__ = ["Adapter", "CpuReplica", "CpuServer"]


def _server_name(replica: int) -> str:
    return f"funreason_cpu_server_{replica}"


class CpuServer:
    """Answers requests for tokens; all that wait are computed together.

    Args:
        config: Of it: dtype, lengths, max_model_len, max_num_seqs, max_num_batched_tokens, logprobs_mode, seed.
        model_config: Of it: where the model is, and its tokenizer.
        replica: Its number.
    """

    def __init__(self, config: RolloutConfig, model_config: HFModelConfig, replica: int) -> None:
        self.config = omega_conf_to_dataclass(config)
        model_config = omega_conf_to_dataclass(model_config, dataclass_type=HFModelConfig)
        model = AutoModelForCausalLM.from_pretrained(
            model_config.local_path,
            config=model_config.hf_config,
            dtype=PrecisionType.to_dtype(self.config.dtype),
            attn_implementation="sdpa",
            trust_remote_code=model_config.trust_remote_code,
        ).eval()
        self._ends = ends_of(model_config.tokenizer, model_config.generation_config)
        self._longest = self.config.max_model_len or model.config.max_position_embeddings
        self._batching = Batching(
            Engine(
                model,
                vocabulary=len(model_config.tokenizer),
                rows=self.config.max_num_seqs,
                prefill=self.config.max_num_batched_tokens,
                seed=self.config.seed + replica,
                raw=self.config.logprobs_mode == "raw_logprobs",
            )
        )
        self._steps: int | None = None
        self._admitting = asyncio.Event()
        self._admitting.set()
        self._rejecting = False

    async def generate(
        self,
        prompt_ids: list[int],
        sampling_params: dict[str, Any],
        request_id: str,
        image_data: list[Any] | None = None,
        video_data: list[Any] | None = None,
    ) -> TokenOutput:
        """One response; its tokens include the one that ended it.

        Raises:
            ValueError: the prompt leaves no room in the model's context.
            UserError: `Sampling.of` cannot read the parameters, or there are images.
        """
        if image_data or video_data:
            raise UserError("the CPU rollout has no images and no videos")
        prompt = [int(token) for token in prompt_ids]
        room = self._longest - len(prompt)
        if room < 1:
            raise ValueError(f"a prompt of {len(prompt)} tokens leaves no room within {self._longest} tokens")
        left = self.config.prompt_length + self.config.response_length - len(prompt)
        usual = max(1, min(self.config.response_length, left))
        ends = () if self.config.ignore_eos else self._ends
        request = Request(prompt, Sampling.of(sampling_params, usual, room, ends))
        while not self._admitting.is_set():
            if self._rejecting:
                return self._output(request, finished=False)
            await self._admitting.wait()
        return self._output(request, await self._batching.finish(request))

    def _output(self, request: Request, finished: bool) -> TokenOutput:
        return TokenOutput(
            token_ids=request.tokens,
            log_probs=request.logprobs if request.sampling.logprobs else None,
            stop_reason="completed" if finished else "aborted",
            extra_fields={"global_steps": self._steps},
        )

    async def update_weights(self, weights: dict[str, torch.Tensor], global_steps: int | None) -> None:
        """Weights by name, as the model's state dict has them."""
        await self._batching.load(weights, global_steps or 0)
        self._steps = global_steps

    async def clear_kv_cache(self) -> None:
        """Forget what was computed of earlier prompts."""
        await self._batching.forget()

    sleep = release_kv_cache = clear_kv_cache

    async def wake_up(self, tags: list[str] | None = None) -> None:
        """Nothing was taken away by `sleep` that is not made anew."""

    async def resume_kv_cache(self) -> None:
        """As `wake_up`."""

    async def abort_all_requests(self, reject_request: bool = False) -> None:
        """End all responses where they are, with stop reason "aborted"; later requests wait, or are rejected."""
        self._rejecting = reject_request
        self._admitting.clear()
        await self._batching.drop()

    async def resume_generation(self) -> None:
        """Take requests again."""
        self._rejecting = False
        self._admitting.set()


class CpuReplica(RolloutReplica):  # type: ignore[misc]  # verl has no types
    """One server, on the node of the training worker that it belongs to."""

    async def launch_servers(self) -> None:
        if self.world_size != 1:
            raise UserError(
                f"actor_rollout_ref.rollout: {self.world_size} workers share one server of the CPU rollout; set "
                "tensor_model_parallel_size, data_parallel_size and pipeline_model_parallel_size to 1"
            )
        node = await self.workers[0].__ray_call__.remote(lambda _: ray.get_runtime_context().get_node_id())
        name = f"{_server_name(self.replica_rank)}{self.name_suffix}"
        server = (
            ray.remote(CpuServer)
            .options(
                scheduling_strategy=NodeAffinitySchedulingStrategy(node_id=node, soft=False),
                name=name,
                max_concurrency=self.max_concurrency,
            )
            .remote(self.config, self.model_config, self.replica_rank)
        )
        await server.resume_generation.remote()  # returns when the model is loaded
        self.servers.append(server)
        self._server_handle, self._server_address = server, name


class Adapter(BaseRollout):  # type: ignore[misc]
    """A training worker's side: sends its weights to the server."""

    def __init__(
        self, config: RolloutConfig, model_config: HFModelConfig, device_mesh: Any, replica_rank: int = -1
    ) -> None:
        super().__init__(config, model_config, device_mesh)
        self.replica_rank = torch.distributed.get_rank() if replica_rank == -1 else replica_rank
        self.is_leader_rank = True

    def _server(self) -> Any:
        return ray.get_actor(_server_name(self.replica_rank))

    async def resume(self, tags: list[str]) -> None:
        await self._server().wake_up.remote(tags)

    async def release(self) -> None:
        await self._server().sleep.remote()

    async def update_weights(
        self,
        weights: Iterable[tuple[str, torch.Tensor]],
        wire_format: str = "named_tensors",
        global_steps: int | None = None,
        peft_config: dict[str, Any] | None = None,
        base_sync_done: bool = True,
    ) -> None:
        """Send all weights at once.

        Raises:
            UserError: they are a LoRA adapter's, or deltas.
        """
        if peft_config is not None or wire_format != "named_tensors":
            raise UserError("the CPU rollout takes whole models; with LoRA set model.lora.merge: true")
        named = {name: tensor.detach().cpu() for name, tensor in weights}
        await self._server().update_weights.remote(named, global_steps)
