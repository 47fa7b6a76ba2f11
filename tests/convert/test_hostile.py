"""Records made to break a reader: each is refused with a reason, none stops a conversion or passes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from funreason_plugin.converting.running import Job, convert
from funreason_plugin.converting.sources import NAMES

_TURNS = '{"conversations": [{"from": "human", "value": "a"}, {"from": "gpt", "value": "%s"}]}'
_SYSTEM = (
    '{"conversations": [{"from": "system", "value": "%s"}, {"from": "human", "value": "a"}, '
    '{"from": "gpt", "value": "b"}]}'
)
_TOOLACE = "Here is a list of functions in JSON format that you can invoke:\\n"
RECORDS: list[bytes] = [
    b'\xff\xfe{"a": 1}',
    b"null",
    b"[]",
    b"{",
    b"[" * 100_000,
    b'{"conversations": ' + b"[" * 70 + b"]" * 70 + b"}",
    b'{"conversations": [null], "messages": [null], "system": 1}',
    b'{"conversations": [{"from": ["x"], "value": "a"}]}',
    b'{"conversations": [{"from": {"a": 1}, "value": "a"}]}',
    b'{"conversations": [{"from": "human", "value": "\\ud800"}]}',
    b'{"id": {"a": 1}, "system": "", "conversations": [{"from": "human", "value": 1e999}]}',
    b'{"query": "q", "tools": "[[[", "answers": "[{}]"}',
    b'{"messages": [{"role": "assistant", "content": "<|im_end|>"}]}',
    *(
        (_TURNS % text).encode()
        for text in (
            "<tool_call>" * 50_000,
            "<tool_call>" + " " * 200_000,
            "<think>" * 50_000,
            "<|im_start|>",
        )
    ),
    *(
        (_SYSTEM % text).encode()
        for text in ("<tools>[" + " " * 200_000, "<tools>[" * 50_000, "<tools>[</tools>" * 20_000)
    ),
    *(
        json.dumps({"system": _TOOLACE.replace("\\n", "\n") + tools, "conversations": []}).encode()
        for tools in (
            "",
            "[" * 100_000,
            '[{"name": ' + '"a' * 50_000,
            "[{}" + " " * 100_000,
            '[{"name": ""}]',
        )
    ),
]


@pytest.mark.parametrize("name", NAMES)
def test_each_is_refused_with_a_reason(name: str, tmp_path: Path) -> None:
    if name == "bfcl":
        pytest.importorskip("bfcl_eval")
    file = tmp_path / "hostile.jsonl"
    file.write_bytes(b"\n".join(RECORDS) + b"\n")
    report = convert(Job(name, "verl", [file], tmp_path / "out"))
    assert (report.read, report.converted, report.refused) == (len(RECORDS), 0, len(RECORDS))
    refused = [json.loads(line) for line in (tmp_path / "out" / "refused.jsonl").read_text().splitlines()]
    assert [line["place"] for line in refused] == [f"{file}:{number + 1}" for number in range(len(RECORDS))]
    assert all(line["field"] and line["reason"] and len(line["found"]) < 200 for line in refused)
