"""python -m funreason_plugin.synthesize --env examples/two_cities/cities.py:TwoCities --num 10 --turns 2-3 --seed 7 --teacher scripted --out out/two_cities

The example of the FunReason-MT paper as an environment: tickets are sold from zip code to zip code, and people speak of
cities. Zip codes are drawn anew for every conversation, so that nobody can know one without looking it up.
"""

from __future__ import annotations

from random import Random
from typing import Annotated

from pydantic import Field
from typing_extensions import TypedDict

from funreason_plugin import Environment, Ref, ToolError, Values, tool

CITIES = ("Rivermist", "Stonebrook", "Oakhaven", "Kestrel Bay", "Saltmarsh")

City = Annotated[str, Ref("city", known=True), Values.state("zipcodes.keys()")]
Zip = Annotated[str, Ref("zipcode")]
TicketNo = Annotated[str, Ref("ticket")]


class Place(TypedDict):
    zipcode: Zip


class Sale(TypedDict):
    ticket_no: TicketNo
    price: float


class Refund(TypedDict):
    refunded: float


class TwoCities(Environment):
    """Look-ups of zip codes, and tickets between them."""

    policy = "You sell tickets. Tickets are sold from zip code to zip code; look zip codes up."

    zipcodes: dict[str, str]
    tickets: dict[str, float]

    def scenario(self, rng: Random) -> dict[str, object]:
        codes = rng.sample(range(10000, 99999), len(CITIES))
        return {
            "zipcodes": {city: str(code) for city, code in zip(CITIES, codes, strict=True)},
            "tickets": {},
        }

    @tool(
        ask=("find out the zip code of {city}", "look up which zip code {city} has"),
        noun="city of {city}",  # a query speaks of it as that where the zip code is a means only
        tell="The zip code is {zipcode}.",
    )
    def get_zipcode(self, city: City) -> Place:
        """Look up the zip code of a city.

        Args:
            city: Name of the city.
        """
        if city not in self.zipcodes:
            raise ToolError(f"{city} is not a city that tickets are sold for.")
        return {"zipcode": self.zipcodes[city]}

    @tool(
        writes=True,
        ask=(
            "get me from {zip_a} to {zip_b}[, {people} seats]",
            "book a journey from {zip_a} to {zip_b}[ for {people}]",
        ),
        noun="journey from {zip_a} to {zip_b}",
        tell="The ticket number is {ticket_no}; the price is {price} EUR.",
    )
    def buy_tickets(self, zip_a: Zip, zip_b: Zip, people: Annotated[int, Field(ge=1, le=6)] = 1) -> Sale:
        """Buy tickets from one place to another.

        Args:
            zip_a: Zip code of the place where the journey begins.
            zip_b: Zip code of the place where it ends.
            people: For how many people.
        """
        for code in (zip_a, zip_b):
            if code not in self.zipcodes.values():
                raise ToolError(f"No place has the zip code {code}.")
        if zip_a == zip_b:
            raise ToolError("A journey ends somewhere else than it begins.")
        number = self.new_id("T", digits=5, taken=self.tickets)
        self.tickets[number] = price = people * (20.0 + (int(zip_a) + int(zip_b)) % 60)
        return {"ticket_no": number, "price": price}

    @tool(
        writes=True,
        ask=("give {ticket_no} back", "get {ticket_no} refunded"),
        tell="{refunded} EUR are paid back.",
    )
    def cancel_tickets(self, ticket_no: TicketNo) -> Refund:
        """Give tickets back, for their price.

        Args:
            ticket_no: Number of the ticket.
        """
        if ticket_no not in self.tickets:
            raise ToolError(f"There is no ticket {ticket_no}.")
        return {"refunded": self.tickets.pop(ticket_no)}
