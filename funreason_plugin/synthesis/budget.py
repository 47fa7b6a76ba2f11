"""`Budget`: ``--budget`` and ``--max-tokens``. Requests in flight count at what they are expected to cost.

    budget = Budget(config, ledger)
    place = await budget.enter(agent, characters)     # waits, or raises RunStopped: the budget is reached
    …                                                 # the request; the ledger counts what it really cost
    budget.leave(place)

Towards its end the budget lets fewer and fewer requests through at once, so it is passed, if at all, by about what one
request costs. Before an agent's first reply nothing is known, and a cautious guess holds: the prompt's length and
``max_new_tokens``; where not even one such request fits, a single one goes through and is learned from.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from funreason_plugin.config import SynthesisConfig
from funreason_plugin.errors import UserError
from funreason_plugin.synthesis.ledger import Ledger, cost_of, price_of
from funreason_plugin.synthesis.teachers.base import Agent, RunStopped

__all__ = ["Budget", "Place"]

CHARACTERS_A_TOKEN = 3  # cautious: English has about four


@dataclass(slots=True, eq=False)
class Place:
    """A request in flight: what is kept free for it, and what its tries have used so far."""

    agent: Agent
    characters: int
    cost: float = 0.0
    tokens: float = 0.0
    used_cost: float = 0.0
    used_input: int = 0
    used_output: int = 0
    replied: bool = False

    def use(self, cost: float | None, input_tokens: int, output_tokens: int, replied: bool) -> None:
        """One try has ended."""
        self.used_cost += cost or 0.0
        self.used_input += input_tokens
        self.used_output += output_tokens
        self.replied = self.replied or replied


@dataclass(slots=True)
class _Learned:
    """What the requests of one agent have used so far."""

    replies: int = 0
    characters: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost: float = 0.0


class Budget:
    """Lets requests through while there is budget for them."""

    def __init__(self, config: SynthesisConfig, ledger: Ledger) -> None:
        """
        Raises:
            UserError: ``budget`` is set, and a model has no price.
        """
        self._config = config
        self._ledger = ledger
        self._learned: dict[Agent, _Learned] = {}
        self._flying: set[Place] = set()
        self._left = asyncio.Event()
        self.limited = config.budget is not None or config.max_tokens is not None
        if config.budget is not None:
            self._check_prices()

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

    async def enter(self, agent: Agent, characters: int) -> Place:
        """A place for a request with a prompt of so many characters; waits while others in flight may use it up.

        Raises:
            RunStopped: The budget is reached; what is kept is completed.
        """
        place = Place(agent, characters)
        while self.limited:
            if self._passed(0.0, 0.0):
                raise self._stopped()
            place.cost, place.tokens = self._expect(place, cautious=True)
            cost = sum(other.cost for other in self._flying)
            tokens = sum(other.tokens for other in self._flying)
            if not self._passed(cost + place.cost, tokens + place.tokens):
                break
            if not self._flying:
                known = agent in self._learned and self._learned[agent].replies > 0
                if known and self._passed(*self._expect(place, cautious=False)):
                    raise self._stopped()
                break
            await self._left.wait()
        self._flying.add(place)
        return place

    def leave(self, place: Place) -> None:
        """The request has ended, with a reply or without."""
        self._flying.discard(place)
        learned = self._of(place.agent)
        learned.replies += place.replied
        learned.characters += place.characters
        learned.input_tokens += place.used_input
        learned.output_tokens += place.used_output
        learned.cost += place.used_cost
        self._left.set()
        self._left = asyncio.Event()

    # -- sums -------------------------------------------------------------------------------------------

    def _of(self, agent: Agent) -> _Learned:
        if agent not in self._learned:
            self._learned[agent] = _Learned()
        return self._learned[agent]

    def _expect(self, place: Place, cautious: bool) -> tuple[float, float]:
        """Cost and tokens of a request; with ``cautious`` as if one reply more had been as long as it may be."""
        learned = self._learned.get(place.agent, _Learned())
        resolved = self._config.agent(place.agent)
        extra = 1 if cautious or not learned.replies else 0
        characters = learned.characters + extra * place.characters
        given = learned.input_tokens + extra * place.characters / CHARACTERS_A_TOKEN
        given *= place.characters / max(characters, 1)
        answered = (learned.output_tokens + extra * resolved.max_new_tokens) / (learned.replies + extra)
        price = price_of(self._config.prices, resolved.model)
        if price is None:
            return 0.0, given + answered
        cost = (given * price.input + answered * price.output) / 1e6
        full = cost_of(price, learned.input_tokens, 0, learned.output_tokens)
        if full:  # cached input is cheaper, and the server may have named another model
            cost *= learned.cost / full
        return cost, given + answered

    def _passed(self, cost: float, tokens: float) -> bool:
        """Whether this much more is too much; nothing more: whether the budget is used up."""
        budget, most = self._config.budget, self._config.max_tokens
        used, counted = self._ledger.spent, self._ledger.tokens
        if budget is not None and (used >= budget or used + cost > budget):
            return True
        return most is not None and (counted >= most or counted + tokens > most)

    def _stopped(self) -> RunStopped:
        config, ledger = self._config, self._ledger
        if config.budget is not None and (
            config.max_tokens is None or ledger.tokens < 0.9 * config.max_tokens
        ):
            reached = (
                f"the budget of {config.budget:g} {config.currency} is reached ({ledger.spent:.4g} spent"
            )
            flag = "--budget"
        else:
            reached = f"the limit of {config.max_tokens:,} tokens is reached ({ledger.tokens:,} used"
            flag = "--max-tokens"
        return RunStopped(
            f"{reached}, {ledger.total.requests:,} requests): raise {flag} and run the same command again",
            complete_rows=True,
        )
