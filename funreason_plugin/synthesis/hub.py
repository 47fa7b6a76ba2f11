"""`Hub`: the one place where requests to language models are sent, counted, paid and remembered.

    hub = await Hub.open(config, Path("out"))              # endpoints built and checked: a wrong key ends here
    completion = await hub.complete(slot=17, request)      # memory, cache, budget, endpoint, redact, ledger, cache
    hub.forget(17)                                         # its attempt has ended: the replies leave the memory
    await hub.close()

Workers send their requests here; there is one hub in a run, in one event loop, so limits and sums are exact. A reply
of an unfinished slot is remembered, with or without a cache: a worker that dies and plays its slots again asks
everything again and pays nothing twice. A request that is already in flight is not sent a second time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from funreason_plugin.config import SynthesisConfig
from funreason_plugin.errors import UserError
from funreason_plugin.synthesis.budget import Budget
from funreason_plugin.synthesis.cache import FILE, ReplyCache, cache_folder, request_key
from funreason_plugin.synthesis.ledger import CHECK, LEDGER, Ledger
from funreason_plugin.synthesis.redact import Redactor
from funreason_plugin.synthesis.teachers.base import Agent, Completion, Request, RunStopped, TeacherFailed
from funreason_plugin.synthesis.teachers.connect import close_all, connect
from funreason_plugin.synthesis.teachers.endpoint import Endpoint, Try
from funreason_plugin.teacher_config import ResolvedAgent

__all__ = ["Hub"]


@dataclass(slots=True)
class _Flight:
    """A request under way, and how many wait for it."""

    task: asyncio.Task[Completion]
    waiting: int = 0


class Hub:
    """Answers the requests of one run."""

    def __init__(
        self,
        config: SynthesisConfig,
        endpoints: Mapping[Agent, Endpoint],
        ledger: Ledger,
        cache: ReplyCache | None,
        redactor: Redactor,
    ) -> None:
        """`open` is what a run uses.

        Raises:
            UserError: ``--budget`` is set, and a model has no price.
        """
        self.agents: frozenset[Agent] = frozenset(config.model_agents)
        """Those that a language model plays."""
        self.ledger = ledger
        self.redactor = redactor
        self.resolved: dict[Agent, ResolvedAgent] = {agent: config.agent(agent) for agent in self.agents}
        self._endpoints = endpoints
        self._cache = cache
        self._budget = Budget(config, ledger)
        self._replies: dict[int, dict[bytes, Completion | TeacherFailed]] = {}
        self._flights: dict[bytes, _Flight] = {}
        self._notes: list[str] = []
        self._stopped: RunStopped | None = None
        self._unwritten: UserError | None = None
        self._closed = False

    @classmethod
    async def open(cls, config: SynthesisConfig, folder: Path) -> Hub:
        """A hub for a run's folder; every server is asked once whether key and model are right.

        Raises:
            UserError: They are not, a price is missing for ``--budget``, the ledger is damaged, the redact hook
                cannot be loaded, or the cache's folder cannot be written.
        """
        redactor = Redactor.load(config.redact)
        models: dict[str, str] = {agent: config.agent(agent).model for agent in config.model_agents}
        ledger = Ledger(folder / LEDGER, config.prices, config.currency, models)
        cache = None
        if models and not config.no_cache:
            cache = ReplyCache.open(config.cache, config.cache_size)
        hub = cls(config, {}, ledger, cache, redactor)
        try:
            hub._endpoints = await connect(config, hub._probed, hub._notes.append)
        except BaseException:
            await hub.close()
            raise
        return hub

    @classmethod
    def offline(cls, config: SynthesisConfig) -> Hub:
        """A hub that knows what the cache holds and nothing else. For `trace` and `check data`."""
        config = config.model_copy(update={"budget": None, "max_tokens": None})
        exists = not config.no_cache and (cache_folder(config.cache) / FILE).exists()
        cache = ReplyCache.open(config.cache, config.cache_size) if exists else None
        return cls(config, {}, Ledger(None), cache, Redactor())

    # -- what others ask -----------------------------------------------------------------------------------

    @property
    def in_flight_slots(self) -> int:
        """How many slots should be played at once: two for each request that the servers take at once, for while one
        slot waits for a reply, another has its calls executed. 0 where no model plays."""
        servers: dict[tuple[str, str | None, str], int] = {}
        for agent in self.resolved.values():
            server = agent.teacher, agent.base_url, agent.api_key_env
            servers[server] = max(servers.get(server, 0), agent.concurrency)
        return 2 * sum(servers.values())

    @property
    def in_flight(self) -> int:
        """Requests that have been sent, or wait: for budget, for a place at their server, for their next try."""
        return len(self._flights)

    @property
    def load(self) -> tuple[int, int]:
        """Requests at the servers now, and how many they take at the moment: fewer after a 429."""
        gates = {id(endpoint.gate): endpoint.gate for endpoint in self._endpoints.values()}.values()
        return sum(gate.in_use for gate in gates), sum(gate.limit for gate in gates)

    def take_notes(self) -> list[str]:
        """What a user should know and has not been told, a line each: a damaged cache that was set aside."""
        notes, self._notes = self._notes, []
        if self._cache is not None:
            notes += self._cache.notes
            self._cache.notes = []
        return notes

    # -- replies -------------------------------------------------------------------------------------------

    async def complete(self, slot: int, request: Request) -> Completion:
        """The reply to ``request`` of ``slot``. Cancelling the last that waits for a request cancels the request.

        Raises:
            TeacherFailed: This request has no reply; the turn is rejected with its code. The same again for the
                same request of this slot, until `forget`.
            RunStopped: The run ends: budget reached, a server that stays away, a redact hook that fails.
            UserError: The ledger cannot be written (a full disk).
        """
        key = request_key(self.resolved[request.agent], request)
        remembered = self._replies.setdefault(slot, {})
        reply = remembered.get(key)
        if reply is None and self._cache is not None:
            reply = self._cache.get(key)
        again = reply is not None
        if reply is None:
            flight = self._flights.get(key)
            again = flight is not None
            try:
                reply = await self._wait(key, flight or self._start(slot, request, key))
            except TeacherFailed as failed:
                reply = failed
        remembered[key] = reply
        if isinstance(reply, TeacherFailed):
            raise TeacherFailed(reply.code, reply.detail) from None
        if again:
            self.ledger.replay(request.agent)
        return reply

    def forget(self, slot: int) -> None:
        """An attempt at the slot has ended: its replies leave the memory, and the budget counts on no more of it."""
        self._replies.pop(slot, None)
        self._budget.finish(slot)

    async def close(self) -> None:
        """Cancel what is in flight; close endpoints, ledger and cache. A second call does nothing."""
        if self._closed:
            return
        self._closed = True
        tasks = [flight.task for flight in self._flights.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        try:
            await close_all(self._endpoints.values())
        finally:
            self.ledger.close()
            if self._cache is not None:
                self._cache.close()

    def _start(self, slot: int, request: Request, key: bytes) -> _Flight:
        if not self._endpoints:
            raise TeacherFailed("request_failed", "not in the cache")
        self._go_on()
        task = asyncio.get_running_loop().create_task(self._fly(slot, request, key))
        self._flights[key] = flight = _Flight(task)
        task.add_done_callback(lambda _: self._land(key, flight))
        return flight

    def _land(self, key: bytes, flight: _Flight) -> None:
        if self._flights.get(key) is flight:
            del self._flights[key]

    async def _wait(self, key: bytes, flight: _Flight) -> Completion:
        flight.waiting += 1
        try:
            return await asyncio.shield(flight.task)
        finally:
            flight.waiting -= 1
            if not flight.waiting and not flight.task.done():  # the waiting was given up
                flight.task.cancel()
                self._land(key, flight)

    async def _fly(self, slot: int, request: Request, key: bytes) -> Completion:
        """Send a request; its reply goes through the hook into the cache."""
        try:
            try:
                completion = await self._ask(slot, request)
            except TeacherFailed as failed:
                raise TeacherFailed(failed.code, self.redactor.text(failed.detail)) from None
            completion = replace(completion, text=self.redactor.text(completion.text))
        except RunStopped as stopped:
            if self._stopped is None:
                self._stopped = stopped
            raise
        if self._cache is not None:
            self._cache.put(key, completion)
        return completion

    async def _ask(self, slot: int, request: Request) -> Completion:
        """Send a request when there is budget for it; each try goes into the ledger as it ends."""
        first = True

        def note(tried: Try) -> None:
            nonlocal first
            cost = self._write(slot, request.agent, tried, first)
            place.use(cost, tried.input_tokens, tried.output_tokens, tried.outcome in ("ok", "refused"))
            first = False

        characters = sum(len(message["content"]) for message in request.messages)
        place = await self._budget.enter(slot, request.agent, characters)
        try:
            self._go_on()
            completion = await self._endpoints[request.agent].ask(request, slot, note)
        except RunStopped as stopped:
            raise RunStopped(self.redactor.text(stopped.reason), stopped.complete_rows) from None
        finally:
            self._budget.leave(place)
        if self._unwritten is not None:
            raise UserError(self._unwritten.message)
        return completion

    def _probed(self, tried: Try) -> None:
        self._write(-1, CHECK, tried, True)

    def _write(self, slot: int, agent: str, tried: Try, first: bool) -> float | None:
        """A line of the ledger. An error is kept for `_fly`: between endpoint and here others may catch it."""
        try:
            return self.ledger.add(slot, agent, tried, first)
        except UserError as error:
            self._unwritten = self._unwritten or error
            return None

    def _go_on(self) -> None:
        """Raise what has ended the run, if anything has."""
        if self._unwritten is not None:
            raise UserError(self._unwritten.message)
        if self._stopped is not None:
            raise RunStopped(self._stopped.reason, self._stopped.complete_rows)
