"""Where the arguments of an attempt's calls come from.

An attempt's calls that are the trace's take over the trace's provenance, pointing at the attempt's own
calls. What the attempt did in its own way is looked up: in the query, in outputs it had before, in what the
user said earlier, in the schema's defaults. A leaf that is found nowhere stays without provenance, which
rejects the sample.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from funreason_plugin.checks.turns import starts_with
from funreason_plugin.environments.spec import ToolSpec
from funreason_plugin.environments.state import canonical, same_scalar
from funreason_plugin.faults import met
from funreason_plugin.scoring import leaves_of
from funreason_plugin.synthesis.trace import Trace
from funreason_plugin.trajectory import Provenance, Step, Turn, faults_of

_WEAK = 10  # numbers below this occur everywhere; they prove nothing about an output


def attribute(
    steps: Sequence[Step],
    trace: Trace,
    query: str,
    earlier: Sequence[Turn],
    specs: Mapping[str, ToolSpec],
    unsound: Collection[int] = (),
) -> None:
    """Fill in the provenance of every call of an attempt (in place). Nothing comes from the outputs of calls (in flat
    order) that are ``unsound``."""
    mine = _matches(steps, trace, unsound)
    turn = len(earlier)
    flat = [call for step in steps for call in step.calls]
    of_trace = {index: position for position, index in mine.items() if position not in unsound}
    begun = 0
    for step in steps:
        for call in step.calls:
            position = next(i for i, other in enumerate(flat) if other is call)
            index = mine.get(position)
            if index is not None:
                call.provenance = _taken_over(trace, index, of_trace, turn, begun)
            covered = tuple(call.provenance)
            for path, value in leaves_of(call.arguments):
                if any(starts_with(path, prefix) for prefix in covered):
                    continue
                found = _look_up(path, value, query, flat[:begun], earlier, specs.get(call.name), unsound)
                if found is not None:
                    call.provenance[path] = found
        begun += len(step.calls)


def _matches(steps: Sequence[Step], trace: Trace, unsound: Collection[int]) -> dict[int, int]:
    """The attempt's calls (by position) that are calls of the trace (by index), each used once; unsound ones beside it."""
    free: dict[bytes, list[int]] = {}
    for index, traced in enumerate(trace.calls):
        free.setdefault(canonical([traced.name, traced.arguments]), []).append(index)
    result: dict[int, int] = {}
    position = 0
    for step in steps:
        for call in step.calls:
            waiting = free.get(canonical([call.name, call.arguments]))
            if waiting:
                result[position] = waiting[0] if position in unsound else waiting.pop(0)
            position += 1
    return result


def _taken_over(
    trace: Trace, index: int, of_trace: Mapping[int, int], turn: int, begun: int
) -> dict[str, Provenance]:
    result: dict[str, Provenance] = {}
    for path, provenance in trace.calls[index].provenance.items():
        if provenance.source == "output" and provenance.turn == turn:
            position = of_trace.get(provenance.call if provenance.call is not None else -1)
            if position is None or position >= begun:  # it came by the value in another way
                continue
            result[path] = replace(provenance, call=position)
        else:
            result[path] = provenance
    return result


def _look_up(
    path: str,
    value: Any,
    query: str,
    before: Sequence[Any],
    earlier: Sequence[Turn],
    spec: ToolSpec | None,
    unsound: Collection[int],
) -> Provenance | None:
    if says(query, value):
        return Provenance("query")
    turn = len(earlier)
    found = _in_outputs(path, value, before, turn, unsound)
    if found is not None:
        return found
    for number in range(turn - 1, -1, -1):
        calls = earlier[number].calls()
        faulty = {place for place, one in enumerate(met(faults_of(earlier[number]), calls)) if one}
        found = _in_outputs(path, value, calls, number, faulty)
        if found is not None:
            return found
    for number in range(turn - 1, -1, -1):
        if says(earlier[number].query, value):
            return Provenance("earlier_query", turn=number)
    if spec is not None:
        name = path.split(".", 1)[0].split("[", 1)[0]
        for param in spec.params:
            if (
                param.name == name
                and not param.required
                and path == name
                and same_scalar(param.default, value)
            ):
                return Provenance("default")
    return None


def _in_outputs(
    path: str, value: Any, calls: Sequence[Any], turn: int, unsound: Collection[int] = ()
) -> Provenance | None:
    if value is None or isinstance(value, bool) or value == "":
        return None
    weak = isinstance(value, (int, float)) and abs(value) < _WEAK
    for position in range(len(calls) - 1, -1, -1):
        if position in unsound:
            continue
        for where, leaf in leaves_of(calls[position].output):
            if same_scalar(value, leaf) and (not weak or _last(where) == _last(path)):
                return Provenance("output", turn=turn, call=position, field=where)
    return None


def _last(path: str) -> str:
    return path.rsplit(".", 1)[-1].split("[", 1)[0]


def says(text: str, value: Any) -> bool:
    """Whether a text has the value in so many words (numbers and strings; not true, false or null)."""
    if isinstance(value, bool) or value is None:
        return False
    word = str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
    if not word.strip() or word.casefold() not in text.casefold():
        return False
    left = r"(?<![\w.])" if word[0].isalnum() else ""
    right = r"(?!\w|\.\d)" if word[-1].isalnum() else ""
    return re.search(left + re.escape(word) + right, text, re.IGNORECASE) is not None
