"""`Batching`: an engine for many who wait at once; what they ask for is computed together.

    batching = Batching(Engine(model))
    await batching.finish(request)                 # True: request.tokens is the response

The engine computes in a thread; weights change between its steps.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import torch

from funreason_plugin.rl.cpu.generation import Engine, Request

__all__ = ["Batching"]


class Batching:
    """An `Engine` in an event loop."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._results: dict[Request, asyncio.Future[bool]] = {}
        self._lock = asyncio.Lock()
        self._loop: asyncio.Task[None] | None = None

    async def finish(self, request: Request) -> bool:
        """Compute a response. False: it was stopped on the way (`drop`). What the engine raises is raised here."""
        result: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._results[request] = result
        self.engine.add(request)
        if self._loop is None or self._loop.done():
            self._loop = asyncio.create_task(self._work())
        return await result

    async def load(self, weights: Mapping[str, torch.Tensor], version: int) -> None:
        """See `Engine.load`."""
        async with self._lock:
            await asyncio.to_thread(self.engine.load, weights, version)

    async def forget(self) -> None:
        """See `Engine.forget`."""
        async with self._lock:
            self.engine.forget()

    async def drop(self) -> None:
        """Stop all requests where they are."""
        async with self._lock:
            for request in self.engine.drop():
                self._resolve(request, False)

    async def _work(self) -> None:
        try:
            while self.engine.busy:
                async with self._lock:
                    done = await asyncio.to_thread(self.engine.step)
                for request in done:
                    self._resolve(request, True)
        except Exception as error:  # whoever waits is told, and the next request starts anew
            for request in self.engine.drop():
                result = self._results.pop(request, None)
                if result is not None and not result.done():
                    result.set_exception(error)

    def _resolve(self, request: Request, finished: bool) -> None:
        result = self._results.pop(request, None)
        if result is not None and not result.done():
            result.set_result(finished)
