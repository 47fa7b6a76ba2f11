"""Draws the state of the shop: one signed-in customer, a catalogue, past orders, vouchers, ways to pay.

Dates are kept as days from the clock's today (`days_ago`, `days_left`), because a scenario is drawn before
its clock is known; the tools turn them into dates.
"""

from __future__ import annotations

import unicodedata
from random import Random
from typing import Any, Final

from typing_extensions import TypedDict

from funreason_plugin.environments import shop_data as data


class Customer(TypedDict):
    name: str
    email: str


class Product(TypedDict):
    title: str
    brand: str
    category: str
    price: float
    rating: float
    stock: int


class Review(TypedDict):
    product_id: str
    author: str
    stars: int
    comment: str
    days_ago: int


class Address(TypedDict):
    name: str
    street: str
    postcode: str
    city: str


class PaymentMethod(TypedDict):
    kind: str
    ending: str
    available: float


class Voucher(TypedDict):
    percent: int
    min_spend: int
    days_left: int
    used: bool


class OrderLine(TypedDict):
    product_id: str
    quantity: int
    price: float


class Order(TypedDict):
    status: str
    days_ago: int
    arrives_in: int
    """Days from today to the day it arrives; negative: it arrived so many days ago."""
    lines: list[OrderLine]
    total: float
    address_id: str
    payment_id: str
    carrier: str
    tracking_number: str
    last_seen: str
    cancelled_because: str


class Return(TypedDict):
    order_id: str
    items: dict[str, int]
    reason: str
    note: str
    refund: float
    pickup_day: str
    pickup_window: str


FEES: Final = {"standard": 4.9, "express": 11.9, "parcel locker": 2.9}
DAYS: Final = {"standard": 4, "express": 1, "parcel locker": 3}


def draw(rng: Random) -> dict[str, Any]:
    """A state: attribute name to plain data, about 7 kB of JSON."""
    ids = _Ids(rng)
    products = _products(rng, ids)
    addresses = _addresses(rng, ids)
    payment_methods = _payment_methods(rng, ids)
    orders = _orders(rng, ids, products, list(addresses), list(payment_methods))
    name = rng.choice(data.CUSTOMERS)
    return {
        "customer": {"name": name, "email": _email(name)},
        "products": products,
        "reviews": _reviews(rng, ids, list(products)),
        "cart": _cart(rng, products),
        "cart_voucher": "",
        "vouchers": _vouchers(rng),
        "addresses": addresses,
        "payment_methods": payment_methods,
        "orders": orders,
        "returns": {},
        "ratings": {},
    }


class _Ids:
    """Distinct ids; a number that was handed out is not used again under another prefix."""

    def __init__(self, rng: Random) -> None:
        self.numbers = iter(rng.sample(range(10000, 100000), 90))

    def new(self, prefix: str) -> str:
        return f"{prefix}-{next(self.numbers)}"


def _products(rng: Random, ids: _Ids) -> dict[str, Product]:
    products: dict[str, Product] = {}
    for category in rng.sample(list(data.PRODUCTS), 4):
        shelf = rng.sample(data.PRODUCTS[category], rng.choice((3, 4, 4, 5)))
        stocks = rng.sample(range(2, 40), len(shelf))
        if rng.random() < 0.3:
            stocks[rng.randrange(len(stocks))] = 0
        prices: set[float] = set()
        for (title, brand, usual, rating), stock in zip(shelf, stocks, strict=True):
            price = _price(rng, usual)
            while price in prices:
                price = _price(rng, usual)
            prices.add(price)
            products[ids.new("PRD")] = {
                "title": title,
                "brand": brand,
                "category": category,
                "price": price,
                "rating": rating,
                "stock": stock,
            }
    return products


def _price(rng: Random, usual: float) -> float:
    return round(int(usual * rng.uniform(0.86, 1.14)) + rng.choice(data.CENTS), 2)


def _reviews(rng: Random, ids: _Ids, products: list[str]) -> dict[str, Review]:
    """Two or three reviews for most products, each by another author, with other stars, on another day."""
    reviews: dict[str, Review] = {}
    for product_id in rng.sample(products, 10):
        count = rng.choice((2, 3))
        authors = rng.sample(data.REVIEWERS, count)
        days = rng.sample(range(5, 200), count)
        for author, stars, day in zip(authors, rng.sample((1, 2, 3, 4, 5), count), days, strict=True):
            comment = rng.choice(data.REVIEWS[stars])
            reviews[ids.new("REV")] = {
                "product_id": product_id,
                "author": author,
                "stars": stars,
                "comment": comment,
                "days_ago": day,
            }
    return reviews


def _cart(rng: Random, products: dict[str, Product]) -> dict[str, int]:
    """Empty in two scenarios of three."""
    if rng.random() < 0.67:
        return {}
    there = [key for key, product in products.items() if product["stock"] >= 3]
    return {key: rng.choice((1, 1, 2)) for key in rng.sample(there, rng.choice((1, 2)))}


def _vouchers(rng: Random) -> dict[str, Voucher]:
    chosen = rng.sample(data.VOUCHERS, 3)
    spends = rng.sample((0, 25, 40, 60, 90, 120), 3)
    days = rng.sample(range(3, 60), 3)
    if rng.random() < 0.4:
        days[rng.randrange(3)] = -rng.randint(1, 20)
    return {
        f"{word}{percent}": {"percent": percent, "min_spend": spend, "days_left": left, "used": False}
        for (word, percent), spend, left in zip(chosen, spends, days, strict=True)
    }


def _addresses(rng: Random, ids: _Ids) -> dict[str, Address]:
    count = rng.choice((2, 3, 3))
    cities = rng.sample(data.CITIES, count)
    streets = rng.sample(data.STREETS, count)
    names = ["home", *rng.sample(data.ADDRESS_NAMES[1:], count - 1)]
    return {
        ids.new("ADR"): {"name": name, "street": street, "postcode": postcode, "city": city}
        for name, street, (city, postcode) in zip(names, streets, cities, strict=True)
    }


def _payment_methods(rng: Random, ids: _Ids) -> dict[str, PaymentMethod]:
    kinds = ["credit card", "debit card", *rng.sample(("gift card", "bonus points"), rng.choice((1, 2)))]
    reach = {
        "credit card": (600, 1900),
        "debit card": (150, 550),
        "gift card": (25, 140),
        "bonus points": (8, 60),
    }
    endings = rng.sample(range(1000, 10000), len(kinds))
    return {
        ids.new("PAY"): {
            "kind": kind,
            "ending": str(ending),
            "available": round(rng.randint(*reach[kind]) + rng.choice((0.0, 0.2, 0.45, 0.75)), 2),
        }
        for kind, ending in zip(kinds, endings, strict=True)
    }


def _orders(
    rng: Random, ids: _Ids, products: dict[str, Product], addresses: list[str], payments: list[str]
) -> dict[str, Order]:
    """Four or five orders, newest first: one still processing, one or two on their way, two delivered lately."""
    statuses = ["processing", *["on its way"] * rng.choice((1, 1, 2)), "delivered", "delivered"]
    ages = {"processing": (0, 2), "on its way": (3, 7), "delivered": (9, 32)}
    arrival = {"processing": (3, 6), "on its way": (0, 3), "delivered": (2, 4)}
    first_items = rng.sample(list(products), len(statuses))
    orders: dict[str, Order] = {}
    days: set[int] = set()
    for status, first in zip(statuses, first_items, strict=True):
        day = rng.randint(*ages[status])
        while day in days:
            day = rng.randint(*ages[status])
        days.add(day)
        others = [key for key in products if key not in first_items]
        lines: list[OrderLine] = [
            {"product_id": key, "quantity": rng.choice((1, 1, 1, 2)), "price": products[key]["price"]}
            for key in (first, *rng.sample(others, rng.choice((0, 1, 1, 2))))
        ]
        sent = status != "processing"
        orders[ids.new("ORD")] = {
            "status": status,
            "days_ago": day,
            "arrives_in": rng.randint(*arrival[status]) - (day if status == "delivered" else 0),
            "lines": lines,
            "total": round(sum(line["quantity"] * line["price"] for line in lines) + FEES["standard"], 2),
            "address_id": rng.choice(addresses),
            "payment_id": payments[0],
            "carrier": rng.choice(data.CARRIERS) if sent else "",
            "tracking_number": ids.new("TRK") if sent else "",
            "last_seen": rng.choice(data.HUBS) if sent else "",
            "cancelled_because": "",
        }
    return dict(sorted(orders.items(), key=lambda item: item[1]["days_ago"]))


def _email(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return plain.lower().replace(" ", ".") + "@example.org"
