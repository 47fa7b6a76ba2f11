"""A precondition that held is gone: a session has ended, a folder was left. The step that brings it about is done again.

Which step that is, the graph knows by execution (a verified state edge). Three things are executed before a turn is made of
it: the tools fail in the conversation's own state of before that step, and not for the same reason after it; and with the
step repeated in the turn, every output and the final state are the truth's.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from funreason_plugin.environments.limits import is_error, is_over_time
from funreason_plugin.environments.session import Session
from funreason_plugin.environments.space import SimulationSpace
from funreason_plugin.environments.state import canonical
from funreason_plugin.faults import Fault, Faults, met
from funreason_plugin.synthesis.graph import ToolGraph
from funreason_plugin.synthesis.sampler import SamplerOptions, sample_turn
from funreason_plugin.synthesis.trace import SamplingFailed, Trace
from funreason_plugin.trajectory import Call, Turn, faults_of

__all__ = ["Held", "enabled", "gone", "held", "standing_steps"]

FEWEST = 2
"""Tools that fail alike without the step: it is one that is done for what comes after, as a sign-in."""
PROBES = 4
"""States in which a step is tried a second time, until that works."""


@dataclass(frozen=True, slots=True)
class Held:
    """A step of an earlier turn that tools build on: its last call, and the tools; ``always`` are those that never work
    without."""

    call: Call
    tools: tuple[str, ...]
    always: frozenset[str]


def enabled(graph: ToolGraph) -> dict[str, dict[str, bool]]:
    """By tool, those that fail without it, by verified state edges, and whether they always do."""
    found: dict[str, dict[str, bool]] = {}
    for edge in graph.edges:
        if edge.kind == "state" and edge.verified and edge.provider != edge.consumer:
            found.setdefault(edge.provider, {})[edge.consumer] = edge.always
    return {name: tools for name, tools in found.items() if len(tools) >= FEWEST}


def held(turns: Sequence[Turn], graph: ToolGraph) -> list[Held]:
    """The steps of a conversation that later tools build on."""
    building = enabled(graph)
    last = {call.name: call for turn in turns for call in _worked(turn) if call.name in building}
    return [
        Held(
            call, tuple(building[name]), frozenset(tool for tool, always in building[name].items() if always)
        )
        for name, call in last.items()
    ]


def _worked(turn: Turn) -> Iterator[Call]:
    calls = turn.calls()
    for call, faulty in zip(calls, met(faults_of(turn), calls), strict=True):
        if not faulty and not is_error(call.output):
            yield call


def standing_steps(space: SimulationSpace, graph: ToolGraph) -> list[str]:
    """The steps that others build on and that bring about something which stays as it is when they are done again."""
    return [name for name, tools in enabled(graph).items() if _stands(space, graph, name, [*tools])]


def _stands(space: SimulationSpace, graph: ToolGraph, name: str, tools: Sequence[str]) -> bool:
    for number in range(PROBES):
        rng = Random(f"again/{name}/{number}")
        with space.session(space.scenario(f"again/{number}")) as session:
            start = session.snapshot()
            try:
                trace = sample_turn(
                    session, graph, SamplerOptions(single=True), rng, target=rng.choice(tools)
                )
            except SamplingFailed:
                continue
            session.restore(start)
            for call in trace.calls:
                session.call(call.name, call.arguments)
                if call.name == name:
                    before = session.state_hash()
                    session.call(name, call.arguments)
                    return session.state_hash() == before
    return False


def gone(session: Session, turns: Sequence[Turn], trace: Trace, step: Held) -> list[Fault]:
    """The faults that a trace meets when the step no longer holds; none where it cannot be proven. The session stands at
    the turn's start, and is left somewhere else."""
    if any(call.name == step.call.name for call in trace.calls):
        return []
    again = _again(session, trace, step.call)
    asked: dict[str, dict[str, Any]] = {}
    for call in trace.calls:
        if call.name in step.tools:
            asked.setdefault(call.name, call.arguments)
    errors = _errors(session, turns, step.call.name, asked)
    if again is None or not errors:
        return []
    first = next(iter(errors.values()))
    if _quotes(str(first["error"]), [value for call in trace.calls for value in call.arguments.values()]):
        return []
    others = _errors(session, turns, step.call.name, {name: {} for name in step.tools if name not in asked})
    proven = [name for name, error in (errors | others).items() if error == first]
    alike = [name for name in step.tools if name in proven or (name in step.always and name not in asked)]
    if len(proven) < FEWEST:
        return []
    faults = [Fault(name, first, 0, step.call.name) for name in alike]
    return (
        [*faults, Fault(step.call.name, step.call.output, arguments=step.call.arguments)] if again else faults
    )


def _quotes(error: str, values: Sequence[Any]) -> bool:
    """Whether an error is about what was asked for, and not about what should have been done before."""
    return any(str(value) in error for value in values if isinstance(value, str) and value)


def _again(session: Session, trace: Trace, step: Call) -> bool | None:
    """Whether the step needs a stand-in when it is done again, since it is refused while its effect is there. None where it
    would change something, or an output of the trace. The session is put back."""
    start = session.snapshot()
    state = session.state_hash()
    refused = is_error(session.call(step.name, step.arguments))
    if session.state_hash() != state:
        session.restore(start)
        return None
    for call in trace.calls:
        if canonical(session.call(call.name, call.arguments)) != canonical(call.output):
            return None
    session.restore(start)
    return refused


def _errors(
    session: Session, turns: Sequence[Turn], step: str, asked: dict[str, dict[str, Any]]
) -> dict[str, Any]:
    """What calls give in the conversation's state of before the step was first done, where doing it mends that."""
    with session.space.session(session.scenario) as before:
        for turn in turns:
            faults = Faults(faults_of(turn))
            for call in turn.calls():
                first = _outputs(before, asked) if call.name == step else {}
                output = faults.call(before, call.name, call.arguments)
                if call.name == step and not is_error(output):
                    after = _outputs(before, asked)
                    return {
                        name: error
                        for name, error in first.items()
                        if is_error(error) and not is_over_time(error) and error != after[name]
                    }
    return {}


def _outputs(session: Session, asked: dict[str, dict[str, Any]]) -> dict[str, Any]:
    found = {}
    for name, arguments in asked.items():
        start = session.snapshot()
        found[name] = session.call(name, arguments)
        session.restore(start)
    return found
