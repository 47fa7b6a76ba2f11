"""A plan in English: what is asked for as clauses, what feeds it as noun phrases.

The querying agent writes queries with it, the reasoning agent restates the request in its thoughts. Both
know the plan and what the user says; neither sees an output here.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from funreason_plugin.environments.spec import ParamSpec
from funreason_plugin.synthesis.plan import Plan, PlannedCall, Source
from funreason_plugin.synthesis.teachers import scripted_words as english
from funreason_plugin.synthesis.teachers.scripted_clauses import Clause, parse_clause
from funreason_plugin.synthesis.teachers.scripted_lexicon import (
    Lexicon,
    ToolWords,
    list_pattern,
    top,
)

__all__ = ["Past", "Phrasing", "quote"]


@dataclass(frozen=True, slots=True)
class Past:
    """The conversation so far: successful calls by tool, the number of turns, calls in the last of them.

    ``said``: what the user said earlier, by (turn, tool, parameter); ``shown``: outputs of earlier turns that
    an answer told, by (turn, tool, field).
    """

    calls: Mapping[str, int] = field(default_factory=dict)
    turns: int = 0
    last: tuple[str, ...] = ()
    said: Mapping[tuple[int, str, str], Any] = field(default_factory=dict)
    shown: Mapping[tuple[int, str, str], Any] = field(default_factory=dict)


def quote(text: str) -> str:
    return f'"{text}"' if '"' not in text else f"“{text}”"


_AMOUNT = frozenset(("quantity", "qty", "count", "pieces", "number", "units", "amount"))
_NAMING = re.compile(r"(?:name|title|label|symbol|email|sku|word)\Z")


class Phrasing:
    """Puts one plan into words, once; mentions are remembered, so that pronouns refer to something."""

    def __init__(
        self,
        plan: Plan,
        values: Mapping[str, Any],
        lexicon: Lexicon,
        rng: Random,
        *,
        spoken: Collection[int],
        past: Past,
        quoted: Collection[str] = (),
        deferred: Collection[tuple[int, str]] = (),
        explicit: bool = False,
    ) -> None:
        self.plan = plan
        self.values = values
        self.lexicon = lexicon
        self.rng = rng
        self.spoken = spoken
        self.past = past
        self.quoted = quoted
        self.deferred = deferred
        self.explicit = explicit
        self._said: dict[int, Source | None] = {}
        self._last: int | None = None

    # -- clauses --------------------------------------------------------------------------------------

    def clause(self, index: int) -> str:
        """ "book the cheapest flight from Rome to Oslo on 2026-05-03 for Ada Byron"."""
        call = self.plan.calls[index]
        entry = self.lexicon[call.tool]
        given = [name for name in given_params(call) if (index, name) not in self.deferred]
        chosen = self._clause_for(entry.asks, given)
        fills: dict[str, str] = {}
        for name in sorted(given, key=lambda name: _place(chosen, name)):
            fills[name] = self.argument(index, name)
        text = chosen.write(fills) + self._left_over(entry, fills, chosen)
        self._said[index] = None
        self._last = index
        return text

    def _clause_for(self, texts: Sequence[str], given: Sequence[str]) -> Clause:
        clauses = [parse_clause(text) for text in texts]
        best = max(sum(name in clause.slots for name in given) for clause in clauses)
        return self.rng.choice([c for c in clauses if sum(name in c.slots for name in given) == best])

    def _left_over(self, entry: ToolWords, fills: Mapping[str, str], clause: Clause) -> str:
        left = [name for name in fills if name not in clause.slots]
        if not left:
            return ""
        return f" ({', '.join(f'{english.words(name)} {fills[name]}' for name in left)})"

    # -- arguments ------------------------------------------------------------------------------------

    def argument(self, index: int, name: str) -> str:
        """The words for one argument: a value, a noun phrase, or a reference to what was said."""
        call = self.plan.calls[index]
        param = self.lexicon[call.tool].params.get(name)
        leaves = {path: source for path, source in call.arguments.items() if top(path) == name}
        if name in leaves:
            return self._source(leaves[name], param, name)
        return self._compound(name, leaves, param)

    def _source(self, source: Source, param: ParamSpec | None, path: str) -> str:
        if source.kind == "input":
            return self._literal(source.name, self.values.get(source.name), param, path)
        if source.kind == "output":
            return self._thing(source)
        if source.kind == "earlier":
            return self._earlier(source)
        if source.kind == "said":
            return self._said_before(source, param, path)
        return english.spoken(source.value)

    def _literal(self, name: str, value: Any, param: ParamSpec | None, path: str) -> str:
        marks = param.marks.get(list_pattern(path[len(param.name) :]).lstrip(".")) if param else None
        prose = param is not None and (
            param.prose is not None or (marks is not None and marks.prose is not None)
        )
        if isinstance(value, str):
            if prose or name in self.quoted or not value or value != value.strip() or "\n" in value:
                return quote(value)
            return value
        if isinstance(value, list) and all(isinstance(item, str) for item in value):
            hard = name in self.quoted or any("," in item or " and " in item for item in value)
            return english.joined([quote(item) if hard else item for item in value])
        return english.spoken(value)

    def _said_before(self, source: Source, param: ParamSpec | None, path: str) -> str:
        value = self.past.said.get((source.turn, source.name, source.field))
        same = [
            key
            for key, other in self.past.said.items()
            if _last(key[2]) == _last(source.field) and other != value
        ]
        nice = isinstance(value, str) and len(value) < 30 and param is not None and param.prose is None
        if value is None or (
            nice and source.field and not (same or self.explicit) and self.rng.random() < 0.6
        ):
            name = english.words(_last(source.field or path))
            return self.rng.choice(
                (f"the same {name}", f"the same {name} as before", f"the same {name} again")
            )
        return self._literal("", value, param, path)

    def _compound(self, name: str, leaves: Mapping[str, Source], param: ParamSpec | None) -> str:
        groups: dict[str, list[tuple[str, str]]] = {}
        for path, source in leaves.items():
            found = re.match(r"\[(\d+)\]\.?(.*)\Z", path[len(name) :])
            group, leaf = (found[1], found[2]) if found else ("", path[len(name) :].lstrip("."))
            groups.setdefault(group, []).append((leaf, self._source(source, param, path)))
        return english.joined([_record(parts) for parts in groups.values()])

    # -- things that calls of this turn give ----------------------------------------------------------

    def _thing(self, source: Source) -> str:
        index = source.call
        entry = self.lexicon[self.plan.calls[index].tool]
        own = stands_for_record(entry, source.field)
        again = index in self._said
        if again:
            base = self._again(index, source, entry)
        elif "[" not in source.field and any("[]" in path for path in entry.outputs):
            return self._property_of_call(index, source, entry)
        else:
            base = self._noun_phrase(index, source, entry)
            self._said[index] = source
        if own:
            return base
        about = english.words(_last(source.field))
        if again and base in ("it", "that one"):
            return f"its {about}"
        return f"the {about} of {base}"

    def _noun_phrase(self, index: int, source: Source, entry: ToolWords) -> str:
        """ "the cheapest flight from Rome to Oslo on 2026-05-03"."""
        noun = parse_clause(entry.noun)
        fills = {name: self.argument(index, name) for name in given_params(self.plan.calls[index])}
        text = noun.write(fills) + self._left_over(entry, fills, noun)
        before, after = self._selection(source, entry)
        if before:
            return f"the {before} {text}"
        proper = noun.parts[0].pieces[0] == "" and text[:1].isupper()
        return f"{'' if proper else 'the '}{text}{after}"

    def _selection(self, source: Source, entry: ToolWords) -> tuple[str, str]:
        """Words before and after the noun that pick the record."""
        if source.by in ("min", "max"):
            text, first = self.rng.choice(english.superlatives(source.key, source.by))
            return (text, "") if first else ("", f" {text}")
        if source.by == "equals":
            kind = type(source.value).__name__
            return (
                "",
                f" {self.rng.choice(english.selectors(source.key, english.spoken(source.value), kind))}",
            )
        return "", ""

    def _again(self, index: int, source: Source, entry: ToolWords) -> str:
        """Something that was spoken of: "the cheapest one", "it", "that booking"."""
        entity = record_entity(entry, source.field)
        before, after = self._selection(source, entry)
        first = self._said[index]
        if first is not None and (first.by, first.key, first.value) == (source.by, source.key, source.value):
            return self.rng.choice(("it", f"that {entity}", f"the same {entity}"))
        if before:
            return self.rng.choice((f"the {before} one", f"the {before} of them", f"the {before} {entity}"))
        if after:
            return self.rng.choice((f"the one{after}", f"the {entity}{after}"))
        if self._last == index and self.rng.random() < 0.45:
            return "it"
        return self.rng.choice((f"that {entity}", f"the {entity}", f"that {entity}"))

    def _property_of_call(self, index: int, source: Source, entry: ToolWords) -> str:
        """A field beside a list: it belongs to what the call was about, not to the records."""
        names = given_params(self.plan.calls[index])
        what = (
            entry.entity(source.field)
            if english.is_identifier(source.field)
            else english.words(_last(source.field))
        )
        self._said[index] = source
        if not names:
            return f"the {what}"
        return f"the {what} of {english.joined([self.argument(index, name) for name in names])}"

    # -- things of earlier turns ----------------------------------------------------------------------

    def _earlier(self, source: Source) -> str:
        entry = self.lexicon.get(source.name)
        entity = record_entity(entry, source.field) if entry else english.entity_words(source.field) or "one"
        own = entry is None or stands_for_record(entry, source.field)
        shown = self.past.shown.get((source.turn, source.name, source.field))
        many = self.past.calls.get(source.name, 0) > 1
        if (
            own
            and shown is not None
            and (self.explicit or (not source.by and (many or self.rng.random() < 0.2)))
        ):
            return f"the {entity} {english.spoken(shown)}"
        if source.by:
            base = self._earlier_record(source, entity, entry)
        elif many:
            turn = ("last", "previous") if source.turn == self.past.turns - 1 else ("earlier",)
            base = f"the {entity} from my {self.rng.choice(turn)} request"
        else:
            fresh = source.turn == self.past.turns - 1 and len(self.past.last) == 1
            ways = [
                f"that {entity}",
                f"the {entity} from before",
                f"that {entity}",
                f"the {entity} from earlier",
            ]
            base = "it" if fresh and self.rng.random() < 0.3 else self.rng.choice(ways)
        if own:
            return base
        about = english.words(_last(source.field))
        return f"its {about}" if base == "it" else f"the {about} of {base}"

    def _earlier_record(self, source: Source, entity: str, entry: ToolWords | None) -> str:
        before, after = self._selection(source, entry) if entry else ("", "")
        those = self.rng.choice(
            (f"those {english.plural(entity)}", f"the {english.plural(entity)} from before")
        )
        if before:
            return self.rng.choice((f"the {before} of {those}", f"the {before} one of {those}"))
        if after:
            return self.rng.choice((f"the {entity}{after}", f"the one{after} among {those}"))
        return f"that {entity}"


# -- helpers ----------------------------------------------------------------------------------------------


def given_params(call: PlannedCall) -> list[str]:
    """The parameters that are spoken of: all but defaults, in the order of the call."""
    names = dict.fromkeys(top(path) for path, source in call.arguments.items() if source.kind != "value")
    return list(names)


def _place(clause: Clause, name: str) -> int:
    return clause.slots.index(name) if name in clause.slots else len(clause.slots)


def _last(path: str) -> str:
    return re.sub(r"\[\d*\]\Z", "", path).rsplit(".", 1)[-1]


def _record(parts: Sequence[tuple[str, str]]) -> str:
    """One record of a compound argument: "2 of the oak desk (colour black)"."""
    if len(parts) == 1:
        return parts[0][1]
    amount = next((text for leaf, text in parts if _last(leaf) in _AMOUNT), "")
    rest = [(leaf, text) for leaf, text in parts if _last(leaf) not in _AMOUNT or text != amount]
    head = f"{amount} of {rest[0][1]}" if amount else rest[0][1]
    more = ", ".join(f"{english.words(_last(leaf))} {text}" for leaf, text in rest[1:])
    return f"{head} ({more})" if more else head


def record_entity(entry: ToolWords, field_path: str) -> str:
    """What to call one record: the noun's head, or the entity of its id."""
    head = re.match(
        r"[a-z][a-z -]*?(?= (?:of|for|from|in|on|at|to|with|by|that|which|named|called)\b|[\[{]|\Z)",
        entry.noun,
    )
    if "[" in field_path and head and entry.spec.phrases.noun:
        return head[0].strip()
    return entry.entity(field_path)


def stands_for_record(entry: ToolWords, field_path: str) -> bool:
    """Whether a field stands for its record (its id, its name) rather than for a property of it."""
    pattern = list_pattern(field_path)
    last = _last(pattern)
    if not last or pattern.endswith("[]") or (last == pattern.split("[")[0] and "[" in pattern):
        return True
    if not english.is_identifier(last):
        known = entry.outputs.get(pattern)
        return bool(_NAMING.search(last)) or (known is not None and known.ref is not None)
    prefix = pattern[: len(pattern) - len(last)]
    rivals = [
        p
        for p in entry.outputs
        if p.startswith(prefix) and english.is_identifier(p) and "[" not in p[len(prefix) :]
    ]
    return not rivals or rivals[0] == pattern or entry.noun.startswith(english.entity_words(pattern) or "\0")
