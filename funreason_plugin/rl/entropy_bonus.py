"""The entropy bonus of EGPO (arXiv 2508.05118): advantages of uncertain thoughts grow, and never change sign.

    A_i' = A_i + weight * clip(H_i, -|A_i| / clip, |A_i| / clip)

A_i is the GRPO advantage of a session, H_i the mean entropy (nats) of the tokens of its thoughts, detached.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch

__all__ = ["session_entropies", "with_bonus"]

Span = tuple[int, int]


def session_entropies(
    entropies: Sequence[torch.Tensor], spans: Sequence[Sequence[Span]], sessions: Sequence[str]
) -> torch.Tensor:
    """H_i for every output: the mean entropy over the tokens of all thoughts of its session.

    Args:
        entropies: By output, entropy of each response token (nats), shape (response length,).
        spans: By output, where its thoughts stand in the response: [start, end).
        sessions: By output, the name of its session; several outputs of one share their H.

    Returns:
        Shape (outputs,), float32. 0 for a session without a thought.
    """
    total: dict[str, float] = {}
    count: dict[str, int] = {}
    for values, places, session in zip(entropies, spans, sessions, strict=True):
        for start, end in places:
            part = values[max(start, 0) : max(end, 0)]
            total[session] = total.get(session, 0.0) + float(part.sum(dtype=torch.float64))
            count[session] = count.get(session, 0) + part.numel()
    return torch.tensor(
        [total[name] / count[name] if count.get(name) else 0.0 for name in sessions], dtype=torch.float32
    )


def with_bonus(advantages: torch.Tensor, entropy: torch.Tensor, weight: float, clip: float) -> torch.Tensor:
    """The advantages with the bonus added.

    Args:
        advantages: Shape (outputs, tokens); 0 stays 0, as at masked tokens.
        entropy: H_i, shape (outputs,), nats.
        weight: λ; 0 returns the very advantages.
        clip: α, greater than ``weight``, so that no sign flips.
    """
    if weight == 0:
        return advantages
    limit = advantages.abs() / clip
    height = entropy.to(advantages).unsqueeze(-1).expand_as(advantages)
    return advantages + weight * torch.minimum(torch.maximum(height, -limit), limit)
