"""The API relation graph G = (T, R, P) of Phase I: tools, typed dependencies with evidence, parameters.

    graph = ToolGraph.build(space, seed=0)
    graph.legal("book_flight", called={"search_flights"})     # equation (1)
    graph.distance("book_flight")                             # {"book_flight": 0, "search_flights": 1, ...}
    ToolGraph.from_json(graph.to_json())                      # the same graph, the same bytes

Edges point from provider to consumer. *data*: an output field fills a parameter; *state*: the first tool makes the
second succeed; *declared*: the environment's author says so. Edges come from inference (`graph_inference`) and are
verified by execution (`graph_verification`); an edge that was tried and did not hold stays, with its evidence, but
counts for nothing. Without verification (``verify=False``) guesses count.

Equation (1), I(T, T_called) = 1 iff Prerequisite(T) is within T_called, is read with alternatives: a prerequisite is a
set of tools of which one must have been called. There is one for every required parameter that a user cannot know (its
providers), and one for every state that the tool needs (the tools that bring it about).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, fields
from functools import cached_property
from typing import TYPE_CHECKING, Any

import networkx as nx
import orjson

from funreason_plugin.environments.limits import Watch
from funreason_plugin.environments.space import SimulationSpace
from funreason_plugin.environments.spec import ToolSpec
from funreason_plugin.errors import UserError, did_you_mean
from funreason_plugin.synthesis.graph_inference import Candidates
from funreason_plugin.synthesis.graph_relations import Edge, Need, ToolNode, relations
from funreason_plugin.synthesis.graph_verification import explore
from funreason_plugin.synthesis.parameter_slots import unmarked

if TYPE_CHECKING:
    from funreason_plugin.synthesis.tables import Tables

__all__ = ["Edge", "Need", "ToolGraph", "ToolNode"]

FORMAT = 1


class ToolGraph:
    """Tools and edges; made by `build`, `infer` or `from_json`."""

    def __init__(
        self, tools: Mapping[str, ToolNode], edges: Iterable[Edge], seed: int = 0, states: int = 0
    ) -> None:
        self.tools = dict(tools)
        self.edges = list(edges)
        self.seed = seed
        self.states = states
        self._distance: dict[str, dict[str, int]] = {}
        self.tables: Tables | None = None  # what the sampler makes of it

    # -- making -----------------------------------------------------------------------------------------

    @classmethod
    def build(
        cls,
        space: SimulationSpace,
        seed: int = 0,
        states: int = 8,
        verify: bool = True,
        marks: bool = True,
        watch: Watch | None = None,
    ) -> ToolGraph:
        """Infer the graph of a space and verify it in ``states`` sampled states.

        ``marks=False`` ignores entity marks and declared look-ups, as if the author had written none. ``watch``
        supervises the calls (see `Session`).

        Raises:
            UserError: A tool changes the state without saying so.
        """
        specs = space.tools if marks else {name: unmarked(spec) for name, spec in space.tools.items()}
        declared = [pair for environment in space.environments.values() for pair in environment.declared]
        if not verify:
            return cls.infer(specs, declared)
        candidates = Candidates.of(specs.values())
        findings = explore(space, specs, candidates, seed, states, watch)
        return cls(*relations(specs, candidates, declared, findings), seed, states)

    @classmethod
    def infer(cls, specs: Mapping[str, ToolSpec], declared: Iterable[tuple[str, str]] = ()) -> ToolGraph:
        """The graph as names, marks and declarations suggest it, without executing anything."""
        return cls(*relations(specs, Candidates.of(specs.values()), declared, None))

    # -- reading ----------------------------------------------------------------------------------------

    @cached_property
    def graph(self) -> nx.MultiDiGraph[str]:
        """The edges that count, as a networkx graph; nodes and edges carry their attributes."""
        graph: nx.MultiDiGraph[str] = nx.MultiDiGraph()
        for node in self.tools.values():
            graph.add_node(node.name, environment=node.environment, writes=node.writes)
        for edge in self.edges:
            if edge.verified:
                attributes = asdict(edge)
                del attributes["provider"], attributes["consumer"]
                graph.add_edge(edge.provider, edge.consumer, **attributes)
        return graph

    @cached_property
    def needs(self) -> dict[str, tuple[Need, ...]]:
        """By tool: its prerequisites (equation (1))."""
        data: dict[tuple[str, str], dict[str, None]] = {}
        state: dict[tuple[str, int], dict[str, None]] = {}
        for edge in self.edges:
            if edge.verified and edge.kind == "data":
                if not edge.echo:
                    data.setdefault((edge.consumer, edge.param), {})[edge.provider] = None
            elif edge.verified:
                state.setdefault((edge.consumer, edge.group), {})[edge.provider] = None
        return {
            name: (
                *(Need("data", param, tuple(data.get((name, param), ()))) for param in node.system),
                *(Need("state", "", tuple(state.get((name, group), ()))) for group in node.groups),
            )
            for name, node in self.tools.items()
        }

    def legal(self, tool: str, called: Collection[str]) -> bool:
        """Equation (1): every prerequisite has a member that was called."""
        return all(any(name in called for name in need.providers) for need in self.needs[tool])

    def distance(self, target: str) -> dict[str, int]:
        """Number of dependencies from a tool to the target, for all tools that lead there; searched once, kept."""
        found = self._distance.get(target)
        if found is None:
            found = {target: 0}
            for tool in (queue := [target]):
                for need in self.needs[tool]:
                    for provider in need.providers:
                        if provider not in found:
                            found[provider] = found[tool] + 1
                            queue.append(provider)
            self._distance[target] = found
        return found

    def restricted(self, tools: Collection[str]) -> ToolGraph:
        """The graph of some of the tools; what only the others provided can no longer be had."""
        unknown = [name for name in tools if name not in self.tools]
        if unknown:
            raise UserError(f"tool {unknown[0]!r} is not in the graph" + did_you_mean(unknown[0], self.tools))
        kept = {name: node for name, node in self.tools.items() if name in tools}
        edges = [edge for edge in self.edges if edge.provider in kept and edge.consumer in kept]
        return ToolGraph(kept, edges, self.seed, self.states)

    # -- JSON -------------------------------------------------------------------------------------------

    def to_json(self) -> bytes:
        """The graph as JSON; equal graphs give equal bytes. Fields at their default are left out."""
        data = {
            "format": FORMAT,
            "seed": self.seed,
            "states": self.states,
            "tools": [_sparse(node) for node in self.tools.values()],
            "edges": [_sparse(edge) for edge in self.edges],
        }
        return orjson.dumps(data, option=orjson.OPT_INDENT_2)

    @classmethod
    def from_json(cls, data: bytes | str, where: str = "graph") -> ToolGraph:
        """The graph that `to_json` wrote; a `UserError` names the place."""
        try:
            raw = orjson.loads(data)
            if raw["format"] != FORMAT:
                raise UserError(f"{where}: not of format {FORMAT}; build the graph anew")
            nodes = [
                ToolNode(**{key: _frozen(value) for key, value in node.items()}) for node in raw["tools"]
            ]
            edges = [Edge(**edge) for edge in raw["edges"]]
            return cls({node.name: node for node in nodes}, edges, raw["seed"], raw["states"])
        except (orjson.JSONDecodeError, KeyError, TypeError) as error:
            raise UserError(f"{where}: not a tool graph ({error}); build it anew") from None


def _sparse(item: Edge | ToolNode) -> dict[str, Any]:
    return {
        entry.name: value for entry in fields(item) if (value := getattr(item, entry.name)) != entry.default
    }


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
