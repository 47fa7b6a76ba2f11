"""Assistant messages to calls and back: both forms round-trip, and no text can do harm."""

from __future__ import annotations

import time
import warnings
from keyword import iskeyword
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from funreason_plugin.calls import MAX_CHARACTERS, ParsedCall, dump_json, parse, to_hermes, to_python

LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
    | st.sampled_from(
        ["</tool_call>", "<think>", "</think>x", "a\\d", "'\"", '"""', "\r\n\t\0", "True", "None"]
    )
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
ARGUMENTS = st.dictionaries(
    st.text() | st.sampled_from(["from", "class", "zip-code", "ﬁ", "a"]), VALUES, max_size=5
)
IDENTIFIERS = st.from_regex(r"[a-z][a-z0-9_]{0,12}", fullmatch=True).filter(lambda name: not iskeyword(name))


def same(left: Any, right: Any) -> bool:
    """Equality that tells 1 from 1.0 and from True."""
    return repr(left) == repr(right)


@given(
    st.lists(st.tuples(st.text(min_size=1), ARGUMENTS), min_size=1, max_size=4), st.text(alphabet="ab \n.é")
)
def test_hermes_round_trips_any_json(calls: list[tuple[str, dict[str, Any]]], thought: str) -> None:
    parsed = parse(f"<think>\n{thought}\n</think>\n\n{to_hermes(calls)}")
    assert parsed.error is None
    assert same([tuple(call) for call in parsed.calls], calls)
    assert parsed.thought == thought.strip()
    assert parsed.content == ""


@given(st.lists(st.tuples(IDENTIFIERS, ARGUMENTS), min_size=1, max_size=4))
def test_python_list_round_trips_any_json(calls: list[tuple[str, dict[str, Any]]]) -> None:
    text = to_python(calls)
    assert same([tuple(call) for call in parse(text).calls], calls), parse(text).error
    bare = text.removeprefix("<tool_call>").removesuffix("</tool_call>")
    assert same([tuple(call) for call in parse(bare).calls], calls)


def test_forms_as_models_write_them() -> None:
    call = [ParsedCall("cd", {"folder": "data"}), ParsedCall("ls", {"all": True, "depth": -1.5, "of": None})]
    for text in (
        '<tool_call>\n{"name": "cd", "arguments": {"folder": "data"}}\n</tool_call>\n<tool_call>\n'
        '{"name": "ls", "arguments": {"all": true, "depth": -1.5, "of": null}}\n</tool_call>',
        "<tool_call>[cd(folder='data'), ls(all=True, depth=-1.5, of=None)]</tool_call>",
        '[cd(folder="data"), ls(all=true, depth=-1.5, of=null,),]',
        '[{"name": "cd", "arguments": {"folder": "data"}}, '
        '{"name": "ls", "arguments": {"all": true, "depth": -1.5, "of": null}}]',
    ):
        assert parse(text).calls == call, text
    assert to_python(call) == '<tool_call>[cd(folder="data"), ls(all=True, depth=-1.5, of=None)]</tool_call>'


def test_thought_content_and_answer() -> None:
    parsed = parse('First.</think>\n\nI look.\n<tool_call>[f(a="x")]</tool_call>\nDone.')
    assert (parsed.thought, parsed.content, len(parsed.calls)) == ("First.", "I look.\nDone.", 1)
    answer = parse("<think>\nAll known.\n</think>\n\n[1] The flight costs 120.")
    assert (answer.thought, answer.content, answer.calls) == ("All known.", "[1] The flight costs 120.", [])
    assert parse("").content == "" and parse("").thought is None
    assert parse("a</think>b</think>c").content == "c"  # the answer is what follows the last one


def test_unknown_escapes_keep_their_backslash_without_a_warning() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert parse(r'[grep(pattern="\d+\.\w", old="\477", tab="\t")]').calls[0].arguments == {
            "pattern": r"\d+\.\w",
            "old": r"\477",
            "tab": "\t",
        }


def test_a_closing_tag_inside_a_string_does_not_end_the_call() -> None:
    for text in (
        '<tool_call>\n{"name": "post", "arguments": {"text": "a </tool_call> b"}}\n</tool_call>',
        '<tool_call>[post(text="a </tool_call> b")]</tool_call>',
    ):
        assert parse(text).calls == [ParsedCall("post", {"text": "a </tool_call> b"})]


HOSTILE = {
    "nested call": '[f(a=g(b="x"))]',
    "attribute": "[os.system(command='x')]",
    "attribute in a value": "[f(a=b.c)]",
    "dunder": "[__import__(name='os')]",
    "dunder value": "[f(a=__import__('os'))]",
    "comprehension": "[f(a=[x for x in range(3)])]",
    "list comprehension of calls": "[f(a=1) for x in y]",
    "lambda": "[f(a=lambda: 1)]",
    "walrus": "[f(a:=1)]",
    "f-string": '[f(a=f"{x}")]',
    "bytes": '[f(a=b"x")]',
    "arithmetic": "[f(a=2**100)]",
    "power": "[f(a=9**9**9**9)]",
    "addition": "[f(a=1+1)]",
    "complex": "[f(a=1j)]",
    "ellipsis": "[f(a=...)]",
    "tuple": "[f(a=(1, 2))]",
    "set": "[f(a={1, 2})]",
    "starred": "[f(*[1])]",
    "double star of a name": "[f(**x)]",
    "positional": "[f(1)]",
    "subscript": "[f(a=[1][0])]",
    "name": "[f(a=b)]",
    "not a list": "<tool_call>f(a=1)</tool_call>",
    "no call": "<tool_call>[1]</tool_call>",
    "empty list": "<tool_call>[]</tool_call>",
    "empty block": "<tool_call></tool_call>",
    "repeated argument": "[f(a=1, a=2)]",
    "repeated by unpacking": '[f(a=1, **{"a": 2})]',
    "repeated key": '<tool_call>{"name": "f", "arguments": {"a": 1, "a": 2}}</tool_call>',
    "unfinished": '<tool_call>[f(a="x"',
    "unfinished string": '<tool_call>[f(a="x',
    "not closed": '<tool_call>{"name": "f", "arguments": {}}',
    "closed twice": '{"name"}</tool_call>',
    "call of a call": "[f(a=1)(b=2)(c=3)]",
    "two lists": "[f(a=1)] [g(b=2)]",
    "text in the block": "<tool_call>please [f(a=1)]</tool_call>",
    "bad json": '<tool_call>{"name": "f", "arguments": {a: 1}}</tool_call>',
    "arguments as a string": '<tool_call>{"name": "f", "arguments": "{}"}</tool_call>',
    "further keys": '<tool_call>{"name": "f", "arguments": {}, "id": 1}</tool_call>',
    "no name": '<tool_call>{"arguments": {}}</tool_call>',
    "infinite": '<tool_call>{"name": "f", "arguments": {"a": 1e999}}</tool_call>',
    "infinite in python": "[f(a=1e999)]",
    "NaN": '<tool_call>{"name": "f", "arguments": {"a": NaN}}</tool_call>',
    "half a surrogate": '<tool_call>{"name": "f", "arguments": {"a": "\\ud800"}}</tool_call>',
    "huge number": f"[f(a={'9' * 5000})]",
    "bad escape": r'[f(a="\x")]',
    "null byte": "[f(a=1\0)]",
    "thought not closed": "<think>and then",
    "thought opened again": "<think>a</think><think>b",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_not_a_literal_call_is_an_error(name: str) -> None:
    parsed = parse(HOSTILE[name])
    assert parsed.error and not parsed.calls


DEEP = 30_000
SLOW = {
    "open brackets": "[f(a=" + "[" * DEEP,
    "closed brackets": "[f(a=" + "[" * DEEP + "]" * DEEP + ")]",
    "objects": '[f(a={"a":' * DEEP,
    "json": '<tool_call>{"name": "f", "arguments": ' + '{"a":' * (DEEP // 2),
    "json lists": '<tool_call>{"name": "f", "arguments": {"a": ' + "[" * DEEP + "]" * DEEP + "}}</tool_call>",
    "signs": "[f(a=" + "-" * DEEP + "1)]",
    "nots": "[f(a=" + "not " * DEEP + "1)]",
    "lambdas": "[f(a=" + "lambda:" * (DEEP // 3) + "1)]",
    "calls of calls": "[f" + "()" * DEEP + "]",
    "subscripts": "[f(a=[1]" + "[0]" * DEEP + ")]",
    "powers": "[f(a=" + "2**" * DEEP + "2)]",
    "conditions": "[f(a=" + "1 if 1 else " * (DEEP // 6) + "1)]",
    "quotes": "[f(a=" + "'" * DEEP,
    "escapes": '[f(a="' + "\\" * DEEP,
    "triple quotes": "[f(a=" + "'''" + "''\\" * DEEP,
    "blanks": "<tool_call>[f" + " " * DEEP + "x" + " " * DEEP,
    "tags": "<tool_call>" * (DEEP // 4),
    "blocks": "<tool_call>[" * (DEEP // 4),
    "closing tags": '<tool_call>[f(a="' + "</tool_call>" * (DEEP // 4),
    "too long": "[f(a='" + "x" * MAX_CHARACTERS + "')]",
}


@pytest.mark.parametrize("name", SLOW)
def test_hostile_text_costs_little_time(name: str) -> None:
    start = time.perf_counter()
    assert parse(SLOW[name]).error
    assert time.perf_counter() - start < 0.5


@settings(max_examples=400)
@given(
    st.text()
    | st.lists(
        st.sampled_from(
            [
                "<think>",
                "</think>",
                "<tool_call>",
                "</tool_call>",
                "[",
                "]",
                "{",
                "}",
                "(",
                ")",
                "f",
                "a=",
                ",",
                '"',
            ]
            + [
                "'",
                '"name":',
                '"arguments":',
                "1",
                "-",
                "**",
                "\\",
                " ",
                "\n",
                "lambda",
                "for",
                "None",
                ".",
                ":",
            ]
        ),
        max_size=40,
    ).map("".join)
)
def test_no_text_makes_it_raise(text: str) -> None:
    parsed = parse(text)
    assert not (parsed.error and parsed.calls)


def test_names_that_only_hermes_can_write() -> None:
    assert parse(to_hermes([("get-zip", {})])).calls == [ParsedCall("get-zip", {})]
    with pytest.raises(ValueError, match="get-zip"):
        to_python([("get-zip", {})])


def test_tags_in_strings_are_escaped() -> None:
    assert dump_json({"a": "<think>é"}) == '{"a": "\\u003cthink>é"}'
