"""How the initial state of `files` is drawn."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random
from typing import Any, Literal, cast

from funreason_plugin.environments.files_data import (
    FIRST_NAMES,
    FOLDERS,
    FORMS,
    LAST_NAMES,
    MONTHS,
    OLD_SENTENCES,
    REMARKS,
    SENTENCES,
    SUMMARIES,
    TOPICS,
)
from funreason_plugin.environments.files_records import Comment, Document, Trashed, Version
from funreason_plugin.environments.files_results import Kind, Role

_ROLES: tuple[Role, ...] = ("viewer", "commenter", "editor")
_DOCUMENTS = 9
_TRASHED = 2
_DAY = 24 * 60  # minutes


def draw_scenario(rng: Random, now: datetime) -> dict[str, Any]:
    """Three folders with nine documents on three subjects, with versions, comments and a trash."""
    given, family = rng.sample(FIRST_NAMES, 5), rng.sample(LAST_NAMES, 5)
    me, *people = (f"{first} {last}" for first, last in zip(given, family, strict=True))
    folders = rng.sample(FOLDERS, 3)
    topics = rng.sample(TOPICS, 3)
    draw = _Draw(rng, now, [me, *people])
    everything = [(topic, form) for topic in topics for form in FORMS]
    titles = rng.sample(everything, _DOCUMENTS + _TRASHED)
    documents: dict[str, Document] = {}
    trash: dict[str, Trashed] = {}
    comments: dict[str, Comment] = {}
    for index, (topic, (form, kind)) in enumerate(titles):
        document_id = draw.id("DOC")
        folder = folders[index % 3]
        document = draw.document(topic, f"{topic} {form}", cast(Kind, kind), folder, people)
        if index >= _DOCUMENTS:
            trash[draw.id("TR")] = {
                "document_id": document_id,
                "deleted_by": rng.choice([me, *people]),
                "deleted": draw.moment(draw.age(30, 10 * _DAY)),
                "document": document,
            }
            continue
        documents[document_id] = document
        for text in rng.sample(REMARKS, rng.choice((0, 1, 1, 2))):
            comments[draw.id("CM")] = {
                "document_id": document_id,
                "author": rng.choice(people),
                "posted": draw.moment(draw.age(30, 20 * _DAY)),
                "text": text,
                "resolved": rng.random() < 0.2,
            }
    busy = rng.choice(list(documents.values()))
    busy["edited_by"] = rng.choice(people)
    return {
        "me": me,
        "people": people,
        "folders": folders,
        "topics": topics,
        "current_folder": "",
        "documents": documents,
        "drafts": {},
        "comments": comments,
        "trash": trash,
        "exports": {},
        "outbox": [],
    }


class _Draw:
    """Draws records; moments and ids occur once."""

    def __init__(self, rng: Random, now: datetime, authors: list[str]) -> None:
        self.rng, self.now, self.authors = rng, now, authors
        self.numbers = iter(rng.sample(range(1_000, 10_000), 90))
        self.ages: set[int] = set()

    def id(self, prefix: Literal["DOC", "TR", "CM", "VS"]) -> str:
        return f"{prefix}-{next(self.numbers)}"

    def age(self, least: int, most: int) -> int:
        """So many minutes ago; no two are the same."""
        age = self.rng.randrange(least, most)
        while age in self.ages:
            age += 1
        self.ages.add(age)
        return age

    def moment(self, age: int) -> str:
        return (self.now - timedelta(minutes=age)).strftime("%Y-%m-%d %H:%M")

    def sentence(self, table: tuple[str, ...], topic: str) -> str:
        rng = self.rng
        return rng.choice(table).format(
            topic=topic,
            person=rng.choice(self.authors),
            amount=rng.randrange(1_200, 96_000, 50),
            number=rng.randint(2, 24),
            month=rng.choice(MONTHS),
        )

    def document(self, topic: str, title: str, kind: Kind, folder: str, people: list[str]) -> Document:
        rng = self.rng
        paragraphs = list(dict.fromkeys(self.sentence(SENTENCES, topic) for _ in range(rng.randint(1, 3))))
        ages = sorted((self.age(_DAY, 100 * _DAY) for _ in range(rng.choice((1, 1, 2, 2)))), reverse=True)
        versions: list[Version] = [
            {
                "version_id": self.id("VS"),
                "author": rng.choice(self.authors),
                "created": self.moment(age),
                "summary": summary,
                "paragraphs": [self.sentence(OLD_SENTENCES, topic)],
            }
            for age, summary in zip(ages, rng.sample(SUMMARIES, len(ages)), strict=True)
        ]
        return {
            "title": title,
            "kind": kind,
            "folder": folder,
            "author": rng.choice(self.authors),
            "modified": self.moment(self.age(30, ages[-1] - 10)),
            "summary": rng.choice(SUMMARIES),
            "paragraphs": paragraphs,
            "edited_by": "",
            "restored_from": "",
            "access": {person: rng.choice(_ROLES) for person in rng.sample(people, rng.randint(1, 2))},
            "versions": versions,
        }
