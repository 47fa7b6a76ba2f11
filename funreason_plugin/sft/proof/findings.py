"""What can be wrong with training, by kind, and the tally of a proof: bounded, whatever the number of rows."""

from __future__ import annotations

import dataclasses
from collections import Counter
from dataclasses import dataclass, field
from typing import NamedTuple

__all__ = ["KINDS", "Finding", "First", "Sample", "Tally"]

KINDS: dict[str, str] = {
    "unknown key": "Take the key out of the recipe, or install what reads it: funreason hook install",
    "packing": "Set packing: false",
    "train_on_prompt": "Take train_on_prompt out and set mask_history: true",
    "padding trained": "Take ignore_pad_token_for_loss out",
    "stale rows": "Take tokenized_path out, or remove that folder",
    "tokenizer": "Use a tokenizer of the Qwen3 family, without split_special_tokens",
    "columns": "Name the column in dataset_info.json",
    "dropped": "Mend the order of roles: user side (human, observation) and model side (gpt, function_call) alternate",
    "think newlines": r"Write <think>\n…\n</think>\n\n, then the answer or the calls",
    "text beside a call": "A function_call is a thought and a JSON list of calls, nothing else; a text belongs into a gpt turn",
    "calls": 'Write the calls of a turn as a JSON list of {"name", "arguments"}, each key once, and arguments an object',
    "results": "Give each call its result in the message after the calls, or take the row out",
    "empty response": "Write the answer or the calls, below the thought if there is one, or take the row out",
    "aborts": "Mend the row: LLaMA-Factory stops at it",
    "tools": "Write tools as a JSON string with a list of tool documents whose parameters are a JSON Schema",
    "control tokens": "Take it out of the text, or the row out: the tokenizer takes it for markup",
    "too long": "Take the row out",
    "cut": "Raise cutoff_len, or take these rows out",
    "several segments": "Set mask_history: true, so that only the last response is trained",
    "nothing trained": "Raise cutoff_len",
    "wrong part trained": "Compare the marked part of the sample with the last message of the row",
    "thought lost": "Take enable_thinking: false out; write thoughts as <think> blocks in sharegpt rows",
    "empty thought trained": "Rows without thoughts want template: qwen3_nothink",
    "empty thoughts in the history": "Take preserve_thinking out",
    "thoughts in the history": "Strip them in the data: the model is served without them",
    "calls reordered": "Write all calls of a turn as one JSON list, not as several <tool_call> blocks",
    "calls lost": "Write the calls as a function_call with a JSON list",
    "arguments double-encoded": "Write arguments as an object, not as a string; use sharegpt rows, not openai",
    "arguments changed": "Write calls as text (sharegpt): columns of objects get the keys of all rows, as null",
    "line feed lost": "Take tool_format out: the template has its own",
    "system changed": "Put the system prompt into the data; take default_system out",
    "tools lost": "Name the tools column in dataset_info.json",
    "message lost": "Compare the sample with the row",
    "text changed": "Compare the sample with the row",
    "form": "Train these rows with template: qwen3, whose calls are JSON",
}
"""Kinds of problems with what to change, in the order in which they are shown."""


class Finding(NamedTuple):
    """A problem of one row, or of the recipe: its kind, and what is seen."""

    kind: str
    what: str


@dataclass(slots=True)
class First:
    """How often something was found, and the first place: its number, its name, what is seen there."""

    number: int
    where: str
    what: str
    count: int = 1

    def take(self, other: First) -> None:
        if other.number < self.number:
            self.number, self.where, self.what = other.number, other.where, other.what
        self.count += other.count


class Sample(NamedTuple):
    """A row as training sees it: stretches of text, and whether they have loss."""

    where: str
    parts: list[tuple[str, bool]]


@dataclass(slots=True)
class Tally:
    """What was seen in some rows."""

    rows: int = 0
    rendered: int = 0
    bad: int = 0
    one_segment: int = 0
    thoughts_stated: int = 0
    thoughts_trained: int = 0
    histories_with_thoughts: int = 0
    tokens: int = 0
    loss_tokens: int = 0
    thought_tokens: int = 0
    lengths: Counter[int] = field(default_factory=Counter)
    found: dict[str, First] = field(default_factory=dict)
    noted: dict[str, First] = field(default_factory=dict)
    samples: list[Sample] = field(default_factory=list)

    def add(self, number: int, where: str, finding: Finding) -> None:
        _take(self.found, finding.kind, First(number, where, finding.what))

    def note(self, number: int, where: str, text: str) -> None:
        _take(self.noted, text, First(number, where, ""))

    def merge(self, other: Tally) -> None:
        """Take up the tally of other rows."""
        for entry in dataclasses.fields(self):
            mine, theirs = getattr(self, entry.name), getattr(other, entry.name)
            if isinstance(mine, int):
                setattr(self, entry.name, mine + theirs)
        self.lengths.update(other.lengths)
        self.samples += other.samples
        for kind, first in other.found.items():
            _take(self.found, kind, first)
        for text, first in other.noted.items():
            _take(self.noted, text, first)

    def percentile(self, share: float) -> int:
        """The length that this share of the rows does not exceed, in tokens."""
        wanted, seen = share * sum(self.lengths.values()), 0
        for length in sorted(self.lengths):
            seen += self.lengths[length]
            if seen >= wanted:
                return length
        return 0


def _take(into: dict[str, First], key: str, first: First) -> None:
    if key in into:
        into[key].take(first)
    else:
        into[key] = dataclasses.replace(first)
