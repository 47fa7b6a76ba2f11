"""How a request is put when one of its values is left out: "find flights from Rome to Oslo", without the date.

lexicon = leaving_out(lexicon, "search_flights", "date")      # None where no clause can do without it
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from funreason_plugin.environments.spec import ToolSpec
from funreason_plugin.synthesis.plan import Plan
from funreason_plugin.synthesis.teachers import scripted_words as english
from funreason_plugin.synthesis.teachers.scripted_clauses import parse_clause
from funreason_plugin.synthesis.teachers.scripted_lexicon import Lexicon, ToolWords

__all__ = ["clause_without", "leaving_out", "plan_without"]

_BEGINS = re.compile(
    r"(?:,? and)? (?:as of|out of|on account of|in the city of|starting on|starting|with|as|for|from|to|on|at|in|of|under|"
    r"by|because|since|saying|noting|called|named|about|using|worth|over|between|until|like|regarding)\b|,|:| \("
)
_UNIT = re.compile(
    r"(?: (?:euros?|nights?|stars?|days?|format|address|folder|delivery|section|department|a (?:day|month)|apiece|each month|"
    r"of each month|out of \d+(?: stars)?|percent|pieces|people|minutes|hours))*"
)
_NEEDS_IT = re.compile(
    r"(?:put|turn|make|let|bring|mark|take|have|go|give|get|keep|return|roll|switch|place|use|shift|file|set \{|set up \{|save \{|"
    r"leave word|change \{|rate \{|pass this on|note next)"
)
"""Verbs that nobody uses without what comes last: "put it into", "turn it into"."""
_LOOSE = re.compile(r" (?:and|the following|as (?:the|my)|in it|\w+ing)\b|\[ and the\b")
"""What cannot follow when the value before it has gone, and ..."""
_HANGING = re.compile(
    r"\b(?:as|because|since|which is|and|behalf|place|grounds|with|for|of|to|in|on|at|by|following)\Z|,\Z"
)
"""... what cannot be left at the end."""
_MONEY = re.compile(r"(\w+(?: \w+)?) \{(\w+)\} euros\b(?! (?:each|apiece|a ))")


def clause_without(text: str, name: str) -> str | None:
    """A clause without the place of a value; None where it cannot be left out of it."""
    slot = f"{{{name}}}"
    if slot not in text:
        return None
    if any(name in part.slots for part in parse_clause(text).parts if part.optional):
        return None
    start = text.index(slot)
    before, after = text[:start], text[start + len(slot) :]
    past = max(before.rfind("}") + 1, before.rfind("]") + 1)
    literal = before[past:]
    comma = literal.rfind(",")
    if past and comma >= 0:
        kept = before[: past + comma]
    elif past and ":" in literal:
        kept = before[: past + literal.index(":")]
    elif past:  # another value stands before: cut there, or after its unit
        unit = _UNIT.match(literal)
        cut = unit.end() if unit else 0
        if not _BEGINS.match(literal[cut:]) or re.match(r" to (?:be|have|get)\b", literal[cut:]):
            return None
        last = [found.start() for found in _BEGINS.finditer(literal, cut)][-1]
        kept = before[: past + last]
    else:
        begins = [found.start() for found in _BEGINS.finditer(literal)]
        if ":" in literal:
            begins = [literal.rindex(":")]
        if not begins:
            money = _MONEY.match(text)
            if money and money[2] == name and money[1] in ("pay", "send", "transfer", "move"):
                return text.replace(f"{slot} euros", "some money", 1)
            return None
        kept = literal[: begins[-1]]
    noun = re.match(rf" {re.escape(english.words(name))}\b", after)  # "{guests} guests"
    after = after[noun.end() :] if noun else after
    unit = _UNIT.match(after)
    rest = after[unit.end() :] if unit else after
    if rest and rest[0] != "[" and not _BEGINS.match(rest) and not re.match(r" (?:that|which|who)\b", rest):
        return None
    if (comma < 0 and _NEEDS_IT.match(text)) or _LOOSE.match(rest) or _HANGING.search(kept):
        return None
    if len(re.findall(r"\w+", kept + rest)) < 2:
        return None
    return kept + rest


def leaving_out(lexicon: Lexicon, tool: str, name: str) -> Lexicon | None:
    """The lexicon with clauses for the tool that do without a value; None where there are none."""
    entry = lexicon[tool]
    asks = tuple(text for clause in entry.asks if (text := clause_without(clause, name)))
    if not asks:
        return None
    noun = entry.noun
    if f"{{{name}}}" in noun:
        noun = clause_without(noun, name) or _HANGING.sub("", re.split(r"[\[{]", noun)[0].strip()).strip()
    return _Edited(lexicon, {tool: replace(entry, asks=asks, noun=noun)})


class _Edited(Lexicon):
    """A lexicon some of whose entries are others."""

    def __init__(self, base: Lexicon, entries: Mapping[str, ToolWords]) -> None:
        specs: Mapping[str, ToolSpec] = base.specs
        super().__init__(specs)
        self._entries.update(entries)


def plan_without(plan: Plan, tool: str, name: str) -> Plan:
    """The plan without an argument of a tool that it calls once."""
    calls = []
    for call in plan.calls:
        if call.tool == tool:
            arguments = {path: source for path, source in call.arguments.items() if path != name}
            call = replace(call, arguments=arguments)
        calls.append(call)
    return Plan(tuple(calls))
