"""verl's synchronous V1 trainer, with EGPO's bonus and with the verdicts in metrics and dump.

Chosen by ``trainer.v1.trainer_mode=funreason``; everything else is `PPOTrainerSync`.
"""

from __future__ import annotations

import copy
from typing import Any

import torch
import transfer_queue as tq
from omegaconf import DictConfig
from tensordict import TensorDict
from transfer_queue import KVBatchMeta
from verl.trainer.ppo.v1.trainer_base import register_trainer
from verl.trainer.ppo.v1.trainer_sync import PPOTrainerSync

from funreason_plugin.rl.entropy_bonus import session_entropies, with_bonus
from funreason_plugin.rl.preflight.start import check_elsewhere, check_start
from funreason_plugin.rl.rollout_report import last_outputs, means, with_variance
from funreason_plugin.rl.settings import Settings

__all__ = ["FunReasonTrainer"]


@register_trainer("funreason")
class FunReasonTrainer(PPOTrainerSync):  # type: ignore[misc]  # verl has no types
    """Adds to a GRPO step: ``A += weight * clip(H, -|A|/clip, |A|/clip)`` where `funreason.egpo.weight` is above
    0 (EGPO, arXiv 2508.05118); metrics `funreason/…`; and the reward manager's columns in
    `trainer.rollout_data_dir`.

    Raises:
        UserError: the section `funreason:` is wrong or contradicts the rest of the recipe, rows are not ours, or one of
            their environments is missing here or on another node; before any worker starts.
    """

    def __init__(self, config: DictConfig) -> None:
        self.settings = Settings.of(config)
        check_elsewhere(check_start(config))
        config = copy.deepcopy(config)
        config.trainer.v1.trainer_mode = "sync"  # verl takes every other name for an asynchronous trainer
        self._judged: dict[str, dict[str, Any]] = {}
        super().__init__(config)

    def _compute_advantage(self, batch: KVBatchMeta, metrics: dict[str, Any]) -> KVBatchMeta:
        batch = super()._compute_advantage(batch, metrics)
        egpo = self.settings.egpo
        if egpo.weight == 0:
            return batch
        data = _fetch(batch, ["advantages", "entropy", "extra_fields"])
        advantages, entropy = data["advantages"], data["entropy"]
        lengths = advantages.offsets().diff().tolist()
        height = session_entropies(
            list(entropy.unbind()),
            [fields.get("funreason_thoughts", ()) for fields in _dicts(data.pop("extra_fields"))],
            [key.rpartition("_")[0] for key in batch.keys],
        )
        before = advantages.to_padded_tensor(0.0)
        after = with_bonus(before, height.to(before.device), egpo.weight, egpo.clip)
        rows = [after[row, :length] for row, length in enumerate(lengths)]
        nested = torch.nested.as_nested_tensor(rows, layout=torch.jagged)
        fields = TensorDict({"advantages": nested, "returns": nested.clone()}, batch_size=len(batch))
        batch = tq.kv_batch_put(keys=batch.keys, partition_id=batch.partition_id, fields=fields)
        real = torch.tensor([not tag.get("is_padding", False) for tag in batch.tags])
        metrics["funreason/egpo/thought_entropy"] = height[real].mean().item()
        metrics["funreason/egpo/bonus"] = (after - before).abs().amax(dim=-1)[real].mean().item()
        return batch

    def _compute_metrics(
        self, batch: KVBatchMeta, metrics: dict[str, Any], timing_raw: Any, global_steps: int, epoch: int
    ) -> Any:
        result = super()._compute_metrics(batch, metrics, timing_raw, global_steps, epoch)
        data = _fetch(batch, ["extra_fields", "rm_scores"])
        fields = _dicts(data.pop("extra_fields"))
        scores = [float(row.sum()) for row in data["rm_scores"].unbind()]
        rows = {
            session: row
            for session, row in last_outputs(batch.keys).items()
            if not batch.tags[row].get("is_padding", False)
        }
        infos = {session: fields[row].get("reward_extra_info") or {} for session, row in rows.items()}
        metrics.update({f"funreason/{name}": value for name, value in means(list(infos.values())).items()})
        metrics["funreason/groups_with_variance"] = with_variance(
            {session: scores[row] for session, row in rows.items()}
        )
        asked = self.config.data.train_batch_size * self.config.actor_rollout_ref.rollout.n
        metrics["funreason/dropped"] = asked - len(rows)
        return result

    def _log_rollout_data(self, batch: KVBatchMeta, timing_raw: Any, rollout_data_dir: str) -> None:
        fields = _dicts(_fetch(batch, ["extra_fields"]).pop("extra_fields"))
        self._judged = {
            session: fields[row].get("reward_extra_info") or {}
            for session, row in last_outputs(batch.keys).items()
        }
        try:
            super()._log_rollout_data(batch, timing_raw, rollout_data_dir)
        finally:
            self._judged = {}

    def _dump_generations(
        self,
        inputs: list[str],
        outputs: list[str],
        gts: list[Any],
        scores: list[float],
        reward_extra_infos_dict: dict[str, list[Any]],
        dump_path: str,
    ) -> None:
        if self._judged:  # a training step's: verl gives the keys of the rows only
            rows = [self._judged.get(key.rpartition("_")[0], {}) for key in reward_extra_infos_dict["uid"]]
            names = sorted({name for row in rows for name in row})
            columns = {name: [row.get(name) for row in rows] for name in names}
            reward_extra_infos_dict = {**reward_extra_infos_dict, **columns}
        super()._dump_generations(inputs, outputs, gts, scores, reward_extra_infos_dict, dump_path)


def _fetch(batch: KVBatchMeta, names: list[str]) -> TensorDict:
    return tq.kv_batch_get(keys=batch.keys, partition_id=batch.partition_id, select_fields=names)


def _dicts(column: Any) -> list[dict[str, Any]]:
    """The column `extra_fields`: one dict for each row."""
    return [value if isinstance(value, dict) else {} for value in column.tolist()]
