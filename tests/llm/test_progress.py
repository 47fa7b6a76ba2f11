"""What a run shows while it goes on, and at its end."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console

from funreason_plugin.config import load
from funreason_plugin.synthesis.folder import Tally
from funreason_plugin.synthesis.hub import Hub
from funreason_plugin.synthesis.ledger import Ledger
from funreason_plugin.synthesis.progress import Progress
from funreason_plugin.synthesis.redact import Redactor
from funreason_plugin.synthesis.summary import Summary
from funreason_plugin.synthesis.summary_table import final_table, money, short, span
from funreason_plugin.synthesis.teachers.endpoint import Try
from funreason_plugin.teacher_config import Price


def hub_of(folder: Path, priced: bool = True) -> Hub:
    """A hub after two requests and a replay; it has no server."""
    config = load(
        None,
        {"env": ["travel"], "teacher": "openai", "model": "big", "base_url": "http://h/v1", "out": folder},
    )
    ledger = Ledger(
        folder / "ledger.jsonl", {"big": Price(input=100.0, output=400.0)} if priced else {}, "EUR"
    )
    ledger.add(0, "reasoning", Try("503", 0.1), first=True)
    ledger.add(0, "reasoning", Try("ok", 1.5, 12_345, 0, 1_000, "big"), first=False)
    ledger.replay("reasoning")
    return Hub(config, {}, ledger, None, Redactor())


def console(terminal: bool) -> tuple[Console, io.StringIO]:
    file = io.StringIO()
    return Console(file=file, width=160, force_terminal=terminal, color_system=None), file


def test_a_terminal_shows_requests_tokens_and_cost_below_the_bar(tmp_path: Path) -> None:
    shown, file = console(terminal=True)
    with Progress(shown, 10, Tally(), hub_of(tmp_path)) as progress:
        progress.update(Tally(kept=4, attempts=5))
    said = file.getvalue()
    assert "4/10" in said
    assert "rejected 1 (20%)" in said
    assert (
        "2 requests (1 retries), tokens 12.3k in, 1.00k out, 1 replayed, 1.63 EUR (0.409 per kept one)"
        in said
    )
    assert "0 of 0 in flight" in said


def test_a_log_gets_a_line_now_and_then(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    shown, file = console(terminal=False)
    with Progress(shown, 10, Tally(), hub_of(tmp_path, priced=False)) as progress:
        for second in range(25):
            now[0] = 100.0 + second
            progress.update(Tally(kept=second // 5, attempts=second // 5))
    first, second_line = file.getvalue().splitlines()
    assert first.startswith("2/10 kept, 10.9/min, rejected 0 (0%), 2 requests (1 retries), tokens 12.3k in")
    assert first.endswith("in flight, 44.0 s left")
    assert "EUR" not in first
    assert second_line.startswith("4/10 kept")


def test_the_rate_is_that_of_late(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    shown, file = console(terminal=False)
    with Progress(shown, 1000, Tally()) as progress:
        for kept in range(1, 201):
            now[0] += 100.0 if kept <= 100 else 10.0  # the server is faster in the second half
            progress.update(Tally(kept=kept, attempts=kept))
    last = file.getvalue().splitlines()[-1]
    assert last.startswith("200/1000 kept, 6.0/min")
    assert last.endswith("2 h 13 min left")


def test_where_no_model_plays_there_is_nothing_about_requests(tmp_path: Path) -> None:
    shown, file = console(terminal=True)
    with Progress(shown, 10, Tally()) as progress:
        progress.update(Tally(kept=4, attempts=4))
    assert "requests" not in file.getvalue()
    shown, file = console(terminal=False)
    shown.print(final_table(Summary(kept=4, attempts=4)))
    assert "requests" not in file.getvalue()


def test_the_final_table_has_the_ledger(tmp_path: Path) -> None:
    ledger = hub_of(tmp_path).ledger
    phases = {"query": {"reached": 45, "passed": 41, "rate": 0.9111}}
    summary = Summary(kept=4, attempts=5, turns=12, phases=phases, ledger=ledger.table(kept=4))
    shown, file = console(terminal=False)
    shown.print(final_table(summary))
    rows = {
        cells[1].strip(): cells[2].strip()
        for line in file.getvalue().splitlines()
        if len(cells := line.split("│")) == 4
    }
    assert rows["requests"] == "2 (1 retries, 1 failed)"
    assert rows["replies replayed"] == "1"
    assert rows["tokens"] == "12.3k in, 1.00k out"
    assert rows["tokens per kept trajectory"] == "3,336"
    assert rows["cost"] == "1.63 EUR"
    assert rows["cost per kept trajectory"] == "0.409 EUR"
    assert rows["turns passed"] == "query 91%"


def test_numbers_are_short_and_plain() -> None:
    assert [span(seconds) for seconds in (8.44, 750, 25_500, 300_000)] == [
        "8.4 s", "12 min 30 s", "7 h 5 min", "3 d 11 h"
    ]  # fmt: skip
    assert [short(count) for count in (950, 9_999, 12_345, 4_561_000, 1.2e9)] == [
        "950", "10.0k", "12.3k", "4.56M", "1.20G"
    ]  # fmt: skip
    assert [money(amount) for amount in (0, 0.01234, 0.02, 1, 1234.5)] == [
        "0.00",
        "0.0123",
        "0.0200",
        "1.00",
        "1,234.50",
    ]
