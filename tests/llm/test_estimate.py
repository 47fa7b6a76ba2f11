"""``--estimate``: what a sample says of the whole run, and how far that can be trusted."""

from __future__ import annotations

import re
from pathlib import Path
from random import Random

import orjson
import pytest

from funreason_plugin.synthesis.estimate import extrapolate
from funreason_plugin.synthesis.ledger import Ledger
from tests.llm.server import serving, settings, synthesize
from tests.pipeline.runs import digests, run


def test_a_total_is_what_is_known_and_the_mean_for_the_rest() -> None:
    row = extrapolate({"cost": [1.0, 2.0, 3.0]}, num=100)["cost"]
    assert row.mean == pytest.approx(200.0)
    assert row.low is not None
    assert row.high is not None
    assert 6.0 <= row.low < 150
    assert row.high > 250


def test_slots_that_are_all_alike_leave_no_doubt() -> None:
    row = extrapolate({"tokens": [5.0] * 10}, num=1000)["tokens"]
    assert (row.low, row.mean, row.high) == (5000.0, 5000.0, 5000.0)


def test_the_same_sample_gives_the_same_interval() -> None:
    values = [Random(1).random() for _ in range(20)]
    assert extrapolate({"cost": values}, 1000) == extrapolate({"cost": values}, 1000)


@pytest.mark.parametrize("count, least", [(2, 0.85), (5, 0.88), (20, 0.90)])
def test_the_interval_holds_about_as_often_as_it_says(count: int, least: float) -> None:
    """Of samples of slots with skewed costs; 95% would be perfect, and intervals that always hold say nothing."""
    spread = 0.5
    truth = 10_000 * 2.718281828 ** (spread**2 / 2)
    held = 0
    for sample in range(100):
        rng = Random(sample)
        row = extrapolate({"cost": [rng.lognormvariate(0, spread) for _ in range(count)]}, 10_000)["cost"]
        assert row.low is not None
        assert row.high is not None
        held += row.low <= truth <= row.high
    assert least <= held / 100 < 1


@pytest.mark.parametrize(
    "count, expected", [("1", "fewer than 2; try 20"), ("12", "--num 12 is not more than that")]
)
def test_a_sample_that_cannot_say_anything_is_refused(tmp_path: Path, count: str, expected: str) -> None:
    done = run(tmp_path / "out", "--estimate", count)
    assert done.returncode == 1
    assert expected in done.stderr
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_the_sample_counts_for_the_full_run(tmp_path: Path) -> None:
    """With the scripted teacher: time and disk, no cost; and the very same trajectories."""
    done = run(tmp_path / "out", "--estimate", "3", num=8)
    assert done.returncode == 0, done.stderr
    assert "Estimate for 8 trajectories, from 3" in done.stdout
    assert re.search(r"on disk\s+\S+B\s+\S+B to \S+B", done.stdout)
    assert "cost" not in done.stdout
    go_on = done.stdout.split("To go on:")[1].strip().split()
    assert go_on[-2:] == ["--num", "8"]
    first = (tmp_path / "out" / "trajectories.jsonl").read_bytes()
    again = run(
        tmp_path / "out", "--estimate", "2", num=8
    )  # more than that is there already: nothing is made
    assert "Estimate for 8 trajectories, from 3" in again.stdout
    assert "No time" in again.stdout
    assert run(tmp_path / "out", num=8).returncode == 0
    assert (tmp_path / "out" / "trajectories.jsonl").read_bytes().startswith(first)
    assert run(tmp_path / "at_once", num=8).returncode == 0
    assert digests(tmp_path / "out") == digests(tmp_path / "at_once")


@pytest.mark.slow
def test_what_was_estimated_is_what_the_run_then_costs(tmp_path: Path) -> None:
    out = tmp_path / "out"
    with serving() as server:
        prices = {"*": {"input": 1.0, "output": 4.0, "cached_input": 0.25}}
        config = settings(server, tmp_path / "cache", num=24, concurrency=8, prices=prices)
        done = synthesize(out, config, "--estimate", "8")
        assert done.returncode == 0, done.stdout + done.stderr
        row = re.search(r"cost \(USD\)\s+([\d.]+)\s+([\d.]+) to ([\d.]+)", done.stdout)
        assert row, done.stdout
        expected, low, high = map(float, row.groups())
        assert low < expected < high
        assert synthesize(out, config).returncode == 0
        billed = server.tokens()
    summary = orjson.loads((out / "summary.json").read_bytes())
    total = summary["ledger"]["total"]
    assert (total["input_tokens"], total["cached_tokens"], total["output_tokens"]) == billed
    given, cached, answered = billed
    assert total["cost"] == pytest.approx((given - cached + 0.25 * cached + 4 * answered) / 1e6, abs=1e-6)
    assert low < total["cost"] < high
    assert summary["ledger"]["cost_per_kept"] == pytest.approx(total["cost"] / 24, abs=1e-6)
    assert (
        sum(spent.requests for spent in Ledger(out / "ledger.jsonl").per_slot().values()) == total["requests"]
    )
