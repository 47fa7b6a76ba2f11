"""`Bank`: one customer's banking. Sign in, accounts, payments, payees, standing orders, cards.

    space = SimulationSpace([Bank])
    with space.session(space.scenario(7)) as session:
        session.call("sign_in", {"name": "Marit Lindholm", "pin": "4821"})

The customer signs in with name and PIN before anything else. Ids of accounts, payees, bookings, standing
orders and cards come from look-ups only; money runs out, a payee with a standing order stays, an active card
is frozen before it is replaced. The tools lie in `bank_accounts`, `bank_payments`, `bank_standing` and
`bank_cards`; each adds to the one before it.
"""

from __future__ import annotations

from random import Random
from typing import Any, ClassVar

from funreason_plugin.environments import (
    bank_cards,
    bank_large,
    bank_scenario,
)


class Bank(bank_cards.BankCards):
    """A retail bank, as the assistant in its app sees it."""

    name = "bank"
    policy = (
        "You are the assistant in the app of Marlow Bank. Sign the customer in with full name and PIN before "
        "anything else; once is enough for the conversation. Look up every account, payee, booking, standing order "
        "and card before you use it, and never guess an id or a PIN. Move money only as the customer asked. All "
        "amounts are in euros."
    )
    equality: ClassVar[dict[str, str]] = {
        "transactions.*.reference": "text",
        "disputes.*.details": "text",
    }

    def scenario(self, rng: Random) -> dict[str, Any]:
        """One customer, not signed in yet, with two to four accounts."""
        return bank_scenario.draw(rng)

    def enlarge(self, state: dict[str, Any], rng: Random, times: int) -> dict[str, Any]:
        """More bookings, payees and standing orders."""
        return bank_large.enlarge(state, rng, times)
