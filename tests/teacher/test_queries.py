"""A_Q, scripted: queries that a person would write, in many shapes, from which every value can be read."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from itertools import chain
from random import Random

import pytest

from funreason_plugin.checks.acceptance import review_query
from funreason_plugin.synthesis.advanced_tool import hint
from funreason_plugin.synthesis.plan import Plan, PlannedCall, Source
from funreason_plugin.synthesis.plan_text import read_plan
from funreason_plugin.synthesis.teachers import scripted_frames as frames
from funreason_plugin.synthesis.teachers.scripted_lexicon import Lexicon
from funreason_plugin.synthesis.teachers.scripted_naming import Past
from funreason_plugin.synthesis.teachers.scripted_querying import write_query
from funreason_plugin.synthesis.teachers.scripted_reader import read_query
from tests.teacher.sampled import ENVIRONMENTS, Asked, asked
from tests.teacher.toys import parcels, weather

NO_PAST = Past()
NOISE = {
    "persona": "engineer",
    "style": "plain",
    "length": "short",
    "indirection": "direct",
    "order": "natural",
}


def thousand() -> list[Asked]:
    return list(chain.from_iterable(asked(name, 200) for name in ENVIRONMENTS))


def distinct_share(texts: list[str]) -> float:
    return len(set(texts)) / len(texts)


def shapes() -> list[str]:
    """The ways in which a request can be put."""
    tables = (*frames.FORMS.values(), *frames.OWN_FORMS.values(), *frames.LISTS.values())
    return sorted({form for forms in tables for form in forms})


def is_put_as(query: str, form: str) -> bool:
    """Whether a sentence of the query is put in this form, and in no more general one."""
    pattern = re.sub(r"\\\{\w\\\}", "[^.?!]+", re.escape(form))
    return form not in ("{C}.", "{C}, please.") and re.search(rf"(?:\A|[.?!] ){pattern}", query) is not None


@pytest.mark.slow
def test_of_a_thousand_queries_nine_in_ten_differ_without_their_values() -> None:
    queries = thousand()
    assert len(queries) == 1000
    assert distinct_share([query.masked() for query in queries]) >= 0.9


def test_the_measure_of_distinctness_can_fail() -> None:
    queries = asked("travel", 200)
    monotone = [
        re.sub(r".*", "Please book the flight to _.", query.query, count=1) for query in queries[:100]
    ]
    assert distinct_share(monotone) < 0.1


@pytest.mark.slow
def test_there_are_at_least_forty_shapes() -> None:
    queries = thousand()
    seen = [form for form in shapes() if sum(is_put_as(query.query, form) for query in queries) >= 2]
    assert len(seen) >= 60, seen


@pytest.mark.slow
def test_almost_every_query_passes_the_acceptance_rules() -> None:
    refused = Counter(
        code
        for query in thousand()
        for code, _ in review_query(query.query, query.trace, (), query.space.tools)
        if code != "unknowable_choice"  # Phase I decides what a choice is made by
    )
    assert sum(refused.values()) <= 10, refused


@pytest.mark.slow
def test_what_the_reader_reads_is_what_the_user_supplies() -> None:
    wrong = []
    for query in thousand():
        read = read_query(
            query.query, read_plan(hint(query.trace, query.advanced)), Lexicon(query.space.tools)
        )
        wrong += [
            (query.query, entry.name)
            for entry in query.advanced.inputs
            if read.values.get(entry.name) != entry.value
        ]
    assert len(wrong) <= 5, wrong


@pytest.mark.slow
def test_no_query_has_holes_or_leftovers() -> None:
    for query in thousand():
        assert not re.search(r"[{}<>\[\]]|  |\bNone\b| \.|\.\.(?!\.)|,,|\?\.|\ba [aeio]\w", query.query), (
            query.query
        )
        assert re.search(r"[.?!\"”]\Z", query.query), query.query


# -- toys -------------------------------------------------------------------------------------------------


def ask(plan: Plan, values: Mapping[str, object], seed: int, past: Past = NO_PAST, **noise: str) -> str:
    lexicon = Lexicon(parcels().tools)
    return write_query(plan, values, lexicon, {**NOISE, **noise}, past, Random(seed))


CHEAPEST = Source("output", call=0, field="couriers[].courier_id", by="min", key="price")
SEARCH = PlannedCall(
    "search_couriers", 0, {name: Source("input", name=name) for name in ("origin", "destination", "date")}
)
ROUTE = {"origin": "Tartu", "destination": "Leuven", "date": "2026-05-03"}


def test_a_look_up_becomes_a_noun_phrase_with_its_superlative() -> None:
    plan = Plan(
        (
            SEARCH,
            PlannedCall(
                "book_courier",
                1,
                {"courier_id": CHEAPEST, "recipient": Source("input", name="recipient")},
                True,
            ),
        )
    )
    seen = set()
    for seed in range(40):
        query = ask(plan, {**ROUTE, "recipient": "Ada Byron"}, seed)
        assert re.search(
            r"the (?:cheapest|least expensive|lowest-priced) courier from Tartu to Leuven on 2026-05-03",
            query,
        )
        assert "Ada Byron" in query and "search" not in query
        seen.add(query)
    assert len(seen) > 5


def test_an_equal_is_said_by_its_value() -> None:
    chosen = Source("output", call=0, field="couriers[].courier_id", by="equals", key="leaves", value="09:30")
    plan = Plan(
        (
            SEARCH,
            PlannedCall(
                "book_courier",
                1,
                {"courier_id": chosen, "recipient": Source("input", name="recipient")},
                True,
            ),
        )
    )
    assert re.search(r"that (?:leaves|departs) at 09:30", ask(plan, {**ROUTE, "recipient": "Ada Byron"}, 3))


def test_a_goal_that_feeds_another_is_asked_first_and_referred_to() -> None:
    search = PlannedCall("search_couriers", 0, SEARCH.arguments, True)
    plan = Plan(
        (
            search,
            PlannedCall(
                "book_courier",
                1,
                {"courier_id": CHEAPEST, "recipient": Source("input", name="recipient")},
                True,
            ),
        )
    )
    for seed in range(20):
        query = ask(plan, {**ROUTE, "recipient": "Ada Byron"}, seed)
        assert re.search(r"(?:cheapest|least expensive|lowest-priced) (?:one|of them|courier)", query), query
        assert query.count("Tartu") == 1


def test_credentials_are_stated_and_not_asked_for() -> None:
    unlock = PlannedCall("unlock_depot", 0, {"pin": Source("input", name="pin")})
    store = PlannedCall("store_items", 1, {"items": Source("input", name="items")}, True)
    items = [{"sku": "oak box", "quantity": 2}]
    for seed in range(20):
        query = ask(Plan((unlock, store)), {"pin": "4711", "items": items}, seed)
        assert re.search(r"[Mm]y PIN(?: is|:) 4711", query), query
        assert "unlock" not in query.lower()


def test_prose_is_quoted() -> None:
    note = "Please ring twice, the bell is broken."
    call = PlannedCall(
        "leave_note",
        0,
        {"parcel_id": Source("input", name="parcel_id"), "note": Source("input", name="note")},
        True,
    )
    query = ask(Plan((call,)), {"parcel_id": "PC-48213", "note": note}, 1)
    assert f'"{note}"' in query


def test_what_an_earlier_turn_gave_is_referred_to() -> None:
    earlier = Source("earlier", name="book_courier", turn=0, field="parcel_id")
    call = PlannedCall("leave_note", 0, {"parcel_id": earlier, "note": Source("input", name="note")}, True)
    past = Past(calls={"book_courier": 1}, turns=1, last=("search_couriers", "book_courier"))
    for seed in range(20):
        query = ask(Plan((call,)), {"note": "Leave it with the neighbours."}, seed, past)
        assert re.search(r"that parcel|the parcel from (?:before|earlier)", query), query


def test_a_value_that_would_be_misread_is_put_in_quotes() -> None:
    plan = Plan(
        (
            SEARCH,
            PlannedCall(
                "book_courier",
                1,
                {"courier_id": CHEAPEST, "recipient": Source("input", name="recipient")},
                True,
            ),
        )
    )
    values = {**ROUTE, "recipient": "Ada. And then Grace, please"}
    query = ask(plan, values, 5)
    assert '"Ada. And then Grace, please"' in query
    assert read_query(query, plan, Lexicon(parcels().tools)).values == values


@pytest.mark.parametrize("seed", range(12))
def test_tools_without_phrases_are_asked_for_from_their_descriptions(seed: int) -> None:
    lexicon = Lexicon(weather().tools)
    plan = Plan(
        (
            PlannedCall("get_station_by_city", 0, {"city": Source("input", name="city")}),
            PlannedCall(
                "create_alert",
                1,
                {
                    "station_code": Source("output", call=0, field="station_code"),
                    "threshold": Source("input", name="threshold"),
                    "message": Source("input", name="message"),
                },
                True,
            ),
        )
    )
    values = {"city": "Leuven", "threshold": 31.5, "message": "Too hot"}
    query = write_query(plan, values, lexicon, NOISE, Past(), Random(seed))
    assert re.search(r"create an alert for the (?:weather )?station (?:for|of|in) Leuven", query, re.I), query
    assert read_query(query, plan, lexicon).values == values
