"""The agent loop at its limits, and where the engine or the trainer is at fault."""

from __future__ import annotations

import ast
import importlib.util
import logging
from pathlib import Path
from typing import Any

import pytest

from funreason_plugin.errors import UserError

pytest.importorskip("verl", reason="verl is not installed (extra [rl])")

from tests.rl.rollouts import (
    Engine,
    config,
    encode,
    loop,
    played,
    record,
    responses,
    row,
    scripted,
    trajectories,
)

CALL = '<tool_call>\n{"name": "find_note", "arguments": {"title": "Nothing"}}\n</tool_call>'
BOTH = ["keep", "drop"]


def legacy(**funreason: Any) -> Any:
    settings = config(funreason)
    settings.trainer.use_v1 = False
    return settings


def test_a_turn_has_so_many_steps() -> None:
    engine = Engine(lambda prompt, number: CALL)
    (output,) = played(engine, row(trajectories()[0]), config({"steps": 3}))
    (turn,) = record(output)["turns"]
    assert (turn["stop"], len(turn["steps"])) == ("steps", 3)
    assert output.response_mask[-1] == 1, "nothing follows the last response"


def test_a_response_that_cannot_be_read_ends_the_turn() -> None:
    engine = Engine(lambda prompt, number: "<tool_call>[oops</tool_call>")
    (output,) = played(engine, row(trajectories()[0]), config())
    assert [turn["stop"] for turn in record(output)["turns"]] == ["malformed", "malformed"]


@pytest.mark.parametrize("history", BOTH)
def test_a_response_that_is_cut_off_ends_the_conversation(history: str) -> None:
    engine = Engine(lambda prompt, number: "<think>\n" + "so on and on " * 50)
    settings = config({"history_reasoning": history, "response_tokens": 20})
    (output,) = played(engine, row(trajectories()[0]), settings)
    (turn,) = record(output)["turns"]
    assert turn["stop"] == "tokens" and len(output.response_ids) == 20
    assert output.extra_fields["funreason_thoughts"] == [[1, 20]]


def test_a_response_that_just_fits_is_finished() -> None:
    engine = Engine(scripted(["No.", "No."]))
    most = len(encode("No.<|im_end|>"))
    (output,) = played(engine, row(trajectories()[0]), config({"response_tokens": most}))
    assert [turn["answer"] for turn in record(output)["turns"]] == ["No.", "No."]


@pytest.mark.parametrize("most", range(60, 400, 17))
def test_a_sequence_is_never_longer_than_response_length(most: int) -> None:
    engine = Engine(lambda prompt, number: CALL)
    (output,) = played(engine, row(trajectories()[0]), config(response_length=most))
    assert len(output.response_ids) <= most
    assert record(output)["turns"][-1]["stop"] == "tokens"
    assert output.response_mask[-1] == 1, "a message that nothing answers is not kept"


@pytest.mark.parametrize("history", BOTH)
def test_the_engines_context_is_never_exceeded(history: str) -> None:
    engine = Engine(lambda prompt, number: CALL)
    settings = config({"history_reasoning": history}, max_model_len=700)
    outputs = played(engine, row(trajectories()[0]), settings)
    assert record(outputs[-1])["turns"][-1]["stop"] == "tokens"
    for prompt, params in engine.asked:
        assert 1 <= params["max_tokens"] <= 700 - 1 - len(prompt)


def test_time_runs_out_and_what_was_written_stays() -> None:
    engine = Engine(lambda prompt, number: CALL)
    engine.delays = [0.0, 60.0]
    (output,) = played(engine, row(trajectories()[0]), config({"seconds": 3.0}))
    (turn,) = record(output)["turns"]
    assert (turn["stop"], len(turn["steps"])) == ("time", 1)
    assert output.response_mask == [1] * len(output.response_ids)


def test_a_prompt_that_is_too_long_is_dropped_and_never_cut(caplog: pytest.LogCaptureFixture) -> None:
    engine = Engine(lambda prompt, number: "No.")
    assert played(engine, row(trajectories()[0]), config(prompt_length=100)) == []
    assert engine.asked == []
    assert "data.max_prompt_length allows 100" in caplog.text


@pytest.mark.parametrize("fault", ["raises", "aborted", "empty", "logprobs", "timeout"])
def test_a_session_whose_engine_fails_is_dropped(fault: str, caplog: pytest.LogCaptureFixture) -> None:
    engine = Engine(scripted(responses(trajectories()[0], "hermes")))
    engine.fault = (1, fault)
    with caplog.at_level(logging.ERROR):
        assert played(engine, row(trajectories()[0]), config()) == []
    assert "the engine failed" in caplog.text


def test_the_legacy_trainer_gets_one_output() -> None:
    trajectory = trajectories()[0]
    output = played(Engine(scripted(responses(trajectory, "hermes"))), row(trajectory), legacy())
    assert output.response_mask[0] == 1
    assert record(output)["turns"][-1]["state_hash"] == trajectory.turns[-1].state_hash


def test_the_legacy_trainer_gets_a_masked_output_of_a_dropped_session() -> None:
    engine = Engine(scripted(["Yes."]))
    engine.fault = (0, "raises")
    output = played(engine, row(trajectories()[0]), legacy())
    assert output.response_mask == [0] and len(output.prompt_ids) == 1
    assert output.response_logprobs == [0.0]
    assert record(output)["turns"] == []


def test_the_legacy_trainer_cannot_drop_the_history() -> None:
    with pytest.raises(UserError, match=r"use_v1=false with funreason\.history_reasoning=drop"):
        loop(Engine(scripted([])), legacy(history_reasoning="drop"))


def test_dropping_the_history_needs_grpos_statistics() -> None:
    settings = config({"history_reasoning": "drop"})
    settings.algorithm.adv_estimator = "gae"
    with pytest.raises(UserError, match="adv_estimator=gae"):
        loop(Engine(scripted([])), settings)


def test_an_unknown_key_names_itself() -> None:
    with pytest.raises(UserError, match=r"funreason\.histroy"):
        loop(Engine(scripted([])), config({"histroy": "keep"}))


def test_a_row_that_is_not_ours_says_so() -> None:
    with pytest.raises(UserError, match="extra_info"):
        played(Engine(scripted([])), {"raw_prompt": [], "extra_info": {}}, config())


def test_a_session_keeps_to_one_server_and_names_the_end_of_its_responses() -> None:
    trajectory = trajectories()[0]
    engine = Engine(scripted(responses(trajectory, "hermes")))
    played(engine, row(trajectory), config(), temperature=0.5)
    assert len(set(engine.ids)) == 1
    (params,) = {str({**params, "max_tokens": 0}) for _, params in engine.asked}
    assert "'temperature': 0.5" in params and "'stop_token_ids': [" in params


@pytest.mark.parametrize("name", ["vllm", "sglang"])
def test_both_engines_play_the_same(name: str) -> None:
    trajectory = trajectories()[0]
    engine = Engine(scripted(responses(trajectory, "hermes")), name)
    (output,) = played(engine, {**row(trajectory), "priority": 3}, config(name=name))
    assert record(output)["turns"][-1]["state_hash"] == trajectory.turns[-1].state_hash


@pytest.mark.parametrize(
    "server", ["vllm_rollout/vllm_async_server.py", "sglang_rollout/async_sglang_server.py"]
)
def test_the_servers_are_as_the_stub_has_them(server: str) -> None:
    """Where neither vLLM nor SGLang is installed their servers cannot be imported; their source can be read."""
    found = importlib.util.find_spec("verl")
    assert found is not None and found.origin is not None
    source = Path(found.origin).parent / "workers" / "rollout" / server
    tree = ast.parse(source.read_text())
    (generate,) = [
        node for node in ast.walk(tree) if isinstance(node, ast.AsyncFunctionDef) and node.name == "generate"
    ]
    names = [argument.arg for argument in generate.args.args][1:]
    stub = Engine._vllm if "vllm" in server else Engine._sglang
    code = stub.__code__
    ours = code.co_varnames[2 : code.co_argcount + code.co_kwonlyargcount]
    assert names == list(ours)
    assert 'sampling_params.pop("max_tokens")' in ast.unparse(generate).replace("'", '"')
