"""Whole runs: the folder, the same bytes whatever happens, and what a folder refuses."""

from __future__ import annotations

import resource
import signal
import subprocess
import time
from pathlib import Path

import orjson
import pytest

from funreason_plugin.trajectory import read
from tests.pipeline.runs import ROOT, command, digests, run


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("finished") / "out"
    done = run(out, "--workers", "2")
    assert done.returncode == 0, done.stdout + done.stderr
    return out


def test_the_folder_has_everything(finished: Path) -> None:
    names = {str(path.relative_to(finished)) for path in finished.rglob("*") if path.is_file()}
    assert names >= {
        "trajectories.jsonl",
        "rejected.jsonl",
        "run.yaml",
        "summary.json",
        "llamafactory/dataset_info.json",
        "verl/train.parquet",
        "verl/val.parquet",
    }
    summary = orjson.loads((finished / "summary.json").read_bytes())
    assert summary["complete"]
    assert summary["kept"] == 12
    assert "funreason_scripted" in orjson.loads((finished / "llamafactory/dataset_info.json").read_bytes())


def test_every_trajectory_has_its_slot_and_turns(finished: Path) -> None:
    trajectories = list(read(finished / "trajectories.jsonl"))
    assert [trajectory.index for trajectory in trajectories] == list(range(12))
    assert all(2 <= len(trajectory.turns) <= 3 for trajectory in trajectories)
    assert all(turn.steps and turn.answer for trajectory in trajectories for turn in trajectory.turns)


def test_one_worker_gives_the_same_bytes(finished: Path, tmp_path: Path) -> None:
    assert run(tmp_path / "one", "--workers", "1").returncode == 0
    assert digests(tmp_path / "one") == digests(finished)


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_an_interrupted_run_resumes_to_the_same_bytes(
    finished: Path, tmp_path: Path, number: signal.Signals
) -> None:
    out = tmp_path / "out"
    process = subprocess.Popen(
        command(out, "--workers", "2"), cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    trajectories = out / "trajectories.jsonl"
    for _ in range(600):
        if trajectories.exists() and trajectories.stat().st_size:
            break
        time.sleep(0.05)
    process.send_signal(number)
    process.wait(60)
    assert run(out, "--workers", "2").returncode == 0
    assert digests(out) == digests(finished)


def test_a_cut_last_line_is_made_again(finished: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert run(out, num=3).returncode == 0
    path = out / "trajectories.jsonl"
    path.write_bytes(path.read_bytes()[:-100])
    resumed = run(out)
    assert resumed.returncode == 0
    assert "cut short" in resumed.stdout
    assert digests(out) == digests(finished)


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (("--seed", "1"), "was made with seed=0, this run has 1"),
        (("--turns", "4-5"), "was made with turns="),
    ],
)
def test_a_folder_of_another_configuration_is_refused(
    finished: Path, flags: tuple[str, ...], said: str
) -> None:
    before = digests(finished)
    refused = run(finished, *flags)
    assert refused.returncode == 1
    assert said in refused.stdout + refused.stderr
    assert "Traceback" not in refused.stderr
    assert digests(finished) == before


def test_a_damaged_line_is_named_and_nothing_is_lost(finished: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert run(out, num=3).returncode == 0
    path = out / "trajectories.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    damaged = b"".join([lines[0], lines[1][:50] + b"\n", *lines[2:]])
    path.write_bytes(damaged)
    refused = run(out)
    assert refused.returncode == 1
    assert "trajectories.jsonl:2" in refused.stdout + refused.stderr
    assert path.read_bytes() == damaged


def test_a_full_disk_stops_the_run_and_keeps_what_is_there(finished: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    limit = 150_000

    def small_disk() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    stopped = run(out, preexec_fn=small_disk)
    assert stopped.returncode == 1
    assert "the disk is full" in stopped.stdout + stopped.stderr
    assert "Traceback" not in stopped.stderr
    assert len(list(read(out / "trajectories.jsonl"))) >= 1
    assert run(out).returncode == 0
    assert digests(out) == digests(finished)


def test_held_out_environments_occur_in_validation_only(tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert run(out, "--val-share", "0.3", "--holdout-env", "files").returncode == 0
    environments = {"train": set[str](), "val": set[str]()}
    for trajectory in read(out / "trajectories.jsonl"):
        environments[trajectory.split] |= {entry.name for entry in trajectory.environments}
    assert environments["train"] == {"travel"}
    assert "files" in environments["val"]
