"""Which of a server's tools are offered to a model, and as what.

    offered = offer(origin, options, tools)
    offered.specs       # by the name that the model sees
    offered.notes       # what was left out, and why, a line each

Who says nothing about writing writes: a tool is read-only when its owner or the options say so.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import jsonschema

from funreason_plugin.environments.external.options import Options, listed
from funreason_plugin.environments.external.origin import Origin
from funreason_plugin.environments.external.schemas import TooLarge, inlined
from funreason_plugin.environments.external.trimmed_schemas import trimmed_schema
from funreason_plugin.environments.marks import Marks, Values
from funreason_plugin.environments.spec import OutputField, ParamSpec, ToolSpec, schema_leaves
from funreason_plugin.errors import UserError, did_you_mean

__all__ = ["ExternalTool", "Offer", "offer"]

_LONGEST = 64  # characters of a tool's name


@dataclass(frozen=True, slots=True)
class ExternalTool:
    """A tool as its owner describes it; ``read_only`` None: nothing was said."""

    name: str
    description: str
    parameters: dict[str, Any]
    output: dict[str, Any] | None = None
    read_only: bool | None = None

    def plain(self) -> dict[str, Any]:
        """As JSON data, for a recording."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    @classmethod
    def of(cls, data: dict[str, Any]) -> ExternalTool:
        """From a recording."""
        return cls(**data)


@dataclass(frozen=True, slots=True)
class Offer:
    """The tools that are offered. ``owner_s``: the owner's name by the model's. ``writes``: the owner's names."""

    specs: dict[str, ToolSpec]
    owner_s: dict[str, str]
    writes: frozenset[str]
    notes: tuple[str, ...]


def offer(origin: Origin, options: Options, tools: Sequence[ExternalTool]) -> Offer:
    """Apply allow-list, write rule and names.

    Raises:
        UserError: The options name a tool or parameter that is not there, or nothing is left to offer.
    """
    _known(origin, options, [tool.name for tool in tools])
    specs: dict[str, ToolSpec] = {}
    owner_s: dict[str, str] = {}
    names = {tool.name: _identifier(options.prefix + tool.name) for tool in tools}
    writing, notes = [], []
    writes = set()
    for tool in tools:
        if options.allow is not None and not listed(tool.name, options.allow):
            continue
        if listed(tool.name, options.deny):
            continue
        reads = listed(tool.name, options.read_only) or bool(tool.read_only)
        if not reads and not options.allow_writes:
            writing.append(tool.name)
            continue
        name = names[tool.name]
        if name in specs:
            notes.append(f"{tool.name}: left out, another tool has the name {name}")
            continue
        try:
            specs[name] = _spec(origin, options, tool, name, names, not reads)
        except (TooLarge, jsonschema.SchemaError) as error:
            notes.append(f"{tool.name}: left out, {str(error).splitlines()[0][:200]}")
            continue
        owner_s[name] = tool.name
        if not reads:
            writes.add(tool.name)
    if writing:
        some = ", ".join(writing[:5]) + (", …" if len(writing) > 5 else "")
        notes.insert(
            0,
            f"{len(writing)} of {len(tools)} tools may write and are left out ({some}); --allow-writes offers "
            'them, "read_only" declares those that only read',
        )
    if not specs:
        raise UserError(
            f"{origin.place}: no tool is offered: {'; '.join(notes) or 'the list of tools is empty'}"
        )
    return Offer(specs, owner_s, frozenset(writes), tuple(notes))


def _known(origin: Origin, options: Options, names: list[str]) -> None:
    """Names in the options that match nothing are mistakes."""

    def check(key: str, patterns: Sequence[str]) -> None:
        for pattern in patterns:
            if not any(listed(name, [pattern]) for name in names):
                raise UserError(
                    f"{origin.place}: {key}: {pattern!r} is no tool of {origin.name}"
                    + (did_you_mean(pattern, names) or f"; it has {', '.join(names[:8])}")
                )

    check("allow", options.allow or [])
    check("deny", options.deny)
    check("read_only", options.read_only)
    check("trim", list(options.trim))
    check("digest", [call.tool for call in options.digest])
    check("reset", [call.tool for call in options.reset])
    check("values", [key.split(".")[0] for key in options.values if "." in key])
    check("values", [given.tool for given in options.values.values() if given.tool is not None])


def _spec(
    origin: Origin, options: Options, tool: ExternalTool, name: str, names: dict[str, str], writes: bool
) -> ToolSpec:
    parameters = inlined(tool.parameters)
    parameters.setdefault("type", "object")
    parameters.setdefault("properties", {})
    jsonschema.Draft202012Validator.check_schema(parameters)
    required = set(parameters.get("required", ()))
    marks = _marks(origin, options, tool.name, parameters["properties"], names)
    params = tuple(
        _param(key, schema if isinstance(schema, dict) else {}, key in required, marks, origin)
        for key, schema in parameters["properties"].items()
    )
    output = inlined(tool.output) if tool.output else None
    if output is not None and tool.name in options.trim:
        output = trimmed_schema(output, options.trim[tool.name])
    return ToolSpec(
        name=name,
        environment=origin.name,
        description=" ".join(tool.description.split()) or tool.name.replace("_", " "),
        parameters=parameters,
        params=params,
        outputs=tuple(OutputField(path, leaf) for path, leaf in schema_leaves(output or {}, "")),
        output_schema=output,
        writes=writes,
    )


def _param(
    name: str, schema: dict[str, Any], required: bool, marks: dict[str, dict[str, Marks]], origin: Origin
) -> ParamSpec:
    below = dict(marks.get(name, {}))
    own = below.pop("", Marks())
    return ParamSpec(
        name=name,
        schema=schema,
        required=required,
        default=schema.get("default"),
        description=str(schema.get("description", "")),
        values=own.values,
        prose=own.prose,
        marks=below,
        file=origin.place,
    )


def _marks(
    origin: Origin, options: Options, tool: str, properties: dict[str, Any], names: dict[str, str]
) -> dict[str, dict[str, Marks]]:
    """The marks that the options give, by parameter and path below it; a tool's own before those of all tools."""
    found: dict[str, dict[str, Marks]] = {}
    for key, given in sorted(options.values.items(), key=lambda item: "." in item[0]):
        owner, dot, path = key.partition(".")
        if dot and owner != tool:
            continue
        path = path if dot else key
        match = re.match(r"[^.\[]+", path)
        param = match[0] if match else path
        if param not in properties:
            if dot:
                raise UserError(
                    f"{origin.place}: values: {tool} has no parameter {param!r}"
                    + (did_you_mean(param, properties) or f"; it has {', '.join(properties) or 'none'}")
                )
            continue
        mark = given.marks()
        if mark.values is not None and mark.values.kind == "tool":
            mark = Marks(values=Values.tool(names[mark.values.column], mark.values.path))
        found.setdefault(param, {})[path[len(param) :].removeprefix(".")] = mark
    return found


def _identifier(name: str) -> str:
    """The name as models' interfaces take it: letters, digits and underscores, at most 64."""
    name = re.sub(r"[^A-Za-z0-9_]", "_", name)
    name = f"_{name}" if not name or name[0].isdigit() else name
    if len(name) > _LONGEST:
        name = name[: _LONGEST - 7] + "_" + hashlib.sha256(name.encode()).hexdigest()[:6]
    return name
