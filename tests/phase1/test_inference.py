"""Names, slots and candidates: who may feed whom, before anything is executed."""

from __future__ import annotations

import pytest

from benchmarks.graph import steps, synthetic
from funreason_plugin.checks.setbacks import nothing_found
from funreason_plugin.environments.marks import Ref, Values
from funreason_plugin.environments.spec import OutputField, ParamSpec, ToolSpec
from funreason_plugin.synthesis.graph import ToolGraph
from funreason_plugin.synthesis.graph_inference import Candidates
from funreason_plugin.synthesis.names import id_like, tool_noun, words
from funreason_plugin.synthesis.outputs import found, leaves, opened_by
from funreason_plugin.synthesis.tables import Tables

TEXT = {"type": "string"}


def giver(path: str, name: str = "list_things", entity: str = "", description: str = "") -> ToolSpec:
    ref = Ref(entity) if entity else None
    return ToolSpec(name, "a", name, {}, (), (OutputField(path, TEXT, ref, description),))


def taker(param: str, name: str = "use_thing", entity: str = "", description: str = "") -> ToolSpec:
    ref = Ref(entity) if entity else None
    schema = {**TEXT, "description": description} if description else TEXT
    return ToolSpec(name, "a", name, {}, (ParamSpec(param, schema, True, description=description, ref=ref),))


@pytest.mark.parametrize(
    "given, wanted, source",
    [
        (giver("flights[].flight_id"), taker("flight_id"), "name"),
        (giver("flights[].id"), taker("flight_id"), "name"),
        (giver("flight_id"), taker("return_flight_id"), "name"),
        (giver("accounts[].accountId"), taker("from_account"), "head"),
        (giver("", "get_zipcode"), taker("zip_a"), "head"),
        (giver("", "get_zipcode"), taker("zip_code"), "name"),
        (giver("id", "create_order"), taker("order_id"), "name"),
        (giver("orders[].id"), taker("id", "cancel_order"), "name"),
        (giver("x[].sku"), taker("sku"), "name"),
        (giver("a.b", entity="seat"), taker("c", entity="seat"), "entity"),
        (giver("rooms[].id"), taker("where", description="Number of the room."), "description"),
    ],
)
def test_fields_and_parameters_that_speak_of_the_same_meet(
    given: ToolSpec, wanted: ToolSpec, source: str
) -> None:
    pairs = Candidates.of([given, wanted]).pairs
    assert list(pairs.values()) == [source]


@pytest.mark.parametrize(
    "given, wanted",
    [
        (giver("patients[].name"), taker("patient_id")),
        (giver("orders[].status"), taker("status")),
        (giver("hotels[].id"), taker("flight_id")),
        (giver("message", "post_note"), taker("message")),
    ],
)
def test_what_is_not_the_same_does_not_meet(given: ToolSpec, wanted: ToolSpec) -> None:
    assert Candidates.of([given, wanted]).pairs == {}


def test_types_must_agree() -> None:
    number = ToolSpec("count", "a", "count", {}, (), (OutputField("seat_id", {"type": "integer"}),))
    assert Candidates.of([number, taker("seat_id")]).pairs == {}


def test_a_declared_look_up_is_the_strongest_source() -> None:
    wanted = ToolSpec(
        "use", "a", "use", {}, (ParamSpec("id", TEXT, True, values=Values.tool("list_things", "t[].id")),)
    )
    assert Candidates.of([giver("t[].id"), wanted]).pairs["list_things", "t[].id", "use", "id"] == "declared"


def test_fields_seen_in_outputs_join_in() -> None:
    candidates = Candidates.of([ToolSpec("list_things", "a", "list", {}, ()), taker("seat_id")])
    assert candidates.pairs == {}
    candidates.observe("list_things", "seats[].id", "string")
    assert list(candidates.pairs) == [("list_things", "seats[].id", "use_thing", "seat_id")]


def test_words() -> None:
    assert words("homeCities") == ("home", "city")
    assert words("zipcode") == ("zip", "code")
    assert words("getZip_codes") == ("get", "zip", "code")
    assert tool_noun("get_zipcode_based_on_city") == ("zip", "code")
    assert id_like("items[].order_id") and not id_like("quantity")


def test_leaves_of_an_output_with_patterns_and_paths() -> None:
    output = {"flights": [{"id": "F1", "stops": ["LIS", "OPO"]}], "by_id": {"BK-1": {"sum": 3}}, "none": None}
    assert list(leaves(output)) == [
        ("flights[].id", "flights[0].id", "F1"),
        ("flights[].stops", "flights[0].stops", ["LIS", "OPO"]),
        ("flights[].stops[]", "flights[0].stops[0]", "LIS"),
        ("flights[].stops[]", "flights[0].stops[1]", "OPO"),
        ("by_id.*.sum", "by_id.BK-1.sum", 3),
    ]
    assert found("flights[].stops[]", output) == [
        ("flights[0].stops[0]", "LIS"),
        ("flights[0].stops[1]", "OPO"),
    ]
    assert found("by_id.*.sum", output) == [("by_id.BK-1.sum", 3)]
    assert found("flights[0].id", output) == [("flights[0].id", "F1")]
    assert found("", 7) == [("", 7)]
    assert opened_by(["rates.*.price", "*"]) == {"rates", ""}


@pytest.mark.parametrize(
    "output, arguments, empty",
    [
        ([], {}, True),
        ({"flights": [], "from": "Rome"}, {"origin": "Rome"}, True),
        ({"flights": [], "note": "none today"}, {}, False),
        ({"flights": [{"id": 1}]}, {}, False),
        ({"name": "Ana", "orders": []}, {"id": 4}, False),
        ("", {}, True),
        (0, {}, False),
    ],
)
def test_a_look_up_that_found_nothing(output: object, arguments: dict[str, object], empty: bool) -> None:
    assert nothing_found(output, arguments) is empty


def test_a_large_tool_set_is_walked_to_its_targets() -> None:
    specs = synthetic(1200)
    graph = ToolGraph.infer(specs)
    tables = Tables.make(graph, specs)
    from random import Random

    targets = [name for name in specs if graph.needs[name]][:100]
    count, _, _, reached = steps(tables, targets, Random(1))
    assert reached == 100
    assert count < 600, "each step leads to the target"
