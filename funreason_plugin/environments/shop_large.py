"""Large states of `shop`: fuller shelves in every category, and the orders of several years."""

from __future__ import annotations

from random import Random
from typing import Any, Final

from funreason_plugin.environments import shop_data as data
from funreason_plugin.environments.enlarging import around, combinations, free_ids, listed
from funreason_plugin.environments.shop_scenario import FEES, Order, OrderLine, Product

_NOUNS: Final = {
    "electric kettles": ("Kettle", "Water Boiler"),
    "coffee grinders": ("Grinder", "Coffee Mill"),
    "desk lamps": ("Lamp", "Desk Light"),
    "backpacks": ("Backpack", "Rucksack"),
    "rain jackets": ("Jacket", "Raincoat"),
    "yoga mats": ("Mat", "Yoga Mat Set"),
    "office chairs": ("Chair", "Office Stool"),
    "bluetooth speakers": ("Speaker", "Sound Box"),
    "bike helmets": ("Helmet", "Cycling Helmet"),
    "suitcases": ("Suitcase", "Trolley Case"),
    "blenders": ("Blender", "Mixer Jug"),
    "wall clocks": ("Clock", "Wall Dial"),
}
_BRANDS: Final = listed(
    "Alvik Bergamo Celto Dorsey Ekeby Farum Grano Hestia Isolde Jarven Kelda Lindo Marden Nessa"
)
_SERIES: Final = listed(
    "Aspen Basalt Birch Canyon Cirrus Coral Delta Dune Ember Fern Fjord Flint Glacier Granite Harbor Hazel Indigo Ivy "
    "Jade Juniper Lagoon Larch Lichen Maple Meadow Mica Moor Nimbus Ochre Onyx Opal Pebble Pine Prairie Quartz Raven "
    "Reed Ridge Rowan Sable Sage Sierra Slate Spruce Tarn Teal Tundra Umber Valley Willow"
)
_STATUSES: Final = {"processing": (0, 2), "on its way": (3, 7), "delivered": (8, 1100)}


def enlarge(state: dict[str, Any], rng: Random, times: int) -> dict[str, Any]:
    """Products of each category and orders, ``times`` times as many; the new orders are mostly old ones."""
    state["products"] = around(state["products"], _products(rng, state["products"], times))
    new = _orders(rng, state, (times - 1) * len(state["orders"]))
    state["orders"] = dict(sorted({**state["orders"], **new}.items(), key=lambda item: item[1]["days_ago"]))
    return state


def _products(rng: Random, old: dict[str, Product], times: int) -> dict[str, Product]:
    shelves: dict[str, list[Product]] = {}
    for product in old.values():
        shelves.setdefault(product["category"], []).append(product)
    drawn: list[Product] = []
    for category, shelf in shelves.items():
        nouns = [f"{series} {noun}" for series in _SERIES for noun in _NOUNS[category]]
        titles = combinations(rng, _BRANDS, nouns, (product["title"] for product in shelf))
        prices = {product["price"] for product in shelf}
        usual = sum(prices) / len(prices)
        for title in titles[: (times - 1) * len(shelf)]:
            price = round(int(usual * rng.uniform(0.3, 2.4)) + rng.choice(data.CENTS), 2)
            while price in prices:
                price = round(price + 0.01, 2)
            prices.add(price)
            drawn.append(
                {
                    "title": title,
                    "brand": title.split(" ", 1)[0],
                    "category": category,
                    "price": price,
                    "rating": rng.randint(31, 49) / 10,
                    "stock": rng.choice((0, *range(1, 60))),
                }
            )
    rng.shuffle(drawn)
    return dict(zip(free_ids(rng, "PRD", 5, old, len(drawn)), drawn, strict=True))


def _orders(rng: Random, state: dict[str, Any], count: int) -> dict[str, Order]:
    """At most so many, each with another first item and another total: a customer can tell them apart."""
    old: dict[str, Order] = state["orders"]
    products: dict[str, Product] = state["products"]
    tracked = [order["tracking_number"] for order in old.values() if order["tracking_number"]]
    tracking = iter(free_ids(rng, "TRK", 5, tracked, count))
    first_items = {order["lines"][0]["product_id"] for order in old.values()}
    firsts = [item for item in products if item not in first_items]
    rng.shuffle(firsts)
    totals = {order["total"] for order in old.values()}
    orders: dict[str, Order] = {}
    for key, first_item in zip(free_ids(rng, "ORD", 5, old, count), firsts, strict=False):
        status = rng.choices(tuple(_STATUSES), (0.05, 0.07, 0.88))[0]
        first, last = _STATUSES[status]
        day = (
            int(first + (last - first) * rng.random() ** 2.5)
            if status == "delivered"
            else rng.randint(first, last)
        )
        more = rng.sample([item for item in products if item != first_item], rng.choice((0, 0, 1)))
        lines: list[OrderLine] = [
            {"product_id": item, "quantity": rng.choice((1, 1, 1, 2)), "price": products[item]["price"]}
            for item in (first_item, *more)
        ]
        total = round(sum(line["quantity"] * line["price"] for line in lines) + FEES["standard"], 2)
        if total in totals:
            continue
        totals.add(total)
        sent = status != "processing"
        arrival = {"processing": (3, 6), "on its way": (0, 3), "delivered": (2, 4)}[status]
        orders[key] = {
            "status": status,
            "days_ago": day,
            "arrives_in": rng.randint(*arrival) - (day if status == "delivered" else 0),
            "lines": lines,
            "total": total,
            "address_id": rng.choice(list(state["addresses"])),
            "payment_id": next(iter(state["payment_methods"])),
            "carrier": rng.choice(data.CARRIERS) if sent else "",
            "tracking_number": next(tracking) if sent else "",
            "last_seen": rng.choice(data.HUBS) if sent else "",
            "cancelled_because": "",
        }
    return orders
