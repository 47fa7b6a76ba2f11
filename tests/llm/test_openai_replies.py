"""Replies of all sorts of servers, as text: what can be read in one way is read, anything else is a problem."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from funreason_plugin.calls import parse
from funreason_plugin.synthesis.teachers.base import Agent
from funreason_plugin.synthesis.teachers.openai_replies import LONGEST_TEXT, Reply, read_reply

CALL = '<tool_call>\n{"name": "get_time", "arguments": {"city": "Oslo"}}\n</tool_call>'
NATIVE = {"id": "1", "type": "function", "function": {"name": "get_time", "arguments": '{"city": "Oslo"}'}}


def read(message: object, agent: Agent = "querying", finish: object = "stop", **choice: object) -> Reply:
    body = {"choices": [{"message": message, "finish_reason": finish, **choice}]}
    return read_reply(orjson.dumps(body), agent)


def text(content: object, agent: Agent = "querying", **message: object) -> str:
    found = read({"content": content, **message}, agent)
    assert not found.problem, found.detail
    return found.text


# -- thoughts ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("field", ["reasoning_content", "reasoning"])
def test_thoughts_stand_before_the_text_of_the_reasoning_agent_only(field: str) -> None:
    thoughts = {field: "It is Norway's."}
    assert text(CALL, "reasoning", **thoughts) == f"<think>\nIt is Norway's.\n</think>\n{CALL}"
    for agent in ("querying", "tooling", "critiquing"):
        assert text("Oslo", agent, **thoughts) == "Oslo"


def test_thoughts_in_the_text_stay_with_the_reasoning_agent_and_go_from_others() -> None:
    content = "<think>\nHm.\n</think>\n\nOslo"
    assert text(content, "reasoning") == content
    assert text(content, "reasoning", reasoning_content="Hm.") == content  # told twice
    assert text(content) == "Oslo"
    assert text("Hm, opened by the prompt.</think>Oslo") == "Oslo"


@pytest.mark.parametrize(
    "content, rest",
    [
        (
            "Start with a thought in <think>…</think>, then call.",
            "Start with a thought in <think>…</think>, then call.",
        ),
        ("<think>Say <think>…</think> again.</think>Write <think>…</think>.", "Write <think>…</think>."),
        ("I was told </think> ends it.</think>Oslo", "Oslo"),
        ("<think>a</think>b</think>Oslo", "Oslo"),
    ],
)
def test_advice_may_speak_of_thoughts(content: str, rest: str) -> None:
    assert text(content, "critiquing") == rest


def test_nothing_but_thoughts_is_no_reply_unless_the_limit_came_first() -> None:
    assert read({"content": "<think>I wonder"}).problem == "empty"
    assert read({"content": None, "reasoning_content": "I wonder"}).problem == "empty"
    assert read({"content": "", "reasoning_content": "I wonder"}, "reasoning").problem == "empty"
    cut = read({"content": None, "reasoning_content": "I wonder"}, "reasoning", finish="length")
    assert (cut.problem, cut.cut_off) == ("", True)
    assert read({"content": "<think>I wonder"}, finish="length").text == ""


# -- calls ------------------------------------------------------------------------------------------------


def test_native_calls_are_hermes_text() -> None:
    assert text(None, "reasoning", tool_calls=[NATIVE]) == CALL
    assert text("", "reasoning", tool_calls=[NATIVE, NATIVE], reasoning="Hm.") == (
        f"<think>\nHm.\n</think>\n{CALL}\n{CALL}"
    )
    assert text("One moment.", "reasoning", tool_calls=[NATIVE]) == f"One moment.\n{CALL}"
    assert text(None, "reasoning", function_call=NATIVE["function"]) == CALL


@pytest.mark.parametrize(
    "arguments, read_as",
    [("", {}), (None, {}), ("{}", {}), ({"city": "Oslo"}, {"city": "Oslo"}), ('{"n": 1e2}', {"n": 100.0})],
)
def test_arguments_come_as_text_or_as_an_object(arguments: object, read_as: dict[str, Any]) -> None:
    call = {"function": {"name": "f", "arguments": arguments}}
    assert parse(text(None, "reasoning", tool_calls=[call])).calls == [("f", read_as)]


@pytest.mark.parametrize(
    "arguments",
    [
        '{"city": "Os',
        "[1]",
        "NaN",
        '{"x": NaN}',
        '"</tool_call>"',
        '{"a":' * 5000,
        "9" * 5000,
        '{"x": 1e999}',
        [1],
        7,
    ],
)
def test_arguments_that_are_no_object_are_left_for_the_reader_to_reject(arguments: object) -> None:
    call = {"function": {"name": "f", "arguments": arguments}}
    found = parse(text(None, "reasoning", tool_calls=[call]))
    assert found.error and not found.calls


def test_calls_that_are_not_calls_do_no_harm() -> None:
    oddities: list[Any] = [None, 1, "x", {}, [None], [{}], [{"function": None}], [{"function": {"name": 3}}]]
    for odd in oddities:
        assert text("Oslo", tool_calls=odd).startswith("Oslo")


# -- the text in another place ----------------------------------------------------------------------------


def test_parts_are_joined_and_thinking_parts_are_thoughts() -> None:
    parts = [
        {"type": "thinking", "thinking": [{"type": "text", "text": "Hm."}]},
        {"type": "text", "text": "Os"},
        {"type": "text", "text": "lo"},
    ]
    assert text(parts) == "Oslo"
    assert text(parts, "reasoning") == "<think>\nHm.\n</think>\nOslo"
    assert text(["Os", "lo", 3, {"type": "image"}]) == "Oslo"


def test_the_other_apis_field_and_deltas_are_read() -> None:
    assert read_reply(b'{"choices": [{"text": "Oslo", "finish_reason": "stop"}]}', "querying").text == "Oslo"
    assert read_reply(b'{"choices": [{"delta": {"content": "Oslo"}}]}', "querying").text == "Oslo"
    assert read("Oslo").text == "Oslo"
    assert text(None, text="Oslo") == "Oslo"


def test_text_among_the_thoughts_is_found_where_it_is_plain_which_is_which() -> None:
    whole = f"<think>\nHm.\n</think>\n{CALL}"
    assert text(None, "reasoning", reasoning_content=whole) == whole
    assert text(None, "reasoning", reasoning_content=f"Hm.\n{CALL}") == f"<think>\nHm.\n</think>\n{CALL}"
    assert (
        text(None, "tooling", reasoning_content='```json\n{"name": "x"}\n```')
        == '```json\n{"name": "x"}\n```'
    )
    assert text(None, reasoning_content="Hm.</think>Oslo") == "Oslo"
    assert read({"content": None, "reasoning_content": "The user wants Oslo, so I say"}).problem == "empty"


# -- no reply ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body, problem",
    [
        (b"", "malformed"),
        (b"<html>gateway</html>", "malformed"),
        (b'{"choices": [{"message": {"content": "Os', "malformed"),
        (b"[]", "malformed"),
        (b"null", "malformed"),
        (b'"Oslo"', "malformed"),
        (b"{}", "malformed"),
        (b'{"choices": {"first": []}}', "malformed"),
        (b'{"choices": [7]}', "malformed"),
        (b"[" * 100_000, "malformed"),
        (b'{"choices": []}', "empty"),
        (b'{"choices": [{}]}', "empty"),
        (b'{"choices": [{"message": null}]}', "empty"),
        (b'{"choices": [{"message": {"content": " \\n"}}]}', "empty"),
        (b'{"choices": [{"message": {"content": 7}}]}', "empty"),
        (b'{"choices": [{"message": {"content": "Os"}, "finish_reason": "abort"}]}', "malformed"),
    ],
)
def test_what_is_no_reply_is_a_problem_with_a_name(body: bytes, problem: str) -> None:
    found = read_reply(body, "querying")
    assert found.problem == problem and found.detail


def test_a_refusal_and_a_content_filter_are_refusals() -> None:
    found = read({"content": None, "refusal": "I can't help with that."})
    assert (found.problem, found.detail) == ("refused", "I can't help with that.")
    assert read({"content": "Os"}, finish="content_filter").problem == "refused"
    assert read({"content": "Oslo", "refusal": None}).problem == ""


@pytest.mark.parametrize(
    "error, status", [({"code": 429}, 429), ({"code": "502"}, 502), ({"code": "x"}, 500), ("no", 500)]
)
def test_an_error_that_says_it_is_fine_is_an_error(error: object, status: int) -> None:
    found = read_reply(orjson.dumps({"error": error}), "querying")
    assert (found.problem, found.status) == ("error", status)


@pytest.mark.parametrize("finish", ["length", "max_tokens"])
def test_a_reply_at_its_limit_is_cut_off(finish: str) -> None:
    found = read({"content": "The capital of"}, finish=finish)
    assert (found.text, found.cut_off) == ("The capital of", True)


def test_a_text_of_a_million_characters_is_cut_off() -> None:
    found = read({"content": "x" * (LONGEST_TEXT + 1)})
    assert (len(found.text), found.cut_off) == (LONGEST_TEXT, True)


def test_half_a_surrogate_pair_can_be_written() -> None:
    call = {"function": {"name": "f", "arguments": '{"x": "\\ud83d"}'}}
    text(None, "reasoning", tool_calls=[call]).encode()


# -- tokens -----------------------------------------------------------------------------------------------


def tokens(usage: object) -> tuple[int | None, int, int | None]:
    found = read_reply(orjson.dumps({"choices": [{"message": {"content": "x"}}], "usage": usage}), "querying")
    return found.input_tokens, found.cached_tokens, found.output_tokens


def test_tokens_are_as_the_server_counts_them() -> None:
    details = {"cached_tokens": 60}
    assert tokens({"prompt_tokens": 100, "completion_tokens": 20}) == (100, 0, 20)
    assert tokens({"prompt_tokens": 100, "completion_tokens": 20, "prompt_tokens_details": details}) == (
        100,
        60,
        20,
    )
    assert tokens({"prompt_tokens": 100, "completion_tokens": 0, "prompt_cache_hit_tokens": 7}) == (100, 7, 0)


@pytest.mark.parametrize("odd", [-1, 10**18, 1e300, 1.5, True, "7", None, [], {}])
def test_numbers_of_tokens_that_cannot_be_are_not_believed(odd: object) -> None:
    usage = {"prompt_tokens": odd, "completion_tokens": odd, "prompt_tokens_details": {"cached_tokens": odd}}
    assert tokens(usage) == (None, 0, None)
    assert tokens({"prompt_tokens": 5, "prompt_tokens_details": {"cached_tokens": 50}}) == (5, 5, None)
    assert tokens({"prompt_tokens": 5, "prompt_tokens_details": odd}) == (5, 0, None)
    assert tokens(odd) == (None, 0, None)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63)
    | st.floats(allow_nan=False)
    | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
MESSAGE = st.fixed_dictionaries(
    {},
    optional={
        name: JSON | st.text(st.sampled_from("<think>/ \n{}x"), max_size=30)
        for name in (
            "content",
            "reasoning_content",
            "reasoning",
            "tool_calls",
            "function_call",
            "refusal",
            "text",
        )
    },
)


@settings(max_examples=300, deadline=None)
@given(
    data=JSON | st.fixed_dictionaries({"choices": st.lists(st.fixed_dictionaries({"message": MESSAGE | JSON, "finish_reason": JSON}), max_size=2), "usage": JSON}),
    agent=st.sampled_from(["tooling", "querying", "reasoning", "critiquing"]),
)  # fmt: skip
def test_no_json_breaks_the_reader(data: object, agent: Agent) -> None:
    found = read_reply(orjson.dumps(data), agent)
    found.text.encode()
    assert found.problem or found.text.strip() or found.cut_off
