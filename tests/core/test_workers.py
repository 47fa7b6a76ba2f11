"""Supervised workers: order does not matter, hanging calls are survived, crashes are told."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from funreason_plugin.errors import UserError
from funreason_plugin.workers import CallWatch, Pool


def build(kind: str) -> Callable[[int, CallWatch], list[str]]:
    def work(payload: int, watch: CallWatch) -> list[str]:
        done = []
        for number in range(3):
            if not watch.enter(0.4):
                done.append("over time")
                continue
            if (payload, number) == (2, 1):
                if kind == "sleeps":
                    time.sleep(60)
                elif kind == "holds the lock":
                    _ = 9 ** (10**9)
                elif kind == "dies":
                    os._exit(3)
                elif kind == "raises":
                    raise UserError("data.csv:3: no")
            watch.leave()
            done.append(f"{payload}.{number}")
        return done

    return work


@pytest.mark.parametrize("kind", ["sleeps", "holds the lock"])
def test_a_call_that_never_ends_costs_one_worker(kind: str) -> None:
    with Pool(2, build, (kind,)) as pool:
        results = dict(pool.map((key, key) for key in range(5)))
        assert pool.restarts == 1
    assert results[2] == ["2.0", "over time", "2.2"]
    assert results[4] == ["4.0", "4.1", "4.2"]


def test_a_worker_that_dies_twice_at_a_job_is_reported() -> None:
    with Pool(1, build, ("dies",)) as pool, pytest.raises(UserError, match="died twice at job 2"):
        list(pool.map((key, key) for key in range(5)))


def test_a_user_error_in_a_worker_reaches_the_caller() -> None:
    with Pool(1, build, ("raises",)) as pool, pytest.raises(UserError, match="data.csv:3: no"):
        list(pool.map((key, key) for key in range(5)))


def at_work(file: str) -> Callable[[int, CallWatch], None]:
    def work(payload: int, watch: CallWatch) -> None:
        Path(file).write_text(f"{os.getpid()}\n")
        time.sleep(3600)

    return work


def ended(pid: str) -> bool:
    try:
        return Path("/proc", pid, "stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def test_a_worker_at_work_ends_with_its_killed_parent(tmp_path: Path) -> None:
    file = tmp_path / "pid"
    code = (
        "from funreason_plugin.workers import Pool\nfrom tests.core.test_workers import at_work\n"
        f"if __name__ == '__main__':\n    with Pool(1, at_work, ({str(file)!r},)) as pool:\n        list(pool.map([(0, 0)]))\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", code], cwd=Path(__file__).parents[2])
    while not file.exists() or not file.read_text().endswith("\n"):
        assert parent.poll() is None
        time.sleep(0.05)
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait()
    for _ in range(300):
        if ended(file.read_text().strip()):
            break
        time.sleep(0.1)
    assert ended(file.read_text().strip())
