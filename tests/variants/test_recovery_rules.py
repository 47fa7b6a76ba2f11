"""Each rule on error_recovery with a fault planted that it is to find."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from funreason_plugin.checks.acceptance import review_trajectory
from funreason_plugin.faults import Fault, Kind, Recovery, met
from funreason_plugin.trajectory import Provenance, RecoveryTurn, Trajectory
from tests.variants.recovered import of_kind


def found(trajectory: Trajectory) -> set[str]:
    return {rule for _, rule, _ in review_trajectory(trajectory)}


def faulty(turn: RecoveryTurn) -> int:
    """The number of the first call that meets a fault."""
    return met(turn.recovery.faults, turn.calls()).index(True)


def without_steps_after(turn: RecoveryTurn, step: int) -> None:
    del turn.steps[step + 1 :]


def step_of(turn: RecoveryTurn, number: int) -> int:
    return [place for place, step in enumerate(turn.steps) for _ in step.calls][number]


def test_a_fault_that_no_call_meets() -> None:
    trajectory, _, turn = of_kind("transient")
    call = turn.calls()[faulty(turn)]
    other = next(name for name in ("parcel_details", "bring_parcel", "list_parcels") if name != call.name)
    turn.recovery = replace(turn.recovery, faults=[Fault(other, {"error": "503"}, 1)])
    if any(c.name == other for c in turn.calls()):
        turn.recovery = replace(turn.recovery, faults=[Fault("sign_in", {"error": "503"}, 1)])
    assert "fault_not_met" in found(trajectory)


@pytest.mark.parametrize("kind", ["transient", "wrong_response", "empty", "precondition"])
def test_a_turn_that_ends_without_a_recovery(kind: Kind) -> None:
    trajectory, _, turn = of_kind(kind)
    without_steps_after(turn, step_of(turn, faulty(turn)))
    assert "not_recovered" in found(trajectory)


def test_a_mistake_that_is_not_mended() -> None:
    trajectory, _, turn = of_kind("own_mistake")
    without_steps_after(turn, turn.recovery.mistakes[0])
    assert {"not_recovered", "unresolved_error"} <= found(trajectory)


def test_a_mistake_that_succeeded() -> None:
    trajectory, _, turn = of_kind("own_mistake")
    turn.steps[turn.recovery.mistakes[0]].calls[0].output = {"done": True}
    assert "mistake_took_effect" in found(trajectory)
    turn.recovery.mistakes[:] = [17]
    assert "mistake_took_effect" in found(trajectory)


def test_an_argument_taken_from_a_wrong_response() -> None:
    trajectory, number, turn = of_kind("wrong_response")
    place = faulty(turn)
    call = turn.calls()[-1]
    call.arguments["parcel_id"] = "PC-1"
    call.provenance["parcel_id"] = Provenance("output", turn=number, call=place, field="")
    assert "wrong_response_used" in found(trajectory)


def test_an_answer_that_tells_what_only_a_wrong_response_said() -> None:
    trajectory, _, turn = of_kind("wrong_response")
    wrong: dict[str, Any] = {"parcels": [{"parcel_id": None, "name": None, "weight": 98765}]}
    place = faulty(turn)
    turn.calls()[place].output = wrong
    turn.answer += " It weighs 98765 grams."
    assert "wrong_response_used" in found(trajectory)


def test_a_later_turn_that_uses_a_wrong_response() -> None:
    trajectory, number, turn = of_kind("wrong_response")
    place = faulty(turn)
    later = of_kind("transient")[2]
    trajectory.turns[number + 1 :] = [later]
    call = later.calls()[-1]
    call.provenance = {
        name: Provenance("output", turn=number, call=place, field="") for name in call.arguments
    }
    if not call.arguments:
        call.arguments, call.provenance = (
            {"x": 1},
            {"x": Provenance("output", turn=number, call=place, field="")},
        )
    assert (number + 1, "wrong_response_used") in {(n, rule) for n, rule, _ in review_trajectory(trajectory)}


def test_a_needed_value_that_only_a_fault_gave() -> None:
    trajectory, _, turn = of_kind("wrong_response")
    turn.calls()[faulty(turn)].output = {"secret": "X1"}
    turn.needed.append(replace(turn.needed[0], field="secret", value="X1") if turn.needed else turn.needed[0])
    assert "wrong_response_used" in found(trajectory)


@pytest.mark.parametrize("kind", ["transient", "wrong_response", "empty", "precondition", "own_mistake"])
def test_a_thought_that_notices_nothing(kind: Kind) -> None:
    trajectory, _, turn = of_kind(kind)
    step = turn.recovery.mistakes[0] if kind == "own_mistake" else step_of(turn, faulty(turn))
    turn.steps[step + 1].thought = "On to the next call."
    assert "unnoticed_fault" in found(trajectory)


def test_a_fault_that_is_not_evident() -> None:
    trajectory, _, turn = of_kind("wrong_response")
    place = faulty(turn)
    turn.calls()[place].output = next(
        c.output for c in turn.calls()[place + 1 :] if c.name == turn.calls()[place].name
    )
    assert "unfit_recovery" in found(trajectory)


@pytest.mark.parametrize(
    "recovery",
    [
        Recovery("transient", [], []),
        Recovery("own_mistake", [Fault("list_parcels", None)], []),
        Recovery("transient", [Fault("list_parcels", {"error": "503"}, 0)], []),
        Recovery("transient", [Fault("list_parcels", {"error": "503"}, 1, "sign_in")], []),
        Recovery("transient", [Fault("no_such_tool", {"error": "503"})], []),
    ],
)
def test_a_recovery_that_makes_no_sense(recovery: Recovery) -> None:
    trajectory, _, turn = of_kind("transient")
    turn.recovery = recovery
    assert "unfit_recovery" in found(trajectory)


def test_a_variant_without_a_recovery_and_the_reverse() -> None:
    trajectory, number, turn = of_kind("transient")
    turn.variant = "base"
    assert "unfit_recovery" in found(trajectory)
    trajectory, number, _ = of_kind("transient")
    plain = trajectory.turns[number - 1 if number else number + 1]
    plain.variant = "error_recovery"
    assert "unfit_recovery" in found(trajectory)
