"""The released FunReason-MT data: field names as they vary, calls, merged results, the error flag."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from funreason_plugin.converting.merged_results import split_list
from funreason_plugin.rendering import bfcl_system
from tests.convert.conversions import Row, convert_rows, messages_of, refusal, rows_of

CD = {
    "name": "cd",
    "description": "Change the folder.",
    "parameters": {
        "type": "dict",
        "properties": {"folder": {"type": "string", "description": "Where to."}, "depth": {"type": "float"}},
        "required": ["folder"],
    },
}
LS = {"name": "ls", "description": "List.", "parameters": {"type": "dict", "properties": {}, "required": []}}
CALLS = '<think>\nFirst the folder.\n</think>\n\n<tool_call>[cd(folder="data"), ls()]</tool_call>'


def record(**changes: Any) -> Row:
    """A trajectory of the release: two calls whose results were merged, and an answer."""
    return {
        "system": "You are a file assistant.",
        "tools": [CD, LS],
        "error_tool_response": False,
        "conversation": [
            {"role": "user", "content": "What is in data?"},
            {"role": "assistant", "content": CALLS},
            {"role": "tool", "content": "['{\"current\": \"data\"}', 'a.txt, b.txt']"},
            {"role": "assistant", "content": "<think>Two files.</think>\n\na.txt and b.txt."},
        ],
        **changes,
    }


def with_message(number: int, **message: Any) -> Row:
    row = record()
    row["conversation"][number] = message
    return row


def released() -> list[Row]:
    """The same as the release writes it: a list of messages, the tools beside BFCL's text, results under calls."""
    documents = [{**tool, "response": {"type": "dict", "properties": {}}} for tool in (CD, LS)]
    results = [{'cd(folder="data")': '{"current": "data"}'}, {"ls()": "a.txt, b.txt"}]
    return [
        {"role": "system", "content": bfcl_system(documents), "tools": json.dumps(documents)},
        {"role": "user", "content": "What is in data?"},
        {"role": "assistant", "content": '<think>\nFirst the folder.\n</think>\n\n[cd(folder="data"), ls()]'},
        {"role": "tool", "content": str(results)},
        {"role": "assistant", "content": "<think>\nTwo files.\n</think>\n\na.txt and b.txt."},
    ]


@pytest.mark.parametrize("form", ["list", "columns", "named"])
def test_the_release_s_lists_of_messages(tmp_path: Path, form: str) -> None:
    messages: Any = released()
    if form == "columns":  # as `datasets` reads a list of lists; shorter records have nulls at the end
        messages = {**{str(number): message for number, message in enumerate(messages)}, "5": None, "6": None}
    elif form == "named":
        messages = {"messages": messages}
    report = convert_rows(tmp_path, "funreason-mt", [messages])
    (row,) = messages_of(tmp_path)
    assert [message["role"] for message in row["messages"]] == [
        "user",
        "assistant",
        "tool",
        "tool",
        "assistant",
    ]
    assert [message["content"] for message in row["messages"][2:4]] == ['{"current": "data"}', "a.txt, b.txt"]
    assert [tool["function"]["name"] for tool in row["tools"]] == ["cd", "ls"]
    assert report.notes["results: taken from a list of results under their calls"] == 1


def test_a_result_of_one_call_loses_the_call_above_it_too(tmp_path: Path) -> None:
    messages = released()
    messages[2]["content"] = "[ls()]"
    messages[3]["content"] = str([{"ls()": {"files": ["it's"]}}])
    convert_rows(tmp_path, "funreason-mt", [messages])
    assert messages_of(tmp_path)[0]["messages"][2]["content"] == '{"files": ["it\'s"]}'


def test_the_flag_of_a_list_stands_in_its_system_message(tmp_path: Path) -> None:
    messages = released()
    messages[0]["error_tool_response"] = True
    report = convert_rows(tmp_path, "funreason-mt", [messages, released()], drop_error_responses=True)
    assert (report.converted, report.refused, sum(report.left_out.values())) == (1, 0, 1)


def released_with(number: int, **changes: Any) -> list[Row]:
    messages = released()
    messages[number].update(changes)
    return messages


def test_a_record_is_taken_field_by_field(tmp_path: Path) -> None:
    report = convert_rows(tmp_path, "funreason-mt", [record()])
    (row,) = messages_of(tmp_path)
    system, user, calls, first, second, answer = row["messages"]
    assert system == {"role": "system", "content": "You are a file assistant."}
    assert user["content"] == "What is in data?"
    assert calls["reasoning_content"] == "First the folder."
    made = [call["function"] for call in calls["tool_calls"]]
    assert made == [{"name": "cd", "arguments": '{"folder": "data"}'}, {"name": "ls", "arguments": "{}"}]
    assert (first["content"], second["content"]) == ('{"current": "data"}', "a.txt, b.txt")
    assert answer == {"role": "assistant", "content": "a.txt and b.txt.", "reasoning_content": "Two files."}
    assert report.licence == "Apache-2.0"


def test_bfcl_s_types_become_json_schema_s(tmp_path: Path) -> None:
    report = convert_rows(tmp_path, "funreason-mt", [record()])
    tool = messages_of(tmp_path)[0]["tools"][0]
    assert tool["type"] == "function"
    parameters = tool["function"]["parameters"]
    assert parameters["type"] == "object" and parameters["properties"]["depth"] == {"type": "number"}
    assert report.notes["tools: a type name as JSON schema has it"] == 3
    assert report.notes['tools: a function put into {"type": "function"}'] == 2


@pytest.mark.parametrize("tools", [json.dumps([CD, LS]), [json.dumps(CD), LS]])
def test_tools_may_be_json_texts(tmp_path: Path, tools: Any) -> None:
    convert_rows(tmp_path, "funreason-mt", [record(tools=tools)])
    assert [tool["function"]["name"] for tool in messages_of(tmp_path)[0]["tools"]] == ["cd", "ls"]


def test_sharegpt_s_names_give_the_same_row(tmp_path: Path) -> None:
    names = {"user": "human", "assistant": "gpt", "tool": "observation"}
    renamed = record()
    renamed["conversations"] = [
        {"from": names[message["role"]], "value": message["content"]}
        for message in renamed.pop("conversation")
    ]
    convert_rows(tmp_path, "funreason-mt", [record(), renamed])
    one, other = messages_of(tmp_path)
    assert one["messages"] == other["messages"] and one["tools"] == other["tools"]


def test_bfcl_s_system_text_is_its_list_of_functions(tmp_path: Path) -> None:
    text = bfcl_system([CD, LS])
    report = convert_rows(tmp_path, "funreason-mt", [record(system=text), record(system=text, tools=None)])
    for row in messages_of(tmp_path):
        assert row["messages"][0]["role"] == "user"
        assert [tool["function"]["name"] for tool in row["tools"]] == ["cd", "ls"]
    assert (
        report.notes["system: BFCL's instructions and functions taken out; the prompt form writes its own"]
        == 2
    )


def test_other_functions_in_the_system_text_are_refused(tmp_path: Path) -> None:
    found = refusal(tmp_path, "funreason-mt", record(system=bfcl_system([LS])))
    assert found == ("system: functions", "not the tools of the column")


def test_the_error_flag_becomes_a_column(tmp_path: Path) -> None:
    rows = [record(), record(error_tool_response="true")]
    report = convert_rows(tmp_path, "funreason-mt", rows, "llamafactory")
    found = rows_of(tmp_path / "out/llamafactory/funreason_mt")
    assert [row["error_tool_response"] for row in found] == [False, False, True, True]
    assert report.notes["flagged error_tool_response"] == 1


def test_flagged_records_are_left_out_on_demand_and_counted(tmp_path: Path) -> None:
    rows = [record(error_tool_response=True), record()]
    report = convert_rows(tmp_path, "funreason-mt", rows, drop_error_responses=True)
    assert (report.converted, report.refused, sum(report.left_out.values())) == (1, 0, 1)


def test_calls_may_stand_bare_or_as_json(tmp_path: Path) -> None:
    bare = with_message(1, role="assistant", content='<think>x</think>[cd(folder="data"), ls()]')
    text = json.dumps([{"name": "cd", "arguments": {"folder": "data"}}, {"name": "ls", "arguments": {}}])
    as_json = with_message(1, role="assistant", content=f"<tool_call>{text}</tool_call>")
    report = convert_rows(tmp_path, "funreason-mt", [bare, as_json])
    assert report.converted == 2
    for row in messages_of(tmp_path):
        assert [call["function"]["name"] for call in row["messages"][2]["tool_calls"]] == ["cd", "ls"]


def test_results_in_tags_are_one_for_each_call(tmp_path: Path) -> None:
    text = "<tool_response>\n{}\n</tool_response>\n<tool_response>\na.txt\n</tool_response>"
    convert_rows(tmp_path, "funreason-mt", [with_message(2, role="user", content=text)])
    assert [row["content"] for row in messages_of(tmp_path)[0]["messages"][3:5]] == ["{}", "a.txt"]


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (record(conversation=None), ("conversation", "missing")),
        (record(conversation=[]), ("conversation", "no messages")),
        (record(conversation={"role": "user"}), ("conversation", "not a list")),
        (record(conversations=[]), ("record", "two fields that mean the same differ")),
        (record(error_tool_response="perhaps"), ("error_tool_response", "not true or false")),
        (record(tools="[{"), ("tools", "not JSON")),
        (record(tools=[CD, CD]), ("tools[1].name", "offered twice")),
        (record(tools=[{"description": "x"}]), ("tools[0].name", "a tool without a name")),
        (
            record(tools=[{"name": "x", "parameters": {"type": "dict", "properties": {"a": {"type": "thing"}}}}]),
            ("tools[0].parameters.properties.a.type", "not a type of JSON schema"),
        ),
        (
            record(tools=[{"name": "x", "parameters": {"type": "object", "required": "a"}}]),
            ("tools[0].parameters", "not a valid JSON schema"),
        ),
        (with_message(0, role="critic", content="x"), ("conversation[0].role", "unknown role")),
        (with_message(0, role="assistant", content="x"), ("conversation[0]", "the assistant speaks first")),
        (with_message(0, role="user", content=" "), ("conversation[0]", "an empty user message")),
        (with_message(1, role="user", content="x"), ("conversation[1]", "two user messages in a row")),
        (with_message(1, role="assistant", content="[cd(folder=x)]"), ("conversation[1]", "calls that cannot be read")),
        (with_message(1, role="assistant", content="No."), ("conversation[2]", "a result without a call")),
        (
            with_message(2, role="tool", content="one text"),
            ("conversation[2]", "one text for several calls, and no list of as many results"),
        ),
        (with_message(2, role="tool", content=None), ("conversation[2].content", "missing")),
        (with_message(3, role="system", content="x"), ("conversation[3]", "a second system message, or one in mid conversation")),
        (
            record(conversation=record()["conversation"][:3]),
            ("conversation", "ends with results that get no response"),
        ),
        (
            with_message(3, role="assistant", content="a<|im_end|>b"),
            ("conversation[3]", "a text holds a tag that chat templates read as markup"),
        ),
        (3, ("record", "not an object")),
        ([1], ("messages[0]", "not an object")),
        (released_with(3, content="[{'ls()': 'a'}, {'cd()': 'b'}]"), ("messages[3]", "results of other calls")),
        (released_with(3, content="[{'cd()': 'a'}]"), ("messages[3]", "results of other calls")),
        ({"tools": [CD], "messages": released()}, ("tools", "the system message says another thing than the record")),
        ({"0": None, "1": released()[1]}, ("0", "a message is missing")),
    ],
)  # fmt: skip
def test_what_cannot_be_converted_is_refused_by_place_and_reason(
    tmp_path: Path, row: Any, expected: tuple[str, str]
) -> None:
    assert refusal(tmp_path, "funreason-mt", row) == expected


@pytest.mark.parametrize(
    ("text", "items"),
    [
        ('["a", {"b": [1, 2]}]', ["a", '{"b": [1, 2]}']),
        ("['it\\'s', \"x, y\"]", ["it's", "x, y"]),
        ("[{'a': None}, []]", ["{'a': None}", "[]"]),
        ('[{"a": 1}, {"a": "]"}]', ['{"a": 1}', '{"a": "]"}']),
        ("[1, 2, 3]", None),
        ("[1], [2]", None),
        ("['open, 2]", None),
        ("one, two", None),
    ],
)
def test_a_merged_list_is_taken_apart_without_changing_its_items(text: str, items: list[str] | None) -> None:
    assert split_list(text, 2) == items
