"""`judge_played`: a verdict on each turn of a conversation, or on the one response of a row of kind "response"."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from funreason_plugin.environments.changes import applied
from funreason_plugin.environments.limits import is_error
from funreason_plugin.environments.state import canonical, same_scalar
from funreason_plugin.faults import met
from funreason_plugin.judging.bfcl_rule import OutputsSoFar, state_differences
from funreason_plugin.judging.score import Score, TurnScore
from funreason_plugin.judging.truth import Place, Truth, space_of, truth_of
from funreason_plugin.played import Played, PlayedCall, PlayedTurn, Stop
from funreason_plugin.scoring import MAX_REASONS, Obtained, Outcome, judge
from funreason_plugin.tasks import Task, TruthCall
from funreason_plugin.trajectory import Needed

__all__ = ["judge_played"]

_ENDED: dict[Stop, str] = {
    "steps": "the turn had too many steps",
    "tokens": "a response was cut off",
    "time": "the conversation was over its time limit",
    "tools": "the tools could not be reached",
}
_LONGEST_REASON = 300
_INCOMPARABLE = (ArithmeticError, LookupError, RecursionError, TypeError, ValueError)


def judge_played(task: Task, played: Played) -> Score:
    """The verdict on what a model played.

    Turns that were not played are not right. Under rule "environment", nor is one that did not come to its end
    (too many steps, cut off); a response that cannot be read ends a turn, and the calls until then are judged, but
    where only an answer was due the turn is not right. BFCL judges the calls of every turn that was played, whatever
    ended it.

    Raises:
        UserError: an environment of the task cannot be found. Never for what the model did.
    """
    attempt = _Attempt(task)
    if task.at is not None:
        turn = played.turns[0] if played.turns else None
        return Score((attempt.response(turn, *task.at),), played.responses)
    turns = [
        attempt.turn(number, played.turns[number] if number < len(played.turns) else None)
        for number in range(len(task.turns))
    ]
    return Score(tuple(turns), played.responses)


@dataclass(slots=True)
class _Found:
    """What speaks against a turn; nothing does when it passed."""

    reasons: list[str] = field(default_factory=list)
    missing: list[Needed] = field(default_factory=list)


class _Attempt:
    """A conversation while its turns are judged one after the other: what was obtained so far."""

    def __init__(self, task: Task) -> None:
        self.task = task
        self.obtained = Obtained()
        self.executed = OutputsSoFar()

    def turn(self, number: int, played: PlayedTurn | None) -> TurnScore:
        """A whole turn."""
        truth = self.task.turns[number]
        calls = truth.calls()
        judged = bool(calls) or self.task.rule != "bfcl"
        if played is None:
            return TurnScore(
                False,
                ("not played",),
                judged=judged,
                played=False,
                wants_calls=bool(calls),
                truth_steps=len(truth.right()),
            )
        try:
            self._add(number, played)
            if not calls and played.calls():
                found = _Found([f"nothing was to be called in this turn, but {played.calls()[0].name} was"])
            elif self.task.rule == "bfcl":
                found = self._bfcl(number, calls, played) if calls else _Found()
            else:
                found = self._environment(number, calls, played)
        except _INCOMPARABLE as error:
            found = _Found([f"it cannot be compared with the truth: {type(error).__name__}: {error}"])
        return _turn_score(found, played, truth.right(), judged)

    def _add(self, number: int, played: PlayedTurn) -> None:
        calls = played.calls()
        if self.task.rule == "bfcl":
            self.executed.add(calls)
            return
        for call, faulty in zip(calls, self._faulty(number, played), strict=True):
            if not faulty:
                self.obtained.add(call.output)

    def _faulty(self, number: int, played: PlayedTurn) -> list[bool]:
        """Which calls of a turn met one of its faults: what those gave obtains nothing."""
        turn = self.task.turns[number]
        before = [] if self.task.at is None else [c for step in turn.steps[: self.task.at[1]] for c in step]
        return met(turn.faults, [*before, *played.calls()])[len(before) :]

    # -- rule "environment" ---------------------------------------------------------------------------

    def _environment(self, number: int, calls: Sequence[TruthCall], played: PlayedTurn) -> _Found:
        turn = self.task.turns[number]
        if played.stop in _ENDED or (played.stop and not calls):
            return _Found([_ended(played)])
        if played.state_hash == turn.state_hash and not self.obtained.missing(turn.needed):
            return _Found()
        truth = truth_of(self.task)
        if truth.problem:
            return _Found([truth.problem])
        return self._compared(truth, truth.turns[number], calls, played, turn.needed)

    def _compared(
        self,
        truth: Truth,
        place: Place,
        calls: Sequence[TruthCall],
        played: PlayedTurn,
        needed: Sequence[Needed],
    ) -> _Found:
        verdict = judge(
            space_of(self.task),
            Outcome(place.state, place.generated, (), [(call.name, call.arguments) for call in calls]),
            Outcome(applied(truth.start, played.changes), played.generated, (), ()),
            needed,
            self.obtained,
        )
        return _Found(list(verdict.reasons), list(verdict.missing))

    # -- rule "bfcl" ----------------------------------------------------------------------------------

    def _bfcl(self, number: int, calls: Sequence[TruthCall], played: PlayedTurn) -> _Found:
        if played.stop == "tools":
            return _Found([_ended(played)])
        if not played.steps:
            return _Found(["nothing was called"])
        found = _Found()
        if played.state_hash != self.task.turns[number].state_hash:
            truth = truth_of(self.task)
            if truth.problem:
                return _Found([truth.problem])
            self._compared_as_bfcl(truth, truth.turns[number], played, found)
        return self._outputs_missing(calls, found)

    def _compared_as_bfcl(self, truth: Truth, place: Place, played: PlayedTurn, found: _Found) -> None:
        state = applied(truth.start, played.changes)
        found.reasons += state_differences(space_of(self.task), place.state, state)

    def _outputs_missing(self, calls: Sequence[TruthCall], found: _Found) -> _Found:
        for call in self.executed.missing(calls):
            found.missing.append(Needed(call.output, ""))
            found.reasons.append(f"the output of {call.name} was never obtained")
        return found

    # -- rows of kind "response" ----------------------------------------------------------------------

    def response(self, played: PlayedTurn | None, number: int, done: int) -> TurnScore:
        """The one response after ``done`` steps of a turn: its calls against those of the truth's next step."""
        turn = self.task.turns[number]
        steps = turn.steps[done : done + 1]
        if played is None:
            return TurnScore(
                False, ("not played",), played=False, wants_calls=bool(steps), truth_steps=len(steps)
            )
        try:
            self._add(number, played)
            found = self._response(played, number, done)
        except _INCOMPARABLE as error:
            found = _Found([f"it cannot be compared with the truth: {type(error).__name__}: {error}"])
        return _turn_score(found, played, steps, True)

    def _response(self, played: PlayedTurn, number: int, done: int) -> _Found:
        if played.stop:
            return _Found([_ended(played)])
        turn = self.task.turns[number]
        if done >= len(turn.steps):
            if played.steps:
                return _Found([f"an answer was due, but {played.calls()[0].name} was called"])
            return _Found() if played.answer.strip() else _Found(["an answer was due; the response is empty"])
        calls = turn.steps[done]
        if not played.steps:
            return _Found([f"a call of {calls[0].name} was due; nothing was called"])
        if self.task.rule == "calls" or any(self._faulty(number, played)):
            return _other_calls(calls, played.calls())
        truth = truth_of(self.task)
        if truth.problem or truth.around is None:
            return _Found([truth.problem or "the truth has no such response"])
        before, after = truth.around
        if self.task.rule == "bfcl":
            found = _Found()
            self._compared_as_bfcl(truth, after, played, found)
            return self._outputs_missing(calls, found)
        return self._compared(truth, after, calls, played, self._needed(number, done, before, after))

    def _needed(self, number: int, done: int, before: Place, after: Place) -> list[Needed]:
        """What the truth's step obtains of the turn's needed values, and its outputs where it obtains none of them.

        Where a step writes, the state tells its effect; then only the outputs of its reading calls are asked for.
        """
        turn = self.task.turns[number]
        earlier = Obtained()
        for past in (*self.task.turns[:number], replace(turn, steps=turn.steps[:done])):
            calls = past.calls()
            for call, faulty in zip(calls, met(past.faults, calls), strict=True):
                if not faulty:
                    earlier.add(call.output)
        own = Obtained(call.output for call in turn.steps[done])
        new = earlier.missing(turn.needed)
        absent = own.missing(new)
        needed = [item for item in new if item not in absent]
        if needed:
            return needed
        tools = space_of(self.task).tools
        wrote = before.state_hash != after.state_hash
        return [
            Needed(call.output, "")
            for call in turn.steps[done]
            if not (wrote and call.name in tools and tools[call.name].writes)
        ]


def _turn_score(
    found: _Found, played: PlayedTurn, truth: Sequence[Sequence[TruthCall]], judged: bool
) -> TurnScore:
    calls = played.calls()
    expected = [call for step in truth for call in step]
    return TurnScore(
        not found.reasons,
        tuple(reason[:_LONGEST_REASON] for reason in found.reasons[:MAX_REASONS]),
        tuple(found.missing),
        judged=judged,
        stop=played.stop,
        wants_calls=bool(expected),
        exact=_exact(expected, calls),
        calls=len(calls),
        errors=sum(is_error(call.output) for call in calls),
        steps=len(played.steps),
        truth_steps=len(truth),
    )


def _ended(played: PlayedTurn) -> str:
    what = _ENDED.get(played.stop, "a response could not be read")
    return f"{what}: {played.reason}" if played.reason else what


def _other_calls(truth: Sequence[TruthCall], calls: Sequence[PlayedCall]) -> _Found:
    """The very calls of the truth, in whatever order."""
    left = list(calls)
    for expected in truth:
        for index, call in enumerate(left):
            if call.name == expected.name and _same(expected.arguments, call.arguments):
                del left[index]
                break
        else:
            return _Found([f"the call of {expected.name} is not there, or has other arguments"])
    return _Found([f"{left[0].name} was not to be called"] if left else [])


def _same(left: Any, right: Any) -> bool:
    """JSON equality, also of numbers beyond 64 bits; 1 and 1.0 are equal."""
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(_same(item, right[key]) for key, item in left.items())
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(_same, left, right))
    return same_scalar(left, right)


def _exact(truth: Sequence[TruthCall], calls: Sequence[PlayedCall]) -> bool:
    if [call.name for call in truth] != [call.name for call in calls]:
        return False
    try:
        return all(
            canonical(mine.arguments) == canonical(theirs.arguments)
            for mine, theirs in zip(truth, calls, strict=True)
        )
    except TypeError:  # a number beyond 64 bits
        return False
