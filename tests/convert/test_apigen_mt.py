"""APIGen-MT: sharegpt with one call per message; non-commercial."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from funreason_plugin.calls import ParsedCall
from funreason_plugin.converting.refusal import Refused
from tests.convert.published import apigen_mt, read, rows


def test_a_record_as_published() -> None:
    conversation = read("apigen-mt", apigen_mt()).conversation
    assert conversation.system == "# Policy\n- Be brief."
    assert conversation.messages[1].calls == (ParsedCall("weather", {"city": "Oslo"}),)
    assert conversation.messages[2].results == ('{"degrees": 4}',)
    assert conversation.tools[0]["function"]["name"] == "weather"


def test_the_rows_are_split_at_the_responses_and_the_licence_is_named(tmp_path: Path) -> None:
    made = rows("apigen-mt", [apigen_mt("Oslo"), apigen_mt("Rome")], tmp_path / "out")
    assert [len(row["conversations"]) for row in made] == [2, 4, 2, 4]
    assert json.loads(made[2]["conversations"][-1]["value"]) == [
        {"name": "weather", "arguments": {"city": "Rome"}}
    ]
    assert "CC-BY-NC-4.0" in (tmp_path / "out" / "README.md").read_text()
    assert json.loads((tmp_path / "out" / "conversion.json").read_text())["licence"] == "CC-BY-NC-4.0"


def _with(index: int, role: str, value: Any) -> dict[str, Any]:
    record = apigen_mt()
    record["conversations"][index] = {"from": role, "value": value}
    return record


@pytest.mark.parametrize(
    "record, reason",
    [
        (_with(1, "function_call", '{"name": "weather", "arguments": "{}"}'), "arguments: not an object"),
        (
            _with(1, "function_call", '{"name": "weather", "arguments": {}, "id": 1}'),
            "more than a name and arguments",
        ),
        (
            _with(1, "function_call", "{'name': 'weather', 'arguments': {}}"),
            r"conversations\[1\].value: a Python literal, not JSON",
        ),
        (_with(1, "function_call", '{"name": "weather", "arguments": {"a": NaN}}'), "not a JSON number"),
        (_with(1, "assistant", "x"), "unknown role.*'assistant'"),
        (_with(1, "gpt", "x"), "a result without a call"),
        (_with(2, "human", "x"), "fewer results than calls"),
        (_with(2, "observation", "a </tool_response> b"), "read as markup"),
        (_with(3, "human", "thanks"), "two user|ends with|results"),
        (_with(3, "gpt", None), "missing"),
        (apigen_mt(tools="[{'name': 'weather'}]"), "tools: a Python literal, not JSON"),
        (apigen_mt(conversations=[]), "no messages"),
        ([], "record: not an object"),
    ],
)
def test_what_cannot_be_converted_is_refused(record: Any, reason: str) -> None:
    with pytest.raises(Refused, match=reason):
        read("apigen-mt", record)
