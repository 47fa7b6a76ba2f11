"""Hand-written solutions of requests, as functions, and the verdict on them.

A solution plays tools and reads their outputs, as a model would:

    def truth(play: Play) -> None:
        play("select_traveller", traveller=play.state["travellers"][0]["name"])
        flights = play("search_flights", origin="Porto", destination="Riga", date="2026-05-03")["flights"]
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from funreason_plugin.environments.space import Scenario, Session, SimulationSpace, is_error
from funreason_plugin.scoring import Outcome, Verdict, judge
from funreason_plugin.trajectory import Needed

Record = dict[str, Any]


class NotFitting(Exception):
    """The scenario does not admit the request."""


class Play:
    """Calls tools in a session and keeps the record; ``state`` is the initial state, ``pick`` draws from it."""

    def __init__(self, session: Session, scenario: Scenario, environment: str) -> None:
        self.session = session
        self.state = scenario.states[environment]
        self.pick = Random(scenario.seed)
        self.calls: list[tuple[str, Record]] = []
        self.outputs: list[Any] = []

    def __call__(self, tool: str, /, **arguments: Any) -> Any:
        """A call that has to succeed."""
        output = self._call(tool, arguments)
        if is_error(output):
            raise NotFitting(f"{tool}: {output['error']}")
        return output

    def fails(self, tool: str, /, **arguments: Any) -> None:
        """A call that has to fail: a detour."""
        output = self._call(tool, arguments)
        assert is_error(output), f"{tool} was to fail, but gave {output}"

    def _call(self, tool: str, arguments: Record) -> Any:
        output = self.session.call(tool, arguments)
        self.calls.append((tool, arguments))
        self.outputs.append(output)
        return output


Solution = Callable[[Play], None]


@dataclass(frozen=True)
class Case:
    """A request with its truth, other right solutions, and wrong ones.

    ``needed``: output fields of the truth's last call that answer the request.
    """

    request: str
    truth: Solution
    right: Mapping[str, Solution]
    wrong: Mapping[str, Solution]
    needed: Sequence[str] = ()
    seeds: list[int] = field(default_factory=list)


def fitting_seeds(space: SimulationSpace, case: Case, count: int) -> list[int]:
    """The first seeds whose scenario admits the request and the wrong solutions of it."""
    if not case.seeds:
        for seed in range(200):
            try:
                for solution in (case.truth, *case.wrong.values()):
                    run(space, seed, solution)
            except NotFitting:
                continue
            case.seeds.append(seed)
            if len(case.seeds) == count:
                break
    assert len(case.seeds) == count, f"{case.request}: no scenario admits it"
    return case.seeds


def run(space: SimulationSpace, seed: int, solution: Solution) -> Outcome:
    """Where a solution leads from the scenario of a seed."""
    (environment,) = space.environments
    scenario = space.scenario(seed)
    with space.session(scenario) as session:
        play = Play(session, scenario, environment)
        solution(play)
        return Outcome.of(session, play.outputs, play.calls)


def verdict(space: SimulationSpace, seed: int, case: Case, attempt: Solution) -> Verdict:
    """The verdict on an attempt at a case."""
    truth = run(space, seed, case.truth)
    needed = [Needed(truth.outputs[-1][name], name) for name in case.needed]
    return judge(space, truth, run(space, seed, attempt), needed)


def least(records: Iterable[Record], key: str) -> Record:
    return min(records, key=lambda record: record[key])


def most(records: Iterable[Record], key: str) -> Record:
    return max(records, key=lambda record: record[key])


def one(records: Iterable[Record], **wanted: Any) -> Record:
    """The only record with these values."""
    found = [r for r in records if all(r[key] == value for key, value in wanted.items())]
    if len(found) != 1:
        raise NotFitting(f"{len(found)} records with {wanted}")
    return found[0]
