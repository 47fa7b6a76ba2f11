"""What crosses between a host and its processes of tools, over one socket each.

To a process go marshalled requests: arguments arrive exactly as the model's text was read, numbers included that
JSON lacks. Back come headers and JSON texts only: what runs foreign tools is not trusted with more.
"""

from __future__ import annotations

import hashlib
import marshal
import struct
from collections.abc import Iterator, Mapping
from enum import IntEnum
from typing import Any, Literal, NamedTuple

import orjson

__all__ = ["Kind", "Opening", "Replies", "Request", "Status", "digest", "dump", "pack_reply", "pack_request"]

Kind = Literal["open", "call", "mark", "close"]
HEADER = struct.Struct("!I")
_REPLY = struct.Struct("!IQB")
LIMITS: Mapping[Kind, float] = {"open": 60.0, "call": 30.0, "mark": 30.0, "close": 5.0}
"""Seconds for what is not a tool: of a call, what comes before and after it (copying a state, say)."""


class Status(IntEnum):
    """How a request ended; what the text of the reply is.

    DONE: the result. OVER: the error that the model sees, the call was over its time limit. BROKEN: the error that
    the model sees, the call left the session in pieces. After both the process has no such session any more.
    REFUSED: why a session cannot be opened. LOST: why it cannot be used. Without a request: BEAT, the number of
    threads that do not come back; READY.
    """

    DONE = 0
    OVER = 1
    BROKEN = 2
    REFUSED = 3
    LOST = 4
    BEAT = 5
    READY = 6


class Opening(NamedTuple):
    """What a session is opened with. ``log``: the calls to make first, with the `digest` of what each returned."""

    names: tuple[str, ...]
    seed: str
    clock: str
    states: bytes
    log: list[tuple[str, bytes, bytes]]


class Request(NamedTuple):
    """``arguments`` are marshalled. With an ``opening`` the session is opened first; a session that is opened again
    has another number."""

    number: int
    session: int
    kind: Kind
    name: str
    arguments: bytes
    opening: Opening | None


def pack_request(request: Request) -> bytes:
    opening = None if request.opening is None else tuple(request.opening)
    values: tuple[Any, ...] = (*request[:5], opening)
    body = marshal.dumps(values)
    return HEADER.pack(len(body)) + body


def unpack_request(body: bytes) -> Request:
    number, session, kind, name, arguments, opening = marshal.loads(body)
    return Request(number, session, kind, name, arguments, None if opening is None else Opening(*opening))


def pack_reply(number: int, status: Status, text: bytes) -> bytes:
    return _REPLY.pack(len(text), number, status) + text


def dump(value: Any) -> bytes:
    """JSON data as the text of a reply."""
    return bytes(orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS))


def digest(text: bytes) -> bytes:
    """Tells an output from another one."""
    return hashlib.blake2b(text, digest_size=16).digest()


class Replies:
    """A stream of replies, cut where one ends."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[tuple[int, Status, bytes]]:
        """The replies that are complete now."""
        buffer = self._buffer
        buffer += data
        start = 0
        while len(buffer) - start >= _REPLY.size:
            length, number, status = _REPLY.unpack_from(buffer, start)
            end = start + _REPLY.size + length
            if len(buffer) < end:
                break
            yield number, Status(status), bytes(buffer[start + _REPLY.size : end])
            start = end
        del buffer[:start]
