"""How many tokens a prompt has: what is left of the context for a response."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from funreason_plugin.errors import UserError
from funreason_plugin.rendering import END, START

__all__ = ["Tokenizer"]


class Tokenizer:
    """A `tokenizer.json`, or the folder of a model that has one.

    Raises:
        UserError: there is none, or the tokens between messages are not one token each.
    """

    def __init__(self, path: Path) -> None:
        try:
            import tokenizers
        except ImportError:
            raise UserError("--tokenizer: pip install tokenizers") from None
        file = path / "tokenizer.json" if path.is_dir() else path
        if not file.is_file():
            raise UserError(
                f"--tokenizer {path}: no such file; expected a tokenizer.json or a folder with one"
            )
        try:
            self._tokenizer: Any = tokenizers.Tokenizer.from_file(str(file))
        except Exception as error:  # the library raises plain Exceptions
            raise UserError(f"--tokenizer {file}: {' '.join(str(error).split())[:200]}") from None
        for token in (START, END):
            if len(self._tokenizer.encode(token, add_special_tokens=False).ids) != 1:
                raise UserError(
                    f"--tokenizer {file}: {token} is not one token; expected a tokenizer of the Qwen3 family"
                )

    def count(self, text: str) -> int:
        """Tokens of a text."""
        return len(self._tokenizer.encode(text, add_special_tokens=False).ids)
