"""The scripted teacher in turns of a variant: it says what is missing, gives it, and reads it again.

As A_R it looks at the situation that its notes describe and at the request, as A_Q at what the user is to give.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from random import Random
from typing import Any

from funreason_plugin.synthesis.teachers import scripted_thought_frames as thoughts
from funreason_plugin.synthesis.teachers import scripted_variant_frames as frames
from funreason_plugin.synthesis.teachers import scripted_words as english
from funreason_plugin.synthesis.teachers.scripted_lexicon import Lexicon
from funreason_plugin.synthesis.teachers.scripted_omission import leaving_out, plan_without
from funreason_plugin.synthesis.teachers.scripted_reader import Reading, read_query
from funreason_plugin.synthesis.teachers.scripted_reasoning import clauses_of
from funreason_plugin.synthesis.teachers.scripted_records import quote
from funreason_plugin.synthesis.teachers.scripted_values import value_from
from funreason_plugin.synthesis.teachers.scripted_view import View

__all__ = ["abstention", "completion", "mended", "reading_with_value"]

LONGEST = 150
"""Characters of a clause that an answer repeats."""


def abstention(view: View, lexicon: Lexicon, rng: Random) -> str:
    """A_R's message where nothing is to be called."""
    material = view.material
    if material["variant"] == "miss_param":
        lacking = material["lacking"]
        edited = leaving_out(lexicon, lacking["tool"], lacking["parameter"]) or lexicon
        clauses = _clauses(view, edited, rng)
        return _written(_goal(clauses, rng), *_question(lacking, edited, rng))
    clauses = _clauses(view, lexicon, rng)
    clause = clauses[0] if len(clauses) == 1 else ""
    strange = material["variant"] == "irrelevance"
    remarks = [rng.choice(frames.STRANGE if strange else frames.NO_TOOL)]
    near = material.get("nearest", ())
    if near and rng.random() < 0.6:
        remarks.append(rng.choice(frames.NEAR).format(tool=f"`{rng.choice(near)}`"))
    remarks.append(rng.choice(frames.SAY_SO))
    said = english.to_second_person(clause)
    if clause and len(said) <= LONGEST and rng.random() < 0.7:
        answer = rng.choice(frames.FITS_NOT if strange else frames.CANNOT).format(c=said)
    else:
        answer = rng.choice(frames.FITS_NOT_SHORT if strange else frames.CANNOT_SHORT)
    return _written(_goal(clauses, rng), " ".join(remarks), answer)


def _written(goal: str, thought: str, answer: str) -> str:
    return f"<think>\n{goal} {thought}\n</think>\n{answer}"


def _goal(clauses: Sequence[str], rng: Random) -> str:
    if not clauses:
        return rng.choice(thoughts.NO_GOAL)
    told = [english.to_third_person(clause) for clause in clauses]
    goals = [rng.choice(thoughts.GOALS).format(c=told[0])]
    goals += [rng.choice(thoughts.MORE_GOALS).format(c=clause) for clause in told[1:3]]
    return " ".join(map(english.capital, goals))


def _clauses(view: View, lexicon: Lexicon, rng: Random) -> list[str]:
    """What is asked for; none where it cannot be read."""
    reading = read_query(view.query, view.plan, lexicon)
    inputs = {s.name for call in view.plan.calls for s in call.arguments.values() if s.kind == "input"}
    if not inputs <= set(reading.values):
        return []
    clauses = clauses_of(view, reading, lexicon, rng)
    return clauses if not any(":" in re.sub(r"\d:\d", "", clause) for clause in clauses) else []


def mended(view: View, message: str, rng: Random) -> str:
    """A message in the turn that completes an earlier request: the first one says what has changed."""
    if view.steps or not ({"given_now", "offered_now"} & set(view.material)):
        return message
    if offered := view.material.get("offered_now"):
        remark = rng.choice(frames.NOW_THERE).format(tool=f"`{offered[0]}`")
    else:
        remark = rng.choice(frames.NOW_SAID).format(w=_spoken(view.material["given_now"]["parameter"]))
    return message.replace("<think>\n", f"<think>\n{remark} ", 1)


# -- a missing value --------------------------------------------------------------------------------------


def _question(lacking: Mapping[str, Any], lexicon: Lexicon, rng: Random) -> tuple[str, str]:
    """Thought and answer."""
    tool, name = lacking["tool"], lacking["parameter"]
    schema = lexicon[tool].params[name].schema
    words = words_for(name, schema)
    thought = f"{rng.choice(frames.NO_VALUE).format(tool=tool, w=words)} {rng.choice(frames.WONT_ASK_MORE)}"
    answer = rng.choice(frames.ASK).format(w=words)
    choices = [str(choice) for choice in schema.get("enum", ())]
    if 1 < len(choices) <= 8 and rng.random() < 0.6:
        answer += " " + rng.choice(frames.OPTIONS).format(options=english.joined(choices, "or"))
    return thought, answer


def _spoken(name: str) -> str:
    words = english.words(name)
    words = re.sub(r"\b(?:iban|pin|id)\b", lambda found: found[0].upper(), words)
    return words.replace(" of month", " of the month")


def words_for(name: str, schema: Mapping[str, Any]) -> str:
    """How one speaks of a parameter: "arrival date", "number of nights"."""
    words = _spoken(name)
    if schema.get("type") in ("integer", "number") and english.singular(words) != words:
        return f"number of {words}"
    return words


def completion(material: Mapping[str, Any], lexicon: Lexicon, rng: Random) -> str:
    """A_Q's message that mends what was missing."""
    style = material["noise"]["style"]
    if material["variant"] == "miss_func":
        return rng.choice(frames.OFFERS[style])
    (given,) = material["inputs"]
    words = words_for(given["name"], lexicon[given["tool"]].params[given["name"]].schema)
    text = english.spoken(given["value"])
    if isinstance(given["value"], str) and (_UNSAFE.search(text) or text != given["value"]):
        text = quote(given["value"])
    table = frames.SUPPLY[style]
    if " " in text and text[:1].islower():  # "Use changed my mind" is no English
        table = tuple(frame for frame in table if not _TAKES.match(frame))
    written = rng.choice(table).format(w=words, v=text)
    if written.startswith(text) and text[:1] in '"“':
        return written
    return english.capital(written) if not written.startswith(text) else written


_TAKES = re.compile(r"(?:Use|Make it|Just take|Let's say|Please enter|For the) ")
_UNSAFE = re.compile(r"[.,;:()?!\"]|\A(?:the|it|that|just)\b", re.IGNORECASE)


def reading_with_value(view: View, lexicon: Lexicon) -> Reading | None:
    """The request of an earlier turn, with the value that the last message gives; None where that cannot be read."""
    given = view.material["given_now"]
    tool, name = given["tool"], given["parameter"]
    edited = leaving_out(lexicon, tool, name) or lexicon
    request = read_query(view.query, plan_without(view.plan, tool, name), edited)
    value = _value(view.latest, name, lexicon[tool].params[name].schema)
    if value is None:
        return None
    return replace(request, values={**request.values, given["input"]: value})


def _value(text: str, name: str, schema: Mapping[str, Any]) -> Any:
    for pattern in _patterns(words_for(name, schema)):
        found = pattern.fullmatch(text.strip())
        value = value_from(found["v"], schema, name) if found else None
        if value is not None:
            return value
    return None


@lru_cache(maxsize=256)
def _patterns(words: str) -> Sequence[re.Pattern[str]]:
    """The wordings in which a value may be given, those with most words of their own first."""
    texts = sorted({text for row in frames.SUPPLY.values() for text in row}, key=len, reverse=True)
    written = [re.escape(text.replace("{w}", words)).replace(r"\{v\}", "(?P<v>.+)") for text in texts]
    return [re.compile(text, re.IGNORECASE | re.DOTALL) for text in written]
