"""Files for scenarios: what people keep in folders, in several kinds, with their typical names.

name, text = draw("ledger", rng)     # "kitchen_costs.csv", "date,item,amount\n2026-02-03,paint,..."
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from funreason_plugin.environments.bfcl.people import full_name

_TASKS = (
    "call the plumber about the boiler", "return the borrowed ladder", "renew the fishing licence",
    "order blue paint for the fence", "book the village hall", "sharpen the kitchen knives", "pick up the glasses",
    "write to the landlord about the damp", "measure the attic window", "bring the bikes in for service",
    "print the labels for the jars", "water the neighbour's plants", "pay the choir fee", "mend the tent zip",
    "plant the garlic", "cancel the paper subscription", "back up the phone", "clean the gutters",
)  # fmt: skip
_ITEMS = (
    "paint", "tiles", "train tickets", "seed potatoes", "printer ink", "bread flour", "workshop fee", "varnish",
    "light bulbs", "postage", "timber", "coffee beans", "hall rent", "guitar strings", "plaster", "hinges",
)  # fmt: skip
_EVENTS = (
    "INFO sync finished", "INFO copy of photos complete", "WARNING disk at 87 percent", "ERROR cannot reach station 4",
    "INFO pump switched on", "WARNING battery at 12 percent", "ERROR sensor gave no value", "INFO door opened",
    "INFO restart requested", "WARNING slow answer from archive", "ERROR paper jam in tray 2", "INFO pump switched off",
)  # fmt: skip
_TOPICS = (
    "the summer fair takes place on the school meadow", "the roof repair is put off until the autumn",
    "the new rota starts after the holidays", "the flyer needs a second proof-reading",
    "the bus to the match leaves at nine", "the key cabinet gets a number lock",
    "the website moves to the new provider", "the tombola prizes are collected in the library",
    "two offers are still outstanding for the floor", "the minutes go out by e-mail only",
)  # fmt: skip
_GOODS = (
    "anchors",
    "bolts",
    "clamps",
    "dowels",
    "felt pads",
    "hooks",
    "nails",
    "rivets",
    "screws",
    "washers",
)
_PLACES = ("north_gate", "old_mill", "greenhouse", "jetty", "orchard", "quarry", "weir", "summit_hut")


def draw(kind: str, rng: Random) -> tuple[str, str]:
    """A file of one of the `KINDS`: name and content."""
    names, write = KINDS[kind]
    return rng.choice(names), write(rng)


def revised(text: str, rng: Random) -> str:
    """A later version of a text: some lines are changed, the number of lines stays."""
    lines = text.splitlines()
    for index in rng.sample(range(1, len(lines)), min(2, len(lines) - 1)):
        places = [place for place, char in enumerate(lines[index]) if char.isdigit()]
        if places:  # the last digit: of minutes, a percentage, an amount
            line, last = lines[index], places[-1]
            digit = (int(line[last]) + rng.randint(1, 8)) % 10
            lines[index] = f"{line[:last]}{digit}{line[last + 1 :]}"
        else:
            lines[index] = f"{lines[index]} (checked by {full_name(rng)})"
    return "\n".join(lines)


def _day(rng: Random) -> str:
    return f"2026-{rng.randint(1, 12):02d}-{rng.randint(1, 28):02d}"


def _todo(rng: Random) -> str:
    return "\n".join(f"[{rng.choice('x  ')}] {task}" for task in rng.sample(_TASKS, rng.randint(4, 9)))


def _ledger(rng: Random) -> str:
    items = rng.sample(_ITEMS, rng.randint(4, 9))
    return "\n".join(
        ["date,item,amount", *(f"{_day(rng)},{item},{rng.uniform(3, 240):.2f}" for item in items)]
    )


def _log(rng: Random) -> str:
    day, minute = _day(rng), rng.randint(300, 600)
    lines = []
    for _ in range(rng.randint(6, 14)):
        minute += rng.randint(1, 55)
        lines.append(f"{day} {minute // 60 % 24:02d}:{minute % 60:02d} {rng.choice(_EVENTS)}")
    return "\n".join(lines)


def _minutes(rng: Random) -> str:
    points = rng.sample(_TOPICS, rng.randint(3, 5))
    head = f"Meeting on {_day(rng)}, written by {full_name(rng)}"
    return "\n".join([head, *(f"{number}. Agreed: {point}." for number, point in enumerate(points, 1))])


def _people(rng: Random) -> str:
    return "\n".join(full_name(rng) for _ in range(rng.randint(5, 12)))


def _stock(rng: Random) -> str:
    goods = rng.sample(_GOODS, rng.randint(4, 8))
    return "\n".join(f"{name}: {rng.randint(4, 960)} pieces, shelf {rng.randint(1, 9)}" for name in goods)


def _readings(rng: Random) -> str:
    rows = [
        f"{_day(rng)},{place},{rng.uniform(-6, 31):.1f}" for place in rng.sample(_PLACES, rng.randint(4, 7))
    ]
    return "\n".join(["day,station,celsius", *rows])


def _letter(rng: Random) -> str:
    first, second = rng.sample(_TASKS, 2)
    return (
        f"Dear {full_name(rng)},\nbefore the end of the month I have to {first}.\n"
        f"I also meant to {second}; could you help me with that?\nMany thanks,\n{full_name(rng)}"
    )


KINDS: dict[str, tuple[tuple[str, ...], Callable[[Random], str]]] = {
    "todo": (
        ("chores.txt", "open_points.txt", "weekend_tasks.md", "before_the_trip.txt", "errands.txt"),
        _todo,
    ),
    "ledger": (("kitchen_costs.csv", "club_ledger.csv", "spending_may.csv", "renovation_costs.csv"), _ledger),
    "log": (("sync_run.log", "pump_station.log", "night_copy.log", "door_monitor.log"), _log),
    "minutes": (
        ("committee_minutes.txt", "board_meeting.md", "tenants_meeting.txt", "choir_meeting.txt"),
        _minutes,
    ),
    "people": (("guest_list.txt", "choir_members.txt", "volunteers.txt", "invitations.txt"), _people),
    "stock": (("workshop_stock.txt", "cellar_stock.txt", "parts_on_shelf.txt", "tool_store.txt"), _stock),
    "readings": (("frost_readings.csv", "station_temps.csv", "weather_hut.csv", "soil_temps.csv"), _readings),
    "letter": (
        ("letter_landlord.txt", "letter_to_aunt.txt", "reply_to_council.txt", "thank_you_card.txt"),
        _letter,
    ),
}
