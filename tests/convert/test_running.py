"""A conversion as a whole: the folder it writes, what it counts, how it ends; our trajectories to everything."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from funreason_plugin import cli
from funreason_plugin.command_line import run
from funreason_plugin.conversation import history
from funreason_plugin.converting import reading, running
from funreason_plugin.converting.running import Job, convert
from funreason_plugin.errors import UserError
from funreason_plugin.formats import FormatOptions, encode_chunk
from funreason_plugin.formats.llamafactory import table
from funreason_plugin.formats.options import VerlRows
from funreason_plugin.messages import of_trajectory
from funreason_plugin.rendering import PromptForm, prompt
from funreason_plugin.tasks import Task
from funreason_plugin.trajectory import certify, dumps, loads
from tests.checks.desk import conversation
from tests.convert.conversions import convert_rows, messages_of, refusals, rows_of
from tests.core.chat import rendered

CHAT = {"messages": [{"role": "user", "content": "Hi."}, {"role": "assistant", "content": "Hello."}]}
BAD = {"messages": [{"role": "user", "content": "Hi."}]}
NAME = "funreason_scripted"


@pytest.fixture
def run_folder(tmp_path: Path) -> Path:
    """The folder of a run with eight trajectories, two of them for validation."""
    folder = tmp_path / "run"
    folder.mkdir()
    made = [conversation(seed, "val" if seed % 4 == 3 else "train") for seed in range(8)]
    for trajectory in made:
        trajectory.made_by = {"reasoning": {"teacher": "scripted", "model": "1"}}
        trajectory.certificate = certify(trajectory)
    (folder / "trajectories.jsonl").write_bytes(b"".join(map(dumps, made)))
    return folder


def command(*words: str | Path) -> int:
    return run(cli.app, ["convert", *map(str, words)], "funreason")


# ---------------------------------------------------------------------------------- trajectories to each target


@pytest.mark.parametrize("form", ["hermes", "funreason", "card"])
def test_rows_of_llamafactory_are_those_of_the_run_also_by_way_of_openai(
    tmp_path: Path, run_folder: Path, form: PromptForm
) -> None:
    def job(source: str, target: str, given: Path, out: str) -> Job:
        return Job(source, target, [given], tmp_path / out, dataset=NAME, prompt_form=form)

    convert(job("trajectories", "llamafactory", run_folder, "one"))
    convert(job("trajectories", "openai", run_folder, "chat"))
    convert(job("openai", "llamafactory", tmp_path / "chat/openai", "two"))
    made = [loads(line) for line in (run_folder / "trajectories.jsonl").read_bytes().splitlines()]
    for split, dataset in (("train", NAME), ("val", f"{NAME}_val")):
        pairs = [(one.id, of_trajectory(one)) for one in made if one.split == split]
        expected = table(pairs, FormatOptions(NAME, prompt_form=form)).to_pylist()
        assert rows_of(tmp_path / "one/llamafactory" / dataset) == expected
        assert rows_of(tmp_path / "two/llamafactory" / dataset) == expected
    info = json.loads((tmp_path / "one/llamafactory/dataset_info.json").read_text())
    assert list(info) == [NAME, f"{NAME}_val"]


def test_rows_of_verl_are_those_of_the_run(tmp_path: Path, run_folder: Path) -> None:
    convert(Job("trajectories", "verl", [run_folder], tmp_path / "out"))
    lines = (run_folder / "trajectories.jsonl").read_bytes().splitlines()
    parts = encode_chunk(lines, FormatOptions(NAME))
    for split in ("train", "val"):
        (tmp_path / "expected.parquet").write_bytes(parts[f"verl/{split}"])
        expected = pq.read_table(tmp_path / "expected.parquet").to_pylist()
        assert pq.read_table(tmp_path / f"out/verl/{split}.parquet").to_pylist() == expected
    assert expected[0]["extra_info"]["kind"] == "trajectory"


def test_rows_of_two_runs_have_different_names(tmp_path: Path, run_folder: Path) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other/trajectories.jsonl").write_bytes(dumps(conversation(0)))
    convert(Job("trajectories", "verl", [run_folder, tmp_path / "other"], tmp_path / "out", dataset="all"))
    names = [
        row["extra_info"]["id"] for row in pq.read_table(tmp_path / "out/verl/train.parquet").to_pylist()
    ]
    assert (names[0], names[-1]) == ("1:0-0", "2:0-0") and len(set(names)) == len(names) == 7


@pytest.mark.parametrize("kind", ["response", "both"])
def test_rows_by_response_can_be_made_of_trajectories(
    tmp_path: Path, run_folder: Path, kind: VerlRows
) -> None:
    assert (
        command(
            "--from",
            "trajectories",
            "--to",
            "verl",
            "--verl-rows",
            kind,
            "--out",
            tmp_path / "out",
            run_folder,
        )
        == 0
    )
    lines = (run_folder / "trajectories.jsonl").read_bytes().splitlines()
    (tmp_path / "expected.parquet").write_bytes(
        encode_chunk(lines, FormatOptions(NAME, verl_rows=kind))["verl/train"]
    )
    rows = pq.read_table(tmp_path / "out/verl/train.parquet").to_pylist()
    assert rows == pq.read_table(tmp_path / "expected.parquet").to_pylist()
    assert len(rows) == 6 * (7 if kind == "response" else 8)
    assert f"--verl-rows {kind}" in (tmp_path / "out/README.md").read_text()


def test_trajectories_come_out_as_they_went_in(tmp_path: Path, run_folder: Path) -> None:
    convert(Job("trajectories", "trajectories", [run_folder], tmp_path / "out"))
    before = (run_folder / "trajectories.jsonl").read_bytes()
    assert (tmp_path / "out/trajectories.jsonl").read_bytes() == before


def test_a_changed_or_broken_trajectory_is_refused(tmp_path: Path, run_folder: Path) -> None:
    rows = [json.loads(line) for line in (run_folder / "trajectories.jsonl").read_bytes().splitlines()[:4]]
    rows[0]["turns"][0]["query"] += " Please."
    rows[1]["turnz"] = rows[1].pop("turns")
    rows[2]["turns"][0]["steps"][0]["calls"][0]["arguments"] = {"x": 2**70}
    convert_rows(tmp_path, "trajectories", rows)
    assert refusals(tmp_path) == [
        ("certificate", "does not fit: the record was changed after it was made"),
        ("turns", "not a trajectory"),
        ("record", "not a trajectory"),
    ]


def test_scripted_trajectories_are_not_mixed_with_a_model_s(tmp_path: Path) -> None:
    rows = []
    for seed, teacher in enumerate(("openai", "scripted")):
        trajectory = conversation(seed)
        trajectory.made_by = {"reasoning": {"teacher": teacher, "model": "1"}}
        trajectory.certificate = certify(trajectory)
        rows.append(json.loads(dumps(trajectory)))
    report = convert_rows(tmp_path, "trajectories", rows, "llamafactory")
    assert (report.dataset, report.converted, report.refused) == ("funreason", 1, 1)


def test_what_cannot_be_executed_has_a_row_of_verl_for_each_response_with_calls(
    tmp_path: Path, run_folder: Path
) -> None:
    convert(Job("trajectories", "openai", [run_folder], tmp_path / "chat", limit=1))
    report = convert(Job("openai", "verl", [tmp_path / "chat"], tmp_path / "out"))
    rows = pq.read_table(tmp_path / "out/verl/train.parquet").to_pylist()
    trajectory = loads((run_folder / "trajectories.jsonl").read_bytes().splitlines()[0])
    steps = [step for turn in trajectory.turns for step in turn.steps]
    assert report.rows == {"train": len(steps)}
    for row, step in zip(rows, steps, strict=True):
        task = Task.of_row(row)
        assert (task.kind, task.rule, task.at, task.environments) == ("response", "calls", (0, 0), ())
        (turn,) = task.turns
        assert [(call.name, call.arguments) for call in turn.calls()] == [
            (call.name, call.arguments) for call in step.calls
        ]
        before = prompt(history(task, 0), "hermes")
        assert before == rendered("hermes", row["prompt"], add_generation_prompt=True)
    assert "<tool_call>" in rows[-1]["prompt"][2]["content"]
    assert rows[-1]["prompt"][3]["content"].startswith("<tool_response>\n")


def test_a_conversation_without_calls_is_refused_for_verl(tmp_path: Path) -> None:
    report = convert_rows(tmp_path, "openai", [CHAT], "verl")
    assert report.converted == 0
    assert refusals(tmp_path) == [("messages", "no response has calls, so there is nothing to be judged")]


def test_a_name_that_python_cannot_write_is_refused_in_the_form_that_needs_it(tmp_path: Path) -> None:
    call = {"id": "a", "function": {"name": "get-zip", "arguments": "{}"}}
    row = {"messages": [CHAT["messages"][0], {"role": "assistant", "tool_calls": [call]}]}
    assert convert_rows(tmp_path, "openai", [row], "llamafactory").converted == 1
    report = convert_rows(tmp_path, "openai", [row], "llamafactory", prompt_form="funreason", force=True)
    ((field, reason),) = report.reasons
    assert (field, reason) == ("conversation.messages[*].calls", "cannot be written in the form 'funreason'")


# ------------------------------------------------------------------------------------ the folder and the counts


def test_every_record_is_converted_or_named(tmp_path: Path) -> None:
    report = convert_rows(tmp_path, "openai", [CHAT, BAD, CHAT, 7, 7])
    assert (report.read, report.converted, report.refused) == (5, 2, 3)
    lines = [json.loads(line) for line in (tmp_path / "out/refused.jsonl").read_text().splitlines()]
    assert [line["place"] for line in lines] == [f"{tmp_path}/in.jsonl:{number}" for number in (2, 4, 5)]
    (most, (count, first)), _ = report.most_frequent()
    assert most == ("record", "not an object") and count == 2 and ":4 record" in first


def test_the_card_says_source_licence_counts_and_command(tmp_path: Path) -> None:
    row = {"query": "q", "tools": "[]", "answers": '[{"name": "f", "arguments": {}}]'}
    convert_rows(tmp_path, "apigen", [row, BAD], "llamafactory", limit=2)
    card = (tmp_path / "out/README.md").read_text()
    for part in (
        "Licence of the source: CC-BY-4.0",
        "2 records read, 1 converted, 1 refused",
        "python -m funreason_plugin.convert --from apigen --to llamafactory --out out --limit 2 in.jsonl",
        "| 1 | answers | missing |",
    ):
        assert part in card
    data = json.loads((tmp_path / "out/conversion.json").read_text())
    assert (data["from"], data["converted"], data["rows"]) == ("apigen", 1, {"train": 1})


@pytest.mark.parametrize("target", ["llamafactory", "openai"])
def test_the_same_conversion_gives_the_same_bytes(tmp_path: Path, target: str) -> None:
    found = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        convert_rows(tmp_path / name, "openai", [CHAT] * 30, target, val_share=0.3)
        out = tmp_path / name / "out"
        found.append({file.relative_to(out): file.read_bytes() for file in out.rglob("*") if file.is_file()})
    assert found[0] == found[1] and len(found[0]) >= 5


def test_an_id_that_occurs_again_is_refused(tmp_path: Path) -> None:
    convert_rows(tmp_path, "openai", [{**CHAT, "id": "a"}, {**CHAT, "id": "b"}, {**CHAT, "id": "a"}, CHAT])
    assert refusals(tmp_path) == [("id", "occurs a second time")]
    assert [row["id"] for row in messages_of(tmp_path)] == ["a", "b", "row-4"]


def test_ids_of_several_inputs_are_told_apart(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / f"{name}.jsonl").write_text(json.dumps({**CHAT, "id": 1}))
    convert(Job("openai", "openai", [tmp_path / "a.jsonl", tmp_path / "b.jsonl"], tmp_path / "out"))
    assert [row["id"] for row in messages_of(tmp_path)] == ["1:1", "2:1"]


def test_a_share_is_drawn_for_validation_by_id_and_seed(tmp_path: Path) -> None:
    rows = [{**CHAT, "id": str(number)} for number in range(400)]
    drawn = []
    for seed, order in ((0, rows), (0, rows[::-1]), (1, rows)):
        convert_rows(tmp_path, "openai", order, val_share=0.25, seed=seed, force=True)
        drawn.append({row["id"] for row in messages_of(tmp_path, "val")})
    assert drawn[0] == drawn[1] != drawn[2] and 70 < len(drawn[0]) < 130


def test_what_the_source_has_for_validation_stays_there(tmp_path: Path, run_folder: Path) -> None:
    report = convert(Job("trajectories", "openai", [run_folder], tmp_path / "out", val_share=0.0))
    assert report.rows == {"train": 6, "val": 2}


def test_a_file_named_validation_is_for_validation(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    for name in ("train-00000-of-00001", "validation-00000-of-00001", "values"):
        (tmp_path / f"data/{name}.jsonl").write_text(json.dumps({**CHAT, "id": name}))
    report = convert(Job("openai", "openai", [tmp_path / "data"], tmp_path / "out"))
    assert report.rows == {"train": 2, "val": 1}
    assert messages_of(tmp_path, "val")[0]["id"].startswith("validation")


def test_an_existing_folder_is_left_alone(tmp_path: Path) -> None:
    convert_rows(tmp_path, "openai", [CHAT])
    before = (tmp_path / "out/openai/train.jsonl").read_bytes()
    with pytest.raises(UserError, match="exists; --force"):
        convert_rows(tmp_path, "openai", [CHAT, CHAT])
    assert (tmp_path / "out/openai/train.jsonl").read_bytes() == before
    convert_rows(tmp_path, "openai", [CHAT, CHAT], force=True)
    assert len(messages_of(tmp_path)) == 2


def test_force_replaces_nothing_but_conversions(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out/thesis.tex").write_text("x")
    with pytest.raises(UserError, match="not written by a conversion"):
        convert_rows(tmp_path, "openai", [CHAT], force=True)
    assert (tmp_path / "out/thesis.tex").exists()


def test_a_conversion_that_is_stopped_leaves_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    convert_rows(tmp_path, "openai", [CHAT])

    def stop(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(running, "write_card", stop)
    with pytest.raises(KeyboardInterrupt):
        convert_rows(tmp_path, "openai", [CHAT, CHAT], force=True)
    assert len(messages_of(tmp_path)) == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.jsonl", "out"]


def test_chunks_end_by_number_and_by_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "CHUNK", 3)
    convert_rows(tmp_path, "openai", [CHAT] * 7, "llamafactory", dataset="d")
    assert len(list((tmp_path / "out/llamafactory/d").iterdir())) == 3
    monkeypatch.setattr(running, "_CHUNK_BYTES", 1)
    convert_rows(tmp_path, "openai", [CHAT] * 7, "llamafactory", dataset="d", force=True)
    assert len(list((tmp_path / "out/llamafactory/d").iterdir())) == 7
    assert len(rows_of(tmp_path / "out/llamafactory/d")) == 7


# ------------------------------------------------------------------------------------------- the command line


@pytest.mark.parametrize(
    ("rows", "flags", "status"),
    [([CHAT], [], 0), ([CHAT, BAD], [], 0), ([CHAT, BAD], ["--strict"], 1), ([BAD], [], 1), ([], [], 1)],
)
def test_the_status_says_whether_anything_was_converted(
    tmp_path: Path, rows: list[Any], flags: list[str], status: int
) -> None:
    (tmp_path / "in.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    given: list[str | Path] = [
        "--from",
        "openai",
        "--to",
        "openai",
        "--out",
        tmp_path / "out",
        tmp_path / "in.jsonl",
    ]
    assert command(*flags, *given) == status


def test_the_screen_shows_reasons_with_count_and_first_place(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("in.jsonl").write_text("".join(json.dumps(row) + "\n" for row in (CHAT, BAD, BAD)) + "{\n")
    command("--from", "openai", "--to", "openai", "--out", "out", "in.jsonl")
    text = " ".join(capsys.readouterr().out.split())
    assert "1 of 4 records converted" in text and "3 refused (each in out/refused.jsonl)" in text
    assert "in.jsonl:2" in text and "ends with a user's" in text and "Licence of the source" in text


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--from", "opnai", "--to", "openai"], "--from opnai: not a known source; did you mean 'openai'?"),
        (["--from", "openai", "--to", "trl"], "--to trl: not a known target"),
        (["--from", "openai", "--to", "trajectories"], "OpenAI messages cannot be executed"),
        (["--from", "trajectories", "--to", "trajectories", "--val-share", "0.1"], "split is certified"),
        (["--from", "trajectories", "--to", "openai", "--verl-rows", "both"], "chooses rows of trajectories"),
        (["--from", "openai", "--to", "verl", "--verl-rows", "response"], "chooses rows of trajectories"),
        (["--from", "bfcl", "--to", "verl", "--verl-rows", "response"], "chooses rows of trajectories"),
        (["--from", "openai", "--to", "openai", "--drop-error-responses"], "does not flag such records"),
        (["--from", "openai", "--to", "openai", "--dataset", "../x"], "--dataset ../x: a name has"),
    ],
)
def test_a_conversion_that_cannot_be_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str], message: str
) -> None:
    (tmp_path / "in.jsonl").write_text(json.dumps(CHAT))
    assert command(*words, "--out", tmp_path / "out", tmp_path / "in.jsonl") == 1
    error = capsys.readouterr().err
    assert message in error and error.count("\n") == 1
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_memory_does_not_grow_with_the_records(tmp_path: Path) -> None:
    def peak(count: int) -> int:
        with open(tmp_path / "in.jsonl", "w") as file:
            for number in range(count):
                text = f"{number} " + "x" * 2000
                chat = [{"role": "user", "content": text}, {"role": "assistant", "content": text}]
                file.write(json.dumps({"id": number, "messages": chat}) + "\n")
        code = (
            "import resource, sys; from pathlib import Path; from funreason_plugin.converting.running import *; "
            f"convert(Job('openai', 'llamafactory', [Path({str(tmp_path / 'in.jsonl')!r})], Path({str(tmp_path / 'out')!r}), force=True)); "
            "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
        )
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        return int(done.stdout)

    peak(10)
    few, many = peak(5_000), peak(40_000)
    assert many - few < 40_000, f"{few} and {many} KiB"
    assert reading.MAX_RECORD == 8 << 20
