"""Inventions of every form are found in an answer, and what is known is known in every form."""

from __future__ import annotations

import pytest

from funreason_plugin.checks.claims import numbers_in_words
from funreason_plugin.checks.grounding import Evidence, ungrounded

OUTPUT = {
    "booking": "BK-85-77",
    "price": 1234.5,
    "paid": 7000,
    "city": "Oslo",
    "seats": [{"seat": "12A"}, {"seat": "14C"}, {"seat": "15D"}],
    "departs": "2026-09-07T19:00",
    "mail": "anna@example.org",
    "file": "trip_notes.txt",
    "note": "window seat",
}


@pytest.fixture(scope="module")
def evidence() -> Evidence:
    known = Evidence()
    known.add_text("Book two seats to Oslo in the afternoon, at most forty-five minutes by bus")
    known.add_json(OUTPUT)
    return known


@pytest.mark.parametrize(
    "text",
    [
        "It takes seventy-six minutes.",
        "It costs three hundred and seventy-three euros.",
        "It costs seven thousand nine hundred.",
        "It costs 7\u202f234 euros.",
        "It costs 85'770 euros.",
        "It costs 12.077,50 euros.",
        "The reference is ZQ-85-77.",  # its numbers are known, each by itself
        "The reference is ref_85.",
        "I wrote to otto@example.org.",
        "See https://terms.example/oslo for more.",
        "I saved it as oslo_notes.docx.",
        "I told @otto.",
        "Tagged #Oslo.",
        "The note says ‘aisle seat’.",
        "The note says «aisle seat».",
        "The note says „aisle seat“.",
        "It leaves on 8/9/2026.",
        "It leaves on 09.12.2026.",
        "It leaves in October 2026.",
        "It leaves at 9 pm.",
        "It leaves at 7 am.",
        "That is about 2k.",
        "That is 7 million.",
        "That is EUR13.",
    ],
)
def test_an_invention_is_found(evidence: Evidence, text: str) -> None:
    assert ungrounded(text, evidence)


@pytest.mark.parametrize(
    "text",
    [
        "It takes forty-five minutes, for two seats of three.",
        "It costs 1,234.50, 1\u202f234.50, 1'234.50, 1.234,50 or EUR1234.5.",
        "Paid: 7k, seven thousand, 7,000.",
        "The reference is BK-85-77, see trip_notes.txt and anna@example.org.",
        "The note says ‘window seat’, “Window seat” and «window seat».",
        "It leaves on 9/7/2026, 7.9.2026, September 7, 2026, in September 2026, at 7 pm, at 19:00.",
        "It does not matter which one of them, e.g. the first.",
        "The twenty-first century, one by one.",
    ],
)
def test_what_is_known_is_known_in_every_form(evidence: Evidence, text: str) -> None:
    assert ungrounded(text, evidence) == []


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("two hundred and five", [205]),
        ("twenty-one", [21]),
        ("two three", [2, 3]),
        ("twelve thousand three hundred", [12_300]),
        ("hundred", [100]),
        ("one million two hundred thousand and six", [1_200_006]),
    ],
)
def test_numbers_in_words(text: str, numbers: list[int]) -> None:
    assert [*numbers_in_words(text)] == numbers
