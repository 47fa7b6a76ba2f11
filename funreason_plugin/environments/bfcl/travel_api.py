"""TravelAPI: flights, credit cards, insurance. A scenario's traveller has a trip in mind whose routes exist."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random
from typing import Any

from funreason_plugin.environments.bfcl.addition import Addition, by_key, inner, names
from funreason_plugin.environments.bfcl.people import full_name
from funreason_plugin.environments.bfcl.phrases.travel_api import PHRASES
from funreason_plugin.environments.marks import Prose, Ref, Values

# Every city of _HOMES has a flight to every city of _AWAY in the class's table of fares.
_HOMES = {
    "San Francisco": "SFO", "Los Angeles": "LAX", "New York": "JFK", "Chicago": "ORD", "Boston": "BOS",
    "Rivermist": "RMS",
}  # fmt: skip
_AWAY = {
    "Stonebrook": "SBK", "Maplecrest": "MPC", "Silverpine": "SVP", "Shadowridge": "SHD", "Sunset Valley": "SSV",
    "Oakendale": "OKD", "Willowbend": "WLB", "Crescent Hollow": "CRH", "Autumnville": "ATV", "Pinehaven": "PHV",
    "Greenfield": "GFD",
}  # fmt: skip
_CURRENCIES = ("RMB", "EUR", "JPY", "GBP", "CAD", "AUD", "INR", "RUB", "BRL", "MXN")
_MESSAGES = (
    "I would like a window seat, if one is left.",
    "Please tell me how many bags are included.",
    "Could you note that I travel with a cello?",
    "I need a vegetarian meal on board.",
    "My name is misspelled on the confirmation, please correct it.",
    "Is there a lounge that I may use before departure?",
    "I want to know whether an earlier departure is possible.",
    "Please send the confirmation once more.",
)
_INSURANCES = (
    "trip cancellation", "baggage loss", "medical abroad", "full cover", "flight delay", "sports equipment",
)  # fmt: skip
_HEX = "0123456789abcdef"


def scenario(rng: Random, now: datetime) -> dict[str, Any]:
    """A traveller who is not signed in yet, one or two registered cards, perhaps an earlier booking."""
    first, last = full_name(rng).split(" ", 1)
    home = rng.choice(sorted(_HOMES))
    away = rng.sample(sorted(_AWAY), 3)
    cards = {
        str(rng.randint(10**11, 10**12 - 1)): _card(rng, f"{first} {last}") for _ in range(rng.randint(1, 2))
    }
    foreign = rng.sample(_CURRENCIES, 4)
    return {
        "credit_card_list": cards,
        "booking_record": _bookings(rng, now, list(cards), home),
        "user_first_name": first,
        "user_last_name": last,
        "budget_limit": float(rng.randint(8, 24) * 250) if rng.random() < 0.3 else None,
        "person": {
            "first_name": first,
            "last_name": last,
            "birthday": f"{rng.randint(1951, 2001)}-{rng.randint(1, 12):02d}-{rng.randint(1, 28):02d}",
            "passport": f"US{rng.randint(10**6, 10**7 - 1)}",
            "client_id": f"app-{_token(rng, 6)}",
            "client_secret": _token(rng, 12),
            "refresh_token": f"rt-{_token(rng, 10)}",
            "card": _card(rng, f"{first} {last}"),
            "home": home,
            "cities": [home, *away],
            "origins": [_HOMES[home]],
            "destinations": [_AWAY[city] for city in away],
            "dates": [
                (now + timedelta(days=day)).date().isoformat() for day in sorted(rng.sample(range(6, 160), 4))
            ],
            "base_currencies": ["USD"] if rng.random() < 0.5 else foreign,
            "foreign_currencies": foreign,
        },
    }


def _bookings(rng: Random, now: datetime, cards: list[str], home: str) -> dict[str, Any]:
    """One or two flights that the traveller has been on."""
    return {
        str(rng.randint(1_000_000, 9_999_999)): {
            "card_id": rng.choice(cards),
            "travel_date": (now - timedelta(days=days)).date().isoformat(),
            "travel_from": _HOMES[home],
            "travel_to": rng.choice(sorted(_AWAY.values())),
            "travel_class": rng.choice(("economy", "economy", "business", "first")),
            "travel_cost": float(rng.randint(21, 180) * 10),
            "transaction_id": str(rng.randint(10_000_000, 99_999_999)),
        }
        for days in rng.sample(range(12, 300), rng.randint(1, 2))
    }


def _card(rng: Random, name: str) -> dict[str, Any]:
    return {
        "card_number": f"{rng.randint(4, 5)}{rng.randint(10**14, 10**15 - 1)}",
        "expiration_date": f"{rng.randint(1, 12):02d}/{rng.randint(2027, 2032)}",
        "cardholder_name": name,
        "card_verification_number": rng.randint(112, 987),
        "balance": rng.randint(7_000, 48_000),
    }


def _token(rng: Random, length: int) -> str:
    return "".join(rng.choice(_HEX) for _ in range(length - 1)) + rng.choice(_HEX[:10])


def _targets(state: dict[str, Any], rng: Random) -> list[str]:
    """The class converts from and to US dollars only."""
    person = state["person"]
    return list(person["foreign_currencies"]) if person["base_currencies"] == ["USD"] else ["USD"]


def _signing_in(state: dict[str, Any], rng: Random) -> list[str]:
    """The traveller's client ID; nothing while they are signed in, for a new token would undo the old one."""
    return [] if state["access_token"] else [state["person"]["client_id"]]


_TOKEN = Ref("access token")
_BOOKING = Ref("booking")
_CARD = (Ref("credit card", known=True), Values.state("credit_card_list.keys()"))
_FROM = (Ref("airport", known=True), Values.state("person.origins[]"))
_TO = (Ref("airport", known=True), Values.state("person.destinations[]"))
_DATE = Values.state("person.dates[]")
_CLASS = Values.of(("economy", "business", "first"))

TRAVEL = Addition(
    document="travel_booking",
    policy=(
        "You book flights for a traveller and look after their cards, budget and insurance. The traveller "
        "authenticates first; the access token that this gives is needed for nearly everything else. Routes are "
        "named by airport codes, so look them up where the traveller names cities."
    ),
    scenario=scenario,
    writes=frozenset(
        names(
            "authenticate_travel book_flight cancel_booking purchase_insurance register_credit_card "
            "set_budget_limit"
        )
    ),
    draws=frozenset(("authenticate_travel", "book_flight", "purchase_insurance", "register_credit_card")),
    seed=141053,
    marks={
        "authenticate_travel": {
            "client_id": (Ref("client", known=True), Values.call(_signing_in)),
            "client_secret": Values.state("person.client_secret"),
            "refresh_token": Values.state("person.refresh_token"),
            "grant_type": Values.of(("read_write",)),
            "user_first_name": Values.state("person.first_name"),
            "user_last_name": Values.state("person.last_name"),
        },
        "book_flight": {
            "access_token": _TOKEN,
            "card_id": _CARD,
            "travel_date": _DATE,
            "travel_from": _FROM,
            "travel_to": _TO,
            "travel_class": _CLASS,
        },
        "cancel_booking": {"access_token": _TOKEN, "booking_id": _BOOKING},
        "compute_exchange_rate": {
            "base_currency": Values.state("person.base_currencies[]"),
            "target_currency": Values.call(_targets),
            "value": Values.of((120, 250, 380, 500, 640, 900, 1250, 1800, 2400, 3600)),
        },
        "contact_customer_support": {"booking_id": _BOOKING, "message": Prose(_MESSAGES)},
        "get_booking_history": {"access_token": _TOKEN},
        "get_budget_fiscal_year": {
            "lastModifiedAfter": Values.of(("2017-01-01T00:00:00", "2016-06-30T12:00:00")),
            "includeRemoved": Values.of(("true", "false")),
        },
        "get_credit_card_balance": {"access_token": _TOKEN, "card_id": _CARD},
        "get_flight_cost": {
            "travel_from": _FROM,
            "travel_to": _TO,
            "travel_date": _DATE,
            "travel_class": _CLASS,
        },
        "get_nearest_airport_by_city": {
            "location": (Ref("city", known=True), Values.state("person.cities[]"))
        },
        "purchase_insurance": {
            "access_token": _TOKEN,
            "insurance_type": Values.of(_INSURANCES),
            "insurance_cost": Values.of((45, 60, 75, 90, 110, 140, 180, 220)),
            "booking_id": _BOOKING,
            "card_id": _CARD,
        },
        "register_credit_card": {
            "access_token": _TOKEN,
            "card_number": Values.state("person.card.card_number"),
            "expiration_date": Values.state("person.card.expiration_date"),
            "cardholder_name": Values.state("person.card.cardholder_name"),
            "card_verification_number": Values.state("person.card.card_verification_number"),
        },
        "retrieve_invoice": {
            "access_token": _TOKEN,
            "booking_id": _BOOKING,
            "insurance_id": Ref("insurance"),
        },
        "set_budget_limit": {
            "access_token": _TOKEN,
            "budget_limit": Values.of((1500, 2000, 2500, 3000, 3500, 4000, 4500, 5000, 6000)),
        },
        "verify_traveler_information": {
            "first_name": Values.state("person.first_name"),
            "last_name": Values.state("person.last_name"),
            "date_of_birth": Values.state("person.birthday"),
            "passport_number": Values.state("person.passport"),
        },
    },
    required={"retrieve_invoice": ("booking_id",)},
    results={
        "book_flight": by_key("booking_history"),
        "get_all_credit_cards": by_key("credit_card_list"),
        "get_booking_history": by_key("booking_history"),
        "list_all_airports": inner("airports"),
    },
    refs={
        "authenticate_travel": {"access_token": _TOKEN},
        "book_flight": {"booking_id": _BOOKING},
        "get_nearest_airport_by_city": {"nearest_airport": Ref("airport", known=True)},
        "list_all_airports": {"[]": Ref("airport", known=True)},
        "purchase_insurance": {"insurance_id": Ref("insurance")},
        "register_credit_card": {"card_id": Ref("credit card", known=True)},
        "retrieve_invoice": {"invoice.booking_id": _BOOKING},
    },
    needs=dict.fromkeys(
        names(
            "book_flight cancel_booking get_booking_history get_credit_card_balance purchase_insurance "
            "register_credit_card retrieve_invoice set_budget_limit"
        ),
        ("authenticate_travel",),
    ),
    declared=(("book_flight", "contact_customer_support"),),
    phrases=PHRASES,
)
