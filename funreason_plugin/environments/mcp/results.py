"""A server's answer as an output: structured where it is, a text otherwise, an error where it cannot be read.

output_of(result, "json", "")     # {"notes": [...]} | "some text" | {"error": "…"}
"""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING, Any, Final

import orjson

if TYPE_CHECKING:
    from mcp.types import CallToolResult

__all__ = ["output_of"]

_LONGEST_LITERAL: Final = 200_000  # characters of a Python literal that is parsed
_TEXT_MOST: Final = 64_000_000


def output_of(result: CallToolResult, text: str, errors: str) -> Any:
    """The output of a call; ``text`` and ``errors`` as in `McpOptions`."""
    parts, others = [], []
    for block in result.content:
        if block.type == "text":
            parts.append(block.text)
        elif block.type == "resource" and hasattr(block.resource, "text"):
            parts.append(block.resource.text)
        elif block.type == "resource_link":
            parts.append(str(block.uri))
        else:
            others.append(_named(block))
    whole = "\n".join(parts)
    if result.is_error:
        return {"error": whole.strip() or "the server says that the call failed"}
    if errors and re.search(errors, whole[:2_000]):
        return {"error": whole.strip()}
    if isinstance(result.structured_content, (dict, list)):
        return result.structured_content
    if others and not whole.strip():
        return {"error": f"the answer is {', '.join(others)}, which a text model cannot read"}
    if others:
        whole = "\n".join([whole, *(f"[{other}]" for other in others)])
    return _read(whole, text)


def _read(text: str, how: str) -> Any:
    """JSON objects and lists as data, and Python's where it is wanted; other texts as they are."""
    begin = text.lstrip()[:1]
    if begin in ("{", "[") and how != "plain":
        try:
            return orjson.loads(text)
        except orjson.JSONDecodeError:
            pass
        if how == "python" and len(text) <= _LONGEST_LITERAL:
            try:
                value = ast.literal_eval(text.strip())
                return orjson.loads(orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS))
            except (ValueError, SyntaxError, MemoryError, RecursionError, TypeError):
                pass
    return text


def _named(block: Any) -> str:
    kind = str(getattr(block, "mime_type", "") or getattr(block, "type", "data"))
    data = getattr(block, "data", "") or getattr(getattr(block, "resource", None), "blob", "") or ""
    return f"{kind} of {len(data) * 3 // 4:,} bytes"
