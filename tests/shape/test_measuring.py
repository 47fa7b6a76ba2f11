"""What is measured of other conversations: the benchmark's figures, logs, and files that are neither."""

from __future__ import annotations

import gzip
import runpy
from pathlib import Path
from typing import Any

import orjson
import pytest

from funreason_plugin.errors import UserError
from funreason_plugin.quality.flow import flow_of
from funreason_plugin.quality.shape import MOST, Measured, shape_of

ROOT = Path(__file__).parents[2]


def openai(*turns: tuple[str, list[tuple[dict[str, Any], Any]]]) -> dict[str, Any]:
    """OpenAI messages: by turn the query, and calls that come one after another, each with its output."""
    messages: list[dict[str, Any]] = []
    for query, calls in turns:
        messages.append({"role": "user", "content": query})
        for number, (arguments, output) in enumerate(calls):
            function = {"name": "do", "arguments": orjson.dumps(arguments).decode()}
            call = {"id": f"c{number}", "type": "function", "function": function}
            messages.append({"role": "assistant", "content": None, "tool_calls": [call]})
            content = output if isinstance(output, str) else orjson.dumps(output).decode()
            messages.append({"role": "tool", "tool_call_id": f"c{number}", "content": content})
        messages.append({"role": "assistant", "content": "Done."})
    tool = {"type": "function", "function": {"name": "do", "parameters": {"type": "object"}}}
    return {"messages": messages, "tools": [tool, tool]}


BOOKED = openai(
    (
        "Book me a flight to Oslo.",
        [({"to": "Oslo"}, {"flights": [{"id": "F-7781"}]}), ({"id": "F-7781"}, {"booking": 4412})],
    ),
    ("Thanks, and cancel it again.", [({"booking": 4412}, {"ok": True})]),
    ("Cancel flight F-7781, I mean.", [({"id": "F-7781"}, {"ok": True})]),
    ("Goodbye.", []),
)


def test_a_value_that_nobody_said_comes_from_the_output_that_has_it() -> None:
    flow = flow_of(BOOKED)
    assert flow is not None
    sources = [[call.sources for call in turn.calls] for turn in flow.turns]
    assert sources == [[{}, {".id": (0, 0)}], [{".booking": (0, 1)}], [{}], []]
    assert (flow.chain, flow.offered) == (3, 2)


def test_the_nearest_output_counts_and_small_numbers_say_nothing() -> None:
    record = openai(
        ("Look.", [({}, {"code": "alpha-1", "n": 3})]),
        ("Again.", [({}, {"code": "alpha-1"}), ({"code": "alpha-1", "n": 3}, {})]),
    )
    flow = flow_of(record)
    assert flow is not None
    assert flow.turns[1].calls[1].sources == {".code": (1, 0)}


def test_sharegpt_conversations_say_the_same() -> None:
    talk = [
        {"from": "human", "value": "Book me a flight to Oslo."},
        {"from": "function_call", "value": '{"name": "do", "arguments": {"to": "Oslo"}}'},
        {"from": "observation", "value": '{"id": "F-7781"}'},
        {"from": "gpt", "value": "It is booked."},
        {"from": "human", "value": "Cancel it."},
        {
            "from": "gpt",
            "value": '<tool_call>\n{"name": "do", "arguments": {"id": "F-7781"}}\n</tool_call>',
        },
        {"from": "observation", "value": '{"ok": true}'},
        {"from": "gpt", "value": "Cancelled."},
    ]
    flow = flow_of({"conversations": talk, "tools": "[]"})
    assert flow is not None
    assert [[call.sources for call in turn.calls] for turn in flow.turns] == [[{}], [{".id": (0, 0)}]]


def test_the_counts_of_some_logs(tmp_path: Path) -> None:
    path = tmp_path / "logs.jsonl"
    path.write_bytes(orjson.dumps(BOOKED) + b"\n" + b"not json\n" + orjson.dumps(BOOKED) + b"\n")
    shape = shape_of(str(path))
    assert shape.source == "logs.jsonl, 2 conversations"
    assert (shape.turns, shape.calls, shape.chain) == ({4: 2}, {0: 2, 1: 4, 2: 2}, {3: 2})
    assert shape.sources == {"this turn": 2, "earlier turn": 2, "elsewhere": 4}
    assert (shape.idle, shape.later, shape.within) == (0.25, 0.5, 1.0)
    assert shape.environments == {}


def test_the_shipped_figures_are_those_of_the_installed_benchmark() -> None:
    pytest.importorskip("bfcl_eval")
    flows = runpy.run_path(str(ROOT / "tools" / "bfcl_shape.py"))["flows"]
    measured = Measured()
    for flow in flows("miss_func"):
        measured.add(flow)
    shipped = shape_of("bfcl:miss_func")
    assert measured.shape(shipped.name, shipped.source, shipped.variants) == shipped


def test_the_benchmark_s_figures_need_no_benchmark() -> None:
    shape = shape_of("bfcl")
    assert sum(shape.turns.values()) == 800
    assert round(shape.idle, 3) == 0.124
    assert max(shape.chain) == 5
    outputs = shape.sources["this turn"] + shape.sources["earlier turn"]
    assert round(shape.sources["earlier turn"] / outputs, 2) == 0.64


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        (
            "gone.jsonl",
            None,
            "no such file or folder; expected bfcl, bfcl:CATEGORY or a file of conversations",
        ),
        ("empty.jsonl", b"", "there is nothing in it; expected OpenAI messages"),
        ("broken.json", b'[{"messages": [', "none of 1 records is a conversation"),
        ("queries.txt", b"Where is it?\n", "no tool call in 1 conversations; expected tool_calls"),
        ("other.jsonl", b'{"a": 1}\n[1]\n7\n', "none of 3 records is a conversation"),
        ("deep.jsonl", b'{"messages":' + b"[" * 100_000 + b"]" * 100_000 + b"}\n", "none of 1 records is"),
        (
            "odd.jsonl",
            b'{"messages": [7, {"role": []}], "tools": 5}\n',
            "none of 1 records is a conversation",
        ),
        (
            "cut.jsonl.gz",
            gzip.compress(b'{"messages": []}\n' * 99, mtime=0)[:30],
            "records is a conversation",
        ),
        ("bytes.bin", b"\x00\x01", "not a data file; expected one of .json"),
    ],
)
def test_what_has_no_shape_is_one_line(tmp_path: Path, name: str, content: bytes | None, said: str) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UserError) as refused:
        shape_of(str(path))
    assert refused.value.message.startswith(f"--like {path}: ")
    assert said in refused.value.message
    assert "\n" not in refused.value.message


def test_an_unknown_category_is_named() -> None:
    with pytest.raises(UserError, match="BFCL has all, base, .*; did you mean 'base'"):
        shape_of("bfcl:bas")


def test_of_a_large_file_the_first_conversations_count(tmp_path: Path) -> None:
    path = tmp_path / "large.jsonl"
    line = orjson.dumps(openai(("Go.", [({}, {})]))) + b"\n"
    path.write_bytes(line * (MOST + 5))
    assert shape_of(str(path)).source == f"large.jsonl, the first {MOST:,} conversations"
