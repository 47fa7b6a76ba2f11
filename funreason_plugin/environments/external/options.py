"""What a user says of tools that are not ours, beside the standard document that describes them.

    {"allow": ["*_note*"], "read_only": ["list_*"], "allow_writes": true,
     "state": "snapshot", "scenarios": "notes.jsonl", "digest": [{"tool": "list_notes"}],
     "values": {"get_note.note_id": {"tool": "list_notes", "path": "notes[].id"}}}

``parse(Options, data, where)`` reads it; what is wrong is one line with its place.
"""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Annotated, Any, Literal, TypeVar, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import ErrorDetails
from typing_extensions import Self

from funreason_plugin.environments.marks import Marks, Prose, Values
from funreason_plugin.errors import UserError, did_you_mean

__all__ = ["Call", "Given", "Limits", "Options", "Start", "Trim", "listed", "parse"]

Positive = Annotated[float, Field(gt=0, le=3600)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Call(_Strict):
    """A tool to call, by the name that the tools' owner gave it; ``fields``: the paths that count of its output."""

    tool: str
    arguments: dict[str, Any] = {}
    fields: list[str] = []


class Start(_Strict):
    """An initial state: a folder that is copied (beside the configuration), and calls that are made first."""

    folder: str = ""
    calls: list[Call] = []


class Given(_Strict):
    """Where the values of a parameter come from: one of the four."""

    of: list[Any] | None = None
    state: str | None = None
    tool: str | None = None
    path: str = ""
    prose: list[str] | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        said = [key for key in ("of", "state", "tool", "prose") if getattr(self, key) is not None]
        if len(said) != 1:
            raise ValueError("expected one of 'of', 'state', 'tool' (with 'path') and 'prose'")
        return self

    def marks(self) -> Marks:
        """The same as marks of a parameter."""
        if self.prose is not None:
            return Marks(prose=Prose(tuple(self.prose)))
        if self.of is not None:
            return Marks(values=Values.of(self.of))
        if self.state is not None:
            return Marks(values=Values.state(self.state))
        return Marks(values=Values.tool(self.tool or "", self.path))


class Limits(_Strict):
    """Seconds of a call and of a start; calls a second and at a time, of all processes of this machine together;
    starts after deaths, of one session; bytes of an output as a model reads it."""

    seconds: Positive = 20.0
    start_seconds: Positive = 30.0
    calls_per_second: Positive | None = None
    concurrency: Annotated[int, Field(ge=1, le=1000)] | None = None
    restarts: Annotated[int, Field(ge=0, le=100)] = 3
    bytes: Annotated[int, Field(ge=200, le=1_000_000)] = 20_000


class Trim(_Strict):
    """What of a tool's output a model reads: ``keep`` these paths, or all but ``drop``; of a list at most ``items``;
    the texts at ``lines`` as lists of their lines ("" is the output itself)."""

    keep: list[str] = []
    drop: list[str] = []
    lines: list[str] = []
    items: Annotated[int, Field(ge=1)] | None = None


class Options(_Strict):
    """What MCP servers and OpenAPI services have in common. Tool names may be patterns: ``list_*``."""

    allow: list[str] | None = None
    deny: list[str] = []
    read_only: list[str] = []
    allow_writes: bool = False
    prefix: Annotated[str, Field(pattern=r"^([A-Za-z_][A-Za-z0-9_]{0,30})?$")] = ""
    policy: str = ""
    state: Literal["live", "snapshot", "replay", "record"] = "live"
    restart: bool = True
    reset: list[Call] = []
    ignore: list[str] = []
    recording: str = ""
    scenarios: list[Start] | str = []
    digest: list[Call] = []
    equality: dict[str, str] = {}
    limits: Limits = Limits()
    values: dict[str, Given] = {}
    trim: dict[str, Trim] = {}

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.state == "record" and not self.recording:
            raise ValueError("state 'record' needs 'recording', a file beside the configuration")
        if self.reset and self.state != "replay":
            raise ValueError("'reset' belongs to state 'replay'")
        if (self.ignore or not self.restart) and self.state != "snapshot":
            raise ValueError("'ignore' and 'restart' belong to state 'snapshot'")
        return self


M = TypeVar("M", bound=BaseModel)


def parse(model: type[M], data: Any, where: str) -> M:
    """Options from plain data. ``where`` begins the line that says what is wrong; values are not repeated in it."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise UserError(f"{where}: {_line(model, first)}") from None


def listed(name: str, patterns: list[str]) -> bool:
    """Whether a tool's name is in a list of names and patterns."""
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def _line(model: type[BaseModel], error: ErrorDetails) -> str:
    place = ".".join(str(part) for part in error["loc"])
    if error["type"] == "extra_forbidden":
        known = _fields_at(model, error["loc"][:-1])
        key = str(error["loc"][-1])
        return f"key {place!r} is not known{did_you_mean(key, known) or '; the keys are ' + ', '.join(known)}"
    message = error["msg"].removeprefix("Value error, ")
    return f"{place}: {message}" if place else message


def _fields_at(model: type[BaseModel], path: tuple[int | str, ...]) -> list[str]:
    """The keys that are known at a place."""
    found: Any = model
    for part in path:
        fields: Mapping[str, Any] = getattr(found, "model_fields", {})
        if part in fields:
            found = fields[str(part)].annotation
        models = [item for item in _inside(found) if isinstance(item, type) and issubclass(item, BaseModel)]
        found = models[0] if models else found
    return list(getattr(found, "model_fields", {}))


def _inside(hint: Any) -> list[Any]:
    return [hint, *(found for part in get_args(hint) for found in _inside(part))]
