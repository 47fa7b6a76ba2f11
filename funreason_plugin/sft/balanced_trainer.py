"""LLaMA-Factory's SFT trainer with the balanced loss: what becomes of the rows' losses in one optimiser step.

    module.CustomSeq2SeqTrainer = balanced_trainer(module.CustomSeq2SeqTrainer, module.logger)

The loss of a step is the mean over all its rows that have labels: those of every micro-batch and of every rank. The
trainer of transformers counts tokens instead, and hands that count to the loss. So rows are counted here in its
place, over the whole step and all ranks, and each micro-batch contributes the sum of its rows' losses, divided by
that count. Nothing is divided by the accumulation steps (the trainer leaves that out where a loss function of one's
own is set), so a last window of fewer micro-batches needs no correction. DDP, FSDP and DeepSpeed average gradients
over ranks, hence the factor of the world size: the trainer's own, where ``average_tokens_across_devices`` is on, as
it is by default, else ours.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from funreason_plugin.errors import UserError
from funreason_plugin.sft.balanced_checks import Logger, check_data, check_trainer, think_end_of
from funreason_plugin.sft.balanced_loss import labelled, segments

__all__ = ["balanced_trainer"]

MEASURES = ("loss", "loss_thought", "loss_answer")


def balanced_trainer(stock: type[Any], logger: Logger) -> type[Any]:
    """A subclass of ``stock``, which is the same unless its arguments say ``balanced_loss``."""

    class CustomSeq2SeqTrainer(stock):  # type: ignore[misc]
        balances = True

        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            self.balanced: bool = getattr(self.finetuning_args, "balanced_loss", False)
            self.sums: Tensor | None = None  # of the measures of this rank's rows since the last log
            self.measured: list[Tensor] = []  # the measures of an evaluation's last batch
            self.evaluated: list[Tensor] = []  # those of all its rows so far, from all ranks
            if not self.balanced:
                return
            check_trainer(self)
            self.alpha: float = self.finetuning_args.balanced_loss_alpha
            self.think_end = think_end_of(self.processing_class)
            check_data(self.train_dataset, self.think_end, logger)
            self.compute_loss_func = self.loss_of_micro_batch

        def _get_num_items_in_batch(
            self, batch_samples: list[Any], device: torch.device
        ) -> Tensor | int | None:
            """Rows with labels in these micro-batches, over all ranks, in place of their tokens."""
            if not self.balanced:
                return super()._get_num_items_in_batch(batch_samples, device)
            rows = torch.zeros((), dtype=torch.long, device=device)
            for batch in batch_samples:
                rows += labelled(batch["labels"]).sum().to(device)
            return self.accelerator.reduce(rows, "sum")

        def loss_of_micro_batch(
            self, outputs: Any, labels: Tensor, num_items_in_batch: Tensor | int | None = None
        ) -> Tensor:
            """This micro-batch's part of the step's loss; alone, the mean over its rows."""
            logits = outputs.get("logits")
            if logits is None:
                raise UserError(
                    "balanced_loss: the model gives no logits (a fused loss?); expected logits [B, T, V]"
                )
            parts = segments(logits, labels, self.think_end)
            losses = parts.balanced(self.alpha)
            kept = (losses, parts.thought, parts.answer)
            there = (parts.has_thought | parts.has_answer, parts.has_thought, parts.has_answer)
            rows = torch.stack(
                [*(part.detach() for part in kept), *(has.to(losses.dtype) for has in there)], 1
            )
            if self.model.training:
                self.sums = rows.sum(0) + (0 if self.sums is None else self.sums)
            else:
                self.measured = [rows]
            if num_items_in_batch is None:
                return losses.sum() / there[0].sum().clamp(min=1)
            loss = losses.sum() / torch.as_tensor(num_items_in_batch).to(losses).clamp(min=1)
            return loss if self.args.average_tokens_across_devices else loss * self.accelerator.num_processes

        def log(self, logs: dict[str, float], *args: Any, **kwargs: Any) -> None:
            """Beside the loss of training: its two parts, each the mean over the rows that have it."""
            if self.balanced and "loss" in logs and self.sums is not None:
                sums, self.sums = self.accelerator.reduce(self.sums, "sum"), None
                logs.update(item for item in _means(sums).items() if item[0] != "loss")
            super().log(logs, *args, **kwargs)

        def _finalize_training(self, *args: Any, **kwargs: Any) -> Any:
            if self.balanced:
                # steps since the last log enter train_loss as the mean over ranks, as those before it did
                self._tr_loss: Tensor = self.accelerator.reduce(self._tr_loss, "mean")
            return super()._finalize_training(*args, **kwargs)

        def prediction_step(self, *args: Any, **kwargs: Any) -> Any:
            self.measured = []
            result = super().prediction_step(*args, **kwargs)
            self.evaluated += [self.accelerator.gather_for_metrics(rows) for rows in self.measured]
            return result

        def evaluation_loop(self, *args: Any, **kwargs: Any) -> Any:
            """The trainer weighs every batch alike, the short last one too; here every row weighs the same."""
            self.evaluated = []
            output = super().evaluation_loop(*args, **kwargs)
            if self.evaluated:
                prefix = kwargs.get("metric_key_prefix", "eval")
                means = _means(torch.cat(self.evaluated).sum(0))
                output.metrics.update({f"{prefix}_{name}": value for name, value in means.items()})
                self.evaluated = []
            return output

    CustomSeq2SeqTrainer.__module__ = stock.__module__
    CustomSeq2SeqTrainer.__qualname__ = stock.__qualname__
    return CustomSeq2SeqTrainer


def _means(sums: Tensor) -> dict[str, float]:
    """Means of what rows have, of the sums of [B, 6]: three measures, and which of them each row has."""
    values = sums.tolist()
    counts = values[len(MEASURES) :]
    return {name: values[i] / counts[i] for i, name in enumerate(MEASURES) if counts[i]}
