"""Runs whose agents a server plays: the same bytes however they are run, and clean ends that can be gone on from."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import psutil
import pytest

from funreason_plugin.synthesis.spool import PENDING
from tests.llm.server import ROOT, Server, command, environment, rows, serving, settings, synthesize, written

NUM = 5
FILES = ("trajectories.jsonl", "rejected.jsonl")


@dataclass(frozen=True)
class Made:
    server: Server
    config: dict[str, Any]
    out: Path

    def same_as(self, out: Path) -> bool:
        return all((out / name).read_bytes() == (self.out / name).read_bytes() for name in FILES)


def summary(out: Path) -> dict[str, Any]:
    found: dict[str, Any] = orjson.loads((out / "summary.json").read_bytes())
    return found


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    """A finished run and its cache; the server is up."""
    folder = tmp_path_factory.mktemp("models")
    with serving("--latency", "0.02") as server:
        config = settings(server, folder / "cache", num=NUM, turns="2", concurrency=4)
        done = synthesize(folder / "out", config)
        assert done.returncode == 0, done.stdout + done.stderr
        yield Made(server, config, folder / "out")


@pytest.mark.parametrize("workers, concurrency", [(3, 64), (1, 1)])
def test_from_the_cache_any_number_of_workers_gives_the_same_bytes(
    made: Made, workers: int, concurrency: int, tmp_path: Path
) -> None:
    before = made.server.outcomes()["ok"]
    done = synthesize(tmp_path / "out", made.config | {"workers": workers, "concurrency": concurrency})
    assert done.returncode == 0, done.stdout + done.stderr
    assert made.same_as(tmp_path / "out")
    assert made.server.outcomes()["ok"] == before
    assert not (tmp_path / "out" / PENDING).exists()


def test_a_token_limit_ends_the_run_with_rows_and_a_higher_one_goes_on(made: Made, tmp_path: Path) -> None:
    whole = sum(row["input"] + row["output"] for row in rows(made.out / "ledger.jsonl"))
    config = made.config | {"cache": str(tmp_path / "cache"), "concurrency": 1, "max_tokens": whole * 3 // 4}
    stopped = synthesize(tmp_path / "out", config)
    assert "Traceback" not in stopped.stdout + stopped.stderr
    found = summary(tmp_path / "out")
    assert stopped.returncode == (0 if found["kept"] else 1)
    assert "max" in found["stopped"] and "tokens" in found["stopped"]
    assert not found["complete"]
    assert found["kept"] == len(rows(tmp_path / "out" / "trajectories.jsonl"))
    assert found["pending"] == len(rows(tmp_path / "out" / PENDING))
    assert 0 < found["kept"] + found["pending"] < NUM
    assert (tmp_path / "out" / "llamafactory").exists() == bool(found["kept"])
    assert found["ledger"]["total"]["input_tokens"] <= config["max_tokens"]
    done = synthesize(tmp_path / "out", config | {"max_tokens": 10 * whole})
    assert done.returncode == 0, done.stdout + done.stderr
    assert made.same_as(tmp_path / "out")


def begun(out: Path, config: dict[str, Any]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        command(written(out, config), out),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=ROOT,
        env=environment(),
    )


def wait_for_requests(server: Server, more: int, process: subprocess.Popen[str]) -> None:
    target = server.stats()["requests"] + more
    while server.stats()["requests"] < target:
        assert process.poll() is None, process.communicate()[0]
        time.sleep(0.01)


def test_a_worker_that_is_killed_costs_no_request(made: Made, tmp_path: Path) -> None:
    """With --no-cache: the replies of unfinished slots are in the parent's memory."""
    with serving("--latency", "0.05") as server:
        config = settings(server, None, num=NUM, turns="2", concurrency=4, workers=2)
        process = begun(tmp_path / "out", config)
        for _ in range(2):
            wait_for_requests(server, 12, process)
            for child in psutil.Process(process.pid).children():
                if any("spawn_main" in word for word in child.cmdline()):
                    child.kill()
        said, _ = process.communicate(timeout=300)
        assert process.returncode == 0, said
        assert server.stats()["repeated"] == 0
    assert made.same_as(tmp_path / "out")


def test_without_a_cache_finished_slots_survive_a_kill(made: Made, tmp_path: Path) -> None:
    """Written or in the spool: they are not asked for again."""
    with serving("--latency", "0.02") as server:
        config = settings(server, None, num=NUM, turns="2", concurrency=2)
        process = begun(tmp_path / "out", config)
        spool = tmp_path / "out" / PENDING
        kept = tmp_path / "out" / "trajectories.jsonl"
        while not (rows_whole(spool) or rows_whole(kept)):
            assert process.poll() is None, process.communicate()[0]
            time.sleep(0.01)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        if process.stdout is not None:
            process.stdout.close()
        finished = rows_whole(spool) | rows_whole(kept)
        length = (tmp_path / "out" / "ledger.jsonl").read_bytes().count(b"\n")
        done = synthesize(tmp_path / "out", config)
        assert done.returncode == 0, done.stdout + done.stderr
        asked = {row["slot"] for row in rows(tmp_path / "out" / "ledger.jsonl")[length:]}
        assert not asked & finished
    assert made.same_as(tmp_path / "out")


def rows_whole(path: Path) -> set[int]:
    """Slots that stand in a file, the cut last line aside."""
    if not path.exists():
        return set()
    data = path.read_bytes()
    found = [orjson.loads(line) for line in data[: data.rfind(b"\n") + 1].splitlines()]
    return {row[-1]["index"] if isinstance(row, list) else row["index"] for row in found}


def test_a_server_that_goes_away_ends_the_run_which_goes_on_when_it_is_back(
    made: Made, tmp_path: Path
) -> None:
    with serving("--latency", "0.05") as server:
        config = settings(
            server, tmp_path / "cache", num=NUM, turns="2", concurrency=4, give_up_after=1, retries=2
        )
        process = begun(tmp_path / "out", config)
        wait_for_requests(server, 15, process)
        server.process.kill()
    said, _ = process.communicate(timeout=120)
    assert process.returncode == 1
    assert "Traceback" not in said
    found = summary(tmp_path / "out")
    assert found["stopped"] and not found["complete"]
    assert not (tmp_path / "out" / "llamafactory").exists()
    done = synthesize(tmp_path / "out", config | {"base_url": made.server.url})
    assert done.returncode == 0, done.stdout + done.stderr
    assert made.same_as(tmp_path / "out")


def test_sigterm_is_a_clean_end(made: Made, tmp_path: Path) -> None:
    config = made.config | {"cache": str(tmp_path / "cache")}
    process = begun(tmp_path / "out", config)
    wait_for_requests(made.server, 15, process)
    process.send_signal(signal.SIGTERM)
    said, _ = process.communicate(timeout=120)
    assert process.returncode == 130, said
    assert summary(tmp_path / "out")["stopped"] == "interrupted"
    assert "Traceback" not in said
    done = synthesize(tmp_path / "out", config)
    assert done.returncode == 0, done.stdout + done.stderr
    assert made.same_as(tmp_path / "out")


@pytest.mark.parametrize("wrong", [{"api_key_env": "NO_SUCH_VARIABLE"}, {"model": "other"}])
def test_a_wrong_key_or_model_ends_at_once(made: Made, wrong: dict[str, str], tmp_path: Path) -> None:
    refused = synthesize(tmp_path / "out", made.config | wrong)
    assert refused.returncode == 1
    assert "Traceback" not in refused.stdout + refused.stderr
    assert not (tmp_path / "out" / "graph.json").exists()
