"""Sessions: calls, errors, snapshots, isolation, and equal results in whatever order."""

from __future__ import annotations

import gc
import random
import tracemalloc
from typing import Any

import pytest

from funreason_plugin import Environment, tool
from funreason_plugin.environments.limits import is_error, is_over_time
from funreason_plugin.environments.space import Session, SimulationSpace
from funreason_plugin.errors import UserError
from tests.core.library import Library, Odd

SPACE = SimulationSpace([Library])


def fresh(seed: int = 1) -> Session:
    return SPACE.session(SPACE.scenario(seed))


def test_a_call_returns_json_and_changes_the_state() -> None:
    session = fresh()
    before = session.state()["library"]["copies"]["Dune"]
    assert session.call("lend", {"title": "Dune"})["loan"].startswith("LN-")
    assert session.state()["library"]["copies"]["Dune"] == before - 1


@pytest.mark.parametrize(
    ("name", "arguments", "said"),
    [
        ("lendd", {}, "did you mean 'lend'"),
        ("lend", {}, "'title' is a required property"),
        ("lend", {"title": 3}, "title: 3 is not of type 'string'"),
        ("lend", {"title": "Dune", "to": "me"}, "'to' was unexpected"),
        ("find", {"title": "Moby Dick"}, "no title 'Moby Dick'"),
    ],
)
def test_a_bad_call_is_an_observation(name: str, arguments: dict[str, object], said: str) -> None:
    assert said in fresh().call(name, arguments)["error"]


def test_a_tool_that_raises_leaves_nothing_behind() -> None:
    session = fresh()
    while not is_error(session.call("lend", {"title": "Emma"})):
        pass
    assert session.state()["library"]["copies"]["Emma"] == 0


def test_snapshot_and_restore() -> None:
    session = fresh()
    mark, hashed = session.snapshot(), session.state_hash()
    session.call("lend", {"title": "Dune"})
    assert session.state_hash() != hashed
    session.restore(mark)
    assert session.state_hash() == hashed
    assert session.generated == []


def test_the_same_call_gets_the_same_id_in_whatever_order() -> None:
    one, other = fresh(), fresh()
    dune = one.call("lend", {"title": "Dune"})
    emma = one.call("lend", {"title": "Emma"})
    other.call("lend", {"title": "Nothing"})
    other.call("draw", {})
    assert other.call("lend", {"title": "Emma"}) == emma
    assert other.call("lend", {"title": "Dune"}) == dune


def test_a_reworded_note_does_not_change_the_id() -> None:
    assert fresh().call("lend", {"title": "Dune", "note": "a"}) == fresh().call(
        "lend", {"title": "Dune", "note": "b"}
    )


def test_the_second_equal_call_gets_another_id() -> None:
    session = fresh(3)
    session.call("wish", {"title": "x"})
    first = session.call("lend", {"title": "Dune"})
    session.call("give_back", first)
    assert session.call("lend", {"title": "Dune"}) != first


def test_clock_and_random_numbers_are_the_sessions() -> None:
    assert fresh().call("draw", {}) == fresh().call("draw", {})
    assert fresh(1).call("draw", {}) != fresh(2).call("draw", {})


def test_sessions_do_not_see_each_other() -> None:
    scenario = SPACE.scenario(1)
    one, other = SPACE.session(scenario), SPACE.session(scenario)
    one.call("lend", {"title": "Dune"})
    assert other.state() == {"library": scenario.states["library"]}


def test_outputs_and_arguments_are_private_copies() -> None:
    space = SimulationSpace([Odd])
    session = space.session(space.scenario(0))
    values = [1]
    session.call("add", {"values": values})
    output = session.call("live", {})
    values.append(2)
    output.append(3)
    assert session.state()["odd"]["items"] == [1]


def test_misbehaving_tools_become_errors() -> None:
    space = SimulationSpace([Odd])
    session = space.session(space.scenario(0))
    assert "ZeroDivisionError" in session.call("crash", {})["error"]
    assert "not JSON" in session.call("a_set", {})["error"]
    assert "bytes" in session.call("huge", {})["error"]
    assert is_over_time(session.call("loop", {}))


def test_unknown_environment_has_a_suggestion() -> None:
    with pytest.raises(UserError, match="did you mean 'travel'"):
        SimulationSpace.from_names(["travl"])


def test_ten_thousand_sessions_leave_nothing() -> None:
    scenario = SPACE.scenario(1)

    def open_and_close(count: int) -> None:
        for _ in range(count):
            with SPACE.session(scenario) as session:
                session.call("lend", {"title": "Dune"})
                session.snapshot()

    open_and_close(200)
    gc.collect()
    tracemalloc.start()
    open_and_close(10_000)
    gc.collect()
    left, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert left < 200_000


def test_a_default_written_out_does_not_change_the_id() -> None:
    written = fresh().call("lend", {"title": "Dune", "note": ""})
    assert written == fresh().call("lend", {"title": "Dune"})


class Rooms(Environment):
    reserved: dict[str, dict[str, float]]

    def scenario(self, rng: random.Random) -> dict[str, Any]:
        return {"reserved": {}, "seed": rng.randrange(10**9)}

    @tool(writes=True)
    def reserve(self, nights: int, price: float) -> dict[str, Any]:
        """Reserve a room."""
        stay = self.new_id("ST")
        self.reserved[stay] = {"nights": nights, "price": price}
        return {"stay_id": stay, "left": [*range(nights)]}


def test_numbers_that_are_equal_make_the_same_call() -> None:
    space = SimulationSpace([Rooms])
    scenario = space.scenario(1)
    outputs = []
    for arguments in ({"nights": 2, "price": 50}, {"nights": 2.0, "price": 50.0}):
        with space.session(scenario) as session:
            outputs.append(session.call("reserve", arguments))
    assert outputs[0] == outputs[1] and outputs[0]["left"] == [0, 1]
