"""The directed sampler of Phase I: an executed call chain for one turn (paper, section 3.1).

    trace = sample_turn(session, graph, SamplerOptions(calls=(1, 5)), rng, History.of(turns))

A target T_a is drawn, most often one that is not legal yet. Then, call by call, equation (2) names the tool
(`Legality.next`), `Binder` finds its arguments, and the call is executed; a call that fails or gives nothing of use is
tried with other arguments, then another provider. A turn may have a second goal. What was not needed is pruned.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Literal

from funreason_plugin.environments.limits import is_error
from funreason_plugin.environments.session import Session
from funreason_plugin.environments.state import canonical
from funreason_plugin.synthesis.graph import Need, ToolGraph
from funreason_plugin.synthesis.history import History, LiveCall, scalars
from funreason_plugin.synthesis.legality import Legality, Unmet, draw
from funreason_plugin.synthesis.outputs import nothing_found
from funreason_plugin.synthesis.parameters import Binder, Bound, Lacking
from funreason_plugin.synthesis.tables import Tables
from funreason_plugin.synthesis.trace import SamplingFailed, Trace
from funreason_plugin.synthesis.trimming import finished

__all__ = ["History", "SamplerOptions", "sample_turn"]

TRIES = 8  # arguments tried for one call
RENEWALS = 2  # look-ups asked again for other values, after a target failed with those there were
NOT_LEGAL = 0.7  # share of other targets that are drawn from the tools not legal at the start of the turn
LATER = 2 / 3  # share of later turns whose target can use what an earlier turn brought


@dataclass(frozen=True, slots=True)
class SamplerOptions:
    """``calls``: the fewest and most calls of a turn. ``weights``: by tool, how much a target is wanted (default 1).

    ``kind="random"`` is the paper's baseline: a uniformly random legal tool at each step.
    """

    kind: Literal["directed", "random"] = "directed"
    calls: tuple[int, int] = (1, 5)
    weights: Mapping[str, float] = field(default_factory=dict)
    attempts: int = 8


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
        SamplingFailed: No trace was found; ``code`` says why: "no_legal_tool", "target_unreachable",
            "no_parameters:tool.param", "ambiguous_choice:tool.param", "tool_error:tool", "nothing_found:tool",
            "no_effect:tool".
    """
    history = history or History()
    tables = Tables.of(graph, session.space)
    start = session.snapshot()
    failure = SamplingFailed("no_legal_tool", "no tool of the graph can be reached")
    for attempt in range(options.attempts):
        if attempt:
            session.restore(start)
        walk = _Walk(session, tables, options, rng, history)
        try:
            walk.legality.any_provider = target is not None
            name = target if target is not None else walk.draw_target(later=attempt < 2)
            if options.kind == "random":
                walk.wander(name)
            else:
                walk.reach(name, options.calls[1])
                walk.go_on()
            calls, bounds, goals = walk.binder.calls, walk.bounds, walk.goals
            trace = finished(session, start, tables, calls, bounds, goals, name, history.turns)
            if len(trace.calls) <= options.calls[1]:
                return trace
            failure = SamplingFailed("target_unreachable", f"{name} takes more than {options.calls[1]} calls")
        except SamplingFailed as failed:
            failure = failed
    raise failure


class _Walk:
    """One attempt at a turn."""

    def __init__(
        self, session: Session, tables: Tables, options: SamplerOptions, rng: Random, history: History
    ) -> None:
        self.session, self.tables, self.options, self.rng, self.history = (
            session,
            tables,
            options,
            rng,
            history,
        )
        self.binder = Binder(session, tables, history, rng)
        self.legality = Legality(tables, history.called)
        self.bounds: list[Bound] = []
        self.goals: list[int] = []
        self.from_before = False
        self._made: set[bytes] = set()  # calls of this turn
        self._failed: set[tuple[bytes, int]] = set()  # calls that failed, and in which state
        self._renewed: dict[str, int] = {}

    # -- the target -------------------------------------------------------------------------------------

    def draw_target(self, later: bool = True) -> str:
        """T_a: most often not legal at the turn's start; in later turns one that can use earlier outputs."""
        tables, legality, most = self.tables, self.legality, self.options.calls[1]
        usable = [name for name, tool in tables.tools.items() if tool.usable]
        if later and self.history.turns and self.rng.random() < LATER:
            name = self._draw(self._heirs(), most)
            if name is not None:
                self.from_before = True
                return name
        if self.rng.random() < NOT_LEGAL:
            name = self._draw([name for name in usable if name not in legality.legal], most)
            if name is not None:
                return name
        name = self._draw(usable, most)
        if name is None:
            raise SamplingFailed(
                "no_legal_tool", f"none of {len(tables.tools)} tools can be reached in {most} calls"
            )
        return name

    def _heirs(self) -> list[str]:
        """Tools that can use what the earlier turns brought; else those that take what the user said then."""
        tables, usable = self.tables, self.tables.tools
        found = dict.fromkeys(
            name for tool in self.history.latest for name in tables.heirs.get(tool, ()) if usable[name].usable
        )
        if not found or self.rng.random() < 0.15:
            keys = dict.fromkeys(self.binder.key_of(said.tool, said.slot) for said in self.history.said)
            found |= dict.fromkeys(name for key in keys for name in tables.hearers.get(key, ()))
        return [*found]

    def _draw(self, names: list[str], most: int) -> str | None:
        weights = [
            self.options.weights.get(name, 1.0) * 0.25 ** self.history.targets.get(name, 0) for name in names
        ]
        for _ in range(min(8, len(names))):
            name = draw(self.rng, names, weights)
            if self.legality.estimate(name, most) <= most:
                return name
        return None

    # -- equation (2) -----------------------------------------------------------------------------------

    def reach(self, target: str, most: int) -> None:
        """Call tools until the target is called; at most ``most`` calls in the turn."""
        before = len(self.binder.calls)
        failure = SamplingFailed("target_unreachable", f"nothing leads to {target}")
        aim: str | None = None  # the target, once it was called before
        for _ in range(4 * most):
            if len(self.binder.calls) >= most + RENEWALS:
                raise SamplingFailed("target_unreachable", f"{target} takes more than {most} calls")
            again = target in self.legality.called and not self.legality.extra.get(target)
            step = (target, None) if again else self.legality.next(target, self.rng)
            if step is None:
                raise failure
            name, unmet = step
            try:
                self.call(name, unmet, first=name == target)
            except Lacking as lacking:
                self._wait_for(lacking)
                continue
            except SamplingFailed as failed:
                failure = failed
                if self._enable(name):
                    continue
                if unmet is None:
                    raise
                self.legality.banned.add((name, unmet[0]))
                continue
            if name == target:
                self.goals.append(len(self.binder.calls) - 1)
                return
            self._served(unmet)
        raise (
            failure
            if len(self.binder.calls) > before
            else SamplingFailed("target_unreachable", str(failure) or str(aim))
        )

    def _wait_for(self, lacking: Lacking) -> None:
        """A parameter has no live value: one of its providers is to be called (again)."""
        providers = tuple(dict.fromkeys(provider for provider, _ in lacking.place.providers))
        need = Need("data", lacking.place.slot.path, providers)
        waiting = self.legality.extra.setdefault(lacking.tool, [])
        if need in waiting:
            raise SamplingFailed(
                f"ambiguous_choice:{lacking}", "no output has a value that a person could tell apart"
            )
        if not providers:
            raise SamplingFailed(
                f"no_parameters:{lacking}", "only the system knows it, and no tool provides it"
            )
        waiting.append(need)

    def _served(self, unmet: Unmet | None) -> None:
        """What came up on the live state has been met, as far as one call can tell."""
        if unmet is not None:
            waiting = self.legality.extra.get(unmet[0])
            if waiting and unmet[1] in waiting:
                waiting.remove(unmet[1])

    def _enable(self, name: str) -> bool:
        """A tool fails with what there is: take up one more thing that may help; False when there is nothing to try.

        First what it needs in some states only, then new values for its parameters (those of earlier turns may be
        stale, and a look-up may give others when it is asked again), then what an earlier turn brought about.
        """
        tool = self.tables.tools[name]
        waiting = self.legality.extra.setdefault(name, [])
        made = {call.name for call in self.binder.calls}
        fresh = [need for need in tool.sometimes if made.isdisjoint(need.providers)]
        if not fresh and self._renewed.get(name, 0) < RENEWALS:
            self._renewed[name] = self._renewed.get(name, 0) + 1
            data = [need for need in tool.needs if need.kind == "data"]
            fresh = [need for need in data if made.isdisjoint(need.providers)]
            fresh = fresh or [
                Need("data", need.param, again)
                for need in data
                if (
                    again := tuple(provider for provider in need.providers if self._renewable(provider, made))
                )
            ]
        if not fresh:
            fresh = [need for need in tool.needs if need.kind != "data" and made.isdisjoint(need.providers)]
        fresh = [need for need in fresh if need not in waiting]
        if not fresh:
            return False
        waiting.append(self.rng.choice(fresh))
        return True

    def _renewable(self, name: str, made: set[str]) -> bool:
        """Whether a look-up of this turn may give other values when it is asked again."""
        tool = self.tables.tools[name]
        return name in made and not tool.spec.writes and bool(tool.parameters)

    # -- one call ---------------------------------------------------------------------------------------

    def call(self, name: str, unmet: Unmet | None, first: bool = False) -> LiveCall:
        """Bind and execute a tool; other arguments where it fails, finds nothing or does not help.

        Raises:
            Lacking: A required parameter waits for a provider.
            SamplingFailed: No arguments worked.
        """
        session, spec = self.session, self.tables.tools[name].spec
        failure = SamplingFailed(f"tool_error:{name}", "no new arguments")
        version = session.version(spec.environment)
        for number in range(TRIES):
            bound = self.binder.bind(name, number, first and self.from_before)
            key = name.encode() + canonical(bound.arguments)
            if key in self._made or (key, version) in self._failed:
                continue
            before = session.snapshot() if spec.writes else None
            state = session.state_hash() if spec.writes else ""
            output = session.call(name, bound.arguments)
            if is_error(output):
                self._failed.add((key, version))
                self.binder.refuse(name, bound)
                if session.version(spec.environment) != version and before is not None:
                    session.restore(before)
                failure = SamplingFailed(f"tool_error:{name}", str(output["error"]))
                continue
            if before is not None and session.state_hash() == state:
                self._failed.add((key, version))
                session.restore(before)
                failure = SamplingFailed(f"no_effect:{name}", str(bound.arguments))
                continue
            live = LiveCall(
                name,
                bound.arguments,
                output,
                self.history.turns,
                len(self.binder.calls),
                tuple(scalars(bound.arguments)),
            )
            if not spec.writes and nothing_found(output, bound.arguments):
                self._failed.add((key, version))
                failure = SamplingFailed(f"nothing_found:{name}", str(bound.arguments))
                continue
            if not spec.writes and unmet is None and self._told(live):
                self._failed.add((key, version))
                failure = SamplingFailed(f"told_before:{name}", str(bound.arguments))
                continue
            if unmet is not None and not self._helps(live, unmet):
                if before is not None:
                    session.restore(before)
                failure = SamplingFailed(
                    f"ambiguous_choice:{unmet[0]}.{unmet[1].param}", f"nothing usable in {name}"
                )
                continue
            self._made.add(key)
            self.binder.use(name, bound)
            self.binder.calls.append(live)
            self.bounds.append(bound)
            self.legality.call(name)
            return live
        raise failure

    def _told(self, live: LiveCall) -> bool:
        """Whether an earlier turn asked the same and was told the same."""
        before = self.history.latest.get(live.name)
        return before is not None and before.arguments == live.arguments and before.output == live.output

    def _helps(self, live: LiveCall, unmet: Unmet) -> bool:
        """Whether a call's output has a usable value for the parameter it was called for."""
        consumer, need = unmet
        if need.kind != "data":
            return True
        place = self.tables.tools[consumer].places[need.param]
        ids = self.tables.tools[live.name].ids
        return any(
            live.reasons(path, ids) != []
            for provider, pattern in place.providers
            if provider == live.name
            for path, _ in live.values(pattern)
        )

    # -- beyond the target ------------------------------------------------------------------------------

    def go_on(self) -> None:
        """Sometimes a second goal: one that builds on this turn's outputs, the same tool again, or another."""
        least, most = self.options.calls
        wanted = self.rng.randint(least, most)
        while len(self.binder.calls) < wanted and (
            (len(self.goals) < 3 and self.rng.random() < 0.5) or len(self.binder.calls) < least
        ):
            name = self._second_goal(most - len(self.binder.calls))
            if name is None:
                return
            mark = len(self.binder.calls)
            before = self.session.snapshot()
            try:
                self.from_before = False
                self.reach(name, most)
            except SamplingFailed:
                self.session.restore(before)
                del self.binder.calls[mark:], self.bounds[mark:]
                return

    def _second_goal(self, left: int) -> str | None:
        rng, tables = self.rng, self.tables
        done = {call.name for call in self.binder.calls}
        last = self.binder.calls[self.goals[-1]].name
        kind = rng.random()
        if kind < 0.2 and not tables.tools[last].spec.writes and tables.tools[last].parameters:
            return last
        if kind < 0.6:
            heirs = [
                name
                for call in self.binder.calls
                for name in tables.consumers.get(call.name, ())
                if name not in done and tables.tools[name].usable and not tables.silly(call.name, name)
            ]
            if heirs:
                return rng.choice(heirs)
        names = [name for name, tool in tables.tools.items() if tool.usable and name not in done]
        for _ in range(4):
            name = rng.choice(names) if names else ""
            if (
                name
                and self.legality.estimate(name, left) <= left
                and not any(tables.silly(other, name) for other in done)
            ):
                return name
        return None

    # -- the baseline -----------------------------------------------------------------------------------

    def wander(self, target: str) -> None:
        """The paper's baseline: a uniformly random legal tool at each step; every call is a goal."""
        least, most = self.options.calls
        wanted = self.rng.randint(least, most)
        for _ in range(4 * most):
            if len(self.binder.calls) == wanted:
                break
            name = self.rng.choice([*self.legality.legal])
            try:
                self.call(name, None)
            except (Lacking, SamplingFailed):
                continue
        if not self.binder.calls:
            raise SamplingFailed("no_legal_tool", "no random tool succeeded")
        self.goals = list(range(len(self.binder.calls)))
