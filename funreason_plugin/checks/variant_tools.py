"""What the environments' own declarations say about abstentions: whether a value or an outcome could be had after all.

    for turn, rule, reason in at_hand(trajectory, space): ...

The synthesis asks the same functions before it makes such a turn.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from funreason_plugin.environments.space import SimulationSpace
from funreason_plugin.environments.spec import ToolSpec
from funreason_plugin.errors import UserError
from funreason_plugin.trajectory import AbstentionTurn, Trajectory, withheld

__all__ = ["FEWEST_DISTRACTORS", "at_hand", "giver_of", "in_vain", "same_outputs"]

FEWEST_DISTRACTORS = 5
"""Tools that are offered in vain in a conversation with the label "distractors", at least."""


def giver_of(spec: ToolSpec, parameter: str, offered: Mapping[str, ToolSpec]) -> str:
    """A tool on offer that gives the kind of thing that a parameter takes (by the entities that the environment's author
    has marked), or ""."""
    param = next((param for param in spec.params if param.name == parameter), None)
    if param is None or param.ref is None:
        return ""
    for name, other in offered.items():
        if any(out.ref is not None and out.ref.entity == param.ref.entity for out in other.outputs):
            return name
    return ""


def same_outputs(spec: ToolSpec, told: Collection[str], offered: Mapping[str, ToolSpec]) -> list[str]:
    """Tools on offer that read, and whose outputs have every field of ``told`` (names of leaves of ``spec``'s outputs)."""
    if spec.writes or not told:
        return []
    return [
        name
        for name, other in offered.items()
        if name != spec.name and not other.writes and set(told) <= {_leaf(out.path) for out in other.outputs}
    ]


def _leaf(path: str) -> str:
    return path.replace("[]", "").rsplit(".", 1)[-1]


def in_vain(trajectory: Trajectory, space: SimulationSpace) -> list[str]:
    """The tools on offer of environments in which nothing is called."""
    called = {call.name for turn in trajectory.turns for call in turn.calls()}
    used = {space.tools[name].environment for name in called if name in space.tools}
    names = [tool["function"]["name"] for tool in trajectory.tools]
    return [name for name in names if name in space.tools and space.tools[name].environment not in used]


def at_hand(trajectory: Trajectory, space: SimulationSpace) -> Iterator[tuple[int, str, str]]:
    """(turn, rule, reason): too few distractors where there are to be some, a missing value that a tool on offer gives, a missing tool that is not one, or is one of
    the trajectory's own environments."""
    names = [tool["function"]["name"] for tool in trajectory.tools]
    if "distractors" in trajectory.labels and len(in_vain(trajectory, space)) < FEWEST_DISTRACTORS:
        what = f"{len(in_vain(trajectory, space))} tools of environments that no turn calls"
        yield 0, "few_distractors", f"{what}; expected {FEWEST_DISTRACTORS} or more"
    for number, turn in enumerate(trajectory.turns):
        if not isinstance(turn, AbstentionTurn):
            continue
        late = withheld(trajectory.turns, number)
        offered = {name: space.tools[name] for name in names if name in space.tools and name not in late}
        lack = turn.lack
        if turn.variant == "miss_param" and lack.tools and lack.tools[0] in offered:
            giver = giver_of(offered[lack.tools[0]], lack.parameter, offered)
            if giver:
                yield number, "value_at_hand", f"{giver} gives what {lack.tools[0]}.{lack.parameter} takes"
        elif turn.variant == "irrelevance":
            if lack.environment is None:
                yield number, "tool_at_hand", "no environment is named that it would need"
                continue
            if lack.environment.name in space.environments:
                yield number, "tool_at_hand", f"the environment {lack.environment.name} is there"
                continue
            try:
                known = SimulationSpace.from_names((lack.environment.given,)).tools
            except UserError as error:
                yield number, "tool_at_hand", error.message
                continue
            for name in lack.tools:
                if name not in known:
                    yield number, "tool_at_hand", f"{name} is no tool of {lack.environment.name}"
