"""Mistakes on purpose: at least six kinds, repeated until the critique speaks of the tool and argument concerned."""

from __future__ import annotations

import asyncio
from collections import Counter
from itertools import product
from random import Random

import pytest

from funreason_plugin.synthesis.plan import Plan, PlannedCall, Source
from funreason_plugin.synthesis.prompts import Prompts
from funreason_plugin.synthesis.teachers.base import Request
from funreason_plugin.synthesis.teachers.scripted import ScriptedTeacher
from funreason_plugin.synthesis.teachers.scripted_lexicon import Lexicon
from funreason_plugin.synthesis.teachers.scripted_mistakes import KINDS, Mistake, draw_mistake, is_mended
from funreason_plugin.synthesis.teachers.scripted_reader import Reading
from funreason_plugin.synthesis.trace import Choice
from funreason_plugin.trajectory import Call
from tests.teacher.hand import Hand, output, user
from tests.teacher.toys import parcels

SPACE = parcels()
LEXICON = Lexicon(SPACE.tools)
PLAN = Plan(
    (
        PlannedCall(
            "search_couriers",
            0,
            {name: Source("input", name=name) for name in ("origin", "destination", "date")},
        ),
        PlannedCall("unlock_depot", 0, {"pin": Source("input", name="pin")}),
        PlannedCall(
            "book_courier",
            1,
            {
                "courier_id": Source("output", call=0, field="couriers[].courier_id", by="min", key="price"),
                "recipient": Source("input", name="recipient"),
                "speed": Source("input", name="speed"),
            },
        ),
        PlannedCall("store_items", 1, {"items": Source("input", name="items")}),
    )
)
READING = Reading(
    {
        "origin": "Tartu",
        "destination": "Leuven",
        "date": "2026-05-03",
        "pin": "4711",
        "recipient": "Ada Byron",
        "speed": "express",
        "items": [{"sku": "oak box", "quantity": 2}],
    }
)


def test_nine_kinds_of_mistakes_are_made() -> None:
    drawn = Counter(
        mistake.kind for seed in range(400) if (mistake := draw_mistake(PLAN, READING, LEXICON, Random(seed)))
    )
    assert set(drawn) <= set(KINDS)
    assert len(drawn) >= 8, drawn
    assert min(drawn.values()) >= 20


def test_a_mistake_needs_advice_on_its_tool_and_argument() -> None:
    mistake = Mistake("other_mention", 0, "origin", "destination")
    assert not is_mended(mistake, PLAN, [])
    assert not is_mended(mistake, PLAN, ["Please try once more."])
    assert not is_mended(mistake, PLAN, ["`book_courier` got the wrong `recipient`."])
    assert not is_mended(mistake, PLAN, ["`search_couriers` got the wrong `date`."])
    assert is_mended(mistake, PLAN, ["Try again.", "`search_couriers` got the wrong `origin`."])
    stopped = Mistake("stopped", 3)
    assert not is_mended(stopped, PLAN, ["`book_courier` is missing."])
    assert is_mended(stopped, PLAN, ["Call store_items before you answer."])


@pytest.mark.parametrize("rate", [0.0, 0.15, 1.0])
def test_the_rate_of_mistakes_is_the_rate_asked_for(rate: float) -> None:
    teacher = ScriptedTeacher(SPACE, error_rate=rate)
    solution = "Step 1\n1. search_couriers(origin=<origin>, destination=<destination>, date=<date>)"
    routes = product(
        ("Tartu", "Leuven", "Coimbra", "Gothenburg"), ("Porto", "Cork", "Graz", "Ghent"), range(10, 30)
    )
    queries = [f"Please find couriers from {a} to {b} on 2026-05-{day}." for a, b, day in routes]
    made = sum(teacher._drawn(query, solution) is not None for query in queries) / len(queries)
    assert abs(made - rate) < 0.06


def test_an_impossible_rate_is_refused() -> None:
    with pytest.raises(ValueError, match="error_rate"):
        ScriptedTeacher(SPACE, error_rate=1.5)


# -- critiques --------------------------------------------------------------------------------------------


def critique(*attempt: Call, reasons: tuple[str, ...] = ("the state differs",)) -> str:
    with SPACE.session(SPACE.scenario(1)) as session:
        found = session.call(
            "search_couriers", {"origin": "Tartu", "destination": "Leuven", "date": "2026-05-03"}
        )
        best = min(range(3), key=lambda index: found["couriers"][index]["price"])
        trace = (
            Hand(session)
            .call("search_couriers", "support", origin=user("Tartu"), destination=user("Leuven"), date=user("2026-05-03"))
            .call(
                "book_courier",
                courier_id=output(0, f"couriers[{best}].courier_id", Choice("couriers", "min", "price")),
                recipient=user("Ada Byron"),
                speed=user("express"),
            )
            .trace()
        )  # fmt: skip
    messages = tuple(Prompts().critiquing("Send it.", attempt, trace.calls, reasons))
    text = asyncio.run(ScriptedTeacher(SPACE).complete(Request("critiquing", messages, "1"))).text
    assert trace.calls[1].arguments["courier_id"] not in text
    assert trace.calls[1].output["parcel_id"] not in text
    assert 1 <= text.count(". ") + 1 <= 6
    return text


SEARCH = Call(
    "search_couriers",
    {"origin": "Tartu", "destination": "Leuven", "date": "2026-05-03"},
    {},
    {"couriers": []},
)


def booking(**changes: object) -> Call:
    arguments = {"courier_id": "CR-999", "recipient": "Ada Byron", "speed": "express", **changes}
    return Call(
        "book_courier", {k: v for k, v in arguments.items() if v is not None}, {}, {"parcel_id": "PC-1"}
    )


def test_a_wrong_choice_is_told_by_its_criterion() -> None:
    text = critique(SEARCH, booking())
    assert "courier_id" in text and "book_courier" in text and "smallest price" in text


def test_a_skipped_look_up_is_told_by_what_it_gives() -> None:
    text = critique(booking())
    assert "search_couriers" in text and "courier ID" in text


def test_a_wrong_value_points_to_the_message() -> None:
    text = critique(SEARCH, booking(recipient="Grace Murray Hopper"))
    assert "recipient" in text and "book_courier" in text


def test_a_left_out_argument_is_named() -> None:
    assert "`speed`" in critique(SEARCH, booking(speed=None))


def test_a_missing_call_is_named() -> None:
    assert "`book_courier`" in critique(SEARCH)


def test_a_call_too_many_is_named() -> None:
    assert "once" in critique(SEARCH, booking(), booking())


def test_a_refusal_by_a_rule_is_passed_on_in_plain_words() -> None:
    text = critique(SEARCH, booking(), reasons=("silent_thought: …",))
    assert "courier_id" in text or "thought" in text


def test_a_critique_begins_with_what_broke_the_attempt_off() -> None:
    failed = Call(
        "search_couriers", {**SEARCH.arguments, "origin": "Leuven"}, {}, {"error": "the same city twice"}
    )
    text = critique(failed)
    assert text.index("`origin`") < text.index("book_courier")
