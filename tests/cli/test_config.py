"""SynthesisConfig: files and flags merged, and every mistake told in one line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from funreason_plugin.config import SynthesisConfig, check_names, load
from funreason_plugin.environments.environment import Environment, tool
from funreason_plugin.environments.space import SimulationSpace
from funreason_plugin.errors import UserError

FLAGS: dict[str, Any] = {"env": ["travel"], "teacher": "scripted", "out": Path("out")}


def written(folder: Path, text: str) -> Path:
    path = folder / "mine.yaml"
    path.write_text(text)
    return path


def test_flags_win_over_the_file_and_the_file_over_the_defaults(tmp_path: Path) -> None:
    path = written(tmp_path, "num: 7\nturns: 2-4\nenv: [files]\n")
    config = load(path, {**FLAGS, "num": 9})
    assert (config.num, config.turns, config.env, config.calls) == (9, (2, 4), ["travel"], (1, 5))


def test_flags_that_were_not_given_do_not_count(tmp_path: Path) -> None:
    config = load(
        written(tmp_path, "num: 7\nholdout_tools: [a]\n"), {**FLAGS, "num": None, "holdout_tools": []}
    )
    assert (config.num, config.holdout_tools) == (7, ["a"])


@pytest.mark.parametrize(
    "value, expected", [("3-5", (3, 5)), ("4", (4, 4)), (4, (4, 4)), ([2, 3], (2, 3)), (" 1 - 2 ", (1, 2))]
)
def test_a_span_is_written_as_one_likes(value: object, expected: tuple[int, int]) -> None:
    assert load(None, {**FLAGS, "turns": value}).turns == expected


def test_names_may_be_one_string(tmp_path: Path) -> None:
    path = written(tmp_path, "env: travel, files bank\n")
    assert load(path, {**FLAGS, "env": []}).env == ["travel", "files", "bank"]


MISTAKES = {
    "turnz: 3-5": "{path}: key 'turnz' is not known; did you mean 'turns'?",
    "num: 0": "{path}: num: 0 is out of range; expected at least 1",
    "num: many": "{path}: num: 'many' is not valid; expected a whole number",
    "num: 2.5": "{path}: num: 2.5 is not valid; expected a whole number",
    "turns: 5-3": "{path}: turns: '5-3' is not valid: ends before it starts; did you mean '3-5'?",
    "turns: 0-3": "{path}: turns: '0-3' is not valid: starts below 1",
    "turns: some": "{path}: turns: 'some' is not valid: expected a number or a range such as '3-5'",
    "sampler: directd": "{path}: sampler: 'directd' is not one of directed, random; did you mean 'directed'?",
    "val_share: 1": "{path}: val_share: 1 is out of range; expected less than 1",
    "time_limit: -1": "{path}: time_limit: -1 is out of range; expected more than 0",
    "num: 1\nnum: 2": "{path}:2: not valid YAML: key 'num' is given twice",
    "num: [1": "{path}:1: not valid YAML: expected ',' or ']', but got '<stream end>'",
    "- num": "{path}: expected keys and values ('num: 200'), found list",
}


@pytest.mark.parametrize("text", MISTAKES)
def test_a_mistake_is_one_line_that_names_file_and_key(text: str, tmp_path: Path) -> None:
    path = written(tmp_path, text)
    with pytest.raises(UserError) as raised:
        load(path, FLAGS)
    assert raised.value.message == MISTAKES[text].format(path=path)


def test_an_unknown_key_without_a_near_one_lists_the_keys(tmp_path: Path) -> None:
    with pytest.raises(
        UserError, match="key 'xyzzy' is not known; the keys are env, teacher, agents, out, num"
    ):
        load(written(tmp_path, "xyzzy: 1"), FLAGS)


@pytest.mark.parametrize("text", [b"\xff\xfe\x00num", b"a: \x07"], ids=["not UTF-8", "control character"])
def test_a_file_that_is_not_text_is_one_line(text: bytes, tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_bytes(text)
    with pytest.raises(UserError, match="not valid YAML") as raised:
        load(path, FLAGS)
    assert "\n" not in raised.value.message


def test_a_missing_file_says_where_recipes_come_from(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="No such file or directory; 'funreason recipes DIR'"):
        load(tmp_path / "none.yaml", FLAGS)


def test_a_wrong_flag_is_named_as_a_flag() -> None:
    with pytest.raises(UserError, match=r"--val-share: 1\.5 is out of range"):
        load(None, {**FLAGS, "val_share": 1.5})


@pytest.mark.parametrize("key", ["env", "teacher", "out"])
def test_what_has_no_default_must_be_given(key: str) -> None:
    with pytest.raises(UserError, match=f"--{key} is missing"):
        load(None, {**FLAGS, key: None})


def test_the_teacher_is_nobody_by_default() -> None:
    assert SynthesisConfig.model_fields["teacher"].is_required()


def test_a_configuration_survives_run_yaml(tmp_path: Path) -> None:
    config = load(None, {**FLAGS, "turns": "2", "holdout_tools": ["a", "b"], "time_limit": 2.5})
    path = written(tmp_path, yaml.safe_dump({"config": config.as_plain(), "versions": {"python": "3"}}))
    assert load(path, {}) == config


class Desk(Environment):
    """A desk with two tools."""

    def scenario(self, rng: object) -> dict[str, Any]:
        return {}

    @tool
    def look(self) -> str:
        """Look."""
        return "seen"

    @tool
    def listen(self) -> str:
        """Listen."""
        return "heard"


@pytest.mark.parametrize(
    "flags, message",
    [
        ({"holdout_tools": ["lok"]}, "--holdout-tools: 'lok' is not in --env travel; did you mean 'look'?"),
        (
            {"holdout_env": ["shop"]},
            "--holdout-env: 'shop' is not in --env travel; the environments are desk",
        ),
        ({"holdout_env": ["desk"]}, "--holdout-env: everything is held out; leave something to train on"),
        (
            {"holdout_tools": ["look", "listen"]},
            "--holdout-tools: everything is held out; leave something to",
        ),
    ],
)
def test_a_hold_out_exists_and_leaves_something(flags: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError) as raised:
        check_names(load(None, {**FLAGS, **flags}), SimulationSpace([Desk]))
    assert raised.value.message.startswith(message)
