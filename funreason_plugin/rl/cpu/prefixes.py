"""Keys and values of token sequences that were computed before, for requests that begin with the same tokens.

The rollouts of one GRPO group share their prompt, prompts of one environment share policy and tools, and each
response of a conversation goes on from the one before: most of a prompt need not be computed again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

__all__ = ["Prefixes", "common_length"]

Layers = Sequence[tuple[torch.Tensor, torch.Tensor]]
"""By layer keys and values, each of shape (heads, tokens, head width)."""


@dataclass(slots=True, eq=False)
class _Entry:
    tokens: np.ndarray
    layers: Layers
    used: int
    size: int


class Prefixes:
    """The sequences that were used last, within ``limit`` bytes. Valid for one set of weights: `clear` it with
    them."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._entries: list[_Entry] = []
        self._size = 0
        self._clock = 0

    def __len__(self) -> int:
        return len(self._entries)

    def longest(self, tokens: np.ndarray) -> tuple[int, Layers]:
        """How many of the first tokens are known, and their keys and values (0 and () for none)."""
        best, found = 0, None
        for entry in self._entries:
            length = common_length(entry.tokens, tokens)
            if length > best:
                best, found = length, entry
        if found is None:
            return 0, ()
        self._clock += 1
        found.used = self._clock
        return best, [(keys[:, :best], values[:, :best]) for keys, values in found.layers]

    def add(self, tokens: np.ndarray, layers: Layers) -> None:
        """Keep a sequence; shorter ones that it begins with go."""
        kept = []
        for entry in self._entries:
            length = common_length(entry.tokens, tokens)
            if length == len(tokens):
                return
            if length == len(entry.tokens):
                self._size -= entry.size
            else:
                kept.append(entry)
        self._clock += 1
        size = sum(part.numel() * part.element_size() for pair in layers for part in pair)
        kept.append(_Entry(tokens, layers, self._clock, size))
        self._entries, self._size = kept, self._size + size
        while self._size > self._limit:
            oldest = min(self._entries, key=lambda entry: entry.used)
            self._entries.remove(oldest)
            self._size -= oldest.size

    def clear(self) -> None:
        """Forget all."""
        self._entries, self._size = [], 0


def common_length(first: np.ndarray, second: np.ndarray) -> int:
    """How many tokens two sequences have in common from the start."""
    length = min(len(first), len(second))
    differ = first[:length] != second[:length]
    place = int(differ.argmax()) if length else 0
    return place if length and differ[place] else length
