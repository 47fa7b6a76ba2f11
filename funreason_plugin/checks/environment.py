"""`check env`: what a user's environment looks like to a model, how it behaves, and what to change.

    report = check_environment("my_tools.py:MyEnv")
    report.show(console)
    report.passed        # no errors; warnings and notes are advice

The environment is explored in a process of its own, so that a call that never ends can be stopped, and its calls
are repeated in a second one, where whatever depends on the process shows.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from statistics import median
from time import monotonic
from typing import TYPE_CHECKING, Any

from funreason_plugin.checks.environment_external import of_outside
from funreason_plugin.checks.environment_facts import Facts, Finding, ToolFacts
from funreason_plugin.checks.environment_places import place
from funreason_plugin.checks.environment_plain import of_plain
from funreason_plugin.checks.environment_probe import explore, replay
from funreason_plugin.checks.environment_rules import findings_of
from funreason_plugin.environments.catalog import resolve
from funreason_plugin.environments.environment import Environment, environment_hash
from funreason_plugin.environments.space import SimulationSpace
from funreason_plugin.errors import UserError
from funreason_plugin.workers import CallWatch, Pool

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["EnvironmentReport", "Finding", "Report", "ToolRow", "check_environment"]


@dataclass(slots=True)
class ToolRow:
    """What was measured of one tool; ``seconds`` is the median of a call, None when it was never called."""

    name: str
    writes: bool
    schema: dict[str, Any]
    calls: int
    succeeded: int
    states: int
    seconds: float | None
    sources: dict[str, tuple[str, list[str]]]  # by parameter leaf: where values come from, and some of them


@dataclass(slots=True)
class EnvironmentReport:
    """One environment: its tools and what to mend."""

    name: str
    version: str
    place: str
    policy: str
    tools: list[ToolRow]
    findings: list[Finding]
    states: int = 0
    calls: int = 0
    distinct: int = 0
    drawn: int = 0


@dataclass(slots=True)
class Report:
    """The check of one or several environments."""

    environments: list[EnvironmentReport] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def findings(self) -> list[Finding]:
        return [finding for environment in self.environments for finding in environment.findings]

    @property
    def passed(self) -> bool:
        return not any(finding.severity == "error" for finding in self.findings)

    def show(self, console: Console) -> None:
        """Print schemas, tables and findings."""
        from funreason_plugin.checks.environment_view import show

        show(self, console)


def check_environment(
    environment: str | type[Environment] | SimulationSpace, seed: int = 0, samples: int = 8
) -> Report:
    """Check an environment in `samples` sampled states.

    Args:
        environment: A name as on the command line ("travel", "my_module:MyEnv", "path/to/file.py:MyEnv", "bfcl"),
            which is explored in a process of its own; or a class or space, explored in this one.
        seed: Decides states and calls.
        samples: States to explore.

    Raises:
        UserError: The environment cannot be found or built, or a tool lacks types or docstring.
    """
    started = monotonic()
    report = Report()
    if isinstance(environment, str):
        for index, cls in enumerate(resolve(environment)):
            report.environments.append(_report(cls, *_in_processes(environment, index, cls, seed, samples)))
    else:
        space = environment if isinstance(environment, SimulationSpace) else SimulationSpace([environment])
        for cls in space.environments.values():
            report.environments.append(_report(cls, explore(cls, seed, samples), []))
    report.seconds = monotonic() - started
    return report


def _in_processes(
    name: str, index: int, cls: type[Environment], seed: int, samples: int
) -> tuple[Facts, list[Finding]]:
    """Facts from one process, and what a second one found different."""
    try:
        with Pool(1, _build_explore, (name, index, seed, samples)) as pool:
            facts: Facts = next(iter(pool.map([(0, None)])))[1]
        with Pool(1, _build_replay, (name, index)) as pool:
            different: Finding | None = next(iter(pool.map([(0, facts)])))[1]
    except UserError as error:
        change = "mend the tool that hangs or crashes; call the tools one by one to find it"
        found = Finding("error", "hang", cls.name, "", place(cls), error.message, change)
        return Facts({tool: ToolFacts() for tool in cls.tool_specs()}), [found]
    known = any(finding.check in ("determinism", "isolation", "snapshot") for finding in facts.findings)
    return facts, [different] if different is not None and not known else []


def _build_explore(name: str, index: int, seed: int, samples: int) -> Callable[[None, CallWatch], Facts]:
    cls = resolve(name)[index]
    return lambda payload, watch: explore(cls, seed, samples, watch)


def _build_replay(name: str, index: int) -> Callable[[Facts, CallWatch], Finding | None]:
    cls = resolve(name)[index]
    return lambda facts, watch: replay(cls, facts, watch)


def _report(cls: type[Environment], facts: Facts, more: Sequence[Finding]) -> EnvironmentReport:
    facts.findings += more
    rows = [
        ToolRow(
            name=name,
            writes=spec.writes,
            schema=spec.as_openai()["function"],
            calls=found.calls,
            succeeded=found.succeeded,
            states=len(found.states),
            seconds=median(found.seconds) if found.seconds else None,
            sources={label: _sources(found, label) for label in found.sources},
        )
        for name, spec in cls.tool_specs().items()
        for found in [facts.tools[name]]
    ]
    return EnvironmentReport(
        name=cls.name,
        version=f"{cls.version}+{environment_hash(cls)}",
        place=place(cls),
        policy=cls.policy,
        tools=rows,
        findings=of_plain(cls, of_outside(cls, findings_of(cls, facts))),
        states=facts.states,
        calls=facts.calls,
        distinct=facts.distinct,
        drawn=facts.drawn,
    )


def _sources(found: ToolFacts, label: str) -> tuple[str, list[str]]:
    """Where a leaf's values came from, in words, and some of them."""
    if filled := found.filled_by.get(label):
        tool, _, path = filled.most_common(1)[0][0].partition(": ")
        return f"output of {tool}", [path]
    counted = found.sources[label].most_common(1)
    source = (
        counted[0][0] if counted else "state"
    )  # drawn from a state that was written to, and from nothing else
    words = {
        "annotation": "its mark",
        "state": "the state, by its name",
        "lookup": "nobody",
        "none": "nobody",
    }
    return words.get(source, source), list(found.examples.get(label, {}))[:3]
