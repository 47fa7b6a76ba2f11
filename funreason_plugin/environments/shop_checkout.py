"""From the cart of the shop to an order: where to, and how to pay."""

from __future__ import annotations

from random import Random
from typing import Annotated, Any

from pydantic import Field

from funreason_plugin.environments import shop_data
from funreason_plugin.environments.environment import ToolError, tool
from funreason_plugin.environments.marks import Values
from funreason_plugin.environments.shop_cart import ShopCart
from funreason_plugin.environments.shop_records import (
    AddressId,
    Delivery,
    NewAddress,
    PaymentId,
    Receipt,
    SavedAddresses,
    Wallet,
)
from funreason_plugin.environments.shop_scenario import DAYS, FEES, Address, PaymentMethod


def new_address_names(state: dict[str, Any], rng: Random) -> list[str]:
    used = {address["name"] for address in state["addresses"].values()}
    return [name for name in shop_data.ADDRESS_NAMES if name not in used]


class ShopCheckout(ShopCart):
    """Addresses, ways to pay, and the order itself."""

    @tool(
        ask=(
            "show me the addresses you have for me",
            "tell me which addresses are saved on my account",
            "list my delivery addresses",
            "check where you could deliver to me",
        ),
        noun="saved address",
        tell="{addresses[]: {name} is {street} in {city}}",
        reports=("addresses[].name", "addresses[].street", "addresses[].city"),
    )
    def list_saved_addresses(self) -> SavedAddresses:
        """List the customer's saved delivery addresses with name, street, postcode and city."""
        return {
            "addresses": [
                {
                    "address_id": key,
                    "name": address["name"],
                    "street": address["street"],
                    "postcode": address["postcode"],
                    "city": address["city"],
                }
                for key, address in self.addresses.items()
            ]
        }

    @tool(
        writes=True,
        ask=(
            "save {street} in {city} as my {name} address",
            "add an address called {name} at {street}, in the city of {city}",
            "store a new delivery address under the name {name} for {street} in the city of {city}",
            "remember {street} in {city} under {name}",
        ),
        noun="new address {name} at {street} in {city}",
        tell="The address is saved; its postcode is {postcode}.",
        reports=("postcode",),
    )
    def save_address(
        self,
        name: Annotated[str, Field(min_length=1, max_length=40), Values.call(new_address_names)],
        street: Annotated[str, Values.of(shop_data.STREETS)],
        city: Annotated[str, Values.of([city for city, _ in shop_data.CITIES])],
    ) -> NewAddress:
        """Save a new delivery address for the customer; the postcode is filled in from the city.

        Args:
            name: Short name the customer gives the address, e.g. "office". Every address has another one.
            street: House number and street, e.g. "8 Old Quay".
            city: City in English. The shop does not deliver everywhere; an error names the cities it knows.
        """
        postcodes = dict(shop_data.CITIES)
        if city not in postcodes:
            raise ToolError(f"The shop does not deliver to {city}; it delivers to {', '.join(postcodes)}.")
        if any(address["name"] == name for address in self.addresses.values()):
            raise ToolError(f"An address is already called {name!r}; choose another name.")
        address_id = self.new_id("ADR", taken=self.addresses)
        self.addresses[address_id] = {
            "name": name,
            "street": street,
            "postcode": postcodes[city],
            "city": city,
        }
        return {"address_id": address_id, "postcode": postcodes[city]}

    @tool(
        ask=(
            "tell me how I can pay",
            "show me the payment methods on my account",
            "check how much is left on my cards",
            "list my ways to pay",
        ),
        noun="payment method",
        tell="{payment_methods[]: the {kind} ending in {ending} has {available_balance} euros left}",
        reports=("payment_methods[].kind", "payment_methods[].available_balance"),
    )
    def list_payment_methods(self) -> Wallet:
        """List the customer's ways to pay: kind, last four digits, and the euros that are available on each."""
        return {
            "payment_methods": [
                {
                    "payment_id": key,
                    "kind": method["kind"],
                    "ending": method["ending"],
                    "available_balance": method["available"],
                }
                for key, method in self.payment_methods.items()
            ]
        }

    @tool(
        writes=True,
        ask=(
            "check out what is in my cart, sent to {address_id} and paid with {payment_id}"
            "[, by {delivery} delivery]",
            "order everything in my cart to {address_id}, using {payment_id} to pay[, with {delivery} delivery]",
            "buy the contents of my basket with {payment_id} and deliver to {address_id}[ by {delivery} delivery]",
            "complete the purchase by shipping to {address_id} and charging {payment_id}[, with {delivery} delivery]",
        ),
        noun="order of my cart, sent to {address_id} and paid with {payment_id}[, by {delivery} delivery]",
        tell="Order {order_id} is placed for {total} euros and arrives on {arrives_on}.",
        reports=("order_id", "total", "arrives_on"),
    )
    def check_out(
        self, address_id: AddressId, payment_id: PaymentId, delivery: Delivery = "standard"
    ) -> Receipt:
        """Turn the cart into an order: charges the payment method, books the stock and empties the cart.

        Args:
            address_id: Id of a saved address, from list_saved_addresses or save_address.
            payment_id: Id of a payment method, from list_payment_methods. It must cover the whole total.
            delivery: "standard" (4.90 euros, 4 days), "express" (11.90 euros, next day) or "parcel locker"
                (2.90 euros, 3 days).
        """
        self._address(address_id)
        method = self._payment_method(payment_id)
        if not self.cart:
            raise ToolError("The cart is empty; put something in with add_to_cart first.")
        total = round(self._cart_total() + FEES[delivery], 2)
        if total > method["available"]:
            raise ToolError(
                f"The order comes to {total:.2f} euros, but the {method['kind']} ending in {method['ending']} has "
                f"{method['available']:.2f} euros left; choose another payment method or a smaller cart."
            )
        order_id = self.new_id("ORD", taken=self.orders)
        self.orders[order_id] = {
            "status": "processing",
            "days_ago": 0,
            "arrives_in": DAYS[delivery],
            "lines": [
                {"product_id": key, "quantity": pieces, "price": self.products[key]["price"]}
                for key, pieces in self.cart.items()
            ],
            "total": total,
            "address_id": address_id,
            "payment_id": payment_id,
            "carrier": "",
            "tracking_number": "",
            "last_seen": "",
            "cancelled_because": "",
        }
        for key, pieces in self.cart.items():
            self.products[key]["stock"] -= pieces
        if self.cart_voucher:
            self.vouchers[self.cart_voucher]["used"] = True
        self.cart, self.cart_voucher = {}, ""
        method["available"] = round(method["available"] - total, 2)
        return {
            "order_id": order_id,
            "total": total,
            "delivery_fee": FEES[delivery],
            "arrives_on": self._day(DAYS[delivery]),
            "left_to_spend": method["available"],
            "confirmation_sent_to": self.customer["email"],
        }

    # -- shared by the tools ------------------------------------------------------------------------

    def _address(self, address_id: str) -> Address:
        if address_id not in self.addresses:
            raise ToolError(
                f"There is no saved address {address_id!r}; see list_saved_addresses, or add one with save_address."
            )
        return self.addresses[address_id]

    def _payment_method(self, payment_id: str) -> PaymentMethod:
        if payment_id not in self.payment_methods:
            raise ToolError(f"There is no payment method {payment_id!r}; see list_payment_methods.")
        return self.payment_methods[payment_id]
