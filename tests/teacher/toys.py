"""A small environment for the teacher's tests: couriers, parcels and a depot behind a PIN; some tools have phrases."""

from __future__ import annotations

import random
from typing import Annotated, Any, Literal

from typing_extensions import TypedDict

from funreason_plugin.environments.environment import Environment, ToolError, tool
from funreason_plugin.environments.marks import Prose, Ref, Values
from funreason_plugin.environments.space import SimulationSpace

CITIES = ("Gothenburg", "Leuven", "Coimbra", "Tartu")


class Courier(TypedDict):
    courier_id: Annotated[str, Ref("courier")]
    name: str
    price: float
    leaves: str


class Couriers(TypedDict):
    couriers: list[Courier]


class Booked(TypedDict):
    parcel_id: Annotated[str, Ref("parcel")]
    price: float


class Line(TypedDict):
    sku: str
    quantity: int


class Parcels(Environment):
    """A parcel desk."""

    couriers: dict[str, dict[str, Any]]
    parcels: dict[str, dict[str, str]]
    open: bool
    pin: str
    log: list[Any]
    policy = "You help at a parcel desk."

    def scenario(self, rng: random.Random) -> dict[str, Any]:
        couriers = {}
        for number, name in enumerate(("Hare Post", "Tern Express", "Otter Freight")):
            price = 10.5 + 7 * ((number + rng.randrange(3)) % 3) + number
            couriers[f"CR-{100 + number}"] = {"name": name, "price": price, "leaves": f"{9 + number:02}:30"}
        return {
            "couriers": couriers,
            "parcels": {},
            "open": False,
            "pin": str(rng.randrange(1000, 10000)),
            "log": [],
        }

    @tool(
        ask=("find couriers from {origin} to {destination} on {date}", "look up who drives from {origin} to {destination} on {date}"),
        noun="courier from {origin} to {destination} on {date}",
        tell="{couriers[]: {name} leaves at {leaves} and takes {price} euros}",
        reports=("couriers[].name", "couriers[].price"),
    )  # fmt: skip
    def search_couriers(
        self,
        origin: Annotated[str, Ref("city", known=True), Values.of(CITIES)],
        destination: Annotated[str, Ref("city", known=True), Values.of(CITIES)],
        date: Annotated[str, Values.of(["2026-05-03", "2026-05-04"])],
    ) -> Couriers:
        """Search the couriers between two cities.

        Args:
            origin: Where the parcel is.
            destination: Where it goes.
            date: Day, YYYY-MM-DD.
        """
        if origin == destination:
            raise ToolError("origin and destination are the same")
        return {
            "couriers": [
                {"courier_id": key, "name": one["name"], "price": one["price"], "leaves": one["leaves"]}
                for key, one in self.couriers.items()
            ]
        }

    @tool(
        writes=True,
        ask=(
            "send a parcel for {recipient} with {courier_id}[ as {speed} delivery]",
            "book {courier_id} for a parcel to {recipient}[ ({speed} delivery)]",
            "have {courier_id} bring a parcel to {recipient}[ at {speed} speed]",
        ),
        tell="Parcel {parcel_id} is booked; it costs {price} euros.",
        reports=("parcel_id", "price"),
    )
    def book_courier(
        self,
        courier_id: Annotated[str, Ref("courier")],
        recipient: Annotated[str, Values.of(["Ada Byron", "Grace Murray Hopper", "Mary Somerville"])],
        speed: Literal["standard", "express"] = "standard",
    ) -> Booked:
        """Book a courier for a parcel."""
        if courier_id not in self.couriers:
            raise ToolError(f"no courier {courier_id}")
        parcel = self.new_id("PC", taken=self.parcels)
        price = self.couriers[courier_id]["price"]
        self.parcels[parcel] = {"courier": courier_id, "recipient": recipient, "speed": speed}
        return {"parcel_id": parcel, "price": price}

    @tool(writes=True)
    def unlock_depot(self, pin: Annotated[str, Values.state("pin")]) -> dict[str, bool]:
        """Unlock the depot with a PIN."""
        if pin != self.pin:
            raise ToolError("wrong PIN")
        self.open = True
        return {"open": True}

    @tool(
        writes=True,
        needs=("unlock_depot",),
        ask=("store {items} in the depot", "put {items} into the depot", "leave {items} at the depot"),
    )
    def store_items(
        self, items: Annotated[list[Line], Values.of([[{"sku": "oak box", "quantity": 2}]])]
    ) -> dict[str, int]:
        """Store items in the depot."""
        if not self.open:
            raise ToolError("the depot is locked")
        self.log.append(items)
        return {"stored": len(items)}

    @tool(writes=True, needs=("unlock_depot",))
    def leave_note(
        self,
        parcel_id: Annotated[str, Ref("parcel")],
        note: Annotated[
            str, Prose(("Please ring twice, the bell is broken.", "Leave it with the neighbours."))
        ],
    ) -> dict[str, str]:
        """Leave a note on a parcel."""
        if parcel_id not in self.parcels:
            raise ToolError(f"no parcel {parcel_id}")
        if not self.open:
            raise ToolError("the depot is locked")
        self.parcels[parcel_id]["note"] = note
        return {"message": "The note is attached to the parcel."}


class Weather(Environment):
    """Tools without any phrases, as users write them."""

    alerts: list[Any]

    def scenario(self, rng: random.Random) -> dict[str, Any]:
        return {"alerts": []}

    @tool
    def get_station_by_city(self, city: str) -> dict[str, str]:
        """Get the weather station's code for a given city."""
        return {"station_code": f"ST{len(city)}{city[:2].upper()}"}

    @tool
    def get_forecast(self, station_code: str, days: int = 1) -> dict[str, Any]:
        """Retrieves the forecast of a weather station."""
        return {"temperature": 10 + days, "outlook": "light rain"}

    @tool(writes=True)
    def create_alert(self, station_code: str, threshold: float, message: str) -> dict[str, Any]:
        """Create an alert for a weather station."""
        self.alerts.append([station_code, threshold, message])
        return {"alert_id": self.new_id("AL"), "status": "active"}


def parcels() -> SimulationSpace:
    return SimulationSpace([Parcels])


def weather() -> SimulationSpace:
    return SimulationSpace([Weather])
