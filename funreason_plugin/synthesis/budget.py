"""`Budget`: ``--budget`` and ``--max-tokens``. Requests in flight count at what they are expected to use.

    budget = Budget(config, ledger)
    place = await budget.enter(slot, agent, characters)     # waits, or raises RunStopped: the budget is reached
    …                                                       # the request; the ledger counts what it really cost
    budget.leave(place)
    budget.finish(slot)                                     # its trajectory is kept, or was given up

Towards its end a budget lets fewer requests through at once, so it is passed, if at all, by about what one request
costs; and it lets only those of the oldest slots through, as many as it can still finish, so that it is not spent on
hundreds of trajectories of which none is complete. Before an agent's first reply nothing is known, and a cautious guess
holds: the prompt's length and ``max_new_tokens``; where not even one such request fits, one goes through all the same.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

from funreason_plugin.config import SynthesisConfig
from funreason_plugin.errors import UserError
from funreason_plugin.synthesis.ledger import Ledger, price_of
from funreason_plugin.synthesis.teachers.base import Agent, RunStopped
from funreason_plugin.teacher_config import ResolvedAgent

__all__ = ["Budget", "Place"]

CHARACTERS_A_TOKEN: Final = 3  # cautious: English has about four
SUPPOSED: Final = 2  # trajectories that the guess of their cost counts for, beside those that are finished
AT_LEAST: Final = 0.35  # of a trajectory's expected cost is still to come, however much it has cost already
STILL: Final = (
    60.0  # seconds without a request in flight, after which the oldest slots are taken to need none
)


@dataclass(slots=True, eq=False)
class Place:
    """A request in flight: what its tries have used so far. ``kept``: what each limit keeps free for it."""

    slot: int
    agent: Agent
    characters: int
    kept: list[float] = field(default_factory=list)
    cost: float = 0.0
    input_tokens: int = 0
    output_tokens: int = 0
    replied: bool = False

    def use(self, cost: float | None, input_tokens: int, output_tokens: int, replied: bool) -> None:
        """One try has ended."""
        self.cost += cost or 0.0
        self.input_tokens += input_tokens
        self.output_tokens += output_tokens
        self.replied = self.replied or replied

    def used(self, tokens: bool) -> float:
        return self.input_tokens + self.output_tokens if tokens else self.cost


@dataclass(slots=True)
class _Learned:
    """What the requests of one agent have used so far; ``amount`` in the unit of the limit."""

    replies: int = 0
    characters: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    amount: float = 0.0


class _Limit:
    """One limit: of cost, or of tokens."""

    def __init__(self, config: SynthesisConfig, most: float, used: Callable[[], float], tokens: bool) -> None:
        self.most = most
        self.used = used
        self._tokens = tokens
        self._config = config
        self._agents: dict[Agent, ResolvedAgent] = {
            agent: config.agent(agent) for agent in config.model_agents
        }
        self._learned: dict[Agent, _Learned] = {agent: _Learned() for agent in self._agents}
        self._plays: dict[int, float] = {}  # slots that are being played, and what each has used
        self._finished, self._finished_amount = 0, 0.0
        self._youngest: float | None = None  # unknown since something has changed
        self.kept = 0.0
        """Kept free for the requests in flight."""

    # -- one request ------------------------------------------------------------------------------------

    def expect(self, agent: Agent, characters: int, cautious: bool) -> float:
        """What a request will use; with ``cautious`` as if one reply more had been as long as it may be."""
        learned = self._learned[agent]
        extra = 1 if cautious or not learned.replies else 0
        given = learned.input_tokens + extra * characters / CHARACTERS_A_TOKEN
        given *= characters / max(learned.characters + extra * characters, 1)
        longest = self._agents[agent].max_new_tokens
        answered = (learned.output_tokens + extra * longest) / (learned.replies + extra)
        expected = self._amount(agent, given, answered)
        plain = self._amount(agent, learned.input_tokens, learned.output_tokens)
        return expected * learned.amount / plain if plain else expected  # cached input is cheaper

    def knows(self, agent: Agent) -> bool:
        return self._learned[agent].replies > 0

    def passed(self, more: float) -> bool:
        used = self.used()
        return used >= self.most or used + more > self.most

    def _amount(self, agent: Agent, given: float, answered: float) -> float:
        if self._tokens:
            return given + answered
        price = price_of(self._config.prices, self._agents[agent].model)
        return (given * price.input + answered * price.output) / 1e6 if price is not None else 0.0

    # -- one trajectory ---------------------------------------------------------------------------------

    def begin(self, slot: int) -> None:
        if slot not in self._plays:
            self._plays[slot] = 0.0
            self._youngest = None

    def learn(self, place: Place) -> None:
        """A request has ended."""
        learned, amount = self._learned[place.agent], place.used(self._tokens)
        learned.replies += place.replied
        learned.characters += place.characters
        learned.input_tokens += place.input_tokens
        learned.output_tokens += place.output_tokens
        learned.amount += amount
        if place.slot in self._plays:
            self._plays[place.slot] += amount
        self._youngest = None

    def finish(self, slot: int) -> None:
        amount = self._plays.pop(slot, 0.0)
        self._youngest = None
        if amount:
            self._finished += 1
            self._finished_amount += amount

    def admits(self, slot: int) -> bool:
        """What is left is expected to be enough to finish all older slots that are played, and this one."""
        if self._youngest is None:
            self._youngest = self._cut()
        return slot <= self._youngest

    def _cut(self) -> float:
        """The youngest slot that can still be finished; the oldest may always go on."""
        left = self.most - self.used()
        each = self._trajectory()
        if each * len(self._plays) <= left:
            return math.inf
        slots = sorted(self._plays)
        for before, slot in pairwise(slots):
            left -= max(each - self._plays[before], each * AT_LEAST)
            if left < max(each - self._plays[slot], each * AT_LEAST):
                return before
        return math.inf

    def _trajectory(self) -> float:
        """What one attempt at a trajectory uses: as the finished ones did, and at first a guess from the settings."""
        turns, calls = (sum(span) / 2 for span in (self._config.turns, self._config.calls))
        asked: dict[Agent, float] = {"tooling": turns, "querying": turns, "reasoning": turns * (calls + 1)}
        guess = 0.0
        for agent, count in asked.items():
            if agent in self._agents:
                learned = self._learned[agent]
                known = learned.replies > 0
                each = learned.amount / learned.replies if known else self.expect(agent, 4000, cautious=True)
                guess += count * each
        return (SUPPOSED * guess + self._finished_amount) / (SUPPOSED + self._finished)


class Budget:
    """Lets requests through while there is budget for them."""

    def __init__(self, config: SynthesisConfig, ledger: Ledger) -> None:
        """
        Raises:
            UserError: ``budget`` is set, and a model has no price.
        """
        self._config = config
        self._ledger = ledger
        self._flying: set[Place] = set()
        self._changed = asyncio.Event()
        self._reached = False
        self._limits: list[_Limit] = []
        if config.budget is not None:
            self._check_prices()
            self._limits.append(_Limit(config, config.budget, lambda: ledger.spent, tokens=False))
        if config.max_tokens is not None:
            self._limits.append(_Limit(config, config.max_tokens, lambda: ledger.tokens, tokens=True))

    def _check_prices(self) -> None:
        models = {self._config.agent(agent).model for agent in self._config.model_agents}
        missing = [model for model in sorted(models) if price_of(self._config.prices, model) is None]
        missing += [model for model in self._ledger.unpriced if model not in missing]
        if missing:
            raise UserError(
                f"--budget: model {missing[0]!r} has no price; add it to the configuration, e.g. prices: "
                f"{{{missing[0]!r}: {{input: 0.15, output: 0.60}}}} (per million tokens, in "
                f"{self._config.currency}), or give --max-tokens instead"
            )

    async def enter(self, slot: int, agent: Agent, characters: int) -> Place:
        """A place for a request with a prompt of so many characters; waits while older ones may use the budget up.

        Raises:
            RunStopped: The budget is reached; what is kept is completed.
        """
        place = Place(slot, agent, characters)
        for limit in self._limits:
            limit.begin(slot)
        while not self._lets_in(place):
            try:
                await asyncio.wait_for(self._changed.wait(), None if self._flying else STILL)
            except asyncio.TimeoutError:
                break
        for limit, kept in zip(self._limits, place.kept, strict=False):
            limit.kept += kept
        self._flying.add(place)
        return place

    def _lets_in(self, place: Place) -> bool:
        """Whether it can go now; raises RunStopped when it never can."""
        limits, agent, characters = self._limits, place.agent, place.characters
        if self._reached or any(limit.passed(0.0) for limit in limits):
            raise self._stopped()
        if not all(limit.admits(place.slot) for limit in limits):
            return False
        place.kept = [limit.expect(agent, characters, cautious=True) for limit in limits]
        if not any(limit.passed(limit.kept + kept) for limit, kept in zip(limits, place.kept, strict=True)):
            return True
        if self._flying:
            return False
        for limit in limits:  # nobody else: it may go unless it is known to be too much
            if limit.knows(agent) and limit.passed(limit.expect(agent, characters, cautious=False)):
                raise self._stopped()
        return True

    def leave(self, place: Place) -> None:
        """The request has ended, with a reply or without."""
        self._flying.discard(place)
        for limit, kept in zip(self._limits, place.kept, strict=False):
            limit.kept = limit.kept - kept if self._flying else 0.0
            limit.learn(place)
        self._wake()

    def finish(self, slot: int) -> None:
        """The slot needs nothing more, or begins again with another attempt."""
        for limit in self._limits:
            limit.finish(slot)
        self._wake()

    def _wake(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    def _stopped(self) -> RunStopped:
        if not self._reached:
            self._reached = True
            self._wake()  # those that wait for an older slot, which is not going on either
        config, ledger = self._config, self._ledger
        reached = max(self._limits, key=lambda limit: limit.used() / limit.most)
        if reached is self._limits[0] and config.budget is not None:
            what = f"the budget of {config.budget:g} {config.currency} is reached ({ledger.spent:.4g} spent"
            flag = "--budget"
        else:
            what = f"the limit of {config.max_tokens:,} tokens is reached ({ledger.tokens:,} used"
            flag = "--max-tokens"
        return RunStopped(
            f"{what}, {ledger.total.requests:,} requests): raise {flag} and run the same command again",
            complete_rows=True,
        )
