"""A graph and its tools' specs in the form in which sampling reads them, made once and kept with the graph.

tables = Tables.of(graph, session.space)
tables.tools["book_flight"].needs          # prerequisites with their providers
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from funreason_plugin.environments.space import SimulationSpace
from funreason_plugin.environments.spec import ParamSpec, ToolSpec
from funreason_plugin.synthesis.graph import Need, ToolGraph
from funreason_plugin.synthesis.names import force_of
from funreason_plugin.synthesis.parameter_slots import Slot, slots_of

NEVER: Final = 1_000_000  # the cost of a tool that cannot be reached


@dataclass(frozen=True, slots=True)
class Place:
    """A leaf of the parameters: its slot, whether only outputs can fill it, and the outputs that do."""

    slot: Slot
    system: bool
    providers: tuple[tuple[str, str], ...]  # (tool, output path)
    key: str  # equal for places that speak of the same thing: the entity, else the name
    prose: bool


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter and its leaves; ``single`` is the leaf when the parameter is one."""

    spec: ParamSpec
    places: Mapping[str, Place]
    single: Place | None
    whole: Place | None  # of a list of scalars: outputs that are such a list
    open: bool  # some leaf takes values from outputs: it is put together leaf by leaf


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool as the sampler sees it. ``sometimes``: state prerequisites that only some states have."""

    spec: ToolSpec
    parameters: tuple[Parameter, ...]
    places: Mapping[str, Place]  # all leaves, by slot path
    needs: tuple[Need, ...]
    sometimes: tuple[Need, ...]
    usable: bool
    force: int  # 2: it ends something (cancels, deletes), 1: it changes something, 0: neither
    paired: bool  # several parameters come from outputs: their values have to fit together
    ids: frozenset[str]  # names of output fields whose values only the system knows


@dataclass(slots=True)
class Tables:
    """All tools of a graph; ``cost`` is the number of calls that a tool takes from scratch, itself included."""

    tools: dict[str, Tool]
    cost: dict[str, int]
    consumers: dict[str, tuple[str, ...]]  # by tool: the tools that can use its output
    heirs: dict[str, tuple[str, ...]]  # of those: the tools that take from it what only the system knows
    hearers: dict[str, tuple[str, ...]]  # by key: the tools that take such a thing from the user
    makers: dict[str, tuple[str, ...]]  # by look-up: the writing tools that give ids of the same things
    awaited: dict[str, tuple[tuple[str, int], ...]]  # by provider: (consumer, index of its need)
    kept: dict[Any, Any] = field(default_factory=dict)  # values that never change, and the first legal set

    @classmethod
    def of(cls, graph: ToolGraph, space: SimulationSpace) -> Tables:
        """The tables of a graph in a space, made at the first call."""
        tables = graph.tables
        if tables is None:
            tables = cls.make(graph, space.tools)
            graph.tables = tables
        return tables

    @classmethod
    def make(cls, graph: ToolGraph, specs: Mapping[str, ToolSpec]) -> Tables:
        """Compile the tools that are in the graph."""
        providers: dict[tuple[str, str], list[tuple[str, str]]] = {}
        sometimes: dict[str, dict[int, list[str]]] = {}
        consumers: dict[str, dict[str, None]] = {}
        for edge in graph.edges:
            if edge.verified and edge.kind == "data":
                providers.setdefault((edge.consumer, edge.param), []).append((edge.provider, edge.output))
                if not edge.echo:
                    consumers.setdefault(edge.provider, {})[edge.consumer] = None
            elif edge.verified and edge.group not in graph.tools[edge.consumer].groups:
                group = sometimes.setdefault(edge.consumer, {}).setdefault(edge.group, [])
                group.append(edge.provider)
        tools = {name: _tool(specs[name], graph, providers, sometimes.get(name, {})) for name in graph.tools}
        awaited: dict[str, list[tuple[str, int]]] = {}
        heirs: dict[str, dict[str, None]] = {}
        hearers: dict[str, dict[str, None]] = {}
        for name, tool in tools.items():
            for index, need in enumerate(tool.needs):
                for provider in need.providers:
                    awaited.setdefault(provider, []).append((name, index))
            for place in tool.places.values():
                if place.system:
                    for provider, _ in place.providers:
                        heirs.setdefault(provider, {})[name] = None
                elif place.slot.required and not place.prose and tool.usable:
                    hearers.setdefault(place.key, {})[name] = None
        return cls(
            tools,
            _costs({name: tool.needs for name, tool in tools.items()}, awaited),
            {name: tuple(found) for name, found in consumers.items()},
            {name: tuple(found) for name, found in heirs.items()},
            {name: tuple(found) for name, found in hearers.items()},
            _makers(tools),
            {name: tuple(found) for name, found in awaited.items()},
        )

    def silly(self, provider: str, consumer: str) -> bool:
        """Whether doing the one and then the other makes no sense in one turn: making a thing, or changing it, and
        ending it; making it and changing it."""
        first, then = self.tools[provider], self.tools[consumer]
        if then.force <= first.force or not first.spec.writes:
            return False
        return consumer in self.consumers.get(provider, ()) or bool(_things(first) & _things(then))


def _makers(tools: Mapping[str, Tool]) -> dict[str, tuple[str, ...]]:
    found: dict[str, dict[str, None]] = {}
    for tool in tools.values():
        for place in tool.places.values():
            if place.system:
                makers = [name for name, _ in place.providers if tools[name].spec.writes]
                for name, _ in place.providers:
                    if not tools[name].spec.writes:
                        found.setdefault(name, {}).update(dict.fromkeys(makers))
    return {name: tuple(makers) for name, makers in found.items() if makers}


def _things(tool: Tool) -> set[str]:
    """What a tool's system-only parameters speak of."""
    return {place.key for place in tool.places.values() if place.system}


def _tool(
    spec: ToolSpec,
    graph: ToolGraph,
    providers: Mapping[tuple[str, str], list[tuple[str, str]]],
    sometimes: Mapping[int, list[str]],
) -> Tool:
    node = graph.tools[spec.name]
    system = {*node.system, *node.system_optional}
    places: dict[str, dict[str, Place]] = {param.name: {} for param in spec.params}
    for slot in slots_of(spec):
        places[slot.param.name][slot.path] = Place(
            slot,
            slot.path in system,
            tuple(providers.get((spec.name, slot.path), ())),
            slot.entity or slot.path.rsplit(".", 1)[-1].replace("[]", ""),
            slot.param.prose is not None
            or (slot.below in slot.param.marks and slot.param.marks[slot.below].prose is not None),
        )
    parameters = []
    for param in spec.params:
        mine = places[param.name]
        own = mine.pop(param.name, None)
        parameters.append(
            Parameter(
                param,
                mine or ({param.name: own} if own else {}),
                own if not mine else None,
                own if mine and own is not None and own.providers else None,
                any(place.providers or place.system for place in mine.values()),
            )
        )
    ids = frozenset(
        output.path.rsplit(".", 1)[-1].replace("[]", "")
        for output in spec.outputs
        if output.ref is not None and not output.ref.known
    )
    return Tool(
        spec,
        tuple(parameters),
        {path: place for parameter in parameters for path, place in parameter.places.items()},
        graph.needs[spec.name],
        tuple(Need("state", "", tuple(members)) for members in sometimes.values()),
        (node.worked > 0 or graph.states == 0) and not node.slow,
        force_of(spec.name),
        sum(place.system for parameter in parameters for place in parameter.places.values()) > 1,
        ids,
    )


def costs(graph: ToolGraph) -> dict[str, int]:
    """By tool: the number of calls that it takes from scratch; tools that cannot be reached are left out."""
    awaited: dict[str, list[tuple[str, int]]] = {}
    for name, needs in graph.needs.items():
        for index, need in enumerate(needs):
            for provider in need.providers:
                awaited.setdefault(provider, []).append((name, index))
    return _costs(graph.needs, awaited)


def _costs(
    needs: Mapping[str, Sequence[Need]], awaited: Mapping[str, Sequence[tuple[str, int]]]
) -> dict[str, int]:
    """1 + the cheapest provider of every prerequisite, for all tools at once (cheapest tools first)."""
    cost: dict[str, int] = {}
    waiting = {name: len(found) for name, found in needs.items()}
    met: set[tuple[str, int]] = set()
    spent = dict.fromkeys(needs, 1)
    layers: dict[int, list[str]] = {1: [name for name, count in waiting.items() if not count]}
    level = 1
    while layers:
        for name in layers.pop(level, ()):
            if name in cost:
                continue
            cost[name] = level
            for consumer, index in awaited.get(name, ()):
                if (consumer, index) not in met:
                    met.add((consumer, index))
                    spent[consumer] += level
                    waiting[consumer] -= 1
                    if not waiting[consumer]:
                        layers.setdefault(max(spent[consumer], level + 1), []).append(consumer)
        level += 1
        if level > 1000:
            break
    return cost
