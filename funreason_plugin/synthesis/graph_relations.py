"""What the graph consists of, and how evidence becomes nodes and edges that count.

A candidate counts when it held in at least two sampled states (one, where its consumer worked in fewer than three)
and its parameter is *sensitive*: with plausible values from elsewhere the consumer failed. A parameter is the
system's to fill when its author marked it so, or when nobody but a provider gives values that work.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final, Literal

from funreason_plugin.environments.similar import is_id
from funreason_plugin.environments.spec import ToolSpec
from funreason_plugin.synthesis.graph_binding import SYSTEM_ONLY
from funreason_plugin.synthesis.graph_findings import Findings, Tried
from funreason_plugin.synthesis.graph_inference import Candidates, Pair
from funreason_plugin.synthesis.parameter_slots import Slot

Kind = Literal["data", "state", "declared"]


@dataclass(frozen=True, slots=True)
class Edge:
    """A dependency of ``consumer`` on ``provider``, and its evidence.

    ``output`` and ``param`` are the paths of a data edge. ``source`` tells who proposed it: "entity", "name",
    "description", "head" (a name of the same thing), "value" (a tool succeeded with it), "execution" (state edges) or "declared". ``successes`` of
    ``trials`` held; ``foreign`` is how often the consumer failed, of ``foreign_trials``, with values from elsewhere.
    State edges of one ``group`` are alternatives. ``always``: in no sampled state did the consumer work without.
    ``echo``: the provider merely repeats its own argument.
    """

    kind: Kind
    provider: str
    consumer: str
    output: str = ""
    param: str = ""
    source: str = ""
    successes: int = 0
    trials: int = 0
    foreign: int = 0
    foreign_trials: int = 0
    verified: bool = False
    group: int = 0
    always: bool = True
    echo: bool = False


@dataclass(frozen=True, slots=True)
class Need:
    """A prerequisite: one of ``providers`` must have been called. ``param`` is set for a data prerequisite."""

    kind: Kind
    param: str
    providers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ToolNode:
    """A tool in the graph.

    ``system`` are the required parameters that only outputs can fill, ``system_optional`` the others of that sort;
    ``groups`` the required groups of state edges. Of ``states`` sampled states, ``worked`` saw the tool succeed,
    ``free`` at once. ``slow``: a call was over the time limit.
    """

    name: str
    environment: str
    writes: bool = False
    system: tuple[str, ...] = ()
    system_optional: tuple[str, ...] = ()
    groups: tuple[int, ...] = ()
    worked: int = 0
    free: int = 0
    slow: bool = False


SENSITIVE: Final = 0.75  # share of foreign values with which the consumer must fail
HOLDS: Final = 0.1  # share of trials in which a provider's value must work (not all of its values are of use)
HOLDS_UNMARKED: Final = (
    0.5  # the same where the parameter's author marked an entity, and the output has no such mark
)


def relations(
    specs: Mapping[str, ToolSpec],
    candidates: Candidates,
    declared: Iterable[tuple[str, str]],
    findings: Findings | None,
) -> tuple[dict[str, ToolNode], list[Edge]]:
    """Nodes and edges from candidates, declarations and, unless None, what execution showed."""
    slots = candidates.slots
    edges = [
        _data_edge(pair, source, slots[pair[2:]].entity if pair[2:] in slots else "", findings)
        for pair, source in candidates.pairs.items()
        if pair[0] in specs
    ]
    wanted = [(need, name) for name, spec in specs.items() for need in spec.needs]
    groups: dict[str, list[int]] = {name: [] for name in specs}
    for number, (first, then) in enumerate(dict.fromkeys((*wanted, *declared)), 1):
        if first in specs and then in specs:
            edges.append(Edge("declared", first, then, source="declared", verified=True, group=number))
            groups[then].append(number)
    if findings is not None:
        edges = _with_careless_tools(edges, specs, candidates, findings)
        for edge in _state_edges(findings, 1 + len(edges)):
            edges.append(edge)
            if edge.verified and edge.always and edge.group not in groups[edge.consumer]:
                groups[edge.consumer].append(edge.group)
    provided = {(e.consumer, e.param) for e in edges if e.kind == "data" and e.verified and not e.echo}
    system: dict[str, list[Slot]] = {name: [] for name in specs}
    for slot in candidates.slots.values():
        if _system_only(slot, findings, (slot.tool, slot.path) in provided):
            system[slot.tool].append(slot)
    return {name: _node(spec, findings, system[name], groups[name]) for name, spec in specs.items()}, edges


# -- data edges -------------------------------------------------------------------------------------------


def _data_edge(pair: Pair, source: str, entity: str, findings: Findings | None) -> Edge:
    provider, output, consumer, param = pair
    if findings is None:
        return Edge("data", provider, consumer, output, param, source, verified=True)
    tried = findings.pairs.get(pair, Tried())
    foreign = findings.foreign.get((consumer, param), Tried())
    doubtful = bool(entity) and source != "entity"
    repeats, seen = findings.echoes.get((provider, output), (0, 0))
    echo = bool(seen) and repeats == seen
    holds = source == "declared" or (
        _enough(tried, findings.worked.get(consumer, Tried()))
        and tried.successes >= (HOLDS_UNMARKED if doubtful else HOLDS) * tried.trials
        and foreign.trials > 0
        and foreign.successes >= SENSITIVE * foreign.trials
    )
    return Edge(
        "data",
        provider,
        consumer,
        output,
        param,
        source,
        tried.successes,
        tried.trials,
        foreign.successes,
        foreign.trials,
        verified=holds,
        echo=echo,
    )


def _with_careless_tools(
    edges: list[Edge], specs: Mapping[str, ToolSpec], candidates: Candidates, findings: Findings
) -> list[Edge]:
    """Keep the tools that take any id unchecked reachable.

    Such a tool also succeeds with a value from elsewhere, so no provider can be shown to be needed. Where an id has
    no other source, the providers whose values worked count.
    """
    provided = {
        (edge.consumer, edge.param)
        for edge in edges
        if edge.kind == "data" and edge.verified and not edge.echo
    }
    orphans = {
        (slot.tool, slot.path)
        for slot in candidates.slots.values()
        if slot.tool in specs and slot.required and _system_only(slot, findings, False)
    } - provided
    return [
        replace(edge, verified=True)
        if edge.kind == "data"
        and (edge.consumer, edge.param) in orphans
        and not edge.echo
        and edge.successes > HOLDS * edge.trials
        else edge
        for edge in edges
    ]


def _enough(tried: Tried, worked: Tried) -> bool:
    return len(tried.states) >= (2 if len(worked.states) > 2 else 1)


# -- state edges ------------------------------------------------------------------------------------------


def _state_edges(findings: Findings, first_group: int) -> list[Edge]:
    edges = []
    group = first_group
    consumers = dict.fromkeys(consumer for _, consumer in findings.enabling)
    for consumer in consumers:
        worked = findings.worked[consumer]
        held = {first: tried for (first, then), tried in findings.enabling.items() if then == consumer}
        for members in _alternatives(list(held), findings.alternatives.get(consumer, [])):
            group += 1
            edges += [
                Edge(
                    "state",
                    member,
                    consumer,
                    source="execution",
                    successes=len(held[member].states),
                    trials=len(worked.states),
                    verified=_enough(held[member], worked),
                    group=group,
                    always=all(before & {*members} for before in findings.after.get(consumer, ())),
                )
                for member in members
            ]
    return edges


def _alternatives(members: list[str], same: list[tuple[str, str]]) -> list[list[str]]:
    """Members grouped by the relation "would have done instead"."""
    group = {member: index for index, member in enumerate(members)}
    for left, right in same:
        if left in group and right in group:
            old, new = group[right], group[left]
            group = {member: new if number == old else number for member, number in group.items()}
    return [[m for m in members if group[m] == number] for number in dict.fromkeys(group.values())]


# -- nodes ------------------------------------------------------------------------------------------------


def _node(spec: ToolSpec, findings: Findings | None, system: list[Slot], groups: list[int]) -> ToolNode:
    node = ToolNode(
        spec.name,
        spec.environment,
        spec.writes,
        tuple(slot.path for slot in system if slot.required),
        tuple(slot.path for slot in system if not slot.required),
        tuple(groups),
    )
    if findings is None:
        return node
    return replace(
        node,
        worked=findings.worked[spec.name].successes,
        free=findings.free[spec.name].successes,
        slow=spec.name in findings.slow,
    )


def _system_only(slot: Slot, findings: Findings | None, provided: bool) -> bool:
    """Whether a user cannot know the slot's value: only outputs give it."""
    if "enum" in slot.schema or slot.schema.get("type") in ("boolean", "array"):
        return False
    if slot.values is not None and slot.values.kind == "tool":
        return True
    if slot.known is not None:
        return not slot.known and (provided or slot.values is None)
    if slot.values is not None:
        return False
    if findings is None:
        return provided and is_id(slot.path.rsplit(".", 1)[-1].replace("[]", ""))
    sources = findings.sources.get((slot.tool, slot.path), set())
    return bool(sources & set(SYSTEM_ONLY)) or ("invented" in sources and provided)
