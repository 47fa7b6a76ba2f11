"""Small documents for tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson

from funreason_plugin.environments.openapi.document import Document
from funreason_plugin.environments.openapi.operations import Operation, read_operation
from funreason_plugin.environments.openapi.reading import read

OK = {"200": {"description": "fine"}}


def document(paths: dict[str, Any], version: str = "3.1.0", **more: Any) -> dict[str, Any]:
    return {"openapi": version, "info": {"title": "Made", "version": "7"}, "paths": paths, **more}


def saved(folder: Path, data: Any, name: str = "made.json") -> Path:
    path = folder / name
    path.write_bytes(data if isinstance(data, bytes) else orjson.dumps(data))
    return path


def loaded(folder: Path, data: dict[str, Any]) -> Document:
    return Document(read(str(saved(folder, data))), "made.json")


def operation(
    folder: Path, method: str, path: str, given: dict[str, Any], version: str = "3.1.0", **more: Any
) -> Operation:
    """One operation of a document that holds nothing else."""
    made = loaded(
        folder, document({path: {method: {"operationId": "it", "responses": OK, **given}}}, version, **more)
    )
    usable, notes = made.checked(["it"])
    assert usable, notes
    return read_operation(made, usable[0])


def parameter(name: str, place: str, schema: Any = None, **more: Any) -> dict[str, Any]:
    return {
        "name": name,
        "in": place,
        "required": place == "path",
        "schema": schema or {"type": "string"},
        **more,
    }


def body(schema: Any, media: str = "application/json", required: bool = True) -> dict[str, Any]:
    return {"requestBody": {"required": required, "content": {media: {"schema": schema}}}}
