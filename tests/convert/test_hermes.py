"""Hermes tags: JSON is read, Python literals only when asked for, and nothing is repaired."""

from __future__ import annotations

import json
from typing import Any

import pytest

from funreason_plugin.calls import ParsedCall
from funreason_plugin.converting.python_literals import parse_literal
from funreason_plugin.converting.refusal import Refused
from funreason_plugin.messages import Conversation, Message
from funreason_plugin.rendering import render, results_text, system_text
from tests.convert.published import HERMES_AFTER, HERMES_BEFORE, WEATHER, hermes, read

PYTHON_CALL = "{'arguments': {'city': 'Oslo'}, 'name': 'weather'}"
PYTHON_TOOLS = str([{"type": "function", "function": WEATHER}])


def test_a_record_in_json() -> None:
    example = read("hermes", hermes())
    conversation = example.conversation
    assert example.id == "8f2a"
    assert conversation.system == ""
    assert conversation.tools == [{"type": "function", "function": WEATHER}]
    assert conversation.messages[1].calls == (ParsedCall("weather", {"city": "Oslo"}),)
    assert conversation.messages[2].results == ("{'degrees': 4}",)
    assert conversation.messages[3] == Message("assistant", "Yes.", "4 is cold.")


@pytest.mark.parametrize("record", [hermes(PYTHON_CALL), hermes(tools=PYTHON_TOOLS)])
def test_python_literals_are_refused_and_read_when_asked_for(record: dict[str, Any]) -> None:
    with pytest.raises(Refused, match="a Python literal, not JSON; --python-literals"):
        read("hermes", record)
    assert read("hermes", record, python_literals=True) == read("hermes", hermes())


def test_tools_in_a_column() -> None:
    record = hermes(tools=json.dumps([WEATHER]))
    record["tools"] = json.dumps([WEATHER])
    assert read("hermes", record).conversation.tools == [{"type": "function", "function": WEATHER}]
    record["tools"] = json.dumps([{**WEATHER, "name": "other"}])
    with pytest.raises(Refused, match="not the tools of the column"):
        read("hermes", record)


def test_a_record_without_tools_keeps_its_system_text() -> None:
    turns = [
        {"from": "system", "value": "Answer in JSON of this schema: {}"},
        {"from": "human", "value": "Who?"},
        {"from": "gpt", "value": '{"name": "Ada"}'},
    ]
    conversation = read("hermes", {"conversations": turns}).conversation
    assert conversation.system == "Answer in JSON of this schema: {}"
    assert conversation.messages[1] == Message("assistant", '{"name": "Ada"}')


def test_what_our_hermes_form_writes_is_read_back() -> None:
    tools = [{"type": "function", "function": WEATHER}]
    calls = (ParsedCall("weather", {"city": "Oslo"}), ParsedCall("weather", {"city": "</tool_call>"}))
    messages = [
        Message("user", "Is it cold?"),
        Message("assistant", "I look.", "Two cities.", calls),
        Message("tool", results=("4", "9")),
        Message("assistant", "No."),
    ]
    pairs = render(Conversation(messages, "Be brief.", tools), "hermes", thoughts="all")
    texts = [pair.response.removesuffix("<|im_end|>\n") for pair in pairs]
    results = f"<tool_response>\n{results_text(messages[2].results, 'hermes')}\n</tool_response>"
    turns = [
        {"from": "system", "value": system_text("Be brief.", tools, "hermes")},
        {"from": "human", "value": "Is it cold?"},
        {"from": "gpt", "value": texts[0]},
        {"from": "tool", "value": results},
        {"from": "gpt", "value": texts[1]},
    ]
    conversation = read("hermes", {"conversations": turns}).conversation
    assert conversation == Conversation(messages, "Be brief.", tools)


@pytest.mark.parametrize(
    "answer, reason",
    [
        ('<tool_call>{"name": "weather", "arguments": {}}', "<tool_call> is not closed"),
        ('<tool_call>{"name": "weather", "arguments": {}}</tool_call> and now?', "text after the calls"),
        ('<tool_call>{"name": "weather", "arguments": {}} {}</tool_call>', "not JSON"),
        ('<tool_call>{"name": "weather", "name": "b", "arguments": {}}</tool_call>', "a key occurs twice"),
        ("<tool_call>[weather()]</tool_call>", "not JSON"),
        ("<tool_call>weather()</tool_call>", "not JSON"),
        ("<tool_call></tool_call>", "not JSON"),
        ("<tool_call>" + "[" * 5_000 + "</tool_call>", "not JSON|nested deeper"),
        ("<think>endless", "<think> is not closed"),
        ("</tool_call>", "read as markup"),
        ("<tool_response>4</tool_response>", "read as markup"),
    ],
)
def test_what_is_not_written_well_is_refused(answer: str, reason: str) -> None:
    record = hermes()
    record["conversations"][2]["value"] = answer
    with pytest.raises(Refused, match=reason):
        read("hermes", record, python_literals=True)


@pytest.mark.parametrize("words", ["Always answer in French.", "Write each call as <invoke>."])
def test_other_words_beside_the_tools_are_refused(words: str) -> None:
    record = hermes()
    listed = json.dumps([WEATHER])
    for text in (
        f"{words} <tools>{listed}</tools>",
        f"{HERMES_BEFORE}<tools>{listed}</tools>{HERMES_AFTER}{words}",
    ):
        record["conversations"][0]["value"] = text
        with pytest.raises(Refused, match="words around <tools>"):
            read("hermes", record)


@pytest.mark.parametrize(
    "text", ["{'a': (1, 2)}", "{'a': {1}}", "{'a': x}", "{1: 2}", "[1], [2]", "{'a': 1, 'a': 2}"]
)
def test_literals_that_json_has_no_word_for_are_refused(text: str) -> None:
    with pytest.raises(Refused):
        parse_literal(text, "field")


def test_a_literal_cannot_become_another_call() -> None:
    for text in ("1), literal(value=2", "1, other=2", "1)]", "1)] #"):
        with pytest.raises(Refused):
            parse_literal(text, "field")
