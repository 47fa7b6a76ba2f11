"""References to outputs: which values of earlier calls can fill a parameter, and why just these.

Of this turn all calls count, of earlier turns the most recent call of a tool. A value that comes out of a list needs a
reason (`choices`); a record keeps the reason for which it was taken first. Values that belong together are taken
together: fields of one record, an answer and what was asked for it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final, NamedTuple

from funreason_plugin.environments.values import fits
from funreason_plugin.synthesis.choices import Weighted, lasting, same_record
from funreason_plugin.synthesis.history import History, LiveCall
from funreason_plugin.synthesis.tables import Place, Tables, Tool
from funreason_plugin.trajectory import Choice, Provenance

TOGETHER: Final = 0.85  # how often values that belong together are taken together
EARLIER: Final = 0.3  # how often an earlier turn's value is taken where this turn has one too

_NONE: Final[frozenset[str]] = frozenset()

Record = tuple[int, int, str]  # turn, call, path of the record


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
    records: dict[Record, Choice] = field(default_factory=dict)


class References:
    """The values of outputs that a turn can refer to. ``calls`` are the turn's calls so far; ``deep``: of earlier turns'
    calls, those that took most from others come first."""

    def __init__(self, tables: Tables, history: History, rng: Random) -> None:
        self.tables, self.history, self.rng = tables, history, rng
        self.calls: list[LiveCall] = []
        self.deep = False
        self.records: dict[Record, Choice] = dict(history.records)  # those in use, and why
        self.prefer: Callable[[LiveCall, str], bool] | None = (
            None  # values that are taken where there is a choice
        )
        self._tool = ""
        self._together_rate = TOGETHER
        self._partners: list[Any] = []
        self._refused: dict[tuple[str, str], int] = {}  # (tool, value): how many calls with it failed
        self._changed = {
            value: (turn, index)
            for turn, index, tool, asked in history.passed
            if tool in tables.tools and tables.tools[tool].spec.writes
            for value in asked
        }  # what was last handed to a writing tool, and when

    def begin(self, name: str, tried: int) -> None:
        """Arguments for a tool are about to be drawn, after so many tries in vain."""
        tool = self.tables.tools[name]
        self._tool = name
        self._together_rate = TOGETHER if tried < 2 else 0.2
        self._partners = self._asked(tool) if tool.paired else []

    def live(self, tool: str) -> list[LiveCall]:
        """The calls of a tool that can be referred to: this turn's, else the most recent one before."""
        now = [call for call in self.calls if call.name == tool]
        if now:
            return now
        before = self.history.latest.get(tool)
        return [before] if before is not None else []

    def options(self, place: Place, bound: Bound) -> list[Option]:
        """The usable values for a place in the outputs so far; those that the call has already are left out."""
        found: list[Option] = []
        schema = place.slot.schema
        taken = [option.value for option in bound.taken]
        for tool, pattern in place.providers:
            for live in self.live(tool):
                for path, value in live.values(pattern):
                    if value in taken or value == "" or not fits(value, schema):
                        continue
                    reasons = self.reasons(live, path, value)
                    if reasons != []:
                        found.append(Option(live, path, value, reasons))
        return found

    def reasons(self, live: LiveCall, path: str, value: Any) -> list[Weighted] | None:
        """Why a person would take this value; [] when nobody can tell it apart, None outside of lists.

        A record keeps the reason by which it is known already, unless the record was changed since. No reason says the
        value itself, and none an exact amount that only this turn's list shows.
        """
        found = live.reasons(
            path, self.tables.tools[live.name].ids if live.name in self.tables.tools else _NONE
        )
        if not found:
            return found
        now = live.turn == self.history.turns
        known = self.records.get((live.turn, live.index, same_record(path)))
        if not isinstance(value, list) and self._changed.get(value, (-1, 0)) > (live.turn, live.index):
            found = [item for item in found if lasting(item[1])]
        elif known is not None:
            found = [(1.0, known)]
        return [
            item
            for item in found
            if item[1].by != "equals"
            or not (item[1].value == value or (now and isinstance(item[1].value, float)))
        ]

    def unsaid(self, options: list[Option]) -> list[Option]:
        """Without what the user said: that needs no look-up."""
        said = {item.value for item in self.history.said}
        said.update(value for call in self.calls for value in call.asked if isinstance(value, str))
        return [
            option
            for option in options
            if not isinstance(option.value, (list, dict)) and option.value not in said
        ]

    def pick(self, options: Sequence[Option], bound: Bound, earlier: bool) -> Option:
        """Draw an option; ``earlier``: those of earlier turns come first."""
        rng = self.rng
        now = self.history.turns
        if self.prefer is not None:
            options = [option for option in options if self.prefer(option.live, option.path)] or options
        if earlier or rng.random() < EARLIER:
            options = [option for option in options if option.live.turn < now] or options
        else:
            options = [option for option in options if option.live.turn == now] or options
        if self.deep and len(options) > 1:
            depths = [self.history.depths.get((option.live.turn, option.live.index), 0) for option in options]
            deepest = max(depths)
            options = [option for option, depth in zip(options, depths, strict=True) if depth == deepest]
        if self._refused and len(options) > 1:
            counts = [self._refused.get((self._tool, repr(option.value)), 0) for option in options]
            least = min(counts)
            options = [option for option, count in zip(options, counts, strict=True) if count == least]
        if len(options) > 1 and rng.random() < self._together_rate:
            options = self._together(options, bound) or options
        if len(options) == 1:
            return options[0]
        return rng.choices(options, [_weight(option) for option in options])[0]

    def take(self, option: Option, bound: Bound) -> tuple[Any, Provenance]:
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

    def refuse(self, tool: str, bound: Bound) -> None:
        """The call failed: values that failed less often come first for this tool."""
        for option in bound.taken:
            key = (tool, repr(option.value))
            self._refused[key] = self._refused.get(key, 0) + 1

    def _together(self, options: Sequence[Option], bound: Bound) -> list[Option]:
        """Options that belong to those taken in this call, else those that look-ups for its other parameters were
        asked with, else those of the records in use."""
        if bound.taken:
            akin = [option for option in options if any(_akin(option, taken) for taken in bound.taken)]
            if akin:
                return akin
        partners = [option for option in options if option.value in self._partners]
        return partners or [option for option in options if _record(option) in self.records]

    def _asked(self, tool: Tool) -> list[Any]:
        """What the look-ups for a tool's parameters were asked with: a seat map was asked for one ticket's flight."""
        providers = dict.fromkeys(
            provider for place in tool.places.values() if place.system for provider, _ in place.providers
        )
        return [value for provider in providers for live in self.live(provider) for value in live.asked]


def _weight(option: Option) -> float:
    """Records that a person speaks of easily are taken more often."""
    return max(weight for weight, _ in option.reasons) if option.reasons else 1.5


def _record(option: Option) -> Record:
    return option.live.turn, option.live.index, same_record(option.path)


def _akin(option: Option, taken: Option) -> bool:
    """Whether two values belong together: of one record or output, or the one was asked for with the other."""
    if option.live is taken.live:
        return same_record(option.path) == same_record(taken.path)
    return taken.value in option.live.asked or option.value in taken.live.asked
