"""The shop up to the order: what each tool does, what it refuses, and a purchase from the shelf to the order."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest

from funreason_plugin.environments.shop import Shop
from funreason_plugin.environments.shop_data import PRODUCTS
from funreason_plugin.environments.space import Session, SimulationSpace
from tests.environments.desk import done, one, refused

SPACE = SimulationSpace([Shop])


def scenario_with(cart: bool, start: int = 0) -> int:
    """The first seed whose cart is filled (or not)."""
    return next(
        seed for seed in range(start, 100) if bool(SPACE.scenario(seed).states["shop"]["cart"]) is cart
    )


@pytest.fixture
def shop() -> Iterator[Session]:
    with SPACE.session(SPACE.scenario(scenario_with(cart=False))) as session:
        yield session


def state(session: Session) -> dict[str, Any]:
    return session.state()["shop"]


def product_in_stock(session: Session, pieces: int = 3) -> tuple[str, dict[str, Any]]:
    return next((key, p) for key, p in state(session)["products"].items() if p["stock"] >= pieces)


def order_that_is(session: Session, status: str) -> str:
    return str(done(session, "list_purchases", status=status)["orders"][0]["order_id"])


def test_a_category_lists_its_products_up_to_a_price(shop: Session) -> None:
    category = product_in_stock(shop)[1]["category"]
    everything = done(shop, "browse_category", category=category)["products"]
    assert {product["title"] for product in everything} <= {row[0] for row in PRODUCTS[category]}
    limit = min(product["price"] for product in everything)
    assert [
        p["price"] for p in done(shop, "browse_category", category=category, max_price=limit)["products"]
    ] == [limit]
    assert "the cheapest is" in refused(shop, "browse_category", category=category, max_price=1)
    assert category in refused(shop, "browse_category", category="submarine")


def test_a_product_is_found_by_its_title_in_any_case(shop: Session) -> None:
    product_id, product = product_in_stock(shop)
    found = done(shop, "find_product", title=product["title"].upper())
    assert (found["product_id"], found["stock"]) == (product_id, product["stock"])
    assert "browse_category" in refused(shop, "find_product", title="Perpetual Kettle")


def test_reviews_have_authors_stars_and_dates_before_today(shop: Session) -> None:
    review = next(iter(state(shop)["reviews"].values()))
    found = done(shop, "read_reviews", product_id=review["product_id"])
    assert len({entry["stars"] for entry in found["reviews"]}) == len(found["reviews"])
    assert all(entry["review_date"] < shop.scenario.clock for entry in found["reviews"])
    reviewed = {entry["product_id"] for entry in state(shop)["reviews"].values()}
    silent = next(key for key in state(shop)["products"] if key not in reviewed)
    assert "Nobody has reviewed" in refused(shop, "read_reviews", product_id=silent)
    assert "browse_category" in refused(shop, "read_reviews", product_id="PRD-1")


def test_the_cart_adds_up_and_the_stock_is_its_limit(shop: Session) -> None:
    product_id, product = product_in_stock(shop)
    done(shop, "add_to_cart", product_id=product_id)
    added = done(shop, "add_to_cart", product_id=product_id, quantity=2)
    assert added["pieces_in_cart"] == 3
    assert added["subtotal"] == done(shop, "view_cart")["total"] == round(3 * product["price"], 2)
    small = next(
        (key, p) for key, p in state(shop)["products"].items() if p["stock"] < 10 and key != product_id
    )
    message = refused(shop, "add_to_cart", product_id=small[0], quantity=10)
    assert f"only {small[1]['stock']} are" in message or "sold out" in message
    assert "quantity" in refused(shop, "add_to_cart", product_id=product_id, quantity=0)


def test_what_is_dropped_is_no_longer_in_the_cart(shop: Session) -> None:
    product_id, _ = product_in_stock(shop)
    assert "view_cart" in refused(shop, "drop_from_cart", product_id=product_id)
    done(shop, "add_to_cart", product_id=product_id)
    assert done(shop, "drop_from_cart", product_id=product_id)["subtotal"] == 0
    assert done(shop, "view_cart")["lines"] == []


def test_a_voucher_needs_a_cart_that_is_worth_it(shop: Session) -> None:
    vouchers = done(shop, "list_vouchers")["vouchers"]
    today = shop.scenario.clock[:10]
    valid = [voucher for voucher in vouchers if voucher["last_day"] >= today]
    best = max(valid, key=lambda voucher: voucher["minimum_spend"])
    assert "empty" in refused(shop, "redeem_voucher", voucher_code=best["voucher_code"])
    cheap = min(state(shop)["products"].items(), key=lambda item: (not item[1]["stock"], item[1]["price"]))
    done(shop, "add_to_cart", product_id=cheap[0])
    if cheap[1]["price"] < best["minimum_spend"]:
        assert "needs a cart of at least" in refused(
            shop, "redeem_voucher", voucher_code=best["voucher_code"]
        )
    for key, product in state(shop)["products"].items():
        if product["stock"] and key != cheap[0]:
            done(shop, "add_to_cart", product_id=key)
    before = done(shop, "view_cart")["subtotal"]
    redeemed = done(shop, "redeem_voucher", voucher_code=best["voucher_code"])
    assert redeemed["saved"] == round(before * best["discount"] / 100, 2)
    assert "already applied" in refused(shop, "redeem_voucher", voucher_code=best["voucher_code"])
    assert "list_vouchers" in refused(shop, "redeem_voucher", voucher_code="FREE100")


def test_an_expired_voucher_is_refused() -> None:
    for seed in range(30):
        with SPACE.session(SPACE.scenario(seed)) as session:
            for code, voucher in state(session)["vouchers"].items():
                if voucher["days_left"] < 0:
                    assert "expired" in refused(session, "redeem_voucher", voucher_code=code)
                    return
    raise AssertionError("no scenario has an expired voucher")


def test_a_voucher_falls_off_a_cart_that_is_no_longer_worth_it() -> None:
    for seed in range(60):
        with SPACE.session(SPACE.scenario(seed)) as session:
            found = state(session)
            dear = max(found["products"], key=lambda key: found["products"][key]["price"])
            code = next(
                (c for c, v in found["vouchers"].items() if v["min_spend"] >= 25 and v["days_left"] >= 0), ""
            )
            if found["cart"] or not code or not found["products"][dear]["stock"]:
                continue
            done(session, "add_to_cart", product_id=dear)
            done(session, "redeem_voucher", voucher_code=code)
            done(session, "drop_from_cart", product_id=dear)
            assert state(session)["cart_voucher"] == ""
            return
    raise AssertionError("no scenario fits")


def test_addresses_are_listed_and_saved_under_another_name(shop: Session) -> None:
    saved = done(shop, "list_saved_addresses")["addresses"]
    assert saved[0]["name"] == "home"
    assert "already" in refused(shop, "save_address", name="home", street="8 Old Quay", city="Ghent")
    assert "does not deliver to" in refused(
        shop, "save_address", name="boat", street="1 Pier", city="Atlantis"
    )
    new = done(shop, "save_address", name="boat", street="8 Old Quay", city="Ghent")
    assert new["postcode"] == "9000"
    assert (
        one(done(shop, "list_saved_addresses")["addresses"], name="boat")["address_id"] == new["address_id"]
    )


def test_checking_out_takes_money_and_stock_and_empties_the_cart(shop: Session) -> None:
    address = done(shop, "list_saved_addresses")["addresses"][0]["address_id"]
    card = one(done(shop, "list_payment_methods")["payment_methods"], kind="credit card")
    assert "add_to_cart" in refused(shop, "check_out", address_id=address, payment_id=card["payment_id"])
    affordable = next(
        (key, p)
        for key, p in state(shop)["products"].items()
        if p["stock"] and p["price"] < card["available_balance"] - 12
    )
    done(shop, "add_to_cart", product_id=affordable[0])
    assert "list_saved_addresses" in refused(
        shop, "check_out", address_id="ADR-1", payment_id=card["payment_id"]
    )
    assert "list_payment_methods" in refused(shop, "check_out", address_id=address, payment_id="PAY-1")
    receipt = done(shop, "check_out", address_id=address, payment_id=card["payment_id"], delivery="express")
    assert receipt["total"] == round(affordable[1]["price"] + 11.9, 2)
    assert receipt["left_to_spend"] == round(card["available_balance"] - receipt["total"], 2)
    assert receipt["arrives_on"] == str(date.fromisoformat(shop.scenario.clock[:10]) + timedelta(days=1))
    assert state(shop)["products"][affordable[0]]["stock"] == affordable[1]["stock"] - 1
    assert done(shop, "view_cart")["lines"] == []
    page = done(shop, "open_purchase", order_id=receipt["order_id"])
    assert (page["status"], page["tracking_number"]) == ("processing", None)


def test_money_runs_out(shop: Session) -> None:
    address = done(shop, "list_saved_addresses")["addresses"][0]["address_id"]
    wallet = done(shop, "list_payment_methods")["payment_methods"]
    least = min(wallet, key=lambda method: method["available_balance"])
    for key, product in state(shop)["products"].items():
        if product["stock"]:
            done(shop, "add_to_cart", product_id=key)
    message = refused(shop, "check_out", address_id=address, payment_id=least["payment_id"])
    assert f"{least['available_balance']:.2f} euros left" in message


def test_a_used_voucher_is_gone_after_the_purchase(shop: Session) -> None:
    found = state(shop)
    code = next(code for code, voucher in found["vouchers"].items() if voucher["days_left"] >= 0)
    card = max(found["payment_methods"], key=lambda key: found["payment_methods"][key]["available"])
    for key, product in found["products"].items():
        if product["stock"] and product["price"] < 130:
            done(shop, "add_to_cart", product_id=key)
            if done(shop, "view_cart")["subtotal"] >= found["vouchers"][code]["min_spend"]:
                break
    done(shop, "redeem_voucher", voucher_code=code)
    done(shop, "check_out", address_id=next(iter(found["addresses"])), payment_id=card)
    assert code not in {voucher["voucher_code"] for voucher in done(shop, "list_vouchers")["vouchers"]}
    assert "list_vouchers" in refused(shop, "redeem_voucher", voucher_code=code)


def test_from_the_shelf_to_a_paid_order() -> None:
    """The longest natural chain: look, choose, put in the cart, look up where to and how to pay, order."""
    with SPACE.session(SPACE.scenario(scenario_with(cart=False, start=20))) as shop:
        category = product_in_stock(shop)[1]["category"]
        products = done(shop, "browse_category", category=category)["products"]
        cheapest = min((p for p in products if p["stock"]), key=lambda product: product["price"])
        done(shop, "add_to_cart", product_id=cheapest["product_id"])
        home = one(done(shop, "list_saved_addresses")["addresses"], name="home")
        wallet = done(shop, "list_payment_methods")["payment_methods"]
        most = max(wallet, key=lambda method: method["available_balance"])
        receipt = done(
            shop,
            "check_out",
            address_id=home["address_id"],
            payment_id=most["payment_id"],
            delivery="parcel locker",
        )
        assert receipt["total"] == round(cheapest["price"] + 2.9, 2)
        assert done(shop, "list_purchases")["orders"][0]["order_id"] == receipt["order_id"]
        done(shop, "cancel_purchase", order_id=receipt["order_id"], reason="need it sooner")


def test_the_same_calls_give_the_same_outputs() -> None:
    def play() -> tuple[list[Any], str]:
        with SPACE.session(SPACE.scenario("again")) as session:
            address = done(session, "save_address", name="cabin", street="9 Friars Gate", city="Girona")
            outputs = [address, done(session, "list_purchases"), done(session, "list_vouchers")]
            return outputs, session.state_hash()

    assert play() == play()
