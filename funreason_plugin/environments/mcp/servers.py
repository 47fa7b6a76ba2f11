"""Environment classes of the servers of a file.

    mcp_environments("examples/mcp_tools/notes.json")          # every server of it
    mcp_environments("examples/mcp_tools/notes.json#notes")    # one of them

``+writes`` at the end allows what the option "allow_writes" allows; ``+live`` sets a recording aside, ``+record`` adds
to it.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import orjson

from funreason_plugin.environments.catalog import file_of
from funreason_plugin.environments.environment import Environment
from funreason_plugin.environments.external import files
from funreason_plugin.environments.external.connection import Connection, Lost
from funreason_plugin.environments.external.environment import (
    ExternalEnvironment,
    ExternalTool,
    Origin,
    environment_class,
)
from funreason_plugin.environments.external.folders import new_folder, outward
from funreason_plugin.environments.external.names import Given, need_recording
from funreason_plugin.environments.external.origin import starts_of
from funreason_plugin.environments.external.recording import load, load_or_begin
from funreason_plugin.environments.mcp.config import McpOptions, Server, read
from funreason_plugin.errors import UserError, did_you_mean

if TYPE_CHECKING:
    from funreason_plugin.environments.mcp.client import McpConnection

__all__ = ["McpEnvironment", "mcp_environments"]


class McpEnvironment(ExternalEnvironment):
    """The tools of one MCP server."""

    server: ClassVar[Server]

    @classmethod
    def connect(cls, folder: Path | None) -> Connection:
        from funreason_plugin.environments.mcp.client import connect

        try:
            connection = connect(cls.server, folder)
        except UserError as error:
            raise Lost(error.message) from None
        tools = [tool.plain() for tool in _tools(connection)]
        if tools != [tool.plain() for tool in cls.tools]:
            connection.close()
            raise Lost(f"server {cls.server.name!r} offers other tools than when it was listed; start again")
        return connection


def mcp_environments(given: Given) -> list[type[Environment]]:
    """The classes of a file's servers.

    Raises:
        UserError: The file is wrong, the SDK is missing, or a server does not start.
    """
    path = file_of(given.target)
    servers = read(path, given.target)
    if given.part and given.part not in servers:
        raise UserError(
            f"{given.target}: no server {given.part!r}{did_you_mean(given.part, servers)}; it has {', '.join(servers)}"
        )
    names = [given.part] if given.part else list(servers)
    return [_environment(given.alone(name), servers[name]) for name in names]


def _environment(given: Given, server: Server) -> type[ExternalEnvironment]:
    home = server.path.resolve().parent
    need_recording(given, server.options.state, f"{server.place}: funreason")
    options = server.options.model_copy(
        update={"allow_writes": server.options.allow_writes or given.writes}
        | ({"state": "live"} if given.live and server.options.state == "record" else {})
    )
    starts = starts_of(options, home, f"{server.place}: funreason")
    if options.state == "record":
        return _recorded(given, server, options, starts)
    _sdk(
        server
    )  # importing it takes a second, in which nobody would remove the folder of a process that is killed
    folder = None if options.state == "live" else new_folder()
    try:
        if folder is not None and starts and starts[0]["folder"]:
            files.write(files.read(home / starts[0]["folder"]), folder)
        connection = _connected(server, folder)
        tools = _tools(connection)
        secrets = server.target(folder).secrets
        policy = outward(connection.instructions.strip(), connection.named)
        origin = _origin(given, server, tools, starts, connection.version, policy, secrets)
        try:
            cls = environment_class(McpEnvironment, origin, options, tools, None, {"server": server})
        except UserError:
            connection.close()
            raise
    except BaseException:
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)
        raise
    cls.keep(connection, folder)
    return cls


def _recorded(
    given: Given, server: Server, options: McpOptions, starts: list[Any]
) -> type[ExternalEnvironment]:
    """From a recording; to add to it, the server is started when there is something to ask."""
    path = server.path.resolve().parent / options.recording

    def asked() -> list[dict[str, Any]]:
        connection = _connected(server, None)
        connection.close()
        return [tool.plain() for tool in _tools(connection)]

    recording = load_or_begin(path, asked) if given.record else load(path)
    tools = [ExternalTool.of(tool) for tool in recording.tools]
    secrets: tuple[str, ...] = ()
    with suppress(UserError):  # a variable that is not set is told when something is to be asked
        secrets = server.target(None).secrets if given.record else ()
    origin = _origin(replace(given, record=False), server, tools, starts, "", "", secrets)
    return environment_class(
        McpEnvironment, origin, options, tools, recording, {"server": server}, given.record
    )


def _origin(
    given: Given,
    server: Server,
    tools: list[ExternalTool],
    starts: list[Any],
    version: str,
    policy: str,
    secrets: tuple[str, ...],
) -> Origin:
    return Origin(
        name=re.sub(r"[^A-Za-z0-9_]+", "_", server.name),
        given=given.text,
        home=server.path.resolve().parent,
        place=server.place,
        service=server.plain(),
        remote=server.remote,
        version=version or "1",
        policy=policy,
        secrets=secrets,
        source=server.plain() + orjson.dumps([tool.plain() for tool in tools]).decode(),
        starts=starts,
    )


def _sdk(server: Server) -> Callable[[Server, Path | None], McpConnection]:
    """What connects to a server. Raises UserError where the SDK is missing."""
    try:
        from funreason_plugin.environments.mcp.client import connect
    except ImportError as error:
        raise UserError(
            f"{server.place}: MCP servers need the SDK: pip install 'funreason-plugin[mcp]' ({error})"
        ) from None
    return connect


def _connected(server: Server, folder: Path | None) -> McpConnection:
    """A first connection, which tells the tools."""
    try:
        return _sdk(server)(server, folder)
    except Lost as error:
        raise UserError(f"{server.path.name}: {error}") from None


def _tools(connection: McpConnection) -> list[ExternalTool]:
    return [
        ExternalTool(
            name=tool.name,
            description=outward(tool.description or tool.title or "", connection.named),
            parameters=outward(dict(tool.input_schema), connection.named),
            output=outward(dict(tool.output_schema), connection.named) if tool.output_schema else None,
            read_only=tool.annotations.read_only_hint if tool.annotations else None,
        )
        for tool in connection.tools
    ]
