"""Distractors: tools of environments that no turn needs, on offer beside those that it does."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from random import Random

import pytest

from funreason_plugin.checks.acceptance import review_trajectory
from funreason_plugin.checks.replay import replay, space_of
from funreason_plugin.checks.variant_tools import at_hand, in_vain
from funreason_plugin.environments.space import SimulationSpace
from funreason_plugin.errors import UserError
from funreason_plugin.synthesis.graph import ToolGraph
from funreason_plugin.synthesis.slots import SlotMaker
from funreason_plugin.synthesis.trace import SamplingFailed
from funreason_plugin.synthesis.variants.distractors import distractors
from funreason_plugin.trajectory import Trajectory, loads
from tests.variants.made import ENV, configuration, graph


@cache
def line(index: int) -> bytes:
    made = SlotMaker(configuration(variants={"distractors": 1.0}), graph()).make(index).line
    assert made is not None
    return made


def trajectory(index: int = 0) -> Trajectory:
    return loads(line(index))


@pytest.mark.parametrize("index", range(3))
def test_tools_are_offered_that_no_turn_calls(index: int) -> None:
    made = trajectory(index)
    vain = in_vain(made, space_of(made))
    assert made.labels == ["distractors"] and {turn.variant for turn in made.turns} == {"base"}
    assert 5 <= len(vain) <= 40 and len(vain) < len(made.tools)
    assert not set(vain) & {call.name for turn in made.turns for call in turn.calls()}
    assert replay(made) == [] and list(review_trajectory(made)) == []
    assert list(at_hand(made, space_of(made))) == []


def test_their_environments_are_live_and_the_system_prompt_has_their_policy() -> None:
    made = trajectory()
    assert [reference.name for reference in made.environments] == ["parking", "kitchen"]
    assert "parking" in made.system and "kitchen" in made.system
    with space_of(made).session(made.scenario) as session:
        assert session.call("list_rentals", {}) == {"rentals": []}
        assert session.call("list_meals", {}) == {"meals": []}


def test_a_label_without_distractors_is_refused() -> None:
    made = trajectory()
    vain = set(in_vain(made, space_of(made)))
    made.tools = [tool for tool in made.tools if tool["function"]["name"] not in vain]
    assert [rule for _, rule, _ in at_hand(made, space_of(made))] == ["few_distractors"]


def test_what_might_do_the_same_is_not_offered_and_what_sounds_alike_comes_first() -> None:
    own = ["list_orders", "cancel_order"]
    others = ["find_order", "list_cards", "order_taxi", *(f"sing_song_{number}" for number in "abcdefgh")]
    for seed in range(5):
        taken = distractors(own, others, Random(seed))
        assert "find_order" not in taken and len(taken) >= 5
        assert "order_taxi" in taken or "list_cards" in taken
    with pytest.raises(SamplingFailed):
        distractors(own, ["list_cards", "order_taxi"], Random(0))


def test_one_environment_is_not_enough() -> None:
    with pytest.raises(UserError, match="--variant distractors takes tools of an environment"):
        SlotMaker(configuration(variants={"distractors": 0.5}, env=ENV[:1]), graph())


def test_too_few_tools_to_distract_with_are_refused_before_anything_is_made() -> None:
    env = [f"{Path(__file__).with_name('bell.py')}:Bell", ENV[0]]
    space = SimulationSpace.from_names(env)
    parking = [name for name in space.tools if name != "ring_bell"]
    held = configuration(variants={"distractors": 0.5}, env=env, holdout_tools=parking[1:])
    with pytest.raises(
        UserError, match="--variant distractors: the environments of .* have fewer than 5 tools"
    ):
        SlotMaker(held, ToolGraph.build(space, states=1))
    enough = configuration(variants={"distractors": 0.5}, env=env)
    SlotMaker(enough, ToolGraph.build(space, states=1))
