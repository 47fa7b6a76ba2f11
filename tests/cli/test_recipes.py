"""The recipes say what the configuration knows: every key once, with its default, its reason, and examples that load."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from funreason_plugin.config import KEYS, SynthesisConfig, load

RECIPES = Path(__file__).parents[2] / "recipes"
PLAIN, MODELS = RECIPES / "synthesis.yaml", RECIPES / "synthesis_openai.yaml"
CHOSEN = {PLAIN: {"env"}, MODELS: {"env", "num", "teacher", "model", "base_url"}}
"""What a recipe has to say and has no default, or shows for its own sake."""


def uncommented(text: str) -> dict[str, Any]:
    """The examples of keys that are commented out: ``# key: value``, and what is indented below it."""
    blocks = re.findall(rf"^# (?:{'|'.join(KEYS)}):.*(?:\n#   .*)*", text, re.MULTILINE)
    found: dict[str, Any] = {}
    for block in blocks:
        found |= yaml.safe_load(re.sub(r"^# ?", "", block, flags=re.MULTILINE))
    return found


def test_every_key_stands_in_one_recipe() -> None:
    stated = {path: set(yaml.safe_load(path.read_text())) for path in (PLAIN, MODELS)}
    shown = {path: set(uncommented(path.read_text())) for path in (PLAIN, MODELS)}
    for path in (PLAIN, MODELS):
        assert not stated[path] & shown[path], path.name
    plain, models = (stated[path] | shown[path] for path in (PLAIN, MODELS))
    assert plain | models == set(KEYS) - {"out"}
    assert plain & models == {"env", "num", "teacher"}


@pytest.mark.parametrize("path", [PLAIN, MODELS], ids=lambda path: path.name)
def test_what_a_recipe_states_is_the_default(path: Path) -> None:
    flags = {"teacher": "openai", "model": "any", "out": Path("out")}
    config = load(path, {**flags, "model": None} if path == MODELS else {**flags, "env": ["travel"]})
    bare = load(None, {**flags, "env": ["travel"]})
    for key in set(yaml.safe_load(path.read_text())) - CHOSEN[path]:
        if getattr(bare, key) is not None:
            assert getattr(config, key) == getattr(bare, key), key
        else:  # the default is filled in for each agent
            for agent in config.model_agents:
                assert getattr(config.agent(agent), key) == getattr(bare.agent(agent), key), key


def test_the_examples_of_the_model_recipe_load(tmp_path: Path) -> None:
    path = tmp_path / "all.yaml"
    examples = uncommented(MODELS.read_text())
    path.write_text(yaml.safe_dump({**yaml.safe_load(MODELS.read_text()), **examples, "executor": "ray"}))
    config = load(path, {"out": Path("out")})
    assert config.agent("reasoning").model == "Qwen/Qwen3-235B-A22B-Thinking-2507"
    assert config.agent("critiquing").teacher == "scripted"
    assert config.agent("tooling").model == "Qwen/Qwen3-32B"
    models = {config.agent(agent).model for agent in config.model_agents}
    assert models - set(config.prices) == {"Qwen/Qwen3-235B-A22B-Thinking-2507"}
    assert "*" in config.prices


@pytest.mark.parametrize("path", [PLAIN, MODELS], ids=lambda path: path.name)
def test_every_key_of_a_recipe_is_explained(path: Path) -> None:
    lines = path.read_text().splitlines()
    for number, line in enumerate(lines):
        if line and not line.startswith("#") and line.split(":")[0] not in CHOSEN[path]:
            assert lines[number - 1].startswith(("# ", "holdout_")), line
        assert len(line) <= 120, line


def test_the_defaults_that_differ_by_agent_are_those_of_the_recipe() -> None:
    text = " ".join(MODELS.read_text().replace("#", " ").split())
    config = SynthesisConfig(env=["travel"], teacher="openai", model="any", out=Path("out"))
    drawn = {agent: config.agent(agent).temperature for agent in config.model_agents}
    assert drawn == {"querying": 1.0, "reasoning": 0.7, "tooling": 0.3, "critiquing": 0.3}
    for words in ("querying 1.0 (", "reasoning 0.7 (", "tooling and critiquing 0.3 ("):
        assert words in text
    assert config.agent("reasoning").max_new_tokens == 8192
    assert {config.agent(agent).max_new_tokens for agent in drawn if agent != "reasoning"} == {4096}
    assert "reasoning 8192, the others 4096" in text
