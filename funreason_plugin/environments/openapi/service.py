"""The environment class of a document's service.

openapi_environments(Given.of("openapi:shop.yaml"))      # [OpenApiEnvironment]
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar, Final

import orjson

from funreason_plugin.environments.catalog import file_of
from funreason_plugin.environments.environment import Environment
from funreason_plugin.environments.external.connection import Connection, Lost
from funreason_plugin.environments.external.environment import (
    ExternalEnvironment,
    ExternalTool,
    Origin,
    environment_class,
)
from funreason_plugin.environments.external.names import Given, need_recording
from funreason_plugin.environments.external.options import listed
from funreason_plugin.environments.external.origin import starts_of
from funreason_plugin.environments.external.recording import Recording, load, load_or_begin
from funreason_plugin.environments.openapi.access import Access, lacking, read_access
from funreason_plugin.environments.openapi.config import Config, OpenApiOptions, read_config
from funreason_plugin.environments.openapi.document import READING, Document
from funreason_plugin.environments.openapi.operations import Operation, read_operation
from funreason_plugin.environments.openapi.reading import Unreadable, is_url, read
from funreason_plugin.errors import UserError

__all__ = ["MAX_TOOLS", "OpenApiEnvironment", "openapi_environments"]

MAX_TOOLS: Final = 128
"""Tools that are put before a model at most; interfaces of models refuse more."""


class OpenApiEnvironment(ExternalEnvironment):
    """The operations of one service."""

    operations: ClassVar[Mapping[str, Operation]]
    access: ClassVar[Access]
    unreachable: ClassVar[str] = ""  # why a recording cannot be added to

    @classmethod
    def connect(cls, folder: Path | None) -> Connection:
        if cls.unreachable:
            raise Lost(cls.unreachable)
        from funreason_plugin.environments.openapi.client import HttpConnection

        return HttpConnection(cls.operations, cls.access)


def openapi_environments(given: Given) -> list[type[Environment]]:
    """The class of a document's service.

    Raises:
        UserError: Document or configuration are wrong, address or credentials are missing, too much is offered.
    """
    config = read_config(None if is_url(given.target) else file_of(given.target), given.target)
    need_recording(given, config.options.state, config.place)
    options = config.options.model_copy(
        update={"allow_writes": config.options.allow_writes or given.writes}
        | ({"state": "live"} if given.live and config.options.state == "record" else {})
    )
    if options.state == "record":
        return [_recorded(given, config, options)]
    return [_live(given, config, options)]


def _recorded(given: Given, config: Config, options: OpenApiOptions) -> type[ExternalEnvironment]:
    """From a recording alone: neither document nor service is asked, unless it is added to."""
    path = config.home / options.recording
    if not given.record:
        return _answered(given, config, options, load(path))
    given = replace(given, record=False)
    try:
        live = _live(given, config, options.model_copy(update={"state": "live"}))
    except UserError as error:
        if not path.exists():
            raise
        return _answered(given, config, options, load(path), {"unreachable": error.message})
    recording = load_or_begin(path, lambda: [tool.plain() for tool in live.tools])
    assert issubclass(live, OpenApiEnvironment)
    asked = {"operations": live.operations, "access": live.access}
    return _answered(given, config, options, recording, asked, live.origin)


def _answered(
    given: Given,
    config: Config,
    options: OpenApiOptions,
    recording: Recording,
    asked: Mapping[str, Any] | None = None,
    live: Origin | None = None,
) -> type[ExternalEnvironment]:
    """With the answers of a recording; ``asked`` is for what is not in it."""
    tools = [ExternalTool.of(tool) for tool in recording.tools]
    name = _name(options, given.target)
    secrets, service = (live.secrets, live.service) if live is not None else ((), "")
    origin = _origin(given, config, options, name, tools, "1", secrets, service)
    return environment_class(OpenApiEnvironment, origin, options, tools, recording, asked, asked is not None)


def _live(given: Given, config: Config, options: OpenApiOptions) -> type[ExternalEnvironment]:
    document = Document(read(config.document), _shown(config))
    name = _name(options, given.target if config.file else document.title)
    wanted = _wanted(document, config, options)
    usable, notes = document.checked(wanted)
    operations: dict[str, Operation] = {}
    for found in usable:
        try:
            operations[found.name] = read_operation(document, found)
        except Unreadable as error:
            notes.append(f"{found.name}: left out, it {error}")
    for note in notes:
        if note.partition(":")[0] in (options.allow or ()) and ": left out" in note:
            raise UserError(f"{_shown(config)}: allow: {note}")
    access = read_access(document, config, name, operations.values())
    missing = lacking(access, operations.values())
    if missing and sum(map(len, missing.values())) == len(operations):
        raise UserError(
            f"{config.place}: every operation needs credentials; set the environment variable {next(iter(missing))}"
        )
    for key, names in missing.items():
        some = ", ".join(names[:5]) + (", …" if len(names) > 5 else "")
        notes.append(f"{len(names)} operations need {key}, which is not set, and will fail: {some}")
    left_out = set(wanted) - operations.keys()
    tools = [
        _tool(document, name, operations.get(name)) for name in document.operations if name not in left_out
    ]
    origin = _origin(
        given, config, options, name, tools, document.version or "1", access.secrets, access.base_url
    )
    try:
        cls = environment_class(
            OpenApiEnvironment, origin, options, tools, None, {"operations": operations, "access": access}
        )
    except UserError as error:
        raise UserError(f"{error.message}{'; ' if notes else ''}{'; '.join(notes[:2])}") from None
    cls.notes = (*cls.notes, *document.notes, *notes)
    return cls


def _wanted(document: Document, config: Config, options: OpenApiOptions) -> list[str]:
    """The operations that are offered, and those that reset, digest and scenarios call."""
    starts = starts_of(options, config.home, config.place)
    called = {call.tool for call in [*options.reset, *options.digest]}
    called |= {call["tool"] for start in starts for call in start["calls"]}
    offered = [
        name
        for name, found in document.operations.items()
        if (options.allow is None or listed(name, options.allow))
        and not listed(name, options.deny)
        and (found.method in READING or listed(name, options.read_only) or options.allow_writes)
    ]
    if len(offered) > MAX_TOOLS:
        few = ", ".join(offered[:3])
        raise UserError(
            f"{config.place}: {len(offered)} of {len(document.operations)} operations would be offered, and a model "
            f"takes at most {MAX_TOOLS}; name those that matter in a configuration: "
            f"{{document: …, allow: [{few}, …]}}"
        )
    chosen = set(offered) | called
    return [name for name in document.operations if name in chosen]


def _tool(document: Document, name: str, operation: Operation | None) -> ExternalTool:
    """As the model sees it; of an operation that is not offered the name only."""
    reads = document.operations[name].method in READING
    if operation is None:
        return ExternalTool(name, "", {}, None, reads)
    return ExternalTool(name, operation.description, operation.parameters, operation.output, reads)


def _origin(
    given: Given,
    config: Config,
    options: OpenApiOptions,
    name: str,
    tools: list[ExternalTool],
    version: str,
    secrets: tuple[str, ...],
    service: str,
) -> Origin:
    return Origin(
        name=name,
        given=given.text,
        home=config.home,
        place=config.place,
        service=service,
        remote=True,
        version=version,
        secrets=secrets,
        source=orjson.dumps([tool.plain() for tool in tools], option=orjson.OPT_SORT_KEYS).decode(),
        starts=starts_of(options, config.home, config.place),
    )


def _name(options: OpenApiOptions, text: str) -> str:
    """The environment's name: as configured, or from the configuration's file, or from the document's title."""
    text = Path(text).stem if text.endswith((".yaml", ".yml", ".json")) else text
    name = re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")[:40].strip("_")
    return options.name or (f"api_{name}" if not name or name[0].isdigit() else name)


def _shown(config: Config) -> str:
    """How the document is called in a line about it."""
    return (
        config.place
        if config.document.endswith(config.place)
        else f"{config.place}: {config.options.document}"
    )
