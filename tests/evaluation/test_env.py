"""`evaluate env` and `compare` over a real server: known scores, going on, what is refused, what is shown."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from aiohttp import web

from funreason_plugin import command_line
from funreason_plugin.evaluate import app
from funreason_plugin.evaluation.depth import depth
from funreason_plugin.evaluation.heldout import Rows
from funreason_plugin.tasks import Task
from funreason_plugin.trajectory import Trajectory, read
from tests.evaluation.served import from_truth, serving, truths

NOWHERE = "http://127.0.0.1:9/v1"


@pytest.fixture(scope="module")
def rows(made: Path) -> Path:
    return made / "verl/val.parquet"


@pytest.fixture(scope="module")
def held(made: Path, rows: Path) -> list[Trajectory]:
    """The trajectories of the rows, in their order."""
    known = {item.id: item for item in read(made / "trajectories.jsonl")}
    return [known[task.id] for task in Rows.read(rows).tasks]


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "eval"


def run(rows: Path, out: Path, url: str, *more: str, model: str = "tiny") -> int:
    words = ["env", str(rows), "--model", model, "--base-url", url, "--out", str(out), "--concurrency", "4"]
    return command_line.run(app, [*words, *more])


def lines(out: Path, model: str = "tiny") -> list[dict[str, Any]]:
    """The conversations of a run, sorted, without what a clock says."""
    text = (out / model / "conversations.jsonl").read_text().splitlines()
    found = sorted((json.loads(line) for line in text), key=lambda line: (line["row"], line["attempt"]))
    return [{key: value for key, value in line.items() if key != "seconds"} for line in found]


def compared(out: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((out / "comparison.json").read_text())
    return found


def without(held: list[Trajectory], *forgotten: int) -> dict[str, str]:
    """The truth, but for the first response of some rows."""
    known = truths(held, "hermes")
    for row in forgotten:
        del known[next(iter(truths([held[row]], "hermes")))]
    return known


@pytest.fixture(scope="module")
def both(held: list[Trajectory], rows: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The runs of two models: "a" fails at rows 0 and 1, "b" at row 1."""
    out = tmp_path_factory.mktemp("both")
    with (
        serving(from_truth(without(held, 0, 1)), "a") as (first, _),
        serving(from_truth(without(held, 1)), "b") as (second, _),
    ):
        assert run(rows, out, first, "--model", "b", "--base-url", second, model="a") == 0
    return out


def test_the_truth_has_every_row_in_every_group(held: list[Trajectory], rows: Path, out: Path) -> None:
    with serving(from_truth(truths(held, "hermes"))) as (url, seen):
        assert run(rows, out, url, "-n", "2", "--limit", "4") == 0
    groups = compared(out)["groups"]
    assert {name: (one["mean"], one["low"], one["high"]) for name, (one,) in groups.items()} == dict.fromkeys(
        groups, (1.0, 1.0, 1.0)
    )
    assert {name.partition(":")[0] for name in groups} == {"all", "turns", "depth", "environment", "variant"}
    assert len(lines(out)) == 8
    assert sum(line["tokens"][0] for line in lines(out)) == 10 * len(seen)  # as the server says them
    assert (out / "comparison.png").read_bytes().startswith(b"\x89PNG")


def test_a_model_that_forgets_two_rows_has_exactly_the_others(held: list[Trajectory], both: Path) -> None:
    found = lines(both, "a")
    assert [line["row"] for line in found if not line["success"]] == [0, 1]
    groups = compared(both)["groups"]
    assert groups["all"][0]["mean"] == 1 - 2 / len(held)
    for turns in (1, 2, 3):
        own = [line["success"] for line in found if len(line["turns"]) == turns]
        assert groups[f"turns: {turns}"][0]["mean"] == pytest.approx(sum(own) / len(own))
    passed = [turn["passed"] for line in found for turn in line["turns"]]
    assert groups["variant: base"][0]["mean"] == pytest.approx(sum(passed) / len(passed))


def test_two_models_are_compared_row_by_row(
    held: list[Trajectory], both: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["compare", str(both / "a"), str(both / "b"), "--out", str(tmp_path), "--by-eye", "5"]
    assert command_line.run(app, words) == 0
    assert compared(tmp_path) == compared(both)
    (gain,) = compared(both)["gains"]["all"]
    assert gain["mean"] == pytest.approx(1 / len(held))
    assert gain["low"] == 0 < gain["high"]  # row 1, which both fail, adds no noise
    said = capsys.readouterr().out
    assert "b - a" in said
    assert said.count(", attempt 0: ") == 3 and said.count(f"user:   {held[1].turns[0].query[:40]}") == 2


def test_an_interrupted_run_goes_on_and_ends_as_an_uninterrupted_one(
    held: list[Trajectory], rows: Path, out: Path, both: Path
) -> None:
    known = without(held, 1)

    def refuses(text: str, number: int) -> web.Response | tuple[str, str]:
        return web.Response(status=401) if number > 15 else (known.get(text, "I do not know."), "stop")

    with serving(refuses, "b") as (url, _):
        assert run(rows, out, url, "--concurrency", "1", model="b") == 1
    path = out / "b/conversations.jsonl"
    kept = path.read_text()
    assert 0 < kept.count("\n") < len(held)
    path.write_text(kept + kept[:40])  # as a killed run leaves it
    with serving(from_truth(known), "b") as (url, _):
        assert run(rows, out, url, model="b") == 0
    assert path.read_text().startswith(kept)
    assert lines(out, "b") == lines(both, "b")
    assert run(rows, out, NOWHERE, model="b") == 0  # nothing is missing: nobody is asked


def test_results_of_other_settings_are_refused_before_the_server_is_asked(
    rows: Path, both: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(rows, both, NOWHERE, "--temperature", "0", model="a") == 1
    error = capsys.readouterr().err
    assert "conversations of other settings (temperature 0.7, not 0.0)" in error
    assert len(error.splitlines()) == 1


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a disk that is always full")
def test_a_full_disk_is_one_line_and_the_run_goes_on(
    held: list[Trajectory], rows: Path, out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with serving(from_truth(truths(held, "hermes"))) as (url, _):
        assert run(rows, out, NOWHERE, "--limit", "1") == 1  # the settings are written, nothing is played
        (out / "tiny/conversations.jsonl").symlink_to("/dev/full")
        capsys.readouterr()
        assert run(rows, out, url, "--limit", "1") == 1
        error = capsys.readouterr().err
        assert "No space left on device; what was measured is kept" in error and len(error.splitlines()) == 1
        (out / "tiny/conversations.jsonl").unlink()
        assert run(rows, out, url, "--limit", "1") == 0


@pytest.mark.parametrize(
    "model, url, said",
    [("other", "", "--model other: the server has tiny"), ("tiny", NOWHERE, "is the server up?")],
)
def test_a_wrong_name_or_address_is_one_line_and_other_settings_may_follow(
    rows: Path, out: Path, capsys: pytest.CaptureFixture[str], model: str, url: str, said: str
) -> None:
    with serving(from_truth({})) as (here, seen):
        assert run(rows, out, url or here, model=model) == 1
        assert run(rows, out, url or here, "--limit", "1", model=model) == 1
    errors = capsys.readouterr().err.splitlines()
    assert len(errors) == 2 and all(said in error for error in errors) and not seen


def other_version(rows: Path, path: Path) -> None:
    found = pq.read_table(rows).to_pylist()
    found[-1]["extra_info"]["schema_version"] = 7
    pq.write_table(pa.Table.from_pylist(found), path)


def text(rows: Path, path: Path) -> None:
    path.write_text("{}")


def of_others(rows: Path, path: Path) -> None:
    pq.write_table(pa.table({"prompt": ["Hi"]}), path)


def without_rows(rows: Path, path: Path) -> None:
    pq.write_table(pq.read_table(rows).slice(0, 0), path)


def a_folder(rows: Path, path: Path) -> None:
    path.mkdir()
    shutil.copy(rows, path / "train.parquet")
    shutil.copy(rows, path / "val.parquet")


@pytest.mark.parametrize(
    "write, said",
    [
        (other_version, "extra_info.schema_version is 7; this release reads 1"),
        (text, "rows.parquet: "),
        (of_others, "row 0: column extra_info is missing"),
        (without_rows, "rows.parquet: no rows"),
        (a_folder, "rows.parquet: a folder; expected a parquet file"),
        (lambda rows, path: None, "rows.parquet: no such file"),
    ],
)
def test_a_file_of_another_kind_is_one_line_before_any_work(
    rows: Path, tmp_path: Path, out: Path, capsys: pytest.CaptureFixture[str], write: Any, said: str
) -> None:
    path = tmp_path / "rows.parquet"
    write(rows, path)
    assert run(path, out, NOWHERE) == 1
    error = capsys.readouterr().err
    assert said in error and len(error.splitlines()) == 1
    assert not out.exists()


def test_runs_that_cannot_be_compared_are_one_line(
    both: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(both, tmp_path, dirs_exist_ok=True)
    first, second = str(tmp_path / "a"), str(tmp_path / "b")
    settings = tmp_path / "b/run.json"
    settings.write_text(settings.read_text().replace('"rows": "', '"rows": "0'))
    assert command_line.run(app, ["compare", first, second]) == 1
    path = tmp_path / "a/conversations.jsonl"
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:2]))
    assert command_line.run(app, ["compare", first]) == 1
    assert command_line.run(app, ["compare", str(tmp_path)]) == 1
    errors = capsys.readouterr().err.splitlines()
    said = (f"{second}: other rows than", f"{first}: half-finished, 2 of", f"{tmp_path}: has no run.json")
    assert len(errors) == 3 and all(part in error for part, error in zip(said, errors, strict=True))


def test_the_depth_found_by_value_is_that_of_the_provenance(held: list[Trajectory], rows: Path) -> None:
    for trajectory, task in zip(held, Rows.read(rows).tasks, strict=True):
        known: list[list[int]] = []
        for turn in trajectory.turns:
            known.append([])
            for call in turn.calls():
                sources = [one for one in call.provenance.values() if one.source == "output"]
                known[-1].append(1 + max((known[one.turn or 0][one.call or 0] for one in sources), default=0))
        assert depth(task) == max(own for turn in known for own in turn)


def test_one_response_of_each_row_is_scored_by_what_it_was_to_be(
    made: Path, held: list[Trajectory], out: Path, tmp_path: Path
) -> None:
    from funreason_plugin.convert import app as convert

    words = [
        "--from",
        "trajectories",
        "--to",
        "verl",
        "--verl-rows",
        "response",
        "--out",
        str(tmp_path / "rl"),
    ]
    assert command_line.run(convert, [*words, str(made)]) == 0
    path = tmp_path / "rl/verl/val.parquet"
    known = truths(held, "hermes")
    with serving(from_truth(known)) as (url, seen):
        assert run(path, out, url, "--limit", "6") == 0
    assert len(seen) == 6
    groups = compared(out)["groups"]
    assert {name: one["mean"] for name, (one,) in groups.items() if name.startswith("resp")} == {
        "response: answer": 1.0, "response: calls": 1.0,
    }  # fmt: skip
    first = Task.of_row(pq.read_table(path).slice(0, 1).to_pylist()[0])
    assert seen[0]["prompt"] in known and first.at == (0, 0)
