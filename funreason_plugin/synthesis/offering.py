"""Which of the tools a conversation offers, where fewer are wanted than there are.

    offered = some(tools, tables, 24, rng)

A tool comes with what leads to it: for each of its needs, a tool that meets it. So whatever is offered can be called.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from funreason_plugin.synthesis.tables import Tables

__all__ = ["some"]


def some(tools: Sequence[str], tables: Tables, count: int, rng: Random) -> list[str]:
    """So many of the tools, in their order; all of them where there are no more."""
    if count >= len(tools):
        return list(tools)
    chosen: set[str] = set()
    for name in rng.sample(tools, len(tools)):
        group = _with_its_needs(name, tables, chosen, rng)
        if group is not None and len(chosen | group) <= count:
            chosen |= group
    return [name for name in tools if name in chosen]


def _with_its_needs(name: str, tables: Tables, chosen: set[str], rng: Random) -> set[str] | None:
    """The tool and those that lead to it, as few as there are beside the chosen ones; None for one that nothing leads
    to."""
    group = {name}
    waiting = [name]
    while waiting:
        tool = tables.tools.get(waiting.pop())
        if tool is None or not tool.usable:
            return None
        for need in tool.needs:
            if (chosen | group).isdisjoint(need.providers):
                least = min((tables.cost.get(other, 10**6) for other in need.providers), default=0)
                cheap = [other for other in need.providers if tables.cost.get(other, 10**6) == least]
                if not cheap:
                    return None
                provider = rng.choice(cheap)
                group.add(provider)
                waiting.append(provider)
    return group
