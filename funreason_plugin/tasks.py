"""A row of the verl parquet as what is played and judged: `Task`.

    task = Task.of_row(row)         # a UserError names the column and what was expected
    task.turns[0].query, task.turns[0].steps

Rows are written by `funreason_plugin.formats.verl`. Of kind "trajectory" the whole conversation is played; of
kind "response" it is restored from the truth up to one response, which the model then writes (the paper's split
of a trajectory at each assistant response).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from pydantic import ConfigDict

from funreason_plugin.environments.space import Scenario
from funreason_plugin.faults import Fault
from funreason_plugin.rendering import PromptForm
from funreason_plugin.trajectory import EnvironmentRef, Needed

__all__ = ["ROW_VERSION", "Kind", "Rule", "Task", "TaskTurn", "TruthCall"]

ROW_VERSION = 1
"""`extra_info.schema_version` of the rows that this release writes and reads."""

Kind = Literal["trajectory", "response"]
Rule = Literal["environment", "bfcl", "calls"]
"""What makes a turn right: the environments' own equality (`scoring`), BFCL's checker, or, where nothing can be
executed, the very calls of the truth (rows of kind "response" only)."""

_STRICT = ConfigDict(extra="forbid")


@dataclass(frozen=True, slots=True)
class TruthCall:
    """A call of the truth, with its output (None where nothing can be executed)."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT
    name: str
    arguments: dict[str, Any]
    output: Any


@dataclass(frozen=True, slots=True)
class TaskTurn:
    """One user turn with its truth: the calls by response, what had to be obtained, the state they lead to.

    ``answer`` is the truth's; ``withheld`` are tools that are not offered in this turn (they are in a later one, whose
    query has their documents) and cannot be called, but under rule "bfcl", as there; ``state_hash`` is
    `Session.state_hash` after the turn. ``faults`` are what any policy meets in the turn, and ``mistakes`` the steps of
    the truth that are mistakes: they count for nothing.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT
    query: str
    variant: str
    steps: tuple[tuple[TruthCall, ...], ...]
    needed: tuple[Needed, ...]
    state_hash: str
    answer: str = ""
    withheld: tuple[str, ...] = ()
    faults: tuple[Fault, ...] = ()
    mistakes: tuple[int, ...] = ()

    def right(self) -> tuple[tuple[TruthCall, ...], ...]:
        """The steps without the mistakes."""
        if not self.mistakes:
            return self.steps
        return tuple(step for number, step in enumerate(self.steps) if number not in self.mistakes)

    def calls(self) -> list[TruthCall]:
        """All calls of the turn, in the order of execution."""
        return [call for step in self.steps for call in step]


@dataclass(frozen=True, slots=True)
class Task:
    """What is played, and the truth it is judged by.

    ``tools`` are the documents of those offered from the start. ``at`` (rows of kind "response" only) is the
    response to write: the turn, and how many of the truth's steps of that turn come before it; ``turns`` ends
    with that turn. ``written`` (rule "calls" only) are the texts before the response, of the user's and the
    model's side in turns, with calls and results written out: there the truth is no more than the response.
    ``labels`` are the trajectory's.

    Tasks of rows that share a text share what was read from it: scenarios, documents, arguments and outputs are
    not to be changed.
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
    written: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()

    @property
    def offered(self) -> frozenset[str]:
        """The names of all tools that are offered at some point."""
        late = (name for turn in self.turns for name in turn.withheld)
        return frozenset([tool.get("function", tool)["name"] for tool in self.tools]).union(late)

    @classmethod
    def of_row(cls, row: Mapping[str, Any], where: str = "") -> Task:
        """The task of a row as parquet, `datasets`, pandas or verl hand it on (plain, Arrow or numpy values).

        ``where`` begins the message of an error, e.g. "train.parquet: row 3".

        Raises:
            UserError: a column is missing, of another schema version, or not as `formats.verl` writes it.
        """
        from funreason_plugin.task_rows import read_row

        return read_row(row, where)
