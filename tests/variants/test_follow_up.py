"""Follow-ups as the synthesis keeps them: what is proved of each kind, and what is refused."""

from __future__ import annotations

from collections import Counter
from functools import cache
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from funreason_plugin.calls import to_hermes
from funreason_plugin.checks.acceptance import review_trajectory
from funreason_plugin.checks.follow_up_replay import undone
from funreason_plugin.checks.follow_up_rules import candidates_of
from funreason_plugin.checks.replay import replay, space_of
from funreason_plugin.checks.turns import TurnView
from funreason_plugin.config import SynthesisConfig
from funreason_plugin.environments.space import SimulationSpace
from funreason_plugin.errors import UserError
from funreason_plugin.formats.options import FormatOptions
from funreason_plugin.formats.writer import encode, encode_chunk
from funreason_plugin.judging import judge_played, metrics
from funreason_plugin.synthesis.casting import Casting
from funreason_plugin.synthesis.graph import ToolGraph
from funreason_plugin.synthesis.show import show
from funreason_plugin.synthesis.slots import SlotMaker
from funreason_plugin.synthesis.teachers import scripted_follow_up_frames as frames
from funreason_plugin.synthesis.teachers.base import Completion, Request
from funreason_plugin.synthesis.teachers.scripted import ScriptedTeacher
from funreason_plugin.synthesis.variants.drawing import Variants
from funreason_plugin.synthesis.variants.follow_up import KINDS
from funreason_plugin.synthesis.variants.shares import Shares
from funreason_plugin.synthesis.variants.undoing import undoers
from funreason_plugin.trajectory import FollowUp, FollowUpTurn, Provenance, Trajectory, certify, dumps, loads
from tests.variants.test_rows import played

FILE = Path(__file__)
ENV = [f"{FILE.with_name('theatre.py')}:Theatre"]


def configuration(**more: Any) -> SynthesisConfig:
    settings: dict[str, Any] = {
        "env": ENV,
        "teacher": "scripted",
        "out": Path("nowhere"),
        "num": 12,
        "turns": "2-3",
        "calls": "1-4",
        "variants": {"follow_up": 1.0},
    }
    return SynthesisConfig.model_validate(settings | more)


@cache
def graph() -> ToolGraph:
    return ToolGraph.build(SimulationSpace.from_names(ENV), seed=0)


@cache
def lines() -> tuple[bytes, ...]:
    """Twelve trajectories, three of each kind."""
    maker = SlotMaker(configuration(), graph())
    return tuple(line for index in range(12) if (line := maker.make(index).line) is not None)


def trajectories() -> list[Trajectory]:
    return [loads(line) for line in lines()]


def followed(kind: str) -> list[tuple[Trajectory, int, FollowUpTurn]]:
    """The follow-ups of a kind, with their place; the caller's own."""
    found = [
        (t, n, turn)
        for t in trajectories()
        for n, turn in enumerate(t.turns)
        if isinstance(turn, FollowUpTurn)
    ]
    return [(t, n, turn) for t, n, turn in found if turn.follow_up.kind == kind]


def state_after(trajectory: Trajectory, number: int, without: frozenset[int] = frozenset()) -> dict[str, Any]:
    """The state after a turn; ``without``: calls of that turn that are left out."""
    with space_of(trajectory).session(trajectory.scenario) as session:
        for place, turn in enumerate(trajectory.turns[: number + 1]):
            for index, call in enumerate(turn.calls()):
                if place < number or index not in without:
                    session.call(call.name, call.arguments)
        return session.state()


def test_kinds_take_turns_and_the_label_is_there() -> None:
    kinds = Counter(
        turn.follow_up.kind for t in trajectories() for turn in t.turns if isinstance(turn, FollowUpTurn)
    )
    assert kinds == dict.fromkeys(KINDS, 3)
    assert all(t.labels == ["follow_up"] for t in trajectories())


def test_they_replay_and_every_rule_accepts_them() -> None:
    for trajectory in trajectories():
        assert replay(trajectory) == []
        assert list(review_trajectory(trajectory)) == []
        assert list(undone(trajectory, space_of(trajectory))) == []


def test_a_correction_says_one_value_and_takes_the_rest_from_before() -> None:
    for trajectory, number, turn in followed("correct"):
        sources = Counter(origin.source for call in turn.calls() for origin in call.provenance.values())
        assert sources["query"] == 1
        call = next(call for call in turn.calls() if call.name == turn.follow_up.tool)
        before = next(c for c in trajectory.turns[number - 1].calls() if c.name == turn.follow_up.tool)
        name = turn.follow_up.parameter
        assert str(call.arguments[name]) in turn.query and call.arguments[name] != before.arguments[name]


def test_a_change_of_mind_leaves_nothing_of_what_was_done() -> None:
    for trajectory, number, turn in followed("change_of_mind"):
        with space_of(trajectory).session(trajectory.scenario) as session:
            for call in (c for earlier in trajectory.turns[:number] for c in earlier.calls()):
                session.call(call.name, call.arguments)
            first, *rest = turn.calls()
            session.call(first.name, first.arguments)
            assert first.name == turn.follow_up.by and rest
            wanted = state_after(trajectory, number - 1, frozenset(turn.follow_up.undone))
            assert session.state() == wanted


def test_a_part_is_undone_and_the_rest_stands() -> None:
    for trajectory, number, turn in followed("undo_part"):
        left_out = frozenset(turn.follow_up.undone)
        wanted = state_after(trajectory, number - 1, left_out)
        assert state_after(trajectory, number) == wanted
        nothing = frozenset(range(len(trajectory.turns[number - 1].calls())))
        assert wanted != state_after(trajectory, number - 1, nothing)


def test_a_reference_back_compares_two_or_more() -> None:
    for trajectory, number, turn in followed("refer_back"):
        chosen = [
            (origin, call.arguments[path])
            for call in turn.calls()
            for path, origin in call.provenance.items()
            if origin.choice
        ]
        origin, value = next(pair for pair in chosen if pair[0].turn == number - 1)
        assert origin.choice is not None and origin.call is not None and value not in turn.query
        assert candidates_of(origin.choice, trajectory.turns[number - 1].calls()[origin.call].output) == 2
        assert any(
            word in turn.query
            for word in (*frames.COMPARATIVES.values(), *frames.COMPARATIVES, "that starts")
        )


def test_what_takes_something_back_is_found_by_trying() -> None:
    assert undoers(SimulationSpace.from_names(ENV), graph()) == {
        "reserve_seats": ("cancel_reservation",),
        "invite_guest": ("withdraw_invitation",),
    }


def test_a_state_in_which_it_still_stands_is_refused() -> None:
    for kind in ("change_of_mind", "undo_part"):
        trajectory, number, turn = followed(kind)[0]
        turn.steps = turn.steps[1:]
        assert [found[:2] for found in undone(trajectory, space_of(trajectory))] == [(number, "not_undone")]


def test_another_worker_makes_the_same_bytes_in_any_order() -> None:
    maker = SlotMaker(configuration(), graph())
    assert [maker.make(index).line for index in (6, 1)] == [lines()[index] for index in (6, 1)]


def test_lines_are_read_back_as_they_were_and_rows_are_the_same_without_validation() -> None:
    for line in lines()[:4]:
        assert dumps(loads(line)) == line
    assert encode_chunk(lines()[:4], FormatOptions()) == encode(trajectories()[:4], FormatOptions())


def test_an_unknown_kind_is_named() -> None:
    line = next(line for line in lines() if b'"kind":"correct"' in line)
    with pytest.raises(UserError, match=r"turns\[\d\]\.follow_up\.kind: "):
        loads(line.replace(b'"kind":"correct"', b'"kind":"sigh"', 1))


def test_shares_number_the_slots_of_a_variant() -> None:
    shares = Shares(0, {"follow_up": 0.3, "miss_func": 0.1})
    slots = [slot for slot in range(100) if shares.of(slot) == "follow_up"]
    assert [shares.number(slot) for slot in slots] == list(range(30))


def test_a_kind_that_cannot_be_made_is_replaced_and_named() -> None:
    towns = [f"{FILE.with_name('towns.py')}:Parking"]
    config = configuration(env=towns)
    casting = Casting(config, ToolGraph.build(SimulationSpace.from_names(towns), seed=0))
    variants = Variants(casting)
    assert variants.cannot() == {"follow_up change_of_mind": ["parking"], "follow_up undo_part": ["parking"]}
    assert [variants.follow_ups.of(number, ["parking"]) for number in range(4)] == [
        "correct", "refer_back", "refer_back", "refer_back",
    ]  # fmt: skip


def test_one_turn_is_too_few() -> None:
    with pytest.raises(
        UserError, match="--variant follow_up takes two turns, and --turns is 1; give 2 or more"
    ):
        SlotMaker(configuration(turns="1"), graph())


def test_the_scripted_teacher_has_a_dozen_wordings_and_more_for_each() -> None:
    tables = [frames.CORRECTED, frames.NAMED, frames.CHANGED, frames.PART, frames.BACK, frames.REDONE]
    tables += [*frames.NOTED.values(), *frames.ANSWERED.values()]
    assert all(len(set(table)) >= 12 for table in tables)


# -- models -----------------------------------------------------------------------------------------------


class Models:
    """Answers as the scripted teacher does, and keeps the requests."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.teacher = ScriptedTeacher(SimulationSpace.from_names(ENV), error_rate=0)

    async def ask(self, slot: int, request: Request) -> Completion:
        self.requests.append(request)
        return await self.teacher.complete(request)


def test_models_are_told_what_the_user_does_with_the_turn_before() -> None:
    models = Models()
    config = configuration(teacher="openai", model="none", base_url="http://127.0.0.1:1/v1")
    line = SlotMaker(config, graph(), ask=models.ask).make(2).line
    assert line is not None
    turn = next(turn for turn in loads(line).turns if isinstance(turn, FollowUpTurn))
    told = [
        r.messages[-1]["content"]
        for r in models.requests
        if "The rest stays" in r.messages[-1]["content"] or "the rest stays" in r.messages[-1]["content"]
    ]
    asked = [text for text in told if text.startswith("The conversation so far:")]
    assert asked and "undo_part" in asked[-1]
    assert all(str(value) not in asked[-1] for call in turn.calls() for value in call.arguments.values())


def test_an_older_file_has_no_follow_ups_and_is_read_as_before() -> None:
    trajectory = trajectories()[0]
    turn = trajectory.turns[0]
    assert (
        not isinstance(turn, FollowUpTurn)
        and b'"follow_up"' not in dumps(trajectory).split(b'"turns":[')[1].split(b"},{")[0]
    )
    trajectory.turns = trajectory.turns[:1]
    trajectory.certificate = certify(trajectory)
    assert loads(dumps(trajectory)) == trajectory
    assert FollowUp("correct").undone == [] and Provenance("query").choice is None


# -- rollouts ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_a_rollout_of_the_truth_passes(kind: str) -> None:
    trajectory, number, _ = followed(kind)[0]
    task, found = played(trajectory)
    score = judge_played(task, found)
    assert score.success and metrics(score, task)["success/variant_follow_up"] == 1.0
    assert task.turns[number].variant == "follow_up"


def test_a_rollout_that_leaves_the_old_one_standing_fails_that_turn() -> None:
    trajectory, number, turn = followed("change_of_mind")[0]
    steps = [to_hermes((call.name, call.arguments) for call in step.calls) for step in turn.steps[1:]]
    assert steps
    task, found = played(trajectory, {number: [*steps, "Done."]})
    assert [one.passed for one in judge_played(task, found).turns][number] is False


def test_a_rollout_that_repairs_in_another_way_passes() -> None:
    """First the new one, then the old one is taken back: the state is the same."""
    trajectory, number, turn = followed("change_of_mind")[0]
    back, *rest = [to_hermes((call.name, call.arguments) for call in step.calls) for step in turn.steps]
    task, found = played(trajectory, {number: [*rest, back, "Done."]})
    assert judge_played(task, found).turns[number].passed


def test_what_was_asked_before_belongs_to_the_request() -> None:
    trajectory, number, turn = followed("correct")[0]
    view = TurnView.of_turn(turn, trajectory.turns[:number], {})
    assert view.begun == number - 1
    assert view.asked.text == f"{trajectory.turns[number - 1].query}\n{turn.query}"


def test_of_two_records_a_comparative_says_which() -> None:
    trajectory, number = next(
        (t, n)
        for t, n, turn in followed("refer_back")
        if any(word in turn.query.split() for word in frames.COMPARATIVES.values())
    )
    call = trajectory.turns[number - 1].calls()[-1]
    call.output["shows"].append(
        {**call.output["shows"][0], "show_id": "SH000", "price": 30, "starts": "12:00"}
    )
    assert "unsaid_choice" in {rule for place, rule, _ in review_trajectory(trajectory) if place == number}


def test_show_names_the_kind() -> None:
    file = StringIO()
    show(followed("undo_part")[0][0], Console(width=100, file=file))
    assert ", follow_up (undo_part)" in file.getvalue()


def test_what_was_wrong_may_be_said_again() -> None:
    """ "Not 3 but 4", where what takes the old one back takes the old value."""
    trajectory, number, turn = followed("correct")[0]
    call = next(call for call in trajectory.turns[number - 1].calls() if call.name == turn.follow_up.tool)
    old = call.arguments[turn.follow_up.parameter] = "Old Harbour"
    turn.query += " Not Old Harbour."
    turn.steps[0].calls[0].arguments["note"] = old
    turn.steps[0].calls[0].provenance["note"] = Provenance("earlier_query", turn=number - 1)
    assert "said_again" not in {rule for place, rule, _ in review_trajectory(trajectory) if place == number}
