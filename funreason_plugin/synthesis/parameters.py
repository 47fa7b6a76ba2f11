"""Arguments with provenance: from earlier outputs over a data edge, or from what a user could know.

    bound = Binder(session, tables, history, rng).bind("book_flight")
    bound.arguments, bound.provenance

A value that comes out of a list needs a reason (`choices`). Of earlier turns only the most recent call of a tool
counts. What only the system knows is never invented: `Lacking` says which parameter waits for a provider.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from random import Random
from typing import Any, Final

from funreason_plugin.environments.session import Session
from funreason_plugin.environments.values import candidates, candidates_at
from funreason_plugin.synthesis.arguments import compose
from funreason_plugin.synthesis.history import History
from funreason_plugin.synthesis.references import Bound, Option, References
from funreason_plugin.synthesis.tables import Parameter, Place, Tables
from funreason_plugin.synthesis.trace import SamplingFailed
from funreason_plugin.trajectory import Provenance

OPTIONAL: Final = 0.35  # how often an optional parameter is given
SAME_IN_TURN: Final = 0.5  # how often calls of one turn that take the same kind of thing take the same thing
SAME_AS_BEFORE: Final = 0.35  # how often a value that the user said in an earlier turn is taken again
FROM_OUTPUT: Final = 0.1  # how often a value that the user could say is taken from an output

_FIXED: Final = ("list", "csv")  # sources that depend neither on state nor on chance


class Lacking(Exception):
    """A required parameter has no value yet: one of its providers must be called first."""

    def __init__(self, tool: str, place: Place) -> None:
        super().__init__(f"{tool}.{place.slot.path}")
        self.tool = tool
        self.place = place


class Binder:
    """Draws arguments during one turn."""

    def __init__(self, session: Session, tables: Tables, history: History, rng: Random) -> None:
        self.session, self.tables, self.history, self.rng = session, tables, history, rng
        self.references = References(tables, history, rng)
        self.whole = False  # look-ups are not narrowed
        self._said_now: dict[str, str] = {}
        self._known: dict[tuple[str, str, int], list[Any]] = {}

    # -- one call ---------------------------------------------------------------------------------------

    def bind(self, name: str, tried: int = 0, earlier: bool = False) -> Bound:
        """Arguments for a tool. ``earlier``: what earlier turns brought comes first.

        The more often it was ``tried`` in vain, the plainer and the more varied the arguments.

        Raises:
            Lacking: A required parameter waits for a provider.
            SamplingFailed: ``no_parameters:tool.param``: nobody has a value for it.
        """
        bound = Bound()
        self.references.begin(name, tried)
        narrow = not self.whole or self.tables.tools[name].spec.writes
        optional = OPTIONAL if tried < 3 and narrow else 0.0
        earlier = earlier and tried < 4
        for parameter in self.tables.tools[name].parameters:
            spec = parameter.spec
            if not spec.required and self.rng.random() >= optional:
                continue
            mark = len(bound.taken)
            try:
                value, origins = self._argument(name, parameter, bound, earlier)
            except (Lacking, SamplingFailed):
                if spec.required:
                    raise
                del bound.taken[mark:]
                continue
            bound.arguments[spec.name] = value
            bound.provenance |= origins
        _in_order(bound)
        return bound

    def _argument(
        self, name: str, parameter: Parameter, bound: Bound, earlier: bool
    ) -> tuple[Any, dict[str, Provenance]]:
        spec = parameter.spec
        if parameter.single is not None:
            value, origin = self._leaf(name, parameter.single, bound, earlier)
            return value, {spec.name: origin}
        if parameter.whole is not None and self.rng.random() < 0.5:
            options = self.references.options(parameter.whole, bound)
            if options:
                value, origin = self._refer(options, bound, earlier)
                return value, {spec.name: origin}
        said = spec.values is not None and not any(place.system for place in parameter.places.values())
        if not parameter.open or (said and self.rng.random() < 0.5):
            return self._known_value(name, parameter, bound), {spec.name: Provenance("query")}
        origins: dict[str, Provenance] = {}

        def leaf(slot: str, path: str) -> Any:
            value, origins[path] = self._leaf(name, parameter.places[slot], bound, earlier)
            return value

        def size(least: int, most: int) -> int:
            return min(least + (self.rng.random() < 0.3), most)

        return compose(spec, leaf, lambda slot: self.rng.random() < OPTIONAL, size), origins

    def _leaf(self, name: str, place: Place, bound: Bound, earlier: bool) -> tuple[Any, Provenance]:
        if place.system:
            options = self.references.options(place, bound)
            if not options:
                raise Lacking(name, place)
            return self._refer(options, bound, earlier)
        values = self._fresh(self.known(name, place), bound)
        now = self._said_now.get(place.key)
        if now is not None and now in values and self.rng.random() < SAME_IN_TURN:
            return now, Provenance("query")
        if self.history.said and (earlier or self.rng.random() < SAME_AS_BEFORE):
            said = self._said_before(place, values, bound)
            if said is not None:
                return said
        if place.providers and not bound.taken and self.rng.random() < FROM_OUTPUT:
            options = self.references.unsaid(self.references.options(place, bound))
            if options:
                return self._refer(options, bound, earlier)
        if values:
            return self.rng.choice(values), Provenance("query")
        if place.providers:
            raise Lacking(name, place)
        raise SamplingFailed(f"no_parameters:{name}.{place.slot.path}", "nobody has a value for it")

    def _refer(self, options: Sequence[Option], bound: Bound, earlier: bool) -> tuple[Any, Provenance]:
        return self.references.take(self.references.pick(options, bound, earlier), bound)

    def use(self, name: str, bound: Bound) -> None:
        """The call was made: its records, and what the user said for it, are in use from now on."""
        self.references.records.update(bound.records)
        for path, place in self.tables.tools[name].places.items():
            value = bound.arguments.get(path)
            if isinstance(value, str) and not place.prose and bound.provenance[path].source == "query":
                self._said_now[place.key] = value

    # -- from the user ----------------------------------------------------------------------------------

    def known(self, name: str, place: Place) -> list[Any]:
        """What a user could say for a leaf, in the session's state."""
        slot = place.slot
        kept = self.tables.kept.get((name, slot.path))
        if kept is not None:
            return kept  # type: ignore[no-any-return]
        environment = self.tables.tools[name].spec.environment
        key = (name, slot.path, self.session.version(environment))
        values = self._known.get(key)
        if values is None:
            state = self.session.peek(environment)
            values = candidates_at(slot.param, slot.below, state, self.rng, self.session).values
            if (slot.values is not None and slot.values.kind in _FIXED) or "enum" in slot.schema:
                self.tables.kept[name, slot.path] = values
            elif slot.values is None or slot.values.kind != "call" or len(values) > 1:
                self._known[key] = values
        return values

    def _known_value(self, name: str, parameter: Parameter, bound: Bound) -> Any:
        """A whole argument (an object, a list) that a user says."""
        spec = parameter.spec
        environment = self.tables.tools[name].spec.environment
        key = (name, spec.name, self.session.version(environment))
        values = self._known.get(key)
        if values is None:
            values = candidates(spec, self.session.peek(environment), self.rng, self.session).values
            self._known[key] = values
        if not values:
            raise SamplingFailed(f"no_parameters:{name}.{spec.name}", "nobody has a value for it")
        return self.rng.choice(values)

    def _fresh(self, values: list[Any], bound: Bound) -> list[Any]:
        """Without the texts that the call has already: nobody travels from Rome to Rome."""
        texts = [value for value in bound.arguments.values() if isinstance(value, str)]
        if not texts:
            return values
        return [value for value in values if not isinstance(value, str) or value not in texts] or values

    def _said_before(self, place: Place, values: list[Any], bound: Bound) -> tuple[Any, Provenance] | None:
        """The most recent value that the user said for the same kind of thing, where it fits here."""
        if place.prose:
            return None
        texts = [value for value in bound.arguments.values() if isinstance(value, str)]
        for said in reversed(self.history.said):
            if (
                self.key_of(said.tool, said.slot) == place.key
                and said.value in values
                and said.value not in texts
            ):
                return said.value, Provenance("earlier_query", said.turn)
        return None

    def key_of(self, tool: str, slot: str) -> str:
        """What a parameter speaks of (see `Place.key`); "" for an unknown tool."""
        found = self.tables.tools[tool].places.get(slot) if tool in self.tables.tools else None
        return found.key if found is not None else ""


def _in_order(bound: Bound) -> None:
    """Put pairs that the user says in their natural order: a start before an end, a minimum below a maximum."""
    said = [
        name
        for name in bound.arguments
        if name in bound.provenance and bound.provenance[name].source == "query"
    ]
    days = [
        name for name in said if isinstance(bound.arguments[name], str) and _is_day(bound.arguments[name])
    ]
    for name, value in zip(days, sorted(bound.arguments[name] for name in days), strict=True):
        bound.arguments[name] = value
    for low in said:
        high = "max" + low[3:]
        if low.startswith("min") and high in said and bound.arguments[high] < bound.arguments[low]:
            bound.arguments[low], bound.arguments[high] = bound.arguments[high], bound.arguments[low]


def _is_day(value: str) -> bool:
    if len(value) < 10 or value[4] != "-":
        return False
    try:
        date.fromisoformat(value[:10])
    except ValueError:
        return False
    return True
