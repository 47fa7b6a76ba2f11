"""Several data sets as one: shares, seeds, origins, and what does not go together."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from fractions import Fraction
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from funreason_plugin.command_line import run
from funreason_plugin.converting.mix_sources import open_source
from funreason_plugin.converting.mixing import Mixture, shares
from funreason_plugin.errors import UserError
from funreason_plugin.mix import app
from tests.convert.published import apigen_mt, hermes, rows, toolace


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    """`a` with 40 rows, `b` with 30, in `tmp_path`."""
    rows("apigen-mt", [apigen_mt(f"A{number}") for number in range(20)], tmp_path / "a")
    rows("toolace", [toolace() for _ in range(15)], tmp_path / "b", rename_tools=True)
    return tmp_path


def mixed(folder: Path, *arguments: str) -> list[dict[str, Any]]:
    out = folder / "mixed"
    assert run(app, ["--out", str(out), "--force", *arguments]) == 0
    files = sorted((out / "llamafactory").rglob("*.parquet"))
    return [row for file in files for row in pq.read_table(file).to_pylist()]


def failing(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert run(app, list(arguments)) == 1
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    return error


def originals(folder: Path) -> set[str]:
    return {
        json.dumps([row[key] for key in ("id", "conversations", "system", "tools")])
        for file in folder.rglob("*.parquet")
        for row in pq.read_table(file).to_pylist()
    }


def test_the_weights_are_shares_of_the_rows_and_each_row_is_taken_once(sources: Path) -> None:
    made = mixed(sources, f"{sources / 'a'}=3", f"{sources / 'b'}=1", "--num", "40")
    assert Counter(row["source"] for row in made) == {"apigen_mt": 30, "toolace": 10}
    texts = [json.dumps([row[key] for key in ("id", "conversations", "system", "tools")]) for row in made]
    assert len(set(texts)) == 40
    assert set(texts) <= originals(sources / "a") | originals(sources / "b")


def test_without_num_it_is_the_largest_mixture(sources: Path) -> None:
    made = mixed(sources, f"{sources / 'a'}=0.4", f"{sources / 'b'}=0.6")
    assert Counter(row["source"] for row in made) == {"toolace": 30, "apigen_mt": 20}


def test_the_rows_are_shuffled(sources: Path) -> None:
    made = mixed(sources, f"{sources / 'a'}=4", f"{sources / 'b'}=3")
    order = "".join(row["source"][0] for row in made)
    assert "at" in order and "ta" in order and len(set(order[:35])) == len(set(order[35:])) == 2
    own = [row["id"] for row in made if row["source"] == "apigen_mt"]
    assert own != sorted(own)


def test_the_rows_are_chosen_from_the_whole_source(sources: Path) -> None:
    made = mixed(sources, f"{sources / 'a'}=1", "--num", "10")
    numbers = sorted(int(row["id"].split("-")[1].split("/")[0]) for row in made)
    assert numbers[-1] > 10


def test_the_seed_decides_the_bytes(sources: Path) -> None:
    found = []
    for seed in ("1", "1", "2"):
        mixed(sources, f"{sources / 'a'}=1", f"{sources / 'b'}=1", "--num", "20", "--seed", seed)
        files = sorted(file for file in (sources / "mixed").rglob("*") if file.is_file())
        found.append([(file.name, file.read_bytes()) for file in files])
    assert found[0] == found[1]
    assert found[0] != found[2]


def test_licences_shares_and_thoughts_are_told(sources: Path) -> None:
    rows("hermes", [hermes(id=str(number)) for number in range(3)], sources / "c")
    made = mixed(sources, *(f"{sources / name}=1" for name in "abc"), "--num", "9")
    thoughts = sum(row["conversations"][-1]["value"].startswith("<think>") for row in made)
    assert 0 < thoughts < 9
    card = (sources / "mixed" / "README.md").read_text()
    assert "| apigen_mt | 3 | 40 | 33.3% | 0 | CC-BY-NC-4.0 |" in card
    assert "| toolace | 3 | 30 | 33.3% | 0 | Apache-2.0 |" in card
    assert "non-commercial" in card and "`qwen3_nothink`" in card
    data = json.loads((sources / "mixed" / "conversion.json").read_text())
    assert sum(source["thoughts"] for source in data["sources"]) == thoughts


def test_a_mixture_can_be_mixed_again(sources: Path) -> None:
    mixed(sources, f"{sources / 'a'}=1", f"{sources / 'b'}=1", "--num", "20")
    (sources / "mixed").rename(sources / "first")
    made = mixed(sources, f"{sources / 'first'}=1", f"{sources / 'a'}=1", "--num", "10")
    assert Counter(row["source"] for row in made) == {"funreason_mix": 5, "apigen_mt": 5}
    assert "CC-BY-NC-4.0" in (sources / "mixed" / "README.md").read_text().partition("funreason_mix |")[2]


def test_scripted_data_stays_marked(sources: Path) -> None:
    rows("apigen-mt", [apigen_mt()], sources / "s", dataset="funreason_scripted")
    mixed(sources, f"{sources / 's'}=1", f"{sources / 'a'}=1")
    info = json.loads((sources / "mixed" / "llamafactory" / "dataset_info.json").read_text())
    assert list(info) == ["funreason_mix_scripted"]


def test_two_data_sets_of_one_name_are_told_apart(sources: Path) -> None:
    rows("apigen-mt", [apigen_mt("B")], sources / "other")
    made = mixed(sources, f"{sources / 'a'}=1", f"{sources / 'other'}=1")
    assert {row["source"] for row in made} == {"apigen_mt#1", "apigen_mt#2"}


def test_a_written_out_row_beside_a_generic_one_is_refused(
    sources: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for form in ("funreason", "card"):
        rows("apigen-mt", [apigen_mt()], sources / form, prompt_form=form)
        out = sources / "none"
        error = failing(capsys, "--out", str(out), f"{sources / 'a'}=1", f"{sources / form}=1")
        assert "is a generic row" in error and "train-00000.parquet:1 is written out" in error
        assert f"in the form '{form}'" in error and "--prompt-form" in error
        assert not out.exists()
        assert not list(sources.glob(".none*"))


def test_too_many_rows_are_refused_with_the_most_there_can_be(
    sources: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    error = failing(
        capsys, "--out", str(sources / "x"), f"{sources / 'a'}=0.5", f"{sources / 'b'}=0.5", "--num", "70"
    )
    assert "toolace has 30 rows, its weight wants 35; at most 60 rows" in error


@pytest.mark.parametrize("change", ["columns", "tags", "ranking", "formatting"])
def test_other_columns_or_tags_are_refused(
    sources: Path, change: str, capsys: pytest.CaptureFixture[str]
) -> None:
    file = sources / "b" / "llamafactory" / "dataset_info.json"
    info = json.loads(file.read_text())
    entry = info["toolace"]
    if change == "columns":
        entry["columns"]["messages"] = "chat"
    elif change == "tags":
        entry["tags"]["user_tag"] = "user"
    elif change == "formatting":
        del entry["formatting"]
    else:
        entry["ranking"] = True
    file.write_text(json.dumps(info))
    error = failing(capsys, "--out", str(sources / "x"), f"{sources / 'a'}=1", f"{sources / 'b'}=1")
    assert f"toolace: {change}" in error or f"toolace: '{change}'" in error


@pytest.mark.parametrize(
    "argument", ["{a}", "{a}=", "{a}=0", "{a}=-1", "{a}=nan", "{a}=1e9", "=1", "{a}=1/0", "{a}=" + "9" * 400]
)
def test_a_weight_is_a_number_above_0(
    sources: Path, argument: str, capsys: pytest.CaptureFixture[str]
) -> None:
    error = failing(capsys, "--out", str(sources / "x"), argument.format(a=sources / "a"))
    assert "expected DIR=WEIGHT" in error


def test_bad_places_are_one_line_each(sources: Path, capsys: pytest.CaptureFixture[str]) -> None:
    a, out = str(sources / "a"), str(sources / "x")
    assert "no dataset_info.json" in failing(capsys, "--out", out, f"{sources}=1")
    assert "did you mean 'apigen_mt'" in failing(capsys, "--out", out, f"{a}/apigen_m=1")
    assert "given twice" in failing(capsys, "--out", out, f"{a}=1", f"{a}/apigen_mt=2")
    assert "read from this folder" in failing(capsys, "--out", a, "--force", f"{a}=1")
    assert "exists; --force" in failing(capsys, "--out", str(sources / "b"), f"{a}=1")
    (sources / "a" / "llamafactory" / "dataset_info.json").write_text("[]")
    assert "expected an object" in failing(capsys, "--out", out, f"{a}=1")


@pytest.mark.parametrize(
    "line, reason",
    [
        ('{"conversations": []}', "conversations: expected messages"),
        ('{"conversations": [{"from": "critic", "value": ""}]}', r"conversations[0]: role 'critic'"),
        ('{"conversations": [{"from": "human", "value": 1}]}', "expected a message with a text"),
        ("[1]", "expected a row"),
        ("{", "not JSON"),
        ('{"conversations": [], "tools": [1]}', "tools: expected a text"),
    ],
)
def test_a_row_that_is_none_is_named(
    sources: Path, line: str, reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = sources / "own"
    folder.mkdir()
    good = json.dumps({"conversations": [{"from": "human", "value": "a"}, {"from": "gpt", "value": "b"}]})
    (folder / "own.jsonl").write_text(f"{good}\n{line}\n")
    info = json.loads((sources / "a" / "llamafactory" / "dataset_info.json").read_text())
    entry = {**info["apigen_mt"], "file_name": "own.jsonl"}
    (folder / "dataset_info.json").write_text(json.dumps({"own": entry}))
    error = failing(capsys, "--out", str(sources / "x"), f"{folder}=1")
    assert "own.jsonl:2: " in error and reason in error


def test_shares_never_exceed_what_there_is(sources: Path) -> None:
    a, b = (
        open_source(str(sources / name), Fraction(weight))
        for name, weight in (("a", "0.571"), ("b", "0.429"))
    )
    taken = shares([a, b], None)
    assert taken[0] <= 40 and taken[1] <= 30 and sum(taken) >= 69
    with pytest.raises(UserError, match="its weight gives it no row"):
        shares([a, b], 1)
    assert Mixture([a, b]).labels == ["apigen_mt", "toolace"]


@pytest.mark.slow
def test_llamafactory_loads_the_mixture(sources: Path) -> None:
    pytest.importorskip("llamafactory", reason="llamafactory is not installed (extra [sft])")
    mixed(sources, f"{sources / 'a'}=1", f"{sources / 'b'}=1")
    code = (
        "import sys\n"
        "from llamafactory.data.loader import _load_single_dataset\n"
        "from llamafactory.data.parser import get_dataset_list\n"
        "from llamafactory.hparams import DataArguments, ModelArguments\n"
        "from transformers import Seq2SeqTrainingArguments\n"
        "data = DataArguments(template='qwen3', dataset='funreason_mix', dataset_dir=sys.argv[1])\n"
        "[attr] = get_dataset_list(['funreason_mix'], data.dataset_dir)\n"
        "model = ModelArguments(model_name_or_path='none')\n"
        "training = Seq2SeqTrainingArguments(output_dir=sys.argv[2], use_cpu=True)\n"
        "rows = _load_single_dataset(attr, model, data, training)\n"
        "print(len(rows), all(row['_response'] for row in rows), rows.column_names)\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code, str(sources / "mixed" / "llamafactory"), str(sources / "run")],
        capture_output=True,
        text=True,
        check=False,
        env={"OMP_NUM_THREADS": "1", "HF_HOME": str(sources / "cache"), "PATH": "/usr/bin:/bin"},
    )
    assert ran.returncode == 0, ran.stderr[-2000:]
    assert ran.stdout.splitlines()[-1].startswith("60 True"), ran.stdout
