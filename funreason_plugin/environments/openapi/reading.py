"""An OpenAPI document as plain data, from a file or a URL; also the documents that it refers to.

    source = read("petstore.yaml")       # source.data, source.uri
    source.related("schemas.yaml")       # a file beside it; anything else is refused

Nothing in a document makes us read a file outside of its folder, or ask another host than its own.
"""

from __future__ import annotations

import http.client
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote, urlsplit

import orjson
import yaml
from jsonschema_path import loaders

from funreason_plugin.errors import UserError

__all__ = ["Source", "Unreadable", "is_url", "read"]

MAX_BYTES: Final = 20_000_000
MAX_NODES: Final = 2_000_000
MAX_DEPTH: Final = 200
SECONDS: Final = 30.0
_LOADER: Final[Any] = loaders.JsonschemaSafeLoader  # leaves dates as texts
_ACCEPTED: Final = "application/json, application/yaml;q=0.9, */*;q=0.1"


class Unreadable(ValueError):
    """Something in a document that no tool can be made of; the message says what, in a few words."""


@dataclass(frozen=True, slots=True)
class Source:
    """A document: its data and where it came from (``file:`` or ``http(s):``)."""

    data: dict[str, Any]
    uri: str

    def related(self, uri: str) -> Any:
        """Another document that this one refers to, by its absolute URI.

        Raises:
            Unreadable: It lies outside of the document's folder or host, or cannot be read.
        """
        uri = uri.partition("#")[0]
        here, there = urlsplit(self.uri), urlsplit(uri)
        same_host = (here.scheme, here.netloc) == (there.scheme, there.netloc)
        folder = Path(unquote(here.path)).parent
        inside = there.scheme != "file" or Path(unquote(there.path)).resolve().is_relative_to(folder)
        if not same_host or not inside:
            raise Unreadable(f"refers to {_shown(uri)}, which is not beside the document; bundle it into one")
        try:
            return _parsed(_bytes(uri), _shown(uri))
        except UserError as error:
            raise Unreadable(f"refers to a document that cannot be read: {error}") from None


def is_url(text: str) -> bool:
    return text.startswith(("http://", "https://"))


def read(text: str) -> Source:
    """Read a document by its path or URL: JSON or YAML.

    Raises:
        UserError: It cannot be read, is no object, or is over 20 MB or 2,000,000 values.
    """
    uri = text if is_url(text) else Path(text).resolve().as_uri()
    if urlsplit(uri).username:
        raise UserError(
            f"{_shown(uri)}: the URL holds credentials, which would be written with it; "
            "save the document to a file and name that"
        )
    data = _parsed(_bytes(uri), text)
    if not isinstance(data, dict):
        raise UserError(f"{text}: holds {_kind(data)}; expected an OpenAPI document (an object)")
    return Source(data, uri)


def _bytes(uri: str) -> bytes:
    parts = urlsplit(uri)
    if parts.scheme == "file":
        path = Path(unquote(parts.path))
        try:
            if path.stat().st_size > MAX_BYTES:
                raise UserError(f"{path}: over {MAX_BYTES // 1_000_000} MB; expected an OpenAPI document")
            return path.read_bytes()
        except OSError as error:
            raise UserError(f"{path}: {error.strerror}; expected an OpenAPI document") from None
    return _downloaded(uri)


def _downloaded(uri: str) -> bytes:
    until = time.monotonic() + SECONDS
    request = urllib.request.Request(uri, headers={"Accept": _ACCEPTED, "User-Agent": "funreason"})
    data = bytearray()
    try:
        with urllib.request.urlopen(request, timeout=SECONDS) as answer:
            while part := answer.read1(1 << 16):
                data += part
                if len(data) > MAX_BYTES:
                    raise UserError(
                        f"{_shown(uri)}: over {MAX_BYTES // 1_000_000} MB; save what you need of it"
                    )
                if time.monotonic() > until:
                    raise TimeoutError
    except urllib.error.HTTPError as error:
        hint = "; it needs credentials: save it to a file and name that" if error.code in (401, 403) else ""
        raise UserError(f"{_shown(uri)}: answered {error.code}; expected an OpenAPI document{hint}") from None
    except TimeoutError:
        raise UserError(f"{_shown(uri)}: no whole answer within {SECONDS:g} s") from None
    except (OSError, ValueError, http.client.HTTPException) as error:
        reason = getattr(error, "reason", error)
        raise UserError(f"{_shown(uri)}: cannot be read ({reason}); is the service running?") from None
    return bytes(data)


def _parsed(data: bytes, where: str) -> Any:
    """JSON, or else YAML; of bounded depth and size, however often its aliases repeat a part."""
    try:
        value = orjson.loads(data)
    except orjson.JSONDecodeError:
        try:
            _shallow(data)
            value = yaml.load(data, Loader=_LOADER)
        except yaml.YAMLError as error:
            mark = getattr(error, "problem_mark", None)
            line = f":{mark.line + 1}" if mark is not None else ""
            problem = getattr(error, "problem", None) or "not text"
            raise UserError(f"{where}{line}: neither JSON nor YAML ({problem})") from None
        except (RecursionError, UnicodeDecodeError, ValueError) as error:
            kind = "nested too deeply" if isinstance(error, RecursionError) else "it holds what JSON cannot"
            raise UserError(f"{where}: neither JSON nor YAML ({kind})") from None
    try:
        if _size(value, {}, 0) > MAX_NODES:
            raise UserError(f"{where}: over {MAX_NODES:,} values; save the part that you need")
        return orjson.loads(orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS))
    except (TypeError, RecursionError):
        raise UserError(f"{where}: nested too deeply, or holds what JSON cannot") from None


def _shallow(data: bytes) -> None:
    """Refuse nesting that would end the process: libyaml builds its nodes by recursion in C."""
    depth = 0
    for event in yaml.parse(data, Loader=_LOADER):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > MAX_DEPTH:
            raise RecursionError


def _size(value: Any, known: dict[int, int], depth: int) -> int:
    """How many values it has when aliases are written out. A part that contains itself is nested too deeply."""
    if not isinstance(value, (dict, list)):
        return 1
    if depth > MAX_DEPTH:
        raise RecursionError
    if id(value) not in known:
        parts = value.values() if isinstance(value, dict) else value
        known[id(value)] = 1 + sum(_size(part, known, depth + 1) for part in parts)
    return known[id(value)]


def _shown(uri: str) -> str:
    """A URI without credentials and query."""
    parts = urlsplit(uri)
    if parts.scheme == "file":
        return unquote(parts.path)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def _kind(value: Any) -> str:
    return {"list": "a list", "str": "a text", "NoneType": "nothing"}.get(type(value).__name__, "a scalar")
