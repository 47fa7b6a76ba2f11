"""openapi-spec-validator's verdict on a document, in one line; remembered by content, since it takes seconds."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import orjson
from jsonschema.exceptions import ValidationError
from jsonschema_path import SchemaPath
from openapi_spec_validator.shortcuts import get_validator_cls
from referencing.exceptions import Unresolvable

from funreason_plugin.environments.openapi.reading import Source, Unreadable
from funreason_plugin.environments.openapi.references import lost

__all__ = ["mistake"]

_LONGEST: Final = 160


def mistake(source: Source, document: dict[str, Any]) -> str:
    """What is wrong with a document (part of `source`, where its references lead); "" when it is valid."""
    kept = _kept(source, document)
    try:
        return kept.read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        wrong, alone = _mistake(source, document)
    if not alone:
        return wrong
    draft = kept.with_suffix(f".{os.getpid()}")
    try:
        kept.parent.mkdir(mode=0o700, exist_ok=True)
        draft.write_text(wrong, "utf-8")
        os.replace(draft, kept)
    except OSError:
        draft.unlink(missing_ok=True)
    return wrong


def _mistake(source: Source, document: dict[str, Any]) -> tuple[str, bool]:
    """What is wrong, and whether other documents have no part in that."""
    others = []

    def related(uri: str) -> Any:
        others.append(uri)
        return source.related(uri)

    handlers = {"file": related, "http": related, "https": related, "<all_urls>": related}
    path = SchemaPath.from_dict(document, base_uri=source.uri, handlers=handlers)
    try:
        error = next(iter(get_validator_cls(document)(path).iter_errors()), None)
    except Unresolvable as found:
        return f"it {lost(found)}", not others
    except Unreadable as found:
        return f"it {found}", not others
    except RecursionError:
        return "its schemas refer to themselves without end", not others
    return "" if error is None else _line(error), not others


def _line(error: ValidationError) -> str:
    """Where, and what. The deepest of several reasons says most."""
    while error.context:
        error = max(error.context, key=lambda reason: len(reason.absolute_path))
    place = ".".join(str(part) for part in error.absolute_path if not str(part).startswith("/"))
    place = place.removeprefix("paths.")
    message = " ".join(str(error.message).split())
    message = message if len(message) <= _LONGEST else message[:_LONGEST] + "…"
    return f"{place}: {message}" if place else message


def _kept(source: Source, document: dict[str, Any]) -> Path:
    """Where the verdict is remembered: by content, place and the library's version."""
    content = json.dumps([source.uri, version("openapi-spec-validator")]).encode() + orjson.dumps(document)
    name = hashlib.sha256(content).hexdigest()[:32]
    return Path(tempfile.gettempdir(), f"funreason-openapi-{os.getuid()}", name)
