"""A depot: seven tools with short documents, of which most need what another one returns.

python -m funreason_plugin.synthesize --env benchmarks/miniature/depot.py:Depot --num 20 --teacher scripted --out out/depot
"""

from __future__ import annotations

from random import Random
from typing import Annotated

from typing_extensions import TypedDict

from funreason_plugin import Environment, Ref, ToolError, Values, tool

ITEMS = ("drill", "rope", "lamp", "saw", "tent", "pump", "drum", "kite", "sled", "anvil", "canoe", "flag")
PEOPLE = ("Ada", "Ben", "Cleo", "Dan", "Eve", "Finn", "Gus", "Hana", "Ivo", "Jun")
SHELVES = ("red", "blue", "green", "brown", "white", "black", "pink", "grey", "gold", "teal")
ROOMS = ("attic", "cellar", "hall", "porch", "study", "loft", "barn", "shed", "tower", "yard")
NAMES = (*ITEMS, *PEOPLE, *SHELVES, *ROOMS)

Item = Annotated[str, Values.state("items.keys()")]
Shelf = Annotated[str, Ref("shelf")]
Person = Annotated[str, Ref("person")]
Room = Annotated[str, Ref("room")]


class Found(TypedDict):
    shelf: Shelf


class Keeper(TypedDict):
    person: Person


class Office(TypedDict):
    room: Room


class Done(TypedDict):
    done: bool


class Depot(Environment):
    name = "depot"
    policy = "You run a depot."

    items: dict[str, str]
    keepers: dict[str, str]
    offices: dict[str, str]
    visited: list[str]
    open: list[str]
    taken: list[str]
    lent: dict[str, str]

    def scenario(self, rng: Random) -> dict[str, object]:
        shelves = rng.sample(SHELVES, 4)
        people = rng.sample(PEOPLE, 4)
        return {
            "items": {item: rng.choice(shelves) for item in rng.sample(ITEMS, 6)},
            "keepers": dict(zip(shelves, people, strict=True)),
            "offices": dict(zip(people, rng.sample(ROOMS, 4), strict=True)),
            "visited": [],
            "open": [],
            "taken": [],
            "lent": {},
        }

    @tool(ask=("find the shelf of the {item}",), noun="shelf")
    def find(self, item: Item) -> Found:
        """The shelf of an item."""
        if item not in self.items:
            raise ToolError("no such item")
        return {"shelf": self.items[item]}

    @tool(ask=("say who keeps {shelf}",), noun="keeper")
    def keeper(self, shelf: Shelf) -> Keeper:
        """Who keeps a shelf."""
        if shelf not in self.keepers:
            raise ToolError("no such shelf")
        return {"person": self.keepers[shelf]}

    @tool(ask=("look up the room of {person}",), noun="room")
    def office(self, person: Person) -> Office:
        """The room of a person."""
        if person not in self.offices:
            raise ToolError("no such person")
        return {"room": self.offices[person]}

    @tool(writes=True, ask=("visit {room}",), tell="Done.")
    def visit(self, room: Room) -> Done:
        """Visit a room."""
        if room not in self.offices.values():
            raise ToolError("no such room")
        self.visited.append(room)
        return {"done": True}

    @tool(writes=True, ask=("open {shelf}",), tell="Done.")
    def unlock(self, shelf: Shelf) -> Done:
        """Open a shelf."""
        if shelf not in self.keepers:
            raise ToolError("no such shelf")
        if shelf in self.open:
            raise ToolError("it is open")
        self.open.append(shelf)
        return {"done": True}

    @tool(writes=True, ask=("take the {item}",), tell="Done.")
    def take(self, item: Item) -> Done:
        """Take an item from its open shelf."""
        if item not in self.items or self.items[item] not in self.open:
            raise ToolError("its shelf is closed")
        if item in self.taken:
            raise ToolError("it is taken")
        self.taken.append(item)
        return {"done": True}

    @tool(writes=True, ask=("lend the {item} to {person}",), tell="Done.")
    def lend(self, item: Item, person: Person) -> Done:
        """Lend a taken item to a person."""
        if item not in self.taken:
            raise ToolError("it is not taken")
        if person not in self.offices:
            raise ToolError("no such person")
        self.lent[item] = person
        return {"done": True}
