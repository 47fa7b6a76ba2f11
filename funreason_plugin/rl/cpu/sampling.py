"""Sampling parameters as verl's loops give them to an engine, and drawing tokens by them.

A request draws from its own stream of random numbers, so that what it gets does not depend on which other
requests are computed with it.
"""

from __future__ import annotations

import math
import random
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from funreason_plugin.errors import UserError

__all__ = ["Sampling", "draw", "ends_of"]

_NEUTRAL: dict[str, object] = {
    "repetition_penalty": 1.0,
    "min_p": 0.0,
    "presence_penalty": 0.0,
    "frequency_penalty": 0.0,
}


@dataclass(frozen=True, slots=True)
class Sampling:
    """How one response is drawn.

    ``temperature`` 0 takes the most probable token; ``top_k`` -1 and ``top_p`` 1 leave the distribution as it is;
    ``max_tokens`` bounds the response; after one of the tokens ``stop`` it ends (the token is part of it); ``seed``
    None leaves it to the engine.
    """

    temperature: float = 1.0
    top_p: float = 1.0
    top_k: int = -1
    max_tokens: int = 16
    stop: frozenset[int] = frozenset()
    seed: int | None = None
    logprobs: bool = True

    @classmethod
    def of(cls, given: Mapping[str, Any], max_tokens: int, room: int, ends: Collection[int]) -> Sampling:
        """Read what a loop gives: vLLM's names, and SGLang's ``max_new_tokens``.

        Args:
            given: The parameters of a request.
            max_tokens: What is taken where the request names no limit.
            room: Tokens left in the model's context; a higher limit is lowered to it, as verl's servers do.
            ends: The tokens that end every response, unless ``ignore_eos`` is set.

        Raises:
            UserError: a parameter that is not known, not implemented, or out of its range.
        """
        left = dict(given)
        for name, value in _NEUTRAL.items():
            if left.pop(name, value) not in (value, None):
                raise UserError(f"sampling parameter {name}: the CPU rollout knows {value} only")
        limit = left.pop("max_tokens", None)
        sglang = left.pop("max_new_tokens", None)
        limit = limit if limit is not None else sglang
        stop = set(left.pop("stop_token_ids", None) or ())
        if not left.pop("ignore_eos", False):
            stop |= set(ends)
        params = cls(
            temperature=float(left.pop("temperature", 1.0)),
            top_p=float(left.pop("top_p", 1.0)),
            top_k=int(left.pop("top_k", -1)),
            max_tokens=max(1, min(max_tokens if limit is None else int(limit), room)),
            stop=frozenset(int(token) for token in stop),
            seed=left.pop("seed", None),
            logprobs=left.pop("logprobs", None) not in (None, False),
        )
        if left:
            raise UserError(
                f"sampling parameters {', '.join(sorted(left))}: the CPU rollout does not know them"
            )
        params.check()
        return params

    def check(self) -> None:
        """Raises UserError for a value out of its range."""
        if not (math.isfinite(self.temperature) and self.temperature >= 0):
            raise UserError(f"temperature {self.temperature}: expected 0 or more")
        if not 0 < self.top_p <= 1:
            raise UserError(f"top_p {self.top_p}: expected more than 0, at most 1")
        if self.top_k < -1:
            raise UserError(f"top_k {self.top_k}: expected -1 (all tokens) or more")


def ends_of(tokenizer: Any, generation_config: Any) -> frozenset[int]:
    """The tokens that end a response: the tokenizer's, and those of the generation configuration, as in vLLM."""
    named = getattr(generation_config, "eos_token_id", None)
    ends = {tokenizer.eos_token_id, *(named if isinstance(named, list) else [named])}
    return frozenset(token for token in ends if token is not None)


def draw(
    logits: torch.Tensor, params: Sequence[Sampling], streams: Sequence[random.Random], raw: bool = False
) -> tuple[list[int], list[float]]:
    """One token for each row, and its log-probability.

    Args:
        logits: Shape (rows, vocabulary).
        params: By row.
        streams: By row, where its random numbers come from.
        raw: Log-probabilities of the model (vLLM's ``raw_logprobs``) instead of those that were drawn from, after
            temperature, top-k and top-p (``processed_logprobs``, verl's default).

    Returns:
        Tokens, and log-probabilities in nats. Temperature 0 draws from, and reports, the model's own distribution.
    """
    logits = logits.float()
    greedy = torch.tensor([row.temperature == 0 for row in params])
    heat = torch.tensor([row.temperature or 1.0 for row in params])
    scaled = logits / heat.unsqueeze(-1)
    filtered = [i for i, row in enumerate(params) if row.temperature and (row.top_p < 1 or row.top_k > 0)]
    if filtered:
        scaled[filtered] = _filtered(scaled[filtered], [params[i] for i in filtered])
    logprobs = scaled.log_softmax(-1)
    heights = logprobs.double().exp().cumsum(-1)
    points = torch.tensor([stream.random() for stream in streams], dtype=torch.float64) * heights[:, -1]
    drawn = torch.searchsorted(heights, points.unsqueeze(-1), right=True).squeeze(-1)
    # A height that rounding has left a little below 1 can point behind the last token that is possible.
    last = (heights < heights[:, -1:]).sum(-1)
    tokens = torch.where(greedy, logits.argmax(-1), torch.minimum(drawn, last))
    reported = logits.log_softmax(-1) if raw else logprobs
    found = reported.gather(-1, tokens.unsqueeze(-1)).squeeze(-1)
    return tokens.tolist(), found.tolist()


def _filtered(logits: torch.Tensor, params: Sequence[Sampling]) -> torch.Tensor:
    """The logits with -inf for the tokens that top-k and then top-p rule out."""
    ordered, order = logits.sort(-1, descending=True)
    size = logits.shape[-1]
    ranks = torch.arange(size)
    keep_k = ranks < torch.tensor([[row.top_k if row.top_k > 0 else size] for row in params])
    ordered = ordered.masked_fill(~keep_k, -math.inf)
    shares = ordered.softmax(-1)
    before = shares.cumsum(-1) - shares
    keep_p = before < torch.tensor([[row.top_p] for row in params])
    ordered = ordered.masked_fill(~keep_p, -math.inf)
    return torch.empty_like(logits).scatter_(-1, order, ordered)
