"""Alder Court Clinic, the patients' files: identity, referrals, prescriptions, insurance."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated, Any, Literal

from funreason_plugin.environments.clinic_data import FULL_PRICES, ReferredSpecialty, Service
from funreason_plugin.environments.clinic_types import (
    Coverage,
    Identity,
    NewReferral,
    PrescriptionId,
    Prescriptions,
    Referrals,
    Refill,
)
from funreason_plugin.environments.environment import Environment, ToolError, tool
from funreason_plugin.environments.marks import Prose, Ref, Values

EARLIEST_REFILL = 20  # days after the last one


class ClinicFiles(Environment):
    """What lies in the patient's file. Every tool but `verify_patient` wants the identity verified first."""

    verified: str
    doctors: dict[str, dict[str, Any]]
    patients: dict[str, dict[str, Any]]
    plans: dict[str, dict[str, int]]
    referrals: dict[str, dict[str, Any]]
    prescriptions: dict[str, dict[str, Any]]
    refills: dict[str, dict[str, Any]]
    pharmacies: dict[str, dict[str, Any]]

    def _file(self, owner: str = "") -> dict[str, Any]:
        """The record of the patient whose identity was verified; `owner` is whose thing is asked for."""
        if not self.verified:
            raise ToolError(
                "the identity is not verified yet; call verify_patient with full name and date of birth"
            )
        if owner and owner != self.verified:
            raise ToolError("that belongs to another patient")
        return self.patients[self.verified]

    @tool(
        writes=True,
        ask=(
            "open my file: I'm {full_name}, born on {birth_date}",
            "confirm my identity as {full_name}, with {birth_date} as my date of birth",
            "check me in as {full_name} (date of birth {birth_date})",
            "pull up my record under the name {full_name}, born {birth_date}",
        ),
        noun="patient {full_name} (born {birth_date})",
        tell="The identity of {name} is verified: the family doctor is Dr. {family_doctor}, the insurance plan {plan}.",
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
                if patient_id == self.verified:
                    raise ToolError(f"the identity of {patient['name']} is verified already")
                self.verified = patient_id
                return {
                    "name": patient["name"],
                    "phone": patient["phone"],
                    "family_doctor": self.doctors[patient["family_doctor_id"]]["name"],
                    "plan": patient["plan"],
                }
        raise ToolError("the date of birth does not match our records; expected YYYY-MM-DD")

    @tool(
        writes=True,
        ask=(
            "get me a referral to {specialty} because of {complaint}",
            "have me referred to {specialty} for {complaint}",
            "arrange a referral to {specialty}, the complaint being {complaint}",
            "ask my family doctor to refer me to {specialty} on account of {complaint}",
        ),
        noun="new referral to {specialty}",
        tell="The referral {referral_id} was issued by Dr. {issued_by} and is valid until {expires}.",
    )
    def request_referral(
        self,
        specialty: ReferredSpecialty,
        complaint: Annotated[
            str,
            Prose(
                (
                    "complaints that have lasted for weeks",
                    "symptoms that came back after the holidays",
                    "something the last tablets did not help with",
                    "a check before a long journey",
                    "a second opinion",
                    "a family history of the same illness",
                    "trouble that gets worse in the evening",
                )
            ),
        ],
    ) -> NewReferral:
        """Have the family doctor refer the verified patient to a specialty. One referral per specialty is enough.

        Args:
            specialty: The specialty that the patient needs.
            complaint: What the patient suffers from, in a few words.
        """
        patient = self._file()
        for referral_id, referral in self.referrals.items():
            if referral["patient_id"] == self.verified and referral["specialty"] == specialty:
                raise ToolError(
                    f"the patient already has the referral {referral_id} to {specialty}, valid until "
                    f"{referral['expires']}; use that one"
                )
        new = self.new_id("RF", taken=self.referrals)
        expires = (self.now().date() + timedelta(days=180)).isoformat()
        self.referrals[new] = {
            "patient_id": self.verified,
            "specialty": specialty,
            "issued_by": patient["family_doctor_id"],
            "complaint": complaint,
            "expires": expires,
        }
        issued_by = self.doctors[patient["family_doctor_id"]]["name"]
        return {"referral_id": new, "issued_by": issued_by, "expires": expires}

    @tool(
        ask=(
            "list my referrals",
            "check which referrals I have",
            "see to which specialists I have been referred",
            "go through the referrals in my file",
        ),
        noun="referral in my file",
        tell="The referrals on file are {referrals[]: {specialty} (issued by {issued_by}, valid until {expires})}.",
    )
    def list_referrals(self) -> Referrals:
        """List the valid referrals of the verified patient.

        Args:
        """
        self._file()
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
                if item["patient_id"] == self.verified
            ]
        }

    @tool(
        ask=(
            "list my prescriptions",
            "check which medicines I am on",
            "see how many refills I have left",
            "go through my repeat prescriptions",
        ),
        noun="prescription in my file",
        tell="The prescriptions are {prescriptions[]: {medicine} {dose} (refills left: {refills_left})}.",
    )
    def list_prescriptions(self) -> Prescriptions:
        """List the repeat prescriptions of the verified patient, with the refills that are left.

        Args:
        """
        self._file()
        return {
            "prescriptions": [
                {
                    "prescription_id": key,
                    "medicine": item["medicine"],
                    "dose": item["dose"],
                    "refills_left": item["refills_left"],
                    "pharmacy": item["pharmacy"],
                }
                for key, item in self.prescriptions.items()
                if item["patient_id"] == self.verified
            ]
        }

    @tool(
        writes=True,
        ask=(
            "refill {prescription_id} at {pharmacy}[ for {days} days]",
            "have {pharmacy} prepare a refill of {prescription_id}[, enough for {days} days]",
            "order {prescription_id} again, to be collected at {pharmacy}[, as a supply for {days} days]",
            "renew {prescription_id} and send it to {pharmacy}[ with a supply of {days} days]",
        ),
        noun="refill of {prescription_id}",
        tell="The refill {refill_id} of {medicine} will be ready on {ready_on}; refills left: {refills_left}.",
    )
    def request_refill(
        self,
        prescription_id: PrescriptionId,
        pharmacy: Annotated[str, Ref("pharmacy", known=True), Values.state("pharmacies.keys()")],
        days: Literal[30, 60, 90] = 30,
    ) -> Refill:
        """Order a refill of the verified patient's prescription at a pharmacy.

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
            "check what I have to pay for a {service}",
            "find out whether my insurance covers a {service}",
            "see how much a {service} costs me under my insurance plan",
            "look up my copay for a {service}",
        ),
        noun="insurance cover for a {service}",
        tell="Under {plan} a {service} is {cover}: you pay {patient_pays} dollars.",
    )
    def check_coverage(self, service: Service) -> Coverage:
        """Check whether the verified patient's insurance plan covers a service, and what the patient pays (dollars).

        Args:
            service: The service in question.
        """
        plan = self._file()["plan"]
        copay = self.plans[plan].get(service)
        if copay is None:
            return {
                "plan": plan,
                "service": service,
                "cover": "not covered",
                "patient_pays": FULL_PRICES[service],
            }
        return {"plan": plan, "service": service, "cover": "covered", "patient_pays": copay}
