"""What the tools of `files` take and return: entity marks, argument types, result types."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field
from typing_extensions import TypedDict

from funreason_plugin.environments.marks import Ref, Values

Kind = Literal["report", "minutes", "contract", "plan", "proposal", "memo"]
Role = Literal["viewer", "commenter", "editor"]
Format = Literal["pdf", "docx", "odt", "html"]
Position = Literal["start", "end"]
DocumentId = Annotated[str, Ref("document")]
DraftId = Annotated[str, Ref("draft")]
VersionId = Annotated[str, Ref("version")]
CommentId = Annotated[str, Ref("comment")]
TrashId = Annotated[str, Ref("trashed_document")]
ExportId = Annotated[str, Ref("export")]
FolderArgument = Annotated[str, Ref("folder", known=True), Values.state("folders[]")]
PersonArgument = Annotated[str, Ref("person", known=True), Values.state("people[]")]


class Grant(TypedDict):
    person: Annotated[PersonArgument, Field(description="Full name of the colleague.")]
    role: Annotated[Role, Field(description="What the colleague may do with the document.")]


class OpenedFolder(TypedDict):
    folder: str
    documents: int
    last_change: str


class DocumentRow(TypedDict):
    document_id: DocumentId
    title: str
    kind: str
    author: str
    modified: str
    length: int


class DocumentRows(TypedDict):
    documents: list[DocumentRow]


class Match(TypedDict):
    document_id: DocumentId
    title: str
    folder: str
    kind: str
    author: str
    modified: str
    length: int


class Matches(TypedDict):
    matches: list[Match]


class DocumentText(TypedDict):
    title: str
    author: str
    modified: str
    length: int
    text: str


class NewDocument(TypedDict):
    document_id: DocumentId
    folder: str
    length: int


class NewDraft(TypedDict):
    draft_id: DraftId
    title: str
    length: int


class DraftState(TypedDict):
    title: str
    paragraphs_added: int


class PublishedDraft(TypedDict):
    title: str
    version_number: int
    length: int


class VersionRow(TypedDict):
    version_id: VersionId
    author: str
    created: str
    summary: str
    length: int


class VersionRows(TypedDict):
    title: str
    total: int
    versions: list[VersionRow]


class RestoredVersion(TypedDict):
    title: str
    summary: str
    length: int


class MovedDocument(TypedDict):
    title: str
    moved_from: str
    folder: str


class SharedDocument(TypedDict):
    title: str
    people_with_access: int


class NewComment(TypedDict):
    comment_id: CommentId
    title: str
    open_comments: int


class CommentRow(TypedDict):
    comment_id: CommentId
    author: str
    posted: str
    text: str
    resolved: bool


class CommentRows(TypedDict):
    title: str
    total: int
    comments: list[CommentRow]


class ResolvedComment(TypedDict):
    title: str
    open_comments: int


class TrashedDocument(TypedDict):
    trash_id: TrashId
    title: str
    kept_until: str


class TrashRow(TypedDict):
    trash_id: TrashId
    title: str
    kind: str
    folder: str
    deleted_by: str
    deletion_date: str


class TrashRows(TypedDict):
    items: list[TrashRow]


class RestoredDocument(TypedDict):
    document_id: DocumentId
    title: str
    folder: str


class NewExport(TypedDict):
    export_id: ExportId
    file_name: str
    size_kb: int


class SentExport(TypedDict):
    file_name: str
    people_reached: int
