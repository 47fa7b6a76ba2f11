"""What ``--like`` sets, what flags keep from it, and what comes out."""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path
from random import Random
from statistics import correlation
from typing import Any

import orjson
import pytest
import yaml
from rich.console import Console

from funreason_plugin.config import SynthesisConfig, load
from funreason_plugin.environments.space import SimulationSpace
from funreason_plugin.quality.shape import Measured, flows, mean, shape_of
from funreason_plugin.report.reference import total_variation, wasserstein
from funreason_plugin.shape_config import Shape
from funreason_plugin.synthesis import pipeline
from funreason_plugin.synthesis.graph import ToolGraph
from funreason_plugin.synthesis.history import History
from funreason_plugin.synthesis.likeness import said, shaped
from funreason_plugin.synthesis.offering import some
from funreason_plugin.synthesis.query import draw_noise
from funreason_plugin.synthesis.settings import difference, settings_of
from funreason_plugin.synthesis.shaping import Shaping
from funreason_plugin.synthesis.tables import Tables
from tests.pipeline.runs import digests
from tests.shape.test_measuring import openai

ENV = ["travel", "files"]
FLAGS: dict[str, Any] = {"env": ENV, "teacher": "scripted", "out": Path("nowhere"), "like": "bfcl"}
NUM = 18


def configuration(**flags: Any) -> SynthesisConfig:
    return shaped(load(None, FLAGS | flags))


@pytest.fixture(scope="module")
def graph() -> ToolGraph:
    return ToolGraph.build(SimulationSpace.from_names(ENV), states=1)


@pytest.fixture(scope="module")
def made(graph: ToolGraph, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return synthesised(tmp_path_factory.mktemp("like") / "out", graph, num=NUM)


def synthesised(out: Path, graph: ToolGraph, **flags: Any) -> Path:
    out.mkdir(exist_ok=True)
    (out / "graph.json").write_bytes(graph.to_json())
    pipeline.run(configuration(out=out, **flags), Console(quiet=True))
    return out


def test_the_benchmark_sets_what_nobody_has_set() -> None:
    config = configuration()
    assert (config.turns, config.calls, config.environments_per_trajectory) == ((1, 8), (1, 10), (1, 2))
    assert config.variants == {"miss_func": 0.25, "miss_param": 0.25}
    assert said(config).startswith(
        "like BFCL v4 multi-turn, 800 conversations, bfcl-eval 2026.3.23: sets turns,"
    )


def test_flags_win_and_run_yaml_says_so(tmp_path: Path) -> None:
    config = configuration(turns="2", variants={})
    assert isinstance(config.like, Shape)
    assert config.turns == (2, 2)
    assert "turns" not in config.like.sets
    assert Shaping(config).frame(0, 1, 0).turns is None

    file = tmp_path / "run.yaml"
    file.write_text(yaml.safe_dump({"config": config.as_plain(), "versions": {}}))
    assert load(file, {}) == config
    again = load(file, {"calls": "1"})
    assert isinstance(again.like, Shape)
    assert (again.calls, again.turns) == ((1, 1), (2, 2))
    assert "calls" not in again.like.sets
    other = shaped(load(file, {"like": "bfcl:base"}))
    assert isinstance(other.like, Shape)
    assert (other.like.name, other.calls) == ("bfcl:base", (1, 7))


def test_a_run_without_it_has_no_such_key() -> None:
    assert "like" not in load(None, {**FLAGS, "like": None}).as_plain()


def test_another_shape_is_another_run() -> None:
    space = SimulationSpace.from_names(ENV)
    one, other = (settings_of(configuration(like=name), space) for name in ("bfcl", "bfcl:base"))
    plain = settings_of(load(None, {**FLAGS, "like": None}), space)
    assert "was made with turns='1-8'" in difference(one, other)
    assert "was made with" in difference(plain, one)
    assert difference(one, one) == ""


def test_turns_without_a_call_become_variants_that_can_be_made(tmp_path: Path) -> None:
    path = tmp_path / "logs.jsonl"
    call: list[tuple[dict[str, Any], Any]] = [({"a": "b"}, {})]
    path.write_bytes(orjson.dumps(openai(("One.", call), ("Two.", call), ("Three.", call), ("Bye.", []))))
    share = 1 / 4 * 4 * 0.9  # a trajectory has one at most
    three = configuration(like=str(path)).variants
    assert three == dict.fromkeys(("miss_func", "miss_param", "irrelevance"), share / 3)
    assert set(configuration(like=str(path), env=["travel"]).variants) == {"miss_func", "miss_param"}


def test_slots_draw_the_reference_s_distributions() -> None:
    config = configuration()
    shape, shaping = config.like, Shaping(config)
    assert isinstance(shape, Shape)
    frames = [shaping.frame(0, slot, 0) for slot in range(3000)]
    for counts, drawn in (
        (shape.turns, Counter(frame.turns for frame in frames)),
        (shape.offered, Counter(frame.offered for frame in frames)),
        (shape.chain, Counter(frame.chain for frame in frames)),
    ):
        assert total_variation(counts, {value: times for value, times in drawn.items() if value}) < 0.06
    assert max(frame.offered or 0 for frame in frames if frame.environments == 1) <= 22
    assert [shaping.frame(0, slot, 0) for slot in range(9)] == frames[:9]
    assert shaping.frame(0, 5, 3) == frames[5]
    assert shaping.frame(0, 5, 4) != frames[5]


def test_lengths_are_the_reference_s_and_longer_for_more_calls() -> None:
    config = configuration(like="bfcl:base")
    shaping, rng = Shaping(config), Random(0)
    assert isinstance(config.like, Shape)
    values = sorted(config.like.made)
    calls = rng.choices(values, [config.like.made[value] for value in values], k=3000)
    lengths = [shaping.length(rng, number) for number in calls]
    binned = Counter(length // 40 * 40 for length in lengths)
    assert wasserstein(config.like.query, binned) < 8
    assert 0.15 < correlation(calls, lengths) < 0.6


def test_where_some_queries_are_short_whatever_is_wished_the_others_are_the_longer_ones() -> None:
    shaping, rng = Shaping(configuration()), Random(0)
    assert shaping.shape is not None
    lengths = [shaping.length(rng, 1) for _ in range(500)]
    shortest = sum(times for length, times in shaping.shape.query.items() if length < 40)
    assert shortest / sum(shaping.shape.query.values()) < 0.1
    assert min(lengths) >= 40


def test_a_conversation_is_led_to_its_chain() -> None:
    shaping = Shaping(configuration())
    frame = next(frame for slot in range(999) if (frame := shaping.frame(0, slot, 0)).chain >= 4)
    short = History(turns=1, depths={(0, 0): 1})
    assert shaping.wish(frame, short, 2).across
    assert shaping.wish(frame, short, 2).deep == frame.chain - 1
    assert shaping.wish(frame, History(turns=1, depths={(0, 0): 9}), 2).deep == 0
    assert not shaping.wish(frame, History(), 4).across


def test_what_is_offered_can_be_called(graph: ToolGraph) -> None:
    space = SimulationSpace.from_names(ENV)
    tables = Tables.of(graph, space)
    for seed in range(30):
        offered = some([*space.tools], tables, 18, Random(seed))
        assert len(offered) <= 18
        assert len(offered) >= 15
        for name in offered:
            assert all(not set(need.providers).isdisjoint(offered) for need in tables.tools[name].needs), name
    assert some([*space.tools], tables, 500, Random(0)) == [*space.tools]


def test_a_wished_length_is_in_the_manner_and_in_the_trajectory_only_where_there_is_one() -> None:
    wished = draw_noise(Random(0), 320)
    assert "about 320 characters long" in wished.manner
    assert wished.as_plain()["characters"] == 320
    assert "characters" not in draw_noise(Random(0)).as_plain()


@pytest.mark.slow
def test_a_run_comes_close_to_the_benchmark(made: Path) -> None:
    measured = Measured()
    for _, flow in flows(made):
        assert flow is not None
        measured.add(flow)
    ours, theirs = measured.shape("made", "made"), shape_of("bfcl")
    assert wasserstein(ours.turns, theirs.turns) < 0.6
    assert wasserstein(ours.calls, theirs.calls) < 0.3
    assert wasserstein(ours.chain, theirs.chain) < 0.6
    assert wasserstein(ours.query, theirs.query) < 45
    assert abs(mean(ours.offered) - mean(theirs.offered)) < 4
    assert abs(ours.idle - theirs.idle) < 0.06
    assert abs(ours.dependent - theirs.dependent) < 0.15


@pytest.mark.slow
def test_an_interrupted_run_goes_on_with_the_same_bytes(made: Path, graph: ToolGraph, tmp_path: Path) -> None:
    out = synthesised(tmp_path / "out", graph, num=NUM // 3)
    lines = (made / "trajectories.jsonl").read_bytes().splitlines()
    assert (out / "trajectories.jsonl").read_bytes().splitlines() == lines[: NUM // 3]
    synthesised(out, graph, num=NUM, workers=2)
    assert digests(out) == digests(made)
    shutil.rmtree(out)
