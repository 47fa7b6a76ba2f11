"""Reading a query: which of the plan's calls are asked for, and what the user says for each input.

The reasoning agent reads with it. The querying agent reads its own draft with it, as a writer does, and
words the draft anew when a value would be misread.

A call is found by its clauses; what feeds it is found inside the words that fill its placeholder; what is
left is found by statements ("my PIN is 4711"), and at last by form: quoted text, numbers, dates, names.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from funreason_plugin.synthesis.plan import Plan, PlannedCall, Source
from funreason_plugin.synthesis.teachers import scripted_words as english
from funreason_plugin.synthesis.teachers.scripted_clauses import BOUNDARY, capture_of, pattern_of
from funreason_plugin.synthesis.teachers.scripted_lexicon import Lexicon, ToolWords, leaf_schema, top
from funreason_plugin.synthesis.teachers.scripted_phrasing import given_params

__all__ = ["Reading", "read_query", "value_from"]


@dataclass(slots=True)
class Reading:
    """Values by input name, the calls that were asked for in so many words, inputs that were only guessed."""

    values: dict[str, Any] = field(default_factory=dict)
    asked: list[int] = field(default_factory=list)
    guessed: list[str] = field(default_factory=list)
    about: dict[tuple[int, str], str] = field(default_factory=dict)


def read_query(query: str, plan: Plan, lexicon: Lexicon) -> Reading:
    """Read a query with the plan and the tools' clauses at hand."""
    reading = Reading()
    used: list[tuple[int, int]] = []
    for index, call in enumerate(plan.calls):
        entry = lexicon[call.tool]
        found = _match(query, entry, entry.asks, call, used, verb=True)
        if found is not None:
            used.append(found.span())
            reading.asked.append(index)
            _take(found, index, call, entry, reading)
    for index in reversed(range(len(plan.calls))):
        call = plan.calls[index]
        if index in reading.asked or not given_params(call):
            continue
        entry = lexicon[call.tool]
        for text in (*_mentions(index, plan, reading), query):
            found = _match(text, entry, (entry.noun,), call, (), verb=False)
            if found is not None:
                _take(found, index, call, entry, reading)
                break
    _read_rest(query, plan, lexicon, reading)
    return reading


def _mentions(index: int, plan: Plan, reading: Reading) -> Iterator[str]:
    """The words with which later calls refer to this one's output."""
    for later in range(index + 1, len(plan.calls)):
        for path, source in plan.calls[later].arguments.items():
            if source.kind == "output" and source.call == index:
                text = reading.about.get((later, top(path)))
                if text:
                    yield text


# -- clauses ----------------------------------------------------------------------------------------------


def _match(
    text: str,
    entry: ToolWords,
    clauses: Sequence[str],
    call: PlannedCall,
    used: Sequence[tuple[int, int]],
    *,
    verb: bool,
) -> re.Match[str] | None:
    slots = _slots(call, entry)
    for clause in clauses:
        for greedy in (False, True):
            for found in pattern_of(clause, slots, verb=verb, greedy=greedy).finditer(text):
                if not any(start < found.end() and found.start() < end for start, end in used):
                    return found
            if not slots:
                break
    return None


def _slots(call: PlannedCall, entry: ToolWords) -> tuple[tuple[str, str], ...]:
    """The spoken parameters with what to expect in their place: a value's form, or any words."""
    return tuple((name, _capture(name, call, entry)) for name in given_params(call))


def _capture(name: str, call: PlannedCall, entry: ToolWords) -> str:
    source = call.arguments.get(name)
    if source is not None and source.kind == "input":
        return entry.captures.get(name, _FREE)
    return _FREE


_FREE = capture_of({})


def _take(found: re.Match[str], index: int, call: PlannedCall, entry: ToolWords, reading: Reading) -> None:
    groups = found.groupdict()
    for number, name in enumerate(given_params(call)):
        text = groups.get(f"g{number}")
        if text is None:
            continue
        source = call.arguments.get(name)
        if source is None:
            _take_compound(text, name, index, call, entry, reading)
        elif source.kind == "input":
            param = entry.params.get(name)
            value = value_from(text, param.schema if param else {}, name)
            if value is not None:
                reading.values[source.name] = value
        else:
            reading.about[index, name] = text


def _take_compound(
    text: str, name: str, index: int, call: PlannedCall, entry: ToolWords, reading: Reading
) -> None:
    """Read "2 of the oak desk (colour black) and 1 of …" leaf by leaf, in the order of mention."""
    param = entry.params.get(name)
    reading.about[index, name] = text
    position = 0
    for path, source in call.arguments.items():
        if top(path) != name or source.kind != "input":
            continue
        schema = leaf_schema(param.schema if param else {}, path)
        last = english.words(re.split(r"[.\]]", path)[-1])
        capture = capture_of(schema)
        named = re.compile(rf"\b{re.escape(last)} (?P<v>{capture})(?=[,)]|\Z| and )", re.IGNORECASE)
        found = (named.search(text, position) if last else None) or re.compile(
            rf"(?P<v>{capture})(?=[,)(]|\Z| and | of )", re.IGNORECASE
        ).search(text, position)
        if found is not None:
            value = value_from(found["v"], schema, last)
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
            stated = _statement(words_of(path), capture_of(schema)).search(query)
            value = value_from(stated["v"], schema, path) if stated else None
            if value is None:
                value = _guess(query, schema, path, source, reading)
                if value is not None:
                    reading.guessed.append(source.name)
            if value is not None:
                reading.values[source.name] = value


@lru_cache(maxsize=4096)
def words_of(path: str) -> str:
    """The words for a leaf path: "items[0].unit_price" -> "unit price"."""
    return english.words(re.sub(r"\[\d*\]\Z", "", path).rsplit(".", 1)[-1])


@lru_cache(maxsize=4096)
def _statement(words: str, capture: str) -> re.Pattern[str]:
    return re.compile(
        rf"\b{re.escape(words)}(?: is| should be| must be| will be| would be| are| =|:)? (?P<v>{capture}){BOUNDARY}",
        re.IGNORECASE | re.DOTALL,
    )


_QUOTED = re.compile(r'"([^"]+)"|“([^”]+)”')
_NAMES = re.compile(r"(?<![.?!] )(?<!\A)\b[A-Z][\w'’-]*(?: (?:de|van|von|da|of|[A-Z][\w'’-]*))*(?<! of)")


def _guess(query: str, schema: Mapping[str, Any], path: str, source: Source, reading: Reading) -> Any:
    """A value of the right form that nothing else has taken, in the order of mention."""
    taken = {str(value) for value in reading.values.values()}
    capture = capture_of(schema)
    candidates: list[str]
    if capture != _FREE:
        candidates = [
            found[0] for found in re.finditer(rf"(?<![\w.-])(?:{capture})(?![\w-]|\.\d)", query, re.I)
        ]
    else:
        candidates = [found[1] or found[2] for found in _QUOTED.finditer(query)]
        candidates += [found[0] for found in _NAMES.finditer(query)]
    for text in candidates:
        if text not in taken:
            value = value_from(text, schema, path)
            if value is not None:
                return value
    return None


# -- values -----------------------------------------------------------------------------------------------


def value_from(text: str, schema: Mapping[str, Any], name: str) -> Any:
    """The value that these words say, by its schema; None when they do not say one."""
    text = text.strip()
    quoted = _QUOTED.fullmatch(text)
    bare = (quoted[1] or quoted[2]) if quoted else text
    options = [branch for branch in schema.get("anyOf", ()) if branch.get("type") != "null"]
    if len(options) == 1:
        schema = options[0]
    if "enum" in schema:
        return next((choice for choice in schema["enum"] if str(choice).lower() == bare.lower()), None)
    kind = schema.get("type")
    if kind == "integer":
        return int(bare) if re.fullmatch(r"-?\d+", bare) else None
    if kind in ("number", "float"):
        if not re.fullmatch(r"-?\d+(?:\.\d+)?", bare):
            return None
        return float(bare) if "." in bare else int(bare)
    if kind == "boolean":
        return {"yes": True, "no": False}.get(bare.lower())
    if kind == "array":
        return _list_from(text, schema, name)
    return bare or None


_ITEM = re.compile(r'\s*("[^"]*"|“[^”]*”|.+?)\s*(?:,(?: and)?(?=\s)|\band\b(?=\s)|\Z)')


def _list_from(text: str, schema: Mapping[str, Any], name: str) -> list[Any] | None:
    items = schema.get("items") if isinstance(schema.get("items"), dict) else {}
    assert isinstance(items, dict)
    values = [value_from(found[1], items, name) for found in _ITEM.finditer(text) if found[1]]
    return None if any(value is None for value in values) else values
