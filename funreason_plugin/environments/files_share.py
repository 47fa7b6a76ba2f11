"""Tools of `files` that involve colleagues: access, comments, exports sent to people."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from funreason_plugin.environments.environment import ToolError, tool
from funreason_plugin.environments.files_data import COMMENTS, COVER_NOTES
from funreason_plugin.environments.files_edit import Editor
from funreason_plugin.environments.files_records import file_name, length
from funreason_plugin.environments.files_results import (
    CommentId,
    CommentRows,
    DocumentId,
    ExportId,
    Format,
    Grant,
    NewComment,
    NewExport,
    PersonArgument,
    ResolvedComment,
    SentExport,
    SharedDocument,
)
from funreason_plugin.environments.files_state import found
from funreason_plugin.environments.marks import Prose

_SIZES = {"pdf": (38, 0.9), "docx": (21, 0.3), "odt": (17, 0.25), "html": (3, 0.05)}  # kB, and kB a word


class Sharing(Editor):
    """Access, comments and exports."""

    @tool(
        writes=True,
        ask=(
            "share {document_id} with {people}",
            "give {people} access to {document_id}",
            "open {document_id} to {people}",
            "add {people} to those who can see {document_id}",
        ),
        tell='"{title}" is shared. Colleagues with access now: {people_with_access}.',
        reports=("people_with_access",),
    )
    def share_document(
        self, document_id: DocumentId, people: Annotated[list[Grant], Field(min_length=1, max_length=3)]
    ) -> SharedDocument:
        """Give colleagues access to a document, or change the access they have.

        Returns the document's title and how many colleagues have access to it.

        Args:
            document_id: Id of the document, as given by list_documents or find_documents.
            people: The colleagues, each with the role they get.
        """
        document = self._document(document_id)
        granted = {self._person(grant["person"]): grant["role"] for grant in people}
        if len(granted) < len(people):
            raise ToolError("Somebody is named twice; give every colleague one role.")
        if all(document["access"].get(person) == role for person, role in granted.items()):
            raise ToolError(
                f'{", ".join(granted)} have exactly this access to "{document["title"]}" already.'
            )
        document["access"].update(granted)
        return {"title": document["title"], "people_with_access": len(document["access"])}

    @tool(
        writes=True,
        ask=(
            "comment on {document_id}: {text}",
            "leave the comment {text} on {document_id}",
            "add a comment to {document_id} that says {text}",
            "note next to {document_id}: {text}",
        ),
        noun="new comment",
        tell='Your comment on "{title}" is posted. Open comments there: {open_comments}.',
        reports=("open_comments",),
    )
    def add_comment(self, document_id: DocumentId, text: Annotated[str, Prose(COMMENTS)]) -> NewComment:
        """Comment on a document.

        Returns the id of the comment, the document's title and how many of its comments are open.

        Args:
            document_id: Id of the document, as given by list_documents or find_documents.
            text: The comment.
        """
        document = self._document(document_id)
        if not text.strip():
            raise ToolError("The comment is empty.")
        comment_id = self.new_id("CM", 4, taken=self.comments)
        self.comments[comment_id] = {
            "document_id": document_id,
            "author": self.me,
            "posted": self._stamp(),
            "text": text.strip(),
            "resolved": False,
        }
        return {
            "comment_id": comment_id,
            "title": document["title"],
            "open_comments": self._open_comments(document_id),
        }

    @tool(
        ask=(
            "list the comments on {document_id}",
            "show me what people remarked about {document_id}",
            "see the comments that {document_id} has",
            "check what was commented on {document_id}",
        ),
        noun="comment[ on {document_id}]",
        tell='Comments on "{title}": {total}. {comments[]: {author} wrote on {posted}: {text}}',
        reports=("total", "comments[].author", "comments[].text"),
    )
    def list_comments(self, document_id: DocumentId) -> CommentRows:
        """List the comments on a document, the oldest first.

        Every comment comes with its id, author, moment of posting, text, and whether it is resolved.

        Args:
            document_id: Id of the document, as given by list_documents or find_documents.
        """
        document = self._document(document_id)
        rows = [item for item in self.comments.items() if item[1]["document_id"] == document_id]
        rows.sort(key=lambda item: (item[1]["posted"], item[0]))
        return {
            "title": document["title"],
            "total": len(rows),
            "comments": [
                {
                    "comment_id": comment_id,
                    "author": comment["author"],
                    "posted": comment["posted"],
                    "text": comment["text"],
                    "resolved": comment["resolved"],
                }
                for comment_id, comment in rows
            ],
        }

    @tool(
        writes=True,
        ask=(
            "resolve {comment_id}",
            "mark {comment_id} as resolved",
            "tick off {comment_id}",
            "close {comment_id} as dealt with",
        ),
        tell='That comment on "{title}" is resolved. Comments still open there: {open_comments}.',
        reports=("open_comments",),
    )
    def resolve_comment(self, comment_id: CommentId) -> ResolvedComment:
        """Mark a comment as resolved.

        Returns the document's title and how many of its comments are still open.

        Args:
            comment_id: Id of the comment, as given by list_comments or add_comment.
        """
        comment = self._comment(comment_id)
        document = self._document(comment["document_id"])
        if comment["resolved"]:
            raise ToolError(f"Comment {comment_id} is resolved already.")
        comment["resolved"] = True
        return {"title": document["title"], "open_comments": self._open_comments(comment["document_id"])}

    @tool(
        writes=True,
        ask=(
            "export {document_id} as {format}",
            "turn {document_id} into {format}",
            "save {document_id} in the {format} format",
            "convert {document_id} to {format}",
        ),
        noun="export",
        tell="The file {file_name} is ready under {export_id}; it has {size_kb} kB.",
        reports=("export_id", "file_name", "size_kb"),
    )
    def export_document(self, document_id: DocumentId, format: Format) -> NewExport:
        """Make a file of a document's current version, to be sent with send_export.

        Returns the id of the export, the name of the file and its size in kilobytes.

        Args:
            document_id: Id of the document, as given by list_documents or find_documents.
            format: Format of the file.
        """
        document = self._document(document_id)
        export_id = self.new_id("EX", 4, taken=self.exports)
        self.exports[export_id] = {"document_id": document_id, "format": format}
        base, per_word = _SIZES[format]
        return {
            "export_id": export_id,
            "file_name": file_name(document["title"], format),
            "size_kb": round(base + per_word * length(document["paragraphs"])),
        }

    @tool(
        writes=True,
        ask=(
            "send {export_id} to {recipients} with the message {message}",
            "mail {export_id} to {recipients} and write {message}",
            "forward {export_id} to {recipients}, saying {message}",
            "let {recipients} have {export_id} with the words {message}",
        ),
        tell="The file {file_name} is sent. Recipients: {people_reached}.",
        reports=("file_name", "people_reached"),
    )
    def send_export(
        self,
        export_id: ExportId,
        recipients: Annotated[list[PersonArgument], Field(min_length=1, max_length=3)],
        message: Annotated[str, Prose(COVER_NOTES)],
    ) -> SentExport:
        """Send an exported file to colleagues.

        Args:
            export_id: Id of the export, as given by export_document.
            recipients: Full names of the colleagues.
            message: Text that goes with the file.
        """
        export = found(self.exports, export_id, "export", "export_document")
        people = list(dict.fromkeys(self._person(person) for person in recipients))
        if not message.strip():
            raise ToolError("The message is empty.")
        document = self._document(export["document_id"])
        self.outbox.append({"export_id": export_id, "recipients": people, "message": message.strip()})
        return {"file_name": file_name(document["title"], export["format"]), "people_reached": len(people)}
