"""The document workspace: right and wrong solutions of the same requests, written by hand."""

from __future__ import annotations

from typing import Any

from tests.environments.solutions import Case, NotFitting, Play, Record, least, most

PARAGRAPH = "Travel costs are capped at 1500 euros per quarter."
SUMMARY = "One paragraph added after the review"


def folder(play: Play, number: int = 0) -> str:
    return str(play.state["folders"][number])


def open_folder(play: Play, number: int = 0) -> None:
    play("open_folder", folder=folder(play, number))


def listed(play: Play, **more: Any) -> list[Record]:
    found: list[Record] = play("list_documents", **more)["documents"]
    return found


def newest(play: Play) -> str:
    """The document in the open folder that was changed last."""
    return str(most(listed(play), "modified")["document_id"])


# -- a paragraph ------------------------------------------------------------------------------------------


def extend(play: Play) -> None:
    open_folder(play)
    draft_id = play("start_draft", document_id=newest(play))["draft_id"]
    play("write_paragraph", draft_id=draft_id, text=PARAGRAPH)
    play("publish_draft", draft_id=draft_id, summary=SUMMARY)


def extend_by_search(play: Play) -> None:
    """Every subject is searched; the newest match in the folder is the same document."""
    matches = [
        row for topic in play.state["topics"] for row in play("find_documents", phrase=topic)["matches"]
    ]
    open_folder(play)
    found = most([row for row in matches if row["folder"] == folder(play)], "modified")["document_id"]
    draft_id = play("start_draft", document_id=found)["draft_id"]
    play("write_paragraph", draft_id=draft_id, text=PARAGRAPH)
    play("publish_draft", draft_id=draft_id, summary=SUMMARY)


def extend_after_reading(play: Play) -> None:
    open_folder(play)
    document_id = newest(play)
    play("read_document", document_id=document_id)
    play("list_versions", document_id=document_id)
    play("list_comments", document_id=document_id)
    draft_id = play("start_draft", document_id=document_id)["draft_id"]
    play("write_paragraph", draft_id=draft_id, text=PARAGRAPH)
    play("publish_draft", draft_id=draft_id, summary=SUMMARY)
    play("read_document", document_id=document_id)


def extend_in_other_words(play: Play) -> None:
    open_folder(play)
    draft_id = play("start_draft", document_id=newest(play))["draft_id"]
    play(
        "write_paragraph",
        draft_id=draft_id,
        text="Per quarter, no more than 1500 euros may be spent on travel.",
    )
    play("publish_draft", draft_id=draft_id, summary="Paragraph on travel costs")


def extend_with_the_default_said(play: Play) -> None:
    play("open_folder", folder=folder(play).upper())
    draft_id = play("start_draft", document_id=newest(play))["draft_id"]
    play("write_paragraph", draft_id=draft_id, text=PARAGRAPH, position="end")
    play("publish_draft", draft_id=draft_id, summary=SUMMARY)


def extend_after_another_folder(play: Play) -> None:
    open_folder(play, 1)
    listed(play)
    extend(play)


def extend_with_a_list_too_early(play: Play) -> None:
    play.fails("list_documents")
    extend(play)


def extend_with_an_empty_draft_first(play: Play) -> None:
    open_folder(play)
    draft_id = play("start_draft", document_id=newest(play))["draft_id"]
    play.fails("publish_draft", draft_id=draft_id, summary=SUMMARY)
    play("write_paragraph", draft_id=draft_id, text=PARAGRAPH)
    play("publish_draft", draft_id=draft_id, summary=SUMMARY)


def extend_with_a_document_for_a_draft(play: Play) -> None:
    open_folder(play)
    document_id = newest(play)
    play.fails("write_paragraph", draft_id=document_id, text=PARAGRAPH)
    draft_id = play("start_draft", document_id=document_id)["draft_id"]
    play("write_paragraph", draft_id=draft_id, text=PARAGRAPH)
    play("publish_draft", draft_id=draft_id, summary=SUMMARY)


def extend_the_oldest(play: Play) -> None:
    open_folder(play)
    draft_id = play("start_draft", document_id=least(listed(play), "modified")["document_id"])["draft_id"]
    play("write_paragraph", draft_id=draft_id, text=PARAGRAPH)
    play("publish_draft", draft_id=draft_id, summary=SUMMARY)


def extend_in_another_folder(play: Play) -> None:
    open_folder(play, 1)
    draft_id = play("start_draft", document_id=newest(play))["draft_id"]
    play("write_paragraph", draft_id=draft_id, text=PARAGRAPH)
    play("publish_draft", draft_id=draft_id, summary=SUMMARY)


def draft_not_published(play: Play) -> None:
    open_folder(play)
    draft_id = play("start_draft", document_id=newest(play))["draft_id"]
    play("write_paragraph", draft_id=draft_id, text=PARAGRAPH)


def paragraph_twice(play: Play) -> None:
    open_folder(play)
    draft_id = play("start_draft", document_id=newest(play))["draft_id"]
    play("write_paragraph", draft_id=draft_id, text=PARAGRAPH)
    play("write_paragraph", draft_id=draft_id, text=PARAGRAPH)
    play("publish_draft", draft_id=draft_id, summary=SUMMARY)


def another_amount(play: Play) -> None:
    open_folder(play)
    draft_id = play("start_draft", document_id=newest(play))["draft_id"]
    play("write_paragraph", draft_id=draft_id, text="Travel costs are capped at 2500 euros per quarter.")
    play("publish_draft", draft_id=draft_id, summary=SUMMARY)


def comment_instead(play: Play) -> None:
    open_folder(play)
    play("add_comment", document_id=newest(play), text=PARAGRAPH)


def second_draft_left_open(play: Play) -> None:
    extend(play)
    play("start_draft", document_id=newest(play))


EXTEND = Case(
    "Add to the newest document in that folder that travel is capped at 1500 euros per quarter; publish it.",
    extend,
    {
        "found by searching every subject": extend_by_search,
        "read before and after": extend_after_reading,
        "in other words": extend_in_other_words,
        "the default said, the folder in capitals": extend_with_the_default_said,
        "another folder looked at before": extend_after_another_folder,
        "listed before a folder is open": extend_with_a_list_too_early,
        "an empty draft published first": extend_with_an_empty_draft_first,
        "the document's id instead of a draft's": extend_with_a_document_for_a_draft,
    },
    {
        "the oldest document": extend_the_oldest,
        "another folder": extend_in_another_folder,
        "not published": draft_not_published,
        "written twice": paragraph_twice,
        "another amount": another_amount,
        "a comment instead": comment_instead,
        "a second draft left open": second_draft_left_open,
    },
)


# -- sharing and sending ----------------------------------------------------------------------------------

NOTE = "Could you sign and return this by Friday?"


def topic(play: Play) -> str:
    return str(play.state["topics"][0])


def longest(play: Play) -> str:
    """The longest document on the first subject."""
    matches = play("find_documents", phrase=topic(play))["matches"]
    chosen = most(matches, "length")
    if sum(row["length"] == chosen["length"] for row in matches) > 1:
        raise NotFitting("two documents are equally long")
    return str(chosen["document_id"])


def grants(play: Play) -> list[Record]:
    people = play.state["people"]
    return [{"person": people[0], "role": "editor"}, {"person": people[1], "role": "viewer"}]


def circulate(play: Play) -> None:
    document_id = longest(play)
    play("share_document", document_id=document_id, people=grants(play))
    export_id = play("export_document", document_id=document_id, format="pdf")["export_id"]
    play("send_export", export_id=export_id, recipients=play.state["people"][:2], message=NOTE)


def circulate_mail_first(play: Play) -> None:
    document_id = longest(play)
    export_id = play("export_document", document_id=document_id, format="pdf")["export_id"]
    play("send_export", export_id=export_id, recipients=play.state["people"][:2], message=NOTE)
    play("share_document", document_id=document_id, people=grants(play))


def circulate_export_first(play: Play) -> None:
    document_id = longest(play)
    export_id = play("export_document", document_id=document_id, format="pdf")["export_id"]
    play("share_document", document_id=document_id, people=grants(play))
    play("send_export", export_id=export_id, recipients=play.state["people"][:2], message=NOTE)


def circulate_people_in_the_other_order(play: Play) -> None:
    document_id = longest(play)
    play("share_document", document_id=document_id, people=grants(play)[::-1])
    export_id = play("export_document", document_id=document_id, format="pdf")["export_id"]
    play("send_export", export_id=export_id, recipients=play.state["people"][1::-1], message=NOTE)


def circulate_shared_one_by_one(play: Play) -> None:
    document_id = longest(play)
    for grant in grants(play):
        if play.state["documents"][document_id]["access"].get(grant["person"]) != grant["role"]:
            play("share_document", document_id=document_id, people=[grant])
    export_id = play("export_document", document_id=document_id, format="pdf")["export_id"]
    play("send_export", export_id=export_id, recipients=play.state["people"][:2], message=NOTE)


def circulate_in_other_words(play: Play) -> None:
    document_id = longest(play)
    play("share_document", document_id=document_id, people=grants(play))
    export_id = play("export_document", document_id=document_id, format="pdf")["export_id"]
    message = "Please send it back with your signature before the weekend."
    play("send_export", export_id=export_id, recipients=play.state["people"][:2], message=message)


def circulate_after_reading(play: Play) -> None:
    document_id = longest(play)
    play("read_document", document_id=document_id)
    circulate(play)


def circulate_with_half_a_name_first(play: Play) -> None:
    document_id = longest(play)
    play("share_document", document_id=document_id, people=grants(play))
    export_id = play("export_document", document_id=document_id, format="pdf")["export_id"]
    first = play.state["people"][0].split()[0]
    play.fails("send_export", export_id=export_id, recipients=[first], message=NOTE)
    play("send_export", export_id=export_id, recipients=play.state["people"][:2], message=NOTE)


def circulate_with_the_document_sent_first(play: Play) -> None:
    document_id = longest(play)
    play.fails("send_export", export_id=document_id, recipients=play.state["people"][:2], message=NOTE)
    circulate(play)


def one_recipient(play: Play) -> None:
    document_id = longest(play)
    play("share_document", document_id=document_id, people=grants(play))
    export_id = play("export_document", document_id=document_id, format="pdf")["export_id"]
    play("send_export", export_id=export_id, recipients=play.state["people"][:1], message=NOTE)


def two_mails(play: Play) -> None:
    document_id = longest(play)
    play("share_document", document_id=document_id, people=grants(play))
    export_id = play("export_document", document_id=document_id, format="pdf")["export_id"]
    for person in play.state["people"][:2]:
        play("send_export", export_id=export_id, recipients=[person], message=NOTE)
    play("send_export", export_id=export_id, recipients=play.state["people"][:2], message=NOTE)


def another_format(play: Play) -> None:
    document_id = longest(play)
    play("share_document", document_id=document_id, people=grants(play))
    export_id = play("export_document", document_id=document_id, format="docx")["export_id"]
    play("send_export", export_id=export_id, recipients=play.state["people"][:2], message=NOTE)


def roles_swapped(play: Play) -> None:
    document_id = longest(play)
    first, second = (grant["person"] for grant in grants(play))
    people = [{"person": first, "role": "viewer"}, {"person": second, "role": "editor"}]
    play("share_document", document_id=document_id, people=people)
    export_id = play("export_document", document_id=document_id, format="pdf")["export_id"]
    play("send_export", export_id=export_id, recipients=play.state["people"][:2], message=NOTE)


def shortest_document(play: Play) -> None:
    matches = play("find_documents", phrase=topic(play))["matches"]
    document_id = least(matches, "length")["document_id"]
    if document_id == longest(play):
        raise NotFitting("one document only")
    play("share_document", document_id=document_id, people=grants(play))
    export_id = play("export_document", document_id=document_id, format="pdf")["export_id"]
    play("send_export", export_id=export_id, recipients=play.state["people"][:2], message=NOTE)


CIRCULATE = Case(
    "Let two colleagues into the longest document on that subject, and mail it to them as a pdf.",
    circulate,
    {
        "mail before access": circulate_mail_first,
        "export before access": circulate_export_first,
        "people in the other order": circulate_people_in_the_other_order,
        "access one by one": circulate_shared_one_by_one,
        "message in other words": circulate_in_other_words,
        "looked up twice and read": circulate_after_reading,
        "half a name first": circulate_with_half_a_name_first,
        "the document's id instead of an export's": circulate_with_the_document_sent_first,
    },
    {
        "one recipient": one_recipient,
        "mails too many": two_mails,
        "another format": another_format,
        "roles swapped": roles_swapped,
        "the shortest document": shortest_document,
    },
)


# -- comments and tidying up ------------------------------------------------------------------------------


def remarked(play: Play) -> str:
    """The document whose first comment is unresolved, in the order of the scenario."""
    for comment in play.state["comments"].values():
        if not comment["resolved"]:
            return str(comment["document_id"])
    raise NotFitting("no comment is open")


def place(play: Play) -> tuple[int, str]:
    """Number of that document's folder, and its title, which the user knows."""
    document = play.state["documents"][remarked(play)]
    return play.state["folders"].index(document["folder"]), document["title"]


def find_by_title(play: Play) -> str:
    title = place(play)[1]
    return str(
        next(r for r in play("find_documents", phrase=title)["matches"] if r["title"] == title)["document_id"]
    )


def find_in_folder(play: Play) -> str:
    number, title = place(play)
    open_folder(play, number)
    return str(next(row for row in listed(play) if row["title"] == title)["document_id"])


def oldest_comment(play: Play, document_id: str) -> str:
    comments = play("list_comments", document_id=document_id)["comments"]
    return str(next(row for row in comments if not row["resolved"])["comment_id"])


def tidy(play: Play) -> None:
    document_id = find_in_folder(play)
    play("resolve_comment", comment_id=oldest_comment(play, document_id))
    play("add_comment", document_id=document_id, text="Settled with the supplier on day 12.")
    play("move_document", document_id=document_id, folder=folder(play, (place(play)[0] + 1) % 3))


def tidy_move_first(play: Play) -> None:
    document_id = find_in_folder(play)
    play("move_document", document_id=document_id, folder=folder(play, (place(play)[0] + 1) % 3))
    play("resolve_comment", comment_id=oldest_comment(play, document_id))
    play("add_comment", document_id=document_id, text="Settled with the supplier on day 12.")


def tidy_found_by_title(play: Play) -> None:
    document_id = find_by_title(play)
    open_folder(play, place(play)[0])
    play("add_comment", document_id=document_id, text="On day 12 we settled this with the supplier.")
    play("resolve_comment", comment_id=oldest_comment(play, document_id))
    play("move_document", document_id=document_id, folder=folder(play, (place(play)[0] + 1) % 3).lower())


def tidy_with_a_detour_over_the_trash(play: Play) -> None:
    document_id = find_in_folder(play)
    trash_id = play("trash_document", document_id=document_id)["trash_id"]
    play.fails("list_comments", document_id=document_id)
    again = play("restore_from_trash", trash_id=trash_id)["document_id"]
    play("resolve_comment", comment_id=oldest_comment(play, again))
    play("add_comment", document_id=again, text="Settled with the supplier on day 12.")
    play("move_document", document_id=again, folder=folder(play, (place(play)[0] + 1) % 3))


def tidy_over_a_third_folder(play: Play) -> None:
    document_id = find_in_folder(play)
    play("move_document", document_id=document_id, folder=folder(play, (place(play)[0] + 2) % 3))
    play("resolve_comment", comment_id=oldest_comment(play, document_id))
    play("add_comment", document_id=document_id, text="Settled with the supplier on day 12.")
    play("move_document", document_id=document_id, folder=folder(play, (place(play)[0] + 1) % 3))


def tidy_resolving_twice(play: Play) -> None:
    document_id = find_in_folder(play)
    comment_id = oldest_comment(play, document_id)
    play("resolve_comment", comment_id=comment_id)
    play.fails("resolve_comment", comment_id=comment_id)
    play("add_comment", document_id=document_id, text="Settled with the supplier on day 12.")
    play("move_document", document_id=document_id, folder=folder(play, (place(play)[0] + 1) % 3))


def own_comment_resolved(play: Play) -> None:
    document_id = find_in_folder(play)
    comment_id = play("add_comment", document_id=document_id, text="Settled with the supplier on day 12.")[
        "comment_id"
    ]
    play("resolve_comment", comment_id=comment_id)
    play("move_document", document_id=document_id, folder=folder(play, (place(play)[0] + 1) % 3))


def wrong_folder(play: Play) -> None:
    document_id = find_in_folder(play)
    play("resolve_comment", comment_id=oldest_comment(play, document_id))
    play("add_comment", document_id=document_id, text="Settled with the supplier on day 12.")
    play("move_document", document_id=document_id, folder=folder(play, (place(play)[0] + 2) % 3))


def comment_without_the_day(play: Play) -> None:
    document_id = find_in_folder(play)
    play("resolve_comment", comment_id=oldest_comment(play, document_id))
    play("add_comment", document_id=document_id, text="Settled with the supplier.")
    play("move_document", document_id=document_id, folder=folder(play, (place(play)[0] + 1) % 3))


TIDY = Case(
    "Resolve the oldest open comment on that document, note that it was settled on day 12, and move it on.",
    tidy,
    {
        "moved first": tidy_move_first,
        "found by title, comment first and reworded": tidy_found_by_title,
        "thrown away and restored": tidy_with_a_detour_over_the_trash,
        "over a third folder": tidy_over_a_third_folder,
        "resolved twice": tidy_resolving_twice,
    },
    {
        "their own comment resolved": own_comment_resolved,
        "another folder": wrong_folder,
        "comment without the day": comment_without_the_day,
    },
)


# -- versions and the trash -------------------------------------------------------------------------------


def revive(play: Play) -> None:
    trash = play("list_trash")["items"]
    document_id = play("restore_from_trash", trash_id=most(trash, "deletion_date")["trash_id"])["document_id"]
    versions = play("list_versions", document_id=document_id)["versions"]
    version_id = least(versions, "created")["version_id"]
    play("restore_version", document_id=document_id, version_id=version_id)


def revive_after_reading(play: Play) -> None:
    trash = play("list_trash")["items"]
    newest_item = most(trash, "deletion_date")
    document_id = play("restore_from_trash", trash_id=newest_item["trash_id"])["document_id"]
    play("read_document", document_id=document_id)
    found = play("find_documents", phrase=newest_item["title"].upper())["matches"]
    assert document_id in {row["document_id"] for row in found}
    versions = play("list_versions", document_id=document_id)["versions"]
    play("restore_version", document_id=document_id, version_id=versions[0]["version_id"])


def revive_with_a_wrong_version_first(play: Play) -> None:
    trash = play("list_trash")["items"]
    document_id = play("restore_from_trash", trash_id=most(trash, "deletion_date")["trash_id"])["document_id"]
    play.fails("restore_version", document_id=document_id, version_id="VS-0000")
    versions = play("list_versions", document_id=document_id)["versions"]
    play("restore_version", document_id=document_id, version_id=least(versions, "created")["version_id"])


def revive_twice(play: Play) -> None:
    trash = play("list_trash")["items"]
    play.fails("restore_from_trash", trash_id="TR-0000")
    document_id = play("restore_from_trash", trash_id=most(trash, "deletion_date")["trash_id"])["document_id"]
    play.fails("restore_from_trash", trash_id=most(trash, "deletion_date")["trash_id"])
    versions = play("list_versions", document_id=document_id)["versions"]
    play("restore_version", document_id=document_id, version_id=least(versions, "created")["version_id"])


def last_version(play: Play) -> None:
    trash = play("list_trash")["items"]
    document_id = play("restore_from_trash", trash_id=most(trash, "deletion_date")["trash_id"])["document_id"]
    versions = play("list_versions", document_id=document_id)["versions"]
    if len(versions) < 2:
        raise NotFitting("one version only")
    play("restore_version", document_id=document_id, version_id=most(versions, "created")["version_id"])


def other_item(play: Play) -> None:
    trash = play("list_trash")["items"]
    document_id = play("restore_from_trash", trash_id=least(trash, "deletion_date")["trash_id"])[
        "document_id"
    ]
    versions = play("list_versions", document_id=document_id)["versions"]
    play("restore_version", document_id=document_id, version_id=least(versions, "created")["version_id"])


def restored_only(play: Play) -> None:
    trash = play("list_trash")["items"]
    play("restore_from_trash", trash_id=most(trash, "deletion_date")["trash_id"])


REVIVE = Case(
    "Take what was deleted last out of the trash, and put it back to its oldest version.",
    revive,
    {
        "read and searched for": revive_after_reading,
        "a version that does not exist first": revive_with_a_wrong_version_first,
        "restored twice": revive_twice,
    },
    {"its newest version": last_version, "another document": other_item, "not put back": restored_only},
)


# -- questions --------------------------------------------------------------------------------------------


def ask(play: Play) -> None:
    open_folder(play)
    play("read_document", document_id=newest(play))


def ask_via_the_search(play: Play) -> None:
    open_folder(play)
    best = most(listed(play), "modified")
    matches = play("find_documents", phrase=best["title"])["matches"]
    play("read_document", document_id=most(matches, "modified")["document_id"])


def ask_the_list_only(play: Play) -> None:
    open_folder(play)
    listed(play)


def ask_the_oldest(play: Play) -> None:
    open_folder(play)
    play("read_document", document_id=least(listed(play), "modified")["document_id"])


ASK = Case(
    "What does the newest document in that folder say?",
    ask,
    {"found through the search": ask_via_the_search},
    {"listed, not read": ask_the_list_only, "the oldest one read": ask_the_oldest},
    needed=("text",),
)

CASES = (EXTEND, CIRCULATE, TIDY, REVIVE, ASK)
