"""Rules on abstentions: turns in which nothing is to be called, because a tool or a value is missing.

What a trajectory alone shows is asked here; what the environments' own declarations show, in `variant_tools`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from funreason_plugin.checks.closeness import about_the_same, substitutes
from funreason_plugin.checks.rules import rule
from funreason_plugin.checks.trace_rules import same
from funreason_plugin.checks.turns import (
    ABSTENTIONS,
    COMPLETED_LATER,
    AnyCall,
    TurnView,
    leaves,
    said,
    value_at,
)
from funreason_plugin.checks.wording import stem
from funreason_plugin.environments.limits import is_error
from funreason_plugin.trajectory import AbstentionTurn, Lack, Trajectory, Turn, offered_late

__all__ = ["incomplete"]


@rule("called_anyway", "attempt", "a turn that lacks a tool or a value has no call and needs no output")
def called_anyway(view: TurnView) -> str | None:
    if view.lack is None:
        return f"variant {view.variant!r}, but nothing says what is missing" if _abstains(view) else None
    if not _abstains(view):
        return f"something is missing, but the variant is {view.variant!r}"
    if view.calls:
        return f"{view.calls[0].name} was called, although {_missing(view.lack)} is missing"
    return "it needs an output" if view.needed else None


def _abstains(view: TurnView) -> bool:
    return view.variant in ABSTENTIONS


@rule("silent_abstention", "attempt", "the answer says that it cannot be done, or asks for the missing value")
def silent_abstention(view: TurnView) -> str | None:
    if view.lack is None:
        return None
    answer = view.answer.casefold()
    if view.variant != "miss_param":
        return None if _CANNOT.search(answer) else "the answer does not say that it cannot be done"
    if not ("?" in answer or _ASKS.search(answer)):
        return f"the answer does not ask for {view.lack.parameter}"
    about = _about(view.lack, view.tools)
    if not about & said(view.answer).stems:
        return f"the answer does not speak of {view.lack.parameter}"
    return None


_CANNOT = re.compile(
    r"\b(?:can['’]?t|cannot|can not|unable|not able|not possible|impossible|not available|unavailable|"
    r"(?:no|none|nothing|neither|not any|isn['’]t any|don['’]t have|do not have|have no|lack|lacks|lacking|missing|without)\b"
    r"|(?:isn['’]t|aren['’]t|not) (?:something|one|among|part|within|equipped|set up|covered)|out of (?:my )?reach|beyond|"
    r"outside (?:of )?(?:what|my)|afraid)"
)
_ASKS = re.compile(
    r"\b(?:please|tell me|let me know|give me|could you|would you|can you|i need|i['’]d need|need to know)\b"
)


def _about(lack: Lack, tools: Mapping[str, Mapping[str, Any]]) -> set[str]:
    """Stems of the words that a question for the parameter may use: its name's and its description's."""
    schema = tools.get(lack.tools[0], {}).get("properties", {}).get(lack.parameter, {})
    words = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", lack.parameter)
    words += re.findall(r"[A-Za-z]{4,}", str(schema.get("description", "")))
    words += [str(choice) for choice in schema.get("enum", ())]
    if schema.get("format") == "date" or "YYYY-MM-DD" in str(schema.get("description", "")):
        words += ["date", "day", "when"]
    if schema.get("type") in ("integer", "number"):
        words += ["many", "much", "number", "amount", "long"]
    return {stem(word.casefold()) for word in words} | {"text", "say", "writ"}


@rule("tool_at_hand", "attempt", "no tool that is offered does what the turn is said to lack a tool for")
def tool_at_hand(view: TurnView) -> str | None:
    lack = view.lack
    if lack is None or view.variant == "miss_param":
        return None
    if not lack.tools:
        return "no tool is named that it lacks"
    for name in lack.tools:
        if name in view.tools:
            return f"{name} is offered in this turn"
    if view.variant == "miss_func":
        near = substitutes(lack.tools[0], view.tools)
    else:
        near = [other for name in lack.tools for other in about_the_same(name, view.tools)]
    return f"{near[0]} is offered, and may do what {lack.tools[0]} does" if near else None


@rule(
    "value_at_hand",
    "attempt",
    "the value that a turn lacks is required, and was neither said nor shown before",
)
def value_at_hand(view: TurnView) -> str | None:
    if view.lack is not None and view.variant == "miss_param":
        return _not_required(view.lack, view.tools)
    before = _completed(view)
    if before is None or before.variant != "miss_param":
        return None
    call = next((call for call in view.calls if call.name == before.lack.tools[0]), None)
    if call is None:
        return None  # "not_completed" says so
    value, name = value_at(call.arguments, before.lack.parameter), before.lack.parameter
    for number, turn in enumerate(view.earlier):
        if said(turn.query).reads(value, name) or said(turn.answer).reads(value, name):
            return f"{call.name}.{name} = {value!r} was said in turn {number}"
    for number, turn in enumerate(view.earlier):
        for made in turn.calls():
            if any(same(leaf, value) for _, leaf in leaves(made.output, "")) and not _counts(value):
                return f"{call.name}.{name} = {value!r} is in the output of {made.name} in turn {number}"
    return None


def _counts(value: Any) -> bool:
    """Small numbers are everywhere, and prove nothing about an output."""
    return isinstance(value, (int, float)) and abs(value) < 100


def _not_required(lack: Lack, tools: Mapping[str, Mapping[str, Any]]) -> str | None:
    name = lack.tools[0] if lack.tools else ""
    schema = tools.get(name)
    if schema is None:
        return f"{name or 'no tool'} lacks a value, but is not offered"
    if lack.parameter not in schema.get("required", ()):
        return f"{name} does not require {lack.parameter!r}"
    return None


@rule("not_completed", "attempt", "a request that lacked a tool or a value is completed in the next turn")
def not_completed(view: TurnView) -> str | None:
    before = _completed(view)
    if before is None:
        return None
    lack = before.lack
    calls: list[AnyCall] = [
        call for call in view.calls if call.name == lack.tools[0] and not is_error(call.output)
    ]
    if not calls:
        return f"{lack.tools[0]}, which the turn before lacked, is not called with success"
    if before.variant == "miss_param":
        origin = calls[0].provenance.get(lack.parameter)
        if origin is None or origin.source != "query":
            return (
                f"{lack.tools[0]}.{lack.parameter}, which the turn before lacked, is not taken from the query"
            )
    return None


def _completed(view: TurnView) -> AbstentionTurn | None:
    """The turn before, where this one is to complete it."""
    before: Turn | None = view.earlier[-1] if view.earlier else None
    return before if isinstance(before, AbstentionTurn) and before.variant in COMPLETED_LATER else None


def incomplete(trajectory: Trajectory) -> Iterator[tuple[int, str, str]]:
    """What no single turn shows: an abstention at the end that a later turn was to complete, tools that never come.
    (turn, rule, reason)."""
    last = trajectory.turns[-1] if trajectory.turns else None
    if isinstance(last, AbstentionTurn) and last.variant in COMPLETED_LATER:
        place = len(trajectory.turns) - 1
        yield place, "not_completed", "the conversation ends before the request is completed"
    names = {tool["function"]["name"] for tool in trajectory.tools}
    for number, late in offered_late(trajectory.turns).items():
        for name in late:
            if name not in names:
                yield number - 1, "not_completed", f"{name} is withheld, and never offered"


def _missing(lack: Lack) -> str:
    return lack.parameter or (lack.tools[0] if lack.tools else "a tool")
