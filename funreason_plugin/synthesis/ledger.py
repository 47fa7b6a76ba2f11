"""`Ledger`: what every request to a language model cost, in ``ledger.jsonl``, one line per try, written at once.

    ledger = Ledger(Path("out/ledger.jsonl"), config.prices, config.currency)
    ledger.add(slot=17, agent="reasoning", tried=Try("ok", 1.2, 900, 0, 240), first=True)
    ledger.spent, ledger.tokens
    ledger.table(kept=12)["cost_per_kept"]

A line is written before its reply is used, so a run that is killed and goes on has counted what it paid exactly once;
a request that was really paid twice (killed between reply and line) is not hidden, for its second try is a line too.
Opening the file again continues it. What the cache or the memory answered is no request: it is counted as replayed.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Any, Final

import orjson

from funreason_plugin.errors import UserError
from funreason_plugin.synthesis.account import PHASE_OF, Account, Spent
from funreason_plugin.synthesis.appending import disk_trouble, write_all
from funreason_plugin.synthesis.teachers.endpoint import Try
from funreason_plugin.teacher_config import Price

__all__ = ["CHECK", "LEDGER", "Ledger", "cost_of", "price_of"]

LEDGER: Final = "ledger.jsonl"
CHECK: Final = "check"
"""The agent of a probe before the run; its slot is -1."""
LONGEST_NAME = 200  # a server names its model as it likes


def price_of(prices: Mapping[str, Price], *models: str) -> Price | None:
    """The price of the first of ``models`` that has one, else that of ``*``."""
    return next((prices[model] for model in models if model in prices), prices.get("*"))


def cost_of(price: Price | None, input_tokens: int, cached_tokens: int, output_tokens: int) -> float | None:
    """Cost in the table's currency; ``cached_tokens`` are part of ``input_tokens``. None without a price."""
    if price is None:
        return None
    cached = price.input if price.cached_input is None else price.cached_input
    fresh = input_tokens - cached_tokens
    return (fresh * price.input + cached_tokens * cached + output_tokens * price.output) / 1e6


class Ledger:
    """The ledger of one run's folder. Percentiles are within 1% (a histogram: memory does not grow with the run)."""

    def __init__(
        self,
        path: Path | None,
        prices: Mapping[str, Price] | None = None,
        currency: str = "USD",
        models: Mapping[str, str] | None = None,
        read_only: bool = False,
    ) -> None:
        """``path``: None where nothing is paid. ``models``: the configured model of each agent, whose price holds
        where the name that the server gives has none.

        Raises:
            UserError: A line in the middle is damaged, or the file cannot be read.
        """
        self.path = path
        self.currency = currency
        self.accounts: dict[str, Account] = {}
        self.unpriced: dict[str, int] = {}
        """Models whose tokens have no price, with the number of their requests."""
        self._costs_written = False
        self._prices = dict(prices or {})
        self._models = dict(models or {})
        self._file: IO[bytes] | None = None
        self._size = 0  # of whole lines
        if path is not None and path.exists():
            for length, row in _rows(path):
                self._size += length
                self._count(row)
            if not read_only and path.stat().st_size > self._size:
                os.truncate(path, self._size)  # the last line was cut short

    def _count(self, row: Mapping[str, Any]) -> None:
        agent, model, cost = row["agent"], row["model"], row["cost"]
        if cost is None:
            cost = self._cost(row)
            if cost is None:
                self.unpriced[model] = self.unpriced.get(model, 0) + 1
        else:
            self._costs_written = True
        account = self.accounts.get(agent) or self._account(agent)
        account.add(
            row["outcome"],
            row["first"],
            row["seconds"],
            row["input"],
            row["cached"],
            row["output"],
            cost,
            model,
        )

    def _cost(self, row: Mapping[str, Any]) -> float | None:
        """As it was written; what had no price then has today's."""
        if row["cost"] is not None:
            return float(row["cost"])
        if not row["input"] and not row["output"]:
            return 0.0
        price = self._price(str(row["agent"]), str(row["model"]))
        return cost_of(price, row["input"], row["cached"], row["output"])

    def _price(self, agent: str, model: str) -> Price | None:
        return price_of(self._prices, model, self._models.get(agent, model))

    def _account(self, agent: str) -> Account:
        if agent not in self.accounts:
            self.accounts[agent] = Account()
        return self.accounts[agent]

    # -- writing --------------------------------------------------------------------------------------

    def add(self, slot: int, agent: str, tried: Try, first: bool) -> float | None:
        """Write and count one try; its cost.

        Raises:
            UserError: The disk is full (nothing half-written stays), or the file cannot be written.
        """
        model = tried.model[:LONGEST_NAME]
        cached = min(max(tried.cached_tokens, 0), max(tried.input_tokens, 0))
        tokens = max(tried.input_tokens, 0), cached, max(tried.output_tokens, 0)
        cost = cost_of(self._price(agent, model), *tokens)
        row = {
            "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "slot": slot,
            "agent": agent,
            "phase": PHASE_OF.get(agent, ""),
            "model": model,
            "outcome": tried.outcome[:LONGEST_NAME],
            "first": first,
            "input": tokens[0],
            "cached": tokens[1],
            "output": tokens[2],
            "seconds": round(max(tried.seconds, 0.0), 3),
            "cost": None if cost is None else round(cost, 10),
        }
        self._write(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE))
        self._count(row)
        return cost

    def _write(self, line: bytes) -> None:
        if self.path is None:
            return
        try:
            if self._file is None:
                self._file = self.path.open("ab", buffering=0)
            write_all(self._file, line)
        except OSError as error:
            if self._file is not None:
                os.truncate(self.path, self._size)
            raise UserError(
                f"{self.path}: {disk_trouble(error)}; what is kept is safe: make room and run the same command again"
            ) from None
        self._size += len(line)

    def replay(self, agent: str) -> None:
        """Count a reply that cost nothing, for the cache or the memory had it."""
        self._account(agent).replayed += 1

    def close(self) -> None:
        """Close the file; adding again opens it."""
        if self._file is not None:
            self._file.close()
            self._file = None

    # -- what it adds up to -----------------------------------------------------------------------------

    @property
    def spent(self) -> float:
        """Cost of everything that has a price."""
        return sum(account.cost for account in self.accounts.values())

    @property
    def tokens(self) -> int:
        """Input and output tokens."""
        return sum(account.input_tokens + account.output_tokens for account in self.accounts.values())

    @property
    def total(self) -> Account:
        """All agents together."""
        total = Account()
        for account in list(self.accounts.values()):  # the progress display asks from a thread of its own
            total.join(account)
        return total

    @property
    def priced(self) -> bool:
        """Every token that was paid has a price."""
        return not self.unpriced and (bool(self._prices) or self._costs_written)

    def per_slot(self) -> dict[int, Spent]:
        """What each slot cost, read from the file; probes before the run are those of slot -1."""
        slots: dict[int, Spent] = {}
        for _, row in _rows(self.path) if self.path is not None and self.path.exists() else ():
            tokens = row["input"], row["cached"], row["output"]
            slots.setdefault(row["slot"], Spent()).join(Spent(1, *tokens, row["seconds"], self._cost(row)))
        return slots

    def table(self, kept: int) -> dict[str, Any]:
        """The part ``ledger`` of summary.json: per agent and in total. Without prices, costs are None."""
        priced = self.priced
        agents = {
            agent: {"phase": PHASE_OF.get(agent, ""), **account.as_plain(priced)}
            for agent, account in sorted(self.accounts.items(), key=lambda item: _ORDER.get(item[0], 9))
        }
        return {
            "agents": agents,
            "total": self.total.as_plain(priced),
            "currency": self.currency,
            "cost_per_kept": round(self.spent / kept, 6) if priced and kept else None,
            "tokens_per_kept": round(self.tokens / kept) if kept else None,
        }


def _rows(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Whole lines of a ledger, with their length in bytes."""
    number = 0
    try:
        with path.open("rb") as file:
            for line in file:
                number += 1
                if not line.endswith(b"\n"):
                    return
                row = orjson.loads(line)
                if not (
                    row.keys() >= _KEYS
                    and type(row["slot"])
                    is type(row["input"])
                    is type(row["cached"])
                    is type(row["output"])
                    is int
                    and type(row["agent"]) is type(row["model"]) is type(row["outcome"]) is str
                    and type(row["seconds"]) in _NUMBERS
                    and (row["cost"] is None or type(row["cost"]) in _NUMBERS)
                ):
                    raise ValueError
                yield len(line), row
    except OSError as error:
        raise UserError(f"{path}: cannot be read: {error.strerror or error}") from None
    except (ValueError, AttributeError):
        raise UserError(
            f"{path}:{number}: not a line of a ledger; delete the line (what it cost is then not counted) and run again"
        ) from None


_KEYS: Final = frozenset(
    {"agent", "model", "outcome", "first", "slot", "input", "cached", "output", "seconds", "cost"}
)
_NUMBERS: Final = (int, float)
_ORDER: Final = {agent: number for number, agent in enumerate(PHASE_OF)}
