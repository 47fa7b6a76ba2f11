"""ToolACE's call lists, `[Market Trends API(trend_type="MARKET_INDEXES", country="us")]`.

They look like Python and are not: a name may hold spaces, dots, slashes and brackets, an argument may be
called `from` or `user-id`. Which text is a name is known from the tools offered; the values are Python
literals, read by `python_calls` (no `eval`, linear time, bounded depth).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from funreason_plugin.calls import ParsedCall, _check_value
from funreason_plugin.python_calls import Malformed, read_list, shown

__all__ = ["read_calls"]

MAX_CHARACTERS = 200_000
"""Longest assistant message that is looked at."""


def read_calls(text: str, names: Iterable[str]) -> list[ParsedCall] | None:
    """The calls of an assistant message, or None for an answer. ``names`` are the tools offered.

    Raises Malformed: a list that cannot be read to its end, an unknown tool, text beside the list.
    """
    if len(text) > MAX_CHARACTERS:
        raise Malformed(f"{len(text)} characters; at most {MAX_CHARACTERS} are read")
    offered = _offered(tuple(names))
    text = text.strip()
    called = offered.match(text, 1) if text.startswith("[") else None
    if called is None:
        _check_answer(text, offered)
        return None
    calls: list[ParsedCall] = []
    while called is not None:
        name = called[1]
        arguments, position = _arguments(text, called.end(), name)
        calls.append(ParsedCall(name, arguments))
        position = _skip(text, position)
        if text.startswith("]", position):
            if rest := text[position + 1 :].strip():
                raise Malformed(f"text after the call list: {shown(rest)}")
            return calls
        if not text.startswith(",", position):
            raise Malformed(
                f"expected ',' or ']' after {name}(…), found {shown(text[position:]) or 'nothing'}"
            )
        position += 1
        called = offered.match(text, position)
    raise Malformed(f"not a call of a tool that is offered: {shown(text[position:]) or 'nothing'}")


@lru_cache(maxsize=256)
def _offered(names: tuple[str, ...]) -> re.Pattern[str]:
    """Finds a tool's name and the bracket behind it; "Get" must not hide "Get (v2)"."""
    longest_first = sorted(set(names), key=lambda name: (-len(name), name))
    either = "|".join(map(re.escape, longest_first)) or r"(?!)"
    return re.compile(rf"[ \t\r\n]*({either})[ \t\r\n]*\(")


_LIKE_CALLS = re.compile(r"\[[^\[\]()\n]{1,200}\([^\n]*=[^\n]*\)\s*\]")


def _check_answer(text: str, offered: re.Pattern[str]) -> None:
    """An answer is any text without a call list in it."""
    if text == "[]":
        raise Malformed("an empty call list")
    if text.startswith("[") and text.endswith("]") and _LIKE_CALLS.fullmatch(text):
        raise Malformed(f"not a call of a tool that is offered: {shown(text)}")
    position = text.find("[")
    while position >= 0:
        if offered.match(text, position + 1):
            raise Malformed(f"text before the call list: {shown(text)}")
        position = text.find("[", position + 1)


def _skip(text: str, position: int) -> int:
    while position < len(text) and text[position] in " \t\r\n":
        position += 1
    return position


_PIECE = re.compile(
    r"""(?P<string>'''(?:[^\\']|\\.|'(?!''))*'''|\"""(?:[^\\"]|\\.|"(?!""))*\"""
        |'(?!'')(?:[^\\'\n]|\\.)*'|"(?!"")(?:[^\\"\n]|\\.)*")
    |(?P<open>[\[({])|(?P<close>[\])}])|(?P<comma>,)|(?P<equals>=)|(?P<text>[^"'\[\](){},=]+)""",
    re.VERBOSE | re.DOTALL,
)


def _arguments(text: str, start: int, name: str) -> tuple[dict[str, Any], int]:
    """The arguments of the call whose brackets open before ``start``, and where the call ends."""
    pairs: list[str] = []
    begin = position = start
    depth, equals = 1, -1
    while piece := _PIECE.match(text, position):
        kind, position = piece.lastgroup, piece.end()
        if kind == "open":
            depth += 1
        elif kind == "close":
            depth -= 1
        elif kind == "equals" and depth == 1 and equals < 0:
            equals = piece.start()
        if depth == 0 or (depth == 1 and kind == "comma"):
            if equals >= 0 or pairs or kind == "comma" or text[begin : piece.start()].strip():
                pairs.append(_pair(text, begin, equals, piece.start(), name))
            begin, equals = position, -1
        if depth == 0:
            if piece[0] != ")":
                raise Malformed(f"{name}: expected ')', found {piece[0]!r}")
            return _values(name, pairs), position
    raise Malformed(f"{name}: a string or the call does not end: {shown(text[begin:])}")


_KEY = re.compile(r"[^\"'\[\](){},=\\]{1,200}")


def _pair(text: str, begin: int, equals: int, end: int, name: str) -> str:
    """`key=value` as an item of a Python dict."""
    key = text[begin:equals].strip() if equals >= 0 else ""
    if not _KEY.fullmatch(key):
        raise Malformed(f"{name}: arguments must have names: {shown(text[begin:end]) or 'nothing'}")
    return f"{json.dumps(key, ensure_ascii=False)}: {text[equals + 1 : end]}"


def _values(name: str, pairs: list[str]) -> dict[str, Any]:
    source = f"[call(**{{{', '.join(pairs)}}})]"
    try:
        ((_, arguments),), _ = read_list(source, 0)
        _check_value(arguments, name)
    except Malformed as error:
        raise Malformed(f"{name}: {str(error).removeprefix('call: ').removeprefix(name + ': ')}") from None
    return arguments
