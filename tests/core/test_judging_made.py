"""Synthesised conversations as verl's rows, judged: the verdict by hashes is the verdict by whole states."""

from __future__ import annotations

import asyncio
from random import Random
from typing import Any

from funreason_plugin.conversation import Reply, play
from funreason_plugin.formats.options import FormatOptions
from funreason_plugin.formats.verl import rows
from funreason_plugin.judging import judge_played
from funreason_plugin.judging.truth import space_of
from funreason_plugin.live import Direct, mark_of
from funreason_plugin.messages import Conversation
from funreason_plugin.played import Played, PlayedCall, PlayedStep, PlayedTurn
from funreason_plugin.scoring import Outcome, Verdict, judge
from funreason_plugin.tasks import Kind, Task
from funreason_plugin.trajectory import loads
from tests.core.plays import says
from tests.pipeline.made import slots

Turns = list[list[tuple[str, dict[str, Any]]]]


def tasks(kind: Kind) -> list[Task]:
    options = FormatOptions("made", prompt_form="hermes", verl_rows=kind)
    lines = [slot.line for slot in slots(6) if slot.line is not None]
    return [Task.of_row(row) for line in lines for row in rows(loads(line), options)]


def mutated(task: Task, rng: Random) -> Turns:
    """The truth; or one call less, twice, in another turn, after another, or with another argument."""
    turns = [[(call.name, dict(call.arguments)) for call in turn.calls()] for turn in task.turns]
    for _ in range(rng.randrange(3)):
        turn = rng.choice([calls for calls in turns if calls] or turns)
        if not turn:
            continue
        index = rng.randrange(len(turn))
        match rng.randrange(5):
            case 0:
                del turn[index]
            case 1:
                turn.append(turn[index])
            case 2:
                rng.choice(turns).append(turn.pop(index))
            case 3:
                turn.reverse()
            case _:
                arguments = turn[index][1]
                for key in sorted(arguments)[:1]:
                    arguments[key] = f"{arguments[key]}s"
    return turns


def judged_by_states(task: Task, attempt: Turns) -> tuple[Played, list[Verdict]]:
    """What was played, and the verdicts on the states of two live sessions."""
    space = space_of(task)
    result, verdicts, outputs = Played(), [], []
    with space.session(task.scenario) as mine, space.session(task.scenario) as truth:
        start = mine.state()
        for calls, turn in zip(attempt, task.turns, strict=True):
            steps = [
                PlayedStep([PlayedCall(name, arguments, mine.call(name, arguments))])
                for name, arguments in calls
            ]
            expected = [(call.name, call.arguments) for call in turn.calls()]
            for name, arguments in expected:
                truth.call(name, arguments)
            outputs += [step.calls[0].output for step in steps]
            verdicts.append(
                judge(space, Outcome.of(truth, (), expected), Outcome.of(mine, outputs, calls), turn.needed)
            )
            mark = mark_of(mine, start)
            result.turns.append(
                PlayedTurn(steps, "Done.", "", "", mark.state_hash, mark.changes, mark.generated)
            )
    return Played.loads(result.dumps()), verdicts


def test_hashes_and_changes_tell_what_states_tell() -> None:
    rng = Random(1)
    found = []
    for task in tasks("trajectory"):
        for _ in range(25):
            played, expected = judged_by_states(task, mutated(task, rng))
            turns = judge_played(task, played).turns
            assert [(turn.passed, turn.exact) for turn in turns] == [
                (verdict.passed, verdict.exact_match) for verdict in expected
            ]
            found += [turn.passed for turn in turns]
    assert 0.2 < sum(found) / len(found) < 0.9


def test_each_response_of_a_truth_is_right_and_no_other_is() -> None:
    for task in tasks("response"):
        assert task.at is not None
        number, done = task.at
        steps = task.turns[number].steps
        right = answer(steps[done]) if done < len(steps) else "Done."
        assert judge_played(task, response(task, right)).success, task.id
        others = {answer(step) for turn in task.turns for step in turn.steps} | {"Done."}
        for other in others - {right}:
            assert not judge_played(task, response(task, other)).success, f"{task.id}: {other}"


def answer(step: Any) -> str:
    return says([(call.name, call.arguments) for call in step])


def response(task: Task, text: str) -> Played:
    """The one response, played in a live session."""

    async def generate(conversation: Conversation) -> Reply:
        return Reply(text)

    async def run() -> Played:
        session = Direct(space_of(task), task.scenario)
        try:
            return await play(task, session, generate)
        finally:
            await session.close()

    return asyncio.run(run())
