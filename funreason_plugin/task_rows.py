"""Rows of the verl parquet read: columns to a `Task`, each fault with its place and what was expected.

    read_row(row, "train.parquet: row 3")

The nested parts are JSON texts. Rows of one trajectory share them, and so does each prompt's group of rollouts, so
what was read from a text is kept for a while.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, lru_cache
from typing import Any, get_args

from pydantic import TypeAdapter, ValidationError
from pydantic_core import from_json, to_json

from funreason_plugin.environments.space import Scenario
from funreason_plugin.errors import UserError
from funreason_plugin.rendering import PromptForm
from funreason_plugin.tasks import ROW_VERSION, Kind, Rule, Task, TaskTurn
from funreason_plugin.trajectory import EnvironmentRef

__all__ = ["read_row"]

_MEND = "write the rows again from their trajectories (python -m funreason_plugin.convert --from trajectories --to verl …)"
_KEPT = 256
"""Texts of each column whose reading is kept."""


def read_row(row: Mapping[str, Any], where: str = "") -> Task:
    """`Task.of_row`."""
    return _Reader(f"{where}: " if where else "").task(row)


class _Reader:
    """One row; ``before`` begins the messages."""

    def __init__(self, before: str) -> None:
        self.before = before

    def task(self, row: Mapping[str, Any]) -> Task:
        extra = self._columns(row, "extra_info")
        version = _plain(extra.get("schema_version"))
        if version != ROW_VERSION or isinstance(version, bool):
            raise UserError(
                f"{self.before}extra_info.schema_version is {'missing' if version is None else repr(version)}; "
                f"this release reads {ROW_VERSION}; {_MEND}"
            )
        truth = self._text(self._columns(row, "reward_model"), "ground_truth", "reward_model")
        kind: Kind = self._one_of(extra, "kind", get_args(Kind))
        rule: Rule = self._one_of(extra, "rule", get_args(Rule))
        form: PromptForm = self._one_of(extra, "prompt_form", get_args(PromptForm))
        turns: tuple[TaskTurn, ...] = self._read(_turns, "ground_truth", truth, self._text(extra, "queries"))
        at = self._at(extra, turns) if kind == "response" else None
        if rule == "calls" and at is None:
            raise UserError(f"{self.before}extra_info.rule is 'calls'; expected kind 'response' with it")
        return Task(
            id=self._text(extra, "id"),
            kind=kind,
            rule=rule,
            split=self._text(extra, "split"),
            prompt_form=form,
            environments=self._read(_environments, "environments", self._text(extra, "environments")),
            scenario=self._read(_scenario, "scenario", self._text(extra, "scenario")),
            system=self._text(extra, "system"),
            tools=self._read(_tools, "tools", self._text(extra, "tools")),
            turns=turns if at is None else turns[: at[0] + 1],
            at=at,
            written=self._prompt(row) if rule == "calls" else (),
            labels=tuple(self._text(extra, "labels").split()) if "labels" in extra else (),
        )

    def _columns(self, row: Mapping[str, Any], name: str) -> Mapping[str, Any]:
        value = _plain(row.get(name))
        if not isinstance(value, Mapping):
            found = "is missing" if value is None else f"is {_kind(value)}"
            raise UserError(
                f"{self.before}column {name} {found}; expected the columns that synthesize or convert write for verl"
            )
        return value

    def _text(self, columns: Mapping[str, Any], key: str, of: str = "extra_info") -> str:
        value = _plain(columns.get(key))
        if not isinstance(value, str):
            found = "missing" if value is None else _kind(value)
            raise UserError(f"{self.before}{of}.{key} is {found}; expected a text; {_MEND}")
        return value

    def _one_of(self, columns: Mapping[str, Any], key: str, known: tuple[Any, ...]) -> Any:
        value = self._text(columns, key)
        if value not in known:
            raise UserError(f"{self.before}extra_info.{key} is {value!r}; expected {' or '.join(known)}")
        return value

    def _read(self, read: Any, name: str, *texts: str) -> Any:
        try:
            return read(*texts)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            place = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in first["loc"])
            found = f"{name}{place}: {first['msg']}"
        except (ValueError, RecursionError) as error:
            found = f"{name}: {str(error)[:200]}"
        column = "reward_model" if name == "ground_truth" else "extra_info"
        raise UserError(f"{self.before}{column}.{found}; {_MEND}")

    def _at(self, extra: Mapping[str, Any], turns: tuple[TaskTurn, ...]) -> tuple[int, int]:
        found = [_plain(extra.get(key)) for key in ("turn", "step")]
        for key, value in zip(("turn", "step"), found, strict=True):
            if type(value) is not int:
                raise UserError(
                    f"{self.before}extra_info.{key} is {'missing' if value is None else _kind(value)}; "
                    "expected a whole number in a row of kind 'response'"
                )
        turn, step = found
        if not (0 <= turn < len(turns) and 0 <= step <= len(turns[turn].steps)):
            raise UserError(f"{self.before}extra_info: no response at turn {turn}, step {step} of the truth")
        return turn, step

    def _prompt(self, row: Mapping[str, Any]) -> tuple[str, ...]:
        """The texts of the messages after the system prompt, which verl hands on under one of two names."""
        column = "prompt" if row.get("prompt") is not None else "raw_prompt"
        messages = _plain(row.get(column))
        found: list[tuple[str, str]] = []
        for message in messages if isinstance(messages, list) else []:
            if not isinstance(message, Mapping):
                break
            found.append((self._text(message, "role", column), self._text(message, "content", column)))
        if found and found[0][0] == "system":
            del found[0]
        expected = [("user", "assistant")[number % 2] for number in range(len(found))]
        if len(found) % 2 == 0 or [role for role, _ in found] != expected:
            raise UserError(
                f"{self.before}column {column}: expected messages, of a user and an assistant in turns and a user last"
            )
        return tuple(text for _, text in found)


def _plain(value: Any) -> Any:
    """A scalar or list of Arrow or numpy as Python's."""
    for name in ("as_py", "tolist"):
        if hasattr(value, name):
            return getattr(value, name)()
    return value


def _kind(value: Any) -> str:
    return f"of type {type(value).__name__}"


def _json(text: str) -> Any:
    """Integers of any size as they are."""
    return from_json(text, allow_inf_nan=False)


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


@lru_cache(maxsize=_KEPT)
def _turns(truth: str, queries: str) -> tuple[TaskTurn, ...]:
    data, texts = _json(truth), _json(queries)
    if not isinstance(data, list) or not data or not all(isinstance(turn, dict) for turn in data):
        raise ValueError("expected a list of turns")
    if not isinstance(texts, list) or len(texts) != len(data):
        raise ValueError(f"{len(data)} turns, but extra_info.queries is not a list of as many texts")
    turns = [{**turn, "query": query} for turn, query in zip(data, texts, strict=True)]
    found: tuple[TaskTurn, ...] = _adapter(tuple[TaskTurn, ...]).validate_json(to_json(turns))
    return found


@lru_cache(maxsize=_KEPT)
def _environments(text: str) -> tuple[EnvironmentRef, ...]:
    found: tuple[EnvironmentRef, ...] = _adapter(tuple[EnvironmentRef, ...]).validate_json(text)
    return found


@lru_cache(maxsize=_KEPT)
def _scenario(text: str) -> Scenario:
    found: Scenario = _adapter(Scenario).validate_json(text)
    return found


@lru_cache(maxsize=_KEPT)
def _tools(text: str) -> tuple[dict[str, Any], ...]:
    documents = _json(text)
    if not isinstance(documents, list):
        raise ValueError("expected a list of tool documents")
    for number, tool in enumerate(documents):
        function = tool.get("function", tool) if isinstance(tool, dict) else None
        if not isinstance(function, dict) or not isinstance(function.get("name"), str):
            raise ValueError(f"[{number}] is no tool document with a name")
    return tuple(documents)
