"""Arguments for trying a tool: from what a person could know, and from values seen in outputs.

Candidates take turns, the least tried first. Values that belong together (one record; an answer and what was asked)
are taken together most often.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, Final

from funreason_plugin.environments.session import Session
from funreason_plugin.environments.spec import ParamSpec, ToolSpec
from funreason_plugin.environments.values import candidates_at
from funreason_plugin.synthesis.arguments import compose
from funreason_plugin.synthesis.graph_inference import STRENGTH, Candidates, Pair
from funreason_plugin.synthesis.parameter_slots import Slot, fits_slot

SYSTEM_ONLY: Final = ("lookup", "none")  # sources of values that a person does not have
_NOTHING: Final = object()


@dataclass(frozen=True, slots=True)
class Seen:
    """A value in an output: where, and in which call (its number, its arguments' values)."""

    value: Any
    path: str
    call: int
    asked: tuple[Any, ...]


Pool = Mapping[tuple[str, str], Sequence[Seen]]  # by (tool, output path)


class Proposals:
    """Draws arguments in one world. ``sources`` notes where a slot's values came from."""

    def __init__(
        self,
        session: Session,
        specs: Mapping[str, ToolSpec],
        candidates: Candidates,
        sources: dict[tuple[str, str], set[str]],
        rng: Random,
    ) -> None:
        self.session, self.specs, self.candidates, self.sources, self.rng = (
            session,
            specs,
            candidates,
            sources,
            rng,
        )
        self._tried: dict[Pair, int] = {}
        self._known: dict[tuple[str, str, int], tuple[list[Any], str]] = {}

    def bind(
        self, pool: Pool, tool: str, force: Pair | None = None, value: Any = None
    ) -> tuple[dict[str, Any], dict[str, Pair]] | None:
        """Arguments for a tool, and which pair gave a leaf; None when a required leaf has no value.

        ``force`` is a pair that must give its parameter; ``value`` is then the value to take.
        """
        used: dict[str, Pair] = {}
        chosen: list[Seen] = []
        forced = force[3] if force is not None else None

        def leaf(slot_path: str, path: str) -> Any:
            slot = self.candidates.slots.get((tool, slot_path))
            if slot is None:
                return _NOTHING
            if slot_path != forced:
                pair, seen = self._given(pool, slot)
            elif value is None:
                pair, seen = force, self._seen(pool, force, slot)
            else:
                pair, seen = force, [Seen(value, path, -1, ())]
            known, source = self.known(slot)
            given_way = 0.3 if slot.values is not None else 0.6
            if seen and (slot_path == forced or not known or self.rng.random() < given_way):
                assert pair is not None
                taken = _coherent(seen, chosen, self.rng)
                chosen.append(taken)
                used[path] = pair
                return taken.value
            return self.rng.choice(known) if known and source not in SYSTEM_ONLY else _NOTHING

        def give(slot: str) -> bool:
            return slot == forced or self.rng.random() < 0.3

        arguments: dict[str, Any] = {}
        for param in self.specs[tool].params:
            wanted = forced is not None and _covers(param.name, forced)
            if not (param.required or wanted or self.rng.random() < 0.25):
                continue
            if forced == param.name:
                given = leaf(param.name, param.name)
            elif not wanted and (whole := self._whole(tool, param)):
                given = self.rng.choice(whole)
            else:
                given = compose(param, leaf, give, lambda least, most: least)
            if not _holds(given, _NOTHING):
                arguments[param.name] = given
            elif param.required:
                return None
        return arguments, used

    def _whole(self, tool: str, param: ParamSpec) -> list[Any]:
        """Lists and objects that a person would say as they are, where no candidate leads into them."""
        slot = self.candidates.slots.get((tool, param.name))
        if slot is None or slot.schema.get("type") != "array":
            return []
        inside = any(
            key[0] == tool and key[1] != param.name and _covers(param.name, key[1])
            for key in self.candidates.into
        )
        if inside and (param.values is None or self.rng.random() < 0.5):
            return []
        return self.known(slot)[0]

    def known(self, slot: Slot) -> tuple[list[Any], str]:
        """Values that a person could give for a slot in the session's state, and their source."""
        name = self.specs[slot.tool].environment
        key = (slot.tool, slot.path, self.session.version(name))
        if key not in self._known:
            if slot.values is not None and slot.values.kind == "tool":
                self._known[key] = [], "lookup"
            else:
                below = slot.below
                found = candidates_at(slot.param, below, self.session.peek(name), self.rng, self.session)
                self._known[key] = found.values, found.source
            self.sources.setdefault((slot.tool, slot.path), set()).add(self._known[key][1])
        return self._known[key]

    def _given(self, pool: Pool, slot: Slot) -> tuple[Pair | None, list[Seen]]:
        """A pair that has a value for the slot here, and its values: most often of the strongest source, the least
        tried of them; else the least tried of all."""
        pairs = self.candidates.into.get((slot.tool, slot.path), ())
        strength = self.rng.random() < 0.7
        best: Pair | None = None
        best_seen: list[Seen] = []
        best_rank = (0, 0)
        for pair in pairs:
            rank = (STRENGTH.index(self.candidates.pairs[pair]) if strength else 0, self._tried.get(pair, 0))
            if (best is None or rank < best_rank) and (seen := self._seen(pool, pair, slot)):
                best, best_seen, best_rank = pair, seen, rank
        if best is not None:
            self._tried[best] = self._tried.get(best, 0) + 1
        return best, best_seen

    def _seen(self, pool: Pool, pair: Pair | None, slot: Slot) -> list[Seen]:
        if pair is None:
            return []
        return [seen for seen in pool.get(pair[:2], ()) if fits_slot(seen.value, slot)]


def _covers(param: str, slot: str) -> bool:
    return slot == param or slot.startswith((param + ".", param + "["))


def _coherent(seen: Sequence[Seen], chosen: Sequence[Seen], rng: Random) -> Seen:
    """A value; most often one that goes with those chosen: of the same record, or asked for with one of them."""
    if chosen and rng.random() < 0.8:
        taken = {(value.call, value.path) for value in chosen}
        other = [value for value in seen if (value.call, value.path) not in taken] or seen
        akin = [value for value in other if any(_akin(value, before) for before in chosen)]
        return rng.choice(akin or other)
    return rng.choice(seen)


def _akin(value: Seen, before: Seen) -> bool:
    if value.call == before.call:
        return _record(value.path) == _record(before.path)
    return before.value in value.asked


def _record(path: str) -> str:
    return path[: path.rfind("]") + 1]


def _holds(value: Any, lacking: object) -> bool:
    if isinstance(value, dict):
        return any(_holds(item, lacking) for item in value.values())
    if isinstance(value, list):
        return any(_holds(item, lacking) for item in value)
    return value is lacking
