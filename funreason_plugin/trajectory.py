"""The data model: a trajectory is self-contained JSON, one line in ``trajectories.jsonl``.

    for trajectory in read("out/trajectories.jsonl"):
        for turn in trajectory.turns:
            print(turn.query, [call.name for step in turn.steps for call in step.calls])

A trajectory holds the initial state (scenario), every call with its output and the provenance of each
argument, and a hash of the state after each turn: anybody can replay it. Unknown keys are an error.

Tools may be withheld until a turn (`offered_late`): ``tools`` has them all, and `withheld` says what cannot be called yet.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

import orjson
from pydantic import ConfigDict, Discriminator, Tag, TypeAdapter, ValidationError

from funreason_plugin.environments.any_scenario import SIZES, AnyScenario
from funreason_plugin.environments.state import canonical, sha256
from funreason_plugin.errors import UserError
from funreason_plugin.faults import Fault, Recovery

SCHEMA_VERSION = 1
_STRICT = ConfigDict(extra="forbid", strict=True)


@dataclass(slots=True)
class Choice:
    """Why this record of a list output was taken; the query must say so.

    ``list`` is the path of the list in the output, ``by`` is "only", "min", "max" or "equals", ``key`` the
    record's field, and ``value`` (for "equals") the value that picks the record, unique in the list.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT
    list: str
    by: Literal["only", "min", "max", "equals"]
    key: str = ""
    value: Any = None


@dataclass(slots=True)
class Provenance:
    """Where an argument's value comes from.

    ``source``: "query" (the user says it in this turn), "earlier_query" (in turn ``turn``), "output" (of call
    ``call`` of turn ``turn``, counted over the turn's steps, at path ``field``) or "default".
    """

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT
    source: Literal["query", "earlier_query", "output", "default"]
    turn: int | None = None
    call: int | None = None
    field: str = ""
    choice: Choice | None = None


@dataclass(slots=True)
class Call:
    """One executed call. ``provenance`` is by leaf path ("city", "items[0].sku"); a prefix covers what is below."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT
    name: str
    arguments: dict[str, Any]
    provenance: dict[str, Provenance]
    output: Any


@dataclass(slots=True)
class Step:
    """One assistant message with at least one call, and its outputs. Calls of a step do not need each other."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT
    thought: str | None
    calls: list[Call]


@dataclass(slots=True)
class Needed:
    """An output value that had to be obtained: it feeds a later argument, or the answer."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT
    value: Any
    field: str


@dataclass(slots=True)
class Turn:
    """A user's query, the steps that fulfil it, and the answer. ``state_hash`` is that after the turn."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT
    query: str
    steps: list[Step]
    thought: str | None
    answer: str
    state_hash: str
    needed: list[Needed]
    variant: str = "base"
    target: str = ""
    advanced_tool: dict[str, Any] = field(default_factory=dict)
    hint: str = ""
    noise: dict[str, Any] = field(default_factory=dict)
    attempts: int = 1
    exact_match: bool = True
    feedback: list[dict[str, Any]] = field(default_factory=list)

    def calls(self) -> list[Call]:
        """All calls of the turn in the order of execution."""
        return [call for step in self.steps for call in step.calls]


@dataclass(slots=True)
class EnvironmentRef:
    """An environment as it was: declared version, and hash of source and schemas."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT
    name: str
    version: str
    hash: str
    source: str = ""

    @property
    def given(self) -> str:
        """The name that resolves to it, as on the command line."""
        return self.source or self.name


@dataclass(slots=True)
class Lack:
    """What a turn lacks, so that nothing is to be called in it.

    ``tools``: tools that it needs and that are not offered. In a turn of variant "miss_func" they are withheld from the
    conversation's start and offered with the next query; in one of "irrelevance" they are those of ``environment``, which
    is not there at all. In a turn of "miss_param" it is the one tool whose required ``parameter`` the user has not said.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT
    tools: list[str]
    parameter: str = ""
    environment: EnvironmentRef | None = None


@dataclass(slots=True)
class AbstentionTurn(Turn):
    """A turn in which the model has to say what is missing, and to call nothing: no steps, nothing needed."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT
    lack: Lack = field(kw_only=True)


FollowUpKind = Literal["correct", "change_of_mind", "undo_part", "refer_back"]


@dataclass(slots=True)
class FollowUp:
    """What the user does with the turn before.

    ``kind``: "correct" (a value was wrong: ``parameter`` of ``tool``), "change_of_mind" (what was done is taken back, and
    something else is done), "undo_part" (one of several effects is taken back) or "refer_back" (the user speaks of one of
    several records that were found). ``undone``: calls of the turn before, by flat index, that count as not made; ``by``
    is the tool that takes them back, or "" where the new call overwrites what the old one did.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT
    kind: FollowUpKind
    tool: str = ""
    parameter: str = ""
    undone: list[int] = field(default_factory=list)
    by: str = ""


@dataclass(slots=True)
class FollowUpTurn(Turn):
    """A turn whose query is to be understood from the turn before."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT
    follow_up: FollowUp = field(kw_only=True)


@dataclass(slots=True)
class RecoveryTurn(Turn):
    """A turn in which something goes wrong on purpose, and is mended: variant "error_recovery"."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT
    recovery: Recovery = field(kw_only=True)


_KINDS = {"": "a turn", "lack": "an abstention", "follow_up": "a follow-up", "recovery": "a recovery"}


def _kind(value: Any) -> str:
    has = value.__contains__ if isinstance(value, dict) else lambda name: hasattr(value, name)
    return next((kind for name, kind in _KINDS.items() if name and has(name)), _KINDS[""])


AnyTurn = Annotated[
    Annotated[Turn, Tag(_KINDS[""])]
    | Annotated[AbstentionTurn, Tag(_KINDS["lack"])]
    | Annotated[FollowUpTurn, Tag(_KINDS["follow_up"])]
    | Annotated[RecoveryTurn, Tag(_KINDS["recovery"])],
    Discriminator(_kind),
]


@dataclass(slots=True)
class Trajectory:
    """A multi-turn conversation with everything needed to replay it."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT
    schema_version: int
    id: str
    index: int
    seed: int
    attempt: int
    split: Literal["train", "val"]
    labels: list[str]
    environments: list[EnvironmentRef]
    made_by: dict[str, dict[str, str]]
    versions: dict[str, str]
    system: str
    tools: list[dict[str, Any]]
    scenario: AnyScenario
    turns: list[AnyTurn]
    certificate: str = ""


def offered_late(turns: Sequence[Turn]) -> dict[int, tuple[str, ...]]:
    """The tools that come with a query, by turn (from 0): they are not offered before."""
    return {
        number + 1: tuple(turn.lack.tools)
        for number, turn in enumerate(turns)
        if isinstance(turn, AbstentionTurn) and turn.variant == "miss_func"
    }


def withheld(turns: Sequence[Turn], number: int) -> set[str]:
    """The tools that are not offered in a turn (from 0)."""
    return {name for start, names in offered_late(turns).items() if number < start for name in names}


def faults_of(turn: Turn) -> list[Fault]:
    """The faults that a turn meets; in order."""
    return turn.recovery.faults if isinstance(turn, RecoveryTurn) else []


def mistakes_of(turn: Turn) -> list[int]:
    """The steps of a turn (from 0) that are mistakes, made on purpose: nothing is to be trained to make them."""
    return turn.recovery.mistakes if isinstance(turn, RecoveryTurn) else []


def certify(trajectory: Trajectory) -> str:
    """SHA-256 (hex) over the canonical JSON of everything but the certificate itself."""
    data = {name: getattr(trajectory, name) for name in Trajectory.__slots__ if name != "certificate"}
    return sha256(canonical(data))


def dumps(trajectory: Trajectory) -> bytes:
    """One line of JSON, with the line feed."""
    return orjson.dumps(trajectory, option=orjson.OPT_APPEND_NEWLINE)


def loads(line: bytes | str, where: str = "trajectory") -> Trajectory:
    """Parse a line; a `UserError` names place and field."""
    try:
        trajectory = _adapter().validate_json(line)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        path = [part for part in first["loc"] if part not in (*_KINDS.values(), *SIZES)]
        place = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
        more = f" (and {error.error_count() - 1} more)" if error.error_count() > 1 else ""
        raise UserError(f"{where}: {place.lstrip('.') or 'line'}: {first['msg']}{more}") from None
    if trajectory.schema_version != SCHEMA_VERSION:
        raise UserError(
            f"{where}: schema_version is {trajectory.schema_version}, this release reads {SCHEMA_VERSION}"
        )
    return trajectory


def read(path: str | Path) -> Iterator[Trajectory]:
    """The trajectories of a JSONL file; errors name ``file:line`` and the field."""
    try:
        with open(path, "rb") as file:
            for number, line in enumerate(file, 1):
                yield loads(line, f"{path}:{number}")
    except OSError as error:
        raise UserError(f"{path}: {error.strerror or error}") from None


@cache
def _adapter() -> TypeAdapter[Trajectory]:
    return TypeAdapter(Trajectory)
