"""One stored trajectory under inspection: parse, bookkeeping, scenario, replay, acceptance, made again."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import orjson

from funreason_plugin import __version__
from funreason_plugin.checks.acceptance import review_trajectory
from funreason_plugin.checks.duplicates import Content, Sketch, parse_level
from funreason_plugin.checks.follow_up_replay import undone
from funreason_plugin.checks.records import bookkeeping
from funreason_plugin.checks.replay import (
    changed_environments,
    compare,
    differences,
    scenario_differences,
    space_of,
)
from funreason_plugin.checks.variant_tools import at_hand
from funreason_plugin.environments.limits import Watch, is_error
from funreason_plugin.environments.space import SimulationSpace
from funreason_plugin.errors import UserError
from funreason_plugin.trajectory import Trajectory, certify, dumps, loads
from funreason_plugin.variant_config import OF_THE_WHOLE

MOST = 20
"""Differences named in one trajectory by one check."""


class Remade(Protocol):
    """A slot made again: its line, and the lines of its rejections."""

    line: bytes | None
    rejections: list[bytes]
    usage: dict[str, list[int]]


class CannotRemake(Exception):
    """A slot cannot be made again here, which says nothing about it: what a model replied is not at hand any more."""


class RemakerLike(Protocol):
    """Makes slots, and the tool graph they are drawn from, again; `synthesis.remake.Remaker` does.

    ``slot`` may raise `CannotRemake`: the slot is then not compared.
    """

    def graph(self) -> bytes | str: ...

    def slot(self, index: int, duplicates: Collection[int] = ()) -> Remade: ...


@dataclass(slots=True)
class Inspected:
    """What became of one line: problems as (place, what, check), and what the summary counts."""

    number: int
    problems: list[tuple[str, str, str]] = field(default_factory=list)
    sketch: Sketch | None = None
    """What it says and does, as the level of `config.duplicates` compares it."""
    split: str = ""
    turns: int = 0
    calls: int = 0
    tools: list[str] = field(default_factory=list)
    variants: list[str] = field(default_factory=list)
    attempt: int = 0
    replays: bool = False
    changed: bool = False
    remade: bool = False
    skipped: bool = False
    """It could not be made again."""
    usage: dict[str, list[int]] = field(default_factory=dict)


class Inspector:
    """Inspects lines of one folder; `run` is run.yaml as data."""

    def __init__(self, run: Mapping[str, Any], watch: Watch | None, remaker: RemakerLike | None) -> None:
        self._run = run
        self._watch = watch
        self._remaker = remaker

    def inspect(
        self, line: bytes, index: int, duplicates: Collection[int], rejections: Sequence[tuple[int, bytes]]
    ) -> Inspected:
        """A line of trajectories.jsonl, with the attempts at its slot that were duplicates or rejected."""
        result = Inspected(index + 1)
        try:
            trajectory = loads(line, "line")
        except UserError as error:
            result.problems.append(("", error.message.removeprefix("line: "), "unreadable"))
            return result
        calls = [call for turn in trajectory.turns for call in turn.calls()]
        result.sketch = Sketch(Content.of(trajectory.turns)).let_go(level_of(self._run))
        result.split, result.attempt = trajectory.split, trajectory.attempt
        result.turns, result.calls = len(trajectory.turns), len(calls)
        variants = {turn.variant for turn in trajectory.turns} - {"base"}
        result.variants = sorted(variants | (set(OF_THE_WHOLE) & set(trajectory.labels)))
        result.tools = sorted({call.name for call in calls if not is_error(call.output)})
        if dumps(trajectory) != line:
            result.problems.append(("", "the line is not written as this release writes it", "form"))
        self._against_environments(trajectory, index, result)
        for turn, name, reason in review_trajectory(trajectory):
            result.problems.append((f"turns[{turn}]", reason, name))
        if self._remaker is not None and not result.changed and of_this_release(self._run):
            self._against_settings(self._remaker, trajectory, index, duplicates, rejections, result)
        return result

    def _against_environments(self, trajectory: Trajectory, index: int, result: Inspected) -> None:
        space: SimulationSpace | None = None
        try:
            space = space_of(trajectory)
        except UserError as error:
            result.problems.append(("environments", error.message, "replay"))
        for where, what in bookkeeping(trajectory, self._run, index, space):
            result.problems.append((where, what, "bookkeeping"))
        if space is None:
            return
        for turn, name, reason in (*at_hand(trajectory, space), *undone(trajectory, space, self._watch)):
            result.problems.append((f"turns[{turn}]", reason, name))
        result.changed = bool(changed_environments(trajectory, space))
        try:
            found = list(differences(trajectory, space, self._watch))
        except UserError as error:
            result.problems.append(("scenario", error.message, "replay"))
            return
        result.replays = not found
        if not result.changed:  # a changed environment may well draw other scenarios
            found += scenario_differences(trajectory, space)
        for difference in found[:MOST]:
            result.problems.append((difference.where, _after_place(str(difference)), "replay"))

    def _against_settings(
        self,
        remaker: RemakerLike,
        trajectory: Trajectory,
        index: int,
        duplicates: Collection[int],
        rejections: Sequence[tuple[int, bytes]],
        result: Inspected,
    ) -> None:
        try:
            made = remaker.slot(index, duplicates)
        except CannotRemake:
            result.skipped = True
            return
        except UserError as error:
            result.problems.append(("", f"cannot be made again: {error.message}", "made_again"))
            return
        assert made.line is not None
        again = loads(made.line)
        # Another release of Python or of a library may make the same trajectory.
        again.versions, again.environments = trajectory.versions, trajectory.environments
        again.certificate = certify(again)
        result.remade, result.usage = True, made.usage
        left, right = orjson.loads(dumps(trajectory)), orjson.loads(dumps(again))
        for where, what in _named(left, right, ""):
            result.problems.append((where, what, "made_again"))
        ours = [entry for entry in rejections if b'"duplicate"' not in entry[1]]
        for number in range(max(len(ours), len(made.rejections))):
            line, text = ours[number] if number < len(ours) else (ours[-1][0] if ours else 0, b"{}")
            drawn = orjson.loads(made.rejections[number]) if number < len(made.rejections) else {}
            for where, what in _named(orjson.loads(text), drawn, ""):
                place = f"rejected.jsonl:{line}: {where}"
                result.problems.append((place, what, "made_again"))


def level_of(run: Mapping[str, Any]) -> str:
    """Which repetitions the run made anew: ``config.duplicates``."""
    level = run.get("config", {}).get("duplicates", "exact")
    try:
        parse_level(level)
    except (TypeError, ValueError):
        return "exact"  # what is wrong with the configuration is said elsewhere
    return str(level)


def of_this_release(run: Mapping[str, Any]) -> bool:
    """Whether this release of the package made the data: another may draw other samples from the same seed."""
    return bool(run.get("versions", {}).get("funreason_plugin", __version__) == __version__)


def _named(stored: Any, drawn: Any, where: str) -> Iterator[tuple[str, str]]:
    for number, difference in enumerate(compare(stored, drawn, where, "seed and settings")):
        if number == MOST:
            return
        yield difference.where, _after_place(str(difference))


def _after_place(text: str) -> str:
    return text.split(": ", 1)[1]
