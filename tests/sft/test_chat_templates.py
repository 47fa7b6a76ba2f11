"""Our chat templates with a real tokenizer: token for token what the renderer writes; and their command line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from funreason_plugin import cli
from funreason_plugin.chat_templates import chat_template
from funreason_plugin.command_line import run
from funreason_plugin.messages import Conversation, of_trajectory
from funreason_plugin.rendering import FORMS, PromptForm, prompt, render, response_text
from funreason_plugin.trajectory import read
from tests.core.chat import openai

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase


@pytest.fixture(scope="module")
def tokenizer(tiny: Path) -> PreTrainedTokenizerBase:
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(tiny)


@pytest.fixture(scope="module")
def conversations(made: Path) -> list[Conversation]:
    found = [of_trajectory(trajectory) for trajectory in read(made / "trajectories.jsonl")]
    assert len(found) == 12
    assert any(len(message.calls) > 1 for one in found for message in one.messages)
    assert all(one.messages[-1].thought for one in found)
    return found


def prefixes(conversation: Conversation) -> Iterator[Conversation]:
    """The conversation up to every message that is answered."""
    for end in range(1, len(conversation.messages), 2):
        yield Conversation(conversation.messages[:end], conversation.system, conversation.tools)


def served(
    tokenizer: PreTrainedTokenizerBase, form: PromptForm, conversation: Conversation, **options: Any
) -> list[int]:
    """The ids that transformers makes of the messages with our chat template."""
    ids: list[int] = tokenizer.apply_chat_template(
        openai(conversation),
        tools=conversation.tools or None,
        chat_template=chat_template(form),
        tokenize=True,
        return_dict=False,
        **options,
    )
    return ids


@pytest.mark.parametrize("form", FORMS)
def test_a_whole_conversation_is_the_pieces_that_are_trained(
    tokenizer: PreTrainedTokenizerBase, conversations: list[Conversation], form: PromptForm
) -> None:
    """Encoded one by one, as a trainer does to know which of them have loss."""
    for conversation in conversations:
        pieces = [piece for pair in render(conversation, form) for piece in pair]
        ids = [token for piece in pieces for token in tokenizer.encode(piece, add_special_tokens=False)]
        assert served(tokenizer, form, conversation) == ids


@pytest.mark.parametrize("thinking", [True, False])
@pytest.mark.parametrize("form", FORMS)
def test_every_prompt_is_the_one_that_is_served(
    tokenizer: PreTrainedTokenizerBase, conversations: list[Conversation], form: PromptForm, thinking: bool
) -> None:
    for conversation in conversations:
        for asked in prefixes(conversation):
            ids = tokenizer.encode(prompt(asked, form, thinking=thinking), add_special_tokens=False)
            options = {"add_generation_prompt": True, "enable_thinking": thinking}
            assert served(tokenizer, form, asked, **options) == ids


@pytest.mark.parametrize("form", FORMS)
def test_what_is_trained_continues_what_is_served(
    tokenizer: PreTrainedTokenizerBase, conversations: list[Conversation], form: PromptForm
) -> None:
    """The ids of the prompt are the beginning of the ids of the text, the appended `<think>` included."""
    for conversation in conversations:
        for asked in prefixes(conversation):
            messages = conversation.messages[: len(asked.messages) + 1]
            whole = served(tokenizer, form, Conversation(messages, asked.system, asked.tools))
            start = served(tokenizer, form, asked, add_generation_prompt=True)
            assert whole[: len(start)] == start


def test_the_tiny_model_is_served_in_hermes(
    tokenizer: PreTrainedTokenizerBase, conversations: list[Conversation]
) -> None:
    assert tokenizer.chat_template == chat_template("hermes")


def test_vllm_s_hermes_parser_reads_our_calls(
    tokenizer: PreTrainedTokenizerBase, conversations: list[Conversation]
) -> None:
    parsers = pytest.importorskip("vllm.tool_parsers.hermes_tool_parser", reason="vllm is not installed")
    parser = parsers.Hermes2ProToolParser(tokenizer)
    calling = [message for one in conversations for message in one.messages if message.calls]
    for message in calling:
        read = parser.extract_tool_calls(response_text(message, "hermes"), None)
        assert [
            (call.function.name, json.loads(call.function.arguments)) for call in read.tool_calls
        ] == list(message.calls)
        assert read.content is None


# ------------------------------------------------------------------------------------------ command line


@pytest.mark.parametrize("form", FORMS)
def test_a_template_is_printed(form: PromptForm, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(cli.app, ["chat-template", form], "funreason") == 0
    assert capsys.readouterr().out == chat_template(form)


def test_a_template_is_written_to_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "card.jinja"
    assert run(cli.app, ["chat-template", "card", "--out", str(path)], "funreason") == 0
    assert path.read_text(encoding="utf-8") == chat_template("card")
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (
            ["herms"],
            "prompt form 'herms' is not known; expected hermes, funreason, card; did you mean 'hermes'",
        ),
        (["card", "--out", "{folder}"], "--out: {folder}: Is a directory"),
        (["card", "--out", "{folder}/none/card.jinja"], "--out: {folder}/none/card.jinja: No such file"),
    ],
)
def test_what_cannot_be_written_is_one_line(
    words: list[str], line: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = [word.format(folder=tmp_path) for word in words]
    assert run(cli.app, ["chat-template", *words], "funreason") == 1
    printed = capsys.readouterr()
    assert line.format(folder=tmp_path) in " ".join(printed.err.split())
    assert printed.out == ""
