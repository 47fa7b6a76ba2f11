"""The scripted A_R when something goes wrong: it reads what came back, says what is wrong with it, and tries again.

It is told of no fault, only to read what comes back (the ``manner`` in its notes). A response is suspicious for what it shows (`checks.setbacks`); a call of its own, because it is not
what the plan and the request say it should be.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from random import Random
from typing import Any

from funreason_plugin.checks.setbacks import answers_other, is_broken, is_temporary, nothing_found
from funreason_plugin.synthesis.teachers import scripted_recovery_frames as frames
from funreason_plugin.synthesis.teachers import scripted_words as english
from funreason_plugin.synthesis.teachers.scripted_lexicon import Lexicon
from funreason_plugin.synthesis.teachers.scripted_observations import Planned, shown
from funreason_plugin.synthesis.teachers.scripted_view import Made, NotFound, View

__all__ = ["Course", "Setback", "course_of", "early", "mending", "remark"]

MOST = 3
"""Times that a call is made again before it is given up."""

Plan = Callable[[int, View], Planned]
"""A call of the plan, as it is to be made: by its index, from what a view holds."""


@dataclass(frozen=True, slots=True)
class Setback:
    """What went wrong with a call: "temporary", "broken", "empty", "other", "undone" (a step that others build on), "slip"
    (the call is not what it should be) or "early" (it is not the call that was due)."""

    kind: str
    made: Made


@dataclass(slots=True)
class Course:
    """What has come of the plan. ``view`` has the steps as if nothing had gone wrong; ``open`` the setback that the last
    message met, with the plan's index of the call; ``past`` all of them."""

    view: View
    open: tuple[int, Setback] | None = None
    past: list[Setback] = field(default_factory=list)
    repeated: bool = False
    """The step that the open setback asks for has been done again."""


def course_of(view: View, schedule: Sequence[Sequence[int]], lexicon: Lexicon, plan: Plan) -> Course:
    """Follow the steps of an attempt."""
    course = Course(replace(view, steps=()))
    for step in view.steps:
        if course.open is not None:
            _take_up(course, step, schedule, lexicon, plan)
            continue
        number = len(course.view.steps)
        due = [view.plan.calls[index].tool for index in schedule[number]] if number < len(schedule) else []
        if len(step) == 1 and step[0].failed and due and [step[0].tool] != due:
            course.past.append(Setback("early", step[0]))
            continue
        before = course.view
        course.view = replace(before, steps=(*before.steps, step))
        if [made.tool for made in step] != due:
            continue
        for index, made in zip(schedule[number], step, strict=True):
            kind = _wrong_with(made, lexicon, view, partial(plan, index, before))
            if kind and course.open is None:
                course.open = (index, Setback(kind, made))
                course.past.append(course.open[1])
    return course


def _take_up(
    course: Course, step: Sequence[Made], schedule: Sequence[Sequence[int]], lexicon: Lexicon, plan: Plan
) -> None:
    """A step after a setback: the call again, or what it builds on."""
    assert course.open is not None
    index, setback = course.open
    for made in step:
        if made.tool != setback.made.tool:
            course.repeated = course.repeated or not made.failed
            continue
        *before, last = course.view.steps
        place = schedule[len(before)].index(index)
        mended = (*last[:place], made, *last[place + 1 :])
        course.view = replace(course.view, steps=(*before, mended))
        earlier = replace(course.view, steps=tuple(before))
        kind = _wrong_with(made, lexicon, course.view, partial(plan, index, earlier))
        course.open, course.repeated = None, False
        if kind:
            course.open = (index, Setback(kind, made))
            course.past.append(course.open[1])


def _wrong_with(made: Made, lexicon: Lexicon, view: View, plan: Callable[[], Planned]) -> str:
    """What is wrong with a call or its output; "" where nothing shows."""
    if made.failed:
        if is_temporary(made.output):
            return "temporary"
        if made.tool in view.material.get("enabled_by", {}):
            return "undone"
        try:
            return "slip" if dict(plan().arguments) != dict(made.arguments) else ""
        except NotFound:
            return ""
    if lexicon[made.tool].spec.writes:
        return ""
    if is_broken(made.output):
        return "broken"
    if answers_other(made.arguments, made.output, _known(view, made)) is not None:
        return "other"
    return "empty" if nothing_found(made.output, made.arguments) else ""


# -- what to do, and what to think of it --------------------------------------------------------------------


def mending(course: Course, planned: Planned, rng: Random) -> tuple[str, Planned, Sequence[str]] | None:
    """Remarks on what went wrong, the call that mends it, and wordings for what it takes; None where it has been tried
    often enough."""
    assert course.open is not None
    _, setback = course.open
    made = setback.made
    if sum(other.made.tool == made.tool for other in course.past) > MOST:
        return None
    if setback.kind == "undone":
        step = course.view.material["enabled_by"][made.tool]
        if not course.repeated:
            again = _last_call(course.view, step)
            if again is None:
                return None
            remarks = [rng.choice(frames.ERROR_SAYS), rng.choice(frames.UNDONE)]
            return (
                _filled(remarks, made, step=f"`{step}`"),
                Planned(-1, step, dict(again.arguments)),
                frames.WITH_AS_BEFORE,
            )
        return (
            _filled([rng.choice(frames.DONE_AGAIN)], made, step=f"`{step}`"),
            planned,
            frames.WITH_AS_BEFORE,
        )
    table = frames.WITH_MENDED if setback.kind == "slip" else frames.WITH_AS_BEFORE
    return _filled(_remarks(setback, planned, course, rng), made), planned, table


def _known(view: View, but: Made) -> list[Any]:
    """The other outputs that there are."""
    calls = [made for turn in view.turns for made in turn] + [made for step in view.steps for made in step]
    return [made.output for made in calls if not made.failed and made is not but]


def _filled(remarks: Sequence[str], made: Made, **words: str) -> str:
    error = str(made.output.get("error", "")) if isinstance(made.output, Mapping) else ""
    return " ".join(
        remark.format(tool=f"`{made.tool}`", error=_bare(error), **words) for remark in remarks if remark
    )


def _bare(error: str) -> str:
    """An error's first sentence as a quotation."""
    text = re.split(r"(?<=[a-z\d\])'])(?:[.;!](?=\s|\Z)|\n)", error.strip())[0][:160].strip()
    return f'"{text}"' if '"' not in text else f"“{text}”"


def _braced(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")


def _remarks(setback: Setback, planned: Planned, course: Course, rng: Random) -> list[str]:
    made = setback.made
    if setback.kind == "temporary":
        again = sum(other.kind == "temporary" for other in course.past) > 1
        return [rng.choice(frames.TEMPORARY_AGAIN if again else frames.TEMPORARY)]
    if setback.kind == "slip":
        return [rng.choice(frames.ERROR_SAYS), _braced(_slip(made, planned, rng))]
    if setback.kind == "other":
        other = answers_other(made.arguments, made.output, _known(course.view, made))
        assert other is not None
        words = {"what": english.words(other.name), "given": shown(other.given), "shown": shown(other.shown)}
        table = frames.OTHER_NAMED if other.known else frames.OTHER
        text = rng.choice(table).format(tool=f"`{made.tool}`", known=shown(other.known), **words)
        return [_braced(text), rng.choice(frames.ASK_AGAIN)]
    if setback.kind == "empty":
        return [rng.choice(frames.EMPTY), rng.choice(frames.TRY_AGAIN)]
    broken = frames.BROKEN_OFF if isinstance(made.output, str) else frames.NOTHING_IN_IT
    return [rng.choice(broken), rng.choice(frames.ASK_AGAIN)]


def _slip(made: Made, planned: Planned, rng: Random) -> str:
    """What was wrong with the call: an argument left out, or another one than the right one."""
    for name, value in planned.arguments.items():
        if name not in made.arguments:
            return rng.choice(frames.LEFT_OUT).format(what=english.words(name), tool=f"`{made.tool}`")
        if made.arguments[name] != value:
            given, right = made.arguments[name], value
            table = frames.MISTYPED if _same_kind(given, right) else frames.WRONG_FORM
            return rng.choice(table).format(
                what=english.words(name), given=_written(given), right=_written(right)
            )
    return rng.choice(frames.SLIPPED)


def _same_kind(given: Any, right: Any) -> bool:
    return type(given) is type(right) and not ("/" in str(given) and "-" in str(right))


def _written(value: Any) -> str:
    return f'"{value}"' if isinstance(value, str) and '"' not in value else english.spoken(value)


def early(setback: Setback, rng: Random) -> str:
    """Remarks on a call that came too early."""
    return _filled([rng.choice(frames.ERROR_SAYS), rng.choice(frames.EARLY)], setback.made)


def _last_call(view: View, tool: str) -> Made | None:
    """The last successful call of a tool in the conversation."""
    calls = [made for turn in view.turns for made in turn] + [made for step in view.steps for made in step]
    return next((made for made in reversed(calls) if made.tool == tool and not made.failed), None)


def remark(course: Course, rng: Random) -> str:
    """What the user is told of it, before the answer proper; "" where it does not matter to them, or is left unsaid."""
    if not course.past:
        return ""
    last = course.past[-1]
    if last.kind == "undone":
        step = english.words(course.view.material["enabled_by"][last.made.tool])
        return rng.choice(frames.TELL_UNDONE).format(step=_step(step)) if rng.random() < 0.8 else ""
    tables = {
        "temporary": (frames.TELL_TEMPORARY, 0.45),
        "other": (frames.TELL_WRONG, 0.5),
        "broken": (frames.TELL_WRONG, 0.4),
        "empty": (frames.TELL_EMPTY, 0.4),
        "slip": (frames.TELL_SLIP, 0.2),
        "early": (frames.TELL_SLIP, 0.2),
    }
    table, share = tables[last.kind]
    return rng.choice(table) if rng.random() < share else ""


def _step(words: str) -> str:
    """ "sign in" -> "sign in", "verify patient" -> "verify the patient", "message login" -> "log in"."""
    if words.endswith("login") or words.startswith("authenticate"):
        return "log in"
    verb, _, rest = words.partition(" ")
    return words if not rest or rest in ("in", "out", "up", "on", "off") else f"{verb} the {rest}"
