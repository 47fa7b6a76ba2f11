"""Large states of `files`: documents of several years on the workspace's subjects, and a fuller trash."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random
from typing import Any, Final, cast

from funreason_plugin.environments.enlarging import around, free_ids
from funreason_plugin.environments.files_data import MONTHS, OLD_SENTENCES, SENTENCES, SUMMARIES
from funreason_plugin.environments.files_records import Document, Trashed
from funreason_plugin.environments.files_results import Kind, Role

_FORMS: Final = (  # other than those of the old documents, so that each of these still has a title that is part of no other
    ("weekly report", "report"),
    ("site report", "report"),
    ("audit report", "report"),
    ("working group minutes", "minutes"),
    ("review meeting minutes", "minutes"),
    ("supplier contract", "contract"),
    ("maintenance contract", "contract"),
    ("delivery plan", "plan"),
    ("shift plan", "plan"),
    ("price proposal", "proposal"),
    ("change proposal", "proposal"),
    ("progress memo", "memo"),
    ("safety memo", "memo"),
)
_ROLES: Final[tuple[Role, ...]] = ("viewer", "commenter", "editor")
_DAY: Final = 24 * 60  # minutes
_OLDEST: Final = 1200 * _DAY


def enlarge(state: dict[str, Any], rng: Random, times: int, now: datetime) -> dict[str, Any]:
    """Documents and trash, ``times`` times as many, each of another day; most are of the last months."""
    trashed = [item["document"] for item in state["trash"].values()]
    known = [*state["documents"].values(), *trashed]
    draw = _Draw(rng, now, state, {document["title"] for document in known})
    count = (times - 1) * len(state["documents"])
    gone = (times - 1) * len(trashed)
    taken = [*state["documents"], *(item["document_id"] for item in state["trash"].values())]
    ids = iter(free_ids(rng, "DOC", 4, taken, count + gone))
    versions = [version["version_id"] for document in known for version in document["versions"]]
    draw.versions = iter(free_ids(rng, "VS", 4, versions, count + gone))
    documents = {next(ids): draw.document(30, _OLDEST) for _ in range(count)}
    trash: dict[str, Trashed] = {}
    for key in free_ids(rng, "TR", 4, state["trash"], gone):
        deleted = rng.randrange(20, 29 * _DAY)
        trash[key] = {
            "document_id": next(ids),
            "deleted_by": rng.choice([state["me"], *state["people"]]),
            "deleted": draw.moment(deleted),
            "document": draw.document(deleted + 30, _OLDEST),
        }
    state["documents"] = around(state["documents"], documents)
    state["trash"] = around(state["trash"], trash)
    return state


class _Draw:
    """Draws documents; titles occur once."""

    versions: Iterator[str]

    def __init__(self, rng: Random, now: datetime, state: dict[str, Any], titles: set[str]) -> None:
        self.rng, self.now, self.state, self.titles = rng, now, state, titles

    def moment(self, age: int) -> str:
        return (self.now - timedelta(minutes=age)).strftime("%Y-%m-%d %H:%M")

    def sentence(self, table: tuple[str, ...], topic: str) -> str:
        rng = self.rng
        return rng.choice(table).format(
            topic=topic,
            person=rng.choice(self.state["people"]),
            amount=rng.randrange(1_200, 96_000, 50),
            number=rng.randint(2, 24),
            month=rng.choice(MONTHS),
        )

    def document(self, youngest: int, oldest: int) -> Document:
        rng, people = self.rng, self.state["people"]
        while True:
            age = int(youngest * (oldest / youngest) ** rng.uniform(0.05, 1) ** 0.35)
            day = self.now - timedelta(minutes=age)
            topic, (form, kind) = rng.choice(self.state["topics"]), rng.choice(_FORMS)
            title = f"{topic} {form} of {day.day} {MONTHS[day.month - 1]} {day.year}"
            if title not in self.titles:
                break
        self.titles.add(title)
        return {
            "title": title,
            "kind": cast(Kind, kind),
            "folder": rng.choice(self.state["folders"]),
            "author": rng.choice([self.state["me"], *people]),
            "modified": self.moment(age),
            "summary": rng.choice(SUMMARIES),
            "paragraphs": [self.sentence(SENTENCES, topic)],
            "edited_by": "",
            "restored_from": "",
            "access": {rng.choice(people): rng.choice(_ROLES)},
            "versions": [
                {
                    "version_id": next(self.versions),
                    "author": rng.choice(people),
                    "created": self.moment(age + rng.randrange(60, 20 * _DAY)),
                    "summary": rng.choice(SUMMARIES),
                    "paragraphs": [self.sentence(OLD_SENTENCES, topic)],
                }
            ],
        }
