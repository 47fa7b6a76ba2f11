"""The state of `files` and how its tools look things up in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from random import Random
from typing import Any, TypeVar

from funreason_plugin.environments import files_large
from funreason_plugin.environments.environment import Environment, ToolError
from funreason_plugin.environments.files_records import Comment, Document, Draft, Export, Mail, Trashed
from funreason_plugin.environments.files_scenario import draw_scenario

R = TypeVar("R")


class FilesState(Environment):
    """State and look-ups; the tools are in the subclasses."""

    me: str
    people: list[str]
    folders: list[str]
    topics: list[str]
    current_folder: str
    documents: dict[str, Document]
    drafts: dict[str, Draft]
    comments: dict[str, Comment]
    trash: dict[str, Trashed]
    exports: dict[str, Export]
    outbox: list[Mail]

    def scenario(self, rng: Random) -> dict[str, Any]:
        """Three folders with nine documents on three subjects, with versions, comments and a trash."""
        return draw_scenario(rng, self.now())

    def enlarge(self, state: dict[str, Any], rng: Random, times: int) -> dict[str, Any]:
        """More documents, and more in the trash."""
        return files_large.enlarge(state, rng, times, self.now())

    # -- look-ups ---------------------------------------------------------------------------------------

    def _opened(self) -> str:
        if not self.current_folder:
            raise ToolError("No folder is open; call open_folder first.")
        return self.current_folder

    def _folder(self, name: str) -> str:
        return _named(self.folders, name, "folder", "the workspace has")

    def _person(self, name: str) -> str:
        return _named(self.people, name, "colleague", "the workspace knows")

    def _document(self, document_id: str) -> Document:
        if any(item["document_id"] == document_id for item in self.trash.values()):
            raise ToolError(f"Document {document_id} is in the trash; take it out with restore_from_trash.")
        return found(self.documents, document_id, "document", "list_documents or find_documents")

    def _draft(self, draft_id: str) -> Draft:
        return found(self.drafts, draft_id, "open draft", "start_draft")

    def _comment(self, comment_id: str) -> Comment:
        return found(self.comments, comment_id, "comment", "list_comments")

    def _open_comments(self, document_id: str) -> int:
        return sum(
            comment["document_id"] == document_id and not comment["resolved"]
            for comment in self.comments.values()
        )

    def _stamp(self) -> str:
        return stamp(self.now())


def stamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M")


def found(records: Mapping[str, R], key: str, what: str, giver: str) -> R:
    """The record of an id, or an error that says where ids come from."""
    if key not in records:
        raise ToolError(f"No {what} has the id {key!r}; take it from the result of {giver}.")
    return records[key]


def _named(names: Sequence[str], name: str, what: str, lead: str) -> str:
    wanted = name.strip().casefold()
    for known in names:
        if known.casefold() == wanted:
            return known
    raise ToolError(f"No {what} is called {name!r}; {lead} {', '.join(names)}.")
