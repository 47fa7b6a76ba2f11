"""The one verdict: did an attempt end in the truth's state, and obtain what was needed?

Used by Phase III, the reward, the evaluation and ``check``. An attempt passes when

- its state equals the truth's, field by field as the environments declare, up to the names of ids that
  were newly made (a booking's number may differ when the booking is the same);
- every needed output value (one that feeds a later argument, or the answer) was obtained by some call;
- for a turn with an empty truth: no call was made.

Another order, an extra look-up, a reworded message pass. Exact match is reported, not required.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from funreason_plugin.environments.environment import Environment
from funreason_plugin.environments.session import Session
from funreason_plugin.environments.space import SimulationSpace
from funreason_plugin.environments.state import canonical, differences, rules, whole, without
from funreason_plugin.trajectory import Needed

MAX_REASONS = 20


@dataclass(frozen=True, slots=True)
class Outcome:
    """Where a turn's calls led: the state by environment, ids made on the way, and the outputs so far.

    ``outputs`` are those of the turn and of earlier turns; ``calls`` the (name, arguments) of this turn.
    """

    state: Mapping[str, Any]
    generated: Sequence[str]
    outputs: Sequence[Any]
    calls: Sequence[tuple[str, Mapping[str, Any]]]

    @classmethod
    def of(
        cls, session: Session, outputs: Sequence[Any], calls: Sequence[tuple[str, Mapping[str, Any]]]
    ) -> Outcome:
        """The outcome of a session as it stands now (the state is copied)."""
        return cls(session.state(), tuple(session.generated), tuple(outputs), tuple(calls))


@dataclass(frozen=True, slots=True)
class Verdict:
    """``passed``, why not, and whether the calls were the truth's to the letter."""

    passed: bool
    reasons: list[str] = field(default_factory=list)
    state_equal: bool = True
    missing: list[Needed] = field(default_factory=list)
    exact_match: bool = False


def judge(
    space: SimulationSpace,
    truth: Outcome,
    attempt: Outcome,
    needed: Sequence[Needed] = (),
    obtained: Obtained | None = None,
) -> Verdict:
    """Judge an attempt against the truth of one turn.

    Args:
        space: The environments, which say what makes two states equal.
        truth: Outcome of the truth's calls, from the same start.
        attempt: Outcome of the attempt's calls.
        needed: Output values that had to be obtained.
        obtained: What the attempt's outputs hold, where that is known already.
    """
    exact = [*map(_call_key, truth.calls)] == [*map(_call_key, attempt.calls)]
    if not truth.calls and attempt.calls:
        name = attempt.calls[0][0]
        return Verdict(False, [f"nothing was to be called in this turn, but {name} was"], exact_match=False)
    renamed = _renaming(space, truth, attempt)
    found = _state_differences(space.environments, truth.state, attempt.state, renamed)
    reasons = list(islice(found, MAX_REASONS))
    state_equal = not reasons
    missing = (obtained or Obtained(attempt.outputs)).missing(needed, renamed)
    reasons += [f"the value of {item.field or 'the output'} was never obtained" for item in missing]
    return Verdict(not reasons, reasons[:MAX_REASONS], state_equal, missing, exact)


def _call_key(call: tuple[str, Mapping[str, Any]]) -> bytes:
    return canonical([call[0], call[1]])


def _state_differences(
    environments: Mapping[str, type[Environment]],
    truth: Mapping[str, Any],
    attempt: Mapping[str, Any],
    renamed: Mapping[str, str],
) -> Iterator[str]:
    for name, cls in environments.items():
        left, right = truth.get(name), attempt.get(name)
        if left == right and not renamed:
            continue
        tree = rules(cls.equality, name)
        if renamed:
            left = _rename(left, renamed)
        for difference in differences(left, right, tree):
            yield f"{name}: {difference}"


# -- needed outputs ---------------------------------------------------------------------------------------


class Obtained:
    """What outputs hold: `missing` says which needed values are not in them. Each output is looked through once, when
    it is first needed."""

    def __init__(self, outputs: Iterable[Any] = ()) -> None:
        self._outputs = list(outputs)
        self._indexed = 0
        self._texts: set[str] = set()
        # Numbers, true, false, null: the names of the fields that they stand in.
        self._others: dict[Any, set[str]] = {}

    def add(self, output: Any) -> None:
        """One more output."""
        self._outputs.append(output)

    def missing(self, needed: Sequence[Needed], renamed: Mapping[str, str] | None = None) -> list[Needed]:
        """The needed values that no output holds; ``renamed`` are new ids of the truth by the attempt's name."""
        if not needed:
            return []
        self._index()
        return [item for item in needed if not self._has(item, renamed or {})]

    def _index(self) -> None:
        waiting: list[tuple[str, Any]] = [("", output) for output in self._outputs[self._indexed :]]
        self._indexed = len(self._outputs)
        while waiting:
            name, value = waiting.pop()
            if isinstance(value, str):
                self._texts.add(value)
            elif isinstance(value, dict):
                waiting.extend((_last(key), item) for key, item in value.items())
            elif isinstance(value, list):
                waiting.extend((name, item) for item in value)
            else:
                self._others.setdefault((isinstance(value, bool), value), set()).add(name)

    def _has(self, item: Needed, renamed: Mapping[str, str]) -> bool:
        value = renamed.get(item.value, item.value) if isinstance(item.value, str) else item.value
        if isinstance(value, str):
            return value in self._texts
        if isinstance(value, (dict, list)):
            packed = canonical(value)
            # Python's == alone takes true for 1.
            return any(
                part == value and canonical(part) == packed
                for output in self._outputs
                for part in _parts(output)
            )
        names = self._others.get((isinstance(value, bool), value), set())
        return bool(names) and (not _weak(value) or _last(item.field) in names)


def _weak(value: Any) -> bool:
    """A bare true, null or small number occurs everywhere: it counts only in a field of the same name."""
    return value is None or isinstance(value, bool) or (isinstance(value, (int, float)) and abs(value) < 1000)


def _last(path: str) -> str:
    return path.rsplit(".", 1)[-1].split("[", 1)[0]


def leaves_of(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """The scalars of JSON data with their concrete paths ("flights[2].price")."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from leaves_of(item, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from leaves_of(item, f"{path}[{index}]")
    else:
        yield path, value


def _parts(value: Any) -> Iterator[Any]:
    """The objects and lists in JSON data, itself included."""
    waiting = [value]
    while waiting:
        part = waiting.pop()
        yield part
        if isinstance(part, (dict, list)):
            children = part.values() if isinstance(part, dict) else part
            waiting.extend(child for child in children if isinstance(child, (dict, list)))


# -- ids that were newly made -----------------------------------------------------------------------------


def _renaming(space: SimulationSpace, truth: Outcome, attempt: Outcome) -> dict[str, str]:
    """Which new id of the truth is which of the attempt: those that stand in the same contexts.

    Ids get colours, refined by everything that surrounds them in the state (Weisfeiler-Leman on the
    state's tree); two ids are the same when their colours are. Empty when the new ids agree anyway.
    """
    mine, theirs = set(truth.generated), set(attempt.generated)
    if mine == theirs or not mine or not theirs:
        return {}
    left = _colours(space, truth.state, mine)
    right = _colours(space, attempt.state, theirs)
    result: dict[str, str] = {}
    free = sorted(right, key=lambda name: (right[name], name))
    for name in sorted(left, key=lambda name: (left[name], name not in theirs, name)):
        same = [other for other in free if right[other] == left[name]]
        chosen = name if name in same else same[0] if same else None
        if chosen is not None:
            free.remove(chosen)
            if chosen != name:
                result[name] = chosen
    return result


def _colours(space: SimulationSpace, state: Mapping[str, Any], ids: set[str]) -> dict[str, str]:
    colours = {name: name.rstrip("0123456789") for name in ids}
    views = [
        whole(without(state.get(name), rules(cls.equality, name), ("volatile", "ignored", "text")))
        for name, cls in space.environments.items()
    ]
    for _ in range(2):
        seen: dict[str, list[str]] = {name: [] for name in ids}
        for view in views:
            _contexts(view, "", ids, colours, seen)
        colours = {
            name: hashlib.sha256("\n".join([colours[name], *sorted(seen[name])]).encode()).hexdigest()
            for name in ids
        }
    return colours


def _contexts(
    value: Any, path: str, ids: set[str], colours: Mapping[str, str], seen: dict[str, list[str]]
) -> None:
    if isinstance(value, dict):
        for key, item in value.items():
            if key in ids:
                seen[key].append(f"{path}.* {canonical(_rename(item, colours)).decode()}")
            _contexts(item, f"{path}.{'*' if key in ids else key}", ids, colours, seen)
        found = [item for item in value.values() if isinstance(item, str) and item in ids]
        for item in found:
            seen[item].append(f"{path} {canonical(_rename(value, colours)).decode()}")
    elif isinstance(value, list):
        for item in value:
            if isinstance(item, str) and item in ids:
                seen[item].append(f"{path}[]")
            _contexts(item, f"{path}[]", ids, colours, seen)


def _rename(value: Any, names: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return names.get(value, value)
    if isinstance(value, dict):
        return {names.get(key, key): _rename(item, names) for key, item in value.items()}
    if isinstance(value, list):
        return [_rename(item, names) for item in value]
    return value
