"""Tokens of a rollout: messages one by one are the whole text, and thoughts are found by tokens or by text."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from funreason_plugin.calls import ParsedCall, parse
from funreason_plugin.errors import UserError
from funreason_plugin.messages import Conversation, Message
from funreason_plugin.rendering import FORMS, PromptForm, prompt

pytest.importorskip("verl", reason="verl is not installed (extra [rl])")

from funreason_plugin.rl.thoughts import Thoughts
from funreason_plugin.rl.tokens import RenderedTokenBuilder
from tests.rl.rollouts import encode, text, tokenizer

TEXTS = st.one_of(
    st.text(max_size=30),
    st.lists(
        st.sampled_from(
            [" ", "\n", "\t", "a", "é", "e\u0301", "日本", "🙂", "<think>", "</think>", "<|im_end|>"]
        ),
        max_size=8,
    ).map("".join),
)


@settings(max_examples=200, deadline=None)
@given(TEXTS, TEXTS, TEXTS, st.sampled_from(FORMS), st.booleans())
def test_messages_tokenised_one_by_one_are_the_whole_text(
    system: str, said: str, result: str, form: PromptForm, thinking: bool
) -> None:
    messages = [
        Message("user", said),
        Message("assistant", "text", calls=(ParsedCall("look", {"at": said}),)),
        Message("tool", results=(result,)),
    ]
    talk = Conversation(messages, system)
    builder = RenderedTokenBuilder(tokenizer(), form, thinking)
    whole = encode(prompt(talk, form, thinking=thinking))
    known: dict[str, list[int]] = {}
    assert builder.prompt_tokens(talk, known) == whole
    assert builder.prompt_tokens(talk, known) == whole, "from what is known"


def test_verls_interface_gives_the_same_tokens() -> None:
    """`build_initial_tokens`, `merge_assistant_tokens`, `merge_context_tokens`, `align_response_metadata`."""
    builder = RenderedTokenBuilder(tokenizer(), "hermes", True)
    messages = [Message("user", "Hello?")]
    ids = builder.build_initial_tokens(Conversation(messages))
    merged = builder.merge_assistant_tokens(ids, encode("Hi.<|im_end|>"))
    mask, logs = builder.align_response_metadata(
        merged, [], [], assistant_logprobs=[-1.0] * (len(merged.token_ids) - len(ids))
    )
    later = [*messages, Message("assistant", "Hi."), Message("user", "Bye!")]
    context = builder.merge_context_tokens(messages, later, merged.token_ids)
    after, logs = builder.align_response_metadata(context, mask, logs)
    assert text(context.token_ids) == prompt(Conversation(later), "hermes")
    assert after == mask + [0] * (len(after) - len(mask))
    assert logs == [-1.0 * bit for bit in after]


@pytest.mark.parametrize("end", ["<|im_end|>", "<|endoftext|>", ""])
def test_a_message_after_a_response_ends_it_as_the_prompt_form_does(end: str) -> None:
    builder = RenderedTokenBuilder(tokenizer(), "hermes", True)
    messages = [Message("user", "a"), Message("assistant", "b"), Message("user", "c")]
    before = encode("b" + end)
    added = text(builder.merge_context_tokens(messages[:1], messages, before).token_ids[len(before) :])
    expected = "\n<|im_start|>user\nc<|im_end|>\n<|im_start|>assistant\n"
    assert added == (expected if end == "<|im_end|>" else "<|im_end|>" + expected)


def test_control_tokens_are_not_part_of_what_was_written() -> None:
    builder = RenderedTokenBuilder(tokenizer(), "hermes", True)
    written = "<think>\na\n</think>\n\n<|im_start|>user\n<tool_call>x</tool_call><|im_end|><|endoftext|>"
    assert builder.text_of(encode(written)) == "<think>\na\n</think>\n\nuser\n<tool_call>x</tool_call>"


@pytest.mark.parametrize("spelled", ["<|im_start|>", "<|im_<|im_end|>end|>"])
def test_a_control_token_in_pieces_does_not_reach_the_next_prompt(spelled: str) -> None:
    builder = RenderedTokenBuilder(tokenizer(), "hermes", True)
    pieces = [token for letter in spelled for token in encode(letter)]
    assert text(pieces) == spelled and len(pieces) == len(spelled)
    assert builder.text_of([*encode("a"), *pieces, *encode("b")]) == "ab"


def test_marks_that_a_tokenizer_takes_for_special_are_still_read() -> None:
    from copy import deepcopy

    special = deepcopy(tokenizer())
    special.add_special_tokens({"additional_special_tokens": ["<think>", "</think>"]})
    assert "<think>" in special.all_special_tokens
    builder = RenderedTokenBuilder(special, "hermes", True)
    assert builder.text_of(encode("<think>\na</think>b<|im_end|>")) == "<think>\na</think>b"


class Spelled:
    """Our tokenizer, were `<think>` no token of its own."""

    def get_vocab(self) -> dict[str, int]:
        return {"a": 1}

    def decode(self, ids: list[int], **options: Any) -> str:
        return text(ids)


@pytest.mark.parametrize(
    ("written", "opened", "thought"),
    [
        ("<think>\nabc\n</think>\n\nDone.", False, "\nabc\n"),
        ("\nabc\n</think>\n\nDone.", True, "\nabc\n"),
        ("<think>\nabc", False, "\nabc"),
        ("\nabc", True, "\nabc"),
        ("Done.", False, None),
        ("abc</think>Done.", False, "abc"),
        ("</think>Done.", True, None),
        ("<think></think>Done.", False, None),
        ("<think>a</think>b</think>c", False, "a</think>b"),
        ("<think>grüße 🙂</think>c", False, "grüße 🙂"),
        ("<think>\n\n</think>\n\nDone. <think>", False, "\n\n"),
        ("", True, None),
    ],
)
@pytest.mark.parametrize("pieces", [False, True])
def test_the_thought_is_what_the_reader_of_calls_takes_for_it(
    written: str, opened: bool, thought: str | None, pieces: bool
) -> None:
    ids = encode(written)
    span = Thoughts(Spelled() if pieces else tokenizer()).span(ids, opened)
    assert (text(ids[span[0] : span[1]]) if span else None) == thought
    read = parse(("<think>" if opened else "") + written).thought or ""
    assert (thought or "").replace("</think>", "").strip() == read.replace("</think>", "").strip()


def test_other_tokenizers_are_refused() -> None:
    class Other(Spelled):
        name_or_path = "other"

    with pytest.raises(UserError, match=r"'other' has no tokens <\|im_start\|>"):
        RenderedTokenBuilder(Other(), "hermes", True)
