"""Reading a query: which of the plan's calls are asked for, and what the user says for each input.

The reasoning agent reads with it. The querying agent reads its own draft with it, as a writer does, and
words the draft anew when a value would be misread.

A call is found by its clauses; what feeds it is found inside the words that fill its placeholder; what is
left is found by statements ("my PIN is 4711"), and at last by form: quoted text, numbers, dates, names.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from funreason_plugin.synthesis.plan import Plan, PlannedCall, Source, top
from funreason_plugin.synthesis.teachers import scripted_words as english
from funreason_plugin.synthesis.teachers.scripted_clauses import (
    BOUNDARY,
    FREE,
    THING,
    THINGS,
    capture_of,
    has_options,
    longest_literal,
    pattern_of,
)
from funreason_plugin.synthesis.teachers.scripted_generic import flag
from funreason_plugin.synthesis.teachers.scripted_guesses import guess
from funreason_plugin.synthesis.teachers.scripted_lexicon import Lexicon, ToolWords, leaf_schema
from funreason_plugin.synthesis.teachers.scripted_records import (
    group_of,
    read_object,
    read_record,
    split_items,
)
from funreason_plugin.synthesis.teachers.scripted_values import flag_from, value_from

__all__ = ["Reading", "read_query", "words_of"]


@dataclass(slots=True)
class Reading:
    """Values by input name, the calls that were asked for in so many words, inputs that were only guessed."""

    values: dict[str, Any] = field(default_factory=dict)
    asked: list[int] = field(default_factory=list)
    guessed: list[str] = field(default_factory=list)
    about: dict[tuple[int, str], str] = field(default_factory=dict)


def read_query(query: str, plan: Plan, lexicon: Lexicon) -> Reading:
    """Read a query with the plan's shape and the tools' clauses at hand (shared: read it only)."""
    key = (query, plan.shape)
    known = lexicon.readings.get(key)
    if not isinstance(known, Reading):
        if len(lexicon.readings) >= READINGS:
            lexicon.readings.clear()
        known = lexicon.readings[key] = _read(query, plan, lexicon)
    return known


READINGS = 256


def _read(query: str, plan: Plan, lexicon: Lexicon) -> Reading:
    reading = Reading()
    used: list[tuple[int, int]] = []
    for index, call in enumerate(plan.calls):
        entry = lexicon[call.tool]
        again = any(other.tool == call.tool for other in plan.calls[index + 1 :])
        found = _match(query, entry, entry.asks, call, used, verb=True, first=again)
        if found is not None:
            used.append(found[0].span())
            reading.asked.append(index)
            _take(*found, index, call, entry, reading)
    for index in reversed(range(len(plan.calls))):
        call = plan.calls[index]
        if index not in reading.asked and call.given:
            _read_noun(index, call, plan, query, lexicon, reading)
    _read_rest(query, plan, lexicon, reading)
    return reading


def _read_noun(
    index: int, call: PlannedCall, plan: Plan, query: str, lexicon: Lexicon, reading: Reading
) -> None:
    """Read a call that only feeds others in the words that stand for its output; of calls of one tool in turn."""
    entry = lexicon[call.tool]
    mentions = _mentions(index, plan, reading)
    for text in (*mentions, query):
        before = sum(
            plan.calls[other].tool == call.tool
            and other not in reading.asked
            and (text == query or text in _mentions(other, plan, reading))
            for other in range(index)
        )
        used: list[tuple[int, int]] = []
        found = _match(text, entry, (entry.noun,), call, used, verb=False)
        for _ in range(before):
            if found is not None:
                used.append(found[0].span())
                found = _match(text, entry, (entry.noun,), call, used, verb=False) or found
        if found is not None:
            _take(*found, index, call, entry, reading)
            return


def _mentions(index: int, plan: Plan, reading: Reading) -> list[str]:
    """The words with which later calls refer to this one's output."""
    found: list[str] = []
    for later in range(index + 1, len(plan.calls)):
        for path, source in plan.calls[later].arguments.items():
            if source.kind == "output" and source.call == index:
                text = reading.about.get((later, top(path)))
                if text and text not in found:
                    found.append(text)
    return found


# -- clauses ----------------------------------------------------------------------------------------------


def _match(
    text: str,
    entry: ToolWords,
    clauses: Sequence[str],
    call: PlannedCall,
    used: Sequence[tuple[int, int]],
    *,
    verb: bool,
    first: bool = False,
) -> tuple[re.Match[str], str] | None:
    """The first clause that is found; with ``first``, the one found first in the text."""
    slots = _slots(call, entry)
    best: tuple[re.Match[str], str] | None = None
    lowered = text.lower()
    for clause in clauses:
        if longest_literal(clause) not in lowered:
            continue
        options = has_options(clause, slots)
        for greedy, full in ((False, True), (False, False), (True, False)):
            if full and not options:
                continue
            pattern = pattern_of(clause, slots, verb=verb, greedy=greedy, full=full)
            found = _unused(pattern, text, used)
            if found is not None:
                if not first:
                    return found, clause
                if best is None or found.start() < best[0].start():
                    best = found, clause
                break
            if not slots:
                break
    return best


def _unused(pattern: re.Pattern[str], text: str, used: Sequence[tuple[int, int]]) -> re.Match[str] | None:
    position = 0
    while found := pattern.search(text, position):
        if not any(start < found.end() and found.start() < end for start, end in used):
            return found
        position = found.start() + 1
    return None


def _slots(call: PlannedCall, entry: ToolWords) -> tuple[tuple[str, str], ...]:
    """The spoken parameters with what to expect in their place: a value's form, or any words."""
    return tuple((name, _capture(name, call, entry)) for name in call.given)


def _capture(name: str, call: PlannedCall, entry: ToolWords) -> str:
    source = call.arguments.get(name)
    if source is None:
        return THINGS
    return entry.captures.get(name, FREE) if source.kind == "input" else THING


def _take(
    found: re.Match[str], clause: str, index: int, call: PlannedCall, entry: ToolWords, reading: Reading
) -> None:
    groups = found.groupdict()
    for number, name in enumerate(call.given):
        text = groups.get(f"g{number}")
        if text is None:
            continue
        source = call.arguments.get(name)
        if source is None:
            _take_compound(text, name, index, call, entry, reading)
        elif source.kind == "input":
            param = entry.params.get(name)
            value = value_from(flag_from(text, clause, name), param.schema if param else {}, name)
            if value is not None:
                reading.values[source.name] = value
        else:
            reading.about[index, name] = text


def _take_compound(
    text: str, name: str, index: int, call: PlannedCall, entry: ToolWords, reading: Reading
) -> None:
    """Read "2 of the oak desk (colour black) and 1 of …" item by item."""
    param = entry.params.get(name)
    reading.about[index, name] = text
    groups: dict[str, dict[str, tuple[str, Source]]] = {}
    for path, source in call.arguments.items():
        if top(path) == name:
            group, leaf = group_of(path[len(name) :])
            groups.setdefault(group, {})[leaf] = (path, source)
    items = split_items(text) if "" not in groups else [text]
    for leaves, item in zip(groups.values(), items, strict=False):
        alone = "" in leaves
        parts = {"": item} if alone else (read_object if "" in groups else read_record)(item, list(leaves))
        for leaf, (path, source) in leaves.items():
            reading.about[index, path] = item
            if source.kind == "input" and leaf in parts:
                value = value_from(parts[leaf], leaf_schema(param.schema, path) if param else {}, leaf)
                if value is not None:
                    reading.values[source.name] = value


# -- what no clause gave ----------------------------------------------------------------------------------


def _read_rest(query: str, plan: Plan, lexicon: Lexicon, reading: Reading) -> None:
    for call in plan.calls:
        entry = lexicon[call.tool]
        for path, source in call.arguments.items():
            if source.kind != "input" or source.name in reading.values:
                continue
            param = entry.params.get(top(path))
            schema = leaf_schema(param.schema, path) if param else {}
            value = _stated(query, path, schema)
            if value is None:
                value = guess(query, schema, path, words_of(path), reading.values.values())
                if value is not None:
                    reading.guessed.append(source.name)
            if value is not None:
                reading.values[source.name] = value


def _stated(query: str, path: str, schema: Mapping[str, Any]) -> Any:
    """A value that has a statement of its own: "my PIN is 4711", ", only the free ones"."""
    if schema.get("type") == "boolean":
        clause = flag(words_of(path), path)
        found = pattern_of(clause, ((path, "yes|no"),), verb=False).search(query)
        if found is not None:
            return value_from(flag_from(found["g0"], clause, path), schema, path)
    stated = _statement(words_of(path), capture_of(schema)).search(query)
    return value_from(stated["v"], schema, path) if stated else None


@lru_cache(maxsize=4096)
def words_of(path: str) -> str:
    """The words for a leaf path: "items[0].unit_price" -> "unit price"."""
    return english.words(re.sub(r"\[\d*\]\Z", "", path).rsplit(".", 1)[-1])


@lru_cache(maxsize=4096)
def _statement(words: str, capture: str) -> re.Pattern[str]:
    return re.compile(
        rf"\b{re.escape(words)}(?: is| should be| has to be| must be| will be| would be| are| =|:)? (?P<v>{capture}){BOUNDARY}",
        re.IGNORECASE | re.DOTALL,
    )
