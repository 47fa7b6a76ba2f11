"""Arguments put together leaf by leaf: nested objects and lists follow the schema.

    compose(param, leaf=lambda slot, path: ..., give=lambda slot: False, size=lambda least, most: least)

A slot is a leaf's pattern ("items[].sku"), a path its concrete place ("items[1].sku").
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from funreason_plugin.environments.paths import parse_path
from funreason_plugin.environments.spec import ParamSpec
from funreason_plugin.synthesis.parameter_slots import one_type

Leaf = Callable[[str, str], Any]  # (slot path, concrete path) -> value


def compose(
    param: ParamSpec, leaf: Leaf, give: Callable[[str], bool], size: Callable[[int, int], int]
) -> Any:
    """A value for one parameter. ``give`` decides on optional properties, ``size`` on lengths of lists."""

    def build(schema: Mapping[str, Any], slot: str, path: str) -> Any:
        schema = one_type(schema)
        if "properties" in schema:
            must = schema.get("required", ())
            return {
                name: build(child, f"{slot}.{name}", f"{path}.{name}")
                for name, child in schema["properties"].items()
                if name in must or give(f"{slot}.{name}")
            }
        if schema.get("type") == "array" and schema.get("items"):
            least = int(schema.get("minItems", 1))
            count = size(max(least, 1), int(schema.get("maxItems", max(least, 2))))
            return [build(schema["items"], f"{slot}[]", f"{path}[{index}]") for index in range(count)]
        return leaf(slot, path)

    return build(param.schema, param.name, param.name)


def argument_leaves(arguments: Mapping[str, Any]) -> Iterator[tuple[str, str, Any]]:
    """(slot path, concrete path, value) of every scalar argument, and of every list of scalars as a whole."""

    def walk(value: Any, slot: str, path: str) -> Iterator[tuple[str, str, Any]]:
        if isinstance(value, dict):
            for name, item in value.items():
                yield from walk(item, f"{slot}.{name}", f"{path}.{name}")
        elif isinstance(value, list):
            if value and not any(isinstance(item, (dict, list)) for item in value):
                yield slot, path, value
            for index, item in enumerate(value):
                yield from walk(item, f"{slot}[]", f"{path}[{index}]")
        else:
            yield slot, path, value

    for name, value in arguments.items():
        yield from walk(value, name, name)


def put(arguments: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """The arguments with another value at a concrete path; shares what did not change."""

    def replaced(node: Any, keys: tuple[str | int, ...]) -> Any:
        if not keys:
            return value
        copy = node.copy()
        copy[keys[0]] = replaced(node[keys[0]], keys[1:])
        return copy

    result = replaced(arguments, parse_path(path))
    assert isinstance(result, dict)
    return result
