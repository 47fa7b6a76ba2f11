"""Exploring an environment for its check: random walks, repeated elsewhere, interrupted and taken back.

    facts = explore(MyEnv, seed=0, samples=8)      # Facts: what was seen of every tool, and findings on the way

Everything is decided by the seed, so that an exploration whose process was killed for a call that hangs can be
repeated without that call.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterable
from time import monotonic
from typing import Any, Final

from funreason_plugin.checks.environment_facts import Facts, Finding, Severity, ToolFacts, change_of
from funreason_plugin.checks.environment_large import enlarged
from funreason_plugin.checks.environment_places import not_plain, place, shared_containers, state_paths
from funreason_plugin.checks.environment_repeats import first_difference, unequal
from funreason_plugin.checks.environment_walk import Recorded, Walk, answered, recorded
from funreason_plugin.environments.environment import Environment
from funreason_plugin.environments.limits import OverTime, Watch, time_limit
from funreason_plugin.environments.session import Session
from funreason_plugin.environments.space import Scenario, SimulationSpace
from funreason_plugin.environments.state import canonical, differences, plain, rules, without
from funreason_plugin.errors import UserError

DRAWN: Final = 100  # scenarios drawn to see how many differ
STEPS: Final = (8, 320)  # tries a tool, and at most, in a state
LONGEST: Final = 40.0  # seconds after which no further state is begun


def explore(cls: type[Environment], seed: int, samples: int, watch: Watch | None = None) -> Facts:
    """Walk through `samples` sampled states of one environment."""
    random.seed(
        f"{seed}/check"
    )  # what a tool draws from the global generator is the same when this is repeated
    facts = Facts({name: ToolFacts() for name in cls.tool_specs()})
    _Exploration(cls, facts, seed, watch).run(samples)
    return facts


def replay(cls: type[Environment], facts: Facts, watch: Watch | None = None) -> Finding | None:
    """Repeat the walks of another process: what depends on the process (hash seed, memory) shows here."""
    exploration = _Exploration(cls, facts, 0, watch)
    for seed, log in facts.logs.items():
        scenario = exploration.space.scenario(seed)
        if _hash(scenario) != facts.hashes[seed]:
            return exploration.finding(
                "error",
                "determinism",
                "another process draws another state from the same seed",
                "use sorted(...) where the order of a set decides, and draw from rng only",
                line="scenario",
            )
        with exploration.space.session(scenario, watch=watch) as session:
            if (number := first_difference(session, log)) is not None:
                return exploration.finding(
                    "error",
                    "determinism",
                    "in another process the same calls give another output",
                    "use sorted(...) where the order of a set decides; never hash() or id()",
                    log[number][0],
                )
    return None


class _Exploration:
    """The exploration of one environment."""

    def __init__(self, cls: type[Environment], facts: Facts, seed: int, watch: Watch | None) -> None:
        self.cls, self.facts, self.seed, self.watch = cls, facts, seed, watch
        self.watched: type[Recorded] = recorded(cls)
        self.space = SimulationSpace([self.watched])
        self.reported: set[tuple[str, str]] = set()
        self.unlike = ""  # a tool that answered differently after a restore

    def run(self, samples: int) -> None:
        started = monotonic()
        if not self.scenarios():
            return
        for state in range(samples):
            if monotonic() - started > LONGEST:
                break
            try:
                self.state(state)
            except UserError as error:
                self.report("error", "state", str(error), change_of(str(error)))
                break
        self.large(samples)

    def large(self, number: int) -> None:
        """A walk through a large state, where the environment has them."""
        scenario = self.space.scenario(f"{self.seed}/check/large")
        large = enlarged(
            self.space, self.watched, scenario, lambda fault: self.report("error", *fault, line="enlarge")
        )
        if large is not None:
            with self.open(large) as session:
                walk = Walk(self.watched, session, self.facts, random.Random(large.seed), number)
                for _ in range(min(2 * len(self.facts.tools), STEPS[1])):
                    walk.step()

    # -- scenarios ----------------------------------------------------------------------------------------

    def scenarios(self) -> bool:
        """Draw states: can they be drawn and copied, are they reproducible, do they differ? False: no further."""
        seen = set()
        for number in range(DRAWN):
            seed = f"{self.seed}/check/{number}"
            self.watched._check_raw = None
            try:
                with time_limit(self.cls.time_limit):
                    scenario = self.space.scenario(seed)
                    again = self.space.scenario(seed) if number < 5 else scenario
            except OverTime:
                limit = f"{self.cls.time_limit:g}"
                self.report(
                    "error", "hang", f"scenario(rng) takes over {limit} s", "draw less", line="scenario"
                )
                return False
            except UserError as error:
                odd = (
                    not_plain(self.watched._check_raw) if isinstance(self.watched._check_raw, dict) else None
                )
                where = f"the state has {odd[1]} at {odd[0]!r}" if odd else str(error)
                self.report("error", "scenario", where, change_of(str(error)), line="scenario")
                return False
            if (
                number == 0
                and isinstance(self.watched._check_raw, dict)
                and (odd := not_plain(self.watched._check_raw))
            ):
                self.report(
                    "error",
                    "scenario",
                    f"the state has {odd[1]} at {odd[0]!r}: as JSON data it comes back as something else",
                    "use dict with string keys, list, str, int, float, bool or None",
                    line="scenario",
                )
            if again is not scenario and again.states != scenario.states:
                difference = next(differences(scenario.states, again.states), "")
                self.report(
                    "error",
                    "determinism",
                    f"the same seed gives another state: {difference}",
                    "draw from the rng that scenario(rng) is given, and take dates from self.now()",
                    line="scenario",
                )
            seen.add(canonical(scenario.states))
        self.facts.drawn, self.facts.distinct = DRAWN, len(seen)
        return True

    # -- one state ----------------------------------------------------------------------------------------

    def state(self, number: int) -> None:
        seed = f"{self.seed}/check/{number}"
        scenario = self.space.scenario(seed)
        rng = random.Random(f"{seed}/walk")
        facts = self.facts
        shared = shared_containers(self.cls)
        with self.open(scenario) as bystander:
            untouched = _view(bystander, self.cls)
            with self.open(scenario) as session:
                walk = Walk(self.watched, session, facts, rng, number)
                steps = min(STEPS[0] * len(facts.tools), STEPS[1])
                for step in range(steps):
                    walk.step()
                    if step == steps // 3:
                        self.take_back(session, walk, scenario)
                end = _view(session, self.cls)
                for path, values in state_paths(scenario.states[self.cls.name]).items():
                    facts.given.setdefault(path, values[:5])
                for view in (scenario.states[self.cls.name], session.peek(self.cls.name)):
                    facts.tops |= view.keys()
                    for path, values in state_paths(view).items():
                        facts.values.setdefault(path, values[:5])
                log = answered(walk.log)
                facts.states += 1
                facts.logs[seed], facts.hashes[seed] = log, _hash(scenario)
                self.off_the_log(session, walk, rng)
            leak = next(
                (name for name, before in shared.items() if shared_containers(self.cls).get(name) != before),
                "",
            )
            if _view(bystander, self.cls) != untouched:
                self.report(
                    "error",
                    "isolation",
                    "a call in one session changed the state of another",
                    "build everything that changes in reset(state); keep nothing in the class or the module",
                )
        calls = [entry[:2] for entry in log]
        first, second = self.outputs(scenario, calls), self.outputs(scenario, calls)
        different = unequal(first, second)
        if leak:
            self.leak(leak, log[different][0] if different is not None else "")
        elif different is not None:
            difference = next(differences(first[different], second[different]), "")
            self.report(
                "error",
                "determinism",
                f"the same calls give another output{': ' + difference if difference else ''}",
                "use self.rng, self.now() and self.new_id() instead of random, time and uuid",
                log[different][0] if different < len(log) else "",
            )
        elif ("snapshot", "") not in self.reported:
            unlike = unequal(first, [*(entry[2] for entry in log), end])
            if self.unlike or unlike is not None:
                self.report(
                    "error",
                    "snapshot",
                    "answers differently after a restore: what it depends on is not part of the state",
                    "keep what changes in public attributes, or bring save() and load() (copying = 'own')",
                    self.unlike or (log[unlike][0] if unlike is not None and unlike < len(log) else ""),
                )

    def leak(self, name: str, tool: str) -> None:
        self.report(
            "error" if tool else "warning",
            "isolation",
            f"{name} is shared by all sessions, and calls change it"
            + (f" (e.g. {tool} answers differently then)" if tool else ""),
            f"set it in scenario(rng): return {{{name.rsplit('.', 1)[-1]!r}: ...}}",
        )

    def outputs(self, scenario: Scenario, calls: Iterable[tuple[str, dict[str, Any]]]) -> list[Any]:
        """The outputs of calls in a session of their own, and the state at the end."""
        with self.open(scenario) as session:
            outputs = [session.call(tool, arguments) for tool, arguments in calls]
            return [*outputs, _view(session, self.cls)]

    def open(self, scenario: Scenario) -> Session:
        return self.space.session(scenario, watch=self.watch)

    def take_back(self, session: Session, walk: Walk, scenario: Scenario) -> None:
        """Snapshot, go on, restore, go on in the same way, restore: all must be as it was."""
        session.forget()
        mark, before, length = session.snapshot(), _view(session, self.cls), len(walk.log)
        for _ in range(3 * len(self.facts.tools)):
            walk.step()
        tried = answered(walk.log[length:])
        del walk.log[length:]
        for attempt in ("after a restore", "when a snapshot is restored a second time"):
            session.forget()
            session.restore(mark)
            if _view(session, self.cls) != before:
                how = {
                    "copy": "keep what changes in public attributes, as plain data",
                    "own": "let save() return a copy that later calls do not change, and load() not change it either",
                    "replay": "let reset(state) set everything, and depend on the calls only",
                }[self.cls.copying]
                self.report("error", "snapshot", f"the state is not what it was {attempt}", how)
                break
            number = first_difference(session, tried)
            self.unlike = self.unlike or (tried[number][0] if number is not None else "")
        session.forget()
        session.restore(mark)
        walk.resume()

    def off_the_log(self, session: Session, walk: Walk, rng: random.Random) -> None:
        """Calls that are made to fail, and the search for values that tools without a success would take."""
        for tool, found in self.facts.tools.items():
            if found.slow:
                continue
            walk.misuse(tool)
            if not found.succeeded:
                walk.hunt(tool)
            walk.resume()

    # -- findings -----------------------------------------------------------------------------------------

    def finding(
        self, severity: Severity, check: str, message: str, change: str, where: str = "", line: str = ""
    ) -> Finding:
        return Finding(severity, check, self.cls.name, where, place(self.cls, where or line), message, change)

    def report(
        self, severity: Severity, check: str, message: str, change: str, where: str = "", line: str = ""
    ) -> None:
        """A finding, once per check and tool."""
        if (check, where) not in self.reported:
            self.reported.add((check, where))
            self.facts.findings.append(self.finding(severity, check, message, change, where, line))


def _hash(scenario: Scenario) -> str:
    return hashlib.sha256(canonical(scenario.states)).hexdigest()


def _view(session: Session, cls: type[Environment]) -> Any:
    """The state as the hash sees it, read anew."""
    return plain(without(session.peek(cls.name), rules(cls.equality, cls.name)))
