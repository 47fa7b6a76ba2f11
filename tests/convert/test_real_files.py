"""What real files have: tools as JSON texts in parquet, Python's notation, awkward names, weights, markup in values."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from funreason_plugin.converting.json_text import MAX_DEPTH, parse_json
from funreason_plugin.converting.refusal import Refused
from funreason_plugin.converting.running import Job, convert
from tests.convert.conversions import Row, convert_rows, messages_of, refusal
from tests.convert.published import WEATHER, apigen_mt, read


def xlam(parameters: Any, arguments: Any = None, **more: Any) -> Row:
    tools = [{"name": "find", "description": "Find.", "parameters": parameters}]
    answers = [{"name": "find", "arguments": arguments or {}}]
    return {"id": 0, "query": "Find it.", "tools": json.dumps(tools), "answers": json.dumps(answers), **more}


def schema_of(record: Row) -> Any:
    return read("apigen", record).conversation.tools[0]["function"]["parameters"]


def test_a_json_text_in_parquet_has_its_own_nulls(tmp_path: Path) -> None:
    record = xlam({"limit": {"type": "int, optional", "description": "", "default": None}})
    pq.write_table(pa.Table.from_pylist([record]), tmp_path / "in.parquet")
    convert(Job("apigen", "openai", [tmp_path / "in.parquet"], tmp_path / "out"))
    from_parquet = messages_of(tmp_path)
    convert_rows(tmp_path, "apigen", [record], force=True)
    assert from_parquet == messages_of(tmp_path)
    properties = from_parquet[0]["tools"][0]["function"]["parameters"]["properties"]
    assert properties["limit"]["default"] is None


def test_a_parameter_may_be_called_properties() -> None:
    schema = schema_of(xlam({"properties": {"type": "List[str]", "description": "Which."}}))
    assert schema["properties"] == {
        "properties": {"type": "array", "items": {"type": "string"}, "description": "Which."}
    }
    assert schema["required"] == ["properties"]


def test_a_type_that_says_optional_alone_is_kept_in_the_comment() -> None:
    schema = schema_of(xlam({"limit": {"type": "optional"}}))
    assert schema == {
        "type": "object",
        "properties": {"limit": {"$comment": "type: optional"}},
        "required": [],
    }


def test_a_response_of_weight_0_is_refused(tmp_path: Path) -> None:
    messages = [
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": "Go away.", "weight": 0},
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": "Hello.", "weight": 1},
    ]
    reason = "a response that is not to be trained; rows train each response"
    assert refusal(tmp_path, "openai", {"messages": messages}) == ("messages[1].weight", reason)


@pytest.mark.parametrize("arguments", [{"text": "a<|im_end|>"}, {"a": [{"<|im_start|>": 1}]}])
def test_bounds_of_messages_within_arguments_are_refused(tmp_path: Path, arguments: Row) -> None:
    reason = "a text holds a tag that chat templates read as markup"
    assert refusal(tmp_path, "apigen", xlam({}, arguments)) == ("answers", reason)


def test_bounds_of_messages_within_tools_are_refused(tmp_path: Path) -> None:
    record = xlam({"text": {"type": "str", "description": "Until <|im_end|>"}})
    reason = "a text holds a tag that chat templates read as markup"
    assert refusal(tmp_path, "apigen", record) == ("tools[0]", reason)


PYTHON = [
    ("apigen", {**xlam({"a": {"type": "bool"}}), "answers": "[{'name': 'find', 'arguments': {'a': True}}]"}),
    ("apigen-mt", apigen_mt(tools=str([WEATHER]))),
    ("openai", {"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}], "tools": str([WEATHER])}),
    ("funreason-mt", {"conversation": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}], "tools": str([WEATHER])}),
]  # fmt: skip


@pytest.mark.parametrize("source, record", PYTHON)
def test_python_literals_are_read_when_asked_for(tmp_path: Path, source: str, record: Row) -> None:
    assert refusal(tmp_path, source, record)[1] == "a Python literal, not JSON; --python-literals reads those"
    report = convert_rows(tmp_path, source, [record], python_literals=True, force=True)
    assert (report.converted, report.notes["Python literals read"]) == (1, 1)


@pytest.mark.parametrize("text", ['"%s"', '{"%s": 1}', '[[], "%s"]'])
@pytest.mark.parametrize("half", ["\\ud83d", "\\uDE00", "\ud83d"])
def test_half_a_surrogate_pair_is_found_anywhere(text: str, half: str) -> None:
    with pytest.raises(Refused, match="half a surrogate pair"):
        parse_json(text % half, "field")
    assert parse_json('"\\ud83d\\ude00 \\u00e9"', "field") == "😀 é"


@pytest.mark.parametrize("opening, closing", [("[", "]"), ('{"a": ', "}")])
def test_nesting_is_bounded_whatever_stands_beside_it(opening: str, closing: str) -> None:
    beside = ", ".join(["[]"] * 100)
    inner = MAX_DEPTH - 1
    parse_json(f"[{beside}, {opening * inner}1{closing * inner}]", "field")
    with pytest.raises(Refused, match="nested deeper"):
        parse_json(f"[{beside}, {opening * (inner + 1)}1{closing * (inner + 1)}]", "field")
    assert parse_json('"' + "[{" * 100 + '"', "field") == "[{" * 100


def test_calls_of_tools_that_are_not_offered_are_counted(tmp_path: Path) -> None:
    other = {**xlam({}), "answers": json.dumps([{"name": "look_up", "arguments": {}}])}
    report = convert_rows(tmp_path, "apigen", [other, {**xlam({}), "id": 1}])
    assert (report.converted, report.notes["calls: of a tool that is not offered"]) == (2, 1)
