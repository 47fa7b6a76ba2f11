"""A run: one model on the rows of one file, as a folder that grows while it is played.

    RUN/run.json              what was asked: model, rows, sampling, limits
    RUN/conversations.jsonl   a line for each conversation as it ends: the verdict, what it cost, what was said

A run of other settings is refused; an interrupted one goes on where it stopped.
"""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ConfigDict, TypeAdapter, ValidationError

from funreason_plugin.errors import UserError
from funreason_plugin.evaluation.rows import cut_off, writing

__all__ = [
    "RUN_VERSION",
    "Conversation",
    "Run",
    "Settings",
    "TurnVerdict",
    "folder_name",
    "open_run",
    "read_run",
]

RUN_VERSION = 1
_SETTINGS, _CONVERSATIONS = "run.json", "conversations.jsonl"


@dataclass(frozen=True, slots=True)
class Settings:
    """What makes two runs comparable, or not. ``rows`` is a hash over all that is played and judged, ``total`` the
    conversations in a finished run."""

    __pydantic_config__ = ConfigDict(extra="forbid", strict=True)
    model: str
    rows: str
    total: int
    attempts: int
    thinking: bool
    temperature: float
    top_p: float
    max_tokens: int
    steps: int
    seconds: float
    version: int = RUN_VERSION

    def other_than(self, before: Settings) -> str:
        """What differs, in words; "" where nothing does."""
        mine, theirs = asdict(self), asdict(before)
        return ", ".join(f"{key} {theirs[key]}, not {mine[key]}" for key in mine if mine[key] != theirs[key])


@dataclass(frozen=True, slots=True)
class TurnVerdict:
    """The verdict on one turn, beside what was said in it. ``steps`` are lists of {name, arguments, output}."""

    __pydantic_config__ = ConfigDict(extra="forbid")
    variant: str
    query: str
    passed: bool
    judged: bool
    wants_calls: bool
    calls: int
    errors: int
    stop: str
    reasons: list[str]
    steps: list[list[dict[str, Any]]]
    answer: str


@dataclass(frozen=True, slots=True)
class Conversation:
    """One line: row and attempt from 0; ``success`` of the whole; ``depth`` as `evaluation.depth` has it. ``tokens``
    are those of all prompts and of all responses of the conversation."""

    __pydantic_config__ = ConfigDict(extra="forbid")
    row: int
    attempt: int
    id: str
    kind: str
    environments: list[str]
    depth: int
    success: bool
    progress: float
    format: bool
    responses: int
    tokens: tuple[int, int]
    seconds: float
    turns: list[TurnVerdict]
    labels: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Run:
    """A folder's settings and conversations by row and attempt."""

    folder: Path
    settings: Settings
    conversations: dict[tuple[int, int], Conversation] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.settings.model

    def add(self, conversation: Conversation) -> None:
        """Keep it, and write its line. Raises UserError."""
        line = json.dumps(asdict(conversation), ensure_ascii=True)
        path = self.folder / _CONVERSATIONS
        with writing(path), open(path, "a", encoding="utf-8") as file:
            file.write(line + "\n")
        self.conversations[conversation.row, conversation.attempt] = conversation


def folder_name(model: str) -> str:
    """A model's name as that of a folder."""
    return re.sub(r"[^A-Za-z0-9.-]+", "-", model).strip(".-") or "model"


def open_run(folder: Path, settings: Settings) -> Run:
    """The run of a folder, to be begun or gone on with; one that has nothing yet may have had other settings.

    Raises:
        UserError: the folder has results of other settings, or cannot be written.
    """
    if (folder / _SETTINGS).is_file():
        run = read_run(folder)
        other = settings.other_than(run.settings)
        if not other:
            cut_off(folder / _CONVERSATIONS)
            return run
        if run.conversations:
            raise UserError(
                f"{folder}: holds {len(run.conversations):,} conversations of other settings ({other}); "
                "give another --out, or move it away"
            )
    elif folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UserError(f"{folder}: has no {_SETTINGS}, so it is no run's folder; give another --out")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        part = folder / f"{_SETTINGS}.part"
        part.write_text(json.dumps(asdict(settings), indent=1) + "\n", encoding="utf-8")
        part.replace(folder / _SETTINGS)
    except OSError as error:
        raise UserError(f"{folder}: {error.strerror}") from None
    return Run(folder, settings)


def read_run(folder: Path) -> Run:
    """A run as it stands, finished or not. A last line that is cut off is left out.

    Raises:
        UserError: it is none.
    """
    try:
        found: Any = json.loads((folder / _SETTINGS).read_bytes())
        if isinstance(found, dict) and found.get("version") != RUN_VERSION:
            raise UserError(
                f"{folder / _SETTINGS}: version {found.get('version')!r}; this release reads {RUN_VERSION}"
            )
        settings = _SETTINGS_READ.validate_json(json.dumps(found))
    except FileNotFoundError:
        raise UserError(
            f"{folder}: has no {_SETTINGS}; expected the folder of a run of evaluate env"
        ) from None
    except (OSError, ValueError, RecursionError) as error:
        raise UserError(f"{folder / _SETTINGS}: {_short(error)}") from None
    run = Run(folder, settings)
    path = folder / _CONVERSATIONS
    if not path.is_file():
        return run
    data = path.read_bytes()
    for number, line in enumerate(data[: data.rfind(b"\n") + 1].splitlines(), 1):
        try:
            conversation = _CONVERSATION_READ.validate_json(line)
        except ValidationError as error:
            raise UserError(f"{path}:{number}: {_short(error)}; move the folder away") from None
        run.conversations[conversation.row, conversation.attempt] = conversation
    return run


_SETTINGS_READ = TypeAdapter(Settings)
_CONVERSATION_READ = TypeAdapter(Conversation)


def _short(error: Exception) -> str:
    if isinstance(error, ValidationError):
        first = error.errors(include_url=False, include_input=False)[0]
        return f"{'.'.join(map(str, first['loc'])) or 'not JSON'}: {first['msg'][:120]}"
    return " ".join(str(error).split())[:160]
