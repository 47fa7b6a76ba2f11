"""The leaves of a tool's parameters: where values go.

[slot.path for slot in parameter_slots(spec)]     # ["order_id", "items[].sku"]
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from funreason_plugin.environments.marks import Marks, Values
from funreason_plugin.environments.spec import ParamSpec, ToolSpec
from funreason_plugin.environments.values import fits


@dataclass(frozen=True, slots=True)
class Slot:
    """A leaf of a tool's parameters: where a value goes. ``known``: the author says that a person knows it."""

    tool: str
    path: str
    param: ParamSpec
    below: str  # the leaf's path inside the parameter; "" is the parameter itself
    schema: Mapping[str, Any]
    entity: str
    known: bool | None
    values: Values | None
    required: bool


def slots_of(spec: ToolSpec) -> Iterator[Slot]:
    """The leaves of a tool's parameters, nested ones included ("items[].sku"); lists of scalars also as a whole."""
    for param in spec.params:
        for below, schema, required in _schema_leaves(param.schema, "", param.required):
            mark = param if not below else param.marks.get(below)
            ref = mark.ref if mark is not None else None
            yield Slot(
                spec.name,
                param.name + (below if not below or below.startswith("[") else f".{below}"),
                param,
                below,
                schema,
                ref.entity if ref is not None else "",
                ref.known if ref is not None else None,
                mark.values if mark is not None else None,
                required,
            )


def _schema_leaves(
    schema: Mapping[str, Any], path: str, required: bool
) -> Iterator[tuple[str, Mapping[str, Any], bool]]:
    schema = one_type(schema)
    if "properties" in schema:
        must = schema.get("required", ())
        for name, child in schema["properties"].items():
            yield from _schema_leaves(child, f"{path}.{name}" if path else name, required and name in must)
    elif schema.get("type") == "array":
        items = one_type(schema.get("items") or {})
        if items and "properties" not in items and items.get("type") != "array":
            yield path, schema, False  # the list as a whole: another way to fill the same parameter
        if items:
            yield from _schema_leaves(items, f"{path}[]", required)
    elif schema.get("type") != "object":
        yield path, schema, required


def one_type(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """The schema of a value, where null is allowed too or several types are: the first that is not null."""
    while options := schema.get("anyOf") or schema.get("oneOf"):
        schema = next((option for option in options if option.get("type") != "null"), {})
    kind = schema.get("type")
    if isinstance(kind, list):
        schema = {**schema, "type": next((name for name in kind if name != "null"), "null")}
    return schema


def json_type(value: Any) -> str:
    """ "string", "number", "boolean", "array" or "object"."""
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, str):
        return "string"
    if isinstance(value, (int, float)):
        return "number"
    return "array" if isinstance(value, list) else "object" if isinstance(value, dict) else "null"


def compatible(given: str, wanted: str) -> bool:
    """Whether an output of a JSON type may fill a parameter of one ("" is any)."""
    return wanted in ("", given)


def fits_slot(value: Any, slot: Slot) -> bool:
    """Whether a value meets the slot's schema."""
    return fits(value, slot.schema)


def unmarked(spec: ToolSpec) -> ToolSpec:
    """The spec without entity marks and look-up declarations: what inference has in an unmarked environment."""

    def bare(mark: Marks) -> Marks:
        return Marks(
            None, None if mark.values is None or mark.values.kind == "tool" else mark.values, mark.prose
        )

    params = []
    for param in spec.params:
        own = bare(Marks(param.ref, param.values, param.prose))
        below = {path: bare(mark) for path, mark in param.marks.items()}
        params.append(replace(param, ref=None, values=own.values, marks=below))
    return replace(
        spec, params=tuple(params), outputs=tuple(replace(output, ref=None) for output in spec.outputs)
    )
