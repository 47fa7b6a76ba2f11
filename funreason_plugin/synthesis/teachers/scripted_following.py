"""The scripted teacher in follow-ups: as A_Q it says only what is new, as A_R it goes back to the turn before."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache, partial
from random import Random
from typing import Any

from funreason_plugin.synthesis.plan import Plan, PlannedCall, Source, is_label
from funreason_plugin.synthesis.plan_text import read_plan
from funreason_plugin.synthesis.teachers import scripted_follow_up_frames as frames
from funreason_plugin.synthesis.teachers import scripted_words as english
from funreason_plugin.synthesis.teachers.scripted_abstaining import words_for
from funreason_plugin.synthesis.teachers.scripted_answers import LEADS
from funreason_plugin.synthesis.teachers.scripted_clauses import parse_clause
from funreason_plugin.synthesis.teachers.scripted_lexicon import Lexicon
from funreason_plugin.synthesis.teachers.scripted_naming import Past, named, place_of, record_entity
from funreason_plugin.synthesis.teachers.scripted_phrasing import Phrasing
from funreason_plugin.synthesis.teachers.scripted_querying import Draft, spoken_calls, write_query
from funreason_plugin.synthesis.teachers.scripted_reader import Reading, read_query
from funreason_plugin.synthesis.teachers.scripted_records import quote
from funreason_plugin.synthesis.teachers.scripted_values import value_from
from funreason_plugin.synthesis.teachers.scripted_view import View

__all__ = ["corrected_reading", "follow_up_query", "followed", "following_reading"]

_TABLES = {"change_of_mind": frames.CHANGED, "undo_part": frames.PART, "refer_back": frames.BACK}
TRIES = 12
"""Wordings of a correction that are drawn for one that reads back."""


def follow_up_query(
    material: Mapping[str, Any], values: Mapping[str, Any], lexicon: Lexicon, past: Past, rng: Random
) -> str:
    """A_Q's message."""
    follow = material["follow_up"]
    if follow["kind"] == "correct":
        return _correction(follow, values[follow["input"]], lexicon, material["noise"], rng)
    plan = read_plan(material["outline"])

    def draft(*given: Any) -> _FollowUp:
        return _FollowUp(*given, kind=follow["kind"])

    return write_query(
        plan, values, lexicon, material["noise"], past, rng, draft, partial(following_reading, follow=follow)
    )


class _FollowUp(Draft):
    """What takes something back, and what is wanted, in a frame of the kind."""

    def __init__(self, *given: Any, kind: str) -> None:
        super().__init__(*given)
        self.kind = kind

    def text(self) -> str:
        phrasing = self.phrasing(spoken := spoken_calls(self.plan, self.lexicon), ())
        undo = self.kind != "refer_back"
        clauses = [
            self._taking_back(phrasing) if undo and index == 0 else phrasing.clause(index) for index in spoken
        ]
        wanted = english.joined(clauses[1:] if undo else clauses, "and then")
        frame = self.rng.choice(_TABLES[self.kind])
        text = frame.format(u=clauses[0], U=english.capital(clauses[0]), c=wanted, C=english.capital(wanted))
        return " ".join(filter(None, [text, self.credentials()]))

    def _taking_back(self, phrasing: Phrasing) -> str:
        """ "cancel that stay", of a call that takes one thing. What takes more is not said anew where it is all that was
        done: "undo that"."""
        call = self.plan.calls[0]
        entry = self.lexicon[call.tool]
        clauses = [clause for clause in map(parse_clause, entry.asks) if clause.slots == call.given]
        name = call.given[0] if len(call.given) == 1 and clauses else ""
        what = _kind_of(call, name, self.lexicon) if name else ""
        source = call.arguments[name] if name else Source("value")
        value = self.past.said.get(place_of(source)) if source.kind == "said" else None
        if not what and not (name and isinstance(value, str)):
            return self.rng.choice(frames.TAKE_BACK) if self.kind == "change_of_mind" else phrasing.clause(0)
        # Of several things that were done, "that one" says too little of what the user named.
        spoken = isinstance(value, str) and (not what or self.kind == "undo_part")
        thing = str(value) if spoken else f"that {what}"
        if self.kind == "undo_part" and source.by == "equals" and is_label(source.key, what) and source.value:
            thing = named(what, str(source.value)) if self.rng.random() < 0.6 else thing
        return self.rng.choice(clauses).write({name: thing})


# -- corrections ------------------------------------------------------------------------------------------


def _correction(
    follow: Mapping[str, Any], value: Any, lexicon: Lexicon, noise: Mapping[str, str], rng: Random
) -> str:
    schema = lexicon[follow["tool"]].params[follow["parameter"]].schema
    words = words_for(follow["parameter"], schema)
    new, old = _shown(value, words), _bare(follow["was"])
    style, text = noise["style"], ""
    for _ in range(TRIES):
        named = english.is_noun(words) and rng.random() < 0.5
        body = rng.choice(frames.NAMED if named else frames.CORRECTED)
        body = body.format(w=words, v=_bare(value) if named else new, o=old)
        start = rng.choice(frames.STARTS[style]) if rng.random() < 0.75 else ""
        text = (
            f"{start} {body}" if start else english.capital(body) if not body.startswith((new, old)) else body
        )
        if rng.random() < 0.25:
            text += f" {rng.choice(frames.CLOSED[style])}"
        if _read(text, follow["parameter"], schema) == value:
            break
    return text


def _bare(value: Any) -> str:
    text = english.spoken(value)
    return quote(text) if isinstance(value, str) and _UNSAFE.search(text) else text


def _shown(value: Any, words: str) -> str:
    """ "3 nights" for a number of things."""
    if words.startswith("number of ") and isinstance(value, (int, float)):
        unit = words.removeprefix("number of ")
        return f"{english.spoken(value)} {english.singular(unit) if value == 1 else unit}"
    return _bare(value)


_UNSAFE = re.compile(
    r"[.,;()?!\"]|:\D|\A(?:the|it|that|just)\b|\b(?:not|instead|rather|but|when)\b", re.IGNORECASE
)


def _read(text: str, name: str, schema: Mapping[str, Any]) -> Any:
    words = words_for(name, schema)
    for pattern in _patterns(words):
        found = pattern.search(text)
        value = value_from(found["v"], schema, name) if found else None
        if value is not None:
            return value
    return None


@lru_cache(maxsize=256)
def _patterns(words: str) -> Sequence[re.Pattern[str]]:
    """The wordings of a correction, those with most words of their own first."""
    unit = words.removeprefix("number of ") if words.startswith("number of ") else ""
    after = rf"(?: (?:{re.escape(unit)}|{re.escape(english.singular(unit))}))?" if unit else ""
    texts = sorted((*frames.NAMED, *frames.CORRECTED), key=len, reverse=True)
    found = []
    for text in texts:
        written = re.escape(text.replace("{w}", words)).replace(r"\{v\}", rf"(?P<v>{_VALUE}){after}")
        written = written.replace(r"\{o\}", _VALUE)
        found.append(re.compile(rf"(?:\A|(?<=[,.:!?] )){written}(?=\s|\Z)", re.IGNORECASE | re.DOTALL))
    return found


_VALUE = r'(?:"[^"]*"|“[^”]*”|[^\s"“](?:(?![.,;!?](?:\s|\Z)).)*?)'


def following_reading(query: str, plan: Plan, lexicon: Lexicon, follow: Mapping[str, Any]) -> Reading:
    """What the query says, but for the call that takes something back: that is known from the turn before."""
    if follow["kind"] not in ("change_of_mind", "undo_part"):
        return read_query(query, plan, lexicon)
    rest = read_query(query, Plan(tuple(map(_one_less, plan.calls[1:]))), lexicon)
    about = {(index + 1, name): text for (index, name), text in rest.about.items()}
    for name, source in plan.calls[0].arguments.items():
        if source.by == "equals" and name in lexicon[plan.calls[0].tool].params:
            about[0, name] = f"that {_kind_of(plan.calls[0], name, lexicon) or 'one'}"
    return replace(rest, asked=[0, *(index + 1 for index in rest.asked)], about=about)


def _kind_of(call: PlannedCall, name: str, lexicon: Lexicon) -> str:
    """What to call the thing that a call takes: "stay"; "" where nothing says it."""
    source, entry = call.arguments[name], lexicon[call.tool]
    giver, param = lexicon.get(source.name), entry.params[name]
    if giver is not None and source.kind == "earlier":
        return record_entity(giver, source.field)
    return english.words(param.ref.entity) if param.ref is not None else ""


def _one_less(call: PlannedCall) -> PlannedCall:
    sources = {
        path: replace(source, call=source.call - 1) if source.kind == "output" else source
        for path, source in call.arguments.items()
    }
    return replace(call, arguments=sources)


def corrected_reading(view: View, lexicon: Lexicon) -> Reading:
    """What the correction says."""
    follow = view.material["follow_up"]
    schema = lexicon[follow["tool"]].params[follow["parameter"]].schema
    value = _read(view.query, follow["parameter"], schema)
    about = {
        (index, name): f"that {_kind_of(call, name, lexicon) or 'one'}"
        for index, call in enumerate(view.plan.calls)
        for name, source in call.arguments.items()
        if source.kind == "earlier" and source.by == "equals" and name in lexicon[call.tool].params
    }
    return Reading({follow["input"]: value} if value is not None else {}, about=about)


# -- thoughts and answers ---------------------------------------------------------------------------------


def followed(view: View, message: str, reading: Reading, lexicon: Lexicon, rng: Random) -> str:
    """A message of the turn: the first one goes back to the turn before, the last one says what has changed."""
    follow = view.material["follow_up"]
    value = _named(follow, reading, lexicon) if follow["kind"] == "correct" else ""
    if not view.steps:
        remark = rng.choice(frames.NOTED[follow["kind"]]).format(v=value)
        message = message.replace("<think>\n", f"<think>\n{remark} ", 1)
    message = message.replace(" they mention", " from before")
    thought, end, rest = message.partition("</think>\n")
    failed = not view.steps or any(made.failed for made in view.steps[-1])
    if not end or rest.startswith("<tool_call>") or failed:
        return message
    table = frames.REDONE if follow["kind"] == "correct" else frames.ANSWERED.get(follow["kind"])
    if table is None:
        return message
    rest = next((rest.removeprefix(lead).lstrip() for lead in LEADS if rest.startswith(f"{lead} ")), rest)
    return f"{thought}{end}{english.capital(rng.choice(table).format(v=value))} {rest}"


def _named(follow: Mapping[str, Any], reading: Reading, lexicon: Lexicon) -> str:
    """The new value with what it is: "the arrival date 2026-05-03", "3 nights"."""
    value = reading.values.get(follow["input"], "")
    words = words_for(follow["parameter"], lexicon[follow["tool"]].params[follow["parameter"]].schema)
    shown = _shown(value, words)
    return f"the {words} {shown}" if english.is_noun(words) and shown == _bare(value) else shown
