"""Which of a response's tokens are its chain of thought: what EGPO's entropy is taken over (arXiv 2508.05118).

    span = Thoughts(tokenizer).span(ids, opened=True)       # [start, end), or None

As `calls.parse` reads it: the thought ends before the last `</think>`, and began at `<think>` or with the prompt.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

__all__ = ["Thoughts"]

_OPEN, _CLOSE = "<think>", "</think>"


class Thoughts:
    """Finds thoughts by the tokens of their two ends, or by the text where a tokenizer spells them in pieces."""

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer
        known = tokenizer.get_vocab()
        self._open: int | None = known.get(_OPEN)
        self._close: int | None = known.get(_CLOSE)

    def span(self, ids: Sequence[int], opened: bool) -> tuple[int, int] | None:
        """[start, end) of the thought in a response, its ends left out; a thought without an end goes up to the
        end of ``ids``, which has no `<|im_end|>`.

        Args:
            ids: The response's tokens.
            opened: Whether the prompt ended with `<think>`.

        Returns:
            None where there is no thought, or an empty one.
        """
        if self._open is None or self._close is None:
            return self._by_text(ids, opened)
        closed = _last(ids, self._close)
        end = len(ids) if closed is None else closed
        if opened:
            start = 0
        elif self._open in ids[:end]:
            start = list(ids).index(self._open) + 1
        elif closed is not None:
            start = 0
        else:
            return None
        return (start, end) if start < end else None

    def _by_text(self, ids: Sequence[int], opened: bool) -> tuple[int, int] | None:
        text = self._decode(ids)
        closed = text.rfind(_CLOSE)
        begun = text.find(_OPEN, 0, closed if closed >= 0 else len(text))
        if not opened and begun < 0 and closed < 0:
            return None
        start = 0 if opened or begun < 0 else self._reaching(ids, begun + len(_OPEN))
        end = len(ids) if closed < 0 else self._reaching(ids, closed + 1) - 1
        return (start, end) if start < end else None

    def _reaching(self, ids: Sequence[int], length: int) -> int:
        """How many tokens make a text of at least so many characters."""
        low, high = 0, len(ids)
        while low < high:
            middle = (low + high) // 2
            if len(self._decode(ids[:middle])) < length:
                low = middle + 1
            else:
                high = middle
        return low

    def _decode(self, ids: Sequence[int]) -> str:
        return str(
            self._tokenizer.decode(list(ids), skip_special_tokens=False, clean_up_tokenization_spaces=False)
        )


def _last(ids: Sequence[int], token: int) -> int | None:
    for index in range(len(ids) - 1, -1, -1):
        if ids[index] == token:
            return index
    return None
