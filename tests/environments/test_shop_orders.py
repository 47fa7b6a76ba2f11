"""The shop after an order: parcels, cancellations, returns, ratings."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, timedelta

import pytest

from funreason_plugin.environments.space import Session
from tests.environments.desk import done, refused
from tests.environments.test_shop import SPACE, order_that_is, scenario_with, state


@pytest.fixture
def shop() -> Iterator[Session]:
    with SPACE.session(SPACE.scenario(scenario_with(cart=False))) as session:
        yield session


def test_orders_are_listed_newest_first_and_by_status(shop: Session) -> None:
    dates = [order["order_date"] for order in done(shop, "list_purchases")["orders"]]
    assert dates == sorted(dates, reverse=True)
    assert len(set(dates)) == len(dates)
    delivered = done(shop, "list_purchases", status="delivered")["orders"]
    assert {order["status"] for order in delivered} == {"delivered"}
    assert "no order that is cancelled" in refused(shop, "list_purchases", status="cancelled")
    assert "list_purchases" in refused(shop, "open_purchase", order_id="ORD-1")


def test_a_parcel_is_tracked_by_the_number_in_its_order(shop: Session) -> None:
    page = done(shop, "open_purchase", order_id=order_that_is(shop, "on its way"))
    parcel = done(shop, "track_parcel", tracking_number=page["tracking_number"])
    assert (parcel["carrier"], parcel["arrival"]) == (page["carrier"], page["arrival"])
    assert "open_purchase" in refused(shop, "track_parcel", tracking_number="TRK-1")
    assert "open_purchase" in refused(shop, "track_parcel", tracking_number="")


def test_only_an_order_that_is_processing_can_be_cancelled(shop: Session) -> None:
    order_id = order_that_is(shop, "processing")
    cancelled = done(shop, "cancel_purchase", order_id=order_id, reason="found it cheaper")
    assert cancelled["refund"] == state(shop)["orders"][order_id]["total"]
    assert "is cancelled" in refused(shop, "cancel_purchase", order_id=order_id, reason="found it cheaper")
    sent = order_that_is(shop, "on its way")
    assert "is on its way" in refused(shop, "cancel_purchase", order_id=sent, reason="changed my mind")
    assert "reason" in refused(shop, "cancel_purchase", order_id=sent, reason="bored")


def test_an_order_is_delivered_before_it_is_returned(shop: Session) -> None:
    order_id = order_that_is(shop, "on its way")
    line = done(shop, "open_purchase", order_id=order_id)["lines"][0]
    items = [{"product_id": line["product_id"], "quantity": 1}]
    message = refused(shop, "start_return", order_id=order_id, items=items, reason="damaged")
    assert "confirm_receipt" in message
    done(shop, "confirm_receipt", order_id=order_id)
    assert "can arrive" in refused(shop, "confirm_receipt", order_id=order_id)
    opened = done(shop, "start_return", order_id=order_id, items=items, reason="damaged")
    assert opened["refund"] == line["price_each"]


def test_no_more_is_returned_than_was_bought(shop: Session) -> None:
    order_id = order_that_is(shop, "delivered")
    line = done(shop, "open_purchase", order_id=order_id)["lines"][0]
    item = {"product_id": line["product_id"], "quantity": line["quantity"]}
    done(shop, "start_return", order_id=order_id, items=[item], reason="no longer needed", note="As new.")
    again = refused(shop, "start_return", order_id=order_id, items=[item], reason="no longer needed")
    assert "in a return already" in again
    other = next(key for key in state(shop)["products"] if key not in str(state(shop)["orders"][order_id]))
    foreign = [{"product_id": other, "quantity": 1}]
    assert "not part of" in refused(
        shop, "start_return", order_id=order_id, items=foreign, reason="the wrong item"
    )
    assert "items" in refused(shop, "start_return", order_id=order_id, items=[], reason="damaged")
    second = done(shop, "list_purchases", status="delivered")["orders"][1]["order_id"]
    line = done(shop, "open_purchase", order_id=second)["lines"][0]
    twice = [{"product_id": line["product_id"], "quantity": line["quantity"]}] * 2
    assert "can still be returned" in refused(
        shop, "start_return", order_id=second, items=twice, reason="damaged"
    )


def test_a_return_is_too_late_after_thirty_days(shop: Session) -> None:
    scenario = SPACE.scenario(scenario_with(cart=False))
    order_id = next(k for k, o in scenario.states["shop"]["orders"].items() if o["status"] == "delivered")
    scenario.states["shop"]["orders"][order_id] |= {"days_ago": 40, "arrives_in": -37}
    with SPACE.session(scenario) as session:
        line = done(session, "open_purchase", order_id=order_id)["lines"][0]
        items = [{"product_id": line["product_id"], "quantity": 1}]
        assert "too late" in refused(
            session, "start_return", order_id=order_id, items=items, reason="damaged"
        )


def test_a_pickup_comes_on_the_next_such_day(shop: Session) -> None:
    assert "start_return" in refused(
        shop, "schedule_pickup", return_id="RET-1", weekday="Monday", window="morning"
    )
    order_id = order_that_is(shop, "delivered")
    line = done(shop, "open_purchase", order_id=order_id)["lines"][0]
    items = [{"product_id": line["product_id"], "quantity": 1}]
    opened = done(shop, "start_return", order_id=order_id, items=items, reason="damaged")
    pickup = done(shop, "schedule_pickup", return_id=opened["return_id"], weekday="Friday", window="evening")
    day, today = date.fromisoformat(pickup["pickup_on"]), date.fromisoformat(shop.scenario.clock[:10])
    assert day.strftime("%A") == "Friday"
    assert timedelta(1) <= day - today <= timedelta(7)


def test_only_what_was_received_is_rated_and_only_once(shop: Session) -> None:
    order_id = order_that_is(shop, "delivered")
    product_id = done(shop, "open_purchase", order_id=order_id)["lines"][0]["product_id"]
    done(shop, "rate_product", product_id=product_id, stars=4, comment="It is lighter than I had thought.")
    assert "already rated" in refused(shop, "rate_product", product_id=product_id, stars=5)
    bought = json.dumps([order["lines"] for order in state(shop)["orders"].values()])
    never = next(key for key in state(shop)["products"] if key not in bought)
    assert "not received" in refused(shop, "rate_product", product_id=never, stars=5)
    assert "stars" in refused(shop, "rate_product", product_id=product_id, stars=6)
