"""The shop: right and wrong solutions of the same requests, written by hand."""

from __future__ import annotations

from typing import Any

from tests.environments.desk import Case, Desk, Record, State, one


def category(state: State) -> str:
    """The first category on sale."""
    return str(next(iter(state["products"].values()))["category"])


def in_stock(state: State, pieces: int = 3) -> list[Record]:
    """Products of the first category, cheapest first, with their ids."""
    shelf = [
        {"id": key, **item} for key, item in state["products"].items() if item["category"] == category(state)
    ]
    return sorted((item for item in shelf if item["stock"] >= pieces), key=lambda item: float(item["price"]))


def reach(state: State, kind: str) -> float:
    found = [method["available"] for method in state["payment_methods"].values() if method["kind"] == kind]
    return float(found[0]) if found else 0.0


def cheapest(desk: Desk, **more: Any) -> Record:
    products = desk("browse_category", category=category(desk.start), **more)["products"]
    return min((item for item in products if item["stock"] >= 3), key=lambda item: float(item["price"]))


def titled(desk: Desk, title: str) -> str:
    return str(desk("find_product", title=title)["product_id"])


def home(desk: Desk) -> str:
    return str(one(desk("list_saved_addresses")["addresses"], name="home")["address_id"])


def pay_by(desk: Desk, kind: str = "credit card") -> str:
    return str(one(desk("list_payment_methods")["payment_methods"], kind=kind)["payment_id"])


# -- one order ----------------------------------------------------------------------------------------------


def buyable(state: State) -> bool:
    shelf = in_stock(state)
    return (
        not state["cart"]
        and len(shelf) > 1
        and 2 * shelf[1]["price"] + 12 < reach(state, "credit card")
        and 0 < reach(state, "bonus points") < shelf[0]["price"]
    )


def order(desk: Desk, product: str, **more: Any) -> Record:
    desk("add_to_cart", product_id=product)
    result: Record = desk("check_out", address_id=home(desk), payment_id=pay_by(desk), **more)
    return result


def buy(desk: Desk) -> None:
    order(desk, cheapest(desk)["product_id"])


def buy_where_first(desk: Desk) -> None:
    address, payment = home(desk), pay_by(desk)
    desk("add_to_cart", product_id=cheapest(desk)["product_id"])
    desk("check_out", address_id=address, payment_id=payment)


def buy_by_title(desk: Desk) -> None:
    order(desk, titled(desk, cheapest(desk)["title"]))


def buy_with_defaults_said(desk: Desk) -> None:
    desk("add_to_cart", product_id=cheapest(desk)["product_id"], quantity=1)
    desk("check_out", address_id=home(desk), payment_id=pay_by(desk), delivery="standard")


def buy_too_early(desk: Desk) -> None:
    address, payment = home(desk), pay_by(desk)
    desk("check_out", address_id=address, payment_id=payment)
    desk("add_to_cart", product_id=cheapest(desk)["product_id"])
    desk("check_out", address_id=address, payment_id=payment)


def buy_after_a_wrong_id(desk: Desk) -> None:
    desk("add_to_cart", product_id="PRD-1")
    buy(desk)


def buy_after_another_amount(desk: Desk) -> None:
    product = cheapest(desk)["product_id"]
    desk("add_to_cart", product_id=product, quantity=2)
    desk("drop_from_cart", product_id=product)
    order(desk, product)


def buy_and_look(desk: Desk) -> None:
    product = cheapest(desk)["product_id"]
    desk("read_reviews", product_id=product)
    desk("list_vouchers")
    desk("add_to_cart", product_id=product)
    desk("view_cart")
    receipt = desk("check_out", address_id=home(desk), payment_id=pay_by(desk))
    desk("open_purchase", order_id=receipt["order_id"])


def buy_with_too_few_points_first(desk: Desk) -> None:
    desk("add_to_cart", product_id=cheapest(desk)["product_id"])
    address = home(desk)
    desk("check_out", address_id=address, payment_id=pay_by(desk, "bonus points"))
    desk("check_out", address_id=address, payment_id=pay_by(desk))


def buy_elsewhere(desk: Desk) -> None:
    desk("add_to_cart", product_id=cheapest(desk)["product_id"])
    other = desk("list_saved_addresses")["addresses"][1]["address_id"]
    desk("check_out", address_id=other, payment_id=pay_by(desk))


def buy_by_debit(desk: Desk) -> None:
    desk("add_to_cart", product_id=cheapest(desk)["product_id"])
    desk("check_out", address_id=home(desk), payment_id=pay_by(desk, "debit card"))


def buy_two(desk: Desk) -> None:
    desk("add_to_cart", product_id=cheapest(desk)["product_id"])
    buy(desk)


def buy_twice(desk: Desk) -> None:
    buy(desk)
    buy(desk)


BUY = Case(
    "Order the cheapest one of a category, sent home and paid with the credit card.",
    buyable,
    buy,
    {
        "address and payment looked up first": buy_where_first,
        "id from find_product": buy_by_title,
        "defaults written out": buy_with_defaults_said,
        "checked out an empty cart first": buy_too_early,
        "a made-up product id first": buy_after_a_wrong_id,
        "two pieces first, then dropped": buy_after_another_amount,
        "reviews, vouchers and cart looked at": buy_and_look,
        "bonus points do not suffice, then the card": buy_with_too_few_points_first,
    },
    {
        "another product": lambda desk: order(desk, in_stock(desk.start)[1]["id"]),
        "another address": buy_elsewhere,
        "another payment method": buy_by_debit,
        "express": lambda desk: order(desk, cheapest(desk)["product_id"], delivery="express"),
        "two pieces": buy_two,
        "two orders": buy_twice,
        "only in the cart": lambda desk: desk("add_to_cart", product_id=cheapest(desk)["product_id"]),
        "cancelled again": lambda desk: desk(
            "cancel_purchase",
            order_id=order(desk, cheapest(desk)["product_id"])["order_id"],
            reason="changed my mind",
        ),
    },
)


# -- two products and a voucher -----------------------------------------------------------------------------


def worth_a_voucher(state: State) -> bool:
    shelf = in_stock(state)
    if state["cart"] or len(shelf) < 2:
        return False
    spend = 2 * shelf[0]["price"] + shelf[1]["price"]
    valid = [voucher for voucher in state["vouchers"].values() if voucher["days_left"] >= 0]
    return len(valid) > 1 and all(shelf[0]["price"] < voucher["min_spend"] <= spend for voucher in valid)


def best_voucher(desk: Desk, rank: int = -1) -> str:
    today = desk.session.now().date().isoformat()
    valid = [item for item in desk("list_vouchers")["vouchers"] if item["last_day"] >= today]
    return str(sorted(valid, key=lambda item: int(item["discount"]))[rank]["voucher_code"])


def fill(desk: Desk) -> None:
    first, second = in_stock(desk.start)[:2]
    desk("add_to_cart", product_id=titled(desk, first["title"]), quantity=2)
    desk("add_to_cart", product_id=titled(desk, second["title"]))


def fill_backwards(desk: Desk) -> None:
    first, second = in_stock(desk.start)[:2]
    desk("add_to_cart", product_id=titled(desk, second["title"]))
    desk("add_to_cart", product_id=titled(desk, first["title"]), quantity=2)


def fill_one_by_one(desk: Desk) -> None:
    shelf = desk("browse_category", category=category(desk.start))["products"]
    for item in (in_stock(desk.start)[0], in_stock(desk.start)[1], in_stock(desk.start)[0]):
        desk("add_to_cart", product_id=one(shelf, title=item["title"])["product_id"])


def save(desk: Desk) -> None:
    fill(desk)
    desk("redeem_voucher", voucher_code=best_voucher(desk))


def save_voucher_first(desk: Desk) -> None:
    code = best_voucher(desk)
    fill_backwards(desk)
    desk("redeem_voucher", voucher_code=code)


def save_pieces_one_by_one(desk: Desk) -> None:
    fill_one_by_one(desk)
    desk("redeem_voucher", voucher_code=best_voucher(desk))


def save_too_early(desk: Desk) -> None:
    code = best_voucher(desk)
    desk("redeem_voucher", voucher_code=code)
    fill(desk)
    desk("redeem_voucher", voucher_code=code)


def save_below_the_minimum_first(desk: Desk) -> None:
    code = best_voucher(desk)
    first, second = in_stock(desk.start)[:2]
    desk("add_to_cart", product_id=titled(desk, first["title"]))
    desk("redeem_voucher", voucher_code=code)
    desk("add_to_cart", product_id=titled(desk, second["title"]))
    desk("add_to_cart", product_id=titled(desk, first["title"]))
    desk("redeem_voucher", voucher_code=code)


def save_with_the_weaker_first(desk: Desk) -> None:
    fill(desk)
    desk("redeem_voucher", voucher_code=best_voucher(desk, 0))
    desk("redeem_voucher", voucher_code=best_voucher(desk))


def save_with_the_weaker(desk: Desk) -> None:
    fill(desk)
    desk("redeem_voucher", voucher_code=best_voucher(desk, 0))


def save_with_a_piece_too_many(desk: Desk) -> None:
    save(desk)
    desk("add_to_cart", product_id=in_stock(desk.start)[1]["id"])


SAVE = Case(
    "Put two of the first and one of the second in the cart and use my best voucher.",
    worth_a_voucher,
    save,
    {
        "voucher looked up first, products in the other order": save_voucher_first,
        "piece by piece, from the category": save_pieces_one_by_one,
        "voucher on an empty cart first": save_too_early,
        "voucher below the minimum spend first": save_below_the_minimum_first,
        "a weaker voucher replaced": save_with_the_weaker_first,
    },
    {
        "a weaker voucher": save_with_the_weaker,
        "no voucher": fill,
        "a piece too many": save_with_a_piece_too_many,
    },
)
