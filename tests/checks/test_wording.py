"""Values as people say them, and claims as evidence knows them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from funreason_plugin.checks.grounding import Evidence, ungrounded
from funreason_plugin.checks.wording import Said

QUERY = Said(
    "Could you book two seats for Ada O’Byron on May 3rd at 8:15 am, round-trip, 1,200.50 euros at most, in €, "
    'with a 20% tip, 3k points, twenty-five bags, the 4th row and "see you" as a note? Turn the radio on.'
)


@pytest.mark.parametrize(
    "value",
    [
        2,
        2.0,
        "2",
        "Ada O'Byron",
        "ada o'byron",
        "2026-05-03",
        "2026-05-03T08:15:00",
        "08:15",
        "8:15",
        "round_trip",
        "ROUND TRIP",
        1200.5,
        "1200.50",
        0.2,
        20,
        3000,
        25,
        4,
        "EUR",
        "see you.",
        None,
        "",
        [],
        ["Ada", 2],
        {"name": "Ada O'Byron", "seats": 2},
    ],
)
def test_readable(value: Any) -> None:
    assert QUERY.reads(value)


@pytest.mark.parametrize(
    "value",
    [
        1,
        5,
        12,
        200,
        1200,
        -2,
        "Ad",
        "Byro",
        "2026-05-04",
        "09:15",
        "20:15",
        "USD",
        "seat",
        ["Ada", 7],
        True,
    ],
)
def test_not_readable(value: Any) -> None:
    assert not Said(QUERY.text.replace("Turn the radio on.", "")).reads(value)


def test_yes_and_no_are_about_the_parameter() -> None:
    assert QUERY.reads(True, "radio_on") and QUERY.reads(True, "enabled")
    assert Said("Please send me alerts.").reads(True, "send_alerts")
    assert not Said("Please book it.").reads(True, "send_alerts")
    assert Said("No alerts, please.").reads(False, "send_alerts")
    assert not Said("Alerts, please.").reads(False, "send_alerts")


def test_words_of_a_choice_may_be_inflected() -> None:
    assert Said("my cancelled orders").reads("cancel", enum=True)
    assert not Said("my cancelled orders").reads("cancel")
    assert not Said("my open orders").reads("cancelled", enum=True)


@given(st.integers(0, 10**9) | st.floats(0, 10**6).map(lambda number: round(number, 2)))
def test_digits_are_read_with_and_without_separators(number: float) -> None:
    assert Said(f"It costs {number} in all.").reads(number)
    assert Said(f"It costs {number:,}.").reads(number)
    assert not Said(f"It costs 1{number}9.").reads(number)


def evidence() -> Evidence:
    known = Evidence()
    known.add_text("Please book two seats from Rome to Oslo on June 7th, row 1,300.")
    known.add_json(
        {
            "flights": [
                {"id": "FL4173", "price": 1200.5, "departs": "2026-05-03T08:15", "tax": 0.25},
                {"id": "FL3927", "price": 99.9951, "mail": "ada@example.org"},
                {"rows": [5, 61, 72, 83]},
            ],
            "note": 'he said "hi there"\nand left\n37 lines',
            "rate": 0.0000388,
        }
    )
    return known


@pytest.mark.parametrize(
    "text",
    [
        "1,200.50",
        "$1200.5.",
        "(FL4173)",
        "FL4173/FL3927",
        "2 seats, a 2-seat row",
        "3 flights, the 1st and the 3rd",
        "4 rows: 5, 61, 72 and 83",
        "on May 3, 2026",
        "3 May",
        "June 7",
        "2026-05-03",
        "8:15 am or 08:15",
        "25% tax",
        "100.00 or 99.995",
        "row 1300",
        "1. one\n2. two\n3. three",
        "“hi there”, 'and left' and `FL4173`",
        "it's O'Brien's and the users' thing",
        "write to ada@example.org",
        "the year 2026",
        "37 lines",
        "3.88e-05",
    ],
)
def test_grounded(text: str) -> None:
    assert ungrounded(text, evidence()) == []


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        ("1,201.50", "1,201.50"),
        ("FL4174", "FL4174"),
        ("FL417", "FL417"),
        ("9 seats", "9"),
        ("May 4", "May 4"),
        ("June 8", "June 8"),
        ("2026-05-04", "2026-05-04"),
        ("May 3, 2025", "May 3, 2025"),
        ("8:15 pm", "8:15"),
        ("9:15", "9:15"),
        ("26%", "26%"),
        ("9th", "9th"),
        ("99.98", "99.98"),
        ("'ho there'", "'ho there'"),
        ("bob1@example.org", "bob1@example.org"),
        ("5617283", "5617283"),
        ("15", "15"),
        ("3.89e-05", "3.89e-05"),
        ("1. one\n2. two\n97. many", "97"),
    ],
)
def test_ungrounded(text: str, missing: str) -> None:
    assert ungrounded(text, evidence()) == [missing]


def test_evidence_has_an_order() -> None:
    known = Evidence()
    known.add_text("first 11")
    known.add_text("then 22")
    assert ungrounded("11 and 22", known, 1) == ["22"]
    assert ungrounded("11 and 22", known) == []


@given(st.text())
def test_no_text_makes_it_raise(text: str) -> None:
    ungrounded(text, evidence())
    Said(text).reads("2026-05-03")
