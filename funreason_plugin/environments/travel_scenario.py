"""How the initial state of `travel` is drawn."""

from __future__ import annotations

from datetime import date as Date
from datetime import timedelta
from math import asin, cos, radians, sin, sqrt
from random import Random
from typing import Any

from funreason_plugin.environments.travel_data import (
    AMENITIES,
    BOARDS,
    CARRIERS,
    CITIES,
    FIRST_NAMES,
    HOTELS,
    LAST_NAMES,
    ROOMS,
    SOURCES,
)
from funreason_plugin.environments.travel_records import (
    Flight,
    Hotel,
    Source,
    Stay,
    Ticket,
    Traveller,
    nightly_price,
    price,
    seat_plan,
)
from funreason_plugin.environments.travel_results import Cabin

_CITY_NAMES = tuple(CITIES)
_DAYS = 8


def draw_scenario(rng: Random, today: Date) -> dict[str, Any]:
    """Three cities linked by daily flights, three travellers with money, tickets and hotel stays."""
    cities = _distant_cities(rng)
    first = today + timedelta(days=rng.randint(5, 24))
    dates = [(first + timedelta(days=day)).isoformat() for day in range(_DAYS)]
    flights = _flights(rng, cities)
    hotels = _hotels(rng, cities)
    names = rng.sample(FIRST_NAMES, 3), rng.sample(LAST_NAMES, 3)
    travellers = [f"{given} {family}" for given, family in zip(*names, strict=True)]
    sources: dict[str, Source] = {}
    tickets: dict[str, Ticket] = {}
    stays: dict[str, Stay] = {}
    numbers = iter(rng.sample(range(10_000, 100_000), 24))
    people: list[Traveller] = []
    for name in travellers:
        home = rng.choice(cities)
        tier = rng.choice(("basic", "silver", "gold"))
        people.append(
            {"name": name, "home_city": home, "tier": tier, "points": rng.randrange(6_000, 70_000, 50)}
        )
        own = [f"PS-{next(numbers)}" for _ in range(rng.randint(2, 3))]
        for source_id, (label, kind, low, high) in zip(own, rng.sample(SOURCES, len(own)), strict=True):
            balance = round(rng.randint(low * 4, high * 4) / 4, 2)
            sources[source_id] = {"owner": name, "label": label, "kind": kind, "balance": balance}
        goals = rng.sample([city for city in cities if city != home], rng.randint(1, 2))
        for goal, date in zip(goals, rng.sample(dates[:6], len(goals)), strict=True):
            tickets[f"TK-{next(numbers)}"] = _ticket(rng, name, flights, (home, goal), date, own[0])
            stays[f"ST-{next(numbers)}"] = _stay(rng, name, hotels, goal, date, own[-1])
    return {
        "selected_traveller": "",
        "dates": dates,
        "travellers": people,
        "sources": sources,
        "flights": flights,
        "hotels": hotels,
        "holds": {},
        "tickets": tickets,
        "stays": stays,
    }


def _kilometres(start: str, end: str) -> float:
    here, there = CITIES[start], CITIES[end]
    north, east = radians(there.north - here.north) / 2, radians(there.east - here.east) / 2
    chord = sin(north) ** 2 + cos(radians(here.north)) * cos(radians(there.north)) * sin(east) ** 2
    return 12_742 * asin(sqrt(chord))


def _distant_cities(rng: Random) -> list[str]:
    """Three cities, any two of them at least 350 km apart."""
    chosen: list[str] = []
    while len(chosen) < 3:
        city = rng.choice(_CITY_NAMES)
        if all(_kilometres(city, other) >= 350 for other in chosen):
            chosen.append(city)
    return chosen


def _flights(rng: Random, cities: list[str]) -> dict[str, Flight]:
    """Two or three daily flights between any two of the cities; fares and times differ within a route."""
    numbers = iter(rng.sample(range(110, 990), 18))
    flights: dict[str, Flight] = {}
    for origin in cities:
        for destination in cities:
            if origin == destination:
                continue
            kilometres = _kilometres(origin, destination)
            ahead = 60 * (CITIES[destination].ahead - CITIES[origin].ahead)
            shortest = 40 + kilometres / 12.5
            carriers = rng.sample(tuple(CARRIERS), rng.choice((2, 3, 3)))
            lengths = rng.sample(range(0, 60, 5), len(carriers))
            last = int(1425 - shortest - 60 - max(ahead, 0)) // 5
            departures = rng.sample(range(73, last), len(carriers))
            steps = rng.sample(range(12), len(carriers))
            for code, extra, departure, step in zip(carriers, lengths, departures, steps, strict=True):
                minutes = 5 * round((shortest + extra) / 5)
                fare = (38 + kilometres * 0.085) * (0.7 + 0.09 * step) + rng.randint(0, 99) / 100
                flights[f"{code}-{next(numbers)}"] = {
                    "origin": origin,
                    "destination": destination,
                    "departs": _clock(5 * departure),
                    "arrives": _clock(5 * departure + minutes + ahead),
                    "minutes": minutes,
                    "fare": round(fare, 2),
                }
    return flights


def _hotels(rng: Random, cities: list[str]) -> dict[str, Hotel]:
    """Three or four hotels in every city."""
    names = iter(rng.sample(HOTELS, 12))
    numbers = iter(rng.sample(range(1_000, 10_000), 12))
    rate_numbers = iter(rng.sample(range(1_000, 10_000), 36))
    hotels: dict[str, Hotel] = {}
    for city in cities:
        count = rng.choice((3, 3, 4))
        ratings = rng.sample(range(68, 97), count)
        distances = rng.sample(range(2, 60), count)
        for rating, distance in zip(ratings, distances, strict=True):
            stars = rng.randint(2, 5)
            rooms = rng.sample(ROOMS, rng.randint(2, 3))
            hotels[f"HT-{next(numbers)}"] = {
                "name": next(names),
                "city": city,
                "stars": stars,
                "rating": rating / 10,
                "distance_km": distance / 10,
                "price": round(22.0 * stars + rng.randint(40, 4500) / 100, 2),
                "amenities": sorted(rng.sample(AMENITIES, rng.randint(1, 4))),
                "rates": {
                    f"RR-{next(rate_numbers)}": [room, rng.choice(BOARDS)[0], rng.random() < 0.6]
                    for room, _ in rooms
                },
            }
    return hotels


def _ticket(
    rng: Random, name: str, flights: dict[str, Flight], route: tuple[str, str], date: str, source_id: str
) -> Ticket:
    number, flight = rng.choice(
        [item for item in flights.items() if (item[1]["origin"], item[1]["destination"]) == route]
    )
    flight_id = f"{number}-{date[5:7]}{date[8:]}"
    cabin: Cabin = "business" if rng.random() < 0.2 else "economy"
    seat = rng.choice(seat_plan(flight_id, cabin))["seat"] if rng.random() < 0.4 else ""
    return {
        "traveller": name,
        "flight_id": flight_id,
        "cabin": cabin,
        "price": price(flight, date, cabin),
        "source_id": source_id,
        "points": 0,
        "seat": seat,
        "bags": [],
    }


def _stay(rng: Random, name: str, hotels: dict[str, Hotel], city: str, check_in: str, source_id: str) -> Stay:
    hotel_id, hotel = rng.choice([item for item in hotels.items() if item[1]["city"] == city])
    rate_id, (room, board, free) = rng.choice(list(hotel["rates"].items()))
    nights = rng.randint(1, 5)
    return {
        "traveller": name,
        "hotel_id": hotel_id,
        "rate_id": rate_id,
        "check_in": check_in,
        "nights": nights,
        "total": round(nights * nightly_price(hotel, room, board, free), 2),
        "source_id": source_id,
        "messages": [],
    }


def _clock(minutes: int) -> str:
    return f"{minutes // 60 % 24:02d}:{minutes % 60:02d}"
