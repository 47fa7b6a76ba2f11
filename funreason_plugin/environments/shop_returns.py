"""After the delivery: returns, their pickup, and ratings of what the customer received."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from pydantic import Field

from funreason_plugin.environments.environment import ToolError, tool
from funreason_plugin.environments.marks import Prose, Values
from funreason_plugin.environments.shop_orders import RETURN_DAYS, ShopOrders
from funreason_plugin.environments.shop_records import (
    OpenedReturn,
    OrderId,
    Pickup,
    ProductId,
    Rated,
    ReturnId,
    ReturnItem,
    ReturnReason,
    Weekday,
    Window,
)
from funreason_plugin.environments.shop_scenario import Order

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
RETURN_NOTES = (
    "The box was already open when it came.",
    "Please put the money back on the card I paid with.",
    "I still have all of the packaging.",
    "It makes an odd noise after a few minutes.",
    "The colour is nothing like the photo.",
    "I have only tried it once, it is as good as new.",
    "One of the small parts was missing from the box.",
    "My sister bought me the same one.",
)
COMMENTS = (
    "I use it every other day.",
    "It looks just like the picture.",
    "The box was far too big for it.",
    "It came earlier than announced.",
    "The manual could be clearer.",
    "It found its place in our kitchen corner.",
    "My neighbour has asked me where I got it.",
    "It is lighter than I had thought.",
)


class ShopReturns(ShopOrders):
    """The tools for what has arrived."""

    @tool(
        writes=True,
        ask=(
            "start a return of {items} from {order_id} because it is {reason}[, with the note {note}]",
            "send back {items} out of {order_id}, which is {reason}[, and add: {note}]",
            "open a return for {items} in {order_id}, the reason being {reason}[, and write {note}]",
            "return {items} from {order_id} (reason: {reason})[ and leave the note {note}]",
        ),
        noun="return of {items} from {order_id}, which is {reason}[, with the note {note}]",
        tell="Return {return_id} is open; you get {refund} euros back if you send it by {send_back_until}.",
        reports=("return_id", "refund"),
    )
    def start_return(
        self,
        order_id: OrderId,
        items: Annotated[list[ReturnItem], Field(min_length=1)],
        reason: ReturnReason,
        note: Annotated[str, Prose(RETURN_NOTES)] = "",
    ) -> OpenedReturn:
        """Open a return for some or all items of a delivered order, within 30 days after it arrived.

        Args:
            order_id: Id of an order with the status "delivered", from list_purchases.
            items: What comes back: product ids from open_purchase, with the number of pieces if not all of them.
            reason: Why the items come back.
            note: A sentence for the returns team, in the customer's words.
        """
        order = self._order(order_id)
        if order["status"] != "delivered":
            raise ToolError(
                f"{order_id} is {order['status']}; only a delivered order can be returned. "
                "If it has come, use confirm_receipt first."
            )
        if -order["arrives_in"] > RETURN_DAYS:
            raise ToolError(
                f"{order_id} arrived more than {RETURN_DAYS} days ago; it is too late to return it."
            )
        pieces: dict[str, int] = {}
        for item in items:
            key = item["product_id"]
            quantity = item.get("quantity", self._left(order_id, order, key))
            pieces[key] = pieces.get(key, 0) + quantity
        refund = round(sum(self._refund(order_id, order, *entry) for entry in pieces.items()), 2)
        return_id = self.new_id("RET", taken=self.returns)
        self.returns[return_id] = {
            "order_id": order_id,
            "items": pieces,
            "reason": reason,
            "note": note,
            "refund": refund,
            "pickup_day": "",
            "pickup_window": "",
        }
        return {"return_id": return_id, "refund": refund, "send_back_until": self._day(14)}

    @tool(
        writes=True,
        ask=(
            "have {return_id} picked up on {weekday} in the {window}",
            "send a driver for {return_id} on {weekday}, in the {window}",
            "book a pickup of {return_id} for {weekday}, some time in the {window}",
            "arrange for {return_id} to be collected next {weekday}, any time in the {window}",
        ),
        tell="A driver comes on {pickup_on} in the {window}.",
        reports=("pickup_on",),
    )
    def schedule_pickup(self, return_id: ReturnId, weekday: Weekday, window: Window) -> Pickup:
        """Have a return collected at the address the order went to; a new date replaces the old one.

        Args:
            return_id: Id of an open return, from start_return.
            weekday: The driver comes on the next such day, tomorrow at the earliest.
            window: Part of the day.
        """
        if return_id not in self.returns:
            raise ToolError(f"There is no return {return_id!r}; open one with start_return first.")
        today = self.now().date()
        wait = (WEEKDAYS.index(weekday) - today.weekday() - 1) % 7 + 1
        day = (today + timedelta(days=wait)).isoformat()
        entry = self.returns[return_id]
        entry["pickup_day"], entry["pickup_window"] = day, window
        address = self.addresses[self.orders[entry["order_id"]]["address_id"]]
        return {
            "pickup_on": day,
            "window": window,
            "collected_from": f"{address['street']}, {address['postcode']} {address['city']}",
        }

    @tool(
        writes=True,
        ask=(
            "rate {product_id} at {stars} out of 5 stars[ and write: {comment}]",
            "give {product_id} a rating of {stars} out of 5[ with the comment {comment}]",
            "post a rating of {stars} out of 5 for {product_id}[, saying {comment}]",
            "review {product_id} for me with {stars} out of 5 stars[, with the words {comment}]",
        ),
        tell="Your rating of {stars} out of 5 for the {title} is online.",
        reports=("stars",),
    )
    def rate_product(
        self,
        product_id: ProductId,
        stars: Annotated[int, Field(ge=1, le=5), Values.of([1, 2, 3, 4, 5])],
        comment: Annotated[str, Prose(COMMENTS)] = "",
    ) -> Rated:
        """Publish the customer's rating of a product from a delivered order; each product is rated once.

        Args:
            product_id: Id of a product the customer received, from open_purchase.
            stars: 1 (worst) to 5 (best).
            comment: A sentence to publish with the stars.
        """
        product = self._product(product_id)
        received = any(
            order["status"] == "delivered"
            and any(line["product_id"] == product_id for line in order["lines"])
            for order in self.orders.values()
        )
        if not received:
            raise ToolError(
                f"The customer has not received the {product['title']} yet; it can be rated once an order with it "
                "is delivered."
            )
        if product_id in self.ratings:
            raise ToolError(f"The customer has already rated the {product['title']}.")
        self.ratings[product_id] = {"stars": stars, "comment": comment}
        return {"title": product["title"], "stars": stars, "ratings_by_customer": len(self.ratings)}

    # -- shared by the tools ------------------------------------------------------------------------

    def _left(self, order_id: str, order: Order, product_id: str) -> int:
        """How many pieces of a product were bought and not returned yet; none is an error."""
        title = self._product(product_id)["title"]
        bought = sum(line["quantity"] for line in order["lines"] if line["product_id"] == product_id)
        if not bought:
            raise ToolError(f"The {title} is not part of {order_id}; open_purchase shows what is.")
        returned = sum(
            entry["items"].get(product_id, 0)
            for entry in self.returns.values()
            if entry["order_id"] == order_id
        )
        if bought == returned:
            raise ToolError(f"All of the {title} in {order_id} is in a return already.")
        return bought - returned

    def _refund(self, order_id: str, order: Order, product_id: str, pieces: int) -> float:
        """What comes back for so many pieces of a product."""
        left = self._left(order_id, order, product_id)
        if pieces > left:
            title = self._product(product_id)["title"]
            raise ToolError(f"Of the {title} in {order_id}, {left} can still be returned, not {pieces}.")
        return pieces * next(line["price"] for line in order["lines"] if line["product_id"] == product_id)
