"""The recipes for training: every key with its reason, known to LLaMA-Factory, and every file they name there."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import orjson
import pytest
import yaml

from funreason_plugin.cli import app
from funreason_plugin.command_line import run

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "recipes"
STOCK = ("sft.yaml", "sft_lora.yaml", "tiny/sft.yaml", "tiny/sft_rl.yaml")
HOOKED = ("sft_paper.yaml", "tiny/sft_paper.yaml")

PARSE = """
import json, sys
from transformers import HfArgumentParser
from llamafactory.hparams.parser import _TRAIN_ARGS
answers = []
for keys in json.load(sys.stdin):
    try:
        parsed = HfArgumentParser(_TRAIN_ARGS).parse_dict(keys)
    except ValueError as error:
        answers.append(str(error))
    else:
        answers.append({key: value for part in parsed for key, value in vars(part).items() if key in keys})
print(json.dumps(answers, default=str))
"""


def keys(name: str) -> dict[str, Any]:
    loaded = yaml.safe_load((FOLDER / name).read_text())
    assert isinstance(loaded, dict)
    return loaded


def shown(name: str) -> dict[str, Any]:
    """The keys of a recipe that are commented out."""
    lines = re.findall(r"^# ([a-z_]+: \S+)$", (FOLDER / name).read_text(), re.MULTILINE)
    return dict(yaml.safe_load("\n".join(lines)) or {})


def parsed(python: Path, tmp_path: Path, *recipes: dict[str, Any]) -> list[dict[str, Any] | str]:
    """What LLaMA-Factory's own parser makes of some recipes, in an environment of their own: values, or the error."""
    given = [{**recipe, "use_cpu": True, "output_dir": str(tmp_path)} for recipe in recipes]
    done = subprocess.run(
        [str(python), "-c", PARSE], input=orjson.dumps(given), capture_output=True, check=True
    )
    answers = orjson.loads(done.stdout.splitlines()[-1])
    assert isinstance(answers, list)
    return answers


@pytest.mark.parametrize("name", [*STOCK, *HOOKED])
def test_every_key_has_its_reason_above_it(name: str) -> None:
    lines = (FOLDER / name).read_text().splitlines()
    for number, line in enumerate(lines):
        if line and not line.startswith("#"):
            assert lines[number - 1].startswith("# "), line
            assert not lines[number - 1].startswith("# --"), line
        assert len(line) <= 120, line


@pytest.mark.slow
def test_stock_llamafactory_knows_every_key(tmp_path: Path) -> None:
    pytest.importorskip("llamafactory", reason="llamafactory is not installed (extra [sft])")
    recipes = [keys(name) for name in STOCK] + [{**keys("sft.yaml"), **shown("sft.yaml")}]
    assert {"eval_dataset", "eval_strategy"} <= set(recipes[-1])
    *answers, misspelt = parsed(Path(sys.executable), tmp_path, *recipes, {**recipes[0], "cutof_len": 3})
    for recipe, answer in zip(recipes, answers, strict=True):
        assert isinstance(answer, dict), answer
        assert set(recipe) <= set(answer)
        assert answer["cutoff_len"] == 16384
        assert answer["mask_history"] is True
        assert answer["warmup_steps"] in (0.05, 3)
    assert "cutof_len" in misspelt


@pytest.mark.slow
def test_the_keys_of_the_paper_s_recipes_are_known_with_the_hook_and_refused_without(
    hooked: Path, tmp_path: Path
) -> None:
    recipes = [keys(name) for name in HOOKED]
    for answer in parsed(hooked, tmp_path, *recipes):
        assert isinstance(answer, dict), answer
        assert (answer["balanced_loss"], answer["balanced_loss_alpha"]) == (True, 0.7)
    for refusal in parsed(Path(sys.executable), tmp_path, *recipes):
        assert "balanced_loss" in refusal


def test_only_the_paper_s_recipes_need_the_hook_and_say_so_first() -> None:
    for name in (*STOCK, *HOOKED):
        first = (FOLDER / name).read_text().splitlines()[0]
        assert ("NEEDS THE START-UP HOOK: `funreason hook install`" in first) == (name in HOOKED)
        assert (keys(name)["template"] == "funreason") == (name in HOOKED)


def test_the_paper_s_batch_and_rates() -> None:
    recipe = keys("sft_paper.yaml")
    assert recipe["per_device_train_batch_size"] * recipe["gradient_accumulation_steps"] == 512
    assert (recipe["learning_rate"], recipe["warmup_steps"], recipe["balanced_loss_alpha"]) == (
        4e-5,
        0.05,
        0.7,
    )
    (eight,) = re.findall(r"eight: (\d+)", (FOLDER / "sft_paper.yaml").read_text())
    assert 8 * int(eight) == 512


def test_the_tiny_recipes_are_the_large_ones_in_small() -> None:
    for name in ("sft.yaml", "sft_paper.yaml"):
        large, tiny = keys(name), keys(f"tiny/{name}")
        same = ("stage", "finetuning_type", "template", "mask_history", "cutoff_len", "overwrite_cache")
        assert [tiny[key] for key in same] == [large[key] for key in same]
        assert {key: large.get(key) for key in large if key.startswith("balanced")} == {
            key: tiny[key] for key in tiny if key.startswith("balanced")
        }


def test_every_file_that_a_recipe_names_is_there() -> None:
    named = set()
    for name in (*STOCK, *HOOKED):
        text = (FOLDER / name).read_text()
        named |= set(re.findall(r"\b(?:recipes|docs)/[\w/]+\.(?:yaml|json|md)", text))
        named |= {f"recipes/{other}" for other in re.findall(r"(?<![\w/])sft\w*\.yaml", text)}
    assert len(named) >= 6
    assert not [path for path in named if not (ROOT / path).is_file()]


def test_deepspeed_takes_sizes_from_the_recipe_and_saves_whole_weights() -> None:
    settings = orjson.loads((FOLDER / "deepspeed" / "zero3.json").read_bytes())
    sizes = (
        "train_micro_batch_size_per_gpu",
        "gradient_accumulation_steps",
        "train_batch_size",
        "gradient_clipping",
    )
    assert {settings[key] for key in sizes} == {"auto"}
    assert settings["zero_optimization"]["stage"] == 3
    assert settings["zero_optimization"]["stage3_gather_16bit_weights_on_model_save"] is True


def test_recipes_are_copied_with_the_files_they_need(tmp_path: Path) -> None:
    assert run(app, ["recipes", str(tmp_path / "mine")]) == 0
    copied = {path.relative_to(tmp_path / "mine").as_posix() for path in (tmp_path / "mine").rglob("*.*")}
    assert {*STOCK, *HOOKED, "deepspeed/zero3.json"} <= copied
