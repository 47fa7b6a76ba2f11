"""The small things: verb forms, articles, superlatives, selectors, lists; and answers from outputs."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from funreason_plugin.environments.spec import ParamSpec, Phrases, ToolSpec
from funreason_plugin.synthesis.teachers import scripted_generic as generic
from funreason_plugin.synthesis.teachers import scripted_words as english
from funreason_plugin.synthesis.teachers.scripted_answers import answer
from funreason_plugin.synthesis.teachers.scripted_clauses import parse_clause, pattern_of
from funreason_plugin.synthesis.teachers.scripted_lexicon import Lexicon
from funreason_plugin.synthesis.teachers.scripted_records import (
    object_text,
    read_object,
    read_record,
    record_text,
    split_items,
    value_text,
)
from funreason_plugin.synthesis.teachers.scripted_selectors import attribute, selectors, superlatives
from funreason_plugin.synthesis.teachers.scripted_values import value_from
from funreason_plugin.synthesis.teachers.scripted_view import Made
from tests.teacher.toys import weather


@pytest.mark.parametrize(
    ("identifier", "words"),
    [
        ("travelFrom", "travel from"),
        ("flight_id", "flight ID"),
        ("qty", "quantity"),
        ("payee_ids", "payee IDs"),
        ("IBAN", "IBAN"),
    ],
)
def test_identifiers_become_words(identifier: str, words: str) -> None:
    assert english.words(identifier) == words


@pytest.mark.parametrize(
    ("verb", "gerund", "participle"),
    [
        ("book the flight", "booking the flight", "booked the flight"),
        ("send it", "sending it", "sent it"),
        ("put it there", "putting it there", "put it there"),
        ("reserve a room", "reserving a room", "reserved a room"),
        ("apply the voucher", "applying the voucher", "applied the voucher"),
        ("cancel it", "cancelling it", "cancelled it"),
        ("free it", "freeing it", "freed it"),
        ("cap the budget", "capping the budget", "capped the budget"),
    ],
)
def test_verbs_take_their_forms(verb: str, gerund: str, participle: str) -> None:
    assert (english.gerund(verb), english.participle(verb)) == (gerund, participle)


def test_nouns_take_their_numbers_and_articles() -> None:
    assert [english.singular(word) for word in ("flights", "categories", "addresses", "news", "bus", "boxes")] == [
        "flight", "category", "address", "news", "bus", "box",
    ]  # fmt: skip
    assert english.plural("flight from Rome to Oslo") == "flights from Rome to Oslo"
    assert english.plural("entry of mine") == "entries of mine"
    assert [english.article(word) for word in ("order", "flight", "hour", "user", "unit", "umbrella")] == [
        "an order", "a flight", "an hour", "a user", "a unit", "an umbrella",
    ]  # fmt: skip


def test_persons_change_with_the_speaker_but_not_inside_quotes() -> None:
    clause = 'tell me what is in my cart and say "I am late"'
    assert english.to_second_person(clause) == 'tell you what is in your cart and say "I am late"'
    assert english.to_third_person(clause) == 'tell them what is in their cart and say "I am late"'


@pytest.mark.parametrize(
    ("key", "by", "text"),
    [
        ("price", "min", "cheapest"),
        ("nightly_price", "max", "most expensive"),
        ("rating", "max", "best-rated"),
        ("departs", "min", "earliest"),
        ("arrives", "min", "that arrives earliest"),
        ("balance", "max", "with the highest balance"),
        ("seats_left", "max", "with the most seats left"),
        ("legroom", "max", "roomiest"),
        ("zeal", "min", "with the lowest zeal"),
    ],
)
def test_superlatives_fit_their_field(key: str, by: str, text: str) -> None:
    assert text in [words for words, _ in superlatives(key, by)]


@pytest.mark.parametrize(
    ("key", "value", "kind", "text"),
    [
        ("departs", "08:15", "str", "that leaves at 08:15"),
        ("name", "Ada", "str", "called Ada"),
        ("label", "home", "str", "labelled home"),
        ("type", "savings", "str", "savings _"),
        ("row", "12", "int", "in row 12"),
        ("refundable", "yes", "bool", "that is refundable"),
        ("wifi", "no", "bool", "without wifi"),
        ("author", "Ada Byron", "str", "by Ada Byron"),
        ("deleted_by", "Ada", "str", "deleted by Ada"),
        ("status", "on its way", "str", "whose status is on its way"),
        ("content", "All is well. Go home.", "str", 'whose content is "All is well. Go home."'),
    ],
)
def test_records_are_picked_in_natural_words(key: str, value: str, kind: str, text: str) -> None:
    ways = [f"{before} _ {after}".strip().removeprefix("_ ") for before, after in selectors(key, value, kind)]
    assert text in ways


def test_fields_that_are_verbs_become_nouns() -> None:
    assert [attribute(name) for name in ("departs", "placed_on", "created_at", "home_city")] == [
        "departure", "order date", "creation time", "home city",
    ]  # fmt: skip


def test_a_clause_leaves_out_what_was_not_given() -> None:
    clause = parse_clause("book {room} for {guest}[ from {start}][ with {extra}]")
    assert clause.write({"room": "it", "guest": "Ada"}) == "book it for Ada"
    assert clause.write({"room": "it", "guest": "Ada", "extra": "tea"}) == "book it for Ada with tea"


def test_yes_and_no_can_have_their_own_words() -> None:
    clause = "{unlock?unlock|lock} the doors"
    assert parse_clause(clause).write({"unlock": "no"}) == "lock the doors"
    assert value_from("yes", {"type": "boolean"}, "unlock") is True


def test_a_clause_is_found_in_whatever_form_its_verb_has() -> None:
    pattern = pattern_of("book {room} for {guest}", (("room", r"\S.*?"), ("guest", r"\S.*?")), verb=True)
    found = pattern.search("Would you mind booking the blue room for Dr. Ada Byron, and then resting?")
    assert found is not None
    assert (found["g0"], found["g1"]) == ("the blue room", "Dr. Ada Byron")


def test_brackets_that_name_no_part_are_none() -> None:
    assert read_record("Ada Byron (of Oslo)", ["name", "age"]) == {"name": "Ada Byron"}


def test_lists_and_objects_read_back() -> None:
    assert (
        record_text([("sku", "the oak desk"), ("colour", "black"), ("quantity", "2")])
        == "2 of the oak desk (colour black)"
    )
    assert read_record("2 of the oak desk (colour black)", ["sku", "colour", "quantity"]) == {
        "colour": "black", "quantity": "2", "sku": "the oak desk",
    }  # fmt: skip
    assert object_text([("priority", "3"), ("status", "open")]) == "priority 3 and status open"
    assert read_object("priority 3 and status open", ["status", "priority"]) == {
        "priority": "3",
        "status": "open",
    }
    assert split_items('Ada Byron, "Salt and Pepper" and the lamp (colour red, size 3)') == [
        "Ada Byron", '"Salt and Pepper"', "the lamp (colour red, size 3)",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("value", "schema"),
    [
        (["AAPL", "NVDA"], {"type": "array", "items": {"type": "string"}}),
        ([1.5, 2], {"type": "array", "items": {"type": "number"}}),
        (
            [{"kind": "skis", "weight": 9}, {"kind": "golf bag", "weight": 28.5}],
            {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {"kind": {"type": "string"}, "weight": {"type": "number"}},
                },
            },
        ),
        (
            {"priority": 3, "status": "open"},
            {"type": "object", "properties": {"priority": {"type": "integer"}, "status": {"type": "string"}}},
        ),
    ],
)
def test_values_read_back(value: Any, schema: dict[str, Any]) -> None:
    assert value_from(value_text(value), schema, "x") == value


# -- answers ----------------------------------------------------------------------------------------------


def told(tell: str, output: object, writes: bool = False, **arguments: object) -> str:
    spec = ToolSpec("look", "toy", "Look.", {}, (), writes=writes, phrases=Phrases(tell=tell))
    lexicon = Lexicon({"look": spec})
    return answer([Made("look", arguments, output)], lambda made: "", lexicon, Random(4))


def test_an_answer_is_filled_from_the_output() -> None:
    assert "Booking BK-1 costs 20.5 euros." in told(
        "Booking {id} costs {price} euros.", {"id": "BK-1", "price": 20.5}
    )


def test_a_list_is_told_item_by_item() -> None:
    rows = [{"name": "Hare", "price": 3}, {"name": "Tern", "price": 4.0}]
    text = told("{rows[]: {name} takes {price} euros}", {"rows": rows})
    assert "Hare takes 3 euros and Tern takes 4 euros" in text


def test_a_sentence_without_its_value_is_left_out() -> None:
    text = told("The name is {name}. The gate is {gate}.", {"name": "Ada", "gate": None})
    assert "The name is Ada." in text and "gate" not in text


def test_articles_fit_the_value() -> None:
    assert "It is an aisle seat." in told("It is a {kind} seat.", {"kind": "aisle"})


def test_an_answer_without_tell_is_made_from_the_fields() -> None:
    lexicon = Lexicon(weather().tools)
    made = Made("get_forecast", {"station_code": "ST1"}, {"temperature": 11, "outlook": "light rain"})
    text = answer([made], lambda made: "", lexicon, Random(2))
    assert "the temperature is 11" in text.lower() and "light rain" in text


def test_two_results_of_one_tool_say_which_is_which() -> None:
    spec = ToolSpec("look", "toy", "Look.", {}, (), phrases=Phrases(tell="Its state is {state}."))
    made = [
        Made("look", {"order_id": f"ORD-{n}"}, {"state": state}) for n, state in ((1, "sent"), (2, "paid"))
    ]
    text = answer(made, lambda one: "", Lexicon({"look": spec}), Random(1))
    assert "Order ORD-1: its state is sent." in text and "Order ORD-2: its state is paid." in text


# -- tools without phrases --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "description", "params", "clause", "noun"),
    [
        (
            "assign",
            "Assign ticket to agent.",
            ("ticket_id", "agent"),
            "assign {ticket_id} to {agent}",
            "assign",
        ),
        ("close_tkt", "Close it.", ("ticket_id",), "close {ticket_id}", "ticket"),
        (
            "get_customer",
            "Looks up a customer record.",
            ("email",),
            "look up a customer record",
            "customer with the email",
        ),
        ("zip_of", "Gets the zipcode based on the city.", ("city",), "show me the zipcode in {city}", "zip"),
        (
            "upgradePlan",
            "Change the plan of a customer.",
            ("customer_id", "new_plan"),
            "of {customer_id} to {new_plan}",
            "plan",
        ),
        (
            "updateDeal",
            "Update the stage of a deal.",
            ("id", "stage"),
            "update the stage of {id} to {stage}",
            "deal",
        ),
        ("add", "Add two numbers.", ("a", "b"), "add two numbers, namely {a} and {b}", "add"),
        ("create_list", "Create a playlist.", ("title",), "create a playlist called {title}", "list called"),
    ],
)
def test_descriptions_become_clauses_and_nouns(
    name: str, description: str, params: tuple[str, ...], clause: str, noun: str
) -> None:
    specs = tuple(ParamSpec(param, {"type": "string"}, True) for param in params)
    spec = ToolSpec(name, "toy", description, {}, specs)
    assert any(clause in text for text in generic.asks(spec)), generic.asks(spec)
    assert generic.noun(spec).startswith(noun), generic.noun(spec)


def test_yes_and_no_are_said_in_words() -> None:
    flag = ParamSpec("unpaid_only", {"type": "boolean"}, False)
    spec = ToolSpec("list_invoices", "toy", "Returns all invoices.", {}, (flag,))
    clause = parse_clause(generic.asks(spec)[0])
    assert clause.write({"unpaid_only": "yes"}) == "show me all invoices, only the unpaid ones"
    assert clause.write({"unpaid_only": "no"}) == "show me all invoices, not only the unpaid ones"
    assert clause.write({}) == "show me all invoices"
