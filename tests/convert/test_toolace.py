"""ToolACE: tools in the system text, names that are no identifiers, results matched to their calls."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from funreason_plugin.calls import ParsedCall
from funreason_plugin.converting.refusal import Refused
from funreason_plugin.converting.toolace_calls import read_calls
from funreason_plugin.python_calls import Malformed
from tests.convert.published import TOOLACE_AFTER, TOOLACE_BEFORE, TOOLACE_TOOLS, read, rows, toolace

NAMES = ["Market Trends API", "Get", "Get (v2)", "/v1/users", "user.list"]


def test_a_record_as_published_is_converted_with_its_tools_renamed() -> None:
    conversation = read("toolace", toolace(), rename_tools=True).conversation
    assert conversation.system == ""
    assert [message.role for message in conversation.messages] == ["user", "assistant", "tool", "assistant"]
    assert conversation.messages[1].calls == (ParsedCall("Market_Trends_API", {"trend_type": "INDEXES"}),)
    assert conversation.messages[2].results == ('{"trends": [{"name": "S&P 500"}]}',)
    function = conversation.tools[0]["function"]
    assert function["name"] == "Market_Trends_API"
    assert function["parameters"]["type"] == "object"
    assert function["parameters"]["properties"]["share"]["type"] == "number"
    assert "required" not in function


def test_without_the_option_such_a_name_is_refused() -> None:
    with pytest.raises(Refused, match=r"tools\[0\]\.name: .*--rename-tools.*Market Trends API"):
        read("toolace", toolace())


def test_two_tools_never_get_one_name() -> None:
    tools = [TOOLACE_TOOLS[0], {**TOOLACE_TOOLS[0], "name": "Market.Trends.API"}]
    record = toolace(system=TOOLACE_BEFORE + json.dumps(tools) + TOOLACE_AFTER)
    with pytest.raises(Refused, match="two tools would have one name: 'Market_Trends_API'"):
        read("toolace", record, rename_tools=True)


def test_the_rows_for_llamafactory(tmp_path: Path) -> None:
    made = rows("toolace", [toolace()], tmp_path / "out", rename_tools=True)
    assert [row["conversations"][-1]["from"] for row in made] == ["function_call", "gpt"]
    assert json.loads(made[0]["conversations"][-1]["value"]) == [
        {"name": "Market_Trends_API", "arguments": {"trend_type": "INDEXES"}}
    ]
    assert json.loads(made[0]["tools"])[0]["function"]["name"] == "Market_Trends_API"
    assert "params_name" not in made[0]["system"]


def test_words_before_the_tools_are_kept() -> None:
    record = toolace()
    record["system"] = "Today is 2024-09-01. " + record["system"]
    assert read("toolace", record, rename_tools=True).conversation.system == "Today is 2024-09-01."


def test_other_words_about_calls_are_refused() -> None:
    record = toolace()
    record["system"] += "Write XML."
    with pytest.raises(Refused, match="text after the tools that is not ToolACE's own"):
        read("toolace", record, rename_tools=True)


def test_results_are_matched_by_name() -> None:
    record = toolace('[newAddress(password="p"), Market Trends API(trend_type="x")]')
    results = [
        {"name": "Market Trends API", "results": "up"},
        {"name": "newAddress", "results": {"address": "0x1"}},
    ]
    record["conversations"][2]["value"] = json.dumps(results)
    found = read("toolace", record, rename_tools=True).conversation.messages[2]
    assert found.results == ('{"address": "0x1"}', '"up"')


@pytest.mark.parametrize(
    "results, reason",
    [
        ([], "no result for a call"),
        ([{"name": "newAddress", "results": 1}], "no result for a call"),
        ([{"name": "Market Trends API", "results": 1}] * 2, "a result of what was not called"),
        ([{"name": "Market Trends API", "result": 1}], 'expected {"name", "results"}'),
        ({"name": "Market Trends API", "results": 1}, "not a list"),
    ],
)
def test_results_that_do_not_fit_are_refused(results: object, reason: str) -> None:
    record = toolace()
    record["conversations"][2]["value"] = json.dumps(results)
    with pytest.raises(Refused, match=reason):
        read("toolace", record, rename_tools=True)


@pytest.mark.parametrize(
    "text, calls",
    [
        ("[Get()]", [("Get", {})]),
        ('[Get (v2)(a=1), user.list(from="a=b,)"), Get(a=null)]', [
            ("Get (v2)", {"a": 1}), ("user.list", {"from": "a=b,)"}), ("Get", {"a": None})
        ]),
        ("[/v1/users(user-id=-3.5e1, flags=[True, {'x': \"]\"}])]", [
            ("/v1/users", {"user-id": -35.0, "flags": [True, {"x": "]"}]})
        ]),
        ('[Get(a="""x", b="y""")]', [("Get", {"a": 'x", b="y'})]),
        ("The index [1] moves (see [Get]).", None),
    ],
)  # fmt: skip
def test_calls_are_read_exactly(text: str, calls: list[tuple[str, dict[str, object]]] | None) -> None:
    assert read_calls(text, NAMES) == calls


@pytest.mark.parametrize(
    "text",
    [
        "[]",
        "[Get(1)]",
        "[Get(a)]",
        "[Get(a=1,)]",
        "[Get(a=1), ]",
        "[Get(a=1)",
        '[Get(a="x)]',
        "[Get(a=1, a=2)]",
        "[Get(a=(1, 2))]",
        "[Get(a=2024-01-01)]",
        "[Get(a=1e999)]",
        '[Get(a="\\ud800")]',
        "[Get(a=__import__('os').system('true'))]",
        "[Get(a=1}), Get(b={2)]",
        "[Unknown(a=1)]",
        "Sure: [Get(a=1)]",
        "[Get(a=1)] is what I do.",
    ],
)
def test_what_is_no_whole_call_list_is_refused(text: str) -> None:
    with pytest.raises(Malformed):
        read_calls(text, NAMES)


@pytest.mark.parametrize(
    "text", ["[Get(" * 38_000, '[Get(a="' * 20_000, "[Get(a=" + "[" * 190_000, "[Get(" + "a=1," * 45_000]
)
def test_hostile_calls_are_refused_in_linear_time(text: str) -> None:
    with pytest.raises(Malformed):
        read_calls(text, [f"Tool number {index}" for index in range(1_000)] + ["Get"])


def test_brackets_alone_are_an_answer() -> None:
    assert read_calls("[" * 190_000, NAMES) is None
