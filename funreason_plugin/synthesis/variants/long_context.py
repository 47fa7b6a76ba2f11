"""long_context: listings so long that the conversation comes to thousands of tokens, with the needed values inside.

    course = Course.find(ground, turns=4, seed="0/17/0")
    course.scenario, course.traces              # the large scenario, and what its turns call

How much a conversation shows depends on what it looks up, and that on what there is. So traces for all turns are sampled
in a scenario ``times`` times as large, and ``times`` is changed until they come to the target; only then is a word
written. Goals are preferred that go through listings known to be long, and records in the middle of these. No goal is a
long listing itself: the answer would have to quote it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from random import Random
from typing import Final

from funreason_plugin.checks.context_length import (
    MOST,
    SHOWN,
    bulk_of,
    hidden,
    in_sight,
    tokens_of,
    tokens_of_json,
    tokens_of_turn,
)
from funreason_plugin.checks.trace_rules import MAX_OUTPUT_CHARACTERS
from funreason_plugin.checks.turns import AnyCall
from funreason_plugin.environments.limits import Watch
from funreason_plugin.environments.session import Session
from funreason_plugin.environments.space import LargeScenario, Scenario, SimulationSpace
from funreason_plugin.environments.state import canonical
from funreason_plugin.synthesis.choices import same_record
from funreason_plugin.synthesis.graph import ToolGraph
from funreason_plugin.synthesis.history import History, LiveCall
from funreason_plugin.synthesis.outputs import at
from funreason_plugin.synthesis.sampler import SamplerOptions, sample_turn
from funreason_plugin.synthesis.tables import Tables
from funreason_plugin.synthesis.trace import SamplingFailed, Trace
from funreason_plugin.trajectory import Turn

__all__ = ["Course", "Ground"]

ROUNDS: Final = 8
"""Sizes that are tried."""
SAMPLES: Final = 8
"""Traces that are looked at for a turn, in one size."""
LARGEST: Final = 160
"""Most times that a state is enlarged."""
BULKY: Final = 3
"""Turns that are to look into a large listing."""
RECORDS: Final = 350
"""Tokens of a listing in a state that was not enlarged."""
AIM: Final = 1.1
"""The part of the target that is aimed at."""
TURN: Final = 150
CALL: Final = 75
"""Tokens that a turn takes beside outputs and arguments, and a call (query, answer, thoughts)."""
LONG_GOAL: Final = 500
"""Tokens of an output that is too long to be told."""


@dataclass(frozen=True, slots=True)
class Ground:
    """What a conversation is sampled in; ``target`` in tokens."""

    space: SimulationSpace
    graph: ToolGraph
    tools: Sequence[str]
    scenario: Scenario
    target: int
    options: SamplerOptions
    watch: Watch | None = None

    @property
    def offered(self) -> int:
        """Tokens of system prompt and tools."""
        tools = sum(tokens_of_json(self.space.tools[name].as_openai()) for name in self.tools)
        return tokens_of(self.space.policy) + tools


@dataclass(slots=True)
class Course:
    """Traces of all turns in one size of the state. ``longest``: by tool, the tokens of its longest output so far;
    ``made``: the calls of the turns so far."""

    ground: Ground
    scenario: LargeScenario
    wanted: int
    traces: list[Trace] = field(default_factory=list)
    longest: dict[str, int] = field(default_factory=dict)
    used: int = 0
    intact: bool = True
    made: list[Sequence[AnyCall]] = field(default_factory=list)
    _sizes: dict[int, tuple[LiveCall, int]] = field(default_factory=dict)
    _lengths: dict[tuple[int, str], int] = field(default_factory=dict)

    @classmethod
    def find(cls, ground: Ground, turns: int, seed: str) -> Course:
        """The traces for so many turns, and the size that they come to the target in.

        Raises:
            SamplingFailed: "no_room": tools and texts alone are too long. "context_missed": no size was right.
        """
        target, fixed = ground.target, ground.offered
        texts = turns * (TURN + 2 * CALL)
        if fixed + texts + target * SHOWN > target * MOST:
            raise SamplingFailed(
                "no_room", f"tools and texts come to about {fixed + texts:,} tokens of {target:,}"
            )
        bulky = min(turns, BULKY)  # turns that look into a large listing, each for so much of what is missing
        room = target * AIM - fixed - texts
        times = round(room / bulky / RECORDS)
        longest: dict[str, int] = {}
        for number in range(ROUNDS):
            times = min(max(times, 2), LARGEST)
            scenario = ground.space.enlarged(ground.scenario, times, target)
            course = cls(ground, scenario, turns, [], longest, fixed)
            fits = course._sample(Random(f"{seed}/context/{number}"))
            if fits and course._enough():
                return course
            if not fits:
                times = round(times * 0.8)
            else:  # where little was looked up in large listings, that is more the traces' doing than the size's
                most = 2.0 if course._bulky() >= bulky - 1 else 1.5
                times = round(times * min(max(room / max(course.used - fixed - texts, 1), 0.7), most))
        raise SamplingFailed("context_missed", f"{ROUNDS} sizes were tried for {target:,} tokens")

    def next(self, session: Session, turns: Sequence[Turn], number: int, rng: Random) -> Trace:
        """The trace of the next turn: the one that was found; where it has failed, others, from then on."""
        if self.intact and number == 0:
            return self.traces[len(turns)]
        self.intact = False
        self.made = [turn.calls() for turn in turns]
        self.used = self.ground.offered + sum(tokens_of_turn(turn) for turn in turns)
        return self._trace(session, History.of(turns), rng, self.wanted - len(turns))

    # -- sampling -------------------------------------------------------------------------------------------

    def _sample(self, rng: Random) -> bool:
        """Sample all turns; False where one was found for which there is no room."""
        history = History()
        with self.ground.space.session(self.scenario, watch=self.ground.watch) as session:
            for number in range(self.wanted):
                try:
                    trace = self._trace(session, history, rng, self.wanted - number)
                except SamplingFailed as failed:
                    if failed.code == "no_room":
                        return False
                    return len(self.traces) > 0
                for call in trace.calls:
                    session.call(call.name, call.arguments)
                history.add(trace.calls, trace.target)
                self.traces.append(trace)
                self.made.append(trace.calls)
                self.used += _added(trace)
        return True

    def _trace(self, session: Session, history: History, rng: Random, left: int) -> Trace:
        """A trace for which there is room, with ``left`` turns to come, this one included; the session is put back.

        Raises:
            SamplingFailed: None was found; "no_room": all were too long.
        """
        ground, start = self.ground, session.snapshot()
        failure = SamplingFailed("no_legal_tool", "nothing was tried")
        room = ground.target * (MOST + AIM) / 2 - self.used - (left - 1) * (TURN + CALL)
        for number in range(SAMPLES):
            session.restore(start)
            self._sizes.clear()
            self._lengths.clear()
            full = ground.target * AIM - self.used < bulk_of(ground.target) or number == SAMPLES - 1
            try:
                trace = sample_turn(session, ground.graph, self._options(full), rng, history)
            except SamplingFailed as failed:
                failure = failed
                continue
            finally:
                session.restore(start)
            self._measure(trace)
            long = [
                call.name for call in trace.calls if call.role == "goal" and _size(call.output) > LONG_GOAL
            ]
            if long:
                failure = SamplingFailed("long_goal", f"{long[0]} gives a long listing")
            elif not full and number < SAMPLES - 2 and not self._looks_inside(trace, history):
                failure = SamplingFailed(
                    "value_in_sight", "no value is taken from the inside of a long listing"
                )
            elif _added(trace) > room or _characters(trace) > MAX_OUTPUT_CHARACTERS:
                failure = SamplingFailed(
                    "no_room", f"{_added(trace):,} tokens, where there is room for {int(room):,}"
                )
            else:
                return trace
        raise failure

    def _options(self, full: bool) -> SamplerOptions:
        """``full``: what is left is filled with turns that look up little."""
        own = self.ground.options
        tables = Tables.of(self.ground.graph, self.ground.space)
        weights = dict(_weights(tables, self.longest, self.ground.target, full))
        prefer = None if full else self._inside
        return replace(own, weights=weights, single=True, whole=True, prefer=prefer)

    def _inside(self, live: LiveCall, path: str) -> bool:
        """Whether a value stands in a large output, neither at its beginning nor at its end."""
        known = self._sizes.get(id(live))
        if known is None:  # the call is kept with it: ids of what is gone are given again
            known = self._sizes[id(live)] = (live, _size(live.output))
        if known[1] < bulk_of(self.ground.target):
            return False
        head, _, index = same_record(path).rpartition("[")
        key = (id(live), head)
        if key not in self._lengths:
            records = at(head, live.output) if head else live.output
            self._lengths[key] = len(records) if isinstance(records, list) else 0
        length = self._lengths[key]
        return length > 0 and not in_sight((int(index[:-1]) + 0.5) / length)

    def _measure(self, trace: Trace) -> None:
        for call in trace.calls:
            self.longest[call.name] = max(self.longest.get(call.name, 0), _size(call.output))

    def _looks_inside(self, trace: Trace, history: History) -> bool:
        """Whether a trace takes a value from the inside of a large output, of its own or of an earlier turn."""
        found = hidden([*self.made, trace.calls], self.ground.target)
        return any(item.turn == history.turns and not in_sight(item.place) for item in found)

    def _bulky(self) -> int:
        """How many turns show a large output."""
        bulk = bulk_of(self.ground.target)
        return sum(any(_size(call.output) >= bulk for call in trace.calls) for trace in self.traces)

    def _enough(self) -> bool:
        """Whether the traces show enough, and a needed value is hidden."""
        if len(self.traces) < self.wanted or not self.ground.target * 1.02 <= self.used:
            return False
        shown = sum(_size(call.output) for trace in self.traces for call in trace.calls)
        found = hidden((trace.calls for trace in self.traces), self.ground.target)
        return shown >= self.ground.target * SHOWN and any(not in_sight(item.place) for item in found)


def _weights(
    tables: Tables, longest: Mapping[str, int], target: int, full: bool
) -> Iterator[tuple[str, float]]:
    """How much each tool is wanted as a target: most, where its arguments come out of outputs known to be large."""
    bulk = bulk_of(target)
    for name, tool in tables.tools.items():
        providers = {
            provider
            for place in tool.places.values()
            if place.system
            for provider, pattern in place.providers
            if "[]" in pattern
        }
        large = any(longest.get(provider, 0) >= bulk for provider in providers)
        unknown = any(provider not in longest for provider in providers)
        if longest.get(name, 0) > LONG_GOAL:
            yield name, 0.01
        elif full:
            yield name, 0.1 if large else 1.0
        else:
            yield name, 8.0 if large else 3.0 if unknown else 0.5


def _added(trace: Trace) -> int:
    """Tokens that a trace's turn will take, about."""
    calls = sum(
        tokens_of_json([call.name, call.arguments]) + _size(call.output) + CALL for call in trace.calls
    )
    return TURN + calls


def _characters(trace: Trace) -> int:
    return sum(len(canonical(call.output)) for call in trace.calls)


def _size(output: object) -> int:
    return tokens_of_json(output)
