"""One trajectory in colour: what the user says, what the model thinks, calls and gets, what it answers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson
from rich.console import Console, RenderableType
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from funreason_plugin.calls import to_python
from funreason_plugin.environments.space import is_error
from funreason_plugin.errors import UserError
from funreason_plugin.faults import met
from funreason_plugin.synthesis.folder import TRAJECTORIES
from funreason_plugin.trajectory import FollowUpTurn, RecoveryTurn, Trajectory, Turn, faults_of, loads

LONGEST_RESULT = 400  # characters of a tool's output


def show_one(folder: Path, index: int, console: Console, turns: int | None = None) -> None:
    """Print the trajectory of a slot, or its first turns."""
    show(read_one(folder, index), console, turns)


def read_one(folder: Path, index: int) -> Trajectory:
    """The kept trajectory of a slot; a `UserError` says what the folder has instead."""
    path = folder / TRAJECTORIES
    number = 0
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, 1):
                if number == index + 1:
                    return loads(line, f"{path}:{number}")
    except OSError as error:
        raise UserError(f"{path}: {error.strerror}; expected the output folder of a run") from None
    has = f"it has 0 to {number - 1}" if number else "it has none yet"
    raise UserError(f"{path}: no trajectory with index {index}; {has}")


def _maker(maker: Mapping[str, str]) -> str:
    """ "scripted", or "openai Qwen/Qwen3-32B"."""
    model = maker.get("model", "none")
    return maker["teacher"] if model == "none" else f"{maker['teacher']} {model}"


def show(trajectory: Trajectory, console: Console, turns: int | None = None) -> None:
    """Print a trajectory."""
    environments = ", ".join(environment.name for environment in trajectory.environments)
    makers = ", ".join(sorted({_maker(maker) for maker in trajectory.made_by.values()}))
    head = Text(f"trajectory {trajectory.index}", style="bold")
    head.append(
        f"  {environments} · {len(trajectory.tools)} tools offered · {len(trajectory.turns)} {'turn' if len(trajectory.turns) == 1 else 'turns'} · "
        f"{trajectory.split} · teacher {makers}",
        style="not bold dim",
    )
    console.print(head)
    shown = trajectory.turns[:turns]
    for number, turn in enumerate(shown, 1):
        variant = f", {turn.variant}" if turn.variant != "base" else ""
        variant += f" ({turn.follow_up.kind})" if isinstance(turn, FollowUpTurn) else ""
        tries = f", attempt {turn.attempts} passed" if turn.attempts > 1 else ""
        variant += f" ({turn.recovery.kind})" if isinstance(turn, RecoveryTurn) else ""
        console.print(Rule(Text(f"turn {number}{variant}{tries}", style="dim"), align="left", style="dim"))
        console.print(_turn(turn))
    hidden = len(trajectory.turns) - len(shown)
    if hidden > 0:
        console.print(Text(f"… and {hidden} more turn{'s' if hidden > 1 else ''}", style="dim"))


def _turn(turn: Turn) -> Table:
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="bold", no_wrap=True)
    grid.add_column(overflow="fold")
    _row(grid, "user", turn.query, "cyan")
    faulty = iter(met(faults_of(turn), turn.calls()))
    for step in turn.steps:
        _row(grid, "thinks", step.thought, "italic dim")
        for call in step.calls:
            _row(grid, "calls", call_text(call.name, call.arguments), "green")
        for call in step.calls:
            label = "fault" if next(faulty) else "gets"
            _row(grid, label, short_json(call.output), "red" if is_error(call.output) else "dim")
    _row(grid, "thinks", turn.thought, "italic dim")
    _row(grid, "answers", turn.answer, "yellow")
    return grid


def _row(grid: Table, label: str, text: str | None, style: str) -> None:
    if text:
        cells: list[RenderableType] = [
            Text(label, style=f"{style.split()[-1]} bold"),
            Text(text, style=style),
        ]
        grid.add_row(*cells)


def call_text(name: str, arguments: dict[str, Any]) -> str:
    """``cd(folder="data")``."""
    try:
        return to_python([(name, arguments)]).removeprefix("<tool_call>[").removesuffix("]</tool_call>")
    except ValueError:  # a tool whose name is not an identifier
        return f"{name} {orjson.dumps(arguments).decode()}"


def short_json(value: Any, longest: int = LONGEST_RESULT) -> str:
    """A value as JSON, cut when it is long."""
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= longest else f"{text[:longest]}… ({len(text):,} characters)"
