"""Calls, results and responses that no training should see: each is one line, and told once."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.sft.proofs import ASKED, CALL, CALLED, THOUGHT, TOOLS, Row, proved, row, text

pytest.importorskip("torch", reason="torch is not installed (extra [sft])")
pytest.importorskip("llamafactory", reason="llamafactory is not installed (extra [sft])")
pytestmark = pytest.mark.slow

TWO_CALLS = f"[{CALL[1:-1]}, {CALL[1:-1]}]"
TWO_RESULTS = "1\n</tool_response>\n<tool_response>\n2"

TRAPS: dict[str, tuple[Row, str]] = {
    "no calls": (
        row(ASKED, ("function_call", f"{THOUGHT}[]")),
        "calls: 1 of 1 rows, first rows.jsonl:1 id a: conversations[1]: the list of calls is empty; expected",
    ),
    "no calls, not even a list": (
        row(ASKED, ("function_call", THOUGHT)),
        "conversations[1]: no calls; expected a JSON list",
    ),
    "no call": (
        row(ASKED, ("function_call", f"{THOUGHT}{{}}")),
        "conversations[1]: {} is no call; expected",
    ),
    "no arguments": (
        row(ASKED, ("function_call", CALL.replace('{"city": "Oslo"}', "[1]"))),
        "calls: 1 of 1 rows, first rows.jsonl:1 id a: conversations[1]: the arguments of weather are [1]; expected",
    ),
    "no number": (
        row(ASKED, ("function_call", THOUGHT + CALL.replace('"Oslo"', "NaN"))),
        "conversations[1]: a number is too large, NaN or Infinity; JSON has no such numbers",
    ),
    "empty answer": (
        row(ASKED, ("gpt", THOUGHT)),
        "empty response: 1 of 1 rows, first rows.jsonl:1 id a: message 1 (assistant): neither an answer nor calls",
    ),
    "blank answer": (row(ASKED, ("gpt", f"{THOUGHT}  ")), "empty response: 1 of 1 rows"),
    "empty answer in the history": (
        row(ASKED, ("gpt", THOUGHT), ("human", "And?"), ("gpt", f"{THOUGHT}Clear.")),
        "empty response: 1 of 1 rows",
    ),
    "twice in arguments": (
        row(ASKED, ("function_call", THOUGHT + CALL.replace('"Oslo"', '[{"x": 1, "x": 2}]'))),
        "conversations[1]: key 'x' occurs twice; only its last value would be trained",
    ),
    "twice in a call of the history": (
        row(ASKED, ("function_call", CALL.replace("[{", '[{"name": "x", ')), *CALLED[2:], ("gpt", "Clear.")),
        "calls: 1 of 1 rows, first rows.jsonl:1 id a: conversations[1]: key 'name' occurs twice",
    ),
    "twice in a tool": (
        row(ASKED, ("gpt", f"{THOUGHT}."), tools=TOOLS.replace('"name"', '"name": "x", "name"')),
        "tools: 1 of 1 rows, first rows.jsonl:1 id a: key 'name' occurs twice",
    ),
    "too many results": (
        row(*CALLED[:2], ("observation", TWO_RESULTS), ("gpt", f"{THOUGHT}Clear.")),
        "results: 1 of 1 rows, first rows.jsonl:1 id a: message 2 (tool): results 2, calls before it 1; expected",
    ),
    "too few results": (
        row(ASKED, ("function_call", TWO_CALLS), ("observation", "1"), ("gpt", f"{THOUGHT}Clear.")),
        "message 2 (tool): results 1, calls before it 2; expected a result for each call",
    ),
    "results of no calls": (
        row(ASKED, ("gpt", "Let me look."), ("observation", "1"), ("gpt", f"{THOUGHT}Clear.")),
        "message 2 (tool): results 1, calls before it 0",
    ),
    "no results": (
        row(*CALLED[:2], ("human", "And?"), ("gpt", f"{THOUGHT}Clear.")),
        "message 2 (user): stands before the results of the calls (1)",
    ),
    "no character in a call": (
        row(ASKED, ("function_call", THOUGHT + CALL.replace("Oslo", r"\ud800"))),
        "calls: 1 of 1 rows, first rows.jsonl:1 id a: conversations[1]: a text holds half of a surrogate pair, which",
    ),
    "no character in a tool": (
        row(ASKED, ("gpt", f"{THOUGHT}."), tools=TOOLS.replace("of a city", r"\ud800")),
        "tools: 1 of 1 rows, first rows.jsonl:1 id a: a text holds half of a surrogate pair",
    ),
}


@pytest.mark.parametrize("trap", TRAPS)
def test_a_trap_is_found_and_nothing_beside_it(trap: str, tmp_path: Path, tiny: Path) -> None:
    bad, line = TRAPS[trap]
    proof = proved(tmp_path, tiny, [bad])
    assert len(proof.tally.found) == 1
    assert line in text(proof)


GOOD_CASES = {
    "two calls": row(
        ASKED, ("function_call", TWO_CALLS), ("observation", TWO_RESULTS), ("gpt", f"{THOUGHT}Clear.")
    ),
    "a result of a call below a text": row(
        ASKED,
        ("gpt", f"So.\n<tool_call>\n{CALL[1:-1]}\n</tool_call>"),
        *CALLED[2:],
        ("gpt", f"{THOUGHT}Clear."),
    ),
}


@pytest.mark.parametrize("case", GOOD_CASES)
def test_each_call_with_its_result_passes(case: str, tmp_path: Path, tiny: Path) -> None:
    proof = proved(tmp_path, tiny, [GOOD_CASES[case]])
    assert proof.ok, text(proof)
