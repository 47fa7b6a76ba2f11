"""`travel`: a travel desk. Flights are searched, held, paid and changed; hotel rooms are booked and cancelled.

    space = SimulationSpace.from_names(["travel"])
    with space.session(space.scenario(seed=1)) as session:
        session.call("select_traveller", {"traveller": "Ingrid Hajek"})

Ids come from look-ups only; bookings are made for the traveller who was selected, from money that runs out.
Cities are real; carriers, hotels and people are invented. The tools stand in `travel_flights`,
`travel_payments`, `travel_tickets` and `travel_hotels`.
"""

from __future__ import annotations

from typing import ClassVar

from funreason_plugin.environments.travel_hotels import HotelDesk


class Travel(HotelDesk):
    """The travel desk: all tools."""

    name = "travel"
    policy: ClassVar[str] = (
        "You are the assistant of Waypoint, a corporate travel desk that books flights and hotel rooms for its "
        "travellers. Select a traveller before you hold fares for them or look into their tickets, stays and "
        "means of payment, and use only money of the traveller whose booking it is. Ids of flights, holds, "
        "tickets, seats, hotels, rates and payment sources come from the tools: look them up, never invent "
        "one. Do what was asked and no more: nothing is paid, changed or cancelled without the request. "
        "Amounts are in EUR, times are local."
    )
    equality: ClassVar[dict[str, str]] = {
        "tickets.*.bags": "set",
        "stays.*.messages": "set",
        "stays.*.messages[]": "text",
    }
