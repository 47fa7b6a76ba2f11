"""What the scripted teacher knows of the tools: how to ask for one, what to call its result, its parameters.

Tools say it in their phrases; for a tool without phrases it is made up (`scripted_generic`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from funreason_plugin.environments.spec import OutputField, ParamSpec, ToolSpec
from funreason_plugin.synthesis.plan import top
from funreason_plugin.synthesis.teachers import scripted_generic as generic
from funreason_plugin.synthesis.teachers import scripted_words as english
from funreason_plugin.synthesis.teachers.scripted_clauses import capture_of

__all__ = ["Lexicon", "ToolWords", "leaf_schema", "list_pattern"]

_INDEX = re.compile(r"\[\d+\]")


def list_pattern(path: str) -> str:
    """ "flights[2].id" -> "flights[].id"."""
    return _INDEX.sub("[]", path) if "[" in path else path


def leaf_schema(schema: Mapping[str, Any], path: str) -> Mapping[str, Any]:
    """The schema at a leaf path below a parameter ({} where it says nothing)."""
    for name, _ in re.findall(r"\.([^.\[\]]+)|\[(\d*)\]", path[len(top(path)) :]):
        options = [branch for branch in schema.get("anyOf", ()) if branch.get("type") != "null"]
        schema = options[0] if len(options) == 1 else schema
        below = schema.get("properties", {}).get(name) if name else schema.get("items")
        schema = below if isinstance(below, dict) else {}
    return schema


@dataclass(frozen=True, slots=True, eq=False)
class ToolWords:
    """The lexicon's entry of one tool (compared by identity). ``asks`` and ``noun`` hold placeholders, as `Phrases` do."""

    spec: ToolSpec
    asks: tuple[str, ...]
    noun: str
    params: Mapping[str, ParamSpec]
    captures: Mapping[str, str]
    outputs: Mapping[str, OutputField]

    def entity(self, field: str) -> str:
        """What the value at an output path refers to, in words: "flight"."""
        known = self.outputs.get(list_pattern(field))
        if known is not None and known.ref is not None:
            return english.words(known.ref.entity)
        found = english.entity_words(field)
        return found or english.singular(generic.object_of(self.spec))


class Lexicon:
    """Entries by tool name. ``readings``: queries that were read lately, by query and what they were read for."""

    def __init__(self, specs: Mapping[str, ToolSpec]) -> None:
        self.specs = specs
        self._entries: dict[str, ToolWords] = {}
        self.readings: dict[tuple[object, ...], object] = {}

    def __contains__(self, tool: object) -> bool:
        return tool in self.specs

    def __getitem__(self, tool: str) -> ToolWords:
        entry = self._entries.get(tool)
        if entry is None:
            entry = self._entries[tool] = _entry(self.specs[tool])
        return entry

    def get(self, tool: str) -> ToolWords | None:
        return self[tool] if tool in self.specs else None


def _entry(spec: ToolSpec) -> ToolWords:
    return ToolWords(
        spec=spec,
        asks=spec.phrases.ask or generic.asks(spec),
        noun=spec.phrases.noun or generic.noun(spec),
        params={param.name: param for param in spec.params},
        captures={param.name: capture_of(param.schema) for param in spec.params},
        outputs={field.path: field for field in spec.outputs},
    )
