"""The form "card" is what bfcl-eval sends a model without native function calling, with results merged."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from itertools import groupby
from types import ModuleType
from typing import Any

import pytest

pytest.importorskip("bfcl_eval")

from funreason_plugin.calls import ParsedCall
from funreason_plugin.environments.bfcl import bfcl_environments, bfcl_text, load_entry
from funreason_plugin.environments.bfcl.documents import documents
from funreason_plugin.environments.space import SimulationSpace
from funreason_plugin.messages import Conversation, Message
from funreason_plugin.rendering import bfcl_system, calls_text, prompt, system_text

ENTRIES = ("multi_turn_base_17", "multi_turn_base_63", "multi_turn_long_context_150", "multi_turn_base_120")

STUBS = {
    "bfcl_eval.model_handler.parser.java_parser": "parse_java_function_call",
    "bfcl_eval.model_handler.parser.js_parser": "parse_javascript_function_call",
    "bfcl_eval.model_handler.local_inference.base_oss_handler": "OSSHandler",
    "overrides": "override",
    "filelock": "FileLock",
    "tenacity": "retry retry_if_exception_message retry_if_exception_type wait_random_exponential",
}


@dataclass
class Theirs:
    """bfcl-eval's own code: the module of its handlers' functions, and its handler of Qwen's models."""

    utils: Any
    qwen: Any


@pytest.fixture(scope="module")
def theirs() -> Theirs:
    """Without what these modules import and nothing here needs: other languages, servers, retries."""
    mine = ("bfcl_eval.model_handler", "bfcl_eval.utils")
    before = set(sys.modules)
    with pytest.MonkeyPatch.context() as patch:
        for name, contents in STUBS.items():
            stub = ModuleType(name)
            for content in contents.split():
                setattr(stub, content, object if content == "OSSHandler" else lambda method: method)
            patch.setitem(sys.modules, name, stub)
        from bfcl_eval.model_handler import utils
        from bfcl_eval.model_handler.local_inference.qwen import QwenHandler

    for name in set(sys.modules) - before:
        if name.startswith(mine):
            del sys.modules[name]
    return Theirs(utils, object.__new__(QwenHandler))


def all_documents() -> list[dict[str, Any]]:
    return [
        document
        for cls in bfcl_environments()
        for document in documents(cls.addition.document).values()  # type: ignore[attr-defined]
    ]


def played(entry_id: str) -> tuple[Conversation, list[dict[str, str]]]:
    """An entry up to the results of its last calls; as ours, and as the messages that bfcl-eval keeps."""
    entry = load_entry(entry_id)
    ours: list[Message] = []
    kept: list[dict[str, str]] = []
    with SimulationSpace(entry.environments).session(entry.scenario) as session:
        for (query,), truth in zip(entry.turns, entry.truth, strict=True):
            if ours:
                ours.append(Message("assistant", "Done."))
                kept.append({"role": "assistant", "content": "Done."})
            calls = tuple(ParsedCall(name, arguments) for name, arguments in truth)
            results = tuple(bfcl_text(call.name, session.call(call.name, call.arguments)) for call in calls)
            ours += [
                Message("user", query["content"]),
                Message("assistant", thought="Hm.", calls=calls),
                Message("tool", results=results),
            ]
            kept += [query, {"role": "assistant", "content": calls_text(calls, "card")}]
            kept += [{"role": "tool", "content": result} for result in results]
    tools = [
        document
        for cls in entry.environments
        for document in documents(cls.addition.document).values()  # type: ignore[attr-defined]
    ]
    return Conversation(ours, tools=tools), kept


def merged(messages: list[dict[str, str]]) -> list[dict[str, str]]:
    """As the model card's handler does: consecutive results are one message, Python's ``str`` of their list."""
    out: list[dict[str, str]] = []
    for role, group in groupby(messages, key=lambda message: message["role"]):
        if role == "tool":
            out.append({"role": "tool", "content": str([message["content"] for message in group])})
        else:
            out += group
    return out


@pytest.mark.parametrize("named", ["document", "OpenAI tool"])
def test_the_system_text_is_bfcl_s_own(theirs: Theirs, named: str) -> None:
    listed = all_documents()
    assert len(listed) == 128
    asked = [{"role": "user", "content": "?"}]
    expected = theirs.utils.system_prompt_pre_processing_chat_model(asked, listed, "multi_turn_base_0")[0]
    tools = listed if named == "document" else [{"type": "function", "function": one} for one in listed]
    assert bfcl_system(tools) == system_text("", tools, "card") == expected["content"]


def test_a_system_prompt_stands_where_bfcl_puts_it(theirs: Theirs) -> None:
    listed = all_documents()[:3]
    asked = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "?"}]
    both = theirs.utils.system_prompt_pre_processing_chat_model(asked, listed, "multi_turn_base_0")
    assert system_text("Be brief.", listed, "card") == both[0]["content"]


@pytest.mark.parametrize("entry_id", ENTRIES)
def test_a_whole_prompt_is_bfcl_s_with_results_merged_and_think_appended(
    theirs: Theirs, entry_id: str
) -> None:
    conversation, kept = played(entry_id)
    assert any(len(message.results) > 1 for message in conversation.messages)
    messages = theirs.utils.system_prompt_pre_processing_chat_model(kept, conversation.tools, entry_id)
    expected = theirs.qwen._format_prompt(merged(messages), conversation.tools)
    assert prompt(conversation, "card") == f"{expected}<think>"


@pytest.mark.parametrize("entry_id", ENTRIES)
def test_bfcl_s_decoder_reads_our_calls(theirs: Theirs, entry_id: str) -> None:
    for turn in load_entry(entry_id).truth:
        text = calls_text(turn, "card")
        assert theirs.utils.ast_parse(text) == [{name: arguments} for name, arguments in turn]
