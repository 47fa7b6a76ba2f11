"""The acceptance rules by name: what a kept sample has to satisfy, beside passing the verdict.

    @rule("leaked_value", "query", "no value that only a tool gives stands in the query")
    def leaked_value(view: TurnView) -> str | None: ...

A rule looks at a `TurnView` and returns why it rejects it, or None. Each is tried as early as it can be:
"trace" rules on the executed calls, "query" rules on the query as well, "attempt" rules on the solution.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

from funreason_plugin.checks.turns import TurnView

Phase = Literal["trace", "query", "attempt"]
Check = Callable[[TurnView], "str | None"]


@dataclass(frozen=True, slots=True)
class Rule:
    """A named acceptance rule; `describes` is one line, put as what holds for a good sample."""

    name: str
    phase: Phase
    describes: str
    check: Check


RULES: dict[str, Rule] = {}


def rule(name: str, phase: Phase, describes: str) -> Callable[[Check], Check]:
    """Register a rule under its name."""

    def register(check: Check) -> Check:
        if name in RULES:
            raise ValueError(f"acceptance rule {name!r} exists twice")
        RULES[name] = Rule(name, phase, describes, check)
        return check

    return register


def broken(view: TurnView, phases: Iterable[Phase]) -> list[tuple[str, str]]:
    """The rules of some phases that reject a turn: (name, reason), in the order of registration."""
    wanted = frozenset(phases)
    found: list[tuple[str, str]] = []
    for entry in RULES.values():
        if entry.phase in wanted:
            reason = entry.check(view)
            if reason is not None:
                found.append((entry.name, reason))
    return found
