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

Item = Annotated[str, Values.state("items.keys()")]
Shelf = Annotated[str, Ref("shelf")]
Person = Annotated[str, Ref("person")]
Line = Annotated[int, Ref("line")]


class Found(TypedDict):
    shelf: Shelf


class Keeper(TypedDict):
    person: Person


class Phone(TypedDict):
    line: Line


class Done(TypedDict):
    done: bool


class Depot(Environment):
    name = "depot"
    policy = "You run a depot."

    items: dict[str, str]
    keepers: dict[str, str]
    lines: dict[str, int]
    called: list[int]
    open: list[str]
    taken: list[str]
    lent: dict[str, str]

    def scenario(self, rng: Random) -> dict[str, object]:
        shelves = [
            f"{letter}{number}"
            for letter, number in zip(rng.sample("ABCDEFGHK", 4), rng.sample(range(10, 99), 4), strict=True)
        ]
        people = rng.sample(PEOPLE, 4)
        return {
            "items": {item: rng.choice(shelves) for item in rng.sample(ITEMS, 6)},
            "keepers": dict(zip(shelves, people, strict=True)),
            "lines": dict(zip(people, rng.sample(range(100, 999), 4), strict=True)),
            "called": [],
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

    @tool(ask=("look up the line of {person}",), noun="line")
    def phone(self, person: Person) -> Phone:
        """The line of a person."""
        if person not in self.lines:
            raise ToolError("no such person")
        return {"line": self.lines[person]}

    @tool(writes=True, ask=("ring {line}",), tell="Done.")
    def ring(self, line: Line) -> Done:
        """Ring a line."""
        if line not in self.lines.values():
            raise ToolError("no such line")
        self.called.append(line)
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
        if person not in self.lines:
            raise ToolError("no such person")
        self.lent[item] = person
        return {"done": True}
