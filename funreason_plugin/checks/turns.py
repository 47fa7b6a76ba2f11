"""`TurnView`: a turn (or the trace it is to become) in the form in which acceptance rules read it.

    view = TurnView.of_turn(turn, earlier, tools, system)
    view = TurnView.of_trace(trace, earlier, tools, query="…")

What several rules ask (origins of arguments, evidence, prepared texts) is worked out once, when first asked.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any, NamedTuple, Protocol

import orjson

from funreason_plugin.checks.grounding import Evidence
from funreason_plugin.checks.wording import Said, fold
from funreason_plugin.environments.paths import parse_path
from funreason_plugin.faults import Recovery, met
from funreason_plugin.trajectory import (
    AbstentionTurn,
    FollowUp,
    FollowUpTurn,
    Lack,
    Needed,
    Provenance,
    RecoveryTurn,
    Turn,
)

Tools = Mapping[str, Mapping[str, Any]]
"""The tools offered: name to the JSON schema of its arguments."""

ABSTENTIONS = ("miss_func", "miss_param", "irrelevance")
"""Variants of a turn in which nothing is to be called."""
COMPLETED_LATER = ("miss_func", "miss_param")
"""Variants of a turn whose request the next turn completes: with the tool, or with the value."""

MISSING: Any = object()
"""What `value_at` returns where there is nothing."""


class AnyCall(Protocol):
    """A call of a turn (`trajectory.Call`) or of a trace (`TracedCall`)."""

    name: str
    arguments: dict[str, Any]
    provenance: dict[str, Provenance]
    output: Any


class AnyTrace(Protocol):
    """What Phase I hands on."""

    follow_up: FollowUp | None

    def steps(self) -> Sequence[Sequence[AnyCall]]: ...


class Origin(NamedTuple):
    """One argument (or a part of it) with where it comes from; `provenance` is None when nothing says so."""

    step: int
    number: int
    call: AnyCall
    path: str
    value: Any
    provenance: Provenance | None

    @property
    def place(self) -> str:
        return f"{self.call.name}.{self.path}"

    @property
    def parameter(self) -> str:
        """The parameter's name; of a nested one, the last name on the path."""
        names = [part for part in parse_path(self.path) if isinstance(part, str) and part != "[]"]
        return str(names[-1]) if names else self.path


@dataclass
class TurnView:
    """See the module. `steps` holds the calls by step; `thoughts` has one entry a step and the answer's."""

    earlier: Sequence[Turn]
    tools: Tools
    system: str
    query: str
    steps: Sequence[Sequence[AnyCall]]
    thoughts: Sequence[str | None] = ()
    answer: str = ""
    needed: Sequence[Needed] = ()
    exact_match: bool = False
    advanced_tool: str = ""
    variant: str = "base"
    lack: Lack | None = None
    follow_up: FollowUp | None = None
    recovery: Recovery | None = None
    _marks: list[int] = field(default_factory=list)

    @classmethod
    def of_turn(cls, turn: Turn, earlier: Sequence[Turn], tools: Tools, system: str = "") -> TurnView:
        """A finished turn."""
        return cls(
            earlier,
            tools,
            system,
            turn.query,
            [step.calls for step in turn.steps],
            [*(step.thought for step in turn.steps), turn.thought],
            turn.answer,
            turn.needed,
            turn.exact_match,
            str(turn.advanced_tool.get("name", "")),
            turn.variant,
            turn.lack if isinstance(turn, AbstentionTurn) else None,
            turn.follow_up if isinstance(turn, FollowUpTurn) else None,
            turn.recovery if isinstance(turn, RecoveryTurn) else None,
        )

    @classmethod
    def of_trace(
        cls, trace: AnyTrace, earlier: Sequence[Turn], tools: Tools, query: str = "", system: str = ""
    ) -> TurnView:
        """An executed chain of calls, with or without its query."""
        return cls(earlier, tools, system, query, trace.steps(), follow_up=trace.follow_up)

    @cached_property
    def number(self) -> int:
        """The turn's index in its conversation."""
        return len(self.earlier)

    @cached_property
    def calls(self) -> list[AnyCall]:
        return [call for step in self.steps for call in step]

    @cached_property
    def step_of(self) -> list[int]:
        """The step of each call, in flat order."""
        return [index for index, step in enumerate(self.steps) for _ in step]

    @cached_property
    def faulty(self) -> list[bool]:
        """Of each call, in flat order, whether it met a fault."""
        return met(self.recovery.faults if self.recovery is not None else (), self.calls)

    @cached_property
    def origins(self) -> list[Origin]:
        """Every argument of every call with its provenance; the parts of one that has several. Those of a step that is a
        mistake come from nowhere, and are left out."""
        found: list[Origin] = []
        mistakes = self.recovery.mistakes if self.recovery is not None else ()
        for number, (step, call) in enumerate(zip(self.step_of, self.calls, strict=True)):
            if step in mistakes:
                continue
            covered = call.provenance
            for path, provenance in covered.items():
                found.append(Origin(step, number, call, path, value_at(call.arguments, path), provenance))
            for name, value in call.arguments.items():
                if name not in covered:
                    for path, leaf in leaves(value, name):
                        if not any(starts_with(path, prefix) for prefix in covered):
                            found.append(Origin(step, number, call, path, leaf, None))
        return found

    @cached_property
    def said(self) -> Said:
        """The query."""
        return said(self.query)

    @cached_property
    def begun(self) -> int:
        """The turn in which the request was made that this query completes or follows up; the turn itself where it does
        neither."""
        number = self.number - int(self.follow_up is not None and self.number > 0)
        while number and self.earlier[number - 1].variant in COMPLETED_LATER:
            number -= 1
        return number

    @cached_property
    def asked(self) -> Said:
        """The whole request: what the turns said that this query completes, and the query."""
        return said("\n".join([*(turn.query for turn in self.earlier[self.begun :]), self.query]))

    def said_in(self, turn: int | None) -> Said:
        """The query of an earlier turn; an empty text when there is no such turn."""
        if turn is None or not 0 <= turn < self.number:
            return said("")
        return said(self.earlier[turn].query)

    def calls_of(self, turn: int) -> Sequence[AnyCall]:
        """The calls of an earlier turn, or of this one."""
        if turn == self.number:
            return self.calls
        return self.earlier[turn].calls() if 0 <= turn < self.number else ()

    def schema(self, origin: Origin) -> Mapping[str, Any]:
        """The schema of one argument; empty when the tool or the parameter is not known."""
        return schema_at(self.tools.get(origin.call.name, {}), origin.path)

    @cached_property
    def evidence(self) -> Evidence:
        """What is known by the end of the turn; `known_before(step)` says how much of it before a step."""
        evidence = Evidence()
        if self.system:
            evidence.add_text(self.system)
        for turn in self.earlier:
            evidence.add_text(turn.query)
            for earlier in turn.calls():
                evidence.add_json(earlier.output)
            evidence.add_text(turn.answer)
        evidence.add_text(self.query)
        for step in self.steps:
            for call in step:
                evidence.add_json(call.arguments)
            self._marks.append(len(evidence))
            for call in step:
                evidence.add_json(call.output)
        self._marks.append(len(evidence))
        return evidence

    @cached_property
    def documentation(self) -> list[str]:
        """Descriptions, defaults and choices of the tools, as text."""
        return [fold(orjson.dumps(parameters).decode()) for parameters in self.tools.values()]

    def known_before(self, step: int) -> int:
        """How much of the evidence there is when a step's calls are made (their arguments included)."""
        assert self.evidence is not None
        return self._marks[step]


@lru_cache(maxsize=512)
def said(text: str) -> Said:
    """Queries are asked about many times: prepare each once."""
    return Said(text)


def value_at(value: Any, path: str) -> Any:
    """The value at a concrete path ("items[0].sku"); `MISSING` where there is none."""
    for key in parse_path(path):
        if isinstance(key, int):
            if not isinstance(value, list) or not -len(value) <= key < len(value):
                return MISSING
        elif not isinstance(value, dict) or key not in value:
            return MISSING
        value = value[key]
    return value


def leaves(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Scalars and empty containers with their paths."""
    if value and isinstance(value, dict):
        for key, item in value.items():
            yield from leaves(item, f"{path}.{key}")
    elif value and isinstance(value, list):
        for index, item in enumerate(value):
            yield from leaves(item, f"{path}[{index}]")
    else:
        yield path, value


def starts_with(path: str, prefix: str) -> bool:
    """Whether a path is the prefix or lies below it."""
    return path.startswith(prefix) and (len(path) == len(prefix) or path[len(prefix)] in ".[")


def schema_at(schema: Mapping[str, Any], path: str) -> Mapping[str, Any]:
    """The part of an argument schema that a path leads to."""
    for key in parse_path(path):
        for branch in schema.get("anyOf", ()):
            if "properties" in branch or "items" in branch:
                schema = branch
        found = schema.get("items") if isinstance(key, int) else schema.get("properties", {}).get(key)
        if not isinstance(found, dict):
            return {}
        schema = found
    return schema
