"""Noise ε for the hard query (paper, section 3.2): who asks, in what manner, in what order.

The advanced tool says what is asked for; the noise says how. The same noise goes to every teacher: the
prompt spells it out for a language model, the scripted teacher picks its words by it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from random import Random
from typing import Any

from funreason_plugin.synthesis.plan import Plan, Source, is_label, value_at
from funreason_plugin.synthesis.query_examples import copied_example
from funreason_plugin.synthesis.trace import Trace
from funreason_plugin.trajectory import Turn

__all__ = [
    "INDIRECTIONS",
    "LENGTHS",
    "ORDERS",
    "PERSONAS",
    "STYLES",
    "Noise",
    "draw_noise",
    "known_from_earlier",
    "query_faults",
]

PERSONAS: dict[str, str] = {
    "manager": "a manager between two meetings",
    "parent": "a parent with small children around",
    "student": "a student with an exam coming up",
    "retiree": "a retired person who is not at ease with computers",
    "assistant": "an office assistant who arranges things for others",
    "engineer": "an engineer who likes precision",
    "owner": "the owner of a small business",
    "night_shift": "somebody coming off a night shift",
    "newcomer": "somebody who uses the service for the first time",
    "regular": "a regular who has used the service for years",
    "traveller": "somebody on the move, typing on a phone",
    "volunteer": "a volunteer at a club",
}
STYLES: dict[str, str] = {
    "plain": "plain and matter-of-fact",
    "polite": "polite",
    "casual": "casual, as to a friend",
    "formal": "formal",
    "hurried": "in a hurry",
}
LENGTHS: dict[str, str] = {
    "short": "just the request",
    "medium": "the request and a few words around it",
    "long": "the request with a sentence of context",
}
INDIRECTIONS: dict[str, str] = {
    "direct": "tells the assistant what to do",
    "question": "asks whether the assistant could do it",
    "need": "says what they need or would like",
    "delegated": "says that somebody wants it from them",
    "background": "mentions it as something on their mind",
}
ORDERS: dict[str, str] = {
    "natural": "details where they belong in the sentence",
    "details_last": "the request first, secondary details in a sentence after it",
    "details_first": "secondary details first, then the request",
}


@dataclass(frozen=True, slots=True)
class Noise:
    """One draw of ε; each field is a key of the table of its name. ``characters``: about how long, 0 for as it comes."""

    persona: str
    style: str
    length: str
    indirection: str
    order: str
    characters: int = 0

    def as_plain(self) -> dict[str, Any]:
        """As a trajectory and the teachers have it; a length only where one is wished for."""
        return {name: value for name, value in asdict(self).items() if name != "characters" or value}

    @property
    def manner(self) -> str:
        """In words, for A_Q."""
        length = LENGTHS[self.length]
        if self.characters:
            length = f"about {self.characters} characters long, as far as the content allows"
        return (
            f"{PERSONAS[self.persona]}; {STYLES[self.style]}; {length}; "
            f"{INDIRECTIONS[self.indirection]}; {ORDERS[self.order]}"
        )


_PERSONAS, _STYLES = tuple(PERSONAS), tuple(STYLES)
_LENGTHS = ("short", "medium", "medium", "long")
_INDIRECTIONS = ("direct", "direct", "question", "question", "need", "need", "delegated", "background")
_ORDERS = ("natural", "natural", "details_last", "details_first")


def draw_noise(rng: Random, characters: int = 0) -> Noise:
    """Draw ε."""
    return Noise(
        persona=rng.choice(_PERSONAS),
        style=rng.choice(_STYLES),
        length=rng.choice(_LENGTHS),
        indirection=rng.choice(_INDIRECTIONS),
        order=rng.choice(_ORDERS),
        characters=characters,
    )


def known_from_earlier(plan: Plan, trace: Trace, earlier: Sequence[Turn]) -> list[dict[str, Any]]:
    """What this turn takes from earlier ones and the user knows: values said or told, and by which name the user
    asked for a thing."""
    known = []
    for planned, call in zip(plan.calls, trace.calls, strict=True):
        for path, source in planned.arguments.items():
            if source.kind not in ("earlier", "said"):
                continue
            picked = f"{source.by} {source.key}".strip()
            row = {"turn": source.turn + 1, "tool": source.name, "field": source.field, "picked": picked}
            value = value_at(call.arguments, path)
            if source.kind == "said":
                known.append({**row, "known_by": "user", "value": value})
                continue
            if any(isinstance(value, str) and value and value in turn.answer for turn in earlier):
                known.append({**row, "known_by": "assistant", "value": value})
            label = _label(earlier[source.turn], source)
            if label:
                known.append({**row, "known_by": "name", "value": label})
    return known


def query_faults(query: str, advanced_tool: str, examples: Sequence[str] = ()) -> list[tuple[str, str]]:
    """What no rule on a kept turn can see, or would see only after it was solved: (code, reason)."""
    if found := _CONTROL.search(query):
        return [("control_text", f"{found[0]} in the query")]
    if found := _OTHER_SPEAKER.search(query):
        return [("bad_query_text", f"it goes on with {found[0].strip()!r}: the message of somebody else")]
    if advanced_tool and advanced_tool in query:
        return [("named_tool", f"the query names the advanced tool {advanced_tool}")]
    if example := copied_example(query, examples):
        return [("copied_example", f"nearly word for word: {example[:80]!r}")]
    return []


_CONTROL = re.compile(r"<\|\w+\|>|</?(?:think|tool_call|tool_response|tools|private_notes)>", re.IGNORECASE)
_OTHER_SPEAKER = re.compile(r"^[*_ \t]*(?:assistant|ai|bot|system)[*_]*:", re.IGNORECASE | re.MULTILINE)


def _label(turn: Turn, source: Source) -> str:
    same = [call for call in turn.calls() if call.name == source.name]
    if source.nth >= len(same):
        return ""
    call = same[source.nth]
    entity = re.sub(r"(?:\A|.*[.\]])(\w*?)_?(?:id|code|number)\Z", r"\1", source.field)
    for path, origin in call.provenance.items():
        value = value_at(call.arguments, path)
        if origin.source in ("query", "earlier_query") and is_label(path, entity) and isinstance(value, str):
            return value if len(value) <= 40 else ""
    return ""
