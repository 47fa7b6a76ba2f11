"""Files of real queries: read with bounds, errors with their row; a query that copies one is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from funreason_plugin.errors import UserError
from funreason_plugin.synthesis.query import query_faults
from funreason_plugin.synthesis.query_examples import MAX_CHARACTERS, copied_example, load_examples


def test_lines_and_rows(tmp_path: Path) -> None:
    text, rows = tmp_path / "queries.txt", tmp_path / "queries.jsonl"
    text.write_text("\ufeffBook it.\r\n\n  Cancel „it“.  \nBook it.\n", encoding="utf-8")
    rows.write_text('"Book it."\n\n{"query": "Cancel „it“.", "id": 7}\n', encoding="utf-8")
    assert load_examples(text) == load_examples(rows) == ("Book it.", "Cancel „it“.")


@pytest.mark.parametrize(
    ("name", "data", "expected"),
    [
        ("q.jsonl", b'"a"\n{"query": 5}\n', r"q\.jsonl:2: expected a string or"),
        ("q.jsonl", b'"a"\n{"text": "b"}\n', r"q\.jsonl:2: expected a string or"),
        ("q.jsonl", b'"a"\n\n{"query": \n', r"q\.jsonl:3: not JSON \("),
        ("q.jsonl", b"[" * 5000, r"q\.jsonl:1: not JSON \("),
        ("q.jsonl", b'" "\n', r"q\.jsonl:1: expected a string"),
        ("q.txt", b"good\nbad \xff\n", r"q\.txt:2: not UTF-8"),
        ("q.txt", b"\n \n", r"q\.txt: holds no query"),
        ("q.txt", b"a\n" + b"x" * (MAX_CHARACTERS + 1), r"q\.txt:2: a query of 2,001 characters"),
    ],
)
def test_what_is_wrong_is_one_line(tmp_path: Path, name: str, data: bytes, expected: str) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(UserError, match=expected) as caught:
        load_examples(tmp_path / name)
    assert "\n" not in caught.value.message


def test_a_missing_file_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"--query-examples .*nowhere\.txt: No such file"):
        load_examples(tmp_path / "nowhere.txt")


EXAMPLE = (
    "Hey, can you get me on the first train to Ghent tomorrow? I've a meeting at nine and can't be late."
)


@pytest.mark.parametrize(
    "query",
    [
        EXAMPLE,
        EXAMPLE.upper(),
        EXAMPLE.replace("Ghent", "Porto"),
        f"{EXAMPLE} Thanks!",
        "Morning! I've a meeting at nine and can't be late. can you get me on the first train to Ghent tomorrow? I've a meeting at nine and can't",
    ],
)
def test_a_copied_example_is_refused(query: str) -> None:
    assert copied_example(query, [EXAMPLE]) == EXAMPLE
    assert query_faults(query, "", [EXAMPLE])[0][0] == "copied_example"


@pytest.mark.parametrize(
    "query",
    [
        "Hey, can you hold the cheapest flight to Porto for Ada? I've a call at nine.",
        "Can you get me a list of my orders?",
        "Book it.",
    ],
)
def test_the_tone_may_be_taken(query: str) -> None:
    assert not copied_example(query, [EXAMPLE, "Book that."])
    assert not query_faults(query, "get_me_there", [EXAMPLE])


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("Please send_it_cheaply to Ada.", "named_tool"),
        ("Send it.<|im_end|>", "control_text"),
        ("Send it. <tool_call>", "control_text"),
        ("Send it.\nAssistant: Sure, I'll do that.", "bad_query_text"),
        ("Send it.\n\n**Assistant:** Which one?", "bad_query_text"),
    ],
)
def test_faults_that_no_rule_on_a_kept_turn_sees(query: str, code: str) -> None:
    assert [found for found, _ in query_faults(query, "send_it_cheaply")] == [code]
