"""docs/rl.md: its keys are the section's, its metrics are those that are written, its commands are verl's."""

from __future__ import annotations

import re
import shlex
import sys
from collections.abc import Iterator
from importlib.metadata import requires
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import BaseModel

from funreason_plugin.judging import judge_played, metrics
from funreason_plugin.rl.settings import Settings
from tests.core.plays import find, plays, task

ROOT = Path(__file__).parents[2]
GUIDE = ROOT / "docs" / "rl.md"
PLACES = [
    ROOT / "README.md",
    *sorted((ROOT / "docs").glob("*.md")),
    *sorted((ROOT / "examples").glob("*/*.md")),
]
MAIN = ["python", "-m", "verl.trainer.main_ppo"]
MERGE = ["python", "-m", "verl.model_merger"]


def table(heading: str) -> list[list[str]]:
    """The rows of the first table under a heading."""
    part = GUIDE.read_text().partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    lines = re.findall(r"^\|(.+)\|$", part, re.MULTILINE)[2:]
    return [[cell.strip() for cell in re.split(r" \| ", line)] for line in lines]


def keys(model: type[BaseModel], before: str = "") -> Iterator[tuple[str, Any]]:
    for name, field in model.model_fields.items():
        if isinstance(field.default, BaseModel):
            yield from keys(type(field.default), f"{before}{name}.")
        else:
            yield before + name, field.default


def commands(start: list[str]) -> list[list[str]]:
    found = []
    for path in PLACES:
        blocks = re.findall(r"^ *```(?:bash|sh)\n(.*?)^ *```", path.read_text(), re.MULTILINE | re.DOTALL)
        for line in "\n".join(blocks).replace("\\\n", " ").splitlines():
            if shlex.join(start) not in line:
                continue
            words = shlex.split(line, comments=True)
            while words and "=" in words[0]:
                del words[0]
            if words[: len(start)] == start:
                found.append(words[len(start) :])
    return found


def test_the_table_of_keys_is_the_section() -> None:
    shown = {row[0].strip("`"): yaml.safe_load(row[1].strip("`")) for row in table("Keys")}
    assert shown == dict(keys(Settings))


def test_every_metric_is_explained() -> None:
    asked = task([[find("Emma")]])
    names = set(metrics(judge_played(asked, plays(asked, [find("Emma")])), asked))
    names |= {"acc", "not_judged", "success/response_call", "success/response_answer"}
    names |= {"dropped", "groups_with_variance", "egpo/thought_entropy", "egpo/bonus"}
    explained = {name for row in table("Metrics") for name in re.findall(r"`([^`]+)`", row[0])}

    def kind(name: str) -> str:
        return re.sub(r"(turns|env|variant)_\w*$", r"\1_…", name) if "/" in name else name

    assert {kind(name) for name in names} == {kind(name) for name in explained}


def test_every_training_that_is_shown_is_composed_and_has_nothing_against_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pytest.importorskip("verl")
    from funreason_plugin.rl.conditions import contradictions
    from funreason_plugin.rl.preflight.recipe import compose_recipe

    monkeypatch.chdir(ROOT)
    shown = commands(MAIN)
    assert len(shown) >= 8
    for words in shown:
        assert (words[0], words[2]) == ("--config-dir", "--config-name"), words
        config = compose_recipe(Path(words[1]) / f"{words[3]}.yaml", words[4:])
        assert list(contradictions(config, Settings.of(config))) == [], words


def test_the_recipe_that_is_shown_is_composed_and_has_nothing_against_it(tmp_path: Path) -> None:
    pytest.importorskip("verl")
    from funreason_plugin.rl.conditions import contradictions
    from funreason_plugin.rl.preflight.recipe import compose_recipe

    (shown,) = re.findall(r"^```yaml\n(.*?)^```", GUIDE.read_text(), re.MULTILINE | re.DOTALL)
    (tmp_path / "mine.yaml").write_text(shown)
    config = compose_recipe(tmp_path / "mine.yaml", [])
    settings = Settings.of(config)
    assert settings.reward.mode == "progress"
    assert list(contradictions(config, settings)) == []
    assert config.trainer.v1.trainer_mode == "funreason"


def test_every_merge_that_is_shown_is_one_of_verl(monkeypatch: pytest.MonkeyPatch) -> None:
    merger = pytest.importorskip("verl.model_merger.base_model_merger")
    shown = commands(MERGE)
    assert len(shown) >= 2
    for words in shown:
        monkeypatch.setattr(sys, "argv", ["merge", *words])
        asked = merger.parse_args()
        assert re.fullmatch(r".+/global_step_\d+/actor", asked.local_dir)
        assert asked.target_dir and asked.backend == "fsdp"


def pins(name: str) -> dict[str, str]:
    return dict(re.findall(r"^([\w-]+)==(\S+)$", (ROOT / name).read_text(), re.MULTILINE))


def test_the_set_for_gpus_has_the_torch_and_vllm_that_verl_pins() -> None:
    pytest.importorskip("verl")
    asked = [line for line in requires("verl") or () if "extra == 'vllm'" in line.replace('"', "'")]
    wanted = dict(
        re.findall(r"^(torch|torchvision|torchaudio|vllm)==([\d.]+)", "\n".join(asked), re.MULTILINE)
    )
    assert len(wanted) == 4
    assert wanted.items() <= pins("constraints-gpu.txt").items()


def test_the_sets_differ_in_torch_and_numpy_only() -> None:
    plain, gpus = pins("constraints.txt"), pins("constraints-gpu.txt")
    assert set(plain) <= set(gpus)
    assert {name for name in plain if plain[name] != gpus[name]} == {"torch", "torchvision", "numpy"}
