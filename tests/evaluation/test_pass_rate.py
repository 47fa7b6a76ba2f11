"""`evaluate pass-rate` over a real server: rates, what is selected, going on, and what is refused."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from aiohttp import web

from funreason_plugin import command_line
from funreason_plugin.conversation import history
from funreason_plugin.evaluate import app
from funreason_plugin.rendering import prompt
from funreason_plugin.tasks import Task
from funreason_plugin.trajectory import Trajectory, read
from tests.evaluation.served import from_truth, serving, truths


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pass") / "out"
    command = [
        sys.executable,
        "-m",
        "funreason_plugin.synthesize",
        "--env",
        "files",
        "--num",
        "12",
        "--turns",
        "1-3",
    ]
    subprocess.run([*command, "--teacher", "scripted", "--out", str(folder)], check=True, capture_output=True)
    return folder


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "out"))


def trained(folder: Path) -> list[Trajectory]:
    return [item for item in read(folder / "trajectories.jsonl") if item.split == "train"]


def run(folder: Path, url: str, *more: str, model: str = "tiny") -> int:
    """The exit status of the command."""
    command = ["pass-rate", str(folder), "--model", model, "--base-url", url, "-n", "2", "--concurrency", "4"]
    return command_line.run(app, [*command, *more])


def test_the_truth_passes_every_row(folder: Path) -> None:
    with serving(from_truth(truths(trained(folder), "hermes"))) as (url, _):
        done = run(folder, url, "--high", "1")
    assert done == 0
    lines = [json.loads(line) for line in (folder / "verl/pass_rates.jsonl").read_text().splitlines()]
    assert [line["success"] for line in lines] == [1.0] * 2 * len(trained(folder))
    selected = pq.read_table(folder / "verl/train-selected.parquet")
    assert selected.equals(pq.read_table(folder / "verl/train.parquet"))


def test_rows_that_always_or_never_pass_are_left_out(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    always, _never, mixed, *_ = trained(folder)
    known = truths([always, mixed], "hermes")
    first = next(iter(truths([mixed], "hermes")))
    asked = []

    def answer(text: str, number: int) -> tuple[str, str]:
        if text == first:
            asked.append(number)
            if len(asked) == 1:
                return "No.", "stop"
        return known.get(text, "No."), "stop"

    with serving(answer) as (url, _):
        done = run(folder, url, "--limit", "3")
    assert done == 0
    selected = pq.read_table(folder / "verl/train-selected.parquet").to_pylist()
    assert [row["extra_info"]["id"] for row in selected] == [mixed.id]
    unmeasured = len(trained(folder)) - 3
    assert (
        f"1 rows; left out 1 too hard, 1 too easy, {unmeasured} not measured"
        in capsys.readouterr().out.replace("\n", " ")
    )


def test_a_second_run_asks_for_what_is_missing_only(folder: Path) -> None:
    with serving(from_truth(truths(trained(folder), "hermes"))) as (url, seen):
        assert run(folder, url) == 0
        first = len(seen)
        path = folder / "verl/pass_rates.jsonl"
        lines = path.read_text().splitlines(keepends=True)
        path.write_text("".join(lines[:-1]) + lines[-1][:7])  # as after a kill
        assert run(folder, url) == 0
        assert 0 < len(seen) - first < first / 4
    assert run(folder, "http://127.0.0.1:9/v1") == 0  # nothing is missing: nobody is asked


def test_rates_of_another_model_are_not_mixed_in(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with serving(from_truth(truths(trained(folder), "hermes"))) as (url, _):
        assert run(folder, url, "--limit", "1") == 0
        done = run(folder, url, "--limit", "1", "--temperature", "1")
    assert done == 1
    assert (
        "pass_rates.jsonl:1: measured with another model, sampling or other rows" in capsys.readouterr().err
    )


def test_a_conversation_that_fills_the_context_fails_and_the_rest_goes_on(folder: Path) -> None:
    known = truths(trained(folder), "hermes")
    full = next(iter(known))

    def answer(text: str, number: int) -> web.Response | tuple[str, str]:
        if text == full:
            message = "This model's maximum context length is 100 tokens."
            return web.json_response({"error": {"message": message}}, status=400)
        return known[text], "stop"

    with serving(answer) as (url, _):
        assert run(folder, url) == 0
    lines = [json.loads(line) for line in (folder / "verl/pass_rates.jsonl").read_text().splitlines()]
    assert {line["row"] for line in lines if not line["success"]} == {0}


@pytest.mark.parametrize(
    "model, url, said",
    [
        ("other", "", "--model other: the server has tiny"),
        ("tiny", "http://127.0.0.1:9/v1", "is the server up?"),
    ],
)
def test_a_wrong_name_or_address_is_one_line(
    folder: Path, capsys: pytest.CaptureFixture[str], model: str, url: str, said: str
) -> None:
    with serving(from_truth({})) as (here, _):
        done = run(folder, url or here, model=model)
    assert done == 1
    error = capsys.readouterr().err
    assert said in error and len(error.strip().splitlines()) == 1


def test_a_folder_without_rows_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    done = run(tmp_path, "http://127.0.0.1:9/v1")
    assert done == 1
    assert "train.parquet: no such file" in capsys.readouterr().err


def test_prompts_are_those_of_training(folder: Path) -> None:
    row = pq.read_table(folder / "verl/train.parquet").to_pylist()[0]
    task = Task.of_row(row)
    with serving(from_truth({})) as (url, seen):
        assert run(folder, url, "--limit", "1") == 0
    assert seen[0]["prompt"] == prompt(history(task, 0), "hermes")
