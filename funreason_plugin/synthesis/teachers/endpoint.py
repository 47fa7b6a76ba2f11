"""`Endpoint`: a language model that answers requests, wherever it runs; `Try`: one attempt at it, for the ledger.

    await endpoint.check()                                       # wrong key, URL or model: a UserError
    completion = await endpoint.ask(request, order=slot, note=tries.append)

Retries happen inside. Every try is noted as it ends, also one that failed or was given up: a server bills those as
well. The hub (`synthesis.hub`) stands in front: it looks into the cache, keeps the ledger and minds the budget.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from funreason_plugin.synthesis.teachers.base import Completion, Request
from funreason_plugin.synthesis.teachers.gate import Gate

__all__ = ["Endpoint", "Note", "Try"]


@dataclass(frozen=True, slots=True)
class Try:
    """One HTTP request (or engine call), successful or not."""

    outcome: str
    """ok; an HTTP status such as "429"; timeout, connection, malformed, empty, refused or cancelled."""
    seconds: float
    """From sending to the end of the body; waiting for a place at the server does not count."""
    input_tokens: int = 0
    cached_tokens: int = 0
    """Those of ``input_tokens`` that the server had in its prefix cache."""
    output_tokens: int = 0
    model: str = ""
    """As the server names it."""


Note = Callable[[Try], None]


class Endpoint(Protocol):
    """A model at a server or in this process. ``ask`` is called many times at once, from one event loop."""

    @property
    def name(self) -> str:
        """As users see it: "Qwen3-32B at localhost:8000". Never has credentials."""

    @property
    def gate(self) -> Gate:
        """How many requests the server gets at a time; agents at one server share it."""

    async def check(self) -> None:
        """Before the run: raises `UserError`, one line, for a wrong key, URL or model."""

    async def ask(self, request: Request, order: int, note: Note) -> Completion:
        """The reply. ``order``: the lower goes first where the endpoint is full (the slot's index).

        Raises:
            TeacherFailed: This request has no reply.
            RunStopped: No request will have one.
        """

    async def close(self) -> None:
        """Let go of connections or the engine."""
