"""The prompts: one fenced JSON block each, and notes that stand apart from the conversation."""

from __future__ import annotations

import asyncio
import json
import re
from random import Random

import pytest

from funreason_plugin.synthesis.advanced_tool import (
    AdvancedTool,
    AdvancedToolError,
    hint,
    parse_advanced_tool,
)
from funreason_plugin.synthesis.messages import split_notes, tool_responses
from funreason_plugin.synthesis.prompts import Prompts
from funreason_plugin.synthesis.query import Noise, draw_noise
from funreason_plugin.synthesis.teachers.base import Message, Request
from funreason_plugin.synthesis.teachers.scripted import ScriptedTeacher
from funreason_plugin.synthesis.trace import Choice, Trace
from tests.teacher.hand import Hand, output, play, user
from tests.teacher.toys import parcels

SPACE = parcels()
PROMPTS = Prompts()


def booking() -> Trace:
    with SPACE.session(SPACE.scenario(1)) as session:
        found = session.call(
            "search_couriers", {"origin": "Tartu", "destination": "Leuven", "date": "2026-05-03"}
        )
        cheapest = min(range(3), key=lambda index: found["couriers"][index]["price"])
        return (
            Hand(session)
            .call(
                "search_couriers",
                "support",
                origin=user("Tartu"),
                destination=user("Leuven"),
                date=user("2026-05-03"),
            )
            .call(
                "book_courier",
                courier_id=output(0, f"couriers[{cheapest}].courier_id", Choice("couriers", "min", "price")),
                recipient=user("Ada Byron"),
            )
            .trace()
        )


def reply(**changes: object) -> str:
    inputs = [
        {"name": name, "description": "", "call": call, "parameter": name}
        for call, name in ((1, "origin"), (1, "destination"), (1, "date"), (2, "recipient"))
    ]
    data = {
        "name": "send_cheaply",
        "description": "Send it.",
        "inputs": inputs,
        "outputs": ["price"],
        **changes,
    }
    return f"Here you are:\n```json\n{json.dumps(data)}\n```"


def block(messages: list[Message]) -> dict[str, object]:
    blocks = re.findall(r"```json\n(.*?)\n```", messages[-1]["content"], re.DOTALL)
    assert len(blocks) == 1
    found = json.loads(blocks[0])
    assert isinstance(found, dict)
    return found


@pytest.mark.parametrize(("stepwise", "marked"), [(False, 1), (True, 2)])
def test_hard_queries_ask_for_the_outcome_and_stepwise_ones_for_every_call(
    stepwise: bool, marked: int
) -> None:
    trace = booking()
    noise = Noise("engineer", "plain", "short", "direct", "natural")
    messages = Prompts(stepwise=stepwise).querying(parse_advanced_tool(reply(), trace), trace, noise)
    material = block(messages)
    assert str(material["outline"]).count("# asked for") == marked
    assert ("exception" in material) == stepwise
    teacher = ScriptedTeacher(SPACE)
    query = asyncio.run(teacher.complete(Request("querying", tuple(messages), "0"))).text
    assert ("find couriers" in query) == stepwise, query


def test_the_advanced_tool_takes_what_the_user_supplies_and_gets_the_values_from_the_trace() -> None:
    advanced = parse_advanced_tool(reply(), booking())
    assert [(entry.name, entry.value) for entry in advanced.inputs] == [
        ("origin", "Tartu"), ("destination", "Leuven"), ("date", "2026-05-03"), ("recipient", "Ada Byron"),
    ]  # fmt: skip
    assert "value" not in json.dumps(advanced.signature())


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("I cannot do that.", "advanced_tool_json"),
        (reply(name="Book Courier"), "advanced_tool_name"),
        (reply(name="book_courier"), "advanced_tool_name"),
        (reply(description=" "), "advanced_tool_json"),
        (reply(inputs=[]), "advanced_tool_inputs"),
        (reply(inputs=[{"name": "courier", "call": 2, "parameter": "courier_id"}]), "advanced_tool_inputs"),
        ("```json\n[1]\n```", "advanced_tool_json"),
    ],
)
def test_a_bad_advanced_tool_is_refused_by_name(text: str, code: str) -> None:
    with pytest.raises(AdvancedToolError) as caught:
        parse_advanced_tool(text, booking())
    assert caught.value.code == code


def test_every_prompt_has_one_block_of_material() -> None:
    trace = booking()
    advanced = parse_advanced_tool(reply(), trace)
    tooling = block(PROMPTS.tooling(trace, SPACE.tools))
    assert [row["name"] for row in tooling["inputs"]] == ["origin", "destination", "date", "recipient"]  # type: ignore[attr-defined]
    noise = draw_noise(Random(1))
    querying = block(PROMPTS.querying(advanced, trace, noise))
    assert "CR-1" not in json.dumps(querying)  # no id that only a tool gives
    critiquing = block(PROMPTS.critiquing("Send it.", [], trace.calls, ["nothing was called"]))
    assert critiquing["differences"] == ["nothing was called"]


def test_the_notes_stand_after_the_query_and_hold_no_value() -> None:
    trace = booking()
    advanced = parse_advanced_tool(reply(), trace)
    messages = reasoning(trace, advanced, critiques=["Look at the prices."])
    assert [message["role"] for message in messages] == ["system", "user"]
    query, notes = split_notes(messages[1]["content"])
    assert query == "Send it."
    assert "solution" in notes and "Look at the prices." in notes
    for value in ("Tartu", "Leuven", "2026-05-03", "Ada Byron"):
        assert value not in notes
    assert "send_cheaply" not in messages[0]["content"]
    assert SPACE.policy in messages[0]["content"]


def test_what_stays_the_same_is_made_once() -> None:
    trace = booking()
    advanced = parse_advanced_tool(reply(), trace)
    first, second = reasoning(trace, advanced), reasoning(trace, advanced, critiques=["Again."])
    assert first[0] is second[0]
    assert first[1] != second[1]


def reasoning(trace: Trace, advanced: AdvancedTool, critiques: list[str] | None = None) -> list[Message]:
    tools = list(SPACE.tools.values())
    return PROMPTS.reasoning(
        SPACE.policy, tools, (), "Send it.", advanced, hint(trace, advanced), critiques or []
    )


def test_earlier_turns_are_shown_with_calls_and_outputs_but_without_thoughts() -> None:
    with SPACE.session(SPACE.scenario(1)) as session:
        trace = booking()
        turn = play(SPACE, session, trace, ScriptedTeacher(SPACE, error_rate=0))
        advanced = parse_advanced_tool(reply(), trace)
        messages = PROMPTS.reasoning(
            SPACE.policy, list(SPACE.tools.values()), [turn], "And now?", advanced, hint(trace, advanced)
        )
    roles = [message["role"] for message in messages[1:]]
    assert roles == ["user", "assistant"] * 3 + ["user"]
    assert "<think>" not in "".join(message["content"] for message in messages[1:-1])
    assert messages[3]["content"] == tool_responses([turn.steps[0].calls[0].output])
    assert turn.answer == messages[-2]["content"]
