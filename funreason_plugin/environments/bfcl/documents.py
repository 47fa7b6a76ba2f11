"""bfcl-eval's own documents as tool specs: JSON schema draft 2020-12, marks and phrases beside it.

Names, descriptions, required parameters and defaults are theirs, word for word; only their type names
("dict", "float", "any") are translated, and the default "None" (meaning: not given) is left out. The enums of
the multi-turn tools stay in the descriptions, where their authors put them: the tools refuse other values themselves.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from functools import cache
from typing import Any

import orjson

from funreason_plugin.environments.bfcl.addition import Addition, Mark
from funreason_plugin.environments.bfcl.package import backend, package_path
from funreason_plugin.environments.marks import Marks
from funreason_plugin.environments.spec import OutputField, ParamSpec, Phrases, ToolSpec, schema_leaves

_TYPES = {"dict": "object", "float": "number", "tuple": "array", "list": "array", "bool": "boolean"}
_LIMITS = ("enum", "format", "minimum", "maximum", "minItems", "maxItems")


@cache
def documents(file: str) -> dict[str, dict[str, Any]]:
    """The documents of one class by tool name, in bfcl-eval's order."""
    lines = (package_path() / "data" / "multi_turn_func_doc" / f"{file}.json").read_bytes().splitlines()
    rows = [orjson.loads(line) for line in lines if line.strip()]
    return {row["name"]: row for row in rows}


def tool_specs(class_name: str, environment: str, addition: Addition) -> dict[str, ToolSpec]:
    """The tools of one of bfcl-eval's classes."""
    cls = backend(class_name)
    return {
        name: _tool_spec(cls, environment, document, addition)
        for name, document in documents(addition.document).items()
    }


def json_schema(document: Mapping[str, Any]) -> dict[str, Any]:
    """One of their schemas as JSON schema draft 2020-12; nested ones included."""
    schema: dict[str, Any] = {}
    kind = document.get("type")
    if kind is not None and kind != "any":
        schema["type"] = _TYPES.get(kind, kind)
    schema |= {key: document[key] for key in _LIMITS if key in document}  # of single-turn tools
    if "properties" in document:
        schema["properties"] = {name: json_schema(part) for name, part in document["properties"].items()}
    if "items" in document:
        schema["items"] = json_schema(document["items"])
    if "required" in document:
        schema["required"] = list(document["required"])
    if document.get("default", "None") != "None":
        schema["default"] = document["default"]
    if "description" in document:
        schema["description"] = " ".join(document["description"].split())
    return schema


def _tool_spec(cls: type, environment: str, document: Mapping[str, Any], addition: Addition) -> ToolSpec:
    name = document["name"]
    parameters = {**json_schema(document["parameters"]), "additionalProperties": False}
    parameters.setdefault("required", [])
    defaults = inspect.signature(getattr(cls, name)).parameters
    marks = _marks_by_parameter(addition.marks.get(name, {}))
    unknown = set(marks) - set(parameters["properties"])
    assert not unknown, f"{name}: marks for {unknown}, which are not parameters"
    required = {*parameters["required"], *addition.required.get(name, ())}
    params = tuple(
        _param_spec(key, schema, key in required, defaults[key].default, marks.get(key, {}))
        for key, schema in parameters["properties"].items()
    )
    response = addition.results.get(name, dict)(json_schema(document["response"]))
    return ToolSpec(
        name=name,
        environment=environment,
        description=" ".join(document["description"].split()),
        parameters=parameters,
        params=params,
        outputs=_outputs(response, addition.refs.get(name, {}), name),
        output_schema=response,
        writes=name in addition.writes,
        needs=addition.needs.get(name, ()),
        phrases=addition.phrases.get(name, Phrases()),
    )


def _param_spec(
    name: str, schema: dict[str, Any], required: bool, default: Any, marks: Mapping[str, Marks]
) -> ParamSpec:
    own = marks.get("", Marks())
    return ParamSpec(
        name=name,
        schema=schema,
        required=required,
        default=None if required else default,
        description=schema.get("description", ""),
        ref=own.ref,
        values=own.values,
        prose=own.prose,
        marks={path: mark for path, mark in marks.items() if path},
    )


def _marks_by_parameter(marks: Mapping[str, Mark | tuple[Mark, ...]]) -> dict[str, dict[str, Marks]]:
    """{"tags[]": mark} -> {"tags": {"[]": Marks}}."""
    result: dict[str, dict[str, Marks]] = {}
    for path, found in marks.items():
        cut = min(index for index in (path.find("["), path.find("."), len(path)) if index >= 0)
        inside = path[cut:].removeprefix(".")
        result.setdefault(path[:cut], {})[inside] = Marks.of(found if isinstance(found, tuple) else (found,))
    return result


def _outputs(schema: dict[str, Any], refs: Mapping[str, Any], tool: str) -> tuple[OutputField, ...]:
    fields = tuple(
        OutputField(path, leaf, refs.get(path), str(leaf.get("description", "")))
        for path, leaf in schema_leaves(schema, "")
    )
    unknown = set(refs) - {field.path for field in fields}
    assert not unknown, f"{tool}: refs for {unknown}, which are not outputs"
    return fields
