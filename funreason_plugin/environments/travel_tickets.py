"""Tools of `travel` for what happens after a ticket is paid: seat, bags, rebooking, refund."""

from __future__ import annotations

from typing import Annotated
from zlib import crc32

from pydantic import Field

from funreason_plugin.environments.environment import ToolError, tool
from funreason_plugin.environments.travel_data import CARRIERS
from funreason_plugin.environments.travel_payments import PaymentDesk
from funreason_plugin.environments.travel_records import Ticket, carrier_code, price, seat_plan
from funreason_plugin.environments.travel_results import (
    AddedBags,
    AssignedSeat,
    Bag,
    OptionId,
    RebookedTicket,
    RebookingOption,
    RebookingOptions,
    Refund,
    Seat,
    SeatMap,
    SourceId,
    TicketId,
    TicketRow,
    TicketRows,
)

_BULKY = {"ski equipment": 1.5, "diving equipment": 1.25, "golf equipment": 1.4, "musical equipment": 2.0}
_MOST_BAGS = 5
_MOST_OPTIONS = 5


class TicketDesk(PaymentDesk):
    """Seat, bags, rebooking and refund of tickets."""

    @tool(
        ask=(
            "list the traveller's tickets",
            "show me which flights are booked",
            "look up the tickets that are already issued",
            "check the traveller's booked flights",
        ),
        noun="ticket",
        tell="{tickets[]: {origin} to {destination} with {carrier}, leaving {departs}}",
        reports=("tickets[].origin", "tickets[].destination", "tickets[].departs"),
    )
    def list_tickets(self) -> TicketRows:
        """List the flight tickets of the selected traveller, in order of departure.

        Every ticket comes with its id, the id of its flight, carrier, route, day and local time of
        departure, cabin, price in EUR, and seat ("" where none is assigned). Needs a selected traveller.
        """
        owner = self._selected()
        rows = [
            self._row(key, ticket) for key, ticket in self.tickets.items() if ticket["traveller"] == owner
        ]
        return {"tickets": sorted(rows, key=lambda row: (row["departs"], row["ticket_id"]))}

    def _row(self, ticket_id: str, ticket: Ticket) -> TicketRow:
        flight, date = self._flight(ticket["flight_id"])
        return {
            "ticket_id": ticket_id,
            "flight": ticket["flight_id"],
            "carrier": CARRIERS[carrier_code(ticket["flight_id"])].name,
            "origin": flight["origin"],
            "destination": flight["destination"],
            "departs": f"{date} {flight['departs']}",
            "cabin": ticket["cabin"],
            "price": ticket["price"],
            "seat": ticket["seat"],
        }

    @tool(
        ask=(
            "show me the free seats for {ticket_id}",
            "open the seat map of {ticket_id}",
            "see which seats one can still get with {ticket_id}",
            "check what seats are free on {ticket_id}",
        ),
        noun="free seat[ for {ticket_id}]",
        tell="{seats[]: {seat} ({position}, {legroom} cm of legroom)}",
        reports=("seats[].seat", "seats[].position", "seats[].legroom"),
    )
    def show_seat_map(self, ticket_id: TicketId) -> SeatMap:
        """Show the seats that are still free on the flight of a ticket, in its cabin, from front to back.

        Every seat comes with its number (e.g. "14C"), row, position (window, middle or aisle) and legroom
        in centimetres.

        Args:
            ticket_id: Id of the ticket, as given by list_tickets or by the payment.
        """
        ticket = self._ticket(ticket_id)
        free = self._free_seats(ticket["flight_id"], ticket["cabin"])
        if not free:
            raise ToolError(f"No {ticket['cabin']} seat can be chosen any more on the flight of {ticket_id}.")
        return {
            "cabin": ticket["cabin"],
            "seats": free,
        }

    @tool(
        writes=True,
        ask=(
            "assign {seat} to {ticket_id}",
            "take {seat} for {ticket_id}",
            "put {ticket_id} into {seat}",
            "choose {seat} on {ticket_id}",
        ),
        tell="{passenger} sits in row {row} ({position}).",
        reports=("row", "position"),
    )
    def assign_seat(self, ticket_id: TicketId, seat: Seat) -> AssignedSeat:
        """Assign a free seat to a ticket, free of charge. A seat that the ticket had before becomes free.

        Args:
            ticket_id: Id of the ticket.
            seat: Number of a free seat, as given by show_seat_map, e.g. "14C".
        """
        ticket = self._ticket(ticket_id)
        wanted = seat.strip().upper()
        free = self._free_seats(ticket["flight_id"], ticket["cabin"])
        for place in seat_plan(ticket["flight_id"], ticket["cabin"]):
            if place["seat"] == wanted and (place in free or wanted == ticket["seat"]):
                ticket["seat"] = wanted
                return {"passenger": ticket["traveller"], "row": place["row"], "position": place["position"]}
        raise ToolError(f"Seat {seat} is not free on the flight of {ticket_id}; see show_seat_map.")

    @tool(
        writes=True,
        ask=(
            "add {bags} to {ticket_id} and charge it to {source_id}",
            "check in {bags} on {ticket_id}, paid from {source_id}",
            "book {bags} to travel with {ticket_id}, using {source_id} to pay",
            "register {bags} for {ticket_id} at the expense of {source_id}",
        ),
        tell="That cost {charged} EUR and {left} EUR are left; bags on the ticket now: {bags_in_total}.",
        reports=("charged", "left"),
    )
    def add_bags(
        self,
        ticket_id: TicketId,
        bags: Annotated[list[Bag], Field(min_length=1, max_length=3)],
        source_id: SourceId,
    ) -> AddedBags:
        """Add checked bags to a ticket and pay for them.

        The price depends on the carrier, what is in the bag and its weight (over 23 kg costs 40% more). At
        most five bags a ticket. Returns the amount charged and the amount left on the payment source in
        EUR, and how many bags the ticket has now.

        Args:
            ticket_id: Id of the ticket.
            bags: The bags to add: for each, what is in it and its weight.
            source_id: Id of the payment source, as given by list_payment_sources.
        """
        ticket = self._ticket(ticket_id)
        total = len(ticket["bags"]) + len(bags)
        if total > _MOST_BAGS:
            raise ToolError(f"{ticket_id} would have {total} bags; at most {_MOST_BAGS} are allowed.")
        carrier = CARRIERS[carrier_code(ticket["flight_id"])]
        cost = 0.0
        for bag in bags:
            factor = _BULKY.get(bag["kind"], 1.0) * (1.4 if bag["weight"] > 23 else 1.0)
            cost += round(carrier.bag_price * factor, 2)
        left = self._charge(source_id, ticket["traveller"], round(cost, 2))
        ticket["bags"] += [{"kind": bag["kind"], "weight": bag["weight"]} for bag in bags]
        return {"charged": round(cost, 2), "left": left, "bags_in_total": total}

    @tool(
        ask=(
            "show me the alternatives to {ticket_id}",
            "see which other flights {ticket_id} can be moved to",
            "list the ways to rebook {ticket_id}",
            "check what changing {ticket_id} to another flight would cost",
        ),
        noun="rebooking option[ for {ticket_id}]",
        tell="{options[]: {carrier}, leaving {departs}, for another {extra_cost} EUR}",
        reports=("options[].carrier", "options[].departs", "options[].extra_cost"),
    )
    def list_rebooking_options(self, ticket_id: TicketId) -> RebookingOptions:
        """List up to five other flights on the route of a ticket that it can be moved to.

        Every option comes with its id, carrier, local times, and what the move costs in EUR: the
        change fee, plus the difference where the new fare is higher.

        Args:
            ticket_id: Id of the ticket, as given by list_tickets or by the payment.
        """
        ticket = self._ticket(ticket_id)
        if ticket["points"]:
            raise ToolError(f"{ticket_id} was paid with points and cannot be rebooked; refund it instead.")
        return {"options": [option for option, _, _ in self._options(ticket_id, ticket)]}

    def _options(self, ticket_id: str, ticket: Ticket) -> list[tuple[RebookingOption, str, float]]:
        """Options with the flight's id and new fare; the days nearest to the ticket's first."""
        flight, date = self._flight(ticket["flight_id"])
        route = (flight["origin"], flight["destination"])
        fee = CARRIERS[carrier_code(ticket["flight_id"])].change_fee
        booked = self.dates.index(date)
        others = [
            item for item in self.flights.items() if (item[1]["origin"], item[1]["destination"]) == route
        ]
        options: list[tuple[RebookingOption, str, float]] = []
        for index in sorted(range(len(self.dates)), key=lambda day: (abs(day - booked), day)):
            day = self.dates[index]
            for number, other in others:
                flight_id = f"{number}-{day[5:7]}{day[8:]}"
                if flight_id == ticket["flight_id"] or not self._seats_left(flight_id, ticket["cabin"]):
                    continue
                if len(options) == _MOST_OPTIONS:
                    return options
                fare = price(other, day, ticket["cabin"])
                offer: RebookingOption = {
                    "option_id": f"OP-{10_000 + crc32(f'{ticket_id}/{flight_id}'.encode()) % 90_000}",
                    "carrier": CARRIERS[carrier_code(flight_id)].name,
                    "departs": f"{day} {other['departs']}",
                    "arrives": f"{day} {other['arrives']}",
                    "extra_cost": round(fee + max(0.0, fare - ticket["price"]), 2),
                }
                options.append((offer, flight_id, fare))
        return options

    @tool(
        writes=True,
        ask=(
            "move {ticket_id} to {option_id}",
            "rebook {ticket_id} onto {option_id}",
            "change {ticket_id} to {option_id}",
            "switch {ticket_id} over to {option_id}",
        ),
        tell="The ticket is now for the {carrier} flight that leaves {departs}; the change cost {charged} EUR.",
        reports=("carrier", "departs", "charged"),
    )
    def rebook_ticket(self, ticket_id: TicketId, option_id: OptionId) -> RebookedTicket:
        """Move a ticket to another flight on the same route.

        The cost is taken from the payment source that paid for the ticket. The ticket keeps its id and its
        bags and loses its seat.

        Args:
            ticket_id: Id of the ticket.
            option_id: Id of the rebooking option, as given by list_rebooking_options for this ticket.
        """
        ticket = self._ticket(ticket_id)
        if ticket["points"]:
            raise ToolError(f"{ticket_id} was paid with points and cannot be rebooked; refund it instead.")
        for option, flight_id, fare in self._options(ticket_id, ticket):
            if option["option_id"] == option_id:
                left = self._charge(ticket["source_id"], ticket["traveller"], option["extra_cost"])
                ticket.update({"flight_id": flight_id, "price": fare, "seat": ""})
                return {
                    "carrier": option["carrier"],
                    "departs": option["departs"],
                    "charged": option["extra_cost"],
                    "left": left,
                }
        raise ToolError(f"{option_id} is no option for {ticket_id}; see list_rebooking_options.")

    @tool(
        writes=True,
        ask=(
            "refund {ticket_id}",
            "cancel {ticket_id} and get the money back",
            "give {ticket_id} back",
            "return {ticket_id} for a refund",
        ),
        tell="{refunded} EUR go back to {returned_to}; the fee was {fee} EUR.",
        reports=("refunded", "fee", "returned_to"),
    )
    def refund_ticket(self, ticket_id: TicketId) -> Refund:
        """Cancel a ticket and return what it cost to whatever paid for it.

        Business tickets and tickets paid with points are refunded in full. Economy tickets cost the
        carrier's refund fee; some carriers do not take them back (see inspect_flight). Returns the amount
        refunded (in EUR, or in points) and the fee in EUR.

        Args:
            ticket_id: Id of the ticket.
        """
        ticket = self._ticket(ticket_id)
        carrier = CARRIERS[carrier_code(ticket["flight_id"])]
        if ticket["points"]:
            self._traveller(ticket["traveller"])["points"] += ticket["points"]
            del self.tickets[ticket_id]
            return {"refunded": float(ticket["points"]), "fee": 0.0, "returned_to": "loyalty points"}
        if ticket["cabin"] == "economy" and carrier.refund_fee is None:
            raise ToolError(
                f"{carrier.name} does not refund economy tickets; {ticket_id} can be moved with rebook_ticket."
            )
        fee = (carrier.refund_fee or 0.0) if ticket["cabin"] == "economy" else 0.0
        refunded = round(max(0.0, ticket["price"] - fee), 2)
        label = self._give_back(ticket["source_id"], refunded)
        del self.tickets[ticket_id]
        return {"refunded": refunded, "fee": fee, "returned_to": label}
