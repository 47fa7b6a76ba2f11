"""Sets that have much in common, found without comparing all pairs: MinHash and locality-sensitive hashing.

    index = Similar(0.8)
    index.add(0, [minhash(map(hash32, shingles(words("Book the cheapest flight to Oslo"), 3)))])
    index.find([minhash(map(hash32, shingles(words("Book the cheapest flight to Rome"), 3)))])

Broder 1997 (MinHash); Leskovec, Rajaraman, Ullman, Mining of Massive Datasets, chapter 3 (bands). The same on every
machine: hashes and permutations are fixed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datasketch import MinHash, MinHashLSH

__all__ = ["PERMUTATIONS", "Similar", "hash32", "lsh", "minhash", "shingles", "words"]

PERMUTATIONS = 128
_WORD = re.compile(r"[^\W_]+(?:['’.:-][^\W_]+)*")


def words(text: str) -> list[str]:
    """The words of a text in lower case, punctuation aside."""
    return _WORD.findall(text.casefold())


def shingles(items: Sequence[str], size: int) -> Iterator[str]:
    """Runs of ``size`` items; all of them where there are fewer."""
    if items:
        for start in range(max(1, len(items) - size + 1)):
            yield " ".join(items[start : start + size])


def hash32(shingle: str) -> int:
    """A shingle as 32 bits, the same everywhere."""
    return int.from_bytes(blake2b(shingle.encode("utf-8", "replace"), digest_size=4).digest(), "little")


def minhash(hashes: Iterable[int]) -> MinHash:
    """The MinHash of a set of `hash32`."""
    import numpy as np

    sketch = _empty().copy()  # to draw the permutations takes longer than all the rest
    values = sorted(hashes)
    if values:
        sketch.update_batch(np.array(values, np.uint32))
    return sketch


class Similar:
    """MinHashes in an index of locality-sensitive hashing, several sets a record (queries, calls)."""

    def __init__(self, threshold: float, kinds: int = 1) -> None:
        self.threshold = threshold
        self._indexes = [lsh(threshold) for _ in range(kinds)]
        self._known: list[dict[int, Any]] = [{} for _ in range(kinds)]

    def find(self, sketches: Sequence[MinHash | None]) -> tuple[int, float] | None:
        """The first record that is as similar as the threshold in one of its sets, and how similar it is."""
        best: tuple[int, float] | None = None
        for index, known, sketch in zip(self._indexes, self._known, sketches, strict=True):
            if sketch is None:
                continue
            for number in index.query(sketch):
                if best is None or number < best[0]:
                    similarity = float((sketch.hashvalues == known[number]).mean())
                    if similarity >= self.threshold:
                        best = (number, round(similarity, 4))
        return best

    def add(self, number: int, sketches: Sequence[MinHash | None]) -> None:
        """Remember a record."""
        for index, known, sketch in zip(self._indexes, self._known, sketches, strict=True):
            if sketch is not None:
                known[number] = sketch.hashvalues
                index.insert(number, sketch, check_duplication=False)


def lsh(threshold: float, recall: float = 0.99) -> MinHashLSH:
    """An index whose `query` finds a pair of exactly the threshold's similarity with at least this probability."""
    from datasketch import MinHashLSH

    rows = max(rows for rows in range(1, 33) if _recall(threshold, rows) >= recall or rows == 1)
    return MinHashLSH(num_perm=PERMUTATIONS, params=(PERMUTATIONS // rows, rows))


def _recall(threshold: float, rows: int) -> float:
    """How likely a pair of exactly the threshold's similarity shares a band (Leskovec et al., section 3.4.2)."""
    return 1 - float((1 - threshold**rows) ** (PERMUTATIONS // rows))


@cache
def _empty() -> MinHash:
    from datasketch import MinHash

    return MinHash(PERMUTATIONS, seed=1, scheme="affine32", hashfunc=int)
