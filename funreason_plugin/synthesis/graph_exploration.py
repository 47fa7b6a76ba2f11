"""Executing tools in a sampled state, to see what they return, need and change.

A `World` is one sampled scenario. It is explored from frame to frame: a frame is a state that some chain of writing
calls led to; in each, tools are tried with arguments from what a person could know and from the outputs seen so far.
Nothing is imagined: what an output contains and what makes a tool succeed is observed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final

from funreason_plugin.checks.setbacks import nothing_found
from funreason_plugin.environments.limits import is_error, is_over_time
from funreason_plugin.environments.session import Session, Snapshot
from funreason_plugin.environments.spec import ToolSpec
from funreason_plugin.environments.state import canonical, rules, without
from funreason_plugin.errors import UserError
from funreason_plugin.synthesis.arguments import argument_leaves
from funreason_plugin.synthesis.graph_binding import Proposals, Seen
from funreason_plugin.synthesis.graph_inference import Candidates, Pair
from funreason_plugin.synthesis.outputs import leaves, opened_by
from funreason_plugin.synthesis.parameter_slots import Slot, json_type

_VALUES_PER_FIELD: Final = 40


@dataclass(frozen=True, slots=True)
class Success:
    """A call that succeeded; ``used`` tells the pair that gave a leaf's value, by concrete argument path."""

    tool: str
    arguments: dict[str, Any]
    output: Any
    used: Mapping[str, Pair]
    after: Snapshot | None = None


@dataclass(slots=True)
class Frame:
    """A state: how it was reached, and what was seen in it (values of the frames before it included)."""

    snapshot: Snapshot
    path: tuple[Success, ...] = ()
    pool: dict[tuple[str, str], list[Seen]] = field(default_factory=dict)
    successes: dict[str, list[Success]] = field(default_factory=dict)
    errors: dict[str, list[tuple[dict[str, Any], str]]] = field(default_factory=dict)
    tried: set[tuple[str, bytes]] = field(default_factory=set)
    before: Frame | None = None

    def child(self, success: Success) -> Frame:
        """The frame after a writing call."""
        assert success.after is not None
        pool = {key: list(seen) for key, seen in self.pool.items()}
        return Frame(success.after, (*self.path, success), pool, before=self)


@dataclass(slots=True)
class Facts:
    """What all worlds showed: the candidates, values by field, which tools were slow, wrong claims."""

    candidates: Candidates
    opened: dict[str, frozenset[str]] = field(default_factory=dict)
    values: dict[tuple[str, str], dict[Any, None]] = field(default_factory=dict)
    echoes: dict[tuple[str, str], list[int]] = field(
        default_factory=dict
    )  # [calls that repeat an argument, calls]
    sources: dict[tuple[str, str], set[str]] = field(default_factory=dict)
    slow: set[str] = field(default_factory=set)
    reads_checked: dict[str, int] = field(default_factory=dict)
    wrote: set[str] = field(default_factory=set)


class World:
    """One sampled scenario under exploration. ``specs`` may be stripped of marks."""

    def __init__(self, session: Session, specs: Mapping[str, ToolSpec], facts: Facts, rng: Random) -> None:
        self.session, self.specs, self.facts, self.rng = session, specs, facts, rng
        self.slots: dict[str, list[Slot]] = {name: [] for name in specs}
        for slot in facts.candidates.slots.values():
            if slot.tool in self.slots:
                self.slots[slot.tool].append(slot)
        self.root = Frame(session.snapshot())
        self.calls = 0
        self.values: set[Any] = set()
        self._standing: dict[str, tuple[int, set[Any]]] = {}
        self.proposals = Proposals(session, specs, facts.candidates, facts.sources, rng)

    # -- trying tools -----------------------------------------------------------------------------------

    def discover(self, frame: Frame, tools: Iterable[str], attempts: int, enough: int = 2) -> list[str]:
        """Try tools in a frame, until each succeeded ``enough`` times; returns those with a new success."""
        tools = [tool for tool in tools if tool not in self.facts.slow]
        fresh: dict[str, None] = {}
        for _ in range(3):
            seen = len(frame.pool)
            for tool in tools:
                for _ in range(attempts):
                    if len(frame.successes.get(tool, ())) >= enough:
                        break
                    if self.attempt(frame, tool) is not None:
                        fresh[tool] = None
            if len(frame.pool) == seen:
                break
        return list(fresh)

    def attempt(
        self, frame: Frame, tool: str, force: Pair | None = None, value: Any = None
    ) -> Success | None:
        """One try with fresh arguments; a try with the same arguments is not repeated.

        ``force`` is a pair that must give its parameter; ``value`` is then the value to take.
        """
        bound = self.proposals.bind(frame.pool, tool, force, value)
        if bound is None:
            return None
        arguments, used = bound
        key = (tool, canonical(arguments))
        if key in frame.tried:
            return None
        frame.tried.add(key)
        return self.run(frame, tool, arguments, used)

    def run(
        self, frame: Frame, tool: str, arguments: dict[str, Any], used: Mapping[str, Pair]
    ) -> Success | None:
        """Call a tool in a frame, note what happened, and return to the frame."""
        output = self.call(frame, tool, arguments)
        if is_error(output):
            frame.errors.setdefault(tool, []).append((arguments, masked(str(output["error"]))))
            return None
        writes = self.specs[tool].writes
        after = self.session.snapshot() if writes else None
        if writes:
            self.session.restore(frame.snapshot)
        elif nothing_found(output, arguments):
            return None
        success = Success(tool, arguments, output, used, after)
        frame.successes.setdefault(tool, []).append(success)
        if not writes:
            self.note(frame, success)
        return success

    def call(self, frame: Frame, tool: str, arguments: dict[str, Any]) -> Any:
        """The tool's output; the session stands at the frame before, and after unless the tool writes."""
        self.calls += 1
        name = self.specs[tool].environment
        version = self.session.version(name)
        check = not self.specs[tool].writes and self.facts.reads_checked.get(tool, 0) < 4
        before = self._digest(name) if check else b""
        output = self.session.call(tool, arguments)
        if is_over_time(output):
            self.facts.slow.add(tool)
        if is_error(output):
            if self.session.version(name) != version:
                self.session.restore(frame.snapshot)
        elif check:
            self.facts.reads_checked[tool] = self.facts.reads_checked.get(tool, 0) + 1
            if self._digest(name) != before:
                raise UserError(
                    f"environment {name!r}: tool {tool!r} changes the state but does not say so; "
                    "mark it with @tool(writes=True)"
                )
        return output

    def note(self, frame: Frame, success: Success) -> None:
        """Remember the values of an output in a frame."""
        facts, tool = self.facts, success.tool
        asked = tuple(value for _, _, value in argument_leaves(success.arguments))
        self.calls += 1
        for pattern, path, value in leaves(success.output, facts.opened.get(tool, frozenset())):
            key = (tool, pattern)
            kind = json_type(value)
            if key not in facts.candidates.fields:
                facts.candidates.observe(tool, pattern, kind)
            seen = frame.pool.setdefault(key, [])
            if len(seen) < _VALUES_PER_FIELD:
                seen.append(Seen(value, path, self.calls, asked))
            if kind in ("string", "number"):
                values = facts.values.setdefault(key, {})
                if len(values) < 200:
                    values[value] = None
                self.values.add(value)
            if "[]" not in pattern:
                count = facts.echoes.setdefault(key, [0, 0])
                count[0] += value in asked
                count[1] += 1

    def standing(self, environment: str) -> set[Any]:
        """All keys and leaves of an environment's state as it stands."""
        version = self.session.version(environment)
        if self._standing.get(environment, (-1, set()))[0] != version:
            values: set[Any] = set()
            _collect(self.session.peek(environment), values)
            self._standing[environment] = version, values
        return self._standing[environment][1]

    def _digest(self, environment: str) -> bytes:
        cls = self.session.space.environments[environment]
        return canonical(without(self.session.peek(environment), rules(cls.equality, environment)))


def _collect(state: Any, values: set[Any]) -> None:
    if isinstance(state, dict):
        values.update(state)
        for part in state.values():
            _collect(part, values)
    elif isinstance(state, list):
        for part in state:
            _collect(part, values)
    else:
        values.add(state)


def masked(message: str) -> str:
    """An error message without its values, to tell one kind of failure from another."""
    return re.sub(r"'[^']*'|\"[^\"]*\"|\S*\d\S*", "_", message)


def declared_open(specs: Mapping[str, ToolSpec]) -> dict[str, frozenset[str]]:
    """By tool: the output dicts whose keys are data by declaration."""
    return {name: opened_by(output.path for output in spec.outputs) for name, spec in specs.items()}
