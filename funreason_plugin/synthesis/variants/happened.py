"""`Happened`: a turn that has just been played, as what the next one may follow up.

happened = Happened.of(session, scene_start, calls, goals, …)
happened.without([2])       # the state that there would be had the call of index 2 not been made; None: it feeds others
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Any

from funreason_plugin.environments.session import Session, Snapshot
from funreason_plugin.environments.spec import ToolSpec
from funreason_plugin.environments.state import canonical
from funreason_plugin.synthesis.graph import ToolGraph
from funreason_plugin.synthesis.history import AnyCall, History
from funreason_plugin.synthesis.sampler import SamplerOptions, sample_turn
from funreason_plugin.synthesis.tables import Tables
from funreason_plugin.synthesis.trace import Trace, TracedCall
from funreason_plugin.synthesis.variants.undoing import Filled, undoing

__all__ = ["Happened", "after", "as_call"]


@dataclass(frozen=True, slots=True)
class Happened:
    """``calls`` are the turn's, ``goals`` the indices of those that were asked for; ``turn`` is its number, ``history`` holds
    it. The session stands after it (``end``); ``start`` is before it. ``undoers``: by tool, what may take it back."""

    session: Session
    graph: ToolGraph
    options: SamplerOptions
    history: History
    start: Snapshot
    end: Snapshot
    calls: Sequence[AnyCall]
    goals: Sequence[int]
    undoers: Mapping[str, tuple[str, ...]]
    rng: Random

    @property
    def turn(self) -> int:
        return self.history.turns - 1

    @property
    def tables(self) -> Tables:
        return Tables.of(self.graph, self.session.space)

    @property
    def goal(self) -> AnyCall:
        """The call of the last goal."""
        return self.calls[self.goals[-1]]

    def spec(self, index: int) -> ToolSpec:
        """The tool of a call."""
        return self.session.space.tools[self.calls[index].name]

    def without(self, left_out: Collection[int]) -> dict[str, dict[str, Any]] | None:
        """The state had some calls not been made; None where others then give something else."""
        session = self.session
        session.restore(self.start)
        try:
            for index, call in enumerate(self.calls):
                if index in left_out:
                    continue
                output = session.call(call.name, call.arguments)
                if canonical(output) != canonical(call.output):
                    return None
            return session.state()
        finally:
            session.restore(self.end)

    def givers(self, index: int) -> list[int]:
        """The calls of the turn whose outputs a call takes."""
        origins = self.calls[index].provenance.values()
        found = (o.call for o in origins if o.source == "output" and o.turn == self.turn)
        return [call for call in found if call is not None]

    def connected(self, indices: Collection[int]) -> set[int]:
        """The calls, what writing calls they take something from, and all that takes something from those."""
        found = set(indices)
        for number in reversed(range(len(self.calls))):
            if number in found:
                found.update(giver for giver in self.givers(number) if self.spec(giver).writes)
        for number in range(len(self.calls)):
            if found.intersection(self.givers(number)):
                found.add(number)
        return found

    def undone(self, index: int, wanted: Mapping[str, Mapping[str, Any]]) -> Iterator[Filled]:
        """Calls that take back one of the turn's."""
        names = self.undoers.get(self.calls[index].name, ())
        specs = [self.session.space.tools[name] for name in names if name in self.tables.tools]
        return undoing(self.session, wanted, self.calls, index, specs, self.turn)

    def sample(self, target: str) -> Trace:
        """A trace of the next turn, from where the session stands. Raises SamplingFailed."""
        return sample_turn(self.session, self.graph, self.options, self.rng, self.history, target)


def as_call(filled: Filled, output: Any, *, asked: bool) -> TracedCall:
    """The first call of the next turn."""
    role: Any = "goal" if asked else "support"
    return TracedCall(filled.name, filled.arguments, filled.provenance, output, 0, role)


def after(first: TracedCall, calls: Sequence[TracedCall], turn: int) -> list[TracedCall]:
    """The calls of turn ``turn`` with one before them."""
    moved = [first]
    for call in calls:
        provenance = {
            path: replace(origin, call=origin.call + 1)
            if origin.source == "output" and origin.turn == turn and origin.call is not None
            else origin
            for path, origin in call.provenance.items()
        }
        moved.append(replace(call, provenance=provenance, step=call.step + 1))
    return moved
