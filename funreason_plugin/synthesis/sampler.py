"""The directed sampler of Phase I: an executed call chain for one turn (paper, section 3.1).

    trace = sample_turn(session, graph, SamplerOptions(calls=(1, 5)), rng, History.of(turns))

A target T_a is drawn, most often one that is not legal yet; in later turns, one that can use what earlier turns
brought. `Walk` leads to it by equation (2). A turn may have a second goal. What was not needed is pruned.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Final, Literal

from funreason_plugin.environments.session import Session
from funreason_plugin.synthesis.graph import ToolGraph
from funreason_plugin.synthesis.history import History, LiveCall
from funreason_plugin.synthesis.legality import draw
from funreason_plugin.synthesis.tables import Tables
from funreason_plugin.synthesis.trace import SamplingFailed, Trace
from funreason_plugin.synthesis.trimming import finished
from funreason_plugin.synthesis.walk import Walk

__all__ = ["History", "SamplerOptions", "sample_turn"]

LATER: Final = 2 / 3  # share of later turns whose target can use what an earlier turn brought
NOT_LEGAL: Final = (
    0.7  # share of the other targets that are drawn from the tools not legal at the turn's start
)
SAID_ONLY: Final = 0.15  # share of later targets that may only take up what the user said
GO_ON: Final = 0.5  # how often a turn goes on to another goal, while it has calls left
GOALS: Final = 3  # most goals of a turn


@dataclass(frozen=True, slots=True)
class SamplerOptions:
    """``calls``: the fewest and most calls of a turn. ``weights``: by tool, how much a target is wanted (default 1).
    ``single``: a turn asks for one thing only. ``attempts``: how often a turn is begun anew. ``across`` and ``within``:
    whether it is to take a value from an output of an earlier turn, and of its own; all but the last attempt have to.
    ``deep``: so many links the conversation's longest chain is to have more, so of earlier turns, its end counts first.
    ``whole``: look-ups are not narrowed by optional arguments, since what is unique in a part of a listing may not be so in all
    of it. ``prefer``: by output and path, the values that are taken where there is a choice.

    ``kind="random"`` is the paper's baseline: a uniformly random legal tool at each step.
    """

    kind: Literal["directed", "random"] = "directed"
    calls: tuple[int, int] = (1, 5)
    weights: Mapping[str, float] = field(default_factory=dict)
    single: bool = False
    whole: bool = False
    prefer: Callable[[LiveCall, str], bool] | None = None
    attempts: int = 8
    across: bool | None = None
    within: bool | None = None
    deep: int = 0


def sample_turn(
    session: Session,
    graph: ToolGraph,
    options: SamplerOptions,
    rng: Random,
    history: History | None = None,
    target: str | None = None,
) -> Trace:
    """Sample one turn. The session stands at the turn's start and is left wherever the search ended.

    Raises:
        SamplingFailed: No trace was found. ``code`` says why the last attempt failed: "no_legal_tool",
            "target_unreachable", "no_parameters:tool.param", "ambiguous_choice:tool.param", "tool_error:tool",
            "nothing_found:tool", "no_effect:tool" or "told_before:tool".
    """
    history = history or History()
    tables = Tables.of(graph, session.space)
    least, most = options.calls
    start = session.snapshot()
    failure = SamplingFailed("no_legal_tool", "no attempt was allowed")
    for attempt in range(options.attempts):
        if attempt:
            session.restore(start)
        walk = Walk(session, tables, rng, history)
        walk.legality.any_provider = target is not None
        walk.binder.references.deep = options.deep > 0
        walk.binder.references.prefer, walk.binder.whole = options.prefer, options.whole
        try:
            name, earlier = (
                (target, False)
                if target is not None
                else _target(walk, options, attempt < 2 or options.across is True)
            )
            if options.kind == "random":
                walk.wander(rng.randint(least, most))
            else:
                walk.reach(name, most, earlier)
                if not options.single:
                    _go_on(walk, least, most, options.within)
            trace = finished(session, start, tables, walk.calls, walk.bounds, walk.goals, name, history.turns)
        except SamplingFailed as failed:
            failure = failed
            continue
        if least <= len(trace.calls) <= most:
            if attempt >= options.attempts - 1 or _as_wished(trace, options, history):
                return trace
            failure = SamplingFailed(
                "target_unreachable", f"{name} takes its values from elsewhere than wished"
            )
            continue
        failure = SamplingFailed(
            "target_unreachable", f"{name} takes {len(trace.calls)} calls, not {least}-{most}"
        )
    raise failure


def _as_wished(trace: Trace, options: SamplerOptions, history: History) -> bool:
    """Whether a trace takes its values from where they are to come from, and makes a chain longer that is to be longer."""
    if options.across is None and options.within is None:
        return True
    givers = [
        origin.turn
        for call in trace.calls
        for origin in call.provenance.values()
        if origin.source == "output"
    ]
    if options.across and options.deep:
        deepest = max(history.depths.values(), default=0)
        if max(history.depths_of(trace.calls).values(), default=0) <= deepest:
            return False
    here = sum(giver == history.turns for giver in givers)
    return options.across in (None, here < len(givers)) and options.within in (None, here > 0)


# -- the target -------------------------------------------------------------------------------------------


def _target(walk: Walk, options: SamplerOptions, later: bool) -> tuple[str, bool]:
    """T_a, and whether it is to take what earlier turns brought."""
    tables, rng = walk.tables, walk.rng
    usable = [name for name, tool in tables.tools.items() if tool.usable]
    share = LATER if options.across is None else float(options.across)
    if later and walk.history.turns and rng.random() < share:
        name = _draw(walk, options, _heirs(walk, options.deep))
        if name is not None:
            return name, True
    if rng.random() < (NOT_LEGAL if options.within is None else options.within):
        name = _draw(walk, options, [name for name in usable if name not in walk.legality.legal])
        if name is not None:
            return name, False
    legal = [name for name in usable if name in walk.legality.legal] if options.within is False else []
    name = _draw(walk, options, legal or usable)
    if name is None:
        what = f"none of {len(tables.tools)} tools can be reached in {options.calls[1]} calls"
        raise SamplingFailed("no_legal_tool", what)
    return name, False


def _heirs(walk: Walk, deep: int = 0) -> list[str]:
    """Tools that can use what the earlier turns brought; else those that take what the user said then. ``deep``: what the
    end of the longest chain brought, that anything can use; where more links are to come, by tools that have heirs."""
    tables, history = walk.tables, walk.history
    if deep:
        by_depth: dict[int, list[str]] = {}
        for tool, live in history.latest.items():
            by_depth.setdefault(history.depths[live.turn, live.index], []).append(tool)
        for depth in sorted(by_depth, reverse=True):
            heirs = [name for tool in by_depth[depth] for name in tables.heirs.get(tool, ())]
            if usable := [name for name in dict.fromkeys(heirs) if tables.tools[name].usable]:
                return [name for name in usable if deep > 1 and tables.heirs.get(name)] or usable
    found = dict.fromkeys(
        name for tool in history.latest for name in tables.heirs.get(tool, ()) if tables.tools[name].usable
    )
    if not found or walk.rng.random() < SAID_ONLY:
        keys = dict.fromkeys(walk.binder.key_of(said.tool, said.slot) for said in history.said)
        found |= dict.fromkeys(name for key in keys for name in tables.hearers.get(key, ()))
    return [*found]


def _draw(walk: Walk, options: SamplerOptions, names: list[str]) -> str | None:
    """One of the tools, by weight; those that were targets before in this conversation seldom."""
    most, before = options.calls[1], walk.history.targets
    weights = [options.weights.get(name, 1.0) * 0.25 ** before.get(name, 0) for name in names]
    for _ in range(min(8, len(names))):
        name = draw(walk.rng, names, weights)
        if walk.legality.estimate(name, most) <= most:
            return name
    return None


# -- beyond the target ------------------------------------------------------------------------------------


def _go_on(walk: Walk, least: int, most: int, within: bool | None = None) -> None:
    """Sometimes another goal, while the turn has calls left; one that fails is dropped."""
    rng = walk.rng
    wanted = rng.randint(least, most)
    while len(walk.calls) < least or (
        len(walk.calls) < wanted and len(walk.goals) < GOALS and rng.random() < GO_ON
    ):
        made = len(walk.calls)
        name = _next_goal(walk, most - made, within)
        if name is None:
            return
        before = walk.session.snapshot()
        try:
            walk.reach(name, most)
        except SamplingFailed:
            walk.session.restore(before)
            walk.forget(made)
            return


def _next_goal(walk: Walk, left: int, within: bool | None = None) -> str | None:
    """The same look-up for something else, a tool that builds on this turn's outputs, or any other. ``within``: that does
    so, or does not."""
    rng, tables = walk.rng, walk.tables
    done = dict.fromkeys(call.name for call in walk.calls)
    last = tables.tools[walk.calls[walk.goals[-1]].name]
    kind = rng.random()
    if kind < 0.2 and not last.spec.writes and last.parameters:
        return last.spec.name
    fresh = [name for name, tool in tables.tools.items() if tool.usable and name not in done]
    if within is False:
        fresh = [name for name in fresh if name in walk.legality.legal] or fresh
    elif kind < 0.6 or within:
        heirs = {name for made in done for name in tables.consumers.get(made, ())}
        fresh = [name for name in fresh if name in heirs] or fresh
    for _ in range(4):
        name = rng.choice(fresh) if fresh else ""
        silly = any(tables.silly(made, name) for made in done) if name else True
        if not silly and walk.legality.estimate(name, left) <= left:
            return name
    return None
