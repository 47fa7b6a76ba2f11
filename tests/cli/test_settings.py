"""What run.yaml records, and which of it may be different when the same folder goes on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from funreason_plugin.config import load
from funreason_plugin.environments.space import SimulationSpace
from funreason_plugin.errors import UserError
from funreason_plugin.synthesis.settings import MAY_DIFFER, difference, refuse_another_run, settings_of

MODELS: dict[str, Any] = {"env": ["travel"], "teacher": "openai", "model": "big", "out": Path("out")}
SCRIPTED: dict[str, Any] = {**MODELS, "teacher": "scripted", "model": None}
SPACE = SimulationSpace.from_names(["travel"])


def settings(**given: Any) -> dict[str, Any]:
    return settings_of(load(None, {**MODELS, **given}), SPACE)


MAY: dict[str, dict[str, Any]] = {
    "num": {"num": 9},
    "workers": {"workers": 3},
    "out": {"out": Path("elsewhere")},
    "base_url": {"base_url": "http://b:1/v1"},
    "api_key_env": {"api_key_env": "ANOTHER_KEY"},
    "concurrency": {"concurrency": 3},
    "request_time_limit": {"request_time_limit": 3},
    "trajectory_time_limit": {"trajectory_time_limit": 3},
    "retries": {"retries": 3},
    "give_up_after": {"give_up_after": 3},
    "prices": {"prices": {"*": {"input": 1, "output": 2}}},
    "currency": {"currency": "EUR"},
    "budget": {"budget": 3},
    "max_tokens": {"max_tokens": 3},
    "cache": {"cache": Path("cache")},
    "no_cache": {"no_cache": True},
    "cache_size": {"cache_size": 3},
    "executor": {"executor": "ray"},
    "ray_address": {"executor": "ray", "ray_address": "auto"},
    "engine": {"engine": {"max_model_len": 4096}},
    "verl_rows": {"verl_rows": "both"},
    "against": {"against": [Path("held_out.jsonl")]},
    "fail_on_contamination": {"fail_on_contamination": True},
}


@pytest.mark.parametrize("key", MAY)
def test_these_keys_may_differ(key: str) -> None:
    assert difference(settings(), settings(**MAY[key])) == ""


def test_every_key_that_may_differ_is_tried_here() -> None:
    assert set(MAY) | {"prompts", "query_examples"} == MAY_DIFFER


MAY_NOT: list[tuple[dict[str, Any], str]] = [
    ({"seed": 1}, "was made with seed=0, this run has 1; use the same settings to resume, or another --out"),
    ({"turns": "2"}, "was made with turns='3-5', this run has '2'"),
    ({"redact": "hooks:clean"}, "was made with redact=None, this run has 'hooks:clean'"),
    ({"model": "small"}, "was made with model='big', this run has 'small'"),
    ({"teacher": "vllm"}, "was made with teacher='openai', this run has 'vllm'"),
    ({"temperature": 0.7}, "was made with temperature=0.3 for tooling and critiquing, this run has 0.7"),
    (
        {"agents": {"querying": {"model": "small"}}},
        "was made with model='big' for querying, this run has 'small'",
    ),
    (
        {"agents": {"querying": {"teacher": "scripted"}}},
        "was made with teacher='openai' for querying, this run has",
    ),
    (
        {"agents": {"reasoning": {"max_new_tokens": 100}}},
        "was made with max_new_tokens=8192 for reasoning, this run",
    ),
    ({"extra_body": {"top_k": 20}}, "was made with extra_body={}, this run has {'top_k': 20}"),
]


@pytest.mark.parametrize("given, message", MAY_NOT, ids=lambda value: str(value)[:40])
def test_what_decides_a_trajectory_may_not_differ(given: dict[str, Any], message: str) -> None:
    assert difference(settings(), settings(**given)).startswith(message)


@pytest.mark.parametrize(
    "given",
    [
        {"model": None, "agents": {agent: {"model": "big"} for agent in ("tooling", "querying", "reasoning", "critiquing")}},
        {"agents": {"reasoning": {"teacher": "openai", "temperature": 0.7}}},
        {"agents": {"reasoning": {"base_url": "http://b:1/v1", "concurrency": 3, "api_key_env": "ANOTHER_KEY"}}},
        {"top_p": 1.0, "structured_output": "auto"},
    ],
)  # fmt: skip
def test_the_same_said_in_another_way_is_the_same(given: dict[str, Any]) -> None:
    assert difference(settings(), settings(**given)) == ""
    assert difference(settings(**given), settings()) == ""


def test_how_a_model_is_sampled_is_nothing_to_the_scripted_teacher() -> None:
    agents = {"reasoning": {"teacher": "openai", "model": "big"}}
    before, after = (
        settings(**SCRIPTED, agents={**agents, "querying": {"model": model}}) for model in ("a", "b")
    )
    assert difference(before, after) == ""


def test_a_key_that_an_old_run_yaml_lacks_had_its_default() -> None:
    now = settings_of(load(None, SCRIPTED), SPACE)
    old = {
        **now,
        "config": {key: now["config"][key] for key in ("env", "teacher", "out", "num", "seed", "turns")},
    }
    assert difference(old, now) == ""
    assert difference(old, settings_of(load(None, {**SCRIPTED, "k_max": 4}), SPACE)).startswith(
        "was made with k_max=3, this run has 4"
    )


def test_prompts_are_compared_by_their_text_not_by_their_place(tmp_path: Path) -> None:
    template = (Path(__file__).parents[2] / "funreason_plugin/synthesis/prompts/querying.j2").read_text()
    folders = []
    for name, text in (("a", template), ("b", template), ("c", template.replace(". ", ".  ", 1))):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "querying.j2").write_text(text)
        folders.append(folder)
    first, second, third = (settings(prompts=folder) for folder in folders)
    assert difference(settings(), first) == difference(first, second) == ""
    assert difference(second, third).startswith("prompts: the prompt querying has changed (")
    assert "choose another --out" in difference(second, third)


def test_query_examples_are_compared_by_their_text(tmp_path: Path) -> None:
    for name, text in (
        ("a.txt", "Cancel it.\n"),
        ("b.txt", "Cancel it.\n"),
        ("c.txt", "Cancel all of it.\n"),
    ):
        (tmp_path / name).write_text(text)
    first, second, third = (settings(query_examples=tmp_path / f"{name}.txt") for name in "abc")
    assert difference(first, second) == ""
    assert difference(second, third).startswith("query_examples has changed")
    assert difference(settings(), first).startswith("query_examples has changed (None to ")


def test_run_yaml_has_the_prompts_only_where_a_model_reads_them() -> None:
    assert set(settings()["prompts"]) == {"tooling", "querying", "reasoning", "critiquing"}
    assert "prompts" not in settings_of(load(None, SCRIPTED), SPACE)


def test_a_changed_environment_is_named() -> None:
    now = settings()
    old = {**now, "environments": {"travel": {"version": "0", "hash": "0" * 16}}}
    assert difference(old, now).startswith("environments: the environment travel has changed (")


@pytest.mark.parametrize(
    "text, message",
    [
        ("config: [", "not valid YAML"),
        ("- 1", "expected the settings of a run"),
        ("config: 3\nversions: {}", "run.yaml is not a configuration of this version"),
        ("config: {env: [travel], teacher: scripted, out: x, sead: 1}", "not a configuration of this version (config.sead)"),
    ],
)  # fmt: skip
def test_a_damaged_run_yaml_is_one_line(text: str, message: str, tmp_path: Path) -> None:
    run = tmp_path / "run.yaml"
    run.write_text(text)
    (tmp_path / "rejected.jsonl").write_text("{}")
    with pytest.raises(UserError) as raised:
        refuse_another_run(run, settings_of(load(None, SCRIPTED), SPACE))
    assert message in raised.value.message
    assert "choose another --out" in raised.value.message or "or another --out" in raised.value.message
    assert "\n" not in raised.value.message


@pytest.mark.parametrize("name", ["trajectories.jsonl", "rejected.jsonl", "pending.jsonl"])
def test_settings_hold_from_the_first_thing_that_was_made(name: str, tmp_path: Path) -> None:
    run = tmp_path / "run.yaml"
    run.write_text(yaml.safe_dump(settings(model="typo")))
    (tmp_path / name).touch()
    refuse_another_run(run, settings())
    (tmp_path / name).write_text("{}\n")
    with pytest.raises(UserError, match="was made with model='typo', this run has 'big'"):
        refuse_another_run(run, settings())


def test_the_graph_alone_holds_for_other_models_but_not_for_another_seed(tmp_path: Path) -> None:
    run = tmp_path / "run.yaml"
    run.write_text(yaml.safe_dump(settings(model="typo")))
    (tmp_path / "graph.json").write_text("{}")
    refuse_another_run(run, settings())
    with pytest.raises(UserError, match="was made with seed=0, this run has 1"):
        refuse_another_run(run, settings(model="typo", seed=1))


def test_what_run_yaml_says_survives_the_file(tmp_path: Path) -> None:
    now = settings(
        agents={"querying": {"teacher": "scripted"}}, prices={"*": {"input": 1, "output": 2}}, budget=5
    )
    run = tmp_path / "run.yaml"
    run.write_text(yaml.safe_dump(now, sort_keys=False))
    (tmp_path / "rejected.jsonl").write_text("{}")
    refuse_another_run(run, now)
