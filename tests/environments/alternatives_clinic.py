"""The clinic: right and wrong solutions of the same requests, written by hand.

A call is (tool, arguments). In arguments, "=1.doctors[0].doctor_id" is taken from the output of call 1 of the same
list, "@visitor.full_name" from the scenario.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

Call = tuple[str, dict[str, Any]]

VERIFY: Call = ("verify_patient", {"full_name": "@visitor.full_name", "birth_date": "@visitor.birth_date"})
FAMILY: Call = ("find_doctors", {"specialty": "family medicine"})
UPCOMING: Call = ("list_patient_appointments", {})
MEDICINES: Call = ("list_prescriptions", {})


@dataclass(frozen=True)
class Case:
    """A request, its truth, and other solutions by what is different in them."""

    request: str
    fits: Callable[[dict[str, Any], str], bool]  # (state, clock): whether the request makes sense there
    truth: list[Call]
    right: dict[str, list[Call]]
    wrong: dict[str, list[Call]]


def slots(doctor: str, **more: Any) -> Call:
    return "list_free_slots", {"doctor_id": doctor, **more}


def hold(slot: str) -> Call:
    return "hold_slot", {"slot_id": slot}


def confirm(held: str, reason: str = "a yearly check-up") -> Call:
    return "confirm_appointment", {"hold_id": held, "reason": reason}


BOOK = Case(
    "Book the earliest time with the first family doctor for a yearly check-up.",
    lambda state, now: True,
    [VERIFY, FAMILY, slots("=1.doctors[0].doctor_id"), hold("=2.slots[0].slot_id"), confirm("=3.hold_id")],
    {
        "doctors first": [
            FAMILY,
            VERIFY,
            slots("=0.doctors[0].doctor_id"),
            hold("=2.slots[0].slot_id"),
            confirm("=3.hold_id"),
        ],
        "identity last": [
            FAMILY,
            slots("=0.doctors[0].doctor_id"),
            VERIFY,
            hold("=1.slots[0].slot_id"),
            confirm("=3.hold_id"),
        ],
        "reason in other words": [
            VERIFY,
            FAMILY,
            slots("=1.doctors[0].doctor_id"),
            hold("=2.slots[0].slot_id"),
            confirm("=3.hold_id", "annual check, nothing acute"),
        ],
        "referrals looked up as well": [
            VERIFY,
            FAMILY,
            ("list_referrals", {}),
            slots("=1.doctors[0].doctor_id"),
            hold("=3.slots[0].slot_id"),
            confirm("=4.hold_id"),
        ],
        "insurance asked before": [
            VERIFY,
            ("check_coverage", {"service": "family doctor visit"}),
            FAMILY,
            slots("=2.doctors[0].doctor_id"),
            hold("=3.slots[0].slot_id"),
            confirm("=4.hold_id"),
        ],
        "verified twice": [
            VERIFY,
            VERIFY,
            FAMILY,
            slots("=2.doctors[0].doctor_id"),
            hold("=3.slots[0].slot_id"),
            confirm("=4.hold_id"),
        ],
        "wrong date of birth at first": [
            ("verify_patient", {"full_name": "@visitor.full_name", "birth_date": "1901-01-01"}),
            VERIFY,
            FAMILY,
            slots("=2.doctors[0].doctor_id"),
            hold("=3.slots[0].slot_id"),
            confirm("=4.hold_id"),
        ],
        "doctor's id guessed, then looked up": [
            VERIFY,
            slots("DR-0000"),
            FAMILY,
            slots("=2.doctors[0].doctor_id"),
            hold("=3.slots[0].slot_id"),
            confirm("=4.hold_id"),
        ],
        "English asked for, which all speak": [
            VERIFY,
            ("find_doctors", {"specialty": "family medicine", "language": "English"}),
            slots("=1.doctors[0].doctor_id"),
            hold("=2.slots[0].slot_id"),
            confirm("=3.hold_id"),
        ],
        "slots from a past day on": [
            VERIFY,
            FAMILY,
            slots("=1.doctors[0].doctor_id", from_date="2025-12-01"),
            hold("=2.slots[0].slot_id"),
            confirm("=3.hold_id"),
        ],
        "slots narrowed to the kind of the earliest": [
            VERIFY,
            FAMILY,
            slots("=1.doctors[0].doctor_id"),
            slots("=1.doctors[0].doctor_id", visit_mode="=2.slots[0].mode"),
            hold("=3.slots[0].slot_id"),
            confirm("=4.hold_id"),
        ],
        "held before it was verified, then again": [
            FAMILY,
            slots("=0.doctors[0].doctor_id"),
            hold("=1.slots[0].slot_id"),
            VERIFY,
            hold("=1.slots[0].slot_id"),
            confirm("=4.hold_id"),
        ],
    },
    {
        "a later slot": [
            VERIFY,
            FAMILY,
            slots("=1.doctors[0].doctor_id"),
            hold("=2.slots[1].slot_id"),
            confirm("=3.hold_id"),
        ],
        "another doctor": [
            VERIFY,
            FAMILY,
            slots("=1.doctors[1].doctor_id"),
            hold("=2.slots[0].slot_id"),
            confirm("=3.hold_id"),
        ],
        "held but not confirmed": [
            VERIFY,
            FAMILY,
            slots("=1.doctors[0].doctor_id"),
            hold("=2.slots[0].slot_id"),
        ],
        "a second slot held as well": [
            VERIFY,
            FAMILY,
            slots("=1.doctors[0].doctor_id"),
            hold("=2.slots[0].slot_id"),
            confirm("=3.hold_id"),
            hold("=2.slots[1].slot_id"),
        ],
        "an unasked place on a waiting list": [
            VERIFY,
            FAMILY,
            slots("=1.doctors[0].doctor_id"),
            hold("=2.slots[0].slot_id"),
            confirm("=3.hold_id"),
            ("join_waiting_list", {"doctor_id": "=1.doctors[0].doctor_id"}),
        ],
    },
)


def refer(specialty: str = "dermatology", complaint: str = "a rash that does not go away") -> Call:
    return "request_referral", {"specialty": specialty, "complaint": complaint}


def specialists(referral: str, **more: Any) -> Call:
    return "find_specialist_slots", {"referral_id": referral, **more}


def _visitor_id(state: dict[str, Any]) -> str:
    name = state["visitor"]["full_name"]
    return next(str(key) for key, item in state["patients"].items() if item["name"] == name)


def _without_referral(state: dict[str, Any], now: str) -> bool:
    mine = _visitor_id(state)
    return not any(
        item["patient_id"] == mine and item["specialty"] == "dermatology"
        for item in state["referrals"].values()
    )


REFER = Case(
    "Get a referral to dermatology for a rash, and the earliest specialist time on it.",
    _without_referral,
    [
        VERIFY,
        refer(),
        specialists("=1.referral_id"),
        hold("=2.slots[0].slot_id"),
        confirm("=3.hold_id", "the rash on the arm"),
    ],
    {
        "referrals checked first": [
            VERIFY,
            ("list_referrals", {}),
            refer(),
            specialists("=2.referral_id"),
            hold("=3.slots[0].slot_id"),
            confirm("=4.hold_id", "the rash on the arm"),
        ],
        "complaint and reason in other words": [
            VERIFY,
            refer(complaint="itching skin for weeks"),
            specialists("=1.referral_id"),
            hold("=2.slots[0].slot_id"),
            confirm("=3.hold_id", "skin rash"),
        ],
        "referral id read from the list": [
            VERIFY,
            refer(),
            ("list_referrals", {}),
            specialists("=2.referrals[-1].referral_id"),
            hold("=3.slots[0].slot_id"),
            confirm("=4.hold_id", "the rash on the arm"),
        ],
        "slots of the specialist asked for without the referral, which is refused": [
            VERIFY,
            ("find_doctors", {"specialty": "dermatology"}),
            slots("=1.doctors[0].doctor_id"),
            refer(),
            specialists("=3.referral_id"),
            hold("=4.slots[0].slot_id"),
            confirm("=5.hold_id", "the rash on the arm"),
        ],
        "referral asked for twice, which is refused": [
            VERIFY,
            refer(),
            refer(),
            specialists("=1.referral_id"),
            hold("=3.slots[0].slot_id"),
            confirm("=4.hold_id", "the rash on the arm"),
        ],
        "slots looked up twice": [
            VERIFY,
            refer(),
            specialists("=1.referral_id"),
            specialists("=1.referral_id", visit_mode="=2.slots[0].mode"),
            hold("=3.slots[0].slot_id"),
            confirm("=4.hold_id", "the rash on the arm"),
        ],
    },
    {
        "the last slot": [
            VERIFY,
            refer(),
            specialists("=1.referral_id"),
            hold("=2.slots[-1].slot_id"),
            confirm("=3.hold_id", "the rash on the arm"),
        ],
        "referral only": [VERIFY, refer()],
        "a note to somebody as well": [
            VERIFY,
            refer(),
            specialists("=1.referral_id"),
            hold("=2.slots[0].slot_id"),
            confirm("=3.hold_id", "the rash on the arm"),
            ("find_doctors", {"specialty": "dermatology"}),
            (
                "leave_note_for_doctor",
                {
                    "doctor_id": "=5.doctors[0].doctor_id",
                    "message": "See you soon.",
                },
            ),
        ],
    },
)


def other_times(appointment: str = "=1.appointments[-1].appointment_id") -> Call:
    return "list_alternative_slots", {"appointment_id": appointment}


def move(slot: str, appointment: str = "=1.appointments[-1].appointment_id") -> Call:
    return "reschedule_appointment", {"appointment_id": appointment, "slot_id": slot}


def remind(*channels: str, **more: Any) -> Call:
    return "schedule_reminders", {
        "appointment_id": "=1.appointments[-1].appointment_id",
        "channels": list(channels),
        **more,
    }


def _well_ahead(state: dict[str, Any], now: str) -> bool:
    """Whether both times of the visitor's last appointment, old and new, leave room for a reminder a day ahead."""
    mine = _visitor_id(state)
    coming = [
        a for a in state["appointments"].values() if a["patient_id"] == mine and a["status"] == "upcoming"
    ]
    last = max(coming, key=lambda item: str(item["starts"]))
    free = sorted(
        slot["starts"]
        for slot in state["slots"].values()
        if slot["doctor_id"] == last["doctor_id"] and slot["status"] == "free"
    )
    soon = (datetime.fromisoformat(now) + timedelta(days=2)).isoformat(sep=" ")
    return len(free) > 1 and min(free[0], last["starts"]) > soon


MOVE = Case(
    "Move the last of my appointments to the second other time, and remind me by email and text message.",
    _well_ahead,
    [VERIFY, UPCOMING, other_times(), move("=2.slots[1].slot_id"), remind("email", "text message")],
    {
        "reminders first, which the move keeps": [
            VERIFY,
            UPCOMING,
            remind("email", "text message"),
            other_times(),
            move("=3.slots[1].slot_id"),
        ],
        "channels in the other order": [
            VERIFY,
            UPCOMING,
            other_times(),
            move("=2.slots[1].slot_id"),
            remind("text message", "email"),
        ],
        "one call a channel": [
            VERIFY,
            UPCOMING,
            other_times(),
            move("=2.slots[1].slot_id"),
            remind("text message"),
            remind("email"),
        ],
        "the default said": [
            VERIFY,
            UPCOMING,
            other_times(),
            move("=2.slots[1].slot_id"),
            remind("email", "text message", hours_before=24),
        ],
        "a channel named twice, which is refused": [
            VERIFY,
            UPCOMING,
            other_times(),
            move("=2.slots[1].slot_id"),
            remind("email", "email"),
            remind("email", "text message"),
        ],
        "hours corrected": [
            VERIFY,
            UPCOMING,
            other_times(),
            move("=2.slots[1].slot_id"),
            remind("email", "text message", hours_before=2),
            remind("email", "text message"),
        ],
        "to the first other time, then to the second": [
            VERIFY,
            UPCOMING,
            other_times(),
            move("=2.slots[0].slot_id"),
            move("=2.slots[1].slot_id"),
            remind("email", "text message"),
        ],
        "past appointments looked up as well": [
            VERIFY,
            UPCOMING,
            ("list_patient_appointments", {"status": "past"}),
            other_times(),
            move("=3.slots[1].slot_id"),
            remind("email", "text message"),
        ],
    },
    {
        "other hours": [
            VERIFY,
            UPCOMING,
            other_times(),
            move("=2.slots[1].slot_id"),
            remind("email", "text message", hours_before=4),
        ],
        "a channel missing": [
            VERIFY,
            UPCOMING,
            other_times(),
            move("=2.slots[1].slot_id"),
            remind("email"),
        ],
        "cancelled instead of moved": [
            VERIFY,
            UPCOMING,
            remind("email", "text message"),
            ("cancel_appointment", {"appointment_id": "=1.appointments[-1].appointment_id"}),
        ],
        "not moved": [VERIFY, UPCOMING, remind("email", "text message")],
    },
)


def refill(number: int, pharmacy: str = "@pharmacies.keys()[0]", **more: Any) -> Call:
    prescription = f"=1.prescriptions[{number}].prescription_id"
    return "request_refill", {"prescription_id": prescription, "pharmacy": pharmacy, **more}


REFILL = Case(
    "Refill my first two medicines at the first pharmacy.",
    lambda state, now: True,
    [VERIFY, MEDICINES, refill(0), refill(1)],
    {
        "the second first": [VERIFY, MEDICINES, refill(1), refill(0)],
        "the default said": [VERIFY, MEDICINES, refill(0, days=30), refill(1)],
        "the default said twice, the other way round": [
            VERIFY,
            MEDICINES,
            refill(1, days=30),
            refill(0, days=30),
        ],
        "a pharmacy that is not known, then a known one": [
            VERIFY,
            MEDICINES,
            refill(0, "Moonlight Pharmacy"),
            refill(0),
            refill(1),
        ],
        "ordered again, which is refused": [VERIFY, MEDICINES, refill(0), refill(0), refill(1)],
        "insurance asked in between": [
            VERIFY,
            MEDICINES,
            refill(0),
            ("check_coverage", {"service": "blood test"}),
            refill(1),
        ],
    },
    {
        "another pharmacy": [VERIFY, MEDICINES, refill(0), refill(1, "@pharmacies.keys()[1]")],
        "for longer": [VERIFY, MEDICINES, refill(0, days=60), refill(1)],
        "only one": [VERIFY, MEDICINES, refill(0)],
        "nothing done": [VERIFY, MEDICINES],
    },
)

CANCEL: Call = (
    "cancel_appointment",
    {"appointment_id": "=1.appointments[0].appointment_id", "reason": "travel"},
)
NUTRITION: Call = ("find_doctors", {"specialty": "nutrition"})


def wait(doctor: str, **more: Any) -> Call:
    return "join_waiting_list", {"doctor_id": doctor, **more}


def note(doctor: str, message: str = "I will be abroad for 2 weeks.") -> Call:
    return "leave_note_for_doctor", {"doctor_id": doctor, "message": message}


LEAVE = Case(
    "Cancel my next appointment because of travel, put me on the list of the first nutrition doctor, leave a note.",
    lambda state, now: True,
    [VERIFY, UPCOMING, CANCEL, NUTRITION, wait("=3.doctors[0].doctor_id"), note("=3.doctors[0].doctor_id")],
    {
        "note first": [
            VERIFY,
            UPCOMING,
            NUTRITION,
            note("=2.doctors[0].doctor_id"),
            wait("=2.doctors[0].doctor_id"),
            CANCEL,
        ],
        "note in other words": [
            VERIFY,
            UPCOMING,
            CANCEL,
            NUTRITION,
            wait("=3.doctors[0].doctor_id"),
            note("=3.doctors[0].doctor_id", "Please note that I am away, out of the country, for 2 weeks."),
        ],
        "the default said": [
            VERIFY,
            UPCOMING,
            CANCEL,
            NUTRITION,
            wait("=3.doctors[0].doctor_id", visit_mode="in person"),
            note("=3.doctors[0].doctor_id"),
        ],
        "cancelled twice, which is refused": [
            VERIFY,
            UPCOMING,
            CANCEL,
            CANCEL,
            NUTRITION,
            note("=4.doctors[0].doctor_id"),
            wait("=4.doctors[0].doctor_id"),
        ],
        "an empty note, which is refused": [
            VERIFY,
            UPCOMING,
            NUTRITION,
            CANCEL,
            note("=2.doctors[0].doctor_id", " "),
            note("=2.doctors[0].doctor_id"),
            wait("=2.doctors[0].doctor_id"),
        ],
    },
    {
        "no reason given": [
            VERIFY,
            UPCOMING,
            ("cancel_appointment", {"appointment_id": "=1.appointments[0].appointment_id"}),
            NUTRITION,
            wait("=3.doctors[0].doctor_id"),
            note("=3.doctors[0].doctor_id"),
        ],
        "the other doctor's list": [
            VERIFY,
            UPCOMING,
            CANCEL,
            NUTRITION,
            wait("=3.doctors[1].doctor_id"),
            note("=3.doctors[0].doctor_id"),
        ],
        "another number of weeks": [
            VERIFY,
            UPCOMING,
            CANCEL,
            NUTRITION,
            wait("=3.doctors[0].doctor_id"),
            note("=3.doctors[0].doctor_id", "I will be abroad for 3 weeks."),
        ],
        "the note left twice": [
            VERIFY,
            UPCOMING,
            CANCEL,
            NUTRITION,
            wait("=3.doctors[0].doctor_id"),
            note("=3.doctors[0].doctor_id"),
            note("=3.doctors[0].doctor_id"),
        ],
    },
)

CASES = (BOOK, REFER, MOVE, REFILL, LEAVE)
