"""What the scripted teacher knows of the tools: how to ask for one, what to call its result, its parameters.

Tools say it in their phrases; for a tool without phrases it is made from name, description and parameters:
"Get the symbol of a stock by company name." with the parameter ``name`` gives "get the symbol of a stock
for {name}".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from funreason_plugin.environments.spec import OutputField, ParamSpec, ToolSpec
from funreason_plugin.synthesis.plan import top
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
        return found or english.singular(_object_of(self.spec))


class Lexicon:
    """Entries by tool name. ``readings``: queries that were read lately, by query and what they were read for."""

    def __init__(self, specs: Mapping[str, ToolSpec]) -> None:
        self._specs = specs
        self._entries: dict[str, ToolWords] = {}
        self.readings: dict[tuple[object, ...], object] = {}

    def __contains__(self, tool: object) -> bool:
        return tool in self._specs

    def __getitem__(self, tool: str) -> ToolWords:
        entry = self._entries.get(tool)
        if entry is None:
            entry = self._entries[tool] = _entry(self._specs[tool])
        return entry

    def get(self, tool: str) -> ToolWords | None:
        return self[tool] if tool in self._specs else None

    def tools(self) -> list[str]:
        return list(self._specs)


def _entry(spec: ToolSpec) -> ToolWords:
    return ToolWords(
        spec=spec,
        asks=spec.phrases.ask or _generic_asks(spec),
        noun=spec.phrases.noun or _generic_noun(spec),
        params={param.name: param for param in spec.params},
        captures={param.name: capture_of(param.schema) for param in spec.params},
        outputs={field.path: field for field in spec.outputs},
    )


# -- tools without phrases --------------------------------------------------------------------------------

_VERBS = frozenset(
    re.findall(
        r"\w+",
        "accept activate add adjust apply approve archive arrange ask assign attach authenticate authorize begin "
        "block book buy calculate call cancel change charge check clear close comment compare compute configure "
        "confirm connect contact convert copy count create cut deactivate delete deliver deposit describe "
        "disable display divide download draw drop edit enable end estimate exchange execute exit export extend "
        "fetch fill filter find finish fix follow format freeze fund generate get give grant handle hold identify "
        "import increase insert install invite join keep launch leave lend like link list load locate lock log "
        "look lookup lower make mark measure mention merge message modify monitor move multiply navigate notify "
        "open order pause pay perform place plan play post prepare press print process provide publish purchase "
        "put query raise read reboot receive recommend record redeem refund register reject release remind remove "
        "rename renew rent repeat replace reply report request reschedule reserve reset resolve restart restore "
        "resume retrieve return retweet reverse review revoke round run save scan schedule search see select send "
        "set share show sign sort split start stop store submit subscribe subtract suggest summarize swap switch "
        "take tell track transfer translate unblock undo unfollow unlock unsubscribe update upgrade upload "
        "validate verify view visit withdraw write",
    )
)
_LEAD = re.compile(r"\A(?:This (?:tool|function|method|endpoint)(?: is used to| allows you to| will| can)?|Use this to|Allows? (?:you|users?) to) ", re.I)  # fmt: skip
_TAIL = re.compile(
    r",? (?:given|based on|by|for (?:a|the) (?:given|specific|specified)|using|with the (?:given|specified)|"
    r"that match(?:es)?|and returns?|to the specified|with its|from its)\b.*\Z"
)


def _sentence(spec: ToolSpec) -> str:
    text = spec.description.rsplit("Tool description:", 1)[-1].strip()
    return re.split(r"(?<=[a-z)])[.;:](?:\s|\Z)", _LEAD.sub("", text), maxsplit=1)[0].strip().rstrip(".")


def _base_verb(word: str) -> str:
    word = word.lower()
    if word in _VERBS:
        return word
    for ending, put in (("ies", "y"), ("es", ""), ("s", "")):
        if word.endswith(ending) and word[: -len(ending)] + put in _VERBS:
            return word[: -len(ending)] + put
    return ""


def _imperative(spec: ToolSpec) -> str:
    """ "Retrieves the weather." -> "retrieve the weather"; else from the tool's name."""
    sentence = _sentence(spec)
    first, _, rest = sentence.partition(" ")
    verb = _base_verb(first)
    if verb and rest and len(sentence) < 120:
        return f"{verb} {rest}"
    first, _, rest = english.words(spec.name).partition(" ")
    verb = _base_verb(first)
    if verb:
        return f"{verb} the {rest}" if rest else f"{verb} it"
    return f"use {english.words(spec.name)}"


def _object_of(spec: ToolSpec) -> str:
    """What the tool is about: "search_flights" -> "flight"."""
    parts = english.words(spec.name).split()
    if len(parts) > 1 and _base_verb(parts[0]):
        parts = parts[1:]
    for stop in ("by", "for", "of", "from", "to", "in", "based", "with", "on"):
        if stop in parts[1:]:
            parts = parts[: parts.index(stop)]
    return " ".join(parts)


def _generic_asks(spec: ToolSpec) -> tuple[str, ...]:
    core = _imperative(spec)
    required = [param for param in spec.params if param.required]
    optional = "".join(
        f"[, with {english.words(param.name)} {{{param.name}}}]"
        for param in spec.params
        if not param.required
    )
    if not required:
        return (core + optional,)
    short = _TAIL.sub("", core)
    taken, rest = _with_object(short, required)
    if not rest:
        return (taken + optional,)
    if len(rest) == 1 and taken == short and short != core and not english.is_identifier(rest[0].name):
        return (f"{short} for {{{rest[0].name}}}{optional}", f"{short} of {{{rest[0].name}}}{optional}")
    named = english.joined([f"{english.words(param.name)} {{{param.name}}}" for param in rest])
    pairs = ", ".join(f"{english.words(param.name)}: {{{param.name}}}" for param in rest)
    return (
        f"{taken} with {named}{optional}",
        f"{taken} ({pairs}){optional}",
        f"{taken}, using {named}{optional}",
    )


def _with_object(core: str, required: list[ParamSpec]) -> tuple[str, list[ParamSpec]]:
    """Put an id in the place of its entity: "cancel an order" and order_id -> "cancel {order_id}"."""
    for param in required:
        entity = english.words(param.ref.entity) if param.ref else english.entity_words(param.name)
        if not entity or not (param.ref or english.is_identifier(param.name)):
            continue
        found = re.search(
            rf"\b(?:(?:an?|the|this|one|specific|existing|given) )+(?:\w+ )?{re.escape(entity)}\b", core
        )
        if found:
            text = f"{core[: found.start()].rstrip()} {{{param.name}}}{core[found.end() :]}"
            return text, [other for other in required if other is not param]
    return core, required


def _generic_noun(spec: ToolSpec) -> str:
    head = english.singular(_object_of(spec))
    required = [param for param in spec.params if param.required]
    optional = "".join(
        f"[ with {english.words(param.name)} {{{param.name}}}]" for param in spec.params if not param.required
    )
    if not required:
        return head + optional
    if len(required) == 1:
        return f"{head} for {{{required[0].name}}}{optional}"
    named = english.joined([f"{english.words(param.name)} {{{param.name}}}" for param in required])
    return f"{head} with {named}{optional}"
