"""The shape of other conversations, as a configuration holds it: what ``--like`` has measured, and what it sets.

like: bfcl                       # a name or a file, until it has been measured
like: {source: …, turns: …}      # then: the figures themselves, so that a run does not need the file again
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, BeforeValidator, Field

from funreason_plugin.teacher_config import STRICT

__all__ = ["LENGTH_BIN", "Counts", "Like", "Part", "Shape", "resolved"]

Part = Literal[
    "turns",
    "calls",
    "environments_per_trajectory",
    "variants",
    "tools_offered",
    "dependencies",
    "query_length",
]
"""What a shape can set; the first four are keys of the configuration, which win when they are given."""
LENGTH_BIN: Final = 40
"""Characters of a bar in the lengths of queries; each counts where its bar begins."""

Counts = dict[Annotated[int, Field(ge=0, le=10**6)], Annotated[int, Field(ge=0, le=10**9)]]
"""How often each number occurs."""
Share = Annotated[float, Field(ge=0, le=1)]


class Shape(BaseModel):
    """Distributions of conversations; an empty one is not known. ``calls`` has turns without a call, too.

    ``sources`` counts arguments: "this turn" and "earlier turn" (from an output of it), "elsewhere". ``later`` is the share
    of turns with calls, the first aside, that take a value from an output of an earlier turn; ``within`` the share of
    turns with several calls in which one takes a value from another's output.
    """

    model_config = STRICT

    name: str
    source: str
    sets: list[Part] = []
    turns: Counts = {}
    calls: Counts = {}
    chain: Counts = {}
    environments: Counts = {}
    offered: Counts = {}
    query: Counts = {}
    sources: dict[str, int] = {}
    dependent: Share = 0.0
    later: Share = 0.0
    within: Share = 0.0
    variants: dict[str, Share] = {}

    @property
    def made(self) -> dict[int, int]:
        """The calls of the turns that have any."""
        return {calls: times for calls, times in self.calls.items() if calls}

    @property
    def idle(self) -> float:
        """The share of turns without a call."""
        return self.calls.get(0, 0) / max(sum(self.calls.values()), 1)


def _named(value: Any) -> Any:
    if isinstance(value, str) and not value.strip():
        raise ValueError("expected bfcl, bfcl:CATEGORY or a file of conversations")
    if value is None or isinstance(value, (str, Shape)):
        return value
    if isinstance(value, Mapping):
        return Shape.model_validate(value)
    raise ValueError("expected bfcl, bfcl:CATEGORY or a file of conversations")


Like = Annotated[str | Shape | None, BeforeValidator(_named)]


def resolved(from_file: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """What a file says, where flags come with it: in a run's ``run.yaml`` a shape has set some keys, which flags replace,
    and which another ``--like`` sets anew."""
    shape = from_file.get("like")
    if not isinstance(shape, Mapping) or not isinstance(shape.get("sets"), list):
        return dict(from_file)
    if "like" in given:
        return {key: value for key, value in from_file.items() if key != "like" and key not in shape["sets"]}
    return {**from_file, "like": {**shape, "sets": [part for part in shape["sets"] if part not in given]}}
