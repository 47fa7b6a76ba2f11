"""Bootstrap intervals: their width, what is drawn together, what is paired."""

from __future__ import annotations

from pathlib import Path

import pytest

from funreason_plugin.evaluation.groups import difference, estimate, outcomes
from funreason_plugin.evaluation.runs import Conversation, Run, Settings, TurnVerdict


def rows(*values: float, attempts: int = 1) -> dict[int, list[float]]:
    return {row: [value] * attempts for row, value in enumerate(values)}


def test_an_interval_is_as_wide_as_the_normal_approximation_of_many_rows() -> None:
    found = estimate(rows(*[1.0] * 120, *[0.0] * 80))
    half = 1.96 * (0.6 * 0.4 / 200) ** 0.5
    assert (found.mean, found.rows) == (0.6, 200)
    assert found.low == pytest.approx(0.6 - half, abs=0.01)
    assert found.high == pytest.approx(0.6 + half, abs=0.01)


def test_attempts_at_one_row_are_no_samples_of_their_own() -> None:
    once, often = (estimate(rows(1, 1, 0, 1, 0, 0, 1, 0, attempts=count)) for count in (1, 50))
    assert once == often


def test_a_row_weighs_as_much_as_it_has_attempts() -> None:
    assert estimate({0: [1.0, 1.0, 1.0], 1: [0.0]}).mean == 0.75


def test_a_difference_is_that_of_the_same_rows() -> None:
    first, second = rows(1, 0, 1, 0, 0, 0), rows(1, 0, 1, 0, 0, 1)
    same, more = difference(first, first), difference(first, second)
    assert (same.low, same.mean, same.high) == (0, 0, 0)
    assert more.mean == pytest.approx(1 / 6) and more.low == 0  # the five rows that agree add no noise
    with pytest.raises(ValueError, match="other rows"):
        difference(first, rows(1, 0))


def conversation(row: int, success: bool, variant: str, *labels: str) -> Conversation:
    turn = TurnVerdict(variant, "Go.", success, True, True, 1, 0, "", [], [], "")
    whole = (row, 0, str(row), "trajectory", ["files"], 1, success, 1.0, True, 1, (1, 1), 0.1)
    return Conversation(*whole, turns=[turn], labels=list(labels))


def test_a_label_that_is_no_turns_variant_has_a_group() -> None:
    told = Settings("m", "x", 3, 1, True, 0.0, 1.0, 8, 5, 9.0)
    run = Run(Path("m"), told)
    for one in (
        conversation(0, True, "base", "distractors"),
        conversation(1, False, "base", "distractors"),
        conversation(2, True, "miss_func", "miss_func", "in-domain:bfcl"),
    ):
        run.conversations[one.row, 0] = one
    found = outcomes(run)
    assert [name for name in found if name.startswith("label")] == [
        "label: distractors",
        "label: in-domain:bfcl",
    ]
    assert found["label: distractors"] == {0: [1.0], 1: [0.0]}
