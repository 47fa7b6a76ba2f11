"""What the scripted reasoning agent sees: its messages taken apart, and where a planned argument is found in them.

Values come from the query, from the conversation and from outputs that have arrived, never from elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import orjson

from funreason_plugin.calls import parse
from funreason_plugin.synthesis.advanced_tool import fenced_json
from funreason_plugin.synthesis.messages import has_notes, is_responses, response_texts, split_notes
from funreason_plugin.synthesis.plan import Plan, Source
from funreason_plugin.synthesis.plan_text import read_plan
from funreason_plugin.synthesis.teachers import scripted_words as english
from funreason_plugin.synthesis.teachers.base import Message
from funreason_plugin.synthesis.teachers.scripted_reader import Reading

__all__ = ["Made", "NotFound", "View", "material_of", "remember", "resolve"]


class NotFound(LookupError):
    """A planned value is neither in the query nor in the conversation nor in an output."""


@dataclass(frozen=True, slots=True)
class Made:
    """A call that was made, with its output."""

    tool: str
    arguments: Mapping[str, Any]
    output: Any

    @property
    def failed(self) -> bool:
        return isinstance(self.output, dict) and bool(self.output.get("error"))


@dataclass(frozen=True, slots=True)
class View:
    """``turns``: the calls of each earlier turn; ``steps``: those of each step of this attempt.

    ``said``: the user's messages, the last one first. ``query`` is the request; where the last message only completes
    one, that one.
    """

    query: str
    plan: Plan
    solution: str
    critiques: tuple[str, ...]
    turns: tuple[tuple[Made, ...], ...]
    steps: tuple[tuple[Made, ...], ...]
    said: tuple[str, ...]
    material: Mapping[str, Any]
    latest: str
    """The last message; another one than ``query`` where it only completes that."""

    @classmethod
    def of(cls, messages: Sequence[Message]) -> View:
        """Take the messages of `Prompts.reasoning` (and what was appended to them) apart."""
        last = next(n for n in range(len(messages) - 1, -1, -1) if _is_request(messages[n]))
        query, notes = split_notes(messages[last]["content"])
        material = material_of(notes)
        solution = material["solution"]
        latest, query = query, material.get("request_to_complete", query)
        turns: tuple[tuple[Made, ...], ...] = ()
        if " in turn " in solution or ("manner" in material and last > 1):
            turns = _turns(tuple((message["role"], message["content"]) for message in messages[1:last]))
        before = (_words(m["content"]) for m in reversed(messages[:last]) if m["role"] == "user")
        return cls(
            query=query,
            plan=read_plan(solution),
            solution=solution,
            critiques=tuple(material.get("advice", ())),
            turns=turns,
            steps=_steps([(message["role"], message["content"]) for message in messages[last + 1 :]]),
            said=(query, *(text for text in before if not is_responses(text))),
            material=material,
            latest=_words(latest),
        )


def _words(text: str) -> str:
    """What the user says, without the documents of tools that are offered with it."""
    lines = text.split("\n")
    while len(lines) > 1 and lines[0].startswith('{"type": "function"'):
        del lines[0]
    return "\n".join(lines)


def _is_request(message: Message) -> bool:
    return message["role"] == "user" and has_notes(message["content"])


@lru_cache(maxsize=256)
def _turns(conversation: tuple[tuple[str, str], ...]) -> tuple[tuple[Made, ...], ...]:
    """The calls of each turn of a conversation, given as (role, content)."""
    starts = [
        index for index, (role, text) in enumerate(conversation) if role == "user" and not is_responses(text)
    ]
    return tuple(
        tuple(made for step in _steps(conversation[start:end]) for made in step)
        for start, end in zip(starts, [*starts[1:], len(conversation)], strict=True)
    )


def _steps(messages: Sequence[tuple[str, str]]) -> tuple[tuple[Made, ...], ...]:
    steps = []
    for index, (role, content) in enumerate(messages):
        if role != "assistant":
            continue
        calls = _calls(content)
        if calls:
            outputs = _outputs(messages[index + 1][1]) if index + 1 < len(messages) else ()
            steps.append(tuple(Made(*call, output) for call, output in zip(calls, outputs, strict=False)))
    return tuple(steps)


@lru_cache(maxsize=512)
def material_of(content: str) -> Any:
    """The material in a prompt's fenced JSON block (shared: read it only)."""
    return orjson.loads(fenced_json(content))


@lru_cache(maxsize=1024)
def _outputs(content: str) -> tuple[Any, ...]:
    return tuple(map(_load, response_texts(content)))


def _load(text: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return text


Calls = tuple[tuple[str, dict[str, Any]], ...]
_WRITTEN: dict[str, Calls] = {}


def remember(content: str, calls: Calls) -> None:
    """What was written here need not be parsed when it comes back in the next prompt."""
    if len(_WRITTEN) >= 2048:
        _WRITTEN.clear()
    _WRITTEN[content] = calls


def _calls(content: str) -> Calls:
    known = _WRITTEN.get(content)
    if known is None:
        known = tuple((call.name, call.arguments) for call in parse(content).calls)
        remember(content, known)
    return known


# -- where a value is found -------------------------------------------------------------------------------


def resolve(
    source: Source,
    view: View,
    reading: Reading,
    outputs: Mapping[int, Any],
    about: Sequence[str] = (),
    wrong: bool = False,
    rank: int = 0,
) -> Any:
    """The value of a planned argument.

    Args:
        outputs: Outputs of the plan's calls so far, by index.
        about: The user's words for this argument, where known, the nearest first.
        rank: Of several records that the words name, which one.
        wrong: Take another record than the one that was asked for (a deliberate mistake).
    """
    if source.kind == "value":
        return source.value
    if source.kind == "input":
        if source.name not in reading.values:
            raise NotFound(source.name)
        return reading.values[source.name]
    if source.kind == "output":
        if source.call not in outputs:
            raise NotFound(f"the output of call {source.call + 1}")
        return _pick(outputs[source.call], source, (*about, *view.said), wrong, rank)
    calls = view.turns[source.turn] if 0 <= source.turn < len(view.turns) else ()
    same = [made for made in calls if made.tool == source.name]
    if source.nth >= len(same):
        raise NotFound(f"{source.name} in turn {source.turn + 1}")
    made = same[source.nth]
    if source.kind == "earlier":
        return _pick(made.output, source, (*about, *view.said), wrong, rank)
    return _at(made.arguments, source.field)


def record_of(
    output: Any, source: Source, texts: Sequence[str], wrong: bool = False, rank: int = 0
) -> tuple[Any, list[Any]]:
    """The chosen record of a list output, and all of them."""
    path = source.field.split("[]", 1)[0]
    records = _at(output, path)
    if isinstance(records, dict):
        records = list(records.values())
    if not isinstance(records, list) or not records:
        raise NotFound(source.field)
    return _chosen(records, source, texts, wrong, rank), records


def _pick(output: Any, source: Source, texts: Sequence[str], wrong: bool, rank: int) -> Any:
    if not source.by or "[]" not in source.field:
        return _at(output, source.field)
    record, _ = record_of(output, source, texts, wrong, rank)
    return _at(record, source.field.split("[]", 1)[1].lstrip("."))


def _chosen(records: list[Any], source: Source, texts: Sequence[str], wrong: bool, rank: int) -> Any:
    if source.by in ("min", "max"):
        keyed = [(_key(record, source.key), number) for number, record in enumerate(records)]
        keyed = [(key, number) for key, number in keyed if key is not None]
        if not keyed:
            raise NotFound(source.key)
        try:
            best = (min if source.by == "min" else max)(keyed, key=lambda pair: pair[0])[1]
        except TypeError:
            raise NotFound(source.key) from None
    elif source.by == "equals":
        best = _named(records, source, texts, rank)
    else:
        best = 0
    if wrong:
        best = 0 if best else len(records) - 1
    return records[best]


def _named(records: list[Any], source: Source, texts: Sequence[str], rank: int) -> int:
    """The record whose key the user says, in these words or else in those; of several the ``rank``-th."""
    for text in texts:
        lowered = text.lower()
        found: list[tuple[int, int, int]] = []
        for number, record in enumerate(records):
            key = _key(record, source.key)
            if source.value is not None:
                if key == source.value:
                    return number
            elif isinstance(key, bool):
                negative = re.search(r"\b(?:not|without|isn't|no)\b", text) is not None
                if key is not negative:
                    return number
            elif key is not None and (word := english.spoken(key)):
                start = _find(lowered, word.lower())
                if start >= 0:
                    found.append((start, start + len(word), number))
        whole = [one for one in found if not any(_within(one, other) for other in found)]
        if whole:
            return sorted(whole)[min(rank, len(whole) - 1)][2]
    raise NotFound(f"a record whose {source.key} is in the query")


def _find(text: str, word: str) -> int:
    """Where a word stands in a text as a whole, -1 when it does not."""
    start = text.find(word)
    joints = ":-/" if word.isdigit() else ""  # 20 is not in 09:20 or in 2026-08-20
    while start >= 0:
        end = start + len(word)
        before, after = text[start - 1 : start], text[end : end + 2]
        if not (before.isalnum() or (before and before in "_." + joints)) and not (
            after[:1].isalnum()
            or after[:1] == "_"
            or (after[:1] and after[:1] in "." + joints and after[1:].isdigit())
        ):
            return start
        start = text.find(word, start + 1)
    return -1


def _within(one: tuple[int, int, int], other: tuple[int, int, int]) -> bool:
    return other[0] <= one[0] and one[1] <= other[1] and other[1] - other[0] > one[1] - one[0]


def _key(record: Any, key: str) -> Any:
    return _at(record, key) if key else record


_PART = re.compile(r"([^.\[\]]+)|\[(\d+)\]")


def _at(value: Any, path: str) -> Any:
    for name, index in _PART.findall(path):
        try:
            value = value[int(index)] if index else value[name]
        except (KeyError, IndexError, TypeError):
            raise NotFound(path) from None
    return value
