"""The verdict: other correct solutions pass, wrong ones do not."""

from __future__ import annotations

from typing import Any

from funreason_plugin.environments.space import SimulationSpace
from funreason_plugin.scoring import Outcome, Verdict, judge
from funreason_plugin.synthesis.needed import needed_values
from funreason_plugin.synthesis.trace import Trace, TracedCall
from funreason_plugin.trajectory import Needed
from tests.core.library import Library

SPACE = SimulationSpace([Library])
Calls = list[tuple[str, dict[str, Any]]]


def outcome(calls: Calls) -> Outcome:
    with SPACE.session(SPACE.scenario(5)) as session:
        outputs = [session.call(name, arguments) for name, arguments in calls]
        return Outcome.of(session, outputs, calls)


def verdict(truth: Calls, attempt: Calls, needed: list[Needed] | None = None) -> Verdict:
    return judge(SPACE, outcome(truth), outcome(attempt), needed or [])


LEND_TWO: Calls = [("lend", {"title": "Dune", "note": "Due 12 May."}), ("lend", {"title": "Emma"})]


def test_the_same_calls_are_an_exact_match() -> None:
    assert verdict(LEND_TWO, LEND_TWO).exact_match


def test_another_order_passes() -> None:
    found = verdict(LEND_TWO, LEND_TWO[::-1])
    assert found.passed
    assert not found.exact_match


def test_an_extra_look_up_and_a_failed_call_pass() -> None:
    extra: Calls = [("find", {"title": "Emma"}), ("lend", {"title": "Moby"}), *LEND_TWO]
    assert verdict(LEND_TWO, extra).passed


def test_a_reworded_note_passes_if_its_numbers_are_there() -> None:
    reworded: Calls = [("lend", {"title": "Dune", "note": "To be back on 12 May"}), LEND_TWO[1]]
    assert verdict(LEND_TWO, reworded).passed
    other: Calls = [("lend", {"title": "Dune", "note": "To be back on 13 May"}), LEND_TWO[1]]
    assert not verdict(LEND_TWO, other).passed


def test_new_ids_may_differ() -> None:
    """Lending, giving back and lending again names the loan differently; the loan is the same."""
    truth: Calls = [("lend", {"title": "Dune"})]
    loan = outcome(truth).outputs[0]["loan"]
    detour: Calls = [("lend", {"title": "Dune"}), ("give_back", {"loan": loan}), ("lend", {"title": "Dune"})]
    assert verdict(truth, detour).passed


def test_a_set_is_compared_without_order_but_with_counts() -> None:
    wishes: Calls = [("wish", {"title": "a"}), ("wish", {"title": "b"}), ("wish", {"title": "a"})]
    assert verdict(wishes, [wishes[1], wishes[0], wishes[2]]).passed
    assert not verdict(wishes, [wishes[0], wishes[1], wishes[1]]).passed


def test_another_title_fails_and_says_where() -> None:
    found = verdict([("lend", {"title": "Dune"})], [("lend", {"title": "Emma"})])
    assert not found.passed
    assert any("library: copies.Dune" in reason for reason in found.reasons)


def test_a_needed_output_has_to_be_obtained() -> None:
    truth: Calls = [("find", {"title": "Dune"})]
    copies = outcome(truth).outputs[0]["copies"]
    needed = [Needed(copies, "copies")]
    assert verdict(truth, truth, needed).passed
    assert not verdict(truth, [("draw", {})], needed).passed


def test_an_empty_truth_wants_no_call() -> None:
    assert verdict([], []).passed
    assert not verdict([], [("find", {"title": "Dune"})]).passed


def test_the_numbers_that_a_write_reports_need_not_be_obtained() -> None:
    """What is left after each of two payments depends on their order; the state tells whether both were made."""
    paid = TracedCall("pay", {}, {}, {"receipt": "RC-1", "left": 20.5}, 0, "goal", ["receipt", "left"])
    balance = TracedCall("balance", {}, {}, {"left": 20.5}, 0, "goal", ["left"])
    assert needed_values(Trace([paid], "pay"), 0, {"pay"}) == [Needed("RC-1", "receipt")]
    assert needed_values(Trace([balance], "balance"), 0, {"pay"}) == [Needed(20.5, "left")]
