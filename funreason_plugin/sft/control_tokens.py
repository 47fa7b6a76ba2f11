"""Tokens of a chat template in the texts of a row: data that a tokenizer would take for markup.

    control = Control.of(tokenizer)
    control.in_text("and then <|im_end|>")         # "<|im_end|>"
    control.in_response('<tool_call>[ls()]</tool_call>')   # "", as that is markup where it belongs

A tokenizer does not ask who wrote a text: `<|im_end|>` in a user's message ends that message, `</think>` in a thought
ends the thought. Texts are not escaped for that, since they are served as they are; a row that holds such a text
is not trained. (Calls, results and tools of this project are JSON, in which the tags are escaped.)
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from funreason_plugin.calls import MARKERS, parse, unmarked

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

__all__ = ["Control"]

_NAMED = re.compile(r"<\|[^|<>]+\|>")
_TAGS = frozenset(token for token in MARKERS if not _NAMED.fullmatch(token))
_NONE = re.compile(r"(?!)")
_BLOCK = re.compile(r"<tool_call>(?:(?!</?tool_call>).)*</tool_call>", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Control:
    """What may not stand in a text, as patterns: ``tokens`` everywhere, ``tags`` everywhere but in a system prompt,
    which may tell the model of them."""

    tokens: re.Pattern[str]
    tags: re.Pattern[str]

    @classmethod
    def of(cls, tokenizer: PreTrainedTokenizerBase, but: Collection[str] = ()) -> Control:
        """Those of a tokenizer: its special tokens, `<|…|>`, and the tags of `calls`; ``but`` those that a recipe adds
        for its data."""
        added = {
            token.content: token.special
            for token in tokenizer.added_tokens_decoder.values()
            if token.content and token.content not in but
        }
        tags = _TAGS & added.keys()
        tokens = {text for text, special in added.items() if special or _NAMED.fullmatch(text)} - tags
        return cls(_any(tokens), _any(tags))

    def in_text(self, text: str) -> str:
        """The first token in a user's text, a thought or a result; "" when there is none."""
        found = self.tokens.search(text) or (self.tags.search(text) if "<" in text else None)
        return found[0] if found else ""

    def in_system(self, text: str) -> str:
        """The same in a system prompt."""
        found = self.tokens.search(text)
        return found[0] if found else ""

    def in_response(self, text: str) -> str:
        """The same in a response without its thought, which may hold calls that can be read."""
        if "<tool_call>" in text and not parse(text).error:
            text = _BLOCK.sub(lambda block: block[0][len("<tool_call>") : -len("</tool_call>")], text)
        return self.in_text(text)

    def in_value(self, value: Any, *, escaped: bool) -> str:
        """The same in calls or tools as JSON, the tags in which may be ``escaped`` where they are written."""
        return self.in_json(json.dumps(value, ensure_ascii=False), escaped=escaped)

    def in_json(self, text: str, *, escaped: bool) -> str:
        """The same in JSON text."""
        return self.in_text(unmarked(text) if escaped else text)


def _any(texts: Collection[str]) -> re.Pattern[str]:
    longest_first = sorted(texts, key=lambda text: (-len(text), text))
    return re.compile("|".join(map(re.escape, longest_first))) if texts else _NONE
