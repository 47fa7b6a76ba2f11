"""`evaluate pass-rate` over a real server: rates, what is selected, going on, and what is refused."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from aiohttp import web

from funreason_plugin import command_line
from funreason_plugin.conversation import history
from funreason_plugin.evaluate import app
from funreason_plugin.rendering import prompt
from funreason_plugin.tasks import Task
from funreason_plugin.trajectory import Trajectory, read
from tests.convert.conversions import convert_rows
from tests.convert.published import hermes
from tests.evaluation.served import from_truth, serving, truths


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
        assert run(folder, url, "--high", "1") == 0
        first = len(seen)
        path = folder / "verl/pass_rates.jsonl"
        lines = path.read_text().splitlines(keepends=True)
        path.write_text("".join(lines[:-1]) + lines[-1][:7])  # as after a kill
        assert run(folder, url, "--high", "1") == 0
        assert 0 < len(seen) - first < first / 4
    assert run(folder, "http://127.0.0.1:9/v1", "--high", "1") == 0  # nothing is missing: nobody is asked


def test_rates_of_another_model_are_not_mixed_in(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with serving(from_truth(truths(trained(folder), "hermes"))) as (url, _):
        assert run(folder, url, "--limit", "1", "--high", "1") == 0
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
        assert run(folder, url, "--high", "1") == 0
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


def test_more_attempts_are_added_to_those_there(folder: Path) -> None:
    with serving(from_truth(truths(trained(folder), "hermes"))) as (url, seen):
        assert run(folder, url, "--limit", "3", "-n", "1", "--high", "1") == 0
        first = len(seen)
        assert run(folder, url, "--limit", "3", "-n", "3", "--high", "1") == 0
        assert len(seen) == 3 * first
    lines = [json.loads(line) for line in (folder / "verl/pass_rates.jsonl").read_text().splitlines()]
    assert sorted((line["row"], line["attempt"]) for line in lines) == [
        (row, attempt) for row in range(3) for attempt in range(3)
    ]


def test_rates_of_other_rows_with_the_same_ids_are_not_mixed_in(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = folder / "verl/train.parquet"
    with serving(from_truth(truths(trained(folder), "hermes"))) as (url, _):
        assert run(folder, url, "--limit", "1", "--high", "1") == 0
        rows = pq.read_table(path).to_pylist()
        rows[0]["extra_info"]["queries"] = rows[0]["extra_info"]["queries"].replace("a", "e")
        pq.write_table(pa.Table.from_pylist(rows), path)
        assert run(folder, url, "--limit", "1", "--high", "1") == 1
    assert "measured with another model, sampling or other rows" in capsys.readouterr().err


@pytest.mark.parametrize(
    "written", ["no json\n", "[]\n", '{"row": -1}\n', "\udcff\n", '{"row": 1e999}\n', "[" * 100_000]
)
def test_a_file_that_is_none_is_one_line(
    folder: Path, capsys: pytest.CaptureFixture[str], written: str
) -> None:
    path = folder / "verl/pass_rates.jsonl"
    path.write_bytes(written.encode("utf-8", "surrogateescape"))
    assert run(folder, "http://127.0.0.1:9/v1") == 1
    assert capsys.readouterr().err == f"error: {path}:1: not a file of pass rates; move it away\n"


def test_without_a_terminal_there_are_lines(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with serving(from_truth(truths(trained(folder), "hermes"))) as (url, _):
        assert run(folder, url, "--limit", "2", "--high", "1") == 0
    lines = re.findall(r"^(\d)/4 attempts, [\d.]+/s$", capsys.readouterr().out, re.MULTILINE)
    assert lines == ["0", "1", "2", "3", "4"]


def test_when_no_row_is_left_nothing_is_written(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with serving(from_truth({})) as (url, _):
        assert run(folder, url, "--limit", "2") == 1
    assert "no row has a pass rate from 0.01 to 0.99: 2 are below, 0 above" in capsys.readouterr().err
    assert not (folder / "verl/train-selected.parquet").exists()


def test_rows_of_calls_alone_are_measured(tmp_path: Path) -> None:
    convert_rows(tmp_path, "hermes", [hermes()], "verl")
    answer = '<tool_call>\n{"name": "weather", "arguments": {"city": "Oslo"}}\n</tool_call>'
    with serving(lambda text, number: (answer, "stop")) as (url, _):
        assert run(tmp_path / "out", url, "--high", "1") == 0
    lines = (tmp_path / "out/verl/pass_rates.jsonl").read_text().splitlines()
    assert [json.loads(line)["success"] for line in lines] == [1.0, 1.0]


def test_a_fault_of_the_server_is_no_failure_of_the_model(folder: Path) -> None:
    known = truths(trained(folder), "hermes")

    def answer(text: str, number: int) -> web.Response | tuple[str, str]:
        return web.Response(status=500) if number == 2 else (known[text], "stop")

    with serving(answer) as (url, _):
        assert run(folder, url, "--limit", "2", "--high", "1") == 0
    lines = [json.loads(line) for line in (folder / "verl/pass_rates.jsonl").read_text().splitlines()]
    assert [line["success"] for line in lines] == [1.0] * 4


def test_what_was_measured_before_a_refusal_is_kept(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    known = truths(trained(folder), "hermes")

    def refuses(text: str, number: int) -> web.Response | tuple[str, str]:
        return web.Response(status=401, text="no") if number > 20 else (known[text], "stop")

    with serving(refuses) as (url, _):
        assert run(folder, url, "--concurrency", "1") == 1
    assert "Error code: 401" in capsys.readouterr().err
    kept = (folder / "verl/pass_rates.jsonl").read_text().splitlines()
    assert kept
    with serving(from_truth(known)) as (url, _):
        assert run(folder, url, "--high", "1") == 0
    lines = (folder / "verl/pass_rates.jsonl").read_text().splitlines()
    assert lines[: len(kept)] == kept
    assert len(lines) == 2 * len(trained(folder))


@pytest.mark.slow
def test_an_interrupt_keeps_what_was_measured_and_the_next_run_goes_on(folder: Path) -> None:
    known = truths(trained(folder), "hermes")
    path = folder / "verl/pass_rates.jsonl"

    gone = threading.Event()

    async def hangs(text: str, number: int) -> tuple[str, str]:
        while number > 20 and not gone.is_set():
            await asyncio.sleep(0.05)
        return known[text], "stop"

    with serving(hangs) as (url, _):
        words = [
            "pass-rate",
            str(folder),
            "--model",
            "tiny",
            "--base-url",
            url,
            "-n",
            "2",
            "--concurrency",
            "1",
        ]
        command = [sys.executable, "-m", "funreason_plugin.evaluate", *words]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
            while process.poll() is None and not (path.exists() and path.stat().st_size):
                time.sleep(0.05)
            process.send_signal(signal.SIGINT)
            _, error = process.communicate(timeout=60)
        gone.set()
    assert (process.returncode, error) == (
        130,
        "error: interrupted; what was measured is kept, the same command goes on\n",
    )
    kept = path.read_text()
    assert kept.endswith("\n")
    with serving(from_truth(known)) as (url, _):
        assert run(folder, url, "--high", "1") == 0
    assert path.read_text().startswith(kept)
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert [line["success"] for line in lines] == [1.0] * 2 * len(trained(folder))
    assert len({(line["row"], line["attempt"]) for line in lines}) == len(lines)


def test_prompts_are_those_of_training(folder: Path) -> None:
    row = pq.read_table(folder / "verl/train.parquet").to_pylist()[0]
    task = Task.of_row(row)
    with serving(from_truth({})) as (url, seen):
        run(folder, url, "--limit", "1")
    assert seen[0]["prompt"] == prompt(history(task, 0), "hermes")
