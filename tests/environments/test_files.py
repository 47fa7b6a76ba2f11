"""The document workspace: what each tool does, what it refuses, and a text from the draft to the mail."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from funreason_plugin.environments.files import Files
from funreason_plugin.environments.files_records import length
from funreason_plugin.environments.space import Session, SimulationSpace
from tests.environments.alternatives_files import CASES
from tests.environments.desk import done, refused
from tests.environments.solutions import Case, fitting_seeds, most, verdict

SPACE = SimulationSpace([Files])
SEED = 2


@pytest.fixture
def workspace() -> Iterator[Session]:
    with SPACE.session(SPACE.scenario(SEED)) as session:
        yield session


def state(session: Session) -> dict[str, Any]:
    return session.state()["files"]


def some_document(session: Session, edited: bool = False) -> str:
    documents = state(session)["documents"].items()
    return str(next(key for key, item in documents if bool(item["edited_by"]) is edited))


def published(session: Session, document_id: str, *texts: str, position: str = "end") -> dict[str, Any]:
    draft_id = done(session, "start_draft", document_id=document_id)["draft_id"]
    for text in texts:
        done(session, "write_paragraph", draft_id=draft_id, text=text, position=position)
    output: dict[str, Any] = done(session, "publish_draft", draft_id=draft_id, summary="More text")
    return output


# -- finding ----------------------------------------------------------------------------------------------


def test_a_folder_is_opened_and_listed(workspace: Session) -> None:
    assert "open_folder" in refused(workspace, "list_documents")
    name = state(workspace)["folders"][0]
    opened = done(workspace, "open_folder", folder=name.upper())
    rows = done(workspace, "list_documents")["documents"]
    assert opened == {"folder": name, "documents": len(rows), "last_change": rows[0]["modified"]}
    assert [row["modified"] for row in rows] == sorted((row["modified"] for row in rows), reverse=True)
    kind = rows[0]["kind"]
    some = done(workspace, "list_documents", kind=kind)["documents"]
    assert some == [row for row in rows if row["kind"] == kind]
    assert name in refused(workspace, "open_folder", folder="Attic")


def test_documents_are_found_by_a_phrase_in_title_or_text(workspace: Session) -> None:
    now = state(workspace)
    topic = now["topics"][0]
    found = {row["document_id"] for row in done(workspace, "find_documents", phrase=topic.lower())["matches"]}
    assert found == {
        key
        for key, item in now["documents"].items()
        if topic in "".join((item["title"], *item["paragraphs"]))
    }
    assert done(workspace, "find_documents", phrase="unheard of") == {"matches": []}
    assert "empty" in refused(workspace, "find_documents", phrase=" ")


def test_reading_gives_the_current_text(workspace: Session) -> None:
    document_id = some_document(workspace)
    document = state(workspace)["documents"][document_id]
    read = done(workspace, "read_document", document_id=document_id)
    assert read["text"].split("\n\n") == document["paragraphs"]
    assert read["length"] == length(document["paragraphs"])
    assert "find_documents" in refused(workspace, "read_document", document_id="DOC-1")


def test_a_document_is_created_in_the_open_folder(workspace: Session) -> None:
    ask = {"title": "Parking rules", "body": "One car each.\n\nNo trailers."}
    assert "open_folder" in refused(workspace, "create_document", **ask)
    folder = done(workspace, "open_folder", folder=state(workspace)["folders"][1])["folder"]
    made = done(workspace, "create_document", **ask, kind="plan")
    document = state(workspace)["documents"][made["document_id"]]
    assert (document["folder"], document["author"]) == (folder, state(workspace)["me"])
    assert document["paragraphs"] == ["One car each.", "No trailers."]
    assert made["length"] == 5
    assert "another title" in refused(workspace, "create_document", title="parking  RULES", body="Again.")
    assert "needs a title and a text" in refused(workspace, "create_document", title="Empty", body=" ")


def test_a_document_moves_to_another_folder(workspace: Session) -> None:
    document_id = some_document(workspace)
    now = state(workspace)
    before = now["documents"][document_id]["folder"]
    goal = next(folder for folder in now["folders"] if folder != before)
    moved = done(workspace, "move_document", document_id=document_id, folder=goal)
    assert (moved["moved_from"], moved["folder"]) == (before, goal)
    assert "already" in refused(workspace, "move_document", document_id=document_id, folder=goal)
    assert "the workspace has" in refused(workspace, "move_document", document_id=document_id, folder="Attic")


# -- changing ---------------------------------------------------------------------------------------------


def test_a_draft_is_published_once_something_is_written(workspace: Session) -> None:
    document_id = some_document(workspace)
    before = state(workspace)["documents"][document_id]
    draft_id = done(workspace, "start_draft", document_id=document_id)["draft_id"]
    assert "write_paragraph" in refused(workspace, "publish_draft", draft_id=draft_id, summary="Nothing")
    assert "empty" in refused(workspace, "write_paragraph", draft_id=draft_id, text="  ")
    for text in ("One.", "Two."):
        done(workspace, "write_paragraph", draft_id=draft_id, text=text, position="start")
    done(workspace, "write_paragraph", draft_id=draft_id, text="Three.")
    assert state(workspace)["documents"][document_id] == before
    out = done(workspace, "publish_draft", draft_id=draft_id, summary="Numbers")
    after = state(workspace)["documents"][document_id]
    assert after["paragraphs"] == ["Two.", "One.", *before["paragraphs"], "Three."]
    assert after["versions"][-1]["paragraphs"] == before["paragraphs"]
    assert out["version_number"] == len(before["versions"]) + 2
    assert not state(workspace)["drafts"]
    assert "start_draft" in refused(workspace, "publish_draft", draft_id=draft_id, summary="Again")


def test_what_a_colleague_edits_cannot_be_drafted(workspace: Session) -> None:
    document_id = some_document(workspace, edited=True)
    name = state(workspace)["documents"][document_id]["edited_by"]
    assert refused(workspace, "start_draft", document_id=document_id).startswith(f"{name} is editing")


def test_an_earlier_version_comes_back(workspace: Session) -> None:
    document_id = some_document(workspace)
    before = state(workspace)["documents"][document_id]
    first = done(workspace, "list_versions", document_id=document_id)["versions"][0]
    ask = {"document_id": document_id, "version_id": first["version_id"]}
    assert done(workspace, "restore_version", **ask)["length"] == first["length"]
    after = state(workspace)["documents"][document_id]
    assert after["paragraphs"] == before["versions"][0]["paragraphs"]
    assert after["versions"][:-1] == before["versions"]
    assert after["versions"][-1]["paragraphs"] == before["paragraphs"]
    assert "list_versions" in refused(workspace, "restore_version", **{**ask, "version_id": "VS-1"})


# -- colleagues -------------------------------------------------------------------------------------------


def test_sharing_gives_and_changes_roles(workspace: Session) -> None:
    document_id = some_document(workspace)
    person = state(workspace)["people"][0]
    for role in ("viewer", "editor"):
        access = state(workspace)["documents"][document_id]["access"]
        if access.get(person) != role:
            done(
                workspace,
                "share_document",
                document_id=document_id,
                people=[{"person": person, "role": role}],
            )
    assert state(workspace)["documents"][document_id]["access"][person] == "editor"
    again = [{"person": person.lower(), "role": "editor"}]
    assert "already" in refused(workspace, "share_document", document_id=document_id, people=again)
    twice = [{"person": person, "role": role} for role in ("viewer", "commenter")]
    assert "named twice" in refused(workspace, "share_document", document_id=document_id, people=twice)
    stranger = [{"person": "Nobody Known", "role": "editor"}]
    assert person in refused(workspace, "share_document", document_id=document_id, people=stranger)
    owner = [{"person": person, "role": "owner"}]
    assert "'owner' is not one of" in refused(
        workspace, "share_document", document_id=document_id, people=owner
    )


def test_comments_are_listed_and_resolved(workspace: Session) -> None:
    document_id = some_document(workspace)
    known = done(workspace, "list_comments", document_id=document_id)["comments"]
    added = done(workspace, "add_comment", document_id=document_id, text="Check this.")
    comments = done(workspace, "list_comments", document_id=document_id)["comments"]
    assert comments[:-1] == known
    assert (comments[-1]["author"], comments[-1]["text"]) == (state(workspace)["me"], "Check this.")
    left = done(workspace, "resolve_comment", comment_id=added["comment_id"])["open_comments"]
    assert left == added["open_comments"] - 1
    assert "resolved already" in refused(workspace, "resolve_comment", comment_id=added["comment_id"])
    assert "list_comments" in refused(workspace, "resolve_comment", comment_id="CM-1")
    assert "empty" in refused(workspace, "add_comment", document_id=document_id, text=" ")


def test_an_export_is_sent_to_colleagues(workspace: Session) -> None:
    document_id = some_document(workspace)
    export = done(workspace, "export_document", document_id=document_id, format="odt")
    people = state(workspace)["people"][:2]
    ask = {
        "export_id": export["export_id"],
        "recipients": [*people, people[0].upper()],
        "message": "See here.",
    }
    sent = done(workspace, "send_export", **ask)
    assert sent == {"file_name": export["file_name"], "people_reached": 2}
    assert export["file_name"].endswith(".odt")
    assert state(workspace)["outbox"][-1]["recipients"] == people
    assert "export_document" in refused(workspace, "send_export", **{**ask, "export_id": "EX-1"})
    assert "the workspace knows" in refused(
        workspace, "send_export", **{**ask, "recipients": ["Nobody Known"]}
    )
    assert "empty" in refused(workspace, "send_export", **{**ask, "message": ""})
    assert "is not one of" in refused(workspace, "export_document", document_id=document_id, format="exe")


# -- the trash --------------------------------------------------------------------------------------------


def test_the_trash_keeps_documents_until_they_are_restored(workspace: Session) -> None:
    document_id = some_document(workspace)
    document = state(workspace)["documents"][document_id]
    trash_id = done(workspace, "trash_document", document_id=document_id)["trash_id"]
    assert done(workspace, "list_trash")["items"][0]["trash_id"] == trash_id
    assert "in the trash" in refused(workspace, "read_document", document_id=document_id)
    back = done(workspace, "restore_from_trash", trash_id=trash_id)
    assert back["document_id"] == document_id
    assert state(workspace)["documents"][document_id] == document
    assert "list_trash" in refused(workspace, "restore_from_trash", trash_id=trash_id)
    done(workspace, "trash_document", document_id=document_id)
    done(workspace, "open_folder", folder=document["folder"])
    done(workspace, "create_document", title=document["title"], body="New.")
    trash_id = done(workspace, "list_trash")["items"][0]["trash_id"]
    assert "stays in the trash" in refused(workspace, "restore_from_trash", trash_id=trash_id)


# -- the whole --------------------------------------------------------------------------------------------


def test_a_text_from_the_draft_to_the_mail() -> None:
    def work(session: Session) -> list[Any]:
        done(session, "open_folder", folder=state(session)["folders"][0])
        rows = done(session, "list_documents")["documents"]
        free = [row for row in rows if not state(session)["documents"][row["document_id"]]["edited_by"]]
        document_id = most(free, "modified")["document_id"]
        outputs = [published(session, document_id, "A last word.")]
        export_id = done(session, "export_document", document_id=document_id, format="pdf")["export_id"]
        people = state(session)["people"][:1]
        outputs.append(done(session, "send_export", export_id=export_id, recipients=people, message="Here."))
        outputs.append(done(session, "list_versions", document_id=document_id))
        return [*outputs, session.state_hash()]

    with SPACE.session(SPACE.scenario(3)) as first, SPACE.session(SPACE.scenario(3)) as second:
        assert work(first) == work(second)


def test_scenarios_are_distinct_small_and_drawn_fast() -> None:
    start = time.process_time()
    drawn = [SPACE.scenario(seed) for seed in range(1000)]
    assert time.process_time() - start < 3
    texts = {json.dumps(scenario.states) for scenario in drawn}
    assert len(texts) >= 990
    assert max(map(len, texts)) < 15_000
    assert SPACE.scenario(17) == drawn[17]


def test_nothing_happened_in_the_future_and_versions_come_before_their_successors() -> None:
    for seed in range(40):
        scenario = SPACE.scenario(seed)
        now = scenario.clock.replace("T", " ")[:16]
        for document in scenario.states["files"]["documents"].values():
            moments = [version["created"] for version in document["versions"]] + [document["modified"]]
            assert moments == sorted(set(moments))
            assert moments[-1] < now


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.truth.__name__)
def test_other_correct_solutions_pass_and_wrong_ones_do_not(case: Case) -> None:
    for seed in fitting_seeds(SPACE, case, 3):
        for name, solution in case.right.items():
            judged = verdict(SPACE, seed, case, solution)
            assert judged.passed, (seed, name, judged.reasons)
            assert not judged.exact_match, (seed, name)
        for name, solution in case.wrong.items():
            assert not verdict(SPACE, seed, case, solution).passed, (seed, name)
