"""The travel desk: what each tool does, what it refuses, and a trip from the search to the refund."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from funreason_plugin.environments.space import Session, SimulationSpace
from funreason_plugin.environments.travel import Travel
from funreason_plugin.environments.travel_data import AMENITIES, CARRIERS, HOTELS
from tests.environments.alternatives_travel import CASES
from tests.environments.desk import done, refused
from tests.environments.solutions import Case, fitting_seeds, least, most, verdict

SPACE = SimulationSpace([Travel])
SEED = 1


@pytest.fixture
def desk() -> Iterator[Session]:
    with SPACE.session(SPACE.scenario(SEED)) as session:
        yield session


def state(session: Session) -> dict[str, Any]:
    return session.state()["travel"]


def select(session: Session, number: int = 0) -> dict[str, Any]:
    """Select a traveller; their record."""
    traveller: dict[str, Any] = state(session)["travellers"][number]
    done(session, "select_traveller", traveller=traveller["name"])
    return traveller


def search(session: Session, day: int = 0, **more: Any) -> list[dict[str, Any]]:
    """Flights of the first route in the timetable."""
    now = state(session)
    flight = next(iter(now["flights"].values()))
    arguments = {"origin": flight["origin"], "destination": flight["destination"], "date": now["dates"][day]}
    found: list[dict[str, Any]] = done(session, "search_flights", **{**arguments, **more})["flights"]
    return found


def richest(session: Session) -> dict[str, Any]:
    return most(done(session, "list_payment_sources")["sources"], "balance")


def bought(session: Session, cabin: str = "economy") -> str:
    """A new ticket of the selected traveller."""
    hold = done(session, "hold_fare", flight_id=least(search(session), "price")["flight_id"], cabin=cabin)
    source_id = richest(session)["source_id"]
    return str(done(session, "pay_hold", hold_id=hold["hold_id"], source_id=source_id)["ticket_id"])


# -- travellers and flights -------------------------------------------------------------------------------


def test_a_traveller_is_selected_by_name(desk: Session) -> None:
    traveller = state(desk)["travellers"][1]
    found = done(desk, "select_traveller", traveller=f" {traveller['name'].upper()} ")
    assert found == {key: traveller[key] for key in ("home_city", "tier", "points")} | {
        "traveller": traveller["name"]
    }
    assert state(desk)["selected_traveller"] == traveller["name"]
    assert traveller["name"] in refused(desk, "select_traveller", traveller="Nobody Known")


def test_a_search_gives_flights_in_order_of_departure(desk: Session) -> None:
    found = search(desk)
    assert [flight["departs"] for flight in found] == sorted(flight["departs"] for flight in found)
    assert all(2.5 < flight["business_price"] / flight["price"] < 2.7 for flight in found)
    last = found[-1]["departs"]
    assert [flight["departs"] for flight in search(desk, earliest_departure=last)] == [last]


def test_a_search_says_why_it_found_nothing(desk: Session) -> None:
    now = state(desk)
    city, other = sorted({flight["origin"] for flight in now["flights"].values()})[:2]
    ask = {"origin": city, "destination": other, "date": now["dates"][0]}
    assert "choose one of" in refused(desk, "search_flights", **{**ask, "origin": "Atlantis"})
    assert "are both" in refused(desk, "search_flights", **{**ask, "destination": city})
    assert "YYYY-MM-DD" in refused(desk, "search_flights", **{**ask, "date": "tomorrow"})
    assert "in the past" in refused(desk, "search_flights", **{**ask, "date": "2020-01-01"})
    assert f"runs from {now['dates'][0]}" in refused(desk, "search_flights", **{**ask, "date": "2031-01-01"})
    assert "the last one leaves" in refused(desk, "search_flights", **ask, earliest_departure="23:59")
    assert "does not match" in refused(desk, "search_flights", **ask, earliest_departure="noon")


def test_conditions_are_the_carriers(desk: Session) -> None:
    flight = search(desk)[0]
    shown = done(desk, "inspect_flight", flight_id=flight["flight_id"])
    carrier = CARRIERS[flight["flight_id"].split("-")[0]]
    assert (shown["carrier"], shown["change_fee"]) == (flight["carrier"], carrier.change_fee)
    assert shown["refundable"] is (carrier.refund_fee is not None)
    assert "search_flights" in refused(desk, "inspect_flight", flight_id="NX-000-0101")


# -- holds and payment ------------------------------------------------------------------------------------


def test_a_hold_needs_a_traveller_and_takes_a_seat(desk: Session) -> None:
    flight = search(desk)[0]
    assert "select_traveller" in refused(desk, "hold_fare", flight_id=flight["flight_id"])
    name = select(desk)["name"]
    held = done(desk, "hold_fare", flight_id=flight["flight_id"])
    assert held["price"] == flight["price"]
    assert state(desk)["holds"][held["hold_id"]]["traveller"] == name
    assert search(desk)[0]["seats_left"] == flight["seats_left"] - 1
    for _ in range(flight["seats_left"] - 1):
        done(desk, "hold_fare", flight_id=flight["flight_id"])
    assert "No economy seat is left" in refused(desk, "hold_fare", flight_id=flight["flight_id"])
    done(desk, "hold_fare", flight_id=flight["flight_id"], cabin="business")


def test_paying_turns_a_hold_into_a_ticket(desk: Session) -> None:
    points = select(desk)["points"]
    held = done(desk, "hold_fare", flight_id=search(desk)[0]["flight_id"])
    source = richest(desk)
    paid = done(desk, "pay_hold", hold_id=held["hold_id"], source_id=source["source_id"])
    assert paid["charged"] == held["price"]
    assert paid["left"] == pytest.approx(source["balance"] - held["price"])
    now = state(desk)
    assert not now["holds"]
    assert now["tickets"][paid["ticket_id"]]["source_id"] == source["source_id"]
    assert now["travellers"][0]["points"] == points + int(held["price"])
    assert "hold_fare" in refused(desk, "pay_hold", hold_id=held["hold_id"], source_id=source["source_id"])


def test_money_is_the_travellers_own_and_runs_out(desk: Session) -> None:
    select(desk, 1)
    foreign = richest(desk)["source_id"]
    select(desk)
    flight_id = search(desk)[0]["flight_id"]
    hold_id = done(desk, "hold_fare", flight_id=flight_id)["hold_id"]
    assert "belongs to" in refused(desk, "pay_hold", hold_id=hold_id, source_id=foreign)
    assert "list_payment_sources" in refused(desk, "pay_hold", hold_id=hold_id, source_id="PS-1")
    poorest = least(done(desk, "list_payment_sources")["sources"], "balance")
    hotel_id = done(desk, "search_hotels", city=state(desk)["travellers"][0]["home_city"])["hotels"][0][
        "hotel_id"
    ]
    rate_id = done(desk, "list_room_rates", hotel_id=hotel_id)["rates"][0]["rate_id"]
    ask = {
        "rate_id": rate_id,
        "arrival_date": state(desk)["dates"][0],
        "nights": 7,
        "source_id": poorest["source_id"],
    }
    left = poorest["balance"]
    while not (output := desk.call("reserve_room", ask)).get("error"):
        assert output["left"] < left
        left = output["left"]
    assert f"has {left:.2f} EUR left" in refused(desk, "reserve_room", **ask)


def test_points_pay_as_well(desk: Session) -> None:
    points = select(desk)["points"]
    flight = least(search(desk), "price")
    hold_id = done(desk, "hold_fare", flight_id=flight["flight_id"])["hold_id"]
    award = done(desk, "pay_hold_with_points", hold_id=hold_id)
    assert award["points_used"] == round(100 * flight["price"])
    assert award["points_left"] == points - award["points_used"]
    assert "paid with points" in refused(desk, "list_rebooking_options", ticket_id=award["ticket_id"])
    assert done(desk, "refund_ticket", ticket_id=award["ticket_id"])["returned_to"] == "loyalty points"
    assert state(desk)["travellers"][0]["points"] == points
    dear = most(search(desk), "price")["flight_id"]
    for _ in range(2):
        hold_id = done(desk, "hold_fare", flight_id=dear, cabin="business")["hold_id"]
        if desk.call("pay_hold_with_points", {"hold_id": hold_id}).get("error"):
            break
    assert "use pay_hold instead" in refused(desk, "pay_hold_with_points", hold_id=hold_id)


# -- tickets ----------------------------------------------------------------------------------------------


def test_tickets_are_listed_for_the_selected_traveller(desk: Session) -> None:
    assert "select_traveller" in refused(desk, "list_tickets")
    name = select(desk)["name"]
    mine = {key for key, ticket in state(desk)["tickets"].items() if ticket["traveller"] == name}
    assert {row["ticket_id"] for row in done(desk, "list_tickets")["tickets"]} == mine
    assert mine


def test_a_seat_is_chosen_from_the_map(desk: Session) -> None:
    select(desk)
    ticket_id = bought(desk)
    seats = done(desk, "show_seat_map", ticket_id=ticket_id)["seats"]
    assert len({seat["row"] for seat in seats}) == len({seat["legroom"] for seat in seats}) == len(seats)
    taken = done(desk, "assign_seat", ticket_id=ticket_id, seat=seats[0]["seat"])
    assert (taken["row"], taken["position"]) == (seats[0]["row"], seats[0]["position"])
    assert seats[0] not in done(desk, "show_seat_map", ticket_id=ticket_id)["seats"]
    done(desk, "assign_seat", ticket_id=ticket_id, seat=seats[1]["seat"])
    assert seats[0] in done(desk, "show_seat_map", ticket_id=ticket_id)["seats"]
    assert "show_seat_map" in refused(desk, "assign_seat", ticket_id=ticket_id, seat="99Z")
    assert "list_tickets" in refused(desk, "assign_seat", ticket_id="TK-1", seat="9A")


def test_bags_cost_by_kind_and_weight_and_are_limited(desk: Session) -> None:
    select(desk)
    ticket_id, source_id = bought(desk), richest(desk)["source_id"]

    def add(*bags: dict[str, Any]) -> float:
        added = done(desk, "add_bags", ticket_id=ticket_id, bags=list(bags), source_id=source_id)
        return float(added["charged"])

    plain = add({"kind": "ordinary luggage", "weight": 20})
    assert add({"kind": "ordinary luggage", "weight": 24}) == pytest.approx(1.4 * plain, abs=0.01)
    assert add({"kind": "ski equipment", "weight": 20}) == pytest.approx(1.5 * plain, abs=0.01)
    three = [{"kind": "golf equipment", "weight": 9}] * 3
    assert "at most 5" in refused(desk, "add_bags", ticket_id=ticket_id, bags=three, source_id=source_id)
    heavy = [{"kind": "golf equipment", "weight": 33}]
    assert "maximum" in refused(desk, "add_bags", ticket_id=ticket_id, bags=heavy, source_id=source_id)


def test_a_ticket_moves_to_an_option_of_its_own_route(desk: Session) -> None:
    select(desk)
    ticket_id = bought(desk)
    before = state(desk)
    done(
        desk,
        "assign_seat",
        ticket_id=ticket_id,
        seat=done(desk, "show_seat_map", ticket_id=ticket_id)["seats"][0]["seat"],
    )
    options = done(desk, "list_rebooking_options", ticket_id=ticket_id)["options"]
    assert 1 <= len(options) <= 5
    option = most(options, "departs")
    moved = done(desk, "rebook_ticket", ticket_id=ticket_id, option_id=option["option_id"])
    assert (moved["departs"], moved["charged"]) == (option["departs"], option["extra_cost"])
    after = state(desk)
    ticket, old = after["tickets"][ticket_id], before["tickets"][ticket_id]
    assert ticket["flight_id"] != old["flight_id"]
    assert ticket["seat"] == ""
    spent = before["sources"][old["source_id"]]["balance"] - after["sources"][old["source_id"]]["balance"]
    assert spent == pytest.approx(option["extra_cost"])
    assert "is no option" in refused(desk, "rebook_ticket", ticket_id=ticket_id, option_id="OP-1")


def test_a_refund_follows_the_carriers_terms(desk: Session) -> None:
    select(desk)
    before = state(desk)["sources"]
    full = done(desk, "refund_ticket", ticket_id=bought(desk, "business"))
    assert full["fee"] == 0
    assert state(desk)["sources"] == before
    for flight in search(desk):
        carrier = CARRIERS[flight["flight_id"].split("-")[0]]
        hold_id = done(desk, "hold_fare", flight_id=flight["flight_id"])["hold_id"]
        paid = done(desk, "pay_hold", hold_id=hold_id, source_id=richest(desk)["source_id"])
        if carrier.refund_fee is None:
            assert "rebook_ticket" in refused(desk, "refund_ticket", ticket_id=paid["ticket_id"])
        else:
            given = done(desk, "refund_ticket", ticket_id=paid["ticket_id"])
            assert given["refunded"] == pytest.approx(paid["charged"] - carrier.refund_fee)


# -- hotels -----------------------------------------------------------------------------------------------


def test_hotels_are_filtered_by_stars_and_amenities(desk: Session) -> None:
    city = state(desk)["travellers"][0]["home_city"]
    hotels = done(desk, "search_hotels", city=city)["hotels"]
    assert [hotel["rating"] for hotel in hotels] == sorted((h["rating"] for h in hotels), reverse=True)
    assert {hotel["name"] for hotel in hotels} <= set(HOTELS)
    wanted = hotels[0]["amenities"][0]
    found = done(desk, "search_hotels", city=city, amenity=wanted)["hotels"]
    assert found == [hotel for hotel in hotels if wanted in hotel["amenities"]]
    stars, lacking = next(
        (stars, name)
        for stars in range(1, 6)
        for name in AMENITIES
        if not any(hotel["star_category"] >= stars and name in hotel["amenities"] for hotel in hotels)
    )
    assert "fewer stars" in refused(desk, "search_hotels", city=city, min_stars=stars, amenity=lacking)
    assert "is not a city" in refused(desk, "search_hotels", city="Atlantis")


def test_a_room_is_booked_and_cancelled(desk: Session) -> None:
    select(desk)
    now = state(desk)
    city = now["travellers"][0]["home_city"]
    hotel = done(desk, "search_hotels", city=city)["hotels"][0]
    rates = done(desk, "list_room_rates", hotel_id=hotel["hotel_id"])["rates"]
    assert rates[0]["nightly_price"] == hotel["price_from"]
    source = richest(desk)
    ask = {"arrival_date": now["dates"][0], "nights": 2, "source_id": source["source_id"]}
    booked = done(desk, "reserve_room", rate_id=rates[0]["rate_id"], **ask)
    assert booked["total"] == pytest.approx(2 * rates[0]["nightly_price"])
    assert booked["left"] == pytest.approx(source["balance"] - booked["total"])
    assert booked["stay_id"] in {row["stay_id"] for row in done(desk, "list_stays")["stays"]}
    gone = done(desk, "cancel_stay", stay_id=booked["stay_id"])
    assert gone["fee"] == (0 if rates[0]["free_cancellation"] else rates[0]["nightly_price"])
    assert gone["refunded"] == pytest.approx(booked["total"] - gone["fee"])
    assert "list_stays" in refused(desk, "cancel_stay", stay_id=booked["stay_id"])
    assert "list_room_rates" in refused(desk, "reserve_room", rate_id=hotel["hotel_id"], **ask)
    assert "list_payment_sources" in refused(
        desk, "reserve_room", rate_id=rates[0]["rate_id"], **{**ask, "source_id": "PS-1"}
    )
    assert "in the past" in refused(
        desk, "reserve_room", rate_id=rates[0]["rate_id"], **{**ask, "arrival_date": "2020-01-01"}
    )
    assert "search_hotels" in refused(desk, "list_room_rates", hotel_id="HT-1")


def test_a_message_reaches_the_hotel(desk: Session) -> None:
    assert "select_traveller" in refused(desk, "list_stays")
    select(desk)
    stay = done(desk, "list_stays")["stays"][0]
    sent = done(desk, "message_hotel", stay_id=stay["stay_id"], message="I will be late.")
    assert sent == {"hotel": stay["hotel"], "messages_sent": 1}
    assert "empty" in refused(desk, "message_hotel", stay_id=stay["stay_id"], message=" ")


# -- the whole --------------------------------------------------------------------------------------------


def test_a_trip_from_the_search_to_the_seat_on_another_flight() -> None:
    def trip(session: Session) -> list[Any]:
        select(session)
        ticket_id = bought(session)
        options = done(session, "list_rebooking_options", ticket_id=ticket_id)["options"]
        option_id = least(options, "extra_cost")["option_id"]
        outputs = [done(session, "rebook_ticket", ticket_id=ticket_id, option_id=option_id)]
        seat = done(session, "show_seat_map", ticket_id=ticket_id)["seats"][-1]["seat"]
        outputs.append(done(session, "assign_seat", ticket_id=ticket_id, seat=seat))
        return [*outputs, done(session, "list_tickets"), session.state_hash()]

    with SPACE.session(SPACE.scenario(3)) as first, SPACE.session(SPACE.scenario(3)) as second:
        assert trip(first) == trip(second)


def test_scenarios_are_distinct_small_and_drawn_fast() -> None:
    start = time.process_time()
    drawn = [SPACE.scenario(seed) for seed in range(1000)]
    assert time.process_time() - start < 3
    texts = {json.dumps(scenario.states) for scenario in drawn}
    assert len(texts) >= 990
    assert max(map(len, texts)) < 15_000
    assert SPACE.scenario(17) == drawn[17]


def test_lists_offer_values_that_pick_one_record() -> None:
    for seed in range(40):
        with SPACE.session(SPACE.scenario(seed)) as session:
            city = select(session)["home_city"]
            lists = {
                ("price", "departs", "carrier"): search(session),
                ("label", "balance"): done(session, "list_payment_sources")["sources"],
                ("name", "rating", "distance_km", "price_from"): done(session, "search_hotels", city=city)[
                    "hotels"
                ],
                ("destination", "departs"): done(session, "list_tickets")["tickets"],
                ("start_date", "city"): done(session, "list_stays")["stays"],
            }
            for keys, records in lists.items():
                assert records
                for key in keys:
                    assert len({record[key] for record in records}) == len(records), (seed, key)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.truth.__name__)
def test_other_correct_solutions_pass_and_wrong_ones_do_not(case: Case) -> None:
    for seed in fitting_seeds(SPACE, case, 3):
        for name, solution in case.right.items():
            judged = verdict(SPACE, seed, case, solution)
            assert judged.passed, (seed, name, judged.reasons)
            assert not judged.exact_match, (seed, name)
        for name, solution in case.wrong.items():
            assert not verdict(SPACE, seed, case, solution).passed, (seed, name)
