"""Keys and values that are kept for later requests."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch", reason="torch is not installed (extra [rl])")

import torch

from funreason_plugin.rl.cpu.prefixes import Layers, Prefixes, common_length


def layers(count: int) -> Layers:
    """Two layers whose keys are the places; 128 bytes a token."""
    keys = torch.arange(float(count)).view(1, count, 1).expand(2, count, 4).contiguous()
    return [(keys, -keys), (keys + 100, keys)]


def ids(*tokens: int) -> np.ndarray:
    return np.asarray(tokens)


def test_the_longest_known_beginning_is_found() -> None:
    prefixes = Prefixes(1 << 20)
    prefixes.add(ids(1, 2, 3), layers(3))
    prefixes.add(ids(1, 2, 4, 5), layers(4))
    length, found = prefixes.longest(ids(1, 2, 4, 9, 9))
    assert length == 3
    assert found[1][0][0, :, 0].tolist() == [100.0, 101.0, 102.0]
    assert prefixes.longest(ids(7)) == (0, ())


def test_a_sequence_replaces_those_it_begins_with() -> None:
    prefixes = Prefixes(1 << 20)
    prefixes.add(ids(1, 2), layers(2))
    prefixes.add(ids(1, 2, 3), layers(3))
    prefixes.add(ids(1), layers(1))
    assert len(prefixes) == 1


def test_the_sequence_that_was_not_used_for_longest_goes_first() -> None:
    prefixes = Prefixes(3 * 10 * 128)
    for first in (1, 2, 3):
        prefixes.add(np.full(10, first), layers(10))
    prefixes.longest(ids(1))
    prefixes.add(np.full(10, 4), layers(10))
    assert [prefixes.longest(np.full(10, first))[0] for first in (1, 2, 3, 4)] == [10, 0, 10, 10]


def test_nothing_is_kept_over_the_limit() -> None:
    prefixes = Prefixes(10 * 128)
    prefixes.add(np.arange(11), layers(11))
    assert len(prefixes) == 0


@pytest.mark.parametrize(
    ("first", "second", "length"),
    [([], [1], 0), ([1, 2], [1, 2, 3], 2), ([1, 2], [1, 3], 1), ([5], [1], 0), ([4, 4], [4, 4], 2)],
)
def test_common_length(first: list[int], second: list[int], length: int) -> None:
    assert common_length(np.asarray(first), np.asarray(second)) == length
