"""ToolGraph: what is inferred, what execution verifies, what counts for legality."""

from __future__ import annotations

import os
import subprocess
import sys
from random import Random
from typing import Any

import pytest

from funreason_plugin.environments.environment import Environment, ToolError, tool
from funreason_plugin.environments.space import SimulationSpace
from funreason_plugin.errors import UserError
from funreason_plugin.synthesis.graph import Edge, ToolGraph
from tests.phase1.toys import Depot, Ferry


@pytest.fixture(scope="module")
def graph() -> ToolGraph:
    return ToolGraph.build(SimulationSpace([Ferry, Depot]), states=6)


def counted(graph: ToolGraph, kind: str) -> set[tuple[str, ...]]:
    if kind == "data":
        return {
            (e.provider, e.output, e.consumer, e.param) for e in graph.edges if e.verified and e.kind == kind
        }
    return {(e.provider, e.consumer) for e in graph.edges if e.verified and e.kind == kind}


def edge(graph: ToolGraph, provider: str, consumer: str) -> Edge:
    return next(e for e in graph.edges if (e.provider, e.consumer) == (provider, consumer))


def test_data_edges_are_those_that_execution_bears_out(graph: ToolGraph) -> None:
    assert counted(graph, "data") == {
        ("find_crossings", "crossings[].crossing_id", "reserve", "crossing_id"),
        ("my_reservations", "[].crossing_id", "reserve", "crossing_id"),
        ("reserve", "reservation_id", "pay", "reservation_id"),
        ("my_reservations", "[].reservation_id", "pay", "reservation_id"),
        ("reserve", "reservation_id", "cancel", "reservation_id"),
        ("my_reservations", "[].reservation_id", "cancel", "reservation_id"),
        ("get_zipcode", "", "distance", "zip_a"),
        ("get_zipcode", "", "distance", "zip_b"),
        ("get_zipcode", "", "drive", "zip_code"),
        ("list_goods", "goods[].sku", "add_to_cart", "sku"),
        ("order", "order.id", "order_status", "order_id"),
        ("order", "order.id", "reorder", "order_id"),
    }


def test_state_edges_are_what_lifts_a_failure(graph: ToolGraph) -> None:
    assert counted(graph, "state") == {
        ("sign_in", "reserve"),
        ("sign_in", "my_reservations"),
        ("sign_in", "pay"),
        ("sign_in", "cancel"),
        ("start_engine", "drive"),
        ("add_to_cart", "order"),
        ("reorder", "order"),
    }


def test_evidence_counts_trials_with_the_value_and_with_others(graph: ToolGraph) -> None:
    found = edge(graph, "list_goods", "add_to_cart")
    assert found.source == "name"
    assert found.successes >= 2
    assert found.foreign == found.foreign_trials > 0


def test_what_did_not_hold_is_kept_but_does_not_count(graph: ToolGraph) -> None:
    seats = next(e for e in graph.edges if e.param == "seats")
    assert not seats.verified
    assert graph.graph.number_of_edges() == sum(e.verified for e in graph.edges)


def test_equation_1_asks_for_one_provider_of_each_prerequisite(graph: ToolGraph) -> None:
    assert graph.legal("sign_in", [])
    assert not graph.legal("order", [])
    assert graph.legal("order", ["add_to_cart"])
    assert graph.legal("order", ["reorder"]), "alternatives satisfy the same prerequisite"
    assert not graph.legal("reserve", ["find_crossings"]), "signed out"
    assert not graph.legal("reserve", ["sign_in"]), "nobody knows a crossing's id"
    assert graph.legal("reserve", ["sign_in", "find_crossings"])


def test_what_a_user_knows_is_no_prerequisite(graph: ToolGraph) -> None:
    assert graph.needs["find_crossings"] == ()
    assert graph.needs["get_zipcode"] == ()
    assert [need.param for need in graph.needs["pay"]] == ["reservation_id", ""]


def test_distance_counts_dependencies(graph: ToolGraph) -> None:
    assert graph.distance("order_status") == {
        "order_status": 0,
        "order": 1,
        "add_to_cart": 2,
        "reorder": 2,
        "list_goods": 3,
    }
    assert graph.distance("order_status") is graph.distance("order_status")


def test_marks_are_not_needed_to_find_the_edges(graph: ToolGraph) -> None:
    unmarked = ToolGraph.build(SimulationSpace([Ferry, Depot]), states=6, marks=False)
    assert counted(unmarked, "data") == counted(graph, "data")
    assert counted(unmarked, "state") == counted(graph, "state")


def test_json_round_trip_gives_the_same_bytes(graph: ToolGraph) -> None:
    data = graph.to_json()
    again = ToolGraph.from_json(data)
    assert again.to_json() == data
    assert again.needs == graph.needs


def test_the_same_seed_gives_the_same_bytes_in_another_process(graph: ToolGraph) -> None:
    code = (
        "from funreason_plugin.environments.space import SimulationSpace\n"
        "from funreason_plugin.synthesis.graph import ToolGraph\n"
        "from tests.phase1.toys import Depot, Ferry\n"
        "import sys; sys.stdout.buffer.write(ToolGraph.build(SimulationSpace([Ferry, Depot]), states=6).to_json())"
    )
    environ = {**os.environ, "PYTHONHASHSEED": "12345"}
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, env=environ, check=True)
    assert result.stdout == graph.to_json()


@pytest.mark.parametrize("data", [b"{}", b"not json", b'{"format": 99}', b"[1]"])
def test_a_broken_file_is_refused_with_its_name(data: bytes) -> None:
    with pytest.raises(UserError, match=r"^here\.json: "):
        ToolGraph.from_json(data, "here.json")


def test_a_restricted_graph_loses_what_the_others_provided(graph: ToolGraph) -> None:
    part = graph.restricted(["list_goods", "order", "order_status", "reorder"])
    assert list(part.tools) == ["list_goods", "order", "order_status", "reorder"]
    assert not part.legal("order", ["list_goods"])
    assert part.legal("order", ["reorder"])
    without = graph.restricted(["drive", "get_zipcode"])
    assert not without.legal("drive", ["get_zipcode"]), "nothing starts the engine any more"
    with pytest.raises(UserError, match="did you mean 'drive'"):
        graph.restricted(["drivve"])


def test_without_verification_guesses_count() -> None:
    graph = ToolGraph.build(SimulationSpace([Ferry]), verify=False)
    assert ("my_reservations", "[].seats", "reserve", "seats") in counted(graph, "data")
    assert counted(graph, "state") == set()


class Liar(Environment):
    """A tool that writes without saying so."""

    opened: int

    def scenario(self, rng: Random) -> dict[str, Any]:
        return {"opened": 0}

    @tool
    def read(self) -> dict[str, int]:
        """Read the page."""
        self.opened += 1
        return {"opened": self.opened}


def test_a_wrong_claim_to_only_read_is_found() -> None:
    with pytest.raises(UserError, match=r"'read' changes the state .*writes=True"):
        ToolGraph.build(SimulationSpace([Liar]))


class Office(Environment):
    """Declared edges, a look-up that is said to be the only source, a state that only some scenarios need."""

    declared = (("knock", "enter"),)
    locked: bool
    rooms: dict[str, str]

    def scenario(self, rng: Random) -> dict[str, Any]:
        names = rng.sample(["Ada", "Bo", "Cy", "Di"], 3)
        return {
            "locked": rng.random() < 0.6,
            "rooms": {f"r-{rng.randint(100, 999)}{i}": n for i, n in enumerate(names)},
        }

    @tool(writes=True)
    def unlock(self) -> dict[str, bool]:
        """Unlock the cabinet."""
        if not self.locked:
            raise ToolError("it is open")
        self.locked = False
        return {"open": True}

    @tool
    def read_file(self) -> dict[str, str]:
        """Read the file in the cabinet."""
        if self.locked:
            raise ToolError("the cabinet is locked")
        return {"text": "Lunch is at noon."}

    @tool
    def list_rooms(self) -> dict[str, list[dict[str, str]]]:
        """List the rooms."""
        return {"rooms": [{"ref": key, "who": name} for key, name in self.rooms.items()]}

    @tool
    def knock(self) -> dict[str, str]:
        """Knock at the door."""
        return {"heard": "yes"}

    @tool
    def enter(self, place: str) -> dict[str, str]:
        """Enter.

        Args:
            place: Where to.
        """
        if place not in self.rooms:
            raise ToolError("no such place")
        return {"met": self.rooms[place]}


@pytest.fixture(scope="module")
def office() -> ToolGraph:
    return ToolGraph.build(SimulationSpace([Office]), states=10)


def test_declared_edges_count(office: ToolGraph) -> None:
    assert edge(office, "knock", "enter").kind == "declared"
    assert not office.legal("enter", ["list_rooms"])


def test_a_value_that_works_is_found_though_no_name_tells(office: ToolGraph) -> None:
    found = next(e for e in office.edges if e.consumer == "enter" and e.kind == "data" and e.verified)
    assert (found.provider, found.output, found.source) == ("list_rooms", "rooms[].ref", "value")


def test_a_need_of_some_states_is_an_edge_but_no_prerequisite(office: ToolGraph) -> None:
    found = edge(office, "unlock", "read_file")
    assert found.verified
    assert not found.always
    assert office.legal("read_file", [])
