"""Replies of the served scripted teacher below the level of text: errors by status, HTML, connections that break.

AT_ONCE["429"](request)      # an answer that needs no slot
reset(request)               # the client gets RST
"""

from __future__ import annotations

import asyncio
import socket
import struct
import time
from collections.abc import Callable, Mapping
from email.utils import formatdate

import orjson
from aiohttp import web

from funreason_plugin.synthesis.teachers.served_faults import error_body

__all__ = ["AT_ONCE", "HTML", "key_of", "reply", "reset", "reset_in_the_middle"]


def reply(body: object, status: int = 200, **headers: str) -> web.Response:
    return web.Response(
        body=orjson.dumps(body), status=status, content_type="application/json", headers=headers or None
    )


def key_of(request: web.Request) -> str:
    return request.headers.get("Authorization", "").removeprefix("Bearer ").strip()


_BUSY = error_body("Rate limit reached, try again later.", "requests", "rate_limit_exceeded")
_TOO_LONG = error_body(
    "This model's maximum context length is 4096 tokens. However, your messages resulted in 51234 tokens.",
    "invalid_request_error",
    "context_length_exceeded",
    "messages",
)
HTML = "<html><head><title>502 Bad Gateway</title></head><body><center>nginx</center></body></html>"

AT_ONCE: Mapping[str, Callable[[web.Request], web.Response]] = {
    "429": lambda request: reply(_BUSY, 429, **{"Retry-After": "1"}),
    "429-date": lambda request: reply(
        _BUSY, 429, **{"Retry-After": formatdate(time.time() + 1, usegmt=True)}
    ),
    "429-bare": lambda request: reply(_BUSY, 429),
    "500": lambda request: reply(error_body("Internal server error", "server_error"), 500),
    "503": lambda request: web.Response(text="upstream connect error or disconnect/reset", status=503),
    "400": lambda request: reply(error_body("Invalid value for 'messages'.", "invalid_request_error"), 400),
    "context": lambda request: reply(_TOO_LONG, 400),
    "key-in-error": lambda request: reply(
        error_body(f"cannot forward with Authorization: Bearer {key_of(request)}", "server_error"), 500
    ),
}


def reset(request: web.Request) -> web.Response:
    """Close the connection so that the client gets a reset (RST), not an orderly end."""
    transport = request.transport
    if transport is not None:
        connection = transport.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()
    return web.Response(status=500)  # goes nowhere


async def reset_in_the_middle(request: web.Request, whole: bytes) -> web.StreamResponse:
    response = web.StreamResponse(
        headers={"Content-Type": "application/json", "Content-Length": str(len(whole))}
    )
    await response.prepare(request)
    await response.write(whole[: len(whole) // 2])
    await asyncio.sleep(0.01)  # what was written leaves first
    reset(request)
    return response
