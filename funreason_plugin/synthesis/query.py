"""Noise ε for the hard query (paper, section 3.2): who asks, in what manner, in what order.

The advanced tool says what is asked for; the noise says how. The same noise goes to every teacher: the
prompt spells it out for a language model, the scripted teacher picks its words by it.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

__all__ = ["INDIRECTIONS", "LENGTHS", "ORDERS", "PERSONAS", "STYLES", "Noise", "draw_noise"]

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
    """One draw of ε; each field is a key of the table of its name."""

    persona: str
    style: str
    length: str
    indirection: str
    order: str


_PERSONAS, _STYLES = tuple(PERSONAS), tuple(STYLES)
_LENGTHS = ("short", "medium", "medium", "long")
_INDIRECTIONS = ("direct", "direct", "question", "question", "need", "need", "delegated", "background")
_ORDERS = ("natural", "natural", "details_last", "details_first")


def draw_noise(rng: Random) -> Noise:
    """Draw ε."""
    return Noise(
        persona=rng.choice(_PERSONAS),
        style=rng.choice(_STYLES),
        length=rng.choice(_LENGTHS),
        indirection=rng.choice(_INDIRECTIONS),
        order=rng.choice(_ORDERS),
    )
