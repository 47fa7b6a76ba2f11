"""Alder Court Clinic, the patients' files: identity, referrals, prescriptions, insurance."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated, Any, Literal

from funreason_plugin.environments.clinic_data import FULL_PRICES, ReferredSpecialty, Service
from funreason_plugin.environments.clinic_types import (
    Coverage,
    Identity,
    NewReferral,
    PatientId,
    PrescriptionId,
    Prescriptions,
    Referrals,
    Refill,
)
from funreason_plugin.environments.environment import Environment, ToolError, tool
from funreason_plugin.environments.marks import Prose, Ref, Values

EARLIEST_REFILL = 20  # days after the last one


class ClinicFiles(Environment):
    """What lies in a patient's file. Every tool but `verify_patient` wants the identity verified first."""

    verified: list[str]
    doctors: dict[str, dict[str, Any]]
    patients: dict[str, dict[str, Any]]
    plans: dict[str, dict[str, int]]
    referrals: dict[str, dict[str, Any]]
    prescriptions: dict[str, dict[str, Any]]
    refills: dict[str, dict[str, Any]]
    pharmacies: dict[str, dict[str, Any]]

    def _file(self, patient_id: str) -> dict[str, Any]:
        """The patient's record, if it may be opened."""
        if patient_id not in self.patients:
            raise ToolError(f"there is no patient {patient_id!r}; verify_patient gives the patient_id")
        if patient_id not in self.verified:
            raise ToolError(
                "this patient's identity is not verified yet; call verify_patient with full name and date of birth"
            )
        return self.patients[patient_id]

    @tool(
        writes=True,
        ask=(
            "open the file of {full_name}, born on {birth_date}",
            "confirm the identity of {full_name}, whose date of birth is {birth_date}",
            "check in {full_name} (date of birth {birth_date})",
            "pull up the record of {full_name}, born {birth_date}",
        ),
        noun="patient {full_name} (born {birth_date})",
        tell="{name} is verified: the family doctor is {family_doctor} and the insurance plan is {plan}.",
        reports=("family_doctor", "plan"),
    )
    def verify_patient(
        self,
        full_name: Annotated[str, Ref("patient_name", known=True), Values.state("visitor.full_name")],
        birth_date: Annotated[str, Values.state("visitor.birth_date")],
    ) -> Identity:
        """Verify a patient's identity by name and date of birth and open the patient's file.

        Args:
            full_name: First and last name of the patient.
            birth_date: Date of birth, YYYY-MM-DD.
        """
        same_name = [key for key, item in self.patients.items() if item["name"].lower() == full_name.lower()]
        if not same_name:
            raise ToolError(
                f"no patient named {full_name!r} is registered; check the spelling of the full name"
            )
        for patient_id in same_name:
            patient = self.patients[patient_id]
            if patient["birth_date"] == birth_date:
                if patient_id not in self.verified:
                    self.verified.append(patient_id)
                return {
                    "patient_id": patient_id,
                    "name": patient["name"],
                    "phone": patient["phone"],
                    "family_doctor": self.doctors[patient["family_doctor_id"]]["name"],
                    "plan": patient["plan"],
                }
        raise ToolError("the date of birth does not match our records; expected YYYY-MM-DD")

    @tool(
        writes=True,
        ask=(
            "get {patient_id} a referral to {specialty} because of {complaint}",
            "have {patient_id} referred to {specialty} for {complaint}",
            "arrange a referral to {specialty} for {patient_id}, who complains of {complaint}",
            "ask the family doctor to refer {patient_id} to {specialty} on account of {complaint}",
        ),
        noun="new referral to {specialty}",
        tell="The referral {referral_id} was issued by {issued_by} and is valid until {expires}.",
    )
    def request_referral(
        self,
        patient_id: PatientId,
        specialty: ReferredSpecialty,
        complaint: Annotated[
            str,
            Prose(
                (
                    "a rash that does not go away",
                    "chest pain when climbing stairs",
                    "headaches with flashing lights",
                    "a knee that gives way",
                    "sudden trouble reading small print",
                    "tingling in both feet",
                    "an irregular heartbeat at night",
                )
            ),
        ],
    ) -> NewReferral:
        """Have the family doctor refer a verified patient to a specialty. One referral per specialty is enough.

        Args:
            patient_id: The patient's id, as given by verify_patient.
            specialty: The specialty that the patient needs.
            complaint: What the patient suffers from, in a few words.
        """
        patient = self._file(patient_id)
        for referral_id, referral in self.referrals.items():
            if referral["patient_id"] == patient_id and referral["specialty"] == specialty:
                raise ToolError(
                    f"the patient already has the referral {referral_id} to {specialty}, valid until "
                    f"{referral['expires']}; use that one"
                )
        new = self.new_id("RF", taken=self.referrals)
        expires = (self.now().date() + timedelta(days=180)).isoformat()
        self.referrals[new] = {
            "patient_id": patient_id,
            "specialty": specialty,
            "issued_by": patient["family_doctor_id"],
            "complaint": complaint,
            "expires": expires,
        }
        issued_by = self.doctors[patient["family_doctor_id"]]["name"]
        return {"referral_id": new, "issued_by": issued_by, "expires": expires}

    @tool(
        ask=(
            "list the referrals of {patient_id}",
            "check which referrals {patient_id} has",
            "see to which specialists {patient_id} has been referred",
            "go through the referrals on file for {patient_id}",
        ),
        noun="referral of {patient_id}",
        tell="The referrals on file are {referrals[]: {specialty} (issued by {issued_by}, valid until {expires})}.",
    )
    def list_referrals(self, patient_id: PatientId) -> Referrals:
        """List the valid referrals of a verified patient.

        Args:
            patient_id: The patient's id, as given by verify_patient.
        """
        self._file(patient_id)
        return {
            "referrals": [
                {
                    "referral_id": key,
                    "specialty": item["specialty"],
                    "issued_by": self.doctors[item["issued_by"]]["name"],
                    "complaint": item["complaint"],
                    "expires": item["expires"],
                }
                for key, item in self.referrals.items()
                if item["patient_id"] == patient_id
            ]
        }

    @tool(
        ask=(
            "list the prescriptions of {patient_id}",
            "check which medicines {patient_id} is on",
            "see how many refills {patient_id} has left",
            "go through the repeat prescriptions for {patient_id}",
        ),
        noun="prescription of {patient_id}",
        tell="The prescriptions are {prescriptions[]: {medicine} {dose} with {refills_left} refills left}.",
    )
    def list_prescriptions(self, patient_id: PatientId) -> Prescriptions:
        """List the repeat prescriptions of a verified patient, with the refills that are left.

        Args:
            patient_id: The patient's id, as given by verify_patient.
        """
        self._file(patient_id)
        return {
            "prescriptions": [
                {
                    "prescription_id": key,
                    "medicine": item["medicine"],
                    "dose": item["dose"],
                    "refills_left": item["refills_left"],
                    "last_filled": item["last_filled"],
                    "pharmacy": item["pharmacy"],
                }
                for key, item in self.prescriptions.items()
                if item["patient_id"] == patient_id
            ]
        }

    @tool(
        writes=True,
        needs=("verify_patient",),
        ask=(
            "refill {prescription_id} at {pharmacy}[ for {days} days]",
            "have {pharmacy} prepare a refill of {prescription_id}[, enough for {days} days]",
            "order {prescription_id} again, to be collected at {pharmacy}[, as a supply for {days} days]",
            "renew {prescription_id} and send it to {pharmacy}[ with a supply of {days} days]",
        ),
        noun="refill of {prescription_id}",
        tell="The refill {refill_id} of {medicine} will be ready on {ready_on}; {refills_left} refills are left.",
    )
    def request_refill(
        self,
        prescription_id: PrescriptionId,
        pharmacy: Annotated[str, Ref("pharmacy", known=True), Values.state("pharmacies.keys()")],
        days: Literal[30, 60, 90] = 30,
    ) -> Refill:
        """Order a refill of a verified patient's prescription at a pharmacy.

        Args:
            prescription_id: The prescription's id, as given by list_prescriptions.
            pharmacy: Name of the pharmacy where it is collected.
            days: For how many days the medicine should last.
        """
        item = self.prescriptions.get(prescription_id)
        if item is None:
            raise ToolError(f"there is no prescription {prescription_id!r}; see list_prescriptions")
        self._file(item["patient_id"])
        if pharmacy not in self.pharmacies:
            raise ToolError(f"we do not work with {pharmacy!r}; choose one of {', '.join(self.pharmacies)}")
        if not item["refills_left"]:
            raise ToolError(
                f"no refills of {item['medicine']} are left; leave a note for the doctor, who can prescribe it anew"
            )
        today = self.now().date()
        again = date.fromisoformat(item["last_filled"]) + timedelta(days=EARLIEST_REFILL)
        if today < again:
            raise ToolError(
                f"{item['medicine']} was filled on {item['last_filled']}; possible again from {again}"
            )
        item["refills_left"] -= 1
        item["last_filled"] = today.isoformat()
        item["pharmacy"] = pharmacy
        new = self.new_id("RQ", taken=self.refills)
        ready_on = (today + timedelta(days=self.pharmacies[pharmacy]["ready_days"])).isoformat()
        self.refills[new] = {
            "prescription_id": prescription_id,
            "pharmacy": pharmacy,
            "days": days,
            "ready_on": ready_on,
        }
        return {
            "refill_id": new,
            "medicine": item["medicine"],
            "ready_on": ready_on,
            "refills_left": item["refills_left"],
        }

    @tool(
        ask=(
            "check what {patient_id} has to pay for a {service}",
            "find out whether the insurance of {patient_id} covers a {service}",
            "see how much a {service} costs {patient_id} under the insurance plan",
            "look up the copay for a {service} for {patient_id}",
        ),
        noun="insurance cover of {patient_id} for a {service}",
        tell="Under {plan} it is {cover}, and the patient pays {patient_pays} dollars.",
    )
    def check_coverage(self, patient_id: PatientId, service: Service) -> Coverage:
        """Check whether a verified patient's insurance plan covers a service, and what the patient pays (dollars).

        Args:
            patient_id: The patient's id, as given by verify_patient.
            service: The service in question.
        """
        plan = self._file(patient_id)["plan"]
        copay = self.plans[plan].get(service)
        if copay is None:
            return {"plan": plan, "cover": "not covered", "patient_pays": FULL_PRICES[service]}
        return {"plan": plan, "cover": "covered", "patient_pays": copay}
