"""The released FunReason-MT data (Bingguang/FunReason-MT, Bingguang/HardGen on the hub).

    [{"role": "system", "content": "You are an expert in composing functions. …", "tools": "[{…}, …]"},
     {"role": "user", "content": "…"},
     {"role": "assistant", "content": "<think>…</think>\\n\\n[cd(folder=\\"a\\"), ls()]"},
     {"role": "tool", "content": "[{'cd(folder=\\"a\\")': '{…}'}, {'ls()': '{…}'}]"}, …]

A record is that list, or has it under a name (conversation, conversations, messages) beside system, tools and
`error_tool_response`, or in columns 0, 1, 2, …, as the datasets library reads a list of lists. Names are tolerated
as they vary (role and content, or from and value), meanings are not. Calls are read as `calls.parse` reads them.
The results of several calls that were merged into one message are taken apart; a single result stays the text it
is, without the call above it. `error_tool_response` marks trajectories whose environment answers wrongly on purpose.
"""

from __future__ import annotations

import re
from itertools import groupby
from typing import Any

from funreason_plugin.calls import parse
from funreason_plugin.converting.dialogue import Dialogue
from funreason_plugin.converting.documents import tool_documents
from funreason_plugin.converting.example import Example, Reading, Source
from funreason_plugin.converting.fields import identifier, not_taken, one_of, parsed_list
from funreason_plugin.converting.json_text import parse_json
from funreason_plugin.converting.merged_results import keyed_results, response_blocks, split_list
from funreason_plugin.converting.plain_json import to_json
from funreason_plugin.converting.refusal import LeftOut, Refused, expect_object, expect_text, shown

__all__ = ["SOURCE", "read"]

FLAG = "error_tool_response"
CONVERSATIONS = ("conversation", "conversations", "messages")
_ROLES = {
    **dict.fromkeys(("user", "human"), "user"),
    **dict.fromkeys(("assistant", "gpt", "model", "function_call"), "assistant"),
    **dict.fromkeys(("tool", "observation", "function", "ipython", "tool_response"), "tool"),
    "system": "system",
}
_MESSAGE_FIELDS = {"role", "from", "content", "value", "thought", "reasoning_content"}
_SYSTEM_FIELDS = _MESSAGE_FIELDS | {"tools", FLAG}


def read(row: Any, reading: Reading) -> Example:
    """One record as a conversation."""
    row = _with_messages(row)
    flag = _flag(row.get(FLAG))
    if flag and reading.drop_error_responses:
        raise LeftOut(f"{FLAG} is true (--drop-error-responses)")
    field, value = one_of(row, CONVERSATIONS, "record")
    listed = parsed_list(value, field, reading)
    system_name, system_value = one_of(row, ("system", "system_prompt"), "record")
    system = "" if system_value is None else expect_text(system_value, system_name)
    tools_name, tools = one_of(row, ("tools", "functions"), "record")
    not_taken(row, {field, system_name, tools_name, FLAG, "id"}, reading, "record")

    messages = [_message(entry, f"{field}[{number}]", reading) for number, entry in enumerate(listed)]
    if messages and messages[0][0] == "system":
        _, first, _, where = messages.pop(0)
        if system and system.strip() != first.strip():
            raise Refused(where, "a system message beside another system text")
        system = first
    dialogue = Dialogue()
    for role, group in groupby(messages, key=lambda message: message[0]):
        together = list(group)
        if role == "tool":
            _results(dialogue, together, reading)
            continue
        for _, text, thought, where in together:
            if role == "system":
                raise Refused(where, "a second system message, or one in mid conversation")
            if role == "user":
                dialogue.user(text, where)
            else:
                _response(dialogue, text, thought, where)
    system, documents = _system_and_tools(system, tools, tools_name, reading)
    conversation = dialogue.finish(field, system, documents)
    return Example(conversation, identifier(row), flags={FLAG: flag})


def _with_messages(row: Any) -> dict[str, Any]:
    """The record with its messages under a name, and what the system message has beside its text as its fields."""
    given = {"messages": row} if isinstance(row, list) else expect_object(row, "record")
    fields = {**given}
    numbered = sorted((key for key in fields if key.isascii() and key.isdecimal()), key=int)
    if numbered and not any(fields.get(name) is not None for name in CONVERSATIONS):
        columns = {key: fields.pop(key) for key in numbered}
        while numbered and columns[numbered[-1]] is None:  # shorter than the longest record
            numbered.pop()
        for position, key in enumerate(numbered):
            if columns[key] is None or int(key) != position:
                raise Refused(f"{position}", "a message is missing")
        fields["messages"] = [columns[key] for key in numbered]
    messages = one_of(fields, CONVERSATIONS, "record")[1]
    first = messages[0] if isinstance(messages, list) and messages else None
    if isinstance(first, dict) and "system" in (first.get("role"), first.get("from")):
        for name in ("tools", FLAG):
            if first.get(name) is None:
                continue
            if fields.get(name) is None:
                fields[name] = first[name]
            elif fields[name] != first[name]:
                raise Refused(name, "the system message says another thing than the record")
    return fields


def _flag(value: Any) -> bool:
    if isinstance(value, bool) or value is None:
        return bool(value)
    if isinstance(value, str) and value.strip().lower() in ("true", "false"):
        return value.strip().lower() == "true"
    if isinstance(value, int) and value in (0, 1):
        return bool(value)
    raise Refused(FLAG, "not true or false", shown(value))


def _message(entry: Any, where: str, reading: Reading) -> tuple[str, str, str | None, str]:
    """Role (as we name it), text, thought beside the text, and place."""
    entry = expect_object(entry, where)
    name, value = one_of(entry, ("role", "from"), where)
    role = _ROLES.get(expect_text(value, f"{where}.{name}").strip().lower())
    if role is None:
        raise Refused(f"{where}.{name}", "unknown role", shown(value))
    if entry.get("tool_calls"):
        raise Refused(f"{where}.tool_calls", "calls beside the text, which --from openai reads")
    content_name, content = one_of(entry, ("content", "value"), where)
    if role == "tool" and isinstance(content, (dict, list)):
        if reading.padded:
            raise Refused(f"{where}.{content_name}", "a result that is an object of parquet, not a text")
        content = to_json(content)
        reading.note("results: JSON that is not a text written as one")
    text = expect_text(content, f"{where}.{content_name}")
    _, thought = one_of(entry, ("thought", "reasoning_content"), where)
    if thought is not None:
        expect_text(thought, f"{where}.thought")
        if role != "assistant" and thought:
            raise Refused(where, f"a thought in a message of role {role}")
    not_taken(entry, _SYSTEM_FIELDS if role == "system" else _MESSAGE_FIELDS, reading, "message")
    if role == "user" and text.lstrip().startswith("<tool_response>"):
        role = "tool"
        reading.note("results: a user's message with <tool_response> is a tool's")
    if role == "assistant" and value == "function_call" and "<tool_call>" not in text:
        text = f"<tool_call>{text}</tool_call>"
    return role, text, thought or None, where


def _response(dialogue: Dialogue, text: str, thought: str | None, where: str) -> None:
    parsed = parse(text)
    if parsed.error is not None:
        raise Refused(where, "calls that cannot be read", parsed.error)
    if parsed.thought and thought and parsed.thought.strip() != thought.strip():
        raise Refused(where, "two thoughts that differ, in <think> and beside the text")
    dialogue.assistant(where, parsed.content, parsed.thought or thought, parsed.calls)


def _results(dialogue: Dialogue, messages: list[tuple[str, str, str | None, str]], reading: Reading) -> None:
    """The results that consecutive tool messages hold, one for each call."""
    where = messages[0][3]
    texts = [block for _, text, _, place in messages for block in response_blocks(text, place)]
    if len(texts) == 1 and dialogue.awaited:
        keyed = keyed_results(texts[0], dialogue.calls, where)
        if keyed is not None:
            reading.note("results: taken from a list of results under their calls")
            return dialogue.results(keyed, where)
    if len(texts) == 1 and (count := dialogue.awaited) > 1:
        items = split_list(texts[0], count)
        if items is None:
            raise Refused(
                where, "one text for several calls, and no list of as many results", f"{count} calls"
            )
        reading.note("results: a merged list taken apart")
        texts = items
    dialogue.results(texts, where)


_BFCL = re.compile(r"\s*You are an expert in composing functions\b")
_MARK = re.compile(
    r"Here is a list of functions in json format that you can invoke[.:]?\s*(?=\[)", re.IGNORECASE
)


def _system_and_tools(
    system: str, tools: Any, name: str, reading: Reading
) -> tuple[str, list[dict[str, Any]]]:
    """BFCL's instructions and list of functions are a prompt form: they are read, and written by the target's."""
    documents = tool_documents(tools, reading, name)
    mark = _MARK.search(system) if _BFCL.match(system) else None
    if mark is None:
        if not documents and "<tools>" in system:
            raise Refused(name, "no tools, but the system text has some", "--from hermes reads those")
        return system, documents
    listed, end = system[mark.end() :].rstrip(), len(system.rstrip())
    if not listed.endswith("]"):
        raise Refused("system", "text after BFCL's list of functions", shown(system[end - 40 :]))
    inside = tool_documents(parse_json(listed, "system: functions"), Reading(), "system: functions")
    if documents and inside != documents:
        raise Refused(
            "system: functions", "not the tools of the column", f"{len(inside)} and {len(documents)}"
        )
    reading.note("system: BFCL's instructions and functions taken out; the prompt form writes its own")
    return "", inside


SOURCE = Source(
    "funreason-mt",
    read,
    title="FunReason-MT",
    licence="Apache-2.0",
    page="https://huggingface.co/datasets/Bingguang/FunReason-MT",
    flags=(FLAG,),
    options=("python_literals",),
)
