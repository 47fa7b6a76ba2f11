"""The records in the state of `files`, and what follows from them: lengths and file names."""

from __future__ import annotations

from collections.abc import Sequence

from typing_extensions import TypedDict

from funreason_plugin.environments.files_results import Format, Kind, Position, Role


class Version(TypedDict):
    version_id: str
    author: str
    created: str
    summary: str
    paragraphs: list[str]


class Document(TypedDict):
    title: str
    kind: Kind
    folder: str
    author: str  # of the current version
    modified: str
    summary: str
    paragraphs: list[str]
    edited_by: str  # a colleague with an open draft, or ""
    restored_from: str  # the version that the current text was restored from, or ""
    access: dict[str, Role]
    versions: list[Version]  # the earlier ones, oldest first


class Addition(TypedDict):
    position: Position
    text: str


class Draft(TypedDict):
    document_id: str
    added: list[Addition]


class Comment(TypedDict):
    document_id: str
    author: str
    posted: str
    text: str
    resolved: bool


class Trashed(TypedDict):
    document_id: str
    deleted_by: str
    deleted: str
    document: Document


class Export(TypedDict):
    document_id: str
    format: Format


class Mail(TypedDict):
    export_id: str
    recipients: list[str]
    message: str


def length(paragraphs: Sequence[str]) -> int:
    """Length in words."""
    return sum(len(paragraph.split()) for paragraph in paragraphs)


def file_name(title: str, format: Format) -> str:
    """The name of an exported file: "Osprey audit status report" as pdf is osprey-audit-status-report.pdf."""
    return "-".join("".join(c if c.isalnum() else " " for c in title.lower()).split()) + f".{format}"
