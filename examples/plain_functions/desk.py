"""python -m funreason_plugin.synthesize --env class:examples/plain_functions/desk.py:Desk --num 20 --teacher scripted --out out/desk

`TicketDesk` is a class as it could come from any package: no base class of ours, no marks. It stays as it is;
`Desk`, a subclass of four lines, says with which arguments a conversation begins.
"""

from __future__ import annotations

from random import Random
from typing import Any

from typing_extensions import TypedDict


class Ticket(TypedDict):
    ticket_id: str
    title: str
    team: str
    open: bool


class TicketDesk:
    """Tickets of a help desk."""

    def __init__(self, tickets: list[Ticket]) -> None:
        self._tickets = {ticket["ticket_id"]: dict(ticket) for ticket in tickets}

    def find_tickets(self, team: str) -> list[Ticket]:
        """List the tickets of a team.

        Args:
            team: Name of the team, e.g. "network".
        """
        return [self._shown(ticket) for ticket in self._tickets.values() if ticket["team"] == team]

    def show_ticket(self, ticket_id: str) -> Ticket:
        """Show a ticket.

        :param ticket_id: Id of the ticket.
        """
        return self._shown(self._ticket(ticket_id))

    def close_ticket(self, ticket_id: str) -> dict[str, bool]:
        """Close an open ticket.

        :param ticket_id: Id of the ticket.
        """
        ticket = self._ticket(ticket_id)
        if not ticket["open"]:
            raise ValueError(f"ticket {ticket_id} is closed already")
        ticket["open"] = False
        return {"open": False}

    def move_ticket(self, ticket_id: str, team: str) -> Ticket:
        """Hand a ticket to another team.

        Parameters
        ----------
        ticket_id
            Id of the ticket.
        team
            Name of the team that takes it.
        """
        ticket = self._ticket(ticket_id)
        if ticket["team"] == team:
            raise ValueError(f"ticket {ticket_id} is with {team} already")
        ticket["team"] = team
        return self._shown(ticket)

    def _ticket(self, ticket_id: str) -> dict[str, Any]:
        if ticket_id not in self._tickets:
            raise LookupError(f"there is no ticket {ticket_id}; find_tickets gives the ids")
        return self._tickets[ticket_id]

    def _shown(self, ticket: dict[str, Any]) -> Ticket:
        return Ticket(
            ticket_id=ticket["ticket_id"], title=ticket["title"], team=ticket["team"], open=ticket["open"]
        )


class Desk(TicketDesk):
    POLICY = "You work at a help desk. Ticket ids come from the tools only."

    @staticmethod
    def scenario(rng: Random) -> dict[str, Any]:
        """The arguments of the class."""
        titles = ["Printer offline", "No VPN", "Slow mail", "Lost badge", "New laptop", "Broken chair"]
        teams = ["network", "hardware", "facilities"]
        return {
            "tickets": [
                {
                    "ticket_id": f"T-{rng.randint(1000, 9999)}",
                    "title": title,
                    "team": rng.choice(teams),
                    "open": rng.random() < 0.8,
                }
                for title in rng.sample(titles, 5)
            ]
        }
