"""`files`: a document workspace. Folders, drafts and versions, access, comments, exports, a trash.

    space = SimulationSpace.from_names(["files"])
    with space.session(space.scenario(seed=1)) as session:
        session.call("open_folder", {"folder": "Board papers"})
        session.call("list_documents", {})

Documents have ids that only a look-up gives; a text changes through a draft, which is published once
something was written into it. The tools stand in `files_browse`, `files_edit`, `files_share` and here.
"""

from __future__ import annotations

from datetime import timedelta
from typing import ClassVar

from funreason_plugin.environments.environment import ToolError, tool
from funreason_plugin.environments.files_results import (
    DocumentId,
    RestoredDocument,
    TrashedDocument,
    TrashId,
    TrashRows,
)
from funreason_plugin.environments.files_share import Sharing
from funreason_plugin.environments.files_state import found

_KEPT_DAYS = 30


class Files(Sharing):
    """The document workspace: all tools; here those of the trash."""

    name = "files"
    policy: ClassVar[str] = (
        "You are the assistant inside Paperloft, the document workspace of a company. The user is signed in, and "
        "you act in their name. Documents, versions, comments, drafts, exports and items in the trash have ids "
        "that you take from the tools' results and never make up. Open a folder before you list what is in it or "
        "create something there. Change, share, send or delete only what the user named, and write texts as the "
        "user dictated them."
    )
    equality: ClassVar[dict[str, str]] = {
        "documents.*.paragraphs[]": "text",
        "documents.*.summary": "text",
        "documents.*.versions[].paragraphs[]": "text",
        "documents.*.versions[].summary": "text",
        "trash.*.document.paragraphs[]": "text",
        "trash.*.document.summary": "text",
        "trash.*.document.versions[].paragraphs[]": "text",
        "trash.*.document.versions[].summary": "text",
        "drafts.*.added[].text": "text",
        "comments.*.text": "text",
        "outbox": "set",
        "outbox[].recipients": "set",
        "outbox[].message": "text",
    }

    @tool(
        writes=True,
        ask=(
            "delete {document_id}",
            "throw {document_id} away",
            "put {document_id} in the trash",
            "get rid of {document_id}",
        ),
        noun="deleted document",
        tell='"{title}" is in the trash, where it is kept until {kept_until}.',
        reports=("title", "kept_until"),
    )
    def trash_document(self, document_id: DocumentId) -> TrashedDocument:
        """Put a document into the trash. It is kept there for 30 days.

        Returns the id of the item in the trash, the document's title and the day until which it is kept.

        Args:
            document_id: Id of the document, as given by list_documents or find_documents.
        """
        document = self._document(document_id)
        trash_id = self.new_id("TR", 4, taken=self.trash)
        self.trash[trash_id] = {
            "document_id": document_id,
            "deleted_by": self.me,
            "deleted": self._stamp(),
            "document": document,
        }
        del self.documents[document_id]
        kept_until = (self.now() + timedelta(days=_KEPT_DAYS)).date().isoformat()
        return {"trash_id": trash_id, "title": document["title"], "kept_until": kept_until}

    @tool(
        ask=(
            "show me what is in the trash",
            "list the deleted documents",
            "look into the trash",
            "check which documents were thrown away",
        ),
        noun="deleted document",
        tell="{items[]: {title}, deleted by {deleted_by} on {deletion_date}}",
        reports=("items[].title", "items[].deleted_by", "items[].deletion_date"),
    )
    def list_trash(self) -> TrashRows:
        """List the documents in the trash, the most recently deleted first.

        Every item comes with its id in the trash, title, kind, the folder that it was in, who deleted it and
        when.
        """
        rows = sorted(self.trash.items(), key=lambda item: (item[1]["deleted"], item[0]), reverse=True)
        return {
            "items": [
                {
                    "trash_id": trash_id,
                    "title": item["document"]["title"],
                    "kind": item["document"]["kind"],
                    "folder": item["document"]["folder"],
                    "deleted_by": item["deleted_by"],
                    "deletion_date": item["deleted"],
                }
                for trash_id, item in rows
            ]
        }

    @tool(
        writes=True,
        ask=(
            "restore {trash_id}",
            "take {trash_id} out of the trash",
            "bring {trash_id} back",
            "recover {trash_id}",
        ),
        noun="recovered document",
        tell='"{title}" is back in the folder {folder}.',
        reports=("title", "folder"),
    )
    def restore_from_trash(self, trash_id: TrashId) -> RestoredDocument:
        """Put a document from the trash back into the folder that it was in.

        Returns the id, title and folder of the document.

        Args:
            trash_id: Id of the item in the trash, as given by list_trash or trash_document.
        """
        item = found(self.trash, trash_id, "item in the trash", "list_trash")
        document = item["document"]
        if any(other["title"] == document["title"] for other in self.documents.values()):
            raise ToolError(
                f"There is another document called {document['title']!r} by now; it stays in the trash."
            )
        self.documents[item["document_id"]] = document
        del self.trash[trash_id]
        return {"document_id": item["document_id"], "title": document["title"], "folder": document["folder"]}
