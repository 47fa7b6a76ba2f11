"""The rows of LLaMA-Factory and verl, and the folders they come in."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from funreason_plugin.calls import parse
from funreason_plugin.formats import FormatOptions, Writer, dataset_name, encode_chunk, llamafactory
from funreason_plugin.messages import of_trajectory
from funreason_plugin.trajectory import Call, Trajectory, dumps
from tests.checks.desk import conversation, said

FULL = FormatOptions(dataset="funreason_scripted")


def rows(data: bytes) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = pq.read_table(pa.BufferReader(data)).to_pylist()
    return found


def emitted(trajectory: Trajectory, options: FormatOptions = FULL) -> list[dict[str, Any]]:
    return rows(encode_chunk([dumps(trajectory)], options)["llamafactory/train"])


def test_one_row_per_response_with_reasoning_in_the_last_message_only() -> None:
    trajectory = conversation(0)
    found = emitted(trajectory)
    assert len(found) == sum(len(turn.steps) + 1 for turn in trajectory.turns) == 7
    assert [row["id"] for row in found][:3] == ["0-0/0/0", "0-0/0/1", "0-0/0/answer"]
    for row in found:
        *history, last = row["conversations"]
        assert last["value"].startswith("<think>\n") and "\n</think>\n\n" in last["value"]
        assert not any("<think>" in message["value"] for message in history)
        roles = [message["from"] for message in row["conversations"]]
        assert all(role in ("human", "observation") for role in roles[::2])
        assert all(role in ("gpt", "function_call") for role in roles[1::2])
        assert len(roles) % 2 == 0
        assert row["system"] == trajectory.system
        assert json.loads(row["tools"]) == trajectory.tools


def test_a_call_message_reads_back_as_the_calls() -> None:
    trajectory = conversation(0)
    message = emitted(trajectory)[1]["conversations"][-1]
    parsed = parse(message["value"])
    call = trajectory.turns[0].steps[1].calls[0]
    assert message["from"] == "function_call"
    assert parsed.calls == [(call.name, call.arguments)]
    assert parsed.thought == trajectory.turns[0].steps[1].thought


def test_results_of_one_step_are_one_observation_as_in_qwens_template() -> None:
    trajectory = conversation(0)
    step = trajectory.turns[1].steps[0]
    step.calls.append(Call("set_alerts", {"send_alerts": True}, {"send_alerts": said()}, {"alerts": True}))
    messages = emitted(trajectory)[-1]["conversations"]
    observation = next(m["value"] for m in messages if "</tool_response>" in m["value"])
    assert observation == '{"alerts": true}\n</tool_response>\n<tool_response>\n{"alerts": true}'


def test_without_reasoning_only_the_thoughts_are_gone() -> None:
    with_thoughts = emitted(conversation(0))
    without = emitted(conversation(0), FormatOptions(dataset="x", reasoning="none"))
    assert len(without) == len(with_thoughts)
    for left, right in zip(with_thoughts, without, strict=True):
        assert right["conversations"][:-1] == left["conversations"][:-1]
        assert (
            right["conversations"][-1]["value"] == left["conversations"][-1]["value"].split("</think>\n\n")[1]
        )


def test_python_call_lists_have_their_tools_in_the_system_prompt() -> None:
    trajectory = conversation(0)
    row = emitted(trajectory, FormatOptions(dataset="x", prompt_form="funreason"))[1]
    assert {message["from"] for message in row["conversations"]} == {"human", "gpt", "observation"}
    assert '</think>\n\n<tool_call>[book_flight(flight_id="FL' in row["conversations"][-1]["value"]
    assert row["tools"] == ""
    assert trajectory.system in row["system"] and '"name": "cancel_booking"' in row["system"]


AWKWARD: dict[str, Any] = {
    "text": 'é \u2028 \U0001f600 "q" \\ \n\t {{content}} <image> \x00',
    "tags": "<tool_call> </tool_call> <think>\n </think>\n\n <tool_response>",
    "nested": {"none": None, "list": [1, 2.5, 1e-7, True, {"empty": []}], "big": 2**53 + 1},
}


def awkward() -> Trajectory:
    trajectory = conversation(0)
    for turn in trajectory.turns:
        for step in turn.steps:
            for call in step.calls:
                call.arguments |= AWKWARD
                call.output = {"given": AWKWARD}
    return trajectory


def test_a_call_message_is_a_thought_and_a_json_list_whatever_the_values() -> None:
    trajectory = awkward()
    for row in emitted(trajectory):
        for message in row["conversations"]:
            if message["from"] == "function_call":
                # LLaMA-Factory takes out the first <think> block, newlines included, and reads the rest as
                # JSON; a <tool_call> anywhere would make it read something else.
                assert "<tool_call>" not in message["value"]
                rest = re.sub(r"^<think>\n.*?\n</think>\n\n", "", message["value"], count=1, flags=re.DOTALL)
                assert all(AWKWARD.items() <= call["arguments"].items() for call in json.loads(rest))
            elif message["from"] == "observation":
                assert json.loads(message["value"]) == {"given": AWKWARD}


def test_verl_rows_keep_every_value() -> None:
    trajectory = awkward()
    (row,) = rows(encode_chunk([dumps(trajectory)], FULL)["verl/train"])
    truth = json.loads(row["reward_model"]["ground_truth"])
    for made, turn in zip(truth, trajectory.turns, strict=True):
        assert [[call["arguments"] for call in step] for step in made["steps"]] == [
            [call.arguments for call in step.calls] for step in turn.steps
        ]


@pytest.mark.parametrize("key", ["llamafactory/train", "verl/train"])
def test_columns_are_plain_strings(key: str) -> None:
    # `datasets` refuses Arrow dictionaries, in which the writer holds repeated texts.
    def leaves(kind: pa.DataType) -> list[pa.DataType]:
        if pa.types.is_list(kind):
            return leaves(kind.value_type)
        if pa.types.is_struct(kind):
            return [leaf for field in kind for leaf in leaves(field.type)]
        return [kind]

    schema = pq.read_schema(pa.BufferReader(encode_chunk([dumps(conversation(0))], FULL)[key]))
    assert {leaf for column in schema for leaf in leaves(column.type)} <= {pa.string(), pa.int64()}


def test_a_verl_row_plays_the_whole_trajectory() -> None:
    trajectory = conversation(0)
    (row,) = rows(encode_chunk([dumps(trajectory)], FULL)["verl/train"])
    assert row["data_source"] == "funreason_scripted" and row["agent_name"] == "funreason"
    assert [message["role"] for message in row["prompt"]] == ["system", "user"]
    truth = json.loads(row["reward_model"]["ground_truth"])
    assert [turn["state_hash"] for turn in truth] == [turn.state_hash for turn in trajectory.turns]
    assert truth[0]["steps"][1][0]["arguments"]["seats"] == 2
    extra = row["extra_info"]
    assert json.loads(extra["tools"]) == trajectory.tools
    assert json.loads(extra["scenario"]) == json.loads(orjson.dumps(trajectory.scenario))
    assert json.loads(extra["queries"]) == [turn.query for turn in trajectory.turns]


def lines(count: int) -> list[bytes]:
    return [dumps(conversation(seed, "val" if seed % 4 == 3 else "train")) for seed in range(count)]


def write(folder: Path, chunks: list[list[bytes]]) -> dict[str, int]:
    with Writer(folder, FULL) as writer:
        for chunk in chunks:
            writer.add(encode_chunk(chunk, FULL))
    return writer.rows


def test_the_folders_are_what_the_frameworks_read(tmp_path: Path) -> None:
    made = lines(8)
    counted = write(tmp_path, [made[:4], made[4:]])
    assert counted == {"llamafactory/train": 42, "llamafactory/val": 14, "verl/train": 6, "verl/val": 2}
    info = json.loads((tmp_path / "llamafactory/dataset_info.json").read_text())
    assert set(info) == {"funreason_scripted", "funreason_scripted_val"}
    for name, entry in info.items():
        # LLaMA-Factory reads every file of the folder, and all must be of one type.
        files = sorted((tmp_path / "llamafactory" / entry["file_name"]).iterdir())
        assert files and all(file.suffix == ".parquet" for file in files), name
        table = pa.concat_tables(pq.read_table(file) for file in files)
        assert (
            table.num_rows == counted["llamafactory/val" if name.endswith("_val") else "llamafactory/train"]
        )
        assert table.schema.field("tools").type == pa.string()
    assert pq.read_table(tmp_path / "verl/train.parquet").num_rows == 6
    assert not list(tmp_path.rglob("*.tmp"))


def test_the_bytes_depend_on_the_trajectories_only(tmp_path: Path) -> None:
    made = lines(8)
    for name in ("one", "two"):
        write(tmp_path / name, [made[:4], made[4:]])
    files = [file.relative_to(tmp_path / "one") for file in (tmp_path / "one").rglob("*") if file.is_file()]
    assert len(files) == 6
    assert all(
        (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes() for file in files
    )


def test_a_chunk_does_not_depend_on_what_was_encoded_before() -> None:
    one, other = lines(6), lines(3)
    first = encode_chunk(one, FULL)
    encode_chunk(other, FULL)
    assert encode_chunk(one, FULL) == first


def test_an_interrupted_writer_leaves_what_was_there(tmp_path: Path) -> None:
    write(tmp_path, [lines(2)])
    before = {file: file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()}

    def stopped() -> None:
        with Writer(tmp_path, FULL) as writer:
            writer.add(encode_chunk(lines(4), FULL))
            raise RuntimeError("stopped")

    with pytest.raises(RuntimeError, match="stopped"):
        stopped()
    assert {file: file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()} == before
    Writer(tmp_path, FULL)  # as after a kill: its half-written folders …
    write(tmp_path, [lines(4)])  # … do not hinder the next
    assert pq.read_table(tmp_path / "verl/train.parquet").num_rows == 3
    assert not list(tmp_path.glob("*.tmp"))


def test_the_name_says_who_made_it() -> None:
    scripted, model = {"teacher": "scripted", "model": "1"}, {"teacher": "openai", "model": "x"}
    assert dataset_name({"querying": model, "reasoning": model}) == "funreason"
    assert dataset_name({"querying": model, "reasoning": scripted}) == "funreason_scripted"
    served = {"teacher": "openai", "model": "scripted"}
    assert dataset_name({"querying": model, "reasoning": served}) == "funreason_scripted"


def test_split_shares_the_history_of_its_rows() -> None:
    parts = llamafactory.split(of_trajectory(conversation(0)), FULL)
    assert [len(row) for row in parts.rows()] == [2, 4, 6, 8, 10, 12, 14]
