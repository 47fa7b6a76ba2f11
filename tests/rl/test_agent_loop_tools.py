"""The agent loop's tools: withheld and offered later, hanging, missing, or none at all."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from funreason_plugin.calls import to_hermes
from funreason_plugin.errors import UserError
from funreason_plugin.formats.options import FormatOptions
from funreason_plugin.formats.verl import call_rows, rows
from funreason_plugin.hosting import Host
from funreason_plugin.messages import of_trajectory

pytest.importorskip("verl", reason="verl is not installed (extra [rl])")

from tests.pipeline.made import FILE
from tests.rl.rollouts import Engine, config, played, record, responses, row, scripted, text, trajectories


def kwargs(made: dict[str, Any]) -> dict[str, Any]:
    """A row of a parquet as verl hands it on."""
    return {**made, "raw_prompt": made.pop("prompt")}


def outputs(output: Any) -> list[list[Any]]:
    """The outputs of the calls by turn."""
    return [
        [call["output"] for step in turn["steps"] for call in step["calls"]]
        for turn in record(output)["turns"]
    ]


def calling(name: str, **arguments: Any) -> str:
    return to_hermes([(name, arguments)])


def with_environment(name: str) -> dict[str, Any]:
    """A conversation about notes, with other tools beside."""
    made = row(trajectories()[0])
    extra = made["extra_info"]
    environments = json.loads(extra["environments"])
    environments[0]["source"] = name
    return {**made, "extra_info": {**extra, "environments": json.dumps(environments)}}


def test_a_withheld_tool_is_unknown_until_it_is_offered() -> None:
    """As in BFCL's entries with a missing function: a turn without a query offers it."""
    trajectory = trajectories()[0]
    first, second = trajectory.turns
    late = replace(trajectory, turns=[first, replace(second, query="")])
    (made,) = rows(late, FormatOptions(), {1: ("close_note",)})
    note = next(iter(trajectory.scenario.states["notes"]["notes"]))
    call = calling("close_note", note_id=note)
    engine = Engine(scripted([call, "It cannot be closed.", call, "Closed."]))
    (output,) = played(engine, kwargs(made), config())
    assert "close_note" not in text(engine.prompts[0])
    assert "close_note" in text(engine.prompts[2]).rpartition("<|im_start|>user")[2]
    assert outputs(output) == [
        [{"error": "unknown tool 'close_note'"}],
        [{"note_id": note, "state": "closed"}],
    ]


def test_a_tool_that_hangs_is_an_observation_and_the_conversation_goes_on() -> None:
    made = with_environment(f"{FILE}:Sleeping")
    extra = made["extra_info"]
    extra["tools"] = json.dumps([{"type": "function", "function": {"name": "count_slowly"}}])
    extra["environments"] = extra["environments"].replace('"notes"', '"sleeping"')
    extra["scenario"] = extra["scenario"].replace('"states":{"notes"', '"states":{"sleeping"')
    engine = Engine(scripted([calling("count_slowly"), "Too slow.", "Bye."]))
    (output,) = played(engine, made, config())
    ((answer,), _) = outputs(output)
    assert "over its time limit" in answer["error"]
    assert [turn["stop"] for turn in record(output)["turns"]] == ["", ""]


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (calling("fly_to_the_moon"), "unknown tool 'fly_to_the_moon'"),
        (calling("find_note"), "title"),
        (calling("find_note", title=3), "title"),
        (calling("find_note", title="Nothing"), "no note"),
    ],
)
def test_a_bad_call_is_an_observation(call: str, error: str) -> None:
    engine = Engine(scripted([call, "I see.", "Bye."]))
    (output,) = played(engine, row(trajectories()[0]), config())
    ((answer,), _) = outputs(output)
    assert error in answer["error"]
    assert (
        answer["error"]
        in json.loads(text(engine.prompts[1]).partition("<tool_response>\n")[2].partition("\n")[0])["error"]
    )


def test_calls_of_one_response_are_made_in_order() -> None:
    note = next(iter(trajectories()[0].scenario.states["notes"]["notes"]))
    title = trajectories()[0].scenario.states["notes"]["notes"][note]["title"]
    look = ("find_note", {"title": title})
    both = to_hermes([look, ("close_note", {"note_id": note}), look])
    (output,) = played(Engine(scripted([both, "Closed.", "Bye."])), row(trajectories()[0]), config())
    assert [answer["state"] for answer in outputs(output)[0]] == ["open", "closed", "closed"]


def test_an_environment_that_is_not_installed_is_told() -> None:
    with pytest.raises(UserError, match="nowhere"):
        played(Engine(scripted([])), with_environment("nowhere:Notes"), config())


def test_a_session_whose_tools_cannot_be_reached_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    """The host was closed while the worker still played; the group goes on."""
    closed = Host()
    closed.close()
    monkeypatch.setattr("funreason_plugin.rl.agent_loop._host", lambda processes, threads: closed)
    assert played(Engine(scripted([])), row(trajectories()[0]), config()) == []


@pytest.mark.parametrize("history", ["keep", "drop"])
def test_calls_that_cannot_be_executed_are_played_without_tools(history: str) -> None:
    """Rows of data without environments: the model's calls are compared with the truth's."""
    talk = of_trajectory(trajectories()[0])
    made = list(call_rows(talk, "x", "train", FormatOptions(), 0))[1]
    written = responses(trajectories()[0], "hermes")[1]
    (output,) = played(Engine(scripted([written])), kwargs(made), config({"history_reasoning": history}))
    ((answer,),) = outputs(output)
    assert answer is None
    expected = Engine(scripted([written]))
    played(expected, row(trajectories()[0], "hermes", "response", 1), config())
    assert output.prompt_ids == expected.prompts[0]
