"""Who banks here and where their money goes: the tables that `bank_scenario` draws from."""

from __future__ import annotations

from random import Random
from typing import Final

CUSTOMERS: Final = (
    "Marit Lindholm",
    "Callum Reyes",
    "Ioana Petrescu",
    "Henrik Aas",
    "Bianca Moretti",
    "Sanne Verhoeven",
    "Youssef Amrani",
    "Freya Donnelly",
    "Luca Steiner",
    "Katarzyna Zielińska",
    "Owen Tregear",
    "Mireille Fontaine",
    "Andreas Kofler",
    "Nora Haugen",
    "Joaquín Beltrán",
    "Tessa Wildeboer",
    "Emre Aydin",
    "Paula Silvestre",
)

CURRENT: Final = ("everyday", "household", "salary")
SAVINGS: Final = ("rainy day", "holiday", "new car", "taxes", "renovation", "children")
POTS: Final = (
    "winter trip",
    "bike repair",
    "wedding gift",
    "new sofa",
    "music lessons",
    "garden shed",
    "city break",
    "laptop fund",
    "emergency vet",
    "festival tickets",
)

PAYEES: Final = (
    "Hanne Vestergaard",
    "Bluebell Nursery",
    "Ostler Heating",
    "Rafael Quintero",
    "Kestrel Property Rentals",
    "Dr. Ilse Baumann",
    "Northgate Rowing Club",
    "Mateusz Wilk",
    "Silverleaf Insurance",
    "Aoife Brannigan",
    "Pinewood Music School",
    "Carmine Esposito",
    "Harbour Energy Cooperative",
    "Lotte Jansen",
    "Quarry Lane Garage",
    "Solveig Nilsen",
)

PURCHASES: Final = (
    ("Lorca Coffee House", 3, 14),
    ("Saltmarsh Bakery", 4, 22),
    ("Metro Nord Transit", 2, 35),
    ("Falk Supermarket", 18, 120),
    ("Oddfellow Books", 9, 60),
    ("Juniper Pharmacy", 6, 45),
    ("Cinema Astra", 11, 34),
    ("Bistro Marguerite", 24, 95),
    ("Velostop Bikes", 15, 240),
    ("Sundial Electronics", 30, 480),
    ("Petrol Ring Ost", 35, 90),
    ("Nimbus Streaming", 8, 18),
    ("Atelier Knit", 20, 130),
    ("Aquarena Pool", 5, 19),
    ("Terra Garden Centre", 12, 88),
    ("Fonda del Puerto", 19, 76),
)
DEBITS: Final = (
    ("Harbour Energy Cooperative", 48, 140),
    ("Telvia Mobile", 12, 45),
    ("City Water Works", 20, 60),
    ("Silverleaf Insurance", 25, 85),
    ("Broadband Union", 28, 52),
)
INCOMES: Final = (
    ("Dahlgren Payroll", 1850, 3400),
    ("Tax Office Refund", 80, 620),
    ("Brightmoor Freelance", 240, 1150),
    ("Child Allowance Office", 180, 260),
)

REFERENCES: Final = (
    "Rent for this month",
    "My share of the dinner",
    "Thanks for the concert tickets",
    "Invoice settled, with thanks",
    "Deposit for the summer house",
    "Swimming lessons for the kids",
    "Birthday present, enjoy",
    "Half of the electricity bill",
)
DISPUTE_DETAILS: Final = (
    "I was abroad on that day.",
    "The shop promised a refund and then stopped answering.",
    "I have kept the receipt and can send it.",
    "My card was in my pocket the whole time.",
    "The amount on the receipt is lower.",
    "The parcel never arrived at my door.",
)

COUNTRIES: Final = {
    "DE": "Germany",
    "AT": "Austria",
    "BE": "Belgium",
    "ES": "Spain",
    "FI": "Finland",
    "PT": "Portugal",
    "DK": "Denmark",
    "PL": "Poland",
}
_IBAN_LENGTHS: Final = {"DE": 18, "AT": 16, "BE": 12, "ES": 20, "FI": 14, "PT": 21, "DK": 14, "PL": 24}


def draw_iban(rng: Random) -> str:
    """An IBAN of a country with digits only, with valid check digits."""
    country = rng.choice(tuple(_IBAN_LENGTHS))
    length = _IBAN_LENGTHS[country]
    account = str(rng.randrange(10 ** (length - 1), 10**length))
    return f"{country}{98 - _remainder(country + '00' + account):02d}{account}"


def valid_iban(iban: str) -> bool:
    """Whether the check digits fit (ISO 13616)."""
    return 15 <= len(iban) <= 34 and iban.isascii() and iban.isalnum() and _remainder(iban) == 1


def _remainder(iban: str) -> int:
    return int("".join(str(int(letter, 36)) for letter in iban[4:] + iban[:4])) % 97
