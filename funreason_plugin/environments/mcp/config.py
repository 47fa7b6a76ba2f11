"""The ``mcpServers`` file that MCP clients use, with our options under "funreason" of a server's entry.

    {"mcpServers": {
        "notes": {"command": "${python}", "args": ["server.py", "${folder}/notes.db"],
                  "funreason": {"state": "snapshot", "allow_writes": true}},
        "docs": {"url": "https://docs.example.com/mcp", "headers": {"Authorization": "Bearer ${DOCS_TOKEN}"}}}}

``${NAME}`` is an environment variable, ``${folder}`` the session's own folder, ``${config}`` the folder of the file,
``${python}`` this Python. A server that is started runs in the folder of the file.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator
from typing_extensions import Self

from funreason_plugin.environments.external.options import Options, parse
from funreason_plugin.errors import UserError, did_you_mean

__all__ = ["McpOptions", "Server", "Target", "read"]

_VARIABLE = re.compile(r"\$\{(?:env:)?([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}")
_SECRET = re.compile(
    r"(?i)key|token|secret|passw|pwd|auth|credential|bearer|cookie|\bpat\b|_pat$|private|dsn"
)
_MOST = 1_000_000  # bytes of a configuration


class McpOptions(Options):
    """``text``: how a text answer is read ("json": where it is JSON; "python": a Python literal too; "plain": never);
    ``errors``: a text answer that matches is an error, for servers that do not mark theirs."""

    text: Literal["json", "python", "plain"] = "json"
    errors: str = ""

    @model_validator(mode="after")
    def _compiles(self) -> Self:
        try:
            re.compile(self.errors)
        except re.error as error:
            raise ValueError(f"errors: not a regular expression ({error})") from None
        return self


class _Entry(BaseModel):
    """A server's entry. Keys that other clients put there for themselves are known and not used."""

    model_config = ConfigDict(extra="forbid", strict=True)
    command: str = ""
    args: list[str] = []
    env: dict[str, str] = {}
    cwd: str = ""
    url: str = ""
    headers: dict[str, str] = {}
    type: Literal["", "stdio", "http", "streamable-http", "streamable_http", "streamableHttp"] = ""
    disabled: bool = False
    funreason: dict[str, Any] = {}
    timeout: float = Field(default=0, strict=False)
    description: str = ""
    name: str = ""
    icon: str = ""
    autoApprove: list[str] = []
    alwaysAllow: list[str] = []

    @model_validator(mode="after")
    def _one(self) -> Self:
        if bool(self.command) == bool(self.url):
            raise ValueError("expected 'command' (a server to start) or 'url' (one that runs), and not both")
        return self


@dataclass(frozen=True, slots=True)
class Target:
    """How to start or reach a server, with all variables put in. Never shown: it holds secrets."""

    command: tuple[str, ...]
    env: Mapping[str, str]
    cwd: Path
    url: str
    headers: Mapping[str, str]
    secrets: tuple[str, ...]

    def __repr__(self) -> str:
        return f"Target({'http' if self.url else 'stdio'})"


@dataclass(frozen=True, slots=True)
class Server:
    """One server of a file."""

    name: str
    path: Path
    place: str
    options: McpOptions
    entry: Mapping[str, Any]

    @property
    def remote(self) -> bool:
        """It runs whether or not we do."""
        return bool(self.entry["url"])

    def folder(self, own: Path | None) -> Path | None:
        """The folder that ``${folder}`` stands for: a session's own, or that of the file; None where it is not used."""
        return own or (self.path.resolve().parent if "${folder}" in json.dumps(dict(self.entry)) else None)

    def plain(self) -> str:
        """What decides the behaviour, without variables put in, environment and headers."""
        kept = {key: self.entry[key] for key in ("command", "args", "url", "cwd")}
        return json.dumps(kept, sort_keys=True)

    def target(self, folder: Path | None) -> Target:
        """With the variables put in.

        Raises:
            UserError: A variable is not set.
        """
        entry, secrets = self.entry, set()

        def put(text: str, key: str, secret: bool = False) -> str:
            def value(match: re.Match[str]) -> str:
                name, default = match[1], match[2]
                if name in own:
                    return own[name]
                found = os.environ.get(name, default)
                if found is None:
                    raise UserError(
                        f"{self.place}: {key} needs the environment variable {name}, which is not set"
                    )
                if secret or _SECRET.search(name):
                    secrets.add(found)
                return found

            return _VARIABLE.sub(value, text)

        home = self.path.resolve().parent
        own = {"folder": str(folder or home), "config": str(home), "python": sys.executable}
        env = {name: put(text, f"env.{name}") for name, text in entry["env"].items()}
        headers = {name: put(text, f"headers.{name}", True) for name, text in entry["headers"].items()}
        secrets |= {text for name, text in (env | headers).items() if _SECRET.search(name)}
        secrets |= {text.rpartition(" ")[2] for name, text in headers.items() if _SECRET.search(name)}
        command = [put(entry["command"], "command"), *(put(text, "args") for text in entry["args"])]
        return Target(
            tuple(command) if entry["command"] else (),
            env,
            home / put(entry["cwd"], "cwd"),
            put(entry["url"], "url"),
            headers,
            tuple(sorted(secrets, key=len, reverse=True)),
        )


def read(path: Path, shown: str) -> dict[str, Server]:
    """The servers of a file by name; ``shown`` is what the user calls the file.

    Raises:
        UserError: It cannot be read, or something in it is wrong: which server, which key.
    """
    try:
        if path.stat().st_size > _MOST:
            raise UserError(f"{shown}: over {_MOST:,} bytes; expected a list of MCP servers")
        data = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError(
            f"{shown}: {error.strerror}; expected the 'mcpServers' file of an MCP client"
        ) from None
    except (json.JSONDecodeError, UnicodeDecodeError, RecursionError) as error:
        line = f":{error.lineno}" if isinstance(error, json.JSONDecodeError) else ""
        raise UserError(f"{shown}{line}: not JSON ({error})") from None
    entries = data.get("mcpServers") if isinstance(data, dict) else None
    if not isinstance(entries, dict) or not entries:
        known = list(data) if isinstance(data, dict) else []
        hint = did_you_mean("mcpServers", known).replace("did you mean", "found")
        raise UserError(f'{shown}: expected {{"mcpServers": {{"NAME": {{"command": …}}}}}}{hint}')
    servers = {}
    for name, entry in entries.items():
        place = f"{shown}: {name}"
        parsed = parse(_Entry, entry, place)
        if not parsed.disabled:
            options = parse(McpOptions, parsed.funreason, f"{place}: funreason")
            servers[name] = Server(name, path, place, options, parsed.model_dump(exclude={"funreason"}))
    if not servers:
        raise UserError(f"{shown}: every server of it is disabled")
    return servers
