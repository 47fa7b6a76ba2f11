"""Trajectories with variants as the synthesis keeps them: labels, what is missing, replay, and the same bytes again."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from funreason_plugin.checks.acceptance import review_trajectory
from funreason_plugin.checks.replay import replay, space_of
from funreason_plugin.checks.variant_tools import at_hand
from funreason_plugin.errors import UserError
from funreason_plugin.synthesis.slots import SlotMaker
from funreason_plugin.synthesis.teachers import scripted_variant_frames as frames
from funreason_plugin.trajectory import AbstentionTurn, dumps, loads, withheld
from tests.variants.made import ENV, configuration, graph, lacking, lines, trajectories, with_variant

NAMES = ("miss_func", "miss_param", "irrelevance")


def test_slots_hold_the_variants_that_they_were_given() -> None:
    labels = Counter(label for trajectory in trajectories() for label in trajectory.labels)
    assert labels == dict.fromkeys(NAMES, 3)
    for trajectory in trajectories():
        found = {turn.variant for turn in trajectory.turns}
        assert found == {"base", *trajectory.labels}


def test_they_replay_and_every_rule_accepts_them() -> None:
    for trajectory in trajectories():
        assert replay(trajectory) == []
        assert list(review_trajectory(trajectory)) == []
        assert list(at_hand(trajectory, space_of(trajectory))) == []


def test_an_abstention_has_no_call_and_leaves_the_state() -> None:
    for trajectory in trajectories():
        for number, turn in enumerate(trajectory.turns):
            if isinstance(turn, AbstentionTurn):
                assert not turn.steps and not turn.needed
                assert number == 0 or turn.state_hash == trajectory.turns[number - 1].state_hash


def test_a_missing_function_is_withheld_until_the_turn_that_uses_it() -> None:
    trajectory, number = with_variant("miss_func")
    (tool, *_) = lacking(trajectory, number)
    assert tool in withheld(trajectory.turns, 0) and tool in withheld(trajectory.turns, number)
    assert tool not in withheld(trajectory.turns, number + 1)
    before = [call.name for turn in trajectory.turns[: number + 1] for call in turn.calls()]
    assert tool not in before
    assert tool in [call.name for call in trajectory.turns[number + 1].calls()]


def test_a_missing_value_is_what_the_user_says_next() -> None:
    trajectory, number = with_variant("miss_param")
    turn = trajectory.turns[number]
    assert isinstance(turn, AbstentionTurn)
    call = next(c for c in trajectory.turns[number + 1].calls() if c.name == turn.lack.tools[0])
    assert str(call.arguments[turn.lack.parameter]) in trajectory.turns[number + 1].query
    assert str(call.arguments[turn.lack.parameter]) not in turn.query
    assert call.provenance[turn.lack.parameter].source == "query"


def test_an_irrelevant_request_is_for_an_environment_that_is_not_there() -> None:
    trajectory, number = with_variant("irrelevance")
    turn = trajectory.turns[number]
    assert isinstance(turn, AbstentionTurn) and turn.lack.environment is not None
    assert turn.lack.environment.name not in [reference.name for reference in trajectory.environments]
    assert not set(turn.lack.tools) & {tool["function"]["name"] for tool in trajectory.tools}


def test_another_worker_makes_the_same_bytes_in_any_order() -> None:
    maker = SlotMaker(configuration(), graph())
    assert [maker.make(index).line for index in (7, 2, 3)] == [lines()[index] for index in (7, 2, 3)]


def test_lines_are_read_back_as_they_were() -> None:
    for line in lines():
        assert dumps(loads(line)) == line


def test_an_unknown_key_in_an_abstention_is_named() -> None:
    line = next(line for line in lines() if b'"lack":{' in line)
    with pytest.raises(UserError, match=r"turns\[\d\]\.lack\.tool: "):
        loads(line.replace(b'"lack":{"tools"', b'"lack":{"tool":[],"tools"', 1))


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"variants": {"irrelevance": 0.5}, "env": ENV[:1]}, "--variant irrelevance takes tools of an environment"),
        ({"variants": {"miss_func": 0.5}, "turns": "1"}, "--variant miss_func takes two turns, and --turns is 1"),
    ],
)  # fmt: skip
def test_a_variant_that_cannot_be_made_is_refused_at_the_start(
    settings: dict[str, object], expected: str
) -> None:
    with pytest.raises(UserError) as error:
        SlotMaker(configuration(**settings), graph())
    assert error.value.message.startswith(expected)


def test_the_scripted_teacher_has_a_dozen_wordings_and_more_for_each() -> None:
    tables = [frames.NO_TOOL, frames.STRANGE, frames.NO_VALUE, frames.CANNOT, frames.CANNOT_SHORT]
    tables += [frames.FITS_NOT, frames.FITS_NOT_SHORT, frames.ASK, frames.NOW_THERE, frames.NOW_SAID]
    tables += [tuple(text for row in by.values() for text in row) for by in (frames.OFFERS, frames.SUPPLY)]
    assert all(len(set(table)) >= 12 for table in tables)


def test_nothing_in_the_query_gives_the_variant_away() -> None:
    """The requests are worded as all others are: none speaks of tools, of what is missing or of a test."""
    words = ("tool", "function", "missing", "withheld", "available", "variant")
    for trajectory in trajectories():
        for turn in trajectory.turns:
            if isinstance(turn, AbstentionTurn):
                assert not [word for word in words if word in turn.query.lower()]


def test_the_file_of_the_environments_is_where_they_are_found() -> None:
    trajectory, _ = with_variant("irrelevance")
    assert all(Path(reference.source.rpartition(":")[0]).is_file() for reference in trajectory.environments)
