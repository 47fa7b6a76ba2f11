"""Rows with error_recovery, and rollouts of them: the same faults, no row that teaches a mistake, and the verdict."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import orjson
import pytest
from rich.console import Console

from funreason_plugin.calls import dump_json, to_hermes
from funreason_plugin.checks.replay import space_of
from funreason_plugin.conversation import Reply, play
from funreason_plugin.converting.targets.openai import messages
from funreason_plugin.faults import Kind
from funreason_plugin.formats import llamafactory, verl
from funreason_plugin.formats.options import FormatOptions
from funreason_plugin.formats.writer import encode_chunk
from funreason_plugin.judging import judge_played
from funreason_plugin.live import Direct
from funreason_plugin.messages import Conversation, of_trajectory
from funreason_plugin.played import Played
from funreason_plugin.rendering import PromptForm, results_text
from funreason_plugin.synthesis.variants.recovery import KINDS
from funreason_plugin.tasks import Task
from funreason_plugin.trajectory import Trajectory, dumps
from tests.variants.recovered import of_kind, trajectories

FORMS: tuple[PromptForm, ...] = ("hermes", "funreason", "card")


def tasks(trajectory: Trajectory, kind: str = "trajectory") -> list[Task]:
    options = FormatOptions("recovery", verl_rows=kind)  # type: ignore[arg-type]
    return [Task.of_row(row) for row in verl.rows(trajectory, options)]


def played(task: Task, trajectory: Trajectory, replies: Iterator[str]) -> Played:
    async def generate(talk: Conversation) -> Reply:
        return Reply(next(replies))

    return asyncio.run(play(task, Direct(space_of(trajectory), trajectory.scenario), generate))


def own(trajectory: Trajectory, number: int) -> list[str]:
    """The truth's responses in a turn."""
    turn = trajectory.turns[number]
    calls = [to_hermes((call.name, call.arguments) for call in step.calls) for step in turn.steps]
    return [*calls, turn.answer]


@pytest.mark.parametrize("kind", KINDS)
def test_a_rollout_that_does_as_the_truth_meets_the_same_faults_and_passes(kind: Kind) -> None:
    trajectory, _, _ = of_kind(kind)
    (task,) = tasks(trajectory)
    replies = iter([reply for number in range(len(trajectory.turns)) for reply in own(trajectory, number)])
    found = played(task, trajectory, replies)
    assert judge_played(task, found).success
    for mine, truth in zip(found.turns, trajectory.turns, strict=True):
        assert [call.output for call in mine.calls()] == [call.output for call in truth.calls()]
        assert mine.state_hash == truth.state_hash


@pytest.mark.parametrize("kind", KINDS)
def test_every_response_of_the_truth_passes_as_a_row_of_its_own(kind: Kind) -> None:
    trajectory, number, turn = of_kind(kind)
    rows = tasks(trajectory, "response")
    places = [task.at for task in rows if task.at is not None]
    assert [step for place, step in places if place == number] == [
        step for step in range(len(turn.steps) + 1) if step not in turn.recovery.mistakes
    ]
    for task in rows:
        assert task.at is not None
        reply = own(trajectory, task.at[0])[task.at[1]]
        score = judge_played(task, played(task, trajectory, iter([reply])))
        assert score.success, (task.id, score.turns[0].reasons)


def test_a_row_in_which_a_fault_is_met_wants_the_truths_call() -> None:
    """What comes back tells nothing about the arguments."""
    trajectory, number, turn = of_kind("transient")
    faulty = next(place for place, step in enumerate(turn.steps) if "error" in (step.calls[0].output or {}))
    task = next(task for task in tasks(trajectory, "response") if task.at == (number, faulty))
    reply = to_hermes([(turn.steps[faulty].calls[0].name, {"parcel_id": "PC-1", "day": "never"})])
    assert not judge_played(task, played(task, trajectory, iter([reply]))).success


def test_a_rollout_that_takes_a_fault_for_the_answer_fails() -> None:
    trajectory, number, turn = of_kind("wrong_response")
    (task,) = tasks(trajectory)
    earlier = [reply for place in range(number) for reply in own(trajectory, place)]
    replies = [*earlier, own(trajectory, number)[0], turn.answer]
    replies += ["I don't know."] * 10
    score = judge_played(task, played(task, trajectory, iter(replies)))
    assert not score.turns[number].passed


def test_a_rollout_without_the_mistake_passes_and_has_the_steps_of_the_truth() -> None:
    trajectory, number, turn = of_kind("own_mistake")
    (task,) = tasks(trajectory)
    replies = [
        reply
        for place in range(len(trajectory.turns))
        for step, reply in enumerate(own(trajectory, place))
        if place != number or step not in turn.recovery.mistakes
    ]
    score = judge_played(task, played(task, trajectory, iter(replies)))
    assert score.success and score.turns[number].exact
    assert score.turns[number].truth_steps == score.turns[number].steps == len(turn.steps) - 1


@pytest.mark.parametrize("form", FORMS)
def test_a_mistake_stands_in_the_history_and_is_no_response(form: PromptForm) -> None:
    trajectory, number, turn = of_kind("own_mistake")
    (place,) = turn.recovery.mistakes
    options = FormatOptions("recovery", prompt_form=form)
    talk = of_trajectory(trajectory, form)
    parts = llamafactory.split(talk, options)
    names = [name for _, _, name in parts.responses]
    assert f"{number}/{place}" not in names and f"{number}/{place + 1}" in names
    wrong = next(message for message in talk.messages if message.mistaken)
    error = dump_json(turn.steps[place].calls[0].output)
    row = [*parts.rows()][names.index(f"{number}/{place + 1}")]
    assert row[-2] == ("observation", results_text((error,), form))
    assert wrong.calls[0].name in row[-3][1]


def test_it_has_no_weight_as_openai_messages() -> None:
    for trajectory in trajectories():
        talk = of_trajectory(trajectory)
        weights = [m.get("weight") for m in messages(talk, True) if m["role"] == "assistant"]
        assert [weight == 0 for weight in weights] == [
            m.mistaken for m in talk.messages if m.role == "assistant"
        ]


def test_rows_for_both_frameworks_are_written_from_the_lines() -> None:
    """Lines that we wrote are not validated again when rows are made of them."""
    trajectory, _, _ = of_kind("precondition")
    parts = encode_chunk([dumps(trajectory)], FormatOptions("recovery"))
    assert {name.split("/")[0] for name in parts} == {"llamafactory", "verl"}


def test_whoever_replays_a_row_or_a_line_meets_the_faults(capsys: pytest.CaptureFixture[str]) -> None:
    from funreason_plugin.report.differences import _by_turn
    from funreason_plugin.rl.preflight.rows import _replayed
    from funreason_plugin.synthesis.show import show

    trajectory, _, turn = of_kind("precondition")
    space = space_of(trajectory)
    (task,) = tasks(trajectory)
    assert _replayed(task, space) == ""
    assert len([*_by_turn(orjson.loads(dumps(trajectory)), space)]) == len(trajectory.turns)
    show(trajectory, Console(width=200))
    shown = capsys.readouterr().out
    assert "error_recovery (precondition)" in shown and shown.count("fault ") == 2 and turn.query in shown
