"""An operation of a document: what a model is asked for, and where each argument goes in the request.

    operation = read_operation(document, found)
    operation.parameters      # JSON schema of one flat object
    operation.fields          # by argument: place in the request, name there, style

Path, query, header and cookie parameters and the properties of a body stand side by side. A body that is no plain
object, or may be left out, is the argument ``body``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from funreason_plugin.environments.openapi.document import Document, Found
from funreason_plugin.environments.openapi.reading import Unreadable
from funreason_plugin.environments.openapi.references import At
from funreason_plugin.environments.openapi.schemas import Reader, Schema, merged, without_null

__all__ = ["Field", "Operation", "read_operation"]

FORM: Final = "application/x-www-form-urlencoded"
_MULTIPART: Final = "multipart/form-data"
_STYLES: Final = {"path": "simple", "query": "form", "header": "simple", "cookie": "form"}
_NOT_OFFERED: Final = ("accept", "content-type", "authorization")  # OpenAPI 3.1.1, 4.8.12: they are ignored
_BINARY: Final = ("binary", "byte", "base64")


@dataclass(frozen=True, slots=True)
class Field:
    """Where an argument goes. ``place``: path, query, header, cookie, body, or "whole" (it is the body)."""

    place: str
    name: str
    style: str = ""
    explode: bool = False
    json: bool = False


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation. ``media``: of its body, "" without. ``security``: sets of schemes, any of which suffices."""

    name: str
    method: str
    path: str
    description: str
    parameters: Schema
    output: Schema | None
    fields: Mapping[str, Field]
    media: str
    security: tuple[tuple[str, ...], ...]


def read_operation(document: Document, found: Found) -> Operation:
    """The operation, with its schemas written out.

    Raises:
        Unreadable: It needs something that no model can give (a file), or its schemas cannot be read.
    """
    reader = Reader(document.references, document.legacy)
    properties: dict[str, Schema] = {}
    required: list[str] = []
    fields: dict[str, Field] = {}

    def add(name: str, field: Field, schema: Schema, needed: bool) -> None:
        argument = re.sub(r"\W+", "_", name).strip("_") or field.place
        argument = f"_{argument}" if argument[0].isdigit() else argument
        if argument in properties:
            argument = f"{field.place}_{argument}"
        if argument in properties:
            raise Unreadable(f"has two parameters that would both be called {argument!r}")
        properties[argument], fields[argument] = schema, field
        if needed:
            required.append(argument)

    secrets = document.secret_parameters()
    for name, field, schema, needed in _parameters(document, found, reader):
        if (field.place, name.lower()) not in secrets:
            add(name, field, schema, needed)
    named = re.findall(r"{([^{}]+)}", found.path)
    given = {field.name for field in fields.values() if field.place == "path"}
    if missing := [name for name in named if name not in given]:
        raise Unreadable(f"names {missing[0]!r} in its path, but has no such path parameter")
    media = ""
    if (body := found.operation.get("requestBody")) is not None:
        media = _body(document.references.followed(body), reader, add)
    return Operation(
        name=found.name,
        method=found.method,
        path=found.path,
        description=_description(found) or f"{found.method.upper()} {found.path}",
        parameters={
            "type": "object",
            "properties": properties,
            "required": required,
            "additionalProperties": False,
        },
        output=_output(document, found, reader) if found.responses_valid else None,
        fields=fields,
        media=media,
        security=document.security_of(found),
    )


def _parameters(
    document: Document, found: Found, reader: Reader
) -> Iterator[tuple[str, Field, Schema, bool]]:
    """Its parameters and those of its path; the operation's own count."""
    places: dict[tuple[str, str], At] = {}
    for owner in (found.item, found.operation):
        if (several := owner.get("parameters")) is not None:
            for number in range(len(several.value)):
                at = document.references.followed(several / number)
                places[at.value["in"], at.value["name"]] = at
    for (place, name), at in places.items():
        if place == "header" and name.lower() in _NOT_OFFERED:
            continue
        if place not in _STYLES:
            raise Unreadable(f"has the parameter {name!r} in {place!r}, which is not supported")
        media = next(iter(at.value.get("content", ())), "")
        if media and not _is_json(media):
            raise Unreadable(f"takes the parameter {name!r} as {media}")
        where = at / "content" / media / "schema" if media else at.get("schema")
        schema = without_null(reader.schema(where, "request")) if where is not None else {"type": "string"}
        own = {key: at.value[key] for key in ("description",) if at.value.get(key)}
        if "examples" not in schema and isinstance(at.value.get("example"), (str, int, float)):
            own["examples"] = [at.value["example"]]
        style = at.value.get("style", _STYLES[place])
        explode = at.value.get("explode", style == "form")
        field = Field(place, name, style, explode, bool(media))
        yield name, field, merged(own, schema), place == "path" or at.value.get("required") is True


def _body(at: At, reader: Reader, add: Any) -> str:
    """Add what the body holds; its media type."""
    content = at.value.get("content") or {}
    media = _chosen(content)
    if media is None:
        raise Unreadable(f"takes a body of {', '.join(content) or 'no known kind'}, not JSON, form or text")
    needed = at.value.get("required") is True
    where = (at / "content" / media).get("schema")
    schema = reader.schema(where, "request") if where is not None else {}
    if media.startswith("text/"):
        schema = merged({"type": "string"}, schema)
    binary = [name for name, part in schema.get("properties", {}).items() if _is_binary(part)]
    for name in binary:
        if name in schema.get("required", ()):
            raise Unreadable(f"takes a file ({name})")
        del schema["properties"][name]
    if _is_binary(schema):
        raise Unreadable("takes a file")
    flat = bool(schema.get("properties")) and schema.get("type", "object") == "object"
    if not flat or not needed or "anyOf" in schema or schema.get("additionalProperties"):
        if description := at.value.get("description"):
            schema = merged({"description": str(description)}, schema)
        add("body", Field("whole", "body"), schema, needed)
        return media
    for name, part in schema["properties"].items():
        add(name, Field("body", name), part, name in schema.get("required", ()))
    return media


def _chosen(content: Mapping[str, Any]) -> str | None:
    """The media type of a body that we can write; JSON first."""
    for wanted in (_is_json, (FORM,).__contains__, (_MULTIPART,).__contains__, "text/plain".__eq__):
        for media in content:
            if wanted(media.partition(";")[0].strip().lower()):
                return media
    return next((media for media in content if media in ("*/*", "application/*")), None)


def _output(document: Document, found: Found, reader: Reader) -> Schema | None:
    """The schema of a successful answer, as far as the document tells."""
    responses = found.operation.get("responses")
    if responses is None:
        return None
    codes = [code for code in responses.value if re.fullmatch(r"2(\d\d|XX)", str(code))]
    for code in [*sorted(codes), *(["default"] if "default" in responses.value and not codes else [])]:
        at = document.references.followed(responses / code)
        for media in at.value.get("content") or ():
            where = (at / "content" / media).get("schema")
            if _is_json(media) and where is not None:
                schema = reader.schema(where, "response")
                return schema or None
    return None


def _is_json(media: str) -> bool:
    kind = media.partition(";")[0].strip().lower()
    return kind == "application/json" or kind.endswith("+json")


def _is_binary(schema: Mapping[str, Any]) -> bool:
    items = schema.get("items")
    return schema.get("format") in _BINARY or (isinstance(items, dict) and items.get("format") in _BINARY)


def _description(found: Found) -> str:
    """Summary and description in one line, without markup, at most 1,000 characters."""
    summary, text = (str(found.operation.value.get(key) or "") for key in ("summary", "description"))
    if text and (text.startswith(summary) or _letters(summary) in (_letters(found.name), "")):
        summary = ""  # says no more: FastAPI makes it of the function's name
    text = f"{summary.strip().rstrip('.')}. {text}" if summary and text else summary or text
    text = " ".join(re.sub(r"<[^<>]{1,200}>", " ", text).split())
    return text if len(text) <= 1000 else text[:1000].rsplit(" ", 1)[0] + " …"


def _letters(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", text.lower())
