"""What plain functions and plain classes share: calls, snapshots, and changes that nobody claimed.

A tool that was not seen to write is watched: a change that it makes all the same counts, and is taken back when it
fails, as that of any other.
"""

from __future__ import annotations

import asyncio
import copy
import inspect
import threading
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, ClassVar, Final

from pydantic import TypeAdapter
from pydantic_core import PydanticSerializationError, to_jsonable_python

from funreason_plugin.environments.environment import Environment, ToolError
from funreason_plugin.environments.limits import is_error
from funreason_plugin.environments.plain.signatures import PlainTool, converted
from funreason_plugin.environments.plain.views import view
from funreason_plugin.environments.spec import ToolSpec
from funreason_plugin.environments.state import canonical

__all__ = ["PlainEnvironment"]

_CRASHES: Final = (
    TypeError,
    AttributeError,
    NameError,
    IndexError,
    ArithmeticError,
    AssertionError,
    RecursionError,
)


class PlainEnvironment(Environment):
    """Tools that know nothing of us. A subclass brings `data`, `put` and `bound`."""

    copying = "own"
    _tools: ClassVar[dict[str, PlainTool]]
    _specs: ClassVar[dict[str, ToolSpec]]

    _seen: dict[str, Any] | None = None  # the digest, until something may have changed
    _kept: tuple[Any, bytes] | None = None  # a snapshot and its digest, for tools that are not known to write

    def data(self) -> dict[str, Any]:
        """The live state, by name."""
        raise NotImplementedError

    def put(self, data: dict[str, Any]) -> None:
        """Make this the live state."""
        raise NotImplementedError

    def bound(self, name: str) -> Callable[..., Any]:
        """The function to call."""
        raise NotImplementedError

    def types(self, name: str) -> Mapping[str, TypeAdapter[Any]]:
        """What turns JSON into the arguments of a tool."""
        return self._tools[name].types

    # -- the environment ----------------------------------------------------------------------------------

    def save(self) -> Any:
        return copy.deepcopy(self.data(), self._memo())

    def load(self, saved: Any) -> None:
        self.put(copy.deepcopy(saved, self._memo()))
        self._forget()

    def digest(self) -> dict[str, Any]:
        if self._seen is None:
            self._seen = {name: view(value) for name, value in self.data().items()}
        return self._seen

    @classmethod
    def tool_specs(cls) -> dict[str, ToolSpec]:
        return cls._specs

    def invoke(self, name: str, arguments: dict[str, Any]) -> Any:
        values = converted(self.types(name), arguments)
        if self._specs[name].writes:
            self._forget()
            return self._run(name, values)
        saved, before = self._before()
        failed = True
        try:
            result = self._run(name, values)
            failed = is_error(result)
            return result
        finally:
            self._seen = None
            if canonical(self.digest()) != before:
                if failed and self.copying == "own":
                    self.load(saved)
                else:
                    self._kept, self._moved = None, True

    # -- helpers ------------------------------------------------------------------------------------------

    def _run(self, name: str, values: dict[str, Any]) -> Any:
        try:
            result = self.bound(name)(**values)
            if inspect.iscoroutine(result):
                result = _finished(result)
        except _CRASHES:
            raise
        except SystemExit as error:
            raise ToolError(f"{name} ended with exit status {error.code}") from None
        except Exception as error:
            if message := _said(error):
                raise ToolError(message) from error
            raise
        try:
            return to_jsonable_python(result)
        except (PydanticSerializationError, ValueError) as error:
            raise ToolError(f"{name} returned what is not JSON: {error}") from None

    def _before(self) -> tuple[Any, bytes]:
        if self._kept is None:
            saved = self.save() if self.copying == "own" else None
            self._kept = saved, canonical(self.digest())
        return self._kept

    def _forget(self) -> None:
        self._seen = self._kept = None

    def _memo(self) -> dict[int, Any]:
        """What a copy of the state shares with the live one."""
        return {}


def _said(error: Exception) -> str:
    """The sentence that an exception was raised with: plain functions refuse so. "" for a bare KeyError."""
    message = str(error.args[0] if isinstance(error, KeyError) and error.args else error)
    return message if " " in message.strip() else ""


def _finished(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """The result of a coroutine, whether or not an event loop runs in this thread."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(coroutine)
    found: list[Any] = []
    raised: list[BaseException] = []

    def run() -> None:
        try:
            found.append(asyncio.run(coroutine))
        except BaseException as error:
            raised.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join()
    if raised:
        raise raised[0]
    return found[0]
