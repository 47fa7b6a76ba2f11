"""Tools of `files` that change what a document says: drafts and earlier versions."""

from __future__ import annotations

from typing import Annotated

from funreason_plugin.environments.environment import ToolError, tool
from funreason_plugin.environments.files_browse import Browser
from funreason_plugin.environments.files_data import CHANGE_NOTES, PARAGRAPHS
from funreason_plugin.environments.files_records import Document, length
from funreason_plugin.environments.files_results import (
    DocumentId,
    DraftId,
    DraftState,
    NewDraft,
    Position,
    PublishedDraft,
    RestoredVersion,
    VersionId,
    VersionRows,
)
from funreason_plugin.environments.marks import Prose


class Editor(Browser):
    """Drafts and versions. Publishing a draft makes a new version."""

    @tool(
        writes=True,
        ask=(
            "start a draft of {document_id}",
            "open {document_id} for editing",
            "begin editing {document_id}",
            "make a draft from {document_id}",
        ),
        noun="draft",
        tell='The draft of "{title}" is {draft_id}.',
        reports=("draft_id",),
    )
    def start_draft(self, document_id: DocumentId) -> NewDraft:
        """Start a draft of a document, so that its text can be changed. Others see the changes once it is published.

        This fails while a colleague is editing the document. Returns the id of
        the draft, and the document's title and length in words.

        Args:
            document_id: Id of the document, as given by list_documents or find_documents.
        """
        document = self._document(document_id)
        if document["edited_by"]:
            raise ToolError(
                f'{document["edited_by"]} is editing "{document["title"]}"; a comment with add_comment is possible.'
            )
        draft_id = self.new_id("DR", 4, taken=self.drafts)
        self.drafts[draft_id] = {"document_id": document_id, "added": []}
        return {"draft_id": draft_id, "title": document["title"], "length": length(document["paragraphs"])}

    @tool(
        writes=True,
        ask=(
            "write into {draft_id}: {text}[, placed at the {position}]",
            "add the paragraph {text} to {draft_id}[, at the {position}]",
            "put {text} into {draft_id}[ right at the {position}]",
            "insert {text} as a paragraph in {draft_id}[, at its {position}]",
        ),
        tell='It is in the draft of "{title}". New paragraphs so far: {paragraphs_added}.',
        reports=("paragraphs_added",),
    )
    def write_paragraph(
        self, draft_id: DraftId, text: Annotated[str, Prose(PARAGRAPHS)], position: Position = "end"
    ) -> DraftState:
        """Add a paragraph to a draft.

        Args:
            draft_id: Id of the draft, as given by start_draft.
            text: The paragraph.
            position: Where it goes: before everything else, or after.
        """
        draft = self._draft(draft_id)
        if not text.strip():
            raise ToolError("The paragraph is empty.")
        draft["added"].append({"position": position, "text": text.strip()})
        title = self._document(draft["document_id"])["title"]
        return {"title": title, "paragraphs_added": len(draft["added"])}

    @tool(
        writes=True,
        ask=(
            "publish {draft_id} with the summary {summary}",
            "release {draft_id}, summed up as {summary}",
            "make {draft_id} the current version, noting {summary}",
            "save {draft_id} as a new version with the remark {summary}",
        ),
        tell='"{title}" is published as version {version_number}; it has {length} words now.',
        reports=("version_number", "length"),
    )
    def publish_draft(
        self, draft_id: DraftId, summary: Annotated[str, Prose(CHANGE_NOTES)]
    ) -> PublishedDraft:
        """Publish a draft: it becomes the document's current version, and the version before it is kept.

        Something must have been written into the draft. Returns the document's title, the number of the new
        version and its length in words.

        Args:
            draft_id: Id of the draft, as given by start_draft.
            summary: One line on what changed.
        """
        draft = self._draft(draft_id)
        if not draft["added"]:
            raise ToolError(f"Nothing was written into {draft_id}; use write_paragraph first.")
        document = self._document(draft["document_id"])
        before = [item["text"] for item in reversed(draft["added"]) if item["position"] == "start"]
        after = [item["text"] for item in draft["added"] if item["position"] == "end"]
        self._replace(document, [*before, *document["paragraphs"], *after], summary.strip(), "")
        del self.drafts[draft_id]
        return {
            "title": document["title"],
            "version_number": len(document["versions"]) + 1,
            "length": length(document["paragraphs"]),
        }

    def _replace(self, document: Document, paragraphs: list[str], summary: str, version_id: str) -> None:
        """Keep the current version among the earlier ones and put another text in its place."""
        taken = {version["version_id"] for item in self.documents.values() for version in item["versions"]}
        document["versions"].append(
            {
                "version_id": self.new_id("VS", 4, taken=taken),
                "author": document["author"],
                "created": document["modified"],
                "summary": document["summary"],
                "paragraphs": document["paragraphs"],
            }
        )
        document["paragraphs"], document["restored_from"] = paragraphs, version_id
        document["author"], document["modified"], document["summary"] = self.me, self._stamp(), summary

    @tool(
        ask=(
            "list the earlier versions of {document_id}",
            "show me the history of {document_id}",
            "see how {document_id} changed over time",
            "check which versions of {document_id} were saved before",
        ),
        noun="earlier version[ of {document_id}]",
        tell='Earlier versions of "{title}": {total}. {versions[]: {author} saved one on {created} ({summary})}',
        reports=("total", "versions[].author", "versions[].created", "versions[].summary"),
    )
    def list_versions(self, document_id: DocumentId) -> VersionRows:
        """List the earlier versions of a document, the oldest first. The current version is not among them.

        Every version comes with its id, author, moment of creation, summary of its changes and length in
        words.

        Args:
            document_id: Id of the document, as given by list_documents or find_documents.
        """
        document = self._document(document_id)
        return {
            "title": document["title"],
            "total": len(document["versions"]),
            "versions": [
                {
                    "version_id": version["version_id"],
                    "author": version["author"],
                    "created": version["created"],
                    "summary": version["summary"],
                    "length": length(version["paragraphs"]),
                }
                for version in document["versions"]
            ],
        }

    @tool(
        writes=True,
        ask=(
            "take {document_id} back to {version_id}",
            "return {document_id} to {version_id}",
            "roll {document_id} back to {version_id}",
            "bring back {version_id} as the current text of {document_id}",
        ),
        tell='"{title}" has the text of that version again ({summary}), {length} words long.',
        reports=("title", "length"),
    )
    def restore_version(self, document_id: DocumentId, version_id: VersionId) -> RestoredVersion:
        """Make an earlier version of a document the current one. The version that was current is kept.

        Args:
            document_id: Id of the document.
            version_id: Id of one of its earlier versions, as given by list_versions.
        """
        document = self._document(document_id)
        for version in document["versions"]:
            if version["version_id"] == version_id:
                self._replace(document, list(version["paragraphs"]), version["summary"], version_id)
                return {
                    "title": document["title"],
                    "summary": version["summary"],
                    "length": length(document["paragraphs"]),
                }
        raise ToolError(f"{version_id} is no earlier version of {document_id}; see list_versions.")
