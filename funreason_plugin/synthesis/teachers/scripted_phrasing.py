"""A plan in English: what is asked for as clauses, what feeds it as noun phrases.

The querying agent writes queries with it, the reasoning agent restates the request in its thoughts. Both
know the plan and what the user says; neither sees an output here.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from random import Random
from typing import Any

from funreason_plugin.environments.spec import ParamSpec
from funreason_plugin.synthesis.plan import Plan, PlannedCall, Source, top
from funreason_plugin.synthesis.teachers import scripted_words as english
from funreason_plugin.synthesis.teachers.scripted_clauses import Clause, is_plain_item, parse_clause
from funreason_plugin.synthesis.teachers.scripted_lexicon import Lexicon, ToolWords, list_pattern
from funreason_plugin.synthesis.teachers.scripted_records import (
    group_of,
    object_text,
    quote,
    record_text,
    value_text,
)

__all__ = ["Past", "Phrasing"]


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

    # -- clauses --------------------------------------------------------------------------------------

    def clause(self, index: int) -> str:
        """ "book the cheapest flight from Rome to Oslo on 2026-05-03 for Ada Byron"."""
        call = self.plan.calls[index]
        entry = self.lexicon[call.tool]
        given = [name for name in _said_of(call, entry.asks) if (index, name) not in self.deferred]
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
            known = param is not None and "enum" in param.schema.get("items", {})
            hard = name in self.quoted or not (known or all(map(is_plain_item, value)))
            return english.joined([quote(item) if hard else item for item in value])
        return value_text(value)

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
            group, leaf = group_of(path[len(name) :])
            groups.setdefault(group, []).append((_last(leaf), self._source(source, param, path)))
        if "" in groups:
            return object_text(groups[""])
        return english.joined([record_text(parts) for parts in groups.values()])

    def _word_for(self, source: Source, entry: ToolWords) -> str:
        """A property's name: "home city"; for another thing's id the thing: "flight"."""
        if english.is_identifier(source.field):
            return entry.entity(source.field)
        return english.attribute(_last(list_pattern(source.field)))

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
        about = self._word_for(source, entry)
        owner = self._owner(index) if "[" not in source.field else ""
        if owner:
            return f"the {owner}'s {about}"
        return f"its {about}" if again and base in ("it", "that one") else f"the {about} of {base}"

    def _owner(self, index: int) -> str:
        """Whom a call is about, when its only argument names somebody or something: "traveller"."""
        entry = self.lexicon[self.plan.calls[index].tool]
        refs = [param.ref for param in entry.spec.params if param.required]
        return (
            english.words(refs[0].entity) if len(refs) == 1 and refs[0] is not None and refs[0].known else ""
        )

    def _noun_phrase(self, index: int, source: Source, entry: ToolWords) -> str:
        """ "the cheapest flight from Rome to Oslo on 2026-05-03"."""
        noun = parse_clause(entry.noun)
        fills = {name: self.argument(index, name) for name in _said_of(self.plan.calls[index], (entry.noun,))}
        text = noun.write(fills) + self._left_over(entry, fills, noun)
        before, after = self._selection(source, entry)
        if before:
            return f"the {before} {text}{after}"
        proper = noun.parts[0].pieces[0] == "" and text[:1].isupper()
        return f"{'' if proper else 'the '}{text}{after}"

    def _selection(self, source: Source, entry: ToolWords) -> tuple[str, str]:
        """Words before and after the noun that pick the record."""
        if source.by in ("min", "max"):
            text, first = self.rng.choice(english.superlatives(source.key, source.by))
            return (text, "") if first else ("", f" {text}")
        if source.by != "equals":
            return "", ""
        if source.value is None:
            return "", f" with the {english.attribute(source.key or 'value')} they mention"
        ways = english.selectors(source.key, english.spoken(source.value), type(source.value).__name__)
        before, after = self.rng.choice(ways)
        return before, f" {after}" if after else ""

    def _again(self, index: int, source: Source, entry: ToolWords) -> str:
        """Something that was spoken of: "the cheapest one", "it", "that booking"."""
        entity = record_entity(entry, source.field)
        before, after = self._selection(source, entry)
        first = self._said[index]
        if first is not None and (first.by, first.key, first.value) == (source.by, source.key, source.value):
            return self.rng.choice(("it", f"that {entity}", f"the same {entity}"))
        if before:
            them = f"the {before} of them" if source.by != "equals" else f"the {before} {entity}"
            return self.rng.choice((f"the {before} one", them, f"the {before} {entity}")) + after
        if after:
            return self.rng.choice((f"the one{after}", f"the {entity}{after}"))
        if self._last == index and self.rng.random() < 0.45:
            return "it"
        return self.rng.choice((f"that {entity}", f"the {entity}", f"that {entity}"))

    def _property_of_call(self, index: int, source: Source, entry: ToolWords) -> str:
        """A field beside a list: it belongs to what the call was about, not to the records."""
        names = self.plan.calls[index].given
        what = self._word_for(source, entry)
        self._said[index] = source
        if not names:
            return f"the {what}"
        return f"the {what} of {english.joined([self.argument(index, name) for name in names])}"

    # -- things of earlier turns ----------------------------------------------------------------------

    def _earlier(self, source: Source) -> str:
        entry = self.lexicon.get(source.name)
        if entry is None:
            return "the one from before"
        entity = record_entity(entry, source.field)
        shown = self.past.shown.get((source.turn, source.name, source.field))
        if not stands_for_record(entry, source.field):
            return self._earlier_property(source, entry, entity, shown)
        many = self._is_one_of_many(source, entry)
        if shown is not None and (
            self.explicit or (not source.by and self.rng.random() < (0.6 if many else 0.2))
        ):
            return f"the {entity} {english.spoken(shown)}"
        if source.by:
            return self._earlier_record(source, entity, entry)
        if many:
            return self.rng.choice(
                (f"the latest {entity}", f"the last {entity}", f"the {entity} from just now")
            )
        ways = [f"that {entity}", f"that {entity}", f"the {entity} from before", f"the {entity} from earlier"]
        fresh = source.turn == self.past.turns - 1 and len(self.past.last) == 1
        return "it" if fresh and not self._said and self.rng.random() < 0.3 else self.rng.choice(ways)

    def _is_one_of_many(self, source: Source, entry: ToolWords) -> bool:
        """Whether earlier calls gave several things of this kind."""
        kind = entry.entity(source.field)
        return sum(n for tool, n in self.past.calls.items() if kind in _things_of(self.lexicon.get(tool))) > 1

    def _earlier_property(self, source: Source, entry: ToolWords, entity: str, shown: Any) -> str:
        """A property of something earlier: its value, when the user saw it, or "the start of that stay"."""
        if shown is not None and (self.explicit or self.rng.random() < 0.75):
            return english.spoken(shown)
        about = self._word_for(source, entry)
        refs = [param.ref for param in entry.spec.params if param.required]
        if "[" not in source.field and len(refs) == 1 and refs[0] is not None and refs[0].known:
            return f"the {english.words(refs[0].entity)}'s {about}"
        return f"the {about} of {self._earlier_record(source, entity, entry)}"

    def _earlier_record(self, source: Source, entity: str, entry: ToolWords) -> str:
        before, after = self._selection(source, entry)
        them = english.plural(entity)
        if before and source.by != "equals":
            ways = (f"the {before} of those {them}", f"the {before} one of the {them} from before", f"the {before} of the {them} you listed")  # fmt: skip
            return self.rng.choice(ways)
        if before or after:
            lead = f"the {before} {entity}" if before else f"the {entity}"
            return lead + self.rng.choice(("", " you found", " from that list", " you listed")) + after
        return f"that {entity}"


# -- helpers ----------------------------------------------------------------------------------------------


def _said_of(call: PlannedCall, texts: Sequence[str]) -> list[str]:
    """The arguments that are put into words. A value that only an output gives (an access token) is not spoken
    of where the tool's own words have no place for it."""
    slots = {slot for text in texts for slot in parse_clause(text).slots}
    unspoken = {
        name
        for name, source in call.arguments.items()
        if source.kind in ("output", "earlier") and source.by in ("", "only") and name not in slots
    }
    return [name for name in call.given if name not in unspoken]


def _place(clause: Clause, name: str) -> int:
    return clause.slots.index(name) if name in clause.slots else len(clause.slots)


def _last(path: str) -> str:
    return re.sub(r"\[\d*\]\Z", "", path).rsplit(".", 1)[-1]


@lru_cache(maxsize=1024)
def _things_of(entry: ToolWords | None) -> frozenset[str]:
    """The kinds of things whose ids a tool returns."""
    if entry is None:
        return frozenset()
    return frozenset(entry.entity(path) for path in entry.outputs if english.is_identifier(path))


@lru_cache(maxsize=4096)
def record_entity(entry: ToolWords, field_path: str) -> str:
    """What to call one record: the noun's head, or the entity of its id."""
    head = re.match(
        r"[a-z][a-z -]*?(?= (?:of|for|from|in|on|at|to|with|by|that|which|named|called)\b|[\[{]|\Z)",
        entry.noun,
    )
    if "[" in field_path and head and entry.spec.phrases.noun:
        return head[0].strip()
    return entry.entity(field_path)


@lru_cache(maxsize=4096)
def stands_for_record(entry: ToolWords, field_path: str) -> bool:
    """Whether a field stands for its record (its id, its name) rather than for a property of it."""
    pattern = list_pattern(field_path)
    last = _last(pattern)
    if not last or pattern.endswith("[]") or (last == pattern.split("[")[0] and "[" in pattern):
        return True
    if not english.is_identifier(last):
        known = entry.outputs.get(pattern)
        named = _NAMING.search(last) is not None and (
            "." not in pattern or last in ("name", "title", "label")
        )
        return named or (known is not None and known.ref is not None and not known.ref.known)
    prefix = pattern[: len(pattern) - len(last)]
    rivals = [
        p
        for p in entry.outputs
        if p.startswith(prefix) and english.is_identifier(p) and "[" not in p[len(prefix) :]
    ]
    return not rivals or rivals[0] == pattern or entry.noun.startswith(english.entity_words(pattern) or "\0")
