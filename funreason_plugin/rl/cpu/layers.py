"""Keys and values of a batch, layer by layer, as transformers' models take them."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch.nn.functional import pad
from transformers.cache_utils import DynamicLayer

__all__ = ["Layer", "joined", "of_pasts"]

Pair = tuple[torch.Tensor, torch.Tensor]

_ROOM = 128
"""So many columns are made at once: growing by one column would copy everything for each token."""


class Layer(DynamicLayer):  # type: ignore[misc]  # transformers is not followed
    """Keys and values of one layer, each of shape (rows, heads, columns, head width)."""

    def __init__(self, keys: torch.Tensor, values: torch.Tensor) -> None:
        super().__init__()
        self.dtype, self.device = keys.dtype, keys.device
        self.is_initialized = True
        self.keys, self.values = keys, values
        self.length: int = keys.shape[2]

    def update(
        self, key_states: torch.Tensor, value_states: torch.Tensor, *args: object, **kwargs: object
    ) -> Pair:
        """Called by the model: append columns; all columns."""
        end = self.length + key_states.shape[2]
        if end > self.keys.shape[2]:
            room = (0, 0, 0, end - self.keys.shape[2] + _ROOM)
            self.keys, self.values = pad(self.keys, room), pad(self.values, room)
        self.keys[:, :, self.length : end] = key_states
        self.values[:, :, self.length : end] = value_states
        self.length = end
        return self.pair()

    def get_seq_length(self) -> int:
        return self.length

    def pair(self) -> Pair:
        """Keys and values without the room."""
        return self.keys[:, :, : self.length], self.values[:, :, : self.length]

    def part(self, rows: torch.Tensor, start: int) -> Layer:
        """Some rows, from a column on."""
        keys, values = self.pair()
        return Layer(keys[rows, :, start:], values[rows, :, start:])

    def row(self, row: int, columns: torch.Tensor) -> Pair:
        """Some columns of one row, each of shape (heads, columns, head width)."""
        keys, values = self.pair()
        return keys[row][:, columns], values[row][:, columns]


def of_pasts(pasts: Sequence[Sequence[Pair]], width: int, empty: torch.Tensor, layers: int) -> list[Layer]:
    """A batch of sequences that were computed before, at the right of ``width`` columns.

    Args:
        pasts: By row and layer; no layers where nothing is known.
        width: Columns.
        empty: Shape (heads, 0, head width), for rows where nothing is known.
        layers: How many layers the model has.
    """
    nothing = (empty, empty)
    made = []
    for number in range(layers):
        pairs = [past[number] if past else nothing for past in pasts]
        keys = [pad(keys, (0, 0, width - keys.shape[1], 0)) for keys, _ in pairs]
        values = [pad(values, (0, 0, width - values.shape[1], 0)) for _, values in pairs]
        made.append(Layer(torch.stack(keys), torch.stack(values)))
    return made


def joined(first: Sequence[Layer], second: Sequence[Layer], width: int) -> list[Layer]:
    """Two batches one below the other, both at the right of ``width`` columns."""
    made = []
    for one, other in zip(first, second, strict=True):
        pairs = [layer.pair() for layer in (one, other)]
        keys = [pad(keys, (0, 0, width - keys.shape[2], 0)) for keys, _ in pairs]
        values = [pad(values, (0, 0, width - values.shape[2], 0)) for _, values in pairs]
        made.append(Layer(torch.cat(keys), torch.cat(values)))
    return made
