"""The shop's state and its shelves: browse, find, read reviews, see vouchers."""

from __future__ import annotations

from datetime import timedelta
from random import Random
from typing import Annotated, Any

from pydantic import Field

from funreason_plugin.environments.environment import Environment, ToolError, tool
from funreason_plugin.environments.marks import Ref, Values
from funreason_plugin.environments.shop_records import ProductId, ProductPage, Reviews, Shelf, Vouchers
from funreason_plugin.environments.shop_scenario import (
    Address,
    Customer,
    Order,
    PaymentMethod,
    Product,
    Return,
    Review,
    Voucher,
)


def categories(state: dict[str, Any], rng: Random) -> list[str]:
    return sorted({product["category"] for product in state["products"].values()})


def price_limits(state: dict[str, Any], rng: Random) -> list[float]:
    """What a customer would name as the most to spend: round figures just above some of the prices."""
    return sorted({float(int(product["price"] / 10 + 1) * 10) for product in state["products"].values()})


class ShopCatalogue(Environment):
    """State and the tools up to a filled cart."""

    customer: Customer
    products: dict[str, Product]
    reviews: dict[str, Review]
    cart: dict[str, int]
    cart_voucher: str
    vouchers: dict[str, Voucher]
    addresses: dict[str, Address]
    payment_methods: dict[str, PaymentMethod]
    orders: dict[str, Order]
    returns: dict[str, Return]
    ratings: dict[str, dict[str, Any]]

    @tool(
        ask=(
            "show me all {category} that you sell[ for at most {max_price} euros]",
            "tell me which {category} you have[ for up to {max_price} euros]",
            "list {category} for me[, nothing above {max_price} euros]",
            "see what {category} there are[ that cost no more than {max_price} euros]",
        ),
        noun="product from the {category} section[ for at most {max_price} euros]",
        tell="{products[]: the {title} costs {price} euros}",
        reports=("products[].title", "products[].price"),
    )
    def browse_category(
        self,
        category: Annotated[
            str,
            Ref("product_category", known=True),
            Values.call(categories),
        ],
        max_price: Annotated[float | None, Field(gt=0), Values.call(price_limits)] = None,
    ) -> Shelf:
        """List the products of one category with price, average rating and stock.

        Use it when the customer describes a kind of thing; use find_product for an exact title.

        Args:
            category: Kind of product in the plural, e.g. "desk lamps". Unknown categories return an error
                that names the ones on sale.
            max_price: Leave out products that cost more than this many euros.
        """
        shelf = {key: product for key, product in self.products.items() if product["category"] == category}
        if not shelf:
            on_sale = sorted({product["category"] for product in self.products.values()})
            raise ToolError(f"There is no category {category!r}; the categories are {', '.join(on_sale)}.")
        found = {key: item for key, item in shelf.items() if max_price is None or item["price"] <= max_price}
        if not found:
            cheapest = min(product["price"] for product in shelf.values())
            raise ToolError(
                f"No {category} cost {max_price:g} euros or less; the cheapest is {cheapest:.2f} euros."
            )
        return {
            "products": [
                {
                    "product_id": key,
                    "title": product["title"],
                    "brand": product["brand"],
                    "price": product["price"],
                    "rating": product["rating"],
                    "stock": product["stock"],
                }
                for key, product in found.items()
            ]
        }

    @tool(
        ask=(
            "look up {title}",
            "check price and stock of {title}",
            "find {title} in the catalogue",
            "tell me what {title} costs and whether you have it",
        ),
        noun="product called {title}",
        tell="The {title} costs {price} euros, is rated {rating}, and {stock} are in stock.",
        reports=("price", "stock"),
    )
    def find_product(
        self,
        title: Annotated[str, Ref("product_title", known=True), Values.state("products.*.title")],
    ) -> ProductPage:
        """Find one product by its exact title and get its id, price, rating and stock.

        Args:
            title: Full title as the shop writes it, e.g. "Halden Swan Kettle". Case does not matter.
        """
        for key, product in self.products.items():
            if product["title"].casefold() == title.strip().casefold():
                return {
                    "product_id": key,
                    "title": product["title"],
                    "brand": product["brand"],
                    "category": product["category"],
                    "price": product["price"],
                    "rating": product["rating"],
                    "stock": product["stock"],
                }
        raise ToolError(f"No product is called {title!r}; use browse_category to see what is on sale.")

    @tool(
        ask=(
            "tell me what buyers think of {product_id}",
            "show me the reviews of {product_id}",
            "check how people rated {product_id}",
            "read me what customers wrote about {product_id}",
        ),
        noun="review of {product_id}",
        tell="{reviews[]: {author} gives it a rating of {stars}}",
        reports=("reviews[].author", "reviews[].stars"),
    )
    def read_reviews(self, product_id: ProductId) -> Reviews:
        """Read the customer reviews of a product.

        Args:
            product_id: Id of the product, from browse_category or find_product.
        """
        product = self._product(product_id)
        found = [review for review in self.reviews.values() if review["product_id"] == product_id]
        if not found:
            raise ToolError(f"Nobody has reviewed the {product['title']} yet.")
        return {
            "average_stars": round(sum(review["stars"] for review in found) / len(found), 1),
            "reviews": [
                {
                    "author": review["author"],
                    "stars": review["stars"],
                    "comment": review["comment"],
                    "review_date": self._day(-review["days_ago"]),
                }
                for review in found
            ],
        }

    @tool(
        ask=(
            "tell me which vouchers I have",
            "show me my voucher codes",
            "check what discounts I could still use",
            "list the vouchers on my account",
        ),
        noun="voucher",
        tell="{vouchers[]: {voucher_code} takes {discount} percent off carts of {minimum_spend} euros and more}",
        reports=("vouchers[].voucher_code", "vouchers[].discount"),
    )
    def list_vouchers(self) -> Vouchers:
        """List the customer's unused vouchers with the discount in percent, minimum spend and last day."""
        unused = {code: voucher for code, voucher in self.vouchers.items() if not voucher["used"]}
        return {
            "vouchers": [
                {
                    "voucher_code": code,
                    "discount": voucher["percent"],
                    "minimum_spend": voucher["min_spend"],
                    "last_day": self._day(voucher["days_left"]),
                }
                for code, voucher in unused.items()
            ]
        }

    # -- shared by the tools ------------------------------------------------------------------------

    def _product(self, product_id: str) -> Product:
        if product_id not in self.products:
            raise ToolError(
                f"There is no product {product_id!r}; browse_category and find_product give product ids."
            )
        return self.products[product_id]

    def _day(self, offset: int) -> str:
        """The date so many days from today."""
        return (self.now().date() + timedelta(days=offset)).isoformat()
