"""A module of plain functions as an environment.

    cls = functions_environment(module, "functions:shop.py")

A session has a copy of the module of its own: the module's code, run again. What the module imports is shared; so is
what a library keeps for the whole process.
"""

from __future__ import annotations

import importlib.util
import inspect
import re
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib.abc import InspectLoader
from pathlib import Path
from random import Random
from types import CodeType, ModuleType
from typing import Any, ClassVar, get_type_hints

from pydantic import TypeAdapter

from funreason_plugin.environments.environment import Environment
from funreason_plugin.environments.plain.environment import PlainEnvironment
from funreason_plugin.environments.plain.remembering import remembered
from funreason_plugin.environments.plain.signatures import Settings, converted, parameter_types, plain_tool
from funreason_plugin.environments.plain.trying import try_tools
from funreason_plugin.environments.plain.views import is_data, view
from funreason_plugin.errors import UserError, did_you_mean

__all__ = ["FunctionsEnvironment", "functions_environment"]

_LOCK = threading.RLock()
_SETTINGS = ("TOOLS", "WRITES", "STATE", "POLICY", "EQUALITY")


class FunctionsEnvironment(PlainEnvironment):
    """The functions of a module; its state are the globals that STATE names."""

    _module: ClassVar[ModuleType]
    _code: ClassVar[CodeType]
    _state: ClassVar[tuple[str, ...]]

    _types: dict[str, dict[str, TypeAdapter[Any]]]  # of this copy: its classes are its own
    _live: dict[str, Any]

    def scenario(self, rng: Random) -> dict[str, Any]:
        """What the module's own ``scenario(rng)`` gives; without one, the globals stay as the module has them."""
        state = {}
        if "scenario" in vars(self._module):
            with _copy(self._module, self._code) as live:
                draw = live["scenario"]
            state = view(draw(rng))
        if not isinstance(state, dict) or not set(state) <= set(self._state):
            wrong = next((key for key in state if key not in self._state), "no dict")
            raise UserError(
                f"{self._module.__file__}: scenario(rng) returned {wrong!r}; expected a dict of values for "
                f"{', '.join(self._state) or 'the names in STATE'}"
            )
        return state

    def reset(self, state: dict[str, Any]) -> None:
        with _copy(self._module, self._code) as live:
            file = self._module.__file__ or ""
            self._types = {
                name: parameter_types(live[name], file) for name, tool in self._tools.items() if tool.types
            }
            live.update(converted(_types_of(live, state), state))
        self._live = live
        self._forget()

    def types(self, name: str) -> Mapping[str, TypeAdapter[Any]]:
        return self._types.get(name, {})

    def data(self) -> dict[str, Any]:
        return {name: self._live[name] for name in self._state if name in self._live}

    def put(self, data: dict[str, Any]) -> None:
        for name, value in data.items():
            live: Any = self._live.get(name)
            # Functions may hold on to the object: as a default, in another global.
            if type(live) is type(value) and isinstance(value, (dict, set)):
                live.clear()
                live.update(value)
            elif type(live) is type(value) and isinstance(value, list):
                live[:] = value
            else:
                self._live[name] = value

    def bound(self, name: str) -> Callable[..., Any]:
        found: Callable[..., Any] = self._live[name]
        return found

    def others(self) -> dict[str, Any]:
        """The other globals that are data, as JSON."""
        return {
            name: view(value)
            for name, value in self._live.items()
            if name not in (*self._state, *_SETTINGS) and name[:2] != "__" and is_data(value)
        }


def functions_environment(module: ModuleType, given: str) -> type[Environment]:
    """The environment class of a module; ``given`` is the name on the command line.

    Raises:
        UserError: It has no functions, one of them cannot be a tool, a setting is wrong, or calls change a global
            that STATE does not name.
    """
    where = module.__file__ or module.__name__
    name = module.__name__.rpartition(".")[2] if ".py" not in given else _stem(where)
    settings = Settings.of(vars(module), where)
    owner = type(name, (), {"__module__": module.__name__})
    tools = {
        key: plain_tool(owner, name, key, function, method=False)
        for key, function in _functions(module, settings, given).items()
    }
    settings.check_tools(tools, where)
    state = settings.state or ()
    for key in state:
        if key not in vars(module):
            raise UserError(
                f"{where}: STATE names {key!r}, which the module does not have{did_you_mean(key, vars(module))}"
            )
    if settings.writes and not state:
        raise UserError(
            f'{where}: WRITES without STATE; name the globals that change, e.g. STATE = ["ORDERS"]'
        )
    loader = module.__spec__.loader if module.__spec__ is not None else None
    code = loader.get_code(module.__name__) if isinstance(loader, InspectLoader) else None
    if code is None:
        raise UserError(f"environment {given!r}: {module.__name__} is not made of Python source")

    def made(writes: frozenset[str]) -> type[FunctionsEnvironment]:
        marked = {key: tool.marked(key in writes) for key, tool in tools.items()}
        # As attributes, the functions are found by what shows their lines.
        shown = {
            key: staticmethod(tool.function)
            for key, tool in tools.items()
            if not hasattr(FunctionsEnvironment, key)
        }
        members: dict[str, Any] = {
            **shown,
            "__module__": module.__name__,
            "__doc__": f"The functions of {name}.",
            "name": name,
            "policy": settings.policy,
            "equality": settings.equality,
            "_tools": marked,
            "_specs": {key: tool.spec for key, tool in marked.items()},
            "_module": module,
            "_code": code,
            "_state": state,
        }
        return type(name, (FunctionsEnvironment,), members)

    if settings.writes is not None:
        return made(frozenset(settings.writes))
    if settings.state == ():
        return made(frozenset())
    tried = made(frozenset(tools))
    return made(remembered(tried, lambda: _tried(tried, settings.state is not None, where)))


def _tried(cls: type[FunctionsEnvironment], stated: bool, where: str) -> frozenset[str]:
    """The functions that write; where STATE says nothing, none may."""
    changed: set[str] = set()

    def look(environment: Environment, before: Any) -> Any:
        assert isinstance(environment, FunctionsEnvironment)
        others = environment.others()
        changed.update(
            key for key in others if before is not None and before.get(key, others[key]) != others[key]
        )
        return others

    found = try_tools(cls, None if stated else look)
    if changed:
        names = ", ".join(f'"{key}"' for key in sorted(changed))
        raise UserError(
            f"{where}: calls change {names.replace(chr(34), '')}; add STATE = [{names}] to the module, so that every "
            "session has its own (or STATE = [], where it is only a cache)"
        )
    return found


def _functions(module: ModuleType, settings: Settings, given: str) -> dict[str, Callable[..., Any]]:
    """The functions that are tools, in the module's order."""
    own = {
        key: value
        for key, value in vars(module).items()
        if key[0] != "_"
        and key != "scenario"
        and not isinstance(value, type)
        and inspect.isfunction(inspect.unwrap(value) if callable(value) else value)
        and getattr(value, "__module__", None) == module.__name__
    }
    if settings.tools is not None:
        for key in settings.tools:
            if key not in own:
                raise UserError(
                    f"{module.__file__}: TOOLS names {key!r}, which is not a function of the module"
                    f"{did_you_mean(key, own)}"
                )
        own = {key: own[key] for key in settings.tools}
    if not own:
        raise UserError(
            f"environment {given!r}: {module.__file__} defines no public function; imported functions, private ones "
            "and classes are not tools"
        )
    return own


@contextmanager
def _copy(module: ModuleType, code: CodeType) -> Iterator[dict[str, Any]]:
    """The globals of a new copy of a module, which answers to the module's name meanwhile.

    By that name dataclasses and pydantic find the types that annotations write as text.
    """
    assert module.__spec__ is not None
    with _LOCK:
        copied = importlib.util.module_from_spec(module.__spec__)
        sys.modules[module.__name__] = copied
        try:
            exec(code, vars(copied))  # what an import does, with this module's own code
            yield vars(copied)
        finally:
            sys.modules[module.__name__] = module


def _types_of(live: Mapping[str, Any], state: Mapping[str, Any]) -> dict[str, TypeAdapter[Any]]:
    """The declared types of the globals that a scenario sets: dict[int, Order] is made from JSON."""
    try:
        hints = get_type_hints(sys.modules[live["__name__"]]) if state else {}
    except NameError:  # what is imported for type checkers only
        hints = {}
    return {name: TypeAdapter(hints[name]) for name in state if name in hints}


def _stem(file: str) -> str:
    return re.sub(r"\W", "_", Path(file).stem)
