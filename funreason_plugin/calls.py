"""The text of an assistant message to tool calls and back; model text is parsed, never evaluated.

    >>> parse('<think>Oslo it is.</think><tool_call>[weather(city="Oslo", days=2)]</tool_call>').calls
    [ParsedCall(name='weather', arguments={'city': 'Oslo', 'days': 2})]

Three surface forms are read: Hermes JSON (one `<tool_call>` block per call, as Qwen3 is trained), the
Python call list of the paper in one block, and a bare list of either kind. `to_hermes` and `to_python`
write them; both round-trip every JSON value.
"""

from __future__ import annotations

import json
import keyword
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from funreason_plugin.python_calls import MAX_DEPTH, Malformed, read_list, shown, unique

__all__ = ["ParsedCall", "Parsed", "parse", "to_hermes", "to_python", "python_list", "dump_json", "unmarked"]

MAX_CHARACTERS = 100_000
"""Longest text after the thought that is looked at; the thought itself is only cut off."""

MARKERS = (
    *("<think>", "</think>", "<tool_call>", "</tool_call>", "<tool_response>", "</tool_response>"),
    *("<|im_start|>", "<|im_end|>", "<|endoftext|>"),
)
"""Tags with a meaning in an assistant message or a tool's answer, and the tokens between messages."""


class ParsedCall(NamedTuple):
    """A tool's name and its keyword arguments, as plain JSON values."""

    name: str
    arguments: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Parsed:
    """An assistant message taken apart; with an `error` there are no calls."""

    thought: str | None
    calls: list[ParsedCall] = field(default_factory=list)
    content: str = ""
    error: str | None = None


def parse(text: str) -> Parsed:
    """Take an assistant message apart. Never raises: what is wrong is in `error`.

    The thought is what stands before the last `</think>` (its `<think>` may have been part of the prompt).
    """
    head, closed, rest = text.rpartition("</think>")
    thought = head.lstrip().removeprefix("<think>").strip() if closed else None
    if rest.lstrip().startswith("<think>"):
        rest = rest.lstrip().removeprefix("<think>").strip()
        return Parsed(f"{thought}\n{rest}" if thought else rest, error="<think> is not closed by </think>")
    if len(rest) > MAX_CHARACTERS:
        size = f"{len(rest)} characters after the thought; at most {MAX_CHARACTERS} are read"
        return Parsed(thought, error=size)
    try:
        calls, content = _calls_and_content(rest)
        for call in calls:
            _check_value(call.arguments, call.name)
    except Malformed as error:
        return Parsed(thought, content=rest.strip(), error=str(error))
    except RecursionError:
        return Parsed(thought, content=rest.strip(), error=f"nested deeper than {MAX_DEPTH} levels")
    return Parsed(thought, calls, content)


def to_hermes(calls: Iterable[tuple[str, Mapping[str, Any]]]) -> str:
    """One `<tool_call>` block with a JSON object per call, as in Qwen3's chat template."""
    return "\n".join(
        f"<tool_call>\n{dump_json({'name': name, 'arguments': arguments})}\n</tool_call>"
        for name, arguments in calls
    )


def to_python(calls: Iterable[tuple[str, Mapping[str, Any]]]) -> str:
    """The paper's form: `<tool_call>[cd(folder="data"), cat(file_name="a.txt")]</tool_call>`.

    Raises ValueError for a tool whose name is not a Python identifier (only Hermes JSON can name it).
    """
    return f"<tool_call>{python_list(calls)}</tool_call>"


def python_list(calls: Iterable[tuple[str, Mapping[str, Any]]]) -> str:
    """The bare list of BFCL: `[cd(folder="data"), cat(file_name="a.txt")]`. Raises ValueError as `to_python`."""
    return f"[{', '.join(_python_call(name, arguments) for name, arguments in calls)}]"


def dump_json(value: Any) -> str:
    """JSON as chat templates write it (spaces, plain Unicode), with tags inside strings escaped.

    `\\u003c` reads back as "<" in JSON and in Python alike, and no reader mistakes it for markup.
    """
    return unmarked(json.dumps(value, ensure_ascii=False, allow_nan=False))


def unmarked(text: str) -> str:
    """JSON text with the tags inside its strings escaped."""
    if "<" in text:
        for marker in MARKERS:
            if marker in text:
                text = text.replace(marker, "\\u003c" + marker[1:])
    return text


# ---------------------------------------------------------------------------------------------- reading

_BARE_LIST = re.compile(r'\[\s*(?:\{\s*"name"\s*:|[A-Za-z_][\w.]*\s*\()')
_JSON_START = re.compile(r"\{|\[\s*[\{\]]")
_SPACE = re.compile(r"\s*")


def _calls_and_content(text: str) -> tuple[list[ParsedCall], str]:
    calls: list[ParsedCall] = []
    if "<tool_call>" not in text:
        bare = text.strip()
        if _BARE_LIST.match(bare):
            calls, end = _payload(bare, 0)
            if bare[end:].strip():
                raise Malformed(f"text after the call list: {shown(bare[end:])}")
            return calls, ""
        if "</tool_call>" in text:
            raise Malformed("</tool_call> without <tool_call>")
        return [], bare
    content: list[str] = []
    position = 0
    while (start := text.find("<tool_call>", position)) >= 0:
        content.append(text[position:start])
        found, position = _payload(text, _skip_space(text, start + len("<tool_call>")))
        if not found:
            raise Malformed("an empty call list")
        calls += found
        position = _skip_space(text, position)
        if position == len(text):
            raise Malformed("<tool_call> is not closed by </tool_call>")
        if not text.startswith("</tool_call>", position):
            raise Malformed(f"expected </tool_call> before {shown(text[position:])}")
        position += len("</tool_call>")
    content.append(text[position:])
    return calls, "\n".join(part.strip() for part in content if part.strip())


def _skip_space(text: str, position: int) -> int:
    return _SPACE.match(text, position).end()  # type: ignore[union-attr]  # it matches no space too


def _payload(text: str, start: int) -> tuple[list[ParsedCall], int]:
    """The calls of one block that starts at `start`, and where it ends."""
    if _JSON_START.match(text, start):
        try:
            value, end = _JSON.raw_decode(text, start)
        except Malformed:
            raise
        except ValueError as error:
            raise Malformed(f"not JSON: {error}") from None
        return [_json_call(entry) for entry in (value if isinstance(value, list) else [value])], end
    if text.startswith("[", start):
        calls, end = read_list(text, start)
        return [ParsedCall(*call) for call in calls], end
    raise Malformed(f"expected a JSON object or a call list, found {shown(text[start:]) or 'nothing'}")


def _constant(name: str) -> Any:
    raise Malformed(f"{name} is not a JSON value")


_JSON = json.JSONDecoder(object_pairs_hook=unique, parse_constant=_constant)


def _json_call(value: Any) -> ParsedCall:
    if not isinstance(value, dict) or value.keys() != {"name", "arguments"}:
        raise Malformed('a call must be {"name": …, "arguments": {…}}')
    if not isinstance(value["name"], str) or not value["name"]:
        raise Malformed("a call's name must be a string")
    if not isinstance(value["arguments"], dict):
        raise Malformed(f"the arguments of {shown(value['name'])} must be an object")
    return ParsedCall(value["name"], value["arguments"])


_SURROGATE = re.compile(r"[\ud800-\udfff]")


def _check_value(value: Any, where: str, depth: int = 0) -> None:
    """Depth, finite numbers and valid Unicode: what the JSON and Python readers let through."""
    if depth > MAX_DEPTH:
        raise Malformed(f"{where}: nested deeper than {MAX_DEPTH} levels")
    if isinstance(value, str):
        if not value.isascii() and _SURROGATE.search(value):
            raise Malformed(f"{where}: a string holds half a surrogate pair")
    elif isinstance(value, float):
        if not math.isfinite(value):
            raise Malformed(f"{where}: a number is too large")
    elif isinstance(value, list):
        for item in value:
            _check_value(item, where, depth + 1)
    elif isinstance(value, dict):
        for key, item in value.items():
            _check_value(key, where, depth)
            _check_value(item, where, depth + 1)


# ---------------------------------------------------------------------------------------------- writing


def _python_call(name: str, arguments: Mapping[str, Any]) -> str:
    if not _plain_name(name) or name.startswith("__"):
        raise ValueError(f"tool name {name!r} cannot be written as a Python call; use Hermes JSON")
    # A parameter called "from" or "zip-code" is no Python keyword argument: it is passed by **.
    parts = [
        f"{key}={_python_value(value)}"
        if _plain_name(key)
        else f"**{{{dump_json(key)}: {_python_value(value)}}}"
        for key, value in arguments.items()
    ]
    return f"{name}({', '.join(parts)})"


def _plain_name(name: str) -> bool:
    return name.isascii() and name.isidentifier() and not keyword.iskeyword(name)


def _python_value(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return str(value)
    if isinstance(value, list):
        return f"[{', '.join(map(_python_value, value))}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{dump_json(key)}: {_python_value(item)}' for key, item in value.items())}}}"
    return dump_json(value)
