"""The renderer and the chat templates write the same text, and the texts read back as the same calls."""

from __future__ import annotations

import importlib.util
import json
import keyword
import re
from pathlib import Path
from typing import Any

import jinja2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from funreason_plugin.calls import MARKERS, ParsedCall, parse
from funreason_plugin.chat_templates import chat_template
from funreason_plugin.errors import UserError
from funreason_plugin.formats.options import FormatOptions
from funreason_plugin.formats.verl import call_rows
from funreason_plugin.messages import Conversation, Message
from funreason_plugin.rendering import (
    FORMS,
    PromptForm,
    prompt,
    render,
    response_text,
    results_text,
    split_results,
)
from tests.core.chat import compiled, openai, rendered

TOOLS: list[dict[str, Any]] = [
    {
        "type": "function",
        "function": {
            "name": "weather",
            "description": "The weather in a city, in °C.",
            "parameters": {
                "type": "object",
                "properties": {"city": {"type": "string"}},
                "required": ["city"],
            },
        },
    }
]
TALK = Conversation(
    [
        Message("user", "Warmer in Oslo or in Bergen?"),
        Message(
            "assistant",
            thought="Both are needed.",
            calls=(ParsedCall("weather", {"city": "Oslo"}), ParsedCall("weather", {"city": "Bergen"})),
        ),
        Message("tool", results=('{"celsius": 3}', '{"sky": "it\'s grey"}')),
        Message("assistant", "In Bergen.", thought="7 is more than 3."),
    ],
    system="Be brief.",
    tools=TOOLS,
)

# ------------------------------------------------------------------------------------- the three forms


def test_hermes() -> None:
    assert [pair.response for pair in render(TALK, "hermes")] == [
        '<tool_call>\n{"name": "weather", "arguments": {"city": "Oslo"}}\n</tool_call>\n'
        '<tool_call>\n{"name": "weather", "arguments": {"city": "Bergen"}}\n</tool_call><|im_end|>\n',
        "<think>\n7 is more than 3.\n</think>\n\nIn Bergen.<|im_end|>\n",
    ]
    assert render(TALK, "hermes")[1].prompt == (
        '<|im_start|>user\n<tool_response>\n{"celsius": 3}\n</tool_response>\n<tool_response>\n'
        '{"sky": "it\'s grey"}\n</tool_response><|im_end|>\n<|im_start|>assistant\n'
    )


def test_funreason() -> None:
    first, second = render(TALK, "funreason")
    assert first.response == (
        '<tool_call>[weather(city="Oslo"), weather(city="Bergen")]</tool_call><|im_end|>\n'
    )
    assert second == (
        '<|im_start|>user\n<tool_response>\n[{"celsius": 3}, {"sky": "it\'s grey"}]\n</tool_response><|im_end|>\n'
        "<|im_start|>assistant\n<think>",
        "\n7 is more than 3.\n</think>\n\nIn Bergen.<|im_end|>\n",
    )


def test_card() -> None:
    first, second = render(TALK, "card")
    assert first.response == '[weather(city="Oslo"), weather(city="Bergen")]<|im_end|>\n'
    assert second == (
        "<|im_start|>user\n<tool_response>\n"
        """['{"celsius": 3}', '{"sky": "it\\'s grey"}']\n"""
        "</tool_response><|im_end|>\n<|im_start|>assistant\n<think>",
        "\n7 is more than 3.\n</think>\n\nIn Bergen.<|im_end|>\n",
    )


@pytest.mark.parametrize("form", FORMS)
def test_whose_thoughts_are_shown(form: PromptForm) -> None:
    def shown(**options: Any) -> list[bool]:
        return ["</think>" in pair.response for pair in render(TALK, form, **options)]

    assert shown() == [False, True]
    assert shown(thoughts="all") == [True, True]
    assert shown(thoughts="none") == [False, False]


@pytest.mark.parametrize("form", FORMS)
def test_the_prompt_of_a_response_is_what_is_rendered_before_it(form: PromptForm) -> None:
    """`<think>`, which is appended when a model is served, included."""
    first, second = render(TALK, form)
    asked = Conversation(TALK.messages[:3], TALK.system, TALK.tools)
    assert prompt(asked, form) == "".join([*first, second.prompt])


# -------------------------------------------------------------------------------------- hostile values

TEXT = st.one_of(
    st.text(max_size=12),
    st.lists(
        st.sampled_from([*MARKERS, "'", '"', "\\", "\n", "\\u003c", "/", "é", "😀", "{", "]"]), max_size=4
    ).map("".join),
)
VALUE = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)
KEY = st.sampled_from(["city", "from", "None", "größe", "zip-code", "_x", "items", "a b", "", "1st"]) | TEXT
CALL = st.builds(
    ParsedCall, st.sampled_from(["weather", "ls", "_f2"]), st.dictionaries(KEY, VALUE, max_size=4)
)
CALLS = st.lists(CALL, min_size=1, max_size=3).map(tuple)
SAID = TEXT.filter(lambda text: "think>" not in text)


@st.composite
def conversations(draw: st.DrawFn) -> Conversation:
    messages = [Message("user", draw(TEXT))]
    for _ in range(draw(st.integers(0, 2))):
        calls = draw(CALLS)
        messages.append(Message("assistant", draw(SAID), draw(st.none() | SAID), calls))
        results = draw(st.lists(TEXT, min_size=len(calls), max_size=len(calls)))
        messages.append(Message("tool", results=tuple(results)))
    messages.append(Message("assistant", draw(SAID), draw(st.none() | SAID)))
    tools = [
        {"type": "function", "function": {"name": "ls", "description": text}}
        for text in draw(st.lists(TEXT, max_size=2))
    ]
    return Conversation(messages, draw(TEXT), tools)


@settings(max_examples=150, deadline=None)
@given(conversations(), st.sampled_from(FORMS), st.booleans())
def test_the_chat_templates_write_what_the_renderer_writes(
    conversation: Conversation, form: PromptForm, as_text: bool
) -> None:
    messages = openai(conversation, as_text=as_text, ascii=as_text and form != "hermes")
    assert rendered(form, messages, tools=conversation.tools) == "".join(
        map("".join, render(conversation, form))
    )
    asked = Conversation(conversation.messages[:-1], conversation.system, conversation.tools)
    for thinking in (True, False):
        options = {"tools": conversation.tools, "add_generation_prompt": True, "enable_thinking": thinking}
        assert rendered(form, messages[:-1], **options) == prompt(asked, form, thinking=thinking)


@settings(max_examples=150, deadline=None)
@given(CALLS, st.none() | SAID, st.sampled_from(FORMS))
def test_what_is_rendered_reads_back(
    calls: tuple[ParsedCall, ...], thought: str | None, form: PromptForm
) -> None:
    conversation = Conversation([Message("user", "?"), Message("assistant", "", thought, calls)])
    read = parse(render(conversation, form)[0].response.removesuffix("<|im_end|>\n"))
    assert (read.error, read.calls, read.content) == (None, list(calls), "")
    assert (read.thought or "") == (thought or "").strip()


@settings(max_examples=100, deadline=None)
@given(CALLS, SAID)
def test_a_reader_of_the_hermes_format_as_documented_finds_the_calls(
    calls: tuple[ParsedCall, ...], said: str
) -> None:
    """One JSON object between each pair of tags, whatever stands in its strings (vLLM's parser works so)."""
    text = response_text(Message("assistant", said.replace("tool_call>", ""), calls=calls), "hermes")
    found = [json.loads(block) for block in re.findall(r"<tool_call>(.*?)</tool_call>", text, re.DOTALL)]
    assert [(call["name"], call["arguments"]) for call in found] == list(calls)


@given(st.lists(st.text(), min_size=1))
def test_results_are_joined_so_that_they_can_be_split(results: list[str]) -> None:
    assert split_results(results_text(results, "hermes")) == results


# -------------------------------------------------------------------------------- Qwen3's own template


@pytest.fixture(scope="module")
def qwen3() -> str:
    """Qwen3's chat template, which bfcl-eval quotes beside its handler."""
    spec = importlib.util.find_spec("bfcl_eval")
    if spec is None or spec.origin is None:
        pytest.skip("bfcl_eval is not installed")
    source = Path(spec.origin).parent / "model_handler" / "local_inference" / "qwen.py"
    quoted = source.read_text(encoding="utf-8").partition('"chat_template":\n')[2].partition('"""')[0]
    assert quoted.count("tool_call") > 5
    return quoted.strip()


@settings(max_examples=100, deadline=None)
@given(conversations())
def test_hermes_is_qwen3_s_own_form(qwen3: str, conversation: Conversation) -> None:
    """Except that tags inside of values are escaped, and that an answer does not begin with line feeds."""
    plain = json.loads(json.dumps(openai(conversation)).replace("<", "("))
    for message in plain:
        message.pop("reasoning_content", None)
        if message["role"] == "assistant":
            message["content"] = message["content"].strip()
        if message["role"] == "user":
            message["content"] += "."  # not to be taken for a tool's message
    tools = json.loads(json.dumps(conversation.tools).replace("<", "("))
    options = {"tools": tools, "add_generation_prompt": True}
    assert rendered("hermes", plain[:-1], **options) == compiled(qwen3).render(messages=plain[:-1], **options)


@settings(max_examples=100, deadline=None)
@given(conversations(), st.sampled_from(FORMS))
def test_chat_templates_write_a_written_out_prompt_as_it_is(
    qwen3: str, conversation: Conversation, form: PromptForm
) -> None:
    """What rows of verl have, tools in the system text and calls as texts, is prompted as the conversation is."""
    ends = [number for number, message in enumerate(conversation.messages) if message.calls]
    for row, end in zip(
        call_rows(conversation, "a", "train", FormatOptions("a", "full", form), 0), ends, strict=True
    ):
        before = Conversation(conversation.messages[:end], conversation.system, conversation.tools)
        assert rendered(form, row["prompt"], add_generation_prompt=True) == prompt(before, form)
        if form == "hermes":
            assert compiled(qwen3).render(messages=row["prompt"], add_generation_prompt=True) == prompt(
                before, form
            )


def test_a_thought_stands_where_qwen3_puts_it(qwen3: str) -> None:
    messages = openai(Conversation(TALK.messages, TALK.system, TALK.tools))
    del messages[2]["reasoning_content"]
    assert rendered("hermes", messages, tools=TOOLS) == compiled(qwen3).render(messages=messages, tools=TOOLS)


# ------------------------------------------------------------------------ what clients send to templates


@pytest.mark.parametrize("form", FORMS)
def test_thoughts_of_the_history_are_dropped_wherever_they_stand(form: PromptForm) -> None:
    asked: dict[str, Any] = {"add_generation_prompt": True, "tools": TOOLS}
    plain = openai(Conversation(TALK.messages, TALK.system))
    inside = [dict(message) for message in plain]
    for message in inside:
        if thought := message.pop("reasoning_content", ""):
            message["content"] = f"<think>\n{thought}\n</think>\n\n{message['content']}"
    bare = [{key: value for key, value in message.items() if key != "reasoning_content"} for message in plain]
    assert rendered(form, inside, **asked) == rendered(form, plain, **asked) == rendered(form, bare, **asked)
    assert "Both are needed" not in rendered(form, inside)
    assert "7 is more than 3" in rendered(form, inside) == rendered(form, plain)  # the last one is trained


@pytest.mark.parametrize("content", [None, "", "\n\n"])
def test_line_feeds_that_a_server_leaves_beside_calls_vanish(content: str | None) -> None:
    messages = openai(TALK)
    messages[2]["content"] = content
    assert rendered("hermes", messages, tools=TOOLS) == "".join(map("".join, render(TALK, "hermes")))


def test_content_may_come_in_parts() -> None:
    parts = [{"type": "text", "text": "One"}, {"type": "text", "text": "two"}]
    assert "<|im_start|>user\nOne\ntwo<|im_end|>" in rendered("card", [{"role": "user", "content": parts}])


ASKED = {"role": "user", "content": "?"}


def called(name: str, arguments: Any) -> list[dict[str, Any]]:
    return [
        ASKED,
        {"role": "assistant", "tool_calls": [{"function": {"name": name, "arguments": arguments}}]},
    ]


@pytest.mark.parametrize(
    ("form", "messages", "line"),
    [
        (
            "hermes",
            [ASKED, {"role": "bot", "content": "!"}],
            r"messages\[1\]: role bot; expected system, user",
        ),
        (
            "hermes",
            [ASKED, {"role": "tool", "content": "1"}],
            r"messages\[1\]: a tool message must come after",
        ),
        ("card", [{"role": "user", "content": {"a": 1}}], r"messages\[0\]: content is not text"),
        (
            "card",
            [{"role": "user", "content": [{"type": "image_url"}]}],
            r"messages\[0\]: content is not text",
        ),
        ("funreason", called("get-zip", {}), "tool name 'get-zip' cannot be written as a Python call"),
        ("card", called("__import__", {}), "tool name '__import__' cannot be written"),
        ("card", called("ls", '{"a": 1'), "the arguments of the call of ls are not a JSON object"),
        ("card", called("ls", '{"a": open}'), "the arguments of the call of ls are not a JSON object"),
        ("card", called("ls", "[1]"), "the arguments of the call of ls are not a JSON object"),
        ("card", called("ls", '{"a": "\\q"}'), "the arguments of the call of ls are not a JSON object"),
        ("card", called("ls", '{"a": --2}'), "the arguments of the call of ls are not a JSON object"),
        ("card", called("ls", '{"a": 1-2}'), "the arguments of the call of ls are not a JSON object"),
    ],
)
def test_bad_input_is_one_clear_line(form: str, messages: list[dict[str, Any]], line: str) -> None:
    with pytest.raises(jinja2.TemplateError, match=line):
        rendered(form, messages)


def test_the_templates_know_our_markers_and_python_s_keywords() -> None:
    module: Any = compiled(chat_template("card")).make_module({"messages": []})
    assert tuple(module.markers) == MARKERS
    assert module.keywords == keyword.kwlist


def test_an_unknown_form_is_refused() -> None:
    with pytest.raises(
        UserError, match="'herms' is not known; expected hermes, funreason, card; did you mean 'hermes'"
    ):
        chat_template("herms")
