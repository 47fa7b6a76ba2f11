"""Verifying candidates by execution, over several sampled states.

Each state is explored from frame to frame: first as it is, then after every tool that changes it, newly enabled tools
first. In each frame look-ups are made, blocked tools tried, data edges tested (`graph_data`) and enabling calls noted
(`graph_states`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random

from funreason_plugin.environments.limits import Watch
from funreason_plugin.environments.space import SimulationSpace
from funreason_plugin.environments.spec import ToolSpec
from funreason_plugin.synthesis.graph_data import DataTrials
from funreason_plugin.synthesis.graph_exploration import Facts, Frame, Success, World, declared_open
from funreason_plugin.synthesis.graph_findings import Findings, Tried
from funreason_plugin.synthesis.graph_inference import Candidates
from funreason_plugin.synthesis.graph_states import StateTrials


def explore(
    space: SimulationSpace,
    specs: Mapping[str, ToolSpec],
    candidates: Candidates,
    seed: int,
    states: int,
    watch: Watch | None = None,
) -> Findings:
    """Explore sampled states; ``specs`` are what inference may know (see `unmarked`)."""
    facts = Facts(candidates, declared_open(specs))
    findings = Findings(candidates, sources=facts.sources, echoes=facts.echoes, slow=facts.slow)
    for state in range(states):
        rng = Random(f"{seed}/graph/{state}")
        with space.session(space.scenario(f"{seed}/graph/{state}"), watch=watch) as session:
            _Survey(World(session, specs, facts, rng), findings, state).run()
    return findings


class _Survey:
    """The exploration of one world."""

    def __init__(self, world: World, findings: Findings, state: int) -> None:
        self.world, self.findings, self.state = world, findings, state
        self.specs = world.specs
        self.order = sorted(self.specs, key=lambda name: self.specs[name].writes)  # stable: look-ups first
        self.known: dict[str, list[Success]] = {}
        self.data = DataTrials(world, findings, state, self.known)
        self.states = StateTrials(world, findings, state)

    def run(self) -> None:
        world, root = self.world, self.world.root
        world.discover(root, self.order, attempts=4)
        self.data.hunt(root, self.order)
        for tool in self.order:
            worked = tool in root.successes
            self.findings.free.setdefault(tool, Tried()).note(worked, self.state)
            if worked:
                self.known[tool] = [root.successes[tool][0]]
                self.findings.after.setdefault(tool, {})[frozenset()] = None
        self.data.verify(root)
        blocked = [tool for tool in self.order if tool not in root.successes]
        reached = self.wander(root, blocked)
        self.states.alternatives()
        for tool in self.order:
            self.findings.worked.setdefault(tool, Tried()).note(
                tool in root.successes or tool in reached, self.state
            )

    def wander(self, root: Frame, blocked: list[str]) -> dict[str, None]:
        """Frames after writing calls, newly enabled ones first; returns the tools that worked somewhere."""
        reached: dict[str, None] = {}
        queue: list[tuple[int, Frame]] = []
        expanded: dict[str, int] = {}

        def enqueue(frame: Frame, tool: str, rank: int) -> None:
            for success in frame.successes.get(tool, ())[:2]:
                if success.after is not None:
                    self.states.writes.setdefault(tool, []).append((frame.path, success))
                    queue.append((rank, frame.child(success)))

        for tool in root.successes:
            enqueue(root, tool, 1)
        budget = 10 + 2 * sum(self.specs[tool].writes for tool in self.order)
        while queue and budget:
            budget -= 1
            best = min(range(len(queue)), key=lambda index: _rank(*queue[index], expanded))
            _, frame = queue.pop(best)
            last = frame.path[-1].tool
            if expanded.get(last, 0) >= 4:
                continue
            expanded[last] = expanded.get(last, 0) + 1
            fresh = self.visit(frame, [tool for tool in blocked if tool not in reached])
            for tool in fresh:
                if tool in blocked and tool not in reached:
                    reached[tool] = None
                    self.states.witness(frame.successes[tool][0], frame)
                if self.specs[tool].writes:
                    enqueue(frame, tool, 0 if tool in blocked else 2 + len(frame.path))
        return reached

    def visit(self, frame: Frame, blocked: Sequence[str]) -> list[str]:
        """Look around in a frame of one environment: look-ups, blocked tools, and what else writes."""
        world = self.world
        world.session.restore(frame.snapshot)
        world.note(frame, frame.path[-1])
        here = self.specs[frame.path[-1].tool].environment
        near = [tool for tool in self.order if self.specs[tool].environment == here]
        fresh = world.discover(
            frame, [tool for tool in near if not self.specs[tool].writes], attempts=2, enough=1
        )
        todo = [tool for tool in blocked if tool in near and tool not in fresh]
        fresh += world.discover(frame, todo, attempts=4, enough=2)
        self.data.hunt(frame, todo)
        if len(frame.path) < 3:
            rest = [tool for tool in near if self.specs[tool].writes and tool not in todo]
            fresh += world.discover(frame, rest, attempts=2, enough=1)
        self.data.verify(frame)
        self.data.pass_on(frame)
        self.states.same_thing(frame, near)
        self.data.verify(frame)
        for tool, successes in frame.successes.items():
            self.known.setdefault(tool, []).append(successes[0])
            self.findings.after.setdefault(tool, {})[frozenset(call.tool for call in frame.path)] = None
        return list(dict.fromkeys(tool for tool in (*fresh, *todo) if tool in frame.successes))


def _rank(rank: int, frame: Frame, expanded: Mapping[str, int]) -> tuple[int, int, int]:
    """Frames after tools that were followed up less often come first."""
    return expanded.get(frame.path[-1].tool, 0), rank, len(frame.path)
