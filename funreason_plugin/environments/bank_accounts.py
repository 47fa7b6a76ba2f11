"""The bank's state, the way in, and the customer's own accounts."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from pydantic import Field

from funreason_plugin.environments.bank_records import (
    AccountId,
    Accounts,
    Moved,
    NewPot,
    Payment,
    SignedIn,
    Statement,
    new_pot_names,
)
from funreason_plugin.environments.bank_scenario import (
    Account,
    Card,
    Customer,
    Dispute,
    Payee,
    StandingOrder,
    Transaction,
)
from funreason_plugin.environments.environment import Environment, ToolError, tool
from funreason_plugin.environments.marks import Ref, Values


class BankAccounts(Environment):
    """State, sign-in, and what a customer does with accounts of their own."""

    customer: Customer
    signed_in: bool
    accounts: dict[str, Account]
    transactions: dict[str, Transaction]
    payees: dict[str, Payee]
    standing_orders: dict[str, StandingOrder]
    cards: dict[str, Card]
    disputes: dict[str, Dispute]

    @tool(
        writes=True,
        ask=(
            "sign me in as {name} with the PIN {pin}",
            "log me in under the name {name} and with the PIN {pin}",
            "let me into my account as {name}, my PIN being {pin}",
            "open my banking as {name}, using the PIN {pin}",
        ),
        tell="You are signed in, {signed_in_as}.",
        reports=("signed_in_as",),
    )
    def sign_in(
        self,
        name: Annotated[str, Ref("customer", known=True), Values.state("customer.name")],
        pin: Annotated[
            str,
            Field(pattern=r"^\d{4}$"),
            Ref("pin", known=True),
            Values.state("customer.pin"),
        ],
    ) -> SignedIn:
        """Sign the customer in. Every other tool needs this first; it holds for the whole conversation.

        Args:
            name: Full name of the customer, as they give it.
            pin: The customer's four-digit PIN, as they give it. Never guess it.
        """
        if self.signed_in:
            raise ToolError(f"{self.customer['name']} is already signed in.")
        if name.strip().casefold() != self.customer["name"].casefold() or pin != self.customer["pin"]:
            raise ToolError("Name and PIN do not belong together; ask the customer to repeat both.")
        self.signed_in = True
        return {
            "signed_in_as": self.customer["name"],
            "accounts": len(self.accounts),
            "cards": len(self.cards),
        }

    @tool(
        ask=(
            "show me my accounts",
            "tell me how much I have on each account",
            "check my balances",
            "list the accounts I hold with you",
        ),
        noun="account",
        tell="{accounts[]: the {name} account holds {balance} euros}",
        reports=("accounts[].name", "accounts[].balance"),
    )
    def list_accounts(self) -> Accounts:
        """List the customer's accounts with name, kind, balance in euros and IBAN; pots have no IBAN."""
        self._signed_in()
        return {
            "accounts": [
                {
                    "account_id": key,
                    "name": account["name"],
                    "kind": account["kind"],
                    "balance": account["balance"],
                    "iban": account["iban"] or None,
                }
                for key, account in self.accounts.items()
            ]
        }

    @tool(
        ask=(
            "show me what went in and out of {account_id}[ in the last {last_days} days]",
            "list the payments on {account_id}[ over the past {last_days} days]",
            "go through the statement of {account_id}[ for the last {last_days} days]",
            "tell me what was booked on {account_id}[ within {last_days} days]",
        ),
        noun="payment on {account_id}[ in the last {last_days} days]",
        tell="{entries[]: {amount} euros {direction}, {counterparty}, on {booking_date}}",
        reports=("entries[].counterparty", "entries[].amount", "entries[].booking_date"),
    )
    def account_statement(
        self,
        account_id: AccountId,
        last_days: Annotated[int, Field(ge=1, le=365), Values.of([7, 10, 14, 21, 60, 90])] = 30,
    ) -> Statement:
        """List what was booked on an account lately, newest first, with amounts in euros and the direction.

        Args:
            account_id: Id of one of the customer's accounts, from list_accounts.
            last_days: How many days to look back, counted from today.
        """
        account = self._account(account_id)
        found = {
            key: entry
            for key, entry in self.transactions.items()
            if entry["account_id"] == account_id and entry["days_ago"] <= last_days
        }
        if not found:
            raise ToolError(
                f"Nothing was booked on the {account['name']} account in the last {last_days} days; "
                "look back further."
            )
        return {
            "entries": [
                {
                    "transaction_id": key,
                    "booking_date": self._day(-entry["days_ago"]),
                    "direction": entry["direction"],
                    "counterparty": entry["counterparty"],
                    "amount": entry["amount"],
                    "kind": entry["kind"],
                }
                for key, entry in sorted(found.items(), key=lambda item: item[1]["days_ago"])
            ],
            "balance": account["balance"],
        }

    @tool(
        writes=True,
        ask=(
            "move {amount} euros from {from_account_id} to {to_account_id}",
            "shift {amount} euros out of {from_account_id} into {to_account_id}",
            "put {amount} euros from {from_account_id} aside on {to_account_id}",
            "take {amount} euros off {from_account_id} and add it to {to_account_id}",
        ),
        tell="The {from_account} account now holds {from_balance} euros, the {to_account} account {to_balance} euros.",
        reports=("from_balance", "to_balance"),
    )
    def move_between_accounts(
        self, from_account_id: AccountId, to_account_id: AccountId, amount: Payment
    ) -> Moved:
        """Move money between two of the customer's own accounts, at once and free of charge.

        Args:
            from_account_id: Id of the account the money leaves, from list_accounts. It must hold the amount.
            to_account_id: Id of the account the money goes to, from list_accounts or open_savings_pot.
            amount: Amount in euros, at most two decimals.
        """
        source, target = self._account(from_account_id), self._account(to_account_id)
        if from_account_id == to_account_id:
            raise ToolError("The two accounts are the same; name another one of list_accounts.")
        self._take(source, amount)
        target["balance"] = round(target["balance"] + amount, 2)
        self._book(from_account_id, "outgoing", target["name"], amount)
        self._book(to_account_id, "incoming", source["name"], amount)
        return {
            "from_account": source["name"],
            "from_balance": source["balance"],
            "to_account": target["name"],
            "to_balance": target["balance"],
        }

    @tool(
        writes=True,
        ask=(
            "open a savings pot called {name}[ with a goal of {goal} euros]",
            "start a new pot named {name}[, the goal being {goal} euros]",
            "set up a pot for me under the name {name}[ and make {goal} euros the goal]",
            "create a savings pot called {name}[ that should reach {goal} euros]",
        ),
        noun="new pot called {name}[ with a goal of {goal} euros]",
        tell="The {name} pot is open and holds {balance} euros.",
        reports=("name", "balance"),
    )
    def open_savings_pot(
        self,
        name: Annotated[str, Field(min_length=1, max_length=40), Values.call(new_pot_names)],
        goal: Annotated[float, Field(ge=0), Values.of([250, 400, 600, 900, 1500, 2400])] = 0,
    ) -> NewPot:
        """Open an empty savings pot, an account of the customer's own; put money in with move_between_accounts.

        Args:
            name: What the customer calls the pot; another name than their other accounts have.
            goal: Amount in euros the customer wants to reach; 0 for no goal.
        """
        self._signed_in()
        if any(account["name"] == name for account in self.accounts.values()):
            raise ToolError(f"An account is already called {name!r}; choose another name.")
        account_id = self.new_id("ACC", taken=self.accounts)
        self.accounts[account_id] = {
            "name": name,
            "kind": "pot",
            "iban": "",
            "balance": 0.0,
            "goal": float(goal),
        }
        return {"account_id": account_id, "name": name, "balance": 0.0}

    # -- shared by the tools ------------------------------------------------------------------------

    def _signed_in(self) -> None:
        if not self.signed_in:
            raise ToolError(
                "Nobody is signed in; ask for the customer's full name and PIN and call sign_in first."
            )

    def _account(self, account_id: str) -> Account:
        self._signed_in()
        if account_id not in self.accounts:
            raise ToolError(
                f"The customer has no account {account_id!r}; list_accounts gives the account ids."
            )
        return self.accounts[account_id]

    def _take(self, account: Account, amount: float) -> None:
        if amount > account["balance"]:
            raise ToolError(
                f"The {account['name']} account holds {account['balance']:.2f} euros, too little for "
                f"{amount:.2f} euros; use another account or move money to this one first."
            )
        account["balance"] = round(account["balance"] - amount, 2)

    def _book(
        self, account_id: str, direction: str, counterparty: str, amount: float, reference: str = ""
    ) -> str:
        transaction_id = self.new_id("TXN", taken=self.transactions)
        self.transactions[transaction_id] = {
            "account_id": account_id,
            "days_ago": 0,
            "direction": direction,
            "counterparty": counterparty,
            "amount": round(float(amount), 2),
            "kind": "transfer",
            "reference": reference,
        }
        return transaction_id

    def _day(self, offset: int) -> str:
        """The date so many days from today."""
        return (self.now().date() + timedelta(days=offset)).isoformat()
