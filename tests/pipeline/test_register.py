"""Slots come in any order and are judged and written in slot order; what waits survives whatever happens."""

from __future__ import annotations

from pathlib import Path
from random import Random

import orjson
import pytest

from funreason_plugin.synthesis.redact import Redactor
from funreason_plugin.synthesis.register import Register
from funreason_plugin.synthesis.slot_result import SlotResult, lines_of, rejected_turn, rejected_whole
from funreason_plugin.synthesis.spool import PENDING
from tests.pipeline.made import MODEL, opened, slots

COUNT = 6


@pytest.fixture(scope="module")
def in_order(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    out = tmp_path_factory.mktemp("order") / "out"
    register = opened(out)
    for result in slots():
        register.take(result)
    register.folder.close()
    return (out / "trajectories.jsonl").read_bytes()


def close(register: Register) -> None:
    """As a process that is killed: nothing is written any more."""
    register.folder.close()


def failed(slot: int, attempt: int, code: str = "no_legal_tool") -> SlotResult:
    row = rejected_turn(slot, attempt, 0, 3, "sampling", code, "nothing can be called", None)
    return SlotResult(slot, lines_of([row | {"whole": True}]), None, attempt)


@pytest.mark.parametrize("seed", range(5))
def test_any_order_gives_the_same_file(in_order: bytes, seed: int, tmp_path: Path) -> None:
    register = opened(tmp_path / "out")
    results = slots()
    Random(seed).shuffle(results)
    for number, result in enumerate(results):
        register.take(result)
        left = {item.index for item in results[number + 1 :]}
        first_missing = min(left, default=COUNT)
        assert register.folder.tally.kept == first_missing
        assert (tmp_path / "out" / PENDING).exists() == (register.waiting > 0)
    close(register)
    assert (tmp_path / "out" / "trajectories.jsonl").read_bytes() == in_order
    assert not (tmp_path / "out" / PENDING).exists()


def test_what_waits_is_there_when_the_run_goes_on(in_order: bytes, tmp_path: Path) -> None:
    results = slots()
    register = opened(tmp_path / "out")
    for number in (0, 2, 5, 3):
        register.take(results[number])
    close(register)
    register = opened(tmp_path / "out")
    assert (register.folder.tally.kept, register.waiting) == (1, 3)
    assert [register.next_job(), register.next_job(), register.next_job()] == [(1, 0), (4, 0), None]
    register.take(results[4])
    register.take(results[1])
    assert register.done
    close(register)
    assert (tmp_path / "out" / "trajectories.jsonl").read_bytes() == in_order


@pytest.mark.parametrize("damage", ["cut", "middle"])
def test_a_damaged_line_of_the_spool_costs_its_slot_only(
    in_order: bytes, damage: str, tmp_path: Path
) -> None:
    results = slots()
    register = opened(tmp_path / "out")
    for number in (2, 4, 3):
        register.take(results[number])
    close(register)
    path = tmp_path / "out" / PENDING
    lines = path.read_bytes().splitlines(keepends=True)
    assert len(lines) == 3
    if damage == "cut":
        lines[2] = lines[2][:-100]  # slot 3
    else:
        lines[1] = b"{}\n"  # slot 4
    path.write_bytes(b"".join(lines))
    register = opened(tmp_path / "out")
    missing = 3 if damage == "cut" else 4
    jobs = {register.next_job() for _ in range(4)}
    assert jobs == {(0, 0), (1, 0), (missing, 0), (5, 0)}
    for number in (0, 1, missing, 5):
        register.take(results[number])
    close(register)
    assert (tmp_path / "out" / "trajectories.jsonl").read_bytes() == in_order


def test_a_slot_that_is_written_and_still_in_the_spool_is_not_written_twice(
    in_order: bytes, tmp_path: Path
) -> None:
    results = slots()
    register = opened(tmp_path / "out")
    register.take(results[1])
    spooled = (tmp_path / "out" / PENDING).read_bytes()
    register.take(results[0])
    close(register)
    (tmp_path / "out" / PENDING).write_bytes(spooled)  # killed between the two files
    register = opened(tmp_path / "out")
    assert (register.folder.tally.kept, register.waiting) == (2, 0)
    for number in range(2, COUNT):
        register.take(results[number])
    close(register)
    assert (tmp_path / "out" / "trajectories.jsonl").read_bytes() == in_order


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_the_younger_of_two_alike_is_made_again(order: tuple[int, int], tmp_path: Path) -> None:
    first, second = slots()[:2]
    second.key = first.key
    register = opened(tmp_path / "out")
    assert [register.next_job(), register.next_job()] == [(0, 0), (1, 0)]
    for number in order:
        register.take((first, second)[number])
    assert register.next_job() == (1, 1)
    again = slots()[1]
    again.attempt = 1
    register.take(again)
    assert register.folder.tally.kept == 2
    (row,) = map(orjson.loads, (tmp_path / "out" / "rejected.jsonl").read_bytes().splitlines())
    assert (row["index"], row["attempt"], row["code"], row["whole"]) == (1, 0, "duplicate", True)


def test_rejections_stand_before_their_slot_whatever_came_first(tmp_path: Path) -> None:
    results = slots()
    register = opened(tmp_path / "out")
    for result in (failed(1, 0), failed(0, 0), failed(1, 1)):
        register.take(result)
    assert [register.next_job() for _ in range(2)] == [(0, 1), (1, 1)]
    for number, attempt in ((1, 2), (0, 1)):
        results[number].attempt = attempt
        register.take(results[number])
    rows = [orjson.loads(line) for line in (tmp_path / "out" / "rejected.jsonl").read_bytes().splitlines()]
    assert [(row["index"], row["attempt"]) for row in rows] == [(0, 0), (1, 0), (1, 1)]


def test_deterministic_agents_are_judged_in_slot_order(tmp_path: Path) -> None:
    """Failures of a younger slot say nothing before the older one's turn is over."""
    register = opened(tmp_path / "out", num=3)
    for attempt in range(60):
        register.take(failed(1, attempt))
    assert register.summary.stopped == ""
    register.take(slots()[0])
    assert "only 1 of 50 attempts were accepted" in register.summary.stopped
    assert len((tmp_path / "out" / "rejected.jsonl").read_bytes().splitlines()) == 49
    assert register.next_job() is None


def test_models_are_judged_as_attempts_end_and_what_was_rejected_can_be_read(tmp_path: Path) -> None:
    register = opened(tmp_path / "out", num=300, **MODEL)
    register.in_flight = 10
    for slot in range(59):
        register.take(failed(slot + 7, 0))
    assert register.summary.stopped == ""
    register.take(failed(3, 0))
    assert "only 0 of 60 attempts were accepted" in register.summary.stopped
    register.leave()
    close(register)
    rows = [orjson.loads(line) for line in (tmp_path / "out" / "rejected.jsonl").read_bytes().splitlines()]
    assert [row["index"] for row in rows] == [3, *range(7, 66)]
    assert register.folder.tally.attempts == 60
    register = opened(tmp_path / "out", num=300, **MODEL)  # slot 0 is not finished: nothing of this is
    assert register.folder.tally.attempts == 0
    assert (tmp_path / "out" / "rejected.jsonl").read_bytes() == b""


def test_a_trajectory_that_the_hook_would_change_is_rejected(tmp_path: Path) -> None:
    first, second = slots()[:2]
    assert second.line is not None
    query = orjson.loads(second.line)["turns"][0]["query"]
    redactor = Redactor(lambda text: text.replace(query, "[removed]"), "hook")
    register = opened(tmp_path / "out", redactor)
    first.rejections = lines_of([rejected_whole(0, 0, "over_time", f"said: {query}")])
    first.attempt = 1
    for result in (first, second):
        register.take(result)
    assert register.folder.tally.kept == 1
    close(register)
    rows = [orjson.loads(line) for line in (tmp_path / "out" / "rejected.jsonl").read_bytes().splitlines()]
    assert [row["detail"] for row in rows] == ["said: [removed]"]
    for path in (tmp_path / "out").iterdir():
        assert path.name == "run.yaml" or query.encode() not in path.read_bytes()
    assert register.next_job() == (1, 1)
