"""`Server`: what the agents at one base URL share: connections, gate, and how the server has been doing.

    server = Server("http://localhost:8000/v1", ApiKey.of(…), concurrency=64, retries=8, give_up_after=600)
    server.succeeded()                         # another request was answered
    server.failing_for()                       # seconds in which nothing but failures came back

A request that fails while others are answered is at fault itself: it uses up its retries. While nothing is answered,
the server is away, and requests wait for it until `give_up_after`.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from funreason_plugin.synthesis.teachers.api_key import ApiKey
from funreason_plugin.synthesis.teachers.base import RunStopped
from funreason_plugin.synthesis.teachers.gate import Gate
from funreason_plugin.synthesis.teachers.openai_client import Answer, Client
from funreason_plugin.synthesis.teachers.openai_errors import known_models

__all__ = ["Server", "Warn"]

Warn = Callable[[str], None]
"""Told one line that a user should see."""

MODELS_LIMIT = 10.0
"""Seconds that ``GET /models`` may take."""


class Server:
    """The state of one server in one run. ``concurrency``: the most requests at a time."""

    def __init__(
        self,
        base_url: str,
        key: ApiKey,
        *,
        concurrency: int,
        retries: int,
        give_up_after: float,
        warn: Warn | None = None,
    ) -> None:
        self.base_url = base_url
        self.host = urlsplit(base_url).netloc.rpartition("@")[2]
        self.key = key
        self.client = Client(base_url, key)
        self.gate = Gate(concurrency)
        self.retries = retries
        self.give_up_after = give_up_after
        self.successes = 0
        self.asking = 0
        """Requests that have no reply yet, whether they are sent, wait for a place or for their next try."""
        self.checking = asyncio.Lock()
        self.listed: tuple[Answer, list[str] | None] | None = None
        self.probed: set[tuple[str, str]] = set()
        """Models that were asked for one token, and with which API."""
        self.seedless = False
        """Requests go without a seed: vLLM samples seeded requests one by one, and on a CPU (0.32) its engine dies of
        one whose prompt is read in several steps. The cache is what gives the same reply again."""
        self._warn = warn or logging.getLogger(__name__).warning
        self._last_success = float("-inf")
        self._failing_since: float | None = None
        self._stopped = ""
        self._lacking: dict[str, dict[str, str]] = {}
        self._closed = False

    # -- how it has been doing ----------------------------------------------------------------------------

    def succeeded(self) -> None:
        """It answered a request."""
        self.successes += 1
        self._last_success = time.monotonic()
        self._failing_since = None
        self.gate.succeeded()

    def failed(self, sent: float) -> None:
        """A try that was sent at ``sent`` (`time.monotonic`) came to nothing."""
        if self._failing_since is None:
            self._failing_since = max(sent, self._last_success)

    def failing_for(self) -> float:
        """Seconds since the first try of those that failed after the last success."""
        return 0.0 if self._failing_since is None else time.monotonic() - self._failing_since

    def stop(self, reason: str) -> RunStopped:
        """No request will be sent any more; the error to raise, for the same ``reason`` everywhere."""
        self._stopped = self._stopped or reason
        return RunStopped(self._stopped)

    def raise_if_stopped(self) -> None:
        if self._stopped:
            raise RunStopped(self._stopped)

    def few_left(self) -> bool:
        """So few requests are under way that no answer for a while says little about the server."""
        return self.asking <= max(1, self.gate.configured // 8)

    async def models(self) -> tuple[Answer, list[str] | None]:
        """The answer to ``GET /models``, and the ids of the models when it is a list of them."""
        answer = await self.client.get("/models", MODELS_LIMIT)
        return answer, known_models(answer.body) if answer.status == 200 else None

    async def is_up(self) -> bool:
        """Whether anything at all answers there."""
        answer = await self.client.get("/models", MODELS_LIMIT)
        return 0 < answer.status < 500 and answer.status != 429

    async def close(self) -> None:
        if not self._closed:
            self._closed = True
            self.gate.close()
            await self.client.close()

    # -- parameters that it does not take -----------------------------------------------------------------

    def lacks(self, model: str, name: str, instead: str) -> None:
        """``model`` does not take the parameter ``name``: from now on it is left out, or called ``instead``."""
        lacking = self._lacking.setdefault(model, {})
        if name not in lacking:
            lacking[name] = instead
            change = f"it is sent as {instead}" if instead else "requests go without it"
            self._warn(f"{model} at {self.host} does not take {name}: {change}")

    def adapt(self, model: str, body: dict[str, Any]) -> None:
        """Leave out of ``body``, or rename, what is known to be refused, or harmful."""
        if self.seedless:
            body.pop("seed", None)
        for name, instead in self._lacking.get(model, {}).items():
            value = body.pop(name, None)
            if instead and value is not None:
                body[instead] = value
