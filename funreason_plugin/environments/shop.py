"""`Shop`: the customer desk of an online shop. Catalogue, cart, vouchers, check-out, orders, returns.

    space = SimulationSpace([Shop])
    with space.session(space.scenario(7)) as session:
        session.call("browse_category", {"category": "desk lamps"})

The customer is signed in. Ids of products, orders, addresses and payment methods come from look-ups only; a
cart comes before an order, an order is delivered before it is returned, and stock and money run out. The tools
lie in `shop_catalogue`, `shop_cart`, `shop_checkout`, `shop_orders` and `shop_returns`; each adds to the one
before it.
"""

from __future__ import annotations

from random import Random
from typing import Any, ClassVar

from funreason_plugin.environments import (
    shop_large,
    shop_returns,
    shop_scenario,
)


class Shop(shop_returns.ShopReturns):
    """An online shop for home and outdoor goods, as its customer desk sees it."""

    name = "shop"
    policy = (
        "You work at the customer desk of Tindra, an online shop for home and outdoor goods. The customer who "
        "writes to you is signed in, so you may use their cart, addresses, payment methods and orders. Look up "
        "every product, order, address, payment method and voucher before you use it, and never guess an id. "
        "Buy, cancel or return only what the customer asked for. All prices are in euros."
    )
    equality: ClassVar[dict[str, str]] = {
        "orders.*.lines": "set",
        "returns.*.note": "text",
        "ratings.*.comment": "text",
    }

    def scenario(self, rng: Random) -> dict[str, Any]:
        """One customer with a catalogue of about sixteen products and four or five orders."""
        return shop_scenario.draw(rng)

    def enlarge(self, state: dict[str, Any], rng: Random, times: int) -> dict[str, Any]:
        """More products and more orders."""
        return shop_large.enlarge(state, rng, times)
