"""Tools of `travel` for hotels: search, rates, booking, cancelling, a message to the hotel."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from pydantic import Field

from funreason_plugin.environments.environment import ToolError, tool
from funreason_plugin.environments.marks import Prose, Values
from funreason_plugin.environments.travel_data import HOTEL_NOTES
from funreason_plugin.environments.travel_records import Hotel, nightly_price
from funreason_plugin.environments.travel_results import (
    Amenity,
    CancelledStay,
    DeliveredMessage,
    HotelCity,
    HotelId,
    HotelRow,
    HotelRows,
    NewStay,
    RateId,
    RoomRate,
    RoomRates,
    SourceId,
    StayId,
    StayRow,
    StayRows,
    TravelDate,
)
from funreason_plugin.environments.travel_tickets import TicketDesk


class HotelDesk(TicketDesk):
    """Hotel rooms."""

    @tool(
        ask=(
            "find hotels in {city}[ with at least {min_stars} stars][ that offer {amenity}]",
            "look for a place to stay in {city}[ with {min_stars} stars or more][, one that offers {amenity}]",
            "see which hotels there are in {city}[ from {min_stars} stars upwards][ with {amenity} on offer]",
            "search {city} for hotels[ of at least {min_stars} stars][ that provide {amenity}]",
        ),
        noun="hotel in {city}[ with at least {min_stars} stars][ that offers {amenity}]",
        tell="{hotels[]: {name} has {star_category} stars, is rated {rating} and costs from {price_from} EUR a night}",
        reports=("hotels[].name", "hotels[].rating", "hotels[].price_from"),
    )
    def search_hotels(
        self,
        city: HotelCity,
        min_stars: Annotated[int, Field(ge=1, le=5), Values.of([2, 3, 4])] = 1,
        amenity: Amenity | None = None,
    ) -> HotelRows:
        """Search the hotels of a city, best guest rating first.

        Every hotel comes with its id, name, star category, guest rating (out of 10), distance to the centre in
        kilometres, lowest price for a night in EUR, and amenities.

        Args:
            city: City to stay in.
            min_stars: Only hotels with this many stars or more.
            amenity: Only hotels that offer this.
        """
        place = self._city(city)
        rows = [
            self._hotel_row(hotel_id, hotel)
            for hotel_id, hotel in self.hotels.items()
            if hotel["city"] == place
            and hotel["stars"] >= min_stars
            and (amenity is None or amenity in hotel["amenities"])
        ]
        if not rows:
            raise ToolError(
                f"No hotel in {place} has {min_stars} stars or more"
                + (f" and offers {amenity}" if amenity else "")
                + "; ask for fewer stars or no amenity."
            )
        return {"hotels": sorted(rows, key=lambda row: -row["rating"])}

    def _hotel_row(self, hotel_id: str, hotel: Hotel) -> HotelRow:
        prices = [nightly_price(hotel, room, board, free) for room, board, free in hotel["rates"].values()]
        return {
            "hotel_id": hotel_id,
            "name": hotel["name"],
            "star_category": hotel["stars"],
            "rating": hotel["rating"],
            "distance_km": hotel["distance_km"],
            "price_from": min(prices),
            "amenities": hotel["amenities"],
        }

    @tool(
        ask=(
            "list the room rates of {hotel_id}",
            "see what rooms cost at {hotel_id}",
            "check which rooms {hotel_id} has and at what price",
            "show me the rates at {hotel_id}",
        ),
        noun="room rate[ at {hotel_id}]",
        tell="{rates[]: a {room} with {board} costs {nightly_price} EUR a night}",
        reports=("rates[].room", "rates[].board", "rates[].nightly_price"),
    )
    def list_room_rates(self, hotel_id: HotelId) -> RoomRates:
        """List the room rates of a hotel, cheapest first.

        Every rate comes with its id, room, board, price for a night in EUR, and whether cancelling is free.

        Args:
            hotel_id: Id of the hotel, as given by search_hotels.
        """
        if hotel_id not in self.hotels:
            raise ToolError(f"No hotel has the id {hotel_id!r}; take it from the result of search_hotels.")
        hotel = self.hotels[hotel_id]
        rates: list[RoomRate] = [
            {
                "rate_id": rate_id,
                "room": room,
                "board": board,
                "nightly_price": nightly_price(hotel, room, board, free),
                "free_cancellation": free,
            }
            for rate_id, (room, board, free) in hotel["rates"].items()
        ]
        return {"hotel": hotel["name"], "rates": sorted(rates, key=lambda rate: rate["nightly_price"])}

    @tool(
        writes=True,
        ask=(
            "book {rate_id} from {arrival_date} for {nights} nights and pay with {source_id}",
            "reserve {rate_id} for {nights} nights starting on {arrival_date}, charged to {source_id}",
            "take {rate_id} as of {arrival_date}, staying {nights} nights, paid from {source_id}",
            "get {rate_id} for an arrival on {arrival_date} and a stay of {nights} nights, using {source_id}",
        ),
        noun="stay",
        tell="{hotel} is booked until {check_out} under {stay_id}; it costs {total} EUR and {left} EUR are left.",
        reports=("stay_id", "total", "left"),
    )
    def reserve_room(
        self,
        rate_id: RateId,
        arrival_date: TravelDate,
        nights: Annotated[int, Field(ge=1, le=14), Values.of([2, 3, 4, 5])],
        source_id: SourceId,
    ) -> NewStay:
        """Book a hotel room at a given rate and pay for the whole stay. The owner of the payment source stays there.

        Returns the id of the stay, the day of check-out, the total price and the amount left on the payment
        source in EUR.

        Args:
            rate_id: Id of the room rate, as given by list_room_rates.
            arrival_date: Day of arrival, YYYY-MM-DD.
            nights: Number of nights.
            source_id: Id of the payment source, as given by list_payment_sources.
        """
        hotel_id = next((key for key, hotel in self.hotels.items() if rate_id in hotel["rates"]), None)
        if hotel_id is None:
            raise ToolError(
                f"No room rate has the id {rate_id!r}; take it from the result of list_room_rates."
            )
        if source_id not in self.sources:
            raise ToolError(f"No payment source has the id {source_id!r}; see list_payment_sources.")
        hotel, day, guest = self.hotels[hotel_id], self._date(arrival_date), self.sources[source_id]["owner"]
        total = round(nights * nightly_price(hotel, *hotel["rates"][rate_id]), 2)
        left = self._charge(source_id, guest, total)
        stay_id = self.new_id("ST", taken=self.stays)
        self.stays[stay_id] = {
            "traveller": guest,
            "hotel_id": hotel_id,
            "rate_id": rate_id,
            "check_in": day.isoformat(),
            "nights": nights,
            "total": total,
            "source_id": source_id,
            "messages": [],
        }
        check_out = (day + timedelta(days=nights)).isoformat()
        return {
            "stay_id": stay_id,
            "hotel": hotel["name"],
            "check_out": check_out,
            "total": total,
            "left": left,
        }

    @tool(
        ask=(
            "list the traveller's hotel stays",
            "show me which hotels are booked",
            "look up the hotel bookings of the traveller",
            "check where rooms are reserved",
        ),
        noun="stay",
        tell="{stays[]: {hotel} in {city} from {start_date} (nights: {nights}) for {total} EUR}",
        reports=("stays[].hotel", "stays[].city", "stays[].start_date", "stays[].nights"),
    )
    def list_stays(self) -> StayRows:
        """List the hotel stays of the selected traveller, in order of check-in.

        Every stay comes with its id, hotel, city, room, board, day of check-in, number of nights and total
        price in EUR. Needs a selected traveller.
        """
        owner = self._selected()
        rows: list[StayRow] = []
        for stay_id, stay in self.stays.items():
            if stay["traveller"] == owner:
                hotel = self.hotels[stay["hotel_id"]]
                room, board, _ = hotel["rates"][stay["rate_id"]]
                rows.append(
                    {
                        "stay_id": stay_id,
                        "hotel": hotel["name"],
                        "city": hotel["city"],
                        "room": room,
                        "board": board,
                        "start_date": stay["check_in"],
                        "nights": stay["nights"],
                        "total": stay["total"],
                    }
                )
        return {"stays": sorted(rows, key=lambda row: (row["start_date"], row["stay_id"]))}

    @tool(
        writes=True,
        ask=(
            "cancel {stay_id}",
            "call off {stay_id}",
            "drop {stay_id} and have the money returned",
            "give up {stay_id}",
        ),
        tell="The stay at {hotel} is cancelled: {refunded} EUR go back to {returned_to}, the fee was {fee} EUR.",
        reports=("hotel", "refunded", "returned_to"),
    )
    def cancel_stay(self, stay_id: StayId) -> CancelledStay:
        """Cancel a hotel stay. Without free cancellation, the price of one night is kept as a fee.

        Returns the amount refunded, the fee, and the payment source that the money goes back to.

        Args:
            stay_id: Id of the stay, as given by list_stays or reserve_room.
        """
        stay = self._stay(stay_id)
        hotel = self.hotels[stay["hotel_id"]]
        free = hotel["rates"][stay["rate_id"]][2]
        fee = 0.0 if free else round(stay["total"] / stay["nights"], 2)
        refunded = round(stay["total"] - fee, 2)
        label = self._give_back(stay["source_id"], refunded)
        del self.stays[stay_id]
        return {"hotel": hotel["name"], "refunded": refunded, "fee": fee, "returned_to": label}

    @tool(
        writes=True,
        ask=(
            "send a message about {stay_id} to the hotel: {message}",
            "write to the hotel regarding {stay_id}: {message}",
            "leave word with the hotel about {stay_id}: {message}",
            "pass this on to the hotel concerning {stay_id}: {message}",
        ),
        tell="Your message is with {hotel}.",
        reports=("hotel",),
    )
    def message_hotel(self, stay_id: StayId, message: Annotated[str, Prose(HOTEL_NOTES)]) -> DeliveredMessage:
        """Send the hotel a message about a stay: a wish, a question, a late arrival.

        Args:
            stay_id: Id of the stay, as given by list_stays or reserve_room.
            message: Text of the message, as the guest would write it.
        """
        stay = self._stay(stay_id)
        if not message.strip():
            raise ToolError("The message is empty.")
        stay["messages"].append(message)
        return {"hotel": self.hotels[stay["hotel_id"]]["name"], "messages_sent": len(stay["messages"])}
