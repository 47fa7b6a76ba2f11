"""What the outputs say about the arguments that are taken from them, as remarks of a thought."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from funreason_plugin.synthesis.plan import Source, value_at
from funreason_plugin.synthesis.teachers import scripted_thought_frames as frames
from funreason_plugin.synthesis.teachers import scripted_words as english
from funreason_plugin.synthesis.teachers.scripted_lexicon import Lexicon, ToolWords
from funreason_plugin.synthesis.teachers.scripted_naming import record_entity
from funreason_plugin.synthesis.teachers.scripted_reader import words_of
from funreason_plugin.synthesis.teachers.scripted_selectors import attribute, selectors, superlatives
from funreason_plugin.synthesis.teachers.scripted_view import Made, NotFound, View, record_of

__all__ = ["LONG_VALUE", "Observations", "Planned", "facts", "is_short", "shown"]

LONG_VALUE = 60
"""Characters of a value that a thought repeats in full."""


@dataclass(frozen=True, slots=True)
class Planned:
    """A call about to be made: where it stands in the plan (-1: nowhere) and what it takes."""

    index: int
    tool: str
    arguments: Mapping[str, Any]


class Observations:
    """Reads the outputs of one attempt."""

    def __init__(
        self, view: View, lexicon: Lexicon, pick: Callable[[Sequence[str]], str], outputs: Mapping[int, Any]
    ) -> None:
        self.view = view
        self.lexicon = lexicon
        self.pick = pick
        self.outputs = outputs

    def all(self, calls: Sequence[Planned]) -> list[str]:
        """What the outputs say about the arguments that are taken from them."""
        remarks: list[str] = []
        told: set[tuple[int, str, str]] = set()
        for planned in calls:
            if planned.index < 0:
                continue
            for path, source in self.view.plan.calls[planned.index].arguments.items():
                if source.kind != "output" or source.call not in self.outputs:
                    continue
                mark = (source.call, source.by, source.key)
                if mark in told:
                    continue
                told.add(mark)
                remarks.append(self._observation(path, source, value_at(planned.arguments, path)))
        return remarks[:3]

    def _observation(self, path: str, source: Source, value: Any) -> str:
        provider = self.view.plan.calls[source.call]
        entry = self.lexicon[provider.tool]
        words = {
            "tool": f"`{provider.tool}`",
            "entity": record_entity(entry, source.field),
            "what": words_of(path),
            "value": shown(value),
        }
        if source.by in ("min", "max"):
            return self._extreme(source, words)
        if source.by == "equals":
            key = source.value if source.value is not None else self._said_key(source, value)
            if key is not None and is_short(key):
                before, after = selectors(source.key, english.spoken(key), type(key).__name__)[0]
                words["thing"] = f"{before} {words['entity']} {after}".strip()
                return self.pick(frames.PICKED).format(**words)
            return self.pick(frames.RETURNED).format(**words)
        if source.by == "only" and source.field:
            try:
                alone = len(record_of(self.outputs[source.call], source, self.view.said)[1]) == 1
            except NotFound:
                alone = False
            return self.pick(frames.ONLY if alone else frames.RETURNED).format(**words)
        return self.pick(frames.RETURNED).format(**words)

    def _extreme(self, source: Source, words: Mapping[str, str]) -> str:
        try:
            record, records = record_of(self.outputs[source.call], source, self.view.said)
        except NotFound:
            return self.pick(frames.RETURNED).format(**words)
        text, before = superlatives(source.key, source.by)[0]
        thing = f"{text} {words['entity']}" if before else f"{words['entity']} {text}"
        key = attribute(source.key)
        amount = value_at(record, source.key) if isinstance(record, dict) else record
        return self.pick(frames.EXTREME if len(records) > 1 else frames.ONLY).format(
            **words, thing=thing, key=key, amount=shown(amount), count=english.count(len(records)),
            plural=english.plural(words["entity"]),
        )  # fmt: skip

    def _said_key(self, source: Source, value: Any) -> Any:
        """What the chosen record has at the key that the user named."""
        try:
            _, records = record_of(self.outputs[source.call], source, self.view.said)
        except NotFound:
            return None
        rest = source.field.split("[]", 1)[-1].lstrip(".")
        for record in records:
            if isinstance(record, dict) and source.key and value_at(record, rest) == value:
                key = value_at(record, source.key)
                if key is not None and any(
                    english.spoken(key).lower() in text.lower() for text in self.view.said
                ):
                    return key  # several records may refer to the same thing: the one that the user described
        return None


def is_short(value: Any) -> bool:
    return (
        isinstance(value, (str, int, float))
        and not isinstance(value, bool)
        and 0 < len(str(value)) <= LONG_VALUE
    )


def shown(value: Any) -> str:
    """A value in a thought: long text is cut at a word and quoted."""
    text = english.spoken(value)
    if isinstance(value, str) and (len(text) > LONG_VALUE or "\n" in text):
        head = text.split("\n", 1)[0][:LONG_VALUE]
        head = head.rsplit(" ", 1)[0] if len(head) == LONG_VALUE and " " in head else head
        return f"“{head.rstrip(' ,;')}…”" if '"' in head else f'"{head.rstrip(" ,;")}…"'
    if isinstance(value, str) and re.search(r"[.?!]\Z|\A\s|\s\Z", text):
        return f'"{text}"' if '"' not in text else f"“{text}”"
    return text


# -- facts for the thought before the answer --------------------------------------------------------------


_FACT = re.compile(
    r"(?:\bid|number|code|reference|total|price|amount|balance|cost|fee|refund|name|status|date|time|title|rate|"
    r"seat|row|city|address|carrier|phone|email|currency|score|distance|temperature|symbol|result)\Z",
    re.IGNORECASE,
)


def facts(made: Made, entry: ToolWords) -> list[str]:
    """One or two things that the result says: "the booking ID is BK-1"."""
    if not isinstance(made.output, Mapping):
        return []
    found = []
    for path in entry.spec.phrases.reports or tuple(made.output):
        value = value_at(made.output, path) if "[" not in path else None
        name = attribute(path)
        short = (
            isinstance(value, (str, int, float)) and not isinstance(value, bool) and 0 < len(str(value)) <= 40
        )
        if short and _FACT.search(name) and str(value).count(" ") < 3:
            found.append(f"the {name} is {english.spoken(value)}")
    return found[:2]
