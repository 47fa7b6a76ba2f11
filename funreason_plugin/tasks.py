"""A row of the verl parquet as what is played and judged: `Task`.

    task = Task.of_row(row)         # a UserError names the column and what was expected
    task.turns[0].query, task.turns[0].steps

Rows are written by `funreason_plugin.formats.verl`. Of kind "trajectory" the whole conversation is played; of
kind "response" it is restored from the truth up to one response, which the model then writes (the paper's split
of a trajectory at each assistant response).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from funreason_plugin.environments.space import Scenario
from funreason_plugin.rendering import PromptForm
from funreason_plugin.trajectory import EnvironmentRef, Needed

__all__ = ["Kind", "Rule", "Task", "TaskTurn", "TruthCall"]

Kind = Literal["trajectory", "response"]
Rule = Literal["environment", "bfcl"]
"""What makes a turn right: the environments' own equality (`scoring`), or BFCL's checker."""


@dataclass(frozen=True, slots=True)
class TruthCall:
    """A call of the truth, with its output."""

    name: str
    arguments: dict[str, Any]
    output: Any


@dataclass(frozen=True, slots=True)
class TaskTurn:
    """One user turn with its truth: the calls by response, what had to be obtained, the state they lead to.

    ``answer`` is the truth's; ``withheld`` are tools that cannot be called in this turn (they are offered in a
    later one); ``state_hash`` is `Session.state_hash` after the turn.
    """

    query: str
    variant: str
    steps: tuple[tuple[TruthCall, ...], ...]
    needed: tuple[Needed, ...]
    state_hash: str
    answer: str = ""
    withheld: tuple[str, ...] = ()

    def calls(self) -> list[TruthCall]:
        """All calls of the turn, in the order of execution."""
        return [call for step in self.steps for call in step]


@dataclass(frozen=True, slots=True)
class Task:
    """What is played, and the truth it is judged by.

    ``at`` (rows of kind "response" only) is the response to write: the turn, and how many of the truth's steps
    of that turn come before it; ``turns`` ends with that turn.
    """

    id: str
    kind: Kind
    rule: Rule
    split: str
    prompt_form: PromptForm
    environments: tuple[EnvironmentRef, ...]
    scenario: Scenario
    system: str
    tools: tuple[dict[str, Any], ...]
    turns: tuple[TaskTurn, ...]
    at: tuple[int, int] | None = None

    @property
    def offered(self) -> frozenset[str]:
        """The names of all tools that are offered at some point."""
        return frozenset(tool.get("function", tool)["name"] for tool in self.tools)
