"""``synthesize explain``: the funnel, the commonest rejections, and what to change."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any

import orjson
import pytest
from rich.console import Console

from funreason_plugin.checks.acceptance import RULES
from funreason_plugin.errors import UserError
from funreason_plugin.synthesis.advice import ADVICE, advice_for
from funreason_plugin.synthesis.explain import explain, gather

PACKAGE = Path(__file__).parents[2] / "funreason_plugin"


def rejection(code: str, phase: str, index: int = 0, **more: Any) -> dict[str, Any]:
    row = {
        "index": index,
        "attempt": 0,
        "turn": 1,
        "try": 0,
        "phase": phase,
        "code": code,
        "tool": "hold_fare",
    }
    return {**row, "detail": "", "calls": [], "whole": False, **more}


def folder_of(path: Path, rows: list[dict[str, Any]], summary: dict[str, Any] | None = None) -> Path:
    (path / "run.yaml").write_text("config: {}\n")
    (path / "rejected.jsonl").write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in rows))
    if summary is not None:
        (path / "summary.json").write_bytes(orjson.dumps(summary))
    return path


def explained(folder: Path) -> str:
    console = Console(file=io.StringIO(), width=160)
    explain(folder, console)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


ROWS = [
    rejection(
        "leaked_value",
        "query",
        index=3,
        detail="hold_fare.flight_id = 'NX-417-0503' is for a tool to find out, but the query says it",
        calls=[["search_flights", {}], ["hold_fare", {"flight_id": "NX-417-0503"}]],
    ),
    rejection(
        "leaked_value", "query", detail="book.items[2].sku = 'A-1' is for a tool", calls=[["book", {}]]
    ),
    rejection(
        "leaked_value", "query", detail="book.items[0].sku = 'A-2' is for a tool", calls=[["book", {}]]
    ),
    rejection("state_differs", "chain", whole=True, tool="pay_hold"),
    rejection("no_parameters", "sampling", tool="pay_hold.amount", detail="no value for it"),
]
SUMMARY = {"kept": 3, "turns": 12, "tools": {"hold_fare": 2}, "tools_never_kept": ["pay_hold"]}


def test_rejections_are_counted_by_phase_code_tool_and_parameter(tmp_path: Path) -> None:
    found = gather(folder_of(tmp_path, ROWS, SUMMARY))
    assert (found.kept, found.attempts) == (3, 4)
    assert found.phases == {"query": 3, "chain": 1, "sampling": 1}
    assert found.codes["query", "leaked_value"] == 3
    assert found.tools == {"hold_fare": 3, "pay_hold": 2}
    assert found.parameters == {"hold_fare.flight_id": 1, "book.items[].sku": 2, "pay_hold.amount": 1}


def test_the_report_has_an_example_and_says_what_to_change(tmp_path: Path) -> None:
    text = explained(folder_of(tmp_path, ROWS, SUMMARY))
    assert "3 trajectories kept of 4 attempts (75%)" in text
    assert re.search(r"query +3 +60%", text)
    assert "leaked_value  query, 3 times (60%)" in text
    assert "slot 3, turn 2: hold_fare.flight_id = 'NX-417-0503'" in text
    assert RULES["leaked_value"].describes in text
    assert "in no kept trajectory: pay_hold" in text
    words = " ".join(text.split())
    assert " ".join(advice_for("query", "leaked_value").split()) in words


def test_a_run_that_was_killed_has_no_summary(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, ROWS)
    (folder / "trajectories.jsonl").write_bytes(b"{}\n{}\n{cut")
    with (folder / "rejected.jsonl").open("ab") as file:
        file.write(b'{"phase": "que')
    found = gather(folder)
    assert (found.kept, found.attempts, sum(found.codes.values())) == (2, 3, 5)


def test_nothing_rejected(tmp_path: Path) -> None:
    text = explained(folder_of(tmp_path, [], {"kept": 5}))
    assert "5 trajectories kept of 5 attempts (100%)" in text
    assert "Nothing was rejected." in text


def test_a_damaged_line_is_named(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, ROWS)
    path = folder / "rejected.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(lines[0] + b"not json\n" + lines[1])
    with pytest.raises(UserError, match=r"rejected\.jsonl:2: not a rejection"):
        gather(folder)


def test_another_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"has neither run\.yaml nor trajectories\.jsonl"):
        gather(tmp_path)


def test_every_acceptance_rule_has_its_advice() -> None:
    assert set(RULES) - set(ADVICE) == set()


def test_every_code_that_the_synthesis_raises_has_its_advice() -> None:
    codes = set()
    for path in (PACKAGE / "synthesis").glob("*.py"):
        text = path.read_text()
        codes |= set(re.findall(r'SamplingFailed\(\s*f?"(\w+)[":]', text))
        codes |= set(re.findall(r'TurnRejected\(\s*"\w+",\s*"(\w+)"', text))
        codes |= set(re.findall(r'problem = f?"(\w+):', text))
    assert codes
    assert codes - set(ADVICE) == set()
