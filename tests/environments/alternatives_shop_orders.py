"""The shop after an order: right and wrong solutions of the same requests, written by hand."""

from __future__ import annotations

from typing import Any

from tests.environments.alternatives_shop import BUY, SAVE, pay_by
from tests.environments.desk import Case, Desk, Record, State, in_turn, one

NOTE = "The lid does not close, order 2 of 2."


def orders(desk: Desk, status: str | None = None) -> list[Record]:
    found: list[Record] = desk("list_purchases", **({"status": status} if status else {}))["orders"]
    return found


# -- a return -----------------------------------------------------------------------------------------------


def sent(state: State) -> list[Record]:
    return [order for order in state["orders"].values() if order["status"] == "on its way"]


def returnable(state: State) -> bool:
    return len(sent(state)) == 2 and sent(state)[0]["lines"][0]["quantity"] == 2


def open_return(desk: Desk, order_id: str, product_id: str, **other: Any) -> str:
    arguments = {
        "reason": "damaged",
        "note": NOTE,
        "items": [{"product_id": product_id, "quantity": 2}],
        **other,
    }
    return str(desk("start_return", order_id=order_id, **arguments).get("return_id"))


def pickup(desk: Desk, return_id: str, weekday: str = "Friday", window: str = "morning") -> None:
    desk("schedule_pickup", return_id=return_id, weekday=weekday, window=window)


def lines(desk: Desk, order_id: str) -> list[Record]:
    found: list[Record] = desk("open_purchase", order_id=order_id)["lines"]
    return found


def send_back(desk: Desk, weekday: str = "Friday", window: str = "morning", **other: Any) -> None:
    order_id = orders(desk, "on its way")[0]["order_id"]
    desk("confirm_receipt", order_id=order_id)
    product_id = lines(desk, order_id)[0]["product_id"]
    pickup(desk, open_return(desk, order_id, product_id, **other), weekday, window)


def send_back_opened_first(desk: Desk) -> None:
    order_id = orders(desk)[1]["order_id"]
    product_id = lines(desk, order_id)[0]["product_id"]
    desk("confirm_receipt", order_id=order_id)
    pickup(desk, open_return(desk, order_id, product_id))


def send_back_too_early(desk: Desk) -> None:
    order_id = orders(desk, "on its way")[0]["order_id"]
    product_id = lines(desk, order_id)[0]["product_id"]
    open_return(desk, order_id, product_id)
    desk("confirm_receipt", order_id=order_id)
    pickup(desk, open_return(desk, order_id, product_id))


def send_back_by_title(desk: Desk) -> None:
    order = orders(desk, "on its way")[0]
    desk("confirm_receipt", order_id=order["order_id"])
    product_id = desk("find_product", title=order["first_item"])["product_id"]
    pickup(desk, open_return(desk, order["order_id"], product_id))


def send_back_in_two_items(desk: Desk) -> None:
    order_id = orders(desk, "on its way")[0]["order_id"]
    desk("confirm_receipt", order_id=order_id)
    product_id = lines(desk, order_id)[0]["product_id"]
    piece = {"product_id": product_id, "quantity": 1}
    pickup(desk, open_return(desk, order_id, product_id, items=[piece, piece]))


def send_back_without_a_number(desk: Desk) -> None:
    order_id = orders(desk, "on its way")[0]["order_id"]
    desk("confirm_receipt", order_id=order_id)
    product_id = lines(desk, order_id)[0]["product_id"]
    pickup(desk, open_return(desk, order_id, product_id, items=[{"product_id": product_id}]))


def send_back_on_a_better_day(desk: Desk) -> None:
    send_back(desk, weekday="Tuesday", window="evening")
    pickup(desk, desk.outputs[-2]["return_id"])


def send_back_after_tracking(desk: Desk) -> None:
    order_id = orders(desk, "on its way")[0]["order_id"]
    number = desk("open_purchase", order_id=order_id)["tracking_number"]
    desk("track_parcel", tracking_number=number)
    send_back(desk)


def send_back_the_other_order(desk: Desk) -> None:
    order_id = orders(desk, "on its way")[1]["order_id"]
    desk("confirm_receipt", order_id=order_id)
    line = lines(desk, order_id)[0]
    items = [{"product_id": line["product_id"], "quantity": line["quantity"]}]
    pickup(desk, open_return(desk, order_id, line["product_id"], items=items))


def send_back_one_piece(desk: Desk) -> None:
    order_id = orders(desk, "on its way")[0]["order_id"]
    desk("confirm_receipt", order_id=order_id)
    product_id = lines(desk, order_id)[0]["product_id"]
    pickup(desk, open_return(desk, order_id, product_id, items=[{"product_id": product_id, "quantity": 1}]))


RETURN = Case(
    "The newest of the orders under way has come: send both pieces of its first item back, pickup on Friday morning.",
    returnable,
    send_back,
    {
        "opened before it is confirmed": send_back_opened_first,
        "a return before the receipt is refused first": send_back_too_early,
        "product id from find_product": send_back_by_title,
        "two items of one piece": send_back_in_two_items,
        "all pieces, the number left out": send_back_without_a_number,
        "the note in other words": lambda desk: send_back(
            desk, note="Of 2 things in this order, 2 lids stay open"
        ),
        "another pickup first, then replaced": send_back_on_a_better_day,
        "the parcel tracked before": send_back_after_tracking,
        "pieces of a made-up product are refused first": in_turn(
            lambda desk: open_return(desk, "ORD-1", "PRD-1"), send_back
        ),
    },
    {
        "another reason": lambda desk: send_back(desk, reason="no longer needed"),
        "no note": lambda desk: send_back(desk, note=""),
        "a note without the number": lambda desk: send_back(desk, note="The lid does not close."),
        "another day": lambda desk: send_back(desk, weekday="Saturday"),
        "another part of the day": lambda desk: send_back(desk, window="evening"),
        "one piece only": send_back_one_piece,
        "another order": send_back_the_other_order,
        "only confirmed": lambda desk: desk(
            "confirm_receipt", order_id=orders(desk, "on its way")[0]["order_id"]
        ),
    },
)


# -- two independent wishes ---------------------------------------------------------------------------------

COMMENT = "It came earlier than announced."


def cancel(desk: Desk, reason: str = "found it cheaper") -> None:
    desk("cancel_purchase", order_id=orders(desk, "processing")[0]["order_id"], reason=reason)


def rate(desk: Desk, stars: int = 4, comment: str = COMMENT) -> None:
    order_id = orders(desk, "delivered")[0]["order_id"]
    desk("rate_product", product_id=lines(desk, order_id)[0]["product_id"], stars=stars, comment=comment)


def both(desk: Desk) -> None:
    cancel(desk)
    rate(desk)


def both_from_one_list(desk: Desk) -> None:
    found = orders(desk)
    delivered = one(found, status="delivered")["order_id"]
    desk("rate_product", product_id=lines(desk, delivered)[0]["product_id"], stars=4, comment=COMMENT)
    desk("cancel_purchase", order_id=one(found, status="processing")["order_id"], reason="found it cheaper")


def both_after_the_wrong_order(desk: Desk) -> None:
    desk("cancel_purchase", order_id=orders(desk, "on its way")[0]["order_id"], reason="found it cheaper")
    both(desk)


def rate_by_title(desk: Desk) -> None:
    title = orders(desk, "delivered")[0]["first_item"]
    product_id = desk("find_product", title=title)["product_id"]
    desk("rate_product", product_id=product_id, stars=4, comment="Here before the day they had named")
    cancel(desk)


BOTH = Case(
    "Cancel what is still processing, I found it cheaper; and rate the first item of my last delivery with 4 stars.",
    lambda state: True,
    both,
    {
        "rated first": in_turn(rate, cancel),
        "both from one list": both_from_one_list,
        "an order under way is not cancelled first": both_after_the_wrong_order,
        "product by title, the comment in other words": rate_by_title,
        "rated twice, the second time refused": in_turn(both, lambda desk: rate(desk, 5)),
    },
    {
        "another reason": in_turn(lambda desk: cancel(desk, "need it sooner"), rate),
        "other stars": in_turn(cancel, lambda desk: rate(desk, 5)),
        "no comment": in_turn(cancel, lambda desk: rate(desk, comment="")),
        "not rated": cancel,
    },
)


# -- a new address ------------------------------------------------------------------------------------------


def cart_is_paid(state: State) -> bool:
    total = sum(state["products"][key]["price"] * pieces for key, pieces in state["cart"].items())
    card = next(method for method in state["payment_methods"].values() if method["kind"] == "credit card")
    return bool(state["cart"]) and total + 12 < card["available"]


def new_address(desk: Desk, street: str = "8 Old Quay", city: str = "Girona") -> str:
    return str(desk("save_address", name="cabin", street=street, city=city).get("address_id"))


def ship(desk: Desk, address_id: str, delivery: str = "express") -> None:
    desk("check_out", address_id=address_id, payment_id=pay_by(desk), delivery=delivery)


def ship_by_the_list(desk: Desk) -> None:
    new_address(desk)
    ship(desk, one(desk("list_saved_addresses")["addresses"], name="cabin")["address_id"])


def ship_payment_first(desk: Desk) -> None:
    payment = pay_by(desk)
    desk("check_out", address_id=new_address(desk), payment_id=payment, delivery="express")


SHIP = Case(
    "Save 8 Old Quay in Girona as cabin and send my cart there by express, on the credit card.",
    cart_is_paid,
    lambda desk: ship(desk, new_address(desk)),
    {
        "id from the list": ship_by_the_list,
        "payment method first": ship_payment_first,
        "a city without delivery first": in_turn(
            lambda desk: new_address(desk, city="Atlantis"), lambda desk: ship(desk, new_address(desk))
        ),
        "the cart looked at": in_turn(
            lambda desk: desk("view_cart"), lambda desk: ship(desk, new_address(desk))
        ),
    },
    {
        "another street": lambda desk: ship(desk, new_address(desk, street="9 Old Quay")),
        "another city": lambda desk: ship(desk, new_address(desk, city="Ghent")),
        "another delivery": lambda desk: ship(desk, new_address(desk), "standard"),
        "only saved": new_address,
    },
)


# -- a question ---------------------------------------------------------------------------------------------


def where_is_it(desk: Desk, status: str | None = "on its way") -> None:
    order_id = one(orders(desk, status), status="on its way")["order_id"]
    desk("track_parcel", tracking_number=desk("open_purchase", order_id=order_id)["tracking_number"])


WHERE = Case(
    "Where is the parcel of my newest order under way?",
    lambda state: len(sent(state)) == 2,
    where_is_it,
    {
        "from the list of all orders": lambda desk: where_is_it(desk, None),
        "a made-up number first": in_turn(
            lambda desk: desk("track_parcel", tracking_number="TRK-1"), where_is_it
        ),
    },
    {
        "never tracked": lambda desk: lines(desk, orders(desk, "on its way")[0]["order_id"]),
        "marked as received": in_turn(
            where_is_it,
            lambda desk: desk("confirm_receipt", order_id=orders(desk, "on its way")[0]["order_id"]),
        ),
    },
    needed=("last_seen", "arrival"),
)

CASES = (BUY, SAVE, RETURN, BOTH, SHIP, WHERE)
