"""BFCL's own verdict on a turn, from the outputs and the state that our sessions give.

bfcl-eval's `multi_turn_checker` (2026.3.23) passes a turn whose truth has calls when something was called, the public
attributes of all instances equal the truth's by Python's ``==`` (1, 1.0 and True are equal), and the text of every
output of the truth is among the texts of the outputs so far, as often as in the truth.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import orjson

from funreason_plugin.environments.bfcl.texts import executor_text
from funreason_plugin.environments.space import SimulationSpace
from funreason_plugin.environments.state import differences, rules, without
from funreason_plugin.faults import HasOutput

__all__ = ["OutputsSoFar", "state_differences"]


class OutputsSoFar:
    """The outputs of an attempt. Their texts are made only when equal calls do not tell that they are equal."""

    def __init__(self) -> None:
        self._packed: Counter[bytes] = Counter()
        self._texts: Counter[str] = Counter()
        self._unwritten: list[HasOutput] = []

    def add(self, calls: Iterable[HasOutput]) -> None:
        """The calls of one more turn."""
        for call in calls:
            self._packed[_packed(call)] += 1
            self._unwritten.append(call)

    def missing(self, truth: Sequence[HasOutput]) -> list[HasOutput]:
        """The truth's calls whose output's text is not there, or not as often."""
        if Counter(map(_packed, truth)) <= self._packed:
            return []
        self._texts.update(map(_text, self._unwritten))
        self._unwritten.clear()
        left = self._texts.copy()
        found = []
        for call in truth:
            text = _text(call)
            left[text] -= 1
            if left[text] < 0:
                found.append(call)
        return found


def _packed(call: HasOutput) -> bytes:
    """What the text of an output is made of: equal bytes, equal texts."""
    try:
        return orjson.dumps((call.name, call.arguments, call.output))
    except TypeError:  # a number beyond 64 bits
        return repr((call.name, call.arguments, call.output)).encode(errors="replace")


def _text(call: HasOutput) -> str:
    return executor_text(call.name, call.arguments, call.output)


def state_differences(
    space: SimulationSpace, truth: Mapping[str, Any], attempt: Mapping[str, Any]
) -> Iterator[str]:
    """Where the attempt's state is not equal to the truth's; states as of `Session.state`."""
    for name, cls in space.environments.items():
        tree = rules(cls.equality, name)
        left = without(truth[name], tree, ("volatile", "ignored"))
        right = without(attempt[name], tree, ("volatile", "ignored"))
        for key, value in left.items():
            if key not in right:
                yield f"{name}: {key}: missing"
            elif right[key] != value:
                yield f"{name}: {next(differences(value, right[key], None, key), f'{key}: not equal')}"
