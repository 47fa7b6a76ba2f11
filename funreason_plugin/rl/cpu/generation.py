"""Generates many responses at once on a CPU: one forward pass is one token of every request.

    engine = Engine(model)
    engine.add(Request([1, 5, 7], Sampling(max_tokens=20)))
    while engine.busy:
        for request in engine.step():
            print(request.tokens, request.logprobs)

Requests join and leave at every token (continuous batching). All sequences of the batch end at the same column;
what is before their beginning, or between parts that were computed at different times, is masked.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from transformers import PreTrainedModel
from transformers.cache_utils import Cache

from funreason_plugin.errors import UserError
from funreason_plugin.rl.cpu.layers import Layer, Pair, joined, of_pasts
from funreason_plugin.rl.cpu.prefixes import Prefixes, common_length
from funreason_plugin.rl.cpu.sampling import Sampling, draw

__all__ = ["Engine", "Request"]

_SHARED = 32
"""So many tokens must be saved before a request waits for another one's prompt to be computed."""


@dataclass(slots=True, eq=False)
class Request:
    """A prompt (at least one token), how to go on from it, and what came of it: tokens and log-probabilities."""

    prompt: list[int]
    sampling: Sampling
    tokens: list[int] = field(default_factory=list)
    logprobs: list[float] = field(default_factory=list)
    ids: np.ndarray = field(init=False)
    stream: random.Random = field(default_factory=random.Random)

    def __post_init__(self) -> None:
        if not self.prompt:
            raise UserError("a request without a prompt; expected at least one token")
        self.ids = np.asarray(self.prompt, dtype=np.int64)

    @property
    def finished(self) -> bool:
        """Whether its last token is one that ends it, or it has as many as it may have."""
        return bool(self.tokens) and (
            self.tokens[-1] in self.sampling.stop or len(self.tokens) >= self.sampling.max_tokens
        )


class Engine:
    """Continuous batching over a Hugging Face model.

    Args:
        model: A causal language model with full attention in all layers, in evaluation mode.
        vocabulary: Tokens from this id on are never drawn: models pad their embeddings. None: all are.
        rows: Most sequences in one batch; further requests wait.
        prefill: Most tokens of prompts, padding included, in one forward pass.
        memory: Bytes of keys and values kept for later requests (`Prefixes`).
        seed: Where random numbers start; a request may have a seed of its own.
        raw: Log-probabilities as `draw` has them.

    Raises:
        UserError: the model has layers with another attention.
    """

    def __init__(
        self,
        model: PreTrainedModel,
        *,
        vocabulary: int | None = None,
        rows: int = 256,
        prefill: int = 8192,
        memory: int = 256 << 20,
        seed: int = 0,
        raw: bool = False,
    ) -> None:
        kinds = set(getattr(model.config, "layer_types", None) or ["full_attention"])
        if kinds != {"full_attention"}:
            raise UserError(
                f"the CPU rollout: layers with {', '.join(sorted(kinds))}; expected full attention"
            )
        self._model = model
        self._vocabulary = vocabulary
        self._rows = rows
        self._prefill = prefill
        self._prefixes = Prefixes(memory)
        self._seed = seed
        self._raw = raw
        self._waiting: list[Request] = []
        self._running: list[Request] = []
        self._cache: list[Layer] = []
        self._seen = torch.zeros(0, 0, dtype=torch.bool)
        self._came: dict[bytes, int] = {}
        self._version = 0

    @property
    def busy(self) -> bool:
        """Whether a request is not finished."""
        return bool(self._waiting or self._running)

    def add(self, request: Request) -> None:
        """Take a request; a later `step` returns it."""
        self._waiting.append(request)

    def load(self, weights: Mapping[str, torch.Tensor], version: int = 0) -> None:
        """New weights; what was computed with the old ones is forgotten. ``version`` is part of the seed.

        Raises:
            ValueError: the weights are not this model's.
        """
        missing, unexpected = self._model.load_state_dict(weights, strict=False)
        tied = getattr(self._model, "_tied_weights_keys", None) or ()
        missing = [name for name in missing if name not in tied]
        if missing or unexpected:
            raise ValueError(f"weights of another model: {missing} are missing, {unexpected} are not known")
        self._version = version
        self.forget()

    def forget(self) -> None:
        """Free the keys and values that are kept for later requests."""
        self._prefixes.clear()
        self._came.clear()

    def drop(self) -> list[Request]:
        """Stop all requests where they are; returns them."""
        dropped = [*self._running, *self._waiting]
        self._waiting.clear()
        self._keep([])
        return dropped

    @torch.inference_mode()  # type: ignore[untyped-decorator]
    def step(self) -> list[Request]:
        """One more token for every request that has room in the batch; returns those that are finished."""
        if self._running:
            self._append(self._running, self._forward())
        done = self._settle()
        while self._waiting and len(self._running) < self._rows:
            self._join()
            done += self._settle()
        return done

    # ------------------------------------------------------------------------------------ one token for each row

    def _forward(self) -> torch.Tensor:
        """Logits after the last token of every running request, shape (rows, vocabulary)."""
        last = torch.tensor([[request.tokens[-1]] for request in self._running])
        places = torch.tensor([[len(r.prompt) + len(r.tokens) - 1] for r in self._running])
        self._seen = torch.nn.functional.pad(self._seen, (0, 1), value=True)
        return self._call(last, places, self._seen[:, None, None, :], self._cache)

    def _call(
        self, ids: torch.Tensor, places: torch.Tensor, mask: torch.Tensor, cache: list[Layer]
    ) -> torch.Tensor:
        output = self._model(
            input_ids=ids,
            position_ids=places,
            attention_mask=mask,
            past_key_values=Cache(layers=cache),
            use_cache=True,
            logits_to_keep=1,
        )
        logits: torch.Tensor = output.logits[:, -1, : self._vocabulary]
        return logits

    def _append(self, requests: list[Request], logits: torch.Tensor) -> None:
        drawn = draw(logits, [r.sampling for r in requests], [r.stream for r in requests], self._raw)
        for request, token, logprob in zip(requests, *drawn, strict=True):
            request.tokens.append(token)
            request.logprobs.append(logprob)

    def _settle(self) -> list[Request]:
        """Take the finished requests out of the batch."""
        done = [row for row, request in enumerate(self._running) if request.finished]
        finished = [self._running[row] for row in done]
        for row, request in zip(done, finished, strict=True):
            computed = np.concatenate([request.ids, np.asarray(request.tokens[:-1], dtype=np.int64)])
            self._remember(computed, self._cache, self._seen, row)
        if done:
            self._keep([row for row, request in enumerate(self._running) if not request.finished])
        return finished

    def _keep(self, rows: list[int]) -> None:
        """Leave these rows in the batch, without columns that none of them has."""
        self._running = [self._running[row] for row in rows]
        index = torch.tensor(rows, dtype=torch.long)
        seen = self._seen[index]
        used = seen.any(0).nonzero()
        start = int(used[0]) if len(used) else seen.shape[1]
        self._seen = seen[:, start:]
        self._cache = [layer.part(index, start) for layer in self._cache] if rows else []

    def _remember(self, ids: np.ndarray, cache: list[Layer], seen: torch.Tensor, row: int) -> None:
        columns = seen[row].nonzero().squeeze(-1)
        self._prefixes.add(ids, [layer.row(row, columns) for layer in cache])

    # ---------------------------------------------------------------------------------------------- new requests

    def _join(self) -> None:
        """Compute prompts, and put their requests into the batch, each with its first token."""
        group, pasts = self._pick()
        new = [len(r.prompt) - length for r, (length, _) in zip(group, pasts, strict=True)]
        width = max(new)
        before = max(length for length, _ in pasts)
        ids = torch.zeros(len(group), width, dtype=torch.long)
        places = torch.zeros(len(group), width, dtype=torch.long)
        seen = torch.zeros(len(group), before + width, dtype=torch.bool)
        for row, (request, (length, _), count) in enumerate(zip(group, pasts, new, strict=True)):
            ids[row, width - count :] = torch.from_numpy(request.ids[length:])
            places[row, width - count :] = torch.arange(length, length + count)
            seen[row, before - length : before] = True
            seen[row, before + width - count :] = True
        cache = self._cache_of([layers for _, layers in pasts], before)
        # A column of padding sees itself: a softmax over nothing would make its values NaN, for all that follows.
        columns = torch.arange(before + width)
        here = columns[before:, None]
        mask = (seen[:, None, :] & (columns <= here)) | (columns == here)
        logits = self._call(ids, places, mask[:, None], cache)
        for row, request in enumerate(group):
            self._remember(request.ids, cache, seen, row)
        room = self._rows - len(self._running) - len(group)
        groups = []
        for request in group:
            groups.append(self._twins(request, room))
            room -= len(groups[-1]) - 1
        self._merge(groups, cache, seen, logits)

    def _pick(self) -> tuple[list[Request], list[tuple[int, Sequence[Pair]]]]:
        """Requests whose prompts are computed together, with what is known of each prompt.

        Prompts of about one length: padding is computed, too. One that shares its beginning with another one here
        is left for later, when that beginning is known.
        """
        group: list[Request] = []
        pasts: list[tuple[int, Sequence[Pair]]] = []
        width = 0
        for request in self._waiting:
            if len(self._running) + len(group) >= self._rows:
                break
            known, layers = self._prefixes.longest(
                request.ids[:-1]
            )  # the logits of the last token are needed
            if any(common_length(request.ids, other.ids) >= known + _SHARED for other in group):
                continue
            new = len(request.prompt) - known
            wider, narrower = max(width, new), min(width, new)
            if group and (wider * (len(group) + 1) > self._prefill or 2 * narrower < wider):
                continue
            group.append(request)
            pasts.append((known, layers))
            width = wider
        for request in group:
            self._waiting.remove(request)
        return group, pasts

    def _cache_of(self, pasts: list[Sequence[Pair]], width: int) -> list[Layer]:
        config = self._model.config
        head = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
        empty = torch.zeros(config.num_key_value_heads, 0, head, dtype=self._model.dtype)
        return of_pasts(pasts, width, empty, config.num_hidden_layers)

    def _twins(self, request: Request, room: int) -> list[Request]:
        """The request, and up to ``room`` more with the same prompt: its rollouts. Each with its random numbers."""
        same = [request, *[other for other in self._waiting if other.prompt == request.prompt][:room]]
        for one in same[1:]:
            self._waiting.remove(one)
        for one in same:
            one.stream = self._stream(one)
        return same

    def _stream(self, request: Request) -> random.Random:
        """Random numbers by seed, weights, prompt and how often it came: the order of requests does not matter."""
        if request.sampling.seed is not None:
            return random.Random(request.sampling.seed)
        key = request.ids.tobytes()
        count = self._came[key] = self._came.get(key, -1) + 1
        text = f"{self._seed} {self._version} {count} ".encode() + key
        return random.Random(hashlib.sha256(text).digest())

    def _merge(
        self, groups: list[list[Request]], cache: list[Layer], seen: torch.Tensor, logits: torch.Tensor
    ) -> None:
        """Put requests into the batch; those of one group share the row that was computed."""
        requests = [request for group in groups for request in group]
        index = torch.tensor([row for row, group in enumerate(groups) for _ in group])
        self._append(requests, logits[index])
        cache, seen = [layer.part(index, 0) for layer in cache], seen[index]
        if self._running:
            width = max(self._seen.shape[1], seen.shape[1])
            masks = [torch.nn.functional.pad(part, (width - part.shape[1], 0)) for part in (self._seen, seen)]
            cache, seen = joined(self._cache, cache, width), torch.cat(masks)
        self._running, self._cache, self._seen = [*self._running, *requests], cache, seen
