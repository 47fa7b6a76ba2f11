"""What to call things: records of an output, their properties, and what earlier turns brought."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from random import Random
from typing import Any

from funreason_plugin.synthesis.plan import Source
from funreason_plugin.synthesis.teachers import scripted_words as english
from funreason_plugin.synthesis.teachers.scripted_follow_up_frames import COMPARATIVES
from funreason_plugin.synthesis.teachers.scripted_lexicon import Lexicon, ToolWords, list_pattern
from funreason_plugin.synthesis.teachers.scripted_selectors import attribute, selectors, superlatives

__all__ = [
    "Earlier",
    "Past",
    "last_name",
    "named",
    "property_of",
    "place_of",
    "pronoun",
    "record_entity",
    "selection",
    "stands_for_record",
    "things_of",
    "word_for",
]

Place = tuple[int, str, str, str]
"""(turn, tool, output or argument path, what picks the record)."""


def place_of(source: Source) -> Place:
    """Where a value of an earlier turn is."""
    return source.turn, source.name, source.field, f"{source.by} {source.key}".strip()


@dataclass(frozen=True, slots=True)
class Past:
    """The conversation so far: successful calls by tool, the number of turns, calls in the last of them.

    ``said``: what the user said earlier; ``shown``: outputs that an answer told; ``labels``: by which name the
    user asked for what a call then gave. ``declined``: the last request could not be fulfilled. ``follows``: the query
    follows up the last turn; ``pairs`` are fields by which one of just two records of it is told, ``meant`` the places of
    records that the last turn was about already.
    """

    calls: Mapping[str, int] = field(default_factory=dict)
    turns: int = 0
    last: tuple[str, ...] = ()
    said: Mapping[Place, Any] = field(default_factory=dict)
    shown: Mapping[Place, Any] = field(default_factory=dict)
    labels: Mapping[Place, str] = field(default_factory=dict)
    declined: bool = False
    follows: bool = False
    pairs: frozenset[str] = frozenset()
    meant: frozenset[str] = frozenset()


# -- records and properties -------------------------------------------------------------------------------

_NAMING = re.compile(r"(?:name|title|label|symbol|email|sku|word)\Z")
_HEAD = re.compile(
    r"[a-z][a-z -]*?(?= (?:of|for|from|in|on|at|to|with|by|that|which|named|called|about)\b|[\[{]|\Z)"
)


@lru_cache(maxsize=8192)
def last_name(path: str) -> str:
    """The last name on a path, without an index: "stays[].city" -> "city"."""
    return re.sub(r"\[\d*\]\Z", "", path).rsplit(".", 1)[-1]


@lru_cache(maxsize=1024)
def things_of(entry: ToolWords | None) -> frozenset[str]:
    """The kinds of things whose ids a tool returns."""
    if entry is None:
        return frozenset()
    return frozenset(entry.entity(path) for path in entry.outputs if english.is_identifier(path))


@lru_cache(maxsize=4096)
def record_entity(entry: ToolWords, field_path: str) -> str:
    """What to call one record: the noun's head, or the entity of its id."""
    head = _HEAD.match(entry.noun)
    if "[" in field_path and head and entry.spec.phrases.noun:
        return head[0].strip()
    return entry.entity(field_path)


@lru_cache(maxsize=4096)
def stands_for_record(entry: ToolWords, field_path: str) -> bool:
    """Whether a field stands for its record (its id, its name) rather than for a property of it."""
    pattern = list_pattern(field_path)
    last = last_name(pattern)
    if not last or pattern.endswith("[]") or (last == pattern.split("[")[0] and "[" in pattern):
        return True
    if not english.is_identifier(last):
        known = entry.outputs.get(pattern)
        own = "." not in pattern or last in ("name", "title", "label")
        return (own and _NAMING.search(last) is not None) or (
            known is not None and known.ref is not None and not known.ref.known
        )
    prefix = pattern[: len(pattern) - len(last)]
    rivals = [
        path
        for path in entry.outputs
        if path.startswith(prefix) and english.is_identifier(path) and "[" not in path[len(prefix) :]
    ]
    return not rivals or rivals[0] == pattern or entry.noun.startswith(english.entity_words(pattern) or "\0")


def word_for(source: Source, entry: ToolWords) -> str:
    """A property's name: "home city"; for another thing's id the thing: "flight"."""
    if english.is_identifier(source.field):
        return entry.entity(source.field)
    return attribute(last_name(list_pattern(source.field)))


def owner_of(entry: ToolWords) -> str:
    """Whom a call is about, when its only argument names somebody or something: "traveller"."""
    refs = [param.ref for param in entry.spec.params if param.required]
    return english.words(refs[0].entity) if len(refs) == 1 and refs[0] is not None and refs[0].known else ""


def property_of(source: Source, entry: ToolWords, base: str) -> str:
    """ "the start of that stay"; "the traveller's home city" where a call is about one traveller."""
    about = word_for(source, entry)
    owner = owner_of(entry) if "[" not in source.field else ""
    if owner:
        return f"the {owner}'s {about}"
    if base in ("it", "that one"):
        return f"its {about}"
    if base == "them":
        return f"their {about}"
    return base if base.endswith(f" {about}") else f"the {about} of {base}"


def selection(source: Source, rng: Random) -> tuple[str, str]:
    """Words before and after the noun that pick the record."""
    if source.by in ("min", "max"):
        text, first = rng.choice(superlatives(source.key, source.by))
        return (text, "") if first else ("", f" {text}")
    if source.by != "equals":
        return "", ""
    if source.value is None:
        return "", f" with the {attribute(source.key or 'value')} they mention"
    ways = selectors(source.key, english.spoken(source.value), type(source.value).__name__)
    before, after = rng.choice(ways)
    return before, f" {after}" if after else ""


_PERSONS = frozenset(
    re.findall(
        r"\w+",
        "payee traveller traveler patient doctor physician contact user customer colleague guest member person "
        "author friend recipient driver agent specialist employee student teacher client passenger sender "
        "follower tenant applicant candidate participant manager owner seller buyer",
    )
)


def pronoun(entity: str) -> str:
    return "them" if entity.rsplit(" ", 1)[-1] in _PERSONS else "it"


def named(entity: str, label: str) -> str:
    """ "the payee Rafael Quintero"; a person's name stands by itself."""
    if entity.rsplit(" ", 1)[-1] in _PERSONS and label[:1].isupper() and " " in label:
        return label
    return (
        f"the {entity} {label}" if label[:1].isupper() or label[:1].isdigit() else f'the {entity} "{label}"'
    )


# -- earlier turns ----------------------------------------------------------------------------------------


class Earlier:
    """Refers to outputs of earlier turns. ``explicit``: by their values, as a thought does."""

    def __init__(self, lexicon: Lexicon, past: Past, rng: Random, explicit: bool) -> None:
        self.lexicon = lexicon
        self.past = past
        self.rng = rng
        self.explicit = explicit
        self._mentioned: set[tuple[Place, str]] = set()

    def phrase(self, source: Source, first: bool) -> str:
        """ "that booking". ``first``: nothing else was mentioned yet, so that "it" is clear."""
        entry = self.lexicon.get(source.name)
        if entry is None:
            return "the one from before"
        rng, entity = self.rng, record_entity(entry, source.field)
        place = place_of(source)
        shown, label = self.past.shown.get(place), self.past.labels.get(place, "")
        if not stands_for_record(entry, source.field):
            return self._property(source, entry, entity, shown)
        if shown is not None and self.explicit:
            return f"the {entity} {english.spoken(shown)}"
        where = f"{source.name}: {source.field.partition('[]')[0]} {source.by} {source.key} {source.value}"
        if source.by and where in self.past.meant:
            return f"that {entity}"
        if source.by:
            mark = (place, str(source.value))
            if mark in self._mentioned:
                return rng.choice((f"that {entity}", f"the same {entity}"))
            self._mentioned.add(mark)
            return self._record(source, entity)
        many = self._is_one_of_many(source, entry)
        if label and rng.random() < (0.7 if many else 0.25):
            return named(entity, label)
        if shown is not None and rng.random() < (0.7 if many else 0.2):
            return f"the {entity} {english.spoken(shown)}"
        if many:
            return rng.choice((f"the latest {entity}", f"the last {entity}", f"the {entity} from just now"))
        fresh = source.turn == self.past.turns - 1 and len(self.past.last) == 1
        if fresh and first and rng.random() < 0.3:
            return pronoun(entity)
        ways = (f"that {entity}", f"that {entity}", f"the {entity} from before", f"the {entity} from earlier")
        return rng.choice(ways)

    def _is_one_of_many(self, source: Source, entry: ToolWords) -> bool:
        """Whether earlier calls gave several things of this kind."""
        kind = entry.entity(source.field)
        return sum(n for tool, n in self.past.calls.items() if kind in things_of(self.lexicon.get(tool))) > 1

    def _property(self, source: Source, entry: ToolWords, entity: str, shown: Any) -> str:
        """A property of something earlier: its value, when the user saw it, or "the start of that stay"."""
        if shown is not None and (self.explicit or self.rng.random() < 0.75):
            return english.spoken(shown)
        return property_of(source, entry, self._record(source, entity))

    def _record(self, source: Source, entity: str) -> str:
        before, after = selection(source, self.rng)
        them = english.plural(entity)
        if self.past.follows and source.by != "equals" and source.turn == self.past.turns - 1:
            if source.key in self.past.pairs and before in COMPARATIVES:
                before = COMPARATIVES[before]
                ways = ("one", "of the two", "one" if " " in entity else entity)
                return f"the {before} {self.rng.choice(ways)}"
            if before:
                kinds = ("one", "of those", "of them", f"of those {them}", "one" if " " in entity else entity)
                return f"the {before} {self.rng.choice(kinds)}"
            return f"the {self.rng.choice(('one', entity))}{after}" if after else f"that {entity}"
        if before and source.by != "equals":
            ways = (
                f"the {before} of those {them}",
                f"the {before} one of the {them} from before",
                f"the {before} of the {them} you listed",
            )
            return self.rng.choice(ways)
        if before or after:
            lead = f"the {before} {entity}" if before else f"the {entity}"
            return lead + self.rng.choice(("", " you found", " from that list", " you listed")) + after
        return f"that {entity}"
