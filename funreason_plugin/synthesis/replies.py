"""What language models write, taken as it is meant: thoughts cut off, wrappings removed, JSON found in prose.

    read_object('Sure! {"name": "x",}', wanted=("name",))     # {'name': 'x'}
    clean_query('Here is the message:\\n"Book it, please."')   # 'Book it, please.'

Tolerant where there is one way to take a text, and bounded: what is too long or too deep counts as unreadable.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

from funreason_plugin.python_calls import Malformed, read_list
from funreason_plugin.synthesis.teachers.base import Agent

__all__ = [
    "LONGEST",
    "clean_critique",
    "clean_query",
    "python_object",
    "read_object",
    "visible",
    "without_end_tokens",
]

LONGEST: Final[dict[Agent, int]] = {
    "tooling": 50_000,
    "querying": 20_000,
    "reasoning": 200_000,
    "critiquing": 50_000,
}
"""Characters of a reply, thoughts included, that are looked at."""
CRITIQUE_CHARACTERS = 1200
REPAIR_CHARACTERS = 8000
REPAIR_BRACKETS = 60

_END_TOKENS = ("<|im_end|>", "<|endoftext|>", "<|eot_id|>", "<|eom_id|>", "<|end|>", "</s>")


def visible(text: str) -> str:
    """A reply without its thoughts: what stands after the last `</think>`; nothing when the thoughts do not end."""
    rest = text.rpartition("</think>")[2].strip()
    return "" if rest.startswith("<think>") else without_end_tokens(rest)


def plain(text: str) -> str:
    """Text that can be written: no half surrogate pairs, no control characters beside tab and line break."""
    if not text.isascii():
        text = _SURROGATE.sub("\ufffd", text)
    return text if text.isprintable() else _CONTROL.sub("", text)


_SURROGATE = re.compile(r"[\ud800-\udfff]")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


def without_end_tokens(text: str) -> str:
    """Some servers leave the token in that ended the reply."""
    text = text.rstrip()
    while text.endswith(_END_TOKENS):
        text = text[: text.rindex("<")].rstrip()
    return text


# -- JSON -------------------------------------------------------------------------------------------------

_FENCE = re.compile(r"```[ \t]*\w*[ \t]*\n(.*?)(?:\n[ \t]*```|\Z)", re.DOTALL)


def read_object(text: str, wanted: Sequence[str] = ()) -> dict[str, Any] | None:
    """The object in a reply: bare, fenced or in prose; the last one that has the ``wanted`` keys.

    It may be wrapped in a list or in an object of its own ({"advanced_tool": {…}}), have trailing commas, or be
    written as a Python literal; at last it is repaired.
    """
    text = visible(text)
    fences = [found[1] for found in _FENCE.finditer(text)]
    places = [*reversed(fences), text, text[text.find("{") : text.rfind("}") + 1]]
    readers: tuple[Callable[[str], Any], ...] = (_json, _first_json, python_object, _repaired)
    for reader in readers:
        for place in places[:2] if reader is _repaired else places:
            if "{" not in place:
                continue
            for found in _unwrapped(reader(place.strip())):
                if all(key in found for key in wanted):
                    return found
    return None


def _unwrapped(value: Any, depth: int = 2) -> Iterator[dict[str, Any]]:
    """The object itself, or the one in it or in a list of one."""
    if isinstance(value, dict):
        yield value
        inner = [item for item in value.values() if isinstance(item, dict)]
    else:
        inner = [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
    if depth and len(inner) == 1:
        yield from _unwrapped(inner[0], depth - 1)


def _json(text: str) -> Any:
    try:
        return json.loads(text, strict=False)
    except (ValueError, RecursionError):
        return None


def _first_json(text: str) -> Any:
    """An object that has text around it: the first one, or the first that begins a line (no part of a broken one)."""
    start = text.find("{")
    for _ in range(20):
        if start < 0:
            return None
        try:
            return json.JSONDecoder(strict=False).raw_decode(text, start)[0]
        except (ValueError, RecursionError):
            start = text.find("\n{", start + 1) + 1 or -1
    return None


def python_object(text: str) -> Any:
    """A dict literal in Python's or JavaScript's manner, read without evaluating it; None for anything else."""
    if not text.startswith("{"):
        return None
    try:
        calls, end = read_list(f"[read(**{text})]", 0)
    except (Malformed, RecursionError):
        return None
    return calls[0][1] if end == len(text) + len("[read(**)]") and len(calls) == 1 else None


def _repaired(text: str) -> Any:
    """The last resort: missing commas, quotes and brackets. Its time grows fast with brackets, so they are counted."""
    start = text.find("{")
    text = text[start:]
    brackets = text.count("{") + text.count("[")
    if len(text) > REPAIR_CHARACTERS or brackets > REPAIR_BRACKETS or re.search(r"\{\s*[{\[]", text):
        return None
    import json_repair

    try:
        return json_repair.loads(text)
    except (ValueError, RecursionError, IndexError, TypeError):
        return None


# -- the user's message -----------------------------------------------------------------------------------

_LEAD_IN = re.compile(
    r"\A(?:(?:sure|certainly|of course|okay|ok)\b[^\n:]{0,40}?[,.!:]\s*)?"
    r"(?:here(?:['’]s| is| you go| you are)\b[^\n:]{0,60}?\b|(?:the |my |user(?:['’]s)? |final |draft ){1,3})"
    r"(?:message|query|request|prompt|draft|version)\b[^\n:]{0,80}:[*_]*[ \t]*(?=\n|[\"“«`][^\"“”«»`]*[\"”»`]\s*\Z)",
    re.IGNORECASE,
)
_SPEAKER = re.compile(
    r"\A[*_#\s]*(?:user|customer|human|user (?:message|query|request)|message|query)[*_]*[ \t]*:[*_]*\s*",
    re.IGNORECASE,
)
_AFTERWORD = re.compile(
    r"\n[ \t]*\n?(?:-{3,}[ \t]*\n|[(\[*_]*(?:note|explanation|comment|this (?:message|query|request))\b[^\n]{0,40}?[:,]?\s)"
    r"(?=[^\n]*\b(?:message|query|request|persona|manner|tools?|inputs?|values?)\b)[\s\S]*\Z",
    re.IGNORECASE,
)
_QUOTES = (('"', '"'), ("“", "”"), ("'", "'"), ("‘", "’"), ("«", "»"), ("`", "`"), ("**", "**"))
_MESSAGE_KEYS = ("message", "query", "user_message", "user_query", "request", "text", "content")


def clean_query(text: str) -> str:
    """The user's message in A_Q's reply, without what wraps it: thoughts, introduction, fence, quotation marks, JSON."""
    text = visible(text)
    text = _LEAD_IN.sub("", text, count=1).strip()
    text = _AFTERWORD.sub("", text, count=1).strip()
    fence = re.fullmatch(r"```[ \t]*\w*[ \t]*\n(.*?)\n?```", text, re.DOTALL)
    text = fence[1].strip() if fence and "```" not in fence[1] else text
    if text.startswith("{") and text.endswith("}"):
        value = _json(text)
        if isinstance(value, dict) and len(value) == 1:
            (key, only), *_ = value.items()
            text = only.strip() if key.lower() in _MESSAGE_KEYS and isinstance(only, str) else text
    for _ in range(2):  # 'User: "…"' and '"User: …"'
        text = _unquoted(_SPEAKER.sub("", text, count=1).strip())
    return text


def _unquoted(text: str) -> str:
    for start, end in _QUOTES:
        inner = text[len(start) : -len(end)]
        if len(text) > len(start) + len(end) and text.startswith(start) and text.endswith(end):
            # 'the "oak desk" or the "ash desk"' is not one quotation
            plain = inner.replace("\\" + end, "")
            if start not in plain and end not in plain.replace("’", "" if end == "’" else "’"):
                return inner.replace("\\" + end, end).strip()
    return text


def clean_critique(text: str) -> str:
    """A_C's advice, at most `CRITIQUE_CHARACTERS` long, whole sentences where there are any."""
    text = re.sub(
        r"\A[*_#\s]*(?:advice|critique|feedback)[*_]*[ \t]*:[*_]*\s*", "", visible(text), flags=re.I
    )
    text = re.sub(r"\A```\w*\n|\n```\Z", "", text).strip()
    if len(text) <= CRITIQUE_CHARACTERS:
        return text
    cut = text[:CRITIQUE_CHARACTERS]
    end = max(cut.rfind(mark) for mark in (". ", ".\n", "! ", "? "))
    return cut[: end + 1] if end > CRITIQUE_CHARACTERS // 3 else cut.rsplit(" ", 1)[0] + "…"
