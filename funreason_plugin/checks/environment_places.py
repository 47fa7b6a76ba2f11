"""Where in its source an environment's tool or parameter stands, and where in a state values lie."""

from __future__ import annotations

import ast
import inspect
import sys
import textwrap
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from funreason_plugin.environments.environment import Environment


def place(cls: type[Environment], tool: str = "", param: str = "") -> str:
    """ "tools/books.py:41" for a class, a tool's def line or a parameter's line; the class, where that is unknown."""
    function = _function(cls, tool)
    try:
        if function is None:
            return f"{short(inspect.getsourcefile(cls) or '')}:{inspect.getsourcelines(cls)[1]}"
        lines, first = inspect.getsourcelines(function)
        tree = ast.parse(textwrap.dedent("".join(lines))).body[0]
        assert isinstance(tree, (ast.FunctionDef, ast.AsyncFunctionDef))
        found = next((arg.lineno for arg in tree.args.args if arg.arg == param), tree.lineno)
        return f"{short(inspect.getsourcefile(function) or '')}:{first + found - 1}"
    except (OSError, TypeError, SyntaxError, AssertionError):
        return f"{cls.__module__}.{cls.__qualname__}"


def raised_at(cls: type[Environment], error: BaseException) -> str:
    """The line of the author's code that an exception came from; "" when none of the frames is the author's."""
    files = {inspect.getsourcefile(owner) for owner in cls.__mro__ if owner not in (Environment, object)}
    trace, found = error.__traceback__, ""
    while trace is not None:
        if trace.tb_frame.f_code.co_filename in files:
            found = f"{short(trace.tb_frame.f_code.co_filename)}:{trace.tb_lineno}"
        trace = trace.tb_next
    return found


def not_plain(value: Any, path: str = "") -> tuple[str, str] | None:
    """The first place in a state that JSON cannot hold as it is: (path, what is there); None when all is plain."""
    if value is None or type(value) in (
        str,
        bool,
        int,
        float,
    ):  # an enum's member comes back as a mere string
        return None
    if type(value) is dict:
        for key, item in value.items():
            if not isinstance(key, str):
                return path, f"a key of type {type(key).__name__} ({key!r})"
            if found := not_plain(item, f"{path}.{key}" if path else key):
                return found
        return None
    if type(value) is list:
        return next((found for item in value if (found := not_plain(item, f"{path}[]"))), None)
    return path, f"a {type(value).__name__}"


def state_paths(state: Mapping[str, Any]) -> dict[str, list[Any]]:
    """The values in a state by path pattern, as `Values.state` takes it, dict keys included."""
    found: dict[str, list[Any]] = {}
    for path, value in _leaves(state, ""):
        found.setdefault(path, []).append(value)
    return found


def covers(pattern: str, path: str) -> bool:
    """Whether a state path lies at or below an equality pattern."""
    mine = [part for part in pattern.replace("[]", ".[]").split(".") if part]
    theirs = [part for part in path.replace("[]", ".[]").split(".") if part]
    return len(mine) <= len(theirs) and all(
        a == b or "*" in (a, b) for a, b in zip(mine, theirs, strict=False)
    )


def shared_containers(cls: type[Environment]) -> dict[str, str]:
    """The containers of an environment's classes and modules, as text: what tools must not change."""
    found: dict[str, str] = {}
    for owner in cls.__mro__:
        if owner in (Environment, object):
            continue
        module = sys.modules.get(owner.__module__)
        for prefix, names in (
            (owner.__name__, vars(owner)),
            (owner.__module__, vars(module) if module else {}),
        ):
            for key, value in names.items():
                if isinstance(value, (list, dict, set, bytearray)) and key[:2] != "__":
                    found[f"{prefix}.{key}"] = repr(value)
    return found


def _leaves(node: Any, path: str) -> Iterator[tuple[str, Any]]:
    if isinstance(node, Mapping):
        records = bool(path) and bool(node) and all(isinstance(item, Mapping) for item in node.values())
        if path:
            yield from ((f"{path}.keys()", key) for key in node)
        for key, item in node.items():
            yield from _leaves(item, f"{path}.*" if records else f"{path}.{key}" if path else key)
    elif isinstance(node, list):
        for item in node:
            yield from _leaves(item, f"{path}[]")
    elif node is not None:
        yield path, node


def _function(cls: type[Environment], tool: str) -> Callable[..., Any] | None:
    for owner in cls.__mro__:
        if tool and tool in vars(owner):
            found = inspect.unwrap(vars(owner)[tool])
            return found if inspect.isfunction(found) else None
    return None


def short(file: str) -> str:
    try:
        return str(Path(file).relative_to(Path.cwd()))
    except ValueError:
        return file
