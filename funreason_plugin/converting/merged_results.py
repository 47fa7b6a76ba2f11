"""Results of several calls that were merged into one text, taken apart again without changing them.

    split_list("['{\\"a\\": 1}', 'done']", 2)      # ['{"a": 1}', 'done']
    keyed_results("[{'cd(folder=\\"a\\")': '{}'}, {'ls()': 'a.txt'}]", [cd, ls], "…")      # ["{}", "a.txt"]

The paper's model is served that way: the results of one step come back as one list. In the released data each
result stands under the call that it answers.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from funreason_plugin.calls import ParsedCall
from funreason_plugin.converting.plain_json import to_json
from funreason_plugin.converting.python_literals import parse_literal
from funreason_plugin.converting.refusal import Refused, shown

__all__ = ["keyed_results", "response_blocks", "split_list"]

_PIECE = re.compile(
    r"""[^"'\[\]{}(),]+|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|(?P<open>[\[{(])|(?P<close>[\]})])|(?P<comma>,)""",
    re.DOTALL,
)
_STRING = re.compile(r"""\s*("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')\s*""", re.DOTALL)
_CALL = re.compile(r"\s*([^\s()]+)\s*\(.*\)\s*", re.DOTALL)
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


def keyed_results(text: str, calls: Sequence[ParsedCall], field: str) -> list[str] | None:
    """The results of a list of `{"name(…)": result}`, one for each call; None where the text is no such list.

    A result that is a text is that text, another is written as JSON. Raises Refused where the list has another
    number of results than there are calls, or results of other calls.
    """
    if not text.strip().startswith("[{"):
        return None
    try:
        entries = parse_literal(text.strip(), field)
    except Refused:
        return None
    if not all(isinstance(entry, dict) and len(entry) == 1 for entry in entries):
        return None
    pairs = [next(iter(entry.items())) for entry in entries]
    names = [found[1] if (found := _CALL.fullmatch(key)) else None for key, _ in pairs]
    if None in names:
        return None
    if names != [call.name for call in calls]:
        expected = ", ".join(call.name for call in calls)
        raise Refused(field, "results of other calls", f"{shown(text)}, expected those of {expected}")
    return [value if isinstance(value, str) else to_json(value) for _, value in pairs]


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
