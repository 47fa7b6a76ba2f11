"""The travel desk: right and wrong solutions of the same requests, written by hand."""

from __future__ import annotations

from typing import Any

from tests.environments.solutions import Case, Play, Record, least, most

LUGGAGE = [{"kind": "ski equipment", "weight": 26}, {"kind": "ordinary luggage", "weight": 18}]


def who(play: Play) -> str:
    return str(play.state["travellers"][0]["name"])


def select(play: Play) -> None:
    play("select_traveller", traveller=who(play))


def route(play: Play) -> Record:
    """From the first traveller's home to another city, on the third day of the timetable."""
    home = play.state["travellers"][0]["home_city"]
    cities = sorted({flight["destination"] for flight in play.state["flights"].values()} - {home})
    return {"origin": home, "destination": cities[0], "date": play.state["dates"][2]}


def flights(play: Play, **more: Any) -> list[Record]:
    found: list[Record] = play("search_flights", **{**route(play), **more})["flights"]
    return found


def sources(play: Play) -> list[Record]:
    found: list[Record] = play("list_payment_sources")["sources"]
    return found


def ticket(play: Play) -> Record:
    """The traveller's ticket that leaves first."""
    return least(play("list_tickets")["tickets"], "departs")


def hold(play: Play, flight: Record, **more: Any) -> str:
    return str(play("hold_fare", flight_id=flight["flight_id"], **more)["hold_id"])


def pay(play: Play, hold_id: str, source: Record) -> Record:
    paid: Record = play("pay_hold", hold_id=hold_id, source_id=source["source_id"])
    return paid


# -- a ticket ---------------------------------------------------------------------------------------------


def buy(play: Play) -> None:
    select(play)
    held = hold(play, least(flights(play), "price"))
    pay(play, held, most(sources(play), "balance"))


def buy_search_first(play: Play) -> None:
    cheapest = least(flights(play), "price")
    select(play)
    pay(play, hold(play, cheapest), most(sources(play), "balance"))


def buy_money_first(play: Play) -> None:
    select(play)
    richest = most(sources(play), "balance")
    pay(play, hold(play, least(flights(play), "price")), richest)


def buy_after_reading_conditions(play: Play) -> None:
    select(play)
    cheapest = least(flights(play), "price")
    play("inspect_flight", flight_id=cheapest["flight_id"])
    pay(play, hold(play, cheapest), most(sources(play), "balance"))


def buy_after_looking_at_tickets_and_stays(play: Play) -> None:
    select(play)
    play("list_tickets")
    play("list_stays")
    pay(play, hold(play, least(flights(play), "price")), most(sources(play), "balance"))


def buy_with_small_letters(play: Play) -> None:
    play("select_traveller", traveller=who(play).lower())
    cheapest = least(flights(play, origin=route(play)["origin"].upper()), "price")
    pay(play, hold(play, cheapest), most(sources(play), "balance"))


def buy_with_the_default_said(play: Play) -> None:
    select(play)
    cheapest = least(flights(play, earliest_departure="00:00"), "price")
    pay(play, hold(play, cheapest, cabin="economy"), most(sources(play), "balance"))


def buy_with_a_wrong_name_first(play: Play) -> None:
    play.fails("select_traveller", traveller=who(play).split()[0])
    buy(play)


def buy_with_a_hold_too_early(play: Play) -> None:
    cheapest = least(flights(play), "price")
    play.fails("hold_fare", flight_id=cheapest["flight_id"])
    select(play)
    pay(play, hold(play, cheapest), most(sources(play), "balance"))


def buy_with_an_invented_flight_first(play: Play) -> None:
    select(play)
    play.fails("hold_fare", flight_id="XX-001-0101")
    pay(play, hold(play, least(flights(play), "price")), most(sources(play), "balance"))


def buy_with_an_invented_source_first(play: Play) -> None:
    select(play)
    held = hold(play, least(flights(play), "price"))
    play.fails("pay_hold", hold_id=held, source_id="PS-00000")
    pay(play, held, most(sources(play), "balance"))


def buy_after_another_traveller_was_selected(play: Play) -> None:
    play("select_traveller", traveller=play.state["travellers"][1]["name"])
    play("list_payment_sources")
    buy(play)


def buy_after_a_search_in_the_other_direction(play: Play) -> None:
    wanted = route(play)
    flights(play, origin=wanted["destination"], destination=wanted["origin"])
    buy(play)


def dearest(play: Play) -> None:
    select(play)
    pay(play, hold(play, most(flights(play), "price")), most(sources(play), "balance"))


def another_day(play: Play) -> None:
    select(play)
    cheapest = least(flights(play, date=play.state["dates"][3]), "price")
    pay(play, hold(play, cheapest), most(sources(play), "balance"))


def in_business(play: Play) -> None:
    select(play)
    held = hold(play, least(flights(play), "price"), cabin="business")
    pay(play, held, most(sources(play), "balance"))


def with_the_smallest_budget(play: Play) -> None:
    select(play)
    pay(play, hold(play, least(flights(play), "price")), least(sources(play), "balance"))


def held_only(play: Play) -> None:
    select(play)
    hold(play, least(flights(play), "price"))


def held_twice(play: Play) -> None:
    select(play)
    cheapest = least(flights(play), "price")
    hold(play, cheapest)
    pay(play, hold(play, cheapest), most(sources(play), "balance"))


def with_points(play: Play) -> None:
    select(play)
    play("pay_hold_with_points", hold_id=hold(play, least(flights(play), "price")))


def for_another_traveller(play: Play) -> None:
    play("select_traveller", traveller=play.state["travellers"][1]["name"])
    held = hold(play, least(flights(play), "price"))
    pay(play, held, most(sources(play), "balance"))


def seat_as_well(play: Play) -> None:
    select(play)
    held = hold(play, least(flights(play), "price"))
    ticket_id = pay(play, held, most(sources(play), "balance"))["ticket_id"]
    seat = play("show_seat_map", ticket_id=ticket_id)["seats"][0]["seat"]
    play("assign_seat", ticket_id=ticket_id, seat=seat)


BUY = Case(
    "Buy me the cheapest flight on that day with whatever has the most money on it.",
    buy,
    {
        "flight searched before the traveller is selected": buy_search_first,
        "money looked up before the flight": buy_money_first,
        "conditions read": buy_after_reading_conditions,
        "tickets and stays looked at": buy_after_looking_at_tickets_and_stays,
        "names in another case": buy_with_small_letters,
        "defaults spelt out": buy_with_the_default_said,
        "half a name first": buy_with_a_wrong_name_first,
        "hold before the selection": buy_with_a_hold_too_early,
        "an invented flight first": buy_with_an_invented_flight_first,
        "an invented source first": buy_with_an_invented_source_first,
        "another traveller selected before": buy_after_another_traveller_was_selected,
        "the way back looked up too": buy_after_a_search_in_the_other_direction,
    },
    {
        "the most expensive flight": dearest,
        "another day": another_day,
        "business class": in_business,
        "the smallest budget": with_the_smallest_budget,
        "held, not paid": held_only,
        "a second hold left open": held_twice,
        "paid with points": with_points,
        "for another traveller": for_another_traveller,
        "a seat that nobody asked for": seat_as_well,
    },
)


# -- seat and luggage -------------------------------------------------------------------------------------


def roomiest(play: Play, ticket_id: str) -> str:
    return str(most(play("show_seat_map", ticket_id=ticket_id)["seats"], "legroom")["seat"])


def add_bags(play: Play, ticket_id: str, bags: list[Record]) -> None:
    source = most(sources(play), "balance")
    play("add_bags", ticket_id=ticket_id, bags=bags, source_id=source["source_id"])


def prepare(play: Play) -> None:
    select(play)
    ticket_id = ticket(play)["ticket_id"]
    play("assign_seat", ticket_id=ticket_id, seat=roomiest(play, ticket_id))
    add_bags(play, ticket_id, LUGGAGE)


def prepare_bags_first(play: Play) -> None:
    select(play)
    ticket_id = ticket(play)["ticket_id"]
    add_bags(play, ticket_id, LUGGAGE)
    play("assign_seat", ticket_id=ticket_id, seat=roomiest(play, ticket_id))


def prepare_bags_in_the_other_order(play: Play) -> None:
    select(play)
    ticket_id = ticket(play)["ticket_id"]
    play("assign_seat", ticket_id=ticket_id, seat=roomiest(play, ticket_id))
    add_bags(play, ticket_id, LUGGAGE[::-1])


def prepare_bags_one_by_one(play: Play) -> None:
    select(play)
    ticket_id = ticket(play)["ticket_id"]
    source = most(sources(play), "balance")["source_id"]
    for bag in LUGGAGE:
        play("add_bags", ticket_id=ticket_id, bags=[bag], source_id=source)
    play("assign_seat", ticket_id=ticket_id, seat=roomiest(play, ticket_id))


def prepare_with_a_second_thought_about_the_seat(play: Play) -> None:
    select(play)
    ticket_id = ticket(play)["ticket_id"]
    seats = play("show_seat_map", ticket_id=ticket_id)["seats"]
    play("assign_seat", ticket_id=ticket_id, seat=least(seats, "legroom")["seat"])
    play("assign_seat", ticket_id=ticket_id, seat=most(seats, "legroom")["seat"].lower())
    add_bags(play, ticket_id, LUGGAGE)


def prepare_with_a_wrong_seat_first(play: Play) -> None:
    select(play)
    ticket_id = ticket(play)["ticket_id"]
    play.fails("assign_seat", ticket_id=ticket_id, seat="99Z")
    play("assign_seat", ticket_id=ticket_id, seat=roomiest(play, ticket_id))
    play.fails("add_bags", ticket_id=ticket_id, bags=[], source_id="PS-00000")
    add_bags(play, ticket_id, LUGGAGE)


def least_legroom(play: Play) -> None:
    select(play)
    ticket_id = ticket(play)["ticket_id"]
    seats = play("show_seat_map", ticket_id=ticket_id)["seats"]
    play("assign_seat", ticket_id=ticket_id, seat=least(seats, "legroom")["seat"])
    add_bags(play, ticket_id, LUGGAGE)


def one_bag_only(play: Play) -> None:
    select(play)
    ticket_id = ticket(play)["ticket_id"]
    play("assign_seat", ticket_id=ticket_id, seat=roomiest(play, ticket_id))
    add_bags(play, ticket_id, LUGGAGE[:1])


def lighter_bags(play: Play) -> None:
    select(play)
    ticket_id = ticket(play)["ticket_id"]
    play("assign_seat", ticket_id=ticket_id, seat=roomiest(play, ticket_id))
    add_bags(play, ticket_id, [{**bag, "weight": 12} for bag in LUGGAGE])


PREPARE = Case(
    "Give my next flight the seat with the most legroom, and add my skis and a bag.",
    prepare,
    {
        "luggage before the seat": prepare_bags_first,
        "bags in the other order": prepare_bags_in_the_other_order,
        "bags one by one": prepare_bags_one_by_one,
        "another seat before": prepare_with_a_second_thought_about_the_seat,
        "a seat that does not exist first": prepare_with_a_wrong_seat_first,
    },
    {
        "the seat with the least legroom": least_legroom,
        "one bag": one_bag_only,
        "bags of another weight": lighter_bags,
    },
)


# -- another flight ---------------------------------------------------------------------------------------


def rebook(play: Play) -> None:
    select(play)
    ticket_id = ticket(play)["ticket_id"]
    options = play("list_rebooking_options", ticket_id=ticket_id)["options"]
    play("rebook_ticket", ticket_id=ticket_id, option_id=most(options, "departs")["option_id"])


def rebook_after_looking_at_conditions(play: Play) -> None:
    select(play)
    mine = ticket(play)
    play("inspect_flight", flight_id=mine["flight"])
    play("list_payment_sources")
    options = play("list_rebooking_options", ticket_id=mine["ticket_id"])["options"]
    play("rebook_ticket", ticket_id=mine["ticket_id"], option_id=most(options, "departs")["option_id"])


def rebook_with_a_flight_for_an_option(play: Play) -> None:
    select(play)
    mine = ticket(play)
    play.fails("rebook_ticket", ticket_id=mine["ticket_id"], option_id=mine["flight"])
    options = play("list_rebooking_options", ticket_id=mine["ticket_id"])["options"]
    play("rebook_ticket", ticket_id=mine["ticket_id"], option_id=most(options, "departs")["option_id"])


def rebook_to_the_earliest(play: Play) -> None:
    select(play)
    ticket_id = ticket(play)["ticket_id"]
    options = play("list_rebooking_options", ticket_id=ticket_id)["options"]
    play("rebook_ticket", ticket_id=ticket_id, option_id=least(options, "departs")["option_id"])


def refund_instead(play: Play) -> None:
    select(play)
    play("refund_ticket", ticket_id=ticket(play)["ticket_id"])


REBOOK = Case(
    "Move my next flight to the latest one on offer.",
    rebook,
    {
        "conditions and money looked at": rebook_after_looking_at_conditions,
        "the flight's id instead of an option first": rebook_with_a_flight_for_an_option,
    },
    {"the earliest one": rebook_to_the_earliest, "refunded instead": refund_instead},
)


# -- a hotel ----------------------------------------------------------------------------------------------

LATE = "I will arrive after 11 pm, please keep the room."


def best_hotel(play: Play, **more: Any) -> str:
    hotels = play("search_hotels", city=route(play)["destination"], **more)["hotels"]
    return str(most(hotels, "rating")["hotel_id"])


def cheapest_rate(play: Play, hotel_id: str) -> str:
    return str(least(play("list_room_rates", hotel_id=hotel_id)["rates"], "nightly_price")["rate_id"])


def reserve(play: Play, rate_id: str, source: Record, nights: int = 2, day: int = 2) -> str:
    date = play.state["dates"][day]
    return str(
        play(
            "reserve_room", rate_id=rate_id, arrival_date=date, nights=nights, source_id=source["source_id"]
        )["stay_id"]
    )


def stay(play: Play) -> None:
    select(play)
    rate_id = cheapest_rate(play, best_hotel(play))
    stay_id = reserve(play, rate_id, most(sources(play), "balance"))
    play("message_hotel", stay_id=stay_id, message=LATE)


def stay_money_first(play: Play) -> None:
    select(play)
    source = most(sources(play), "balance")
    stay_id = reserve(play, cheapest_rate(play, best_hotel(play)), source)
    play("message_hotel", stay_id=stay_id, message=LATE)


def stay_hotel_before_the_traveller(play: Play) -> None:
    rate_id = cheapest_rate(play, best_hotel(play))
    select(play)
    stay_id = reserve(play, rate_id, most(sources(play), "balance"))
    play("message_hotel", stay_id=stay_id, message=LATE)


def stay_in_other_words(play: Play) -> None:
    select(play)
    rate_id = cheapest_rate(play, best_hotel(play))
    stay_id = reserve(play, rate_id, most(sources(play), "balance"))
    play("message_hotel", stay_id=stay_id, message="My arrival is late, past 11 pm: do keep my room, please!")


def stay_id_from_the_list(play: Play) -> None:
    select(play)
    before = {row["stay_id"] for row in play("list_stays")["stays"]}
    reserve(play, cheapest_rate(play, best_hotel(play)), most(sources(play), "balance"))
    (stay_id,) = {row["stay_id"] for row in play("list_stays")["stays"]} - before
    play("message_hotel", stay_id=stay_id, message=LATE)


def stay_with_every_hotel_looked_at(play: Play) -> None:
    select(play)
    hotels = play("search_hotels", city=route(play)["destination"], min_stars=1)["hotels"]
    rates = {hotel["hotel_id"]: cheapest_rate(play, hotel["hotel_id"]) for hotel in hotels}
    rate_id = rates[most(hotels, "rating")["hotel_id"]]
    stay_id = reserve(play, rate_id, most(sources(play), "balance"))
    play("message_hotel", stay_id=stay_id, message=LATE)


def stay_with_a_hotel_id_for_a_rate(play: Play) -> None:
    select(play)
    hotel_id, source = best_hotel(play), most(sources(play), "balance")
    day = play.state["dates"][2]
    play.fails("reserve_room", rate_id=hotel_id, arrival_date=day, nights=2, source_id=source["source_id"])
    stay_id = reserve(play, cheapest_rate(play, hotel_id), source)
    play("message_hotel", stay_id=stay_id, message=LATE)


def one_night_more(play: Play) -> None:
    select(play)
    stay_id = reserve(play, cheapest_rate(play, best_hotel(play)), most(sources(play), "balance"), nights=3)
    play("message_hotel", stay_id=stay_id, message=LATE)


def arrival_on_another_day(play: Play) -> None:
    select(play)
    stay_id = reserve(play, cheapest_rate(play, best_hotel(play)), most(sources(play), "balance"), day=3)
    play("message_hotel", stay_id=stay_id, message=LATE)


def message_without_the_hour(play: Play) -> None:
    select(play)
    stay_id = reserve(play, cheapest_rate(play, best_hotel(play)), most(sources(play), "balance"))
    play("message_hotel", stay_id=stay_id, message="I will be late.")


def no_message(play: Play) -> None:
    select(play)
    reserve(play, cheapest_rate(play, best_hotel(play)), most(sources(play), "balance"))


def message_about_another_stay(play: Play) -> None:
    select(play)
    other = play("list_stays")["stays"][0]["stay_id"]
    reserve(play, cheapest_rate(play, best_hotel(play)), most(sources(play), "balance"))
    play("message_hotel", stay_id=other, message=LATE)


STAY = Case(
    "Two nights at the best-rated hotel there, the cheapest room; tell them that I come after 11 pm.",
    stay,
    {
        "money first": stay_money_first,
        "hotel before the traveller": stay_hotel_before_the_traveller,
        "message in other words": stay_in_other_words,
        "id of the stay read from the list": stay_id_from_the_list,
        "every hotel's rates looked at": stay_with_every_hotel_looked_at,
        "the hotel's id instead of a rate first": stay_with_a_hotel_id_for_a_rate,
    },
    {
        "a night more": one_night_more,
        "another day": arrival_on_another_day,
        "message without the hour": message_without_the_hour,
        "no message": no_message,
        "message about another stay": message_about_another_stay,
    },
)


# -- giving things back, and a question -------------------------------------------------------------------


def give_back(play: Play) -> None:
    select(play)
    play("refund_ticket", ticket_id=ticket(play)["ticket_id"])
    play("cancel_stay", stay_id=play("list_stays")["stays"][0]["stay_id"])


def give_back_stay_first(play: Play) -> None:
    select(play)
    play("cancel_stay", stay_id=play("list_stays")["stays"][0]["stay_id"])
    play("refund_ticket", ticket_id=ticket(play)["ticket_id"])


def give_back_after_reading_everything(play: Play) -> None:
    select(play)
    mine, stays = ticket(play), play("list_stays")["stays"]
    play("inspect_flight", flight_id=mine["flight"])
    play("list_payment_sources")
    play("cancel_stay", stay_id=stays[0]["stay_id"])
    play("refund_ticket", ticket_id=mine["ticket_id"])
    play("list_payment_sources")


def give_back_twice(play: Play) -> None:
    select(play)
    ticket_id = ticket(play)["ticket_id"]
    play("refund_ticket", ticket_id=ticket_id)
    play.fails("refund_ticket", ticket_id=ticket_id)
    play("cancel_stay", stay_id=play("list_stays")["stays"][0]["stay_id"])


def ticket_only(play: Play) -> None:
    select(play)
    play("refund_ticket", ticket_id=ticket(play)["ticket_id"])


GIVE_BACK = Case(
    "My trip is off: give back the next flight and the hotel.",
    give_back,
    {
        "hotel first": give_back_stay_first,
        "everything read before and after": give_back_after_reading_everything,
        "a second refund tried": give_back_twice,
    },
    {"the ticket only": ticket_only},
)


def ask_fee(play: Play) -> None:
    select(play)
    play("inspect_flight", flight_id=ticket(play)["flight"])


def ask_fee_via_the_search(play: Play) -> None:
    select(play)
    mine = ticket(play)
    found = flights(play, origin=mine["origin"], destination=mine["destination"], date=mine["departs"][:10])
    play("inspect_flight", flight_id=least(found, "price")["flight_id"])
    for flight in found:
        play("inspect_flight", flight_id=flight["flight_id"])


def fee_from_memory(play: Play) -> None:
    select(play)
    ticket(play)


ASK = Case(
    "What does it cost to change my next flight, and which aircraft is it?",
    ask_fee,
    {"all flights of the route inspected": ask_fee_via_the_search},
    {"never looked up": fee_from_memory},
    needed=("aircraft", "change_fee"),
)

CASES = (BUY, PREPARE, REBOOK, STAY, GIVE_BACK, ASK)
