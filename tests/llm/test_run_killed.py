"""Runs that are killed and go on: nothing lost but what was in flight, nothing twice, the same bytes."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.llm.server import (
    ROOT,
    Server,
    check,
    command,
    environment,
    rows,
    serving,
    settings,
    synthesize,
    written,
)

CONCURRENCY = 4


def killed_after(requests: int, out: Path, config: dict[str, Any], server: Server) -> bool:
    """Run until the server has seen so many more requests, then kill -9; whether the run ended before that."""
    target = server.stats()["requests"] + requests
    process = subprocess.Popen(
        command(written(out, config), out),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=ROOT,
        env=environment(),
    )
    while process.poll() is None and server.stats()["requests"] < target:
        time.sleep(0.005)
    children = psutil.Process(process.pid).children(recursive=True) if process.poll() is None else []
    if process.poll() is None:
        os.kill(process.pid, signal.SIGKILL)
    process.wait()
    _, alive = psutil.wait_procs(children, timeout=20)
    assert alive == []  # a worker does not outlive the run
    while server.stats()["in_flight"]:
        time.sleep(0.01)
    return process.returncode == 0


def kill_often(kills: int, num: int, no_cache: bool, folder: Path) -> None:
    with serving("--latency", "0.02", "--style", "reasoning_content") as server:
        config = settings(server, None if no_cache else folder / "cache", num=num, concurrency=CONCURRENCY)
        whole = synthesize(folder / "whole", config | ({} if no_cache else {"cache": str(folder / "other")}))
        assert whole.returncode == 0, whole.stderr
        uninterrupted = server.stats()["requests"]
        rng = random.Random(kills)
        step = uninterrupted // kills
        killed = 0
        for _ in range(kills):
            killed += not killed_after(rng.randint(1, 2 * step), folder / "out", config, server)
        done = synthesize(folder / "out", config)
        assert done.returncode == 0, done.stderr
        stats = server.stats()
        for name in ("trajectories.jsonl", "rejected.jsonl", "verl/train.parquet", "messages/train.jsonl"):
            if (folder / "whole" / name).exists():
                assert (folder / "out" / name).read_bytes() == (folder / "whole" / name).read_bytes(), name
        assert killed >= kills // 2
        if not no_cache:
            # Each request of the uninterrupted run was sent for the second folder, too; more are what a kill lost.
            assert stats["requests"] <= 2 * uninterrupted + killed * CONCURRENCY
            ledger = rows(folder / "out" / "ledger.jsonl")
            answered = [row for row in ledger if row["outcome"] == "ok"]
            assert uninterrupted <= len(answered) <= stats["requests"] - uninterrupted
    assert "everything agrees" in check(folder / "out").stdout


def test_killed_three_times(tmp_path: Path) -> None:
    kill_often(3, 4, no_cache=False, folder=tmp_path)


def test_killed_twice_without_a_cache(tmp_path: Path) -> None:
    kill_often(2, 3, no_cache=True, folder=tmp_path)


@pytest.mark.slow
def test_killed_twenty_times(tmp_path: Path) -> None:
    kill_often(20, 12, no_cache=False, folder=tmp_path)


def test_ctrl_c_ends_in_order_and_the_same_command_goes_on(tmp_path: Path) -> None:
    with serving("--latency", "0.05") as server:
        config = settings(server, tmp_path / "cache", num=6, concurrency=CONCURRENCY)
        process = subprocess.Popen(
            command(written(tmp_path / "out", config), tmp_path / "out"),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=ROOT,
            env=environment(),
        )
        while server.stats()["requests"] < 30:
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        said, _ = process.communicate(timeout=60)
        assert process.returncode == 130
        assert "Traceback" not in said
        ledger = rows(tmp_path / "out" / "ledger.jsonl")
        assert len(ledger) == server.stats()["requests"]
        done = synthesize(tmp_path / "out", config)
        assert done.returncode == 0, done.stderr
        assert server.stats()["repeated"] <= CONCURRENCY
    assert len(rows(tmp_path / "out" / "trajectories.jsonl")) == 6
    assert check(tmp_path / "out").returncode == 0
