"""Repetitions are found at their level, and made anew at the level that is asked for, in whatever way a run goes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest

from funreason_plugin import check, synthesize
from funreason_plugin.checks.duplicates import Duplicates, Sketch, parse_level
from funreason_plugin.command_line import run
from funreason_plugin.quality.measuring import measure
from tests.quality.planted import conversation, written

QUERY = (
    "Reserve the quietest reading room for Thursday evening, for two people, and tell the librarian that "
    "we bring our own lamp, need a table by the window, leave before nine, and would like to know whether the "
    "cafe downstairs still serves soup at that time or only bread"
)
TRIP = {"name": "book_trip", "arguments": {"city": "Oslo", "day": "2026-05-03", "people": 2, "train": True}}
PAY = {"name": "pay_trip", "arguments": {"trip": "T-17", "card": "C-4", "tip": 3}}


FIRST = conversation(QUERY, calls=[TRIP, PAY])
PLANTED = {
    "exact": conversation(f" {QUERY.upper()}  ", calls=[TRIP, PAY]),
    "near": conversation(
        QUERY.replace("librarian", "porter"),
        calls=[TRIP, {**PAY, "arguments": {"trip": "T-18", "card": "C-5"}}],
    ),
    "structural": conversation(
        "We want to go somewhere else by train and pay at once with the other card please",
        calls=[
            {
                "name": "book_trip",
                "arguments": {"city": "Rome", "day": "2026-06-07", "people": 5, "train": False},
            },
            {"name": "pay_trip", "arguments": {"trip": "T-9", "card": "C-8", "tip": 1}},
        ],
    ),
}


@pytest.mark.parametrize("kind", ["exact", "near"])
def test_a_planted_repetition_is_found(kind: str, tmp_path: Path) -> None:
    other = conversation("How late is the cafe open on Sundays, and does it have a terrace?")
    found = measure(written(tmp_path / "data.jsonl", [FIRST, other, PLANTED[kind]]))["duplicates"]
    assert {name: found[name] for name in ("exact", "near", "structural") if found[name]} == {kind: 1}
    (entry,) = found["found"]
    assert (entry["place"], entry["first"], entry["kind"]) == ("data.jsonl:3", "data.jsonl:1", kind)


def test_other_values_are_a_structural_repetition(tmp_path: Path) -> None:
    found = measure(written(tmp_path / "data.jsonl", [FIRST, PLANTED["structural"]]))["duplicates"]
    assert (found["exact"], found["near"], found["structural"]) == (0, 0, 1)


def test_the_levels_contain_each_other() -> None:
    from funreason_plugin.quality.records import record_of

    def finds(level: str, record: dict[str, Any]) -> bool:
        seen = Duplicates(level)
        sketches = []
        for value in (FIRST, record):
            made = record_of(value)
            assert made is not None
            sketches.append(Sketch(made.content))
        seen.add(0, sketches[0])
        return seen.earlier(sketches[1]) is not None

    levels = ("keep", "exact", "near", "structural")
    for kind in ("exact", "near"):
        expected = [levels.index(level) >= levels.index(kind) for level in levels]
        assert [finds(level, PLANTED[kind]) for level in levels] == expected
    assert not finds("near:1.0", PLANTED["near"])


@pytest.mark.parametrize("text", ["", "nearly", "near:", "near:0.4", "near:1.5", "exact:0.8", "NEAR"])
def test_no_other_level_is_taken(text: str) -> None:
    with pytest.raises(ValueError, match="near"):
        parse_level(text)


# -- a run in which they occur ------------------------------------------------------------------------------

HOUSE = Path(__file__).with_name("house.py")
WORDS = ["--env", f"{HOUSE}:House", "--turns", "1", "--calls", "1", "--teacher", "scripted"]
LEVEL = ["--duplicates", "near:0.6"]


def synthesised(out: Path, num: int, *words: str) -> dict[str, bytes]:
    assert run(synthesize.app, [*WORDS, "--num", str(num), "--out", str(out), *words]) == 0
    names = ("trajectories.jsonl", "rejected.jsonl", "quality.json", "README.md")
    return {name: (out / name).read_bytes() for name in names}


@pytest.fixture(scope="module")
def straight(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, bytes]]:
    out = tmp_path_factory.mktemp("near") / "out"
    return out, synthesised(out, 3, *LEVEL)


def test_near_repetitions_are_made_anew_with_the_same_bytes_after_a_resume(
    straight: tuple[Path, dict[str, bytes]], tmp_path: Path
) -> None:
    _, made = straight
    rejected = [orjson.loads(line) for line in made["rejected.jsonl"].splitlines()]
    assert any(row["detail"].startswith("nearly the same") for row in rejected)
    assert orjson.loads(made["quality.json"])["duplicates"]["exact"] == 0
    synthesised(tmp_path / "out", 2, *LEVEL)
    again = synthesised(tmp_path / "out", 3, *LEVEL, "--workers", "2")
    assert again == made


def test_check_data_asks_for_the_level_of_the_run(
    straight: tuple[Path, dict[str, bytes]], capsys: pytest.CaptureFixture[str]
) -> None:
    out, _ = straight
    assert run(check.app, ["data", str(out)]) == 0
    counted = (out / "quality.json").read_bytes()
    (out / "quality.json").write_bytes(counted.replace(b'"structural": ', b'"structural": 1'))
    stricter = (out / "run.yaml").read_text().replace("near:0.6", "structural")
    (out / "run.yaml").write_text(stricter)
    capsys.readouterr()
    assert run(check.app, ["data", str(out)]) == 1
    assert (
        "calls the same tools with arguments from the same sources as line 1 [duplicate]"
        in capsys.readouterr().out
    )
