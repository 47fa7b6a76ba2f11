"""`Budget`: ``--budget`` and ``--max-tokens``. Requests in flight count at what they are expected to cost.

    budget = Budget(config, ledger)
    place = await budget.enter(agent, characters)     # waits, or raises RunStopped: the budget is reached
    …                                                 # the request; the ledger counts what it really cost
    budget.leave(place)

Near its end the budget lets fewer requests through at once, so that it is passed by a fraction of what one costs.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from funreason_plugin.config import SynthesisConfig
from funreason_plugin.errors import UserError
from funreason_plugin.synthesis.ledger import Ledger, cost_of, price_of
from funreason_plugin.synthesis.teachers.base import Agent, RunStopped

__all__ = ["Budget", "Place"]


@dataclass(slots=True)
class _Learned:
    """What requests of one agent have cost so far, by their prompts' characters."""

    replies: int = 0
    characters: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost: float = 0.0

    def expect(self, characters: int) -> tuple[float, float]:
        """Cost and tokens of a prompt of this length."""
        longer = characters / max(self.characters, 1)  # of all that was asked: input grows with the prompt
        each = 1 / self.replies
        tokens = self.input_tokens * longer + self.output_tokens * each
        share = self.input_tokens / max(self.input_tokens + self.output_tokens, 1)
        return self.cost * (share * longer + (1 - share) * each), tokens


@dataclass(slots=True, eq=False)
class Place:
    """A request in flight: what it is expected to cost, and what the ledger said it did."""

    agent: Agent
    characters: int
    cost: float
    tokens: float
    known: bool


class Budget:
    """Lets requests through while there is budget for them."""

    def __init__(self, config: SynthesisConfig, ledger: Ledger) -> None:
        """
        Raises:
            UserError: ``budget`` is set, and a model has no price.
        """
        self._config = config
        self._ledger = ledger
        self._learned: dict[str, _Learned] = {}
        self._flying: set[Place] = set()
        self._changed = asyncio.Condition()
        self.limited = config.budget is not None or config.max_tokens is not None
        if config.budget is not None:
            self._check_prices()

    def _check_prices(self) -> None:
        models = {self._config.agent(agent).model for agent in self._config.model_agents}
        missing = [model for model in sorted(models) if price_of(self._config.prices, model) is None]
        missing += [model for model in self._ledger.unpriced if model not in missing]
        if missing:
            raise UserError(
                f"--budget: model {missing[0]!r} has no price; add it to the configuration, e.g. "
                f"prices: {{{missing[0]!r}: {{input: 0.15, output: 0.60}}}} (per million tokens, in "
                f"{self._config.currency}), or use --max-tokens"
            )

    async def enter(self, agent: Agent, characters: int) -> Place:
        raise NotImplementedError

    def leave(self, place: Place) -> None:
        raise NotImplementedError
