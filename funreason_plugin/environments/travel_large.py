"""Large states of `travel`: more flights on every route, more hotels in every city."""

from __future__ import annotations

from random import Random
from typing import Any, Final

from funreason_plugin.environments.enlarging import around, combinations, free_ids, listed
from funreason_plugin.environments.travel_data import AMENITIES, BOARDS, CARRIERS, CITIES, ROOMS
from funreason_plugin.environments.travel_records import Flight, Hotel

_HOUSES: Final = ("Hotel", "Pension", "Villa", "Residence", "Guesthouse", "Aparthotel")
_NAMED: Final = listed(
    "Alba Bellaria Bergfried Brunello Calypso Castellane Corona Dalia Delfin Eldorado Elster Fiora Fontaine Galatea "
    "Ginster Halcyon Heliotrop Ilex Imperia Jasmin Kranich Laurel Lavande Linnea Magnolia Malva Marconi Mistral Nausika "
    "Nereide Oleander Orion Paloma Perla Quercia Rialto Rosmarin Salvia Serenata Sirius Taberna Tivoli Ulmus Vesuvio "
    "Viola Wacholder Zafira Zenit Zephyr Zypresse"
)
_ADJECTIVES: Final = listed(
    "Amber Brass Crooked Crystal Fallen Gilded Hidden Ivory Jolly Lazy Merry Narrow Painted Patient Red Rusty Silver "
    "Sleepy Stone Upper Velvet Wandering White Winding"
)
_NOUNS: Final = listed(
    "Anchor Badger Bellows Bridge Candle Cellar Compass Cooper Crane Falcon Ferry Forge Garden Gate Heron Hound Ladder "
    "Loom Mill Otter Pheasant Pilgrim Rooster Sail Sparrow Stag Thistle Vine Wheel Wren"
)


def enlarge(state: dict[str, Any], rng: Random, times: int) -> dict[str, Any]:
    """Flights and hotels, ``times`` times as many; of flights on a route at most one for every five minutes of the day."""
    state["flights"] = around(state["flights"], _flights(rng, state["flights"], times))
    state["hotels"] = around(state["hotels"], _hotels(rng, state["hotels"], times))
    return state


def _flights(rng: Random, old: dict[str, Flight], times: int) -> dict[str, Flight]:
    routes: dict[tuple[str, str], list[Flight]] = {}
    for flight in old.values():
        routes.setdefault((flight["origin"], flight["destination"]), []).append(flight)
    new: dict[str, Flight] = {}
    for (origin, destination), known in routes.items():
        ahead = 60 * (CITIES[destination].ahead - CITIES[origin].ahead)
        shortest = min(flight["minutes"] for flight in known)
        fares = {flight["fare"] for flight in known}
        usual = sum(fares) / len(fares)
        taken = {flight["departs"] for flight in known}
        last = (1425 - shortest - 60 - max(ahead, 0)) // 5
        free = [clock for step in range(61, last) if (clock := _clock(5 * step)) not in taken]
        for departs in rng.sample(free, min(len(free), (times - 1) * len(known))):
            minutes = shortest + 5 * rng.randrange(12)
            fare = round(usual * rng.uniform(0.55, 1.9), 2)
            while fare in fares:
                fare = round(fare + 0.01, 2)
            fares.add(fare)
            number = f"{rng.choice(tuple(CARRIERS))}-{rng.randrange(110, 990)}"
            while number in old or number in new:
                number = f"{rng.choice(tuple(CARRIERS))}-{rng.randrange(110, 990)}"
            new[number] = {
                "origin": origin,
                "destination": destination,
                "departs": departs,
                "arrives": _clock(60 * int(departs[:2]) + int(departs[3:]) + minutes + ahead),
                "minutes": minutes,
                "fare": fare,
            }
    return new


def _hotels(rng: Random, old: dict[str, Hotel], times: int) -> dict[str, Hotel]:
    taken = {hotel["name"] for hotel in old.values()}
    names = combinations(rng, _HOUSES, _NAMED, taken) + combinations(
        rng, _ADJECTIVES, _NOUNS, taken, "The {} {}"
    )
    rng.shuffle(names)
    cities = [hotel["city"] for hotel in old.values() for _ in range(times - 1)][: len(names)]
    rooms = [rng.sample(ROOMS, rng.randint(2, 3)) for _ in cities]
    ids = free_ids(rng, "HT", 4, old, len(cities))
    rates = iter(
        free_ids(
            rng, "RR", 4, [rate for hotel in old.values() for rate in hotel["rates"]], sum(map(len, rooms))
        )
    )
    prices = {hotel["price"] for hotel in old.values()}
    new: dict[str, Hotel] = {}
    for key, city, name, kinds in zip(ids, cities, names, rooms, strict=False):
        stars = rng.randint(2, 5)
        price = round(22.0 * stars + rng.randint(40, 6500) / 100, 2)
        while price in prices:
            price = round(price + 0.01, 2)
        prices.add(price)
        new[key] = {
            "name": name,
            "city": city,
            "stars": stars,
            "rating": rng.randint(52, 99) / 10,
            "distance_km": rng.randint(1, 140) / 10,
            "price": price,
            "amenities": sorted(rng.sample(AMENITIES, rng.randint(1, 4))),
            "rates": {next(rates): [room, rng.choice(BOARDS)[0], rng.random() < 0.6] for room, _ in kinds},
        }
    return new


def _clock(minutes: int) -> str:
    return f"{minutes // 60 % 24:02d}:{minutes % 60:02d}"
