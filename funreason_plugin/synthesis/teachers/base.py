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

from funreason_plugin.teacher_config import Agent

__all__ = [
    "AGENTS",
    "Agent",
    "Completion",
    "Message",
    "Request",
    "RunStopped",
    "Teacher",
    "TeacherFailed",
    "count_tokens",
]

AGENTS: tuple[Agent, ...] = ("tooling", "querying", "reasoning", "critiquing")

Message: TypeAlias = dict[str, str]
"""``role`` (system, user or assistant) and ``content``. One system message, the first; then user and assistant in turn."""


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
    cut_off: bool = False
    """The reply ended because it reached its limit of tokens."""


class TeacherFailed(Exception):
    """One request has no reply. ``code``: request_failed (after every retry) or request_refused (by the server).

    The turn is rejected with the code; the run goes on. ``detail`` is one line without secrets.
    """

    def __init__(self, code: Literal["request_failed", "request_refused"], detail: str) -> None:
        super().__init__(code, detail)
        self.code = code
        self.detail = detail


class RunStopped(Exception):
    """The whole run ends here, cleanly: budget reached, a wrong key, a server that stays away. One line says why.

    ``complete_rows``: rows are written for what is kept (a budget that is reached), or not (something to mend first).
    """

    def __init__(self, reason: str, complete_rows: bool = False) -> None:
        super().__init__(reason, complete_rows)
        self.reason = reason
        self.complete_rows = complete_rows


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
