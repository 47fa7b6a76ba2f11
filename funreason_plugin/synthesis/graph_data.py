"""Data edges: A.out -> B.param holds when B succeeds with a value of A's output, and fails with plausible values that
do not come from there. "Fails" includes a look-up that finds nothing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from random import Random
from typing import Any, Final

from funreason_plugin.environments.limits import is_error
from funreason_plugin.synthesis.arguments import argument_leaves, put
from funreason_plugin.synthesis.graph_binding import SYSTEM_ONLY
from funreason_plugin.synthesis.graph_exploration import Frame, Success, World
from funreason_plugin.synthesis.graph_findings import ENOUGH_STATES, Findings, Tried
from funreason_plugin.synthesis.graph_inference import Pair
from funreason_plugin.synthesis.names import id_like
from funreason_plugin.synthesis.parameter_slots import Slot, fits_slot

FOREIGN_TRIALS: Final = 4  # of one parameter in one state
PAIR_TRIALS: Final = 3  # of one candidate in one state, until it holds


class DataTrials:
    """The trials of candidates in one world. ``known``: calls that succeeded, by tool."""

    def __init__(self, world: World, findings: Findings, state: int, known: dict[str, list[Success]]) -> None:
        self.world, self.findings, self.state, self.known = world, findings, state, known
        self.rng, self.specs = world.rng, world.specs

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
        if elsewhere:  # ids of a fixed catalogue are the same in every state, looked up here or not
            state = self.world.standing(self.specs[slot.tool].environment)
            elsewhere = [other for other in elsewhere if other not in state]
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

    def settled(self, tried: Tried) -> bool:
        """Whether a candidate has been tried enough, here or in all states."""
        return (
            len(tried.states) >= ENOUGH_STATES
            or self.state in tried.states
            or tried.tried_in(self.state) >= PAIR_TRIALS
        )

    def hunt(self, frame: Frame, tools: Sequence[str]) -> None:
        """For tools that never worked and have a parameter nobody provides: try every value seen so far."""
        world, candidates = self.world, self.findings.candidates
        for tool in tools:
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
        return self.world.proposals.known(slot)[1] in (*SYSTEM_ONLY, "invented")


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
