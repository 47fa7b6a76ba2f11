"""Runs against a server whose requests fail in every way there is, a few ways a run. A file of its own, so that it runs
beside the other runs with faults."""

from __future__ import annotations

from pathlib import Path

import pytest

from funreason_plugin.synthesis.teachers.served_faults import KINDS
from tests.llm.server import KEY, files_with, rows, serving, settings, synthesize
from tests.llm.test_run_faults import HASTY, assert_good

FINAL = ("400", "context", "refusal", "unknown-tools", "garbage", "cut-off", "reasoning-only")
"""Kinds after which nobody asks again: each costs a turn, so they come once here, the others twice."""
TRIED_AGAIN = tuple(kind for kind in KINDS if kind not in FINAL and kind != "slow")


def groups() -> list[tuple[str, ...]]:
    """Four kinds a run."""
    return [kinds[at : at + 4] for kinds in (FINAL, TRIED_AGAIN) for at in range(0, len(kinds), 4)]


@pytest.mark.parametrize("kinds", groups(), ids=" ".join)
@pytest.mark.slow
def test_requests_fail_in_a_few_ways(kinds: tuple[str, ...], tmp_path: Path) -> None:
    times = {kind: 1 if kind in FINAL else 2 for kind in kinds}
    faults = [f"{kind}:{4 + 4 * place}-{3 + 4 * place + times[kind]}" for place, kind in enumerate(kinds)]
    with serving("--faults", ",".join(faults)) as server:
        done = synthesize(tmp_path / "out", settings(server, num=3, turns="2", **HASTY))
        assert done.returncode == 0, done.stderr
        outcomes = server.outcomes()
        assert {kind: outcomes.get(kind) for kind in kinds} == times
        ledger = rows(tmp_path / "out" / "ledger.jsonl")
        assert len(ledger) == server.stats()["requests"]
        assert sum(row["outcome"] == "ok" for row in ledger) >= outcomes["ok"]
    assert_good(tmp_path / "out", 3)
    assert files_with(KEY, tmp_path) == []
    assert KEY not in done.stdout + done.stderr
