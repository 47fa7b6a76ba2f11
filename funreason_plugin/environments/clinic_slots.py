"""Alder Court Clinic, before a visit: doctors, free slots, holds, the waiting list, notes to doctors."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Annotated, Any

from funreason_plugin.environments.clinic_data import (
    REFERRED,
    Specialty,
    VisitMode,
    slot_dates,
    spoken_languages,
)
from funreason_plugin.environments.clinic_files import ClinicFiles
from funreason_plugin.environments.clinic_types import (
    DoctorId,
    Doctors,
    Hold,
    ReferralId,
    SentNote,
    SlotId,
    Slots,
    SpecialistSlots,
    WaitingPlace,
)
from funreason_plugin.environments.environment import ToolError, tool
from funreason_plugin.environments.marks import Prose, Values

HOLD_MINUTES = 15


class ClinicSlots(ClinicFiles):
    """Who has time, and keeping that time for a patient."""

    slots: dict[str, dict[str, Any]]
    holds: dict[str, dict[str, Any]]
    waiting: dict[str, dict[str, Any]]
    notes: dict[str, dict[str, Any]]

    def _doctor(self, doctor_id: str) -> dict[str, Any]:
        if doctor_id not in self.doctors:
            raise ToolError(f"there is no doctor {doctor_id!r}; find_doctors gives the doctor_id")
        return self.doctors[doctor_id]

    def _free(
        self, doctor_ids: set[str], visit_mode: str | None = None
    ) -> Iterator[tuple[str, dict[str, Any]]]:
        """Free slots of these doctors, earliest first."""
        found = [
            (key, slot)
            for key, slot in self.slots.items()
            if slot["doctor_id"] in doctor_ids
            and slot["status"] == "free"
            and visit_mode in (None, slot["mode"])
        ]
        yield from sorted(found, key=lambda item: str(item[1]["starts"]))

    def _referred(self, specialty: str) -> bool:
        return any(
            item["patient_id"] == self.verified and item["specialty"] == specialty
            for item in self.referrals.values()
        )

    @tool(
        ask=(
            "find a doctor for {specialty}[ who speaks {language}]",
            "see which doctors work in {specialty}[ and speak {language}]",
            "look for somebody in {specialty}[ one can talk to in {language}]",
            "list the doctors in {specialty}[ with a command of {language}]",
        ),
        noun="doctor in {specialty}[ who speaks {language}]",
        tell="These doctors work there: {doctors[]: {name} (rating {rating}, fee {fee} dollars)}.",
    )
    def find_doctors(
        self, specialty: Specialty, language: Annotated[str, Values.call(spoken_languages)] | None = None
    ) -> Doctors:
        """Find the clinic's doctors in a specialty, with rating (out of 5) and fee (dollars).

        Args:
            specialty: The specialty that is wanted.
            language: Only doctors who speak this language, e.g. Spanish.
        """
        found = [
            (key, doctor)
            for key, doctor in self.doctors.items()
            if doctor["specialty"] == specialty and (language is None or language in doctor["languages"])
        ]
        if not found:
            raise ToolError(
                f"no doctor in {specialty} speaks {language}; leave out the language to see all of them"
            )
        return {
            "doctors": [
                {
                    "doctor_id": key,
                    "name": doctor["name"],
                    "languages": doctor["languages"],
                    "rating": doctor["rating"],
                    "fee": doctor["fee"],
                }
                for key, doctor in found
            ]
        }

    @tool(
        ask=(
            "see when {doctor_id} has time[ from {from_date} on][, for a visit {visit_mode}]",
            "check which slots {doctor_id} has free[ from {from_date} on][, for a visit {visit_mode}]",
            "look up free times with {doctor_id}[, not before {from_date}][, to be seen {visit_mode}]",
            "find an opening with {doctor_id}[ on or after {from_date}][, for a visit {visit_mode}]",
        ),
        noun="free slot with {doctor_id}[ from {from_date} on][, {visit_mode}]",
        tell="There is time at {slots[]: {starts} ({mode})}.",
    )
    def list_free_slots(
        self,
        doctor_id: DoctorId,
        from_date: Annotated[str, Values.call(slot_dates)] | None = None,
        visit_mode: VisitMode | None = None,
    ) -> Slots:
        """List the free slots of a doctor in family medicine, physiotherapy or nutrition, earliest first.

        Specialists are seen with a referral only; their slots come from find_specialist_slots.

        Args:
            doctor_id: The doctor's id, as given by find_doctors.
            from_date: Only slots on or after this day, YYYY-MM-DD.
            visit_mode: Only slots of this kind.
        """
        doctor = self._doctor(doctor_id)
        if doctor["specialty"] in REFERRED:
            raise ToolError(
                f"Dr. {doctor['name']} is a specialist in {doctor['specialty']} and seen with a referral only; "
                "use find_specialist_slots with the referral_id"
            )
        found = [
            {"slot_id": key, "starts": slot["starts"], "mode": slot["mode"]}
            for key, slot in self._free({doctor_id}, visit_mode)
            if from_date is None or slot["starts"][:10] >= from_date
        ]
        if not found:
            raise ToolError(
                f"Dr. {doctor['name']} has no such free slot; widen the search or use join_waiting_list"
            )
        return {"slots": found}  # type: ignore[typeddict-item]

    @tool(
        ask=(
            "find specialist times on {referral_id}[, to be seen {visit_mode}]",
            "look up when a specialist has time on {referral_id}[, for a visit {visit_mode}]",
            "use {referral_id} to see the free times of the specialists[, for a visit {visit_mode}]",
            "check which specialist slots {referral_id} opens[, for a visit {visit_mode}]",
        ),
        noun="specialist slot on {referral_id}[, {visit_mode}]",
        tell="The specialists have time at {slots[]: {starts} with {doctor} ({fee} dollars)}.",
    )
    def find_specialist_slots(
        self, referral_id: ReferralId, visit_mode: VisitMode | None = None
    ) -> SpecialistSlots:
        """List the free slots of all specialists that a referral leads to, earliest first.

        Args:
            referral_id: The referral's id, as given by list_referrals or request_referral.
            visit_mode: Only slots of this kind.
        """
        referral = self.referrals.get(referral_id)
        if referral is None:
            raise ToolError(f"there is no referral {referral_id!r}; see list_referrals")
        self._file(referral["patient_id"])
        doctor_ids = {key for key, item in self.doctors.items() if item["specialty"] == referral["specialty"]}
        found = [
            {
                "slot_id": key,
                "starts": slot["starts"],
                "mode": slot["mode"],
                "doctor": self.doctors[slot["doctor_id"]]["name"],
                "fee": self.doctors[slot["doctor_id"]]["fee"],
            }
            for key, slot in self._free(doctor_ids, visit_mode)
        ]
        if not found:
            raise ToolError(f"no such slot is free in {referral['specialty']}; try the other visit_mode")
        return {"slots": found}  # type: ignore[typeddict-item]

    @tool(
        writes=True,
        ask=(
            "hold {slot_id} for me",
            "reserve {slot_id} on my behalf",
            "keep {slot_id} open for me",
            "block {slot_id} in my name",
        ),
        noun="hold on {slot_id}",
        tell="The visit to Dr. {doctor} at {starts} is on hold until {held_until}; the hold is {hold_id}.",
    )
    def hold_slot(self, slot_id: SlotId) -> Hold:
        """Hold a free slot for the verified patient for fifteen minutes. The hold is needed to confirm an appointment.

        Args:
            slot_id: The slot's id, as given by list_free_slots, find_specialist_slots or list_alternative_slots.
        """
        self._file()
        slot = self._slot(slot_id)
        doctor = self.doctors[slot["doctor_id"]]
        if doctor["specialty"] in REFERRED and not self._referred(doctor["specialty"]):
            raise ToolError(
                f"Dr. {doctor['name']} is a specialist; request_referral to {doctor['specialty']} comes first"
            )
        slot["status"] = "held"
        new = self.new_id("HD", taken=self.holds)
        until = (self.now() + timedelta(minutes=HOLD_MINUTES)).strftime("%H:%M")
        self.holds[new] = {"slot_id": slot_id, "patient_id": self.verified, "held_until": until}
        return {"hold_id": new, "doctor": doctor["name"], "starts": slot["starts"], "held_until": until}

    def _slot(self, slot_id: str) -> dict[str, Any]:
        """A slot that is free."""
        slot = self.slots.get(slot_id)
        if slot is None:
            raise ToolError(f"there is no slot {slot_id!r}; see list_free_slots")
        if slot["status"] != "free":
            raise ToolError(f"the slot at {slot['starts']} is {slot['status']}; choose a free one")
        return slot

    @tool(
        writes=True,
        ask=(
            "put me on the waiting list of {doctor_id}[, for a visit {visit_mode}]",
            "add me to those who wait for {doctor_id}[, for a visit {visit_mode}]",
            "have me wait for an earlier time with {doctor_id}[, for a visit {visit_mode}]",
            "sign me up for cancellations of {doctor_id}[, for a visit {visit_mode}]",
        ),
        noun="place on the waiting list of {doctor_id}",
        tell="The waiting list of Dr. {doctor} has a new entry {waiting_id} at position {position}.",
    )
    def join_waiting_list(self, doctor_id: DoctorId, visit_mode: VisitMode = "in person") -> WaitingPlace:
        """Put the verified patient on a doctor's waiting list, to be called when somebody cancels.

        Args:
            doctor_id: The doctor's id, as given by find_doctors.
            visit_mode: The kind of visit that the patient wants.
        """
        self._file()
        doctor = self._doctor(doctor_id)
        ahead = [item for item in self.waiting.values() if item["doctor_id"] == doctor_id]
        if any(item["patient_id"] == self.verified for item in ahead):
            raise ToolError(f"the patient is already on the waiting list of Dr. {doctor['name']}")
        new = self.new_id("WL", taken=self.waiting)
        self.waiting[new] = {"patient_id": self.verified, "doctor_id": doctor_id, "visit_mode": visit_mode}
        return {"waiting_id": new, "doctor": doctor["name"], "position": len(ahead) + 1}

    @tool(
        writes=True,
        ask=(
            "leave {doctor_id} a note that says {message}",
            "write {doctor_id} the following: {message}",
            "pass this on to {doctor_id}: {message}",
            "let {doctor_id} know this from me: {message}",
        ),
        noun="note for {doctor_id}",
        tell="The note {note_id} is waiting for Dr. {doctor}.",
    )
    def leave_note_for_doctor(
        self,
        doctor_id: DoctorId,
        message: Annotated[
            str,
            Prose(
                (
                    "The new tablets make me dizzy in the morning.",
                    "Could you please call me back about the last test?",
                    "The swelling is gone, thank you for the quick help.",
                    "I will be abroad for two weeks and need a copy of my medication list.",
                    "The cough is back since I stopped the syrup.",
                    "Please send the sick note to my employer.",
                )
            ),
        ],
    ) -> SentNote:
        """Leave a doctor a note from the verified patient. It is read within one working day.

        Args:
            doctor_id: The doctor's id, as given by find_doctors.
            message: What the doctor should know.
        """
        self._file()
        doctor = self._doctor(doctor_id)
        if not message.strip():
            raise ToolError("the message is empty; write what the doctor should know")
        new = self.new_id("NT", taken=self.notes)
        self.notes[new] = {"patient_id": self.verified, "doctor_id": doctor_id, "message": message}
        return {"note_id": new, "doctor": doctor["name"]}
