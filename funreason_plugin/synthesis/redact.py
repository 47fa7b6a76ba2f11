"""`Redactor`: the user's ``redact`` hook, which sees every text before it reaches cache, log or file.

    redactor = Redactor.load("my_hooks.py:no_emails")     # def no_emails(text: str) -> str
    redactor.text("write to ann@example.org")             # "write to [email]"
    redactor.keeps(line)                                  # no text of this trajectory would be changed

The hook is a pure function that leaves what it returned alone: hook(hook(text)) == hook(text). One that raises or
returns something else than text stops the run with one line: nothing is written that it has not seen.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import orjson

from funreason_plugin.errors import UserError, did_you_mean
from funreason_plugin.synthesis.teachers.base import RunStopped

__all__ = ["Redactor"]

_EXPECTED = "expected module:function or path/to/file.py:function, where function(text: str) -> str"
_HASHES: Final = frozenset({"certificate", "state_hash", "hash"})  # hexadecimal digits of ours, no text
_OURS: Final = frozenset({"phase", "code"})  # a rejection's names of rules
_SAMPLES = ("", "a word", "Please book table 12 for ann@example.org on 2026-11-21.")


class Redactor:
    """Applies the hook. Without one, every text is kept as it is and `active` is false."""

    def __init__(self, hook: Callable[[str], object] | None = None, name: str = "") -> None:
        self._hook = hook
        self._name = name
        self._seen = lru_cache(4096)(self._apply)  # tool descriptions come again in every trajectory

    @classmethod
    def load(cls, name: str | None) -> Redactor:
        """The hook that ``--redact NAME`` says.

        Raises:
            UserError: It cannot be imported, or does not do what a hook must, tried on a few short texts.
        """
        if name is None:
            return cls()
        redactor = cls(_import(name), name)
        for sample in _SAMPLES:
            try:
                once = redactor._apply(sample)
                if redactor._apply(once) != once:
                    raise UserError(
                        f"redact: {name!r} changes its own result once more ({sample!r}); "
                        "a text that was redacted must stay as it is"
                    )
            except RunStopped as stopped:
                raise UserError(stopped.reason) from None
        return redactor

    @property
    def active(self) -> bool:
        return self._hook is not None

    def text(self, text: str) -> str:
        """``text`` as it may be written.

        Raises:
            RunStopped: The hook raised, or returned something else than text.
        """
        if self._hook is None:
            return text
        return self._seen(text) if len(text) < 10_000 else self._apply(text)

    def examples(self, queries: tuple[str, ...]) -> tuple[str, ...]:
        """Real queries as a model may see them.

        Raises:
            UserError: The hook fails on one of them.
        """
        try:
            return tuple(dict.fromkeys(map(self.text, queries)))
        except RunStopped as stopped:
            raise UserError(f"query_examples: {stopped.reason}") from None

    def keeps(self, line: bytes) -> bool:
        """Whether the hook leaves every text of a JSON line as it is; names of keys and hashes are not asked."""
        return self._hook is None or self._same(orjson.loads(line))

    def clean_line(self, line: bytes) -> bytes:
        """A line of rejected.jsonl with every text as it may be written."""
        if self._hook is None:
            return line
        row = {
            key: value if key in _OURS else self._clean(value) for key, value in orjson.loads(line).items()
        }
        return orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE)

    def _apply(self, text: str) -> str:
        assert self._hook is not None
        try:
            changed = self._hook(text)
        except Exception as error:  # the error's own text may hold what must not be written
            raise RunStopped(
                f"redact: {self._name!r} raised {type(error).__name__}; nothing that it has not seen is written: "
                "mend the function and run the same command again"
            ) from None
        if not isinstance(changed, str):
            raise RunStopped(
                f"redact: {self._name!r} returned {type(changed).__name__}, expected str: mend the function and run "
                "the same command again"
            )
        return changed

    def _same(self, value: Any) -> bool:
        if isinstance(value, str):
            return self.text(value) == value
        if isinstance(value, list):
            return all(map(self._same, value))
        if isinstance(value, dict):
            return all(key in _HASHES or self._same(item) for key, item in value.items())
        return True

    def _clean(self, value: Any) -> Any:
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, list):
            return [self._clean(item) for item in value]
        if isinstance(value, dict):
            return {key: self._clean(item) for key, item in value.items()}
        return value


def _import(name: str) -> Callable[[str], object]:
    place, colon, function = name.rpartition(":")
    if not colon or not place or not function:
        raise UserError(f"redact: {name!r} is not a function; {_EXPECTED}")
    try:
        module = _from_file(Path(place)) if place.endswith(".py") else _from_module(place)
    except UserError:
        raise
    except ModuleNotFoundError as error:
        raise UserError(f"redact: {name!r}: no module {error.name!r}; {_EXPECTED}") from None
    except Exception as error:
        raise UserError(f"redact: {name!r}: importing it raised {type(error).__name__}: {error}") from None
    found = getattr(module, function, None)
    if not callable(found):
        known = [key for key, value in vars(module).items() if callable(value) and not key.startswith("_")]
        raise UserError(
            f"redact: {place} has no function {function!r}{did_you_mean(function, known)}; {_EXPECTED}"
        )
    hook: Callable[[str], object] = found
    return hook


def _from_module(name: str) -> ModuleType:
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.insert(0, here)
    return importlib.import_module(name)


def _from_file(path: Path) -> ModuleType:
    if not path.is_file():
        raise UserError(f"redact: {path}: no such file; {_EXPECTED}")
    spec = importlib.util.spec_from_file_location(f"funreason_redact_{path.stem}", path.resolve())
    if spec is None or spec.loader is None:
        raise UserError(f"redact: {path}: cannot be imported; {_EXPECTED}")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
