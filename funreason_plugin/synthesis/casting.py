"""`Casting`: what a slot is played in and with. Environments, tools on offer, their graph, the agents' teachers.

    casting = Casting(config, graph, ask)
    names = casting.environments(rng, "train")
    space = casting.space(names)

Spaces, graphs and scripted teachers are made once for each set of environments and kept.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Final, TypeAlias

from funreason_plugin.config import SynthesisConfig
from funreason_plugin.environments.environment import environment_hash
from funreason_plugin.environments.space import SimulationSpace
from funreason_plugin.errors import UserError
from funreason_plugin.synthesis.graph import ToolGraph
from funreason_plugin.synthesis.teachers.base import AGENTS, Completion, Request, Teacher
from funreason_plugin.synthesis.teachers.scripted import ScriptedTeacher
from funreason_plugin.trajectory import EnvironmentRef

__all__ = ["AskModel", "Casting", "HubTeacher"]

KEPT: Final = 256
"""Graphs of parts of the tools that are kept."""
AskModel: TypeAlias = Callable[[int, Request], Awaitable[Completion]]
"""Ask the model that plays ``request.agent``, on behalf of a slot; `Hub.complete` is one."""


@dataclass(frozen=True, slots=True)
class HubTeacher:
    """An agent that a model plays, as one slot sees it: the replies come from the hub."""

    name: str
    model: str
    slot: int
    ask: AskModel

    async def complete(self, request: Request) -> Completion:
        return await self.ask(self.slot, request)


class Casting:
    """See the module; one in each worker process."""

    def __init__(self, config: SynthesisConfig, graph: ToolGraph, ask: AskModel | None = None) -> None:
        self.config = config
        self.whole = SimulationSpace.from_names(config.env)
        if config.time_limit is not None:
            for cls in self.whole.environments.values():
                cls.time_limit = config.time_limit
        self._models = {agent: config.agent(agent) for agent in config.model_agents}
        self._ask = ask
        self._graph = graph
        self._spaces: dict[tuple[str, ...], SimulationSpace] = {}
        self._graphs: dict[tuple[str, ...], ToolGraph] = {}
        self._scripted: dict[tuple[str, ...], ScriptedTeacher] = {}

    def pool(self, split: str) -> list[str]:
        """The environments that a trajectory of a split may be about."""
        held_out = self.config.holdout_env if split == "train" else []
        pool = [name for name in self.whole.environments if name not in held_out]
        if not pool:
            raise UserError("--holdout-env holds out every environment; leave one for training")
        return pool

    def environments(
        self,
        rng: Random,
        split: str,
        *,
        one_of: Collection[str] = (),
        leave: int = 0,
        wanted: int | None = None,
    ) -> tuple[str, ...]:
        """Draw some, in the space's order; ``one_of`` is among them where it names any, and ``leave`` are left over.
        ``wanted``: how many, where that is drawn already."""
        names = list(self.whole.environments)
        held_out = [name for name in names if name in self.config.holdout_env]
        pool = self.pool(split)
        low, high = self.config.environments_per_trajectory
        count = min(rng.randint(low, high) if wanted is None else wanted, len(pool) - leave)
        chosen = rng.sample(pool, count)
        if split == "val" and held_out and not set(chosen) & set(held_out):
            chosen[0] = rng.choice(held_out)
        if one_of and not set(chosen) & set(one_of):
            chosen[-1] = rng.choice([name for name in pool if name in one_of])
        return tuple(name for name in names if name in chosen)

    def offered(self, space: SimulationSpace, split: str) -> list[str]:
        """The tools of a space that are not held out of a split."""
        held_out = self.config.holdout_tools if split == "train" else []
        return [name for name in space.tools if name not in held_out]

    def space(self, names: tuple[str, ...]) -> SimulationSpace:
        """The space of some of the environments."""
        if names not in self._spaces:
            self._spaces[names] = self.whole.subset(names)
        return self._spaces[names]

    def graph(self, tools: Sequence[str]) -> ToolGraph:
        """The graph of some of the tools."""
        key = tuple(tools)
        if key not in self._graphs:
            if len(self._graphs) >= KEPT:
                self._graphs.clear()
            self._graphs[key] = self._graph.restricted(tools)
        return self._graphs[key]

    def teachers(self, space: SimulationSpace, slot: int) -> Mapping[str, Teacher]:
        """Who plays the four agents."""
        names = tuple(space.environments)
        if names not in self._scripted:
            self._scripted[names] = ScriptedTeacher(space, error_rate=self.config.error_rate)
        teachers: dict[str, Teacher] = dict.fromkeys(AGENTS, self._scripted[names])
        for agent, model in self._models.items():
            if self._ask is None:
                raise RuntimeError(f"a model plays {agent}, but nothing leads to it")
            teachers[agent] = HubTeacher(model.teacher, model.model, slot, self._ask)
        return teachers

    def reference(self, name: str) -> EnvironmentRef:
        """An environment as a trajectory names it."""
        cls = self.whole.environments[name]
        return EnvironmentRef(name, cls.version, environment_hash(cls), self._source(name))

    def _source(self, name: str) -> str:
        """The name on the command line that an environment came from, so that others can find it again."""
        from funreason_plugin.environments.catalog import resolve

        for given in self.config.env:
            for cls in resolve(given):
                if cls.name == name:
                    return cls._outside_name or (
                        given
                        if ":" in given and not given.startswith("bfcl")
                        else (f"bfcl:{cls.__name__}" if given.startswith("bfcl") else given)
                    )
        return name
