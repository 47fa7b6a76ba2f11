"""The cart of the shop: what goes in and out, and what a voucher takes off."""

from __future__ import annotations

from funreason_plugin.environments.environment import ToolError, tool
from funreason_plugin.environments.shop_catalogue import ShopCatalogue
from funreason_plugin.environments.shop_records import (
    Cart,
    CartChange,
    ProductId,
    Quantity,
    Redeemed,
    VoucherCode,
)


class ShopCart(ShopCatalogue):
    """The tools that fill the cart and save on it."""

    @tool(
        writes=True,
        ask=(
            "put {product_id} in my cart[, {quantity} of them]",
            "add {product_id} to my basket[ with a quantity of {quantity}]",
            "place {product_id} in the cart for me[, {quantity} pieces]",
            "drop {product_id} into my cart[ and make it {quantity} pieces]",
        ),
        tell="The {title} is in your cart, {pieces_in_cart} in all; the subtotal is {subtotal} euros.",
        reports=("subtotal",),
    )
    def add_to_cart(self, product_id: ProductId, quantity: Quantity = 1) -> CartChange:
        """Put a product into the customer's cart; pieces that are already in it stay.

        Args:
            product_id: Id of the product, from browse_category or find_product.
            quantity: How many pieces to add, 1 to 10. The stock must cover what is then in the cart.
        """
        product = self._product(product_id)
        pieces = self.cart.get(product_id, 0) + quantity
        if pieces > product["stock"]:
            if not product["stock"]:
                raise ToolError(f"The {product['title']} is sold out; browse_category shows others like it.")
            raise ToolError(
                f"The cart would hold {pieces} x {product['title']}, but only {product['stock']} are in stock."
            )
        self.cart[product_id] = pieces
        return {"title": product["title"], "pieces_in_cart": pieces, "subtotal": self._subtotal()}

    @tool(
        ask=(
            "show me what is in my cart",
            "tell me what my basket comes to",
            "read me the contents of my cart",
            "check what I have in the basket so far",
        ),
        noun="item in my basket",
        tell="{lines[]: {quantity} x {title} at {price_each} euros}; the total is {total} euros.",
        reports=("lines[].title", "total"),
    )
    def view_cart(self) -> Cart:
        """Show the customer's cart: its lines, the voucher's discount and the total before delivery."""
        subtotal, percent = self._subtotal(), self._percent()
        return {
            "lines": [
                {
                    "product_id": key,
                    "title": self.products[key]["title"],
                    "quantity": pieces,
                    "price_each": self.products[key]["price"],
                }
                for key, pieces in self.cart.items()
            ],
            "subtotal": subtotal,
            "voucher_percent": percent,
            "discount": round(subtotal * percent / 100, 2),
            "total": self._cart_total(),
        }

    @tool(
        writes=True,
        ask=(
            "take {product_id} out of the cart",
            "remove {product_id} from the cart after all",
            "throw {product_id} out again",
            "leave {product_id} out of this purchase",
        ),
        tell="The {title} is out of your cart; the subtotal is now {subtotal} euros.",
        reports=("subtotal",),
    )
    def drop_from_cart(self, product_id: ProductId) -> CartChange:
        """Remove a product from the cart, all pieces of it.

        Args:
            product_id: Id of a product that is in the cart, from view_cart.
        """
        product = self._product(product_id)
        if product_id not in self.cart:
            raise ToolError(f"The {product['title']} is not in the cart; view_cart shows what is.")
        del self.cart[product_id]
        if self.cart_voucher and self._subtotal() < max(self.vouchers[self.cart_voucher]["min_spend"], 0.01):
            self.cart_voucher = ""
        return {"title": product["title"], "pieces_in_cart": 0, "subtotal": self._subtotal()}

    @tool(
        writes=True,
        ask=(
            "apply {voucher_code} to my cart",
            "use {voucher_code} on this basket",
            "bring the price of my cart down with {voucher_code}",
            "redeem {voucher_code} for what is in my cart",
        ),
        tell="The voucher takes {saved} euros off, so the cart comes to {total} euros.",
        reports=("saved", "total"),
    )
    def redeem_voucher(self, voucher_code: VoucherCode) -> Redeemed:
        """Apply a voucher to the cart; it replaces another voucher that was applied before.

        The cart must not be empty and must reach the voucher's minimum spend.

        Args:
            voucher_code: Code of one of the customer's vouchers, from list_vouchers.
        """
        voucher = self.vouchers.get(voucher_code)
        if voucher is None or voucher["used"]:
            raise ToolError(f"{voucher_code!r} is not an unused voucher of this customer; see list_vouchers.")
        if voucher["days_left"] < 0:
            raise ToolError(f"{voucher_code} expired on {self._day(voucher['days_left'])}.")
        if not self.cart:
            raise ToolError("The cart is empty; put something in with add_to_cart before using a voucher.")
        if self._subtotal() < voucher["min_spend"]:
            raise ToolError(
                f"{voucher_code} needs a cart of at least {voucher['min_spend']} euros; "
                f"this one comes to {self._subtotal():.2f} euros."
            )
        if self.cart_voucher == voucher_code:
            raise ToolError(f"{voucher_code} is already applied to this cart.")
        self.cart_voucher = voucher_code
        total = self._cart_total()
        return {
            "percent_off": voucher["percent"],
            "saved": round(self._subtotal() - total, 2),
            "total": total,
        }

    # -- shared by the tools ------------------------------------------------------------------------

    def _subtotal(self) -> float:
        return round(sum(self.products[key]["price"] * pieces for key, pieces in self.cart.items()), 2)

    def _percent(self) -> int:
        return self.vouchers[self.cart_voucher]["percent"] if self.cart_voucher else 0

    def _cart_total(self) -> float:
        subtotal = self._subtotal()
        return round(subtotal - round(subtotal * self._percent() / 100, 2), 2)
