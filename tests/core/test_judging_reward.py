"""Rewards stay within [0, 1] whatever happened; metrics are numbers, or None where one does not apply."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from funreason_plugin.judging import Score, TurnScore, judge_played, metrics, reward
from funreason_plugin.played import Played
from funreason_plugin.rl.settings import Reward
from tests.core.plays import find, lend, plays, task

COUNT = st.integers(0, 10**6)
TURN = st.builds(
    TurnScore,
    passed=st.booleans(),
    judged=st.booleans(),
    played=st.booleans(),
    stop=st.sampled_from(("", "malformed", "steps", "tokens", "time", "tools")),
    wants_calls=st.booleans(),
    calls=COUNT,
    errors=COUNT,
    steps=COUNT,
    truth_steps=COUNT,
)
SCORE = st.builds(Score, st.lists(TURN, max_size=8).map(tuple), COUNT)
SHARE = st.floats(0, 1)
RULE = st.builds(
    Reward,
    mode=st.sampled_from(("binary", "progress", "progress+format")),
    format_weight=SHARE,
    efficiency=SHARE,
)


@given(SCORE, RULE)
def test_a_reward_is_within_0_and_1(score: Score, rule: Reward) -> None:
    assert 0.0 <= reward(score, rule) <= 1.0


@given(SCORE, RULE)
def test_one_more_right_turn_never_costs(score: Score, rule: Reward) -> None:
    better = replace(score, turns=tuple(replace(turn, passed=True) for turn in score.turns))
    assert reward(better, rule) >= reward(score, rule)


def test_the_modes() -> None:
    half = Score((TurnScore(True, steps=2, truth_steps=2), TurnScore(False, steps=2, truth_steps=2)), 5)
    assert reward(half, Reward(mode="binary")) == 0.0
    assert reward(half, Reward(mode="progress")) == 0.5
    assert reward(half, Reward(mode="progress+format", format_weight=0.2)) == pytest.approx(0.6)
    unread = Score((half.turns[0], replace(half.turns[1], passed=True, stop="malformed")), 5)
    assert reward(unread, Reward(mode="binary")) == 0.0
    assert reward(unread, Reward(mode="progress")) == 1.0
    assert reward(unread, Reward(mode="progress+format", format_weight=0.2)) == pytest.approx(0.8)
    right = Score((half.turns[0],), 3)
    assert reward(right, Reward(mode="binary")) == 1.0


def test_more_steps_than_the_truth_s_cost_up_to_the_share_set() -> None:
    twice = Score((TurnScore(True, steps=4, truth_steps=2),), 5)
    assert reward(twice, Reward()) == 1.0
    assert reward(twice, Reward(efficiency=0.5)) == 0.75
    assert reward(Score((TurnScore(True, steps=1, truth_steps=2),), 2), Reward(efficiency=0.5)) == 1.0


def test_nothing_played_earns_nothing() -> None:
    one = task([[find("Dune")]])
    for mode in ("binary", "progress", "progress+format"):
        assert reward(judge_played(one, Played()), Reward.model_validate({"mode": mode})) == 0.0


def test_metrics_of_a_conversation() -> None:
    of = task([[lend("Dune")]], [], [[lend("Emma")]])
    found = metrics(judge_played(of, plays(of, [lend("Dune")], "Lent.", "Which one?", [lend("Moby")])), of)
    assert found["success"] == found["success/turns_3"] == found["success/env_library"] == 0.0
    assert found["success/variant_base"] == 0.5
    assert found["success/variant_miss_param"] == 1.0
    assert found["progress"] == pytest.approx(2 / 3)
    assert (found["calls"], found["errors"], found["steps"], found["responses"]) == (2.0, 1.0, 2.0, 5.0)
    assert (found["format"], found["malformed"], found["truncated"], found["abstention"]) == (
        1.0,
        0.0,
        0.0,
        1.0,
    )


def test_metrics_of_a_response() -> None:
    calling = task([[lend("Dune")]], at=(0, 0))
    found = metrics(judge_played(calling, plays(calling, [lend("Dune")])), calling)
    assert found["success/response_call"] == 1.0
    assert found["success/response_answer"] is None
    assert found["abstention"] is None
    answering = task([[lend("Dune")]], at=(0, 1))
    assert metrics(judge_played(answering, plays(answering)), answering)["success/response_answer"] == 1.0


def test_metrics_are_numbers_of_one_kind() -> None:
    of = task([[lend("Dune")]])
    found = metrics(judge_played(of, Played()), of)
    assert all(value is None or type(value) is float for value in found.values())
