"""After the order: the purchases of the shop's customer, their parcels and cancellations."""

from __future__ import annotations

from funreason_plugin.environments.environment import ToolError, tool
from funreason_plugin.environments.shop_checkout import ShopCheckout
from funreason_plugin.environments.shop_records import (
    Cancelled,
    CancelReason,
    OrderId,
    Parcel,
    PurchasePage,
    Purchases,
    Received,
    Status,
    TrackingNumber,
)
from funreason_plugin.environments.shop_scenario import Order

RETURN_DAYS = 30


class ShopOrders(ShopCheckout):
    """The tools that look after orders."""

    @tool(
        ask=(
            "show me my orders[ that are {status}]",
            "list what I have bought from you[, only the orders that are {status}]",
            "tell me which orders I have[ with the status {status}]",
            "go through my order history[ and pick out what is {status}]",
        ),
        noun="order[ that is {status}]",
        tell="{orders[]: the order of {order_date} ({first_item}) is {status}}",
        reports=("orders[].order_date", "orders[].status", "orders[].total"),
    )
    def list_purchases(self, status: Status | None = None) -> Purchases:
        """List the customer's orders, newest first, with date, status, total and the first item of each.

        Args:
            status: Only orders with this status. "processing" can still be cancelled; "delivered" can be
                returned.
        """
        found = {key: order for key, order in self.orders.items() if status in (None, order["status"])}
        if not found:
            raise ToolError(f"The customer has no order that is {status}.")
        newest = sorted(found.items(), key=lambda item: item[1]["days_ago"])
        return {
            "orders": [
                {
                    "order_id": key,
                    "order_date": self._day(-order["days_ago"]),
                    "status": order["status"],
                    "first_item": self.products[order["lines"][0]["product_id"]]["title"],
                    "total": order["total"],
                }
                for key, order in newest
            ]
        }

    @tool(
        ask=(
            "open {order_id} and tell me what is in it",
            "show me the details of {order_id}",
            "tell me what {order_id} contains and when it arrives",
            "look into {order_id} for me",
        ),
        noun="item in {order_id}",
        tell="Its status is {status}, the day of arrival is {arrival}, and it holds {lines[]: {quantity} x {title}}.",
        reports=("status", "arrival", "lines[].title"),
    )
    def open_purchase(self, order_id: OrderId) -> PurchasePage:
        """Show one order: its lines, where it goes, when it arrives, and the parcel's tracking number once sent.

        Args:
            order_id: Id of an order, from list_purchases or check_out.
        """
        order = self._order(order_id)
        address = self.addresses[order["address_id"]]
        return {
            "status": order["status"],
            "order_date": self._day(-order["days_ago"]),
            "arrival": self._day(order["arrives_in"]),
            "delivered_to": f"{address['street']}, {address['postcode']} {address['city']}",
            "carrier": order["carrier"] or None,
            "tracking_number": order["tracking_number"] or None,
            "lines": [
                {
                    "product_id": line["product_id"],
                    "title": self.products[line["product_id"]]["title"],
                    "quantity": line["quantity"],
                    "price_each": line["price"],
                }
                for line in order["lines"]
            ],
            "total": order["total"],
        }

    @tool(
        ask=(
            "track {tracking_number}",
            "tell me where {tracking_number} is right now",
            "check how far {tracking_number} has come",
            "find out when {tracking_number} gets here",
        ),
        noun="parcel {tracking_number}",
        tell="{carrier} last saw the parcel in {last_seen}; the day of arrival is {arrival}.",
        reports=("carrier", "last_seen", "arrival"),
    )
    def track_parcel(self, tracking_number: TrackingNumber) -> Parcel:
        """Tell where a parcel is: carrier, last place it was seen, and day of arrival.

        Args:
            tracking_number: Tracking number of an order that was sent, from open_purchase.
        """
        for order in self.orders.values():
            if order["tracking_number"] and order["tracking_number"] == tracking_number:
                return {
                    "carrier": order["carrier"],
                    "status": order["status"],
                    "last_seen": order["last_seen"],
                    "arrival": self._day(order["arrives_in"]),
                }
        raise ToolError(
            f"No parcel has the number {tracking_number!r}; open_purchase shows it once it is sent."
        )

    @tool(
        writes=True,
        ask=(
            "cancel {order_id} because I {reason}",
            "call off {order_id}, as I {reason}",
            "stop {order_id} for me, since I {reason}",
            "withdraw {order_id}, the reason being that I {reason}",
        ),
        tell="The order is cancelled; {refund} euros go back to the {refunded_to}.",
        reports=("refund",),
    )
    def cancel_purchase(self, order_id: OrderId, reason: CancelReason) -> Cancelled:
        """Cancel an order that is still processing; the whole total is refunded within three days.

        Args:
            order_id: Id of an order with the status "processing", from list_purchases or check_out.
            reason: Why the customer cancels.
        """
        order = self._order(order_id)
        if order["status"] != "processing":
            raise ToolError(
                f"{order_id} is {order['status']}; only orders that are processing can be cancelled. "
                "Use start_return once it is delivered."
            )
        order["status"] = "cancelled"
        order["cancelled_because"] = reason
        method = self.payment_methods[order["payment_id"]]
        return {
            "status": "cancelled",
            "refund": order["total"],
            "refunded_to": f"{method['kind']} ending in {method['ending']}",
        }

    @tool(
        writes=True,
        ask=(
            "note that {order_id} has arrived",
            "mark {order_id} as received",
            "confirm that I have received {order_id}",
            "put down {order_id} as delivered, it is here",
        ),
        tell="The order is now {status}; you can send things back until {return_until}.",
        reports=("status", "return_until"),
    )
    def confirm_receipt(self, order_id: OrderId) -> Received:
        """Mark an order that is on its way as delivered, when the customer says that it has come.

        Args:
            order_id: Id of an order with the status "on its way", from list_purchases.
        """
        order = self._order(order_id)
        if order["status"] != "on its way":
            raise ToolError(f"{order_id} is {order['status']}; only an order that is on its way can arrive.")
        order["status"] = "delivered"
        order["arrives_in"] = 0
        return {"status": "delivered", "return_until": self._day(RETURN_DAYS)}

    # -- shared by the tools ------------------------------------------------------------------------

    def _order(self, order_id: str) -> Order:
        if order_id not in self.orders:
            raise ToolError(f"There is no order {order_id!r}; list_purchases gives the customer's order ids.")
        return self.orders[order_id]
