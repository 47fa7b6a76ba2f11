"""A row of verl's parquet as a task: what was written is read, whatever handed it on; what is wrong is named."""

from __future__ import annotations

import asyncio
import copy
import json
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from funreason_plugin.calls import ParsedCall, to_hermes
from funreason_plugin.conversation import Reply, history, play
from funreason_plugin.environments.space import SimulationSpace
from funreason_plugin.errors import UserError
from funreason_plugin.formats import FormatOptions, encode_chunk
from funreason_plugin.formats.options import VerlRows
from funreason_plugin.formats.verl import SCHEMA, call_rows
from funreason_plugin.live import Direct
from funreason_plugin.messages import Conversation, Message, of_trajectory
from funreason_plugin.rendering import FORMS, PromptForm, prompt, render
from funreason_plugin.tasks import Task
from funreason_plugin.trajectory import dumps
from tests.checks.desk import conversation
from tests.core.chat import rendered


def rows(verl_rows: VerlRows = "both", form: PromptForm = "hermes") -> list[dict[str, Any]]:
    options = FormatOptions("desk", prompt_form=form, verl_rows=verl_rows)
    data = encode_chunk([dumps(conversation(0))], options)["verl/train"]
    found: list[dict[str, Any]] = pq.read_table(pa.BufferReader(data)).to_pylist()
    return found


def test_a_task_has_what_the_trajectory_has() -> None:
    trajectory = conversation(0)
    (row,) = rows("trajectory")
    task = Task.of_row(row)
    assert (task.id, task.kind, task.rule, task.split, task.at) == (
        trajectory.id,
        "trajectory",
        "environment",
        "train",
        None,
    )
    assert (task.system, list(task.tools)) == (trajectory.system, trajectory.tools)
    assert (list(task.environments), task.scenario) == (trajectory.environments, trajectory.scenario)
    assert task.offered == {tool["function"]["name"] for tool in trajectory.tools}
    for made, turn in zip(task.turns, trajectory.turns, strict=True):
        assert (made.query, made.variant, made.answer) == (turn.query, turn.variant, turn.answer)
        assert (list(made.needed), made.state_hash, made.withheld) == (turn.needed, turn.state_hash, ())
        calls = [[(call.name, call.arguments, call.output) for call in step] for step in made.steps]
        assert calls == [
            [(call.name, call.arguments, call.output) for call in step.calls] for step in turn.steps
        ]


def test_there_is_a_row_for_every_response() -> None:
    tasks = [Task.of_row(row) for row in rows()]
    trajectory = conversation(0)
    assert tasks[0].kind == "trajectory"
    assert [task.at for task in tasks[1:]] == [
        (turn, step) for turn, made in enumerate(trajectory.turns) for step in range(len(made.steps) + 1)
    ]
    assert [task.id for task in tasks[1:4]] == ["0-0/0/0", "0-0/0/1", "0-0/0/answer"]
    for task in tasks[1:]:
        assert task.kind == "response" and task.at is not None and len(task.turns) == task.at[0] + 1


@pytest.mark.parametrize("form", FORMS)
def test_the_prompt_is_written_out_as_the_model_is_prompted(form: PromptForm) -> None:
    whole = [
        pair.prompt + pair.response for pair in render(of_trajectory(conversation(0)), form, thoughts="none")
    ]
    for row in rows(form=form):
        task = Task.of_row(row)
        expected = prompt(history(task, *(task.at or (0, 0))), form)
        # verl's single_turn_agent gives the messages to the chat template, without tools
        assert rendered(form, row["prompt"], add_generation_prompt=True) == expected
        before = len(row["prompt"]) // 2 - 1
        assert expected.startswith("".join(whole[:before]))


@pytest.mark.parametrize("change", ["numpy", "arrow", "text"])
def test_values_may_be_those_of_numpy_and_arrow(change: str) -> None:
    for row in rows():
        plain = Task.of_row(row)
        if change == "arrow":
            changed = {key: pa.scalar(value) for key, value in row.items()}
        else:
            extra = {
                key: (np.int64(value) if change == "numpy" else value)
                if isinstance(value, int)
                else np.str_(value)
                if isinstance(value, str)
                else value
                for key, value in row["extra_info"].items()
            }
            changed = {**row, "extra_info": extra, "prompt": np.array(row["prompt"], dtype=object)}
        assert Task.of_row(changed) == plain


def without(row: dict[str, Any], *path: str) -> dict[str, Any]:
    row = copy.deepcopy(row)
    part = row
    for key in path[:-1]:
        part = part[key]
    del part[path[-1]]
    return row


def changed(column: str, key: str, value: Any, number: int = 0) -> dict[str, Any]:
    row = rows()[number]
    row[column][key] = value
    return row


def truth(*path: Any, value: Any) -> dict[str, Any]:
    row = rows()[0]
    part = whole = json.loads(row["reward_model"]["ground_truth"])
    for key in path[:-1]:
        part = part[key]
    part[path[-1]] = value
    row["reward_model"]["ground_truth"] = json.dumps(whole)
    return row


WRONG = [
    (lambda: {"prompt": "x"}, "column extra_info is missing"),
    (lambda: {"extra_info": "x"}, "column extra_info is of type str"),
    (lambda: without(rows()[0], "reward_model"), "column reward_model is missing"),
    (lambda: without(rows()[0], "extra_info", "schema_version"), "schema_version is missing; this release reads 1"),
    (lambda: changed("extra_info", "schema_version", 7), "schema_version is 7; this release reads 1"),
    (lambda: changed("extra_info", "scenario", None), "extra_info.scenario is missing; expected a text"),
    (lambda: changed("extra_info", "kind", "turn"), "kind is 'turn'; expected trajectory or response"),
    (lambda: changed("extra_info", "rule", "calls"), "rule is 'calls'; expected kind 'response'"),
    (lambda: changed("extra_info", "scenario", "{}"), "extra_info.scenario.seed: Field required"),
    (lambda: changed("extra_info", "queries", '["a"]'), "ground_truth: 3 turns, but extra_info.queries"),
    (lambda: changed("extra_info", "tools", '[{"type": "function"}]'), "tools: .0. is no tool document"),
    (lambda: changed("extra_info", "environments", "["), "extra_info.environments"),
    (lambda: changed("extra_info", "step", None, 1), "extra_info.step is missing; expected a whole number"),
    (lambda: changed("extra_info", "step", 9, 1), "no response at turn 0, step 9"),
    (lambda: changed("reward_model", "ground_truth", "[" * 100_000), "reward_model.ground_truth"),
    (lambda: truth(0, "steps", 0, 0, "name", value=1), r"ground_truth\[0\].steps\[0\]\[0\].name"),
    (lambda: truth(0, "extra", value=1), r"ground_truth\[0\].extra"),
]  # fmt: skip


@pytest.mark.parametrize(("made", "expected"), WRONG, ids=[expected for _, expected in WRONG])
def test_what_is_wrong_is_named_with_its_place(made: Any, expected: str) -> None:
    with pytest.raises(UserError, match=expected) as error:
        Task.of_row(made(), "train.parquet: row 3")
    assert error.value.message.startswith("train.parquet: row 3: ") and "\n" not in error.value.message


def test_texts_are_read_once() -> None:
    first, second = (Task.of_row(rows("trajectory")[0]) for _ in range(2))
    assert first.turns is second.turns and first.scenario is second.scenario


def call_row() -> dict[str, Any]:
    """The second response of the conversation, as converted data that nothing can execute."""
    made = list(call_rows(of_trajectory(conversation(0)), "chat-7", "train", FormatOptions("chat"), 40))
    table = pa.Table.from_pylist(made, schema=SCHEMA)
    found: dict[str, Any] = table.to_pylist()[1]
    return found


def test_what_cannot_be_executed_is_played_as_written() -> None:
    task = Task.of_row(call_row())
    truth = conversation(0).turns[0].steps[1].calls[0]
    assert (task.id, task.rule, task.at, task.turns[0].query) == (
        "chat-7/0/1",
        "calls",
        (0, 0),
        conversation(0).turns[0].query,
    )

    async def generate(talk: Conversation) -> Reply:
        assert prompt(talk, "hermes") == rendered("hermes", call_row()["prompt"], add_generation_prompt=True)
        return Reply(to_hermes([(truth.name, truth.arguments)]))

    played = asyncio.run(play(task, Direct(SimulationSpace([]), task.scenario), generate))
    (call,) = played.turns[0].calls()
    assert (call.name, call.arguments, call.output) == (truth.name, truth.arguments, None)


def test_integers_of_any_size_are_kept() -> None:
    calls = (ParsedCall("f", {"x": 2**70}),)
    talk = Conversation([Message("user", "go"), Message("assistant", calls=calls)])
    (row,) = call_rows(talk, "a", "val", FormatOptions("chat"), 0)
    assert Task.of_row(row).turns[0].calls()[0].arguments == {"x": 2**70}


@pytest.mark.parametrize(
    "messages", [None, [], "x", [{"role": "system", "content": "s"}], [{"role": "assistant", "content": "a"}]]
)
def test_what_was_written_out_ends_with_the_user(messages: Any) -> None:
    with pytest.raises(UserError, match="column (raw_)?prompt: expected messages"):
        Task.of_row({**call_row(), "prompt": messages})


def test_verl_may_hand_on_the_messages_under_its_own_name() -> None:
    row = call_row()
    assert Task.of_row(
        {**{key: value for key, value in row.items() if key != "prompt"}, "raw_prompt": row["prompt"]}
    ) == Task.of_row(row)
