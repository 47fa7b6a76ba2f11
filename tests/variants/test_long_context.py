"""long_context: long enough, not too long, the needed value inside a large listing, and the same bytes again."""

from __future__ import annotations

from functools import cache
from random import Random
from typing import Any

import orjson
import pytest

from funreason_plugin.checks.acceptance import review_trajectory
from funreason_plugin.checks.context_length import (
    MOST,
    context_of,
    hidden,
    in_sight,
    place_of,
    target_of,
    tokens_of,
)
from funreason_plugin.checks.records import bookkeeping
from funreason_plugin.checks.replay import replay, scenario_differences, space_of
from funreason_plugin.environments.space import LargeScenario, SimulationSpace
from funreason_plugin.errors import UserError
from funreason_plugin.formats.options import FormatOptions
from funreason_plugin.formats.verl import rows
from funreason_plugin.judging import judge_played
from funreason_plugin.synthesis.slots import SlotMaker
from funreason_plugin.task_rows import read_row
from funreason_plugin.trajectory import Trajectory, certify, dumps, loads
from tests.variants.made import ENV, configuration, graph
from tests.variants.test_rows import played

SHIPPED = ("travel", "files", "shop", "bank", "clinic")


def settings(**more: Any) -> Any:
    given = {"variants": {"long_context": 1.0}, "context_tokens": [4000]}
    return configuration(**(given | more))


@cache
def line() -> bytes:
    made = SlotMaker(settings(), graph()).make(0).line
    assert made is not None
    return made


def trajectory() -> Trajectory:
    return loads(line())


def rules(changed: Trajectory) -> set[str]:
    return {rule for _, rule, _ in review_trajectory(changed)}


def test_the_context_comes_to_its_target_and_everything_holds() -> None:
    made = trajectory()
    assert made.labels == ["long_context"] and {turn.variant for turn in made.turns} == {"base"}
    assert isinstance(made.scenario, LargeScenario) and target_of(made) == 4000
    assert 4000 <= context_of(made) <= 4000 * MOST
    assert replay(made) == [] and list(review_trajectory(made)) == []
    space = space_of(made)
    assert list(scenario_differences(made, space)) == [] and list(bookkeeping(made, {}, 0, space)) == []
    assert dumps(made) == line()


def test_a_needed_value_stands_inside_a_large_listing_and_no_answer_quotes_one() -> None:
    made = trajectory()
    places = [
        item for item in hidden((turn.calls() for turn in made.turns), 4000) if not in_sight(item.place)
    ]
    assert places and all(item.tokens >= 300 for item in places)
    assert max(tokens_of(turn.answer) for turn in made.turns) < 200


def test_a_context_under_its_target_is_refused() -> None:
    made = trajectory()
    assert isinstance(made.scenario, LargeScenario)
    made.scenario.context_tokens = 32_000
    assert "short_context" in rules(made)
    made.scenario.context_tokens = 2_000  # and one far over it
    assert "short_context" in rules(made)


def test_a_label_without_a_large_scenario_and_a_scenario_of_another_size_are_refused() -> None:
    made = trajectory()
    assert isinstance(made.scenario, LargeScenario)
    made.scenario.times += 1
    assert any("scenario.states" in str(item) for item in scenario_differences(made, space_of(made)))
    made = trajectory()
    made.labels = []
    assert [where for where, _ in bookkeeping(made, {}, 0, space_of(made))] == ["labels"]


def test_values_at_the_edge_of_their_outputs_are_in_sight() -> None:
    made = trajectory()
    for turn in made.turns:
        for call in turn.calls():
            for origin in call.provenance.values():
                head, bracket, tail = origin.field.partition("[")
                if bracket:
                    origin.field = f"{head}[0]{tail.partition(']')[2]}"
    assert "value_in_sight" in rules(made)


def test_an_answer_that_quotes_the_listing_is_refused() -> None:
    made = trajectory()
    made.turns[-1].answer += orjson.dumps(list(range(1000, 1300))).decode()
    assert "quoted_listing" in rules(made)


def test_targets_take_turns_and_two_runs_have_the_same_bytes() -> None:
    maker = SlotMaker(settings(context_tokens=[3000, 4000], variants={"long_context": 0.5}), graph())
    slots = [slot for slot in range(16) if maker.variants.of(slot)]
    assert [maker.variants.target(slot) for slot in slots] == [3000, 4000] * 4
    assert SlotMaker(settings(), graph()).make(0).line == line()


def test_an_environment_without_large_states_cannot_make_it() -> None:
    with pytest.raises(UserError, match="no environment says how its states become large"):
        SlotMaker(settings(env=ENV[1:]), graph())
    maker = SlotMaker(settings(), graph())
    assert maker.variants.cannot() == {"long_context": ["kitchen"]}
    assert maker.variants.environments("long_context", Random(0), "train", 0) == ("parking",)


@pytest.mark.parametrize("name", SHIPPED)
def test_large_states_keep_every_record_and_surround_it(name: str) -> None:
    space = SimulationSpace.from_names([name])
    small = space.scenario(3)
    large = space.enlarged(small, 12, 8000)
    assert space.enlarged(small, 12, 8000) == large != space.enlarged(small, 6, 8000)
    grown = 0
    for key, value in small.states[name].items():
        now = large.states[name][key]
        if now == value:
            continue
        assert isinstance(value, dict) and value.items() <= now.items() and len(now) > 4 * len(value) / 2, key
        grown += 1
    assert grown


def test_rows_for_verl_have_an_ordinary_scenario() -> None:
    made = trajectory()
    row = next(iter(rows(made, FormatOptions())))
    task = read_row(row)
    assert task.scenario.states == made.scenario.states and not isinstance(task.scenario, LargeScenario)
    assert "long_context" in row["extra_info"]["labels"]


def test_the_estimate_is_a_lower_bound_of_how_tokenizers_cut() -> None:
    assert tokens_of('{"flight_id":"NX-417-0503"}') == 15
    assert tokens_of("") == 0 and tokens_of("two words") == 2 and tokens_of("1234") == 4
    assert place_of("a[1]", {"a": ["x" * 40, "y", "z" * 40]}) == pytest.approx(0.5, abs=0.05)
    assert place_of("a[7].b", {"a": []}) == 0


def test_old_files_are_read_as_before() -> None:
    made = trajectory()
    packed = orjson.loads(dumps(made))
    del packed["scenario"]["times"], packed["scenario"]["context_tokens"]
    again = loads(orjson.dumps(packed))
    assert not isinstance(again.scenario, LargeScenario)
    assert certify(again) != made.certificate
    packed["scenario"]["times"] = "many"
    with pytest.raises(UserError, match="scenario"):
        loads(orjson.dumps(packed))


def test_a_rollout_on_such_a_row_is_judged_like_any_other() -> None:
    made = trajectory()
    assert judge_played(*played(made)).success
    score = judge_played(*played(made, {0: ["I cannot find it in that list."]}))
    assert not score.success and not score.turns[0].passed
