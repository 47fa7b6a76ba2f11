"""`RayWorker`: a worker of the crew on any machine of a Ray cluster.

    cluster = RayCluster.join(config)
    workers = ray_crew(cluster, config, LocalWorker, graph)     # graph: the bytes of graph.json

An actor hosts a `LocalWorker`, so that a tool call that never ends is supervised where it runs; what they say to each
other and to the parent goes in batches, whatever has gathered while the last one was under way. Requests to language
models are answered by the parent: keys never leave it. An actor that dies, alone or with its machine, is replaced; its
unfinished jobs are sent again, and what it had asked is forgotten.
"""

from __future__ import annotations

import asyncio
import itertools
from dataclasses import replace
from typing import Any

from funreason_plugin.config import SynthesisConfig
from funreason_plugin.errors import UserError
from funreason_plugin.synthesis.crew import Ask, FromWorker, SlotJob, ToWorker
from funreason_plugin.synthesis.ray_actor import BuildWorker, CrewActor
from funreason_plugin.synthesis.ray_cluster import Passport, RayCluster
from funreason_plugin.synthesis.slot_result import SlotResult

__all__ = ["RayWorker", "ray_crew"]

START_LIMIT = 120.0  # seconds until an actor has a CPU and has started
DEATHS = 5  # of actors in a row, no result between them
PAUSE = 1.0  # seconds before a dead actor is replaced: Ray has to notice that a node is gone


class RayWorker:
    """A `CrewWorker` whose slots are played by an actor."""

    def __init__(
        self,
        cluster: RayCluster,
        config: SynthesisConfig,
        shared: tuple[Passport, bytes],
        build: BuildWorker,
        graph: bytes,
    ) -> None:
        self._cluster = cluster
        self._config = config
        self._start_args = config.env, shared[0], shared[1], build, config.as_plain(), graph
        self._actor: Any = None  # Ray's handles have no static type
        self._jobs: dict[int, SlotJob] = {}
        self._asked: dict[int, int] = {}  # id here -> id of the actor that lives
        self._ids = itertools.count(1)
        self._deaths = 0
        self._out: list[ToWorker] = []
        self._news = asyncio.Event()
        self._in: asyncio.Queue[FromWorker | BaseException] = asyncio.Queue()
        self._relay: asyncio.Task[None] | None = None
        self._failed: BaseException | None = None
        self._closed = False

    async def start(self) -> None:
        """Get a CPU of the cluster, start there.

        Raises:
            UserError: No CPU is free, or the node that has one lacks something.
        """
        await self._place()
        if self._closed:
            self._kill()
            return
        self._relay = asyncio.create_task(self._keep_relaying())

    async def send(self, message: ToWorker) -> None:
        """Hand over a job, or an answer. One to an actor that has died since is dropped."""
        if isinstance(message, SlotJob):
            self._jobs[message.index] = message
        else:
            inner = self._asked.pop(message.id, None)
            if inner is None:
                return
            message = replace(message, id=inner)
        self._out.append(message)
        self._news.set()

    async def receive(self) -> FromWorker:
        """The next message; `UserError` when actors die again and again."""
        if self._failed is not None:
            raise self._failed
        found = await self._in.get()
        if isinstance(found, BaseException):
            self._failed = found
            raise found
        return found

    async def close(self) -> None:
        """Stop the actor at once."""
        self._closed = True
        relay, self._relay = self._relay, None
        if relay is not None:
            relay.cancel()
            await asyncio.gather(relay, return_exceptions=True)
        self._kill()

    # -- the actor -----------------------------------------------------------------------------------------

    async def _place(self, again: bool = False) -> None:
        """A new actor. One that replaces another takes no CPU where none is free: its node may be gone for good."""
        ray = self._cluster.ray
        cpus = 0 if again and self._cluster.free() < 1 else 1
        options = {
            "num_cpus": cpus,
            "max_restarts": 0,
            "max_concurrency": 8,
            "scheduling_strategy": "SPREAD",
        }
        self._actor = ray.remote(CrewActor).options(**options).remote()
        starting = asyncio.ensure_future(_reply(self._actor.start.remote(*self._start_args)))
        done, _ = await asyncio.wait({starting}, timeout=START_LIMIT)
        if not done:
            starting.cancel()
            self._kill()
            raise UserError(self._no_room())
        try:
            problem = starting.result()
        except ray.exceptions.RayError as error:
            if again:
                raise
            self._kill()
            raise UserError(_cannot_start(error)) from None
        if problem:
            self._kill()
            raise UserError(problem)

    def _no_room(self) -> str:
        return (
            f"--workers {self._config.workers}: the Ray cluster {self._cluster.address} has given no CPU for "
            f"{START_LIMIT:g} s ({self._cluster.free():g} of {self._cluster.total():g} are free); wait until others "
            "have ended, or ask for fewer workers"
        )

    def _kill(self) -> None:
        actor, self._actor = self._actor, None
        if actor is not None and self._cluster.ray.is_initialized():
            try:
                self._cluster.ray.kill(actor, no_restart=True)
            except self._cluster.ray.exceptions.RayError:
                return  # it is dead already

    def _died(self, error: Exception) -> bool:
        """Whether Ray says so, and not our own code on the node."""
        found = self._cluster.ray.exceptions
        return isinstance(error, found.RayError) and not isinstance(error, found.RayTaskError)

    # -- messages ------------------------------------------------------------------------------------------

    async def _keep_relaying(self) -> None:
        try:
            while True:
                cause = await self._relay_until_death()
                await self._replace(cause)
        except asyncio.CancelledError:
            raise
        except BaseException as error:
            self._in.put_nowait(error)

    async def _relay_until_death(self) -> Exception:
        """Carry messages both ways until the actor is gone; what it died of."""
        ways = {asyncio.create_task(self._put()), asyncio.create_task(self._take())}
        try:
            done, _ = await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
        error = next(iter(done)).exception()
        if isinstance(error, Exception) and self._died(error):
            return error
        raise error or RuntimeError("the relay to a Ray actor ended")

    async def _put(self) -> None:
        while True:
            await self._news.wait()
            self._news.clear()
            batch, self._out = self._out, []
            if batch:
                await _reply(self._actor.put.remote(batch))

    async def _take(self) -> None:
        while True:
            for message in await _reply(self._actor.take.remote()):
                if isinstance(message, Ask):
                    outer = next(self._ids)
                    self._asked[outer] = message.id
                    message = replace(message, id=outer)
                elif isinstance(message, SlotResult):
                    self._jobs.pop(message.index, None)
                    self._deaths = 0
                else:
                    self._jobs.pop(message.slot, None)
                self._in.put_nowait(message)

    async def _replace(self, cause: Exception) -> None:
        """A fresh actor gets every unfinished job."""
        while True:
            self._deaths += 1
            if self._deaths >= DEATHS:
                raise UserError(
                    f"{DEATHS} Ray actors in a row died without a result (the last: {_why(cause)}); memory may have "
                    "run out on the nodes. What was written is kept; the same command resumes"
                )
            self._kill()
            self._asked.clear()
            await asyncio.sleep(PAUSE)
            try:
                await self._place(again=True)
            except self._cluster.ray.exceptions.RayError as error:
                cause = error
                continue
            self._out = list(self._jobs.values())
            self._news.set()
            return


def ray_crew(
    cluster: RayCluster, config: SynthesisConfig, build: BuildWorker, graph: bytes
) -> list[RayWorker]:
    """``config.workers`` workers, each in an actor that hosts ``build(config, graph)``.

    Raises:
        UserError: The cluster has fewer CPUs, or the environments cannot be sent.
    """
    if cluster.total() < config.workers:
        raise UserError(
            f"--workers {config.workers}: the Ray cluster {cluster.address} has {cluster.total():g} CPUs; "
            "add nodes, or ask for fewer workers"
        )
    shared = cluster.passport(config), cluster.parcel(config)
    return [RayWorker(cluster, config, shared, build, graph) for _ in range(config.workers)]


async def _reply(reference: Any) -> Any:
    return await reference


def _cannot_start(error: Exception) -> str:
    text = str(error)
    if "No module named" in text:
        missing = text.split("No module named", 1)[1].split("\n")[0].strip()
        return (
            f"--executor ray: a node has no module {missing}; install funreason_plugin in the Python environment "
            "that Ray runs in, in the same version on every node"
        )
    return f"--executor ray: an actor could not start: {_why(error)}"


def _why(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return (lines[-1] if lines else type(error).__name__)[:300]
