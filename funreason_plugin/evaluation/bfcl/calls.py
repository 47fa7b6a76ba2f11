"""A model's answer as the calls that bfcl-eval executes: `eval` sees keyword arguments with literal values only.

What BFCL reads is read here: a bare list of calls, with back-ticks or without its outer brackets; beside it the tags
of our prompt forms. An argument without a name gets that of the tool's parameter at its place, which BFCL's own decoder
drops. Anything else (a text, arithmetic, nested calls) cannot be read and, as there, ends the turn.
"""

from __future__ import annotations

import builtins
import math
import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from funreason_plugin.calls import ParsedCall, parse, python_list
from funreason_plugin.environments.bfcl.catalog import bfcl_environments
from funreason_plugin.python_calls import Malformed, read_list

__all__ = ["documents", "executable", "looks_like_calls", "positions", "read", "untagged"]

_LONGEST = 100_000
_MOST_DIGITS = 4300
_DIGITS = 1000
_TOO_LONG = "str(10**5000)"
"""Raises at once what `power` raises when it tries to print a number of more than 4,300 digits."""
_TAGS = re.compile(r"</?tool_call>")
_DOTTED = re.compile(
    r"""("(?:[^\\"\n]|\\.)*"|'(?:[^\\'\n]|\\.)*')|(?<![\w.])([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+)(?=\s*\()""",
    re.ASCII,
)
_DOT = "_dot_0_"


def read(answer: str, places: Mapping[str, Sequence[str]] | None = None) -> list[ParsedCall]:
    """The calls of an answer that is nothing but calls; ``places`` as `python_calls.read_list` has them.

    Raises:
        Malformed: it is something else.
    """
    if len(answer) > _LONGEST:
        raise Malformed(f"{len(answer)} characters; at most {_LONGEST} are read")
    inner = untagged(answer)
    if "<tool_call>" in answer and inner.startswith("{"):  # Hermes JSON
        parsed = parse(answer)
        if parsed.error is not None:
            raise Malformed(parsed.error)
        return parsed.calls
    text = inner.strip("`\n ").removeprefix("python\n")
    if not text.startswith("["):
        text = f"[{text}"
    if not text.endswith("]"):
        text = f"{text}]"
    text = _DOTTED.sub(lambda found: found[1] or found[2].replace(".", _DOT), text)
    calls, end = read_list(text, 0, places)
    if text[end:].strip():
        raise Malformed("text after the calls")
    return [ParsedCall(name.replace(_DOT, "."), arguments) for name, arguments in calls]


def untagged(answer: str) -> str:
    """The text between the first and the last of our forms' tags, or the whole without any."""
    if "<tool_call>" in answer:
        start, end = answer.index("<tool_call>"), answer.rfind("</tool_call>")
        answer = answer[start : end if end > start else None]
    return _TAGS.sub("", answer).strip()


def looks_like_calls(answer: str) -> bool:
    """Whether an answer that cannot be read was meant as calls."""
    text = answer.strip("`\n ")
    return "<tool_call>" in text or re.match(r"\[\s*[A-Za-z_][\w.]*\(", text) is not None


def executable(call: ParsedCall) -> str:
    """A call as the text that their executor evaluates.

    Raises ValueError for a name that is no Python identifier.
    """
    name, arguments = call.name, dict(call.arguments)
    if name not in positions() and (hasattr(builtins, name) or name in _THEIR_NAMES):
        name = (
            f"no_tool_{name}"  # they would call Python's own function; so it is an unknown name, as any other
        )
    if name == "power" and _too_long(arguments.get("base"), arguments.get("exponent")):
        return _TOO_LONG
    if name in ("logarithm", "square_root") and _over(arguments.get("precision"), _DIGITS):
        arguments["precision"] = _DIGITS  # beyond all that the result shows; it only takes time
    if name == "round_number" and _over(_negative(arguments.get("decimal_places")), _MOST_DIGITS):
        arguments["decimal_places"] = -_MOST_DIGITS
    return python_list([(name, arguments)])[1:-1]


@cache
def documents() -> Mapping[str, dict[str, Any]]:
    """All tools of the multi-turn classes as our training data offers them."""
    return {
        name: spec.as_openai()
        for environment in bfcl_environments()
        for name, spec in environment.tool_specs().items()
    }


@cache
def positions() -> Mapping[str, Sequence[str]]:
    """The parameters of these tools, in order."""
    return {name: tuple(tool["function"]["parameters"]["properties"]) for name, tool in documents().items()}


_THEIR_NAMES = frozenset(
    (
        *("copy", "importlib", "inspect", "json", "re", "execute_multi_turn_func_call"),
        *("is_empty_execute_response", "CLASS_FILE_PATH_MAPPING", "STATELESS_CLASSES"),
    )
)
"""What is defined where they evaluate calls."""


def _too_long(base: Any, exponent: Any) -> bool:
    if type(base) is not int or type(exponent) is not int or abs(base) < 2:
        return False
    return exponent * math.log10(abs(base)) > _MOST_DIGITS + 1


def _over(value: Any, most: int) -> bool:
    return type(value) is int and value > most


def _negative(value: Any) -> Any:
    return -value if type(value) is int else None
