"""Which output may fill which parameter: candidates from entity marks, names, descriptions and types.

    index = Candidates()
    index.add(spec)                             # every tool
    index.observe("get_zip", "zip", "string")   # a field seen in an output
    index.pairs      # {(provider, output path, consumer, parameter path): "entity" | "name" | ...}

An inverted index, not all pairs: fields and parameters meet under shared keys. A key is an entity, or a name
brought to its head: "flights[].id", "flight_id" and "return_flight" meet under "flight"; where both sides say what
kind of value it is (an id, a name), the kinds must agree. Candidates are guesses: execution verifies them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from funreason_plugin.environments.spec import ToolSpec
from funreason_plugin.synthesis.names import keys, tool_noun, words
from funreason_plugin.synthesis.parameter_slots import Slot, compatible, one_type, slots_of

Pair = tuple[str, str, str, str]  # provider, output path, consumer, parameter path
STRENGTH: Final = ("declared", "entity", "name", "description", "head", "value")  # strongest first
PROVIDERS_PER_KEY: Final = 40  # of one parameter; four times as many of its own environment

_OF_PHRASE = re.compile(
    r"\b(id|identifier|number|code|key|reference|name|title)s?\s+(?:of|for)\s+(?:the|a|an|this|that|your|its)?\s*"
    r"([a-z]+(?:\s[a-z]+)?)",
    re.I,
)


class _Given(NamedTuple):
    """An output field under a key; ``sort`` and ``whole`` as in `names.keys`."""

    tool: str
    path: str
    sort: str
    whole: bool


class _Wanted(NamedTuple):
    """A parameter's leaf under a key."""

    tool: str
    path: str
    sort: str
    whole: bool
    source: str


@dataclass(slots=True)
class Candidates:
    """Fields and slots by key, and the pairs that met. Fields may be added while outputs are observed."""

    pairs: dict[Pair, str] = field(default_factory=dict)
    into: dict[tuple[str, str], list[Pair]] = field(default_factory=dict)  # by consumer and parameter path
    fields: dict[tuple[str, str], str] = field(default_factory=dict)  # (tool, path) -> JSON type
    slots: dict[tuple[str, str], Slot] = field(default_factory=dict)
    _field_keys: dict[str, list[_Given]] = field(default_factory=dict)
    _slot_keys: dict[str, list[_Wanted]] = field(default_factory=dict)
    _environment: dict[str, str] = field(default_factory=dict)
    _per_key: dict[tuple[str, str, str], int] = field(default_factory=dict)
    _entities: dict[tuple[str, str], str] = field(default_factory=dict)  # of marked output fields

    @classmethod
    def of(cls, specs: Iterable[ToolSpec]) -> Candidates:
        """The candidates among these tools."""
        result = cls()
        for spec in specs:
            result.add(spec)
        return result

    def add(self, spec: ToolSpec) -> None:
        """A tool's parameters and the output fields that its return type tells."""
        self._environment[spec.name] = spec.environment
        for slot in slots_of(spec):
            self._add_slot(slot)
            if slot.values is not None and slot.values.kind == "tool":
                self._pair((slot.values.column, slot.values.path, slot.tool, slot.path), "declared")
        for output in spec.outputs:
            entity = output.ref.entity if output.ref is not None else ""
            self.observe(spec.name, output.path, _type(output.schema), entity, output.description)

    def observe(self, tool: str, path: str, kind: str, entity: str = "", description: str = "") -> None:
        """An output field, from the return type or seen in an output; meets the slots that share a key."""
        if (tool, path) in self.fields or kind in ("boolean", "null", "object", ""):
            return
        self.fields[tool, path] = kind
        if entity:
            self._entities[tool, path] = entity
        for key, sort, whole in _field_names(tool, path, entity, description):
            given = _Given(tool, path, sort, whole)
            self._field_keys.setdefault(key, []).append(given)
            for wanted in self._slot_keys.get(key, ()):
                self._meet(key, given, wanted)

    def _add_slot(self, slot: Slot) -> None:
        self.slots[slot.tool, slot.path] = slot
        for key, sort, whole, source in _slot_names(slot):
            wanted = _Wanted(slot.tool, slot.path, sort, whole, source)
            self._slot_keys.setdefault(key, []).append(wanted)
            for given in self._field_keys.get(key, ()):
                self._meet(key, given, wanted)

    def _meet(self, key: str, given: _Given, wanted: _Wanted) -> None:
        if given.tool == wanted.tool or (given.sort and wanted.sort and given.sort != wanted.sort):
            return
        slot = self.slots[wanted.tool, wanted.path]
        near = self._environment.get(given.tool) == self._environment.get(wanted.tool)
        if not near and not given.whole and not wanted.whole:
            return  # "amber ledger" and "blue ledger" of different worlds
        if not compatible(self.fields[given.tool, given.path], _type(slot.schema)):
            return
        source = wanted.source
        if source == "name" and given.sort != wanted.sort:
            source = "head"  # of the same thing, but maybe not the same kind of value
        pair = (given.tool, given.path, wanted.tool, wanted.path)
        if pair in self.pairs:
            self._pair(pair, source)
            return
        count = self._per_key.get((key, wanted.tool, wanted.path), 0)
        if count < PROVIDERS_PER_KEY or (near and count < 4 * PROVIDERS_PER_KEY):
            self._per_key[key, wanted.tool, wanted.path] = count + 1
            self._pair(pair, source)

    def _pair(self, pair: Pair, source: str) -> None:
        if source != "declared" and self._differ(pair):
            return
        known = self.pairs.get(pair)
        if known is None:
            self.into.setdefault(pair[2:], []).append(pair)
        if known is None or STRENGTH.index(source) < STRENGTH.index(known):
            self.pairs[pair] = source

    def from_tool(self, provider: str) -> list[Pair]:
        """The pairs of one provider."""
        return [pair for pair in self.pairs if pair[0] == provider]

    def shared(self, tool: str, path: str, other: str) -> Pair | None:
        """A pair into a parameter of another tool that speaks of the same things as a tool's parameter, if any."""
        givers = {pair[:2] for pair in self.into.get((tool, path), ())}
        entity = self.slots[tool, path].entity if (tool, path) in self.slots else ""
        for (consumer, _), pairs in self.into.items():
            if consumer == other:
                for pair in pairs:
                    if pair[:2] in givers or (entity and self.slots[pair[2:]].entity == entity):
                        return pair
        return None

    def _differ(self, pair: Pair) -> bool:
        """Whether both sides are marked, as different entities: what they are called does not count then."""
        given, slot = self._entities.get(pair[:2]), self.slots.get(pair[2:])
        return bool(given and slot is not None and slot.entity and slot.entity != given)

    def add_by_value(self, pair: Pair) -> None:
        """A pair that nobody guessed from names: a tool succeeded with this output's value."""
        self._pair(pair, "value")


def _field_names(tool: str, path: str, entity: str, description: str) -> list[tuple[str, str, bool]]:
    parts = [part for part in path.replace("[]", "").replace("*", "").split(".") if part]
    if not parts:
        names = tool_noun(tool)
        context: tuple[str, ...] = ()
    else:
        names = words(parts[-1])
        context = words(parts[-2]) if len(parts) > 1 else tool_noun(tool)
    found = dict.fromkeys(keys(names, context))
    for match in _OF_PHRASE.finditer(description):
        found |= dict.fromkeys(keys((*words(match[2]), *words(match[1])), ()))
    if entity:
        found[f"@{entity}", "", True] = None
    return list(found)


def _slot_names(slot: Slot) -> list[tuple[str, str, bool, str]]:
    parts = slot.path.replace("[]", "").split(".")
    context = words(parts[-2]) if len(parts) > 1 else tool_noun(slot.tool)
    found = dict.fromkeys(keys(words(parts[-1]), context), "name")
    for match in _OF_PHRASE.finditer(slot.schema.get("description", "") or slot.param.description):
        for key in keys((*words(match[2]), *words(match[1])), ()):
            found.setdefault(key, "description")
    if slot.entity:
        found[f"@{slot.entity}", "", True] = "entity"
    return [(*key, source) for key, source in found.items()]


def _type(schema: Mapping[str, Any]) -> str:
    kind = str(one_type(schema).get("type", ""))
    return "number" if kind == "integer" else kind
