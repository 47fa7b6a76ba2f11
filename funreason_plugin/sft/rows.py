"""A row as LLaMA-Factory hands it to a template, back to the conversation that it was written from.

    conversation = of_row(messages, system, tools, "funreason")
    render(conversation, "funreason")

Two kinds of rows are told apart. In a *generic* row (it offers tools, or has calls as JSON) calls and results are
data, to be written in the prompt form of the training. All other texts, those that `prompt_form: funreason` or
`card` have written out among them, stand as they are.

What cannot be taken back without a guess is a `UserError` that shows how the row begins: LLaMA-Factory knows
neither ids nor numbers of rows here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from funreason_plugin.calls import ParsedCall, parse, unmarked
from funreason_plugin.errors import UserError
from funreason_plugin.messages import Conversation, Message
from funreason_plugin.rendering import (
    PromptForm,
    calls_text,
    response_text,
    results_text,
    split_results,
    thought_block,
)
from funreason_plugin.sft.control_tokens import Control

__all__ = ["check_texts", "of_row"]

_THOUGHT = re.compile(r"<think>\n(.*?)\n</think>\n\n", re.DOTALL)
_JSON = re.compile(r"\s*(\{|\[\s*\{)")
_SHOWN = 60


def of_row(
    messages: Sequence[Mapping[str, Any]], system: str | None, tools: str | None, form: PromptForm
) -> Conversation:
    """The conversation of a row: roles user, assistant, observation and function, in turns; ``tools`` as JSON.

    Raises:
        UserError: a thought, a call, a result or a tool is not what ``form`` can be written from.
    """
    row = f"row that begins {_begin(str(messages[0]['content']) if messages else '')}"
    offered = _tools(tools, form, row) if tools and tools.strip() else ()
    generic = bool(offered) or any(message["role"] == "function" for message in messages)
    found: list[Message] = []
    for number, message in enumerate(messages):
        role, text = message["role"], message["content"]
        where = f"{row}: messages[{number}]"
        if not isinstance(text, str):
            raise UserError(f"{where}: content is {type(text).__name__}; expected text")
        if role in ("assistant", "function"):
            found.append(_response(text, role == "function", generic, form, where))
        elif role == "observation":
            found.append(_results(text, found[-1] if found else None, generic, form, where))
        elif role == "user":
            found.append(Message("user", text))
        else:
            raise UserError(f"{where}: role {role!r}; expected user, assistant, observation or function")
    return Conversation(found, system or "", list(offered))


def check_texts(
    messages: Sequence[Mapping[str, Any]], system: str | None, tools: str | None, control: Control
) -> None:
    """Check the texts of a row that `of_row` has read; tags in calls and tools are written with an escape.

    Raises:
        UserError: one of them holds a token of the chat template.
    """
    row = f"row that begins {_begin(str(messages[0]['content']) if messages else '')}"
    _refuse(control.in_system(system or ""), f"{row}: system")
    _refuse(control.in_json(tools or "", escaped=True), f"{row}: tools")
    for number, message in enumerate(messages):
        role, text = message["role"], message["content"]
        found = ""
        if role == "user":
            found = control.in_text(text)
        elif role == "observation":
            found = next(filter(None, map(control.in_text, split_results(text))), "")
        else:
            match = _THOUGHT.match(text)
            found = control.in_text(match[1]) if match else ""
            rest = text[match.end() :] if match else text
            found = found or (
                control.in_response(rest) if role == "assistant" else control.in_json(rest, escaped=True)
            )
        _refuse(found, f"{row}: messages[{number}]")


def _refuse(found: str, where: str) -> None:
    if found:
        raise UserError(
            f"{where}: holds {found!r}, which the tokenizer takes for markup; take it out of the text, or the row out"
        )


def _begin(text: str) -> str:
    return repr(text if len(text) <= _SHOWN else text[:_SHOWN] + "…")


def _response(text: str, function: bool, generic: bool, form: PromptForm, where: str) -> Message:
    thought, rest = _thought(text, function, where)
    if function:
        return Message("assistant", thought=thought, calls=_calls(rest, form, where))
    if not generic or form == "hermes" or "<tool_call>" not in rest:
        return Message("assistant", rest, thought)
    parsed = parse(rest)  # a text with calls below it, for which `function_call` has no room
    message = Message("assistant", parsed.content, thought, tuple(parsed.calls))
    if parsed.error or response_text(message, "hermes") != rest.lstrip("\n"):
        raise UserError(
            f"{where}: {parsed.error or 'calls not written as in Qwen3'}; expected a text and, below it, a"
            ' <tool_call> block with {"name", "arguments"} as JSON for each call'
        )
    _writable(parsed.calls, form, where)
    return message


def _thought(text: str, function: bool, where: str) -> tuple[str | None, str]:
    """The reasoning that a response opens with, and the rest. Tags in the JSON of calls are values."""
    match = _THOUGHT.match(text)
    thought = match[1] if match else None
    rest = text[match.end() :] if match else text
    values = function and _JSON.match(rest)
    stray = not values and ("<think>" in rest or "</think>" in rest)
    if stray or (match and thought_block(thought) != match[0]):
        raise UserError(
            f"{where}: {_begin(text)} is no reasoning as Qwen3 writes it; expected '<think>', a line feed, a text"
            " without blank edges, a line feed, '</think>' and two line feeds, once, before the response"
        )
    return thought, rest


def _calls(text: str, form: PromptForm, where: str) -> tuple[ParsedCall, ...]:
    expected = 'expected a JSON list of {"name", "arguments"} and nothing beside it'
    if not _JSON.match(text):
        raise UserError(f"{where}: the calls are {_begin(text)}; {expected}")
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UserError(f"{where}: the calls are not JSON ({error}); {expected}") from None
    for call in value if isinstance(value, list) else [value]:
        if isinstance(call, dict) and isinstance(call.get("arguments"), str):
            raise UserError(
                f"{where}: the arguments of {_begin(str(call.get('name')))} are a string, encoded twice;"
                " expected an object"
            )
    parsed = parse(f"<tool_call>{unmarked(text)}</tool_call>")
    if parsed.error or parsed.content or not parsed.calls:
        raise UserError(f"{where}: {parsed.error or 'no calls'}; {expected}")
    _writable(parsed.calls, form, where)
    return tuple(parsed.calls)


def _writable(calls: Sequence[tuple[str, Mapping[str, Any]]], form: PromptForm, where: str) -> None:
    try:
        calls_text(calls, form)
    except ValueError as error:
        raise UserError(f"{where}: {error} ('template: funreason_hermes')") from None


def _results(text: str, before: Message | None, generic: bool, form: PromptForm, where: str) -> Message:
    if not generic or form == "hermes":
        return Message("user", f"<tool_response>\n{text}\n</tool_response>")
    results = split_results(text)
    calls = len(before.calls) if before else 0
    if len(results) != calls:
        between = json.dumps(results_text(["", ""], "hermes"))
        raise UserError(
            f"{where}: {len(results)} results for {calls} calls; expected one for each call, with {between} between"
        )
    return Message("tool", results=tuple(results))


@lru_cache(maxsize=64)
def _tools_of(text: str, form: PromptForm) -> tuple[dict[str, Any], ...] | str:
    """The tool documents as OpenAI has them, or what is wrong; many rows offer the same ones."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        return f"tools: not JSON ({error})"
    if not isinstance(value, list):
        return f"tools: {_begin(text)}; expected a JSON list of tool documents"
    documents = []
    for number, tool in enumerate(value):
        document = (
            tool if isinstance(tool, dict) and "function" in tool else {"type": "function", "function": tool}
        )
        function = document["function"]
        name = function.get("name") if isinstance(function, dict) else None
        if not isinstance(name, str) or not name:
            return f"tools[{number}]: {_begin(json.dumps(tool))}; expected an object with a name"
        try:
            calls_text([(name, {})], form)
        except ValueError as error:
            return f"tools[{number}]: {error} ('template: funreason_hermes')"
        documents.append(document)
    return tuple(documents)


def _tools(text: str, form: PromptForm, row: str) -> tuple[dict[str, Any], ...]:
    found = _tools_of(text, form)
    if isinstance(found, str):
        raise UserError(f"{row}: {found}")
    return found
