"""Rows as LLaMA-Factory gives them, back to conversations; what would need a guess is refused."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from funreason_plugin.errors import UserError
from funreason_plugin.messages import Conversation, Message
from funreason_plugin.rendering import FORMS, PromptForm, render
from funreason_plugin.sft.rows import of_row

TOOLS = json.dumps([{"type": "function", "function": {"name": "ls", "parameters": {}}}])
CALLS = '[{"name": "ls", "arguments": {"folder": "a"}}]'
THOUGHT = "<think>\nLook.\n</think>\n\n"


def row(*turns: tuple[str, Any]) -> list[dict[str, Any]]:
    return [{"role": role, "content": content} for role, content in turns]


ASKED = ("user", "Which files are there?")


def test_calls_and_results_are_data_in_a_row_with_tools() -> None:
    results = "[1]\n</tool_response>\n<tool_response>\n[2]"
    two = json.dumps(json.loads(CALLS) * 2)
    messages = row(ASKED, ("function", THOUGHT + two), ("observation", results), ("assistant", "Two."))
    found = of_row(messages, "Be brief.", TOOLS, "funreason")
    call = ("ls", {"folder": "a"})
    assert [(message.role, message.thought, message.results) for message in found.messages] == [
        ("user", None, ()),
        ("assistant", "Look.", ()),
        ("tool", None, ("[1]", "[2]")),
        ("assistant", None, ()),
    ]
    assert found.messages[1].calls == (call, call)
    assert found.tools == json.loads(TOOLS)
    found.check()


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("tools", ["", None, "[]", " "])
def test_texts_that_are_written_out_stand_as_they_are(form: PromptForm, tools: str | None) -> None:
    messages = row(
        ASKED,
        ("assistant", f"{THOUGHT}<tool_call>[ls(folder='a'), ls()]</tool_call>"),
        ("observation", "[1, 2] as it came"),
        ("assistant", "[one()]"),
    )
    text = "".join(
        map("".join, render(of_row(messages, "Tools: ls", tools, form), "funreason", thoughts="all"))
    )
    assert text == (
        "<|im_start|>system\nTools: ls<|im_end|>\n"
        "<|im_start|>user\nWhich files are there?<|im_end|>\n"
        f"<|im_start|>assistant\n{THOUGHT}<tool_call>[ls(folder='a'), ls()]</tool_call><|im_end|>\n"
        "<|im_start|>user\n<tool_response>\n[1, 2] as it came\n</tool_response><|im_end|>\n"
        "<|im_start|>assistant\n[one()]<|im_end|>\n"
    )


def test_calls_are_data_without_tools_too() -> None:
    found = of_row(
        row(ASKED, ("function", CALLS), ("observation", "[1]"), ("assistant", "One.")), "", "", "card"
    )
    assert render(found, "card")[0].response == '[ls(folder="a")]<|im_end|>\n'
    assert found.messages[2] == Message("tool", results=("[1]",))


@pytest.mark.parametrize("tag", ["<think>", "</think>", "</tool_call>"])
@pytest.mark.parametrize("thought", ["", THOUGHT])
@pytest.mark.parametrize("form", FORMS)
def test_a_tag_in_an_argument_is_a_value(tag: str, thought: str, form: PromptForm) -> None:
    call = CALLS.replace('"a"', f'"a {tag}"')
    found = of_row(row(ASKED, ("function", thought + call)), "", TOOLS, form)
    assert found.messages[1].calls == (("ls", {"folder": f"a {tag}"}),)
    assert found.messages[1].thought == ("Look." if thought else None)
    assert "\\u003c" + tag[1:] in render(found, form)[0].response


def test_an_empty_row_has_no_messages() -> None:
    assert of_row([], None, None, "funreason") == Conversation([])


@pytest.mark.parametrize(
    ("calls", "reason"),
    [
        ("ls", "the calls are 'ls'; expected a JSON list"),
        ("[]", r"the calls are '\[\]'; expected a JSON list"),
        ("[ls()]", r"the calls are '\[ls\(\)\]'; expected a JSON list"),
        (f"First this. {CALLS}", "the calls are 'First this. "),
        (f"{CALLS} and done", "the calls are not JSON (Extra data"),
        (CALLS[:-1], "the calls are not JSON"),
        (
            '[{"name": "ls", "arguments": "{}"}]',
            "the arguments of 'ls' are a string, encoded twice; expected an",
        ),
        ('{"name": "ls", "arguments": "{}"}', "encoded twice"),
        ('[{"name": "ls"}]', 'a call must be {"name": …, "arguments": {…}}; expected'),
        (
            '[{"name": "ls", "arguments": {}, "id": 1}]',
            'a call must be {"name": …, "arguments": {…}}; expected',
        ),
        ('[{"name": "ls", "arguments": [1]}]', " must be an object"),
        ('[{"name": "ls", "arguments": {"a": NaN}}]', "NaN is not a JSON value"),
        ('[{"name": "ls", "arguments": {"a": "\\ud800"}}]', "half a surrogate pair"),
        ('[{"name": "ls", "arguments": ' + "[" * 9999 + "]" * 9999 + "}]", "the calls are not JSON"),
        (f"<tool_call>{CALLS}</tool_call>", "the calls are '<tool_call>"),
        ("<think>Look.</think>" + CALLS, "is no reasoning as Qwen3 writes it"),
    ],
)
@pytest.mark.parametrize("form", FORMS)
def test_calls_that_are_no_list_of_objects_are_refused(calls: str, reason: str, form: PromptForm) -> None:
    pattern = reason if "\\" in reason else re.escape(reason)
    with pytest.raises(UserError, match=r"row that begins 'Which files.*': messages\[1\]: ") as error:
        of_row(row(ASKED, ("function", calls)), "", TOOLS, form)
    assert re.search(pattern, str(error.value))
    assert len(str(error.value)) < 400


@pytest.mark.parametrize(
    "text",
    [
        "<think>Look.</think>Done.",
        "<think>\nLook.\n</think>\nDone.",
        "<think>\n\n</think>\n\nDone.",
        "<think>\n Look.\n</think>\n\nDone.",
        f" {THOUGHT}Done.",
        f"{THOUGHT}{THOUGHT}Done.",
        "Look.</think>\n\nDone.",
        f"{THOUGHT}Done. <think>",
    ],
)
@pytest.mark.parametrize("form", FORMS)
def test_reasoning_that_is_not_written_as_qwen3_s_is_refused(text: str, form: PromptForm) -> None:
    with pytest.raises(
        UserError, match=r"messages\[1\]: .* is no reasoning as Qwen3 writes it; expected '<think>'"
    ):
        of_row(row(ASKED, ("assistant", text)), "", "", form)


@pytest.mark.parametrize(
    ("tools", "reason"),
    [
        ("{}", "tools: '{}'; expected a JSON list"),
        ('"[]"', "tools: '\"[]\"'; expected a JSON list"),
        ("ls", "tools: not JSON"),
        ("[" * 99_999, "tools: not JSON"),
        ('["ls"]', "tools[0]: '\"ls\"'; expected an object with a name"),
        ('[{"type": "function", "function": {}}]', "expected an object with a name"),
        ('[{"type": "function", "function": "ls"}]', "expected an object with a name"),
    ],
)
@pytest.mark.parametrize("form", FORMS)
def test_tools_that_are_no_list_of_documents_are_refused(tools: str, reason: str, form: PromptForm) -> None:
    with pytest.raises(UserError, match="row that begins 'Which files are there.': .*" + re.escape(reason)):
        of_row(row(ASKED, ("assistant", "None.")), "", tools, form)


@pytest.mark.parametrize("form", ["funreason", "card"])
def test_a_name_that_is_not_python_s_is_refused_where_python_is_written(form: PromptForm) -> None:
    tools, calls = TOOLS.replace("ls", "list-files"), CALLS.replace("ls", "list-files")
    mend = r"tool name 'list-files' cannot be written as a Python call; .*template: funreason_hermes"
    with pytest.raises(UserError, match=r"Which files.*: tools\[0\]: " + mend):
        of_row(row(ASKED, ("assistant", "None.")), "", tools, form)
    with pytest.raises(UserError, match=r"Which files.*: messages\[1\]: " + mend):
        of_row(row(ASKED, ("function", calls)), "", TOOLS, form)
    assert of_row(row(ASKED, ("function", calls)), "", tools, "hermes").messages[1].calls


@pytest.mark.parametrize("form", ["funreason", "card"])
def test_results_that_are_not_one_for_each_call_are_refused(form: PromptForm) -> None:
    two = json.dumps(json.loads(CALLS) * 2)
    with pytest.raises(UserError, match=r"messages\[2\]: 1 results for 2 calls; expected one for each call"):
        of_row(row(ASKED, ("function", two), ("observation", "[1]"), ("assistant", "One.")), "", TOOLS, form)
    with pytest.raises(UserError, match=r"messages\[2\]: 1 results for 0 calls"):
        of_row(
            row(ASKED, ("assistant", "ls"), ("observation", "[1]"), ("assistant", "One.")), "", TOOLS, form
        )


@pytest.mark.parametrize("form", ["funreason", "card"])
def test_calls_beside_a_text_that_are_not_qwen3_s_are_refused(form: PromptForm) -> None:
    for text in ("Look: <tool_call>[ls()]</tool_call>", "<tool_call>ls</tool_call>", "Look: <tool_call>"):
        with pytest.raises(
            UserError, match=r"messages\[1\]: .*; expected a text and, below it, a <tool_call>"
        ):
            of_row(row(ASKED, ("assistant", text)), "", TOOLS, form)


@pytest.mark.parametrize(
    ("turn", "reason"), [(("assistant", None), "content is NoneType"), (("tool", ""), "role 'tool'")]
)
def test_what_is_no_message_is_refused(turn: tuple[str, Any], reason: str) -> None:
    with pytest.raises(UserError, match=r"messages\[1\]: " + reason):
        of_row(row(ASKED, turn), "", TOOLS, "funreason")
