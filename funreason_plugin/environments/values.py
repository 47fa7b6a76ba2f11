"""Where a parameter's values come from: its author's mark, its schema, the state, and last of all imagination.

    found = candidates(spec, session.state()["library"], rng)
    found.values, found.source      # ["Dune", "Emma"], "state"

A source says how far the values may be trusted. "lookup": only a tool's output gives them (an internal id), so
`values` is empty unless a session is passed and the author named the tool. "invented": nothing in the environment
answers to them. "none": there is nothing that fits the schema.
"""

from __future__ import annotations

import csv
import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from funreason_plugin.environments.invented import COUNT, bounded, in_range, invent, is_prose
from funreason_plugin.environments.marks import Marks, Values
from funreason_plugin.environments.paths import parse_path, state_values
from funreason_plugin.environments.schemas import fits, one_type
from funreason_plugin.environments.similar import is_id, looks_like_id, similar_values
from funreason_plugin.errors import UserError, did_you_mean

if TYPE_CHECKING:
    from funreason_plugin.environments.space import Session
    from funreason_plugin.environments.spec import ParamSpec

__all__ = ["Candidates", "Source", "candidates", "candidates_at", "fits", "state_values"]

Source = Literal["annotation", "enum", "state", "range", "default", "invented", "lookup", "none"]
TRUST: Final[tuple[Source, ...]] = (
    "annotation",
    "enum",
    "state",
    "range",
    "default",
    "invented",
    "lookup",
    "none",
)  # best first: an object is as good as the worst of its required fields
DEPTH: Final = 3  # look-ups that feed look-ups


@dataclass(frozen=True, slots=True)
class Candidates:
    """Values that fit a parameter, distinct, in a fixed order, and where they came from."""

    values: list[Any]
    source: Source
    leaves: dict[str, Source] = field(default_factory=dict)  # of an object or a list: the source by leaf path


def candidates(
    spec: ParamSpec, state: Mapping[str, Any], rng: random.Random, session: Session | None = None
) -> Candidates:
    """Values for one parameter.

    `state` is the digest of the tool's environment. With a session, dates follow its clock, and values that only a
    named look-up gives are looked up (the session is restored). Same arguments, same result. Raises UserError when
    the author's own function of the state raises, or a CSV file cannot be read.
    """
    return _Draw(spec, state, rng, session).value(spec.name, spec.schema, "")


def candidates_at(
    spec: ParamSpec, path: str, state: Mapping[str, Any], rng: random.Random, session: Session | None = None
) -> Candidates:
    """Values for one leaf of a nested parameter, e.g. "[].sku" or "address.city"; "" is the parameter itself."""
    schema: Mapping[str, Any] = spec.schema
    name = spec.name
    for key in parse_path(path):
        schema = one_type(schema)
        if key == "[]":
            schema = schema.get("items", {})
        elif key == "*":
            schema = schema.get("additionalProperties", {})
        else:
            schema, name = schema.get("properties", {}).get(key, {}), str(key)
    return _Draw(spec, state, rng, session).value(name, schema, path)


class _Draw:
    """One call of `candidates`: what stays the same while it descends into a nested parameter."""

    def __init__(
        self,
        spec: ParamSpec,
        state: Mapping[str, Any],
        rng: random.Random,
        session: Session | None,
        depth: int = 0,
    ) -> None:
        self.spec, self.state, self.rng, self.session, self.depth = spec, state, rng, session, depth

    def value(self, name: str, schema: Mapping[str, Any], path: str) -> Candidates:
        schema = one_type(schema)
        spec = self.spec
        mark = spec.marks.get(path, _UNMARKED) if path else Marks(spec.ref, spec.values, spec.prose)
        if mark.values is not None:
            return self.declared(mark.values, schema)
        if mark.prose is not None and mark.prose.samples:
            return Candidates(_distinct(mark.prose.samples), "annotation")
        if "enum" in schema or "const" in schema:
            return Candidates(list(schema["enum"] if "enum" in schema else [schema["const"]]), "enum")
        kind = schema.get("type")
        if kind == "boolean":
            return Candidates([True, False], "enum")
        if kind == "array":
            return self.array(name, schema, path)
        if kind == "object":
            return self.object(schema, path)
        return self.scalar(name, schema, path, mark)

    def scalar(self, name: str, schema: Mapping[str, Any], path: str, mark: Marks) -> Candidates:
        ref = mark.ref
        if (ref is not None and not ref.known) or (ref is None and is_id(name)):
            return Candidates([], "lookup")
        timely = schema.get("format") in ("date", "date-time", "time")
        if ref is not None or not (timely or mark.prose is not None or is_prose(name, schema)):
            for word in dict.fromkeys((name, ref.entity if ref is not None else name)):
                found = _distinct(similar_values(word, schema.get("type"), self.state))
                if values := [v for v in found if fits(v, schema) and not looks_like_id(v)]:
                    return Candidates(values, "state")
        if schema.get("type") in ("integer", "number") and bounded(schema):
            return _found(in_range(schema, self.rng), "range")
        default = schema.get("default") if path else self.spec.default
        if default is not None and fits(default, schema):
            return Candidates([default], "default")
        if examples := [value for value in schema.get("examples", ()) if fits(value, schema)]:
            return Candidates(_distinct(examples), "annotation")
        today = self.session.now().date() if self.session is not None else None
        values = [value for value in invent(name, schema, self.rng, today) if fits(value, schema)]
        return _found(values, "invented")

    def array(self, name: str, schema: Mapping[str, Any], path: str) -> Candidates:
        items = self.value(name, schema.get("items", {}), path + "[]")
        leaves = {_join("[]", key): source for key, source in (items.leaves or {"": items.source}).items()}
        values = self.lists(items.values, schema)
        source: Source = items.source if values or not items.values else "none"
        return Candidates(values, source, leaves)

    def lists(self, items: list[Any], schema: Mapping[str, Any]) -> list[Any]:
        """Lists of one to three distinct items, or as many as the schema asks for."""
        least = max(schema.get("minItems", 1), 1)
        most = min(schema.get("maxItems", max(least, 3)), len(items))
        if most < least:
            return []
        return _distinct(self.rng.sample(items, self.rng.randint(least, most)) for _ in range(COUNT))

    def object(self, schema: Mapping[str, Any], path: str) -> Candidates:
        required = schema.get("required", ())
        found = {
            key: self.value(key, part, f"{path}.{key}" if path else key)
            for key, part in schema.get("properties", {}).items()
        }
        leaves: dict[str, Source] = {}
        for key, part in found.items():
            leaves |= {
                _join(key, rest): source for rest, source in (part.leaves or {"": part.source}).items()
            }
        worst = max((found[key].source for key in required), key=TRUST.index, default=_OPTIONAL)
        if not found or not all(found[key].values for key in required):
            lacking: Source = worst if found else "none"
            return Candidates([], lacking, leaves)
        drawn = (
            {
                key: self.rng.choice(part.values)
                for key, part in found.items()
                if part.values and (key in required or self.rng.random() < 0.5)
            }
            for _ in range(COUNT)
        )
        return Candidates(_distinct(drawn), worst, leaves)

    def declared(self, values: Values, schema: Mapping[str, Any]) -> Candidates:
        """What the author said; lists of it, where the parameter is a list and the values are not."""
        found = _distinct(self.said(values))
        if schema.get("type") == "array" and not all(isinstance(value, list) for value in found):
            found = self.lists([v for v in found if fits(v, one_type(schema.get("items", {})))], schema)
        else:
            found = [value for value in found if fits(value, schema)]
        return Candidates(found, "lookup" if values.kind == "tool" else "annotation")

    def said(self, values: Values) -> Iterable[Any]:
        if values.kind == "list":
            return values.items
        if values.kind == "state":
            return state_values(values.path, self.state)
        if values.kind == "csv":
            numeric = self.spec.schema.get("type") in ("integer", "number")
            return _column(str(Path(self.spec.file).parent / values.path), values.column, numeric)
        if values.kind == "tool":
            return self.look_up(values.column, values.path)
        assert values.function is not None
        try:
            result = values.function(dict(self.state), self.rng)
        except Exception as error:
            raise UserError(
                f"{self.spec.file}: parameter {self.spec.name!r}: its Values.call raised "
                f"{type(error).__name__}: {error}"
            ) from error
        return result if isinstance(result, (list, tuple, set)) else [result]

    def look_up(self, tool: str, path: str) -> list[Any]:
        """What the named tool gives, called with candidates of its own; [] without a session."""
        if self.session is None or self.depth == DEPTH or tool not in self.session.space.tools:
            return []
        before = self.session.snapshot()
        try:
            for _ in range(COUNT):
                arguments = {}
                for param in self.session.space.tools[tool].params:
                    if param.required:
                        draw = _Draw(param, self.state, self.rng, self.session, self.depth + 1)
                        if not (options := draw.value(param.name, param.schema, "").values):
                            return []
                        arguments[param.name] = self.rng.choice(options)
                if found := state_values(path, self.session.call(tool, arguments)):
                    return found
        finally:
            self.session.restore(before)
        return []


_UNMARKED: Final = Marks()
_OPTIONAL: Final[Source] = "default"


def _found(values: list[Any], source: Source) -> Candidates:
    return Candidates(values, source if values else "none")


def _join(key: str, rest: str) -> str:
    return key + rest if not rest or rest.startswith("[") else f"{key}.{rest}"


def _distinct(values: Iterable[Any]) -> list[Any]:
    """In order, without repeats; 1, True and "1" are three values."""
    seen: dict[Any, Any] = {}
    for value in values:
        scalar = isinstance(value, (str, int, float, bool, type(None)))
        seen.setdefault((type(value), value if scalar else repr(value)), value)
    return list(seen.values())


@lru_cache(maxsize=256)
def _column(path: str, column: str, numeric: bool) -> tuple[Any, ...]:
    """The distinct values of a CSV file's column."""
    try:
        with open(path, newline="", encoding="utf-8") as file:
            rows = csv.DictReader(file)
            names = list(rows.fieldnames or ())
            if column not in names:
                hint = did_you_mean(column, names)
                raise UserError(f"{path}: no column {column!r}; its columns are {', '.join(names)}{hint}")
            texts = list(dict.fromkeys(row[column] for row in rows if row[column]))
    except OSError as error:
        raise UserError(
            f"{path}: {error.strerror}; Values.csv names a file beside the class's file"
        ) from None
    if not numeric:
        return tuple(texts)
    return tuple(int(text) if text.lstrip("-").isdigit() else float(text) for text in texts)
