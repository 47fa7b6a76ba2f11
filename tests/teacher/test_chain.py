"""What the chain makes of replies that fail, end early, leak their guidance or go wrong on the way."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from random import Random

import pytest

from funreason_plugin.calls import to_hermes
from funreason_plugin.checks.acceptance import review_attempt
from funreason_plugin.synthesis.advice import advice_for
from funreason_plugin.synthesis.chain import Chain, ChainOptions, TurnRejected, Usage
from funreason_plugin.synthesis.prompts import Prompts
from funreason_plugin.synthesis.teachers.base import (
    AGENTS,
    Agent,
    Completion,
    Request,
    Teacher,
    TeacherFailed,
)
from funreason_plugin.synthesis.teachers.scripted import ScriptedTeacher
from funreason_plugin.synthesis.trace import Choice
from funreason_plugin.trajectory import Turn
from tests.teacher.hand import Hand, output, user
from tests.teacher.toys import parcels

SPACE = parcels()
Change = Callable[[Request, str], "str | Completion"]


class Changed(ScriptedTeacher):
    """The scripted teacher, its replies changed on the way; keeps count of the requests."""

    def __init__(self, change: Change) -> None:
        super().__init__(SPACE, error_rate=0)
        self.change = change
        self.asked: list[Agent] = []

    async def complete(self, request: Request) -> Completion:
        self.asked.append(request.agent)
        reply = await super().complete(request)
        changed = self.change(request, reply.text)
        return Completion(changed, 9, 9, "m") if isinstance(changed, str) else changed


def play(change: Change, prompts: Prompts | None = None) -> tuple[Turn, Changed]:
    teacher = Changed(change)
    return play_with(teacher, prompts), teacher


def play_with(teacher: Teacher, prompts: Prompts | None = None) -> Turn:
    """The cheapest courier is booked."""
    with SPACE.session(SPACE.scenario(1)) as session:
        start = session.snapshot()
        route = {"origin": "Tartu", "destination": "Leuven", "date": "2026-05-03"}
        found = session.call("search_couriers", route)["couriers"]
        best = min(range(3), key=lambda index: found[index]["price"])
        trace = (
            Hand(session)
            .call("search_couriers", "support", origin=user("Tartu"), destination=user("Leuven"), date=user("2026-05-03"))
            .call(
                "book_courier",
                courier_id=output(0, f"couriers[{best}].courier_id", Choice("couriers", "min", "price")),
                recipient=user("Ada Byron"),
                speed=user("express"),
                reports=("parcel_id",),
            )
            .trace()
        )  # fmt: skip
        session.restore(start)
        agents: dict[str, Teacher] = dict.fromkeys(AGENTS, teacher)
        chain = Chain(SPACE, agents, ChainOptions(), Usage(), None, prompts)
        playing = chain.play(session, trace, (), list(SPACE.tools), SPACE.policy, Random(1), "1")
        return asyncio.run(playing)


def rejected(change: Change, prompts: Prompts | None = None) -> TurnRejected:
    with pytest.raises(TurnRejected) as caught:
        play(change, prompts)
    assert advice_for(caught.value.phase, caught.value.code)
    return caught.value


def is_first(request: Request) -> bool:
    """A_R's first step of an attempt."""
    return request.agent == "reasoning" and request.messages[-1]["content"].endswith("</private_notes>")


# -- replies that fail ------------------------------------------------------------------------------------

PHASES = {"tooling": "advanced_tool", "querying": "query", "reasoning": "chain", "critiquing": "chain"}


@pytest.mark.parametrize("agent", ["tooling", "querying", "reasoning"])
@pytest.mark.parametrize("code", ["request_failed", "request_refused"])
def test_a_request_without_a_reply_rejects_the_turn_by_its_code(agent: Agent, code: str) -> None:
    def failing(request: Request, text: str) -> str:
        if request.agent == agent:
            raise TeacherFailed(code, "503 after 8 retries")  # type: ignore[arg-type]
        return text

    found = rejected(failing)
    assert (found.phase, found.code, found.detail) == (PHASES[agent], code, "503 after 8 retries")


@pytest.mark.parametrize("agent", ["tooling", "querying"])
def test_a_reply_that_was_cut_off_rejects_the_try(agent: Agent) -> None:
    def cut(request: Request, text: str) -> str | Completion:
        return Completion(text, 9, 4096, "m", cut_off=True) if request.agent == agent else text

    found = rejected(cut)
    assert (found.phase, found.code) == (PHASES[agent], "cut_off")
    assert "4096 tokens" in found.detail


def test_an_attempt_that_was_cut_off_is_criticised_and_made_again() -> None:
    def cut(request: Request, text: str) -> str | Completion:
        first = is_first(request) and "/1/" in request.seed
        return Completion(text[:40], 9, 4096, "m", cut_off=True) if first else text

    turn, teacher = play(cut)
    assert turn.attempts == 2
    assert turn.feedback[0]["reason"].startswith("cut_off: ")
    assert "critiquing" in teacher.asked


def test_every_attempt_cut_off_rejects_the_turn() -> None:
    found = rejected(lambda request, text: Completion(text, 9, 9, "m", cut_off=request.agent == "reasoning"))
    assert (found.phase, found.code) == ("chain", "cut_off")


@pytest.mark.parametrize("agent", ["tooling", "querying", "reasoning"])
def test_an_endless_reply_is_too_long(agent: Agent) -> None:
    found = rejected(lambda request, text: text + "x" * 300_000 if request.agent == agent else text)
    assert (found.phase, found.code) == (PHASES[agent], "too_long")


def test_advice_that_is_endless_cut_off_or_missing_does_no_harm() -> None:
    for advice in ("Look at the price. " * 9000, "", "<think>never ends"):

        def answer(request: Request, text: str, advice: str = advice) -> str | Completion:
            if request.agent == "critiquing":
                return Completion(advice, 9, 9, "m", cut_off=True)
            return "I am lost." if is_first(request) and "/1/" in request.seed else text

        turn, _ = play(answer)
        assert turn.attempts == 2
        assert len(turn.feedback[0]["critique"]) <= 1200


def test_a_query_in_its_wrapping_is_kept_without_it() -> None:
    bare, _ = play(lambda request, text: text)
    wrapped, _ = play(
        lambda request, text: (
            f"<think>\nLet me see.\n</think>\n{text}" if request.agent == "querying" else text
        )
    )
    assert wrapped.query == bare.query


def test_a_query_that_copies_an_example_is_refused() -> None:
    copied = (
        "Send the parcel from Tartu to Leuven on 2026-05-03 to Ada Byron, express, as cheaply as possible."
    )
    found = rejected(
        lambda request, text: copied if request.agent == "querying" else text, Prompts(examples=[copied])
    )
    assert (found.phase, found.code) == ("query", "copied_example")


def test_a_query_that_names_the_advanced_tool_is_refused() -> None:
    def naming(request: Request, text: str) -> str:
        if request.agent == "querying":
            material = json.loads(request.messages[-1]["content"].split("```json\n")[1].split("\n```")[0])
            return f"{text} Use {material['advanced_tool']['name']}."
        return text

    found = rejected(naming)
    assert (found.phase, found.code) == ("query", "named_tool")


# -- what goes wrong on the way ---------------------------------------------------------------------------

WRONG = to_hermes([("search_couriers", {"origin": "Tartu", "destination": "Leuven", "day": "2026-05-03"})])
THOUGHT = "<think>\nFrom Tartu to Leuven on 2026-05-03: I look for couriers.\n</think>\n"


class Recovering(ScriptedTeacher):
    """Makes a call that the schema forbids, and goes on from its error as if it had learned from it."""

    async def complete(self, request: Request) -> Completion:
        if is_first(request):
            return Completion(THOUGHT + WRONG, 9, 9, "m")
        messages = list(request.messages)
        if request.agent == "reasoning":
            assert WRONG in messages[2]["content"] and '{"error": ' in messages[3]["content"]
            del messages[2:4]
        return await super().complete(Request(request.agent, tuple(messages), request.seed))


def test_a_call_that_the_schema_forbids_is_an_observation_that_can_be_made_good() -> None:
    turn = play_with(Recovering(SPACE, error_rate=0))
    assert [call.name for call in turn.calls()] == ["search_couriers", "search_couriers", "book_courier"]
    assert "error" in turn.calls()[0].output
    assert turn.attempts == 1
    assert not review_attempt(turn, (), SPACE.tools, SPACE.policy)


def test_a_tool_that_does_not_exist_ends_the_attempt() -> None:
    call = to_hermes([("send_cheaply_by_route", {"origin": "Tartu"})])
    found = rejected(lambda request, text: THOUGHT + call if request.agent == "reasoning" else text)
    assert (found.phase, found.code) == ("chain", "tool_not_offered")
    turn, teacher = play(
        lambda request, text: THOUGHT + call if is_first(request) and "/1/" in request.seed else text
    )
    assert turn.attempts == 2 and turn.feedback[0]["reason"].startswith("tool_not_offered")
    assert teacher.asked.count("reasoning") == 4


def test_the_same_failing_call_again_and_again_ends_with_the_last_step() -> None:
    def repeating(request: Request, text: str) -> str:
        return THOUGHT + WRONG if request.agent == "reasoning" else text

    found = rejected(repeating)
    assert (found.phase, found.code) == ("chain", "too_many_steps")


def test_a_message_with_a_hundred_calls_ends_the_attempt() -> None:
    def flooding(request: Request, text: str) -> str:
        return THOUGHT + "\n".join([WRONG] * 100) if request.agent == "reasoning" else text

    found = rejected(flooding)
    assert (found.phase, found.code) == ("chain", "oversized_turn")


@pytest.mark.parametrize("text", ["", "\x00\ud800", "<think>", "</think>", "None", "[]", "{}", "<tool_call>"])
def test_worthless_replies_reject_the_turn_and_never_crash(text: str) -> None:
    for agent in AGENTS[:3]:
        found = rejected(lambda request, reply, agent=agent: text if request.agent == agent else reply)  # type: ignore[misc]
        assert found.phase == PHASES[agent]


# -- guidance that leaks ----------------------------------------------------------------------------------

LEAKS = (
    "The hint says to look for couriers first.",
    "According to the hint, the cheapest one is wanted.",
    "The advanced tool would do all of it at once.",
    "As the advanced_tool describes, it is about the price.",
    "As the notes suggest, I start with the search.",
    "The notes say that the search comes first.",
    "The private notes tell me to search first.",
    "My notes mention two steps.",
    "According to the notes, there are two calls.",
    "I was given private_notes for this.",
    "The provided plan is to search first.",
    "The given solution has two steps.",
    "Following the plan, I search first.",
    "I'll follow the provided steps.",
    "As per the solution, I look for couriers.",
    "The solution says to look for couriers first.",
    "The solution shows two calls.",
    "The solution's first call is the search.",
    "In the solution, the search comes first.",
    "According to the advice, the price decides.",
    "The advice says that I took the wrong courier.",
    "In my previous attempt I took the wrong one.",
    "My earlier try went wrong.",
    "The critique points out the price.",
    "The ground truth has the cheapest courier.",
    "The expected solution is the cheapest one.",
    "The expected sequence is a search and a booking.",
    "I need the id, <1: couriers[].courier_id of the record with the smallest price>.",
    "I take <origin> from the user's words.",
    "It is <origin of search_couriers in turn 1>.",
    "I must not mention the notes.",
    "I shouldn't refer to the solution.",
    "The guidance recommends a search.",
    "The instructions say to think first.",
    "As instructed, I search first.",
    "The system prompt wants me to think.",
    "Step 1 of the plan is the search.",
    "In terms of primitive tools this is a search.",
    "This is for my eyes only.",
)


@pytest.mark.parametrize("leak", LEAKS)
def test_a_thought_that_speaks_of_its_guidance_is_rejected(leak: str) -> None:
    found = rejected(lambda request, text: _thinking(request, text, leak))
    assert found.phase == "chain"
    assert found.code in ("forbidden_phrase", "unfilled_text")


@pytest.mark.parametrize("leak", ["As the notes say, it is booked.", "The provided plan is done."])
def test_an_answer_that_speaks_of_its_guidance_is_rejected(leak: str) -> None:
    def leaking(request: Request, text: str) -> str:
        return f"{text} {leak}" if request.agent == "reasoning" and "<tool_call>" not in text else text

    assert rejected(leaking).code == "forbidden_phrase"


@pytest.mark.parametrize(
    "thought",
    [
        "My plan is simple: couriers first, then the booking.",
        "The next step is to look for couriers.",
        "I should note that the user wants it express.",
        "A first step would be the search; the booking needs its result.",
        "Let me first try the search.",
        "The user asks for the cheapest one, so I have to compare the prices.",
        "I'd rather not guess the id; the search will give it.",
        "That solves the first half of the request.",
        "No approach without the search makes sense, since the id is not known.",
        "The tool lists couriers with their prices, which is what decides.",
    ],
)
def test_a_natural_thought_is_kept(thought: str) -> None:
    turn, _ = play(lambda request, text: _thinking(request, text, thought))
    assert thought in (turn.steps[0].thought or "")


def _thinking(request: Request, text: str, more: str) -> str:
    return text.replace("\n</think>", f" {more}\n</think>") if is_first(request) else text


def test_nothing_that_guides_stands_in_the_texts_of_a_kept_turn() -> None:
    turn, _ = play(
        lambda request, text: "I am lost." if is_first(request) and "/1/" in request.seed else text
    )
    assert turn.attempts == 2
    kept = "\n".join(
        [turn.query, *(step.thought or "" for step in turn.steps), turn.thought or "", turn.answer]
    )
    guiding = [turn.hint, turn.advanced_tool["name"], turn.feedback[0]["critique"], "private_notes", "<1:"]
    assert not [text for text in guiding if text in kept]
