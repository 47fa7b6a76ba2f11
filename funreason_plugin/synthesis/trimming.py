"""From the calls of a walk to a trace: prune what was not needed, group into steps, say what the answer reports."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from funreason_plugin.environments.limits import is_error
from funreason_plugin.environments.session import Session, Snapshot
from funreason_plugin.environments.similar import is_id
from funreason_plugin.scoring import leaves_of
from funreason_plugin.synthesis.history import LiveCall
from funreason_plugin.synthesis.names import words
from funreason_plugin.synthesis.outputs import at, found
from funreason_plugin.synthesis.references import Bound
from funreason_plugin.synthesis.tables import Tables
from funreason_plugin.synthesis.trace import Trace, TracedCall
from funreason_plugin.trajectory import Provenance

FEW: Final = 6  # an output with so many scalars is told as a whole
RECORDS: Final = 3  # of a longer list the first few records are told

_NAMES: Final = frozenset(["name", "title", "label", "city", "status", "date", "time"])


def finished(
    session: Session,
    start: Snapshot,
    tables: Tables,
    calls: Sequence[LiveCall],
    bounds: Sequence[Bound],
    goals: Sequence[int],
    target: str,
    turn: int,
) -> Trace:
    """The trace of a turn, without the calls that changed nothing for the others."""
    outputs = [call.output for call in calls]
    writes = [index for index, call in enumerate(calls) if tables.tools[call.name].spec.writes]
    current = _fed([*goals, *writes], bounds, turn)
    for index in reversed(writes):
        shorter = _fed(
            [*goals, *(other for other in writes if other != index and other in current)], bounds, turn
        )
        if index in shorter:
            continue
        if _repeat(session, start, calls, bounds, shorter, turn) == _only(outputs, shorter):
            current = shorter
    steps = _steps(tables, calls, bounds, current, turn, free=False)
    early = _steps(tables, calls, bounds, current, turn, free=True)
    # Look-ups share a step with writes when they give the same before these as after them.
    swapped = sorted(early, key=lambda index: (early[index], tables.tools[calls[index].name].spec.writes))
    if early != steps and _repeat(session, start, calls, bounds, swapped, turn) == _only(outputs, current):
        steps = early
    order = _ordered(steps)
    place = {index: position for position, index in enumerate(order)}
    asked = set(goals)
    traced = [
        TracedCall(
            calls[index].name,
            bounds[index].arguments,
            {path: _moved(origin, place, turn) for path, origin in bounds[index].provenance.items()},
            outputs[index],
            steps[index],
            "goal" if index in asked else "support",
            reports(tables, calls[index].name, outputs[index]) if index in asked else [],
        )
        for index in order
    ]
    return Trace(traced, target, any(call.name == target for call in traced))


# -- pruning ----------------------------------------------------------------------------------------------


def _only(outputs: Sequence[Any], indices: Sequence[int]) -> list[Any]:
    return [output if index in indices else None for index, output in enumerate(outputs)]


def _fed(goals: Sequence[int], bounds: Sequence[Bound], turn: int) -> list[int]:
    """Some calls and those whose outputs lead to them, in order."""
    kept: set[int] = set()
    waiting = list(goals)
    while waiting:
        index = waiting.pop()
        if index not in kept:
            kept.add(index)
            waiting += _givers(bounds[index], turn)
    return sorted(kept)


def _givers(bound: Bound, turn: int) -> list[int]:
    return [
        origin.call
        for origin in bound.provenance.values()
        if origin.source == "output" and origin.turn == turn and origin.call is not None
    ]


def _repeat(
    session: Session,
    start: Snapshot,
    calls: Sequence[LiveCall],
    bounds: Sequence[Bound],
    indices: Sequence[int],
    turn: int,
) -> list[Any] | None:
    """The outputs of some of the calls from the turn's start; None when one fails, gives other values or, as a write,
    has no effect."""
    session.restore(start)
    outputs: list[Any] = [None] * len(calls)
    for index in indices:
        for path, origin in bounds[index].provenance.items():
            if origin.source == "output" and origin.turn == turn and origin.call is not None:
                if origin.call not in indices or at(origin.field, outputs[origin.call]) != at(
                    path, bounds[index].arguments
                ):
                    return None
                if origin.choice is not None and outputs[origin.call] != calls[origin.call].output:
                    return None
        writes = session.space.tools[calls[index].name].writes
        before = session.state_hash() if writes else ""
        output = session.call(calls[index].name, bounds[index].arguments)
        if is_error(output) or (writes and session.state_hash() == before):
            return None
        outputs[index] = output
    return outputs


# -- steps ------------------------------------------------------------------------------------------------


def _steps(
    tables: Tables,
    calls: Sequence[LiveCall],
    bounds: Sequence[Bound],
    indices: Sequence[int],
    turn: int,
    free: bool,
) -> dict[int, int]:
    """The step of each call: after what it needs the output or the effect of.

    Writes of an environment keep their order and come in different steps. A look-up comes after the writes before it;
    with ``free``, only after those that enable it. A write comes no earlier than a look-up before it.
    """
    steps: dict[int, int] = {}
    for position, index in enumerate(indices):
        tool = tables.tools[calls[index].name]
        enablers = {
            name for need in (*tool.needs, *tool.sometimes) if need.kind != "data" for name in need.providers
        }
        step = max((steps[giver] + 1 for giver in _givers(bounds[index], turn)), default=0)
        for other in indices[:position]:
            before = tables.tools[calls[other].name].spec
            if before.environment != tool.spec.environment:
                continue
            if before.writes and (tool.spec.writes or not free or before.name in enablers):
                step = max(step, steps[other] + 1)
            elif tool.spec.writes:
                step = max(step, steps[other])
        steps[index] = step
    used = sorted(set(steps.values()))
    return {index: used.index(step) for index, step in steps.items()}


def _ordered(steps: dict[int, int]) -> list[int]:
    return sorted(steps, key=lambda index: steps[index])


def _moved(origin: Provenance, place: dict[int, int], turn: int) -> Provenance:
    if origin.source != "output" or origin.turn != turn or origin.call is None:
        return origin
    return replace(origin, call=place[origin.call])


# -- reports ----------------------------------------------------------------------------------------------


def reports(tables: Tables, name: str, output: Any) -> list[str]:
    """The concrete output paths that the answer to a goal should tell."""
    phrases = tables.tools[name].spec.phrases
    patterns = phrases.reports or _placeholders(phrases.tell)
    told = [path for pattern in patterns for path, value in _first_few(pattern, output) if value != ""]
    if told:
        return sorted(
            dict.fromkeys(told), key=lambda path: [int(part) for part in re.findall(r"\[(\d+)\]", path)]
        )
    leaves = [(path, value) for path, value in leaves_of(output) if value is not None and value != ""]
    if len(leaves) <= FEW:
        return [path for path, _ in leaves]
    return [path for path, value in leaves if _worth_telling(path, value)][: 2 * FEW] or [leaves[0][0]]


def _first_few(pattern: str, output: Any) -> list[tuple[str, Any]]:
    values = [item for item in found(pattern, output) if not isinstance(item[1], (dict, list))]
    if not values and (lists := [item for item in found(pattern, output) if isinstance(item[1], list)]):
        values = [leaf for path, value in lists for leaf in leaves_of(value, path)]
    return [item for item in values if _early(item[0])]


def _early(path: str) -> bool:
    return all(int(index) < RECORDS for index in re.findall(r"\[(\d+)\]", path))


def _worth_telling(path: str, value: Any) -> bool:
    last = re.split(r"[.\[]", path.rstrip("]"))[-1] if not path.endswith("]") else ""
    if not _early(path) or isinstance(value, bool) or is_id(last):
        return False
    return not isinstance(value, str) or bool(_NAMES.intersection(words(last))) or len(value) <= 24


def _placeholders(tell: str) -> tuple[str, ...]:
    """The output paths in a ``tell`` sentence; those inside a list's template lie below the list."""
    paths: list[str] = []
    for outer, template in re.findall(r"\{([\w.\[\]*]*\[\]):((?:[^{}]|\{[^{}]*\})*)\}", tell):
        for inner in re.findall(r"\{([^{}]*)\}", template):
            paths.append(f"{outer}.{inner}" if inner else outer)
    plain = re.sub(r"\{[\w.\[\]*]*\[\]:(?:[^{}]|\{[^{}]*\})*\}", "", tell)
    return (*re.findall(r"\{([^{}:]*)\}", plain), *paths)
