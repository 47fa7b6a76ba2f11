"""A class that knows nothing of us as an environment.

    cls = class_environment(Store, "class:inventory.Store")

A scenario holds the arguments of the class (or of its ``reset``, where that takes some): what its static method
``scenario(rng)`` returns, or none. The state are the instance's attributes. An instance with something in it that
cannot be copied (a lock) goes back by being built again and having its calls repeated.
"""

from __future__ import annotations

import asyncio
import contextlib
import copy
import inspect
import sys
from collections.abc import Callable
from random import Random
from typing import Any, ClassVar

from pydantic import TypeAdapter

from funreason_plugin.environments.environment import Environment, ToolError, source_of
from funreason_plugin.environments.plain.environment import PlainEnvironment
from funreason_plugin.environments.plain.remembering import remembered
from funreason_plugin.environments.plain.signatures import Settings, converted, parameter_types, plain_tool
from funreason_plugin.environments.plain.trying import try_tools
from funreason_plugin.environments.plain.views import attributes, is_data, view
from funreason_plugin.errors import UserError, did_you_mean

__all__ = ["ClassEnvironment", "class_environment"]

_NO_TOOLS = ("reset", "scenario")


class ClassEnvironment(PlainEnvironment):
    """The methods of a class; its state are the attributes of an instance."""

    _class: ClassVar[type]
    _types: ClassVar[dict[str, TypeAdapter[Any]]]
    _by_reset: ClassVar[bool]
    _instance: Any = None

    def scenario(self, rng: Random) -> dict[str, Any]:
        draw = getattr(self._class, "scenario", None)
        state = {} if draw is None else view(draw(rng))
        if not isinstance(state, dict):
            raise UserError(
                f"{self._class.__name__}.scenario(rng) returned {type(state).__name__}; expected a dict of arguments"
            )
        return state

    def reset(self, state: dict[str, Any]) -> None:
        arguments = converted(self._types, state)
        if self._by_reset:
            self._instance = self._class()
            done = self._instance.reset(**arguments)
            if inspect.iscoroutine(done):
                asyncio.run(done)
        else:
            self._instance = self._class(**arguments)
        for owner in self._class.__mro__:
            for name, value in vars(owner).items():
                # What every instance of the process would share is this one's own; constants stay.
                if (
                    isinstance(value, (dict, list, set))
                    and _is_state(name)
                    and name not in attributes(self._instance)
                ):
                    setattr(self._instance, name, copy.deepcopy(value))
        self._forget()

    def data(self) -> dict[str, Any]:
        return attributes(self._instance)

    def digest(self) -> dict[str, Any]:
        if self._seen is None:
            self._seen = {name: view(value) for name, value in self.data().items() if is_data(value)}
        return self._seen

    def put(self, data: dict[str, Any]) -> None:
        for name in [name for name in attributes(self._instance) if name not in data]:
            object.__delattr__(self._instance, name)
        for name, value in data.items():
            object.__setattr__(self._instance, name, value)  # frozen dataclasses too

    def bound(self, name: str) -> Callable[..., Any]:
        found: Callable[..., Any] = getattr(self._instance, name)
        return found

    def close(self) -> None:
        ending = getattr(self._instance, "close", None)
        if callable(ending) and "close" not in self._tools:
            with contextlib.suppress(Exception):
                ending()
        self._instance = None

    @classmethod
    def source(cls) -> str:
        return source_of(cls._class)

    def _memo(self) -> dict[int, Any]:
        return {id(self._instance): self._instance}


def class_environment(target: type, given: str) -> type[Environment]:
    """The environment class of a class; ``given`` is the name on the command line.

    Raises:
        UserError: It cannot be built, has no methods, one of them cannot be a tool, or its state cannot be seen.
    """
    if issubclass(target, Environment):
        raise UserError(
            f"environment {given!r}: {target.__name__} is an Environment; name it my_module:{target.__name__}"
        )
    where = f"{target.__module__}.{target.__name__}"
    name = _snake(target.__name__)
    names = {key: value for owner in reversed(target.__mro__) for key, value in vars(owner).items()}
    settings = Settings.of(names, where)
    methods = _methods(target, settings, given)
    tools = {
        key: plain_tool(target, name, key, function, method=not static)
        for key, (function, static) in methods.items()
    }
    settings.check_tools(tools, where)
    resetting = names.get("reset")
    by_reset = inspect.isfunction(resetting) and len(inspect.signature(resetting).parameters) > 1
    starting = resetting if by_reset else target.__init__
    types = parameter_types(starting, where) if inspect.isfunction(starting) else {}

    def made(writes: frozenset[str], copying: str) -> type[ClassEnvironment]:
        marked = {key: tool.marked(key in writes) for key, tool in tools.items()}
        shown = {
            key: staticmethod(tool.function)
            for key, tool in tools.items()
            if not hasattr(ClassEnvironment, key)
        }
        members: dict[str, Any] = {
            **shown,
            "__module__": target.__module__,
            "__qualname__": target.__qualname__,
            "__doc__": target.__doc__,
            "name": name,
            "policy": settings.policy,
            "equality": settings.equality,
            "copying": copying,
            "_tools": marked,
            "_specs": {key: tool.spec for key, tool in marked.items()},
            "_class": target,
            "_types": types,
            "_by_reset": by_reset,
        }
        return type(target.__name__, (ClassEnvironment,), members)

    everything = frozenset(tools)
    copying = _way(made(everything, "own"), given)
    if settings.writes is not None:
        return made(frozenset(settings.writes), copying)
    tried = made(everything, copying)
    return made(remembered(tried, lambda: try_tools(tried)), copying)


def _way(cls: type[ClassEnvironment], given: str) -> str:
    """How a session goes back: "own" (copies), or "replay". Builds an instance to see."""
    target = cls._class.__name__
    environment = cls()
    try:
        state = environment.scenario(Random(0))
        environment.reset(state)
    except UserError:
        raise
    except (ToolError, TypeError) as error:
        raise UserError(
            f"environment {given!r}: {target} cannot be built: {error}; a static method scenario(rng) returns its "
            "arguments (in a subclass, where the class is not yours)"
        ) from None
    except Exception as error:
        raise UserError(
            f"environment {given!r}: {target}(...) raised {type(error).__name__}: {error}"
        ) from error
    data = environment.data()
    hidden = next((f"{name} ({type(item).__name__})" for name, item in data.items() if not is_data(item)), "")
    try:
        if hidden and not environment.digest():
            raise UserError(
                f"environment {given!r}: the state of {target} is in {hidden}, which can neither be copied nor compared; "
                "write an Environment with save, load and digest (examples/sqlite_tools)"
            )
        environment.save()
        return "own"
    except UserError:
        raise
    except Exception:
        return "replay"
    finally:
        environment.close()


def _methods(target: type, settings: Settings, given: str) -> dict[str, tuple[Callable[..., Any], bool]]:
    """The methods that are tools, in their order of definition, and whether they are static."""
    found: dict[str, tuple[Callable[..., Any], bool]] = {}
    for owner in reversed(target.__mro__):
        package = owner.__module__.partition(".")[0]
        if package in sys.stdlib_module_names or package == "pydantic":
            continue
        for name, value in vars(owner).items():
            found.pop(name, None)
            if name[0] == "_" or name in _NO_TOOLS:
                continue
            static = isinstance(value, staticmethod)
            function = value.__func__ if static else value
            if isinstance(function, (type, classmethod, property)) or not callable(function):
                continue
            if not inspect.isfunction(inspect.unwrap(function)):
                continue
            if name == "close" and len(inspect.signature(function).parameters) == 1:
                continue  # it ends the instance
            found[name] = function, static
    if settings.tools is not None:
        for name in settings.tools:
            if name not in found:
                raise UserError(
                    f"{target.__module__}.{target.__name__}: TOOLS names {name!r}, which is not a public method"
                    f"{did_you_mean(name, found)}"
                )
        found = {name: found[name] for name in settings.tools}
    if not found:
        raise UserError(f"environment {given!r}: {target.__name__} has no public method of its own")
    return found


def _is_state(name: str) -> bool:
    """Whether a container in a class may be state: constants are in capitals, settings among them."""
    return name[:2] != "__" and name != name.upper()


def _snake(name: str) -> str:
    words = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)
    return words.strip("_").replace("__", "_")
