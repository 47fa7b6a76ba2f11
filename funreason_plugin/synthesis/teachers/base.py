"""`Teacher`: whoever plays the four agents A_T, A_Q, A_R and A_C. Text in, text out.

    class Echo:
        name, model = "echo", "none"

        async def complete(self, request: Request) -> Completion:
            text = request.messages[-1]["content"]
            return Completion(text, count_tokens(text), count_tokens(text), self.model)

The prompts (`synthesis.prompts`) are the same for every teacher. Each carries its material in one fenced
JSON block, so that a script can answer them as well as a language model can.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias

__all__ = ["AGENTS", "Agent", "Completion", "Message", "Request", "Teacher", "count_tokens"]

Agent: TypeAlias = Literal["tooling", "querying", "reasoning", "critiquing"]
AGENTS: tuple[Agent, ...] = ("tooling", "querying", "reasoning", "critiquing")

Message: TypeAlias = dict[str, str]
"""``role`` (system, user, assistant, tool) and ``content``."""


@dataclass(frozen=True, slots=True)
class Request:
    """One question to one agent. ``seed`` decides what a sampling teacher draws: same request, same reply."""

    agent: Agent
    messages: tuple[Message, ...]
    seed: str


@dataclass(frozen=True, slots=True)
class Completion:
    """The reply's text, what it cost, and which model gave it."""

    text: str
    input_tokens: int
    output_tokens: int
    model: str


class Teacher(Protocol):
    """Plays one or more agents. ``complete`` may be called concurrently."""

    @property
    def name(self) -> str: ...

    @property
    def model(self) -> str: ...

    async def complete(self, request: Request) -> Completion: ...


def count_tokens(text: str) -> int:
    """An estimate where no tokeniser is at hand: four characters a token."""
    return (len(text) + 3) // 4
