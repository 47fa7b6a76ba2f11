"""OpenAI messages: as we write them and as others do, and the way there and back."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from funreason_plugin.calls import MARKERS, ParsedCall
from funreason_plugin.converting.example import Reading
from funreason_plugin.converting.plain_json import to_json
from funreason_plugin.converting.refusal import Refused
from funreason_plugin.converting.sources.openai import read
from funreason_plugin.converting.targets.openai import messages
from funreason_plugin.messages import Conversation, Message
from tests.convert.conversions import Row, convert_rows, messages_of, refusal

TOOL = {"type": "function", "function": {"name": "cd", "description": "", "parameters": {"type": "object", "properties": {}}}}  # fmt: skip


def call(identifier: str | None, arguments: Any = "{}", name: str = "cd") -> Row:
    return {"id": identifier, "type": "function", "function": {"name": name, "arguments": arguments}}


def result(identifier: str | None, content: Any = "done", **more: Any) -> Row:
    return {"role": "tool", "tool_call_id": identifier, "content": content, **more}


def row(*after: Row, calls: Any = None, **message: Any) -> Row:
    """A question, a response (two calls unless given) and what follows."""
    made = [call("a"), call("b", '{"folder": "x"}')] if calls is None else calls
    response = {"role": "assistant", "content": None, "tool_calls": made, **message}
    return {"messages": [{"role": "user", "content": "Go."}, response, *after], "tools": [TOOL]}


ANSWER = {"role": "assistant", "content": "There."}


def conversation(value: Row, reading: Reading | None = None) -> Conversation:
    return read(value, reading or Reading()).conversation


def test_results_are_put_in_the_order_of_the_calls() -> None:
    reading = Reading()
    made = conversation(row(result("b", "second"), result("a", "first"), ANSWER), reading)
    assert made.messages[2].results == ("first", "second")
    assert reading.notes["results: put in the order of the calls"] == 1


def test_arguments_may_be_objects() -> None:
    made = conversation(row(calls=[call("a", {"n": 1}), call("b", '{"n": 1}')]))
    assert made.messages[1].calls == (ParsedCall("cd", {"n": 1}), ParsedCall("cd", {"n": 1}))


@pytest.mark.parametrize(
    "message",
    [
        {"reasoning_content": "Hm."},
        {"reasoning": "Hm."},
        {"content": "<think>\nHm.\n</think>\n\n"},
        {"content": [{"type": "text", "text": "<think>Hm.</think>"}]},
    ],
)
def test_reasoning_goes_by_several_names(message: Row) -> None:
    response = conversation(row(**message)).messages[1]
    assert (response.thought, response.content) == ("Hm.", "")


def test_a_developer_s_message_and_a_function_call_are_those_of_today() -> None:
    value = {
        "messages": [
            {"role": "developer", "content": "Be brief."},
            {"role": "user", "content": "Go."},
            {"role": "assistant", "content": "", "function_call": {"name": "cd", "arguments": "{}"}},
            {"role": "function", "name": "cd", "content": {"ok": True}},
            ANSWER,
        ],
        "functions": [TOOL["function"]],
    }
    made = conversation(value)
    assert made.system == "Be brief." and made.tools == [TOOL]
    assert made.messages[2] == Message("tool", results=('{"ok": true}',))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"messages": None}, ("messages", "missing")),
        ({"messages": "x"}, ("messages", "not JSON")),
        (row({"role": "assistant", "tool_calls": [call("c")]}),
         ("messages[2]", "parallel calls in consecutive assistant messages")),
        (row(result("a"), ANSWER), ("messages[2]", "fewer results than calls")),
        (row(result("a"), result("b"), result("c"), ANSWER), ("messages[4]", "more results than calls")),
        (row(result("a"), result("a"), ANSWER), ("messages[3].tool_call_id", "a second result for one call")),
        (row(result("a"), result("z"), ANSWER),
         ("messages[3].tool_call_id", "not the id of a call in the message before")),
        (row(result("a"), result(None), ANSWER), ("messages[3].tool_call_id", "missing")),
        (row(result("a", name="ls"), result("b"), ANSWER), ("messages[2].name", "not the name of the call")),
        (row(result("a", None), result("b"), ANSWER), ("messages[2].content", "missing")),
        (row(calls=[call("a"), call("a")]), ("messages[1].tool_calls[1].id", "occurs a second time")),
        (row(calls=[call("a", '{"x": 1')]), ("messages[1].tool_calls[0].function.arguments", "not JSON")),
        (row(calls=[call("a", '{"x": 1, "x": 2}')]),
         ("messages[1].tool_calls[0].function.arguments", "a key occurs twice")),
        (row(calls=[call("a", "[" * 100_000)]),
         ("messages[1].tool_calls[0].function.arguments", "nested deeper than 64 levels")),
        (row(calls=[call("a", '"text"')]), ("messages[1].tool_calls[0].function.arguments", "not an object")),
        (row(calls=[call("a", name="")]), ("messages[1].tool_calls[0].function.name", "a call without a name")),
        (row(calls=[{"type": "code"}]), ("messages[1].tool_calls[0].type", "not a function")),
        (row(calls=[]), ("messages[1]", "a response without text and calls")),
        (row(calls={}), ("messages[1].tool_calls", "not a list")),
        (row(function_call={"name": "f", "arguments": "{}"}), ("messages[1]", "both function_call and tool_calls")),
        (row(content="<think>open"), ("messages[1].content", "<think> is not closed")),
        (row(content="<tool_call>{}</tool_call>"), ("messages[1].content", "calls as text")),
        (row(content="<think>a</think>", reasoning="b"),
         ("messages[1].reasoning", "two thoughts that differ, in <think> and beside the text")),
        (row(reasoning_content="a", reasoning="b"), ("messages[1]", "two fields that mean the same differ")),
        (row(content=[{"type": "image_url"}]), ("messages[1].content[0].type", "a part that is not text")),
        (row(refusal="No."), ("messages[1].refusal", "a refusal of the model, which rows have no place for")),
        (row(result("a"), result("b"), {"role": "system", "content": "x"}),
         ("messages[4]", "a second system message, or one in mid conversation")),
        (row(result("a"), result("b"), {"role": "user", "content": "x", "tool_calls": [1]}),
         ("messages[4].tool_calls", "calls in a message of role user")),
        (row(result("a", "</tool_response>"), result("b"), ANSWER),
         ("messages[2]", "a text holds a tag that chat templates read as markup")),
        ({"messages": [{"role": "user", "content": "Go."}]}, ("messages", "ends with a user's message")),
        ({"messages": [1]}, ("messages[0]", "not an object")),
        ({"messages": [{"content": "x"}]}, ("messages[0].role", "missing")),
    ],
)  # fmt: skip
def test_what_cannot_be_converted_is_refused(tmp_path: Path, value: Row, expected: tuple[str, str]) -> None:
    assert refusal(tmp_path, "openai", value) == expected


def test_fields_that_are_not_taken_are_named(tmp_path: Path) -> None:
    value = row(result("a"), result("b"), {**ANSWER, "weight": 1, "audio": None})
    report = convert_rows(tmp_path, "openai", [{**value, "parallel_tool_calls": True}])
    assert report.notes == {
        "record: field 'parallel_tool_calls' is not taken": 1,
    }


def test_reasoning_none_leaves_the_thoughts_out(tmp_path: Path) -> None:
    convert_rows(tmp_path, "openai", [row(reasoning="Hm.")], reasoning="none")
    assert "reasoning_content" not in messages_of(tmp_path)[0]["messages"][1]


# ------------------------------------------------------------------------- there and back, whatever the values

TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1).filter(
    lambda text: text.strip() and not any(marker in text for marker in MARKERS)
)
VALUE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)  # fmt: skip
CALL = st.builds(ParsedCall, TEXT, st.dictionaries(TEXT, VALUE, max_size=3))


@st.composite
def conversations(draw: st.DrawFn) -> Conversation:
    made: list[Message] = []
    for _ in range(draw(st.integers(1, 3))):
        made.append(Message("user", draw(TEXT)))
        for _ in range(draw(st.integers(0, 2))):
            calls = tuple(draw(st.lists(CALL, min_size=1, max_size=3)))
            thought = draw(st.none() | TEXT)
            made.append(Message("assistant", draw(st.just("") | TEXT), thought, calls))
            results = st.lists(TEXT, min_size=len(calls), max_size=len(calls))
            made.append(Message("tool", results=tuple(draw(results))))
        made.append(Message("assistant", draw(TEXT), draw(st.none() | TEXT)))
    return Conversation(made, draw(st.just("") | TEXT), [TOOL])


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(conversations())
def test_a_conversation_comes_back_as_it_was(made: Conversation) -> None:
    text = to_json({"messages": list(messages(made, thoughts=True)), "tools": made.tools})
    assert conversation(json.loads(text)) == made


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from(["user", "assistant", "tool", "function", "text", "a", "{}", ""]),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(
            ["role", "content", "type", "text", "tool_calls", "function_call", "function", "name", "arguments", "id", "tool_call_id", "reasoning"]
        ),
        inner,
        max_size=5,
    ),
    max_leaves=20,
)  # fmt: skip


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(JUNK, max_size=4), JUNK, st.booleans())
def test_wrong_types_anywhere_are_refused_and_nothing_else_is_raised(
    listed: list[Any], tools: Any, padded: bool
) -> None:
    for value in (
        {"messages": listed, "tools": tools},
        {"messages": [{"role": "user", "content": "x"}, *listed]},
    ):
        with contextlib.suppress(Refused):
            read(value, Reading(padded=padded)).conversation.check()
