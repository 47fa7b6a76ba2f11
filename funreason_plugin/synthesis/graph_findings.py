"""What execution showed about a space's tools, over all sampled states."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from funreason_plugin.synthesis.graph_inference import Candidates, Pair

ENOUGH_STATES: Final = 4  # what held, or was looked for, in so many states is not tried any more


@dataclass(slots=True)
class Tried:
    """How often something was tried and held, and in which states it held."""

    successes: int = 0
    trials: int = 0
    states: dict[int, None] = field(default_factory=dict)
    recent: tuple[int, int] = (-1, 0)  # the state last tried in, and the trials in it

    def tried_in(self, state: int) -> int:
        return self.recent[1] if self.recent[0] == state else 0

    def note(self, held: bool, state: int) -> None:
        self.trials += 1
        self.recent = (state, self.tried_in(state) + 1)
        if held:
            self.successes += 1
            self.states[state] = None


@dataclass(slots=True)
class Findings:
    """What execution showed, over all states."""

    candidates: Candidates
    pairs: dict[Pair, Tried] = field(default_factory=dict)
    foreign: dict[tuple[str, str], Tried] = field(
        default_factory=dict
    )  # held: the tool failed without its provider
    enabling: dict[tuple[str, str], Tried] = field(default_factory=dict)  # (first, then)
    alternatives: dict[str, list[tuple[str, str]]] = field(
        default_factory=dict
    )  # by consumer: pairs of a group
    searched: dict[tuple[str, str], dict[int, None]] = field(default_factory=dict)  # states: for alternatives
    looked: dict[tuple[str, str], dict[int, None]] = field(
        default_factory=dict
    )  # states: for what a call enables
    worked: dict[str, Tried] = field(default_factory=dict)
    free: dict[str, Tried] = field(default_factory=dict)  # worked at once, before any writing call
    after: dict[str, dict[frozenset[str], None]] = field(
        default_factory=dict
    )  # writing tools before a success
    sources: dict[tuple[str, str], set[str]] = field(default_factory=dict)
    echoes: dict[tuple[str, str], list[int]] = field(default_factory=dict)
    slow: set[str] = field(default_factory=set)
