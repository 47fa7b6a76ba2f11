"""Replay finds what is not as the environments make it, at its exact place."""

from __future__ import annotations

from pathlib import Path

import pytest

from funreason_plugin.checks.replay import changed_environments, replay, scenario_differences
from funreason_plugin.environments.space import SimulationSpace
from funreason_plugin.trajectory import Trajectory, certify, dumps, loads
from tests.checks.desk import SPACE, conversation


def places(trajectory: Trajectory) -> list[str]:
    trajectory.certificate = certify(trajectory)  # a forger would
    return [difference.where for difference in replay(loads(dumps(trajectory)))]


def test_a_stored_trajectory_replays() -> None:
    for seed in range(10):
        trajectory = loads(dumps(conversation(seed)))
        assert replay(trajectory) == []
        assert replay(trajectory, SPACE) == []
        assert list(scenario_differences(trajectory, SPACE)) == []


def test_an_output() -> None:
    trajectory = conversation(0)
    flight = trajectory.turns[0].steps[0].calls[0].output["flights"][0]
    flight["price"] += 10
    trajectory.certificate = certify(trajectory)
    (difference,) = replay(trajectory)
    assert str(difference) == (
        "turns[0].steps[0].calls[0].output.flights[0].price: "
        f"stored {flight['price']}, replay gives {flight['price'] - 10}"
    )


def test_an_item_too_many_and_a_key_too_few() -> None:
    trajectory = conversation(0)
    flights = trajectory.turns[0].steps[0].calls[0].output["flights"]
    del flights[0]["departs"]
    flights.append({})
    found = places(trajectory)
    assert found[0].endswith("flights[0].departs") and found[1].endswith(f"flights[{len(flights) - 1}]")


def test_an_argument() -> None:
    trajectory = conversation(0)
    trajectory.turns[0].steps[1].calls[0].arguments["seats"] = 3
    found = places(trajectory)
    assert found[0] == "turns[0].steps[1].calls[0].output.booking_id"
    assert "turns[0].state_hash" in found


def test_a_state_hash() -> None:
    trajectory = conversation(0)
    trajectory.turns[1].state_hash = trajectory.turns[0].state_hash
    assert places(trajectory) == ["turns[1].state_hash"]


def test_the_scenario_is_the_one_of_its_seed() -> None:
    trajectory = conversation(0)
    trajectory.scenario.states["desk"]["flights"]["FL0000"] = {"origin": "Bergen"}
    assert [d.where for d in scenario_differences(trajectory, SPACE)] == [
        "scenario.states.desk.flights.FL0000"
    ]


def test_tools_and_policy_are_the_environments() -> None:
    trajectory = conversation(0)
    trajectory.system += " Be brief."
    trajectory.tools[1]["function"]["parameters"]["properties"]["seats"]["default"] = 2
    assert places(trajectory) == ["system", "tools[1].function.parameters.properties.seats.default"]


def test_the_certificate() -> None:
    trajectory = conversation(0)
    trajectory.certificate = "0" * 64
    assert [difference.where for difference in replay(trajectory)] == ["certificate"]


def test_a_changed_environment_is_named_and_may_still_replay() -> None:
    trajectory = conversation(0)
    trajectory.environments[0].hash = "0" * 16
    assert [d.where for d in changed_environments(trajectory, SPACE)] == ["environments[0].hash"]
    assert places(trajectory) == []


def test_an_environment_that_is_gone(tmp_path: Path) -> None:
    trajectory = conversation(0)
    trajectory.environments[0].source = str(tmp_path / "gone.py:Desk")
    with pytest.raises(Exception, match=r"gone\.py: no such file"):
        replay(trajectory)
    assert replay(trajectory, SimulationSpace([*SPACE.environments.values()])) != []  # the certificate only
