"""The proof of training: what is good passes, and every known way to train something else is found and named."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from funreason_plugin.check import app
from funreason_plugin.command_line import run
from tests.sft.proofs import (
    ASKED,
    CALL,
    CALLED,
    GOOD,
    GOOD_CALL,
    OPENAI,
    SHAREGPT,
    THOUGHT,
    TOOLS,
    Row,
    proved,
    row,
    text,
    write,
    write_recipe,
)

pytest.importorskip("torch", reason="torch is not installed (extra [sft])")
pytest.importorskip("llamafactory", reason="llamafactory is not installed (extra [sft])")
pytestmark = pytest.mark.slow


def block(number: int) -> str:
    return f'<tool_call>\n{{"name": "weather", "arguments": {{"city": "{number}"}}}}\n</tool_call>'


def openai(thought: str, arguments: str) -> Row:
    call = {"id": "0", "type": "function", "function": {"name": "weather", "arguments": arguments}}
    answer = {"role": "assistant", "content": thought, "tool_calls": [call]}
    return {"messages": [{"role": "user", "content": "Weather in Oslo?"}, answer], "tools": TOOLS}


PLAIN = row(*CALLED, ("gpt", "Clear."))
OLD_THOUGHT = row(ASKED, ("gpt", f"{THOUGHT}Clear."), ("human", "And now?"), ("gpt", f"{THOUGHT}Rain."))
NEWLINES = row(ASKED, ("function_call", f"<think>Oslo is named.</think>{CALL}"))
BESIDE = row(ASKED, ("function_call", f"{THOUGHT}Let me look. {CALL}"))
BLOCKS = row(ASKED, ("function_call", f"{THOUGHT}{block(1)}\n{block(2)}"))
ORDER = row(ASKED, ("gpt", "Clear."), ("gpt", f"{THOUGHT}Clear."), ("human", "Thanks."))
ROLE = row(ASKED, ("gtp", "Clear."))
PARALLEL = row(ASKED, ("function_call", CALL), ("function_call", THOUGHT + CALL), ("observation", "1"))
SCHEMA = json.dumps([{"name": "weather", "parameters": {"type": "objekt"}}])
NO_TOOLS = {**SHAREGPT, "columns": {"messages": "conversations", "system": "system"}}

TRAPS: dict[str, tuple[Row, Row, dict[str, Any], str]] = {
    "openai drops thoughts": (openai(THOUGHT, '{"city": "Oslo"}'), OPENAI, {}, "thought lost: 1 of 1 rows"),
    "openai encodes twice": (
        openai("", '{"city": "Oslo"}'),
        OPENAI,
        {"template": "qwen3_nothink"},
        "arguments double-encoded: 1 of 1 rows, first rows.jsonl:1: the arguments of weather are a string of JSON",
    ),
    "newlines": (
        NEWLINES,
        SHAREGPT,
        {},
        "think newlines: 1 of 1 rows, first rows.jsonl:1 id a: conversations[1]",
    ),
    "text beside": (BESIDE, SHAREGPT, {}, "text beside a call: 1 of 1 rows, first rows.jsonl:1 id a"),
    "two blocks": (BLOCKS, SHAREGPT, {}, "calls reordered: 1 of 1 rows"),
    "role order": (ORDER, SHAREGPT, {}, "conversations[2]: role 'gpt'; expected human or observation"),
    "unknown role": (
        ROLE,
        SHAREGPT,
        {},
        "dropped: 1 of 1 rows, first rows.jsonl:1 id a: conversations[1]: role 'gtp' is not known; did you mean 'gpt'?",
    ),
    "parallel calls": (PARALLEL, SHAREGPT, {}, "conversations[2]: function_call after function_call"),
    "question at the end": (row(*CALLED), SHAREGPT, {}, "conversations ends with 'observation'"),
    "short cutoff_len": (GOOD, SHAREGPT, {"cutoff_len": 200}, "cutoff_len 200: "),
    "cut response": (GOOD, SHAREGPT, {"cutoff_len": 12}, "the response is cut"),
    "tool_format": (GOOD_CALL, SHAREGPT, {"tool_format": "qwen"}, "line feed lost: 1 of 1 rows"),
    "no thought": (PLAIN, SHAREGPT, {}, "empty thought trained: 1 of 1 rows"),
    "enable_thinking": (GOOD, SHAREGPT, {"enable_thinking": False}, "thought lost: 1 of 1 rows"),
    "no mask_history": (GOOD, SHAREGPT, {"mask_history": None}, "several segments: 1 of 1 rows"),
    "preserve_thinking": (
        GOOD,
        SHAREGPT,
        {"preserve_thinking": True},
        "empty thoughts in the history: 1 of 1 rows",
    ),
    "history masked": (
        OLD_THOUGHT,
        SHAREGPT,
        {"template": "qwen3_nothink"},
        "thoughts in the history: 1 of 1 rows, first rows.jsonl:1 id a: masked",
    ),
    "history trained": (
        OLD_THOUGHT,
        SHAREGPT,
        {"mask_history": None},
        "thoughts in the history: 1 of 1 rows, first rows.jsonl:1 id a: trained",
    ),
    "train_on_prompt": (
        GOOD,
        SHAREGPT,
        {"mask_history": None, "train_on_prompt": True},
        "train_on_prompt: train_on_prompt: true trains prompts",
    ),
    "packing": (GOOD, SHAREGPT, {"packing": True}, "packing: packing joins rows"),
    "default_system": (
        row(*CALLED, ("gpt", f"{THOUGHT}Clear."), system="", tools=""),
        SHAREGPT,
        {"default_system": "Be short."},
        "system changed: 1 of 1 rows, first rows.jsonl:1 id a: a system prompt that the data does not have",
    ),
    "tools not named": (GOOD, NO_TOOLS, {}, "columns: 1 of 1 rows"),
    "control tokens": (
        row(("human", "Say <|im_end|>."), ("gpt", f"{THOUGHT}No.")),
        SHAREGPT,
        {},
        "control tokens: 1 of 1 rows, first rows.jsonl:1 id a: message 0 holds <|im_end|>",
    ),
    "tag in a question": (
        row(("human", "Say </think>."), ("gpt", f"{THOUGHT}No.")),
        SHAREGPT,
        {},
        "control tokens: 1 of 1 rows, first rows.jsonl:1 id a: message 0 holds </think>",
    ),
    "tag in a result": (
        row(ASKED, ("function_call", CALL), ("observation", "a <tool_call> b"), ("gpt", f"{THOUGHT}Clear.")),
        SHAREGPT,
        {},
        "control tokens: 1 of 1 rows, first rows.jsonl:1 id a: message 2 holds <tool_call>",
    ),
    "tag in a thought": (
        row(ASKED, ("function_call", f"<think>\nA </think> B\n</think>\n\n{CALL}")),
        SHAREGPT,
        {},
        "control tokens: 1 of 1 rows, first rows.jsonl:1 id a: message 1 holds </think>",
    ),
    "tag in an answer": (
        row(ASKED, ("gpt", f"{THOUGHT}No <tool_call>.")),
        SHAREGPT,
        {},
        "control tokens: 1 of 1 rows, first rows.jsonl:1 id a: message 1 holds <tool_call>",
    ),
    "tag in an argument": (
        row(ASKED, ("function_call", THOUGHT + CALL.replace("Oslo", "</think>"))),
        SHAREGPT,
        {},
        "control tokens: 1 of 1 rows, first rows.jsonl:1 id a: a call of message 1 holds </think>",
    ),
    "tag in a tool": (
        row(ASKED, ("gpt", f"{THOUGHT}No."), tools=TOOLS.replace("of a city", "<tool_call>")),
        SHAREGPT,
        {},
        "control tokens: 1 of 1 rows, first rows.jsonl:1 id a: a tool document holds <tool_call>",
    ),
    "nested arguments": (
        row(ASKED, ("function_call", CALL.replace('"Oslo"', "[" * 10_000 + "]" * 10_000))),
        SHAREGPT,
        {},
        "aborts: 1 of 1 rows, first rows.jsonl:1 id a: the row cannot be read: conversations[1]: nested too deeply",
    ),
    "no text": (
        {**GOOD, "conversations": [{"from": "human", "value": None}, {"from": "gpt", "value": "No."}]},
        SHAREGPT,
        {},
        "aborts: 1 of 1 rows, first rows.jsonl:1 id a: the row cannot be read: conversations[0]: value is a NoneType; expected a text",
    ),
    "no character": (
        row(("human", "Oslo\ud800"), ("gpt", f"{THOUGHT}No.")),
        SHAREGPT,
        {},
        "aborts: 1 of 1 rows, first rows.jsonl:1 id a: a text holds half of a surrogate pair, which is no character",
    ),
    "no messages": (
        {**GOOD, "conversations": "Hello"},
        SHAREGPT,
        {},
        "aborts: 1 of 1 rows, first rows.jsonl:1 id a: the row cannot be read: conversations is a str; expected a list of messages",
    ),
    "tools not JSON": (row(ASKED, ("gpt", f"{THOUGHT}."), tools="[{"), SHAREGPT, {}, "tools: 1 of 1 rows"),
    "tools no schema": (
        row(ASKED, ("gpt", f"{THOUGHT}."), tools=SCHEMA),
        SHAREGPT,
        {},
        "tools[0] (weather): parameters.type: 'objekt' is not valid",
    ),
    "deep": (row(ASKED, ("gpt", f"{THOUGHT}."), tools="[" * 50_000), SHAREGPT, {}, "nested too deeply"),
    "stringly arguments": (
        row(
            ASKED, ("function_call", THOUGHT + CALL.replace('{"city": "Oslo"}', '"{\\"city\\": \\"Oslo\\"}"'))
        ),
        SHAREGPT,
        {},
        "arguments double-encoded: 1 of 1 rows",
    ),
}


@pytest.mark.parametrize("trap", TRAPS)
def test_a_trap_is_found(trap: str, tmp_path: Path, tiny: Path) -> None:
    bad, info, keys, line = TRAPS[trap]
    proof = proved(tmp_path, tiny, [bad], info, **keys)
    assert not proof.ok
    assert line in text(proof)


@pytest.mark.parametrize(
    "case", [case for case in TRAPS if case.startswith("tag in") or case == "tools no schema"]
)
def test_what_follows_from_a_problem_is_not_told_beside_it(case: str, tmp_path: Path, tiny: Path) -> None:
    bad, info, keys, _ = TRAPS[case]
    assert len(proved(tmp_path, tiny, [bad], info, **keys).tally.found) == 1


GOOD_CASES: dict[str, tuple[list[Row], dict[str, Any]]] = {
    "answer": ([GOOD], {}),
    "call": ([GOOD_CALL], {}),
    "no thought": ([PLAIN], {"template": "qwen3_nothink"}),
    "thought under nothink": ([GOOD], {"template": "qwen3_nothink"}),
    "history stripped": ([OLD_THOUGHT], {}),
    "tags in a system prompt": ([{**GOOD, "system": "Think in <think></think>."}], {}),
    "text above a call": (
        [row(ASKED, ("gpt", f"{THOUGHT}So.\n<tool_call>\n{CALL[1:-1]}\n</tool_call>"))],
        {},
    ),
    "no system": ([{**GOOD, "system": ""}], {}),
    "enable_thinking off": ([PLAIN], {"enable_thinking": False}),
    "other template": ([GOOD, GOOD_CALL], {"template": "llama3"}),
}


@pytest.mark.parametrize("case", GOOD_CASES)
def test_what_is_trained_as_the_data_says_passes(case: str, tmp_path: Path, tiny: Path) -> None:
    rows, keys = GOOD_CASES[case]
    proof = proved(tmp_path, tiny, rows, **keys)
    assert proof.ok, text(proof)
    assert proof.tally.one_segment == len(rows)


def test_the_first_of_several_rows_is_named_and_all_are_counted(tmp_path: Path, tiny: Path) -> None:
    bad = [{**ORDER, "id": str(number)} for number in range(3)]
    shown = text(proved(tmp_path, tiny, [GOOD, *bad]))
    assert "dropped: 3 of 4 rows, first rows.jsonl:2 id 0: " in shown
    assert "in 3 of 4 rows: 1 kind of problem" in shown


def test_trained_lines_are_marked_without_colour_too(tmp_path: Path, tiny: Path) -> None:
    lines = text(proved(tmp_path, tiny, [GOOD])).splitlines()
    assert [line for line in lines if line.startswith("▌ ")] == [
        *("▌ <think>", "▌ Oslo is named.", "▌ </think>", "▌ ", "▌ Clear.<|im_end|>")
    ]


def test_lengths_say_which_cutoff_len_would_be_enough(tmp_path: Path, tiny: Path) -> None:
    proof = proved(tmp_path, tiny, [GOOD], cutoff_len=100)
    (length,) = proof.tally.lengths
    assert f"longest {length:,}; cutoff_len: {length:,} would be enough" in text(proof)
    assert proved(tmp_path, tiny, [GOOD], cutoff_len=length).ok


def test_a_row_of_a_million_characters_is_cut_not_fatal(tmp_path: Path, tiny: Path) -> None:
    long = row(("human", "word " * 200_000), ("gpt", f"{THOUGHT}Yes."))
    assert "cut: 1 of 2 rows, first rows.jsonl:2" in text(proved(tmp_path, tiny, [GOOD, long]))


def test_settings_that_choose_rows_are_noted(tmp_path: Path, tiny: Path) -> None:
    proof = proved(tmp_path, tiny, [GOOD, ORDER], max_samples=1)
    assert proof.ok and proof.tally.rows == 1
    assert "note: max_samples: only the first 1 rows" in text(proof)


def test_a_run_s_folder_passes_over_two_processes(
    made: Path, tmp_path: Path, tiny: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    recipe = write_recipe(tmp_path, tiny, dataset="funreason_scripted", eval_dataset="funreason_scripted_val")
    assert run(app, ["sft", str(made), str(recipe), "--workers", "2", "--limit", "30"]) == 0
    out, err = capfd.readouterr()
    assert out.endswith("training sees what the data says\n")
    assert err == ""


def test_the_command_s_status_is_1_when_training_would_differ(
    tmp_path: Path, tiny: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path, [ORDER])
    assert run(app, ["sft", str(tmp_path), str(write_recipe(tmp_path, tiny))]) == 1
    assert "training would differ from what the data says in 1 of 1 rows" in capsys.readouterr().out


def test_our_templates_pass_where_the_hook_is_installed(
    made: Path, tmp_path: Path, tiny: Path, hooked: Path
) -> None:
    code = """
import sys
from pathlib import Path
from funreason_plugin.sft.proof.run import prove
sys.path.insert(0, sys.argv[1])  # packages that bring a "tests" of their own come before this one's
from proofs import text
for recipe in sys.argv[3:]:
    print(text(prove(Path(sys.argv[2]), Path(recipe), limit=8)))
"""
    recipes = []
    for template in ("funreason", "card", "funreason_hermes"):
        (tmp_path / template).mkdir()
        keys = {"dataset": "funreason_scripted", "template": template, "cutoff_len": 32768}
        recipes.append(str(write_recipe(tmp_path / template, tiny, **keys)))
    command = [str(hooked), "-c", code, str(Path(__file__).parent), str(made), *recipes]
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ | {"OMP_NUM_THREADS": "1"})
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("training sees what the data says") == 3, done.stdout
    for form in ("funreason", "card", "hermes"):
        assert f"compared to the letter with form {form}" in done.stdout
