"""What the bank's tools take and give: the types behind their schemas, with what each field refers to."""

from __future__ import annotations

from random import Random
from typing import Annotated, Any, Literal

from pydantic import Field
from typing_extensions import TypedDict

from funreason_plugin.environments import bank_data
from funreason_plugin.environments.marks import Prose, Ref, Values

AccountId = Annotated[str, Ref("account")]
PayeeId = Annotated[str, Ref("payee")]
TransactionId = Annotated[str, Ref("transaction")]
StandingOrderId = Annotated[str, Ref("standing_order")]
CardId = Annotated[str, Ref("card")]

DisputeReason = Literal["not recognised", "charged twice", "goods never came", "wrong amount"]
ReplaceReason = Literal["lost", "stolen", "damaged"]

Payment = Annotated[
    float,
    Field(gt=0, le=20000),
    Values.of([15, 22.4, 35, 48.75, 60, 75, 90, 115.5, 140, 180]),
]
Share = Annotated[float, Field(gt=0, le=2000), Values.of([12, 18.5, 25, 33, 47.25, 52])]
Monthly = Annotated[float, Field(gt=0, le=5000), Values.of([20, 30, 42.5, 55, 70, 95, 130, 210])]
DayOfMonth = Annotated[int, Field(ge=1, le=28)]
Reference = Annotated[str, Field(max_length=140), Prose(bank_data.REFERENCES)]


def new_payee_names(state: dict[str, Any], rng: Random) -> list[str]:
    known = {payee["name"] for payee in state["payees"].values()}
    return [name for name in bank_data.PAYEES if name not in known]


def new_pot_names(state: dict[str, Any], rng: Random) -> list[str]:
    known = {account["name"] for account in state["accounts"].values()}
    return [name for name in bank_data.POTS if name not in known]


def new_iban(state: dict[str, Any], rng: Random) -> str:
    return bank_data.draw_iban(rng)


class SignedIn(TypedDict):
    signed_in_as: str
    accounts: int
    cards: int


class AccountEntry(TypedDict):
    account_id: AccountId
    name: str
    kind: str
    balance: float
    iban: str | None


class Accounts(TypedDict):
    accounts: list[AccountEntry]


class Entry(TypedDict):
    transaction_id: TransactionId
    booking_date: str
    direction: str
    counterparty: str
    amount: float
    kind: str


class Statement(TypedDict):
    entries: list[Entry]
    balance: float


class Disputed(TypedDict):
    case_id: Annotated[str, Ref("dispute")]
    amount: float
    answer_by: str


class PayeeEntry(TypedDict):
    payee_id: PayeeId
    name: str
    iban: str


class Payees(TypedDict):
    payees: list[PayeeEntry]


class NewPayee(TypedDict):
    payee_id: PayeeId
    name: str
    bank_country: str


class RemovedPayee(TypedDict):
    removed: str
    payees_left: int


class Paid(TypedDict):
    transaction_id: TransactionId
    paid_to: str
    balance: float


class PaidEach(TypedDict):
    payments: int
    total: float
    balance: float


class Moved(TypedDict):
    from_account: str
    from_balance: float
    to_account: str
    to_balance: float


class NewPot(TypedDict):
    account_id: AccountId
    name: str
    balance: float


class StandingOrderEntry(TypedDict):
    standing_order_id: StandingOrderId
    payee: str
    from_account: str
    amount: float
    day_of_month: int


class StandingOrders(TypedDict):
    standing_orders: list[StandingOrderEntry]


class NewStandingOrder(TypedDict):
    standing_order_id: StandingOrderId
    first_payment_on: str


class ChangedStandingOrder(TypedDict):
    payee: str
    old_amount: float
    new_amount: float


class StoppedStandingOrder(TypedDict):
    payee: str
    amount: float


class CardEntry(TypedDict):
    card_id: CardId
    kind: str
    ending: str
    account: str
    status: str
    daily_limit: int


class Cards(TypedDict):
    cards: list[CardEntry]


class CardStatus(TypedDict):
    kind: str
    ending: str
    status: str


class NewCard(TypedDict):
    card_id: CardId
    ending: str
    arrives_on: str


class CardLimit(TypedDict):
    kind: str
    old_limit: int
    new_limit: int
