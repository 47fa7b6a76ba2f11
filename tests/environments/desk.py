"""Short hands for the tests of the shipped environments: calls that have to work, calls that must not, solutions."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from funreason_plugin.environments.space import Session, SimulationSpace, is_error
from funreason_plugin.scoring import Outcome, Verdict, judge
from funreason_plugin.trajectory import Needed

State = dict[str, Any]
Record = dict[str, Any]


def done(session: Session, name: str, /, **arguments: Any) -> Any:
    """The output of a call that has to succeed."""
    output = session.call(name, arguments)
    assert not is_error(output), output
    return output


def refused(session: Session, name: str, /, **arguments: Any) -> str:
    """The message of a call that has to fail; a failed call leaves the state as it was."""
    before = session.state_hash()
    output = session.call(name, arguments)
    assert is_error(output), output
    assert session.state_hash() == before
    return str(output["error"])


def one(records: Iterable[Record], /, **wanted: Any) -> Record:
    """The first record with these values."""
    return next(record for record in records if all(record[key] == value for key, value in wanted.items()))


@dataclass
class Desk:
    """A session that remembers what was called: a solution is a function that works at a desk."""

    session: Session
    start: State
    calls: list[tuple[str, Record]] = field(default_factory=list)
    outputs: list[Any] = field(default_factory=list)

    def __call__(self, name: str, /, **arguments: Any) -> Any:
        output = self.session.call(name, arguments)
        self.calls.append((name, arguments))
        self.outputs.append(output)
        return output


Solution = Callable[[Desk], object]


def in_turn(*solutions: Solution) -> Solution:
    """One after the other."""

    def work(desk: Desk) -> None:
        for solution in solutions:
            solution(desk)

    return work


@dataclass(frozen=True)
class Case:
    """A request, its truth, other solutions that are as good, and wrong ones, by what is different in them.

    ``fits`` says whether the request makes sense in a state; ``needed`` names the output fields of the truth's
    last call that had to be obtained.
    """

    request: str
    fits: Callable[[State], bool]
    truth: Solution
    right: dict[str, Solution]
    wrong: dict[str, Solution]
    needed: tuple[str, ...] = ()


def verdict(space: SimulationSpace, case: Case, solution: Solution) -> Verdict:
    """Judge a solution of the case on the first scenario that it fits. The truth has to work without errors."""
    (name,) = space.environments
    seed = next(seed for seed in range(500) if case.fits(space.scenario(seed).states[name]))

    def play(steps: Solution) -> Outcome:
        with space.session(space.scenario(seed)) as session:
            desk = Desk(session, session.state()[name])
            steps(desk)
            return Outcome.of(session, desk.outputs, desk.calls)

    truth = play(case.truth)
    assert not any(is_error(output) for output in truth.outputs), truth.outputs
    needed = [Needed(truth.outputs[-1][key], key) for key in case.needed]
    return judge(space, truth, play(solution), needed)
