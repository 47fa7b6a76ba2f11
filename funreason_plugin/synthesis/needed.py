"""The output values that any solution of a turn has to obtain; the verdict asks for them.

needed = needed_values(trace, turn=2, writing={"book_flight"})
"""

from __future__ import annotations

from collections.abc import Collection

from funreason_plugin.environments.paths import state_values
from funreason_plugin.environments.state import canonical
from funreason_plugin.scoring import leaves_of
from funreason_plugin.synthesis.trace import Trace
from funreason_plugin.trajectory import Needed

__all__ = ["needed_values"]


def needed_values(trace: Trace, turn: int, writing: Collection[str] = ()) -> list[Needed]:
    """The output values that any solution has to obtain: what feeds a later call, and what goals report.

    The effect of a goal that writes is seen in the state. The numbers that it reports (what is left, how long a text
    has become) depend on wording and order, where another solution is as good.
    """
    found: dict[bytes, Needed] = {}
    for call in trace.calls:
        for path, provenance in call.provenance.items():
            if provenance.source == "output" and provenance.turn == turn:
                for value in state_values(path, call.arguments):
                    item = Needed(value, provenance.field)
                    found.setdefault(canonical([item.field, value]), item)
    for call in trace.calls:
        if call.role == "goal":
            reported = dict(leaves_of(call.output))
            for path in call.reports:
                value = reported.get(path)
                passing = call.name in writing and isinstance(value, (int, float))
                if value is not None and not passing:
                    item = Needed(value, path)
                    found.setdefault(canonical([path, item.value]), item)
    return list(found.values())
