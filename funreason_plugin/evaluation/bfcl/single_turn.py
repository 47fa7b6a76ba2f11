"""A single-turn answer as bfcl-eval's checkers of syntax trees take it: [{name: arguments}].

What `calls.read` reads is taken as it reads it; anything else goes to bfcl-eval's own decoder, which also knows Java and
JavaScript, tuples, names of variables. That decoder evaluates arithmetic, and its parsers of Java and JavaScript end the
whole process on deep nesting: only sums and products of literals and texts of some length get to it.
Imported after `package.load`.
"""

from __future__ import annotations

import ast
import threading
import warnings
from typing import Any

from bfcl_eval.constants.enums import ReturnFormat
from bfcl_eval.model_handler.utils import default_decode_ast_prompting

from funreason_plugin.calls import ParsedCall, parse, python_list
from funreason_plugin.evaluation.bfcl.calls import read, untagged
from funreason_plugin.python_calls import Malformed

__all__ = ["decode", "written"]

_LONGEST = 10_000
"""Characters; the longest truth has 1,285, and 80,000 of nested brackets overflow the stack of their parsers."""
_LARGEST = 1_000
"""Base and exponent of a power."""
_ARITHMETIC = (ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Mod)
_PARSER = threading.Lock()
"""They have one parser for all threads."""


def decode(answer: str, language: Any = ReturnFormat.PYTHON) -> list[dict[str, Any]]:
    """The calls of an answer, in one of bfcl-eval's languages.

    Raises:
        Malformed: it is not read here.
        Exception: whatever their decoder raises; their evaluation counts it as "no calls".
    """
    if language == ReturnFormat.PYTHON:
        try:
            return [{call.name: call.arguments} for call in read(answer)]
        except (Malformed, RecursionError):
            pass
    elif (hermes := _hermes(answer)) is not None:
        # Arguments as texts, as their handlers of function calling give.
        return [{call.name: call.arguments} for call in hermes]
    text = untagged(answer).strip("`\n ")
    if len(text) > _LONGEST:
        raise Malformed(f"{len(text)} characters; at most {_LONGEST} are read")
    with _PARSER, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of unknown escapes
        if language == ReturnFormat.PYTHON:
            _refuse_work(text)
        found: list[dict[str, Any]] = default_decode_ast_prompting(text, language, False)
    return found


def written(answer: str, language: Any = ReturnFormat.PYTHON) -> str:
    """An answer for the result file, such that bfcl-eval's own decoder reads it like `decode`: without our tags and,
    where `calls.read` reads it, as a bare list of Python calls."""
    if language != ReturnFormat.PYTHON:
        return answer if _hermes(answer) is not None else untagged(answer)
    try:
        return f"[{', '.join(map(_call, read(answer)))}]"
    except (ValueError, RecursionError):  # Malformed is one
        return untagged(answer)


def _call(call: ParsedCall) -> str:
    """Their tools have names with dots."""
    return call.name + python_list([("call", call.arguments)])[len("[call") : -1]


def _hermes(answer: str) -> list[ParsedCall] | None:
    """The calls of an answer with Hermes' JSON; None where it has none."""
    _, tag, rest = answer.partition("<tool_call>")
    if not tag or not rest.lstrip().startswith("{"):
        return None
    parsed = parse(answer)
    return parsed.calls if parsed.error is None else None


def _refuse_work(text: str) -> None:
    """Raise Malformed where their decoder would evaluate more than a little arithmetic: it does so with operators and
    the bodies of lambdas. The text is bracketed as they bracket it."""
    text = text if text.startswith("[") else f"[{text}"
    text = text if text.endswith("]") else f"{text}]"
    for node in ast.walk(ast.parse(text, mode="eval")):
        if isinstance(node, ast.Lambda) or (isinstance(node, ast.BinOp) and not _is_cheap(node)):
            raise Malformed("an expression that is not evaluated")


def _is_cheap(node: ast.expr) -> bool:
    """Sums and products of literals; powers of small numbers; sums of texts."""
    match node:
        case ast.Constant(value=int() | float() | str()):
            return True
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float())):
            return True
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return _is_cheap(left) and _is_cheap(right)
        case ast.BinOp(left=left, op=ast.Pow(), right=right):
            return _is_small(left) and _is_small(right)
        case ast.BinOp(left=left, op=op, right=right) if isinstance(op, _ARITHMETIC):
            has_text = any(
                isinstance(part, ast.Constant) and isinstance(part.value, str) for part in ast.walk(node)
            )
            return not has_text and _is_cheap(left) and _is_cheap(right)
    return False


def _is_small(node: ast.expr) -> bool:
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        node = node.operand
    return (
        isinstance(node, ast.Constant)
        and isinstance(node.value, (int, float))
        and abs(node.value) <= _LARGEST
    )
