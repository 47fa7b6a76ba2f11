"""TicketAPI: a company's support tickets. The person wrote some of them, colleagues the others."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from random import Random
from typing import Any

from funreason_plugin.environments.bfcl.addition import Addition, as_list, names
from funreason_plugin.environments.bfcl.people import full_names, password, user_name
from funreason_plugin.environments.bfcl.phrases.ticket_api import PHRASES
from funreason_plugin.environments.marks import Prose, Ref, Values

_PLACES = (
    "on the second floor", "in the Lisbon office", "in the warehouse", "at the reception desk", "in the canteen",
    "in meeting room Alder", "in the packing hall", "at the loading dock", "in the training room", "on the roof terrace",
)  # fmt: skip
_TROUBLES = (  # title, description
    ("Badge reader rejects cards", "Cards that worked yesterday are refused; the light stays amber."),
    ("Projector shows a green tint", "Every slide has a green cast, whichever laptop is plugged in."),
    ("Label printer skips lines", "Roughly every fourth label comes out half blank."),
    ("Heating stays at 17 degrees", "The thermostat can be turned, but nothing changes."),
    ("Wireless drops every hour", "All devices lose the network for about two minutes."),
    ("Scanner sends blank pages", "Scans arrive as attachments, yet the pages are white."),
    ("Desk phone has no dial tone", "The handset was replaced already, without success."),
    ("Shared calendar out of step", "Rooms look free although they are booked."),
    ("Docking station overheats", "It shuts down after about half an hour of use."),
    ("Payroll export is missing a column", "The cost centre no longer shows up in the file."),
    ("Door closer slams", "It has become a hazard for people with trolleys."),
    ("Water dispenser leaks", "There is a puddle every morning; a towel is on the floor."),
    ("Monitor flickers when warm", "It starts about an hour after switching on."),
    ("Card terminal declines contactless", "Chip and PIN works, tapping does not."),
    ("VPN asks for the token twice", "The second request always times out."),
    ("Noise from the ventilation", "A rattling sound, worse in the afternoon."),
)
_REQUESTS = (  # title, description
    ("Ergonomic chair for a new colleague", "She starts next month and needs lumbar support."),
    ("Access to the archive share", "Read access is enough, for the annual inventory."),
    ("Second screen for the design team", "Two of us compare layouts all day."),
    ("Licence for the drawing software", "The trial runs out at the end of the month."),
    ("Extra power strip for the lab bench", "All sockets are taken by measuring devices."),
    ("Replacement keyboard with French layout", "Three keys are stuck on the present one."),
    ("Larger mailbox for the sales inbox", "It is full again, although attachments are removed weekly."),
    ("Headsets for the hotline", "Four sets, wired, with a mute button."),
    ("Parking permit for a supplier", "They deliver on Tuesdays and Thursdays."),
    ("Standing desk converter", "The company doctor recommends it."),
)
_RESOLUTIONS = (  # each fits a fault and a request alike
    "Done this morning and confirmed by phone.",
    "Taken care of by the building services.",
    "Settled together with the supplier.",
    "Delivered and set up, nothing is left to do.",
    "Our neighbours in the team took it over and finished it.",
    "Fixed on site; please report it again if it comes back.",
    "Handled within the regular round on Tuesday.",
)
_DETAILS = (
    "Two colleagues and I are affected by it.",
    "It would be good to have this done before Friday.",
    "I am in the office until four, then by phone.",
    "My manager has already agreed.",
    "Please ask for me at the front desk.",
    "We have had the same thing last year.",
    "It is not urgent, but it should not be forgotten.",
    "Somebody from the first floor can show you where it is.",
    "Mornings suit us best.",
)
_STATUSES = ("Open", "Open", "Open", "In Progress", "On Hold", "Closed", "Resolved")
_SOFT_STATUSES = ("In Progress", "On Hold", "Waiting for Parts", "Scheduled")


def scenario(rng: Random, now: datetime) -> dict[str, Any]:
    """Five to nine tickets, at least three of them the person's own."""
    person, *colleagues = full_names(rng, 4)
    username = user_name(rng, person)
    others = [user_name(rng, name) for name in colleagues]
    count = rng.randint(5, 9)
    authors = [username] * 3 + [rng.choice((username, *others)) for _ in range(count - 3)]
    ticket_id = rng.randint(1_100, 9_400)
    queue: list[dict[str, Any]] = []
    for author, (title, description) in zip(rng.sample(authors, count), _tickets(rng, count), strict=True):
        ticket: dict[str, Any] = {
            "id": ticket_id,
            "title": title,
            "description": description,
            "status": rng.choice(_STATUSES),
            "priority": rng.randint(1, 5),
            "created_by": author,
        }
        if ticket["status"] == "Resolved":
            ticket["resolution"] = rng.choice(_RESOLUTIONS)
        queue.append(ticket)
        ticket_id += rng.randint(4, 40)
    return {
        "ticket_queue": queue,
        "ticket_counter": ticket_id,
        "current_user": None,
        "person": {
            "username": username,
            "password": password(rng),
            "titles": [t for t, _ in _tickets(rng, 8)],
        },
    }


def _tickets(rng: Random, count: int) -> list[tuple[str, str]]:
    """Titles (a trouble is somewhere) and descriptions, all different."""
    found = [
        (f"{title} {rng.choice(_PLACES)}" if (title, text) in _TROUBLES else title, text)
        for title, text in rng.sample((*_TROUBLES, *_REQUESTS), count)
    ]
    return found


def _own(state: dict[str, Any]) -> list[dict[str, Any]]:
    user = state["current_user"] or state.get("person", {}).get("username")
    return [ticket for ticket in state["ticket_queue"] if ticket["created_by"] == user]


def _new_titles(state: dict[str, Any], rng: Random) -> list[str]:
    known = {ticket["title"] for ticket in state["ticket_queue"]}
    return [title for title in state["person"]["titles"] if title not in known]


def _updates(state: dict[str, Any], rng: Random) -> list[dict[str, Any]]:
    """One or two changed fields."""
    found: list[dict[str, Any]] = []
    for _ in range(4):
        status, priority = rng.choice(_SOFT_STATUSES), rng.randint(1, 5)
        found += [{"status": status}, {"priority": priority}, {"priority": priority, "status": status}]
    return [*found, *({"title": title} for title in _new_titles(state, rng)[:2])]


def _signing_in(key: str) -> Callable[[dict[str, Any], Random], list[str]]:
    """What the person signs in with; nothing while they are signed in."""
    return lambda state, rng: [] if state["current_user"] else [state["person"][key]]


def _own_statuses(state: dict[str, Any], rng: Random) -> list[str]:
    return sorted({ticket["status"] for ticket in _own(state)})


_TICKET = Ref("ticket")
_STATUS = Ref("status of a ticket", known=True)  # not what one lists tickets by

TICKET = Addition(
    document="ticket_api",
    policy=(
        "You handle support tickets of a company for one of its employees. Log the employee in before tickets are "
        "created or listed. Refer to tickets by the numbers that the system gives, never by guessed ones."
    ),
    scenario=scenario,
    writes=frozenset(names("close_ticket create_ticket edit_ticket logout resolve_ticket ticket_login")),
    marks={
        "close_ticket": {"ticket_id": _TICKET},
        "create_ticket": {
            "title": (Values.call(_new_titles), Prose()),
            "description": Prose(_DETAILS),
            "priority": Values.of((1, 2, 3, 4, 5)),
        },
        "edit_ticket": {
            "ticket_id": _TICKET,
            "updates": Values.call(_updates),
            "updates.title": Prose(),
            "updates.description": Prose(),
        },
        "get_ticket": {"ticket_id": _TICKET},
        "get_user_tickets": {"status": (Ref("status to list", known=True), Values.call(_own_statuses))},
        "resolve_ticket": {"ticket_id": _TICKET, "resolution": Prose(_RESOLUTIONS)},
        "ticket_login": {
            "username": Values.call(_signing_in("username")),
            "password": Values.call(_signing_in("password")),
        },
    },
    results={"get_user_tickets": as_list},
    refs={
        "create_ticket": {"id": _TICKET, "status": _STATUS},
        "get_ticket": {"id": _TICKET, "status": _STATUS},
        "get_user_tickets": {"[].id": _TICKET},
    },
    declared=(("ticket_login", "create_ticket"), ("ticket_login", "get_user_tickets")),
    needs={"logout": ("ticket_login",)},
    phrases=PHRASES,
)
