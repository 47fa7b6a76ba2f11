"""Replay: the stored calls on the stored scenario must give the stored outputs and state hashes.

    for difference in replay(trajectory):
        print(difference)      # turns[1].steps[0].calls[0].output.price: stored 120.5, replay gives 130.5

The environments are found by the names that the trajectory stores. An environment whose source has changed
since is not a difference as such: `changed_environments` names it, and replay says whether it matters.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import orjson

from funreason_plugin.environments.environment import environment_hash
from funreason_plugin.environments.limits import Watch
from funreason_plugin.environments.space import LargeScenario, SimulationSpace
from funreason_plugin.errors import UserError
from funreason_plugin.faults import Faults
from funreason_plugin.trajectory import Trajectory, certify, faults_of, mistakes_of


@dataclass(frozen=True, slots=True)
class Difference:
    """A place in a trajectory where what is stored is not what it has to be."""

    where: str
    expected: Any
    got: Any
    source: str = "replay"

    def __str__(self) -> str:
        return f"{self.where}: stored {_shown(self.expected)}, {self.source} gives {_shown(self.got)}"


ABSENT: Any = type("Absent", (), {"__repr__": lambda self: "nothing"})()
"""What stands for a key or an item that one side does not have."""


def replay(
    trajectory: Trajectory, space: SimulationSpace | None = None, *, watch: Watch | None = None
) -> list[Difference]:
    """Rebuild the space, reset it to the stored scenario, call all calls and compare.

    Args:
        trajectory: What is stored.
        space: The environments; by default those that the trajectory names.
        watch: A supervisor for calls that may never end.

    Raises:
        UserError: An environment cannot be found or built.
    """
    return list(differences(trajectory, space or space_of(trajectory), watch))


def space_of(trajectory: Trajectory) -> SimulationSpace:
    """The space of the environments that a trajectory names (cached)."""
    return _space(tuple(reference.given for reference in trajectory.environments))


@lru_cache(maxsize=64)
def _space(sources: tuple[str, ...]) -> SimulationSpace:
    return SimulationSpace.from_names(sources)


def changed_environments(trajectory: Trajectory, space: SimulationSpace) -> list[Difference]:
    """Environments that are not what they were: name, version, hash of source and schemas."""
    found: list[Difference] = []
    live = list(space.environments.items())
    for number, reference in enumerate(trajectory.environments):
        name, cls = live[number] if number < len(live) else ("", None)
        now = {
            "name": name,
            "version": cls.version if cls is not None else "",
            "hash": environment_hash(cls) if cls is not None else "",
        }
        for key, value in now.items():
            if getattr(reference, key) != value:
                place = f"environments[{number}].{key}"
                found.append(Difference(place, getattr(reference, key), value, "the installed environment"))
    return found


def differences(
    trajectory: Trajectory, space: SimulationSpace, watch: Watch | None = None
) -> Iterator[Difference]:
    """See `replay`; one by one."""
    if trajectory.certificate != (certificate := certify(trajectory)):
        yield Difference("certificate", trajectory.certificate, certificate, "the content")
    if trajectory.system != space.policy:
        yield Difference("system", trajectory.system, space.policy, "the environments' policy")
    for number, tool in enumerate(trajectory.tools):
        name = tool.get("function", {}).get("name")
        spec = space.tools.get(name)
        live = spec.as_openai() if spec is not None else ABSENT
        yield from compare(tool, live, f"tools[{number}]", "the environment")
    with space.session(trajectory.scenario, watch=watch) as session:
        for turn_number, turn in enumerate(trajectory.turns):
            faults, mistakes = Faults(faults_of(turn)), mistakes_of(turn)
            for step_number, step in enumerate(turn.steps):
                before = session.state_hash() if step_number in mistakes else ""
                for number, call in enumerate(step.calls):
                    output = faults.call(session, call.name, call.arguments)
                    if output != call.output or type(output) is not type(call.output):
                        where = f"turns[{turn_number}].steps[{step_number}].calls[{number}].output"
                        yield from compare(call.output, output, where)
                if before and before != (state_hash := session.state_hash()):
                    where = f"turns[{turn_number}].steps[{step_number}], a mistake that changes nothing"
                    yield Difference(where, before, state_hash)
            if turn.state_hash != (state_hash := session.state_hash()):
                yield Difference(f"turns[{turn_number}].state_hash", turn.state_hash, state_hash)


def scenario_differences(trajectory: Trajectory, space: SimulationSpace) -> Iterator[Difference]:
    """Where the stored scenario is not the one that its seed draws."""
    try:
        stored = trajectory.scenario
        drawn = space.scenario(stored.seed)
        if isinstance(stored, LargeScenario):
            drawn = space.enlarged(drawn, stored.times, stored.context_tokens)
    except UserError as error:
        yield Difference("scenario.states", "a drawn state", str(error), "scenario(rng)")
        return
    yield from compare(trajectory.scenario.clock, drawn.clock, "scenario.clock", "the seed")
    yield from compare(trajectory.scenario.states, drawn.states, "scenario.states", "the seed")


def compare(stored: Any, live: Any, where: str, source: str = "replay") -> Iterator[Difference]:
    """The places where two JSON values differ; 1 and 1.0 do, since their text does."""
    if stored is not ABSENT and live is not ABSENT and orjson.dumps(stored) != orjson.dumps(live):
        yield from _compare(stored, live, where, source)
    elif (stored is ABSENT) != (live is ABSENT):
        yield Difference(where, stored, live, source)


def _compare(stored: Any, live: Any, where: str, source: str) -> Iterator[Difference]:
    if isinstance(stored, dict) and isinstance(live, dict):
        for key in [*stored, *(key for key in live if key not in stored)]:
            place = f"{where}.{key}" if where else str(key)
            yield from _compare(stored.get(key, ABSENT), live.get(key, ABSENT), place, source)
    elif isinstance(stored, list) and isinstance(live, list):
        for number in range(max(len(stored), len(live))):
            left = stored[number] if number < len(stored) else ABSENT
            right = live[number] if number < len(live) else ABSENT
            yield from _compare(left, right, f"{where}[{number}]", source)
    elif type(stored) is not type(live) or stored != live:
        yield Difference(where, stored, live, source)


def _shown(value: Any) -> str:
    if value is ABSENT:
        return "nothing"
    try:
        text = orjson.dumps(value).decode()
    except TypeError:
        text = repr(value)
    return text if len(text) <= 160 else f"{text[:120]}… ({len(text)} characters)"
