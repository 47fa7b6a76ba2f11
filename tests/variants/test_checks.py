"""Planted wrong abstentions, and what tells that a tool or a value is at hand after all."""

from __future__ import annotations

from dataclasses import replace

import pytest

from funreason_plugin.checks.acceptance import review_trajectory
from funreason_plugin.checks.closeness import about_the_same, substitutes
from funreason_plugin.checks.replay import space_of
from funreason_plugin.checks.variant_tools import at_hand, giver_of, same_outputs
from funreason_plugin.environments.space import SimulationSpace
from funreason_plugin.trajectory import AbstentionTurn, Trajectory
from tests.variants.made import with_variant


def rules(trajectory: Trajectory) -> set[str]:
    found = {rule for _, rule, _ in review_trajectory(trajectory)}
    return found | {rule for _, rule, _ in at_hand(trajectory, space_of(trajectory))}


def abstention(variant: str) -> tuple[Trajectory, int, AbstentionTurn]:
    trajectory, number = with_variant(variant)
    turn = trajectory.turns[number]
    assert isinstance(turn, AbstentionTurn)
    return trajectory, number, turn


def test_a_missing_function_that_an_earlier_turn_has_called_is_refused() -> None:
    trajectory, number, _ = abstention("miss_func")
    trajectory.turns.insert(0, trajectory.turns[number + 1])
    found = {(place, rule) for place, rule, _ in review_trajectory(trajectory)}
    assert (0, "tool_not_offered") in found


def test_an_irrelevant_request_whose_tool_is_offered_is_refused() -> None:
    trajectory, _, turn = abstention("irrelevance")
    turn.lack.tools = [trajectory.tools[0]["function"]["name"]]
    reasons = [reason for _, rule, reason in review_trajectory(trajectory) if rule == "tool_at_hand"]
    assert reasons == [f"{turn.lack.tools[0]} is offered in this turn"]


def test_a_substitute_that_stays_on_offer_is_refused() -> None:
    trajectory, number, turn = abstention("miss_func")
    near = {"type": "function", "function": {"name": turn.lack.tools[0] + "_again", "parameters": {}}}
    trajectory.tools.append(near)
    assert ("tool_at_hand", number) in {(rule, place) for place, rule, _ in review_trajectory(trajectory)}


def test_a_missing_value_that_was_said_is_refused() -> None:
    trajectory, number, turn = abstention("miss_param")
    call = next(c for c in trajectory.turns[number + 1].calls() if c.name == turn.lack.tools[0])
    turn.query += f" ({call.arguments[turn.lack.parameter]})"
    assert "value_at_hand" in rules(trajectory)


def test_a_missing_value_that_an_output_has_is_refused() -> None:
    trajectory, number, turn = abstention("miss_param")
    call = next(c for c in trajectory.turns[number + 1].calls() if c.name == turn.lack.tools[0])
    if isinstance(call.arguments[turn.lack.parameter], int):
        call.arguments[turn.lack.parameter] = 240  # small numbers prove nothing
    shown = replace(call, output={"before": call.arguments[turn.lack.parameter]})
    turn_before = replace(
        trajectory.turns[number + 1], steps=[replace(trajectory.turns[number + 1].steps[0], calls=[shown])]
    )
    trajectory.turns.insert(0, turn_before)
    found = [reason for _, rule, reason in review_trajectory(trajectory) if rule == "value_at_hand"]
    assert found and ("output" in found[0] or "said" in found[0])


def test_an_irrelevant_request_for_an_environment_that_is_there_is_refused() -> None:
    trajectory, number, turn = abstention("irrelevance")
    turn.lack.environment = there = trajectory.environments[0]
    found = list(at_hand(trajectory, space_of(trajectory)))
    assert found == [(number, "tool_at_hand", f"the environment {there.name} is there")]


def test_a_request_that_is_never_completed_is_refused() -> None:
    trajectory, number, _ = abstention("miss_param")
    del trajectory.turns[number + 1 :]
    assert rules(trajectory) == {"not_completed"}


@pytest.mark.parametrize(
    ("tool", "others", "near"),
    [
        ("pay_payee", ["pay_each", "list_payees", "remove_payee"], ["pay_each"]),
        ("list_orders", ["find_order", "cancel_order", "list_cards"], ["find_order"]),
        ("moveFile", ["copyFile", "deleteFile"], ["copyFile"]),
    ],
)
def test_substitutes_are_alike_in_verb_and_noun(tool: str, others: list[str], near: list[str]) -> None:
    assert substitutes(tool, others) == near


def test_tools_are_about_the_same_thing_whatever_they_do_with_it() -> None:
    assert about_the_same("list_payees", ["pay_payee", "list_cards"]) == ["pay_payee"]
    assert about_the_same("check_out", ["list_cards"]) == [
        "list_cards"
    ]  # it says of nothing what it is about


def test_environments_say_who_gives_a_value_and_who_tells_the_same() -> None:
    tools = SimulationSpace.from_names(["shop", "bank"]).tools
    assert giver_of(tools["remove_payee"], "payee_id", tools) == "list_payees"
    assert giver_of(tools["add_payee"], "iban", tools) == ""
    assert same_outputs(tools["open_purchase"], {"order_id"}, tools) != []
    assert same_outputs(tools["add_payee"], {"payee_id"}, tools) == []
