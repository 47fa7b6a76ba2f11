"""The calls of a row as JSON, read as strictly as they are to be learned.

LLaMA-Factory reads them leniently: of a key that occurs twice the last value is trained, an empty list as an empty
response, `NaN` as it stands. All of that is `BadCalls` here, in words that say where it stands and what is expected.
"""

from __future__ import annotations

import json
from typing import Any

from funreason_plugin.calls import ParsedCall
from funreason_plugin.python_calls import Malformed, unique

__all__ = ["BadCalls", "read_call", "read_calls", "strict_json"]

_EXPECTED = 'expected a JSON list of {"name", "arguments"}'


class BadCalls(Exception):
    """What is wrong with the calls of a message."""


def read_calls(text: str, place: str) -> list[ParsedCall]:
    """The calls of a `function_call` without its thought.

    Raises:
        BadCalls: there are none, or they are JSON that is not what training would make of it.
        ValueError: the text is not JSON.
        RecursionError: it is nested too deeply.
    """
    if not text.strip():
        raise BadCalls(f"{place}: no calls; {_EXPECTED}, or the answer as a turn of the assistant")
    value = _read(text, place)
    calls = value if isinstance(value, list) else [value]
    if not calls:
        raise BadCalls(
            f"{place}: the list of calls is empty; {_EXPECTED}, or the answer as a turn of the assistant"
        )
    return [read_call(call, place) for call in calls]


def read_call(call: Any, place: str) -> ParsedCall:
    """One call, the arguments of which may have been encoded twice. Raises as `read_calls` does."""
    if not isinstance(call, dict) or not {"name", "arguments"} <= call.keys():
        raise BadCalls(f"{place}: {_begin(call)} is no call; {_EXPECTED}")
    name, arguments = call["name"], call["arguments"]
    if not isinstance(name, str) or not name:
        raise BadCalls(f"{place}: the name of a call is {_begin(name)}; expected a text")
    if isinstance(arguments, str):
        try:
            arguments = _read(arguments or "{}", place)
        except ValueError as error:
            raise BadCalls(f"{place}: the arguments of {name[:60]} are a text, not JSON: {error}") from None
    if not isinstance(arguments, dict):
        raise BadCalls(f"{place}: the arguments of {name[:60]} are {_begin(arguments)}; expected an object")
    return ParsedCall(name, arguments)


def _read(text: str, place: str) -> Any:
    try:
        return strict_json(text)
    except Malformed as error:
        raise BadCalls(f"{place}: {error}") from None


def strict_json(text: str) -> Any:
    """A JSON value that is written again as it was read.

    Raises:
        Malformed: a key occurs twice, a number is none of JSON's, or a text is not Unicode.
        ValueError: the text is not JSON.
        RecursionError: it is nested too deeply.
    """
    value = json.loads(text, object_pairs_hook=_unique)
    try:
        json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
    except UnicodeEncodeError:
        raise Malformed(
            "a text holds half of a surrogate pair, which is no character; write the character, or take it out"
        ) from None
    except ValueError:
        raise Malformed("a number is too large, NaN or Infinity; JSON has no such numbers") from None
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    try:
        return unique(pairs)
    except Malformed as error:
        raise Malformed(f"{error}; only its last value would be trained") from None


def _begin(value: Any) -> str:
    text = json.dumps(value, default=str)
    return text if len(text) <= 60 else text[:60] + "…"
