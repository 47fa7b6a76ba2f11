"""Rules on the solution: thoughts that lead to the calls and speak of nothing else, a grounded answer."""

from __future__ import annotations

import re
from typing import Any

from funreason_plugin.checks.grounding import ungrounded
from funreason_plugin.checks.rules import rule
from funreason_plugin.checks.trace_rules import same
from funreason_plugin.checks.turns import ABSTENTIONS, Origin, TurnView, said, value_at
from funreason_plugin.checks.wording import contains
from funreason_plugin.environments.limits import is_error

THOUGHT_CHARACTERS = 6000
ANSWER_CHARACTERS = 8000


@rule("missing_thought", "attempt", "every response has a thought of bounded length")
def missing_thought(view: TurnView) -> str | None:
    for number, thought in enumerate(view.thoughts):
        length = len((thought or "").strip())
        if not length:
            return f"{_response(view, number)} has no thought"
        if length > THOUGHT_CHARACTERS:
            return f"the thought of {_response(view, number)} has {length} characters"
    return None


@rule("forbidden_phrase", "attempt", "no thought and no answer speaks of how the sample was made")
def forbidden_phrase(view: TurnView) -> str | None:
    text = "\n".join([*(thought or "" for thought in view.thoughts), view.answer])
    if view.advanced_tool and view.advanced_tool not in view.tools and view.advanced_tool in text:
        return f"the advanced tool {view.advanced_tool} is named"
    folded = text.casefold()
    for suspicious, pattern in ((_SUSPICIOUS, _FORBIDDEN), (_GUIDES, _GUIDED)):
        if not any(word in folded for word in suspicious):
            continue  # the pattern alone is slow
        for found in pattern.finditer(folded):
            if not contains(view.said.folded, found[0]) and not view.evidence.has_folded(
                found[0], len(view.evidence)
            ):
                return f"{found[0]!r} in {_short(folded[max(found.start() - 20, 0) :])}"
    return None


_FORBIDDEN = re.compile(
    r"\b(?:ground[ -]?truth|hint(?:s|ed)?|advanced[ _]tools?|(?:output|required|expected|answer)[ -]format|"
    r"format (?:says|requires|demands|instructions?)|reference (?:solution|answer|trajectory|calls?)|"
    r"(?:expected|correct|gold) (?:calls?|solution|trajectory|answer|output|state|sequence|steps|plan)|golden|"
    r"(?:previous|earlier|last|first|prior) attempts?|(?:previous|earlier|prior) (?:try|tries)|"
    r"critiques?|critic|criticism|"
    r"(?:the|this|system|my) prompt|as (?:i was )?(?:instructed|advised)|training data|synthetic|synthesis|"
    r"simulat(?:ed|ion)|language model|an ai|verdict|validator|the (?:teacher|sampler|trace|noise|persona)|"
    r"graders?|rubric|test cases?|target tool|primitive (?:tools?|calls?)|(?:hidden|secret|internal) instructions?|"
    r"(?:my|your) eyes only)\b"
)
_SUSPICIOUS = (
    *("truth", "hint", "advanced", "format", "reference", "expected", "correct", "gold", "attempt", "criti"),
    *("prompt", "instructed", "training data", "synthe", "simulat", "model", "an ai", "verdict", "validator"),
    *("the teacher", "the sampler", "the trace", "the noise", "the persona", "as advised", "was advised"),
    *(
        "grader",
        "rubric",
        "test case",
        "target tool",
        "primitive",
        "hidden",
        "secret",
        "internal",
        "eyes only",
    ),
    *("earlier tr", "previous tr", "prior "),
)
# What was to lead the agent, under the names that models give it; plain words, so only where they speak of guidance.
_GUIDE = r"(?:notes|plan|outline|solution|advice|guidance|guidelines|walkthrough|instructions|steps|sequence|approach)"
_GUIDED = re.compile(
    r"\b(?:private[ _]notes?|my notes|"
    rf"(?:provided|given|suggested|prescribed|supplied|intended|recommended) (?:tool |call |solution )?{_GUIDE}|"
    rf"according to (?:the|my|these|this|those) {_GUIDE}|"
    rf"(?:as per|per|following|follow|followed|stick to|sticking to|execute) (?:the|my|these|this|those) {_GUIDE}|"
    rf"(?:the|my|these|this|those) {_GUIDE} (?:also |already |clearly |explicitly )?(?:says?|suggests?|tells?|told|mentions?|"
    r"mentioned|indicates?|specif(?:y|ies)|recommends?|requires?|states?|calls? for|describes?|shows?|outlines?|instructs?|"
    r"dictates?|wants?|lists?|advises?|warns?|points?|makes? clear|involves?)|"
    rf"(?:in|from|by) (?:the|my|these|this|those) (?:notes|solution|guidance|walkthrough)|the solution['’]s|"
    rf"(?:steps?|calls?|line) \d+ (?:of|in|from) (?:the|my|this) {_GUIDE}|"
    rf"(?:mention|quote|reveal|speak of|refer to|talk about) (?:the|my|these|this|any|those) {_GUIDE})(?!\w)"
)
_GUIDES = (
    *("notes", "private", "plan", "outline", "solution", "advice", "guid", "walkthrough", "instructions"),
    *("steps", "sequence", "approach"),
)


@rule("unfilled_text", "attempt", "no thought and no answer has a hole where a value belongs")
def unfilled_text(view: TurnView) -> str | None:
    for text in (*view.thoughts, view.answer):
        if not text or not any(sign in text for sign in _SIGNS):
            continue
        found = _UNFILLED.search(text)
        if (
            found
            and not contains(view.said.folded, found[0].casefold())
            and not view.evidence.quotes(found[0])
        ):
            return f"{found[0]!r} in {_short(text)}"
    return None


_SIGNS = ("{", "<", "None", "none", "null", "undefined", "NaN")
_UNFILLED = re.compile(
    r"\{[a-z_]+(?:\.[a-z_]+|\[\])*\}|<[a-z_]+>|<\d+: [^<>\n]{1,120}>|<[^<>\n]{1,120} in turn \d+(?:: [^<>\n]{1,120})?>|\bNone\b(?! of\b)|\bnull\b|\bundefined\b|\bNaN\b|"
    r"\b(?:named|called|titled) none\b|\b(?:whose|with) [a-z][\w ]{0,30}? none\b"
)


@rule("silent_thought", "attempt", "a thought mentions the arguments that decide its calls")
def silent_thought(view: TurnView) -> str | None:
    asked: dict[int, list[Origin]] = {}
    for origin in view.origins:
        provenance = origin.provenance
        if provenance is None or provenance.source == "default" or origin.step >= len(view.thoughts):
            continue
        if _is_decisive(origin.value):
            asked.setdefault(origin.number, []).append(origin)
    for origins in asked.values():
        thought = said(view.thoughts[origins[0].step] or "")
        found = [origin for origin in origins if thought.reads(origin.value, origin.parameter)]
        for origin in origins:
            assert origin.provenance is not None
            if origin.provenance.source == "output" and origin not in found:
                return (
                    f"the thought before {origin.call.name} does not mention {origin.path} = {origin.value!r}"
                )
        if not found:
            return f"the thought before {origins[0].call.name} mentions none of its arguments"
    return None


def _is_decisive(value: Any) -> bool:
    """Ids, names, numbers; not yes and no, nor whole lists and texts."""
    if isinstance(value, str):
        return 0 < len(value) <= 60
    return isinstance(value, (int, float)) and not isinstance(value, bool)


@rule("ungrounded_thought", "attempt", "every number, id and quotation in a thought is known by then")
def ungrounded_thought(view: TurnView) -> str | None:
    for number, thought in enumerate(view.thoughts):
        if thought:
            upto = view.known_before(number)
            # A dozen is counted freely in thought: two things to do, three calls.
            for token in ungrounded(thought, view.evidence, upto, view.tools, least_word=13):
                if not _is_documented(view, token):
                    return f"{token} in the thought of {_response(view, number)} comes from nowhere"
    return None


@rule("missing_answer", "attempt", "the turn ends with an answer of bounded length")
def missing_answer(view: TurnView) -> str | None:
    length = len(view.answer.strip())
    if not length:
        return "the answer is empty"
    return f"the answer has {length} characters" if length > ANSWER_CHARACTERS else None


@rule(
    "ungrounded_answer", "attempt", "every number, id and quotation in the answer is in an output or was said"
)
def ungrounded_answer(view: TurnView) -> str | None:
    found = ungrounded(view.answer, view.evidence)
    return f"{found[0]} in the answer comes from nowhere" if found else None


@rule("unresolved_error", "attempt", "after a call that fails, the same tool succeeds later in the turn")
def unresolved_error(view: TurnView) -> str | None:
    if view.variant not in ("base", "error_recovery", "follow_up", *ABSTENTIONS):
        return None  # other variants of a turn may end in an error on purpose
    succeeded: set[str] = set()
    for call in reversed(view.calls):
        if not is_error(call.output):
            succeeded.add(call.name)
        elif call.name not in succeeded:
            return f"{call.name} failed and was not called again with success: {_short(str(call.output['error']))}"
    return None


@rule("needed_not_obtained", "attempt", "every needed value is in an output of the conversation")
def needed_not_obtained(view: TurnView) -> str | None:
    if not view.needed:
        return None
    outputs = [call.output for call in view.calls]
    for item in view.needed:
        if any(same(value_at(output, item.field), item.value) for output in outputs):
            continue
        # Another solution than the truth's may have the value at another place.
        if view.exact_match or not _occurs(item.value, outputs, view):
            return f"{item.field or 'the output'} = {item.value!r} was not obtained"
    return None


def _occurs(value: Any, outputs: list[Any], view: TurnView) -> bool:
    earlier = [call.output for turn in view.earlier for call in turn.calls()]
    return any(_inside(value, output) for output in (*outputs, *earlier))


def _inside(value: Any, output: Any) -> bool:
    if same(value, output):
        return True
    if isinstance(output, dict):
        return any(_inside(value, item) for item in output.values())
    return isinstance(output, list) and any(_inside(value, item) for item in output)


@rule("control_text", "attempt", "no text, argument or output holds tags or tokens of the chat template")
def control_text(view: TurnView) -> str | None:
    for text in (view.query, *view.thoughts, view.answer, *view.evidence.texts()):
        found = _CONTROL.search(text or "")
        if found:
            return f"{found[0]} in {_short(text or '')}"
    return None


_CONTROL = re.compile(r"<\|[a-z_]+\|>|</?(?:think|tool_call|tool_response|tools)>", re.IGNORECASE)


def _is_documented(view: TurnView, token: str) -> bool:
    """A thought may also quote the descriptions, defaults and names of the tools."""
    bare = token.strip("\"'`“” .,")
    return bare in view.tools or any(bare in text and contains(text, bare) for text in view.documentation)


def _response(view: TurnView, number: int) -> str:
    return f"step {number}" if number < len(view.steps) else "the answer"


def _short(text: str) -> str:
    return repr(text if len(text) <= 60 else text[:57] + "…")
