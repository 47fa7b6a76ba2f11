"""`check data`: nothing in a folder can be changed unnoticed, not even with every checksum rewritten."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from funreason_plugin.checks.data import check_data
from funreason_plugin.checks.inspection import Inspector
from funreason_plugin.environments.environment import environment_hash
from funreason_plugin.errors import UserError
from funreason_plugin.formats import FormatOptions, Writer, encode_chunk
from funreason_plugin.trajectory import certify, dumps, loads
from funreason_plugin.workers import CallWatch
from tests.checks.desk import Desk, conversation

COUNT = 6
OPTIONS = FormatOptions(dataset="funreason_scripted")


def line(index: int) -> bytes:
    return dumps(conversation(index, "val" if index in (1, 5) else "train"))


def rejections(index: int) -> list[bytes]:
    return []


@dataclass
class Made:
    line: bytes | None
    rejections: list[bytes]
    usage: dict[str, list[int]] = field(default_factory=dict)


class Remaker:
    """Makes the conversations of these tests again, as `synthesis.remake.Remaker` does a run's."""

    def __init__(self, folder: Path, watch: CallWatch) -> None: ...

    def graph(self) -> str:
        return GRAPH

    def slot(self, index: int, duplicates: Collection[int] = ()) -> Made:
        return Made(line(index), rejections(index))


GRAPH = '{"tools":4,"edges":[["find_flights","book_flight"]]}'
RUN: dict[str, Any] = {
    "config": {"teacher": "scripted", "num": COUNT, "seed": 0, "val_share": 0.25, "k_max": 3},
    "versions": {},
    "environments": {"desk": {"version": "1", "hash": environment_hash(Desk)}},
}


def write_rows(folder: Path) -> None:
    lines = (folder / "trajectories.jsonl").read_bytes().splitlines()
    with Writer(folder, OPTIONS) as writer:
        writer.add(encode_chunk(lines, OPTIONS))


def make_folder(folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "trajectories.jsonl").write_bytes(b"".join(map(line, range(COUNT))))
    (folder / "run.yaml").write_text(yaml.safe_dump(RUN))
    (folder / "graph.json").write_text(GRAPH)
    write_rows(folder)
    sizes = {"trajectories.jsonl": (folder / "trajectories.jsonl").stat().st_size}
    for name in ("llamafactory", "verl"):
        sizes[name] = sum(file.stat().st_size for file in (folder / name).rglob("*") if file.is_file())
    summary = {
        "kept": COUNT,
        "attempts": COUNT,
        "accept_rate": 1.0,
        "turns": 3 * COUNT,
        "calls": 4 * COUNT,
        "complete": True,
        "splits": {"train": COUNT - 2, "val": 2},
        "tools": dict.fromkeys(("book_flight", "cancel_booking", "find_flights", "set_alerts"), COUNT),
        "rejections": {},
        "bytes": sizes,
        "seconds": 12.34,
        "per_minute": 29.2,
        "settings": RUN,
    }
    (folder / "summary.json").write_bytes(orjson.dumps(summary))
    return folder


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


# -- one digit, anywhere in a trajectory ------------------------------------------------------------------


def tampered(stored: bytes, position: int, digit: bytes) -> bytes | None:
    """The line with one digit changed and its certificate made to fit; None when it cannot be parsed."""
    changed = stored[:position] + digit + stored[position + 1 :]
    try:
        trajectory = loads(changed)
    except UserError:
        return None
    trajectory.certificate = certify(trajectory)
    return dumps(trajectory)


def digits(stored: bytes) -> list[int]:
    end = stored.rindex(b'"certificate"')
    return [match.start() for match in re.finditer(rb"\d", stored[:end])]


def test_any_digit_of_a_trajectory_is_found_by_making_it_again() -> None:
    stored = line(0)
    inspector = Inspector(RUN, None, Remaker(Path(), None))  # type: ignore[arg-type]
    rng = Random(0)
    for position in rng.sample(digits(stored), 150):
        digit = bytes([rng.choice([d for d in b"0123456789" if d != stored[position]])])
        changed = tampered(stored, position, digit)
        if changed is not None:
            found = inspector.inspect(changed, 0, (), ()).problems
            assert found, stored[position - 60 : position + 20]


def test_without_making_it_again_all_but_a_small_count_in_a_thought_or_answer_is_found() -> None:
    stored = line(0)
    inspector = Inspector(RUN, None, None)
    missed = []
    for position in digits(stored):
        digit = b"4" if stored[position : position + 1] != b"4" else b"7"
        changed = tampered(stored, position, digit)
        if changed is not None and not inspector.inspect(changed, 0, (), ()).problems:
            missed.append(stored[position - 40 : position + 20])
    # "2 seats" may become the length of some list; the emitted rows hold the true text.
    assert all(b" 2 seats" in text for text in missed), missed


TAMPERED: dict[str, Callable[[dict[str, Any]], Any]] = {
    "index": lambda t: t.update(index=1),
    "id": lambda t: t.update(id="0-1"),
    "seed": lambda t: t.update(seed=1),
    "attempt": lambda t: t.update(attempt=1),
    "split": lambda t: t.update(split="val"),
    "versions": lambda t: t["versions"].update(python="3.11.8"),
    "hash": lambda t: t["environments"][0].update(hash="0" * 16),
    "version": lambda t: t["environments"][0].update(version="2"),
    "teacher": lambda t: t["made_by"]["reasoning"].update(teacher="openai"),
    "system": lambda t: t.update(system="You help at 2 desks."),
    "tool": lambda t: t["tools"][0]["function"].update(description="Flights."),
    "scenario seed": lambda t: t["scenario"].update(seed="0/0/1"),
    "clock": lambda t: t["scenario"].update(clock="2026-01-01T10:00:00"),
    "scenario": lambda t: t["scenario"]["states"]["desk"].update(alerts=True),
    "query": lambda t: t["turns"][0].update(query=t["turns"][0]["query"].replace("two", "three")),
    "argument": lambda t: t["turns"][0]["steps"][1]["calls"][0]["arguments"].update(seats=3),
    "provenance turn": lambda t: prov(t).update(turn=1),
    "provenance call": lambda t: prov(t).update(call=1),
    "provenance field": lambda t: prov(t).update(field="flights[1].flight_id"),
    "choice": lambda t: prov(t)["choice"].update(by="max"),
    "thought": lambda t: t["turns"][0]["steps"][1].update(
        thought=t["turns"][0]["steps"][1]["thought"] + " 4711"
    ),
    "answer": lambda t: t["turns"][0].update(answer=t["turns"][0]["answer"].replace("BK", "BK9")),
    "state hash": lambda t: t["turns"][0].update(state_hash="0" * 64),
    "needed value": lambda t: t["turns"][0]["needed"][0].update(value="FL0000"),
    "needed field": lambda t: t["turns"][0]["needed"][0].update(field="flights[1].flight_id"),
    "target": lambda t: t["turns"][0].update(target="book"),
    "attempts": lambda t: t["turns"][0].update(attempts=2),
    "feedback": lambda t: t["turns"][0].update(
        attempts=2, feedback=[{"attempt": 2, "reason": "x", "critique": "y"}]
    ),
}


def prov(t: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = t["turns"][0]["steps"][1]["calls"][0]["provenance"]["flight_id"]
    return found


@pytest.mark.parametrize("name", TAMPERED)
def test_a_field_is_found_without_making_it_again(name: str) -> None:
    data = json.loads(line(0))
    TAMPERED[name](data)
    trajectory = loads(orjson.dumps(data))
    trajectory.certificate = certify(trajectory)
    inspected = Inspector(RUN, None, None).inspect(dumps(trajectory), 0, (), ())
    assert inspected.problems or (name == "attempt")  # the attempt is compared with rejected.jsonl


# -- the other files --------------------------------------------------------------------------------------


def rewrite(path: Path, change: Callable[[dict[str, Any]], None], row: int = 0) -> None:
    """Change one row of a parquet file, written as we write it."""
    from funreason_plugin.formats.writer import _parquet

    table = pq.read_table(path)
    found = table.to_pylist()
    change(found[row])
    changed = pa.Table.from_pylist(found, schema=table.schema)
    with _parquet(str(path), changed) as file:
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
    from funreason_plugin.checks.emitted import compare_folders

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
