"""Records are read in whatever common form they are written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from funreason_plugin.quality.reading import given_records
from funreason_plugin.quality.records import Record, record_of, record_of_line
from tests.quality.planted import conversation

TOOL = {
    "name": "find_rooms",
    "description": "Finds rooms",
    "parameters": {"type": "object", "properties": {}},
}
CALL = {"name": "find_rooms", "arguments": {"day": "Thursday"}}
QUERY = "Which room is free on Thursday?"
ARGUMENTS = orjson.dumps(CALL["arguments"]).decode()

FORMS: dict[str, Any] = {
    "openai": conversation(QUERY, [TOOL], calls=[CALL]),
    "sharegpt": {
        "conversations": [
            {"from": "human", "value": QUERY},
            {"from": "function_call", "value": f"<think>Look.</think>{orjson.dumps([CALL]).decode()}"},
            {"from": "observation", "value": '{"rooms": 3}'},
            {"from": "gpt", "value": "Three."},
        ],
        "tools": orjson.dumps([{"type": "function", "function": TOOL}]).decode(),
    },
    "hermes": {
        "conversations": [
            {"from": "human", "value": QUERY},
            {"from": "gpt", "value": f"<tool_call>\n{orjson.dumps(CALL).decode()}\n</tool_call>"},
        ],
        "tools": [TOOL],
    },
    "apigen": {
        "query": QUERY,
        "tools": orjson.dumps([TOOL]).decode(),
        "answers": orjson.dumps([CALL]).decode(),
    },
}


@pytest.mark.parametrize("form", FORMS)
def test_the_same_is_read_from_every_form(form: str) -> None:
    record = record_of(FORMS[form])
    assert record is not None
    ((query, calls),) = record.content.turns
    assert query == QUERY
    assert [(call.name, call.arguments) for call in calls] == [("find_rooms", {"day": "Thursday"})]
    assert [tool["name"] for tool in record.tools] == ["find_rooms"]


def test_benchmark_entries_texts_and_documents_of_tools_are_read() -> None:
    entry = {
        "id": "e",
        "question": [[{"role": "user", "content": QUERY}], []],
        "initial_config": {"A": {"b": "c"}},
    }
    record = record_of(entry)
    assert (
        record is not None and record.content.turns == ((QUERY, ()),) and record.values == [{"A": {"b": "c"}}]
    )
    text, tool = record_of(QUERY), record_of(TOOL)
    assert text is not None and text.content.turns[0][0] == QUERY
    assert tool is not None and tool.tools == [TOOL] and not tool.content.turns


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"{",
        b"[1]",
        b"7",
        b'{"messages": [7]}',
        b'{"turns": 1, "scenario": {}}',
        b"[" * 5000,
        b'{"a": 1}',
    ],
)
def test_what_has_nothing_to_compare_is_none(line: bytes) -> None:
    assert record_of_line(line) is None


def test_of_rows_by_response_the_longest_of_a_conversation_counts(tmp_path: Path) -> None:
    rows = [
        {
            "id": f"{name}/{turn}/answer",
            "conversations": [{"from": "human", "value": f"{name} {turn}"}] * (2 * turn + 1),
        }
        for turn in (0, 2, 1)
        for name in ("0-1", "0-2")
    ]
    (tmp_path / "llamafactory").mkdir()
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "llamafactory/train.parquet")
    given = [*given_records(tmp_path)]
    assert [one.value["id"] for one in given] == ["0-1/2/answer", "0-2/2/answer"]
    records = [record_of(one.value) for one in given]
    assert [isinstance(record, Record) and len(record.content.turns) for record in records] == [5, 5]
