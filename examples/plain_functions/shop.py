"""python -m funreason_plugin.synthesize --env functions:examples/plain_functions/shop.py --num 20 --teacher scripted --out out/plain

The tools of a small shop, as they are: functions with types and docstrings, over globals. Nothing of funreason_plugin
is in here; STATE and `scenario` are all that was added.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import date, timedelta
from enum import Enum
from pathlib import Path
from random import Random
from typing import Any

STATE = ["STOCK", "ORDERS"]  # the globals that calls change: every conversation has its own

TODAY = date(2026, 5, 4)


class Parcel(Enum):
    SMALL = "small"
    LARGE = "large"


@dataclass
class Article:
    article_id: str
    title: str
    category: str
    price: float
    left: int


@dataclass
class Order:
    order_id: str
    article_id: str
    customer: str
    pieces: int
    total: float
    arrives: date
    status: str = "open"


def _articles() -> dict[str, Article]:
    with open(Path(__file__).parent / "stock.csv", newline="", encoding="utf-8") as lines:
        return {
            row["article_id"]: Article(
                row["article_id"], row["title"], row["category"], float(row["price"]), int(row["left"])
            )
            for row in csv.DictReader(lines)
        }


STOCK: dict[str, Article] = _articles()
ORDERS: dict[str, Order] = {}
POSTAGE = {Parcel.SMALL: 4.9, Parcel.LARGE: 9.5}


def scenario(rng: Random) -> dict[str, Any]:
    """An initial state, and no tool: what is left of each article, and some orders. Optional."""
    customers = rng.sample(
        ["Amara Osei", "Hugo Fontaine", "Mei Tanaka", "Liam Gallagher", "Ines Carvalho"], 3
    )
    stock = _articles()
    for article in stock.values():
        article.left = rng.randint(0, 9)
    orders = {}
    for customer, article in zip(customers, rng.sample(list(stock.values()), 3), strict=True):
        order_id = f"O-{rng.randint(100, 999)}"
        pieces = rng.randint(1, 3)
        total = round(pieces * article.price + POSTAGE[Parcel.SMALL], 2)
        arrives = TODAY + timedelta(days=rng.randint(1, 4))
        orders[order_id] = Order(order_id, article.article_id, customer, pieces, total, arrives)
    return {"STOCK": stock, "ORDERS": orders}


def search_articles(category: str, most: float | None = None) -> list[Article]:
    """Search the articles of a category.

    Args:
        category: Category of the articles, e.g. "lamps".
        most: Only what costs at most this much, in EUR.
    """
    found = [article for article in STOCK.values() if article.category == category]
    found = [article for article in found if most is None or article.price <= most]
    if not found:
        raise LookupError(f"there is no such article in {category!r}")
    return found


def place_order(article_id: str, customer: str, pieces: int = 1, parcel: Parcel = Parcel.SMALL) -> Order:
    """Order pieces of an article for a customer.

    Parameters
    ----------
    article_id
        Id of the article.
    customer
        Full name of the customer.
    pieces
        How many pieces.
    parcel
        Size of the parcel.
    """
    if article_id not in STOCK:
        raise LookupError(f"there is no article {article_id}; search_articles gives the ids")
    article = STOCK[article_id]
    if not 1 <= pieces <= article.left:
        raise ValueError(f"{article.left} pieces of {article_id} are left")
    article.left -= pieces
    order_id = f"O-{1000 + len(ORDERS)}"
    total = round(pieces * article.price + POSTAGE[parcel], 2)
    arrives = TODAY + timedelta(days=2 if parcel is Parcel.SMALL else 5)
    ORDERS[order_id] = Order(order_id, article_id, customer, pieces, total, arrives)
    return ORDERS[order_id]


def find_orders(customer: str) -> list[Order]:
    """List the orders of a customer.

    :param customer: Full name of the customer.
    """
    return [order for order in ORDERS.values() if order.customer == customer]


def get_order(order_id: str) -> Order:
    """Show an order: what was ordered, what it costs, and when it arrives.

    :param order_id: Id of the order.
    """
    return _order(order_id)


async def cancel_order(order_id: str) -> dict[str, str]:
    """Cancel an open order; its pieces go back to the stock.

    Args:
        order_id: Id of the order.
    """
    order = _order(order_id)
    if order.status != "open":
        raise ValueError(f"{order_id} is {order.status} already")
    order.status = "cancelled"
    STOCK[order.article_id].left += order.pieces
    return {"status": order.status}


def _order(order_id: str) -> Order:
    if order_id not in ORDERS:
        raise LookupError(f"there is no order {order_id}; find_orders gives the ids")
    return ORDERS[order_id]
