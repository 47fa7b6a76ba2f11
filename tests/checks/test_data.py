"""`check data`: nothing in a folder can be changed unnoticed, not even with every checksum rewritten."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from funreason_plugin.checks.data import check_data
from funreason_plugin.checks.emitted import compare_folders
from funreason_plugin.environments.environment import environment_hash
from funreason_plugin.errors import UserError
from funreason_plugin.formats.writer import _parquet
from funreason_plugin.trajectory import certify, dumps, loads
from tests.checks.desk import Desk, conversation
from tests.checks.folders import COUNT, GRAPH, RUN, Remaker, make_folder, write_rows


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_folder(tmp_path_factory.mktemp("data") / "out")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return make_folder(tmp_path / "out")


def test_a_good_folder_passes(good: Path) -> None:
    report = check_data(good, workers=2)
    assert report.ok, report.problems
    assert report.counts == {"trajectories": COUNT, "turns": 3 * COUNT, "calls replayed": 4 * COUNT}
    assert check_data(good, remaker=Remaker).counts["made again from seed and settings"] == COUNT


def problems(folder: Path, **options: Any) -> list[str]:
    return [str(problem) for problem in check_data(folder, **options).problems]


def test_a_problem_is_named_with_its_place(folder: Path) -> None:
    path = folder / "trajectories.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    trajectory = loads(lines[4])
    trajectory.turns[0].steps[1].calls[0].output["price"] = 120.5
    price = conversation(4).turns[0].steps[1].calls[0].output["price"]
    trajectory.certificate = certify(trajectory)
    path.write_bytes(b"".join([*lines[:4], dumps(trajectory), *lines[5:]]))
    write_rows(folder)
    found = problems(folder)
    place = "trajectories.jsonl:5: turns[0].steps[1].calls[0].output.price"
    assert f"{place}: stored 120.5, replay gives {price} [replay]" in found


# -- the other files --------------------------------------------------------------------------------------


def rewrite(path: Path, change: Callable[[dict[str, Any]], None], row: int = 0) -> None:
    """Change one row of a parquet file, written as we write it."""
    table = pq.read_table(path)
    found = table.to_pylist()
    change(found[row])
    changed = pa.Table.from_pylist(found, schema=table.schema)
    with _parquet(str(path), changed.schema) as file:
        file.write_table(changed)


ROWS: dict[str, tuple[str, Callable[[dict[str, Any]], None], str]] = {
    "history": (
        "llamafactory/funreason_scripted/train-00000.parquet",
        lambda row: row["conversations"][0].update(value="Get me 3 seats."),
        "train-00000.parquet: row 0 (0-0/0/0): conversations[0].value",
    ),
    "tools": (
        "llamafactory/funreason_scripted_val/val.parquet",
        lambda row: row.update(tools=row["tools"].replace('"default":1', '"default":2')),
        "tools[1].function.parameters.properties.seats.default: stored 2, the trajectory gives 1",
    ),
    "truth": (
        "verl/train.parquet",
        lambda row: row["reward_model"].update(
            ground_truth=row["reward_model"]["ground_truth"].replace('"seats":2', '"seats":3')
        ),
        "verl/train.parquet: row 0 (0-0): reward_model.ground_truth[0].steps[1][0].arguments.seats: stored 3",
    ),
    "scenario": (
        "verl/val.parquet",
        lambda row: row["extra_info"].update(index=4),
        "verl/val.parquet: row 0 (0-1): extra_info.index: stored 4, the trajectory gives 1",
    ),
}


@pytest.mark.parametrize("name", ROWS)
def test_a_changed_row_is_named(folder: Path, name: str) -> None:
    file, change, expected = ROWS[name]
    rewrite(folder / file, change)
    found = problems(folder)
    assert any(expected in problem for problem in found), found


def test_any_byte_of_an_emitted_file_is_found(good: Path, tmp_path: Path) -> None:
    again = make_folder(tmp_path / "again")
    rng = Random(1)
    for file in sorted(path for name in ("llamafactory", "verl") for path in (again / name).rglob("*.*")):
        whole = file.read_bytes()
        for position in rng.sample(range(len(whole)), 12):
            file.write_bytes(whole[:position] + bytes([whole[position] ^ 1]) + whole[position + 1 :])
            found = [*compare_folders(again, good, ("llamafactory", "verl"), pa.__version__)]
            assert found, (file, position)
            assert str(file.relative_to(again)) in found[0][0]
        file.write_bytes(whole)


SUMMARY = ("kept", "attempts", "accept_rate", "turns", "calls", "seconds", "per_minute")


@pytest.mark.parametrize("key", SUMMARY)
def test_a_changed_count_of_the_summary_is_found(folder: Path, key: str) -> None:
    path = folder / "summary.json"
    summary = orjson.loads(path.read_bytes())
    summary[key] += 1
    path.write_bytes(orjson.dumps(summary))
    assert any("summary.json" in problem for problem in problems(folder))


def test_a_changed_graph_is_found(folder: Path) -> None:
    (folder / "graph.json").write_text(GRAPH.replace("4", "5"))
    found = problems(folder, remaker=Remaker)
    assert found == ["graph.json: tools: stored 5, the environments gives 4 [made_again]"]


def test_a_changed_setting_is_found(folder: Path) -> None:
    path = folder / "run.yaml"
    path.write_text(path.read_text().replace("k_max: 3", "k_max: 4"))
    assert any("settings.config.k_max" in problem for problem in problems(folder))


def test_a_rejection_that_was_not_made_is_found(folder: Path) -> None:
    row = {"index": 2, "attempt": 0, "turn": 0, "try": 0, "phase": "query", "code": "leaked_value", "tool": "",
           "detail": "", "calls": [], "whole": True}  # fmt: skip
    (folder / "rejected.jsonl").write_bytes(orjson.dumps(row) + b"\n")
    found = problems(folder, remaker=Remaker)
    assert any(problem.startswith("rejected.jsonl:1: ") for problem in found)
    assert any(problem.startswith("trajectories.jsonl:3: attempt") for problem in found)
    assert any(problem.startswith("summary.json: rejections.query") for problem in found)


def test_lines_out_of_order_twice_or_missing_are_found(folder: Path) -> None:
    path = folder / "trajectories.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines[:2], lines[0], *lines[3:]]))
    found = problems(folder)
    assert any("trajectories.jsonl:3: index: stored 0" in problem for problem in found)
    assert any("trajectories.jsonl:3: says and does the same as line 1" in problem for problem in found)


def test_a_damaged_line_and_a_missing_folder_are_found(folder: Path) -> None:
    path = folder / "trajectories.jsonl"
    path.write_bytes(path.read_bytes()[:-50])
    assert any(problem.startswith("trajectories.jsonl:6: ") for problem in problems(folder))
    with pytest.raises(UserError, match="no trajectories"):
        check_data(folder / "llamafactory")


def test_a_changed_environment_is_a_note_when_everything_still_replays(folder: Path) -> None:
    path = folder / "trajectories.jsonl"
    made = []
    for stored in path.read_bytes().splitlines():
        trajectory = loads(stored)
        trajectory.environments[0].hash = "0" * 16
        trajectory.certificate = certify(trajectory)
        made.append(dumps(trajectory))
    path.write_bytes(b"".join(made))
    (folder / "run.yaml").write_text(
        yaml.safe_dump(RUN).replace(environment_hash(Desk), "'" + "0" * 16 + "'")
    )
    (folder / "summary.json").unlink()
    write_rows(folder)
    report = check_data(folder)
    assert report.ok, report.problems
    assert any(f"{COUNT} of {COUNT} still replay" in note for note in report.notes)
