"""What is planted of BFCL, or of a file that is named, is found; the shipped environments have nothing in common."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from funreason_plugin.checks.duplicates import Content
from funreason_plugin.command_line import run
from funreason_plugin.environments.space import SimulationSpace
from funreason_plugin.errors import UserError
from funreason_plugin.quality.__main__ import app
from funreason_plugin.quality.contamination import overlaps
from funreason_plugin.quality.measuring import measure, refuse_contamination
from funreason_plugin.quality.records import Record
from funreason_plugin.quality.reference import shipped
from tests.quality.planted import BOOKING, INNOCENT, NOTE, QUERY, REWORDED, conversation, written

OTHER = conversation("Which of the three rooms has a window to the garden, and may one eat there?")


@pytest.mark.parametrize(
    ("planted", "kind"),
    [
        (conversation(QUERY), "query_gram"),
        (conversation(f"Hello! {QUERY.upper()}, thank you."), "query_gram"),
        (conversation(REWORDED), "query_near"),
        (conversation(tools=[BOOKING]), "schema"),
        (conversation(output={"content": NOTE}), "value"),
    ],
    ids=["copied", "in other letters", "reworded", "renamed tool", "value"],
)
def test_what_is_planted_of_bfcl_is_found(planted: dict[str, Any], kind: str, tmp_path: Path) -> None:
    found = measure(written(tmp_path / "data.jsonl", [OTHER, planted]))["contamination"]
    assert found["records"] == 1
    assert {name for name, count in found["kinds"].items() if count} == {kind}
    assert found["found"][0]["place"] == "data.jsonl:2"
    assert found["by_reference"] == {"bfcl_multi_turn": 1}


def test_a_name_alone_is_counted_and_no_contamination(tmp_path: Path) -> None:
    tool = {
        "name": "send_message",
        "description": "Sends a letter by pigeon over the hills",
        "parameters": {},
    }
    found = measure(written(tmp_path / "data.jsonl", [conversation(tools=[tool])]))["contamination"]
    assert found["records"] == 0 and found["tool_names"] == {"send_message": 1}


@pytest.mark.parametrize("name", ["travel", "files", "shop", "bank", "clinic"])
def test_the_shipped_environments_have_nothing_in_common(name: str) -> None:
    space = SimulationSpace.from_names([name])
    tools = [spec.as_openai()["function"] for spec in space.tools.values()]
    states = [space.scenario(f"clean/{number}").states for number in range(5)]
    phrases = tuple((str(text), ()) for spec in space.tools.values() for text in spec.phrases.ask)
    assert phrases
    assert [*overlaps(Record(Content(phrases), tools=tools, values=states), shipped())] == []


def test_a_label_declares_tools_and_never_queries(tmp_path: Path) -> None:
    label = {"labels": ["in-domain:bfcl"]}
    records = [conversation(tools=[BOOKING]) | label, conversation(QUERY, tools=[BOOKING]) | label]
    found = measure(written(tmp_path / "data.jsonl", records))["contamination"]
    assert found["declared"] == 2 and found["declared_kinds"] == {"schema": 2}
    assert found["records"] == 1 and found["kinds"]["query_gram"] == 1


def test_a_file_of_the_user_is_compared_as_well(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    held_out = written(tmp_path / "held_out.jsonl", [conversation(INNOCENT, tools=[BOOKING | {"name": "x"}])])
    data = written(tmp_path / "data.jsonl", [conversation(f"Please, {INNOCENT}"), OTHER])
    assert run(app, [str(data)]) == 0
    words = [str(data), "--against", str(held_out), "--fail-on-contamination"]
    capsys.readouterr()
    assert run(app, words) == 1
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "1 of 2 records overlap with held_out.jsonl (query_gram 1); the first is data.jsonl:1" in error


def test_plain_texts_and_parquet_can_be_compared_with(tmp_path: Path) -> None:
    pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    (tmp_path / "questions.txt").write_text(f"Something short\n{INNOCENT}\n")
    pq.write_table(pa.table({"prompt": [INNOCENT]}), tmp_path / "questions.parquet")
    data = written(tmp_path / "data.jsonl", [conversation(INNOCENT)])
    for name in ("questions.txt", "questions.parquet"):
        assert measure(data, against=[tmp_path / name])["contamination"]["by_reference"] == {name: 1}


def test_what_cannot_be_compared_is_refused_in_one_line(tmp_path: Path) -> None:
    data = written(tmp_path / "data.jsonl", [OTHER])
    empty = written(tmp_path / "empty.jsonl", [{"something": 1}])
    for path, against, message in (
        (empty, [], "no record that has queries"),
        (data, [empty], "--against .*empty.jsonl: no record"),
        (data, [data], "is the data itself"),
        (data, [tmp_path / "no.jsonl"], "no such file"),
    ):
        with pytest.raises(UserError, match=message):
            measure(path, against=against)
    measured = measure(data)
    refuse_contamination(data, measured)  # nothing to refuse


def test_the_reference_holds_hashes_and_how_it_was_made() -> None:
    reference = shipped()
    assert reference.made["version"].startswith("bfcl-eval ") and reference.made["command"]
    assert len(reference.queries) > 1000 and len(reference.grams) > 10_000 and len(reference.names) > 120
    text = reference.dumps().decode()
    assert "final_report" not in text and "directory" not in text


def test_the_reference_is_that_of_the_installed_bfcl_eval() -> None:
    pytest.importorskip("bfcl_eval")
    from funreason_plugin.environments.bfcl.entries import load_entry

    entry = load_entry("multi_turn_miss_param_17")
    query = max((turn[0]["content"] for turn in entry.turns if turn), key=len)
    nearest = shipped().nearest(query)
    assert nearest is not None and nearest[1] == 1.0
