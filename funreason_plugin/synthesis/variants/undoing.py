"""Which call takes back what another did: found by trying, not by names.

    known = undoers(space, graph)                     # {"reserve_room": ("cancel_stay",)}, by a few trials
    for call in undoing(session, wanted, calls, index, specs, turn): ...

A writing tool is tried where its required arguments can be filled from what the turn's calls were asked and gave. It takes
a call back when the state afterwards equals the wanted one, by the environments' own equality.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import islice, product
from random import Random
from typing import Any, Final

from funreason_plugin.checks.closeness import likeness, opposites
from funreason_plugin.environments.limits import is_error
from funreason_plugin.environments.session import Session
from funreason_plugin.environments.space import SimulationSpace
from funreason_plugin.environments.spec import ParamSpec, ToolSpec
from funreason_plugin.environments.state import canonical, differences, rules
from funreason_plugin.environments.values import fits
from funreason_plugin.scoring import leaves_of
from funreason_plugin.synthesis.graph import ToolGraph
from funreason_plugin.synthesis.history import AnyCall, History
from funreason_plugin.synthesis.sampler import SamplerOptions, sample_turn
from funreason_plugin.synthesis.trace import SamplingFailed
from funreason_plugin.trajectory import Provenance

__all__ = ["Filled", "equal_states", "later", "undoers", "undoing"]

TRIED: Final = 40
"""Arguments that are tried for one tool."""
SCENARIOS: Final = 4
"""Scenarios in which every writing tool is tried."""
State = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Filled:
    """A call whose arguments have been found, with where each comes from."""

    name: str
    arguments: dict[str, Any]
    provenance: dict[str, Provenance]


def equal_states(space: SimulationSpace, left: State, right: State) -> bool:
    """Whether two states are the same, as the environments declare."""
    return all(
        left[name] == right[name] or not any(differences(left[name], right[name], rules(cls.equality, name)))
        for name, cls in space.environments.items()
    )


def undoing(
    session: Session,
    wanted: State,
    calls: Sequence[AnyCall],
    index: int,
    tools: Sequence[ToolSpec],
    turn: int,
) -> Iterator[Filled]:
    """Calls after which the state is the wanted one; the session stands after the turn's calls, and is put back.

    Args:
        calls: Those of turn ``turn``; ``index`` is the one to be taken back.
        tools: Tools that may do it.
    """
    here = session.snapshot()
    for spec in tools:
        for filled in islice(_fillings(spec, calls, index, turn), TRIED):
            output = session.call(filled.name, filled.arguments)
            same = not is_error(output) and equal_states(session.space, wanted, session.state())
            session.restore(here)
            if same:
                yield filled
                break


def undoers(space: SimulationSpace, graph: ToolGraph) -> dict[str, tuple[str, ...]]:
    """By writing tool, the tools that have taken back a call of it in some scenario."""
    specs = [spec for spec in space.tools.values() if spec.writes]
    found: dict[str, dict[str, None]] = {}
    for number in range(SCENARIOS):
        with space.session(space.scenario(f"follow_up/{number}")) as session:
            start = session.snapshot()
            for spec in specs:
                session.restore(start)
                try:
                    options = SamplerOptions(single=True, attempts=2)
                    trace = sample_turn(session, graph, options, Random(number), History(), spec.name)
                except SamplingFailed:
                    continue
                session.restore(start)
                *before, last = trace.calls
                for call in before:
                    session.call(call.name, call.arguments)
                wanted = session.state()
                session.call(last.name, last.arguments)
                if equal_states(space, wanted, session.state()):
                    continue
                for filled in undoing(session, wanted, trace.calls, len(before), specs, 0):
                    found.setdefault(spec.name, {})[filled.name] = None
    return {name: _likeliest(name, tools) for name, tools in found.items()}


def _likeliest(name: str, tools: Collection[str]) -> tuple[str, ...]:
    """Of several tools that do it, those whose names say so: a folder that was made is removed, not moved over another."""
    ranks = {
        tool: (
            tool == name or opposites(name, tool),
            likeness(tool, [name]),
            SequenceMatcher(None, tool, name).ratio(),
        )
        for tool in tools
    }
    clear = [tool for tool in tools if ranks[tool][0]] or [*tools]
    return tuple(sorted(clear, key=lambda tool: ranks[tool], reverse=True))


def later(origin: Provenance, turn: int) -> Provenance:
    """Where a value comes from that a call of ``turn`` took, as a later turn says it."""
    return Provenance("earlier_query", turn=turn) if origin.source == "query" else origin


# -- arguments --------------------------------------------------------------------------------------------


def _fillings(spec: ToolSpec, calls: Sequence[AnyCall], index: int, turn: int) -> Iterator[Filled]:
    """Arguments for the required parameters, one of which at least is the call's own."""
    required = [param for param in spec.params if param.required]
    options = [[*_options(param, calls, index, turn)] for param in required]
    seen: set[bytes] = set()
    for chosen in product(*options):
        arguments = {param.name: value for param, (value, _, _) in zip(required, chosen, strict=True)}
        key = canonical(arguments)
        if key not in seen and any(own for _, _, own in chosen):
            seen.add(key)
            origins = {param.name: origin for param, (_, origin, _) in zip(required, chosen, strict=True)}
            yield Filled(spec.name, arguments, origins)


def _options(
    param: ParamSpec, calls: Sequence[AnyCall], index: int, turn: int
) -> Iterator[tuple[Any, Provenance, bool]]:
    """Values for a parameter, of the call itself first: outside of lists, and what its arguments were."""
    for number in (index, *(other for other in range(len(calls)) if other != index)):
        call, own = calls[number], number == index
        for path, value in leaves_of(call.output):
            if "[" not in path and _fit(value, param):
                yield value, Provenance("output", turn, number, path), own
        for name, value in call.arguments.items():
            origin = call.provenance.get(name)
            if origin is not None and origin.source != "default" and _fit(value, param):
                yield value, later(origin, turn), own


def _fit(value: Any, param: ParamSpec) -> bool:
    if value is None or isinstance(value, (bool, dict, list)) or value == "":
        return False
    return fits(value, param.schema)
