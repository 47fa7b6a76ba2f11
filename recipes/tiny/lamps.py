"""A house with two lamps: a tool that is quickly told, so that a tiny model learns it on a CPU.

python -m funreason_plugin.synthesize --env recipes/tiny/lamps.py:Lamps --num 20 --teacher scripted --out out/lamps
"""

from __future__ import annotations

from random import Random
from typing import Annotated

from typing_extensions import TypedDict

from funreason_plugin import Environment, ToolError, Values, tool

ROOMS = ("kitchen", "hall")
LIGHTS = ("dim", "bright")

# Not Literal: the schema would name every value in every prompt, and a tiny model would copy it from there.
Room = Annotated[str, Values.of(ROOMS)]
Light = Annotated[str, Values.of(LIGHTS)]


class Done(TypedDict):
    done: bool


class Lamps(Environment):
    name = "lamps"
    policy = "You look after a house."

    lamps: dict[str, str]

    def scenario(self, rng: Random) -> dict[str, dict[str, str]]:
        """An initial state: no lamp is as anybody will want it, so that doing nothing is not right by chance."""
        return {"lamps": dict.fromkeys(ROOMS, "off")}

    @tool(
        writes=True, ask=("make the lamp in the {room} {light}", "have the {room} lamp {light}"), tell="Done."
    )
    def set_lamp(self, room: Room, light: Light) -> Done:
        """Set a lamp."""
        if room not in ROOMS or light not in LIGHTS:
            raise ToolError(f"rooms are {', '.join(ROOMS)}; lamps can be {', '.join(LIGHTS)}")
        self.lamps[room] = light
        return {"done": True}
