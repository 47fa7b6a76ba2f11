"""A small environment and one true conversation with it, from which the tests make wrong ones."""

from __future__ import annotations

import copy
from random import Random
from typing import Annotated, Any, Literal

from typing_extensions import TypedDict

from funreason_plugin.environments.environment import Environment, ToolError, environment_hash, tool
from funreason_plugin.environments.marks import Ref
from funreason_plugin.environments.space import SimulationSpace
from funreason_plugin.teacher_config import makers
from funreason_plugin.trajectory import (
    Call,
    Choice,
    EnvironmentRef,
    Needed,
    Provenance,
    Step,
    Trajectory,
    Turn,
    certify,
)


class Flight(TypedDict):
    flight_id: str
    price: float
    departs: str


class Flights(TypedDict):
    flights: list[Flight]


class Booking(TypedDict):
    booking_id: str
    price: float


class Desk(Environment):
    """Flights between cities, and bookings of them."""

    policy = "You help at a travel desk."
    flights: dict[str, dict[str, Any]]
    bookings: dict[str, dict[str, Any]]
    alerts: bool

    def scenario(self, rng: Random) -> dict[str, Any]:
        flights = {}
        for number in rng.sample(range(1000, 9999), 6):
            flights[f"FL{number}"] = {
                "origin": "Rome",
                "destination": rng.choice(("Oslo", "Cork")),
                "price": rng.randint(10_000, 200_000) / 100,
                "departs": f"{rng.randint(10, 21)}:{rng.choice((15, 40))}",
            }
        return {"flights": flights, "bookings": {}, "alerts": False}

    @tool
    def find_flights(self, origin: str, destination: str) -> Flights:
        """Flights from one city to another.

        Args:
            origin: City of departure.
            destination: City of arrival.
        """
        found: list[Flight] = [
            {"flight_id": name, "price": flight["price"], "departs": flight["departs"]}
            for name, flight in self.flights.items()
            if (flight["origin"], flight["destination"]) == (origin, destination)
        ]
        return {"flights": found}

    @tool(writes=True)
    def book_flight(
        self,
        flight_id: Annotated[str, Ref("flight")],
        passenger: str,
        seats: int = 1,
        cabin: Literal["economy", "business"] = "economy",
    ) -> Booking:
        """Book seats on a flight.

        Args:
            flight_id: The flight.
            passenger: Full name.
            seats: How many.
            cabin: Where to sit.
        """
        if flight_id not in self.flights:
            raise ToolError(f"no flight {flight_id}")
        booking_id = self.new_id("BK", taken=self.bookings)
        price = round(self.flights[flight_id]["price"] * seats, 2)
        self.bookings[booking_id] = {
            "flight_id": flight_id,
            "passenger": passenger,
            "seats": seats,
            "cabin": cabin,
        }
        return {"booking_id": booking_id, "price": price}

    @tool(writes=True)
    def cancel_booking(self, booking_id: Annotated[str, Ref("booking")]) -> dict[str, str]:
        """Cancel a booking.

        Args:
            booking_id: The booking.
        """
        if booking_id not in self.bookings:
            raise ToolError(f"no booking {booking_id}")
        del self.bookings[booking_id]
        return {"cancelled": booking_id}

    @tool(writes=True)
    def set_alerts(self, send_alerts: bool) -> dict[str, bool]:
        """Turn price alerts on or off.

        Args:
            send_alerts: Whether to send them.
        """
        self.alerts = send_alerts
        return {"alerts": send_alerts}


SPACE = SimulationSpace([Desk])


def said(turn: int | None = None) -> Provenance:
    """The user says it: in this turn, or in an earlier one."""
    return Provenance("query") if turn is None else Provenance("earlier_query", turn=turn)


def given(turn: int, call: int, field: str, choice: Choice | None = None) -> Provenance:
    return Provenance("output", turn=turn, call=call, field=field, choice=choice)


def conversation(seed: int = 0, split: str = "train", turns: int = 3) -> Trajectory:
    """Look up, book, cancel: executed on a session, as the pipeline would keep it."""
    scenario = SPACE.scenario(f"0/{seed}/0")
    made: list[Turn] = []
    with SPACE.session(scenario) as session:

        def call(name: str, arguments: dict[str, Any], provenance: dict[str, Provenance]) -> Call:
            return Call(name, arguments, provenance, session.call(name, copy.deepcopy(arguments)))

        city = (
            "Oslo"
            if session.call("find_flights", {"origin": "Rome", "destination": "Oslo"})["flights"]
            else "Cork"
        )
        look = call(
            "find_flights", {"origin": "Rome", "destination": city}, {"origin": said(), "destination": said()}
        )
        flights = look.output["flights"]
        best = min(range(len(flights)), key=lambda index: flights[index]["price"])
        flight = flights[best]
        query = f"Could you get Ada Byron two seats on the cheapest flight from Rome to {city}?"
        cheapest = given(0, 0, f"flights[{best}].flight_id", Choice("flights", "min", "price"))
        book = call(
            "book_flight",
            {"flight_id": flight["flight_id"], "passenger": "Ada Byron", "seats": 2, "cabin": "economy"},
            {"flight_id": cheapest, "passenger": said(), "seats": said(), "cabin": Provenance("default")},
        )
        booking = book.output
        made.append(
            Turn(
                query=query,
                steps=[
                    Step(f"Which flights go from Rome to {city}? find_flights tells me.", [look]),
                    Step(
                        f"{flight['flight_id']} is the cheapest at {flight['price']}, so I book 2 seats on it "
                        "for Ada Byron.",
                        [book],
                    ),
                ],
                thought="The booking is done; I report its number.",
                answer=f"Done: booking {booking['booking_id']} for 2 seats costs {booking['price']:,.2f} in all.",
                state_hash=session.state_hash(),
                needed=[Needed(flight["flight_id"], f"flights[{best}].flight_id")],
                target="book_flight",
            )
        )
        alerts = call("set_alerts", {"send_alerts": True}, {"send_alerts": said()})
        made.append(
            Turn(
                query="Please send me alerts about prices from now on.",
                steps=[Step("The user wants alerts, so I set send_alerts to true.", [alerts])],
                thought="They are on.",
                answer="Price alerts are on now.",
                state_hash=session.state_hash(),
                needed=[],
                target="set_alerts",
            )
        )
        cancel = call(
            "cancel_booking", {"booking_id": booking["booking_id"]}, {"booking_id": given(0, 1, "booking_id")}
        )
        made.append(
            Turn(
                query="Plans changed, so cancel it again, please.",
                steps=[Step(f"The only booking is {booking['booking_id']}; I cancel that.", [cancel])],
                thought="It is gone.",
                answer=f"Booking {booking['booking_id']} is cancelled.",
                state_hash=session.state_hash(),
                needed=[],
                target="cancel_booking",
            )
        )
        made = made[:turns]
    trajectory = Trajectory(
        schema_version=1,
        id=f"0-{seed}",
        index=seed,
        seed=0,
        attempt=0,
        split="val" if split == "val" else "train",
        labels=[],
        environments=[EnvironmentRef(Desk.name, Desk.version, environment_hash(Desk), f"{__file__}:Desk")],
        made_by=makers({"teacher": "scripted"}),
        versions={},
        system=SPACE.policy,
        tools=copy.deepcopy([spec.as_openai() for spec in SPACE.tools.values()]),
        scenario=scenario,
        turns=made,
    )
    trajectory.certificate = certify(trajectory)
    return trajectory
