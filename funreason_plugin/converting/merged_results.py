"""Results of several calls that were merged into one text, taken apart again without changing them.

    split_list("['{\\"a\\": 1}', 'done']", 2)      # ['{"a": 1}', 'done']

The paper's model is served that way: the results of one step come back as one list.
"""

from __future__ import annotations

import re

from funreason_plugin.converting.python_literals import parse_literal
from funreason_plugin.converting.refusal import Refused

__all__ = ["response_blocks", "split_list"]

_PIECE = re.compile(
    r"""[^"'\[\]{}(),]+|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|(?P<open>[\[{(])|(?P<close>[\]})])|(?P<comma>,)""",
    re.DOTALL,
)
_STRING = re.compile(r"""\s*("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')\s*""", re.DOTALL)
_BLOCK = re.compile(r"\s*<tool_response>(.*?)</tool_response>\s*", re.DOTALL)


def split_list(text: str, count: int) -> list[str] | None:
    """The items of a JSON or Python list of that many, else None: strings as what they stand for, others as written."""
    text = text.strip()
    if not (text.startswith("[") and text.endswith("]")):
        return None
    items: list[str] = []
    depth = position = 0
    start = 1
    while position < len(text):
        piece = _PIECE.match(text, position)
        if piece is None:
            return None
        depth += (piece["open"] is not None) - (piece["close"] is not None)
        end = piece.end()
        if (piece["comma"] and depth == 1) or (piece["close"] and depth == 0):
            items.append(text[start:position])
            start = end
        if depth == 0 and end < len(text):
            return None
        position = end
    if depth or len(items) != count:
        return None
    return [_item(item) for item in items]


def _item(text: str) -> str:
    if _STRING.fullmatch(text):
        try:
            return str(parse_literal(text.strip(), "result"))
        except Refused:
            pass
    return text.strip()


def response_blocks(text: str, field: str) -> list[str]:
    """The contents of `<tool_response>` blocks; the text itself where there are none."""
    if "<tool_response>" not in text:
        return [text]
    blocks: list[str] = []
    position = 0
    while found := _BLOCK.match(text, position):
        blocks.append(found[1].strip())
        position = found.end()
    if position < len(text):
        raise Refused(field, "text outside of <tool_response>…</tool_response>")
    return blocks
