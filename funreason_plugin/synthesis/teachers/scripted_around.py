"""What stands around a scripted request: a greeting, a word about the person, thanks; as it comes, or to a length.

around(["Cancel my flight."], True, noise, past, rng)       # ["Hi there.", "Cancel my flight.", "Thank you!"]
"""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import Any, Final

from funreason_plugin.synthesis.teachers import scripted_frames as frames
from funreason_plugin.synthesis.teachers.scripted_naming import Past
from funreason_plugin.synthesis.teachers.scripted_variant_frames import AFTER_NO

__all__ = ["around"]

MOST_CONTEXTS: Final = 3
"""Sentences about the person, around a request that is to be long."""


def around(parts: list[str], writes: bool, noise: Mapping[str, Any], past: Past, rng: Random) -> list[str]:
    """The sentences of a request with those before and after it. ``writes``: it changes something."""
    if noise.get("characters"):
        return _filled(parts, writes, noise, past, rng)
    return [*_opening(noise, past, rng), *parts, *_closing(writes, noise, rng)]


def _filled(parts: list[str], writes: bool, noise: Mapping[str, Any], past: Past, rng: Random) -> list[str]:
    """As much around the request as makes it about as long as is wished for."""
    room = noise["characters"] - len(" ".join(parts))
    if past.declined:
        opening = rng.choice(AFTER_NO[noise["style"]])
    else:
        opening = rng.choice((frames.FOLLOW_UPS if past.turns else frames.GREETINGS)[noise["style"]])
    before: list[str] = []
    for sentence in (opening, *rng.sample(frames.CONTEXTS[noise["persona"]], MOST_CONTEXTS)):
        if len(sentence) // 2 < room:
            before.append(sentence)
            room -= len(sentence) + 1
    closer = _closer(writes, noise, rng)
    return [*before, *parts, *([closer] if len(closer) // 2 <= room else [])]


def _opening(noise: Mapping[str, Any], past: Past, rng: Random) -> list[str]:
    length, style, parts = noise["length"], noise["style"], []
    if past.declined:
        return [rng.choice(AFTER_NO[style])] if rng.random() < 0.6 else []
    if past.turns:
        if rng.random() < {"short": 0.25, "medium": 0.6, "long": 0.8}[length]:
            parts.append(rng.choice(frames.FOLLOW_UPS[style]))
        if length == "long" and rng.random() < 0.15:
            parts.append(rng.choice(frames.CONTEXTS[noise["persona"]]))
        return parts
    if rng.random() < {"short": 0.1, "medium": 0.5, "long": 0.55}[length]:
        parts.append(rng.choice(frames.GREETINGS[style]))
    if length == "long" or (length == "medium" and rng.random() < 0.3):
        parts.append(rng.choice(frames.CONTEXTS[noise["persona"]]))
    return parts


def _closing(writes: bool, noise: Mapping[str, Any], rng: Random) -> list[str]:
    if rng.random() >= {"short": 0.05, "medium": 0.35, "long": 0.5}[noise["length"]]:
        return []
    return [_closer(writes, noise, rng)]


def _closer(writes: bool, noise: Mapping[str, Any], rng: Random) -> str:
    if rng.random() < 0.45:
        return rng.choice(frames.WRITE_CLOSERS if writes else frames.READ_CLOSERS)
    return rng.choice(frames.CLOSERS[noise["style"]])
