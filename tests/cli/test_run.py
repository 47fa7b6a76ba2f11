"""One small run through the command lines: what is printed, what the printed commands do."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from funreason_plugin import check, synthesize
from funreason_plugin.command_line import run
from funreason_plugin.config import load
from funreason_plugin.errors import INTERRUPTED
from funreason_plugin.formats.writer import _parquet
from funreason_plugin.synthesis.next_steps import next_commands, report
from funreason_plugin.synthesis.pipeline import Summary

ROOT = Path(__file__).parents[2]
WORDS = ["--env", "travel", "files", "--num", "4", "--turns", "2", "--seed", "5", "--teacher", "scripted"]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a blank in its name, to see that printed commands are quoted."""
    folder = tmp_path_factory.mktemp("run") / "my data"
    assert run(synthesize.app, [*WORDS, "--val-share", "0.25", "--out", str(folder)]) == 0
    return folder


def printed(words: list[str], capsys: pytest.CaptureFixture[str], app: object = synthesize.app) -> str:
    capsys.readouterr()
    assert run(app, words) == 0  # type: ignore[arg-type]
    return capsys.readouterr().out


def test_the_same_command_again_changes_nothing_and_says_what_comes_next(
    made: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = (made / "trajectories.jsonl").read_bytes()
    text = printed([*WORDS, "--val-share", "0.25", "--out", str(made)], capsys)
    assert (made / "trajectories.jsonl").read_bytes() == before
    lines = [shlex.split(line) for line in text.splitlines() if line.startswith("  ") and str(made) in line]
    assert ["python", "-m", "funreason_plugin.check", "data", str(made)] in lines
    (sft,) = [words for words in lines if words[:2] == ["llamafactory-cli", "train"]]
    assert (ROOT / sft[2]).is_file()
    given = dict(word.split("=", 1) for word in sft[3:])
    assert given["dataset"] == "funreason_scripted"
    assert given["dataset"] in orjson.loads((Path(given["dataset_dir"]) / "dataset_info.json").read_bytes())
    (rl,) = [words for words in lines if "verl.trainer.main_ppo" in words]
    assert (ROOT / rl[4] / f"{rl[6]}.yaml").is_file()
    settings = dict(word.split("=", 1) for word in rl[7:])
    assert all(Path(settings[f"data.{name}_files"]).is_file() for name in ("train", "val"))
    assert settings["actor_rollout_ref.model.path"] == given["output_dir"]
    (check_rl,) = [words for words in lines if words[2:4] == ["funreason_plugin.check", "rl"]]
    assert (ROOT / check_rl[5]).is_file() and check_rl[6] == rl[-1]


def test_the_printed_commands_work(made: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "everything agrees" in printed(["data", str(made)], capsys, check.app)
    assert "trajectory 0" in printed(["show", str(made), "--index", "0"], capsys)


def test_the_rows_of_verl_can_be_written_anew(
    made: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(made, copy)
    path = copy / "verl" / "train.parquet"
    whole = pq.read_table(path).num_rows
    words = [*WORDS, "--val-share", "0.25", "--out", str(copy)]
    printed([*words, "--verl-rows", "both"], capsys)
    assert (copy / "trajectories.jsonl").read_bytes() == (made / "trajectories.jsonl").read_bytes()
    assert "everything agrees" in printed(["data", str(copy)], capsys, check.app)
    table = pq.read_table(path)
    kinds = [extra["kind"] for extra in table.column("extra_info").to_pylist()]
    assert kinds.count("trajectory") == whole and kinds.count("response") > 2 * whole
    rows = table.to_pylist()
    rows[1]["prompt"][-1]["content"] += " Please."
    with _parquet(str(path), table.schema) as file:
        file.write_table(pa.Table.from_pylist(rows, schema=table.schema))
    assert run(check.app, ["data", str(copy)]) == 1
    out = " ".join(capsys.readouterr().out.split())
    assert "verl/train.parquet: row 1 (" in out and "prompt[1].content: stored" in out
    printed([*words, "--verl-rows", "trajectory"], capsys)
    assert path.read_bytes() == (made / "verl" / "train.parquet").read_bytes()


def test_a_changed_digit_gives_status_one(
    made: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(made, copy)
    path = copy / "trajectories.jsonl"
    text = path.read_text()
    place = re.search(r'"state_hash":"[a-f]*(\d)', text)
    assert place
    digit = str((int(place[1]) + 1) % 10)
    path.write_text(text[: place.start(1)] + digit + text[place.end(1) :])
    assert run(check.app, ["data", str(copy)]) == 1
    assert "trajectories.jsonl:1: turns[0].state_hash" in capsys.readouterr().out


def test_a_trajectory_is_shown_as_it_is_stored(made: Path, capsys: pytest.CaptureFixture[str]) -> None:
    stored = orjson.loads((made / "trajectories.jsonl").read_bytes().splitlines()[2])
    text = " ".join(printed(["show", str(made), "--index", "2"], capsys).split())
    for turn in stored["turns"]:
        assert " ".join(turn["query"].split()) in text
        assert " ".join(turn["answer"].split()) in text
        for step in turn["steps"]:
            for call in step["calls"]:
                assert f"{call['name']}(" in text
    assert "and 1 more turn" in printed(["show", str(made), "--index", "2", "--turns", "1"], capsys)


@pytest.mark.parametrize("index", ["4", "-1"])
def test_an_index_that_is_not_there(index: str, made: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(synthesize.app, ["show", str(made), "--index", index]) == 1
    assert f"no trajectory with index {index}; it has 0 to 3" in capsys.readouterr().err


def test_trace_shows_the_agents(made: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = printed(["trace", str(made), "--index", "1"], capsys)
    for agent in ("A_T", "A_Q", "A_R"):
        assert agent in text
    assert "kept at attempt" in text


def test_explain_of_a_real_folder(made: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert re.search(r"4 trajectories kept of \d+ attempts", printed(["explain", str(made)], capsys))


def test_graph_prints_a_table_and_writes_three_forms(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(Path(__file__).parents[2])
    words = [
        "graph",
        "--env",
        "examples/my_tools/equipment.py:EquipmentDesk",
        "--out",
        str(tmp_path / "graph"),
    ]
    text = printed(words, capsys)
    assert re.search(r"create_loan\.staff_no.*findPerson", text)
    assert {"graph.graphml", "graph.dot", "graph.svg"} <= {
        path.name for path in (tmp_path / "graph").iterdir()
    }


def test_run_yaml_is_a_configuration_that_makes_the_same(
    made: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    again = tmp_path / "again"
    printed(["--config", str(made / "run.yaml"), "--out", str(again)], capsys)
    for name in ("trajectories.jsonl", "rejected.jsonl", "verl/train.parquet", "verl/val.parquet"):
        if (made / name).exists():
            assert (again / name).read_bytes() == (made / name).read_bytes()


def test_status_and_advice_when_a_run_did_not_finish(capsys: pytest.CaptureFixture[str]) -> None:
    from rich.console import Console

    config = load(None, {"env": ["travel"], "teacher": "scripted", "out": Path("my data")})
    assert report(config, Summary(kept=3, stopped="interrupted"), Console()) == INTERRUPTED
    assert "3 trajectories are safe in my data; the same command goes on" in capsys.readouterr().out
    assert report(config, Summary(stopped="only 1 of 50 attempts were accepted"), Console()) == 1
    assert "python -m funreason_plugin.synthesize explain 'my data'" in capsys.readouterr().out


def test_a_budget_that_is_reached_is_no_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from rich.console import Console

    monkeypatch.chdir(tmp_path)
    Path("my data").mkdir()
    Path("my data/quality.json").write_text('{"contamination": {"records": 0}}')
    flags = {"env": ["travel"], "teacher": "openai", "model": "big", "out": Path("my data"), "num": 9}
    reached = "the budget of 5 USD is reached (4.99 spent, 70 requests): raise --budget"
    written = Summary(kept=3, stopped=reached, bytes={"trajectories.jsonl": 3, "llamafactory": 3, "verl": 3})
    assert report(load(None, flags), written, Console()) == 0
    text = capsys.readouterr().out
    assert f"stopped: {reached}" in text
    assert "3 of 9 trajectories are kept; their rows are written" in text
    assert "check data 'my data'" in text
    nothing = Summary(kept=0, stopped=reached, bytes={"trajectories.jsonl": 0})
    assert report(load(None, flags), nothing, Console()) == 1


def test_rows_without_thoughts_are_trained_with_a_template_for_them() -> None:
    flags = {"env": ["travel"], "teacher": "scripted", "out": Path("out")}
    with_thoughts, without = (
        next_commands(load(None, {**flags, **given})).plain for given in ({}, {"reasoning": "none"})
    )
    assert "template=" not in with_thoughts
    assert "check sft out" in with_thoughts.replace("funreason_plugin.", "")
    assert " template=qwen3_nothink" in without


@pytest.mark.parametrize(
    "given, message",
    [
        ({}, None),
        (
            {"agents": {"querying": {"teacher": "scripted"}}},
            "The scripted teacher played querying; its data set is",
        ),
        (
            {"model": "scripted"},
            "This data speaks scripted English; its data set is called funreason_scripted",
        ),
    ],
)
def test_the_data_set_s_name_says_who_made_it(given: dict[str, Any], message: str | None) -> None:
    flags = {"env": ["travel"], "teacher": "openai", "model": "big", "out": Path("out"), **given}
    text = next_commands(load(None, flags)).plain
    name = "funreason" if message is None else "funreason_scripted"
    assert f" dataset={name} " in text
    assert message is None or message in text
    assert ("unknowingly" in text) == (message is not None)
