"""What each turn did to the state, by replay: the initial state is stored, later ones are not.

    replayed = Replayed(seconds=10)
    replayed.differences(record)      # [[[path, before, after], …], …] by turn, or None

A turn's differences are only given when the state after it has the stored hash. Replaying 1,000 trajectories takes some
seconds, so there is a time budget; what comes after it has no differences. Environments reached over a network (MCP, OpenAPI)
are never called, and code that the data names (`file.py:MyEnv`) is only imported where the caller vouches for it.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Mapping
from typing import Any, Final

import orjson

from funreason_plugin.environments.catalog import SHIPPED
from funreason_plugin.environments.external.names import Given
from funreason_plugin.environments.space import Scenario, SimulationSpace
from funreason_plugin.errors import UserError
from funreason_plugin.faults import Fault, Faults

Difference = list[Any]
"""``[path, before, after]``; ``[path, before]`` for what is gone and ``[path, None, after, 1]`` for what is new."""

MOST: Final = 60
"""Differences of a turn that are kept."""
LONGEST: Final = 400
"""Characters of JSON of one side of a difference."""


class Replayed:
    """Replays trajectories until ``seconds`` are used up. ``own``: tools other than ours may be imported."""

    def __init__(self, seconds: float, own: bool = False) -> None:
        self.left = seconds
        self.count = 0
        self.failed = 0
        self._own = own
        self._spaces: dict[tuple[str, ...], SimulationSpace | None] = {}

    def differences(self, record: Mapping[str, Any]) -> list[list[Difference]] | None:
        """The differences by turn; None without replay, or where it gives other states than the stored ones."""
        if self.left <= 0:
            return None
        space = self._space(tuple(entry.get("source") or entry["name"] for entry in record["environments"]))
        if space is None:
            return None
        started = time.monotonic()
        try:
            found = list(_by_turn(record, space))
        except (
            Exception
        ):  # tools of any kind, and a state of another release: the page says that it was not replayed
            found = []
        self.left -= time.monotonic() - started
        if len(found) < len(record["turns"]):
            self.failed += 1
            return None
        self.count += 1
        return found

    def _space(self, sources: tuple[str, ...]) -> SimulationSpace | None:
        if sources not in self._spaces:
            self._spaces[sources] = None
            if all(self._may(source) for source in sources):
                with contextlib.suppress(UserError, ImportError):  # not here any more
                    self._spaces[sources] = SimulationSpace.from_names(sources)
        return self._spaces[sources]

    def _may(self, source: str) -> bool:
        if Given.of(source) is not None:
            return False
        return self._own or is_ours(source)


def is_ours(source: str) -> bool:
    """Whether an environment's code comes with this package or with bfcl-eval."""
    return source in SHIPPED or source == "bfcl" or source.startswith("bfcl:")


def _by_turn(record: Mapping[str, Any], space: SimulationSpace) -> Iterator[list[Difference]]:
    """Until a state is not the stored one."""
    drawn = record["scenario"]
    scenario = Scenario(drawn["seed"], drawn["clock"], drawn["states"])
    with space.session(scenario) as session:
        before = session.state()
        for turn in record["turns"]:
            versions = {name: session.version(name) for name in before}
            faults = Faults(Fault(**fault) for fault in turn.get("recovery", {}).get("faults", ()))
            for step in turn["steps"]:
                for call in step["calls"]:
                    faults.call(session, call["name"], call["arguments"])
            if session.state_hash() != turn["state_hash"]:
                return
            if all(session.version(name) == version for name, version in versions.items()):
                yield []
                continue
            after = session.state()
            yield [_short(change) for _, change in zip(range(MOST), between(before, after), strict=False)]
            before = after


def between(before: Any, after: Any, path: str = "") -> Iterator[Difference]:
    """The places where two JSON values differ; an item put into a list is one difference, not all that follow it."""
    if isinstance(before, dict) and isinstance(after, dict):
        for key in [*before, *(key for key in after if key not in before)]:
            place = f"{path}.{key}" if path else str(key)
            if key not in after:
                yield [place, before[key]]
            elif key not in before:
                yield [place, None, after[key], 1]
            else:
                yield from between(before[key], after[key], place)
    elif isinstance(before, list) and isinstance(after, list):
        yield from _lists(before, after, path)
    elif type(before) is not type(after) or before != after:
        yield [path, before, after]


def _lists(before: list[Any], after: list[Any], path: str) -> Iterator[Difference]:
    if len(before) == len(after):
        for number, pair in enumerate(zip(before, after, strict=True)):
            yield from between(*pair, f"{path}[{number}]")
        return
    shorter = min(len(before), len(after))
    start = next((i for i in range(shorter) if before[i] != after[i]), shorter)
    rest = shorter - start
    end = next((i for i in range(rest) if before[-1 - i] != after[-1 - i]), rest)
    gone, new = before[start : len(before) - end], after[start : len(after) - end]
    yield from ([f"{path}[{start + number}]", item] for number, item in enumerate(gone))
    yield from ([f"{path}[{start + number}]", None, item, 1] for number, item in enumerate(new))


def _short(change: Difference) -> Difference:
    return [change[0], *(_cut(value) for value in change[1:3]), *change[3:]]


def _cut(value: Any) -> Any:
    text = orjson.dumps(value)
    return value if len(text) <= LONGEST else f"{text[:LONGEST].decode(errors='replace')}…"
