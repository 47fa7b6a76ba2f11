"""OpenAI messages, as `--to openai` writes them and as others have them.

    {"messages": [{"role": "system", "content": "…"}, {"role": "user", "content": "…"},
                  {"role": "assistant", "content": null, "reasoning_content": "…", "tool_calls": [
                      {"id": "call_1", "type": "function",
                       "function": {"name": "cd", "arguments": "{\\"folder\\": \\"a\\"}"}}]},
                  {"role": "tool", "tool_call_id": "call_1", "content": "…"}, …],
     "tools": [{"type": "function", "function": {…}}]}

Arguments are JSON texts or objects. Results are found by `tool_call_id` and put in the order of the calls.
Reasoning is `reasoning_content`, `reasoning` or a `<think>` block that the content begins with.
"""

from __future__ import annotations

from itertools import groupby
from typing import Any

from funreason_plugin.calls import ParsedCall
from funreason_plugin.converting.dialogue import Dialogue, parsed_call
from funreason_plugin.converting.documents import tool_documents
from funreason_plugin.converting.example import Example, Reading, Source
from funreason_plugin.converting.fields import (
    identifier,
    not_taken,
    one_of,
    parsed_list,
    parsed_text,
    without_padding,
)
from funreason_plugin.converting.plain_json import to_json
from funreason_plugin.converting.refusal import Refused, expect_list, expect_object, expect_text, shown

__all__ = ["SOURCE", "read"]

_FIELDS = {
    "system": {"role", "content"},
    "user": {"role", "content"},
    "assistant": {
        "role",
        "content",
        "tool_calls",
        "function_call",
        "reasoning_content",
        "reasoning",
        "weight",
    },
    "tool": {"role", "content", "tool_call_id", "name"},
}
_ROLES = {**{name: name for name in _FIELDS}, "developer": "system", "function": "tool"}
Turn = tuple[str, dict[str, Any], str]
"""Role (as we name it), message and place."""


def read(row: Any, reading: Reading) -> Example:
    """One record as a conversation."""
    row = expect_object(row, "record")
    field, value = one_of(row, ("messages", "conversations", "conversation"), "record")
    listed = parsed_list(value, field, reading)
    turns = [_turn(entry, f"{field}[{number}]", reading) for number, entry in enumerate(listed)]
    system = ""
    if turns and turns[0][0] == "system":
        _, message, where = turns.pop(0)
        system = _text(message.get("content"), f"{where}.content", reading) or ""
    dialogue = Dialogue()
    ids: list[str | None] = []
    for role, group in groupby(turns, key=lambda turn: turn[0]):
        together = list(group)
        if role == "tool":
            dialogue.results(_results(together, ids, dialogue, reading), together[0][2])
            continue
        for _, message, where in together:
            if role == "system":
                raise Refused(where, "a second system message, or one in mid conversation")
            if role == "user":
                dialogue.user(_text(message.get("content"), f"{where}.content", reading) or "", where)
            else:
                ids = _response(dialogue, message, where, reading)
    name, tools = one_of(row, ("tools", "functions"), "record")
    documents = tool_documents(tools, reading, name)
    not_taken(row, {field, name, "id"}, reading, "record")
    return Example(dialogue.finish(field, system, documents), identifier(row))


def _turn(entry: Any, where: str, reading: Reading) -> Turn:
    message = expect_object(entry, where)
    value = expect_text(message.get("role"), f"{where}.role")
    role = _ROLES.get(value)
    if role is None:
        raise Refused(f"{where}.role", "unknown role", shown(value))
    if value == "developer":
        reading.note("messages: role developer is system")
    if message.get("refusal"):
        raise Refused(f"{where}.refusal", "a refusal of the model, which rows have no place for")
    if role == "assistant" and message.get("weight") not in (None, 1):
        reason = "a response that is not to be trained; rows train each response"
        raise Refused(f"{where}.weight", reason, shown(message["weight"]))
    for name in ("tool_calls", "function_call"):
        if role != "assistant" and message.get(name):
            raise Refused(f"{where}.{name}", f"calls in a message of role {value}")
    not_taken(message, _FIELDS[role], reading, f"{role} message")
    return role, message, where


def _text(content: Any, field: str, reading: Reading) -> str | None:
    """The text of a content: a string, null, or text parts."""
    if content is None or isinstance(content, str):
        return content
    texts: list[str] = []
    for number, part in enumerate(expect_list(content, field)):
        place = f"{field}[{number}]"
        kind = expect_object(part, place).get("type")
        if kind != "text":
            raise Refused(f"{place}.type", "a part that is not text", shown(kind))
        texts.append(expect_text(part.get("text"), f"{place}.text"))
    reading.note("content: text parts joined by a line feed")
    return "\n".join(texts)


def _response(dialogue: Dialogue, message: dict[str, Any], where: str, reading: Reading) -> list[str | None]:
    """Add an assistant's message; the ids of its calls."""
    content = _text(message.get("content"), f"{where}.content", reading) or ""
    name, thought = one_of(message, ("reasoning_content", "reasoning"), where)
    if thought is not None:
        expect_text(thought, f"{where}.{name}")
    if content.lstrip().startswith("<think>"):
        inside, closed, rest = content.lstrip().removeprefix("<think>").partition("</think>")
        if not closed:
            raise Refused(f"{where}.content", "<think> is not closed")
        if thought and thought.strip() != inside.strip():
            raise Refused(f"{where}.{name}", "two thoughts that differ, in <think> and beside the text")
        thought, content = inside.strip(), rest.strip()
        reading.note("content: a <think> block is the thought")
    if "<tool_call>" in content:
        raise Refused(f"{where}.content", "calls as text", "--from hermes reads those")
    calls: list[ParsedCall] = []
    ids: list[str | None] = []
    for number, entry in enumerate(_calls(message, where, reading)):
        place = f"{where}.tool_calls[{number}]"
        entry = expect_object(entry, place)
        if entry.get("type") not in (None, "function"):
            raise Refused(f"{place}.type", "not a function", shown(entry["type"]))
        identifier = entry.get("id")
        if identifier is not None and expect_text(identifier, f"{place}.id") in ids:
            raise Refused(f"{place}.id", "occurs a second time", shown(identifier))
        ids.append(identifier)
        calls.append(_call(entry.get("function"), f"{place}.function", reading))
    dialogue.assistant(where, content, thought, calls)
    return ids


def _calls(message: dict[str, Any], where: str, reading: Reading) -> list[Any]:
    legacy, calls = message.get("function_call"), message.get("tool_calls")
    if legacy is not None:
        if calls:
            raise Refused(where, "both function_call and tool_calls")
        reading.note("function_call is the one entry of tool_calls")
        return [{"function": legacy}]
    return [] if calls is None else expect_list(calls, f"{where}.tool_calls")


def _call(value: Any, field: str, reading: Reading) -> ParsedCall:
    function = dict(expect_object(value, field))
    arguments = function.get("arguments")
    if isinstance(arguments, str):
        function["arguments"] = parsed_text(arguments, f"{field}.arguments", reading)
    else:
        without_padding(arguments, f"{field}.arguments", reading)
        reading.note("arguments: an object, not the JSON text of one")
    return parsed_call(function, field)


def _results(turns: list[Turn], ids: list[str | None], dialogue: Dialogue, reading: Reading) -> list[str]:
    """The texts of consecutive tool messages in the order of the calls."""
    calls = dialogue.calls
    if not dialogue.awaited:
        raise Refused(turns[0][2], "a result without a call")
    if len(turns) != len(calls):
        reason = f"{'more' if len(turns) > len(calls) else 'fewer'} results than calls"
        raise Refused(turns[-1][2], reason, f"{len(turns)} for {len(calls)}")
    given = [message.get("tool_call_id") for _, message, _ in turns]
    order = list(range(len(turns)))
    if any(identifier is not None for identifier in given):
        for number, (identifier, (_, _, where)) in enumerate(zip(given, turns, strict=True)):
            place = f"{where}.tool_call_id"
            if expect_text(identifier, place) not in ids:
                raise Refused(place, "not the id of a call in the message before", shown(identifier))
            if identifier in given[:number]:
                raise Refused(place, "a second result for one call", shown(identifier))
        order = [given.index(identifier) for identifier in ids]
        if order != sorted(order):
            reading.note("results: put in the order of the calls")
    elif len(turns) > 1:
        reading.note("results: without tool_call_id, taken in the order of the calls")
    texts: list[str] = []
    for call, number in zip(calls, order, strict=True):
        _, message, where = turns[number]
        name = message.get("name")
        if name is not None and name != call.name:
            raise Refused(
                f"{where}.name", "not the name of the call", f"{shown(name)} for {shown(call.name)}"
            )
        texts.append(_result(message.get("content"), f"{where}.content", reading))
    return texts


def _result(content: Any, field: str, reading: Reading) -> str:
    if isinstance(content, dict):
        reading.note("results: JSON that is not a text written as one")
        return to_json(without_padding(content, field, reading))
    text = _text(content, field, reading)
    if text is None:
        raise Refused(field, "missing")
    return text


SOURCE = Source(
    "openai", read, title="OpenAI messages", licence="that of whoever made them", options=("python_literals",)
)
