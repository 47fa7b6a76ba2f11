"""Runs over Ray: the same bytes as without, wherever actors live and however they die."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.llm.server import (
    KEY,
    KEY_ENV,
    ROOT,
    check,
    files_with,
    rows,
    serving,
    settings,
    synthesize,
    written,
)
from tests.pipeline.runs import command, digests

pytest.importorskip("ray", reason="Ray is not installed: pip install 'funreason_plugin[ray]'")
from ray.cluster_utils import Cluster

pytestmark = pytest.mark.slow

MEMORY = 80_000_000
QUIET = {"RAY_USAGE_STATS_ENABLED": "0", "COLUMNS": "200"}
SAME = ("trajectories.jsonl", "rejected.jsonl", "verl/train.parquet")


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    """Two nodes on this machine, which have never seen the key to a server."""
    assert KEY_ENV not in os.environ
    patch = pytest.MonkeyPatch()
    patch.setenv("PYTHONPATH", str(ROOT))  # the package as it is installed on nodes
    arguments = {"num_cpus": 2, "object_store_memory": MEMORY, "include_dashboard": False}
    cluster = Cluster(initialize_head=True, head_node_args=arguments)
    cluster.add_node(num_cpus=2, object_store_memory=MEMORY)
    patch.undo()
    yield cluster
    cluster.shutdown()


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run that all others are compared with."""
    out = tmp_path_factory.mktemp("local") / "out"
    done = run(out)
    assert done.returncode == 0, done.stderr
    return out


def over_ray(address: str, workers: int) -> list[str]:
    return ["--executor", "ray", "--ray-address", address, "--workers", str(workers)]


def run(out: Path, *flags: str, num: int = 24, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(out, *flags, num=num),
        capture_output=True,
        text=True,
        cwd=cwd,
        timeout=300,
        env=os.environ | QUIET | {"PYTHONPATH": str(ROOT)},
    )


def begin(out: Path, *flags: str, num: int) -> subprocess.Popen[str]:
    """A run in the background."""
    return subprocess.Popen(
        command(out, *flags, num=num),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=ROOT,
        env=os.environ | QUIET,
    )


def lines(out: Path) -> int:
    path = out / "trajectories.jsonl"
    return path.read_bytes().count(b"\n") if path.exists() else 0


def wait_for(out: Path, count: int, process: subprocess.Popen[str]) -> None:
    """Until so many trajectories are written, and the run goes on."""
    while lines(out) < count:
        assert process.poll() is None, process.communicate()[0]
        time.sleep(0.02)


def actors() -> list[psutil.Process]:
    """The actors' processes, as Ray calls them."""
    return [one for one in psutil.process_iter() if named(one, "ray::CrewActor")]


def named(process: psutil.Process, title: str) -> bool:
    try:
        return any(title in word for word in process.cmdline())
    except psutil.Error:
        return False


def assert_same(out: Path, other: Path) -> None:
    for name in SAME:
        assert (out / name).read_bytes() == (other / name).read_bytes(), name


# -- the same bytes ---------------------------------------------------------------------------------------


def test_an_actor_on_this_machine_writes_what_a_local_worker_writes(local: Path, tmp_path: Path) -> None:
    done = run(tmp_path / "out", *over_ray("local", 1))
    assert done.returncode == 0, done.stderr
    assert digests(tmp_path / "out") == digests(local)
    assert "raylet" not in done.stdout + done.stderr


def test_three_actors_on_two_nodes_do_so_too(cluster: Cluster, local: Path, tmp_path: Path) -> None:
    done = run(tmp_path / "out", *over_ray(cluster.address, 3))
    assert done.returncode == 0, done.stderr
    assert digests(tmp_path / "out") == digests(local)


def test_a_run_begun_on_this_machine_goes_on_over_ray(cluster: Cluster, local: Path, tmp_path: Path) -> None:
    assert run(tmp_path / "out", num=10).returncode == 0
    done = run(tmp_path / "out", *over_ray(cluster.address, 2))
    assert done.returncode == 0, done.stderr
    assert_same(tmp_path / "out", local)


def test_an_environment_in_a_file_travels_to_the_nodes(cluster: Cluster, tmp_path: Path) -> None:
    tools = tmp_path / "work" / "tools"
    tools.mkdir(parents=True)
    (tools / "notes.py").write_text((ROOT / "tests/pipeline/bad_tools.py").read_text())
    flags = [
        "--env",
        "tools/notes.py:Notes",
        "--turns",
        "1",
        "--num",
        "5",
        "--seed",
        "0",
        "--teacher",
        "scripted",
    ]

    def notes(out: Path, *more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "funreason_plugin.synthesize", *flags, "--out", str(out), *more],
            capture_output=True,
            text=True,
            cwd=tmp_path / "work",
            env=os.environ | QUIET | {"PYTHONPATH": str(ROOT)},
        )

    assert notes(tmp_path / "a").returncode == 0
    done = notes(tmp_path / "b", *over_ray(cluster.address, 2))
    assert done.returncode == 0, done.stderr
    assert digests(tmp_path / "b") == digests(tmp_path / "a")


def test_a_tool_that_never_ends_is_supervised_on_its_node(cluster: Cluster, tmp_path: Path) -> None:
    flags = ["--turns", "1", "--num", "2", "--seed", "0", "--teacher", "scripted", "--time-limit", "0.5"]
    outs = [tmp_path / "a", tmp_path / "b"]
    for out, more in zip(outs, ([], over_ray(cluster.address, 2)), strict=True):
        environment = ["--env", f"{ROOT}/tests/pipeline/bad_tools.py:HoldingTheLock"]
        done = subprocess.run(
            [
                sys.executable,
                "-m",
                "funreason_plugin.synthesize",
                *environment,
                *flags,
                "--out",
                str(out),
                *more,
            ],
            capture_output=True,
            text=True,
            cwd=ROOT,
            env=os.environ | QUIET,
        )
        assert done.returncode == 0, done.stderr
    assert digests(outs[0]) == digests(outs[1])


# -- deaths -----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def long(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that is long enough to be hit in the middle."""
    out = tmp_path_factory.mktemp("long") / "out"
    done = run(out, "--workers", "2", num=NUM)
    assert done.returncode == 0, done.stderr
    return out


NUM, HIT_AT = 300, 20


def test_killed_actors_are_replaced(cluster: Cluster, long: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    process = begin(out, *over_ray(cluster.address, 2), num=NUM)
    wait_for(out, HIT_AT, process)
    before = actors()
    assert len(before) == 2
    for actor in before:
        actor.kill()
    said, _ = process.communicate(timeout=300)
    assert process.returncode == 0, said
    assert "Traceback" not in said
    assert "raylet" not in said
    assert_same(out, long)
    assert gone(before)


def test_a_node_that_dies_leaves_its_jobs_to_the_others(cluster: Cluster, long: Path, tmp_path: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(ROOT))
        victim = cluster.add_node(num_cpus=1, object_store_memory=MEMORY)
    out = tmp_path / "out"
    process = begin(out, *over_ray(cluster.address, 5), num=NUM)  # as many as there are CPUs: one is on each
    wait_for(out, HIT_AT, process)
    before = actors()
    assert len(before) == 5
    cluster.remove_node(victim, allow_graceful=False)
    said, _ = process.communicate(timeout=300)
    assert process.returncode == 0, said
    assert_same(out, long)


@pytest.mark.parametrize("address", ["local", "cluster"])
def test_a_driver_that_dies_leaves_nothing_behind(address: str, cluster: Cluster, tmp_path: Path) -> None:
    out = tmp_path / "out"
    process = begin(out, *over_ray("local" if address == "local" else cluster.address, 2), num=NUM)
    wait_for(out, 5, process)
    before = actors()
    family = [*before, *(child for actor in before for child in actor.children(recursive=True))]
    if address == "local":
        family += psutil.Process(process.pid).children(recursive=True)
    assert len(before) == 2
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert gone(family)


def test_ctrl_c_ends_it_in_order(tmp_path: Path) -> None:
    out = tmp_path / "out"
    process = begin(out, *over_ray("local", 2), num=NUM)
    wait_for(out, 5, process)
    family = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(signal.SIGINT)
    said, _ = process.communicate(timeout=120)
    assert process.returncode == 130, said
    assert "Traceback" not in said
    assert gone(family)
    assert rows(out / "trajectories.jsonl")


def gone(processes: list[psutil.Process]) -> bool:
    """Whether all end. Ray's own two agents try to report for minutes that their raylet is gone, then end, too."""
    end = time.monotonic() + 60
    while any(alive(one) for one in processes):
        if time.monotonic() > end:
            return False
        time.sleep(0.1)
    return True


def alive(process: psutil.Process) -> bool:
    if any(named(process, title) for title in ("ray::DashboardAgent", "ray::RuntimeEnvAgent")):
        return False
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


# -- models and keys --------------------------------------------------------------------------------------


def test_models_are_asked_by_this_process_alone(cluster: Cluster, tmp_path: Path) -> None:
    with serving("--latency", "0.005") as server:
        config = settings(server, tmp_path / "cache", num=5, concurrency=8)
        first = synthesize(tmp_path / "local", config)
        assert first.returncode == 0, first.stderr
        asked = server.stats()["requests"]
        more = {"executor": "ray", "ray_address": cluster.address, "workers": 3}
        cached = synthesize(tmp_path / "cached", config | more)
        assert cached.returncode == 0, cached.stderr
        assert server.stats()["requests"] - asked <= 2  # what the preflight asks
        fresh = synthesize(tmp_path / "fresh", config | more | {"cache": str(tmp_path / "other")})
        assert fresh.returncode == 0, fresh.stderr
    for out in ("cached", "fresh"):
        for name in SAME:
            assert (tmp_path / out / name).read_bytes() == (tmp_path / "local" / name).read_bytes(), name
    assert check(tmp_path / "fresh").returncode == 0


def test_processes_that_ray_starts_here_do_not_get_the_key(tmp_path: Path) -> None:
    with serving("--latency", "0.02") as server:
        config = settings(server, num=40, executor="ray", ray_address="local", workers=1, concurrency=4)
        config_file = written(tmp_path / "out", config)
        process = subprocess.Popen(
            [
                sys.executable, "-m", "funreason_plugin.synthesize",
                "--config", str(config_file), "--out", str(tmp_path / "out"),
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=ROOT,
            env=os.environ | QUIET | {KEY_ENV: KEY},
        )  # fmt: skip
        wait_for(tmp_path / "out", 1, process)
        family = psutil.Process(process.pid).children(recursive=True)
        names = [one.name() for one in family]
        tracker = "resource_tracker"  # of this process's own workers; it executes nothing
        found = [one.cmdline() for one in family if KEY_ENV in one.environ() and not named(one, tracker)]
        session = Path("/tmp/ray/session_latest").resolve()
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=120)
    assert "raylet" in names
    assert found == []
    assert files_with(KEY, tmp_path / "out", session / "logs") == []


# -- what the user is told --------------------------------------------------------------------------------


def test_an_address_where_nothing_answers_is_one_line(tmp_path: Path) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{unused.getsockname()[1]}"
        done = run(tmp_path / "out", *over_ray(address, 1))
    assert done.returncode == 1
    assert f"--ray-address {address}: no Ray cluster answers" in done.stderr
    assert "Traceback" not in done.stderr + done.stdout


def test_more_workers_than_cpus_is_one_line(cluster: Cluster, tmp_path: Path) -> None:
    done = run(tmp_path / "out", *over_ray(cluster.address, 99))
    assert done.returncode == 1
    assert "--workers 99: the Ray cluster" in done.stderr
