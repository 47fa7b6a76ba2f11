"""Rows with variants, and rollouts of them: what the model is shown, what it may call, and the verdict."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from funreason_plugin.calls import to_hermes
from funreason_plugin.checks.replay import space_of
from funreason_plugin.conversation import Reply, play
from funreason_plugin.converting.running import Job, convert
from funreason_plugin.formats import verl
from funreason_plugin.formats.options import FormatOptions
from funreason_plugin.formats.writer import encode_chunk
from funreason_plugin.judging import judge_played, metrics
from funreason_plugin.live import Direct
from funreason_plugin.messages import Conversation, of_trajectory
from funreason_plugin.played import Played
from funreason_plugin.tasks import Task
from funreason_plugin.trajectory import Trajectory, dumps
from tests.variants.made import lacking, with_variant

OPTIONS = FormatOptions("variants")


def test_a_late_tool_is_no_part_of_the_system_prompt_but_of_the_query_that_offers_it() -> None:
    trajectory, number = with_variant("miss_func")
    tools = lacking(trajectory, number)
    talk = of_trajectory(trajectory)
    assert not set(tools) & {tool["function"]["name"] for tool in talk.tools}
    queries = [message.content for message in talk.messages if message.role == "user"]
    assert queries[number + 1].startswith('{"type": "function", "function": {"name": "' + tools[0])
    assert queries[number + 1].endswith("\n" + trajectory.turns[number + 1].query)
    assert [text for place, text in enumerate(queries) if place != number + 1] == [
        turn.query for place, turn in enumerate(trajectory.turns) if place != number + 1
    ]


def test_the_card_form_writes_it_as_bfcl_does() -> None:
    trajectory, number = with_variant("miss_func")
    queries = [m.content for m in of_trajectory(trajectory, "card").messages if m.role == "user"]
    assert queries[number + 1].startswith("[{'name': '")


def test_a_conversion_to_the_card_form_writes_it_so_too(tmp_path: Path) -> None:
    trajectory, number = with_variant("miss_func")
    (tmp_path / "trajectories.jsonl").write_bytes(dumps(trajectory))
    convert(
        Job(
            "trajectories",
            "llamafactory",
            [tmp_path / "trajectories.jsonl"],
            tmp_path / "out",
            prompt_form="card",
        )
    )
    (shard,) = (tmp_path / "out").rglob("*.parquet")
    rows = pq.read_table(shard).to_pylist()
    longest = max((row["conversations"] for row in rows), key=len)
    queries = [message["value"] for message in longest if message["from"] == "human"]
    assert queries[number + 1].startswith("[{'name': '")


def test_rows_for_both_frameworks_are_written() -> None:
    trajectory, _ = with_variant("miss_func")
    parts = encode_chunk([dumps(trajectory)], OPTIONS)
    assert {name.split("/")[0] for name in parts} == {"llamafactory", "verl"}


def task_of(trajectory: Trajectory, form: str = "hermes") -> Task:
    (row,) = verl.rows(trajectory, FormatOptions("variants", prompt_form=form))  # type: ignore[arg-type]
    return Task.of_row(row)


@pytest.mark.parametrize("form", ["hermes", "card"])
def test_a_task_says_what_is_withheld_in_which_turn(form: str) -> None:
    trajectory, number = with_variant("miss_func")
    tools = set(lacking(trajectory, number))
    task = task_of(trajectory, form)
    assert [set(turn.withheld) == tools for turn in task.turns] == [
        place <= number for place in range(len(task.turns))
    ]
    assert task.turns[number].variant == "miss_func" and not task.turns[number].steps
    assert tools <= task.offered


def played(trajectory: Trajectory, instead: dict[int, Sequence[str]] | None = None) -> tuple[Task, Played]:
    """The truth's own conversation, but for the replies of some turns."""
    replies: list[str] = []
    for number, turn in enumerate(trajectory.turns):
        own = [to_hermes((call.name, call.arguments) for call in step.calls) for step in turn.steps]
        replies += (instead or {}).get(number, [*own, turn.answer])

    async def generate(talk: Conversation) -> Reply:
        return Reply(replies.pop(0))

    task = task_of(trajectory)
    session = Direct(space_of(trajectory), trajectory.scenario)
    return task, asyncio.run(play(task, session, generate))


@pytest.mark.parametrize("variant", ["miss_func", "miss_param", "irrelevance"])
def test_a_rollout_that_abstains_passes(variant: str) -> None:
    trajectory, number = with_variant(variant)
    task, found = played(trajectory)
    score = judge_played(task, found)
    assert score.success and score.abstention == 1.0
    assert metrics(score, task)[f"success/variant_{variant}"] == 1.0
    assert found.turns[number].state_hash == trajectory.turns[number].state_hash


@pytest.mark.parametrize("variant", ["miss_func", "miss_param", "irrelevance"])
def test_a_rollout_that_calls_instead_fails_that_turn_only(variant: str) -> None:
    trajectory, number = with_variant(variant)
    looks = {"parking": ("list_rentals", {}), "kitchen": ("find_recipe", {"dish": "apple pie"})}
    call = looks[trajectory.environments[0].name]
    task, found = played(trajectory, {number: [to_hermes([call]), "Here you are."]})
    score = judge_played(task, found)
    assert not score.success and score.abstention == 0.0
    assert [turn.passed for turn in score.turns] == [
        place != number for place in range(len(trajectory.turns))
    ]
    assert score.turns[number].reasons == (f"nothing was to be called in this turn, but {call[0]} was",)


def test_a_withheld_tool_does_not_exist_yet() -> None:
    trajectory, number = with_variant("miss_func")
    call = next(
        call for call in trajectory.turns[number + 1].calls() if call.name == trajectory.turns[number].target
    )
    _, found = played(trajectory, {number: [to_hermes([(call.name, call.arguments)]), "Done."]})
    (made,) = found.turns[number].calls()
    assert made.output == {"error": f"unknown tool {call.name!r}"}
    assert found.turns[number].state_hash == trajectory.turns[number].state_hash
