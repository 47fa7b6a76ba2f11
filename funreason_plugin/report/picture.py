"""Where each tool stands in the picture of the graph: an area for each environment, its tools spread by their edges.

    places([("search", "travel"), ("book", "travel")], [("search", "book")])     # {"search": (0.2, 0.9), …}

A spring layout of everything piles up what has many edges; within its own area each environment fills the room it gets.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Final

import networkx as nx

_ASPECT: Final = 1.35
"""Width of the picture by its height."""
_ROOM: Final = 0.82
"""Share of its area that an environment fills."""


def places(
    tools: Sequence[tuple[str, str]], edges: Iterable[tuple[str, str]]
) -> dict[str, tuple[float, float]]:
    """Coordinates by tool, for tools as (name, environment); the same for the same graph."""
    graph: nx.Graph[str] = nx.Graph()
    graph.add_nodes_from(name for name, _ in tools)
    graph.add_edges_from((first, then) for first, then in edges if first != then)
    groups: dict[str, list[str]] = {}
    for name, environment in tools:
        groups.setdefault(environment, []).append(name)
    columns = max(1, math.ceil(math.sqrt(len(groups))))
    rows = -(-len(groups) // columns)
    wide = max(0.8, _ASPECT * rows / columns)
    found: dict[str, tuple[float, float]] = {}
    for number, names in enumerate(groups.values()):
        row, column = divmod(number, columns)
        in_row = min(columns, len(groups) - row * columns)
        left = column + (columns - in_row) / 2  # a last row that is not full stands in the middle
        for name, (x, y) in _spread(graph.subgraph(names)).items():
            found[name] = (round(wide * (left + _ROOM * x), 4), round(row + _ROOM * y, 4))
    return found


def _spread(graph: nx.Graph[str]) -> dict[str, tuple[float, float]]:
    """A spring layout in the unit square, half of each coordinate by rank, so that no part is crowded."""
    if len(graph) == 1:
        return dict.fromkeys(graph, (0.5, 0.5))
    laid = nx.spring_layout(graph, k=2.2 / math.sqrt(len(graph)), iterations=200, seed=1)
    sides = []
    for axis in (0, 1):
        values = [float(laid[name][axis]) for name in graph]
        low, high = min(values), max(values)
        ranks = {value: rank / (len(values) - 1) for rank, value in enumerate(sorted(values))}
        sides.append([0.5 * (value - low) / ((high - low) or 1.0) + 0.5 * ranks[value] for value in values])
    return {name: (x, y) for name, x, y in zip(graph, *sides, strict=True)}
