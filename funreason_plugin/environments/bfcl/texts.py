"""Outputs as the texts that bfcl-eval's executor makes of them, to the letter.

`entries.bfcl_text` is enough for a model to read. Here numbers are exact, too: an mpf, a Decimal and an integer
beyond 64 bits, which come out of a session as doubles, are computed again by their class, which has no state.
"""

from __future__ import annotations

import decimal
import json
from typing import Any

from funreason_plugin.environments.bfcl import package
from funreason_plugin.environments.bfcl.adapter import MPMATH
from funreason_plugin.environments.bfcl.entries import bfcl_text

__all__ = ["executor_text"]

_PRINTED = frozenset(("logarithm", "square_root"))
_INFINITE = frozenset(("inf", "-inf", "nan"))
_EXACT = 2**63
_DIGITS = 1000  # our sessions compute no more of them


def executor_text(tool: str, arguments: dict[str, Any], output: Any) -> str:
    """The text of a call's output: it is what BFCL's checker compares."""
    if isinstance(output, dict) and output.keys() == {"result"}:
        number = output["result"]
        large = isinstance(number, float) and abs(number) >= _EXACT
        if tool in _PRINTED or large or (isinstance(number, str) and number in _INFINITE):
            return _computed(tool, arguments) or bfcl_text(tool, output)
    return bfcl_text(tool, output)


def _computed(tool: str, arguments: dict[str, Any]) -> str:
    """The text of MathAPI's own result; "" where it has no such tool."""
    import mpmath

    method = getattr(package.backend("MathAPI")(), tool, None)
    if method is None:
        return ""
    precision = arguments.get("precision")
    if isinstance(precision, int) and precision > _DIGITS:
        arguments = {**arguments, "precision": _DIGITS}
    with MPMATH, decimal.localcontext(), mpmath.workprec(mpmath.mp.prec):  # it sets both of them
        result = method(**arguments)
        try:
            return json.dumps(result)
        except TypeError:
            return str(result)
