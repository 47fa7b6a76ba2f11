"""BFCL's entries become trajectories by execution, and are never rows for fine-tuning."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from funreason_plugin.checks.replay import replay
from funreason_plugin.command_line import run
from funreason_plugin.convert import app
from funreason_plugin.converting.refusal import Refused
from funreason_plugin.converting.running import Job, convert
from funreason_plugin.environments.bfcl.entries import CATEGORIES, entry_ids, load_entry
from funreason_plugin.formats import FormatOptions, verl
from funreason_plugin.tasks import Task
from funreason_plugin.trajectory import read as read_trajectories
from tests.convert.published import read

bfcl_eval = pytest.importorskip("bfcl_eval")
DATA = Path(bfcl_eval.__file__).parent / "data"


def entry(category: str, number: int = 0) -> dict[str, Any]:
    lines = (DATA / f"BFCL_v4_multi_turn_{category}.json").read_text().splitlines()
    row: dict[str, Any] = json.loads(lines[number])
    return row


@pytest.mark.parametrize("category, number", [("base", 0), ("miss_param", 3), ("long_context", 150)])
def test_an_entry_is_executed_and_can_be_replayed(category: str, number: int) -> None:
    record = entry(category, number)
    trajectory = read("bfcl", record).trajectory
    assert trajectory is not None
    assert replay(trajectory) == []
    assert [turn.query for turn in trajectory.turns] == [turn[0]["content"] for turn in record["question"]]
    assert trajectory.labels == ["benchmark:bfcl", "in-domain:bfcl"]
    assert all(call.output is not None or call.name for turn in trajectory.turns for call in turn.calls())


def test_nothing_is_claimed_that_bfcl_does_not_say() -> None:
    trajectory = read("bfcl", entry("base")).trajectory
    assert trajectory is not None
    for turn in trajectory.turns:
        assert (turn.answer, turn.thought, turn.needed) == ("", None, [])
        assert all(step.thought is None and not call.provenance for step in turn.steps for call in step.calls)
    assert trajectory.made_by == {
        "truth": {"teacher": "bfcl-eval", "model": trajectory.versions["bfcl-eval"]}
    }


def test_a_turn_that_lacks_a_parameter_has_an_empty_truth() -> None:
    trajectory = read("bfcl", entry("miss_param")).trajectory
    assert trajectory is not None
    empty = [turn for turn in trajectory.turns if not turn.steps]
    assert [turn.variant for turn in empty] == ["miss_param"]


def test_a_withheld_tool_is_offered_by_a_later_query() -> None:
    record = entry("miss_func", 1)
    ((turn, names),) = record["missed_function"].items()
    example = read("bfcl", record)
    assert example.trajectory is not None and example.withheld == {int(turn): tuple(names)}
    (row,) = verl.rows(example.trajectory, FormatOptions("bfcl", prompt_form="card"), example.withheld)
    task = Task.of_row(row)
    assert set(names) <= task.offered and not set(names) & {tool["function"]["name"] for tool in task.tools}
    for number, made in enumerate(task.turns):
        assert made.withheld == (tuple(names) if number < int(turn) else ())
    functions = [tool["function"] for tool in example.trajectory.tools if tool["function"]["name"] in names]
    prompts = pytest.importorskip("bfcl_eval.constants.default_prompts")
    offer = prompts.DEFAULT_USER_PROMPT_FOR_ADDITIONAL_FUNCTION_PROMPTING.format(functions=functions)
    assert task.turns[int(turn)].query == offer
    assert [made.variant for made in task.turns].count("miss_func") == 1


def test_an_entry_whose_tools_change_is_no_trajectory(tmp_path: Path) -> None:
    record = entry("miss_func")
    with pytest.raises(Refused, match="missed_function: not as in the installed bfcl-eval"):
        read("bfcl", {key: value for key, value in record.items() if key != "missed_function"})
    file = tmp_path / "one.json"
    file.write_text(json.dumps(record))
    report = convert(Job("bfcl", "trajectories", [file], tmp_path / "made"))
    ((field, reason),) = report.reasons
    assert (field, reason) == ("missed_function", "the tools offered change during the conversation")


def test_an_entry_that_was_changed_is_refused() -> None:
    record = entry("base")
    record["question"][0][0]["content"] += " Please."
    with pytest.raises(Refused, match="question: not as in the installed bfcl-eval"):
        read("bfcl", record)
    with pytest.raises(Refused, match="not a multi-turn entry"):
        read("bfcl", {**record, "id": "simple_python_0"})


def test_trajectories_and_rows_for_verl(tmp_path: Path) -> None:
    file = tmp_path / "some.json"
    file.write_text(
        "".join(json.dumps(entry(part, 7)) + "\n" for part in ("base", "miss_func", "miss_param"))
    )
    made = convert(Job("bfcl", "trajectories", [file], tmp_path / "made"))
    assert (made.converted, made.refused) == (2, 1)
    for trajectory in read_trajectories(tmp_path / "made" / "trajectories.jsonl"):
        assert replay(trajectory) == []
    convert(Job("bfcl", "verl", [file], tmp_path / "rl"))
    rows = pq.read_table(tmp_path / "rl" / "verl" / "train.parquet").to_pylist()
    assert [row["data_source"] for row in rows] == ["bfcl"] * 3
    assert [Task.of_row(row).rule for row in rows] == ["bfcl"] * 3
    assert "benchmark:bfcl" in (tmp_path / "rl" / "README.md").read_text()


@pytest.mark.slow
def test_every_entry_is_a_task_that_offers_what_bfcl_offers(tmp_path: Path) -> None:
    files = [DATA / f"BFCL_v4_multi_turn_{category}.json" for category in CATEGORIES]
    convert(Job("bfcl", "verl", files, tmp_path / "rl", prompt_form="card"))
    rows = pq.read_table(tmp_path / "rl" / "verl" / "train.parquet").to_pylist()
    tasks = [Task.of_row(row) for row in rows]
    assert [task.id.partition(":")[2] for task in tasks] == entry_ids()
    for task in tasks:
        known = load_entry(task.id.partition(":")[2])
        for number, turn in enumerate(task.turns):
            assert task.offered - set(turn.withheld) == set(known.offered(number))
            assert [(call.name, call.arguments) for call in turn.calls()] == [*known.truth[number]]
            assert turn.query


def test_rows_by_response_are_not_made_of_the_benchmark(tmp_path: Path) -> None:
    file = tmp_path / "some.json"
    file.write_text(json.dumps(entry("base")) + "\n")
    convert(Job("bfcl", "trajectories", [file], tmp_path / "made"))
    job = Job("trajectories", "verl", [tmp_path / "made"], tmp_path / "rows", verl_rows="response")
    assert [field for field, _ in convert(job).reasons] == ["labels"]


@pytest.mark.parametrize("target", ["llamafactory", "openai"])
def test_no_rows_for_fine_tuning(target: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "some.json"
    file.write_text(json.dumps(entry("base")) + "\n")
    out = tmp_path / "out"
    assert run(app, ["--from", "bfcl", "--to", target, "--out", str(out), str(file)]) == 1
    error = capsys.readouterr().err
    assert error.count("\n") == 1 and "is the benchmark itself" in error
    assert not out.exists()


def test_nor_by_way_of_trajectories(tmp_path: Path) -> None:
    file = tmp_path / "some.json"
    file.write_text(json.dumps(entry("base")) + "\n")
    convert(Job("bfcl", "trajectories", [file], tmp_path / "made"))
    report = convert(Job("trajectories", "llamafactory", [tmp_path / "made"], tmp_path / "rows"))
    assert (report.converted, report.refused) == (0, 1)
