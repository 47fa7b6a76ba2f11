"""What has to hold within one stored trajectory beside replay and acceptance: its bookkeeping.

    for where, what in bookkeeping(trajectory, run, index=16): ...

`run` is run.yaml as data (or an empty dict when there is none): seed, split, versions, environments and the teacher and
model of each agent are those of its run.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import ceil
from typing import Any, Literal

from funreason_plugin.environments.space import LargeScenario, Scenario, SimulationSpace
from funreason_plugin.errors import UserError
from funreason_plugin.faults import WRONG_RESPONSE
from funreason_plugin.teacher_config import makers
from funreason_plugin.trajectory import AbstentionTurn, RecoveryTurn, Trajectory, Turn

Finding = tuple[str, str]
"""A place in the trajectory, and what is wrong there."""


def split_of(index: int, share: float) -> Literal["train", "val"]:
    """Every n-th slot, from the second on, is for validation: two slots are enough for both splits."""
    return "val" if index and ceil(index * share) > ceil((index - 1) * share) else "train"


def bookkeeping(
    trajectory: Trajectory, run: Mapping[str, Any], index: int, space: SimulationSpace | None = None
) -> Iterator[Finding]:
    """Where a trajectory contradicts itself, its place in the file, or its run."""
    yield from _identity(trajectory, index)
    if space is not None:
        try:
            labels = labels_of(
                space, trajectory.turns, "distractors" in trajectory.labels, trajectory.scenario
            )
        except UserError as error:
            yield "labels", error.message
        else:
            yield from _equal("labels", trajectory.labels, labels, "environments and variants say")
    if run:
        yield from _of_run(trajectory, run)
    tools = {tool["function"]["name"] for tool in trajectory.tools}
    for number, turn in enumerate(trajectory.turns):
        for where, what in _turn(turn, tools):
            yield f"turns[{number}].{where}", what


def labels_of(
    space: SimulationSpace, turns: Sequence[Turn], distracted: bool, scenario: Scenario
) -> list[str]:
    """A trajectory's labels: those of its environments, of the ones that a turn speaks of, the variants of its turns,
    "error_tool_response" where a tool gives a wrong response on purpose, "distractors" where tools are offered in vain on purpose,
    and "long_context" where the scenario is a large one.

    Raises:
        UserError: An environment that a turn speaks of cannot be found.
    """
    spoken_of = [turn.lack.environment for turn in turns if isinstance(turn, AbstentionTurn)]
    named = SimulationSpace.from_names(dict.fromkeys(other.given for other in spoken_of if other is not None))
    environments = [*space.environments.values(), *named.environments.values()]
    labels = {label for cls in environments for label in cls.labels}
    variants = {turn.variant for turn in turns if turn.variant != "base"}
    kinds = {turn.recovery.kind for turn in turns if isinstance(turn, RecoveryTurn)}
    variants |= {WRONG_RESPONSE} if "wrong_response" in kinds else set()
    variants |= {"long_context"} if isinstance(scenario, LargeScenario) else set()
    return sorted(labels | variants | ({"distractors"} if distracted else set()))


def _identity(trajectory: Trajectory, index: int) -> Iterator[Finding]:
    yield from _equal("index", trajectory.index, index, "its line says")
    yield from _equal("id", trajectory.id, f"{trajectory.seed}-{trajectory.index}", "seed and index say")
    seed = f"{trajectory.seed}/{trajectory.index}/{trajectory.attempt}"
    yield from _equal("scenario.seed", trajectory.scenario.seed, seed, "seed, index and attempt say")
    yield from _equal("scenario.states", [*trajectory.scenario.states], [e.name for e in trajectory.environments],
                      "environments says")  # fmt: skip
    if not trajectory.turns:
        yield "turns", "there are none"


def _of_run(trajectory: Trajectory, run: Mapping[str, Any]) -> Iterator[Finding]:
    config = _mapping(run.get("config"))
    yield from _equal("seed", trajectory.seed, config.get("seed"), "run.yaml says")
    share = config.get("val_share")
    if isinstance(share, (int, float)):
        split = split_of(trajectory.index, share)
        yield from _equal("split", trajectory.split, split, "val_share in run.yaml says")
    yield from _equal("versions", trajectory.versions, run.get("versions"), "run.yaml says")
    known = _mapping(run.get("environments"))
    for number, reference in enumerate(trajectory.environments):
        entry = _mapping(known.get(reference.name))
        for key in ("version", "hash"):
            place = f"environments[{number}].{key}"
            yield from _equal(place, getattr(reference, key), entry.get(key), "run.yaml says")
    expected = makers(config)
    for agent in dict.fromkeys([*expected, *trajectory.made_by]):
        stored = trajectory.made_by.get(agent, {})
        for key in ("teacher", "model"):
            said = expected.get(agent, {}).get(key)
            yield from _equal(f"made_by.{agent}.{key}", stored.get(key), said, "run.yaml says")
    k_max = config.get("k_max")
    for number, turn in enumerate(trajectory.turns):
        if isinstance(k_max, int) and turn.attempts > k_max:
            yield f"turns[{number}].attempts", f"{turn.attempts}, but k_max in run.yaml is {k_max}"


def _turn(turn: Turn, tools: set[str]) -> Iterator[Finding]:
    if turn.attempts != len(turn.feedback) + 1:
        yield "attempts", f"{turn.attempts}, but feedback holds {len(turn.feedback)} failed ones"
    for number, entry in enumerate(turn.feedback):
        yield from _equal(f"feedback[{number}].attempt", entry.get("attempt"), number + 1, "its place says")
    if turn.target and turn.target not in tools:
        yield "target", f"{turn.target!r} is not one of the tools offered"
    if len(turn.state_hash) != 64:
        yield "state_hash", "not a SHA-256 in hex"


def _equal(where: str, stored: Any, expected: Any, who: str) -> Iterator[Finding]:
    if stored != expected:
        yield where, f"stored {_shown(stored)}, {who} {_shown(expected)}"


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 200 else text[:197] + "…"
