"""What the shop's tools take and give: the types behind their schemas, with what each field refers to."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field
from typing_extensions import NotRequired, TypedDict

from funreason_plugin.environments.marks import Ref, Values

ProductId = Annotated[str, Ref("product")]
OrderId = Annotated[str, Ref("order")]
AddressId = Annotated[str, Ref("address")]
PaymentId = Annotated[str, Ref("payment_method")]
ReturnId = Annotated[str, Ref("return")]
TrackingNumber = Annotated[str, Ref("parcel")]
VoucherCode = Annotated[str, Ref("voucher")]
Title = Annotated[str, Ref("product_title", known=True)]
Quantity = Annotated[int, Field(ge=1, le=10), Values.of([2, 3, 4])]

Status = Literal["processing", "on its way", "delivered", "cancelled"]
Delivery = Literal["standard", "express", "parcel locker"]
Weekday = Literal["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"]
Window = Literal["morning", "afternoon", "evening"]
CancelReason = Literal["ordered it by mistake", "found it cheaper", "need it sooner", "changed my mind"]
ReturnReason = Literal["damaged", "the wrong item", "not as described", "no longer needed"]


class FoundProduct(TypedDict):
    product_id: ProductId
    title: Title
    brand: str
    price: float
    rating: float
    stock: int


class Shelf(TypedDict):
    products: list[FoundProduct]


class ProductPage(TypedDict):
    product_id: ProductId
    title: str
    brand: str
    category: str
    price: float
    rating: float
    stock: int


class ReviewEntry(TypedDict):
    author: str
    stars: int
    comment: str
    review_date: str


class Reviews(TypedDict):
    average_stars: float
    reviews: list[ReviewEntry]


class CartLine(TypedDict):
    product_id: ProductId
    title: Title
    quantity: int
    price_each: float


class Cart(TypedDict):
    lines: list[CartLine]
    subtotal: float
    voucher_percent: int
    discount: float
    total: float


class CartChange(TypedDict):
    title: str
    pieces_in_cart: int
    subtotal: float


class VoucherEntry(TypedDict):
    voucher_code: VoucherCode
    discount: int
    minimum_spend: int
    last_day: str


class Vouchers(TypedDict):
    vouchers: list[VoucherEntry]


class Redeemed(TypedDict):
    percent_off: int
    saved: float
    total: float


class SavedAddress(TypedDict):
    address_id: AddressId
    name: str
    street: str
    postcode: str
    city: str


class SavedAddresses(TypedDict):
    addresses: list[SavedAddress]


class NewAddress(TypedDict):
    address_id: AddressId
    postcode: str


class WayToPay(TypedDict):
    payment_id: PaymentId
    kind: str
    ending: str
    available_balance: float


class Wallet(TypedDict):
    payment_methods: list[WayToPay]


class Receipt(TypedDict):
    order_id: OrderId
    total: float
    delivery_fee: float
    arrives_on: str
    left_to_spend: float
    confirmation_sent_to: str


class Purchase(TypedDict):
    order_id: OrderId
    order_date: str
    status: str
    first_item: str
    total: float


class Purchases(TypedDict):
    orders: list[Purchase]


class PurchaseLine(TypedDict):
    product_id: ProductId
    title: Title
    quantity: int
    price_each: float


class PurchasePage(TypedDict):
    status: str
    order_date: str
    arrival: str
    delivered_to: str
    carrier: str | None
    tracking_number: TrackingNumber | None
    lines: list[PurchaseLine]
    total: float


class Parcel(TypedDict):
    carrier: str
    status: str
    last_seen: str
    arrival: str


class Cancelled(TypedDict):
    status: str
    refund: float
    refunded_to: str


class Received(TypedDict):
    status: str
    return_until: str


class ReturnItem(TypedDict):
    product_id: Annotated[str, Ref("product"), Field(description="A product of that order.")]
    quantity: NotRequired[
        Annotated[
            int,
            Field(ge=1, le=10, description="How many pieces come back; left out: all of them."),
            Values.of([1, 2]),
        ]
    ]


class OpenedReturn(TypedDict):
    return_id: ReturnId
    refund: float
    send_back_until: str


class Pickup(TypedDict):
    pickup_on: str
    window: str
    collected_from: str


class Rated(TypedDict):
    title: str
    stars: int
    ratings_by_customer: int
