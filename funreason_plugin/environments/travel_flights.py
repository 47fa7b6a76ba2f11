"""Tools of `travel` that choose a traveller, find a flight and hold its fare."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from pydantic import Field

from funreason_plugin.environments.environment import ToolError, tool
from funreason_plugin.environments.marks import Ref, Values
from funreason_plugin.environments.travel_data import CARRIERS
from funreason_plugin.environments.travel_records import Hold, carrier_code, price
from funreason_plugin.environments.travel_results import (
    Cabin,
    Destination,
    FlightConditions,
    FlightId,
    FlightOffer,
    FlightOffers,
    NewHold,
    Origin,
    SelectedTraveller,
    TravelDate,
)
from funreason_plugin.environments.travel_state import TravelState

EarliestDeparture = Annotated[
    str, Field(pattern=r"^\d\d:\d\d$"), Values.of(["06:30", "08:00", "09:00", "10:00", "12:00"])
]


class FlightDesk(TravelState):
    """Choose a traveller, find a flight, hold its fare."""

    @tool(
        writes=True,
        ask=(
            "switch to the profile of {traveller}",
            "select {traveller} as the traveller",
            "open the travel profile of {traveller}",
            "act on behalf of {traveller}",
        ),
        noun="traveller profile",
        tell="I am now acting for {traveller}, whose home city is {home_city} and who has {points} points.",
        reports=("home_city", "points"),
    )
    def select_traveller(
        self, traveller: Annotated[str, Ref("traveller", known=True), Values.state("travellers[].name")]
    ) -> SelectedTraveller:
        """Select the traveller whom the following bookings are for.

        Holding fares and listing payment sources, tickets or hotel stays work for the selected traveller
        only. The selection stays until another traveller is selected. Returns the traveller's home city,
        loyalty tier and loyalty points.

        Args:
            traveller: Full name of the traveller, e.g. "Ingrid Hajek".
        """
        found = self._traveller(traveller)
        self.selected_traveller = found["name"]
        return {
            "traveller": found["name"],
            "home_city": found["home_city"],
            "tier": found["tier"],
            "points": found["points"],
        }

    @tool(
        ask=(
            "find flights from {origin} to {destination} on {date}[ that leave at {earliest_departure} or later]",
            "see what flies from {origin} to {destination} on {date}[, leaving at {earliest_departure} or later]",
            "look up the flights out of {origin} to {destination} for {date}[, at {earliest_departure} or later]",
            "check how one can fly from {origin} to {destination} on {date}[, starting at {earliest_departure} or later]",
        ),
        noun="flight from {origin} to {destination} on {date}[ leaving at {earliest_departure} or later]",
        tell="{flights[]: {carrier} leaves at {departs}, arrives at {arrives} and costs {price} EUR}",
        reports=("flights[].carrier", "flights[].departs", "flights[].price"),
    )
    def search_flights(
        self,
        origin: Origin,
        destination: Destination,
        date: TravelDate,
        earliest_departure: EarliestDeparture | None = None,
    ) -> FlightOffers:
        """Search the direct flights between two cities on one day, in order of departure.

        Every flight comes with its id, carrier, local times of departure and arrival, duration, fare per
        person in EUR in economy (price) and business class (business_price), and the number of economy
        seats that are left.

        Args:
            origin: City of departure.
            destination: City of arrival.
            date: Day of departure, YYYY-MM-DD.
            earliest_departure: Earliest local time of departure, HH:MM.
        """
        start, end = self._city(origin), self._city(destination)
        if start == end:
            raise ToolError(f"Origin and destination are both {start}.")
        day = self._date(date).isoformat()
        offers = [
            self._offer(number, day)
            for number, flight in sorted(self.flights.items(), key=lambda item: item[1]["departs"])
            if (flight["origin"], flight["destination"]) == (start, end) and day in self.dates
        ]
        if not offers:
            raise ToolError(
                f"No flight from {start} to {end} on {date}; the timetable runs from {self.dates[0]} to "
                f"{self.dates[-1]}, try another date."
            )
        late = [
            offer for offer in offers if earliest_departure is None or offer["departs"] >= earliest_departure
        ]
        if not late:
            raise ToolError(
                f"No flight from {start} to {end} on {date} leaves at {earliest_departure} or later; the last one leaves "
                f"at {offers[-1]['departs']}."
            )
        return {"flights": late}

    def _offer(self, number: str, day: str) -> FlightOffer:
        flight = self.flights[number]
        flight_id = f"{number}-{day[5:7]}{day[8:]}"
        return {
            "flight_id": flight_id,
            "carrier": CARRIERS[carrier_code(flight_id)].name,
            "departs": flight["departs"],
            "arrives": flight["arrives"],
            "duration_minutes": flight["minutes"],
            "price": price(flight, day, "economy"),
            "business_price": price(flight, day, "business"),
            "seats_left": self._seats_left(flight_id, "economy"),
        }

    @tool(
        ask=(
            "tell me the baggage and change rules of {flight_id}",
            "check what is included on {flight_id}",
            "look up the conditions of {flight_id}",
            "find out which aircraft flies {flight_id} and what changing it costs",
        ),
        tell=(
            "{carrier} flies it, with this aircraft: {aircraft}. Cabin bags included: {cabin_bags}; a checked bag "
            "costs {bag_price} EUR and a change {change_fee} EUR."
        ),
        reports=("aircraft", "bag_price", "change_fee"),
    )
    def inspect_flight(self, flight_id: FlightId) -> FlightConditions:
        """Show the conditions of one flight.

        Returns carrier and aircraft, how many cabin bags are included, the price of a checked bag and
        the fee for a change in EUR, whether an economy ticket can be given back and for which fee, and whether there
        is Wi-Fi on board.

        Args:
            flight_id: Id of the flight, as given by search_flights or list_tickets, e.g. "NX-417-0503".
        """
        self._flight(flight_id)
        carrier = CARRIERS[carrier_code(flight_id)]
        return {
            "carrier": carrier.name,
            "aircraft": carrier.aircraft,
            "cabin_bags": carrier.cabin_bags,
            "bag_price": carrier.bag_price,
            "change_fee": carrier.change_fee,
            "refundable": carrier.refund_fee is not None,
            "refund_fee": carrier.refund_fee,
            "wifi": carrier.wifi,
        }

    @tool(
        writes=True,
        ask=(
            "put {flight_id} on hold[ in {cabin} class]",
            "hold a seat on {flight_id}[ in {cabin} class]",
            "freeze the fare of {flight_id}[ for {cabin} class]",
            "reserve {flight_id} without paying yet[, in {cabin} class]",
        ),
        noun="fare hold",
        tell="The fare of {price} EUR is on hold under {hold_id} until {expires}.",
        reports=("hold_id", "price"),
    )
    def hold_fare(self, flight_id: FlightId, cabin: Cabin = "economy") -> NewHold:
        """Hold one seat on a flight for the selected traveller at today's fare, for 24 hours, without paying.

        A hold becomes a ticket with pay_hold or pay_hold_with_points. Returns the id of the hold, the fare
        in EUR and when the hold expires. Needs a selected traveller.

        Args:
            flight_id: Id of the flight, as given by search_flights, e.g. "NX-417-0503".
            cabin: Class of travel.
        """
        traveller = self._selected()
        flight, day = self._flight(flight_id)
        if not self._seats_left(flight_id, cabin):
            raise ToolError(f"No {cabin} seat is left on {flight_id}; choose another flight or cabin.")
        hold: Hold = {
            "traveller": traveller,
            "flight_id": flight_id,
            "cabin": cabin,
            "price": price(flight, day, cabin),
            "expires": (self.now() + timedelta(hours=24)).strftime("%Y-%m-%d %H:%M"),
        }
        hold_id = self.new_id("HD", taken=self.holds)
        self.holds[hold_id] = hold
        return {"hold_id": hold_id, "price": hold["price"], "expires": hold["expires"]}
