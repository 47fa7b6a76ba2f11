"""Equations (1) and (2) without executions: the legal set, and the way to a target."""

from __future__ import annotations

from random import Random

import pytest

from funreason_plugin.synthesis.legality import Legality
from funreason_plugin.synthesis.tables import NEVER, Tables
from tests.phase1.conversations import graph_of, space_of


@pytest.fixture(scope="module")
def tables() -> Tables:
    return Tables.of(graph_of("toys"), space_of("toys"))


def test_the_legal_set_kept_up_to_date_is_equation_1(tables: Tables) -> None:
    graph = graph_of("toys")
    rng = Random(5)
    for _ in range(50):
        walk = Legality(tables)
        called: list[str] = []
        for _ in range(8):
            name = rng.choice(list(walk.legal))
            walk.call(name)
            called.append(name)
            assert set(walk.legal) == {tool for tool in graph.tools if graph.legal(tool, called)}


def test_a_legal_target_is_called_at_once(tables: Tables) -> None:
    assert Legality(tables).next("list_goods", Random(0)) == ("list_goods", None)


def test_the_nearest_legal_tool_leads_to_the_target(tables: Tables) -> None:
    walk = Legality(tables)
    way: list[str] = []
    while not way or way[-1] != "order_status":
        step = walk.next("order_status", Random(0))
        assert step is not None
        walk.call(step[0])
        way.append(step[0])
    assert way == ["list_goods", "add_to_cart", "order", "order_status"]


def test_a_called_target_gives_way_to_any_legal_tool(tables: Tables) -> None:
    walk = Legality(tables, ["list_goods"])
    drawn = {walk.next("list_goods", Random(number))[0] for number in range(60)}  # type: ignore[index]
    assert drawn == set(walk.legal)


def test_nothing_leads_to_a_target_whose_providers_are_banned(tables: Tables) -> None:
    walk = Legality(tables)
    walk.banned.add(("get_zipcode", "distance"))
    assert walk.next("distance", Random(0)) is None


def test_estimates_count_the_calls_that_are_missing(tables: Tables) -> None:
    walk = Legality(tables)
    assert walk.estimate("list_goods", 5) == 1
    assert walk.estimate("order_status", 5) == 4
    assert walk.estimate("order_status", 3) == NEVER
    walk.call("list_goods")
    walk.call("add_to_cart")
    assert walk.estimate("order_status", 3) == 2


def test_undoing_what_was_just_done_makes_no_sense_in_one_turn(tables: Tables) -> None:
    assert tables.silly("reserve", "cancel")
    assert not tables.silly("my_reservations", "cancel")
    assert not tables.silly("reserve", "pay")
    assert not tables.silly("sign_in", "cancel")
