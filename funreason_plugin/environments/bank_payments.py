"""Payments to others: payees, single payments, several at once."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from funreason_plugin.environments import bank_data
from funreason_plugin.environments.bank_accounts import BankAccounts
from funreason_plugin.environments.bank_records import (
    AccountId,
    NewPayee,
    Paid,
    PaidEach,
    PayeeId,
    Payees,
    Payment,
    Reference,
    RemovedPayee,
    Share,
    new_iban,
    new_payee_names,
)
from funreason_plugin.environments.bank_scenario import Account, Payee
from funreason_plugin.environments.environment import ToolError, tool
from funreason_plugin.environments.marks import Ref, Values


class BankPayments(BankAccounts):
    """The tools that send money to somebody else."""

    @tool(
        ask=(
            "show me my saved payees",
            "tell me who is on my payee list",
            "list the people and companies I can pay",
            "check which payees I have",
        ),
        noun="payee",
        tell="{payees[]: {name} with the IBAN {iban}}",
        reports=("payees[].name",),
    )
    def list_payees(self) -> Payees:
        """List the people and companies the customer has saved as payees, with name and IBAN."""
        self._signed_in()
        return {
            "payees": [
                {"payee_id": key, "name": payee["name"], "iban": payee["iban"]}
                for key, payee in self.payees.items()
            ]
        }

    @tool(
        writes=True,
        ask=(
            "add {name} to my payees with the IBAN {iban}",
            "save {name} as a payee, the IBAN is {iban}",
            "put {name} on my payee list under the IBAN {iban}",
            "set up {name} as a new payee using the IBAN {iban}",
        ),
        noun="new payee {name} with the IBAN {iban}",
        tell="{name} is saved as a payee, with a bank in {bank_country}.",
        reports=("name", "bank_country"),
    )
    def add_payee(
        self,
        name: Annotated[
            str, Field(min_length=2), Ref("payee_name", known=True), Values.call(new_payee_names)
        ],
        iban: Annotated[str, Ref("iban", known=True), Values.call(new_iban)],
    ) -> NewPayee:
        """Save a person or company as a payee, so that the customer can pay them.

        Args:
            name: Full name of the person or company.
            iban: Their IBAN without spaces. Its check digits are verified.
        """
        self._signed_in()
        if not bank_data.valid_iban(iban):
            raise ToolError(
                f"{iban!r} is not a valid IBAN: its check digits do not fit; ask the customer again."
            )
        if any(payee["iban"] == iban or payee["name"] == name for payee in self.payees.values()):
            raise ToolError(f"{name} or this IBAN is already among the payees; see list_payees.")
        payee_id = self.new_id("PYE", taken=self.payees)
        self.payees[payee_id] = {"name": name, "iban": iban}
        return {
            "payee_id": payee_id,
            "name": name,
            "bank_country": bank_data.COUNTRIES.get(iban[:2], iban[:2]),
        }

    @tool(
        writes=True,
        ask=(
            "delete {payee_id} from my payee list",
            "remove {payee_id} for good",
            "take {payee_id} off my payees",
            "forget {payee_id}, I will not pay them again",
        ),
        tell="{removed} is no longer on your list; {payees_left} payees are left.",
        reports=("removed",),
    )
    def remove_payee(self, payee_id: PayeeId) -> RemovedPayee:
        """Remove a payee. It must not be used by a standing order.

        Args:
            payee_id: Id of a payee, from list_payees.
        """
        payee = self._payee(payee_id)
        using = [key for key, order in self.standing_orders.items() if order["payee_id"] == payee_id]
        if using:
            raise ToolError(
                f"{payee['name']} still gets a standing order ({using[0]}); end it with stop_standing_order first."
            )
        del self.payees[payee_id]
        return {"removed": payee["name"], "payees_left": len(self.payees)}

    @tool(
        writes=True,
        ask=(
            "pay {amount} euros to {payee_id} out of {account_id}[ with the reference {reference}]",
            "send {amount} euros to {payee_id} using {account_id}[ and write {reference} on it]",
            "transfer {amount} euros from {account_id} to {payee_id}[, reference: {reference}]",
            "wire {amount} euros from {account_id} over to {payee_id}[, noting {reference}]",
        ),
        noun="payment to {payee_id} of {amount} euros out of {account_id}",
        tell="The money has gone to {paid_to}; {balance} euros are left on the account.",
        reports=("paid_to", "balance"),
    )
    def pay_payee(
        self, account_id: AccountId, payee_id: PayeeId, amount: Payment, reference: Reference = ""
    ) -> Paid:
        """Send money from a current account to a saved payee; it is booked at once and cannot be taken back.

        Args:
            account_id: Id of a current account that holds the amount, from list_accounts.
            payee_id: Id of a payee, from list_payees or add_payee.
            amount: Amount in euros, at most two decimals.
            reference: A line for the payee to read, in the customer's words.
        """
        account, payee = self._current(account_id), self._payee(payee_id)
        self._take(account, amount)
        transaction_id = self._book(account_id, "outgoing", payee["name"], amount, reference)
        return {"transaction_id": transaction_id, "paid_to": payee["name"], "balance": account["balance"]}

    @tool(
        writes=True,
        ask=(
            "pay {amount} euros each to {payee_ids}, all of it from {account_id}",
            "make payments of {amount} euros from {account_id} to {payee_ids}",
            "use {account_id} to pay {amount} euros apiece to {payee_ids}",
            "send {amount} euros apiece to {payee_ids}, out of {account_id}",
        ),
        tell="{payments} payments have gone out, {total} euros in all; {balance} euros are left on the account.",
        reports=("payments", "total", "balance"),
    )
    def pay_each(
        self,
        account_id: AccountId,
        payee_ids: Annotated[list[PayeeId], Field(min_length=2, max_length=5)],
        amount: Share,
    ) -> PaidEach:
        """Pay the same amount to some saved payees from one current account: either to all of them or to none.

        Args:
            account_id: Id of a current account that holds the total, from list_accounts.
            payee_ids: Ids of the payees, from list_payees or add_payee; one that is named twice is paid once.
            amount: Amount in euros that each of them gets.
        """
        account = self._current(account_id)
        payees = [self._payee(payee_id) for payee_id in dict.fromkeys(payee_ids)]
        total = round(amount * len(payees), 2)
        self._take(account, total)
        for payee in payees:
            self._book(account_id, "outgoing", payee["name"], amount)
        return {"payments": len(payees), "total": total, "balance": account["balance"]}

    # -- shared by the tools ------------------------------------------------------------------------

    def _current(self, account_id: str) -> Account:
        account = self._account(account_id)
        if account["kind"] != "current":
            raise ToolError(
                f"The {account['name']} account is a {account['kind']} account; payments go out of a current "
                "account. Move money to one with move_between_accounts."
            )
        return account

    def _payee(self, payee_id: str) -> Payee:
        self._signed_in()
        if payee_id not in self.payees:
            raise ToolError(
                f"The customer has no payee {payee_id!r}; list_payees gives the ids, add_payee saves a new one."
            )
        return self.payees[payee_id]
