"""What a user says of a service: the name of a document, or a YAML file that names it and says more.

    document: openapi.json               # a file beside this one, or a URL
    base_url: SHOP_URL                   # the environment variable with the address
    credentials: {ApiKeyAuth: SHOP_KEY}  # security scheme: environment variable
    allow: [list_*, create_order]
    allow_writes: true
    state: replay
    reset: [{tool: reset}]

The other keys are those of `external.options`. Addresses and credentials stand in no file: only the names of the
environment variables that hold them do.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final

import yaml
from pydantic import Field

from funreason_plugin.environments.external.options import Options, parse
from funreason_plugin.environments.openapi.reading import is_url
from funreason_plugin.errors import UserError, did_you_mean

__all__ = ["Config", "OpenApiOptions", "read_config"]

_VARIABLE: Final = r"^[A-Za-z_][A-Za-z0-9_]*$"
_MOST: Final = 1_000_000  # bytes of a configuration

Variable = Annotated[str, Field(pattern=_VARIABLE)]


class OpenApiOptions(Options):
    """``name``: of the environment, from the document's title when empty. ``header:NAME`` as a key of
    ``credentials`` is a header that the document does not speak of."""

    document: str = ""
    name: Annotated[str, Field(pattern=r"^([A-Za-z_][A-Za-z0-9_]{0,40})?$")] = ""
    base_url: Variable | None = None
    credentials: dict[str, Variable] = {}


@dataclass(frozen=True, slots=True)
class Config:
    """``document``: where to read it (a path or a URL). ``place``: begins the line that says what is wrong.
    ``file``: it is a file that names the document, not the document itself."""

    options: OpenApiOptions
    document: str
    home: Path
    place: str
    file: bool = False


def read_config(path: Path | None, shown: str) -> Config:
    """The configuration in a file, or of a document that stands alone; ``path`` None: ``shown`` is a URL.

    Raises:
        UserError: The file cannot be read, or a key or value of it is wrong.
    """
    if path is None:
        return Config(OpenApiOptions(document=shown), shown, Path.cwd(), shown)
    data = _configuration(path, shown)
    if data is None:
        return Config(OpenApiOptions(document=path.name), str(path), path.resolve().parent, shown)
    _no_values(data, shown)
    options = parse(OpenApiOptions, data, shown)
    home = path.resolve().parent
    document = options.document if is_url(options.document) else str(home / options.document)
    return Config(options, document, home, shown, True)


def _configuration(path: Path, shown: str) -> dict[str, Any] | None:
    """The data of a configuration; None when the file is a document itself."""
    try:
        size = path.stat().st_size
        head = path.read_bytes() if size <= _MOST else b""
    except OSError as error:
        raise UserError(
            f"{shown}: {error.strerror}; expected an OpenAPI document, or a YAML file with 'document:'"
        ) from None
    if size > _MOST or re.search(rb'^\s*[{\s]*["\']?(openapi|swagger|paths)["\']?\s*:', head, re.MULTILINE):
        return None
    try:
        depth = 0
        for event in yaml.parse(head, Loader=yaml.SafeLoader):
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if depth > 30 or isinstance(event, yaml.AliasEvent):
                raise UserError(f"{shown}: nested too deeply, or with aliases; expected keys and values")
        data = yaml.safe_load(head)
    except (yaml.YAMLError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        line = f":{mark.line + 1}" if mark is not None else ""
        raise UserError(f"{shown}{line}: neither JSON nor YAML; expected an OpenAPI document") from None
    if not isinstance(data, dict):
        raise UserError(
            f"{shown}: expected an OpenAPI document, or a YAML file with 'document: openapi.json'"
        )
    if not data.get("document"):
        hint = did_you_mean("document", [str(key) for key in data]).replace("did you mean", "found")
        raise UserError(
            f"{shown}: neither 'openapi' (a document) nor 'document' (a configuration that names one) is in it{hint}"
        )
    return data


def _no_values(data: dict[str, Any], shown: str) -> None:
    """An address or a key where the name of a variable belongs: told without repeating it."""
    credentials = data.get("credentials")
    given = {"base_url": data.get("base_url")}
    if isinstance(credentials, dict):
        given |= {f"credentials.{key}": value for key, value in credentials.items()}
    for place, value in given.items():
        if isinstance(value, str) and not re.fullmatch(_VARIABLE, value):
            raise UserError(
                f"{shown}: {place}: expected the name of an environment variable, such as SHOP_URL; "
                "what it holds does not belong into a file"
            )
