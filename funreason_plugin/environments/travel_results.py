"""What the tools of `travel` take and return: entity marks, argument types, result types."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field
from typing_extensions import TypedDict

from funreason_plugin.environments.marks import Ref, Values

Cabin = Literal["economy", "business"]
BagKind = Literal[
    "ordinary luggage", "ski equipment", "diving equipment", "golf equipment", "musical equipment"
]
Origin = Annotated[str, Ref("city", known=True), Values.state("flights.*.origin")]
Destination = Annotated[str, Ref("city", known=True), Values.state("flights.*.destination")]
TravelDate = Annotated[
    str, Ref("date", known=True), Values.state("dates[]"), Field(json_schema_extra={"format": "date"})
]
FlightId = Annotated[str, Ref("flight")]
HoldId = Annotated[str, Ref("hold")]
SourceId = Annotated[str, Ref("payment_source")]
TicketId = Annotated[str, Ref("ticket")]
Seat = Annotated[str, Ref("seat")]
OptionId = Annotated[str, Ref("rebooking_option")]
Amenity = Literal[
    "gym access", "pool access", "sauna access", "parking", "airport transfer", "laundry service"
]
HotelId = Annotated[str, Ref("hotel")]
RateId = Annotated[str, Ref("room_rate")]
StayId = Annotated[str, Ref("stay")]
HotelCity = Annotated[str, Ref("city", known=True), Values.state("hotels.*.city")]


class SelectedTraveller(TypedDict):
    traveller: str
    home_city: str
    tier: str
    points: int


class FlightOffer(TypedDict):
    flight_id: FlightId
    carrier: str
    departs: str
    arrives: str
    duration_minutes: int
    price: float
    business_price: float
    seats_left: int


class FlightOffers(TypedDict):
    flights: list[FlightOffer]


class FlightConditions(TypedDict):
    carrier: str
    aircraft: str
    cabin_bags: int
    bag_price: float
    change_fee: float
    refundable: bool
    refund_fee: float | None
    wifi: bool


class NewHold(TypedDict):
    hold_id: HoldId
    price: float
    expires: str


class PaymentSource(TypedDict):
    source_id: SourceId
    label: str
    kind: str
    balance: float


class PaymentSources(TypedDict):
    sources: list[PaymentSource]


class PaidTicket(TypedDict):
    ticket_id: TicketId
    charged: float
    left: float
    points_earned: int


class AwardTicket(TypedDict):
    ticket_id: TicketId
    points_used: int
    points_left: int


class TicketRow(TypedDict):
    ticket_id: TicketId
    flight: str  # the flight's id; unmarked, so that it is spoken of as "the flight of that ticket"
    carrier: str
    origin: str
    destination: str
    departs: str
    cabin: str
    price: float
    seat: str


class TicketRows(TypedDict):
    tickets: list[TicketRow]


class FreeSeat(TypedDict):
    seat: Seat
    row: int
    position: str
    legroom: int


class SeatMap(TypedDict):
    cabin: str
    seats: list[FreeSeat]


class AssignedSeat(TypedDict):
    passenger: str
    row: int
    position: str


class Bag(TypedDict):
    kind: Annotated[BagKind, Field(description="What is in it.")]
    weight: Annotated[
        int,
        Field(ge=1, le=32, description="Weight in kilograms."),
        Values.of([12, 15, 18, 20, 21, 23, 26, 28, 30]),
    ]


class AddedBags(TypedDict):
    charged: float
    left: float
    bags_in_total: int


class RebookingOption(TypedDict):
    option_id: OptionId
    carrier: str
    departs: str
    arrives: str
    extra_cost: float


class RebookingOptions(TypedDict):
    options: list[RebookingOption]


class RebookedTicket(TypedDict):
    carrier: str
    departs: str
    charged: float
    left: float


class Refund(TypedDict):
    refunded: float
    fee: float
    returned_to: str


class HotelRow(TypedDict):
    hotel_id: HotelId
    name: str
    star_category: int
    rating: float
    distance_km: float
    price_from: float
    amenities: list[str]


class HotelRows(TypedDict):
    hotels: list[HotelRow]


class RoomRate(TypedDict):
    rate_id: RateId
    room: str
    board: str
    nightly_price: float
    free_cancellation: bool


class RoomRates(TypedDict):
    hotel: str
    rates: list[RoomRate]


class NewStay(TypedDict):
    stay_id: StayId
    hotel: str
    check_out: str
    total: float
    left: float


class StayRow(TypedDict):
    stay_id: StayId
    hotel: str
    city: str
    room: str
    board: str
    start_date: str
    nights: int
    total: float


class StayRows(TypedDict):
    stays: list[StayRow]


class CancelledStay(TypedDict):
    hotel: str
    refunded: float
    fee: float
    returned_to: str


class DeliveredMessage(TypedDict):
    hotel: str
    messages_sent: int
