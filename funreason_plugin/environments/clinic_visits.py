"""Alder Court Clinic, the visits: confirming, listing, moving and cancelling appointments, and reminders."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

from pydantic import Field

from funreason_plugin.environments.clinic_data import LATE_FEE, Channel, VisitMode
from funreason_plugin.environments.clinic_slots import ClinicSlots
from funreason_plugin.environments.clinic_types import (
    AppointmentId,
    Appointments,
    Cancelled,
    HoldId,
    Moved,
    NewAppointment,
    Reminders,
    SlotId,
    Slots,
)
from funreason_plugin.environments.environment import ToolError, tool
from funreason_plugin.environments.marks import Prose


class ClinicVisits(ClinicSlots):
    """Appointments: made from a hold, known by an id that a look-up gives."""

    appointments: dict[str, dict[str, Any]]

    def _upcoming(self, appointment_id: str) -> dict[str, Any]:
        """An appointment of the verified patient that is still ahead."""
        item = self.appointments.get(appointment_id)
        if item is None:
            raise ToolError(f"there is no appointment {appointment_id!r}; see list_patient_appointments")
        self._file(item["patient_id"])
        if item["status"] != "upcoming":
            raise ToolError(
                f"the appointment at {item['starts']} is {item['status']}; only upcoming ones can change"
            )
        return item

    @tool(
        writes=True,
        ask=(
            "book {hold_id} as an appointment because of {reason}",
            "turn {hold_id} into an appointment for {reason}",
            "confirm {hold_id}, the reason being {reason}",
            "make {hold_id} a firm appointment about {reason}",
        ),
        noun="new appointment",
        tell="The appointment {appointment_id} with Dr. {doctor} is booked for {starts} in room {room}.",
    )
    def confirm_appointment(
        self,
        hold_id: HoldId,
        reason: Annotated[
            str,
            Prose(
                (
                    "a yearly check-up",
                    "symptoms that got worse since last week",
                    "questions about the treatment",
                    "the results of the last test",
                    "pain that keeps coming back",
                    "a follow-up of the last visit",
                    "a certificate for work",
                    "side effects of a new medicine",
                )
            ),
        ],
    ) -> NewAppointment:
        """Turn a hold into an appointment.

        Args:
            hold_id: The hold's id, as given by hold_slot.
            reason: Why the patient comes, in a few words.
        """
        hold = self.holds.get(hold_id)
        if hold is None:
            raise ToolError(f"there is no hold {hold_id!r}; hold_slot gives one")
        slot = self.slots[hold["slot_id"]]
        if not reason.strip():
            raise ToolError("the reason is empty; say in a few words why the patient comes")
        slot["status"] = "booked"
        del self.holds[hold_id]
        new = self.new_id("AP", taken=self.appointments)
        self.appointments[new] = {
            "patient_id": hold["patient_id"],
            "doctor_id": slot["doctor_id"],
            "slot_id": hold["slot_id"],
            "starts": slot["starts"],
            "reason": reason,
            "status": "upcoming",
            "reminders": {},
        }
        doctor = self.doctors[slot["doctor_id"]]
        return {
            "appointment_id": new,
            "doctor": doctor["name"],
            "starts": slot["starts"],
            "room": doctor["room"],
        }

    @tool(
        ask=(
            "list my[ {status}] appointments",
            "check which[ {status}] appointments I have",
            "look up my[ {status}] visits",
            "go through the[ {status}] appointments in my file",
        ),
        noun="[{status} ]appointment of mine",
        tell="The appointments are {appointments[]: {starts} with {doctor} ({specialty})}.",
    )
    def list_patient_appointments(
        self, status: Literal["upcoming", "past", "cancelled"] = "upcoming"
    ) -> Appointments:
        """List the verified patient's appointments, earliest first.

        Args:
            status: Which appointments to list.
        """
        self._file()
        found = [
            (key, item)
            for key, item in self.appointments.items()
            if item["patient_id"] == self.verified and item["status"] == status
        ]
        return {
            "appointments": [
                {
                    "appointment_id": key,
                    "doctor": self.doctors[item["doctor_id"]]["name"],
                    "specialty": self.doctors[item["doctor_id"]]["specialty"],
                    "starts": item["starts"],
                    "reason": item["reason"],
                    "status": item["status"],
                }
                for key, item in sorted(found, key=lambda entry: str(entry[1]["starts"]))
            ]
        }

    @tool(
        ask=(
            "see to which times {appointment_id} could move[, for a visit {visit_mode}]",
            "look for other times for {appointment_id}[, to be seen {visit_mode}]",
            "check when {appointment_id} could take place instead[, for a visit {visit_mode}]",
            "find alternatives to {appointment_id}[, for a visit {visit_mode}]",
        ),
        noun="alternative slot for {appointment_id}[, {visit_mode}]",
        tell="It could move to {slots[]: {starts} ({mode})}.",
    )
    def list_alternative_slots(
        self, appointment_id: AppointmentId, visit_mode: VisitMode | None = None
    ) -> Slots:
        """List the free slots of the same doctor to which an upcoming appointment could be moved, earliest first.

        Args:
            appointment_id: The appointment's id, as given by list_patient_appointments or confirm_appointment.
            visit_mode: Only slots of this kind.
        """
        item = self._upcoming(appointment_id)
        found = [
            {"slot_id": key, "starts": slot["starts"], "mode": slot["mode"]}
            for key, slot in self._free({item["doctor_id"]}, visit_mode)
        ]
        if not found:
            raise ToolError(
                "the doctor has no such free slot; try the other visit_mode or use join_waiting_list"
            )
        return {"slots": found}  # type: ignore[typeddict-item]

    @tool(
        writes=True,
        ask=(
            "move {appointment_id} to {slot_id}",
            "reschedule {appointment_id}, taking {slot_id} instead",
            "shift {appointment_id} over to {slot_id}",
            "exchange {appointment_id} for {slot_id}",
        ),
        noun="moved appointment",
        tell="The appointment with Dr. {doctor} is now at {starts} in room {room}.",
    )
    def reschedule_appointment(self, appointment_id: AppointmentId, slot_id: SlotId) -> Moved:
        """Move an upcoming appointment to a free slot of the same specialty. Its reminders are kept.

        Args:
            appointment_id: The appointment's id, as given by list_patient_appointments or confirm_appointment.
            slot_id: The new slot's id, as given by list_alternative_slots.
        """
        item = self._upcoming(appointment_id)
        slot = self._slot(slot_id)
        doctor = self.doctors[slot["doctor_id"]]
        specialty = self.doctors[item["doctor_id"]]["specialty"]
        if doctor["specialty"] != specialty:
            raise ToolError(f"that slot is in {doctor['specialty']}, the appointment in {specialty}")
        self.slots[item["slot_id"]]["status"] = "free"
        slot["status"] = "booked"
        item.update(slot_id=slot_id, starts=slot["starts"], doctor_id=slot["doctor_id"])
        return {"doctor": doctor["name"], "starts": slot["starts"], "room": doctor["room"]}

    @tool(
        writes=True,
        ask=(
            "cancel {appointment_id}[ because of {reason}]",
            "call off {appointment_id}[, the reason being {reason}]",
            "drop {appointment_id}[ on account of {reason}]",
            "give up {appointment_id}[ owing to {reason}]",
        ),
        noun="cancelled appointment",
        tell="The appointment with Dr. {doctor} at {starts} is cancelled; the fee is {fee} dollars.",
    )
    def cancel_appointment(
        self,
        appointment_id: AppointmentId,
        reason: Literal["travel", "work", "illness", "recovery", "bad weather"] | None = None,
    ) -> Cancelled:
        """Cancel an upcoming appointment and free its slot. Less than a day ahead this costs a fee.

        Args:
            appointment_id: The appointment's id, as given by list_patient_appointments or confirm_appointment.
            reason: Why it is cancelled, if the patient says so.
        """
        item = self._upcoming(appointment_id)
        ahead = datetime.fromisoformat(item["starts"]) - self.now()
        fee = LATE_FEE if ahead < timedelta(days=1) else 0
        item["status"] = "cancelled"
        item["cancelled_for"] = reason or ""
        item["fee"] = fee
        item["reminders"] = {}
        self.slots[item["slot_id"]]["status"] = "free"
        return {"doctor": self.doctors[item["doctor_id"]]["name"], "starts": item["starts"], "fee": fee}

    @tool(
        writes=True,
        ask=(
            "set up reminders of {appointment_id} by {channels}[, {hours_before} hours ahead]",
            "send a reminder of {appointment_id} by {channels}[, {hours_before} hours before it starts]",
            "arrange to be reminded of {appointment_id} by {channels}[ with {hours_before} hours to go]",
            "have the clinic give notice of {appointment_id} by {channels}[, {hours_before} hours in advance]",
        ),
        noun="reminders of {appointment_id}",
        tell="A reminder of the visit to Dr. {doctor} goes out at {remind_at}.",
    )
    def schedule_reminders(
        self,
        appointment_id: AppointmentId,
        channels: Annotated[list[Channel], Field(min_length=1, max_length=3)],
        hours_before: Literal[2, 4, 24, 48] = 24,
    ) -> Reminders:
        """Schedule reminders of an upcoming appointment, replacing earlier ones of the same channels.

        Args:
            appointment_id: The appointment's id, as given by list_patient_appointments or confirm_appointment.
            channels: How the patient is reminded; each channel once.
            hours_before: How many hours before the appointment.
        """
        item = self._upcoming(appointment_id)
        if len(set(channels)) < len(channels):
            raise ToolError("a channel is named twice; name each channel once")
        remind_at = datetime.fromisoformat(item["starts"]) - timedelta(hours=hours_before)
        if remind_at <= self.now():
            raise ToolError(
                f"{hours_before} hours before {item['starts']} is already past; choose fewer hours"
            )
        item["reminders"].update(dict.fromkeys(channels, hours_before))
        return {
            "doctor": self.doctors[item["doctor_id"]]["name"],
            "starts": item["starts"],
            "remind_at": remind_at.strftime("%Y-%m-%d %H:%M"),
            "channels": sorted(item["reminders"]),
        }
