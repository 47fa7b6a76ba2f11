"""Two texts of the Qwen3 family that are not equal: which message differs, and in which of the known ways."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import NamedTuple

from funreason_plugin.calls import parse
from funreason_plugin.sft.proof.findings import Finding
from funreason_plugin.sft.proof.stated import Said

__all__ = ["differences", "encoded_arguments"]

_MESSAGE = re.compile(r"<\|im_start\|>(\w*)\n(.*?)(<\|im_end\|>\n?|\Z)", re.DOTALL)
_THOUGHT = re.compile(r"\A<think>(.*?)</think>\n*", re.DOTALL)
_BLOCK = re.compile(r"<tool_call>\s*(\{.*?\})\s*</tool_call>", re.DOTALL)


class _Written(NamedTuple):
    role: str
    text: str
    end: str


def differences(said: Said, seen: str, wanted: str, trained: str, history_trained: bool) -> Iterator[Finding]:
    """What differs between the text seen in training and the one wanted; a finding of no kind is a mere note."""
    ours, theirs = ([_Written(*match) for match in _MESSAGE.findall(text)] for text in (wanted, seen))
    if not said.conversation.system and len(theirs) > len(ours) and theirs[0].role == "system":
        yield Finding(
            "system changed", f"a system prompt that the data does not have: {theirs.pop(0).text[:60]!r}"
        )
    if len(ours) > len(theirs) and ours[0].role == "system":
        yield Finding(
            "tools lost" if said.conversation.tools else "system changed", "no system message is left"
        )
        ours.pop(0)
    if [message.role for message in ours] != [message.role for message in theirs]:
        yield Finding(
            "text changed", f"{len(theirs)} messages are seen, {len(ours)} are wanted: {_first(seen, wanted)}"
        )
        return
    found = 0
    for number, (message, other) in enumerate(zip(ours, theirs, strict=True)):
        last = number == len(ours) - 1
        if message == other:
            continue
        for finding in _message(message, other, last, trained, history_trained, said):
            found += 1
            yield finding._replace(what=finding.what or f"message {number} ({message.role})")
    if not found:
        yield Finding("text changed", _first(seen, wanted))


def _message(
    wanted: _Written, seen: _Written, last: bool, trained: str, history_trained: bool, said: Said
) -> Iterator[Finding]:
    if wanted.end != seen.end:
        yield Finding("line feed lost", f"{seen.end!r} ends a response; the template's is {wanted.end!r}")
    if wanted.role != "assistant":
        if wanted.text != seen.text:
            yield _prompt(wanted, seen, said)
        return
    thought, rest = _split(wanted.text)
    seen_thought, seen_rest = _split(seen.text)
    if thought != seen_thought:
        yield _thought(thought, seen_thought, last, trained, history_trained)
    if rest != seen_rest:
        yield _response(rest, seen_rest)


def _prompt(wanted: _Written, seen: _Written, said: Said) -> Finding:
    if wanted.role == "system":
        if said.conversation.tools and "<tools>" not in seen.text and "json format" not in seen.text:
            return Finding("tools lost", "the tools are not in the system prompt")
        if said.conversation.system not in seen.text or not said.conversation.system:
            return Finding("system changed", _first(seen.text, wanted.text))
    return Finding("text changed", f"{wanted.role}: {_first(seen.text, wanted.text)}")


def _thought(
    wanted: str | None, seen: str | None, last: bool, trained: str, history_trained: bool
) -> Finding:
    if wanted is None and seen is not None and not seen.strip():
        if not last:
            return Finding("empty thoughts in the history", "an empty think block before an earlier response")
        if "</think>" in trained:
            return Finding("empty thought trained", "an empty think block before the response, with loss")
        return Finding("", "an empty think block, masked")
    if wanted is None and seen is not None:
        return Finding("thoughts in the history", "trained" if history_trained else "masked")
    if seen is None or not seen.strip():
        return Finding(
            "thought lost", f"the response's thought is not trained: {(wanted or '').strip()[:60]!r}"
        )
    if (wanted or "").split() == seen.split():
        return Finding("think newlines", "the newlines around <think> are not those of the template")
    return Finding("text changed", f"thought: {_first(seen, wanted or '')}")


def _response(wanted: str, seen: str) -> Finding:
    if name := encoded_arguments(seen):
        return Finding("arguments double-encoded", f"the arguments of {name} are a string of JSON")
    ours, theirs = parse(wanted).calls, parse(seen).calls
    if ours and not theirs:
        return Finding("calls lost", f"no calls are read from {seen[:60]!r}")
    if ours != theirs:
        key = repr
        if sorted(ours, key=key) == sorted(theirs, key=key):
            names = ", ".join(call.name for call in theirs)
            return Finding("calls reordered", f"the calls of a turn come as {names}")
        return Finding("arguments changed", _first(seen, wanted))
    if wanted.strip() == seen.strip():
        return Finding("think newlines", "the newlines around <think> are not those of the template")
    return Finding("text changed", f"response: {_first(seen, wanted)}")


def encoded_arguments(text: str) -> str:
    """The tool of the first call whose arguments are a string; "" when there is none."""
    for block in _BLOCK.findall(text):
        try:
            call = json.loads(block)
        except (ValueError, RecursionError):
            continue
        if isinstance(call, dict) and isinstance(call.get("arguments"), str):
            return str(call.get("name"))
    return ""


def _split(text: str) -> tuple[str | None, str]:
    """The thought with its newlines, and the rest with the newlines before it."""
    match = _THOUGHT.match(text)
    if not match:
        return None, text
    newlines = len(match[0]) - len(match[0].rstrip("\n"))
    between = "" if newlines == 2 else "\n" * newlines
    return match[1], between + text[match.end() :]


def _first(seen: str, wanted: str) -> str:
    """Both texts around the first character in which they differ."""
    length = min(len(seen), len(wanted))
    at = next((index for index in range(length) if seen[index] != wanted[index]), length)
    start = max(0, at - 20)
    return f"{seen[start : at + 30]!r} is trained, the data says {wanted[start : at + 30]!r}"
