"""python -m funreason_plugin.check env examples/rl_on_my_tools/greenhouse.py:Greenhouse

A greenhouse with six beds: three tools whose values a person says in so many words, so that a model of 0.4 million
parameters learns to call them on a CPU. For tools that feed each other see examples/my_tools.
"""

from __future__ import annotations

from random import Random
from typing import Literal, get_args

from typing_extensions import TypedDict

from funreason_plugin import Environment, ToolError, tool

Bed = Literal["tomatoes", "basil", "chillies", "melons", "orchids", "lettuce"]
Shade = Literal["open", "half", "closed"]


class Moisture(TypedDict):
    bed: Bed
    percent: int


class Shading(TypedDict):
    bed: Bed
    shade: Shade


class Greenhouse(Environment):
    name = "greenhouse"
    policy = "You look after a greenhouse."

    moisture: dict[str, int]
    shades: dict[str, str]

    def scenario(self, rng: Random) -> dict[str, dict[str, int] | dict[str, str]]:
        """An initial state: public attributes, plain JSON data. The same rng gives the same state."""
        return {
            "moisture": {bed: rng.randint(20, 50) for bed in get_args(Bed)},
            "shades": {bed: rng.choice(get_args(Shade)) for bed in get_args(Bed)},
        }

    @tool(
        writes=True,
        ask=("water the {bed} with {litres} litres", "give the {bed} {litres} litres of water"),
        tell="The {bed} are at {percent} percent.",
    )
    def water(self, bed: Bed, litres: Literal[1, 2, 3, 5]) -> Moisture:
        """Water a bed.

        Args:
            bed: Which.
            litres: How much.
        """
        if self.moisture[bed] + 5 * litres > 80:
            raise ToolError(f"The {bed} would drown.")
        self.moisture[bed] += 5 * litres
        return {"bed": bed, "percent": self.moisture[bed]}

    @tool(
        writes=True,
        ask=("have the shade over the {bed} {shade}", "move the shade of the {bed} to {shade}"),
        tell="The shade over the {bed} is {shade}.",
    )
    def set_shade(self, bed: Bed, shade: Shade) -> Shading:
        """Move the shade over a bed.

        Args:
            bed: Which.
            shade: Where to.
        """
        self.shades[bed] = shade
        return {"bed": bed, "shade": shade}

    @tool(
        ask=("see how moist the {bed} are", "tell me the moisture of the {bed}"),
        tell="The {bed} are at {percent} percent.",
    )
    def read_moisture(self, bed: Bed) -> Moisture:
        """How moist a bed is.

        Args:
            bed: Which.
        """
        return {"bed": bed, "percent": self.moisture[bed]}
