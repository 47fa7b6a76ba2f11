"""Rules on turns in which something goes wrong on purpose: it happens, it is noticed, nothing is taken from it, and it is
mended."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from funreason_plugin.checks.evidence import Evidence
from funreason_plugin.checks.grounding import ungrounded
from funreason_plugin.checks.rules import rule
from funreason_plugin.checks.setbacks import answers_other, is_broken, is_temporary, nothing_found
from funreason_plugin.checks.trace_rules import same
from funreason_plugin.checks.turns import AnyCall, TurnView, value_at
from funreason_plugin.environments.limits import is_error
from funreason_plugin.faults import Fault, Recovery, met
from funreason_plugin.trajectory import Call, Turn, faults_of

__all__ = ["RECOVERY", "known"]

RECOVERY = "error_recovery"


def known(turns: Sequence[Turn]) -> list[Any]:
    """The outputs of earlier turns, without what faults gave."""
    return [call.output for turn in turns for call, faulty in _calls(turn) if not faulty]


def _calls(turn: Turn) -> Iterator[tuple[Call, bool]]:
    calls = turn.calls()
    yield from zip(calls, met(faults_of(turn), calls), strict=True)


@rule("unfit_recovery", "attempt", "what goes wrong is of the kind that the turn says, and comes to an end")
def unfit_recovery(view: TurnView) -> str | None:
    recovery = view.recovery
    if recovery is None:
        return (
            f"variant {view.variant!r}, but nothing says what goes wrong"
            if view.variant == RECOVERY
            else None
        )
    if view.variant != RECOVERY:
        return f"something goes wrong, but the variant is {view.variant!r}"
    own = recovery.kind == "own_mistake"
    if bool(recovery.mistakes) is not own or bool(recovery.faults) is own:
        return f"a turn of kind {recovery.kind!r} has {'mistakes and no faults' if own else 'faults and no mistakes'}"
    for fault in recovery.faults:
        if fault.tool not in view.tools or (fault.until and fault.until not in view.tools):
            return f"{fault.tool if fault.tool not in view.tools else fault.until} is not offered"
        if (fault.times < 1) is not bool(fault.until):
            return f"the fault of {fault.tool} has no end, or two: times {fault.times}, until {fault.until!r}"
    for number, (call, faulty) in enumerate(zip(view.calls, view.faulty, strict=True)):
        if faulty and not _fits(recovery, call, view, number):
            return f"the response of {call.name} is not evidently of kind {recovery.kind!r}"
    return None


def _fits(recovery: Recovery, call: AnyCall, view: TurnView, number: int) -> bool:
    if recovery.kind == "transient":
        return is_temporary(call.output)
    if recovery.kind == "empty":
        return nothing_found(call.output, call.arguments)
    if recovery.kind == "precondition":
        return is_error(call.output) or any(fault.until == call.name for fault in recovery.faults)
    before = [other.output for other, f in zip(view.calls[:number], view.faulty, strict=False) if not f]
    return is_broken(call.output) or (
        answers_other(call.arguments, call.output, [*known(view.earlier), *before]) is not None
    )


@rule("fault_not_met", "attempt", "a call of the turn meets the fault")
def fault_not_met(view: TurnView) -> str | None:
    if view.recovery is None or not view.recovery.faults or any(view.faulty):
        return None
    return f"no call meets the fault of {view.recovery.faults[0].tool}"


@rule(
    "not_recovered",
    "attempt",
    "what went wrong is mended: after it, a call of the turn succeeds in its place",
)
def not_recovered(view: TurnView) -> str | None:
    recovery = view.recovery
    if recovery is None:
        return None
    wrong = [
        number
        for number, faulty in enumerate(view.faulty)
        if faulty and not _stands_in(recovery, view.calls[number])
    ]
    wrong += [number for number, step in enumerate(view.step_of) if step in recovery.mistakes]
    for number in wrong:
        call = view.calls[number]
        later = [
            other
            for other, faulty in zip(view.calls[number + 1 :], view.faulty[number + 1 :], strict=True)
            if not is_error(other.output) and (not faulty or _stands_in(recovery, other))
        ]
        if recovery.kind in ("wrong_response", "empty"):
            mended = any(
                not nothing_found(other.output, other.arguments) or other.name == call.name for other in later
            )
        else:
            mended = any(other.name == call.name for other in later)
        if not mended:
            return f"after {call.name} went wrong, nothing succeeds in its place"
        fault = _fault(recovery, call)
        if fault is not None and fault.until and not any(other.name == fault.until for other in later):
            return f"{fault.until} is not done again after {call.name} failed"
    return None


def _fault(recovery: Recovery, call: AnyCall) -> Fault | None:
    return next((fault for fault in recovery.faults if fault.tool == call.name), None)


def _stands_in(recovery: Recovery, call: AnyCall) -> bool:
    """Whether a fault's output is that of a step which is done again, not of what went wrong."""
    return recovery.kind == "precondition" and not is_error(call.output)


@rule("mistake_took_effect", "attempt", "a step that is a mistake fails, every call of it")
def mistake_took_effect(view: TurnView) -> str | None:
    for place in view.recovery.mistakes if view.recovery is not None else ():
        if not 0 <= place < len(view.steps):
            return f"step {place}, a mistake, is not there"
        for call in view.steps[place]:
            if not is_error(call.output):
                return f"{call.name} in step {place} is called a mistake, but succeeded"
    return None


@rule("wrong_response_used", "attempt", "nothing is taken from a response that a fault gave")
def wrong_response_used(view: TurnView) -> str | None:
    wrong = {view.number: {number for number, faulty in enumerate(view.faulty) if faulty}}
    wrong |= {
        number: {place for place, (_, faulty) in enumerate(_calls(turn)) if faulty}
        for number, turn in enumerate(view.earlier)
        if faults_of(turn)
    }
    if not any(wrong.values()):
        return None
    for origin in view.origins:
        source = origin.provenance
        if (
            source is not None
            and source.source == "output"
            and source.call in wrong.get(source.turn or 0, ())
        ):
            return f"{origin.place} is taken from what a fault gave"
    sound = [call.output for call, faulty in zip(view.calls, view.faulty, strict=True) if not faulty]
    for item in view.needed:
        found = any(same(value_at(call.output, item.field), item.value) for call in view.calls)
        if found and not any(same(value_at(output, item.field), item.value) for output in sound):
            return f"{item.field or 'the output'} = {item.value!r} is only in what a fault gave"
    said_elsewhere = ungrounded(view.answer, _sound_evidence(view))
    if said_elsewhere and not ungrounded(view.answer, view.evidence):
        return f"{said_elsewhere[0]} in the answer is only in what a fault gave"
    return None


def _sound_evidence(view: TurnView) -> Evidence:
    """What is known by the end of the turn, without what faults gave."""
    evidence = Evidence()
    if view.system:
        evidence.add_text(view.system)
    for turn in view.earlier:
        evidence.add_text(turn.query)
        for call, faulty in _calls(turn):
            if not faulty:
                evidence.add_json(call.output)
        evidence.add_text(turn.answer)
    evidence.add_text(view.query)
    for other, faulty in zip(view.calls, view.faulty, strict=True):
        evidence.add_json(other.arguments)
        if not faulty:
            evidence.add_json(other.output)
    return evidence


@rule("unnoticed_fault", "attempt", "the thought after something went wrong says so")
def unnoticed_fault(view: TurnView) -> str | None:
    recovery = view.recovery
    if recovery is None:
        return None
    steps = {step for step, faulty in zip(view.step_of, view.faulty, strict=True) if faulty} | set(
        recovery.mistakes
    )
    for step in sorted(steps):
        if step + 1 >= len(view.thoughts) or all(_stands_in(recovery, call) for call in view.steps[step]):
            continue
        if not _NOTICED.search((view.thoughts[step + 1] or "").casefold()):
            return f"the thought after step {step} does not say that something went wrong"
    return None


_NOTICED = re.compile(
    r"\b(?:wrong\w*|error|fail\w*|refus\w*|reject\w*|again|once more|another (?:time|go|try)|second time|retry|repeat\w*|"
    r"mistak\w*|mistyp\w*|typo|forgot\w*|left out|missing|empty|nothing|no (?:values?|result|entries|content|data|matches)|"
    r"incomplete|truncat\w*|cut (?:off|short)|breaks? off|malformed|corrupt\w*|garbled|broken|faulty|invalid|null|"
    r"instead of|mismatch|(?:does|did)n['’]t (?:match|work|fit)|can['’]t be|isn['’]t (?:the|what|right|it)|not (?:what|the) |"
    r"different|unexpected\w*|odd|strange|suspicious|discard\w*|ignor\w*|expired|no longer|lapsed|temporar\w*|timed? ?out|"
    r"unavailable|premature\w*|too (?:early|quick|soon)|fragment|in mid\S*|surpris\w*|contradict\w*|about something else)"
)
