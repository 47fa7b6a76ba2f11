"""The one exception for what a user can mend: a clear line and an exit code, never a traceback.

    raise UserError("recipes/synthesis.yaml: key 'turnz' is not known; did you mean 'turns'?")

The command lines print the message in red and leave with `exit_code`; as a library, the exception
simply propagates. A bug of ours is never a UserError: it keeps its traceback.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable

__all__ = ["INTERRUPTED", "UserError", "did_you_mean"]

INTERRUPTED = 130  # exit status after Ctrl-C, as shells have it


class UserError(Exception):
    """Bad input, in one line: which file, row and field, what was expected, how to mend it."""

    def __init__(self, message: str, exit_code: int = 1) -> None:
        super().__init__(message)
        self.message = message
        self.exit_code = exit_code


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """`"; did you mean 'turns'?"` for the closest known word, or `""` when none is close."""
    close = difflib.get_close_matches(word, sorted(known), n=1, cutoff=0.6)
    return f"; did you mean {close[0]!r}?" if close else ""
