"""Acceptance as the synthesis asks for it: the named rules that reject a trace, a query or a solution.

    refused = review_query(query, trace, earlier, space.tools)     # [("leaked_value", "…why…")], [] when good

The same rules judge finished trajectories: `review_trajectory`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from funreason_plugin.checks import (  # noqa: F401 - they register
    attempt_rules,
    follow_up_rules,
    query_rules,
    recovery_rules,
    trace_rules,
    variant_rules,
)
from funreason_plugin.checks.long_context import context_faults
from funreason_plugin.checks.rules import RULES, Rule, broken
from funreason_plugin.checks.turns import AnyTrace, Tools, TurnView
from funreason_plugin.checks.variant_rules import incomplete
from funreason_plugin.environments.spec import ToolSpec
from funreason_plugin.trajectory import Trajectory, Turn, withheld

__all__ = ["RULES", "Rule", "review_attempt", "review_query", "review_trace", "review_trajectory"]

Refusals = list[tuple[str, str]]
"""Names of the rules that reject, each with its reason; empty when all accept."""


def review_trace(trace: AnyTrace, earlier: Sequence[Turn], specs: Mapping[str, ToolSpec]) -> Refusals:
    """Phase I: the rules on executed calls."""
    return broken(TurnView.of_trace(trace, earlier, _tools(specs)), ("trace",))


def review_query(
    query: str, trace: AnyTrace, earlier: Sequence[Turn], specs: Mapping[str, ToolSpec]
) -> Refusals:
    """Phase II: the rules on a query for a trace."""
    return broken(TurnView.of_trace(trace, earlier, _tools(specs), query), ("query",))


def review_attempt(
    turn: Turn, earlier: Sequence[Turn], specs: Mapping[str, ToolSpec], system: str = ""
) -> Refusals:
    """Phase III: every rule, on a turn as it would be kept."""
    view = TurnView.of_turn(turn, earlier, _tools(specs), system)
    return broken(view, ("trace", "query", "attempt"))


def review_trajectory(trajectory: Trajectory) -> Iterator[tuple[int, str, str]]:
    """Every rule on every turn of a stored trajectory: (turn, rule, reason)."""
    tools = offered(trajectory.tools)
    for number, turn in enumerate(trajectory.turns):
        late = withheld(trajectory.turns, number)
        now = {name: schema for name, schema in tools.items() if name not in late} if late else tools
        view = TurnView.of_turn(turn, trajectory.turns[:number], now, trajectory.system)
        for name, reason in broken(view, ("trace", "query", "attempt")):
            yield number, name, reason
    yield from incomplete(trajectory)
    yield from context_faults(trajectory)


def offered(tools: Sequence[Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    """Tools in the OpenAI form, by name, as rules read them."""
    return {tool["function"]["name"]: tool["function"]["parameters"] for tool in tools}


def _tools(specs: Mapping[str, ToolSpec]) -> Tools:
    return {name: spec.parameters for name, spec in specs.items()}
