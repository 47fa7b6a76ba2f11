"""A_R, scripted: the next message of an attempt, from the query, the tools, and the outputs so far.

It follows the plan that its guidance gives, one step a message, and reads every value out of the query, the
conversation or an output. When a value is nowhere, or a call fails, it says so in its answer.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from random import Random
from typing import Any

from funreason_plugin.calls import to_hermes
from funreason_plugin.synthesis.plan import Source, top
from funreason_plugin.synthesis.teachers import scripted_words as english
from funreason_plugin.synthesis.teachers.scripted_answers import answer
from funreason_plugin.synthesis.teachers.scripted_lexicon import Lexicon
from funreason_plugin.synthesis.teachers.scripted_mistakes import Mistake, invented_id, misread
from funreason_plugin.synthesis.teachers.scripted_naming import Past, Place, place_of
from funreason_plugin.synthesis.teachers.scripted_observations import Planned, facts
from funreason_plugin.synthesis.teachers.scripted_phrasing import Phrasing
from funreason_plugin.synthesis.teachers.scripted_querying import credentials, fed_by
from funreason_plugin.synthesis.teachers.scripted_reader import Reading
from funreason_plugin.synthesis.teachers.scripted_recovering import Course, course_of, early, mending, remark
from funreason_plugin.synthesis.teachers.scripted_thoughts import Thoughts
from funreason_plugin.synthesis.teachers.scripted_view import Made, NotFound, View, remember, resolve

__all__ = ["clauses_of", "next_message"]


def next_message(view: View, reading: Reading, lexicon: Lexicon, mistake: Mistake | None, rng: Random) -> str:
    """The agent's reply: a thought with calls, or a thought with the answer."""
    schedule = _schedule(view, mistake)
    course = None
    if mistake is None and view.steps and "manner" in view.material:
        course = course_of(view, schedule, lexicon, partial(_due, schedule, reading, lexicon))
        view = course.view
        if course.open is not None and (message := _mended(course, schedule, reading, lexicon, rng)):
            return message
    done = len(view.steps)
    outputs = _outputs(schedule, view)
    failed = next((made for made in view.steps[-1] if made.failed), None) if view.steps else None
    thoughts = Thoughts(view, lexicon, rng, outputs, reading.asked)
    if done < len(schedule) and (failed is None or (mistake is not None and mistake.kind == "order")):
        try:
            calls = [_planned(index, view, reading, lexicon, outputs, mistake) for index in schedule[done]]
        except NotFound:
            return _give_up(rng)
        later = [index for step in schedule[done + 1 :] for index in step]
        if done == 0:
            goals = [english.to_third_person(text) for text in clauses_of(view, reading, lexicon, rng)]
            thought = thoughts.first(goals, calls, later)
            if course is not None and course.past:
                thought = thoughts.instead(early(course.past[-1], rng), calls, later)
        else:
            thought = thoughts.next(view.steps[-1], calls, later)
        made_now = tuple((call.tool, dict(call.arguments)) for call in calls)
        return _calling(thought, made_now)
    made = [one for step in view.steps for one in step]
    if failed is not None:
        return _message(thoughts.last([failed], []), answer([failed], lambda one: "", lexicon, rng))
    told = _told(view, goals_of(view, reading, lexicon), schedule)
    last = list(told.values())[-1:]
    thought = thoughts.last(made, [fact for one in last for fact in facts(one, lexicon[one.tool])])

    def asked(one: Made) -> str:
        index = next(number for number, other in told.items() if other is one)
        clauses = clauses_of(view, reading, lexicon, rng)
        return english.to_second_person(clauses[goals_of(view, reading, lexicon).index(index)])

    text = answer(list(told.values()), asked, lexicon, rng)
    if course is not None and (told_first := remark(course, rng)):
        text = f"{told_first} {text}" if rng.random() < 0.6 else f"{text} {told_first}"
    return _message(thought, text)


def _calling(thought: str, calls: tuple[tuple[str, dict[str, Any]], ...]) -> str:
    written = to_hermes(calls)
    text = _message(thought, written)
    remember(text, calls)
    remember(written, calls)  # as it stands in the history of later turns
    return text


def _due(
    schedule: Sequence[Sequence[int]], reading: Reading, lexicon: Lexicon, index: int, view: View
) -> Planned:
    """A call of the plan, as the request and the outputs of the steps before it say. Raises NotFound."""
    return _planned(index, view, reading, lexicon, _outputs(schedule, view), None)


def _mended(
    course: Course, schedule: Sequence[Sequence[int]], reading: Reading, lexicon: Lexicon, rng: Random
) -> str:
    """The message that mends what went wrong in the last one; "" where it is given up."""
    assert course.open is not None
    before = replace(course.view, steps=course.view.steps[:-1])
    try:
        found = mending(course, _due(schedule, reading, lexicon, course.open[0], before), rng)
    except NotFound:
        return ""
    if found is None:
        return ""
    remarks, planned, table = found
    thought = Thoughts(course.view, lexicon, rng, {}, reading.asked).again(remarks, planned, table)
    return _calling(thought, ((planned.tool, dict(planned.arguments)),))


def _message(thought: str, rest: str) -> str:
    return f"<think>\n{thought}\n</think>\n{rest}"


# -- what to call -----------------------------------------------------------------------------------------


def _schedule(view: View, mistake: Mistake | None) -> list[list[int]]:
    """Plan indices by step; a mistake moves, drops or repeats some."""
    steps: dict[int, list[int]] = {}
    for index, call in enumerate(view.plan.calls):
        steps.setdefault(call.step, []).append(index)
    schedule = [steps[step] for step in sorted(steps)]
    if mistake is None:
        return schedule
    if mistake.kind == "invented":
        schedule = [[index for index in step if index != mistake.provider] for step in schedule]
    elif mistake.kind == "stopped":
        schedule = schedule[:-1]
    elif mistake.kind == "order":
        rest = [[index for index in step if index != mistake.call] for step in schedule]
        schedule = [[mistake.call], *rest]
    elif mistake.kind == "extra":
        schedule = [*schedule, [mistake.call]]
    return [step for step in schedule if step]


def _outputs(schedule: Sequence[Sequence[int]], view: View) -> dict[int, Any]:
    """Outputs of the calls made so far, by plan index."""
    found: dict[int, Any] = {}
    for step, made in zip(schedule, view.steps, strict=False):
        for index, one in zip(step, made, strict=False):
            if not one.failed or index not in found:
                found[index] = one.output
    return found


def _planned(
    index: int,
    view: View,
    reading: Reading,
    lexicon: Lexicon,
    outputs: Mapping[int, Any],
    mistake: Mistake | None,
) -> Planned:
    call = view.plan.calls[index]
    arguments: dict[str, Any] = {}
    ranks: dict[tuple[str, str, str], int] = {}  # how often a parameter has taken a record by this key
    wrong = mistake if mistake is not None and mistake.call == index else None
    for path, source in call.arguments.items():
        about = _words_for(index, path, source, view, reading)
        if source.kind == "output" and _is_invented(source.call, mistake):
            entity = lexicon[view.plan.calls[source.call].tool].entity(source.field)
            _put(arguments, path, invented_id(entity, Random(view.query)))
            continue
        if wrong is not None and wrong.path == path:
            if wrong.kind == "dropped":
                continue
            if wrong.kind == "other_mention":
                _put(arguments, path, reading.values[wrong.other])
                continue
            if wrong.kind == "wrong_form":
                _put(arguments, path, misread(reading.values[source.name]))
                continue
        if wrong is not None and wrong.kind == "swapped" and path in (wrong.path, wrong.other):
            other = wrong.other if path == wrong.path else wrong.path
            source = call.arguments[other]
        record = wrong is not None and wrong.kind == "wrong_record" and wrong.path == path
        mark = (top(path), source.by, source.key)
        ranks[mark] = ranks.get(mark, -1) + 1
        try:
            value = resolve(source, view, reading, outputs, about, record, ranks[mark])
        except NotFound:
            param = lexicon[call.tool].params.get(path)
            if source.kind != "input" or param is None or param.required:
                raise
            continue  # nobody said it, and it can be left out
        _put(arguments, path, value)
    return Planned(index, call.tool, arguments)


def _words_for(index: int, path: str, source: Source, view: View, reading: Reading) -> list[str]:
    """What the user says of an argument; for "it" and "that one", what they said of the same thing before."""
    if source.by != "equals":
        return []
    own, whole = reading.about.get((index, path)), reading.about.get((index, top(path)))
    said = [own or whole]
    mark = (source.kind, source.call, source.name, source.turn, source.field, source.key)
    for other in (*range(index, -1, -1), *range(index + 1, len(view.plan.calls))):
        names = list(view.plan.calls[other].arguments.items())
        if other == index:
            names = names[: next(number for number, (name, _) in enumerate(names) if name == path)]
        for name, same in reversed(names):
            if (
                same.kind,
                same.call,
                same.name,
                same.turn,
                same.field,
                same.key,
            ) == mark and same is not source:
                said.append(reading.about.get((other, name)) or reading.about.get((other, top(name))))
    said.append(whole)
    return list(dict.fromkeys(text for text in said if text))


def _is_invented(call: int, mistake: Mistake | None) -> bool:
    return mistake is not None and mistake.kind == "invented" and mistake.provider == call


_PART = re.compile(r"([^.\[\]]+)|\[(\d+)\]")


def _put(arguments: dict[str, Any], path: str, value: Any) -> None:
    """Set a leaf ("items[0].sku"), making the lists and objects on the way."""
    if path == top(path):
        arguments[path] = value
        return
    parts: list[Any] = [int(index) if index else name for name, index in _PART.findall(path)]
    node: Any = arguments
    for number, part in enumerate(parts):
        last = number == len(parts) - 1
        below: Any = value if last else [] if isinstance(parts[number + 1], int) else {}
        if isinstance(part, int):
            while len(node) <= part:
                node.append([] if isinstance(below, list) else {} if not last else None)
        elif part not in node:
            node[part] = below
        if last:
            node[part] = value
        node = node[part]


# -- what to say ------------------------------------------------------------------------------------------


def goals_of(view: View, reading: Reading, lexicon: Lexicon) -> list[int]:
    """The calls whose results the user wants: those asked for, and those that nothing builds on."""
    hidden = fed_by(view.plan) | {*credentials(view.plan, reading.asked), *reading.asked}
    ends = [index for index in range(len(view.plan.calls)) if index not in hidden]
    if reading.asked:  # what merely prepares the ground is not reported
        last = len(view.plan.calls) - 1
        ends = [
            index for index in ends if index == last or not lexicon[view.plan.calls[index].tool].spec.writes
        ]
    return sorted({*reading.asked, *ends})


def clauses_of(view: View, reading: Reading, lexicon: Lexicon, rng: Random) -> list[str]:
    """The request in clauses, with the values that were read."""
    goals = goals_of(view, reading, lexicon)
    phrasing = Phrasing(
        view.plan, reading.values, lexicon, rng, spoken=goals, past=_past(view), about=reading.about
    )
    return [phrasing.clause(index) for index in goals]


def _past(view: View) -> Past:
    """What earlier turns said and showed, for arguments that come from there."""
    said: dict[Place, Any] = {}
    shown: dict[Place, Any] = {}
    for call in view.plan.calls:
        for source in call.arguments.values():
            if source.kind not in ("said", "earlier") or (source.by == "equals" and source.value is None):
                continue
            try:
                value = resolve(source, view, _NOTHING, {})
            except NotFound:
                continue
            (said if source.kind == "said" else shown)[place_of(source)] = value
    return Past(said=said, shown=shown, turns=len(view.turns))


_NOTHING = Reading()


def _told(view: View, goals: Sequence[int], schedule: Sequence[Sequence[int]]) -> dict[int, Made]:
    """The successful calls whose results the user wants, by plan index."""
    told: dict[int, Made] = {}
    for step, made in zip(schedule, view.steps, strict=False):
        for index, one in zip(step, made, strict=False):
            if index in goals and index not in told and not one.failed:
                told[index] = one
    return told


def _give_up(rng: Random) -> str:
    return _message(rng.choice(_LOST_THOUGHTS), rng.choice(_LOST))


_LOST_THOUGHTS = (
    "I can't find what I need for the next call, neither in the message nor in the results. I should say so.",
    "Something is missing for the next call, and I must not make it up. I'd better tell the user.",
)
_LOST = (
    "I'm sorry, I couldn't find everything that this needs. Could you give me the missing details?",
    "I can't complete this, because a detail is missing. Could you tell me more about what you mean?",
)
