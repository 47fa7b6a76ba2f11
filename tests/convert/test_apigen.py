"""xlam-function-calling-60k: JSON texts inside of JSON, and parameters with Python's types."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from jsonschema import Draft202012Validator

from funreason_plugin.converting.python_types import type_schema
from funreason_plugin.converting.running import Job, convert
from funreason_plugin.tasks import Task
from tests.convert.conversions import Row, convert_rows, messages_of, refusal, rows_of

TOOL = {
    "name": "live_giveaways_by_type",
    "description": "Retrieve live giveaways.",
    "parameters": {
        "type": {"description": "The type of giveaways.", "type": "str", "default": "game"},
        "pages": {"description": "How many.", "type": "List[int], optional", "default": ""},
        "key": {"description": "A function.", "type": "Callable[[float], float]"},
    },
}
ANSWERS = [{"name": TOOL["name"], "arguments": {"type": t}} for t in ("beta", "game")]


def record(**changes: Any) -> Row:
    row = {"id": 0, "query": "Which giveaways?", "tools": json.dumps([TOOL]), "answers": json.dumps(ANSWERS)}
    return {**row, **changes}


def test_answers_are_one_message_with_calls_and_no_results(tmp_path: Path) -> None:
    report = convert_rows(tmp_path, "apigen", [record()])
    (row,) = messages_of(tmp_path)
    user, calls = row["messages"]
    assert row["id"] == "0" and user["content"] == "Which giveaways?" and "reasoning_content" not in calls
    made = [json.loads(call["function"]["arguments"]) for call in calls["tool_calls"]]
    assert made == [{"type": "beta"}, {"type": "game"}]
    assert report.licence == "CC-BY-4.0"


def test_arguments_as_json_texts_are_counted(tmp_path: Path) -> None:
    answers = [{**call, "arguments": json.dumps(call["arguments"])} for call in ANSWERS]
    report = convert_rows(tmp_path, "apigen", [record(answers=answers)])
    made = [
        json.loads(call["function"]["arguments"])
        for call in messages_of(tmp_path)[0]["messages"][1]["tool_calls"]
    ]
    assert made == [call["arguments"] for call in ANSWERS]
    assert report.notes["arguments: a JSON text parsed"] == 2


def test_parameters_become_a_json_schema(tmp_path: Path) -> None:
    report = convert_rows(tmp_path, "apigen", [record()])
    schema = messages_of(tmp_path)[0]["tools"][0]["function"]["parameters"]
    assert schema == {
        "type": "object",
        "properties": {
            "type": {"type": "string", "description": "The type of giveaways.", "default": "game"},
            "pages": {
                "type": "array",
                "items": {"type": "integer"},
                "description": "How many.",
                "default": "",
            },
            "key": {"$comment": "type: Callable[[float], float]", "description": "A function."},
        },
        "required": ["type", "key"],
    }
    assert report.notes["tools: type Callable is left untyped"] == 1


@pytest.mark.parametrize(
    ("text", "schema"),
    [
        ("str", {"type": "string"}),
        ("List", {"type": "array"}),
        ("List[int]", {"type": "array", "items": {"type": "integer"}}),
        ("list[list[float]]", {"type": "array", "items": {"type": "array", "items": {"type": "number"}}}),
        ("Dict[str, Any]", {"type": "object"}),
        ("Dict[str, int]", {"type": "object", "additionalProperties": {"type": "integer"}}),
        ("Tuple[int, ...]", {"type": "array", "items": {"type": "integer"}}),
        (
            "Tuple[int, str]",
            {"type": "array", "prefixItems": [{"type": "integer"}, {"type": "string"}], "minItems": 2, "maxItems": 2},
        ),
        ("Union[int, str]", {"anyOf": [{"type": "integer"}, {"type": "string"}]}),
        ("int | None", {"anyOf": [{"type": "integer"}, {"type": "null"}]}),
        ("Optional[bool]", {"anyOf": [{"type": "boolean"}, {"type": "null"}]}),
        ("typing.Set[str]", {"type": "array", "items": {"type": "string"}, "uniqueItems": True}),
        ("Any", {}),
        ("List[Any]", {"type": "array"}),
    ],
)  # fmt: skip
def test_a_type_that_is_certain_is_mapped(text: str, schema: Row) -> None:
    notes: Counter[str] = Counter()
    assert type_schema(text, notes) == schema and not notes
    Draft202012Validator.check_schema(schema)


@pytest.mark.parametrize(
    "text",
    [
        *("Callable[[float], float]", "datetime", "Dict[int, str]", "List[int", "List[int]]", "List[]", "int or str"),
        *("Tuple[]", "Tuple[...]", "Union[...]", "Optional[int, str]", "", "[", "]", "|", "int |", "List[,]", "é"),
        *("List[" * 400, "int |" * 400, "a" * 10_000),
    ],
)  # fmt: skip
def test_a_type_that_is_not_is_left_untyped_and_said(text: str) -> None:
    notes: Counter[str] = Counter()
    assert type_schema(text, notes) == {"$comment": f"type: {text}"}
    assert sum(notes.values()) == 1


@pytest.mark.parametrize(
    ("text", "required"),
    [
        ("str", True),
        ("str, optional", False),
        ("optional", False),
        ("int, Optional", False),
        ("Optional[int]", True),
    ],
)
def test_a_parameter_is_required_unless_its_type_says_optional(
    tmp_path: Path, text: str, required: bool
) -> None:
    tool = {"name": "f", "parameters": {"x": {"type": text, "default": 1}}}
    convert_rows(tmp_path, "apigen", [record(tools=json.dumps([tool]))])
    schema = messages_of(tmp_path)[0]["tools"][0]["function"]["parameters"]
    assert schema["required"] == (["x"] if required else [])


def test_a_mirror_with_json_schemas_keeps_them(tmp_path: Path) -> None:
    schema = {"type": "object", "properties": {"type": {"type": "string"}}, "required": ["type"]}
    tool = {"type": "function", "function": {"name": "f", "description": "", "parameters": schema}}
    convert_rows(tmp_path, "apigen", [record(tools=[tool], answers=ANSWERS)])
    assert messages_of(tmp_path)[0]["tools"] == [tool]


def test_rows_of_llamafactory_and_verl(tmp_path: Path) -> None:
    convert_rows(tmp_path, "apigen", [record()], "llamafactory", dataset="xlam")
    (row,) = rows_of(tmp_path / "out/llamafactory/xlam")
    assert [message["from"] for message in row["conversations"]] == ["human", "function_call"]
    assert json.loads(row["conversations"][1]["value"]) == ANSWERS
    convert_rows(tmp_path, "apigen", [record()], "verl", force=True)
    (row,) = rows_of(tmp_path / "out/verl")
    assert row["agent_name"] == "funreason" and row["extra_info"]["kind"] == "response"
    (turn,) = Task.of_row(row).turns
    assert [{"name": call.name, "arguments": call.arguments} for call in turn.calls()] == ANSWERS
    assert '"live_giveaways_by_type"' in row["prompt"][0]["content"]


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (record(answers="[]"), ("answers", "no calls, so there is no response to learn")),
        (record(answers="not JSON"), ("answers", "not JSON")),
        (record(answers='[{"name": "f", "name": "g"}]'), ("answers", "a key occurs twice")),
        (record(answers='[{"name": "f", "arguments": {"x": NaN}}]'), ("answers", "not a JSON number")),
        (record(answers='[{"name": "f", "arguments": {"x": 1e999}}]'), ("answers", "a number is too large")),
        (record(answers='[{"name": "f", "arguments": {"x": "\\ud800"}}]'),
         ("answers", "a text is not valid Unicode (half a surrogate pair, or bytes that are not UTF-8)")),
        (record(answers=[{"name": "f", "arguments": [1]}]), ("answers[0].arguments", "not an object")),
        (record(answers=[{"name": "f", "arguments": "x"}]), ("answers[0].arguments", "not JSON")),
        (record(answers=[{"name": "f", "arguments": {}, "id": 1}]),
         ("answers[0]", "a call has more than a name and arguments")),
        (record(query=None), ("query", "missing")),
        (record(query=["x"]), ("query", "not a string")),
        (record(id=[]), ("id", "neither a text nor a whole number")),
        (record(tools=[{"name": "f", "parameters": {"x": "str"}}]), ("tools[0].parameters.x", "not an object")),
        (record(tools=[{"name": "f", "parameters": {"x": {"type": ["str"]}}}]),
         ("tools[0].parameters.x.type", "not a string")),
    ],
)  # fmt: skip
def test_what_cannot_be_converted_is_refused(tmp_path: Path, row: Row, expected: tuple[str, str]) -> None:
    assert refusal(tmp_path, "apigen", row) == expected


def test_a_null_that_parquet_may_have_added_to_arguments_is_refused(tmp_path: Path) -> None:
    calls = [[{"name": "f", "arguments": {"x": 1}}], [{"name": "f", "arguments": {"y": 2}}]]
    rows = [record(id=number, answers=answers) for number, answers in enumerate(calls)]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "in.parquet")
    report = convert(Job("apigen", "openai", [tmp_path / "in.parquet"], tmp_path / "out"))
    ((_, reason),) = report.reasons
    assert report.converted == 0 and reason.startswith("null in an object from parquet")
