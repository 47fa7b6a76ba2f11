"""Where tools that are not ours come from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from funreason_plugin.environments.external.options import Options, Start, parse
from funreason_plugin.errors import UserError

__all__ = ["Origin", "starts_of"]


@dataclass(frozen=True, slots=True)
class Origin:
    """A server or service as the configuration names it.

    ``name``: of the environment. ``given``: the name on the command line that gives this one alone. ``home``: the
    folder of the configuration. ``place``: begins the line that says what is wrong with it. ``service``: tells it
    from others on this machine, for the limits. ``remote``: it runs whether or not we do, for everybody.
    ``secrets``: what must be in nothing that is written. ``source``: what decides its behaviour, for the hash.
    ``starts``: initial states, as of `starts_of`.
    """

    name: str
    given: str
    home: Path
    place: str
    service: str
    remote: bool
    version: str = "1"
    policy: str = ""
    secrets: tuple[str, ...] = ()
    source: str = ""
    starts: Sequence[dict[str, Any]] = ()


def starts_of(options: Options, home: Path, place: str) -> list[dict[str, Any]]:
    """The initial states that the options name, from the configuration or a JSONL file beside it.

    Raises:
        UserError: The file cannot be read, a row of it is wrong, or a folder is not there.
    """
    if isinstance(options.scenarios, str):
        path = home / options.scenarios
        try:
            lines = path.read_bytes().splitlines()
        except OSError as error:
            raise UserError(f"{place}: scenarios: {path}: {error.strerror}") from None
        starts = []
        for number, line in enumerate(lines, 1):
            if line.strip():
                try:
                    row = orjson.loads(line)
                except orjson.JSONDecodeError as error:
                    raise UserError(f"{path}:{number}: not JSON ({error})") from None
                starts.append(parse(Start, row, f"{path}:{number}"))
    else:
        starts = list(options.scenarios)
    for start in starts:
        if start.folder and not (home / start.folder).is_dir():
            raise UserError(f"{place}: scenarios: {home / start.folder} is no folder")
    return [start.model_dump(exclude_defaults=False) for start in starts]
