"""A small post office where one signs in first: all that can go wrong in a turn can go wrong here."""

from __future__ import annotations

from random import Random
from typing import Annotated, Any

from typing_extensions import TypedDict

from funreason_plugin import Environment, Ref, ToolError, Values, tool

PEOPLE = ("Ada Berg", "Ben Holm", "Cleo Lund", "Dora Falk")
THINGS = (
    "red scarf",
    "blue vase",
    "old clock",
    "tea set",
    "chess board",
    "wool coat",
    "copper lamp",
    "oak frame",
)


class Parcel(TypedDict):
    parcel_id: Annotated[str, Ref("parcel")]
    name: str
    weight: int


class Parcels(TypedDict):
    parcels: list[Parcel]


class Details(TypedDict):
    name: str
    sender: str
    weight: int


class Signed(TypedDict):
    signed_in_as: str
    parcels: int


class Moved(TypedDict):
    name: str
    arrives_on: str


class Post(Environment):
    """Parcels that wait for whoever is signed in."""

    policy = "You help at the counter of a post office. Nobody sees a parcel without having signed in."
    person: dict[str, str]
    parcels: dict[str, dict[str, Any]]
    signed_in: str

    def scenario(self, rng: Random) -> dict[str, Any]:
        names = rng.sample(THINGS, len(THINGS))
        ids = rng.sample(range(10000, 99999), len(names))
        return {
            "person": {"name": rng.choice(PEOPLE), "pin": str(rng.randint(1000, 9999))},
            "parcels": {
                f"PC-{number}": {
                    "name": name,
                    "sender": rng.choice(PEOPLE),
                    "weight": 100 + 10 * place,
                    "where": "",
                }
                for place, (number, name) in enumerate(zip(ids, names, strict=True))
            },
            "signed_in": "",
        }

    def _checked(self) -> None:
        if not self.signed_in:
            raise ToolError("Nobody is signed in; call sign_in first.")

    def _found(self, parcel_id: str) -> dict[str, Any]:
        self._checked()
        if parcel_id not in self.parcels:
            raise ToolError(f"There is no parcel {parcel_id!r}.")
        return self.parcels[parcel_id]

    @tool(
        writes=True,
        ask=["sign me in as {name} with the PIN {pin}", "let me in as {name}, my PIN being {pin}"],
        tell="You are signed in, {signed_in_as}.",
    )
    def sign_in(
        self,
        name: Annotated[str, Ref("person", known=True), Values.state("person.name")],
        pin: Annotated[str, Ref("pin", known=True), Values.state("person.pin")],
    ) -> Signed:
        """Sign a person in.

        Args:
            name: The person's name.
            pin: The person's PIN.
        """
        if self.signed_in:
            raise ToolError(f"{self.signed_in} is already signed in.")
        if (name, pin) != (self.person["name"], self.person["pin"]):
            raise ToolError("Name and PIN do not belong together.")
        self.signed_in = name
        return {"signed_in_as": name, "parcels": len(self.parcels)}

    @tool(ask=["list my parcels", "show me which parcels are there for me"], noun="parcel")
    def list_parcels(self) -> Parcels:
        """The parcels that are there for whoever is signed in."""
        self._checked()
        return {
            "parcels": [
                {"parcel_id": key, "name": item["name"], "weight": item["weight"]}
                for key, item in self.parcels.items()
            ]
        }

    @tool(
        ask=["tell me who sent {parcel_id}", "find out from whom {parcel_id} is"],
        tell="The {name} is from {sender}.",
    )
    def parcel_details(self, parcel_id: Annotated[str, Ref("parcel")]) -> Details:
        """Who sent a parcel, and what is in it.

        Args:
            parcel_id: The parcel.
        """
        found = self._found(parcel_id)
        return {"name": found["name"], "sender": found["sender"], "weight": found["weight"]}

    @tool(
        writes=True,
        ask=["have {parcel_id} brought on {day}", "let somebody bring {parcel_id} on {day}"],
        tell="The {name} comes on {arrives_on}.",
    )
    def bring_parcel(
        self,
        parcel_id: Annotated[str, Ref("parcel")],
        day: Annotated[str, Values.of(("Monday", "Tuesday", "Friday", "Saturday"))],
    ) -> Moved:
        """Have a parcel brought to the door.

        Args:
            parcel_id: The parcel.
            day: The day of the week.
        """
        found = self._found(parcel_id)
        if found["where"] == day:
            raise ToolError(f"It comes on {day} already.")
        found["where"] = day
        return {"name": found["name"], "arrives_on": day}
