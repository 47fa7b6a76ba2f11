"""The records in the state of `travel`, and what follows from them: fares, room prices, seats."""

from __future__ import annotations

from datetime import date as Date
from functools import lru_cache
from random import Random
from typing import Any

from typing_extensions import TypedDict

from funreason_plugin.environments.travel_data import BOARDS, BUSINESS_FACTOR, ROOMS, WEEKDAY_FACTORS
from funreason_plugin.environments.travel_results import BagKind, Cabin, FreeSeat

_ROOM_FACTORS = dict(ROOMS)
_BOARD_PRICES = dict(BOARDS)


class Traveller(TypedDict):
    name: str
    home_city: str
    tier: str
    points: int


class Source(TypedDict):
    owner: str
    label: str
    kind: str
    balance: float


class Flight(TypedDict):
    origin: str
    destination: str
    departs: str
    arrives: str
    minutes: int
    fare: float


class Hotel(TypedDict):
    name: str
    city: str
    stars: int
    rating: float
    distance_km: float
    price: float
    amenities: list[str]
    rates: dict[str, list[Any]]  # rate id: room, board, free cancellation


class Hold(TypedDict):
    traveller: str
    flight_id: str
    cabin: Cabin
    price: float
    expires: str


class BookedBag(TypedDict):
    kind: BagKind
    weight: int


class Ticket(TypedDict):
    traveller: str
    flight_id: str
    cabin: Cabin
    price: float
    source_id: str  # "" where points paid
    points: int
    seat: str
    bags: list[BookedBag]


class Stay(TypedDict):
    traveller: str
    hotel_id: str
    rate_id: str
    check_in: str
    nights: int
    total: float
    source_id: str
    messages: list[str]


def carrier_code(flight_id: str) -> str:
    return flight_id.split("-", 1)[0]


@lru_cache(maxsize=1024)
def _factor(date: str) -> float:
    return WEEKDAY_FACTORS[Date.fromisoformat(date).weekday()]


def price(flight: Flight, date: str, cabin: Cabin) -> float:
    """The fare in EUR on a date: it depends on the weekday and the cabin."""
    return round(flight["fare"] * _factor(date) * (BUSINESS_FACTOR if cabin == "business" else 1.0), 2)


def nightly_price(hotel: Hotel, room: str, board: str, free_cancellation: bool) -> float:
    """The price in EUR of a night under a rate."""
    return round(
        hotel["price"] * _ROOM_FACTORS[room] * (1.08 if free_cancellation else 1) + _BOARD_PRICES[board], 2
    )


def seat_plan(flight_id: str, cabin: Cabin) -> list[FreeSeat]:
    """The five seats of a flight that are still on offer, in different rows and with different legroom."""
    draw = Random(f"{flight_id}/{cabin}")
    business = cabin == "business"
    rows = sorted(draw.sample(range(1, 6) if business else range(7, 33), 5))
    legroom = draw.sample(range(94, 112) if business else range(71, 86), 5)
    letters = draw.choices("ACDF" if business else "ABCDEF", k=5)
    kinds = {"A": "window", "F": "window", "B": "middle", "E": "middle", "C": "aisle", "D": "aisle"}
    return [
        {"seat": f"{row}{letter}", "row": row, "position": kinds[letter], "legroom": room}
        for row, letter, room in zip(rows, letters, legroom, strict=True)
    ]
