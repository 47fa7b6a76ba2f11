"""Draws the state of the bank: one customer who is not signed in yet, accounts, payments, payees, cards.

Dates are kept as days before the clock's today, because a scenario is drawn before its clock is known; the
tools turn them into dates.
"""

from __future__ import annotations

from random import Random
from typing import Any

from typing_extensions import TypedDict

from funreason_plugin.environments import bank_data as data


class Customer(TypedDict):
    name: str
    pin: str


class Account(TypedDict):
    name: str
    kind: str
    iban: str
    balance: float
    goal: float


class Transaction(TypedDict):
    account_id: str
    days_ago: int
    direction: str
    counterparty: str
    amount: float
    kind: str
    reference: str


class Payee(TypedDict):
    name: str
    iban: str


class StandingOrder(TypedDict):
    account_id: str
    payee_id: str
    amount: float
    day_of_month: int


class Card(TypedDict):
    account_id: str
    kind: str
    ending: str
    status: str
    daily_limit: int


class Dispute(TypedDict):
    transaction_id: str
    reason: str
    details: str


def draw(rng: Random) -> dict[str, Any]:
    """A state: attribute name to plain data, about 6 kB of JSON."""
    ids = _Ids(rng)
    accounts = _accounts(rng, ids)
    payees: dict[str, Payee] = {
        ids.new("PYE"): {"name": name, "iban": data.draw_iban(rng)}
        for name in rng.sample(data.PAYEES, rng.choice((4, 5)))
    }
    return {
        "customer": {"name": rng.choice(data.CUSTOMERS), "pin": f"{rng.randrange(10000):04d}"},
        "signed_in": False,
        "accounts": accounts,
        "transactions": _transactions(rng, ids, accounts),
        "payees": payees,
        "standing_orders": _standing_orders(rng, ids, accounts, list(payees)),
        "cards": _cards(rng, ids, accounts),
        "disputes": {},
    }


class _Ids:
    """Distinct ids; a number that was handed out is not used again under another prefix."""

    def __init__(self, rng: Random) -> None:
        self.numbers = iter(rng.sample(range(10000, 100000), 60))

    def new(self, prefix: str) -> str:
        return f"{prefix}-{next(self.numbers)}"


def _money(rng: Random, low: float, high: float) -> float:
    return round(rng.uniform(low, high), 2)


def _accounts(rng: Random, ids: _Ids) -> dict[str, Account]:
    """One or two current accounts and one or two savings accounts."""
    names = [("current", name) for name in rng.sample(data.CURRENT, rng.choice((1, 2)))]
    names += [("savings", name) for name in rng.sample(data.SAVINGS, rng.choice((1, 2)))]
    reach = {"current": (260, 2900), "savings": (400, 7500)}
    return {
        ids.new("ACC"): {
            "name": name,
            "kind": kind,
            "iban": data.draw_iban(rng),
            "balance": _money(rng, *reach[kind]),
            "goal": 0.0,
        }
        for kind, name in names
    }


def _transactions(rng: Random, ids: _Ids, accounts: dict[str, Account]) -> dict[str, Transaction]:
    """Newest first within an account; every other party, day and amount occurs once in an account."""
    found: dict[str, Transaction] = {}
    for account_id, account in accounts.items():
        if account["kind"] == "current":
            parties = [
                *((party, "outgoing", "card payment") for party in rng.sample(data.PURCHASES, 4)),
                *((party, "outgoing", "direct debit") for party in rng.sample(data.DEBITS, 1)),
                *((party, "incoming", "transfer") for party in rng.sample(data.INCOMES, 1)),
            ]
        else:
            parties = [(("Interest", 1, 12), "incoming", "interest")]
        amounts: set[float] = set()
        days = sorted(rng.sample(range(1, 27), len(parties)))
        for ((name, low, high), direction, kind), day in zip(
            rng.sample(parties, len(parties)), days, strict=True
        ):
            amount = _money(rng, low, high)
            while amount in amounts:
                amount = _money(rng, low, high)
            amounts.add(amount)
            found[ids.new("TXN")] = {
                "account_id": account_id,
                "days_ago": day,
                "direction": direction,
                "counterparty": name,
                "amount": amount,
                "kind": kind,
                "reference": "",
            }
    return found


def _standing_orders(
    rng: Random, ids: _Ids, accounts: dict[str, Account], payees: list[str]
) -> dict[str, StandingOrder]:
    """Two or three, each to another payee, with another amount, on another day of the month."""
    count = rng.choice((2, 2, 3))
    current = [key for key, account in accounts.items() if account["kind"] == "current"]
    days = rng.sample(range(1, 29), count)
    amounts = rng.sample((18.0, 25.0, 32.5, 45.0, 60.0, 85.0, 120.0, 240.0, 310.0, 640.0), count)
    return {
        ids.new("STO"): {
            "account_id": rng.choice(current),
            "payee_id": payee_id,
            "amount": amount,
            "day_of_month": day,
        }
        for payee_id, amount, day in zip(rng.sample(payees, count), amounts, days, strict=True)
    }


def _cards(rng: Random, ids: _Ids, accounts: dict[str, Account]) -> dict[str, Card]:
    """A debit card, a credit card and now and then a virtual card; in one scenario of three one is frozen."""
    kinds = ["debit", "credit", "virtual"][: rng.choice((2, 2, 3))]
    current = [key for key, account in accounts.items() if account["kind"] == "current"]
    endings = rng.sample(range(1000, 10000), len(kinds))
    limits = rng.sample((150, 250, 400, 500, 750, 1000, 1500), len(kinds))
    frozen = rng.randrange(len(kinds)) if rng.random() < 0.33 else -1
    return {
        ids.new("CRD"): {
            "account_id": rng.choice(current),
            "kind": kind,
            "ending": str(ending),
            "status": "frozen" if index == frozen else "active",
            "daily_limit": limit,
        }
        for index, (kind, ending, limit) in enumerate(zip(kinds, endings, limits, strict=True))
    }
