"""The verdict on played conversations: other right solutions pass, wrong ones do not, and each turn says why."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from funreason_plugin.conversation import Reply
from funreason_plugin.errors import UserError
from funreason_plugin.judging import judge_played
from funreason_plugin.played import Played, PlayedTurn
from funreason_plugin.tasks import Task
from funreason_plugin.trajectory import EnvironmentRef, Needed
from tests.core.plays import Calls, find, lend, plays, task

COPIES = Needed(2, "copies")
TWO_TURNS = task(
    [[find("Dune")], [lend("Dune", note="Due 12 May.")]],
    [[lend("Emma")]],
    needed={0: [Needed("Dune", "title")]},
)


def passed(played: Played, of: Task = TWO_TURNS) -> list[bool]:
    return [turn.passed for turn in judge_played(of, played).turns]


# -- whole conversations --------------------------------------------------------------------------------


def test_the_truths_calls_pass() -> None:
    played = plays(TWO_TURNS, [find("Dune")], [lend("Dune", note="Due 12 May.")], "Lent.", [lend("Emma")])
    score = judge_played(TWO_TURNS, played)
    assert (score.success, score.progress, score.format) == (True, 1.0, True)
    assert (score.calls, score.errors, score.steps, score.truth_steps, score.responses) == (3, 0, 3, 3, 5)
    assert all(turn.exact for turn in score.turns)
    assert score.summary() == ""


def test_what_ends_in_the_truths_state_is_judged_without_replaying_the_truth(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def never(of: Task) -> None:
        raise AssertionError("the truth was replayed")

    monkeypatch.setattr("funreason_plugin.judging.played_turns.truth_of", never)
    played = plays(TWO_TURNS, [find("Dune"), lend("Dune", note="Due 12 May.")], "Lent.", [lend("Emma")])
    assert judge_played(TWO_TURNS, played).success


def test_another_wording_and_more_look_ups_pass() -> None:
    first: Calls = [find("Emma"), lend("Moby"), find("Dune"), lend("Dune", note="Back by 12 May, please")]
    score = judge_played(TWO_TURNS, plays(TWO_TURNS, first, "Lent.", [lend("Emma")]))
    assert score.success
    assert score.errors == 1
    assert not score.turns[0].exact


def test_new_ids_may_differ() -> None:
    """Lending, giving back and lending again names the loan differently; the loan is the same."""
    once = task([[lend("Dune")]])
    loan = once.turns[0].steps[0][0].output["loan"]
    played = plays(once, [lend("Dune"), ("give_back", {"loan": loan}), lend("Dune")])
    assert played.turns[0].state_hash != once.turns[0].state_hash
    assert passed(played, once) == [True]


def test_a_needed_new_id_is_known_by_the_name_that_the_attempt_gave_it() -> None:
    loan = task([[lend("Dune")]]).turns[0].steps[0][0].output["loan"]
    once = task([[lend("Dune")]], needed={0: [Needed(loan, "loan")]})
    played = plays(once, [lend("Dune"), ("give_back", {"loan": loan}), lend("Dune")])
    del played.turns[0].steps[0].calls[0]  # of the truth's loan only the state tells
    assert passed(played, once) == [True]


def test_a_wrong_state_says_where_and_stays_wrong() -> None:
    score = judge_played(TWO_TURNS, plays(TWO_TURNS, [find("Dune"), lend("Emma")], "Lent.", [lend("Emma")]))
    assert [turn.passed for turn in score.turns] == [False, False]
    assert any("library: copies.Dune: expected" in reason for reason in score.turns[0].reasons)
    assert "turn 1: library: copies.Dune" in score.summary()


def test_what_is_needed_has_to_be_obtained_at_some_time() -> None:
    reading = task([[find("Emma")]], [[find("Dune")]], needed={1: [Needed("Dune", "title")]})
    assert passed(plays(reading, [find("Emma")], "Emma is here.", "Dune, too."), reading) == [True, False]
    assert passed(plays(reading, [find("Dune")], "Both are here.", "Yes."), reading) == [True, True]
    lacking = judge_played(reading, plays(reading)).turns[1]
    assert lacking.missing == (Needed("Dune", "title"),)
    assert lacking.reasons == ("the value of title was never obtained",)


def test_nothing_is_to_be_called_where_the_truth_calls_nothing() -> None:
    asking = task([], [[lend("Emma")]])
    right = judge_played(asking, plays(asking, "Which one?", [lend("Emma")]))
    assert (right.success, right.abstention) == (True, 1.0)
    wrong = judge_played(asking, plays(asking, [find("Emma")], "It is here.", [lend("Emma")]))
    assert [turn.passed for turn in wrong.turns] == [False, True]
    assert wrong.abstention == 0.0
    assert wrong.turns[0].reasons == ("nothing was to be called in this turn, but find was",)
    assert judge_played(TWO_TURNS, Played()).abstention is None


def test_what_cannot_be_read_is_not_an_abstention() -> None:
    asking = task([], [[lend("Emma")]])
    assert passed(plays(asking, "<tool_call>[lend(", [lend("Emma")]), asking) == [False, True]


def test_calls_before_an_unreadable_response_count() -> None:
    score = judge_played(
        TWO_TURNS,
        plays(
            TWO_TURNS,
            [find("Dune"), lend("Dune", note="Due 12 May.")],
            "<tool_call>nonsense</tool_call>",
            [lend("Emma")],
        ),
    )
    assert score.success
    assert (score.format, score.malformed) == (False, 1)


def test_a_turn_without_an_end_is_not_right() -> None:
    first: Calls = [find("Dune"), lend("Dune", note="Due 12 May.")]
    score = judge_played(TWO_TURNS, plays(TWO_TURNS, first, [find("Dune")], [find("Dune")], steps=3))
    assert [turn.passed for turn in score.turns] == [False, False]
    assert score.turns[0].reasons == ("the turn had too many steps: 3 steps in one turn",)
    assert score.turns[1].reasons == ("not played",)
    assert (score.truncated, score.format, score.success) == (True, True, False)


def test_a_response_that_was_cut_off_is_not_right() -> None:
    played = plays(TWO_TURNS, [find("Dune"), lend("Dune", note="Due 12 May.")], Reply("And so", False))
    score = judge_played(TWO_TURNS, played)
    assert not score.turns[0].passed
    assert (score.truncated, score.format) == (True, False)


def test_lost_tools_are_not_the_truths_state() -> None:
    reading = task([[find("Dune")]])
    lost = Played([PlayedTurn(stop="tools", reason="gone")], 1)
    assert judge_played(reading, lost).turns[0].reasons == ("the tools could not be reached: gone",)


def test_numbers_are_equal_as_the_environments_have_it() -> None:
    """1 and 1.0 are one number, and their states are equal though the hashes are not; true is none."""
    wishing = task([[("wish", {"title": "Dune"})]])
    played = plays(wishing, [("wish", {"title": "Dune"})])
    copies = wishing.scenario.states["library"]["copies"]["Dune"]
    for value, equal in ((float(copies), True), (copies + 1, False), (True, False)):
        played.turns[0].state_hash = "another"
        played.turns[0].changes = [
            [["library", "copies", "Dune"], value],
            [["library", "wanted"], ["Dune"]],
        ]
        assert passed(played, wishing) == [equal], value


# -- other environments than those of the data ----------------------------------------------------------


def test_an_environment_that_is_not_that_of_the_data_is_named() -> None:
    turn = replace(TWO_TURNS.turns[0], state_hash="0" * 64)
    other = replace(TWO_TURNS, turns=(turn, TWO_TURNS.turns[1]))
    reasons = judge_played(other, plays(other, [lend("Dune", note="Due 12 May.")])).turns[0].reasons
    assert "the environments installed here are not those of the data (library" in reasons[0]


def test_an_environment_that_is_not_there_is_the_users_error() -> None:
    gone = replace(TWO_TURNS, id="gone", environments=(EnvironmentRef("x", "1", "", "not_there:X"),))
    with pytest.raises(UserError, match="not_there"):
        judge_played(gone, plays(TWO_TURNS))


# -- rows of kind "response" ----------------------------------------------------------------------------

STEPS: list[list[Calls]] = [[[find("Dune")], [lend("Dune", note="Due 12 May.")]], [[lend("Emma")]]]


@pytest.mark.parametrize("at", [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1)])
def test_the_truths_response_is_right_at_every_place(at: tuple[int, int]) -> None:
    one = task(*STEPS, needed={0: [COPIES]}, at=at)
    steps = STEPS[at[0]]
    response: Any = steps[at[1]] if at[1] < len(steps) else "Done."
    score = judge_played(one, plays(one, response))
    assert score.success, score.summary()
    assert score.turns[0].exact
    wrong: Any = "Done." if at[1] < len(steps) else [find("Dune")]
    assert not judge_played(one, plays(one, wrong)).success


def test_a_response_that_reads_has_to_read_the_same() -> None:
    one = task(*STEPS, at=(0, 0))
    assert passed(plays(one, [find("Dune"), find("Emma")]), one) == [True]
    assert passed(plays(one, [find("Emma")]), one) == [False]


def test_of_a_response_only_what_its_step_obtains_is_needed() -> None:
    title = Needed("Dune", "title")
    second = task([[find("Dune")], [find("Emma")]], needed={0: [title, Needed("Emma", "title")]}, at=(0, 1))
    assert passed(plays(second, [find("Emma")]), second) == [True]
    assert judge_played(second, plays(second, [find("Ulysses")])).turns[0].missing == (
        Needed("Emma", "title"),
    )


def test_a_response_that_writes_is_told_by_its_state() -> None:
    one = task(*STEPS, at=(0, 1))
    assert passed(plays(one, [lend("Dune", note="12 May at the latest")]), one) == [True]
    assert passed(plays(one, [lend("Dune", note="13 May at the latest")]), one) == [False]
    assert passed(plays(one, [lend("Dune", note="Due 12 May."), lend("Emma")]), one) == [False]


def test_what_a_writing_response_reports_may_differ() -> None:
    """The loan has another number, and the state tells that it is the same loan."""
    one = task([[lend("Dune")]], at=(0, 0))
    loan = one.turns[0].steps[0][0].output["loan"]
    played = plays(one, [lend("Dune"), ("give_back", {"loan": loan}), lend("Dune")])
    del played.turns[0].steps[0].calls[0]
    assert {"loan": loan} not in [call.output for call in played.turns[0].calls()]
    assert passed(played, one) == [True]


def test_a_response_that_cannot_be_read_or_says_nothing_is_wrong() -> None:
    one = task(*STEPS, at=(1, 1))
    assert passed(plays(one, "It is lent."), one) == [True]
    assert passed(plays(one, "  "), one) == [False]
    assert passed(plays(one, "<tool_call>"), one) == [False]
    assert passed(plays(one, Reply("It is le", False)), one) == [False]


def test_where_nothing_can_be_executed_the_calls_are_compared() -> None:
    one = replace(task([[find("Dune"), ("wish", {"title": "2", "copies": 1})]], rule="calls", at=(0, 0)))
    truth: Calls = [("wish", {"copies": 1.0, "title": "2"}), find("Dune")]
    assert passed(plays(one, truth), one) == [True]
    others: list[Calls] = [truth[:1], [*truth, find("Dune")], [truth[0], find("Emma")], []]
    assert [passed(plays(one, other), one) for other in others] == [[False]] * 4
    assert passed(plays(one, [("wish", {"copies": True, "title": "2"}), find("Dune")]), one) == [False]


# -- many at once ---------------------------------------------------------------------------------------


def test_threads_judge_alike() -> None:
    tasks = [task([[lend(title, note=f"Due {day} May.")]]) for title in ("Dune", "Emma") for day in range(20)]
    named = [replace(one, id=f"task-{number}") for number, one in enumerate(tasks)]
    attempts = [plays(one, [lend("Dune", note="Back on 3 May")]) for one in named]
    expected = [number == 3 for number in range(len(named))]
    with ThreadPoolExecutor(8) as threads:
        for _ in range(3):
            found = threads.map(lambda one, played: judge_played(one, played).success, named, attempts)
            assert list(found) == expected
