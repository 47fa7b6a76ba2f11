"""The state of `travel` and how its tools look things up in it.

The timetable is daily, so that a small state holds many flights: flight NX-417 on 2026-05-03 has the id
``NX-417-0503`` and a fare that depends on the weekday. Free seats follow from the id and the bookings.
"""

from __future__ import annotations

from datetime import date as Date
from random import Random
from typing import Any, TypeVar
from zlib import crc32

from funreason_plugin.environments import travel_large
from funreason_plugin.environments.environment import Environment, ToolError
from funreason_plugin.environments.travel_records import (
    Flight,
    Hold,
    Hotel,
    Source,
    Stay,
    Ticket,
    Traveller,
    seat_plan,
)
from funreason_plugin.environments.travel_results import Cabin, FreeSeat
from funreason_plugin.environments.travel_scenario import draw_scenario

R = TypeVar("R")


class TravelState(Environment):
    """State and look-ups; the tools are in the subclasses."""

    selected_traveller: str
    dates: list[str]
    travellers: list[Traveller]
    sources: dict[str, Source]
    flights: dict[str, Flight]
    hotels: dict[str, Hotel]
    holds: dict[str, Hold]
    tickets: dict[str, Ticket]
    stays: dict[str, Stay]

    def scenario(self, rng: Random) -> dict[str, Any]:
        """Three cities linked by daily flights, three travellers with money, tickets and hotel stays."""
        return draw_scenario(rng, self.now().date())

    def enlarge(self, state: dict[str, Any], rng: Random, times: int) -> dict[str, Any]:
        """More flights and hotels."""
        return travel_large.enlarge(state, rng, times)

    # -- look-ups ---------------------------------------------------------------------------------------

    def _selected(self) -> str:
        if not self.selected_traveller:
            raise ToolError("No traveller is selected; call select_traveller first.")
        return self.selected_traveller

    def _traveller(self, name: str) -> Traveller:
        wanted = name.strip().casefold()
        for traveller in self.travellers:
            if traveller["name"].casefold() == wanted:
                return traveller
        known = ", ".join(traveller["name"] for traveller in self.travellers)
        raise ToolError(f"No traveller is called {name!r}; this desk looks after {known}.")

    def _city(self, name: str) -> str:
        wanted = name.strip().casefold()
        served = sorted({flight["origin"] for flight in self.flights.values()})
        for city in served:
            if city.casefold() == wanted:
                return city
        raise ToolError(f"{name!r} is not a city this desk serves; choose one of {', '.join(served)}.")

    def _date(self, text: str) -> Date:
        try:
            day = Date.fromisoformat(text)
        except ValueError:
            raise ToolError(f"{text!r} is not a date; write it as YYYY-MM-DD.") from None
        if day < self.now().date():
            raise ToolError(f"{text} is in the past; today is {self.now().date().isoformat()}.")
        return day

    def _flight(self, flight_id: str) -> tuple[Flight, str]:
        """The timetable's record and the date of a flight."""
        number, _, day = flight_id.rpartition("-")
        flight = self.flights.get(number)
        date = next((date for date in self.dates if date[5:7] + date[8:] == day), None)
        if flight is None or date is None:
            raise ToolError(f"No flight has the id {flight_id!r}; flight ids come from search_flights.")
        return flight, date

    def _seats_left(self, flight_id: str, cabin: Cabin) -> int:
        booked = sum(
            booking["flight_id"] == flight_id and booking["cabin"] == cabin
            for bookings in (self.holds, self.tickets)
            for booking in bookings.values()
        )
        return max(
            0, 2 + crc32(f"{flight_id}/{cabin}/free".encode()) % (7 if cabin == "economy" else 3) - booked
        )

    def _free_seats(self, flight_id: str, cabin: Cabin) -> list[FreeSeat]:
        taken = {ticket["seat"] for ticket in self.tickets.values() if ticket["flight_id"] == flight_id}
        return [place for place in seat_plan(flight_id, cabin) if place["seat"] not in taken]

    def _charge(self, source_id: str, owner: str, amount: float) -> float:
        """Take an amount from a payment source of this owner; what is left on it."""
        source = _found(self.sources, source_id, "payment source", "list_payment_sources")
        if source["owner"] != owner:
            raise ToolError(
                f"Payment source {source_id} belongs to {source['owner']}, but this booking is for {owner}."
            )
        if source["balance"] < amount:
            raise ToolError(
                f"{source['label']} ({source_id}) has {source['balance']:.2f} EUR left, {amount:.2f} EUR are "
                "needed; use another payment source."
            )
        source["balance"] = round(source["balance"] - amount, 2)
        return source["balance"]

    def _give_back(self, source_id: str, amount: float) -> str:
        """Pay an amount back to a payment source; its label."""
        source = self.sources[source_id]
        source["balance"] = round(source["balance"] + amount, 2)
        return source["label"]

    def _hold(self, hold_id: str) -> Hold:
        return _found(self.holds, hold_id, "open hold", "hold_fare")

    def _ticket(self, ticket_id: str) -> Ticket:
        return _found(self.tickets, ticket_id, "ticket", "list_tickets")

    def _stay(self, stay_id: str) -> Stay:
        return _found(self.stays, stay_id, "hotel stay", "list_stays")


def _found(records: dict[str, R], key: str, what: str, giver: str) -> R:
    if key not in records:
        raise ToolError(f"No {what} has the id {key!r}; take it from the result of {giver}.")
    return records[key]
