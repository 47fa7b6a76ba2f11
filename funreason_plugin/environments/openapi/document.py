"""A document's operations, and which of them are valid.

    document = Document(read("petstore.yaml"), "petstore.yaml")
    document.operations                      # every operation, by name; nothing of them is read yet
    usable, notes = document.checked(names)  # openapi-spec-validator's verdict on these, a line each on the rest

An operation is validated as a document of its own, with the components that it needs: so a mistake elsewhere costs
nothing, and of a document of 800 operations only those that are offered cost time.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from funreason_plugin.environments.openapi.reading import Source, Unreadable
from funreason_plugin.environments.openapi.references import At, References
from funreason_plugin.environments.openapi.validation import mistake
from funreason_plugin.errors import UserError

__all__ = ["Document", "Found"]

METHODS: Final = ("get", "put", "post", "delete", "patch", "query")
READING: Final = ("get", "query")
_VERSION: Final = re.compile(r"3\.([012])(\.\d+)?(-\S+)?\Z")
_PART: Final = re.compile(r"#/components/([^/]+)/([^/]+)\Z")


@dataclass(frozen=True, slots=True)
class Found:
    """An operation in a document. ``item`` is its path's entry; ``name`` is unique."""

    name: str
    method: str
    path: str
    item: At
    operation: At
    responses_valid: bool = True


class Document:
    """An OpenAPI document 3.0, 3.1 or 3.2."""

    def __init__(self, source: Source, where: str) -> None:
        """Raises UserError when it is no such document."""
        data = source.data
        version = data.get("openapi")
        if "swagger" in data:
            raise UserError(
                f"{where}: is Swagger {data['swagger']}; expected OpenAPI 3.0 or 3.1 (swagger2openapi converts it)"
            )
        if not isinstance(version, str) or not _VERSION.match(version):
            raise UserError(
                f"{where}: 'openapi' is {version!r}; expected 3.0, 3.1 or 3.2, e.g. openapi: 3.1.0"
            )
        if not isinstance(data.get("paths"), dict) or not data["paths"]:
            only = "; it has only webhooks, which a service calls itself" if data.get("webhooks") else ""
            raise UserError(
                f"{where}: 'paths' is missing or empty{only}; expected a document with operations"
            )
        if not isinstance(data.get("components", {}), dict):
            raise UserError(f"{where}: 'components' is no object")
        self.where = where
        self.data = data
        self.uri = source.uri
        self.legacy = version.startswith("3.0")
        self._source = source
        self.references = References(source)
        self.notes: list[str] = []
        self.operations = {found.name: found for found in self._found()}
        if wrong := mistake(source, {**self._head(), "paths": {}, "components": self._schemes()}):
            raise UserError(f"{where}: {wrong}")

    @property
    def title(self) -> str:
        return str(self.data["info"].get("title", ""))

    @property
    def version(self) -> str:
        return str(self.data["info"].get("version", ""))

    def checked(self, names: Collection[str]) -> tuple[list[Found], list[str]]:
        """Of the operations of these names those that are valid, and a line on each that is not.

        One whose answers alone are wrong is valid; what it answers is then not known beforehand.
        """
        usable, notes = [], []
        for name in names:
            found = self.operations[name]
            wrong = self._mistake(found, found.operation.value)
            if wrong:
                answers = {"responses": {"200": {"description": ""}}}
                if self._mistake(found, {**found.operation.value, **answers}):
                    notes.append(f"{name}: left out, {wrong}")
                    continue
                notes.append(f"{name}: what it answers is not valid, {wrong}")
                found = replace(found, responses_valid=False)
            usable.append(found)
        return usable, notes

    def secret_parameters(self) -> set[tuple[str, str]]:
        """Where API keys go (place, name in lower case): never a model's to give."""
        return {
            (str(scheme["in"]), str(scheme["name"]).lower())
            for scheme in self.schemes().values()
            if scheme.get("type") == "apiKey"
        }

    def schemes(self) -> dict[str, Mapping[str, Any]]:
        """The security schemes by name, those that can be read."""
        components = self.references.root.get("components")
        several = components.get("securitySchemes") if components is not None else None
        if several is None:
            return {}
        found: dict[str, Mapping[str, Any]] = {}
        for name in several.value:
            try:
                scheme = self.references.followed(several / name).value
            except Unreadable:
                continue
            if isinstance(scheme, Mapping):
                found[name] = scheme
        return found

    def security_of(self, found: Found) -> tuple[tuple[str, ...], ...]:
        """The sets of schemes of which one is needed; () when none is, an empty set where none will do."""
        asked = found.operation.value.get("security", self.data.get("security")) or []
        return tuple(tuple(entry) for entry in asked if isinstance(entry, Mapping))

    def _found(self) -> Iterator[Found]:
        """Every operation. A name that two have stays the first one's; the other is named by method and path."""
        taken: set[str] = set()
        for path in self.data["paths"]:
            if not path.startswith("/"):
                continue
            try:
                item = self.references.followed(self.references.root / "paths" / path)
            except Unreadable as error:
                self.notes.append(f"{path}: left out, it {error}")
                continue
            if not isinstance(item.value, Mapping):
                self.notes.append(f"{path}: left out, it is no object")
                continue
            for method in METHODS:
                operation = item.get(method)
                if operation is None:
                    continue
                by_path = f"{method}{re.sub(r'[^A-Za-z0-9]+', '_', path)}".rstrip("_")
                if not isinstance(operation.value, Mapping):
                    self.notes.append(f"{by_path}: left out, it is no object")
                    continue
                given = operation.value.get("operationId")
                name = given if isinstance(given, str) and given.strip() else by_path
                if name in taken:
                    number = 2
                    again, name = name, by_path
                    while name in taken:
                        name, number = f"{by_path}_{number}", number + 1
                    self.notes.append(
                        f"{name}: another operation has the id {again!r} too; this one is called so"
                    )
                taken.add(name)
                yield Found(name, method, path, item, operation)

    def _head(self) -> dict[str, Any]:
        return {
            key: self.data[key]
            for key in ("openapi", "info", "servers", "jsonSchemaDialect")
            if key in self.data
        }

    def _mistake(self, found: Found, operation: Mapping[str, Any]) -> str:
        """What is wrong with an operation, by a document that holds it and what it refers to."""
        shared = {"parameters": found.item.value["parameters"]} if "parameters" in found.item.value else {}
        item = {**shared, found.method: {key: operation[key] for key in operation if key != "callbacks"}}
        try:
            components = self._needed(item)
        except Unreadable as error:
            return f"it {error}"
        components |= self._schemes()
        return mistake(self._source, {**self._head(), "paths": {found.path: item}, "components": components})

    def _schemes(self) -> dict[str, Any]:
        components = self.data.get("components", {})
        return {key: components[key] for key in ("securitySchemes",) if key in components}

    def _needed(self, item: Any) -> dict[str, dict[str, Any]]:
        """The components that something refers to, and those that they refer to."""
        components = self.data.get("components", {})
        needed: dict[str, dict[str, Any]] = {}
        todo = [item]
        values = 0
        while todo:
            node = todo.pop()
            values += 1
            if values > 100_000:
                raise Unreadable("refers to over 100,000 values")
            if isinstance(node, list):
                todo += node
            elif isinstance(node, dict):
                todo += node.values()
                target = node.get("$ref")
                part = _PART.match(target) if isinstance(target, str) else None
                if part is not None:
                    kind, name = part[1], part[2].replace("~1", "/").replace("~0", "~")
                    if name in components.get(kind, {}) and name not in needed.setdefault(kind, {}):
                        needed[kind][name] = components[kind][name]
                        todo.append(components[kind][name])
        return needed
