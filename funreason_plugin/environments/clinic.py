"""`clinic`: the front desk of Alder Court Clinic, where patients write in, one at a time.

    verify_patient => request_referral -> referral_id -> find_specialist_slots -> slot_id
    -> hold_slot -> hold_id -> confirm_appointment -> appointment_id -> schedule_reminders

Ids come from look-ups only, and a file opens only for a patient whose identity was verified. The tools are in
three layers: the files, the slots, the visits.
"""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import Any, ClassVar

from funreason_plugin.environments import clinic_large
from funreason_plugin.environments.clinic_data import draw_scenario
from funreason_plugin.environments.clinic_visits import ClinicVisits


class Clinic(ClinicVisits):
    """A clinic's front desk: patients, doctors, slots, appointments, referrals, refills, insurance, reminders."""

    policy: ClassVar[str] = (
        "You are the front desk of Alder Court Clinic, where patients write to you. Verify the patient's identity with full name and date of "
        "birth before you read or change anything in the patient's file. Specialists are seen with a referral only; "
        "an appointment is made by holding a free slot and confirming the hold. Name dates, times and fees exactly as "
        "the tools give them, and never give medical advice: leave the doctor a note instead."
    )
    equality: ClassVar[Mapping[str, str]] = {
        "referrals.*.complaint": "text",
        "appointments.*.reason": "text",
        "notes.*.message": "text",
    }

    visitor: dict[str, str]

    def scenario(self, rng: Random) -> dict[str, Any]:
        """A clinic in the days after `now`: one patient at the desk, other patients, three weeks of slots."""
        return draw_scenario(rng, self.now())

    def enlarge(self, state: dict[str, Any], rng: Random, times: int) -> dict[str, Any]:
        """More free slots."""
        return clinic_large.enlarge(state, rng, times, self.now().date())
