"""Reasons for taking one record of a list, and what a conversation remembers."""

from __future__ import annotations

from typing import Any

import pytest

from funreason_plugin.synthesis.choices import choices, lasting
from funreason_plugin.synthesis.history import History, LiveCall
from funreason_plugin.trajectory import Call, Choice, Provenance

FLIGHTS = {
    "flights": [
        {
            "flight_id": "FL-1",
            "price": 120.0,
            "departs": "08:15",
            "carrier": "Solmar",
            "direct": True,
            "gate": 3,
        },
        {
            "flight_id": "FL-2",
            "price": 80.0,
            "departs": "11:40",
            "carrier": "Norlux",
            "direct": False,
            "gate": 9,
        },
        {
            "flight_id": "FL-3",
            "price": 95.0,
            "departs": "11:40",
            "carrier": "Solmar Sun",
            "direct": True,
            "gate": 5,
        },
    ]
}


def reasons(path: str, output: Any = FLIGHTS) -> set[tuple[str, str, Any]]:
    found = choices(path, output)
    assert found is not None
    return {(choice.by, choice.key, choice.value) for _, choice in found}


def test_extremes_and_what_only_one_record_has() -> None:
    assert ("min", "price", None) in reasons("flights[1].flight_id")
    assert ("max", "price", None) in reasons("flights[0].flight_id")
    assert ("min", "departs", None) in reasons("flights[0].flight_id")
    assert ("equals", "carrier", "Norlux") in reasons("flights[1].flight_id")
    assert ("equals", "departs", "08:15") in reasons("flights[0].flight_id")


def test_never_an_id_a_flag_a_shared_or_an_ambiguous_value() -> None:
    every = set().union(*(reasons(f"flights[{index}].flight_id") for index in range(3)))
    assert {key for _, key, _ in every} == {"price", "departs", "carrier", "gate"}
    assert ("equals", "departs", "11:40") not in every, "two flights leave at that time"
    assert ("equals", "carrier", "Solmar") not in every, "it could also be Solmar Sun"
    assert not {"min", "max"} & {by for by, key, _ in every if key == "gate"}, "nobody compares gates"


def test_fields_that_only_the_system_knows_are_left_out() -> None:
    found = choices("r[0].x", {"r": [{"x": 1, "agent": "Kim"}, {"x": 2, "agent": "Lee"}]}, {"agent", "x"})
    assert found == []


def test_a_single_record_needs_no_telling_apart() -> None:
    assert reasons("flights[0].id", {"flights": [{"id": "F"}]}) == {("only", "", None)}
    assert reasons("[0].id", [{"id": "F"}]) == {("only", "", None)}


def test_outside_of_lists_there_is_nothing_to_choose() -> None:
    assert choices("booking.id", {"booking": {"id": "B"}}) is None


def test_of_nested_lists_the_outer_ones_must_have_one_record() -> None:
    rooms = [{"id": "R1", "price": 5}, {"id": "R2", "price": 9}]
    assert reasons("hotels[0].rooms[1].id", {"hotels": [{"rooms": rooms}]}) >= {("max", "price", None)}
    assert reasons("hotels[0].rooms[1].id", {"hotels": [{"rooms": rooms}, {"rooms": []}]}) == set()


@pytest.mark.parametrize("output", [{"names": ["a", "b"]}, {"names": [["a"], ["b"]]}])
def test_bare_values_cannot_be_told_apart(output: dict[str, Any]) -> None:
    assert reasons("names[0]", output) == set()


def test_equal_extremes_are_no_reason() -> None:
    output = {"r": [{"id": 1, "price": 5}, {"id": 2, "price": 5}, {"id": 3, "price": 7}]}
    assert reasons("r[0].id", output) == set()


def test_a_name_lasts_an_amount_may_change() -> None:
    assert lasting(Choice("r", "equals", "payee_name", "Ana"))
    assert lasting(Choice("r", "only"))
    assert not lasting(Choice("r", "equals", "amount", 3))
    assert not lasting(Choice("r", "min", "amount"))


def test_history_keeps_the_most_recent_call_and_what_was_said() -> None:
    history = History()
    query, note = Provenance("query"), Provenance("output", 0, 0, "id")
    history.add([Call("find", {"city": "Graz"}, {"city": query}, {"id": "A"})], "find")
    failed = Call("find", {"city": "Oslo"}, {"city": query}, {"error": "no"})
    history.add(
        [
            Call("find", {"city": "Cork"}, {"city": query}, {"id": "B"}),
            failed,
            Call("use", {"x": "B"}, {"x": note}, {}),
        ]
    )
    assert history.latest["find"].output == {"id": "B"}
    assert (history.latest["find"].turn, history.latest["find"].index) == (1, 0)
    assert [(said.value, said.turn) for said in history.said] == [("Graz", 0), ("Cork", 1)]
    assert history.targets == {"find": 1}
    assert history.turns == 2


def test_values_under_several_keys_cannot_be_referred_to() -> None:
    one = LiveCall("f", {}, {"by_id": {"A-1": {"sum": 3}}}, 0, 0)
    two = LiveCall("f", {}, {"by_id": {"A-1": {"sum": 3}, "A-2": {"sum": 4}}}, 0, 0)
    assert one.values("by_id.*.sum") == [("by_id.A-1.sum", 3)]
    assert two.values("by_id.*.sum") == []
