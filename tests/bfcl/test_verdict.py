"""Our verdict on benchmark entries is that of bfcl-eval's checker, turn by turn."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from random import Random
from typing import Any

import pytest

pytest.importorskip("bfcl_eval")

from funreason_plugin.conversation import Reply, play
from funreason_plugin.environments.bfcl import entry_ids, load_entry
from funreason_plugin.environments.bfcl.texts import executor_text
from funreason_plugin.environments.space import SimulationSpace
from funreason_plugin.judging import Score, judge_played, metrics, reward
from funreason_plugin.live import Direct
from funreason_plugin.messages import Conversation
from funreason_plugin.played import Played
from funreason_plugin.rl.settings import Reward
from tests.bfcl.verdicts import Turns, multi_turn, mutants, played, task_of, theirs

IDS = entry_ids()


def judged(score: Score) -> list[bool | None]:
    """As `theirs` has it: None where BFCL has no verdict."""
    return [turn.passed if turn.judged else None for turn in score.turns]


def truth_of(entry_id: str) -> Turns:
    return [list(calls) for calls in load_entry(entry_id).truth]


def both(entry_id: str, attempt: Turns) -> tuple[list[bool | None], list[bool | None]]:
    """Our verdicts and theirs on each turn."""
    entry = load_entry(entry_id)
    return judged(judge_played(task_of(entry), played(entry, attempt))), theirs(entry_id, attempt)[1]


def agree(ids: list[str], attempts: int) -> None:
    """All truths, and so many mutated ones of each, get the checker's verdict: on every turn, and as a whole."""
    turns = failed = 0
    for entry_id in ids:
        entry = load_entry(entry_id)
        task = task_of(entry)
        truth = truth_of(entry_id)
        score = judge_played(task, played(entry, truth))
        assert score.success, f"{entry_id}: {score.summary()}"
        assert theirs(entry_id, truth) == (True, judged(score)), entry_id
        for attempt in mutants(entry, Random(entry_id), attempts):
            score = judge_played(task, played(entry, attempt))
            assert theirs(entry_id, attempt) == (score.success, judged(score)), f"{entry_id}: {attempt}"
            turns += sum(turn.judged for turn in score.turns)
            failed += sum(turn.judged and not turn.passed for turn in score.turns)
    assert failed > 0.2 * turns


def test_some_truths_and_mutated_ones_get_the_checkers_verdict() -> None:
    agree(IDS[::20], 3)


@pytest.mark.slow
def test_all_truths_and_1600_mutated_ones_get_the_checkers_verdict() -> None:
    assert len(IDS) == 800
    agree(IDS, 2)


# -- what a comparison of JSON alone would get wrong ----------------------------------------------------


@pytest.mark.parametrize("value", [10.0, 10, "10"])
def test_a_key_that_python_takes_for_the_same_is_the_same(value: Any) -> None:
    """TwitterAPI keeps comments by the number of the tweet as it was given: 10.0 finds 10, "10" does not."""
    entry_id, turn = next(
        (entry_id, turn)
        for entry_id in IDS
        for turn, calls in enumerate(load_entry(entry_id).truth)
        for name, arguments in calls
        if name == "comment" and arguments.get("tweet_id") == 10
    )
    attempt = truth_of(entry_id)
    attempt[turn] = [
        (name, {**arguments, "tweet_id": value} if name == "comment" else arguments)
        for name, arguments in attempt[turn]
    ]
    ours, expected = both(entry_id, attempt)
    assert ours == expected
    assert ours[turn] is (value == 10)


@pytest.mark.parametrize("value", [0, 0.0, False, "0"])
def test_zero_is_false_for_python(value: Any) -> None:
    """The list of retweets is [0], [0.0] or [False]; all of them are equal."""
    attempt = truth_of("multi_turn_base_170")
    ((name, arguments),) = attempt[5]
    assert (name, arguments) == ("retweet", {"tweet_id": 0})
    attempt[5] = [(name, {"tweet_id": value})]
    ours, expected = both("multi_turn_base_170", attempt)
    assert ours == expected
    assert ours[5] is (value == 0)


def of_math(*calls: tuple[str, dict[str, Any]]) -> list[str]:
    """The texts of calls of MathAPI's tools, by ours and by theirs."""
    entry = next(entry for entry in map(load_entry, IDS) if "math" in str(entry.environments).lower())
    executor = multi_turn("multi_turn_utils")
    with SimulationSpace(entry.environments).session(entry.scenario) as session:
        ours = [executor_text(name, arguments, session.call(name, arguments)) for name, arguments in calls]
    texts = [f"{name}(**{arguments!r})" for name, arguments in calls]
    before = set(vars(executor))
    try:
        expected, _ = executor.execute_multi_turn_func_call(texts, {}, ["MathAPI"], "test", "math")
    finally:
        for name in set(vars(executor)) - before:
            delattr(executor, name)
    assert ours == expected
    return ours


def test_numbers_are_told_to_the_last_digit() -> None:
    texts = of_math(
        ("square_root", {"number": 2, "precision": 20}),
        ("square_root", {"number": 2, "precision": 30}),
        ("square_root", {"number": 16, "precision": 4}),
        ("logarithm", {"value": 10, "base": 3, "precision": 20}),
        ("logarithm", {"value": 10, "base": 3, "precision": 40}),
        ("logarithm", {"value": 8, "base": 2, "precision": 5}),
        ("square_root", {"number": -2, "precision": 5}),
        ("multiply", {"a": 10**15, "b": 10**15}),
        ("multiply", {"a": 1e15, "b": 1e15}),
        ("power", {"base": 7, "exponent": 30}),
        ("power", {"base": 2, "exponent": 0.5}),
        ("multiply", {"a": 1e300, "b": 1e300}),
        ("divide", {"a": 1, "b": 0}),
        ("sum_values", {"numbers": [2**63 - 1, 2**63 - 1]}),
        ("add", {"a": 1}),
    )
    assert len(set(texts[:5])) == 5
    assert texts[7] != texts[8]


def test_a_file_that_holds_an_empty_object_is_no_folder() -> None:
    attempt = truth_of("multi_turn_base_7")
    name, arguments = attempt[0].pop()
    assert name == "mkdir"
    file = {"file_name": arguments["dir_name"]}
    attempt[0] += [("touch", file), ("echo", {**file, "content": {}})]
    ours, expected = both("multi_turn_base_7", attempt)
    assert ours == expected
    assert ours[0] is False


def test_where_one_stands_and_what_is_read_beside_do_not_matter() -> None:
    entry_id = "multi_turn_base_7"
    attempt = truth_of(entry_id)
    attempt[-1] += [("ls", {}), ("cd", {"folder": ".."}), ("pwd", {})]
    ours, expected = both(entry_id, attempt)
    assert ours == expected
    assert all(passed is not False for passed in ours)


# -- turns that BFCL does not judge, and conversations that end early -----------------------------------

ASKING = next(entry_id for entry_id in entry_ids("miss_param") if not truth_of(entry_id)[0])


def test_a_turn_without_truth_is_told_apart_from_bfcls_verdict() -> None:
    entry = load_entry(ASKING)
    attempt = truth_of(ASKING)
    space = SimulationSpace(entry.environments)
    looks = (
        spec.name for spec in space.tools.values() if not spec.writes and not spec.parameters["required"]
    )
    attempt[0] = [(next(looks), {})]
    score = judge_played(task_of(entry), played(entry, attempt))
    assert theirs(ASKING, attempt)[0] is score.success is True
    assert not score.turns[0].judged
    assert not score.turns[0].passed
    assert score.abstention == 0.0
    assert score.progress == pytest.approx(1 - 1 / len(attempt))
    assert reward(score, Reward()) == 0.0
    assert metrics(score, task_of(entry))["success"] == 1.0


def test_a_conversation_that_ends_early_fails_as_a_whole() -> None:
    entry = load_entry(ASKING)
    short = played(entry, truth_of(ASKING))
    short.turns.pop()
    short.turns[-1].stop = "steps"
    score = judge_played(task_of(entry), short)
    assert all(turn.passed for turn in score.turns[:-1])
    assert not score.success


def test_the_last_turns_calls_count_even_when_it_did_not_end() -> None:
    """BFCL gives up on a conversation after too many steps, and judges it when it had come to its last turn."""
    entry = load_entry(ASKING)
    full = played(entry, truth_of(ASKING))
    full.turns[-1].stop = "steps"
    assert judge_played(task_of(entry), full).success
    full.turns[-1].stop = "tools"
    assert not judge_played(task_of(entry), full).success


# -- played as a model would ----------------------------------------------------------------------------


def plays(entry_id: str, attempt: Turns, withheld: dict[int, tuple[str, ...]]) -> Score:
    """The verdict on the attempt, written by a model and played."""
    entry = load_entry(entry_id)
    task = task_of(entry)
    turns = tuple(replace(turn, withheld=withheld.get(number, ())) for number, turn in enumerate(task.turns))
    task = replace(task, turns=turns)
    replies = [
        text
        for calls in attempt
        for text in [
            *(
                f"<tool_call>\n{json.dumps({'name': name, 'arguments': arguments})}\n</tool_call>"
                for name, arguments in calls
            ),
            "Done.",
        ]
    ]

    async def generate(conversation: Conversation) -> Reply:
        return Reply(replies.pop(0))

    async def run() -> Played:
        session = Direct(SimulationSpace(entry.environments), entry.scenario)
        try:
            return await play(task, session, generate)
        finally:
            await session.close()

    return judge_played(task, asyncio.run(run()))


def test_a_played_truth_passes() -> None:
    for entry_id in IDS[::50]:
        score = plays(entry_id, truth_of(entry_id), {})
        assert score.success, f"{entry_id}: {score.summary()}"


def test_a_withheld_tool_that_is_called_is_executed_as_in_bfcl() -> None:
    """bfcl-eval hides a tool from the prompt, not from its executor: calls come too early, and still count."""
    early = 0
    for entry_id in entry_ids("miss_func")[:40]:
        entry = load_entry(entry_id)
        ((late, names), *_) = entry.missed_function.items()
        attempt = truth_of(entry_id)
        attempt[late - 1] += attempt[late]
        attempt[late] = []
        early += any(name in names for name, _ in attempt[late - 1])
        score = plays(entry_id, attempt, dict.fromkeys(range(late), names))
        assert (score.success, judged(score)) == theirs(entry_id, attempt), entry_id
    assert early > 10
