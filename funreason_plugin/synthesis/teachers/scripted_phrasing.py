"""A plan in English: what is asked for as clauses, what feeds it as noun phrases.

A_Q writes queries with it, A_R restates the request in its thoughts; neither sees an output here.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache
from random import Random
from typing import Any

from funreason_plugin.environments.spec import ParamSpec
from funreason_plugin.synthesis.plan import Plan, PlannedCall, Source, is_label, top
from funreason_plugin.synthesis.teachers import scripted_words as english
from funreason_plugin.synthesis.teachers.scripted_clauses import Clause, is_plain_item, parse_clause
from funreason_plugin.synthesis.teachers.scripted_generic import flag
from funreason_plugin.synthesis.teachers.scripted_lexicon import Lexicon, ToolWords, list_pattern
from funreason_plugin.synthesis.teachers.scripted_naming import (
    Earlier,
    Past,
    last_name,
    named,
    place_of,
    pronoun,
    property_of,
    record_entity,
    selection,
    stands_for_record,
    things_of,
    word_for,
)
from funreason_plugin.synthesis.teachers.scripted_records import (
    group_of,
    object_text,
    quote,
    record_text,
    value_text,
)

__all__ = ["Phrasing"]


EMPTY: tuple[Any, ...] = (None, "", [], {})
"""Values that go without saying."""


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
        about: Mapping[tuple[int, str], str] | None = None,
    ) -> None:
        self.plan = plan
        self.values = values
        self.lexicon = lexicon
        self.rng = rng
        self.spoken = spoken
        self.past = past
        self.quoted = quoted
        self.deferred = deferred
        self.about = about or {}
        self.explicit = about is not None
        self._said: dict[int, Source | None] = {}
        self._last: int | None = None
        self._earlier = Earlier(lexicon, past, rng, self.explicit)

    # -- clauses --------------------------------------------------------------------------------------

    def clause(self, index: int) -> str:
        """ "book the cheapest flight from Rome to Oslo on 2026-05-03 for Ada Byron"."""
        call = self.plan.calls[index]
        entry = self.lexicon[call.tool]
        given = [name for name in self._spoken_of(call, entry.asks) if (index, name) not in self.deferred]
        chosen = self._clause_for(entry.asks, given)
        fills: dict[str, str] = {}
        for name in sorted(given, key=lambda name: _place(chosen, name)):
            fills[name] = self.argument(index, name)
        text = chosen.write(fills)
        if _CLASH.search(text):  # "which the same kind": here the value itself has to stand
            for name, source in call.arguments.items():
                if source.kind == "said" and name in fills:
                    value = self.past.said.get(place_of(source))
                    fills[name] = self._literal("", value, entry.params.get(name), name)
            text = chosen.write(fills)
        if " the same " in text:
            text = _DOUBLED.sub(r"the same \1", text)
        text += self._left_over(entry, fills, chosen)
        self._said[index] = None
        self._last = index
        return text

    def _clause_for(self, texts: Sequence[str], given: Sequence[str]) -> Clause:
        return self.rng.choice(_fullest(tuple(texts), tuple(given)))

    def _spoken_of(self, call: PlannedCall, texts: Sequence[str]) -> list[str]:
        """The arguments that are put into words; nobody speaks of an empty text."""
        return [name for name in _said_of(call, texts) if not self._is_empty(call.arguments.get(name))]

    def _is_empty(self, source: Source | None) -> bool:
        return source is not None and source.kind == "input" and self.values.get(source.name) in EMPTY

    def _left_over(self, entry: ToolWords, fills: Mapping[str, str], clause: Clause) -> str:
        left = [name for name in fills if name not in clause.slots]
        flags = [name for name in left if fills[name] in ("yes", "no")]
        said = [parse_clause(flag(english.words(name), name)).write(fills) for name in flags]
        rest = [f"{english.words(name)} {fills[name]}" for name in left if name not in flags]
        return "".join(f", {text}" for text in said) + (f" ({', '.join(rest)})" if rest else "")

    # -- arguments ------------------------------------------------------------------------------------

    def argument(self, index: int, name: str) -> str:
        """The words for one argument: a value, a noun phrase, or a reference to what was said."""
        call = self.plan.calls[index]
        entry = self.lexicon[call.tool]
        param = entry.params.get(name)
        leaves = {path: source for path, source in call.arguments.items() if top(path) == name}
        if name not in leaves:
            return self.about.get((index, name)) or self._compound(name, leaves, param)
        if self._only_user_knows(leaves[name]) and (index, name) in self.about:
            return self.about[index, name]
        return self._source(leaves[name], param, name)

    def _only_user_knows(self, source: Source) -> bool:
        """Whether the record is picked by a value that stands in the query, and nowhere else yet."""
        return source.by == "equals" and source.value is None

    def _source(self, source: Source, param: ParamSpec | None, path: str) -> str:
        if source.kind == "input":
            return self._literal(source.name, self.values.get(source.name), param, path)
        if source.kind == "output":
            return self._thing(source)
        if source.kind == "earlier":
            return self._earlier.phrase(source, first=not self._said)
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
            known = param is not None and "enum" in param.schema.get("items", {})
            hard = name in self.quoted or not (known or all(map(is_plain_item, value)))
            return english.joined([quote(item) if hard else item for item in value])
        return value_text(value)

    def _said_before(self, source: Source, param: ParamSpec | None, path: str) -> str:
        value = self.past.said.get(place_of(source))
        name = english.words(last_name(source.field or path)).removesuffix(" ID").removesuffix(" name")
        rivals = [
            key
            for key, other in self.past.said.items()
            if last_name(key[2]) == last_name(source.field) and other != value
        ]
        nice = isinstance(value, str) and len(value) < 30 and param is not None and param.prose is None
        nice = nice and bool(source.field) and english.is_noun(name) and not rivals and not self.explicit
        if value is None or (nice and self.rng.random() < 0.6):
            return self.rng.choice(
                (f"the same {name}", f"the same {name} as before", f"the same {name} again")
            )
        return self._literal("", value, param, path)

    def _compound(self, name: str, leaves: Mapping[str, Source], param: ParamSpec | None) -> str:
        groups: dict[str, list[tuple[str, str]]] = {}
        for path, source in leaves.items():
            group, leaf = group_of(path[len(name) :])
            groups.setdefault(group, []).append((last_name(leaf), self._source(source, param, path)))
        if "" in groups:
            return object_text(groups[""])
        return english.joined([record_text(parts) for parts in groups.values()])

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
        return base if own else property_of(source, entry, base)

    def _noun_phrase(self, index: int, source: Source, entry: ToolWords) -> str:
        """ "the cheapest flight from Rome to Oslo on 2026-05-03"."""
        noun = parse_clause(entry.noun)
        fills = {
            name: self.argument(index, name)
            for name in self._spoken_of(self.plan.calls[index], (entry.noun,))
        }
        text = noun.write(fills) + self._left_over(entry, fills, noun)
        before, after = selection(source, self.rng)
        if before:
            return f"the {before} {text}{after}"
        proper = noun.parts[0].pieces[0] == "" and text[:1].isupper()
        return f"{'' if proper else 'the '}{text}{after}"

    def _again(self, index: int, source: Source, entry: ToolWords) -> str:
        """Something that was spoken of: "the cheapest one", "it"."""
        rng, entity = self.rng, record_entity(entry, source.field)
        before, after = selection(source, rng)
        first = self._said[index]
        if first is not None and (first.by, first.key, first.value) == (source.by, source.key, source.value):
            return rng.choice((pronoun(entity), f"that {entity}", f"the same {entity}"))
        if before:
            them = f"the {before} of them" if source.by != "equals" else f"the {before} {entity}"
            return rng.choice((f"the {before} one", them, f"the {before} {entity}")) + after
        if after:
            return rng.choice((f"the one{after}", f"the {entity}{after}"))
        others = [other for other in self._said if other != index and self._gives(other, entity)]
        label = self._label(index, entity)
        if label and (others or rng.random() < 0.12):
            return named(entity, label)
        if others:
            return (
                f"the {'first' if index < min(others) else 'second' if len(others) == 1 else 'last'} {entity}"
            )
        if self._last == index and rng.random() < 0.45:
            return pronoun(entity)
        return rng.choice((f"that {entity}", f"the {entity}", f"that {entity}"))

    def _gives(self, index: int, entity: str) -> bool:
        return entity in things_of(self.lexicon[self.plan.calls[index].tool])

    def _label(self, index: int, entity: str) -> str:
        """By which name the user asked for what this call gives."""
        for path, source in self.plan.calls[index].arguments.items():
            value = self.values.get(source.name) if source.kind == "input" else None
            if isinstance(value, str) and 0 < len(value) <= 40 and is_label(path, entity):
                return value
        return ""

    def _property_of_call(self, index: int, source: Source, entry: ToolWords) -> str:
        """A field beside a list: it belongs to what the call was about, not to the records."""
        names = self.plan.calls[index].given
        what = word_for(source, entry)
        self._said[index] = source
        if not names:
            return f"the {what}"
        return f"the {what} of {english.joined([self.argument(index, name) for name in names])}"


# -- helpers ----------------------------------------------------------------------------------------------


def _said_of(call: PlannedCall, texts: Sequence[str]) -> list[str]:
    """The arguments that are put into words. A value that only an output gives (an access token) is not spoken
    of where the tool's own words have no place for it."""
    if all(source.kind not in ("output", "earlier") for source in call.arguments.values()):
        return list(call.given)
    slots = _slots_of(tuple(texts))
    unspoken = {
        name
        for name, source in call.arguments.items()
        if source.kind in ("output", "earlier") and source.by in ("", "only") and name not in slots
    }
    return [name for name in call.given if name not in unspoken]


@lru_cache(maxsize=4096)
def _slots_of(texts: tuple[str, ...]) -> frozenset[str]:
    return frozenset(slot for text in texts for slot in parse_clause(text).slots)


@lru_cache(maxsize=8192)
def _fullest(texts: tuple[str, ...], given: tuple[str, ...]) -> tuple[Clause, ...]:
    """The clauses that have a place for most of the arguments."""
    clauses = [parse_clause(text) for text in texts]
    counts = [sum(name in clause.slots for name in given) for clause in clauses]
    return tuple(clause for clause, count in zip(clauses, counts, strict=True) if count == max(counts))


_CLASH = re.compile(r"\b(?:an?|the|which|what|any|another|all|every|some|each) the same\b")
_DOUBLED = re.compile(r"\bthe (\w+)(?: of)? the same \1\b")


def _place(clause: Clause, name: str) -> int:
    return clause.slots.index(name) if name in clause.slots else len(clause.slots)
