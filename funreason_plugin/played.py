"""What happened in one conversation that a model played: `Played`, plain data that judging needs.

text = played.dumps()           # crosses processes as one JSON text
played = Played.loads(text)
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from functools import cache
from typing import Any, ClassVar, Literal

import orjson
from pydantic import ConfigDict, TypeAdapter

from funreason_plugin.environments.changes import Change

__all__ = ["Played", "PlayedCall", "PlayedStep", "PlayedTurn", "Stop"]

Stop = Literal["", "malformed", "steps", "tokens", "time", "tools"]
"""Why a turn ended before its answer: a response that cannot be read (the conversation goes on with the next
turn, as in BFCL); too many steps, no room for more tokens, the time limit, or tools that could not be reached
(the conversation ends)."""

_STRICT = ConfigDict(extra="forbid", strict=True)


@dataclass(slots=True)
class PlayedCall:
    """A call of the model and its output, an error included."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT
    name: str
    arguments: dict[str, Any]
    output: Any


@dataclass(slots=True)
class PlayedStep:
    """One response with at least one call."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT
    calls: list[PlayedCall]


@dataclass(slots=True)
class PlayedTurn:
    """One user turn as it was played.

    ``state_hash`` is `Session.state_hash` after the turn; ``changes`` lead from the scenario's state (by
    environment, `Session.state`) to the state after the turn; ``generated`` are the ids made so far.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT
    steps: list[PlayedStep] = field(default_factory=list)
    answer: str = ""
    stop: Stop = ""
    reason: str = ""
    state_hash: str = ""
    changes: list[Change] = field(default_factory=list)
    generated: list[str] = field(default_factory=list)

    def calls(self) -> list[PlayedCall]:
        """All calls of the turn, in the order of execution."""
        return [call for step in self.steps for call in step.calls]


@dataclass(slots=True)
class Played:
    """A conversation as it was played; of a row of kind "response" the one turn of the response.

    ``turns`` may be fewer than the task's. ``responses`` counts all that the model wrote, ``seconds`` is the
    time it took.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT
    turns: list[PlayedTurn] = field(default_factory=list)
    responses: int = 0
    seconds: float = 0.0

    def dumps(self) -> str:
        """One JSON text; half of a surrogate pair becomes "?"."""
        try:
            return orjson.dumps(self).decode()
        except (
            TypeError
        ):  # an argument beyond 64 bits, a text that is not UTF-8, outputs nested too deep for orjson
            return json.dumps(asdict(self), ensure_ascii=False).encode(errors="replace").decode()

    @classmethod
    def loads(cls, text: str) -> Played:
        """Raises ValueError for what `dumps` did not write."""
        return _adapter().validate_json(text)


@cache
def _adapter() -> TypeAdapter[Played]:
    return TypeAdapter(Played)
