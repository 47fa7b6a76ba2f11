"""follow_up: the user corrects a value, changes their mind, has a part undone, or refers back to what was found.

A turn is sampled that can be followed up, and played as any other. What the next turn does is worked out from the turn as
it was kept and proved by execution (`correcting`, `taking_back`, `referring`); its query says only what is new.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Any, Final, get_args

from funreason_plugin.environments.session import Session, Snapshot
from funreason_plugin.environments.space import SimulationSpace
from funreason_plugin.environments.state import canonical
from funreason_plugin.synthesis.graph import ToolGraph
from funreason_plugin.synthesis.history import AnyCall, History
from funreason_plugin.synthesis.sampler import SamplerOptions, sample_turn
from funreason_plugin.synthesis.tables import Tables
from funreason_plugin.synthesis.trace import SamplingFailed, Trace
from funreason_plugin.synthesis.variants.correcting import corrected
from funreason_plugin.synthesis.variants.follow_up_wording import situation_of, write_follow_up
from funreason_plugin.synthesis.variants.happened import Happened
from funreason_plugin.synthesis.variants.referring import referred
from funreason_plugin.synthesis.variants.scene import Scene
from funreason_plugin.synthesis.variants.taking_back import part_undone, reconsidered
from funreason_plugin.trajectory import FollowUpKind, Turn

__all__ = ["KINDS", "FollowUps", "can_make"]

KINDS: Final[tuple[FollowUpKind, ...]] = get_args(FollowUpKind)
SAMPLES: Final = 12
"""Turns that are looked at for one that can be followed up."""
TRIALS: Final = 6
"""Scenarios in which a kind is tried before an environment counts as one that cannot make it."""
REPAIRS: Final = 0.5
"""How often a correction is one of a writing call, where the tools on offer can take something back."""
_FOLLOWED: Final[Mapping[FollowUpKind, Callable[[Happened], Iterator[Trace]]]] = {
    "correct": corrected,
    "change_of_mind": reconsidered,
    "undo_part": part_undone,
    "refer_back": referred,
}
Undoers = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class FollowUps:
    """See `scene.Maker`. ``undoers``: by tool, the tools that may take back what it did."""

    place: int
    kind: FollowUpKind
    undoers: Undoers
    withheld: frozenset[str] = frozenset()

    @classmethod
    def draw(cls, kind: FollowUpKind, undoers: Undoers, turns: int, rng: Random) -> FollowUps:
        """Choose the turn. Raises SamplingFailed where there are fewer than two."""
        if turns < 2:
            raise SamplingFailed("no_room", "a follow-up takes two turns")
        return cls(rng.randrange(turns - 1), kind, undoers)

    async def play(self, scene: Scene, seed: str) -> list[Turn]:
        session, offered = scene.session, scene.offered()
        start = session.snapshot()
        options = SamplerOptions(scene.sampler, scene.calls, single=True)
        trace = first_turn(session, scene.graph, self.kind, self.undoers, options, scene.turns, scene.rng)
        session.restore(start)
        turn = await scene.chain.play(
            session, trace, scene.turns, scene.tools, scene.system, scene.rng, f"{seed}/first"
        )
        turns = [*scene.turns, turn]
        then = session.snapshot()
        goals = _places(trace, turn.calls())
        history = History.of(turns)
        happened = Happened(
            session, scene.graph, options, history, start, then, turn.calls(), goals, self.undoers, scene.rng
        )
        # To be corrected, a call needs the reasons of the trace: what was found in another way has none.
        usable = goals and (turn.exact_match or self.kind != "correct")
        follow = next(_FOLLOWED[self.kind](happened), None) if usable else None
        session.restore(then)
        if follow is None:
            raise SamplingFailed("not_followed", f"{self.kind}: nothing follows the turn as it was solved")
        task = await scene.chain.prepare(session, follow, turns, offered, f"{seed}/then")
        session.restore(then)
        query, noise = await write_follow_up(scene, follow, task.advanced, turns, offered, f"{seed}/then")
        known = {"follow_up": situation_of(follow, turns, task.advanced)}
        task = replace(task, query=query, noise=noise, completes=known)
        done = await scene.chain.solve(session, then, task, turns, offered, scene.system, f"{seed}/then")
        return [turn, done]


def first_turn(
    session: Session,
    graph: ToolGraph,
    kind: FollowUpKind,
    undoers: Undoers,
    options: SamplerOptions,
    turns: Sequence[Turn],
    rng: Random,
) -> Trace:
    """A trace from where the session stands that a turn of this kind can follow; the session is left anywhere.

    Raises:
        SamplingFailed: None was found.
    """
    start, before = session.snapshot(), History.of(turns)
    tables = Tables.of(graph, session.space)
    failure = SamplingFailed("not_followed", f"{kind}: no turn that it could follow")
    for _ in range(SAMPLES):
        session.restore(start)
        target = _target(kind, tables, undoers, rng)
        try:
            trace = sample_turn(session, graph, _options(kind, options), rng, before, target)
        except SamplingFailed as failed:
            failure = failed
            continue
        happened = _happened(session, graph, options, turns, start, trace, undoers, rng)
        if next(_FOLLOWED[kind](happened), None) is not None:
            return trace
    raise failure


def _options(kind: FollowUpKind, options: SamplerOptions) -> SamplerOptions:
    if kind != "undo_part":
        return options
    least, most = options.calls
    return replace(options, single=False, calls=(max(least, min(most, 3)), most), attempts=2)


def _target(kind: FollowUpKind, tables: Tables, undoers: Undoers, rng: Random) -> str | None:
    """What the turn is about, where the kind asks for something of its own."""
    usable = [name for name, tool in tables.tools.items() if tool.usable]
    if kind in ("change_of_mind", "undo_part") or (kind == "correct" and rng.random() < REPAIRS):
        found = [name for name in usable if any(tool in tables.tools for tool in undoers.get(name, ()))]
    elif kind == "refer_back":
        found = [name for name in usable if name in tables.heirs and not tables.tools[name].spec.writes]
    else:
        found = [name for name in usable if not tables.tools[name].spec.writes]
    if not found and kind != "correct":
        raise SamplingFailed("not_followed", f"{kind}: none of the tools on offer can be followed so")
    return rng.choice(found) if found else None


def _happened(
    session: Session,
    graph: ToolGraph,
    options: SamplerOptions,
    turns: Sequence[Turn],
    start: Snapshot,
    trace: Trace,
    undoers: Undoers,
    rng: Random,
) -> Happened:
    """The trace as a turn that has been played."""
    session.restore(start)
    for call in trace.calls:
        session.call(call.name, call.arguments)
    told = History.of(turns)
    told.add(trace.calls, trace.target)
    goals = [number for number, call in enumerate(trace.calls) if call.role == "goal"]
    return Happened(
        session, graph, options, told, start, session.snapshot(), trace.calls, goals, undoers, rng
    )


def _places(trace: Trace, calls: Sequence[AnyCall]) -> list[int]:
    """The goals of a trace among the calls that were made for it; none where one of them is not there."""
    keys = [_key(call.name, call.arguments) for call in calls]
    wanted = [_key(call.name, call.arguments) for call in trace.calls if call.role == "goal"]
    return [keys.index(key) for key in wanted] if set(wanted) <= set(keys) else []


def _key(name: str, arguments: Mapping[str, Any]) -> bytes:
    return canonical([name, arguments])


def can_make(
    kind: FollowUpKind, space: SimulationSpace, graph: ToolGraph, undoers: Undoers, calls: tuple[int, int]
) -> bool:
    """Whether a turn that this kind can follow was found in some scenario."""
    options = SamplerOptions(calls=calls, single=True)
    for number in range(TRIALS):
        with space.session(space.scenario(f"follow_up/{number}")) as session:
            try:
                first_turn(session, graph, kind, undoers, options, (), Random(number))
            except SamplingFailed:
                continue
            return True
    return False
