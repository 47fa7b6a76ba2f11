"""Runs of the command line against servers that fail: they end well, keep only what is right, and count everything."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import orjson
import pytest

from funreason_plugin.synthesis.teachers.served_faults import KINDS
from tests.llm.server import (
    KEY,
    ROOT,
    check,
    command,
    environment,
    files_with,
    rows,
    serving,
    settings,
    synthesize,
    written,
)

HASTY: dict[str, Any] = {"request_time_limit": 2, "concurrency": 16}
"""So that a hang costs two seconds."""


def assert_good(out: Path, num: int) -> None:
    assert [row["index"] for row in rows(out / "trajectories.jsonl")] == list(range(num))
    done = check(out)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.slow
def test_30_percent_of_all_requests_fail_in_every_way(tmp_path: Path) -> None:
    with serving("--faults", "all:0.3", "--slow-time", "0.5") as server:
        config = settings(server, tmp_path / "cache", num=20, **HASTY)
        done = synthesize(tmp_path / "out", config, timeout=600)
        assert done.returncode == 0, done.stderr
        stats = server.stats()
        failed = sum(row["requests"] for name, row in stats["outcomes"].items() if name != "ok")
        assert 0.2 < failed / stats["requests"] < 0.4
        assert set(KINDS) <= set(stats["outcomes"])
        ledger = rows(tmp_path / "out" / "ledger.jsonl")
        assert len(ledger) == stats["requests"]
    assert_good(tmp_path / "out", 20)
    assert files_with(KEY, tmp_path) == []
    assert KEY not in done.stdout + done.stderr


TALKING = ("empty", "refusal", "garbage", "cut-off", "unknown-tools", "no-choices", "429", "500", "hang")
"""Kinds whose replies say what they cost, or that have no reply."""


@pytest.mark.slow
def test_the_ledger_has_the_tokens_of_every_reply_that_was_answered(tmp_path: Path) -> None:
    with serving("--faults", ",".join(f"{kind}:0.03" for kind in TALKING)) as server:
        done = synthesize(tmp_path / "out", settings(server, num=10, **HASTY))
        assert done.returncode == 0, done.stderr
        ledger = rows(tmp_path / "out" / "ledger.jsonl")
        assert len(ledger) == server.stats()["requests"]
        assert (
            tuple(sum(row[name] for row in ledger) for name in ("input", "cached", "output"))
            == server.tokens()
        )
    assert_good(tmp_path / "out", 10)


def test_a_server_that_does_not_say_what_a_reply_cost_is_estimated(tmp_path: Path) -> None:
    with serving("--faults", "no-usage:1.0") as server:
        done = synthesize(tmp_path / "out", settings(server, num=2, turns="2"))
        assert done.returncode == 0, done.stderr
    ledger = rows(tmp_path / "out" / "ledger.jsonl")
    assert all(row["input"] > 0 and row["output"] > 0 for row in ledger)


def test_a_server_that_is_busy_at_first_is_waited_for(tmp_path: Path) -> None:
    with serving("--faults", "429:1-6,503:9-12") as server:
        done = synthesize(tmp_path / "out", settings(server, num=2, turns="2"))
        assert done.returncode == 0, done.stderr
        assert server.outcomes()["429"] == 6
    assert_good(tmp_path / "out", 2)


def test_a_server_that_stays_away_ends_the_run_and_it_goes_on_later(tmp_path: Path) -> None:
    with serving("--faults", "503:40-") as server:
        config = settings(server, tmp_path / "cache", num=6, give_up_after=2, retries=3)
        done = synthesize(tmp_path / "out", config)
        assert done.returncode == 1
        assert "Traceback" not in done.stderr
    with serving() as server:
        again = synthesize(tmp_path / "out", config | {"base_url": server.url})
        assert again.returncode == 0, again.stderr
        answered = server.stats()["requests"]
    assert_good(tmp_path / "out", 6)
    ledger = rows(tmp_path / "out" / "ledger.jsonl")
    assert sum(row["outcome"] == "ok" for row in ledger) == 39 + answered


# -- what can only be mended by the user ------------------------------------------------------------------


def assert_refused(done: Any, *says: str) -> None:
    """One line, a status that says so, no traceback, no key."""
    assert done.returncode in (1, 2)
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 1 and lines[0].startswith("error: "), done.stderr
    for word in says:
        assert word in lines[0]
    assert KEY not in done.stdout + done.stderr


def test_a_wrong_key_ends_the_run_at_once(tmp_path: Path) -> None:
    wrong = "sk-wrong-3f9aXc71Qz0pWm5e8RtY"
    with serving() as server:
        done = synthesize(tmp_path / "out", settings(server, tmp_path / "cache"), key=wrong)
        assert_refused(done, "FUNREASON_TEST_KEY")
        stats = server.stats()
        assert stats["requests"] + stats["models_listed"] <= 5  # a handful
    assert wrong not in done.stdout + done.stderr
    assert files_with(wrong, tmp_path) == []


def test_a_key_that_is_not_set_ends_the_run_at_once(tmp_path: Path) -> None:
    with serving() as server:
        config = settings(server, api_key_env="FUNREASON_NO_SUCH_KEY")
        assert_refused(synthesize(tmp_path / "out", config), "FUNREASON_NO_SUCH_KEY")
        assert server.stats()["requests"] == 0


def test_an_unknown_model_ends_the_run_at_once_and_the_known_ones_are_named(tmp_path: Path) -> None:
    with serving() as server:
        done = synthesize(tmp_path / "out", settings(server, model="scripte"))
        assert_refused(done, "'scripte'", "scripted")
        stats = server.stats()
        assert stats["requests"] + stats["models_listed"] <= 5  # a handful


@pytest.mark.parametrize("path", ["/v2", "", "/v1/chat"])
def test_a_wrong_url_ends_the_run_at_once(path: str, tmp_path: Path) -> None:
    with serving() as server:
        url = server.url.removesuffix("/v1") + path
        done = synthesize(tmp_path / "out", settings(server, base_url=url))
        assert_refused(done, url.removeprefix("http://")[:15])
        assert server.stats()["requests"] == 0


def test_nobody_at_the_url_ends_the_run_at_once(tmp_path: Path) -> None:
    with serving() as server:
        config = settings(server, give_up_after=5)
    assert_refused(synthesize(tmp_path / "out", config, timeout=60), "127.0.0.1")


def test_a_key_that_is_withdrawn_in_the_middle_ends_the_run(tmp_path: Path) -> None:
    """The server restarts with another key."""
    with serving() as server:
        config = settings(server, tmp_path / "cache", num=2)
        assert synthesize(tmp_path / "out", config).returncode == 0
        done = synthesize(tmp_path / "out", config | {"num": 4}, key="sk-other")
        assert_refused(done)
    assert len(rows(tmp_path / "out" / "trajectories.jsonl")) == 2


# -- limits -----------------------------------------------------------------------------------------------

PRICES = {"*": {"input": 10.0, "output": 40.0}}


@pytest.mark.parametrize("limit", ["budget", "max_tokens"])
def test_a_limit_stops_the_run_and_a_higher_one_goes_on(limit: str, tmp_path: Path) -> None:
    with serving() as server:
        config = settings(server, tmp_path / "cache", num=6, prices=PRICES, concurrency=4)
        whole = synthesize(tmp_path / "whole", config | {"cache": str(tmp_path / "other")})
        assert whole.returncode == 0, whole.stderr
        total = orjson.loads((tmp_path / "whole" / "summary.json").read_bytes())["ledger"]["total"]
        all_of_it = total["cost"] if limit == "budget" else total["input_tokens"] + total["output_tokens"]
        half = all_of_it / 2 if limit == "budget" else all_of_it // 2
        before = server.stats()["requests"]
        done = synthesize(tmp_path / "out", config | {limit: half})
        assert "Traceback" not in done.stderr
        summary = orjson.loads((tmp_path / "out" / "summary.json").read_bytes())
        assert limit.replace("_", "-") in summary["stopped"].replace("_", "-")
        ledger = rows(tmp_path / "out" / "ledger.jsonl")
        spent = sum(row["cost"] if limit == "budget" else row["input"] + row["output"] for row in ledger)
        assert 0.6 * half < spent <= half * 1.02
        assert len(ledger) == server.stats()["requests"] - before
        assert check(tmp_path / "out").returncode == 0
        again = synthesize(tmp_path / "out", config | {limit: 3 * all_of_it})
        assert again.returncode == 0, again.stderr
    for name in ("trajectories.jsonl", "rejected.jsonl"):
        if (tmp_path / "whole" / name).exists():
            assert (tmp_path / "out" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()


def test_a_budget_without_a_price_is_refused_before_anything_is_sent(tmp_path: Path) -> None:
    with serving() as server:
        assert_refused(synthesize(tmp_path / "out", settings(server, budget=1.0)), "price", "scripted")
        assert server.stats()["requests"] == 0


def test_what_is_noted_in_the_last_seconds_of_a_run_is_said(tmp_path: Path) -> None:
    """No file may grow over 45 kB: too little for the cache, and then for the trajectory, which ends the run."""
    out = tmp_path / "out"
    limited = "import os, resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (45_000, 45_000)); "
    limited += "os.execv(sys.argv[1], sys.argv[1:])"
    with serving() as server:
        config = written(out, settings(server, tmp_path / "cache", num=1, turns="1"))
        done = subprocess.run(
            [sys.executable, "-c", limited, *command(config, out)],
            capture_output=True,
            text=True,
            cwd=ROOT,
            env=environment(),
        )
    assert "the disk is full" in done.stderr
    assert "some replies are not kept, the run goes on" in done.stdout
