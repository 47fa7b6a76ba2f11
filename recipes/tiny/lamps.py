"""A house with lamps and radiators: tools that are quickly told, so that a tiny model learns them on a CPU.

python -m funreason_plugin.synthesize --env recipes/tiny/lamps.py:Lamps --num 20 --teacher scripted --out out/lamps
"""

from __future__ import annotations

from random import Random
from typing import Annotated

from typing_extensions import TypedDict

from funreason_plugin import Environment, ToolError, Values, tool

ROOMS = ("kitchen", "hall", "attic", "garage")
LIGHTS = ("off", "dim", "bright")
HEATS = ("cold", "warm", "hot")

# Not Literal: the schema would name every value in every prompt, and a tiny model would copy it from there.
Room = Annotated[str, Values.of(ROOMS)]


class Done(TypedDict):
    done: bool


class Lamps(Environment):
    name = "lamps"
    policy = "You look after a house."

    lamps: dict[str, str]
    heat: dict[str, str]

    def scenario(self, rng: Random) -> dict[str, dict[str, str]]:
        """An initial state."""
        return {
            "lamps": {room: rng.choice(LIGHTS) for room in ROOMS},
            "heat": {room: rng.choice(HEATS) for room in ROOMS},
        }

    @tool(
        writes=True, ask=("make the lamp in the {room} {light}", "have the {room} lamp {light}"), tell="Done."
    )
    def set_lamp(self, room: Room, light: Annotated[str, Values.of(LIGHTS)]) -> Done:
        """Set a lamp."""
        return self._set(self.lamps, room, light, LIGHTS)

    @tool(writes=True, ask=("make the {room} {heat}", "have the {room} {heat}"), tell="Done.")
    def set_heat(self, room: Room, heat: Annotated[str, Values.of(HEATS)]) -> Done:
        """Heat a room."""
        return self._set(self.heat, room, heat, HEATS)

    def _set(self, what: dict[str, str], room: str, value: str, values: tuple[str, ...]) -> Done:
        if room not in ROOMS or value not in values:
            raise ToolError(f"rooms are {', '.join(ROOMS)}; here they can be {', '.join(values)}")
        what[room] = value
        return {"done": True}
