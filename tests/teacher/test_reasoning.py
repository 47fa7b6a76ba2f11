"""A_R, scripted: steps, thoughts and answers, from query, tools and outputs alone."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from random import Random

import pytest

from funreason_plugin.calls import parse
from funreason_plugin.checks.acceptance import review_attempt
from funreason_plugin.synthesis.chain import Chain, ChainOptions, Recorder, TurnRejected, Usage
from funreason_plugin.synthesis.messages import tool_responses
from funreason_plugin.synthesis.plan import Source
from funreason_plugin.synthesis.prompts import Prompts
from funreason_plugin.synthesis.teachers.base import AGENTS, Agent, Completion, Message, Request
from funreason_plugin.synthesis.teachers.scripted import ScriptedTeacher
from funreason_plugin.synthesis.teachers.scripted_view import record_of
from funreason_plugin.synthesis.trace import Choice, Trace
from funreason_plugin.trajectory import Turn
from tests.teacher.hand import Hand, output, play, user
from tests.teacher.sampled import ENVIRONMENTS, graph_of, traces
from tests.teacher.toys import parcels

SPACE = parcels()
PROMPTS = Prompts()
TEACHER = ScriptedTeacher(SPACE, error_rate=0)


def cheapest_booking(seed: int = 1) -> tuple[Turn, Trace]:
    with SPACE.session(SPACE.scenario(seed)) as session:
        start = session.snapshot()
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
                reports=("parcel_id", "price"),
            )
            .trace()
        )  # fmt: skip
        session.restore(start)
        return play(SPACE, session, trace, TEACHER, seed=str(seed)), trace


def test_a_call_that_needs_a_result_comes_in_a_later_message() -> None:
    turn, trace = cheapest_booking()
    assert [[call.name for call in step.calls] for step in turn.steps] == [
        ["search_couriers"],
        ["book_courier"],
    ]
    assert turn.steps[1].calls[0].arguments == trace.calls[1].arguments
    assert turn.exact_match


def test_independent_calls_share_a_message() -> None:
    with SPACE.session(SPACE.scenario(2)) as session:
        start = session.snapshot()
        trace = (
            Hand(session)
            .call("search_couriers", origin=user("Tartu"), destination=user("Leuven"), date=user("2026-05-03"), reports=["couriers[0].name"])
            .call("search_couriers", origin=user("Coimbra"), destination=user("Tartu"), date=user("2026-05-04"), reports=["couriers[0].name"])
            .trace()
        )  # fmt: skip
        session.restore(start)
        turn = play(SPACE, session, trace, TEACHER)
    assert [len(step.calls) for step in turn.steps] == [2]
    assert re.search(r"together|at once|at the same time|one go|no need to wait", turn.steps[0].thought or "")


def test_thought_and_answer_name_what_decides() -> None:
    turn, trace = cheapest_booking()
    first, second = turn.steps[0].thought or "", turn.steps[1].thought or ""
    for value in ("Tartu", "Leuven", "2026-05-03"):
        assert value in first
    price = trace.calls[1].output["price"]
    assert trace.calls[1].arguments["courier_id"] in second
    assert f"{price:g}" in second or f"{price}" in second
    assert 25 <= len(first.split()) <= 140
    assert trace.calls[1].output["parcel_id"] in turn.answer


def test_the_agent_does_not_look_at_the_truth() -> None:
    """With another query under the same guidance it books what that query says."""
    turn, trace = cheapest_booking()
    teacher = TEACHER
    from funreason_plugin.synthesis.advanced_tool import AdvancedInput, AdvancedTool

    advanced = AdvancedTool(
        "book_it", "Book it.", tuple(AdvancedInput(**row) for row in turn.advanced_tool["inputs"]), ()
    )
    query = turn.query.replace("Tartu", "Coimbra").replace("Ada Byron", "Mary Somerville")
    messages = PROMPTS.reasoning(SPACE.policy, list(SPACE.tools.values()), (), query, advanced, turn.hint)
    text = asyncio.run(teacher.complete(Request("reasoning", tuple(messages), "x"))).text
    assert parse(text).calls == [
        ("search_couriers", {"origin": "Coimbra", "destination": "Leuven", "date": "2026-05-03"})
    ]
    found = {"couriers": [{"courier_id": "CR-7", "price": 9.0}, {"courier_id": "CR-8", "price": 3.0}]}
    messages += [
        {"role": "assistant", "content": text},
        {"role": "user", "content": tool_responses([found])},
    ]
    text = asyncio.run(teacher.complete(Request("reasoning", tuple(messages), "x"))).text
    assert parse(text).calls[0].arguments["courier_id"] == "CR-8"
    assert parse(text).calls[0].arguments["recipient"] == "Mary Somerville"
    assert trace


def test_a_failed_call_is_told_plainly() -> None:
    turn, _ = cheapest_booking()
    from funreason_plugin.synthesis.advanced_tool import AdvancedInput, AdvancedTool

    advanced = AdvancedTool(
        "book_it", "Book it.", tuple(AdvancedInput(**row) for row in turn.advanced_tool["inputs"]), ()
    )
    messages = PROMPTS.reasoning(
        SPACE.policy, list(SPACE.tools.values()), (), turn.query, advanced, turn.hint
    )
    text = asyncio.run(TEACHER.complete(Request("reasoning", tuple(messages), "x"))).text
    messages += [
        {"role": "assistant", "content": text},
        {"role": "user", "content": tool_responses([{"error": "the roads are closed"}])},
    ]
    parsed = parse(asyncio.run(TEACHER.complete(Request("reasoning", tuple(messages), "x"))).text)
    assert not parsed.calls
    assert "the roads are closed" in parsed.content


def test_the_same_request_gets_the_same_reply() -> None:
    assert cheapest_booking() == cheapest_booking()


def test_the_reply_costs_tokens() -> None:
    messages: tuple[Message, ...] = tuple(PROMPTS.tooling(cheapest_booking()[1], SPACE.tools))
    completion = asyncio.run(TEACHER.complete(Request("tooling", messages, "1")))
    assert completion.model == "none" and TEACHER.name == "scripted"
    assert completion.input_tokens > 100 and 20 < completion.output_tokens < 400


# -- over sampled turns -----------------------------------------------------------------------------------


class Counting(Recorder):
    def __init__(self) -> None:
        self.replies: list[tuple[str, str]] = []

    def reply(self, agent: Agent, messages: object, text: str) -> None:
        self.replies.append((agent, text))


class Muted(ScriptedTeacher):
    """The same teacher, but A_C has nothing to say."""

    async def complete(self, request: Request) -> Completion:
        if request.agent == "critiquing":
            return Completion("Please try once more.", 1, 1, "none")
        return await super().complete(request)


def play_sampled(
    name: str, number: int, teacher: type[ScriptedTeacher], error_rate: float
) -> tuple[list[Turn], Counter[str]]:
    space, _ = graph_of(name)
    agent = teacher(space, error_rate)
    chain = Chain(space, dict.fromkeys(AGENTS, agent), ChainOptions(), Usage())
    kept, refused = [], Counter[str]()
    for index, (session, trace) in enumerate(traces(name, number)):
        play = chain.play(
            session, trace, (), list(space.tools), space.policy, Random(index), f"{name}/{index}"
        )
        try:
            kept.append(asyncio.run(play))
        except TurnRejected as refusal:
            if refusal.code != "unknowable_choice":
                refused[refusal.code] += 1
    return kept, refused


@pytest.mark.slow
@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_turns_are_solved_and_pass_every_rule(name: str) -> None:
    kept, refused = play_sampled(name, 60, ScriptedTeacher, 0)
    assert sum(refused.values()) <= 2, refused
    assert sum(turn.attempts == 1 for turn in kept) >= 0.97 * len(kept)
    space, _ = graph_of(name)
    for turn in kept:
        assert not review_attempt(turn, (), space.tools, space.policy)


@pytest.mark.slow
def test_thoughts_differ_and_have_sensible_lengths() -> None:
    firsts, all_thoughts = [], []
    for name in ENVIRONMENTS:
        for turn in play_sampled(name, 60, ScriptedTeacher, 0)[0]:
            firsts.append(turn.steps[0].thought or "")
            all_thoughts += [masked(step.thought or "") for step in turn.steps] + [masked(turn.thought or "")]
    lengths = sorted(len(text.split()) for text in firsts)
    assert 35 <= lengths[len(lengths) // 2] <= 120
    assert lengths[len(lengths) // 20] >= 18
    assert len(set(all_thoughts)) >= 0.8 * len(all_thoughts)


def masked(thought: str) -> str:
    return re.sub(r'"[^"]*"|\b[A-Z]+-\d[\w-]*|\d[\d.:-]*|`\w+`', "_", thought)


@pytest.mark.slow
def test_critiques_are_what_mends_mistakes() -> None:
    kept, refused = play_sampled("travel", 80, ScriptedTeacher, 1.0)
    muted, muted_refused = play_sampled("travel", 80, Muted, 1.0)
    assert sum(refused.values()) <= 4, refused
    assert sum(turn.attempts > 1 for turn in kept) >= 0.7 * len(kept)
    assert len(muted) <= 0.35 * len(kept), (len(muted), len(kept), muted_refused)
    assert all(turn.feedback for turn in kept if turn.attempts > 1)


def test_a_number_in_a_time_is_not_a_row() -> None:
    source = Source("output", call=0, field="seats[].seat", by="equals", key="row")
    seats = {"seats": [{"seat": "20E", "row": 20}, {"seat": "12E", "row": 12}]}
    text = "Move it to the flight of 2026-08-29 09:20 and give me the seat in row 12."
    assert record_of(seats, source, (text,))[0]["seat"] == "12E"
