"""MCP connections through the official SDK: one event loop in a thread of each process, for all of them.

    connection = connect(server, folder)
    connection.call("add_note", {"title": "Milk"}, seconds=20)
    connection.tools, connection.close()

A server that is started stands behind `guard`: it does not outlive the process, however that ends.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import logging
import os
import shutil
import sys
import tempfile
import threading
from collections.abc import AsyncIterator, Coroutine
from functools import cache
from pathlib import Path
from typing import IO, Any, Final, TypeVar

from mcp import Client, MCPError, StdioServerParameters
from mcp.client.stdio import stdio_client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared._httpx_utils import create_mcp_http_client
from mcp.types import Tool

from funreason_plugin.environments.external.connection import Lost
from funreason_plugin.environments.external.folders import inward, outward
from funreason_plugin.environments.external.trimming import hide
from funreason_plugin.environments.mcp.config import Server, Target
from funreason_plugin.environments.mcp.results import output_of

__all__ = ["McpConnection", "connect"]

T = TypeVar("T")
_GUARD: Final = str(Path(__file__).with_name("guard.py"))
_CLOSED: Final = (-32000, -32001)  # the SDK's codes: connection closed, request timed out
_PAGES: Final = 50
_MOST_TOOLS: Final = 2_000


class _Failed(Exception):
    """A call that the server, or the SDK, answers with an error."""


class McpConnection:
    """A live MCP server. `call` may come from any thread."""

    def __init__(self, server: Server, folder: Path | None) -> None:
        self._server = server
        self._target = server.target(folder)
        self._errors: IO[bytes] | None = None
        self._client: Client | None = None
        self._ready: concurrent.futures.Future[None] = concurrent.futures.Future()
        self._stop = asyncio.Event()
        self._ended = threading.Event()
        self.tools: list[Tool] = []
        self.instructions = ""
        self.version = ""
        self._folder = folder
        self.named = server.folder(folder)
        self._status = 0  # of the last HTTP response
        asyncio.run_coroutine_threadsafe(self._live(), _loop())
        seconds = server.options.limits.start_seconds
        try:
            self._ready.result(seconds)
        except concurrent.futures.TimeoutError:
            self.close()
            raise Lost(self._line(f"it does not start within {seconds:g} s")) from None
        except Exception as error:
            self.close()
            self._ended.wait(2)
            raise Lost(self._line(self._refused() or _reason(error))) from None

    def call(self, tool: str, arguments: dict[str, Any], seconds: float) -> Any:
        """The tool's output as JSON data, or an error. Raises `Lost`."""
        options = self._server.options
        if self._client is None or self._ended.is_set():
            raise Lost(self._line("it is gone"))
        asked = self._client.call_tool(tool, inward(arguments, self.named))
        try:
            result = self._wait(asyncio.wait_for(asked, seconds), seconds + 5)
        except _Failed as error:
            return outward({"error": str(error)}, self.named)
        try:
            return outward(output_of(result, options.text, options.errors), self.named)
        except (AttributeError, TypeError, ValueError) as error:
            return {"error": f"the answer of {tool} cannot be read: {type(error).__name__}"}

    @property
    def alive(self) -> bool:
        return self._client is not None and not self._ended.is_set()

    def close(self) -> None:
        """End the connection, and the server if it was started; returns at once."""
        _loop().call_soon_threadsafe(self._stop.set)

    # -- helpers ----------------------------------------------------------------------------------------

    def _wait(self, work: Coroutine[Any, Any, T], seconds: float) -> T:
        """What the work gives. Raises `Lost`, or `_Failed` when only this call went wrong."""
        future = asyncio.run_coroutine_threadsafe(work, _loop())
        try:
            return future.result(seconds)
        except (TimeoutError, asyncio.TimeoutError, concurrent.futures.TimeoutError):
            raise Lost("over time", over_time=True) from None
        except concurrent.futures.CancelledError:
            raise Lost(self._line("it is gone")) from None
        except MCPError as error:
            if error.code in _CLOSED or self._ended.is_set():
                self._ended.wait(1)
                raise Lost(self._line("it died during the call")) from None
            if self._status == 404:
                raise Lost(self._line("it knows nothing of this session (HTTP 404)")) from None
            raise _Failed(self._refused() or _reason(error)) from None
        except BaseException as error:
            future.cancel()
            if not isinstance(error, Exception):
                raise
            if self._ended.is_set():
                raise Lost(self._line("it died during the call")) from None
            raise _Failed(_reason(error)) from None

    async def _live(self) -> None:
        """The connection's whole life, in one task, as the SDK's context managers want it."""
        with tempfile.TemporaryFile() as errors:
            self._errors = errors
            try:
                async with self._transport(errors) as transport:
                    seconds = self._server.options.limits.start_seconds
                    async with Client(transport, cache=None, read_timeout_seconds=None) as client:
                        await asyncio.wait_for(self._list(client), seconds)
                        self._client = client
                        self._ready.set_result(None)
                        await self._stop.wait()
            except BaseException as error:
                if not self._ready.done():
                    self._ready.set_exception(_plain(error))
            finally:
                self._client = None
                self._last = _last_lines(errors)
                self._errors = None
                self._ended.set()

    @contextlib.asynccontextmanager
    async def _transport(self, errors: IO[bytes]) -> AsyncIterator[Any]:
        target = self._target
        if target.url:
            async with create_mcp_http_client(dict(target.headers)) as http:
                http.event_hooks = {"response": [self._answered]}
                yield streamable_http_client(target.url, http_client=http)
            return
        parameters = StdioServerParameters(
            command=sys.executable,
            args=["-I", "-S", _GUARD, str(os.getpid()), str(self._folder or ""), *_found(target)],
            env=dict(target.env),
            cwd=target.cwd,
            encoding_error_handler="replace",
        )
        yield stdio_client(parameters, errlog=errors)  # type: ignore[arg-type]

    async def _answered(self, response: Any) -> None:
        self._status = int(response.status_code)

    async def _list(self, client: Client) -> None:
        cursor: str | None = None
        for _ in range(_PAGES):
            page = await client.list_tools(cursor=cursor)
            self.tools += page.tools
            cursor = page.next_cursor
            if not cursor or len(self.tools) > _MOST_TOOLS:
                break
        self.instructions = client.instructions or ""
        self.version = client.server_info.version if client.server_info else ""

    def _refused(self) -> str:
        if self._status in (401, 403):
            return f"it refuses the credentials (HTTP {self._status})"
        return f"it answers with HTTP {self._status}" if self._status >= 500 else ""

    def _line(self, what: str) -> str:
        """One line about the server, without secrets."""
        last = _last_lines(self._errors) if self._errors is not None else getattr(self, "_last", "")
        line = f"server {self._server.name!r}: {what}" + (f"; its last words: {last}" if last else "")
        hidden = outward(hide(line, self._target.secrets), self.named)
        assert isinstance(hidden, str)
        return hidden


def connect(server: Server, folder: Path | None) -> McpConnection:
    """Start or reach a server. Raises `Lost`; UserError when a variable of its configuration is not set."""
    return McpConnection(server, folder)


@cache
def _loop() -> asyncio.AbstractEventLoop:
    """The event loop of this process, in a thread of its own."""
    logging.getLogger("mcp").setLevel(logging.CRITICAL + 1)  # it repeats what servers send
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, name="funreason-mcp", daemon=True).start()
    return loop


def _found(target: Target) -> list[str]:
    """The command with its program's path. Raises OSError when there is none."""
    program, *rest = target.command
    path = str(target.cwd / program) if os.sep in program else program
    found = shutil.which(path, path=target.env.get("PATH", os.environ.get("PATH")))
    if found is None:
        raise OSError(f"there is no program {program!r}")
    if not target.cwd.is_dir():
        raise OSError(f"there is no folder {target.cwd}")
    return [found, *rest]


def _plain(error: BaseException) -> Exception:
    return error if isinstance(error, Exception) else RuntimeError("it was interrupted")


def _reason(error: BaseException) -> str:
    """The innermost reason of an error, in one line; task groups wrap theirs."""
    while inner := getattr(error, "exceptions", ()):  # of an exception group
        error = inner[0]
    if isinstance(error, (TimeoutError, asyncio.TimeoutError)):
        return "it does not answer in time"
    text = " ".join(str(error).split())[:2_000]
    return text or type(error).__name__


def _last_lines(errors: IO[bytes] | None) -> str:
    """The last two lines of what the server wrote to its standard error."""
    if errors is None or errors.closed:
        return ""
    size = os.fstat(errors.fileno()).st_size
    tail = os.pread(errors.fileno(), 4_000, max(size - 4_000, 0)).decode(errors="replace")
    lines = [line.strip() for line in tail.splitlines() if line.strip()]
    return " - ".join(line[:200] for line in lines[-2:])
