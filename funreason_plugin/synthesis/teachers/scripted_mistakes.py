"""Mistakes that the scripted reasoning agent makes on purpose, so that critiques have something to mend.

A turn's mistake is decided by the request alone: every attempt repeats it until the advice speaks of the
tool (and argument) concerned. Kinds:

- invented: skips a needed look-up and makes up the id
- other_mention: takes a value from another mention in the request
- wrong_record: takes another record of a list than the one asked for
- dropped: leaves out an optional argument that the user gave
- stopped: answers before everything is done
- order: makes a call before the one that enables it
- extra: repeats a writing call
- swapped: exchanges two arguments
- wrong_form: writes a number as text, or a date in another form
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from funreason_plugin.synthesis.plan import Plan, top
from funreason_plugin.synthesis.teachers.scripted_lexicon import Lexicon
from funreason_plugin.synthesis.teachers.scripted_reader import Reading, words_of

__all__ = ["KINDS", "Mistake", "draw_mistake", "invented_id", "is_mended", "misread"]

KINDS = (
    "invented",
    "other_mention",
    "wrong_record",
    "dropped",
    "stopped",
    "order",
    "extra",
    "swapped",
    "wrong_form",
)


@dataclass(frozen=True, slots=True)
class Mistake:
    """``call``: plan index of the call that goes wrong; ``path``: the argument; ``other``: what it is mixed up with."""

    kind: str
    call: int
    path: str = ""
    other: str = ""
    provider: int = -1


def draw_mistake(plan: Plan, reading: Reading, lexicon: Lexicon, rng: Random) -> Mistake | None:
    """One of the mistakes that can be made with this plan; kinds are equally likely."""
    by_kind: dict[str, list[Mistake]] = {}
    for mistake in _possible(plan, reading, lexicon):
        by_kind.setdefault(mistake.kind, []).append(mistake)
    if not by_kind:
        return None
    kind = rng.choice(sorted(by_kind))
    return rng.choice(by_kind[kind])


def _possible(plan: Plan, reading: Reading, lexicon: Lexicon) -> list[Mistake]:
    found: list[Mistake] = []
    last_step = plan.calls[-1].step if plan.calls else 0
    for index, call in enumerate(plan.calls):
        entry = lexicon[call.tool]
        inputs: dict[str, Any] = {}
        for path, source in call.arguments.items():
            if source.kind == "output" and not lexicon[plan.calls[source.call].tool].spec.writes:
                found.append(Mistake("invented", index, path, provider=source.call))
            if source.by in ("min", "max"):
                found.append(Mistake("wrong_record", index, path))
            if source.kind != "input" or source.name not in reading.values or path != top(path):
                continue
            param = entry.params.get(path)
            value = reading.values[source.name]
            inputs[path] = value
            if param is None or isinstance(value, (bool, list, dict)):
                continue
            if not param.required:
                found.append(Mistake("dropped", index, path))
            if misread(value) is not None and "enum" not in param.schema:
                found.append(Mistake("wrong_form", index, path))
            for name, other in reading.values.items():
                if (
                    name != source.name
                    and other != value
                    and type(other) is type(value)
                    and _alike(other, value)
                ):
                    found.append(Mistake("other_mention", index, path, name))
        paths = list(inputs)
        for number, first in enumerate(paths):
            for second in paths[number + 1 :]:
                a, b = inputs[first], inputs[second]
                if a != b and type(a) is type(b) and not isinstance(a, (bool, list, dict)) and _alike(a, b):
                    found.append(Mistake("swapped", index, first, second))
        if call.step and not any(source.kind == "output" for source in call.arguments.values()):
            found.append(Mistake("order", index))
        if entry.spec.writes and index == len(plan.calls) - 1:
            found.append(Mistake("extra", index))
    if len(plan.calls) > 1:
        ends = [index for index, call in enumerate(plan.calls) if call.step == last_step]
        if len(ends) < len(plan.calls):
            found.append(Mistake("stopped", ends[0]))
    return found


def _alike(a: Any, b: Any) -> bool:
    """Values that one could mix up: both numbers, both dates, or both words."""
    return not isinstance(a, str) or (a[:1].isdigit() == b[:1].isdigit() and (len(a) < 40) == (len(b) < 40))


def is_mended(mistake: Mistake, plan: Plan, critiques: Sequence[str]) -> bool:
    """Whether the advice speaks of what went wrong: the tool, and the argument where it is about one."""
    tools = {plan.calls[mistake.call].tool}
    if mistake.provider >= 0:
        tools.add(plan.calls[mistake.provider].tool)
    names = (
        {top(path) for path in (mistake.path, mistake.other) if path} if mistake.kind != "invented" else set()
    )
    for text in critiques:
        if not any(_speaks_of(text, tool) for tool in tools):
            continue
        if not names or any(
            _speaks_of(text, name) or words_of(name).lower() in text.lower() for name in names
        ):
            return True
    return False


def _speaks_of(text: str, name: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text, re.IGNORECASE) is not None


_ISO = re.compile(r"(\d{4})-(\d\d)-(\d\d)\Z")


def misread(value: Any) -> Any:
    """The value in a wrong form, None where there is none: 2 -> "2 units"? no: "2", a date as 05/03/2026."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return f"{value:,}"
    if isinstance(value, str) and (date := _ISO.match(value)):
        return f"{date[2]}/{date[3]}/{date[1]}"
    return None


def invented_id(entity: str, rng: Random) -> str:
    """An id that looks real."""
    letters = "".join(re.findall(r"[A-Za-z]", entity))[:2].upper() or "ID"
    return f"{letters}-{rng.randrange(10000, 100000)}"
