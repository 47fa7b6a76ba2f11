"""Verifying candidates by execution, over several sampled states.

A *data* edge A.out -> B.param holds when B succeeds with a value of A's output, and fails with plausible values that
do not come from there. A *state* edge A => B holds when B, with the same arguments, fails before A and succeeds after
it. State edges come from witnesses: the chain of writing calls after which a blocked tool first succeeded is cut down
to what it needs, and for each call that remains the other tools that would have done are sought: the alternatives.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random
from typing import Any, Final

from funreason_plugin.environments.limits import Watch, is_error
from funreason_plugin.environments.space import SimulationSpace
from funreason_plugin.environments.spec import ToolSpec
from funreason_plugin.synthesis.arguments import argument_leaves, put
from funreason_plugin.synthesis.graph_exploration import (
    SYSTEM_ONLY,
    Facts,
    Frame,
    Success,
    World,
    declared_open,
    masked,
)
from funreason_plugin.synthesis.graph_inference import Candidates, Pair, Slot, fits_slot, id_like
from funreason_plugin.synthesis.outputs import leaves

FOREIGN_TRIALS: Final = 4  # of one parameter in one state
PAIR_TRIALS: Final = 3  # of one candidate in one state, until it holds
ENOUGH_STATES: Final = 4  # a pair that held in so many states is not tried any more


@dataclass(slots=True)
class Tried:
    """How often something was tried and held, and in which states it held."""

    successes: int = 0
    trials: int = 0
    states: dict[int, None] = field(default_factory=dict)
    recent: tuple[int, int] = (-1, 0)  # the state last tried in, and the trials in it

    def tried_in(self, state: int) -> int:
        return self.recent[1] if self.recent[0] == state else 0

    def note(self, held: bool, state: int) -> None:
        self.trials += 1
        self.recent = (state, self.tried_in(state) + 1)
        if held:
            self.successes += 1
            self.states[state] = None


@dataclass(slots=True)
class Findings:
    """What execution showed, over all states."""

    candidates: Candidates
    pairs: dict[Pair, Tried] = field(default_factory=dict)
    foreign: dict[tuple[str, str], Tried] = field(
        default_factory=dict
    )  # held: the tool failed without its provider
    enabling: dict[tuple[str, str], Tried] = field(default_factory=dict)  # (first, then)
    alternatives: dict[str, list[tuple[str, str]]] = field(
        default_factory=dict
    )  # by consumer: pairs of a group
    searched: dict[tuple[str, str], dict[int, None]] = field(default_factory=dict)  # states: for alternatives
    looked: dict[tuple[str, str], dict[int, None]] = field(
        default_factory=dict
    )  # states: for what a call enables
    worked: dict[str, Tried] = field(default_factory=dict)
    free: dict[str, Tried] = field(default_factory=dict)  # worked at once, before any writing call
    after: dict[str, dict[frozenset[str], None]] = field(
        default_factory=dict
    )  # writing tools before a success
    sources: dict[tuple[str, str], set[str]] = field(default_factory=dict)
    echoes: dict[tuple[str, str], list[int]] = field(default_factory=dict)
    slow: set[str] = field(default_factory=set)


def explore(
    space: SimulationSpace, specs: Mapping[str, ToolSpec], candidates: Candidates,
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
        self.rng, self.specs = world.rng, world.specs
        self.order = sorted(self.specs, key=lambda name: self.specs[name].writes)  # stable: look-ups first
        self.writes: dict[str, list[tuple[tuple[Success, ...], Success]]] = {}  # with the chain before it
        self.known: dict[str, list[Success]] = {}
        self.needed: list[tuple[Success, list[Success], list[Success], Success, str]] = []

    def run(self) -> None:
        world, root = self.world, self.world.root
        world.discover(root, self.order, attempts=4)
        self.hunt(root)
        for tool in self.order:
            worked = tool in root.successes
            self.findings.free.setdefault(tool, Tried()).note(worked, self.state)
            if worked:
                self.known[tool] = [root.successes[tool][0]]
                self.findings.after.setdefault(tool, {})[frozenset()] = None
        self.verify(root)
        blocked = [tool for tool in self.order if tool not in root.successes]
        reached = self.wander(root, blocked)
        for need in self.needed:
            searched = self.findings.searched.setdefault((need[0].tool, need[3].tool), {})
            if len(searched) < ENOUGH_STATES:
                searched[self.state] = None
                self.others(*need)
        for tool in self.order:
            self.findings.worked.setdefault(tool, Tried()).note(
                tool in root.successes or tool in reached, self.state
            )

    # -- from frame to frame --------------------------------------------------------------------------

    def wander(self, root: Frame, blocked: list[str]) -> dict[str, None]:
        """Frames after writing calls, newly enabled ones first; returns the tools that worked somewhere."""
        reached: dict[str, None] = {}
        queue: list[tuple[int, Frame]] = []
        expanded: dict[str, int] = {}

        def enqueue(frame: Frame, tool: str, rank: int) -> None:
            for success in frame.successes.get(tool, ())[:2]:
                if success.after is not None:
                    self.writes.setdefault(tool, []).append((frame.path, success))
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
                    self.witness(frame.successes[tool][0], frame)
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
        self.hunt(frame, todo)
        if len(frame.path) < 3:
            rest = [tool for tool in near if self.specs[tool].writes and tool not in todo]
            fresh += world.discover(frame, rest, attempts=2, enough=1)
        self.verify(frame)
        self.pass_on(frame)
        self.same_thing(frame, near)
        for tool, successes in frame.successes.items():
            self.known.setdefault(tool, []).append(successes[0])
            self.findings.after.setdefault(tool, {})[frozenset(call.tool for call in frame.path)] = None
        return list(dict.fromkeys(tool for tool in (*fresh, *todo) if tool in frame.successes))

    def pass_on(self, frame: Frame) -> None:
        """Try what the last call returned wherever it may fit, also in tools that work without it."""
        provider = frame.path[-1].tool
        for pair in self.findings.candidates.from_tool(provider):
            tried = self.findings.pairs.setdefault(pair, Tried())
            if self.settled(tried) or pair[2] not in self.specs:
                continue
            tried.note(self.fits_known(frame, pair) or self.fits_fresh(frame, pair), self.state)

    def fits_fresh(self, frame: Frame, pair: Pair) -> bool:
        """Whether a pair's consumer succeeds with its value and fresh arguments beside it."""
        return any(self.world.attempt(frame, pair[2], pair) is not None for _ in range(3))

    def fits_known(self, frame: Frame, pair: Pair) -> bool:
        """Whether a pair's value does in a call of the consumer that succeeded elsewhere."""
        slot = self.findings.candidates.slots[pair[2:]]
        seen = [item.value for item in frame.pool.get(pair[:2], ()) if fits_slot(item.value, slot)]
        if not seen:
            return False
        for base in self.known.get(pair[2], ())[-3:]:
            for slot_path, path, _ in argument_leaves(base.arguments):
                if slot_path == pair[3]:
                    other = put(base.arguments, path, self.rng.choice(seen))
                    if self.succeeds(frame, base, other):
                        return True
        return False

    def same_thing(self, frame: Frame, tools: Sequence[str]) -> None:
        """Calls that failed before the last call, or that are about the same thing: do they work only now?"""
        last, before = frame.path[-1], frame.before
        assert before is not None
        for tool in tools:
            held = self.findings.enabling.get((last.tool, tool), Tried()).states
            looked = self.findings.looked.setdefault((last.tool, tool), {})
            if tool == last.tool or self.state in held or (len(looked) >= ENOUGH_STATES and not held):
                continue
            looked[self.state] = None
            for success in self.now_possible(frame, before, tool):
                if self.replay(frame.path[:-1], success) and not self.mendable(frame, before, success):
                    self.witness(success, frame)
                    break

    def now_possible(self, frame: Frame, before: Frame, tool: str) -> Iterator[Success]:
        """Successes of a tool with arguments that failed before, and with the last call's own."""
        last = frame.path[-1]
        for arguments, _ in before.errors.get(tool, ())[:4]:
            if success := self.world.run(frame, tool, arguments, {}):
                yield success
        for slot_path, _, value in argument_leaves(last.arguments):
            pair = self.findings.candidates.shared(last.tool, slot_path, tool)
            for _ in range(3):
                if pair is not None and (success := self.world.attempt(frame, tool, pair, value)):
                    yield success

    def mendable(self, frame: Frame, before: Frame, success: Success) -> bool:
        """Whether, before the last call, other arguments beside one of these would have done."""
        session, into = self.world.session, self.findings.candidates.into
        session.restore(before.snapshot)
        leaves = argument_leaves(success.arguments)
        pairs = [(into[key][0], value) for slot, _, value in leaves if (key := (success.tool, slot)) in into]
        mended = any(
            self.world.attempt(before, success.tool, pair, value) is not None
            for pair, value in pairs
            for _ in range(4)
        )
        session.restore(frame.snapshot)
        return mended

    def settled(self, tried: Tried) -> bool:
        """Whether a candidate has been tried enough, here or in all states."""
        return (
            len(tried.states) >= ENOUGH_STATES
            or self.state in tried.states
            or tried.tried_in(self.state) >= PAIR_TRIALS
        )

    def hunt(self, frame: Frame, tools: Sequence[str] | None = None) -> None:
        """For tools that never worked and have a parameter nobody provides: try every value seen so far."""
        world, candidates = self.world, self.findings.candidates
        for tool in self.order if tools is None else tools:
            if tool in frame.successes or self.findings.worked.get(tool, Tried()).successes:
                continue
            orphans = [slot for slot in world.slots[tool] if slot.required and self.orphan(slot)]
            if len(orphans) != 1:
                continue
            slot = orphans[0]
            for (provider, path), seen in list(frame.pool.items()):
                pair = (provider, path, tool, slot.path)
                if (
                    provider == tool
                    or not isinstance(seen[0].value, str)
                    or not fits_slot(seen[0].value, slot)
                ):
                    continue
                if world.attempt(frame, tool, pair) is not None:
                    candidates.add_by_value(pair)
                    break

    def orphan(self, slot: Slot) -> bool:
        if self.findings.candidates.into.get((slot.tool, slot.path)) or "enum" in slot.schema:
            return False
        return self.world.known(slot)[1] in (*SYSTEM_ONLY, "invented")

    # -- data edges -------------------------------------------------------------------------------------

    def verify(self, frame: Frame) -> None:
        """Put other values into calls that succeeded here: those of each candidate, and foreign ones."""
        into = self.findings.candidates.into
        for tool, successes in list(frame.successes.items()):
            for base in successes[:2]:
                for slot_path, path, value in argument_leaves(base.arguments):
                    pairs = into.get((tool, slot_path), ())
                    slot = self.findings.candidates.slots.get((tool, slot_path))
                    if not pairs or slot is None or "enum" in slot.schema:
                        continue
                    self.try_foreign(frame, base, slot, path, value, pairs)
                    for pair in pairs:
                        self.try_pair(frame, base, slot, path, value, pair)

    def try_pair(self, frame: Frame, base: Success, slot: Slot, path: str, value: Any, pair: Pair) -> None:
        tried = self.findings.pairs.setdefault(pair, Tried())
        if self.settled(tried):
            return
        seen = [item.value for item in frame.pool.get(pair[:2], ()) if fits_slot(item.value, slot)]
        if not id_like(slot.path):
            seen = [item for item in seen if not _weak(item)]
        if not seen:
            return
        if any(item == value for item in seen):
            tried.note(True, self.state)
            return
        tries = 3 if self.specs[base.tool].writes else 8
        for other in self.rng.sample(seen, min(tries, len(seen))):
            if self.succeeds(frame, base, put(base.arguments, path, other)):
                tried.note(True, self.state)
                return
        tried.note(self.fits_fresh(frame, pair), self.state)

    def try_foreign(
        self, frame: Frame, base: Success, slot: Slot, path: str, value: Any, pairs: Sequence[Pair]
    ) -> None:
        tried = self.findings.foreign.setdefault((slot.tool, slot.path), Tried())
        if tried.tried_in(self.state) >= FOREIGN_TRIALS:
            return
        for other in self.foreign(frame, slot, value, pairs):
            tried.note(not self.succeeds(frame, base, put(base.arguments, path, other)), self.state)

    def foreign(self, frame: Frame, slot: Slot, value: Any, pairs: Sequence[Pair]) -> list[Any]:
        """Plausible values that no candidate gives here: those of other states, and the value slightly changed."""
        here = {repr(item.value) for pair in pairs for item in frame.pool.get(pair[:2], ())}
        elsewhere = [
            other
            for pair in pairs
            for other in self.world.facts.values.get(pair[:2], ())
            if repr(other) not in here and other not in self.world.values and fits_slot(other, slot)
        ]
        chosen = [self.rng.choice(elsewhere)] if elsewhere else []
        changed = _changed(value, self.rng)
        if changed is not None and repr(changed) not in here and fits_slot(changed, slot):
            chosen.append(changed)
        return chosen

    def succeeds(self, frame: Frame, base: Success, arguments: dict[str, Any]) -> bool:
        """Whether a call succeeds in the frame, and finds what the base call found."""
        output = self.world.call(frame, base.tool, arguments)
        if self.specs[base.tool].writes and not is_error(output):
            self.world.session.restore(frame.snapshot)
        return not is_error(output) and not _finds_less(base.output, output)

    # -- state edges ------------------------------------------------------------------------------------

    def witness(self, target: Success, frame: Frame) -> None:
        """Which calls of the chain does a call need, beside the values that they return?"""
        chain = list(frame.path)
        for length in range(len(chain)):  # what the chain itself got in the way of is no dependency
            if self.replay(chain[:length], target) == "":
                chain = chain[:length]
                break
        for call in list(reversed(chain)):
            shorter = [other for other in chain if other is not call]
            if self.replay(shorter, target) == "":
                chain = shorter
        for call in chain:
            if _feeds(call, target) or call.tool == target.tool:
                continue
            rest = [other for other in chain if other is not call]
            works: list[Success] = []
            before = self.replay(rest, target, works)
            if len(works) < len(
                rest
            ):  # others need the call: it counts if the failure is another one with it
                after = self.replay([other for other in chain if other is call or other in works], target)
                if before == after:
                    continue
            self.enables(call.tool, target.tool)
            self.needed.append((call, rest, works, target, before))

    def enables(self, first: str, then: str) -> None:
        self.findings.enabling.setdefault((first, then), Tried()).note(True, self.state)

    def others(
        self, call: Success, rest: list[Success], works: list[Success], target: Success, failure: str
    ) -> None:
        """Writing tools that mend the same failure as a call does, each after the chain that it needs itself."""
        environment = self.specs[call.tool].environment
        before = [other for other in rest if other in works]
        after = [other for other in rest if other not in works]
        for tool, successes in self.writes.items():
            if tool in (call.tool, target.tool) or self.specs[tool].environment != environment:
                continue
            for path, other in successes[:3]:
                place = [*before, *(item for item in path if item not in before)]
                later = [item for item in after if item not in place and item is not other]
                if (
                    self.replay([*place, *later], target) == failure
                    and self.replay([*place, other, *later], target) == ""
                ):
                    self.enables(tool, target.tool)
                    self.findings.alternatives.setdefault(target.tool, []).append((call.tool, tool))
                    break

    def replay(self, chain: Sequence[Success], target: Success, works: list[Success] | None = None) -> str:
        """Run a chain from the start, then the target: "" when it succeeds, else the kind of failure.

        Calls that fail are skipped; ``works`` collects the others.
        """
        session = self.world.session
        here = session.snapshot()
        session.restore(self.world.root.snapshot)
        for call in chain:
            before = session.snapshot()
            output = session.call(call.tool, call.arguments)
            if is_error(output):
                session.restore(before)
                if works is None:
                    session.restore(here)
                    return "broken chain"
            elif works is not None:
                works.append(call)
        output = session.call(target.tool, target.arguments)
        session.restore(here)
        return masked(str(output["error"])) or "error" if is_error(output) else ""


def _rank(rank: int, frame: Frame, expanded: Mapping[str, int]) -> tuple[int, int, int]:
    """Frames after tools that were followed up less often come first."""
    return expanded.get(frame.path[-1].tool, 0), rank, len(frame.path)


def _feeds(call: Success, target: Success) -> bool:
    """Whether a call's output gives the target an argument that the call was not given itself."""
    given = [value for _, _, value in argument_leaves(call.arguments)]
    new = [value for _, _, value in leaves(call.output) if not isinstance(value, bool) and value not in given]
    return any(value in new for _, _, value in argument_leaves(target.arguments) if isinstance(value, str))


def _weak(value: Any) -> bool:
    """A small count fits anywhere: that it works says nothing of where it comes from."""
    return isinstance(value, int) and abs(value) < 100


def _finds_less(base: Any, output: Any) -> bool:
    """Whether the lists of an output are empty where those of the base output are not."""
    if isinstance(base, list):
        return bool(base) and output == []
    if isinstance(base, dict) and isinstance(output, dict):
        lists = [key for key, value in base.items() if isinstance(value, (list, dict)) and value]
        return bool(lists) and all(output.get(key) in ([], {}, None) for key in lists)
    return base not in (None, "") and output in (None, "")


def _changed(value: Any, rng: Random) -> Any:
    """A value of the same form that most likely means nothing: other digits, other letters, another day."""
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        return None
    if isinstance(value, int):
        return value + rng.choice((-2, -1, 1, 2) if value > 2 else (1, 2, 3))
    if isinstance(value, float):
        return round(value * rng.uniform(0.8, 1.2) + 0.01, 2)
    try:
        day = date.fromisoformat(value[:10])
        return (day + timedelta(days=rng.randint(400, 900))).isoformat() + value[10:]
    except ValueError:
        pass
    places = [index for index, letter in enumerate(value) if letter.isdigit()]
    letters = "0123456789"
    if not places:
        places = [index for index, letter in enumerate(value) if letter.isalpha()]
        letters = "abcdefghiklmnoprstuvwxz"
    if not places:
        return None
    text = list(value)
    for index in places[-4:]:
        text[index] = rng.choice([letter for letter in letters if letter != text[index].lower()])
    return "".join(text)
