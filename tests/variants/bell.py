"""An environment with too few tools to distract anybody."""

from __future__ import annotations

from random import Random
from typing import Any

from funreason_plugin import Environment, tool


class Bell(Environment):
    """A bell in a tower."""

    strikes: int

    def scenario(self, rng: Random) -> dict[str, Any]:
        return {"strikes": rng.randint(0, 9)}

    @tool(writes=True, ask=["ring the bell"])
    def ring_bell(self) -> dict[str, int]:
        """Ring the bell once."""
        self.strikes += 1
        return {"strikes": self.strikes}
