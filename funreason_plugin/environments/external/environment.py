"""Tools of a server or service as an environment class.

    class Service(ExternalEnvironment):
        @classmethod
        def connect(cls, folder): return Connection(...)

    cls = environment_class(Service, Origin("notes", "mcp:notes.json#notes", home), options, tools)

Names in the options are those of the tools' owner; the model sees them as identifiers, with the prefix.
"""

from __future__ import annotations

import shutil
from collections import UserDict
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from random import Random
from typing import Any, ClassVar

import orjson

from funreason_plugin.environments.environment import Environment
from funreason_plugin.environments.external import files
from funreason_plugin.environments.external.connection import Connection, Lost
from funreason_plugin.environments.external.limits import throttle
from funreason_plugin.environments.external.options import Options
from funreason_plugin.environments.external.origin import Origin
from funreason_plugin.environments.external.own import Idle, Replay, Snapshot
from funreason_plugin.environments.external.recording import Recording
from funreason_plugin.environments.external.tools import ExternalTool, Offer, offer
from funreason_plugin.environments.external.trimming import hide, picked, trimmed
from funreason_plugin.environments.external.turns import Turns
from funreason_plugin.environments.external.ways import Live, Recorded, Shared, Way, is_unanswered
from funreason_plugin.environments.spec import ToolSpec
from funreason_plugin.errors import UserError

__all__ = ["ExternalEnvironment", "ExternalTool", "Origin", "environment_class"]


class ExternalEnvironment(Environment):
    """Tools that run elsewhere. A subclass brings `connect`; `environment_class` brings the rest."""

    copying = "own"
    atomic = False  # what a refused call left behind is part of the state, as it would be for a model
    origin: ClassVar[Origin]
    options: ClassVar[Options]
    tools: ClassVar[tuple[ExternalTool, ...]]
    notes: ClassVar[tuple[str, ...]] = ()  # what was left out of the tools, and why, a line each
    _offer: ClassVar[Offer]
    _recording: ClassVar[Recording | None] = None
    _adds: ClassVar[bool] = False  # to the recording
    _shared: ClassVar[Shared]
    _idle: ClassVar[Idle]
    _turns: ClassVar[Turns | None] = None
    _first: ClassVar[
        UserDict[bytes, files.Content]
    ]  # no dict: `check env` takes those for state that is shared

    _heard: ClassVar[list[tuple[str, dict[str, Any], Any]] | None] = (
        None  # live answers, when they are recorded
    )
    _way: Way
    _seen: dict[str, Any] | None = None

    @classmethod
    def connect(cls, folder: Path | None) -> Connection:
        """Start or reach the server; ``folder`` is the session's own. Raises `Lost`."""
        raise NotImplementedError

    @classmethod
    def hear(cls) -> list[tuple[str, dict[str, Any], Any]]:
        """From now on the calls that are answered, by the owner's names: for a recording."""
        cls._heard = []
        return cls._heard

    @classmethod
    def keep(cls, connection: Connection, folder: Path | None) -> None:
        """A connection that was made for the list of tools: for a session to come, where it can be.

        ``folder`` is None for one that sessions share.
        """
        state, options = cls.options.state, cls.options
        if folder is None:
            cls._shared.give(connection)
        elif (state == "snapshot" and not options.restart) or (state == "replay" and options.reset):
            cls._idle.give(connection, folder)
        else:
            connection.close()
            shutil.rmtree(folder, ignore_errors=True)

    # -- state ------------------------------------------------------------------------------------------

    def scenario(self, rng: Random) -> dict[str, Any]:
        starts = self.origin.starts
        return starts[rng.randrange(len(starts))] if starts else {"folder": "", "calls": []}

    def reset(self, state: dict[str, Any]) -> None:
        if "_way" not in vars(self):
            self._way = self._new_way()
        self._seen = None
        self._way.begin(state)

    def save(self) -> Any:
        try:
            return self._way.save()
        except (Lost, files.TooLarge, OSError) as error:
            raise UserError(f"environment {self.name!r}: no snapshot can be made: {error}") from None

    def load(self, saved: Any) -> None:
        self._seen = None
        self._way.load(saved)

    def digest(self) -> dict[str, Any]:
        """What the digest's calls give; without them, of a snapshot, the files. Kept until the next call."""
        if self.options.state == "record":
            return {}
        if self._seen is None:
            if self.options.digest:
                self._seen = self._asked()
            else:
                try:
                    self._seen = self._way.view()
                except (Lost, OSError) as error:
                    self._seen = {"error": str(error)}
        return self._seen

    def close(self) -> None:
        if "_way" in vars(self):
            self._way.close()

    # -- tools ------------------------------------------------------------------------------------------

    @classmethod
    def tool_specs(cls) -> dict[str, ToolSpec]:
        return cls._offer.specs

    def invoke(self, name: str, arguments: dict[str, Any]) -> Any:
        tool = self._offer.owner_s[name]
        self._seen = None
        if self.options.state == "record":
            return self._way.call(tool, arguments)
        output = self._read(self._way, tool, arguments)
        if self._heard is not None and not is_unanswered(output):
            self._heard.append((tool, arguments, output))
        return output

    @classmethod
    def source(cls) -> str:
        kept = cls.options.model_dump(mode="json", exclude={"limits", "recording"})
        return cls.origin.source + orjson.dumps(kept, option=orjson.OPT_SORT_KEYS).decode()

    # -- helpers ----------------------------------------------------------------------------------------

    def _ask(self, way: Way, tool: str, arguments: dict[str, Any]) -> Any:
        limits = self.options.limits
        with throttle(self.origin.service, limits.calls_per_second, limits.concurrency):
            return hide(way.call(tool, arguments), self.origin.secrets)

    def _read(self, way: Way, tool: str, arguments: dict[str, Any]) -> Any:
        """An answer as a model reads it."""
        trim, limit = self.options.trim.get(tool), self.options.limits.bytes
        return trimmed(self._ask(way, tool, arguments), trim, limit)

    def _asked(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for call in self.options.digest:
            output = self._ask(self._way, call.tool, dict(call.arguments))
            key = (
                call.tool
                if call.tool not in found
                else f"{call.tool} {orjson.dumps(call.arguments).decode()}"
            )
            found[key] = picked(output, call.fields) if call.fields else output
        return found

    def _new_way(self) -> Way:
        options, home = self.options, self.origin.home
        if self._recording is not None:
            live = Live(self._shared, options)
            return Recorded(self._recording, partial(self._read, live) if self._adds else None)
        if options.state == "snapshot":
            return Snapshot(self.connect, options, home, self._idle, self._first)
        if options.state == "replay":
            return Replay(self.connect, options, home, self._idle, self._offer.writes, self._turns)
        return Live(self._shared, options)


def environment_class(
    base: type[ExternalEnvironment],
    origin: Origin,
    options: Options,
    tools: Sequence[ExternalTool],
    recording: Recording | None = None,
    attributes: Mapping[str, Any] | None = None,
    adds: bool = False,
) -> type[ExternalEnvironment]:
    """The class for one server or service. ``recording``: answers come from it, nothing is connected; ``adds``: but
    for what is not in it, which is added.

    Raises:
        UserError: The options do not fit the tools.
    """
    offered = offer(origin, options, tools)
    if offered.writes and options.state in ("live", "record"):
        raise UserError(
            f"{origin.place}: tools that write ({', '.join(sorted(offered.writes)[:3])}) need "
            '"state": "snapshot" or "replay"; or list them in \'read_only\', or leave them out with \'deny\''
        )
    if origin.remote and options.state == "snapshot":
        raise UserError(f"{origin.place}: state 'snapshot' needs a server that is started here; use 'replay'")
    begun = bool(origin.starts) and all(start["calls"] for start in origin.starts)
    if origin.remote and options.state == "replay" and not options.reset and not begun:
        raise UserError(
            f"{origin.place}: state 'replay' of a remote service needs 'reset', the calls that reset it, or "
            "'scenarios' that each begin with such calls"
        )
    limits = options.limits
    members: dict[str, Any] = {
        "__module__": base.__module__,
        "__qualname__": base.__qualname__,
        "__doc__": f"The tools of {origin.name}.",
        "name": origin.name,
        "version": origin.version,
        "policy": options.policy or origin.policy,
        "equality": dict(options.equality),
        "time_limit": limits.seconds + limits.start_seconds,
        "_outside_live": adds or (recording is None and (origin.remote or options.state == "live")),
        "_outside_name": origin.given,
        "origin": origin,
        "options": options,
        "tools": tuple(tools),
        "notes": offered.notes,
        "_offer": offered,
        "_recording": recording,
        "_adds": adds,
        "_first": UserDict(),
        "_idle": Idle(),
        "_turns": Turns(origin.service) if origin.remote and options.state == "replay" else None,
        **(attributes or {}),
    }
    cls: type[ExternalEnvironment] = type(base.__name__, (base,), members)
    cls._shared = Shared(cls.connect)
    return cls
