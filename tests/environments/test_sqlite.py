"""The example whose state is a SQLite database: sessions of it are copied, restored, hashed and kept apart."""

from __future__ import annotations

import gc
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from funreason_plugin.environments.space import Session, SimulationSpace, is_error
from funreason_plugin.scoring import Outcome, judge

FILE = Path(__file__).parents[2] / "examples" / "sqlite_tools" / "workshop.py"
SPACE = SimulationSpace.from_names([f"{FILE}:Workshop"])


@pytest.fixture
def session() -> Iterator[Session]:
    with SPACE.session(SPACE.scenario(0)) as live:
        yield live


def some_part(live: Session) -> str:
    return next(str(part["part_id"]) for part in live.state()["workshop"]["parts"] if part["stock"] > 1)


def repair(live: Session, problem: str = "a worn chain") -> list[tuple[str, dict[str, Any]]]:
    """A job from beginning to end; returns the calls that were made."""
    customer = live.state()["workshop"]["customers"][0]["name"]
    calls: list[tuple[str, dict[str, Any]]] = [("open_job", {"customer": customer, "problem": problem})]
    job = live.call(*calls[0])["job_id"]
    calls.append(("fit_part", {"job_id": job, "part_id": some_part(live)}))
    calls.append(("finish_job", {"job_id": job}))
    assert not any(is_error(live.call(*call)) for call in calls[1:])
    return calls


def test_restore_undoes_what_happened_in_the_database(session: Session) -> None:
    start, digest = session.snapshot(), session.state()
    before = session.state_hash()
    repair(session)
    assert session.state_hash() != before
    session.restore(start)
    assert session.state_hash() == before
    assert session.state() == digest


def test_a_snapshot_can_be_restored_again_and_again(session: Session) -> None:
    start = session.snapshot()
    repair(session)
    after, middle = session.state_hash(), session.snapshot()
    for _ in range(3):
        session.restore(start)
        repair(session)
        assert session.state_hash() == after  # same calls, same ids, same clock
    session.restore(start)
    session.restore(middle)
    assert session.state_hash() == after


def test_two_sessions_do_not_share_a_database() -> None:
    scenario = SPACE.scenario(0)
    with SPACE.session(scenario) as one, SPACE.session(scenario) as other:
        before = other.state_hash()
        assert one.state_hash() == before
        repair(one)
        assert other.state_hash() == before


def test_a_tool_that_fails_half_way_leaves_nothing_behind(session: Session) -> None:
    before = session.state_hash()
    assert is_error(session.call("fit_part", {"job_id": "JB-00000", "part_id": some_part(session)}))
    assert is_error(session.call("open_job", {"customer": "Nobody", "problem": "a flat tyre"}))
    assert session.state_hash() == before


def test_a_reworded_problem_is_the_same_repair() -> None:
    scenario = SPACE.scenario(0)
    outcomes = []
    for problem in ("a worn chain", "the chain is worn out", ""):
        with SPACE.session(scenario) as live:
            calls = repair(live, problem)
            outcomes.append(Outcome.of(live, [], calls))
    assert judge(SPACE, outcomes[0], outcomes[1]).passed
    assert not judge(SPACE, outcomes[0], outcomes[2]).passed


def test_scenarios_differ() -> None:
    hashes = set()
    for seed in range(100):
        with SPACE.session(SPACE.scenario(seed)) as live:
            hashes.add(live.state_hash())
    assert len(hashes) == 100


def test_closing_frees_the_database() -> None:
    for _ in range(20):
        with SPACE.session(SPACE.scenario(0)) as live:
            repair(live)
            live.snapshot()
    gc.collect()
    assert sum(isinstance(thing, sqlite3.Connection) for thing in gc.get_objects()) < 5
