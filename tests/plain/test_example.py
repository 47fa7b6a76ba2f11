"""``examples/plain_functions``: functions as they are, from the check to conversations that a model is rewarded for."""

from __future__ import annotations

import asyncio
import json
import shlex
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest

from funreason_plugin import check, synthesize
from funreason_plugin.command_line import run
from funreason_plugin.conversation import Reply, play
from funreason_plugin.environments.space import SimulationSpace
from funreason_plugin.formats.options import FormatOptions
from funreason_plugin.formats.verl import rows
from funreason_plugin.hosting import Host
from funreason_plugin.judging import judge_played
from funreason_plugin.messages import Conversation
from funreason_plugin.played import Played
from funreason_plugin.tasks import Task
from funreason_plugin.trajectory import Trajectory, loads

ROOT = Path(__file__).parents[2]
NAMES = {
    "functions": "functions:examples/plain_functions/shop.py",
    "class": "class:examples/plain_functions/desk.py:Desk",
}


@pytest.fixture(autouse=True)
def _at_the_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


def texts(task: Task, wrong: bool = False) -> Iterator[str]:
    """What a model writes that does what the truth does; with ``wrong``, no calls."""
    for turn in task.turns:
        for step in () if wrong else turn.steps:
            yield "\n".join(
                f"<tool_call>\n{json.dumps({'name': call.name, 'arguments': call.arguments})}\n</tool_call>"
                for call in step
            )
        yield turn.answer


async def rollout(host: Host, task: Task, wrong: bool = False) -> Played:
    left = texts(task, wrong)

    async def generate(conversation: Conversation) -> Reply:
        return Reply(next(left))

    session = await host.open(task.environments, task.scenario)
    try:
        return await play(task, session, generate)
    finally:
        await session.close()


def made(out: Path) -> list[Trajectory]:
    return [loads(line) for line in (out / "trajectories.jsonl").read_bytes().splitlines()]


@pytest.mark.slow
@pytest.mark.parametrize("kind", NAMES)
def test_the_check_finds_no_error(kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(check.app, ["env", NAMES[kind], "--samples", "2"]) == 0, capsys.readouterr().out


def test_the_functions_that_write_are_found() -> None:
    space = SimulationSpace.from_names([NAMES["functions"]])
    assert [name for name, spec in space.tools.items() if spec.writes] == ["place_order", "cancel_order"]


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "num"), [("functions", 20), ("class", 6)])
def test_conversations_are_made_checked_and_played(
    kind: str, num: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With hosted sessions, as in RL: the truth is rewarded, an attempt without calls is not."""
    out = tmp_path / "out"
    command = ["--env", NAMES[kind], "--num", str(num), "--teacher", "scripted", "--out", str(out)]
    assert run(synthesize.app, command) == 0, capsys.readouterr().err
    assert orjson.loads((out / "summary.json").read_bytes())["tools_never_kept"] == []
    assert run(check.app, ["data", str(out)]) == 0, capsys.readouterr().out

    tasks = [Task.of_row(row) for item in made(out)[:6] for row in rows(item, FormatOptions())]

    async def all_of_them(host: Host, wrong: bool) -> list[Played]:
        return list(await asyncio.gather(*(rollout(host, task, wrong) for task in tasks)))

    with Host(1, 8) as host:
        right = asyncio.run(all_of_them(host, False))
        wrong = asyncio.run(all_of_them(host, True))
    assert all(judge_played(task, played).success for task, played in zip(tasks, right, strict=True))
    assert not any(judge_played(task, played).success for task, played in zip(tasks, wrong, strict=True))


def test_the_first_line_is_the_command() -> None:
    first = (ROOT / "examples/plain_functions/README.md").read_text().splitlines()[0]
    assert shlex.split(first.strip("`"))[:5] == [
        "python",
        "-m",
        "funreason_plugin.synthesize",
        "--env",
        NAMES["functions"],
    ]
