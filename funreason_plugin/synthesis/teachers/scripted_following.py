"""The scripted teacher in follow-ups: as A_Q it says only what is new, as A_R it goes back to the turn before."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from random import Random
from typing import Any

from funreason_plugin.synthesis.plan import Plan
from funreason_plugin.synthesis.plan_text import read_plan
from funreason_plugin.synthesis.teachers import scripted_follow_up_frames as frames
from funreason_plugin.synthesis.teachers import scripted_words as english
from funreason_plugin.synthesis.teachers.scripted_abstaining import words_for
from funreason_plugin.synthesis.teachers.scripted_lexicon import Lexicon
from funreason_plugin.synthesis.teachers.scripted_naming import Past
from funreason_plugin.synthesis.teachers.scripted_querying import Draft, spoken_calls, write_query
from funreason_plugin.synthesis.teachers.scripted_reader import Reading
from funreason_plugin.synthesis.teachers.scripted_records import quote
from funreason_plugin.synthesis.teachers.scripted_values import value_from
from funreason_plugin.synthesis.teachers.scripted_view import View

__all__ = ["corrected_reading", "follow_up_query", "followed"]

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

    return write_query(plan, values, lexicon, material["noise"], past, rng, draft)


class _FollowUp(Draft):
    """What takes something back, and what is wanted, in a frame of the kind."""

    def __init__(self, *given: Any, kind: str) -> None:
        super().__init__(*given)
        self.kind = kind

    def text(self) -> str:
        phrasing = self.phrasing(spoken := spoken_calls(self.plan, self.lexicon), ())
        undo = self.kind != "refer_back"
        clauses = [
            self.rng.choice(frames.TAKE_BACK)
            if undo and index == 0 and not _is_short(self.plan)
            else phrasing.clause(index)
            for index in spoken
        ]
        wanted = english.joined(clauses[1:] if undo else clauses, "and then")
        frame = self.rng.choice(_TABLES[self.kind])
        text = frame.format(
            u=clauses[0], U=english.capital(clauses[0]), c=wanted, C=english.capital(wanted)
        )
        return " ".join(filter(None, [text, self.credentials()]))


def _is_short(plan: Plan) -> bool:
    """Whether the first call takes one thing only: "cancel that stay"."""
    return len(plan.calls[0].given) == 1


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
        text = f"{start} {body}" if start else english.capital(body) if not body.startswith((new, old)) else body
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


_UNSAFE = re.compile(r"[.,;()?!\"]|:\D|\A(?:the|it|that|just)\b|\b(?:not|instead|rather|but|when)\b", re.IGNORECASE)


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


def corrected_reading(view: View, lexicon: Lexicon) -> Reading:
    """What the correction says."""
    follow = view.material["follow_up"]
    schema = lexicon[follow["tool"]].params[follow["parameter"]].schema
    value = _read(view.query, follow["parameter"], schema)
    return Reading({follow["input"]: value} if value is not None else {})


# -- thoughts and answers ---------------------------------------------------------------------------------


def followed(view: View, message: str, reading: Reading, rng: Random) -> str:
    """A message of the turn: the first one goes back to the turn before, the last one says what has changed."""
    follow = view.material["follow_up"]
    value = _bare(reading.values.get(follow.get("input"), ""))
    if not view.steps:
        remark = rng.choice(frames.NOTED[follow["kind"]]).format(v=value)
        message = message.replace("<think>\n", f"<think>\n{remark} ", 1)
    thought, end, rest = message.partition("</think>\n")
    failed = not view.steps or any(made.failed for made in view.steps[-1])
    if not end or rest.startswith("<tool_call>") or failed:
        return message
    table = frames.REDONE if follow["kind"] == "correct" else frames.ANSWERED.get(follow["kind"])
    if table is None:
        return message
    return f"{thought}{end}{english.capital(rng.choice(table).format(v=value))} {rest}"
