"""`Hub`: the one place where requests to language models are sent, counted, paid and remembered.

    hub = await Hub.open(config, Path("out"))              # endpoints built and checked: a wrong key ends here
    completion = await hub.complete(slot=17, request)      # memory, cache, budget, endpoint, redact, ledger, cache
    hub.forget(17)                                         # the slot is kept: its replies leave the memory
    await hub.close()

Workers send their requests here; there is one hub in a run, in one event loop, so limits and sums are exact. A reply
of an unfinished slot is remembered, with or without a cache: a worker that dies and plays its slots again asks
everything again and pays nothing twice. A request that is already in flight is not sent a second time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from funreason_plugin.config import SynthesisConfig
from funreason_plugin.errors import UserError
from funreason_plugin.synthesis.budget import Budget
from funreason_plugin.synthesis.cache import ReplyCache, request_key
from funreason_plugin.synthesis.ledger import LEDGER, Ledger
from funreason_plugin.synthesis.redact import Redactor
from funreason_plugin.synthesis.teachers.base import Agent, Completion, Request, RunStopped, TeacherFailed
from funreason_plugin.synthesis.teachers.endpoint import Endpoint, Try

__all__ = ["Hub"]


class Hub:
    """Answers the requests of one run."""

    agents: frozenset[Agent]
    """Those that a language model plays."""
    ledger: Ledger
    redactor: Redactor
    notes: list[str]
    """What a user should know before the run, a line each."""

    def __init__(
        self,
        config: SynthesisConfig,
        endpoints: Mapping[Agent, Endpoint],
        ledger: Ledger,
        cache: ReplyCache | None,
        redactor: Redactor,
    ) -> None:
        raise NotImplementedError

    @classmethod
    async def open(cls, config: SynthesisConfig, folder: Path) -> Hub:
        """A hub for a run's folder; every server is asked once whether key and model are right.

        Raises:
            UserError: They are not, a price is missing for ``--budget``, the ledger is damaged, the redact hook
                cannot be loaded, or the cache's folder cannot be written.
        """
        raise NotImplementedError

    @classmethod
    def offline(cls, config: SynthesisConfig) -> Hub:
        """A hub that knows what the cache holds and nothing else; it writes nothing. For `trace` and `check data`."""
        raise NotImplementedError

    @property
    def in_flight_slots(self) -> int:
        """How many slots should be played at once to keep every server busy."""
        raise NotImplementedError

    @property
    def in_flight(self) -> int:
        """Requests that have been sent, or wait for a place at their server."""
        raise NotImplementedError

    async def complete(self, slot: int, request: Request) -> Completion:
        """The reply to ``request`` of ``slot``. Cancelling the last that waits for a request cancels the request.

        Raises:
            TeacherFailed: This request has no reply; the turn is rejected with its code. The same again for the
                same request of this slot, until `forget`.
            RunStopped: The run ends: budget reached, a server that stays away, a redact hook that fails.
            UserError: The ledger cannot be written (a full disk).
        """
        raise NotImplementedError

    def forget(self, slot: int) -> None:
        """The slot is finished: its replies leave the memory."""
        raise NotImplementedError

    async def close(self) -> None:
        """Cancel what is in flight; close endpoints, ledger and cache. Safe to call twice."""
        raise NotImplementedError
