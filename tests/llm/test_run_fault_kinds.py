"""Runs against a server whose requests fail in one way, for every way there is. A file of its own, so that it runs beside
the other runs with faults."""

from __future__ import annotations

from pathlib import Path

import pytest

from funreason_plugin.synthesis.teachers.served_faults import KINDS
from tests.llm.server import KEY, files_with, rows, serving, settings, synthesize
from tests.llm.test_run_faults import HASTY, assert_good

FINAL = ("400", "context", "refusal", "unknown-tools", "garbage", "cut-off", "reasoning-only")
"""Kinds after which nobody asks again: each costs a turn, so they come less often here."""


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "slow"])
@pytest.mark.slow
def test_requests_fail_in_one_way(kind: str, tmp_path: Path) -> None:
    share = 0.08 if kind in FINAL else 0.3
    with serving("--faults", f"{kind}:{share}") as server:
        done = synthesize(tmp_path / "out", settings(server, num=3, turns="2", **HASTY))
        assert done.returncode == 0, done.stderr
        outcomes = server.outcomes()
        assert outcomes[kind] > 0
        ledger = rows(tmp_path / "out" / "ledger.jsonl")
        assert len(ledger) == server.stats()["requests"]
        assert sum(row["outcome"] == "ok" for row in ledger) >= outcomes["ok"]
    assert_good(tmp_path / "out", 3)
    assert files_with(KEY, tmp_path) == []
    assert KEY not in done.stdout + done.stderr
