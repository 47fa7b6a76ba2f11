"""Arguments with provenance: from earlier outputs over a data edge, or from what a user could know.

    bound = Binder(session, tables, history, rng).bind("book_flight")
    bound.arguments, bound.provenance

A value that comes out of a list needs a reason (`choices`). Of earlier turns only the most recent call of a tool
counts. What only the system knows is never invented: `Lacking` says which parameter waits for a provider.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from random import Random
from typing import Any, Final, NamedTuple

from funreason_plugin.environments.session import Session
from funreason_plugin.environments.values import candidates, candidates_at, fits
from funreason_plugin.synthesis.arguments import compose
from funreason_plugin.synthesis.choices import Weighted, lasting, same_record
from funreason_plugin.synthesis.history import History, LiveCall
from funreason_plugin.synthesis.tables import Parameter, Place, Tables
from funreason_plugin.synthesis.trace import SamplingFailed
from funreason_plugin.trajectory import Choice, Provenance

OPTIONAL: Final = 0.35  # how often an optional parameter is given
SAME_IN_TURN: Final = 0.5  # how often calls of one turn that take the same kind of thing take the same thing
SAME_AS_BEFORE: Final = 0.35  # how often a value that the user said in an earlier turn is taken again
FROM_OUTPUT: Final = 0.15  # how often a value that the user could say is taken from an output
TOGETHER: Final = 0.85  # how often values that belong together are taken together

_FIXED: Final = ("list", "csv")  # sources that depend neither on state nor on chance


class Lacking(Exception):
    """A required parameter has no value yet: one of its providers must be called first."""

    def __init__(self, tool: str, place: Place) -> None:
        super().__init__(f"{tool}.{place.slot.path}")
        self.tool = tool
        self.place = place


class Option(NamedTuple):
    """A value in an output: where, and the reasons for its record (None outside of lists)."""

    live: LiveCall
    path: str
    value: Any
    reasons: list[Weighted] | None


@dataclass(slots=True)
class Bound:
    """Arguments for a call, the provenance of every leaf, and the options that were taken."""

    arguments: dict[str, Any] = field(default_factory=dict)
    provenance: dict[str, Provenance] = field(default_factory=dict)
    taken: list[Option] = field(default_factory=list)
    records: dict[tuple[int, int, str], Choice] = field(default_factory=dict)


class Binder:
    """Draws arguments during one turn. ``calls`` are the turn's calls so far."""

    def __init__(self, session: Session, tables: Tables, history: History, rng: Random) -> None:
        self.session, self.tables, self.history, self.rng = session, tables, history, rng
        self.calls: list[LiveCall] = []
        self.records: dict[tuple[int, int, str], Choice] = dict(history.records)  # those in use, and why
        self._together_rate = TOGETHER
        self._tool = ""
        self._said_now: dict[str, str] = {}
        self._refused: dict[tuple[str, str], None] = {}  # (tool, value) of calls that failed
        self._known: dict[tuple[str, str, int], list[Any]] = {}
        self._changed = {
            value: (turn, index)
            for turn, index, tool, asked in history.passed
            if tool in tables.tools and tables.tools[tool].spec.writes
            for value in asked
        }  # what was last handed to a writing tool, and when

    # -- one call ---------------------------------------------------------------------------------------

    def bind(self, name: str, tried: int = 0, earlier: bool = False) -> Bound:
        """Arguments for a tool. ``earlier``: what earlier turns brought comes first.

        The more often it was ``tried`` in vain, the plainer and the more varied the arguments.

        Raises:
            Lacking: A required parameter waits for a provider.
            SamplingFailed: ``no_parameters:tool.param``: nobody has a value for it.
        """
        bound = Bound()
        self._tool = name
        optional = OPTIONAL if tried < 3 else 0.0
        earlier = earlier and tried < 4
        self._together_rate = TOGETHER if tried < 2 else 0.2
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
            options = self.options(parameter.whole, bound)
            if options:
                value, origin = self._taken(self._pick(options, bound, earlier), bound)
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
            options = self.options(place, bound)
            if not options:
                raise Lacking(name, place)
            return self._taken(self._pick(options, bound, earlier), bound)
        values = self._fresh(self.known(name, place), bound)
        now = self._said_now.get(place.key)
        if now is not None and now in values and self.rng.random() < SAME_IN_TURN:
            return now, Provenance("query")
        if self.history.said and (earlier or self.rng.random() < SAME_AS_BEFORE):
            said = self._said_before(place, values, bound)
            if said is not None:
                return said
        if place.providers and not bound.taken and self.rng.random() < FROM_OUTPUT:
            options = self._unsaid(self.options(place, bound))
            if options:
                return self._taken(self._pick(options, bound, earlier), bound)
        if values:
            return self.rng.choice(values), Provenance("query")
        if place.providers:
            raise Lacking(name, place)
        raise SamplingFailed(f"no_parameters:{name}.{place.slot.path}", "nobody has a value for it")

    # -- from outputs -----------------------------------------------------------------------------------

    def live(self, tool: str) -> list[LiveCall]:
        """The calls of a tool that can be referred to: this turn's, else the most recent one before."""
        now = [call for call in self.calls if call.name == tool]
        if now:
            return now
        before = self.history.latest.get(tool)
        return [before] if before is not None else []

    def options(self, place: Place, bound: Bound | None = None) -> list[Option]:
        """The usable values for a place in the outputs so far; those that the call has already are left out."""
        found: list[Option] = []
        schema = place.slot.schema
        taken = [option.value for option in bound.taken] if bound is not None else ()
        for tool, pattern in place.providers:
            for live in self.live(tool):
                ids = self.tables.tools[tool].ids if tool in self.tables.tools else frozenset()
                for path, value in live.values(pattern):
                    reasons = live.reasons(path, ids)
                    if reasons == [] or value in taken or value == "" or not fits(value, schema):
                        continue
                    if reasons is not None:
                        reasons = self._reasons(live, path, value, reasons)
                        if not reasons:
                            continue
                    found.append(Option(live, path, value, reasons))
        return found

    def _reasons(self, live: LiveCall, path: str, value: Any, reasons: list[Weighted]) -> list[Weighted]:
        """The reason by which the record is known already, else those that do not say the value itself."""
        known = self.records.get((live.turn, live.index, same_record(path)))
        if self._changed.get(value, (-1, 0)) > (live.turn, live.index):
            return [item for item in reasons if lasting(item[1]) and item[1].value != value]
        if known is not None:
            return [] if known.by == "equals" and known.value == value else [(1.0, known)]
        return [item for item in reasons if item[1].by != "equals" or item[1].value != value]

    def _unsaid(self, options: list[Option]) -> list[Option]:
        """Without what the user said: that needs no look-up."""
        said = {item.value for item in self.history.said}
        said.update(value for call in self.calls for value in call.asked if isinstance(value, str))
        return [
            option
            for option in options
            if not isinstance(option.value, (list, dict)) and option.value not in said
        ]

    def _pick(self, options: Sequence[Option], bound: Bound, earlier: bool) -> Option:
        rng = self.rng
        now = self.history.turns
        if earlier or rng.random() < 0.3:
            options = [option for option in options if option.live.turn < now] or options
        else:
            options = [option for option in options if option.live.turn == now] or options
        if self._refused and len(options) > 1:
            options = [
                option for option in options if (self._tool, repr(option.value)) not in self._refused
            ] or options
        if len(options) > 1 and rng.random() < self._together_rate:
            options = self._together(options, bound) or options
        return options[0] if len(options) == 1 else rng.choice(options)

    def _together(self, options: Sequence[Option], bound: Bound) -> list[Option]:
        """Options that belong to those taken in this call, else to the records in use."""
        if bound.taken:
            akin = [option for option in options if any(_akin(option, taken) for taken in bound.taken)]
            if akin:
                return akin
        return [option for option in options if _record(option) in self.records]

    def _taken(self, option: Option, bound: Bound) -> tuple[Any, Provenance]:
        """Take an option: its value, and why it. Other values of the same record are taken for the same reason."""
        bound.taken.append(option)
        choice = bound.records.get(_record(option))
        if choice is None and option.reasons:
            weights = [weight for weight, _ in option.reasons]
            choice = (
                self.rng.choices(option.reasons, weights)[0][1] if len(weights) > 1 else option.reasons[0][1]
            )
            bound.records[_record(option)] = choice
        return option.value, Provenance("output", option.live.turn, option.live.index, option.path, choice)

    def use(self, name: str, bound: Bound) -> None:
        """The call was made: its records, and what the user said for it, are in use from now on."""
        self.records.update(bound.records)
        for path, place in self.tables.tools[name].places.items():
            value = bound.arguments.get(path)
            if isinstance(value, str) and not place.prose and bound.provenance[path].source == "query":
                self._said_now[place.key] = value

    def refuse(self, tool: str, bound: Bound) -> None:
        """The call failed: its values are taken for this tool only when there are no others."""
        for option in bound.taken:
            self._refused[tool, repr(option.value)] = None

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


def _record(option: Option) -> tuple[int, int, str]:
    return option.live.turn, option.live.index, same_record(option.path)


def _akin(option: Option, taken: Option) -> bool:
    """Whether two values belong together: of one record or output, or the one was asked for with the other."""
    if option.live is taken.live:
        return same_record(option.path) == same_record(taken.path)
    return taken.value in option.live.asked or option.value in taken.live.asked


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
