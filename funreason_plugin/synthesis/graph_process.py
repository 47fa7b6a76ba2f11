"""Building the tool graph in a supervised process: a tool that never returns costs that process, not the command.

data = build_graph(["travel", "files"], seed=0)      # the bytes of graph.json
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from funreason_plugin.environments.space import SimulationSpace
from funreason_plugin.synthesis.graph import ToolGraph
from funreason_plugin.workers import CallWatch, Pool

__all__ = ["build_graph"]


def build_graph(names: Sequence[str], seed: int) -> bytes:
    """The graph of environments by name, verified by execution, as JSON.

    Raises:
        UserError: An environment or one of its tools cannot be used.
    """
    with Pool(1, _builder, (list(names), seed)) as pool:
        _, data = next(pool.map([("graph", None)]))
    return bytes(data)


def _builder(names: Sequence[str], seed: int) -> Callable[[None, CallWatch], bytes]:
    return lambda _, watch: ToolGraph.build(SimulationSpace.from_names(names), seed, watch=watch).to_json()
