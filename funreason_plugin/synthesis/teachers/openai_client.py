"""`Client`: one HTTP exchange with an OpenAI-compatible server, through the official client; an `Answer`, never an error.

    client = Client("http://localhost:8000/v1", key)
    answer = await client.post("/chat/completions", body, time_limit=300)
    answer.status, answer.body                    # 200, b'{"id": …'

What can go wrong on the wire is a value here, so that nothing carries a request (its headers have the key) in an
exception chain. A time limit covers everything from connecting to the last byte; bodies are bounded. Requests go as
bytes through the client's `post`, over aiohttp: a sixth of the CPU time of `chat.completions.create` over httpx, which
walks through every message and builds the reply as models that we would only take apart again.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from functools import cache
from typing import TYPE_CHECKING, Any, Literal, Protocol

from funreason_plugin.synthesis.teachers.api_key import ApiKey

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from httpx2 import AsyncClient, Request, Response
    from openai import AsyncOpenAI

__all__ = ["Answer", "Client"]

LARGEST_BODY = 16 << 20
LARGEST_ERROR = 64 << 10
LONGEST_WAIT = 600.0
"""Seconds; the most that a Retry-After is heeded."""
CONNECT_LIMIT = 30.0
IDLE_CONNECTION = 3.0
"""Seconds. Servers close an idle connection after five (uvicorn); a request sent at that moment would be lost."""

Failure = Literal["", "timeout", "connection", "unreachable", "malformed"]


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. ``status`` 0: no answer, and ``failure`` says why, ``detail`` in words without secrets."""

    status: int = 0
    body: bytes = field(default=b"", repr=False)
    """As the server sent it: there may be a key in it."""
    retry_after: float | None = None
    """Seconds, bounded."""
    failure: Failure = ""
    detail: str = ""
    location: str = ""
    """Where a redirect leads."""


class Unreadable(Exception):
    """A body that is too large, or packed in a way that was not asked for."""


class Client:
    """The connections to one server."""

    def __init__(self, base_url: str, key: ApiKey) -> None:
        import openai

        self._key = key
        self._client: AsyncOpenAI = openai.AsyncOpenAI(
            api_key=key.reveal(),
            base_url=base_url,
            max_retries=0,  # the endpoint counts tries, and pays for them
            http_client=_http_client()(_is_local(base_url), key.scrub),
            default_headers={"Accept-Encoding": "identity"},
        )

    async def get(self, path: str, time_limit: float) -> Answer:
        """``path`` below the base URL, or a whole URL."""
        return await self._ask("GET", path, None, time_limit)

    async def post(self, path: str, body: bytes, time_limit: float) -> Answer:
        """``body`` is JSON."""
        return await self._ask("POST", path, body, time_limit)

    async def close(self) -> None:
        await self._client.close()

    async def _ask(self, method: str, path: str, body: bytes | None, time_limit: float) -> Answer:
        import anyio
        import openai

        headers = {"Content-Type": "application/json"}
        try:
            with anyio.fail_after(time_limit):
                if body is None:
                    read = await self._client.get(path, cast_to=bytes)
                else:
                    read = await self._client.post(
                        path, content=body, cast_to=bytes, options={"headers": headers}
                    )
                return Answer(200, read)
        except openai.APIStatusError as error:
            found = error.response.headers
            return Answer(
                error.status_code,
                error.response.content,
                _retry_after(found),
                location=found.get("location", "")[:200],
            )
        except TimeoutError:
            return Answer(failure="timeout", detail=f"no reply within {time_limit:g} s")
        except Exception as error:  # whatever openai, httpx, aiohttp, ssl or a codec makes of hostile bytes
            return _failure(error)


def _is_local(base_url: str) -> bool:
    from urllib.parse import urlsplit

    return (urlsplit(base_url).hostname or "") in ("localhost", "127.0.0.1", "::1", "0.0.0.0")


class _MakesClient(Protocol):
    def __call__(self, local: bool, scrub: Callable[[str], str]) -> AsyncClient: ...


@cache
def _http_client() -> _MakesClient:
    """The HTTP client's class, made when it is needed: `import funreason_plugin` does not load openai."""
    import openai

    class Bounded(openai.DefaultAioHttpClient):
        """Reads bodies up to a limit and keeps of the headers only what is looked at, without a key."""

        def __init__(self, scrub: Callable[[str], str], **options: Any) -> None:
            super().__init__(**options)
            self._scrub = scrub

        async def send(self, request: Request, *, stream: bool = False, **options: Any) -> Response:
            response: Response = await super().send(request, stream=True, **options)
            try:
                content = await _read(response)
            finally:
                await response.aclose()
            found = response.headers
            kept = {name: self._scrub(found[name]) for name in _KEPT if name in found}
            return type(response)(response.status_code, headers=kept, content=content, request=request)

    limits = openai.DEFAULT_CONNECTION_LIMITS

    def make(local: bool, scrub: Callable[[str], str]) -> AsyncClient:
        return Bounded(
            scrub,
            timeout=openai.Timeout(None, connect=CONNECT_LIMIT),
            # The gate decides how many requests there are; None would be aiohttp's own limit of 100.
            limits=type(limits)(max_connections=1 << 16, keepalive_expiry=IDLE_CONNECTION),
            follow_redirects=False,  # neither the key nor the prompts go where the configuration does not say
            trust_env=not local,  # a proxy is of no use on the way to this machine
        )

    return make


_KEPT = ("content-type", "date", "location", "retry-after", "retry-after-ms")


async def _read(response: Response) -> bytes:
    packed = response.headers.get("content-encoding", "identity").lower()
    if packed not in ("", "identity", "gzip", "x-gzip", "deflate"):
        raise Unreadable("the body has a Content-Encoding that was not asked for")
    content = bytearray()
    async for chunk in response.aiter_bytes():
        content += chunk
        if response.status_code >= 300 and len(content) > LARGEST_ERROR:
            return bytes(content[:LARGEST_ERROR])
        if len(content) > LARGEST_BODY:
            raise Unreadable(f"a reply of more than {LARGEST_BODY >> 20} MB")
    return bytes(content)


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds that the server asks us to wait: a number, or a date (by the server's own clock where it tells it)."""
    for name, unit in (("retry-after-ms", 1000.0), ("retry-after", 1.0)):
        text = headers.get(name, "").strip()
        if not text:
            continue
        try:
            seconds = float(text) / unit
        except ValueError:
            seconds = _until(text, headers.get("date", ""))
        if math.isfinite(seconds):
            return min(max(seconds, 0.0), LONGEST_WAIT)
    return None


def _until(date: str, now: str) -> float:
    try:
        due = parsedate_to_datetime(date).timestamp()
    except (ValueError, TypeError, OverflowError):
        return math.nan
    try:
        return due - parsedate_to_datetime(now).timestamp()
    except (ValueError, TypeError, OverflowError):
        return due - time.time()


def _failure(error: BaseException) -> Answer:
    """In words of ours, from the kinds of errors in the chain: their own texts may hold anything."""
    import aiohttp

    chain: list[BaseException] = []
    cause: BaseException | None = error
    while cause is not None and len(chain) < 10:
        chain.append(cause)
        cause = cause.__cause__ or cause.__context__
    for link in chain:
        if isinstance(link, Unreadable):
            return Answer(failure="malformed", detail=str(link))
    known: tuple[tuple[type[BaseException], Failure, str], ...] = (
        (aiohttp.ClientConnectorDNSError, "unreachable", "the name of the server is not known"),
        (aiohttp.ClientConnectorCertificateError, "unreachable", "its certificate is not valid"),
        (aiohttp.ClientConnectorSSLError, "unreachable", "no TLS connection (https to an http port?)"),
        (ConnectionRefusedError, "unreachable", "connection refused"),
        (aiohttp.ClientConnectorError, "unreachable", "no connection"),
        (aiohttp.ServerTimeoutError, "connection", f"no connection within {CONNECT_LIMIT:g} s"),
        (aiohttp.ClientPayloadError, "connection", "the connection broke in the middle of the reply"),
        (aiohttp.ServerDisconnectedError, "connection", "the server closed the connection"),
        (ConnectionError, "connection", "the connection broke"),
    )
    for kind, failure, words in known:
        if any(isinstance(link, kind) for link in chain):
            return Answer(failure=failure, detail=words)
    return Answer(failure="connection", detail=f"the exchange failed ({type(chain[-1]).__name__})")
