"""The bank's cards, standing orders and disputes: right and wrong solutions, written by hand."""

from __future__ import annotations

from tests.environments.alternatives_bank import (
    MONTHLY,
    PAY,
    PAY_BOTH,
    POT,
    account,
    current,
    sign_in,
)
from tests.environments.desk import Case, Desk, Record, State, in_turn, one

# -- a stolen card --------------------------------------------------------------------------------------------


def cards_work(state: State) -> bool:
    return all(card["status"] == "active" for card in state["cards"].values())


def card(desk: Desk, kind: str = "credit") -> str:
    return str(one(desk("list_cards")["cards"], kind=kind, status="active")["card_id"])


def replace(desk: Desk, card_id: str, reason: str = "stolen") -> str:
    return str(desk("replace_card", card_id=card_id, reason=reason).get("card_id"))


def limit(desk: Desk, card_id: str, daily_limit: int = 300) -> None:
    desk("set_card_limit", card_id=card_id, daily_limit=daily_limit)


def stolen(desk: Desk, kind: str = "credit", reason: str = "stolen", daily_limit: int = 300) -> None:
    sign_in(desk)
    old = card(desk, kind)
    desk("freeze_card", card_id=old)
    limit(desk, replace(desk, old, reason), daily_limit)


def stolen_not_frozen_first(desk: Desk) -> None:
    sign_in(desk)
    old = card(desk)
    replace(desk, old)
    desk("freeze_card", card_id=old)
    limit(desk, replace(desk, old))


def stolen_by_the_list(desk: Desk) -> None:
    sign_in(desk)
    old = card(desk)
    desk("freeze_card", card_id=old)
    replace(desk, old)
    limit(desk, card(desk))


def stolen_frozen_twice(desk: Desk) -> None:
    sign_in(desk)
    old = card(desk)
    for tool in ("freeze_card", "freeze_card", "unfreeze_card", "freeze_card"):
        desk(tool, card_id=old)
    limit(desk, replace(desk, old))


def stolen_other_limit_first(desk: Desk) -> None:
    stolen(desk, daily_limit=800)
    limit(desk, card(desk))


def stolen_the_other_card_frozen_first(desk: Desk) -> None:
    sign_in(desk)
    other = card(desk, "debit")
    desk("freeze_card", card_id=other)
    desk("unfreeze_card", card_id=other)
    stolen(desk)


def limit_on_the_old_card(desk: Desk) -> None:
    sign_in(desk)
    old = card(desk)
    limit(desk, old)
    desk("freeze_card", card_id=old)
    replace(desk, old)


def only_frozen(desk: Desk) -> None:
    sign_in(desk)
    desk("freeze_card", card_id=card(desk))


STOLEN = Case(
    "My credit card is stolen: freeze and replace it, and give the new one a limit of 300 euros.",
    cards_work,
    stolen,
    {
        "replaced before it is frozen, which is refused": stolen_not_frozen_first,
        "the new card's id from the list": stolen_by_the_list,
        "frozen, refused, unfrozen and frozen again": stolen_frozen_twice,
        "another limit first": stolen_other_limit_first,
        "the other card frozen and unfrozen": stolen_the_other_card_frozen_first,
    },
    {
        "another card": lambda desk: stolen(desk, kind="debit"),
        "lost, not stolen": lambda desk: stolen(desk, reason="lost"),
        "another limit": lambda desk: stolen(desk, daily_limit=350),
        "the limit on the old card": limit_on_the_old_card,
        "only frozen": only_frozen,
    },
)


# -- an end with a payee --------------------------------------------------------------------------------------


def standing(state: State) -> Record:
    """The first standing order and its payee's name."""
    order = next(iter(state["standing_orders"].values()))
    return {**order, "payee": state["payees"][order["payee_id"]]["name"]}


def standing_order(desk: Desk, rank: int = 0) -> str:
    return str(desk("list_standing_orders")["standing_orders"][rank]["standing_order_id"])


def payee_of_order(desk: Desk) -> str:
    return str(one(desk("list_payees")["payees"], name=standing(desk.start)["payee"])["payee_id"])


def end(desk: Desk) -> None:
    sign_in(desk)
    desk("stop_standing_order", standing_order_id=standing_order(desk))
    desk("remove_payee", payee_id=payee_of_order(desk))


def end_looked_up_first(desk: Desk) -> None:
    sign_in(desk)
    payee_id, order_id = payee_of_order(desk), standing_order(desk)
    desk("stop_standing_order", standing_order_id=order_id)
    desk("remove_payee", payee_id=payee_id)


def end_too_early(desk: Desk) -> None:
    sign_in(desk)
    desk("remove_payee", payee_id=payee_of_order(desk))
    desk("stop_standing_order", standing_order_id=standing_order(desk))
    desk("remove_payee", payee_id=payee_of_order(desk))


def end_changed_first(desk: Desk) -> None:
    sign_in(desk)
    desk("change_standing_order", standing_order_id=standing_order(desk), amount=33.5)
    desk("stop_standing_order", standing_order_id=standing_order(desk))
    desk("remove_payee", payee_id=payee_of_order(desk))


END = Case(
    "Stop my first standing order and remove the one it went to from my payees.",
    lambda state: True,
    end,
    {
        "both looked up first": end_looked_up_first,
        "removed too early, which is refused": end_too_early,
        "changed before it is stopped": end_changed_first,
    },
    {
        "only stopped": in_turn(
            sign_in, lambda desk: desk("stop_standing_order", standing_order_id=standing_order(desk))
        ),
        "the other standing order": in_turn(
            sign_in, lambda desk: desk("stop_standing_order", standing_order_id=standing_order(desk, 1))
        ),
    },
)


# -- a dispute ------------------------------------------------------------------------------------------------

DETAILS = "I have the receipt, it says 12 euros."


def paid_by_card(state: State) -> bool:
    mine = current(state)["id"]
    entries = [entry for entry in state["transactions"].values() if entry["account_id"] == mine]
    return {entry["kind"] for entry in entries} >= {"card payment", "direct debit"}


def entries(desk: Desk, last_days: int = 30, kind: str = "card payment") -> list[Record]:
    found = desk("account_statement", account_id=account(desk), last_days=last_days)["entries"]
    return sorted(
        (entry for entry in found if entry["kind"] == kind), key=lambda entry: float(entry["amount"])
    )


def object_to(desk: Desk, entry: Record, reason: str = "wrong amount", details: str = DETAILS) -> None:
    desk("dispute_payment", transaction_id=entry["transaction_id"], reason=reason, details=details)


def dispute(desk: Desk, rank: int = -1, reason: str = "wrong amount", details: str = DETAILS) -> None:
    sign_in(desk)
    object_to(desk, entries(desk)[rank], reason, details)


def dispute_over_90_days(desk: Desk) -> None:
    sign_in(desk)
    object_to(desk, entries(desk, last_days=90)[-1])


def dispute_a_debit_first(desk: Desk) -> None:
    sign_in(desk)
    object_to(desk, entries(desk, kind="direct debit")[0])
    object_to(desk, entries(desk)[-1])


DISPUTE = Case(
    "Dispute the largest card payment of my current account: the amount is wrong, the receipt says 12 euros.",
    paid_by_card,
    dispute,
    {
        "a longer look back": dispute_over_90_days,
        "a direct debit refused first": dispute_a_debit_first,
        "details in other words": lambda desk: dispute(
            desk, details="It should be 12 euros, as on the receipt"
        ),
        "asked again, which is refused": in_turn(
            dispute, lambda desk: object_to(desk, entries(desk)[-1], "charged twice")
        ),
    },
    {
        "another payment": lambda desk: dispute(desk, rank=0),
        "another reason": lambda desk: dispute(desk, reason="not recognised"),
        "no details": lambda desk: dispute(desk, details=""),
        "details without the amount": lambda desk: dispute(desk, details="The receipt says less."),
    },
)


# -- a question -----------------------------------------------------------------------------------------------


def balance(desk: Desk) -> None:
    sign_in(desk)
    desk("account_statement", account_id=account(desk))


QUESTION = Case(
    "What is left on my current account?",
    lambda state: True,
    balance,
    {"from the list of accounts": in_turn(sign_in, lambda desk: desk("list_accounts"))},
    {"not looked up": sign_in},
    needed=("balance",),
)

CASES = (PAY, PAY_BOTH, POT, STOLEN, END, MONTHLY, DISPUTE, QUESTION)
