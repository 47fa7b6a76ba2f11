"""`Addition`: what we add to one of bfcl-eval's classes, so that it becomes an environment.

bfcl-eval brings the behaviour and the documents. What it does not bring is here, one module a class
(`trading_bot.py`, `travel_api.py`, …): initial states of our own, which tools write, where values come
from, how a person would ask.

Scenarios are in BFCL's own ``initial_config`` form, plus ``person``: what the person at the keyboard
knows (a password, a birthday, the cities of a trip). Nothing comes from the benchmark's entries.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from random import Random
from typing import Any

from funreason_plugin.environments.marks import Prose, Ref, Values
from funreason_plugin.environments.spec import Phrases

Mark = Ref | Values | Prose
Schema = dict[str, Any]
Correction = Callable[[Schema], Schema]  # a documented result, as it really is


def names(text: str) -> tuple[str, ...]:
    """Words separated by blanks: names("cd cp mv")."""
    return tuple(text.split())


@dataclass(frozen=True, slots=True, kw_only=True)
class Addition:
    """What bfcl-eval does not say about one of its classes.

    Attributes:
        document: File of the class's documents in bfcl-eval (without ``.json``).
        policy: System prompt.
        scenario: Draws an initial state from (random numbers, the session's clock).
        writes: Tools that change the state.
        draws: Tools that take from the class's random numbers.
        seed: The class's default seed of those random numbers.
        hidden: Private attributes that are state all the same, by their name in the digest; hashed, not judged.
        marks: By tool, then by parameter path ("symbol", "tags[]", "updates.status").
        required: By tool: parameters that its document calls optional, but without which it fails or does nothing.
        results: By tool: what its documented result must become to be what the tool really returns.
        refs: By tool, then by output path: the entity that this output names.
        declared: Edges (first tool, then tool): the first makes the second succeed.
        needs: By tool: the tools that must always have been called before.
        phrases: By tool: how a person asks for it, and how an answer tells its result.
    """

    document: str
    policy: str
    scenario: Callable[[Random, datetime], dict[str, Any]]
    writes: frozenset[str] = frozenset()
    draws: frozenset[str] = frozenset()
    seed: int | None = None
    hidden: Mapping[str, str] = field(default_factory=dict)
    marks: Mapping[str, Mapping[str, Mark | tuple[Mark, ...]]] = field(default_factory=dict)
    required: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    results: Mapping[str, Correction] = field(default_factory=dict)
    refs: Mapping[str, Mapping[str, Ref]] = field(default_factory=dict)
    declared: tuple[tuple[str, str], ...] = ()
    needs: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    phrases: Mapping[str, Phrases] = field(default_factory=dict)


# -- where the documents differ from the results --------------------------------------------------------


def inner(name: str) -> Correction:
    """The result is what the document says of one of its fields."""
    return lambda schema: dict(schema["properties"][name])


def nothing(schema: Schema) -> Schema:
    """The tool returns nothing."""
    return {"type": "null"}


def as_list(schema: Schema) -> Schema:
    """The result is a list of the documented records."""
    return {"type": "array", "items": schema}


def renamed(**names: str) -> Correction:
    """Fields have other names (documented name = real name)."""

    def correct(schema: Schema) -> Schema:
        fields = {names.get(name, name): part for name, part in schema["properties"].items()}
        return {**schema, "properties": fields}

    return correct


def by_key(name: str) -> Correction:
    """A field holds the documented records by their id."""

    def correct(schema: Schema) -> Schema:
        record = schema["properties"][name]
        records = {
            "type": "object",
            "description": record.get("description", ""),
            "additionalProperties": {"type": "object", "properties": record["properties"]},
        }
        return {**schema, "properties": {**schema["properties"], name: records}}

    return correct


def with_field(name: str, part: Schema) -> Correction:
    """A field has this schema."""
    return lambda schema: {**schema, "properties": {**schema["properties"], name: part}}
