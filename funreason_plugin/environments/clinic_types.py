"""Alder Court Clinic: what its tools return. Ids are marked: only a look-up gives them."""

from __future__ import annotations

from typing import Annotated, Literal

from typing_extensions import TypedDict

from funreason_plugin.environments.marks import Ref

DoctorId = Annotated[str, Ref("doctor")]
ReferralId = Annotated[str, Ref("referral")]
PrescriptionId = Annotated[str, Ref("prescription")]
SlotId = Annotated[str, Ref("slot")]
HoldId = Annotated[str, Ref("hold")]
AppointmentId = Annotated[str, Ref("appointment")]


class Identity(TypedDict):
    name: str
    phone: str
    family_doctor: str
    plan: str


class NewReferral(TypedDict):
    referral_id: ReferralId
    issued_by: str
    expires: str


class Referral(TypedDict):
    referral_id: ReferralId
    specialty: str
    issued_by: str
    complaint: str
    expires: str


class Referrals(TypedDict):
    referrals: list[Referral]


class Prescription(TypedDict):
    prescription_id: PrescriptionId
    medicine: str
    dose: str
    refills_left: int
    pharmacy: str


class Prescriptions(TypedDict):
    prescriptions: list[Prescription]


class Refill(TypedDict):
    refill_id: Annotated[str, Ref("refill")]
    medicine: str
    ready_on: str
    refills_left: int


class Coverage(TypedDict):
    plan: str
    service: str
    cover: Literal["covered", "not covered"]
    patient_pays: int


class SentNote(TypedDict):
    note_id: Annotated[str, Ref("note")]
    doctor: str


class Doctor(TypedDict):
    doctor_id: DoctorId
    name: str
    languages: list[str]
    rating: float
    fee: int


class Doctors(TypedDict):
    doctors: list[Doctor]


class Slot(TypedDict):
    slot_id: SlotId
    starts: str
    mode: str


class Slots(TypedDict):
    slots: list[Slot]


class SpecialistSlot(TypedDict):
    slot_id: SlotId
    starts: str
    mode: str
    doctor: str
    fee: int


class SpecialistSlots(TypedDict):
    slots: list[SpecialistSlot]


class Hold(TypedDict):
    hold_id: HoldId
    doctor: str
    starts: str
    held_until: str


class WaitingPlace(TypedDict):
    waiting_id: Annotated[str, Ref("waiting place")]
    doctor: str
    position: int


class NewAppointment(TypedDict):
    appointment_id: AppointmentId
    doctor: str
    starts: str
    room: str


class Appointment(TypedDict):
    appointment_id: AppointmentId
    doctor: str
    specialty: str
    starts: str
    reason: str
    status: str


class Appointments(TypedDict):
    appointments: list[Appointment]


class Moved(TypedDict):
    doctor: str
    starts: str
    room: str


class Cancelled(TypedDict):
    doctor: str
    starts: str
    fee: int


class Reminders(TypedDict):
    doctor: str
    starts: str
    remind_at: str
    channels: list[str]
