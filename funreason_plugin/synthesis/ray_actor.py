"""What runs on the nodes of a Ray cluster: an actor that hosts a worker of the crew. `ray_crew` has the other end.

An actor relays in batches: `put` hands over what the parent has gathered, `take` waits for what the worker says. It
imports nothing of Ray, so it can be read and tried without.
"""

from __future__ import annotations

import asyncio
import shutil
import socket
import sys
from pathlib import Path
from typing import Any, Protocol

from funreason_plugin.errors import UserError
from funreason_plugin.synthesis.crew import CrewWorker, Failed, FromWorker, ToWorker
from funreason_plugin.synthesis.ray_cluster import FILES, Passport

__all__ = ["BuildWorker", "CrewActor"]


class BuildWorker(Protocol):
    """Makes the worker that an actor hosts: `LocalWorker`, or anything that can be pickled by its name."""

    def __call__(self, config: dict[str, Any], graph: bytes) -> CrewWorker: ...


class CrewActor:
    """What runs on the node. Methods return, never raise, what is the user's to mend."""

    def __init__(self) -> None:
        self._worker: CrewWorker | None = None
        self._ready: asyncio.Queue[FromWorker] = asyncio.Queue()
        self._reader: asyncio.Task[None] | None = None
        self._unpacked: Path | None = None
        # A spawned child imports its parent's main module first: here Ray's, with all that it imports.
        vars(sys.modules["__main__"]).pop("__file__", None)

    async def start(
        self,
        names: list[str],
        passport: Passport,
        parcel: bytes,
        build: BuildWorker,
        config: dict[str, Any],
        graph: bytes,
    ) -> str:
        """Compare versions, unpack the user's environments, start the worker. "" or why it cannot."""
        node = socket.gethostname()
        try:
            if parcel:
                from funreason_plugin.environments.parcel import unpack

                self._unpacked = unpack(parcel)
                there = {name: str(self._unpacked / name) for name in FILES if config.get(name)}
                config = config | there
            problem = passport.problem(Passport.of(names), node)
            if problem:
                return problem
            self._worker = build(config, graph)
            await self._worker.start()
        except UserError as error:
            return f"Ray node {node}: {error}"
        self._reader = asyncio.create_task(self._read(self._worker))
        return ""

    async def put(self, messages: list[ToWorker]) -> None:
        """Hand messages to the worker."""
        assert self._worker is not None
        for message in messages:
            await self._worker.send(message)

    async def take(self) -> list[FromWorker]:
        """What the worker has said since the last call; waits for something."""
        found = [await self._ready.get()]
        while not self._ready.empty():
            found.append(self._ready.get_nowait())
        return found

    async def close(self) -> None:
        """End the worker's process, remove what was unpacked."""
        if self._reader is not None:
            self._reader.cancel()
        if self._worker is not None:
            await self._worker.close()
        if self._unpacked is not None:
            shutil.rmtree(self._unpacked, ignore_errors=True)

    async def _read(self, worker: CrewWorker) -> None:
        try:
            while True:
                self._ready.put_nowait(await worker.receive())
        except UserError as error:
            self._ready.put_nowait(Failed(-1, error))
