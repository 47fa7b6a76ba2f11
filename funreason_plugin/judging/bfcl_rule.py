"""BFCL's own verdict on a turn, from the outputs and the state that our sessions give.

bfcl-eval's `multi_turn_checker` (2026.3.23) passes a turn whose truth has calls when something was called, the public
attributes of all instances equal the truth's by Python's ``==`` (1, 1.0 and True are equal), and the text of every
output of the truth is among the texts of the outputs so far, as often as in the truth.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Protocol

from funreason_plugin.environments.bfcl.texts import executor_text
from funreason_plugin.environments.space import SimulationSpace
from funreason_plugin.environments.state import differences, rules, without

__all__ = ["Executed", "Texts", "state_differences", "texts_of"]

Texts = Counter[str]


class Executed(Protocol):
    """A call with its output, of the truth or of the model."""

    @property
    def name(self) -> str: ...

    @property
    def arguments(self) -> dict[str, Any]: ...

    @property
    def output(self) -> Any: ...


def texts_of(calls: Iterable[Executed]) -> list[str]:
    """The outputs as bfcl-eval's executor writes them."""
    return [executor_text(call.name, call.arguments, call.output) for call in calls]


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
