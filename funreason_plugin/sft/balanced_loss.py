"""The balanced SFT loss: a thought weighs α, the calls or the answer after it 1 − α, however long each of them is.

    row_losses(logits, labels, think_end=151668, alpha=0.7)  # [B, T, V], [B, T] -> [B]

A thought is about eleven times as long as the calls that follow it, so that a plain mean over tokens leaves the
calls 8 % of the loss. Here each row's loss is α·mean(cross-entropy of the thought) + (1 − α)·mean(cross-entropy of
the rest), after "FunReason" (arXiv 2505.20192), where α starts at 0.7 and is learned. Pure torch; what a step of
training makes of the rows' losses is the trainer's affair.

The *last* `</think>` among a row's labels ends its thought: Qwen3's chat template and BFCL's handler, which read the
model's text, take what stands after the last one for the answer.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

__all__ = ["IGNORED", "Segments", "labelled", "row_losses", "segments"]

IGNORED = -100
"""The label of a token without loss, as everywhere in PyTorch and transformers."""


class Segments(NamedTuple):
    """Each row's two mean cross-entropies; 0, with a gradient of 0, where a segment is missing."""

    thought: Tensor  # [B] mean over the labels through `</think>`
    answer: (
        Tensor  # [B] mean over the labels after it, end token included; over all of them without `</think>`
    )
    has_thought: Tensor  # [B] bool
    has_answer: Tensor  # [B] bool

    def balanced(self, alpha: float) -> Tensor:
        """[B] the rows' losses: a segment that is alone has weight 1, a row without labels is 0."""
        both = self.has_thought & self.has_answer
        mixed = alpha * self.thought + (1 - alpha) * self.answer
        return torch.where(both, mixed, self.thought + self.answer)


def row_losses(logits: Tensor, labels: Tensor, think_end: int, alpha: float) -> Tensor:
    """The balanced loss of each row (arXiv 2505.20192, its loss with a fixed α).

    Args:
        logits: [B, T, V], of any floating dtype; the position t predicts the label t + 1.
        labels: [B, T], `IGNORED` where a token has no loss; padding may stand on either side.
        think_end: The id of `</think>`.
        alpha: The weight of the thought, 0 to 1.

    Returns:
        [B], float32 at least; 0 with a gradient of 0 for a row without labels.
    """
    return segments(logits, labels, think_end).balanced(alpha)


def segments(logits: Tensor, labels: Tensor, think_end: int) -> Segments:
    """Each row's mean cross-entropy over its thought, and over the rest; shapes as in `row_losses`.

    Only the logits at positions that predict a label are cast to float32 (float64 stays): with a long prompt before
    a short response that is a small part of them.
    """
    targets = labels[:, 1:].to(logits.device)
    counted = targets != IGNORED
    rows, positions = counted.nonzero(as_tuple=True)
    width = logits.shape[1]
    chosen = logits.reshape(-1, logits.shape[-1]).index_select(0, rows * width + positions)
    chosen = chosen.to(torch.promote_types(chosen.dtype, torch.float32))
    each = cross_entropy(chosen, targets[counted], reduction="none")
    tokens = each.new_zeros(targets.shape).masked_scatter(counted, each)

    ends = targets == think_end
    thinking = counted & (ends.flip(1).cumsum(1).flip(1) > 0)  # an end stands here or further on
    answering = counted & ~thinking
    lengths = thinking.sum(1), answering.sum(1)
    means = [
        (tokens * mask).sum(1) / length.clamp(min=1)
        for mask, length in zip((thinking, answering), lengths, strict=True)
    ]
    return Segments(means[0], means[1], lengths[0] > 0, lengths[1] > 0)


def labelled(labels: Tensor) -> Tensor:
    """[B] bool: the rows of ``labels`` [B, T] that have a loss at all (nothing predicts the first token)."""
    return (labels[:, 1:] != IGNORED).any(1)
