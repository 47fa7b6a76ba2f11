"""Tools from plain functions: which ones, what a model sees of them, and how JSON becomes their arguments.

`environments.spec` reads signature and docstring, as of methods that are marked as tools.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from pydantic import TypeAdapter, ValidationError
from pydantic.errors import PydanticSchemaGenerationError, PydanticUserError

from funreason_plugin.environments.environment import ToolError
from funreason_plugin.environments.plain.views import view
from funreason_plugin.environments.spec import ToolOptions, ToolSpec, object_schema, spec_of
from funreason_plugin.errors import UserError, did_you_mean

__all__ = ["PlainTool", "Settings", "converted", "line_of", "parameter_types", "plain_tool"]


@dataclass(frozen=True, slots=True)
class PlainTool:
    """A function as a tool; ``types`` turn JSON into its arguments."""

    function: Callable[..., Any]
    spec: ToolSpec
    types: Mapping[str, TypeAdapter[Any]]

    def marked(self, writes: bool) -> PlainTool:
        """The same, said to write or not."""
        return replace(self, spec=replace(self.spec, writes=writes))


@dataclass(frozen=True, slots=True)
class Settings:
    """What a module or class says of its tools; None where it says nothing."""

    tools: tuple[str, ...] | None
    writes: tuple[str, ...] | None
    state: tuple[str, ...] | None
    policy: str
    equality: dict[str, str]

    @classmethod
    def of(cls, names: Mapping[str, Any], where: str) -> Settings:
        """Read them. Raises UserError where one is of another type."""
        policy, equality = names.get("POLICY", ""), names.get("EQUALITY", {})
        if not isinstance(policy, str):
            raise UserError(f"{where}: POLICY is a {type(policy).__name__}; expected a string")
        if not isinstance(equality, dict) or not all(isinstance(item, str) for item in equality.values()):
            raise UserError(
                f'{where}: EQUALITY is not a dict of state paths, e.g. {{"ORDERS.*.note": "text"}}'
            )
        return cls(
            _list(names, "TOOLS", where),
            _list(names, "WRITES", where),
            _list(names, "STATE", where),
            policy,
            dict(equality),
        )

    def check_tools(self, known: Iterable[str], where: str) -> None:
        """Raises UserError where WRITES names what is no tool."""
        known = list(known)
        for name in self.writes or ():
            if name not in known:
                raise UserError(
                    f"{where}: WRITES names {name!r}, which is not a tool{did_you_mean(name, known)}"
                )


def plain_tool(
    owner: type, environment: str, name: str, function: Callable[..., Any], method: bool
) -> PlainTool:
    """The tool that a function is.

    Raises:
        UserError: It is a lambda or a generator, lacks types or a docstring, or takes * or **.
    """
    where = line_of(owner, name, function)
    if getattr(function, "__name__", "") == "<lambda>":
        raise UserError(
            f"{where}: a lambda has no types and no docstring; write 'def {name}(...)'{_LEAVE_OUT}"
        )
    plain = inspect.unwrap(function)
    if inspect.isgeneratorfunction(plain) or inspect.isasyncgenfunction(plain):
        raise UserError(f"{where}: a generator is not a tool; return a list{_LEAVE_OUT}")
    try:
        spec = spec_of(owner, environment, name, function, ToolOptions(), method=method)
    except UserError as error:
        raise UserError(f"{error.message}{_LEAVE_OUT}") from None
    params = tuple(
        param
        if param.required
        else replace(
            param, default=view(param.default), schema={**param.schema, "default": view(param.default)}
        )
        for param in spec.params
    )
    spec = replace(spec, params=params, parameters=object_schema(params))
    return PlainTool(function, spec, parameter_types(function, where))


def parameter_types(function: Callable[..., Any], where: str) -> dict[str, TypeAdapter[Any]]:
    """What turns JSON into the arguments of a function, of the parameters that are more than JSON data."""
    try:
        hints = get_type_hints(function, include_extras=True)
        return {
            name: TypeAdapter(hint) for name, hint in hints.items() if name != "return" and not _json(hint)
        }
    except (NameError, PydanticSchemaGenerationError, PydanticUserError) as error:
        raise UserError(f"{where}: {str(error).splitlines()[0]}") from None


def converted(types: Mapping[str, TypeAdapter[Any]], arguments: Mapping[str, Any]) -> dict[str, Any]:
    """JSON arguments as the function's own types: dates, enums, dataclasses. Raises ToolError."""
    values = {}
    for name, value in arguments.items():
        try:
            values[name] = types[name].validate_python(value) if name in types else value
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            place = ".".join(str(part) for part in (name, *first["loc"]))
            raise ToolError(f"{place}: {first['msg']}") from None
    return values


def line_of(owner: type, name: str, function: Callable[..., Any]) -> str:
    """ "shop.py:12: shop.find" """
    code = getattr(inspect.unwrap(function), "__code__", None)
    if code is None:
        return f"{owner.__module__}.{owner.__name__}.{name}"
    return f"{code.co_filename}:{code.co_firstlineno}: {owner.__name__}.{name}"


def _json(hint: Any) -> bool:
    """Whether values of a type are what JSON gives."""
    origin = get_origin(hint)
    if origin is Annotated:
        return _json(get_args(hint)[0])
    if origin is Literal:
        return True
    if origin in (list, dict, Union, UnionType):
        return all(_json(part) for part in get_args(hint))
    return hint in (str, int, float, bool, None, type(None), Any, list, dict)


_LEAVE_OUT = "; or leave it out: begin its name with '_', or list the tools, TOOLS = [...]"


def _list(names: Mapping[str, Any], key: str, where: str) -> tuple[str, ...] | None:
    value = names.get(key)
    if value is None:
        return None
    if (
        isinstance(value, str)
        or not isinstance(value, Sequence)
        or not all(isinstance(v, str) for v in value)
    ):
        raise UserError(f'{where}: {key} is not a list of names, e.g. {key} = ["find_order"]')
    return tuple(value)
