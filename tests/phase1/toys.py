"""Small environments for the tests of Phase I: every kind of dependency, in a page each."""

from __future__ import annotations

from random import Random
from typing import Annotated, Any, Literal

from typing_extensions import TypedDict

from funreason_plugin.environments.environment import Environment, ToolError, tool
from funreason_plugin.environments.marks import Prose, Ref, Values

CITIES = ("Porto", "Graz", "Bergen", "Cork", "Split", "Turin")


class Crossing(TypedDict):
    crossing_id: Annotated[str, Ref("crossing")]
    departs: str
    fare: float
    ship: str


class Crossings(TypedDict):
    crossings: list[Crossing]


class Reservation(TypedDict):
    reservation_id: Annotated[str, Ref("reservation")]
    crossing_id: Annotated[str, Ref("crossing")]
    seats: int


class Ferry(Environment):
    """Marked: log in, look up a crossing, reserve it, pay, cancel."""

    policy = "You help passengers of a ferry line."
    crossings: dict[str, dict[str, Any]]
    reservations: dict[str, dict[str, Any]]
    members: list[str]

    def scenario(self, rng: Random) -> dict[str, Any]:
        pairs = [(a, b) for a in CITIES for b in CITIES if a != b]
        crossings = {}
        for number, (start, end) in enumerate(rng.sample(pairs, 12)):
            for part in range(rng.randint(1, 3)):
                crossings[f"CX-{rng.randint(100, 999)}{number}{part}"] = {
                    "origin": start,
                    "destination": end,
                    "departs": f"{rng.randint(5, 22):02d}:{rng.choice((0, 15, 30, 45)):02d}",
                    "fare": round(rng.uniform(20, 90), 2),
                    "ship": rng.choice(("Aurora", "Borealis", "Cygnus", "Draco")),
                    "free": rng.randint(5, 40),
                }
        return {"crossings": crossings, "reservations": {}, "member": "", "members": ["Ana Ruiz", "Tom Bell"]}

    @tool(writes=True)
    def sign_in(self, member: Annotated[str, Values.state("members[]")]) -> dict[str, str]:
        """Sign a member in.

        Args:
            member: Full name of the member.
        """
        if member not in self.members:
            raise ToolError(f"{member!r} is not a member")
        self.member = member
        return {"welcome": member}

    @tool
    def find_crossings(
        self,
        origin: Annotated[str, Values.state("crossings.*.origin")],
        destination: Annotated[str, Values.state("crossings.*.destination")],
    ) -> Crossings:
        """Find crossings between two ports.

        Args:
            origin: Port of departure.
            destination: Port of arrival.
        """
        found: list[Crossing] = [
            {"crossing_id": key, "departs": item["departs"], "fare": item["fare"], "ship": item["ship"]}
            for key, item in self.crossings.items()
            if item["origin"] == origin and item["destination"] == destination
        ]
        return {"crossings": found}

    @tool(writes=True)
    def reserve(
        self, crossing_id: Annotated[str, Ref("crossing")], seats: Literal[1, 2, 3] = 1
    ) -> Reservation:
        """Reserve seats on a crossing.

        Args:
            crossing_id: The crossing.
            seats: How many seats.
        """
        if not self.member:
            raise ToolError("sign in first")
        if crossing_id not in self.crossings:
            raise ToolError(f"no crossing {crossing_id}")
        if self.crossings[crossing_id]["free"] < seats:
            raise ToolError("no seats left")
        self.crossings[crossing_id]["free"] -= seats
        key = self.new_id("RS", 5, self.reservations)
        self.reservations[key] = {"crossing": crossing_id, "seats": seats, "paid": False}
        return {"reservation_id": key, "crossing_id": crossing_id, "seats": seats}

    @tool
    def my_reservations(self) -> list[Reservation]:
        """List the reservations of the member who is signed in."""
        if not self.member:
            raise ToolError("sign in first")
        return [
            {"reservation_id": key, "crossing_id": item["crossing"], "seats": item["seats"]}
            for key, item in self.reservations.items()
        ]

    @tool(writes=True)
    def pay(
        self,
        reservation_id: Annotated[str, Ref("reservation")],
        card: Annotated[str, Values.of(["visa", "giro"])],
    ) -> dict[str, Any]:
        """Pay a reservation.

        Args:
            reservation_id: The reservation.
            card: Which card.
        """
        item = self._reservation(reservation_id)
        if item["paid"]:
            raise ToolError("already paid")
        item["paid"] = True
        return {"paid": round(self.crossings[item["crossing"]]["fare"] * item["seats"], 2)}

    @tool(writes=True)
    def cancel(
        self,
        reservation_id: Annotated[str, Ref("reservation")],
        reason: Annotated[str, Prose(("I fell ill.", "My plans changed."))] = "",
    ) -> dict[str, str]:
        """Cancel a reservation.

        Args:
            reservation_id: The reservation.
            reason: Why, in the member's words.
        """
        self._reservation(reservation_id)
        del self.reservations[reservation_id]
        return {"status": "cancelled"}

    def _reservation(self, key: str) -> dict[str, Any]:
        if not self.member:
            raise ToolError("sign in first")
        if key not in self.reservations:
            raise ToolError(f"no reservation {key}")
        return self.reservations[key]


class Depot(Environment):
    """Nothing marked, plain dicts: zip codes, a cart before an order, an engine before a drive."""

    zips: dict[str, str]
    stock: dict[str, dict[str, Any]]
    cart: dict[str, int]
    orders: dict[str, dict[str, Any]]

    def scenario(self, rng: Random) -> dict[str, Any]:
        zips = {city: str(rng.randint(10000, 99999)) for city in CITIES}
        goods = rng.sample(["rope", "lamp", "crate", "ladder", "tarp", "anchor"], 4)
        stock = {
            f"G{rng.randint(1000, 9999)}": {"label": good, "price": round(rng.uniform(3, 60), 2), "left": 9}
            for good in goods
        }
        return {
            "zips": zips,
            "stock": stock,
            "cart": {},
            "orders": {},
            "engine": False,
            "at": rng.choice(CITIES),
        }

    @tool
    def get_zipcode(self, city: str) -> str:
        """Get the zip code of a city.

        Args:
            city: Name of the city.
        """
        if city not in self.zips:
            raise ToolError(f"no city {city}")
        return self.zips[city]

    @tool
    def distance(self, zip_a: str, zip_b: str) -> dict[str, Any]:
        """Distance between two places.

        Args:
            zip_a: Zip code of the first place.
            zip_b: Zip code of the second place.
        """
        known = set(self.zips.values())
        if zip_a not in known or zip_b not in known or zip_a == zip_b:
            return {"error": "unknown or equal zip codes"}
        return {"km": abs(int(zip_a) - int(zip_b)) % 900 + 10}

    @tool(writes=True)
    def start_engine(self) -> dict[str, Any]:
        """Start the van's engine."""
        self.engine = True
        return {"engine": "running"}

    @tool(writes=True)
    def drive(self, zip_code: str) -> dict[str, Any]:
        """Drive the van to a place.

        Args:
            zip_code: Zip code of the place.
        """
        if not self.engine:
            return {"error": "the engine is off"}
        for city, code in self.zips.items():
            if code == zip_code:
                self.at = city
                return {"arrived": city}
        return {"error": "no such place"}

    @tool
    def list_goods(self) -> dict[str, Any]:
        """List the goods on stock."""
        return {
            "goods": [
                {"sku": key, "label": item["label"], "price": item["price"]}
                for key, item in self.stock.items()
            ]
        }

    @tool(writes=True)
    def add_to_cart(self, sku: str, quantity: int = 1) -> dict[str, Any]:
        """Put goods into the cart.

        Args:
            sku: Stock number of the goods.
            quantity: How many.
        """
        if sku not in self.stock:
            return {"error": "no such goods"}
        if not 0 < quantity <= self.stock[sku]["left"]:
            return {"error": "not enough on stock"}
        self.cart[sku] = self.cart.get(sku, 0) + quantity
        return {"lines": len(self.cart)}

    @tool(writes=True)
    def order(self) -> dict[str, Any]:
        """Order what is in the cart."""
        if not self.cart:
            return {"error": "the cart is empty"}
        key = self.new_id("OR", 4, self.orders)
        self.orders[key] = {"lines": dict(self.cart), "status": "open"}
        self.cart = {}
        return {"order": {"id": key, "status": "open"}}

    @tool
    def order_status(self, order_id: str) -> dict[str, Any]:
        """Status of an order.

        Args:
            order_id: Number of the order.
        """
        if order_id not in self.orders:
            return {"error": "no such order"}
        return {"status": self.orders[order_id]["status"]}

    @tool(writes=True)
    def reorder(self, order_id: str) -> dict[str, Any]:
        """Put the goods of an earlier order into the cart again.

        Args:
            order_id: Number of the order.
        """
        if order_id not in self.orders:
            return {"error": "no such order"}
        self.cart = dict(self.orders[order_id]["lines"])
        return {"lines": len(self.cart)}
