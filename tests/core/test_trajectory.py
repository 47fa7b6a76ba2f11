"""Trajectories as JSON lines: they come back equal, and bad lines are refused in one line."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest

from funreason_plugin.environments.space import SimulationSpace
from funreason_plugin.errors import UserError
from funreason_plugin.trajectory import (
    SCHEMA_VERSION,
    Call,
    Choice,
    EnvironmentRef,
    Needed,
    Provenance,
    Step,
    Trajectory,
    Turn,
    certify,
    dumps,
    loads,
    read,
)
from tests.core.library import Library

SPACE = SimulationSpace([Library])


def trajectory() -> Trajectory:
    choice = Choice("shelves", "min", "price")
    call = Call(
        "find", {"title": "Dune"}, {"title": Provenance("output", 0, 0, "a[1].b", choice)}, {"copies": 2}
    )
    turn = Turn("Is Dune here?", [Step("Look.", [call])], None, "Yes.", "ab" * 32, [Needed(2, "copies")])
    made = Trajectory(
        SCHEMA_VERSION, "0-0", 0, 0, 0, "train", [], [EnvironmentRef("library", "1", "ff")],
        {"tooling": {"teacher": "scripted", "model": "scripted"}}, {"funreason_plugin": "0"}, "policy",
        [SPACE.tools["find"].as_openai()], SPACE.scenario(0), [turn],
    )  # fmt: skip
    made.certificate = certify(made)
    return made


def test_a_trajectory_comes_back_equal() -> None:
    made = trajectory()
    again = loads(dumps(made))
    assert again == made
    assert certify(again) == made.certificate


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        (("turns", 0, "quary"), "x", r"turns\[0\].quary: Unexpected keyword argument"),
        (("index",), "0", "index: Input should be a valid integer"),
        (("split",), "test", "split: Input should be 'train' or 'val'"),
        (("schema_version",), 99, "schema_version is 99, this release reads 1"),
    ],
)
def test_a_bad_field_is_named(path: tuple[str | int, ...], value: object, said: str) -> None:
    data = orjson.loads(dumps(trajectory()))
    node = data
    for key in path[:-1]:
        node = node[key]
    node[path[-1]] = value
    with pytest.raises(UserError, match=said):
        loads(orjson.dumps(data))


def test_a_bad_line_is_named_with_its_file(tmp_path: Path) -> None:
    file = tmp_path / "trajectories.jsonl"
    file.write_bytes(dumps(trajectory()) + b'{"index": 1\n')
    with pytest.raises(UserError, match=r"trajectories.jsonl:2: line: Invalid JSON"):
        list(read(file))


def test_a_missing_file_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="No such file"):
        list(read(tmp_path / "nothing.jsonl"))
