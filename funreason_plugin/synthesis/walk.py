"""The walk to a target: equation (2) names the next tool, the binder its arguments, and the call is executed.

    walk = Walk(session, tables, rng, history)
    walk.reach("book_flight", most=5)
    walk.calls, walk.bounds, walk.goals

A call that fails, gives nothing of use or changes nothing is undone and tried with other arguments. When none works,
what else may help is taken up: a state that the tool needs in some scenarios, fresh values, another provider.
"""

from __future__ import annotations

from random import Random
from typing import Final

from funreason_plugin.checks.setbacks import nothing_found
from funreason_plugin.environments.limits import is_error
from funreason_plugin.environments.session import Session
from funreason_plugin.environments.state import canonical, scalars
from funreason_plugin.synthesis.graph import Need
from funreason_plugin.synthesis.history import History, LiveCall
from funreason_plugin.synthesis.legality import Legality, Unmet
from funreason_plugin.synthesis.parameters import Binder, Lacking
from funreason_plugin.synthesis.references import Bound
from funreason_plugin.synthesis.tables import Tables
from funreason_plugin.synthesis.trace import SamplingFailed

TRIES: Final = 8  # arguments tried for one call
RENEWALS: Final = 2  # look-ups asked again for other values, after a tool failed with those there were


class Walk:
    """One attempt at a turn: calls made, with what was bound for each, and which of them are goals."""

    def __init__(self, session: Session, tables: Tables, rng: Random, history: History) -> None:
        self.session, self.tables, self.rng, self.history = session, tables, rng, history
        self.binder = Binder(session, tables, history, rng)
        self.legality = Legality(tables, history.called)
        self.calls = self.binder.references.calls
        self.bounds: list[Bound] = []
        self.goals: list[int] = []
        self._made: set[bytes] = set()  # calls of this turn
        self._failed: set[tuple[bytes, int]] = set()  # calls that failed, and in which state
        self._renewed: dict[str, int] = {}

    # -- equation (2) -----------------------------------------------------------------------------------

    def reach(self, target: str, most: int, earlier: bool = False) -> None:
        """Call tools until the target is called. ``earlier``: the target takes values of earlier turns first.

        Raises:
            SamplingFailed: Nothing leads there, or it takes more than ``most`` calls (and a few that are pruned).
        """
        failure = SamplingFailed("target_unreachable", f"nothing leads to {target}")
        for _ in range(4 * most):
            if len(self.calls) >= most + RENEWALS:
                raise SamplingFailed("target_unreachable", f"{target} takes more than {most} calls")
            again = target in self.legality.called and not self.legality.extra.get(target)
            step = (target, None) if again else self.legality.next(target, self.rng)
            if step is None:
                break
            name, unmet = step
            try:
                self.call(name, unmet, earlier and name == target)
            except Lacking as lacking:
                self._wait_for(lacking)
            except SamplingFailed as failed:
                failure = failed
                if not self._take_up(name, failed.code.startswith("nothing_found")):
                    if unmet is None:
                        break
                    self.legality.banned.add((name, unmet[0]))
            else:
                if name == target:
                    self.goals.append(len(self.calls) - 1)
                    return
                self._served(unmet)
        raise failure

    def _wait_for(self, lacking: Lacking) -> None:
        """A parameter has no live value: one of its providers is to be called (again)."""
        providers = tuple(dict.fromkeys(provider for provider, _ in lacking.place.providers))
        need = Need("data", lacking.place.slot.path, providers)
        waiting = self.legality.extra.setdefault(lacking.tool, [])
        if need in waiting:
            what = "no output has a value that a person could tell apart"
            raise SamplingFailed(f"ambiguous_choice:{lacking}", what)
        if not providers:
            what = "only the system knows it, and no tool provides it"
            raise SamplingFailed(f"no_parameters:{lacking}", what)
        waiting.append(need)

    def _served(self, unmet: Unmet | None) -> None:
        """What came up on the live state has been met, as far as one call can tell."""
        if unmet is not None:
            waiting = self.legality.extra.get(unmet[0])
            if waiting and unmet[1] in waiting:
                waiting.remove(unmet[1])

    def _take_up(self, name: str, empty: bool, depth: int = 0) -> bool:
        """A tool fails with what there is: take up one more thing that may help; False when there is nothing to try.

        First what it needs in some states only (or, for a look-up that found nothing, what makes such things), then
        new values for its parameters, then what an earlier turn brought about and something undid since.
        """
        tool = self.tables.tools[name]
        waiting = self.legality.extra.setdefault(name, [])
        made = {call.name for call in self.calls}
        fresh = [need for need in tool.sometimes if made.isdisjoint(need.providers)]
        makers = self.tables.makers.get(name, ())
        if empty and makers and made.isdisjoint(makers):
            fresh.append(Need("state", "", makers))
        if not fresh and self._renewed.get(name, 0) < RENEWALS:
            self._renewed[name] = self._renewed.get(name, 0) + 1
            fresh = self._other_values([need for need in tool.needs if need.kind == "data"], made)
        if not fresh:
            fresh = [need for need in tool.needs if need.kind != "data" and made.isdisjoint(need.providers)]
        if not fresh and depth < 2:  # what gave the values may give others, when something is taken up for it
            fresh = [
                Need("data", need.param, (provider,))
                for need in tool.needs
                for provider in need.providers
                if need.kind == "data" and provider in made and self._take_up(provider, False, depth + 1)
            ][:1]
        fresh = [need for need in fresh if need not in waiting]
        if fresh:
            waiting.append(self.rng.choice(fresh))
        return bool(fresh)

    def _other_values(self, needs: list[Need], made: set[str]) -> list[Need]:
        """Values of earlier turns may be stale; look-ups of this turn may give others when they are asked again."""
        stale = [need for need in needs if made.isdisjoint(need.providers)]
        if stale:
            return stale
        again = [
            (need.param, tuple(name for name in need.providers if self._varies(name, made))) for need in needs
        ]
        return [Need("data", param, providers) for param, providers in again if providers]

    def _varies(self, name: str, made: set[str]) -> bool:
        tool = self.tables.tools[name]
        return name in made and not tool.spec.writes and bool(tool.parameters)

    # -- one call ---------------------------------------------------------------------------------------

    def call(self, name: str, unmet: Unmet | None, earlier: bool = False) -> None:
        """Bind and execute a tool; other arguments where it fails or is of no use.

        Raises:
            Lacking: A required parameter waits for a provider.
            SamplingFailed: No arguments worked.
        """
        session, spec = self.session, self.tables.tools[name].spec
        failure = SamplingFailed(f"tool_error:{name}", "no new arguments")
        version = session.version(spec.environment)
        for tried in range(TRIES):
            bound = self.binder.bind(name, tried, earlier)
            key = name.encode() + canonical(bound.arguments)
            if key in self._made or (key, version) in self._failed:
                continue
            before = session.snapshot() if spec.writes else None
            state = session.state_hash() if spec.writes else ""
            output = session.call(name, bound.arguments)
            asked = tuple(scalars(bound.arguments))
            live = LiveCall(name, bound.arguments, output, self.history.turns, len(self.calls), asked)
            refused = self._refused(live, unmet, spec.writes, state)
            if refused is None:
                self._made.add(key)
                self.binder.use(name, bound)
                self.calls.append(live)
                self.bounds.append(bound)
                self.legality.call(name)
                return
            failure = refused
            if not refused.code.startswith("ambiguous_choice"):
                self._failed.add((key, version))
            if is_error(output):
                self.binder.references.refuse(name, bound)
            if before is not None and session.version(spec.environment) != version:
                session.restore(before)
        raise failure

    def _refused(
        self, live: LiveCall, unmet: Unmet | None, writes: bool, state: str
    ) -> SamplingFailed | None:
        """Why a call is of no use, or None: it failed, changed or found nothing, was told before, or does not help."""
        name, asked = live.name, str(live.arguments)
        if is_error(live.output):
            return SamplingFailed(f"tool_error:{name}", str(live.output["error"]))
        if writes and self.session.state_hash() == state:
            return SamplingFailed(f"no_effect:{name}", asked)
        if not writes and nothing_found(live.output, live.arguments):
            return SamplingFailed(f"nothing_found:{name}", asked)
        if unmet is None:
            if (live.arguments, live.output) in self.history.told.get(name, ()):
                return SamplingFailed(f"told_before:{name}", asked)
        elif not self._helps(live, unmet):
            return SamplingFailed(
                f"ambiguous_choice:{unmet[0]}.{unmet[1].param}", f"nothing usable in {name}"
            )
        return None

    def _helps(self, live: LiveCall, unmet: Unmet) -> bool:
        """Whether a call's output has a usable value for the parameter it was called for."""
        consumer, need = unmet
        if need.kind != "data":
            return True
        place = self.tables.tools[consumer].places[need.param]
        return any(
            self.binder.references.reasons(live, path, value) != []
            for provider, pattern in place.providers
            if provider == live.name
            for path, value in live.values(pattern)
        )

    # -- the baseline -----------------------------------------------------------------------------------

    def wander(self, count: int) -> None:
        """The paper's baseline: a uniformly random legal tool at each step; every call is a goal."""
        for _ in range(4 * count):
            if len(self.calls) == count:
                break
            try:
                self.call(self.rng.choice([*self.legality.legal]), None)
            except (Lacking, SamplingFailed):
                continue
        if not self.calls:
            raise SamplingFailed("no_legal_tool", "no random tool succeeded")
        self.goals = list(range(len(self.calls)))

    def forget(self, count: int) -> None:
        """Drop all but the first calls; the caller restores the session."""
        del self.calls[count:], self.bounds[count:]
