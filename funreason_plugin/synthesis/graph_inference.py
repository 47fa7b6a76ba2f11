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
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any, Final

from funreason_plugin.environments.marks import Marks, Values
from funreason_plugin.environments.spec import ParamSpec, ToolSpec
from funreason_plugin.environments.values import fits

Pair = tuple[str, str, str, str]  # provider, output path, consumer, parameter path
STRENGTH: Final = ("declared", "entity", "name", "description", "value")  # strongest first
PROVIDERS_PER_KEY: Final = 40  # of one parameter; those of its own environment come first

_ID_WORDS: Final = frozenset(
    "id identifier number no num nr code key ref reference uuid guid handle token sku symbol".split()
)
_NAME_WORDS: Final = frozenset("name title label fullname username".split())
_BARE: Final = frozenset(  # say nothing without the thing that they belong to
    "status state type kind description message text note content body success ok error result count total "
    "currency unit value data info detail item entry record list day hour minute created updated".split()
)
_STOPS: Final = frozenset("by for of from based in to on with at and or the a an".split())
_QUALIFIERS: Final = frozenset("from to a b c one two first second old new source target".split())
_OF_PHRASE = re.compile(
    r"\b(id|identifier|number|code|key|reference|name|title)s?\s+(?:of|for)\s+(?:the|a|an|this|that|your|its)?\s*"
    r"([a-z]+(?:\s[a-z]+)?)",
    re.I,
)


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


@dataclass(slots=True)
class Candidates:
    """Fields and slots by key, and the pairs that met. Fields may be added while outputs are observed."""

    pairs: dict[Pair, str] = field(default_factory=dict)
    into: dict[tuple[str, str], list[Pair]] = field(default_factory=dict)  # by consumer and parameter path
    fields: dict[tuple[str, str], str] = field(default_factory=dict)  # (tool, path) -> JSON type
    slots: dict[tuple[str, str], Slot] = field(default_factory=dict)
    _field_keys: dict[str, list[tuple[str, str, str]]] = field(default_factory=dict)
    _slot_keys: dict[str, list[tuple[str, str, str, str]]] = field(default_factory=dict)
    _environment: dict[str, str] = field(default_factory=dict)
    _per_key: dict[tuple[str, str, str], int] = field(default_factory=dict)

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
        for key, sort in _field_names(tool, path, entity, description):
            self._field_keys.setdefault(key, []).append((tool, path, sort))
            for consumer, slot_path, wanted, source in self._slot_keys.get(key, ()):
                self._meet(key, (tool, path, sort), (consumer, slot_path, wanted, source))

    def _add_slot(self, slot: Slot) -> None:
        self.slots[slot.tool, slot.path] = slot
        for key, sort, source in _slot_names(slot):
            self._slot_keys.setdefault(key, []).append((slot.tool, slot.path, sort, source))
            for provider in self._field_keys.get(key, ()):
                self._meet(key, provider, (slot.tool, slot.path, sort, source))

    def _meet(self, key: str, given: tuple[str, str, str], wanted: tuple[str, str, str, str]) -> None:
        provider, path, sort = given
        consumer, slot_path, wanted_sort, source = wanted
        if provider == consumer or (sort and wanted_sort and sort != wanted_sort):
            return
        slot = self.slots[consumer, slot_path]
        if not compatible(self.fields[provider, path], _type(slot.schema)):
            return
        pair = (provider, path, consumer, slot_path)
        if pair in self.pairs:
            self._pair(pair, source)
            return
        count = self._per_key.get((key, consumer, slot_path), 0)
        near = self._environment.get(provider) == self._environment.get(consumer)
        if count < PROVIDERS_PER_KEY or (near and count < 4 * PROVIDERS_PER_KEY):
            self._per_key[key, consumer, slot_path] = count + 1
            self._pair(pair, source)

    def _pair(self, pair: Pair, source: str) -> None:
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

    def add_by_value(self, pair: Pair) -> None:
        """A pair that nobody guessed from names: a tool succeeded with this output's value."""
        self._pair(pair, "value")


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


def _type(schema: Mapping[str, Any]) -> str:
    kind = str(one_type(schema).get("type", ""))
    return "number" if kind == "integer" else kind


# -- names ------------------------------------------------------------------------------------------------


@lru_cache(maxsize=65536)
def words(name: str) -> tuple[str, ...]:
    """Lower-case words, each in the singular: "homeCities" -> ("home", "city"), "zipcode" -> ("zip", "code")."""
    split = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
    found: list[str] = []
    for word in re.split(r"[^a-z0-9]+", split):
        if not word:
            continue
        word = _singular(word)
        glued = next(
            (end for end in ("code", "name", "number") if word.endswith(end) and len(word) > len(end) + 1), ""
        )
        if not glued and word.endswith("id") and len(word) > 4 and word[:-2] in _GLUED:
            glued = "id"
        found += [word[: -len(glued)], glued] if glued else [word]
    return tuple(found)


_GLUED: Final = frozenset(
    "user order account customer product ticket message post flight booking driver car".split()
)


def _singular(word: str) -> str:
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("sses", "xes", "ches", "shes")):
        return word[:-2]
    return (
        word[:-1] if word.endswith("s") and not word.endswith(("ss", "us", "is")) and len(word) > 2 else word
    )


def _sort(names: tuple[str, ...]) -> str:
    last = names[-1] if names else ""
    return "id" if last in _ID_WORDS else "name" if last in _NAME_WORDS else ""


def id_like(path: str) -> bool:
    """Whether a parameter's name says that it holds an id, a number or a code."""
    return _sort(words(re.split(r"\.", path.replace("[]", ""))[-1])) == "id"


def tool_noun(tool: str) -> tuple[str, ...]:
    """What a tool is about: its name without the verb and what follows a preposition."""
    names = words(tool)[1:]
    for index, word in enumerate(names):
        if word in _STOPS:
            return names[:index] or names[index + 1 :]
    return names


def _keys(names: tuple[str, ...], context: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """(key, sort) under which a name can be met: its head, and shorter heads without leading qualifiers."""
    while len(names) > 1 and (names[-1] in _QUALIFIERS or names[-1].isdigit() or len(names[-1]) == 1):
        names = names[:-1]
    sort = _sort(names)
    head = names[:-1] if sort else names
    if not head or all(word in _BARE for word in head):
        if (
            sort
            and len(names) == 1
            and names[0] not in ("id", "name", "code", "number", "key", "title", "label")
        ):
            yield names[0], ""  # "sku", "symbol", "username" speak for themselves
        head = (*context, *head)
        if not context:
            return
    for start in range(len(head)):
        rest = head[start:]
        if not all(word in _BARE or word in _QUALIFIERS for word in rest):
            yield "".join(rest), sort


def _field_names(tool: str, path: str, entity: str, description: str) -> list[tuple[str, str]]:
    parts = [part for part in re.split(r"\.", path.replace("[]", "").replace("*", "")) if part]
    if not parts:
        names, context = tool_noun(tool), ()
    else:
        names = words(parts[-1])
        context = words(parts[-2]) if len(parts) > 1 else tool_noun(tool)
    found = dict.fromkeys(_keys(names, context))
    for match in _OF_PHRASE.finditer(description):
        found |= dict.fromkeys(_keys((*words(match[2]), *words(match[1])), ()))
    if entity:
        found[f"@{entity}", ""] = None
    return list(found)


def _slot_names(slot: Slot) -> list[tuple[str, str, str]]:
    parts = slot.path.replace("[]", "").split(".")
    context = words(parts[-2]) if len(parts) > 1 else tool_noun(slot.tool)
    found = {key: "name" for key in _keys(words(parts[-1]), context)}
    for match in _OF_PHRASE.finditer(slot.schema.get("description", "") or slot.param.description):
        for key in _keys((*words(match[2]), *words(match[1])), ()):
            found.setdefault(key, "description")
    if slot.entity:
        found[f"@{slot.entity}", ""] = "entity"
    return [(key, sort, source) for (key, sort), source in found.items()]


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
