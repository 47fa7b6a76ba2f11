"""What stands between a source and a target: one conversation with its name, and what a source is.

    def read(row: Any, reading: Reading) -> Example: ...      # raises Refused or LeftOut

    SOURCE = Source("toolace", read, title="ToolACE", licence="Apache-2.0", page="https://…")

Each source is a module of `sources/` that has such a `SOURCE`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from funreason_plugin.messages import Conversation
from funreason_plugin.rendering import PromptForm
from funreason_plugin.trajectory import Trajectory

__all__ = ["Example", "Reading", "Source"]


@dataclass(slots=True)
class Example:
    """One conversation. ``id`` is the record's own, or "" (it is then named by its place)."""

    conversation: Conversation
    id: str = ""
    split: Literal["train", "val"] = "train"
    flags: dict[str, bool] = field(default_factory=dict)
    """What the source says of the record, by the names in `Source.flags`; kept in the rows."""
    trajectory: Trajectory | None = None
    """Where the source can be executed."""
    withheld: dict[int, tuple[str, ...]] = field(default_factory=dict)
    """Tools that are only offered in a later turn (from 0), by that turn: rows of verl can say so, nothing else."""


@dataclass(slots=True)
class Reading:
    """What a source is told about the record at hand, and what it says of it."""

    drop_error_responses: bool = False
    padded: bool = False
    """The record comes from parquet, where a null may only mean that other rows have the field."""
    rename_tools: bool = False
    """Names of tools get _ for what names cannot have (`toolace`)."""
    python_literals: bool = False
    """What Python's `str` wrote is read where JSON is expected."""
    prompt_form: PromptForm = "hermes"
    """How rows write tools; those that a query offers stand in its text."""
    notes: Counter[str] = field(default_factory=Counter)

    def note(self, what: str, count: int = 1) -> None:
        """Count a normalisation that does not change the meaning; `what` names the kind, not the value."""
        self.notes[what] += count


@dataclass(frozen=True, slots=True)
class Source:
    """A format that can be read."""

    name: str
    read: Callable[[Any, Reading], Example]
    title: str
    licence: str
    page: str = ""
    """Where the data is published."""
    file: str = ""
    """The file to read where a folder has it, among others."""
    flags: tuple[str, ...] = ()
    executable: bool = False
    """Its examples have a trajectory."""
    options: tuple[str, ...] = ()
    """The options of `Reading` that say something to it."""
    benchmark: bool = False
    """It is what models are measured with: rows for fine-tuning are not made of it."""
