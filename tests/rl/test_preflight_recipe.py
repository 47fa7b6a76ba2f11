"""`check rl`: what is wrong with a recipe, an override or the plugin is one line and exit status 1."""

from __future__ import annotations

import sys
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from funreason_plugin import check, command_line
from tests.rl.folders import RECIPES, ROOT, said

pytest.importorskip("verl")
pytest.importorskip("torch")

from funreason_plugin.rl.preflight import registration

DROP, KEEP = "funreason.history_reasoning=drop", "funreason.history_reasoning=keep"
LEGACY = "trainer.use_v1=false"


@pytest.mark.parametrize(
    "recipe, words, line",
    [
        (
            "grpo",
            ("funreason.reward.mode=best",),
            "funreason.reward.mode is 'best': input should be 'binary'",
        ),
        ("grpo", ("+funreason.rewrd=1",), "funreason.rewrd is not known; did you mean 'reward'?"),
        ("grpo", (DROP, LEGACY), "trainer.use_v1=false with funreason.history_reasoning=drop"),
        ("egpo", ("algorithm.rollout_correction.bypass_mode=true",), "bypass_mode=true does not compute"),
        ("egpo", (KEEP, "algorithm.adv_estimator=rloo"), "algorithm.adv_estimator is rloo; EGPO"),
        ("egpo", ("trainer.v1.trainer_mode=sync",), "trainer.v1.trainer_mode is sync, which has no EGPO"),
        ("egpo", (KEEP, LEGACY), "trainer.use_v1=false with funreason.egpo.weight > 0"),
        ("grpo", ("reward.reward_manager.name=naive",), "reward.reward_manager.name is naive"),
        ("grpo", ("reward.custom_reward_function.path=f.py",), "reward.custom_reward_function.path is f.py"),
        ("grpo", ("data.train_batch_sise=4",), "Key 'train_batch_sise' is not in struct"),
        ("grpo", ("data.train_batch_size=[",), "recipes/grpo.yaml: "),
        ("grpo", ("data.train_batch_size=2",), "data.train_batch_size is 2, less than"),
        (
            "grpo",
            ("actor_rollout_ref.actor.use_dynamic_bsz=false", "trainer.n_gpus_per_node=7"),
            "verl refuses the recipe: real_train_batch_size (32) must be divisible by",
        ),
    ],
)
def test_a_recipe_that_does_not_fit_is_one_line(
    made: Path,
    model: Path,
    capsys: pytest.CaptureFixture[str],
    recipe: str,
    words: tuple[str, ...],
    line: str,
) -> None:
    status, problems, text = said(made, model, capsys, *words, recipe=RECIPES / f"{recipe}.yaml")
    assert status == 1
    assert len(problems) == 1, problems
    assert line in problems[0]
    assert "Traceback" not in text


@pytest.mark.parametrize(
    "name, content, line",
    [
        ("r.yaml", "defaults: [ppo_trainer\n", "r.yaml: "),
        ("r.yaml", "just a text\n", "r.yaml: "),
        ("r.yaml", "", "r.yaml: no data, actor_rollout_ref, trainer, reward; a recipe of verl begins with"),
        (
            "r.yaml",
            "num: 3\n",
            "r.yaml: no data, actor_rollout_ref, trainer, reward; a recipe of verl begins with",
        ),
        ("r.yaml", "\xff\xfe", "r.yaml: "),
        ("r.yaml", "defaults: [ppo_trainer, _self_]\ndata: {val_files: ${nope}}\n", "r.yaml: "),
        ("r.json", "{}", "r.json: no such file; expected a recipe of verl"),
        ("other", "", "r.yaml: no such file; expected a recipe of verl"),
    ],
)
def test_what_is_no_recipe_is_one_line(
    made: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, content: str, line: str
) -> None:
    (tmp_path / name).write_bytes(content.encode("latin-1"))
    asked = tmp_path / (name if name != "other" else "r.yaml")
    status = command_line.run(check.app, ["rl", str(made), str(asked), "--no-ray"])
    error = capsys.readouterr().err
    assert status == 1
    assert line in error
    assert error.startswith("error: ") and error.count("\n") == 1


def test_a_tokenizer_that_is_none_is_one_line(made: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, [problem], _ = said(made, ROOT / "recipes", capsys)
    assert status == 1
    assert problem.startswith(f"--tokenizer {ROOT / 'recipes'}: ")


def test_without_the_model_only_lengths_are_left_out(
    made: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    words = ["data.train_batch_size=4", "actor_rollout_ref.actor.ppo_mini_batch_size=4"]
    path = f"actor_rollout_ref.model.path={tmp_path}"
    recipe = str(RECIPES / "grpo.yaml")
    assert command_line.run(check.app, ["rl", str(made), recipe, "--no-ray", *words, path]) == 0
    assert "lengths were not looked at, no tokenizer at" in capsys.readouterr().out


def test_a_plugin_that_does_not_load_is_said_with_its_error(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "broken_plugin.py").write_text("import a_package_that_is_not_there\n")
    monkeypatch.syspath_prepend(tmp_path)
    entry = EntryPoint("funreason", "broken_plugin", "verl.plugins")
    monkeypatch.setattr(registration, "entry_points", lambda group: [entry])
    assert registration.problems([]) == [
        "the plugin does not load: ModuleNotFoundError: No module named 'a_package_that_is_not_there'"
    ]


def test_a_part_that_does_not_load_is_said_with_its_error(monkeypatch: pytest.MonkeyPatch) -> None:
    from verl.experimental.agent_loop.agent_loop import _agent_loop_registry

    monkeypatch.delitem(_agent_loop_registry, "funreason")
    assert registration.problems([]) == ["verl does not know the agent loop 'funreason'"]
    monkeypatch.setitem(sys.modules, "funreason_plugin.rl.agent_loop", None)
    [line] = registration.problems([])
    assert line.startswith(
        "the plugin does not load: ModuleNotFoundError: import of funreason_plugin.rl.agent"
    )


def test_a_plugin_that_is_not_installed_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registration, "entry_points", lambda group: [])
    [line] = registration.problems([])
    assert line.startswith("the entry point verl.plugins/funreason is not installed")
