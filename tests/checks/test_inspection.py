"""One trajectory under inspection: a digit changed anywhere is found, its certificate rewritten or not."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import orjson
import pytest

from funreason_plugin.checks.inspection import Inspector
from funreason_plugin.errors import UserError
from funreason_plugin.trajectory import certify, dumps, loads
from tests.checks.folders import RUN, Remaker, line


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
    "model": lambda t: t["made_by"]["querying"].update(model="Qwen/Qwen3-4B"),
    "agent": lambda t: t["made_by"].pop("tooling"),
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
