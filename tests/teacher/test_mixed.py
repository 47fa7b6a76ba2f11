"""Mixed use: a model writes the query, or describes the advanced tool, and scripted agents do the rest."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from functools import cache
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from funreason_plugin.calls import parse
from funreason_plugin.environments.session import Session
from funreason_plugin.environments.space import SimulationSpace
from funreason_plugin.synthesis.advanced_tool import hint
from funreason_plugin.synthesis.chain import Chain, ChainOptions, TurnRejected, Usage
from funreason_plugin.synthesis.messages import tool_responses
from funreason_plugin.synthesis.prompts import Prompts
from funreason_plugin.synthesis.teachers.base import AGENTS, Completion, Request, Teacher
from funreason_plugin.synthesis.teachers.scripted import ScriptedTeacher
from funreason_plugin.synthesis.trace import Trace
from funreason_plugin.trajectory import Call
from tests.teacher.sampled import Asked, asked, graph_of, reply, traces
from tests.teacher.written import WRITTEN


class Says:
    """Always the same reply."""

    name, model = "says", "none"

    def __init__(self, text: str) -> None:
        self.text = text

    async def complete(self, request: Request) -> Completion:
        return Completion(self.text, 1, 1, self.model)


def outcome(
    space: SimulationSpace, session: Session, trace: Trace, agents: dict[str, Teacher], index: int
) -> str:
    """ "kept", or the phase and code that rejected the turn."""
    chain = Chain(space, agents, ChainOptions(), Usage())
    play = chain.play(session, trace, (), list(space.tools), space.policy, Random(index), f"{index}")
    try:
        asyncio.run(play)
    except TurnRejected as rejected:
        return f"{rejected.phase}: {rejected.code}"
    return "kept"


@pytest.mark.slow
@pytest.mark.parametrize(("name", "least"), [("travel", 19), ("files", 16), ("shop", 18)])
def test_most_queries_in_other_words_are_solved_and_the_rest_are_only_rejected(name: str, least: int) -> None:
    space, _ = graph_of(name)
    scripted: Teacher = ScriptedTeacher(space, 0)
    outcomes = Counter(
        outcome(space, session, trace, {**dict.fromkeys(AGENTS, scripted), "querying": Says(query)}, number)
        for number, (query, (session, trace)) in enumerate(
            zip(WRITTEN[name], traces(name, len(WRITTEN[name])), strict=True)
        )
    )
    assert outcomes["kept"] >= least, outcomes
    assert outcomes.total() == 24


class Describes(ScriptedTeacher):
    """Scripted, but its advanced tools are a model's: names of its own, words around them."""

    async def complete(self, request: Request) -> Completion:
        completion = await super().complete(request)
        if request.agent != "tooling":
            return completion
        data = json.loads(completion.text.split("```json\n")[1].split("\n```")[0])
        data["name"] = "do_it_all_for_me"
        for number, row in enumerate(data["inputs"]):
            row["name"] = f"Value no. {number} ({row['name']})"
            row["description"] = "What the user wants."
        return Completion(f"Sure:\n```json\n{json.dumps({'advanced_tool': data})}\n```", 1, 1, "m")


@pytest.mark.slow
@pytest.mark.parametrize("name", ["travel", "files", "shop"])
def test_a_model_may_describe_the_advanced_tool_for_scripted_agents(name: str) -> None:
    space, _ = graph_of(name)
    agents: dict[str, Teacher] = dict.fromkeys(AGENTS, Describes(space, 0))
    outcomes = Counter(
        outcome(space, session, trace, agents, number)
        for number, (session, trace) in enumerate(traces(name, 30))
    )
    assert outcomes["kept"] >= 27, outcomes


# -- any text ---------------------------------------------------------------------------------------------

WORDS = (
    *(
        "Book",
        "the cheapest",
        "flight",
        "from",
        "to",
        "Rome",
        "Ada Byron",
        "for",
        '"see you"',
        "“so”",
        "and",
        ",",
    ),
    *(
        "2026-05-03",
        "12:00",
        "3 stars",
        "(",
        ")",
        ":",
        "\n",
        "folder Legal",
        "the Human resources folder",
        "'s",
    ),
    *(
        "your office chairs",
        "as viewer",
        "28 kg",
        "golf equipment",
        "it",
        "that one",
        "\\",
        "<1: id>",
        "None",
    ),
)


@cache
def turns() -> list[tuple[ScriptedTeacher, Asked, str]]:
    """A few sampled turns with a teacher for them and their hint."""
    return [
        (ScriptedTeacher(one.space, 0.5), one, hint(one.trace, one.advanced))
        for name in ("travel", "files", "shop")
        for one in asked(name, 12)
    ]


PROMPTS = Prompts()


@settings(max_examples=150, deadline=None)
@given(
    st.integers(0, 35),
    st.text(max_size=80) | st.lists(st.sampled_from(WORDS), max_size=25).map(" ".join),
    st.lists(st.text(max_size=30), max_size=2),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(["stays", "flights", "error", "stay_id", "price"]), inner)
        ),
        max_leaves=6,
    ),
)
def test_the_scripted_agent_answers_whatever_it_is_told(
    number: int, query: str, critiques: list[str], result: object
) -> None:
    teacher, one, solution = turns()[number]
    messages = PROMPTS.reasoning(
        one.space.policy, list(one.space.tools.values()), (), query, one.advanced, solution, critiques
    )
    for _ in range(3):
        text = reply(teacher, Request("reasoning", tuple(messages), "1"))
        parsed = parse(text)
        assert parsed.error is None and parsed.thought
        if not parsed.calls:
            assert parsed.content
            return
        messages += [
            {"role": "assistant", "content": text},
            {"role": "user", "content": tool_responses([result] * len(parsed.calls))},
        ]


_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-99, 99)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=150, deadline=None)
@given(
    st.integers(0, 35),
    st.data(),
    st.lists(st.text(max_size=40), min_size=1, max_size=3),
    st.text(max_size=60),
)
def test_the_scripted_critic_has_advice_for_any_attempt(
    number: int, data: st.DataObject, reasons: list[str], answer: str
) -> None:
    teacher, one, _ = turns()[number]
    names = st.sampled_from([call.name for call in one.trace.calls]) | st.sampled_from(["nothing", "x.y", ""])
    arguments = st.dictionaries(
        st.sampled_from(["city", "traveller", "items", "date", "x"]), _JSON, max_size=3
    )
    attempt = [
        Call(data.draw(names), data.draw(arguments), {}, data.draw(_JSON))
        for _ in range(data.draw(st.integers(0, 4)))
    ]
    messages = PROMPTS.critiquing(one.query, attempt, one.trace.calls, reasons, answer)
    assert reply(teacher, Request("critiquing", tuple(messages), "1")).strip()
