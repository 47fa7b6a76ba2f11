"""Python call lists, `[cd(folder="data"), cat(file_name="a.txt")]`: the reading half, without `eval`.

The text is first cut into tokens by one regular expression that also looks at neighbours: what cannot
stand in a list of calls with literal arguments (operators, lambdas, attributes, `f()()()`, f-strings,
deep nesting) is refused before `ast` sees it, so that hostile text costs linear time and no stack.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping, Sequence
from typing import Any

MAX_DEPTH = 32
"""Deepest nesting of lists and objects in the arguments."""


class Malformed(ValueError):
    """What is wrong with a message, in words that can be shown to the model."""


def read_list(
    text: str, start: int, positions: Mapping[str, Sequence[str]] | None = None
) -> tuple[list[tuple[str, dict[str, Any]]], int]:
    """The calls of the list that starts at `start`, and where it ends. Raises Malformed.

    Arguments must have names; with ``positions`` (by tool, its parameters in order) those without get theirs.
    """
    source, end = _checked_source(text, start)
    try:
        try:
            body = ast.parse(source, mode="eval").body
        except SystemError:  # CPython before 3.12, when another thread parses: "recursion depth mismatch"
            body = ast.parse(source, mode="eval").body
    except (SyntaxError, ValueError, MemoryError) as error:
        reason = error.msg if isinstance(error, SyntaxError) else str(error)
        raise Malformed(f"not a Python call list: {reason}") from None
    if not isinstance(body, ast.List):
        raise Malformed("the calls must stand in one list")
    return [_call(node, positions or {}) for node in body.elts], end


def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A dict of the pairs; a key that occurs twice is an error, not a silent choice."""
    value = dict(pairs)
    if len(value) != len(pairs):
        keys = [key for key, _ in pairs]
        raise Malformed(f"key {next(key for key in keys if keys.count(key) > 1)!r} occurs twice")
    return value


def shown(text: str) -> str:
    text = text[:120].strip()
    return text if len(text) <= 60 else text[:57] + "…"


_TOKEN = re.compile(
    r"""(?P<space>[ \t\r\n]+)
    |(?P<string>'''(?:[^\\']|\\.|'(?!''))*'''|\"""(?:[^\\"]|\\.|"(?!""))*\"""
        |'(?!'')(?:[^\\'\n]|\\.)*'|"(?!"")(?:[^\\"\n]|\\.)*")
    |(?P<number>-?(?:\d[\d_]*\.?\d*|\.\d+)(?:[eE][+-]?\d+)?(?![\w.]))
    |(?P<constant>(?:True|False|None|true|false|null)(?!['"\w]|\s*[=(]))
    |(?P<name>[A-Za-z_]\w*(?=\s*[=(]))
    |(?P<open>[\[({])|(?P<close>[\])}])
    |(?P<unpack>\*\*)|(?P<mark>[,:=])""",
    re.VERBOSE | re.DOTALL | re.ASCII,
)
_CLOSES = {"[": "]", "(": ")", "{": "}"}
_VALUES = {"string", "number", "constant", "name", "close"}
_BEFORE_VALUE = {"start", "open", "mark", "unpack"}


def _checked_source(text: str, start: int) -> tuple[str, int]:
    """The list's source, its tokens checked, and where it ends."""
    closing: list[str] = []
    parts: list[str] = []
    before = "start"
    position = start
    while token := _TOKEN.match(text, position):
        kind, written = token.lastgroup or "", token[0]
        position = token.end()
        if kind == "space":
            parts.append(" ")
            continue
        follows = (
            before == "name"
            if written == "("
            else before in _BEFORE_VALUE or kind == before == "string"
            if kind == "open" or (kind in _VALUES and kind != "close")
            else before in ("open", "mark")
            if kind == "unpack"
            else True
        )
        if not follows:
            raise Malformed(f"not a list of calls with literal arguments: {shown(text[token.start() :])}")
        if kind == "open":
            closing.append(_CLOSES[written])
            if len(closing) > MAX_DEPTH + 4:
                raise Malformed(f"nested deeper than {MAX_DEPTH} levels")
        elif kind == "close" and (not closing or closing.pop() != written):
            raise Malformed(f"brackets do not match at {shown(text[token.start() :])}")
        elif kind == "string" and "\\" in written:
            written = _ESCAPE.sub(_known_escape, written)
        parts.append(written)
        before = kind
        if not closing:
            return "".join(parts), position
    if position == len(text):
        raise Malformed("the call list does not end")
    raise Malformed(f"not a literal: {shown(text[position:])}")


_ESCAPE = re.compile(r"\\([4-7][0-7]{2}|.)", re.DOTALL)


def _known_escape(escape: re.Match[str]) -> str:
    """Python keeps the backslash of an unknown escape such as \\d, but warns; write what it means."""
    return escape[0] if escape[1] in "\\'\"abfnrtvxuUN01234567\n" else "\\" + escape[0]


def _call(node: ast.expr, positions: Mapping[str, Sequence[str]]) -> tuple[str, dict[str, Any]]:
    if not isinstance(node, ast.Call):
        raise Malformed(f"not a call: {shown(ast.unparse(node))}")
    if not isinstance(node.func, ast.Name) or node.func.id.startswith("__"):
        raise Malformed(f"not a tool's name: {shown(ast.unparse(node.func))}")
    name = node.func.id
    known = positions.get(name, ())
    if len(node.args) > len(known):
        raise Malformed(f"{name}: arguments must have names, as in {name}(key=value)")
    arguments = [(key, _literal(value, name)) for key, value in zip(known, node.args, strict=False)]
    for part in node.keywords:
        if part.arg is not None:
            arguments.append((part.arg, _literal(part.value, name)))
        elif isinstance(part.value, ast.Dict):
            arguments += _literal(part.value, name).items()
        else:
            raise Malformed(f"{name}: ** must be followed by a literal {{…}}")
    return name, unique(arguments)


_WORDS = {"true": True, "false": False, "null": None}


def _literal(node: ast.expr, where: str) -> Any:
    match node:
        case ast.Constant(value=None | str() | int() | float() as value):
            return value
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as value)):
            return -value
        case ast.Name(id="true" | "false" | "null" as word):
            return _WORDS[word]
        case ast.List(elts=items):
            return [_literal(item, where) for item in items]
        case ast.Dict(keys=keys, values=items):
            return unique(
                [(_key(key, where), _literal(item, where)) for key, item in zip(keys, items, strict=True)]
            )
    raise Malformed(f"{where}: not a literal: {shown(ast.unparse(node))}")


def _key(node: ast.expr | None, where: str) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    raise Malformed(f"{where}: the keys of an object must be strings")
