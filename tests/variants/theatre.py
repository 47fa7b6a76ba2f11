"""A small environment in which what was done can be taken back: what the tests of follow-ups make conversations in."""

from __future__ import annotations

from random import Random
from typing import Annotated, Any

from typing_extensions import TypedDict

from funreason_plugin import Environment, Ref, ToolError, Values, tool

TOWNS = ("Ghent", "Lille", "Porto", "Turin")
GUESTS = ("Ada Byron", "Max Stein", "Lena Holt", "Omar Diaz")


class Show(TypedDict):
    show_id: Annotated[str, Ref("show")]
    price: int
    starts: str


class Shows(TypedDict):
    shows: list[Show]


class Reservation(TypedDict):
    reservation_id: Annotated[str, Ref("reservation")]
    total: int


class Invitation(TypedDict):
    invitation_id: Annotated[str, Ref("invitation")]


class Theatre(Environment):
    """Shows in some towns, reservations for them, and invitations."""

    policy = "You help at a box office."
    shows: dict[str, dict[str, Any]]
    reservations: dict[str, dict[str, Any]]
    invitations: dict[str, str]

    def scenario(self, rng: Random) -> dict[str, Any]:
        shows = {
            f"SH{number}": {
                "town": TOWNS[place % 4],
                "price": 20 + 5 * place + rng.randint(0, 4),
                "starts": f"{10 + place}:30",
            }
            for place, number in enumerate(rng.sample(range(100, 999), 8))
        }
        return {"shows": shows, "reservations": {}, "invitations": {}}

    @tool(
        ask=["see what is on in {town}", "list the shows in {town}"],
        noun="show in {town}",
        tell="On: {shows[]: a show at {starts} for {price} euros}.",
    )
    def find_shows(self, town: Annotated[str, Values.of(TOWNS)]) -> Shows:
        """Shows in a town.

        Args:
            town: The town.
        """
        found: list[Show] = [
            {"show_id": name, "price": show["price"], "starts": show["starts"]}
            for name, show in self.shows.items()
            if show["town"] == town
        ]
        return {"shows": found}

    @tool(
        writes=True,
        ask=["reserve {seats} seats for {show_id}", "get me {seats} seats for {show_id}"],
        noun="reservation",
        tell="That comes to {total} euros.",
    )
    def reserve_seats(
        self, show_id: Annotated[str, Ref("show")], seats: Annotated[int, Values.of((2, 3, 4, 6))]
    ) -> Reservation:
        """Reserve seats.

        Args:
            show_id: The show.
            seats: How many.
        """
        if show_id not in self.shows:
            raise ToolError(f"no show {show_id!r}")
        name = self.new_id("RS", taken=self.reservations)
        self.reservations[name] = {"show": show_id, "seats": seats}
        return {"reservation_id": name, "total": self.shows[show_id]["price"] * seats}

    @tool(writes=True, ask=["cancel {reservation_id}", "give {reservation_id} back"])
    def cancel_reservation(self, reservation_id: Annotated[str, Ref("reservation")]) -> dict[str, bool]:
        """Cancel a reservation.

        Args:
            reservation_id: The reservation.
        """
        if self.reservations.pop(reservation_id, None) is None:
            raise ToolError(f"no reservation {reservation_id!r}")
        return {"cancelled": True}

    @tool(
        writes=True,
        ask=["invite {guest} to the theatre", "send {guest} an invitation"],
        noun="invitation of {guest}",
    )
    def invite_guest(self, guest: Annotated[str, Values.of(GUESTS)]) -> Invitation:
        """Invite somebody.

        Args:
            guest: Who.
        """
        if guest in self.invitations.values():
            raise ToolError(f"{guest} is invited")
        name = self.new_id("IN", taken=self.invitations)
        self.invitations[name] = guest
        return {"invitation_id": name}

    @tool(writes=True, ask=["withdraw {invitation_id}", "take {invitation_id} back"])
    def withdraw_invitation(self, invitation_id: Annotated[str, Ref("invitation")]) -> dict[str, bool]:
        """Withdraw an invitation.

        Args:
            invitation_id: The invitation.
        """
        if self.invitations.pop(invitation_id, None) is None:
            raise ToolError(f"no invitation {invitation_id!r}")
        return {"withdrawn": True}
