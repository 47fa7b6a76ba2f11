"""Conversations that only one rule on error_recovery rejects; `mutations` has those of the other rules."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

from funreason_plugin.faults import Fault, Kind, Recovery
from funreason_plugin.trajectory import Call, Provenance, RecoveryTurn, Step, Trajectory
from tests.checks.mutations import look, only

ERROR = {"error": "503 Service Unavailable: the request was not processed."}
NOTICED = "That went wrong, so I call find_flights again: from Rome, to "


def with_recovery(t: Trajectory, place: int, recovery: Recovery) -> RecoveryTurn:
    """Make a turn one in which something goes wrong."""
    plain = t.turns[place]
    values = {item.name: getattr(plain, item.name) for item in fields(plain)} | {"variant": "error_recovery"}
    turn = t.turns[place] = RecoveryTurn(**values, recovery=recovery)
    return turn


def recovered(t: Trajectory, kind: Kind, output: Any) -> RecoveryTurn:
    """The first look-up goes wrong, and is made again."""
    good = look(t)
    wrong = Call(good.name, dict(good.arguments), dict(good.provenance), output)
    turn = with_recovery(t, 0, Recovery(kind, [Fault(good.name, output)], []))
    turn.steps.insert(0, Step(turn.steps[0].thought, [wrong]))
    turn.steps[1].thought = NOTICED + str(good.arguments["destination"]) + "."
    for call in (call for other in t.turns for call in other.calls()):
        for path, origin in call.provenance.items():
            if origin.source == "output" and origin.turn == 0 and origin.call is not None:
                call.provenance[path] = replace(origin, call=origin.call + 1)
    return turn


@only("unfit_recovery")
def _(t: Trajectory) -> None:  # nothing says what goes wrong
    t.turns[1].variant = "error_recovery"


@only("unfit_recovery")
def _(t: Trajectory) -> None:  # the fault has no end
    turn = recovered(t, "transient", ERROR)
    turn.recovery.faults.append(Fault("set_alerts", ERROR, 0))


@only("unfit_recovery")
def _(t: Trajectory) -> None:  # an error that has come to stay
    recovered(t, "transient", {"error": "There is no such city."})


@only("fault_not_met")
def _(t: Trajectory) -> None:
    with_recovery(t, 0, Recovery("transient", [Fault("set_alerts", ERROR)], []))


@only("not_recovered")
def _(t: Trajectory) -> None:  # the response that was wrong is the last one
    good = look(t)
    turn = with_recovery(t, 1, Recovery("wrong_response", [Fault(good.name, None)], []))
    wrong = Call(
        good.name,
        dict(good.arguments),
        {name: Provenance("earlier_query", turn=0) for name in good.arguments},
        None,
    )
    turn.steps.append(Step(f"I look once more from Rome to {good.arguments['destination']}.", [wrong]))
    turn.thought = "That response has nothing in it."


@only("wrong_response_used")
def _(t: Trajectory) -> None:
    turn = recovered(t, "wrong_response", {"origin": "Bergen", "flights": look(t).output["flights"]})
    provenance = turn.steps[2].calls[0].provenance
    provenance["flight_id"] = replace(provenance["flight_id"], call=0)


@only("mistake_took_effect")
def _(t: Trajectory) -> None:
    turn = recovered(t, "own_mistake", look(t).output)
    turn.recovery = Recovery("own_mistake", [], [0])


@only("unnoticed_fault")
def _(t: Trajectory) -> None:
    turn = recovered(t, "transient", ERROR)
    turn.steps[1].thought = turn.steps[0].thought
