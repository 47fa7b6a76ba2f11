"""The clinic: its rules, its scenarios, and which solutions are equal."""

from __future__ import annotations

import json
import random
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from funreason_plugin.environments.clinic import Clinic
from funreason_plugin.environments.paths import state_values
from funreason_plugin.environments.space import Scenario, Session, SimulationSpace, is_error
from funreason_plugin.environments.state import canonical
from funreason_plugin.environments.values import candidates
from funreason_plugin.scoring import Outcome, judge
from tests.environments.alternatives_clinic import CASES, Call, Case

SPACE = SimulationSpace([Clinic])
EDGES = json.loads((Path(__file__).parents[1] / "data" / "edges_clinic.json").read_text())


@pytest.fixture
def session() -> Iterator[Session]:
    with SPACE.session(SPACE.scenario(7)) as live:
        yield live


def resolved(value: Any, state: dict[str, Any], outputs: list[Any]) -> Any:
    """An argument as written in the alternatives, with its references filled in."""
    if isinstance(value, list):
        return [resolved(item, state, outputs) for item in value]
    if isinstance(value, str) and value.startswith("="):
        number, _, path = value[1:].partition(".")
        return state_values(path, outputs[int(number)])[0]
    if isinstance(value, str) and value.startswith("@"):
        path, _, index = value[1:].partition("()[")
        return state_values(f"{path}()" if index else path, state)[
            int(index.rstrip("]") or 0) if index else 0
        ]
    return value


def play(scenario: Scenario, calls: list[Call]) -> Outcome:
    with SPACE.session(scenario) as live:
        outputs: list[Any] = []
        made = []
        for tool, written in calls:
            arguments = {k: resolved(v, scenario.states["clinic"], outputs) for k, v in written.items()}
            outputs.append(live.call(tool, arguments))
            made.append((tool, arguments))
        return Outcome.of(live, outputs, made)


def scenarios(case: Case, number: int = 3) -> list[Scenario]:
    drawn = (SPACE.scenario(seed) for seed in range(200))
    return [s for s in drawn if case.fits(s.states["clinic"], s.clock)][:number]


def solutions(kind: str) -> list[Any]:
    return [
        pytest.param(case, calls, id=f"{case.request[:20]}: {name}")
        for case in CASES
        for name, calls in getattr(case, kind).items()
    ]


def test_there_are_enough_alternatives() -> None:
    assert len(solutions("right")) >= 25
    assert len(solutions("wrong")) >= 8


@pytest.mark.parametrize("case", [pytest.param(case, id=case.request) for case in CASES])
def test_truths_succeed_call_by_call(case: Case) -> None:
    for scenario in scenarios(case):
        assert not [output for output in play(scenario, case.truth).outputs if is_error(output)]


@pytest.mark.parametrize(("case", "calls"), solutions("right"))
def test_another_correct_solution_passes(case: Case, calls: list[Call]) -> None:
    for scenario in scenarios(case):
        verdict = judge(SPACE, play(scenario, case.truth), play(scenario, calls))
        assert verdict.passed, verdict.reasons


@pytest.mark.parametrize(("case", "calls"), solutions("wrong"))
def test_a_wrong_solution_is_refused(case: Case, calls: list[Call]) -> None:
    for scenario in scenarios(case):
        assert not judge(SPACE, play(scenario, case.truth), play(scenario, calls)).passed


def test_thousand_scenarios_differ_are_small_and_quick() -> None:
    started = time.process_time()
    states = [canonical(SPACE.scenario(seed).states) for seed in range(1000)]
    assert len(set(states)) >= 990
    assert all(5_000 < len(state) < 15_500 for state in states)
    assert time.process_time() - started < 4  # under 1 ms each, with room for a busy machine


def test_every_scenario_gives_the_visitor_something_to_do() -> None:
    for seed in range(50):
        scenario = SPACE.scenario(seed)
        state = scenario.states["clinic"]
        with SPACE.session(scenario) as live:
            live.call("verify_patient", state["visitor"])
            coming = live.call("list_patient_appointments", {})["appointments"]
            medicines = live.call("list_prescriptions", {})["prescriptions"]
            referrals = live.call("list_referrals", {})["referrals"]
        assert len(coming) == 2
        assert len({item["starts"] for item in coming}) == 2
        assert len({item["medicine"] for item in medicines}) == len(medicines) >= 2
        assert sum(item["refills_left"] > 0 for item in medicines) >= 2
        assert 1 <= len(referrals) <= 2
        assert all(item["starts"][:10] > scenario.clock[:10] for item in coming)


def test_a_list_lets_a_person_pick_one() -> None:
    for seed in range(50):
        with SPACE.session(SPACE.scenario(seed)) as live:
            for specialty in ("family medicine", "physiotherapy", "nutrition"):
                doctors = live.call("find_doctors", {"specialty": specialty})["doctors"]
                for key in ("name", "rating", "fee"):
                    assert len({doctor[key] for doctor in doctors}) == len(doctors)
                for doctor in doctors:
                    slots = live.call("list_free_slots", {"doctor_id": doctor["doctor_id"]})["slots"]
                    assert len({slot["starts"] for slot in slots}) == len(slots)


# -- rules ------------------------------------------------------------------------------------------------


def error_of(output: Any) -> str:
    assert is_error(output), output
    return str(output["error"])


def test_the_file_stays_shut_until_the_identity_is_verified(session: Session) -> None:
    state = session.state()["clinic"]
    free = next(key for key, slot in state["slots"].items() if slot["status"] == "free")
    refused: list[Call] = [
        ("list_prescriptions", {}),
        ("check_coverage", {"service": "blood test"}),
        ("hold_slot", {"slot_id": free}),
        ("cancel_appointment", {"appointment_id": next(iter(state["appointments"]))}),
        (
            "request_refill",
            {
                "prescription_id": next(iter(state["prescriptions"])),
                "pharmacy": next(iter(state["pharmacies"])),
            },
        ),
    ]
    for call in refused:
        assert "verify_patient" in error_of(session.call(*call))
    assert session.state()["clinic"] == state


def test_other_patients_things_stay_out_of_reach(session: Session) -> None:
    state = session.state()["clinic"]
    session.call("verify_patient", state["visitor"])
    mine = session.state()["clinic"]["verified"]
    for appointment_id, item in state["appointments"].items():
        output = session.call("list_alternative_slots", {"appointment_id": appointment_id})
        assert ("another patient" in str(output)) == (item["patient_id"] != mine)


def test_wrong_birth_date_and_unknown_name_are_told_apart(session: Session) -> None:
    visitor = session.state()["clinic"]["visitor"]
    wrong = session.call("verify_patient", {**visitor, "birth_date": "1900-01-01"})
    unknown = session.call("verify_patient", {**visitor, "full_name": "Nobody Atall"})
    assert "date of birth" in error_of(wrong)
    assert "Nobody Atall" in error_of(unknown)


def test_specialists_are_seen_with_a_referral_only(session: Session) -> None:
    specialist = session.call("find_doctors", {"specialty": "neurology"})["doctors"][0]["doctor_id"]
    assert "find_specialist_slots" in error_of(session.call("list_free_slots", {"doctor_id": specialist}))


def test_a_held_slot_cannot_be_held_again(session: Session) -> None:
    session.call("verify_patient", session.state()["clinic"]["visitor"])
    doctor = session.call("find_doctors", {"specialty": "nutrition"})["doctors"][0]["doctor_id"]
    slot = session.call("list_free_slots", {"doctor_id": doctor})["slots"][0]["slot_id"]
    held = session.call("hold_slot", {"slot_id": slot})
    assert "held" in error_of(session.call("hold_slot", {"slot_id": slot}))
    session.call("confirm_appointment", {"hold_id": held["hold_id"], "reason": "meal plan"})
    again = session.call("confirm_appointment", {"hold_id": held["hold_id"], "reason": "meal plan"})
    assert "no hold" in error_of(again)


def test_late_cancellation_costs_a_fee_and_frees_the_slot() -> None:
    for seed in range(100):
        scenario = SPACE.scenario(seed)
        with SPACE.session(scenario) as live:
            live.call("verify_patient", scenario.states["clinic"]["visitor"])
            first = live.call("list_patient_appointments", {})["appointments"][0]
            done = live.call("cancel_appointment", {"appointment_id": first["appointment_id"]})
            state = live.state()["clinic"]
        slot = state["appointments"][first["appointment_id"]]["slot_id"]
        assert state["slots"][slot]["status"] == "free"
        if done["fee"]:
            break
    else:
        pytest.fail("no cancellation in 100 scenarios was late")


def test_reminders_in_the_past_are_refused() -> None:
    for seed in range(300):
        scenario = SPACE.scenario(seed)
        with SPACE.session(scenario) as live:
            live.call("verify_patient", scenario.states["clinic"]["visitor"])
            first = live.call("list_patient_appointments", {})["appointments"][0]
            asked = {"appointment_id": first["appointment_id"], "channels": ["email"], "hours_before": 48}
            output = live.call("schedule_reminders", asked)
            if is_error(output):
                assert "already past" in error_of(output)
                return
    pytest.fail("no reminder was refused")


# -- what the synthesis needs -------------------------------------------------------------------------------


def test_every_tool_has_a_way_to_be_asked_for() -> None:
    placeholder = re.compile(r"\{(\w+)\}")
    for spec in SPACE.tools.values():
        assert len(set(spec.phrases.ask)) >= 4, spec.name
        assert spec.phrases.noun and spec.phrases.tell, spec.name
        for clause in spec.phrases.ask:
            assert clause[0].islower() and clause[-1] != "."
            always = re.sub(r"\[[^\[\]]*\]", "", clause)
            optional = [placeholder.findall(part) for part in re.findall(r"\[([^\[\]]*)\]", clause)]
            assert set(placeholder.findall(always)) == {p.name for p in spec.params if p.required}, clause
            assert all(not next(p for p in spec.params if p.name == name).required for [name] in optional)
            plain = re.sub(r"[\[\]]", "", clause)
            assert not re.search(r"\}\W{0,1}\{", plain), f"{spec.name}: adjacent placeholders in {clause!r}"


def test_told_fields_exist_in_the_output() -> None:
    for spec in SPACE.tools.values():
        paths = {field.path for field in spec.outputs}
        lists = {path.split("[]")[0] for path in paths if "[]" in path}
        for name in re.findall(r"\{(\w+)\}", spec.phrases.tell):
            assert name in paths or any(f"{part}[].{name}" in paths for part in lists), (spec.name, name)
        assert set(spec.phrases.reports) <= paths


def test_only_look_ups_give_ids() -> None:
    state = SPACE.scenario(1).states["clinic"]
    for spec in SPACE.tools.values():
        for param in spec.params:
            found = candidates(param, state, random.Random(0))
            if param.name.endswith("_id"):
                assert found.source == "lookup" and not found.values, (spec.name, param.name)
            else:
                assert found.source in ("annotation", "enum") and found.values, (spec.name, param.name)


def test_labelled_edges_name_what_exists() -> None:
    for provider, output, consumer, param in EDGES["data"] + EDGES["optional"]:
        assert output in {field.path for field in SPACE.tools[provider].outputs}, (provider, output)
        assert param in {p.name for p in SPACE.tools[consumer].params}, (consumer, param)
    for first, then in EDGES["state"]:
        assert SPACE.tools[first].writes and then in SPACE.tools


def test_labelled_edges_cover_every_id() -> None:
    """A data edge for each pair of an output and a required parameter that refer to the same entity."""
    expected = {
        (provider.name, field.path, consumer.name, param.name)
        for provider in SPACE.tools.values()
        for field in provider.outputs
        if field.ref is not None
        for consumer in SPACE.tools.values()
        for param in consumer.params
        if param.ref == field.ref
    }
    assert expected == {tuple(edge) for edge in EDGES["data"]}
