"""Whole runs of the command line with vLLM's engine in the process: how they end, and what they leave behind."""

from __future__ import annotations

import importlib.util
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import orjson
import psutil
import pytest
import yaml

ROOT = Path(__file__).parents[2]

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        importlib.util.find_spec("vllm") is None, reason="vllm is not installed (extra [vllm])"
    ),
]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    from funreason_plugin.sft.tiny_model import build

    folder = tmp_path_factory.mktemp("models") / "tiny"
    build(folder)
    os.environ.setdefault("VLLM_CPU_KVCACHE_SPACE", "1")  # GB; without it vLLM takes half of the memory
    return str(folder)


def command(tmp_path: Path, model: str, **more: Any) -> list[str]:
    settings = {
        "env": ["travel"], "teacher": "vllm", "model": model, "engine": {"max_model_len": 16384, "enforce_eager": True}, "num": 4, "turns": "2",
        "max_new_tokens": 24, "concurrency": 2, "no_cache": True, **more,
    }  # fmt: skip
    path = tmp_path / "run.yaml"
    path.write_text(yaml.safe_dump(settings))
    module = [sys.executable, "-m", "funreason_plugin.synthesize"]
    return [*module, "--config", str(path), "--out", str(tmp_path / "out")]


@pytest.mark.parametrize("mixed", [False, True], ids=["all four", "only the querying agent"])
def test_a_run_in_which_nothing_is_accepted_ends_cleanly(tmp_path: Path, model: str, mixed: bool) -> None:
    scripted = {"teacher": "scripted"}
    others = dict.fromkeys(("tooling", "reasoning", "critiquing"), scripted) if mixed else {}
    done = subprocess.run(
        command(tmp_path, model, agents=others), capture_output=True, text=True, cwd=ROOT, timeout=540
    )
    assert done.returncode == 1, done.stdout + done.stderr
    assert "only 0 of" in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    lines = [orjson.loads(line) for line in (tmp_path / "out" / "ledger.jsonl").read_bytes().splitlines()]
    assert {line["agent"] for line in lines} == ({"querying"} if mixed else {"tooling"})
    ended = [
        line for line in lines if line["outcome"] != "cancelled"
    ]  # those are in flight when the run stops
    assert len(lines) - len(ended) <= 2
    assert all(line["outcome"] == "ok" and line["input"] > 0 and 0 < line["output"] <= 24 for line in ended)
    assert (tmp_path / "out" / "trajectories.jsonl").read_bytes() == b""


@pytest.mark.parametrize("loading", [True, False], ids=["while it loads", "in the middle of the run"])
def test_ctrl_c_leaves_no_process(tmp_path: Path, model: str, loading: bool) -> None:
    run = subprocess.Popen(
        command(tmp_path, model), cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        start_new_session=True,
    )  # fmt: skip
    ledger = tmp_path / "out" / "ledger.jsonl"
    end = time.monotonic() + 300
    while time.monotonic() < end and run.poll() is None:
        children = psutil.Process(run.pid).children(recursive=True)
        if any("VLLM" in child.name() for child in children) if loading else has_lines(ledger):
            break
        time.sleep(0.2)
    os.killpg(run.pid, signal.SIGINT)  # as the terminal does: the whole group
    said, _ = run.communicate(timeout=120)
    assert run.returncode == 130, said
    assert "interrupted" in said and "Traceback" not in said
    assert not psutil.wait_procs(children, timeout=10)[1]


def test_a_run_that_is_killed_leaves_no_engine(tmp_path: Path, model: str) -> None:
    run = subprocess.Popen(
        command(tmp_path, model), cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    ledger = tmp_path / "out" / "ledger.jsonl"
    end = time.monotonic() + 300
    while time.monotonic() < end and run.poll() is None and not has_lines(ledger):
        time.sleep(0.2)
    children = psutil.Process(run.pid).children(recursive=True)
    assert any("VLLM" in child.name() for child in children)
    run.kill()
    run.wait()
    assert not psutil.wait_procs(children, timeout=30)[1]


def has_lines(path: Path) -> bool:
    return path.exists() and path.stat().st_size > 0
