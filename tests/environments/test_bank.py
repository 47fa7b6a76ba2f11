"""The bank: what each tool does and what it refuses."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from random import Random
from typing import Any

import pytest

from funreason_plugin.environments.bank import Bank
from funreason_plugin.environments.bank_data import draw_iban, valid_iban
from funreason_plugin.environments.space import Session, SimulationSpace
from tests.environments.desk import done, one, refused

SPACE = SimulationSpace([Bank])


def state(session: Session) -> dict[str, Any]:
    return session.state()["bank"]


def fits(found: dict[str, Any]) -> bool:
    """Two current accounts with money, a card that is frozen and one that is not."""
    rich = [a for a in found["accounts"].values() if a["kind"] == "current" and a["balance"] > 500]
    return len(rich) == 2 and {card["status"] for card in found["cards"].values()} == {"active", "frozen"}


SEED = next(seed for seed in range(500) if fits(SPACE.scenario(seed).states["bank"]))


@pytest.fixture
def outside() -> Iterator[Session]:
    with SPACE.session(SPACE.scenario(SEED)) as session:
        yield session


@pytest.fixture
def bank(outside: Session) -> Session:
    done(outside, "sign_in", **state(outside)["customer"])
    return outside


def account(session: Session, kind: str = "current", rank: int = 0) -> dict[str, Any]:
    accounts = done(session, "list_accounts")["accounts"]
    found: dict[str, Any] = [entry for entry in accounts if entry["kind"] == kind][rank]
    return found


def payee(session: Session, rank: int = 0) -> dict[str, Any]:
    found: dict[str, Any] = done(session, "list_payees")["payees"][rank]
    return found


def card(session: Session, status: str) -> dict[str, Any]:
    return one(done(session, "list_cards")["cards"], status=status)


def arguments_of(session: Session) -> dict[str, dict[str, Any]]:
    """Valid arguments for every tool but sign_in, with ids that no look-up has given yet."""
    found = state(session)
    current = next(key for key, entry in found["accounts"].items() if entry["kind"] == "current")
    other = next(key for key in found["accounts"] if key != current)
    used = {order["payee_id"] for order in found["standing_orders"].values()}
    free = next(key for key in found["payees"] if key not in used)
    paid = next(key for key, entry in found["transactions"].items() if entry["kind"] == "card payment")
    standing = next(iter(found["standing_orders"]))
    cards = {entry["status"]: key for key, entry in found["cards"].items()}
    return {
        "list_accounts": {},
        "account_statement": {"account_id": current},
        "move_between_accounts": {"from_account_id": current, "to_account_id": other, "amount": 20},
        "open_savings_pot": {"name": "kayak"},
        "list_payees": {},
        "add_payee": {"name": "Edda Vogel", "iban": "DE89370400440532013000"},
        "remove_payee": {"payee_id": free},
        "pay_payee": {"account_id": current, "payee_id": free, "amount": 20},
        "pay_each": {"account_id": current, "payee_ids": list(found["payees"])[:2], "amount": 20},
        "list_standing_orders": {},
        "set_up_standing_order": {"account_id": current, "payee_id": free, "amount": 20, "day_of_month": 3},
        "change_standing_order": {"standing_order_id": standing, "amount": 21.5},
        "stop_standing_order": {"standing_order_id": standing},
        "list_cards": {},
        "freeze_card": {"card_id": cards["active"]},
        "unfreeze_card": {"card_id": cards["frozen"]},
        "replace_card": {"card_id": cards["frozen"], "reason": "lost"},
        "set_card_limit": {"card_id": cards["active"], "daily_limit": 4000},
        "dispute_payment": {"transaction_id": paid, "reason": "charged twice"},
    }


@pytest.mark.parametrize("name", [name for name in SPACE.tools if name != "sign_in"])
def test_every_tool_needs_the_sign_in_and_works_after_it(outside: Session, name: str) -> None:
    arguments = arguments_of(outside)[name]
    assert "call sign_in first" in refused(outside, name, **arguments)
    done(outside, "sign_in", **state(outside)["customer"])
    before = outside.state_hash()
    done(outside, name, **arguments)
    assert (outside.state_hash() != before) is SPACE.tools[name].writes


def test_name_and_pin_have_to_belong_together(outside: Session) -> None:
    customer = state(outside)["customer"]
    wrong = "0000" if customer["pin"] != "0000" else "0001"
    assert "do not belong together" in refused(outside, "sign_in", name=customer["name"], pin=wrong)
    assert "do not belong together" in refused(outside, "sign_in", name="Max Power", pin=customer["pin"])
    assert "pin" in refused(outside, "sign_in", name=customer["name"], pin="12")
    done(outside, "sign_in", name=customer["name"].lower(), pin=customer["pin"])
    assert "already signed in" in refused(outside, "sign_in", **customer)


def test_a_statement_is_newest_first_and_goes_back_as_far_as_asked(bank: Session) -> None:
    account_id = account(bank)["account_id"]
    entries = done(bank, "account_statement", account_id=account_id)["entries"]
    days = [entry["booking_date"] for entry in entries]
    assert days == sorted(days, reverse=True)
    today = date.fromisoformat(bank.scenario.clock[:10])
    newest = (today - date.fromisoformat(days[0])).days
    if newest > 1:
        assert "look back further" in refused(bank, "account_statement", account_id=account_id, last_days=1)
    recent = done(bank, "account_statement", account_id=account_id, last_days=newest)["entries"]
    assert [entry["booking_date"] for entry in recent] == days[:1]
    assert "list_accounts" in refused(bank, "account_statement", account_id="ACC-1")


def test_money_moves_between_own_accounts_and_runs_out(bank: Session) -> None:
    source, target = account(bank), account(bank, "savings")
    ids = {"from_account_id": source["account_id"], "to_account_id": target["account_id"]}
    moved = done(bank, "move_between_accounts", **ids, amount=75)
    assert moved == {
        "from_account": source["name"],
        "to_account": target["name"],
        "from_balance": round(source["balance"] - 75, 2),
        "to_balance": round(target["balance"] + 75, 2),
    }
    assert "too little" in refused(bank, "move_between_accounts", **ids, amount=source["balance"])
    same = {"from_account_id": source["account_id"], "to_account_id": source["account_id"]}
    assert "the same" in refused(bank, "move_between_accounts", **same, amount=1)
    assert "amount" in refused(bank, "move_between_accounts", **ids, amount=-5)
    newest = done(bank, "account_statement", account_id=target["account_id"])["entries"][0]
    assert (newest["direction"], newest["amount"], newest["counterparty"]) == ("incoming", 75, source["name"])


def test_a_pot_is_an_account_that_pays_nobody(bank: Session) -> None:
    pot = done(bank, "open_savings_pot", name="kayak", goal=250)["account_id"]
    assert "already called" in refused(bank, "open_savings_pot", name="kayak")
    done(
        bank,
        "move_between_accounts",
        from_account_id=account(bank)["account_id"],
        to_account_id=pot,
        amount=30,
    )
    assert one(done(bank, "list_accounts")["accounts"], account_id=pot)["balance"] == 30
    payment = {"account_id": pot, "payee_id": payee(bank)["payee_id"], "amount": 5}
    assert "current account" in refused(bank, "pay_payee", **payment)
    assert "current account" in refused(bank, "set_up_standing_order", **payment, day_of_month=1)


def test_a_payee_has_a_valid_iban_and_is_saved_once(bank: Session) -> None:
    assert "check digits" in refused(bank, "add_payee", name="Edda Vogel", iban="DE88370400440532013000")
    new = done(bank, "add_payee", name="Edda Vogel", iban="DE89370400440532013000")
    assert "already among" in refused(bank, "add_payee", name="E. Vogel", iban="DE89370400440532013000")
    known = payee(bank)
    assert "already among" in refused(bank, "add_payee", name=known["name"], iban=draw_iban(Random(1)))
    done(bank, "remove_payee", payee_id=new["payee_id"])
    assert "list_payees" in refused(bank, "remove_payee", payee_id=new["payee_id"])


def test_a_payee_with_a_standing_order_stays(bank: Session) -> None:
    order = done(bank, "list_standing_orders")["standing_orders"][0]
    payee_id = one(done(bank, "list_payees")["payees"], name=order["payee"])["payee_id"]
    assert order["standing_order_id"] in refused(bank, "remove_payee", payee_id=payee_id)
    done(bank, "stop_standing_order", standing_order_id=order["standing_order_id"])
    assert done(bank, "remove_payee", payee_id=payee_id)["removed"] == order["payee"]


def test_a_payment_is_booked_with_its_reference(bank: Session) -> None:
    source, target = account(bank), payee(bank)
    paid = done(
        bank,
        "pay_payee",
        account_id=source["account_id"],
        payee_id=target["payee_id"],
        amount=48.75,
        reference="Birthday present, enjoy",
    )
    assert paid["balance"] == round(source["balance"] - 48.75, 2)
    booked = state(bank)["transactions"][paid["transaction_id"]]
    assert (booked["counterparty"], booked["reference"]) == (target["name"], "Birthday present, enjoy")
    rest = {"account_id": source["account_id"], "payee_id": target["payee_id"], "amount": 19_000}
    assert "too little" in refused(bank, "pay_payee", **rest)
    dispute = {"transaction_id": paid["transaction_id"], "reason": "wrong amount"}
    assert "only a card payment" in refused(bank, "dispute_payment", **dispute)


def test_several_payees_are_all_paid_or_none(bank: Session) -> None:
    source = account(bank)
    ids = [entry["payee_id"] for entry in done(bank, "list_payees")["payees"]][:3]
    paid = done(bank, "pay_each", account_id=source["account_id"], payee_ids=ids, amount=18.5)
    assert paid == {"payments": 3, "total": 55.5, "balance": round(source["balance"] - 55.5, 2)}
    once = {"account_id": source["account_id"], "amount": 2}
    assert "list_payees" in refused(bank, "pay_each", **once, payee_ids=[ids[0], "PYE-1"])
    assert done(bank, "pay_each", **once, payee_ids=[ids[0], ids[0]])["payments"] == 1
    assert "payee_ids" in refused(bank, "pay_each", **once, payee_ids=ids[:1])
    half = {"account_id": source["account_id"], "amount": round(source["balance"] * 0.6, 2)}
    assert "too little" in refused(bank, "pay_each", **half, payee_ids=ids[:2])


def test_a_standing_order_starts_on_the_next_such_day(bank: Session) -> None:
    order = {"account_id": account(bank)["account_id"], "payee_id": payee(bank)["payee_id"], "amount": 30}
    new = done(bank, "set_up_standing_order", **order, day_of_month=28)
    first, today = date.fromisoformat(new["first_payment_on"]), date.fromisoformat(bank.scenario.clock[:10])
    assert first.day == 28
    assert timedelta(0) < first - today <= timedelta(31)
    changed = done(bank, "change_standing_order", standing_order_id=new["standing_order_id"], amount=42.5)
    assert (changed["old_amount"], changed["new_amount"]) == (30, 42.5)
    again = {"standing_order_id": new["standing_order_id"], "amount": 42.5}
    assert "already pays" in refused(bank, "change_standing_order", **again)
    assert "day_of_month" in refused(bank, "set_up_standing_order", **order, day_of_month=31)
    assert "list_standing_orders" in refused(bank, "stop_standing_order", standing_order_id="STO-1")


def test_an_active_card_is_frozen_before_it_is_replaced(bank: Session) -> None:
    old = card(bank, "active")
    assert "freeze_card first" in refused(bank, "replace_card", card_id=old["card_id"], reason="stolen")
    assert "nothing to unfreeze" in refused(bank, "unfreeze_card", card_id=old["card_id"])
    assert done(bank, "freeze_card", card_id=old["card_id"])["status"] == "frozen"
    assert "cannot be frozen" in refused(bank, "freeze_card", card_id=old["card_id"])
    new = done(bank, "replace_card", card_id=old["card_id"], reason="stolen")
    assert "blocked for good" in refused(bank, "unfreeze_card", card_id=old["card_id"])
    found = one(done(bank, "list_cards")["cards"], card_id=new["card_id"])
    assert (found["status"], found["daily_limit"]) == ("active", old["daily_limit"])


def test_a_frozen_card_works_again(bank: Session) -> None:
    assert done(bank, "unfreeze_card", card_id=card(bank, "frozen")["card_id"])["status"] == "active"


def test_a_limit_is_a_new_multiple_of_fifty(bank: Session) -> None:
    found = card(bank, "active")
    same = {"card_id": found["card_id"], "daily_limit": found["daily_limit"]}
    assert "already" in refused(bank, "set_card_limit", **same)
    assert "daily_limit" in refused(bank, "set_card_limit", card_id=found["card_id"], daily_limit=333)
    assert "list_cards" in refused(bank, "set_card_limit", card_id="CRD-1", daily_limit=300)
    done(bank, "set_card_limit", card_id=found["card_id"], daily_limit=5000)


def test_a_payment_is_disputed_once(bank: Session) -> None:
    entries = done(bank, "account_statement", account_id=account(bank)["account_id"])["entries"]
    paid = one(entries, kind="card payment")
    case = {"transaction_id": paid["transaction_id"], "reason": "not recognised"}
    opened = done(bank, "dispute_payment", **case, details="My card was in my pocket the whole time.")
    assert opened["amount"] == paid["amount"]
    assert "already a dispute" in refused(bank, "dispute_payment", **case)
    assert "account_statement" in refused(
        bank, "dispute_payment", transaction_id="TXN-1", reason="charged twice"
    )


def test_drawn_ibans_are_valid_and_a_wrong_digit_is_found() -> None:
    rng = Random(3)
    ibans = [draw_iban(rng) for _ in range(200)]
    assert all(map(valid_iban, ibans))
    assert not any(valid_iban(iban[:-1] + str((int(iban[-1]) + 1) % 10)) for iban in ibans)
