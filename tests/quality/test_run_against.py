"""`synthesize --against`: compared with at the end of a run, which loses nothing by it."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest

from funreason_plugin import check, synthesize
from funreason_plugin.command_line import run
from tests.variants.made import ENV

WORDS = ["--env", *ENV, "--teacher", "scripted", "--turns", "1-2", "--calls", "1-2", "--num", "3"]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("against") / "out"
    assert run(synthesize.app, [*WORDS, "--out", str(out)]) == 0
    return out


@pytest.fixture
def held_out(made: Path, tmp_path: Path) -> Path:
    """A user's file with a query that the run makes, a word of it changed."""
    first = orjson.loads((made / "trajectories.jsonl").read_bytes().splitlines()[0])
    path = tmp_path / "held_out.txt"
    path.write_text(first["turns"][0]["query"] + " Thanks!\n")
    return path


@pytest.mark.slow
def test_what_overlaps_is_said_and_everything_is_written(
    made: Path, held_out: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    words = [*WORDS, "--out", str(out), "--against", str(held_out)]
    assert run(synthesize.app, [*words, "--fail-on-contamination"]) == 1
    shown = capsys.readouterr()
    (error,) = shown.err.splitlines()
    assert error.startswith(f"error: {out}: 1 of 3 records overlap with held_out.txt (")
    assert "trajectories.jsonl:1" in error
    assert (out / "trajectories.jsonl").read_bytes() == (made / "trajectories.jsonl").read_bytes()
    assert {"llamafactory", "verl", "README.md", "report.html"} <= {path.name for path in out.iterdir()}
    assert run(synthesize.app, words) == 0, "without the flag it is no failure, and nothing is made anew"
    assert "contamination: 1 of 3 records overlap with held_out.txt" in capsys.readouterr().out
    assert run(check.app, ["data", str(out)]) == 0


def test_a_file_to_compare_with_that_is_none_is_refused_at_the_start(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert run(synthesize.app, [*WORDS, "--out", str(out), "--against", str(tmp_path / "gone.jsonl")]) == 1
    assert "gone.jsonl: no such file or folder" in capsys.readouterr().err
    assert not out.exists()
