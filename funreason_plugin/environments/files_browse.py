"""Tools of `files` that find, read, create and move documents."""

from __future__ import annotations

from random import Random
from typing import Annotated, Any

from funreason_plugin.environments.environment import ToolError, tool
from funreason_plugin.environments.files_data import FORMS, PARAGRAPHS
from funreason_plugin.environments.files_records import length
from funreason_plugin.environments.files_results import (
    DocumentId,
    DocumentRows,
    DocumentText,
    FolderArgument,
    Kind,
    Matches,
    MovedDocument,
    NewDocument,
    OpenedFolder,
)
from funreason_plugin.environments.files_state import FilesState
from funreason_plugin.environments.marks import Prose, Ref, Values

TEXTS = tuple(
    f"{first} {second}" for first, second in zip(PARAGRAPHS, PARAGRAPHS[3:] + PARAGRAPHS[:3], strict=True)
)


def new_titles(state: dict[str, Any], rng: Random) -> list[str]:
    """Titles on the workspace's subjects that no document has yet."""
    taken = {document["title"] for document in state["documents"].values()}
    titles = [f"{topic} {form}" for topic in state["topics"] for form, _ in FORMS]
    return rng.sample([title for title in titles if title not in taken], 6)


class Browser(FilesState):
    """Find, read, create and move documents."""

    @tool(
        writes=True,
        ask=(
            "open the folder {folder}",
            "go to the {folder} folder",
            "switch to the folder {folder}",
            "step into the folder {folder}",
        ),
        noun="folder",
        tell="The folder {folder} is open. Documents in it: {documents}.",
        reports=("documents",),
    )
    def open_folder(self, folder: FolderArgument) -> OpenedFolder:
        """Open a folder of the workspace. It stays open until another one is opened.

        Documents are listed and created in the open folder. Returns how many documents it holds and when
        one of them was changed last ("" for an empty folder).

        Args:
            folder: Name of the folder, e.g. "Board papers".
        """
        self.current_folder = self._folder(folder)
        inside = [item for item in self.documents.values() if item["folder"] == self.current_folder]
        return {
            "folder": self.current_folder,
            "documents": len(inside),
            "last_change": max((item["modified"] for item in inside), default=""),
        }

    @tool(
        ask=(
            "list the documents in the current folder[ that are of kind {kind}]",
            "show me what is in the current folder[, but only what is of kind {kind}]",
            "see which documents the current folder holds[, restricted to the kind {kind}]",
            "look through the current folder[ for documents of kind {kind}]",
        ),
        noun="document[ of kind {kind}] in the current folder",
        tell="{documents[]: {title} by {author}, changed {modified}}",
        reports=("documents[].title", "documents[].author", "documents[].modified"),
    )
    def list_documents(self, kind: Kind | None = None) -> DocumentRows:
        """List the documents in the open folder, the most recently changed first.

        Every document comes with its id, title, kind, the author of its current version, the moment of its
        last change, and its length in words. Needs an open folder.

        Args:
            kind: Only documents of this kind.
        """
        folder = self._opened()
        rows = [
            (document_id, item)
            for document_id, item in self.documents.items()
            if item["folder"] == folder and kind in (None, item["kind"])
        ]
        rows.sort(key=lambda row: (row[1]["modified"], row[0]), reverse=True)
        return {
            "documents": [
                {
                    "document_id": document_id,
                    "title": item["title"],
                    "kind": item["kind"],
                    "author": item["author"],
                    "modified": item["modified"],
                    "length": length(item["paragraphs"]),
                }
                for document_id, item in rows
            ]
        }

    @tool(
        ask=(
            "find documents about {phrase}[ that are of kind {kind}]",
            "search the workspace for {phrase}[, looking only at the kind {kind}]",
            "see what has been written on {phrase}[, in documents of kind {kind}]",
            "look up which documents mention {phrase}[ and are of kind {kind}]",
        ),
        noun="document[ of kind {kind}] with {phrase} in it",
        tell="{matches[]: {title} in the folder {folder}, changed {modified}}",
        reports=("matches[].title", "matches[].folder", "matches[].modified"),
    )
    def find_documents(
        self,
        phrase: Annotated[str, Ref("topic", known=True), Values.state("topics[]")],
        kind: Kind | None = None,
    ) -> Matches:
        """Search all folders for documents whose title or text contains a phrase, upper or lower case.

        Every match comes with the id, title, folder, kind, author, last change and length in words of the
        document; the most recently changed first.

        Args:
            phrase: What to look for, e.g. "Osprey audit".
            kind: Only documents of this kind.
        """
        wanted = " ".join(phrase.casefold().split())
        if not wanted:
            raise ToolError("The phrase is empty.")
        rows = [
            (document_id, item)
            for document_id, item in self.documents.items()
            if kind in (None, item["kind"])
            and wanted in "\n".join((item["title"], *item["paragraphs"])).casefold()
        ]
        rows.sort(key=lambda row: (row[1]["modified"], row[0]), reverse=True)
        return {
            "matches": [
                {
                    "document_id": document_id,
                    "title": item["title"],
                    "folder": item["folder"],
                    "kind": item["kind"],
                    "author": item["author"],
                    "modified": item["modified"],
                    "length": length(item["paragraphs"]),
                }
                for document_id, item in rows
            ]
        }

    @tool(
        ask=(
            "read {document_id} to me",
            "tell me what {document_id} says",
            "show me the text of {document_id}",
            "give me the wording of {document_id}",
        ),
        tell='"{title}" reads: {text}',
        reports=("text",),
    )
    def read_document(self, document_id: DocumentId) -> DocumentText:
        """Read the current version of a document.

        Returns title, author, moment of the last change, length in words and the text.

        Args:
            document_id: Id of the document, as given by list_documents or find_documents.
        """
        document = self._document(document_id)
        return {
            "title": document["title"],
            "author": document["author"],
            "modified": document["modified"],
            "length": length(document["paragraphs"]),
            "text": "\n\n".join(document["paragraphs"]),
        }

    @tool(
        writes=True,
        ask=(
            "create a document called {title}[ of kind {kind}] in the current folder with the text {body}",
            "start a new document with the title {title}[ and the kind {kind}] in the current folder, saying {body}",
            "file a new document in the current folder, named {title}[ and of kind {kind}], that reads {body}",
            "put a new document titled {title}[ (kind {kind})] into the current folder with this text: {body}",
        ),
        noun="new document",
        tell="The document is in the folder {folder} as {document_id}; it has {length} words.",
        reports=("document_id", "folder"),
    )
    def create_document(
        self,
        title: Annotated[str, Values.call(new_titles)],
        body: Annotated[str, Prose(TEXTS)],
        kind: Kind = "memo",
    ) -> NewDocument:
        """Create a document in the open folder. Titles are unique in the workspace. Needs an open folder.

        Returns the id of the document, its folder and its length in words.

        Args:
            title: Title of the document.
            body: Its text; an empty line separates paragraphs.
            kind: What kind of document it is.
        """
        folder = self._opened()
        clean = " ".join(title.split())
        paragraphs = [part.strip() for part in body.split("\n\n") if part.strip()]
        if not clean or not paragraphs:
            raise ToolError("A document needs a title and a text.")
        if any(item["title"].casefold() == clean.casefold() for item in self.documents.values()):
            raise ToolError(f"There is a document called {clean!r} already; choose another title.")
        taken = {*self.documents, *(item["document_id"] for item in self.trash.values())}
        document_id = self.new_id("DOC", 4, taken=taken)
        self.documents[document_id] = {
            "title": clean,
            "kind": kind,
            "folder": folder,
            "author": self.me,
            "modified": self._stamp(),
            "summary": "Created",
            "paragraphs": paragraphs,
            "edited_by": "",
            "restored_from": "",
            "access": {},
            "versions": [],
        }
        return {"document_id": document_id, "folder": folder, "length": length(paragraphs)}

    @tool(
        writes=True,
        ask=(
            "move {document_id} to the folder {folder}",
            "put {document_id} into the {folder} folder",
            "file {document_id} under {folder}",
            "transfer {document_id} to the folder {folder}",
        ),
        tell='"{title}" went from {moved_from} to {folder}.',
        reports=("moved_from", "folder"),
    )
    def move_document(self, document_id: DocumentId, folder: FolderArgument) -> MovedDocument:
        """Move a document to another folder.

        Args:
            document_id: Id of the document.
            folder: Name of the folder that it goes to.
        """
        document = self._document(document_id)
        goal, before = self._folder(folder), document["folder"]
        if goal == before:
            raise ToolError(f'"{document["title"]}" is in the folder {goal} already.')
        document["folder"] = goal
        return {"title": document["title"], "moved_from": before, "folder": goal}
