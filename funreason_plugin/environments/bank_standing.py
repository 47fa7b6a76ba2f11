"""Standing orders: the payments that the bank makes every month."""

from __future__ import annotations

from datetime import timedelta

from funreason_plugin.environments.bank_payments import BankPayments
from funreason_plugin.environments.bank_records import (
    AccountId,
    ChangedStandingOrder,
    DayOfMonth,
    Monthly,
    NewStandingOrder,
    PayeeId,
    StandingOrderId,
    StandingOrders,
    StoppedStandingOrder,
)
from funreason_plugin.environments.bank_scenario import StandingOrder
from funreason_plugin.environments.environment import ToolError, tool


class BankStanding(BankPayments):
    """The tools for monthly payments."""

    @tool(
        ask=(
            "show me my standing orders",
            "tell me what goes out every month by standing order",
            "list the standing orders I have set up",
            "check which monthly payments I have arranged",
        ),
        noun="standing order",
        tell="{standing_orders[]: {payee} gets {amount} euros on day {day_of_month}}",
        reports=(
            "standing_orders[].payee",
            "standing_orders[].amount",
            "standing_orders[].day_of_month",
        ),
    )
    def list_standing_orders(self) -> StandingOrders:
        """List the customer's standing orders: payee, account, monthly amount in euros, day of the month."""
        self._signed_in()
        return {
            "standing_orders": [
                {
                    "standing_order_id": key,
                    "payee": self.payees[order["payee_id"]]["name"],
                    "from_account": self.accounts[order["account_id"]]["name"],
                    "amount": order["amount"],
                    "day_of_month": order["day_of_month"],
                }
                for key, order in self.standing_orders.items()
            ]
        }

    @tool(
        writes=True,
        ask=(
            "set up a standing order of {amount} euros to {payee_id} from {account_id}, on day {day_of_month} of "
            "each month",
            "pay {payee_id} automatically out of {account_id}, with {amount} euros leaving on day {day_of_month} of each month",
            "send {amount} euros every month from {account_id} to {payee_id}, always on day {day_of_month}",
            "arrange a monthly payment to {payee_id} of {amount} euros, out of {account_id} on day {day_of_month}",
        ),
        noun="new standing order of {amount} euros to {payee_id} from {account_id} on day {day_of_month}",
        tell="The standing order is set up; the first payment is on {first_payment_on}.",
        reports=("first_payment_on",),
    )
    def set_up_standing_order(
        self, account_id: AccountId, payee_id: PayeeId, amount: Monthly, day_of_month: DayOfMonth
    ) -> NewStandingOrder:
        """Set up a monthly payment from a current account to a saved payee.

        Args:
            account_id: Id of a current account, from list_accounts.
            payee_id: Id of a payee, from list_payees or add_payee.
            amount: Amount in euros a month.
            day_of_month: Day of the month on which the money leaves, 1 to 28.
        """
        self._current(account_id)
        self._payee(payee_id)
        standing_order_id = self.new_id("STO", taken=self.standing_orders)
        self.standing_orders[standing_order_id] = {
            "account_id": account_id,
            "payee_id": payee_id,
            "amount": round(float(amount), 2),
            "day_of_month": day_of_month,
        }
        day = self.now().date() + timedelta(days=1)
        while day.day != day_of_month:
            day += timedelta(days=1)
        return {"standing_order_id": standing_order_id, "first_payment_on": day.isoformat()}

    @tool(
        writes=True,
        ask=(
            "change {standing_order_id} to {amount} euros a month",
            "set {standing_order_id} to a new amount of {amount} euros",
            "make {standing_order_id} come to {amount} euros from now on",
            "adjust {standing_order_id} so that {amount} euros go out each month",
        ),
        tell="{payee} now gets {new_amount} euros a month instead of {old_amount}.",
        reports=("payee", "new_amount"),
    )
    def change_standing_order(
        self, standing_order_id: StandingOrderId, amount: Monthly
    ) -> ChangedStandingOrder:
        """Change the monthly amount of a standing order; payee, account and day stay as they are.

        Args:
            standing_order_id: Id of a standing order, from list_standing_orders.
            amount: The new amount in euros a month.
        """
        order = self._standing_order(standing_order_id)
        old, new = order["amount"], round(float(amount), 2)
        if old == new:
            raise ToolError(f"{standing_order_id} already pays {old:.2f} euros a month.")
        order["amount"] = new
        return {"payee": self.payees[order["payee_id"]]["name"], "old_amount": old, "new_amount": new}

    @tool(
        writes=True,
        ask=(
            "stop {standing_order_id}",
            "end {standing_order_id} right away",
            "cancel {standing_order_id} for good",
            "make sure that {standing_order_id} is not paid any more",
        ),
        tell="{payee} no longer gets {amount} euros a month.",
        reports=("payee",),
    )
    def stop_standing_order(self, standing_order_id: StandingOrderId) -> StoppedStandingOrder:
        """End a standing order; nothing more is paid.

        Args:
            standing_order_id: Id of a standing order, from list_standing_orders.
        """
        order = self._standing_order(standing_order_id)
        del self.standing_orders[standing_order_id]
        return {"payee": self.payees[order["payee_id"]]["name"], "amount": order["amount"]}

    def _standing_order(self, standing_order_id: str) -> StandingOrder:
        self._signed_in()
        if standing_order_id not in self.standing_orders:
            raise ToolError(
                f"There is no standing order {standing_order_id!r}; list_standing_orders gives the ids."
            )
        return self.standing_orders[standing_order_id]
