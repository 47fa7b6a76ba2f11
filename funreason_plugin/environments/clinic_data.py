"""Alder Court Clinic: the tables its scenarios are drawn from, and the draw itself."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from random import Random
from typing import Any, Final, Literal, get_args

OpenSpecialty = Literal["family medicine", "physiotherapy", "nutrition"]
ReferredSpecialty = Literal["cardiology", "dermatology", "orthopedics", "neurology", "ophthalmology"]
Specialty = Literal[
    "family medicine",
    "physiotherapy",
    "nutrition",
    "cardiology",
    "dermatology",
    "orthopedics",
    "neurology",
    "ophthalmology",
]
VisitMode = Literal["in person", "by video"]
Service = Literal[
    "family doctor visit",
    "specialist visit",
    "video visit",
    "physiotherapy session",
    "blood test",
    "chest x-ray",
    "flu vaccination",
]
Channel = Literal["text message", "email", "phone call"]

REFERRED: Final[tuple[str, ...]] = get_args(ReferredSpecialty)
FULL_PRICES: Final[dict[str, int]] = {
    "family doctor visit": 65,
    "specialist visit": 140,
    "video visit": 45,
    "physiotherapy session": 70,
    "blood test": 38,
    "chest x-ray": 95,
    "flu vaccination": 30,
}  # dollars, without insurance
LATE_FEE: Final = 25  # for a visit cancelled less than a day ahead

_FIRST: Final = (
    ("Ingrid", "Mateo", "Folake", "Anders", "Yuki", "Bronwen", "Tariq", "Lucia", "Emeka", "Saoirse", "Piotr")
    + ("Amara", "Hugo", "Leila", "Dmitri", "Rosalind", "Kenji", "Noemi", "Callum", "Farah", "Viggo", "Zofia")
    + ("Rafael", "Thandiwe", "Oskar", "Marisol", "Declan", "Priya", "Stellan", "Beatriz", "Ewan", "Halima")
    + ("Joachim", "Liv", "Nikolai", "Odette", "Ruben", "Shira", "Tobias", "Wilhelmina")
)
_LAST: Final = (
    (
        "Ashdown",
        "Bergqvist",
        "Castellano",
        "Dragomir",
        "Eriksen",
        "Fairweather",
        "Gallego",
        "Hartwell",
        "Ibekwe",
    )
    + ("Jankowski", "Kobayashi", "Lindholm", "Marchetti", "Nakagawa", "Oyelaran", "Pemberton", "Quintero")
    + (
        "Rasmussen",
        "Szabo",
        "Thornbury",
        "Uchida",
        "Vandermeer",
        "Whitcombe",
        "Yilmaz",
        "Zielinski",
        "Abernathy",
    )
    + ("Brodeur", "Carmichael", "Delacroix", "Engstrom", "Fitzgerald", "Grimaldi", "Halloran", "Iversen")
    + ("Jamieson", "Kowalczyk", "Lombardi", "Macready", "Novotny", "Ortega")
)
_LANGUAGES: Final = ("Spanish", "Polish", "Arabic", "French", "Portuguese", "Turkish", "Ukrainian", "Hindi")
_STREETS: Final = ("Weaver Street", "Canal Row", "Larch Avenue", "Priory Road", "Market Hill", "Tannery Lane")
_PHARMACIES: Final = (
    "Old Mill Pharmacy",
    "Bridgegate Chemist",
    "Larkspur Pharmacy",
    "Saint Anne Dispensary",
    "Corner Apothecary",
) + ("Riverside Drugstore", "Halden Pharmacy", "Greenway Chemist")
_MEDICINES: Final = (
    ("Lisinopril", "10 mg"),
    ("Metformin", "500 mg"),
    ("Atorvastatin", "20 mg"),
    ("Levothyroxine", "75 mcg"),
    ("Salbutamol inhaler", "100 mcg"),
    ("Omeprazole", "20 mg"),
    ("Sertraline", "50 mg"),
    ("Amlodipine", "5 mg"),
    ("Cetirizine", "10 mg"),
    ("Naproxen", "250 mg"),
    ("Montelukast", "10 mg"),
    ("Bisoprolol", "2.5 mg"),
)
_PLANS: Final = ("Meridian Basic", "Meridian Plus", "Harbor Family", "Civic Care", "Northstar Select")
_REASONS: Final = {
    "family medicine": ("annual check-up", "persistent cough", "vaccination advice", "blood test results"),
    "physiotherapy": ("lower back pain", "shoulder exercises", "recovery after a sprained ankle"),
    "nutrition": ("meal plan for diabetes", "food allergy advice", "iron-rich diet"),
    "cardiology": ("palpitations", "high blood pressure follow-up"),
    "dermatology": ("eczema on the hands", "mole check"),
    "orthopedics": ("knee pain on stairs", "wrist fracture follow-up"),
    "neurology": ("recurring migraine", "numbness in the left hand"),
    "ophthalmology": ("blurred vision", "glaucoma screening"),
}
TIMES: Final = tuple(
    f"{hour:02d}:{minute:02d}" for hour in range(8, 18) for minute in (0, 10, 20, 30, 40, 50)
)
_OPEN_DOCTORS: Final = ("family medicine",) * 3 + ("physiotherapy",) * 2 + ("nutrition",) * 2
_FEES: Final = {"family medicine": 45, "physiotherapy": 55, "nutrition": 50}
_SPECIALIST_FEE: Final = 110


def draw_scenario(rng: Random, now: datetime) -> dict[str, Any]:
    """A clinic on the morning of `now`: one visitor at the desk, a few other patients, three weeks of slots."""
    return _Draw(rng, now.date()).state()


def slot_dates(state: dict[str, Any], rng: Random) -> list[str]:
    """The days on which there are slots, but the last, so that something is left from each of them on."""
    return sorted({slot["starts"][:10] for slot in state["slots"].values()})[:-1]


def spoken_languages(state: dict[str, Any], rng: Random) -> list[str]:
    return sorted({language for doctor in state["doctors"].values() for language in doctor["languages"]})


class _Draw:
    """One draw; `ids` keeps ids of one kind apart."""

    def __init__(self, rng: Random, today: date) -> None:
        self.rng, self.today = rng, today
        self.ids: set[int] = set()
        self.names = [
            f"{first} {last}"
            for first, last in zip(rng.sample(_FIRST, 26), rng.sample(_LAST, 26), strict=True)
        ]
        self.workdays = [
            day for day in (today + timedelta(days=n) for n in range(1, 22)) if day.weekday() < 5
        ]
        self.doctors: dict[str, dict[str, Any]] = {}
        self.slots: dict[str, dict[str, Any]] = {}
        self.patients: dict[str, dict[str, Any]] = {}
        self.appointments: dict[str, dict[str, Any]] = {}
        self.referrals: dict[str, dict[str, Any]] = {}
        self.prescriptions: dict[str, dict[str, Any]] = {}

    def state(self) -> dict[str, Any]:
        rng = self.rng
        self.staff()
        pharmacies = {
            name: {"address": f"{rng.randint(2, 90)} {rng.choice(_STREETS)}", "ready_days": days}
            for days, name in enumerate(rng.sample(_PHARMACIES, 4))
        }
        for number in range(rng.randint(4, 6)):
            self.patient(list(pharmacies), visitor=number == 0)
        visitor = next(iter(self.patients.values()))
        return {
            "visitor": {"full_name": visitor["name"], "birth_date": visitor["birth_date"]},
            "verified": "",
            "doctors": self.doctors,
            "patients": self.patients,
            "plans": {patient["plan"]: self.plan() for patient in self.patients.values()},
            "slots": self.slots,
            "holds": {},
            "appointments": self.appointments,
            "referrals": self.referrals,
            "prescriptions": self.prescriptions,
            "refills": {},
            "pharmacies": pharmacies,
            "waiting": {},
            "notes": {},
        }

    def new_id(self, prefix: str, digits: int) -> str:
        while True:
            number = self.rng.randrange(10 ** (digits - 1), 10**digits)
            if number not in self.ids:
                self.ids.add(number)
                return f"{prefix}-{number}"

    def staff(self) -> None:
        """Thirteen doctors, each with four or five slots; within a specialty ratings and fees differ."""
        rng = self.rng
        ratings = rng.sample(range(36, 50), 13)
        specialists = [*REFERRED, rng.choice(REFERRED)]
        for number, specialty in enumerate([*_OPEN_DOCTORS, *specialists]):
            doctor_id = self.new_id("DR", 4)
            self.doctors[doctor_id] = {
                "name": self.names.pop(),
                "specialty": specialty,
                "languages": ["English", *rng.sample(_LANGUAGES, rng.randint(0, 2))],
                "rating": ratings[number] / 10,
                "fee": _FEES.get(specialty, _SPECIALIST_FEE) + 5 * number,
                "room": f"{rng.choice('ABC')}{number + 1}",
            }
            count = rng.randint(4, 5)
            for day, time in zip(
                sorted(rng.sample(self.workdays, count)), rng.sample(TIMES, count), strict=True
            ):
                self.slot(doctor_id, f"{day.isoformat()} {time}", "free")

    def slot(self, doctor_id: str, starts: str, status: str) -> str:
        slot_id = self.new_id("SL", 5)
        self.slots[slot_id] = {
            "doctor_id": doctor_id,
            "starts": starts,
            "mode": "by video" if self.rng.random() < 0.3 else "in person",
            "status": status,
        }
        return slot_id

    def patient(self, pharmacies: list[str], visitor: bool) -> None:
        rng = self.rng
        patient_id = self.new_id("PT", 6)
        name = self.names.pop()
        family = rng.choice(
            [key for key, doctor in self.doctors.items() if doctor["specialty"] == "family medicine"]
        )
        born = date(rng.randint(1938, 2004), rng.randint(1, 12), rng.randint(1, 28))
        self.patients[patient_id] = {
            "name": name,
            "birth_date": born.isoformat(),
            "phone": f"555-01{rng.randint(10, 99)}",
            "family_doctor_id": family,
            "plan": rng.choice(_PLANS),
        }
        specialties = rng.sample(REFERRED, 3)
        for specialty in specialties[: rng.randint(1, 2) if visitor else rng.randint(0, 1)]:
            self.referral(patient_id, specialty, family)
        if visitor:
            self.appointment(patient_id, rng.choice(_OPEN_DOCTORS), "upcoming")
            self.appointment(patient_id, specialties[2], "upcoming")
            self.appointment(patient_id, rng.choice(("family medicine", *REFERRED)), "past")
        else:
            self.appointment(patient_id, rng.choice(_OPEN_DOCTORS), rng.choice(("upcoming", "past")))
        medicines = rng.sample(_MEDICINES, rng.randint(2, 3) if visitor else rng.randint(0, 1))
        refills = rng.sample(range(1, 7), 3)
        for number, (medicine, dose) in enumerate(medicines):
            self.prescriptions[self.new_id("RX", 5)] = {
                "patient_id": patient_id,
                "medicine": medicine,
                "dose": dose,
                "refills_left": 0 if number == 2 else refills[number],
                "last_filled": (self.today - timedelta(days=rng.randint(25, 80) + 100 * number)).isoformat(),
                "pharmacy": rng.choice(pharmacies),
            }

    def referral(self, patient_id: str, specialty: str, issued_by: str) -> None:
        issued = self.today - timedelta(days=self.rng.randint(3, 60))
        self.referrals[self.new_id("RF", 5)] = {
            "patient_id": patient_id,
            "specialty": specialty,
            "issued_by": issued_by,
            "complaint": self.rng.choice(_REASONS[specialty]),
            "expires": (issued + timedelta(days=180)).isoformat(),
        }

    def appointment(self, patient_id: str, specialty: str, status: str) -> None:
        rng = self.rng
        doctor_id = rng.choice(
            [key for key, doctor in self.doctors.items() if doctor["specialty"] == specialty]
        )
        ahead = (
            rng.choice(self.workdays)
            if status == "upcoming"
            else self.today - timedelta(days=rng.randint(9, 200))
        )
        starts = f"{ahead.isoformat()} {rng.choice(TIMES)}"
        taken = {item["starts"] for item in (*self.slots.values(), *self.appointments.values())}
        while starts in taken:
            starts = f"{ahead.isoformat()} {rng.choice(TIMES)}"
        slot_id = self.slot(doctor_id, starts, "booked") if status == "upcoming" else ""
        self.appointments[self.new_id("AP", 5)] = {
            "patient_id": patient_id,
            "doctor_id": doctor_id,
            "slot_id": slot_id,
            "starts": starts,
            "reason": rng.choice(_REASONS[specialty]),
            "status": status,
            "reminders": {},
        }

    def plan(self) -> dict[str, int]:
        """What the patient pays by service; a service that is not listed is not covered."""
        rng = self.rng
        services = rng.sample(get_args(Service), rng.randint(5, 6))
        return {service: rng.choice((0, 5, 8, 10, 12, 15, 20, 25, 30, 40)) for service in services}
