"""Tools of `travel` that turn a held fare into a ticket: with money, or with loyalty points."""

from __future__ import annotations

from funreason_plugin.environments.environment import ToolError, tool
from funreason_plugin.environments.travel_flights import FlightDesk
from funreason_plugin.environments.travel_results import (
    AwardTicket,
    HoldId,
    PaidTicket,
    PaymentSources,
    SourceId,
)


class PaymentDesk(FlightDesk):
    """What a traveller can pay with, and paying."""

    @tool(
        ask=(
            "list the traveller's payment sources",
            "check how much money there is to pay with",
            "show me the cards and budgets of the traveller",
            "see what the traveller can pay with",
        ),
        noun="payment source",
        tell="{sources[]: {label} has {balance} EUR left}",
        reports=("sources[].label", "sources[].balance"),
    )
    def list_payment_sources(self) -> PaymentSources:
        """List the cards, budgets and vouchers that the selected traveller can pay with.

        Every payment source comes with its id, label, kind and balance in EUR.
        Needs a selected traveller.
        """
        owner = self._selected()
        return {
            "sources": [
                {
                    "source_id": source_id,
                    "label": source["label"],
                    "kind": source["kind"],
                    "balance": source["balance"],
                }
                for source_id, source in self.sources.items()
                if source["owner"] == owner
            ]
        }

    @tool(
        writes=True,
        ask=(
            "pay for {hold_id} with {source_id}",
            "charge {hold_id} to {source_id}",
            "turn {hold_id} into a ticket, paid from {source_id}",
            "settle {hold_id} using {source_id}",
        ),
        noun="ticket",
        tell="Ticket {ticket_id} is issued; {charged} EUR were charged and {left} EUR are left.",
        reports=("ticket_id", "charged", "left"),
    )
    def pay_hold(self, hold_id: HoldId, source_id: SourceId) -> PaidTicket:
        """Pay for a held fare with money and get the ticket.

        The payment source must belong to the traveller of the hold and cover the fare. Returns the id of
        the ticket, the amount charged and the amount left on the payment source in EUR, and the loyalty
        points earned (one per full euro).

        Args:
            hold_id: Id of the hold, as given by hold_fare.
            source_id: Id of the payment source, as given by list_payment_sources.
        """
        hold = self._hold(hold_id)
        left = self._charge(source_id, hold["traveller"], hold["price"])
        earned = int(hold["price"])
        self._traveller(hold["traveller"])["points"] += earned
        ticket_id = self._issue(hold_id, source_id, 0)
        return {"ticket_id": ticket_id, "charged": hold["price"], "left": left, "points_earned": earned}

    @tool(
        writes=True,
        ask=(
            "pay for {hold_id} with loyalty points",
            "use the traveller's points for {hold_id}",
            "turn {hold_id} into an award ticket",
            "spend loyalty points on {hold_id}",
        ),
        noun="award ticket",
        tell="Ticket {ticket_id} is issued for {points_used} points; {points_left} points are left.",
        reports=("ticket_id", "points_used", "points_left"),
    )
    def pay_hold_with_points(self, hold_id: HoldId) -> AwardTicket:
        """Pay for a held fare with the traveller's loyalty points and get the ticket; one euro costs 100 points.

        Returns the id of the ticket, the points used and the points left. A ticket paid with points cannot
        be rebooked.

        Args:
            hold_id: Id of the hold, as given by hold_fare.
        """
        hold = self._hold(hold_id)
        traveller = self._traveller(hold["traveller"])
        needed = round(hold["price"] * 100)
        if traveller["points"] < needed:
            raise ToolError(
                f"{traveller['name']} has {traveller['points']} points, the fare costs {needed}; use pay_hold instead."
            )
        traveller["points"] -= needed
        ticket_id = self._issue(hold_id, "", needed)
        return {"ticket_id": ticket_id, "points_used": needed, "points_left": traveller["points"]}

    def _issue(self, hold_id: str, source_id: str, points: int) -> str:
        hold = self.holds.pop(hold_id)
        ticket_id = self.new_id("TK", taken=self.tickets)
        self.tickets[ticket_id] = {
            "traveller": hold["traveller"],
            "flight_id": hold["flight_id"],
            "cabin": hold["cabin"],
            "price": hold["price"],
            "source_id": source_id,
            "points": points,
            "seat": "",
            "bags": [],
        }
        return ticket_id
