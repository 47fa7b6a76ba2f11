"""What a server can do wrong, by name: the kinds of faults, when one happens, and what it makes of a good reply.

    faults = Faults.parse("429:0.1,hang:0.01,503:1-3", seed=0)
    kind = faults.draw(number=17, body=b"…")        # "429", or "" for a reply as it should be
    spoil("cut-off", reply, key="")                 # the reply's JSON, in place

Whether a request fails is decided by its body, how often it came, and the seed: the same requests fail whatever
order they arrive in.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b
from random import Random
from typing import Any

import orjson

from funreason_plugin.calls import parse, to_hermes
from funreason_plugin.errors import UserError, did_you_mean

__all__ = ["ALL", "KINDS", "SPOILED", "WITHOUT_REPLY", "Fault", "Faults", "error_body", "spoil"]

WITHOUT_REPLY: Mapping[str, str] = {
    "429": "too many requests, Retry-After in seconds",
    "429-date": "the same, Retry-After as an HTTP date",
    "429-bare": "the same without Retry-After",
    "500": "internal error",
    "503": "unavailable",
    "400": "bad request",
    "context": "400: the prompt is longer than the context",
    "key-in-error": "500 that repeats the key",
    "reset": "connection reset before a byte is answered",
    "reset-body": "connection reset in the middle of the reply",
    "hang": "no answer ever; the slot is taken until the client leaves",
    "slow": "a good reply after --slow-time seconds",
    "truncated": "half of the reply's JSON",
    "html": "a proxy's HTML page with status 200",
}
"""Faults of the transport: there is no reply that could be read (slow: late)."""

SPOILED: Mapping[str, str] = {
    "schema": "valid JSON of another shape",
    "no-choices": "an empty list of choices",
    "empty": "empty content",
    "refusal": "no content, a refusal",
    "reasoning-only": "all of the reply in reasoning_content, no content",
    "parts": "the content as a list of parts",
    "tool-calls": "calls as the API's own tool_calls instead of text",
    "unknown-tools": "calls of tools that do not exist",
    "garbage": "text of no meaning",
    "cut-off": "half of the text, finish_reason length",
    "no-usage": "a good reply without usage",
    "absurd-usage": "a good reply with impossible numbers of tokens",
    "key-in-reply": "the key in the reply's text",
}
"""Faults in what an answered request says."""

KINDS: Mapping[str, str] = {**WITHOUT_REPLY, **SPOILED}
ALL = "all"
"""Stands for every kind, in equal shares: ``all:0.3``."""

_ENTRY = re.compile(r"([a-z0-9-]+):(?:(\d+)-(\d*)|(\d*\.?\d+))\Z")


@dataclass(frozen=True, slots=True)
class Fault:
    """A kind that happens to a share of the requests, or to those numbered first … last (from 1)."""

    kind: str
    share: float = 0.0
    first: int = 0
    last: float = 0.0


class Faults:
    """Decides which request fails, and how."""

    def __init__(self, faults: tuple[Fault, ...], seed: int = 0) -> None:
        self._numbered = [fault for fault in faults if fault.first]
        self._shares = [fault for fault in faults if not fault.first]
        self._seed = seed
        self._seen: dict[bytes, int] = {}

    @classmethod
    def parse(cls, text: str, seed: int = 0) -> Faults:
        """From ``KIND:SHARE``, ``KIND:FIRST-LAST`` or ``KIND:FIRST-``, separated by commas.

        Raises:
            UserError: An unknown kind, a malformed entry, shares of more than 1.
        """
        faults: list[Fault] = []
        for entry in filter(None, (part.strip() for part in text.split(","))):
            found = _ENTRY.match(entry)
            if not found:
                raise UserError(
                    f"--faults: {entry!r} is not valid; expected KIND:SHARE (429:0.1) or KIND:FIRST-LAST (503:1-3)"
                )
            kind, first, last, share = found.groups()
            if kind not in KINDS and kind != ALL:
                hint = did_you_mean(kind, [*KINDS, ALL]) or f"; the kinds are {', '.join(KINDS)}"
                raise UserError(f"--faults: kind {kind!r} is not known{hint}")
            kinds = list(KINDS) if kind == ALL else [kind]
            if first is not None and kind != ALL:
                faults.append(Fault(kind, first=max(int(first), 1), last=float(last or "inf")))
            elif share is not None:
                faults += [Fault(one, share=float(share) / len(kinds)) for one in kinds]
            else:
                raise UserError(f"--faults: {entry!r}: 'all' takes a share, e.g. all:0.3")
        total = sum(fault.share for fault in faults)
        if total > 1 + 1e-9:
            raise UserError(f"--faults: the shares add up to {total:g}; expected at most 1")
        return cls(tuple(faults), seed)

    def draw(self, number: int, body: bytes) -> str:
        """The kind of fault of the ``number``-th request (from 1), or ""."""
        digest = blake2b(body, digest_size=8).digest()
        times = self._seen[digest] = self._seen.get(digest, 0) + 1
        for fault in self._numbered:
            if fault.first <= number <= fault.last:
                return fault.kind
        if not self._shares:
            return ""
        drawn = Random(f"{self._seed}/{digest.hex()}/{times}").random()
        for fault in self._shares:
            if drawn < fault.share:
                return fault.kind
            drawn -= fault.share
        return ""


def error_body(message: str, kind: str, code: object = None, param: str | None = None) -> dict[str, Any]:
    """An error as OpenAI's API words it."""
    return {"error": {"message": message, "type": kind, "param": param, "code": code}}


# -- what a fault makes of a good reply -------------------------------------------------------------------

_NO_TOOL = to_hermes([("consult_the_oracle", {"question": "what next?"})])
_GARBAGE = (
    "}{ ]] <tool_call> \u202e\x0b <|im_start|> %s %d \ufffd ```json {'a': None, ... </think> \\u0000 NaN"
)


def spoil(kind: str, body: dict[str, Any], key: str) -> dict[str, Any]:
    """What ``kind`` (one of `SPOILED`) makes of the JSON of a reply, which is changed in place."""
    if kind == "schema":
        return {"object": "list", "choices": {"first": body["choices"]}, "usage": ["1", None]}
    choice = body["choices"][0]
    text = _text(choice)
    if kind == "no-choices":
        body["choices"] = []
    elif kind == "no-usage":
        del body["usage"]
    elif kind == "absurd-usage":
        body["usage"] = {
            "prompt_tokens": -7,
            "completion_tokens": 10**18,
            "total_tokens": "many",
            "prompt_tokens_details": {"cached_tokens": 1e300},
        }
    elif kind == "refusal":
        _say(choice, None)
        if "message" in choice:
            choice["message"]["refusal"] = "I'm sorry, but I can't help with that."
        choice["finish_reason"] = "content_filter"
    elif kind == "reasoning-only":
        _say(choice, None)
        choice.get("message", choice)["reasoning_content"] = text
    elif kind == "parts":
        _say(choice, [{"type": "text", "text": text[:20]}, {"type": "text", "text": text[20:]}])
    elif kind == "tool-calls":
        _call_natively(choice, text)
    elif kind == "cut-off":
        _say(choice, text[: len(text) // 2])
        choice["finish_reason"] = "length"
    else:
        _say(choice, _other_text(kind, text, key))
    return body


def _other_text(kind: str, text: str, key: str) -> str:
    if kind == "unknown-tools":
        return f"<think>\nSomebody else will know.\n</think>\n{_NO_TOOL}"
    if kind == "garbage":
        return _GARBAGE
    if kind == "key-in-reply":
        return text.replace("<think>\n", f"<think>\nI am asked with the key {key}. ", 1) + f"\n({key})"
    return ""


def _text(choice: Mapping[str, Any]) -> str:
    return str(choice["message"]["content"] if "message" in choice else choice["text"])


def _say(choice: dict[str, Any], content: object) -> None:
    if "message" in choice:
        choice["message"]["content"] = content
    else:
        choice["text"] = content


def _call_natively(choice: dict[str, Any], text: str) -> None:
    """The calls in ``text`` as ``tool_calls``; a reply without calls stays as it is."""
    parsed = parse(text)
    if not parsed.calls:
        return
    _say(choice, f"<think>\n{parsed.thought}\n</think>" if parsed.thought else None)
    choice.get("message", choice)["tool_calls"] = [
        {
            "id": f"call_{number}",
            "type": "function",
            "function": {"name": call.name, "arguments": orjson.dumps(call.arguments).decode()},
        }
        for number, call in enumerate(parsed.calls)
    ]
    choice["finish_reason"] = "tool_calls"
