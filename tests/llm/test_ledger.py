"""The ledger: what every try cost, written at once, read again exactly."""

from __future__ import annotations

import io
import os
import resource
import subprocess
import sys
import textwrap
from pathlib import Path

import orjson
import pytest
from rich.console import Console

from funreason_plugin.errors import UserError
from funreason_plugin.synthesis.account import Latency
from funreason_plugin.synthesis.explain import explain
from funreason_plugin.synthesis.funnel import passages
from funreason_plugin.synthesis.ledger import Ledger, cost_of
from funreason_plugin.synthesis.teachers.endpoint import Try
from funreason_plugin.teacher_config import Price

PRICES = {"big": Price(input=1.0, output=4.0, cached_input=0.25), "small": Price(input=0.1, output=0.4)}
ROOT = Path(__file__).parents[2]


def ok(given: int, answered: int, cached: int = 0, seconds: float = 1.0, model: str = "big") -> Try:
    return Try("ok", seconds, given, cached, answered, model)


def test_a_run_adds_up_and_reads_the_same_again(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.jsonl", PRICES)
    ledger.add(0, "reasoning", Try("429", 0.1), first=True)
    ledger.add(0, "reasoning", ok(1000, 100, cached=600, seconds=2.0), first=False)
    ledger.add(1, "querying", ok(500, 50, model="small"), first=True)
    ledger.add(1, "reasoning", Try("malformed", 1.0, 100, 0, 10, "big"), first=True)
    cost = (400 * 1.0 + 600 * 0.25 + 100 * 4.0 + 500 * 0.1 + 50 * 0.4 + 100 * 1.0 + 10 * 4.0) / 1e6
    assert ledger.spent == pytest.approx(cost)
    assert ledger.tokens == 1760
    table = ledger.table(kept=2)
    row = table["agents"]["reasoning"]
    assert (row["requests"], row["retries"], row["failed"]) == (3, 1, 2)
    assert row["outcomes"] == {"429": 1, "malformed": 1}
    assert (row["input_tokens"], row["cached_tokens"], row["output_tokens"]) == (1100, 600, 110)
    assert row["seconds"]["p50"] == pytest.approx(2.0, rel=0.01)
    assert table["agents"]["querying"]["phase"] == "query"
    assert table["cost_per_kept"] == pytest.approx(cost / 2, abs=1e-6)
    assert table["tokens_per_kept"] == 880
    ledger.close()

    again = Ledger(tmp_path / "ledger.jsonl", PRICES)
    assert again.table(kept=2) == table
    again.add(1, "reasoning", ok(1, 1), first=False)
    assert (again.total.requests, again.total.retries) == (5, 2)
    assert {slot: spent.requests for slot, spent in again.per_slot().items()} == {0: 2, 1: 3}


def test_each_line_is_on_disk_before_anything_else_happens(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.jsonl", PRICES)
    ledger.add(7, "tooling", ok(10, 5), first=True)
    row = orjson.loads((tmp_path / "ledger.jsonl").read_bytes())
    time = row.pop("time")
    assert time.endswith("Z")
    assert row == {
        "slot": 7, "agent": "tooling", "phase": "advanced_tool", "model": "big", "outcome": "ok", "first": True,
        "input": 10, "cached": 0, "output": 5, "seconds": 1.0, "cost": 30e-6,
    }  # fmt: skip


def test_without_prices_cost_is_absent_and_never_zero(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.jsonl")
    ledger.add(0, "reasoning", ok(10, 5), first=True)
    table = ledger.table(kept=1)
    assert table["total"]["cost"] is None
    assert table["agents"]["reasoning"]["cost"] is None
    assert table["cost_per_kept"] is None
    assert table["tokens_per_kept"] == 15


def test_a_model_without_a_price_leaves_the_total_open_and_is_named(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.jsonl", PRICES)
    ledger.add(0, "reasoning", ok(10, 5, model="other"), first=True)
    ledger.add(0, "reasoning", ok(10, 5), first=True)
    assert ledger.unpriced == {"other": 1}
    assert ledger.table(kept=1)["total"]["cost"] is None


def test_the_price_is_the_servers_name_then_the_configured_one_then_any(tmp_path: Path) -> None:
    prices = {**PRICES, "*": Price(input=7.0, output=7.0)}
    ledger = Ledger(tmp_path / "ledger.jsonl", prices, models={"reasoning": "big"})
    assert ledger.add(0, "reasoning", ok(10, 0, model="small"), first=True) == pytest.approx(1e-6)
    assert ledger.add(0, "reasoning", ok(10, 0, model="big-2026-01-01"), first=True) == pytest.approx(10e-6)
    assert ledger.add(0, "querying", ok(10, 0, model="unheard-of"), first=True) == pytest.approx(70e-6)


def test_what_was_paid_keeps_its_price_and_what_had_none_gets_todays(tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    Ledger(path).add(0, "reasoning", ok(1000, 0), first=True)
    Ledger(path, {"big": Price(input=2.0, output=0.0)}).add(0, "reasoning", ok(1000, 0), first=True)
    later = Ledger(path, {"big": Price(input=5.0, output=0.0)})
    assert later.spent == pytest.approx((1000 * 5.0 + 1000 * 2.0) / 1e6)


def test_replays_are_no_requests(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.jsonl", PRICES)
    ledger.replay("reasoning")
    total = ledger.table(kept=1)["total"]
    assert (total["requests"], total["replayed"], total["cost"], ledger.tokens) == (0, 1, 0.0, 0)
    assert ledger.per_slot() == {}
    assert not (tmp_path / "ledger.jsonl").exists()


def test_a_last_line_that_was_cut_short_is_dropped(tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    ledger = Ledger(path, PRICES)
    for _ in range(3):
        ledger.add(0, "reasoning", ok(10, 5), first=True)
    whole = path.read_bytes()
    path.write_bytes(whole[:-7])
    again = Ledger(path, PRICES)
    assert again.total.requests == 2
    again.add(0, "reasoning", ok(10, 5), first=True)
    assert Ledger(path, PRICES).total.requests == 3


@pytest.mark.parametrize("damage", [b"{}\n", b"\x00\x00\n", b"[1]\n", b'{"slot": 1}\n', b"\n", b"null\n"])
def test_a_damaged_line_in_the_middle_is_named_with_its_mend(tmp_path: Path, damage: bytes) -> None:
    path = tmp_path / "ledger.jsonl"
    Ledger(path, PRICES).add(0, "reasoning", ok(10, 5), first=True)
    line = path.read_bytes()
    path.write_bytes(line + damage + line)
    with pytest.raises(UserError, match=r"ledger\.jsonl:2: not a line of a ledger; delete the line"):
        Ledger(path, PRICES)
    assert path.read_bytes() == line + damage + line


@pytest.mark.parametrize("key, value", [("slot", "0"), ("input", 1.5), ("seconds", None), ("cost", "1")])
def test_a_line_with_a_value_of_another_kind_is_damaged(tmp_path: Path, key: str, value: object) -> None:
    path = tmp_path / "ledger.jsonl"
    Ledger(path, PRICES).add(0, "reasoning", ok(10, 5), first=True)
    row = orjson.loads(path.read_bytes())
    path.write_bytes(orjson.dumps({**row, key: value}) + b"\n")
    with pytest.raises(UserError, match=r"ledger\.jsonl:1"):
        Ledger(path, PRICES)


def test_a_server_that_counts_nonsense_does_not_spoil_the_sums(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.jsonl", PRICES)
    ledger.add(0, "reasoning", Try("ok", -1.0, 10, 999, -5, "big" * 1000), first=True)
    total = ledger.total
    assert (total.input_tokens, total.cached_tokens, total.output_tokens) == (10, 10, 0)
    assert len(orjson.loads((tmp_path / "ledger.jsonl").read_bytes())["model"]) == 200
    assert Ledger(tmp_path / "ledger.jsonl").total.requests == 1


def test_a_full_disk_is_one_line_and_leaves_no_half_line(tmp_path: Path) -> None:
    script = """
        import resource, sys
        from pathlib import Path
        from funreason_plugin.errors import UserError
        from funreason_plugin.synthesis.ledger import Ledger
        from funreason_plugin.synthesis.teachers.endpoint import Try
        import signal
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
        ledger = Ledger(Path(sys.argv[1]))
        try:
            while True:
                ledger.add(0, "reasoning", Try("ok", 1.0, 10, 0, 5, "big"), True)
        except UserError as error:
            print(ledger.total.requests, error.message)
    """
    path = tmp_path / "ledger.jsonl"
    command = [sys.executable, "-c", textwrap.dedent(script), str(path)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=True)
    count, message = done.stdout.strip().split(" ", 1)
    assert message.startswith(f"{path}: the disk is full; what is kept is safe")
    assert path.read_bytes().count(b"\n") == int(count) > 0
    assert path.read_bytes().endswith(b"\n")


def test_percentiles_are_within_one_per_cent() -> None:
    latency = Latency()
    for tenth in range(1, 10_001):
        latency.add(tenth / 1000)
    for share in (0.5, 0.9, 0.99):
        assert latency.percentile(share) == pytest.approx(10 * share, rel=0.011)
    assert Latency().percentile(0.5) is None
    extremes = Latency()
    for seconds in (0.0, 1e-9, 1e9):
        extremes.add(seconds)
    assert extremes.total == 3


def test_cached_tokens_without_a_price_of_their_own_cost_as_others() -> None:
    assert cost_of(PRICES["small"], 1000, 900, 0) == pytest.approx(1e-4)
    assert cost_of(None, 1000, 900, 0) is None


def test_a_large_ledger_does_not_grow_in_memory(tmp_path: Path) -> None:
    """80,000 lines: what opening keeps is the sums."""
    path = tmp_path / "ledger.jsonl"
    Ledger(path, PRICES).add(0, "reasoning", ok(10, 5), first=True)
    path.write_bytes(path.read_bytes() * 80_000)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    ledger = Ledger(path, PRICES)
    assert ledger.total.requests == 80_000
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 8_000  # KB; the file has 15 MB
    assert os.path.getsize(path) > 12_000_000


def test_turns_that_reached_and_passed_each_phase() -> None:
    rejections = {
        "sampling": {"no_parameters": 5},
        "query": {"leaked_value": 4},
        "chain": {"state_differs": 11},
    }
    rates = passages(rejections, kept=10, turns=38, lost_turns=2)
    assert rates["chain"] == {"reached": 51, "passed": 40, "rate": 0.7843}
    assert rates["query"] == {"reached": 55, "passed": 51, "rate": 0.9273}
    assert rates["advanced_tool"] == {"reached": 55, "passed": 55, "rate": 1.0}
    assert rates["sampling"] == {"reached": 60, "passed": 55, "rate": 0.9167}
    assert rates["trajectory"] == {"reached": 10, "passed": 10, "rate": 1.0}


def test_explain_tells_what_the_models_cost(tmp_path: Path) -> None:
    (tmp_path / "run.yaml").write_text("config: {}\n")
    rejection = {
        "index": 0, "attempt": 0, "turn": 2, "try": 0, "phase": "query", "code": "leaked_value", "tool": "",
        "detail": "", "calls": [], "whole": True,
    }  # fmt: skip
    (tmp_path / "rejected.jsonl").write_bytes(orjson.dumps(rejection) + b"\n")
    summary = {"kept": 4, "turns": 8, "ledger": {"currency": "EUR"}}
    (tmp_path / "summary.json").write_bytes(orjson.dumps(summary))
    Ledger(tmp_path / "ledger.jsonl", PRICES).add(0, "querying", ok(1_000_000, 0), first=True)
    console = Console(file=io.StringIO(), width=160)
    explain(tmp_path, console)
    assert isinstance(console.file, io.StringIO)
    text = console.file.getvalue()
    assert "250,000 tokens for each kept trajectory" in text
    assert "0.250 EUR" in text
    row = next(line for line in text.splitlines() if line.startswith("query  "))
    assert row.split()[1:5] == ["1", "100%", "11", "91%"]  # 8 kept turns, 2 lost ones, 1 rejected
