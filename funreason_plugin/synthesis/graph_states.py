"""State edges: A => B holds when B, with the same arguments, fails before A and succeeds after it.

They come from witnesses: the chain of writing calls after which a call succeeded is cut down to what it needs, and for
each call that remains, the other tools that would have done are sought: the alternatives.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from funreason_plugin.environments.limits import is_error
from funreason_plugin.synthesis.arguments import argument_leaves
from funreason_plugin.synthesis.graph_exploration import Frame, Success, World, masked
from funreason_plugin.synthesis.graph_findings import ENOUGH_STATES, Findings, Tried
from funreason_plugin.synthesis.outputs import leaves

SEARCHED_STATES: Final = 3  # in so many states the alternatives to a call are sought


class StateTrials:
    """The search for what enables what, in one world. ``writes``: by tool, calls with the chain before them."""

    def __init__(self, world: World, findings: Findings, state: int) -> None:
        self.world, self.findings, self.state = world, findings, state
        self.specs = world.specs
        self.writes: dict[str, list[tuple[tuple[Success, ...], Success]]] = {}
        self.needed: list[tuple[Success, list[Success], list[Success], Success, str]] = []

    def alternatives(self) -> None:
        """For every call that was needed: which others would have done. Asked at the end, when all writes are known."""
        for need in self.needed:
            searched = self.findings.searched.setdefault((need[0].tool, need[3].tool), {})
            if len(searched) < SEARCHED_STATES:
                searched[self.state] = None
                self.others(*need)

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
            for path, other in successes[:2]:
                place = [*before, *(item for item in path if item not in before)]
                later = [item for item in after if item not in place and item is not other]
                if (
                    self.replay([*place, other, *later], target) == ""
                    and self.replay([*place, *later], target) == failure
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


def _feeds(call: Success, target: Success) -> bool:
    """Whether a call's output gives the target an argument that the call was not given itself."""
    given = [value for _, _, value in argument_leaves(call.arguments)]
    new = [value for _, _, value in leaves(call.output) if not isinstance(value, bool) and value not in given]
    return any(value in new for _, _, value in argument_leaves(target.arguments) if isinstance(value, str))
