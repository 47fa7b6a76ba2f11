"""A house with three doors, each asked for in the same words: most conversations repeat another one, exactly or nearly."""

from __future__ import annotations

from random import Random
from typing import Annotated

from typing_extensions import TypedDict

from funreason_plugin import Environment, Values, tool

REQUEST = "go through the long hall of the old house by the river and open the {door} for our guests"
DOORS = (
    "wide oak garden door of the summer kitchen",
    "small iron cellar hatch below the wine press",
    "tall glass street gate beside the stables",
)


class Opened(TypedDict):
    opened: bool


class House(Environment):
    name = "house"
    labels = ("in-domain:doors",)

    doors: dict[str, str]

    def scenario(self, rng: Random) -> dict[str, dict[str, str]]:
        """All doors are closed."""
        return {"doors": dict.fromkeys(DOORS, "closed")}

    @tool(writes=True, ask=(REQUEST, REQUEST + " now"), tell="Done.")
    def open_door(self, door: Annotated[str, Values.of(DOORS)]) -> Opened:
        """Open a door of the house.

        Args:
            door: Which door.
        """
        self.doors[door] = "open"
        return {"opened": True}
