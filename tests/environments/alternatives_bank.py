"""The bank: right and wrong solutions of the same requests, written by hand."""

from __future__ import annotations

from funreason_plugin.environments.bank_data import valid_iban
from tests.environments.desk import Case, Desk, Record, State, in_turn, one


def sign_in(desk: Desk) -> None:
    desk("sign_in", name=desk.start["customer"]["name"], pin=desk.start["customer"]["pin"])


def wrong_pin(desk: Desk) -> None:
    pin = f"{(int(desk.start['customer']['pin']) + 1) % 10000:04d}"
    desk("sign_in", name=desk.start["customer"]["name"], pin=pin)


def current(state: State) -> Record:
    """The richest current account, with its id."""
    found = [{"id": key, **item} for key, item in state["accounts"].items() if item["kind"] == "current"]
    return max(found, key=lambda item: float(item["balance"]))


def savings(state: State) -> Record:
    return next({"id": key, **item} for key, item in state["accounts"].items() if item["kind"] == "savings")


def names(state: State) -> list[str]:
    return [payee["name"] for payee in state["payees"].values()]


def account(desk: Desk, name: str = "") -> str:
    wanted = name or current(desk.start)["name"]
    return str(one(desk("list_accounts")["accounts"], name=wanted)["account_id"])


def payee(desk: Desk, rank: int = 0) -> str:
    return str(one(desk("list_payees")["payees"], name=names(desk.start)[rank])["payee_id"])


# -- one payment ----------------------------------------------------------------------------------------------

DINNER = "Dinner on the 14th, thank you"


def solvent(state: State) -> bool:
    return bool(current(state)["balance"] > 800 and savings(state)["balance"] > 800)


def pay(desk: Desk, rank: int = 0, amount: float = 75, reference: str = DINNER) -> None:
    sign_in(desk)
    desk(
        "pay_payee", account_id=account(desk), payee_id=payee(desk, rank), amount=amount, reference=reference
    )


def pay_payee_first(desk: Desk) -> None:
    sign_in(desk)
    payee_id = payee(desk)
    desk("pay_payee", account_id=account(desk), payee_id=payee_id, amount=75, reference=DINNER)


def pay_from_savings_first(desk: Desk) -> None:
    sign_in(desk)
    payee_id, saved = payee(desk), account(desk, savings(desk.start)["name"])
    desk("pay_payee", account_id=saved, payee_id=payee_id, amount=75, reference=DINNER)
    desk("pay_payee", account_id=account(desk), payee_id=payee_id, amount=75, reference=DINNER)


def pay_too_much_first(desk: Desk) -> None:
    sign_in(desk)
    account_id, payee_id = account(desk), payee(desk)
    desk("pay_payee", account_id=account_id, payee_id=payee_id, amount=7500, reference=DINNER)
    desk("pay_payee", account_id=account_id, payee_id=payee_id, amount=75, reference=DINNER)


def pay_there_and_back(desk: Desk) -> None:
    """Money moved besides: it is back where it was, but it was booked."""
    pay(desk)
    mine, saved = account(desk), account(desk, savings(desk.start)["name"])
    desk("move_between_accounts", from_account_id=mine, to_account_id=saved, amount=10)
    desk("move_between_accounts", from_account_id=saved, to_account_id=mine, amount=10)


PAY = Case(
    "Sign me in and pay 75 euros to my first payee from the current account, with a line about dinner on the 14th.",
    solvent,
    pay,
    {
        "payees looked up first": pay_payee_first,
        "the reference in other words": lambda desk: pay(desk, reference="Thanks for the evening (14 May)"),
        "the amount with decimals": lambda desk: pay(desk, amount=75.00),
        "a wrong PIN first": in_turn(wrong_pin, pay),
        "accounts asked for before signing in": in_turn(lambda desk: desk("list_accounts"), pay),
        "signed in twice": in_turn(sign_in, pay),
        "a savings account refused first": pay_from_savings_first,
        "too large an amount first": pay_too_much_first,
        "cards and standing orders looked at": in_turn(
            pay, lambda desk: desk("list_cards"), lambda desk: desk("list_standing_orders")
        ),
    },
    {
        "another payee": lambda desk: pay(desk, rank=1),
        "another amount": lambda desk: pay(desk, amount=57),
        "no reference": lambda desk: pay(desk, reference=""),
        "a reference without the day": lambda desk: pay(desk, reference="Dinner, thank you"),
        "paid twice": in_turn(pay, pay),
        "only signed in": sign_in,
        "nothing": lambda desk: None,
        "money moved besides": pay_there_and_back,
    },
)


# -- several payments -----------------------------------------------------------------------------------------


def pay_both(desk: Desk, amount: float = 18.5, ranks: tuple[int, ...] = (0, 1)) -> None:
    sign_in(desk)
    payees = [payee(desk, rank) for rank in ranks]
    desk("pay_each", account_id=account(desk), payee_ids=payees, amount=amount)


def pay_one_by_one(desk: Desk, ranks: tuple[int, ...] = (0, 1)) -> None:
    sign_in(desk)
    for rank in ranks:
        desk("pay_payee", account_id=account(desk), payee_id=payee(desk, rank), amount=18.5)


def pay_an_unknown_first(desk: Desk) -> None:
    """All or none: the payment beside the unknown payee is not made."""
    sign_in(desk)
    desk("pay_each", account_id=account(desk), payee_ids=[payee(desk), "PYE-1"], amount=18.5)
    pay_both(desk)


def pay_too_much_to_both_first(desk: Desk) -> None:
    pay_both(desk, amount=1900)
    pay_both(desk)


PAY_BOTH = Case(
    "Pay 18.50 euros each to my first and my second payee.",
    lambda state: 800 < current(state)["balance"] < 3800,
    pay_both,
    {
        "the other way round": lambda desk: pay_both(desk, ranks=(1, 0)),
        "one after the other": pay_one_by_one,
        "one after the other, the second first": lambda desk: pay_one_by_one(desk, (1, 0)),
        "an unknown payee beside a good one first": pay_an_unknown_first,
        "too much first": pay_too_much_to_both_first,
    },
    {
        "another amount": lambda desk: pay_both(desk, amount=15.8),
        "one only": lambda desk: pay_one_by_one(desk, (0,)),
        "one twice": lambda desk: pay_one_by_one(desk, (0, 1, 1)),
        "another payee": lambda desk: pay_both(desk, ranks=(0, 2)),
    },
)


# -- a pot ----------------------------------------------------------------------------------------------------


def open_pot(desk: Desk, name: str = "winter trip", goal: float = 600) -> str:
    return str(desk("open_savings_pot", name=name, goal=goal).get("account_id"))


def move(desk: Desk, source: str, target: str, amount: float = 90) -> None:
    desk("move_between_accounts", from_account_id=source, to_account_id=target, amount=amount)


def set_aside(desk: Desk, amount: float = 90, name: str = "winter trip", goal: float = 600) -> None:
    sign_in(desk)
    move(desk, account(desk, savings(desk.start)["name"]), open_pot(desk, name, goal), amount)


def set_aside_pot_first(desk: Desk) -> None:
    sign_in(desk)
    pot = open_pot(desk)
    move(desk, account(desk, savings(desk.start)["name"]), pot)


def set_aside_by_the_list(desk: Desk) -> None:
    sign_in(desk)
    open_pot(desk)
    accounts = desk("list_accounts")["accounts"]
    source = one(accounts, name=savings(desk.start)["name"])["account_id"]
    move(desk, source, one(accounts, name="winter trip")["account_id"])


def set_aside_name_taken_first(desk: Desk) -> None:
    sign_in(desk)
    open_pot(desk, savings(desk.start)["name"])
    move(desk, account(desk, savings(desk.start)["name"]), open_pot(desk))


def set_aside_from_the_pot_first(desk: Desk) -> None:
    """The pot is empty, so the wrong direction is refused."""
    sign_in(desk)
    saved, pot = account(desk, savings(desk.start)["name"]), open_pot(desk)
    move(desk, pot, saved)
    move(desk, saved, pot)


POT = Case(
    "Open a pot winter trip with a goal of 600 euros and put 90 euros from my savings in.",
    solvent,
    set_aside,
    {
        "the pot before the look-up": set_aside_pot_first,
        "the pot's id from the list": set_aside_by_the_list,
        "a name that is taken first": set_aside_name_taken_first,
        "the wrong direction refused first": set_aside_from_the_pot_first,
    },
    {
        "no goal": lambda desk: set_aside(desk, goal=0),
        "another name": lambda desk: set_aside(desk, name="winter trips"),
        "another amount": lambda desk: set_aside(desk, amount=100),
        "only opened": in_turn(sign_in, open_pot),
    },
)


# -- a new payee ----------------------------------------------------------------------------------------------

IBAN = "DE89370400440532013000"
assert valid_iban(IBAN)


def add(desk: Desk, iban: str = IBAN) -> str:
    return str(desk("add_payee", name="Edda Vogel", iban=iban).get("payee_id"))


def monthly(desk: Desk, amount: float = 42.5, day: int = 15) -> None:
    sign_in(desk)
    account_id, payee_id = account(desk), add(desk)
    desk("set_up_standing_order", account_id=account_id, payee_id=payee_id, amount=amount, day_of_month=day)


def monthly_by_the_list(desk: Desk) -> None:
    sign_in(desk)
    add(desk)
    payee_id = one(desk("list_payees")["payees"], name="Edda Vogel")["payee_id"]
    desk("set_up_standing_order", account_id=account(desk), payee_id=payee_id, amount=42.5, day_of_month=15)


def monthly_misspelt_first(desk: Desk) -> None:
    sign_in(desk)
    add(desk, IBAN[:-1] + "1")
    payee_id = add(desk)
    desk("set_up_standing_order", account_id=account(desk), payee_id=payee_id, amount=42.5, day_of_month=15)


def monthly_then_changed(desk: Desk) -> None:
    monthly(desk, amount=30)
    order_id = one(desk("list_standing_orders")["standing_orders"], payee="Edda Vogel")["standing_order_id"]
    desk("change_standing_order", standing_order_id=order_id, amount=42.5)


def monthly_stopped_and_set_up_again(desk: Desk) -> None:
    monthly(desk, day=1)
    desk("stop_standing_order", standing_order_id=desk.outputs[-1]["standing_order_id"])
    payee_id = one(desk("list_payees")["payees"], name="Edda Vogel")["payee_id"]
    desk("set_up_standing_order", account_id=account(desk), payee_id=payee_id, amount=42.5, day_of_month=15)


def known_payee(desk: Desk) -> None:
    sign_in(desk)
    add(desk)
    desk(
        "set_up_standing_order", account_id=account(desk), payee_id=payee(desk), amount=42.5, day_of_month=15
    )


MONTHLY = Case(
    "Add Edda Vogel as a payee and pay her 42.50 euros on the 15th of each month.",
    lambda state: "Edda Vogel" not in names(state),
    monthly,
    {
        "the payee's id from the list": monthly_by_the_list,
        "a misspelt IBAN refused first": monthly_misspelt_first,
        "another amount, then changed": monthly_then_changed,
        "another day, stopped and set up again": monthly_stopped_and_set_up_again,
    },
    {
        "another amount": lambda desk: monthly(desk, amount=45.2),
        "another day": lambda desk: monthly(desk, day=5),
        "another payee": known_payee,
        "only added": in_turn(sign_in, add),
    },
)
