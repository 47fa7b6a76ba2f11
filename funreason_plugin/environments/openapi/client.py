"""Requests to a service: with its credentials, within limits of time and size, answers as JSON data.

    connection = HttpConnection(operations, access)
    connection.call("list_pets", {"limit": 3}, seconds=20)     # data, or {"error": "404: no such pet"}
    connection.close()

Nothing that is returned or raised holds the service's address or a credential.
"""

from __future__ import annotations

import asyncio
import atexit
import concurrent.futures
import contextlib
import re
import threading
import time
import weakref
from collections.abc import Mapping
from functools import cache
from typing import Any, Final
from urllib.parse import quote, urlencode, urljoin, urlsplit

import aiohttp
import orjson
from yarl import URL

from funreason_plugin.environments.external.connection import Lost
from funreason_plugin.environments.external.trimming import hide
from funreason_plugin.environments.openapi.access import Access, Missing
from funreason_plugin.environments.openapi.operations import Operation
from funreason_plugin.environments.openapi.requests import Request, Unsendable, build

__all__ = ["HttpConnection"]

MAX_BYTES: Final = 8_000_000  # of an answer, before it is trimmed
_MESSAGE: Final = 600  # characters of what a service says of a failure
_REDIRECTS: Final = 3
_AGAIN: Final = 3  # times a busy service is asked
_BUSY: Final = (429, 503)
_open: weakref.WeakSet[HttpConnection] = weakref.WeakSet()


class HttpConnection:
    """A service, asked by operation. `call` may come from any thread; no cookies are kept."""

    def __init__(self, operations: Mapping[str, Operation], access: Access) -> None:
        self._operations, self._access = operations, access
        self._session: aiohttp.ClientSession | None = None
        _open.add(self)

    def call(self, tool: str, arguments: dict[str, Any], seconds: float) -> Any:
        """The output of an operation as JSON data, or an error. Raises `Lost` when the service is not there."""
        operation = self._operations[tool]
        try:
            request = build(operation, arguments)
            self._access.authorize(operation, request)
        except (Unsendable, Missing) as error:
            return {"error": str(error)}
        future = asyncio.run_coroutine_threadsafe(self._ask(request, operation, seconds), _loop())
        try:
            return hide(future.result(seconds + 5), self._access.secrets)
        except (asyncio.TimeoutError, TimeoutError, concurrent.futures.TimeoutError):
            future.cancel()
            raise Lost("over time", over_time=True) from None
        except aiohttp.ClientConnectorError as error:
            reason = type(error.os_error).__name__ if error.os_error else "no connection"
            raise Lost(f"the service cannot be reached ({reason}); is it running?") from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise Lost(f"the service broke off the answer ({type(error).__name__})") from None
        except BaseException:
            future.cancel()
            raise

    @property
    def alive(self) -> bool:
        """Whether it can be asked: always; whether the service is there shows when it is."""
        return True

    def close(self) -> None:
        """Let the connections go; returns at once."""
        session, self._session = self._session, None
        if session is not None:
            asyncio.run_coroutine_threadsafe(session.close(), _loop())

    def _end(self) -> None:
        """Let them go before the process ends."""
        session, self._session = self._session, None
        if session is not None:
            with contextlib.suppress(Exception):
                asyncio.run_coroutine_threadsafe(session.close(), _loop()).result(1)

    async def _ask(self, request: Request, operation: Operation, seconds: float) -> Any:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                cookie_jar=aiohttp.DummyCookieJar(), headers={"User-Agent": "funreason"}
            )
        until = time.monotonic() + seconds
        base = self._access.base_url
        url = _url(base + request.path, request.query)
        for attempt in range(_AGAIN + _REDIRECTS):
            left = until - time.monotonic()
            if left <= 0:
                raise asyncio.TimeoutError
            async with self._session.request(
                request.method,
                url,
                headers={"Accept": "application/json, text/plain;q=0.8, */*;q=0.1", **request.headers},
                cookies=request.cookies or None,
                data=_data(request),
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(total=left),
            ) as answer:
                if answer.status in (301, 302, 303, 307, 308) and "Location" in answer.headers:
                    url = _redirected(url, answer.headers["Location"])
                    if urlsplit(str(url))[:2] != urlsplit(base)[:2]:
                        return {"error": f"{answer.status}: the service sends this call to another address"}
                    if answer.status == 303:
                        request = Request(
                            "GET", request.path, request.query, request.headers, request.cookies
                        )
                    elif answer.status in (301, 302) and request.method not in ("GET", "QUERY"):
                        return {"error": f"{answer.status}: the service has moved this operation"}
                    continue
                wait = _wait(answer.headers.get("Retry-After"), attempt)
                if answer.status in _BUSY and attempt < _AGAIN and wait < until - time.monotonic():
                    await asyncio.sleep(wait)
                    continue
                body = await _body(answer)
                kind = answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()
                output = _output(answer.status, kind, body, answer.get_encoding, operation)
                return _relative(output, base)
        return {"error": "the service redirects this call again and again"}


async def _body(answer: aiohttp.ClientResponse) -> bytes | None:
    """The whole body; None when it is too large."""
    data = bytearray()
    async for part in answer.content.iter_chunked(1 << 16):
        data += part
        if len(data) > MAX_BYTES:
            answer.close()
            return None
    return bytes(data)


def _output(status: int, kind: str, body: bytes | None, encoding: Any, operation: Operation) -> Any:
    if body is None:
        return {"error": f"the answer has over {MAX_BYTES // 1_000_000} MB; ask for less"}
    value: Any = None
    if body:
        try:
            value = orjson.loads(body)
        except orjson.JSONDecodeError:
            if kind == "application/json" or kind.endswith("+json"):
                return {"error": f"{status}: the service says that it answers in JSON, and does not"}
            if not (kind.startswith("text/") or kind.endswith(("xml", "yaml")) or kind == ""):
                return {
                    "error": f"the answer is {kind} of {len(body):,} bytes, which a text model cannot read"
                }
            value = _text(body, encoding())
    if status >= 400:
        return {"error": _failure(status, value, operation)}
    return {"status": status} if value is None or value == "" else value


def _failure(status: int, value: Any, operation: Operation) -> str:
    """What a service says of a failure, in one line: the fields that APIs use for it."""
    said = _said(value)
    if status == 401:
        asked = ", ".join(dict.fromkeys(scheme for way in operation.security for scheme in way))
        said = (
            f"the service refuses the credentials{f' ({asked})' if asked else ''}{': ' if said else ''}{said}"
        )
    text = " ".join(said.split())
    text = text if len(text) <= _MESSAGE else text[:_MESSAGE] + "…"
    return f"{status}: {text}" if text else f"{status}: the service gives no reason"


def _said(value: Any) -> str:
    if isinstance(value, str):
        return re.sub(r"<(script|style).*?</\1>|<[^<>]{1,500}>", " ", value[:20_000], flags=re.S | re.I)
    if isinstance(value, dict):
        for key in ("detail", "message", "error_description", "error", "errors", "title", "reason"):
            if value.get(key):
                return _said(value[key])
    if isinstance(value, list) and value and all(isinstance(item, dict) and "msg" in item for item in value):
        places = [".".join(str(part) for part in item.get("loc", ())[1:]) for item in value]
        return "; ".join(f"{place}: {item['msg']}" for place, item in zip(places, value, strict=True))
    return orjson.dumps(value).decode() if value is not None else ""


def _relative(output: Any, base: str) -> Any:
    """The output without the service's address: links lead to paths, whatever host and port it runs on."""
    if isinstance(output, str):
        return output.replace(base, "")
    if isinstance(output, list):
        return [_relative(item, base) for item in output]
    if isinstance(output, dict):
        return {key: _relative(item, base) for key, item in output.items()}
    return output


def _url(text: str, query: list[tuple[str, str]]) -> URL:
    return URL(f"{text}?{urlencode(query, quote_via=quote)}" if query else text, encoded=True)


def _redirected(url: URL, location: str) -> URL:
    return URL(urljoin(str(url), location), encoded=True)


def _wait(header: str | None, attempt: int) -> float:
    """Seconds until a busy service is asked again."""
    return float(header) if header and re.fullmatch(r"\d{1,4}", header) else 0.5 * 2**attempt


def _data(request: Request) -> bytes | aiohttp.FormData | None:
    if request.form is None:
        return request.body
    form = aiohttp.FormData(default_to_multipart=True)
    for name, value in request.form:
        form.add_field(name, value)
    return form


def _text(body: bytes, encoding: str) -> str:
    try:
        return body.decode(encoding, errors="replace")
    except LookupError:
        return body.decode(errors="replace")


@cache
def _loop() -> asyncio.AbstractEventLoop:
    """The event loop of this process, in a thread of its own."""
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, name="funreason-http", daemon=True).start()
    atexit.register(_end_all)
    return loop


def _end_all() -> None:
    for connection in list(_open):
        connection._end()
