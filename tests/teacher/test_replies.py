"""Replies as language models write them: taken where there is one way to take them, refused by name elsewhere."""

from __future__ import annotations

import json
import time
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from funreason_plugin.calls import parse, to_hermes
from funreason_plugin.synthesis.advanced_tool import SCHEMA, AdvancedToolError, parse_advanced_tool
from funreason_plugin.synthesis.replies import (
    CRITIQUE_CHARACTERS,
    clean_critique,
    clean_query,
    plain,
    read_object,
)
from funreason_plugin.synthesis.reply_calls import read_step
from tests.teacher.test_prompts import booking

TRACE = booking()
LISTED = ("origin", "destination", "date", "recipient")
ROWS = [
    {"name": name, "description": f"The {name}.", "call": call, "parameter": name}
    for name, call in zip(LISTED, (1, 1, 1, 2), strict=True)
]
GOOD = {"name": "send_cheaply", "description": "Send it.", "inputs": ROWS, "outputs": ["price"]}
BARE = json.dumps(GOOD)
LINES = json.dumps(GOOD, indent=2)


def with_rows(rows: Any) -> str:
    return json.dumps({**GOOD, "inputs": rows})


RECOVERED = {
    "bare": BARE,
    "fenced": f"```json\n{LINES}\n```",
    "fenced without a language": f"```\n{BARE}\n```",
    "fence not closed": f"```json\n{LINES}",
    "in prose": f"Sure! Here is the advanced tool:\n\n{LINES}\n\nLet me know if you need anything else.",
    "after thoughts": f"<think>\nIt sends {{}} a parcel.\n</think>\n\n{BARE}",
    "draft and final": f'```json\n{{"name": "draft"}}\n```\nBetter:\n```json\n{BARE}\n```',
    "trailing commas": LINES.replace('"price"\n  ]\n}', '"price",\n  ],\n}'),
    "single quotes": str(GOOD),
    "Python literal": str({**GOOD, "strict": True, "extra": None}),
    "extra keys": json.dumps({**GOOD, "reasoning": "…", "version": 2}),
    "wrapped": json.dumps({"advanced_tool": GOOD}),
    "wrapped as a function": json.dumps({"type": "function", "function": GOOD}),
    "in a list": json.dumps([GOOD]),
    "comma missing": LINES.replace('"send_cheaply",', '"send_cheaply"'),
    "bracket missing at the end": LINES[:-2],
    "line break in a text": BARE.replace("Send it.", "Send\nit."),
    "call as text": with_rows([{**row, "call": f"call {row['call']}"} for row in ROWS]),
    "names only": with_rows(list(LISTED)),
    "by name": with_rows({row["name"]: {"description": row["description"]} for row in ROWS}),
    "as a JSON schema": with_rows(
        {"type": "object", "properties": {row["name"]: {"description": ""} for row in ROWS}}
    ),
    "parameters for inputs": json.dumps({**GOOD, "parameters": ROWS, "inputs": ROWS}),
    "calls counted from 0": with_rows([{**row, "call": row["call"] - 1} for row in ROWS]),  # type: ignore[operator]
    "camel case": json.dumps({**GOOD, "name": "SendCheaply"}),
    "name in words": json.dumps({**GOOD, "name": "Send cheaply"}),
    "outputs as objects": json.dumps({**GOOD, "outputs": [{"name": "price", "type": "number"}]}),
    "no outputs": json.dumps({key: GOOD[key] for key in ("name", "description", "inputs")}),
    "input name with spaces": with_rows([{**ROWS[0], "name": "city of origin"}, *ROWS[1:]]),
    "end token": BARE + "<|im_end|>",
    "comments": LINES.replace('"outputs"', '// what comes back\n  "outputs"'),
}


@pytest.mark.parametrize("text", RECOVERED.values(), ids=RECOVERED.keys())
def test_an_advanced_tool_is_recovered(text: str) -> None:
    advanced = parse_advanced_tool(text, TRACE)
    assert advanced.name == "send_cheaply" and advanced.description == "Send it."
    assert [(entry.call, entry.parameter, entry.value) for entry in advanced.inputs] == [
        (0, "origin", "Tartu"),
        (0, "destination", "Leuven"),
        (0, "date", "2026-05-03"),
        (1, "recipient", "Ada Byron"),
    ]
    assert len({entry.name for entry in advanced.inputs}) == 4
    assert all(entry.name.isidentifier() for entry in advanced.inputs)


REFUSED = {
    "a refusal": ("I cannot help with that.", "advanced_tool_json"),
    "nothing": ("", "advanced_tool_json"),
    "thoughts only": ("<think>\nThe tool would be", "advanced_tool_json"),
    "the material again": (json.dumps({"chain": "1. x()", "tools": {}}), "advanced_tool_json"),
    "a primitive tool": (json.dumps({**GOOD, "name": "book_courier"}), "advanced_tool_name"),
    "a primitive tool in other letters": (json.dumps({**GOOD, "name": "BookCourier"}), "advanced_tool_name"),
    "no name": (json.dumps({**GOOD, "name": ""}), "advanced_tool_name"),
    "a name of another kind": (json.dumps({**GOOD, "name": ["x"]}), "advanced_tool_name"),
    "an endless name": (json.dumps({**GOOD, "name": "x" * 9000}), "advanced_tool_name"),
    "no description": (json.dumps({**GOOD, "description": None}), "advanced_tool_json"),
    "an endless description": (json.dumps({**GOOD, "description": "long " * 500}), "too_long"),
    "endless outputs": (json.dumps({**GOOD, "outputs": ["x"] * 500}), "too_long"),
    "an input left out": (with_rows(ROWS[1:]), "advanced_tool_inputs"),
    "an input twice": (with_rows([*ROWS, ROWS[0]]), "advanced_tool_inputs"),
    "what a call hands on": (
        with_rows([*ROWS, {"name": "id", "call": 2, "parameter": "courier_id"}]),
        "advanced_tool_inputs",
    ),
    "inputs of another kind": (with_rows("origin, destination"), "advanced_tool_inputs"),
    "deep nesting": ('{"name":' * 3000, "advanced_tool_json"),
    "brackets": ("{" * 20_000, "advanced_tool_json"),
    "half pairs": (json.dumps({**GOOD, "name": "\ud800"}), "advanced_tool_name"),
}


@pytest.mark.parametrize(("text", "code"), REFUSED.values(), ids=REFUSED.keys())
def test_an_advanced_tool_is_refused(text: str, code: str) -> None:
    with pytest.raises(AdvancedToolError) as caught:
        parse_advanced_tool(text, TRACE)
    assert caught.value.code == code
    assert len(caught.value.detail) < 1000


def test_the_name_of_any_offered_tool_is_taken() -> None:
    with pytest.raises(AdvancedToolError, match="advanced_tool_name"):
        parse_advanced_tool(BARE, TRACE, {"send_cheaply"})


def test_the_schema_is_strict_and_fits_a_reply() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    jsonschema.validate(GOOD, SCHEMA)
    objects = [SCHEMA, SCHEMA["properties"]["inputs"]["items"]]
    for one in objects:
        assert one["additionalProperties"] is False
        assert set(one["required"]) == set(one["properties"])


_PIECES = st.sampled_from(
    [*"{}[]\",:'\\\n `", '{"a":["', "{a:b,", "```json\n", "</think>", '"name"', "//", "True", "x" * 300, BARE]
)


@settings(max_examples=150, deadline=None)
@given(st.lists(_PIECES, max_size=200).map("".join))
def test_hostile_json_takes_little_time(text: str) -> None:
    started = time.process_time()
    read_object(text, ("name",))
    assert time.process_time() - started < 5


# -- A_Q --------------------------------------------------------------------------------------------------

MESSAGE = 'Please send the "blue box" to Ada Byron, from Tartu to Leuven on 2026-05-03.'
PLAIN = "Please send it to Ada Byron, as cheaply as you can. My PIN is 4711: use it."
QUERIES = {
    "as it is": MESSAGE,
    "in quotation marks": f'"{PLAIN}"',
    "in typographic ones": f"“{MESSAGE}”",
    "in single ones": f"'{PLAIN}'",
    "with escaped ones inside": '"' + MESSAGE.replace('"', '\\"') + '"',
    "User:": f"User: {MESSAGE}",
    "bold User:": f"**User:** {MESSAGE}",
    "User message:": f"User message: {MESSAGE}",
    "User: and quoted": f'User: "{PLAIN}"',
    "quoted User:": f'"User: {PLAIN}"',
    "Here is": f"Here is the user's message:\n\n{MESSAGE}",
    "Here's, quoted": f'Here\'s a natural message from the user: "{PLAIN}"',
    "Sure!": f"Sure! Here is the message:\n{MESSAGE}",
    "Certainly": f'Certainly, here is a possible query:\n\n"{PLAIN}"',
    "fenced": f"```\n{MESSAGE}\n```",
    "fenced as text": f"```text\n{MESSAGE}\n```",
    "after thoughts": f"<think>\nA parent, in a hurry. Draft: “send it”.\n</think>\n\n{MESSAGE}",
    "as JSON": json.dumps({"message": MESSAGE}),
    "as JSON query": json.dumps({"query": PLAIN}),
    "a note after it": f"{MESSAGE}\n\n(Note: this message contains all input values.)",
    "a rule and a note": f"{MESSAGE}\n\n---\nThis request follows the persona of a parent.",
    "a bold note": f"{MESSAGE}\n\n**Note:** The message does not name any tools.",
    "end token": f"{MESSAGE}<|im_end|>",
}


@pytest.mark.parametrize("text", QUERIES.values(), ids=QUERIES.keys())
def test_a_query_is_freed_of_its_wrapping(text: str) -> None:
    assert clean_query(text) in (MESSAGE, PLAIN)


@pytest.mark.parametrize(
    "text",
    [
        '"Oak" and "Ash" are the folders I mean.',
        'Here\'s the order of things: comment on it: "I agree."; then close it.',
        "Here is my PIN: 4711. Send the box.",
        'Send a note that says: "Here is the message:\nsee you."',
        "The message to send: 'see you', please, and 'bye' as its subject.",
        "Note: I am in a hurry. Send it.",
        "Send it.\n\nNote that Ada is away until May 3.",
        "Message Ada: I am late.",
        "'Tis the blue box that I want sent, Ada's.",
        '{"message": 5}',
        "Could you run ```ls``` for me?",
    ],
)
def test_a_query_that_only_looks_wrapped_stays(text: str) -> None:
    assert clean_query(text) == text


def test_advice_is_bounded_by_the_sentence() -> None:
    long = "Look at the prices of search_couriers. " * 100
    short = clean_critique(f"<think>hm</think>Advice: {long}")
    assert len(short) <= CRITIQUE_CHARACTERS and short.endswith("search_couriers.")
    assert short.startswith("Look")
    assert len(clean_critique("word " * 5000)) <= CRITIQUE_CHARACTERS + 1
    assert clean_critique("<think>never ends") == ""


@given(st.text())
def test_no_text_makes_cleaning_fail(text: str) -> None:
    clean_query(text)
    clean_critique(text)
    plain(text).encode()


# -- A_R --------------------------------------------------------------------------------------------------

TOOLS = frozenset(("search_couriers", "book_courier", "unlock_depot", "list_parcels"))
THOUGHT = "Tartu to Leuven it is, so I look for couriers first."
CALL = ("search_couriers", {"origin": "Tartu", "destination": "Leuven"})
TWO = [CALL, ("unlock_depot", {"pin": "4711"})]
HERMES = to_hermes([CALL])
OBJECT = json.dumps({"name": CALL[0], "arguments": CALL[1]})
THINK = f"<think>\n{THOUGHT}\n</think>\n"
RESULT = '<tool_response>\n{"couriers": []}\n</tool_response>'

STEPS = {
    "as asked": THINK + HERMES,
    "call not closed": f"{THINK}<tool_call>\n{OBJECT}",
    "thought not closed": f"<think>\n{THOUGHT}\n{HERMES}",
    "fenced json": f"{THINK}```json\n{OBJECT}\n```",
    "fenced without a language": f"{THINK}```\n{OBJECT}\n```",
    "fence in the tag": f"{THINK}<tool_call>\n```json\n{OBJECT}\n```\n</tool_call>",
    "tag in the fence": f"{THINK}```xml\n{HERMES}\n```",
    "fence and prose": f"{THINK}I call the tool:\n```json\n{OBJECT}\n```",
    "bare": THINK + OBJECT,
    "bare after prose": f"{THINK}Calling it now.\n{OBJECT}",
    "in a list": f"{THINK}<tool_call>\n[{OBJECT}]\n</tool_call>",
    "Python call": THINK + '[search_couriers(origin="Tartu", destination="Leuven")]',
    "fenced Python": f'{THINK}```python\n[search_couriers(origin="Tartu", destination="Leuven")]\n```',
    "parameters": f"{THINK}<tool_call>\n{OBJECT.replace('arguments', 'parameters')}\n</tool_call>",
    "OpenAI's form": THINK
    + f"<tool_call>\n{json.dumps({'id': 'call_1', 'type': 'function', 'function': {'name': CALL[0], 'arguments': json.dumps(CALL[1])}})}\n</tool_call>",
    "arguments as text": f"{THINK}<tool_call>\n{json.dumps({'name': CALL[0], 'arguments': json.dumps(CALL[1])})}\n</tool_call>",
    "functions.": f"{THINK}<tool_call>\n{OBJECT.replace('search', 'functions.search')}\n</tool_call>",
    "trailing comma": f"{THINK}<tool_call>\n{OBJECT[:-1]},}}\n</tool_call>",
    "single quotes": f"{THINK}<tool_call>\n{ {'name': CALL[0], 'arguments': CALL[1]} }\n</tool_call>",
    "Llama's tag": f"{THINK}<function=search_couriers>{json.dumps(CALL[1])}</function>",
    "Mistral's tag": f"{THINK}[TOOL_CALLS][{OBJECT}]",
    "thinking tag": f"<thinking>{THOUGHT}</thinking>\n{HERMES}",
    "thought in prose": f"{THOUGHT}\n\n{HERMES}",
    "empty think, thought in prose": f"<think>\n\n</think>\n\n{THOUGHT}\n{HERMES}",
    "thoughts of its own before it": f"<think>\nThe notes say to search.\n</think>\n\n{THINK}{HERMES}",
    "and the second not closed": f"<think>\nHm.\n</think>\n<think>\n{THOUGHT}\n{HERMES}",
    "a made-up result": f"{THINK}{HERMES}\n{RESULT}",
    "made-up steps": f"{THINK}{HERMES}\n{RESULT}\n<think>\nNow I book it.\n</think>\n<tool_call>\n{{}}\n</tool_call>",
    "two steps": f"{THINK}{HERMES}\n<think>\nThen the next.\n</think>\n{to_hermes([TWO[1]])}",
    "the next speaker": f"{THINK}{HERMES}<|im_end|>\n<|im_start|>user\n{RESULT}",
    "the next speaker's name": f"{THINK}{HERMES}\nuser\n{RESULT}",
    "end token": f"{THINK}{HERMES}<|im_end|>",
    "words after the call": f"{THINK}{HERMES}\nI wait for the result.",
}


@pytest.mark.parametrize("text", STEPS.values(), ids=STEPS.keys())
def test_a_step_is_recovered(text: str) -> None:
    reply = read_step(text, TOOLS)
    assert reply.parsed.error is None
    assert reply.parsed.calls == [CALL]
    assert reply.parsed.thought == THOUGHT
    again = parse(reply.written)
    assert (again.calls, again.thought) == ([CALL], THOUGHT)


@pytest.mark.parametrize(
    "text",
    [
        THINK + to_hermes(TWO),
        THINK + "\n".join(json.dumps({"name": name, "arguments": arguments}) for name, arguments in TWO),
        THINK + "".join(f"```json\n{json.dumps({'name': n, 'arguments': a})}\n```\n" for n, a in TWO),
        THINK + "\n".join(f"<tool_call>\n{json.dumps({'name': n, 'arguments': a})}" for n, a in TWO),
    ],
)
def test_two_calls_of_a_step_are_recovered(text: str) -> None:
    assert read_step(text, TOOLS).parsed.calls == TWO


def test_a_call_without_arguments_is_recovered() -> None:
    assert read_step(f'{THINK}<tool_call>\n{{"name": "list_parcels"}}\n</tool_call>', TOOLS).parsed.calls == [
        ("list_parcels", {})
    ]


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        (f"{THINK}It costs 9 euros.", "It costs 9 euros."),
        (f"{THINK}**Final answer:** It costs 9 euros.", "It costs 9 euros."),
        (f"{THINK}Answer: It costs 9 euros.", "It costs 9 euros."),
        (f"<think>Hm.</think>{THINK}It costs 9 euros.", "It costs 9 euros."),
        (f"{THINK}<answer>It costs 9 euros.</answer>", "It costs 9 euros."),
        (f"{THINK}It costs 9 euros.<|im_end|>", "It costs 9 euros."),
        (f"<thinking>{THOUGHT}</thinking>It costs 9 euros.", "It costs 9 euros."),
        (f"{THINK}The answer is 9.", "The answer is 9."),
        (f'{THINK}The file has:\n```json\n{{"a": 1}}\n```', 'The file has:\n```json\n{"a": 1}\n```'),
        (
            f'{THINK}The entry is {{"name": "unknown", "arguments": {{}}}}.',
            'The entry is {"name": "unknown", "arguments": {}}.',
        ),
    ],
)
def test_an_answer_is_taken_without_its_label(text: str, answer: str) -> None:
    parsed = read_step(text, TOOLS).parsed
    assert (parsed.error, parsed.calls, parsed.content, parsed.thought) == (None, [], answer, THOUGHT)


@pytest.mark.parametrize(
    "text",
    [
        f"{THINK}<tool_call>\n{OBJECT[:-9]}",  # cut in the middle
        f'{THINK}<tool_call>\n{{"name": "search_couriers", "arguments": {{"a": 1, "a": 2}}}}\n</tool_call>',
        f'{THINK}<tool_call>\n{{"name": "search_couriers", "arguments": {{"a": NaN}}}}\n</tool_call>',
        f'{THINK}<tool_call>\n{{"name": "search_couriers", "arguments": {{"a": 1e999}}}}\n</tool_call>',
        f'{THINK}<tool_call>\n{{"name": "search_couriers", "arguments": [1]}}\n</tool_call>',
        f'{THINK}<tool_call>\n{{"name": "search_couriers", "arguments": {{}}, "parameters": {{}}}}\n</tool_call>',
        f'{THINK}<tool_call>\n{{"name": "search_couriers", "arguments": {{"a": __import__("os")}}}}\n</tool_call>',
        f"{THINK}<tool_call>\n{'[' * 5000}\n</tool_call>",
        f"{THINK}<tool_call>\n</tool_call>",
        f"<think>\n{THOUGHT} It never ends",
        THINK + "x" * 150_000,
    ],
)
def test_what_is_not_clear_is_not_guessed(text: str) -> None:
    parsed = read_step(text, TOOLS).parsed
    assert parsed.error and not parsed.calls


def test_a_fenced_call_of_no_tool_is_no_call() -> None:
    text = f'{THINK}```json\n{{"name": "nothing", "arguments": {{}}}}\n```'
    assert not read_step(text, TOOLS).parsed.calls


_PARTS = st.sampled_from(
    [
        *(
            "<think>",
            "</think>",
            "<tool_call>",
            "</tool_call>",
            "<tool_response>",
            "```json\n",
            "\n```",
            "\n",
        ),
        *("<function=search_couriers>", "</function>", "[TOOL_CALLS]", "<|im_end|>", "<thinking>", "user"),
        *(OBJECT, OBJECT[:20], "{", "[", "]", "}", '"', " " * 500, "\n" * 200, "word ", RESULT, HERMES),
    ]
)


@settings(max_examples=200, deadline=None)
@given(st.lists(_PARTS, max_size=120).map("".join))
def test_hostile_steps_take_little_time_and_never_raise(text: str) -> None:
    started = time.process_time()
    reply = read_step(text, TOOLS)
    assert time.process_time() - started < 2
    if reply.parsed.calls:
        assert parse(reply.written).calls == reply.parsed.calls


@pytest.mark.parametrize(
    "text",
    [
        *("<function=a>{" * 12_000, " " * 190_000 + "x", "\n" * 190_000 + "x", "user" + " " * 190_000),
        *("```\n" * 40_000, "<tool_call>" * 15_000, "{\n" * 90_000, "[\n{" * 40_000, "<think>" * 25_000),
        *("</think>" * 20_000, '{"name": "search_couriers"}\n' * 6000, "<|im_end|>" * 15_000),
    ],
)
def test_long_hostile_steps_take_little_time(text: str) -> None:
    started = time.process_time()
    read_step(text, TOOLS)
    clean_query(text[:20_000])
    read_object(text[:50_000])
    assert time.process_time() - started < 5
