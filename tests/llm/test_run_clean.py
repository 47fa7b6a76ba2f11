"""A run of the command line against a server that does what it should: what is kept, counted, and written nowhere."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import pytest

from funreason_plugin.synthesis.teachers.base import AGENTS
from tests.llm.server import (
    KEY,
    Server,
    check,
    environment,
    files_with,
    rows,
    serving,
    settings,
    synthesize,
)

NUM = 6
PRICES = {"scripted": {"input": 1.0, "output": 4.0, "cached_input": 0.25}}


@dataclass(frozen=True)
class Made:
    """A finished run, with the server still up, and what the server had counted at its end."""

    server: Server
    config: dict[str, Any]
    out: Path
    cache: Path
    stats: dict[str, Any]
    output: str


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("clean")
    with serving(log=folder / "requests.jsonl") as server:
        config = settings(server, folder / "cache", num=NUM, prices=PRICES, concurrency=8)
        done = synthesize(folder / "out", config)
        assert done.returncode == 0, done.stderr
        yield Made(
            server, config, folder / "out", folder / "cache", server.stats(), done.stdout + done.stderr
        )


def test_everything_that_is_kept_passes_every_check(made: Made) -> None:
    assert [row["index"] for row in rows(made.out / "trajectories.jsonl")] == list(range(NUM))
    done = check(made.out)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "everything agrees" in done.stdout


def test_trajectories_say_which_model_made_them(made: Made) -> None:
    for row in rows(made.out / "trajectories.jsonl"):
        assert {agent: tuple(maker.values()) for agent, maker in row["made_by"].items()} == dict.fromkeys(
            AGENTS, ("openai", "scripted")
        )


def test_the_ledger_is_the_servers_own_count(made: Made) -> None:
    ledger = rows(made.out / "ledger.jsonl")
    assert {row["outcome"] for row in ledger} == {"ok"} == set(made.stats["outcomes"])
    assert len(ledger) == made.stats["requests"]
    for name, counted in (
        ("input", "input_tokens"),
        ("cached", "cached_tokens"),
        ("output", "output_tokens"),
    ):
        assert sum(row[name] for row in ledger) == made.stats["outcomes"]["ok"][counted]
    for agent, counts in made.stats["agents"].items():
        own = [row for row in ledger if row["agent"] == agent]
        assert len(own) == counts["requests"]
        assert sum(row["output"] for row in own) == counts["output_tokens"]


def test_the_summary_adds_up_the_ledger_and_prices_it(made: Made) -> None:
    table = orjson.loads((made.out / "summary.json").read_bytes())["ledger"]
    ok = made.stats["outcomes"]["ok"]
    fresh = ok["input_tokens"] - ok["cached_tokens"]
    cost = (fresh * 1.0 + ok["cached_tokens"] * 0.25 + ok["output_tokens"] * 4.0) / 1e6
    assert table["total"]["requests"] == ok["requests"]
    assert table["total"]["cost"] == pytest.approx(cost, rel=1e-4)
    assert table["cost_per_kept"] == pytest.approx(cost / NUM, rel=1e-3)


def test_no_request_is_sent_twice(made: Made) -> None:
    assert made.stats["repeated"] == 0


def test_later_requests_begin_as_earlier_ones_did(made: Made) -> None:
    """A_R's prompts grow at their end, so that a server's prefix cache has most of them."""
    reasoning = made.stats["agents"]["reasoning"]
    assert reasoning["cached_tokens"] / reasoning["input_tokens"] > 0.8


def test_the_key_is_written_nowhere(made: Made) -> None:
    assert KEY in environment().values()
    assert files_with(KEY, made.out, made.cache, made.out.with_suffix(".yaml")) == []
    assert KEY not in made.output


def test_private_notes_stay_out_of_what_is_kept(made: Made) -> None:
    kept = [path for path in made.out.rglob("*") if path.suffix in (".jsonl", ".json", ".parquet")]
    for words in ("private_notes", "Private notes", '"solution"'):
        assert files_with(words, *(path for path in kept if path.name != "rejected.jsonl")) == []


def test_the_same_run_from_the_cache_asks_nothing_and_gives_the_same_bytes(
    made: Made, tmp_path: Path
) -> None:
    before = made.server.stats()["requests"]
    done = synthesize(tmp_path / "again", made.config)
    assert done.returncode == 0, done.stderr
    assert made.server.stats()["requests"] == before
    for name in ("trajectories.jsonl", "rejected.jsonl"):
        if (made.out / name).exists():
            assert (tmp_path / "again" / name).read_bytes() == (made.out / name).read_bytes()
    table = orjson.loads((tmp_path / "again" / "summary.json").read_bytes())["ledger"]["total"]
    assert table["requests"] == 0 and table["replayed"] == made.stats["requests"]


def test_another_concurrency_gives_the_same_bytes(made: Made, tmp_path: Path) -> None:
    done = synthesize(tmp_path / "one", made.config | {"concurrency": 1, "workers": 2, "num": 3})
    assert done.returncode == 0, done.stderr
    one = (tmp_path / "one" / "trajectories.jsonl").read_bytes()
    assert (made.out / "trajectories.jsonl").read_bytes().startswith(one)


@pytest.mark.parametrize(
    "flags, more",
    [
        (("--style", "reasoning_content"), {}),
        (
            ("--reject", "response_format", "--reject", "max_tokens", "--reject", "seed"),
            {"api": "completions"},
        ),
        pytest.param(("--style", "reasoning", "--faults", "tool-calls:1.0"), {}, marks=pytest.mark.slow),
        pytest.param(("--style", "think"), {"structured_output": "off"}, marks=pytest.mark.slow),
        pytest.param(
            ("--faults", "parts:1.0", "--reject", "temperature", "--reject", "top_p"),
            {},
            marks=pytest.mark.slow,
        ),
    ],
)
def test_servers_differ(flags: tuple[str, ...], more: dict[str, Any], tmp_path: Path) -> None:
    """Reasoning models, servers with native tool calls, of lists of parts, without a parameter; the completions API."""
    with serving(*flags) as server:
        done = synthesize(tmp_path / "out", settings(server, num=2, seed=3, turns="2", **more))
        assert done.returncode == 0, done.stderr
    assert len(rows(tmp_path / "out" / "trajectories.jsonl")) == 2
    assert "everything agrees" in check(tmp_path / "out").stdout


@pytest.mark.parametrize(
    "teacher, agents, asked",
    [
        ("scripted", {"querying": {"teacher": "openai"}}, {"querying"}),
        ("openai", {"querying": {"teacher": "scripted"}}, {"tooling", "reasoning", "critiquing"}),
    ],
)
def test_agents_are_mixed(teacher: str, agents: dict[str, Any], asked: set[str], tmp_path: Path) -> None:
    with serving() as server:
        config = settings(server, num=3, turns="2", teacher=teacher, agents=agents, error_rate=0.6)
        done = synthesize(tmp_path / "out", config)
        assert done.returncode == 0, done.stderr
        assert set(server.stats()["agents"]) - {"none"} == asked
        assert {row["agent"] for row in rows(tmp_path / "out" / "ledger.jsonl")} - {"check"} == asked
    for row in rows(tmp_path / "out" / "trajectories.jsonl"):
        played = {agent for agent, maker in row["made_by"].items() if maker["teacher"] == "openai"}
        assert played == ({"querying"} if teacher == "scripted" else {"tooling", "reasoning", "critiquing"})
    assert "everything agrees" in check(tmp_path / "out").stdout
