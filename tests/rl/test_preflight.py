"""`check rl` on real folders: the shipped recipes pass, and each kind of bad rows is one line and exit status 1."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from funreason_plugin.environments.bfcl import catalog, package
from funreason_plugin.errors import UserError
from tests.convert.conversions import convert_rows
from tests.convert.published import hermes
from tests.rl.folders import RECIPES, Row, edit, edit_json, said

pytest.importorskip("verl")
pytest.importorskip("torch")

TINY = (
    "data.max_prompt_length=4096",
    "data.max_response_length=4096",
    "funreason.response_tokens=null",
)


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "out"))


@pytest.mark.parametrize("recipe, more", [("grpo.yaml", ()), ("egpo.yaml", ()), ("tiny/grpo.yaml", TINY)])
def test_a_good_folder_passes_with_the_shipped_recipes(
    made: Path, model: Path, capsys: pytest.CaptureFixture[str], recipe: str, more: tuple[str, ...]
) -> None:
    status, problems, text = said(made, model, capsys, *more, recipe=RECIPES / recipe)
    assert (status, problems) == (0, [])
    assert "the plugin is registered here; every row can be played and judged" in text


def test_the_plan_is_in_numbers(made: Path, model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, _, text = said(made, model, capsys, "trainer.total_epochs=3")
    rows = pq.read_metadata(made / "verl/train.parquet").num_rows
    assert f"{rows // 4 * 3} steps; a step plays 32 conversations" in text
    assert "reward progress, history_reasoning drop, EGPO weight 0" in text


def test_lengths_are_those_of_the_whole_text(made: Path, model: Path) -> None:
    """Counted by message, they are what the tokenizer says of everything at once."""
    from transformers import AutoTokenizer

    from funreason_plugin.conversation import history
    from funreason_plugin.messages import Message
    from funreason_plugin.rendering import prompt, render
    from funreason_plugin.rl.preflight.lengths import lengths_of
    from funreason_plugin.rl.preflight.rows import Limits, look_at
    from funreason_plugin.rl.settings import Settings
    from funreason_plugin.tasks import Task

    tokenizer = AutoTokenizer.from_pretrained(str(model))
    lengths, _ = lengths_of(str(model), True)
    path = made / "verl/train.parquet"
    found = look_at(path, Settings(), Limits(9999, 9999, None), lengths)
    for row, first, after in zip(pq.read_table(path).to_pylist(), found.prompts, found.after, strict=True):
        task = Task.of_row(row)
        start = tokenizer.encode(prompt(history(task, 0), task.prompt_form), add_special_tokens=False)
        last = task.turns[-1]
        talk = history(task, len(task.turns) - 1, len(last.steps))
        talk.messages.append(Message("assistant", last.answer))
        text = "".join(map("".join, render(talk, task.prompt_form)))[:-1]
        assert first == len(start)
        assert first + after == len(tokenizer.encode(text, add_special_tokens=False))


def without(column: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        path = folder / "verl/train.parquet"
        pq.write_table(pq.read_table(path).drop_columns([column]), path)

    return change


def version(row: Row) -> None:
    row["extra_info"]["schema_version"] = 9


def agent(row: Row) -> None:
    row["agent_name"] = "single_turn_agent"


def tool(tools: Any) -> None:
    tools[0]["function"]["description"] += " Really."


def gone(tools: Any) -> None:
    tools[0]["function"]["name"] = "open_safe"


def other_hash(environments: Any) -> None:
    environments[0]["hash"] = "0" * 16


def unknown(environments: Any) -> None:
    environments[0]["source"] = "no_such_module:Desk"


def other_state(turns: Any) -> None:
    turns[0]["state_hash"] = "0" * 16


def no_name(tools: Any) -> None:
    del tools[1]["function"]["name"]


def text_of(path: Path) -> None:
    path.write_text("not a parquet")


ROWS: dict[str, tuple[Callable[[Path], Any], str]] = {
    "no column extra_info": (without("extra_info"), "train.parquet: row 0: column extra_info is missing"),
    "no column reward_model": (without("reward_model"), "train.parquet: row 0: column reward_model is missing"),
    "another version": (lambda f: edit(f, version), "row 0: extra_info.schema_version is 9; this release reads 1"),
    "another loop": (lambda f: edit(f, agent), "row 0: agent_name is 'single_turn_agent'; a row of kind"),
    "a changed tool": (
        lambda f: edit_json(f, "extra_info", "tools", tool),
        "differs from the installed environment's; make the data again",
    ),
    "a tool that is gone": (
        lambda f: edit_json(f, "extra_info", "tools", gone),
        "row 0: tool 'open_safe' is in none of its environments",
    ),
    "a tool without a name": (
        lambda f: edit_json(f, "extra_info", "tools", no_name),
        "row 0: extra_info.tools: [1] is no tool document with a name",
    ),
    "a changed environment": (
        lambda f: edit_json(f, "extra_info", "environments", other_hash),
        "environment 'files' has changed since the data was made",
    ),
    "a missing environment": (
        lambda f: edit_json(f, "extra_info", "environments", unknown),
        "environment 'no_such_module:Desk': no module 'no_such_module'",
    ),
    "another end": (
        lambda f: edit_json(f, "reward_model", "ground_truth", other_state),
        "row 0: turn 1 of its truth ends in another state than certified",
    ),
    "no parquet": (lambda f: text_of(f / "verl/train.parquet"), "train.parquet: Parquet magic bytes not found"),
    "no training rows": (lambda f: (f / "verl/train.parquet").unlink(), "train.parquet: no such file"),
    "no validation rows": (lambda f: (f / "verl/val.parquet").unlink(), "val.parquet: no such file; without it"),
}  # fmt: skip


@pytest.mark.parametrize("name", ROWS)
def test_bad_rows_are_one_line(
    folder: Path, model: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    change, line = ROWS[name]
    change(folder)
    status, problems, text = said(folder, model, capsys)
    assert status == 1
    assert len(problems) == 1, problems
    assert line in problems[0]
    assert "Traceback" not in text


def test_rows_with_the_same_fault_are_counted(
    folder: Path, model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    edit(folder, version)
    _, problems, _ = said(folder, model, capsys)
    rows = pq.read_metadata(folder / "verl/train.parquet").num_rows
    assert problems[0].endswith(f"(and {rows - 1} more rows like it)")


@pytest.mark.parametrize(
    "words, line",
    [
        (("data.max_prompt_length=100",), "its prompt has 2,8"),
        (("data.max_response_length=60",), "data.max_response_length is 60; thoughts come on top of it"),
        (
            ("data.max_response_length=300", "funreason.history_reasoning=keep"),
            "tokens after the first prompt, data.max_response_length (with history_reasoning 'keep' that of a",
        ),
        (("+funreason.response_tokens=50",), "funreason.response_tokens is 50; thoughts come on top of it"),
        (
            ("data.max_prompt_length=2900", "actor_rollout_ref.rollout.max_model_len=2990"),
            "actor_rollout_ref.rollout.max_model_len is 2,990; thoughts come on top of it: it cannot be finished",
        ),
        (
            ("data.max_prompt_length=2900", "data.max_response_length=350"),
            "data.max_prompt_length and max_response_length together are 3,250",
        ),
    ],
)
def test_rows_over_the_limits_are_one_line(
    made: Path, model: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], line: str
) -> None:
    status, problems, _ = said(made, model, capsys, *words)
    assert status == 1
    train = [problem for problem in problems if "train.parquet" in problem]
    assert len(train) == 1
    assert line in train[0]


def test_fewer_rows_than_a_batch_are_one_line(
    made: Path, model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("data.train_batch_size=64", "actor_rollout_ref.actor.ppo_mini_batch_size=64")
    status, [problem], _ = said(made, model, capsys, *words)
    assert status == 1
    assert "rows, data.train_batch_size is 64: not one step" in problem


def test_rows_of_calls_alone_pass(tmp_path: Path, model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    records = [hermes() | {"id": str(number)} for number in range(8)]
    convert_rows(tmp_path, "hermes", records, "verl")
    _, problems, text = said(tmp_path / "out", model, capsys)
    assert [problem for problem in problems if "val.parquet: no such file" not in problem] == []
    assert "response" in text


def test_rows_of_bfcl_without_bfcl_are_one_line(
    folder: Path, model: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def away() -> Path:
        raise UserError(f"bfcl-eval is not installed: {package.INSTALL}")

    def of_bfcl(row: Row) -> None:
        row["extra_info"]["rule"] = "bfcl"
        row["extra_info"]["environments"] = json.dumps(
            [
                {"name": f"bfcl_{name}", "version": "1", "hash": "0", "source": f"bfcl:{name}"}
                for name in ("TradingBot", "TravelAPI")
            ]
        )

    package.module.cache_clear()
    catalog._environment.cache_clear()
    monkeypatch.setattr(package, "package_path", away)
    monkeypatch.setattr(package, "version", lambda: "unknown")
    edit(folder, of_bfcl)
    status, problems, _ = said(folder, model, capsys)
    catalog._environment.cache_clear()
    assert (status, problems) == (1, [f"bfcl-eval is not installed: {package.INSTALL}"])


def test_rows_are_read_in_parts(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from funreason_plugin.rl.preflight import rows

    monkeypatch.setattr(rows, "_BATCH", 3)
    path = made / "verl/train.parquet"
    parts = list(rows.rows_of(path, limit=8))
    assert [len(part) for part in parts] == [3, 3, 2]
    assert [row for part in parts for row in part] == pq.read_table(path).slice(0, 8).to_pylist()
    [(first, narrow), *_] = rows.batches_of(path, ["extra_info.id"])
    assert (first, narrow.schema.names) == (0, ["extra_info"])
    assert pa.types.is_struct(pq.read_schema(path).field("extra_info").type)
