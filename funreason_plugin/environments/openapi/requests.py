"""An operation and its arguments as a request: path, query, headers, body. Nothing is sent here.

    request = build(operation, {"pet_id": 3, "tags": ["a", "b"]})
    request.path, request.query          # "/pets/3", [("tags", "a"), ("tags", "b")]

Styles are those of OpenAPI 3.1.1, section 4.8.12.3 (RFC 6570 underneath).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote, urlencode

import orjson

from funreason_plugin.environments.openapi.operations import FORM, Field, Operation

__all__ = ["Request", "Unsendable", "build"]

_DELIMITERS: Final = {"spaceDelimited": " ", "pipeDelimited": "|"}


class Unsendable(ValueError):
    """Arguments that no request can hold; the message says which."""


@dataclass(slots=True)
class Request:
    """What is sent, below the service's base URL; ``path`` and ``query`` are not quoted twice."""

    method: str
    path: str
    query: list[tuple[str, str]] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    cookies: dict[str, str] = field(default_factory=dict)
    body: bytes | None = None
    form: list[tuple[str, str]] | None = None  # of multipart


def build(operation: Operation, arguments: Mapping[str, Any]) -> Request:
    """The request of a call.

    Raises:
        Unsendable: A value that its place in the request cannot hold.
    """
    request = Request(operation.method.upper(), operation.path)
    body: dict[str, Any] = {}
    whole: Any = None
    given = False
    for argument, value in arguments.items():
        place = operation.fields.get(argument)
        if place is None or (value is None and place.place not in ("body", "whole")):
            continue
        if place.place == "path":
            text = _path_text(place, value)
            if text in ("", ".", ".."):
                raise Unsendable(f"{argument} must not be {text!r}: it is part of the path")
            request.path = request.path.replace("{" + place.name + "}", text)
        elif place.place == "query":
            request.query += _query(place, value)
        elif place.place == "header":
            request.headers[place.name] = _header(argument, _simple(place, value))
        elif place.place == "cookie":
            request.cookies[place.name] = _header(argument, _simple(place, value))
        elif place.place == "whole":
            whole, given = value, True
        else:
            body[place.name], given = value, True
    if operation.media and (given or any(place.place == "body" for place in operation.fields.values())):
        _write_body(operation.media, whole if whole is not None else body, request)
    return request


def _write_body(media: str, value: Any, request: Request) -> None:
    kind = media.partition(";")[0].strip().lower()
    if kind == "multipart/form-data":
        request.form = _pairs(value)
        return
    if kind == FORM:
        request.body = urlencode(_pairs(value)).encode()
    elif kind.startswith("text/") and isinstance(value, str):
        request.body = value.encode()
    else:
        kind = "application/json" if "*" in kind else kind
        request.body = orjson.dumps(value)
    request.headers["Content-Type"] = f"{kind}; charset=utf-8" if kind.startswith("text/") else kind


def _pairs(value: Any) -> list[tuple[str, str]]:
    """The fields of a form: lists repeat their name, objects are JSON."""
    if not isinstance(value, Mapping):
        raise Unsendable("the body must be an object: it is a form")
    pairs = []
    for name, item in value.items():
        for part in item if isinstance(item, list) else [item]:
            if part is not None:
                pairs.append((str(name), _text(part)))
    return pairs


def _query(place: Field, value: Any) -> list[tuple[str, str]]:
    name = place.name
    if place.json:
        return [(name, orjson.dumps(value).decode())]
    if isinstance(value, Mapping):
        if place.style == "deepObject":
            return [(f"{name}[{key}]", _text(item)) for key, item in value.items() if item is not None]
        if place.explode:
            return [(str(key), _text(item)) for key, item in value.items() if item is not None]
        return [(name, ",".join(f"{key},{_text(item)}" for key, item in value.items()))]
    if isinstance(value, list):
        texts = [_text(item) for item in value if item is not None]
        if place.explode and place.style not in _DELIMITERS:
            return [(name, text) for text in texts]
        return [(name, _DELIMITERS.get(place.style, ",").join(texts))] if texts else []
    return [(name, _text(value))]


def _path_text(place: Field, value: Any) -> str:
    """A value within a path, quoted: a "/" in it does not lead elsewhere."""
    if place.style == "label":
        return "." + _joined(place, value, "." if place.explode else ",")
    if place.style == "matrix":
        if isinstance(value, list) and place.explode:
            return "".join(f";{place.name}={_quoted(item)}" for item in value)
        if isinstance(value, Mapping) and place.explode:
            return "".join(f";{quote(str(key), safe='')}={_quoted(item)}" for key, item in value.items())
        return f";{place.name}={_joined(place, value, ',')}"
    return _quoted(value) if place.json else _joined(place, value, ",")


def _joined(place: Field, value: Any, between: str) -> str:
    if isinstance(value, list):
        return between.join(_quoted(item) for item in value)
    if isinstance(value, Mapping):
        inner = "=" if place.explode else ","
        return between.join(
            f"{quote(str(key), safe='')}{inner}{_quoted(item)}" for key, item in value.items()
        )
    return _quoted(value)


def _quoted(value: Any) -> str:
    return quote(_text(value), safe="")


def _simple(place: Field, value: Any) -> str:
    if place.json:
        return orjson.dumps(value).decode()
    if isinstance(value, list):
        return ",".join(_text(item) for item in value)
    if isinstance(value, Mapping):
        inner = "=" if place.explode else ","
        return ",".join(f"{key}{inner}{_text(item)}" for key, item in value.items())
    return _text(value)


def _header(argument: str, text: str) -> str:
    if any(ord(letter) < 32 or ord(letter) > 126 for letter in text):
        raise Unsendable(f"{argument} must be plain ASCII without line breaks: it is sent in a header")
    return text


def _text(value: Any) -> str:
    """A scalar as URLs and forms have it; what is no scalar, as JSON."""
    return value if isinstance(value, str) else orjson.dumps(value).decode()
