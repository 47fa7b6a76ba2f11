"""What a tool looks like: its JSON schema for the model, and what only the synthesis may know of it.

``spec_of(cls, function, options)`` reads a method's signature (through pydantic) and docstring (Google,
NumPy or Sphinx style, through docstring_parser) into a `ToolSpec`.
"""

from __future__ import annotations

import inspect
import re
import types
import typing
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import (
    Annotated,
    Any,
    get_args,
    get_origin,
    get_type_hints,
)

import docstring_parser
from pydantic import TypeAdapter
from pydantic.errors import PydanticSchemaGenerationError, PydanticUserError
from typing_extensions import NotRequired, Required, is_typeddict

from funreason_plugin.environments.marks import Marks, Prose, Ref, Values
from funreason_plugin.errors import UserError

_TOOL_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}\Z")


@dataclass(frozen=True, slots=True)
class Phrases:
    """Language hints for the embedded teacher: clauses that ask for the tool, name its result, report it."""

    ask: tuple[str, ...] = ()
    noun: str = ""
    tell: str = ""
    reports: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ParamSpec:
    """One parameter; ``marks`` holds the marks of nested leaves by path ("[]", "[].sku", "address.city")."""

    name: str
    schema: dict[str, Any]
    required: bool
    default: Any = None
    description: str = ""
    ref: Ref | None = None
    values: Values | None = None
    prose: Prose | None = None
    marks: Mapping[str, Marks] = field(default_factory=dict)
    file: str = ""


@dataclass(frozen=True, slots=True)
class OutputField:
    """A leaf of a tool's output, by path: ``flights[].flight_id``; "" is the whole output."""

    path: str
    schema: dict[str, Any]
    ref: Ref | None = None
    description: str = ""


@dataclass(frozen=True, slots=True)
class ToolSpec:
    """A tool as offered to a model (name, description, parameters) and as the synthesis sees it."""

    name: str
    environment: str
    description: str
    parameters: dict[str, Any]
    params: tuple[ParamSpec, ...]
    outputs: tuple[OutputField, ...] = ()
    output_schema: dict[str, Any] | None = None
    writes: bool = False
    needs: tuple[str, ...] = ()
    phrases: Phrases = Phrases()

    def as_openai(self) -> dict[str, Any]:
        """The schema as models see it, in the OpenAI function form."""
        return {
            "type": "function",
            "function": {"name": self.name, "description": self.description, "parameters": self.parameters},
        }


@dataclass(frozen=True, slots=True)
class ToolOptions:
    """What ``@tool(...)`` was given."""

    writes: bool = False
    phrases: Phrases = Phrases()
    needs: tuple[str, ...] = ()


def spec_of(
    cls: type,
    environment: str,
    name: str,
    function: Callable[..., Any],
    options: ToolOptions,
    *,
    method: bool = True,
) -> ToolSpec:
    """Build the spec of a method, or of a function without ``self``.

    A missing type or docstring is a `UserError` that names the place.
    """
    where = _place(cls, name, function)
    if not _TOOL_NAME.match(name):
        raise UserError(f"{where}: tool name {name!r} must be an identifier of at most 64 characters")
    doc = docstring_parser.parse(inspect.getdoc(function) or "")
    description = " ".join(
        part.strip() for part in (doc.short_description, doc.long_description) if part
    ).replace("\n", " ")
    if not description:
        raise UserError(f'{where}: tool has no docstring; add """What it does.""" below its def line')
    try:
        hints = get_type_hints(function, include_extras=True)
    except NameError as error:
        raise UserError(f"{where}: {error}; annotate with types that the module imports") from None
    described = {entry.arg_name.lstrip("*"): entry.description or "" for entry in doc.params}
    params = tuple(
        _param_spec(where, cls, parameter, hints, described)
        for parameter in list(inspect.signature(function).parameters.values())[method:]
    )
    unknown = sorted(set(described) - {param.name for param in params})
    if unknown:
        raise UserError(
            f"{where}: the docstring describes {unknown[0]!r}, which is not a parameter; rename it"
        )
    output_schema, outputs = _outputs(hints.get("return", Any), where)
    return ToolSpec(
        name=name,
        environment=environment,
        description=description,
        parameters=object_schema(params),
        params=params,
        outputs=outputs,
        output_schema=output_schema,
        writes=options.writes,
        needs=options.needs,
        phrases=options.phrases,
    )


def object_schema(params: tuple[ParamSpec, ...]) -> dict[str, Any]:
    """The JSON schema (draft 2020-12) of an argument object; unknown arguments are not allowed."""
    return {
        "type": "object",
        "properties": {param.name: param.schema for param in params},
        "required": [param.name for param in params if param.required],
        "additionalProperties": False,
    }


def _place(cls: type, name: str, function: Callable[..., Any]) -> str:
    try:
        code = inspect.unwrap(function).__code__
        return f"{code.co_filename}:{code.co_firstlineno}: {cls.__name__}.{name}"
    except AttributeError:
        return f"{cls.__module__}.{cls.__name__}.{name}"


def _param_spec(
    where: str,
    cls: type,
    parameter: inspect.Parameter,
    hints: dict[str, Any],
    described: Mapping[str, str],
) -> ParamSpec:
    name = parameter.name
    if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD, parameter.POSITIONAL_ONLY):
        raise UserError(f"{where}: parameter {name!r} must be an ordinary named parameter, not * or **")
    if name not in hints:
        raise UserError(f"{where}: parameter {name!r} has no type; write e.g. '{name}: str'")
    hint = hints[name]
    try:
        schema = inline_schema(TypeAdapter(hint).json_schema())
    except (PydanticSchemaGenerationError, PydanticUserError, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise UserError(
            f"{where}: parameter {name!r} has a type without a JSON schema ({reason}); "
            "use str, int, float, bool, Literal, list, TypedDict or a pydantic model"
        ) from None
    schema.pop("title", None)
    description = " ".join(described.get(name, "").split()) or schema.pop("description", "")
    if description:
        schema = {**schema, "description": description}
    required = parameter.default is parameter.empty
    if not required:
        schema["default"] = parameter.default
    leaves = dict(_marked_leaves(hint, ""))
    own = leaves.pop("", Marks())
    return ParamSpec(
        name=name,
        schema=schema,
        required=required,
        default=None if required else parameter.default,
        description=description,
        ref=own.ref,
        values=own.values,
        prose=own.prose,
        marks=leaves,
        file=inspect.getsourcefile(cls) or "",
    )


def inline_schema(schema: dict[str, Any]) -> dict[str, Any]:
    """Replace ``$ref`` to ``$defs`` by what they point to and drop generated titles: models read plain schemas."""
    definitions = schema.get("$defs", {})

    def walk(node: Any, depth: int) -> Any:
        if depth > 32:
            raise ValueError("the type contains itself")
        if isinstance(node, list):
            return [walk(item, depth + 1) for item in node]
        if not isinstance(node, dict):
            return node
        if "$ref" in node:
            target = definitions[str(node["$ref"]).rsplit("/", 1)[-1]]
            return walk({**target, **{k: v for k, v in node.items() if k != "$ref"}}, depth + 1)
        result: dict[str, Any] = {}
        for key, value in node.items():
            if key == "$defs" or (key == "title" and isinstance(value, str)):
                continue
            if key == "properties":
                result[key] = {name: walk(item, depth + 1) for name, item in value.items()}
            else:
                result[key] = walk(value, depth + 1)
        return result

    inlined = walk(schema, 0)
    assert isinstance(inlined, dict)
    return inlined


def _outputs(hint: Any, where: str) -> tuple[dict[str, Any] | None, tuple[OutputField, ...]]:
    if hint is Any or hint is None or hint is type(None):
        return None, ()
    try:
        schema = inline_schema(TypeAdapter(hint).json_schema(mode="serialization"))
    except (PydanticSchemaGenerationError, PydanticUserError, ValueError) as error:
        raise UserError(
            f"{where}: the return type has no JSON schema ({str(error).splitlines()[0]})"
        ) from None
    marks = dict(_marked_leaves(hint, ""))
    fields = tuple(
        OutputField(
            path=path,
            schema=leaf,
            ref=(marks.get(path) or Marks()).ref,
            description=str(leaf.get("description", "")),
        )
        for path, leaf in schema_leaves(schema, "")
    )
    return schema, fields


def schema_leaves(schema: dict[str, Any], path: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """The leaves of a JSON schema by path pattern; open objects ({"type": "object"}) have none."""
    if "anyOf" in schema:
        branches = [branch for branch in schema["anyOf"] if branch.get("type") != "null"]
        for branch in branches[:1]:
            yield from schema_leaves(branch, path)
    elif "properties" in schema:
        for name, child in schema["properties"].items():
            yield from schema_leaves(child, f"{path}.{name}" if path else name)
    elif schema.get("type") == "array":
        items = schema.get("items")
        if isinstance(items, dict) and items:
            yield from schema_leaves(items, f"{path}[]")
    elif schema.get("type") == "object":
        values = schema.get("additionalProperties")
        if isinstance(values, dict) and values:
            yield from schema_leaves(values, f"{path}.*" if path else "*")
    elif schema:
        yield path, schema


def _marked_leaves(hint: Any, path: str, depth: int = 0) -> Iterator[tuple[str, Marks]]:
    """The marks in a type by path; containers, TypedDicts, pydantic models and unions are walked."""
    if depth > 16:
        return
    origin = get_origin(hint)
    if origin is Annotated:
        base, *metadata = get_args(hint)
        marks = Marks.of(metadata)
        if marks:
            yield path, marks
        yield from _marked_leaves(base, path, depth + 1)
    elif origin in (Required, NotRequired):
        yield from _marked_leaves(get_args(hint)[0], path, depth + 1)
    elif origin in (typing.Union, types.UnionType):
        for branch in get_args(hint):
            yield from _marked_leaves(branch, path, depth + 1)
    elif origin in (list, tuple, set) or (isinstance(origin, type) and issubclass(origin, (list, tuple))):
        for item in get_args(hint)[:1]:
            yield from _marked_leaves(item, f"{path}[]", depth + 1)
    elif origin is dict or (isinstance(origin, type) and issubclass(origin, Mapping)):
        arguments = get_args(hint)
        if len(arguments) == 2:
            yield from _marked_leaves(arguments[1], f"{path}.*" if path else "*", depth + 1)
    elif isinstance(hint, type) and (is_typeddict(hint) or hasattr(hint, "__annotations__")):
        if hint.__module__ == "builtins":
            return
        for name, child in get_type_hints(hint, include_extras=True).items():
            yield from _marked_leaves(child, f"{path}.{name}" if path else name, depth + 1)
